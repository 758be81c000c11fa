"""Milestones of an arrêt: what the law or the policy opens, closes or asks, and from which day.

Three ways to choose the value in force, as each row asks (`date_reference`): the first day of the arrêt; arrêts under way on the day
the tool was created; or the day itself ("evenement", "seance"): then the milestone is the first day on which the value in force that
very day is met.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pdp.domain.arret import RISQUES_EXCLUS, MotifCategorie, Risque
from pdp.domain.referentiel import Parametre, Referentiel
from pdp.domain.signalement import dernier_jour_avant_palier

CleJalon = Literal[
    "liaison",
    "prereprise",
    "preparation_reprise_mc",
    "reprise",
    "j180",
    "ouverture_six_mois",
    "soutien_psy",
    "soutien_psy_exclusion",
    "epuisement",
    "epuisement_si_poursuite",
    "fin_l324",
    "mi_carriere",
]
Effet = Literal["ouvre", "ferme", "avertit", "bloque"]
_ABSENCE: tuple[tuple[CleJalon, str, Effet], ...] = (
    ("liaison", "liaison_min", "ouvre"),
    ("prereprise", "prereprise_min", "ouvre"),
    ("j180", "palier_signalement_j180", "avertit"),
)
_REPRISE: dict[str, str] = {
    "maladie": "reprise_min_maladie",
    "at": "reprise_min_at",
    "mp": "reprise_min_mp",
    "trajet": "reprise_min_trajet",
    "maternite": "reprise_min_maternite",
}
_LIBELLES: dict[CleJalon, str] = {
    "liaison": "Rendez-vous de liaison possible, proposé par l'employeur ou par la personne",
    "prereprise": "Visite de préreprise possible, à la demande de la personne, de son médecin ou du médecin-conseil",
    "preparation_reprise_mc": "Le médecin-conseil peut, avec le médecin traitant, saisir le médecin du travail pour préparer la reprise",
    "reprise": "À partir de ce jour d'absence, une visite de reprise sera obligatoire au retour",
    "j180": "J180 : des droits et des aides changent autour de ce jour",
    "ouverture_six_mois": "Une seconde condition d'ouverture des droits aux indemnités est vérifiée",
    "soutien_psy": "Dernier jour conseillé pour commencer Mon soutien psy",
    "epuisement": "Avec les arrêts déjà prescrits, le plafond d'indemnités de maladie est atteint",
    "epuisement_si_poursuite": "Si l'arrêt se poursuit sans coupure, le plafond d'indemnités de maladie serait atteint",
    "fin_l324": "Dernier jour de la période d'indemnisation d'une affection de longue durée",
    "mi_carriere": "Visite de mi-carrière possible, y compris au retour de l'arrêt",
}


@dataclass(frozen=True, slots=True)
class Jalon:
    """`ouvre_le` None: the law is not known well enough to give a date; `parametre` names the open question.

    `effet`: opens something, closes it after that day, or from that day warns or blocks. `parametre_effet`: value that chose between
    warning and blocking.
    """

    cle: CleJalon
    ouvre_le: date | None
    libelle: str
    parametre: str
    effet: Effet = "ouvre"
    parametre_effet: str | None = None


@dataclass(frozen=True, slots=True)
class FaitsJalons:
    """What is known besides the arrêt; None = unknown, and no milestone is drawn from it.

    `epuisement_le`, `epuisement_si_poursuite`: from `droits_projection`. `fins_l324`: last days of running periods, from `droits_l324`.
    """

    naissance_le: date | None = None
    epuisement_le: date | None = None
    epuisement_si_poursuite: date | None = None
    fins_l324: tuple[date, ...] = ()


def list_jalons(
    debut: date,
    risque: Risque,
    motif_categorie: MotifCategorie,
    jour: date,
    referentiel: Referentiel,
    plateforme: str | None = None,
    faits: FaitsJalons | None = None,
) -> tuple[Jalon, ...]:
    """Milestones of an arrêt begun on `debut`, seen on `jour`, dated ones first.

    Dates hold if the arrêt lasts until then. Paternity has none; maternity has the visit of return only. Raises ReferentielIncomplet
    when the policy of J180 is missing.
    """
    jalons: list[Jalon | None] = []
    if risque not in RISQUES_EXCLUS:
        for cle, parametre_cle, effet in _ABSENCE:
            jalons.append(_build_jalon(cle, parametre_cle, debut, jour, referentiel, plateforme, effet))
        jalons.append(_build_evenement("preparation_reprise_mc", "preparation_reprise_mc_min", debut, referentiel))
        if risque == "maladie":
            jalons.append(_build_ouverture_six_mois(debut, referentiel))
        if motif_categorie in ("psychique", "non_renseigne"):
            jalons.extend(_list_soutien_psy(debut, motif_categorie, jour, referentiel, plateforme))
        jalons.extend(_list_faits(faits or FaitsJalons(), jour, referentiel))
    if risque in _REPRISE:
        jalons.append(_build_jalon("reprise", _REPRISE[risque], debut, jour, referentiel, plateforme, "ouvre"))
    retenus = [jalon for jalon in jalons if jalon is not None]
    return tuple(sorted(retenus, key=lambda j: (j.ouvre_le or date.max, j.cle)))


def _build_jalon(
    cle: CleJalon, parametre_cle: str, debut: date, jour: date, referentiel: Referentiel, plateforme: str | None, effet: Effet
) -> Jalon | None:
    """None when the tool did not exist yet."""
    parametre = referentiel.find_pour_arret(parametre_cle, debut, jour, plateforme)
    if parametre is None:
        return None
    if parametre.valeur is None:
        return _build_inconnu(cle, parametre, effet)
    return Jalon(cle, _ouvre_le(parametre, debut), _LIBELLES[cle], parametre.identifiant, effet)


def _build_inconnu(cle: CleJalon, parametre: Parametre, effet: Effet) -> Jalon:
    return Jalon(cle, None, f"{_LIBELLES[cle]} : date à confirmer, la règle n'est pas certaine", parametre.identifiant, effet)


def _ouvre_le(parametre: Parametre, debut: date) -> date:
    """A tool created for arrêts under way opens for them on its first day in force, not before."""
    ouvre_le = parametre.premier_jour(debut)
    if parametre.date_reference == "arret_en_cours" and parametre.du is not None:
        return max(ouvre_le, parametre.du)
    return ouvre_le


def _find_premier_jour(cle: str, debut: date, referentiel: Referentiel) -> tuple[date | None, Parametre] | None:
    """First day on which the value in force on that very day is met; (None, row) when an open row comes first; None when never."""
    for parametre in (p for p in referentiel if p.cle == cle and p.plateforme is None):  # rows of a key come by date
        if parametre.au is not None and parametre.au < debut:
            continue
        if parametre.valeur is None:
            return None, parametre
        ouvre_le = max(parametre.premier_jour(debut), parametre.du or date.min)
        if parametre.au is None or ouvre_le <= parametre.au:
            return ouvre_le, parametre
    return None


def _build_evenement(cle: CleJalon, parametre_cle: str, debut: date, referentiel: Referentiel) -> Jalon | None:
    trouve = _find_premier_jour(parametre_cle, debut, referentiel)
    if trouve is None:
        return None
    ouvre_le, parametre = trouve
    if ouvre_le is None:
        return _build_inconnu(cle, parametre, "ouvre")
    libelle = _LIBELLES[cle]
    if parametre.confiance == "ouvert":
        libelle += " (date d'entrée en vigueur à confirmer)"
    return Jalon(cle, ouvre_le, libelle, parametre.identifiant)


def _build_ouverture_six_mois(debut: date, referentiel: Referentiel) -> Jalon | None:
    """Second entitlement check of an illness (CSS R.313-3): the caisse makes it, the milestone only announces it."""
    trouve = _find_premier_jour("ij_ouverture_six_mois_min", debut, referentiel)
    if trouve is None:
        return None
    ouvre_le, parametre = trouve
    if ouvre_le is None:
        return _build_inconnu("ouverture_six_mois", parametre, "avertit")
    libelle = _LIBELLES["ouverture_six_mois"]
    heures = referentiel.find_parametre("ij_ouverture_six_mois_heures", ouvre_le)
    if heures is not None and heures.valeur is not None:
        a_verifier = "" if heures.confiance == "verifie" else ", à vérifier"
        libelle += f" ({heures.en_mots} heures de travail, ou des cotisations suffisantes{a_verifier})"
    return Jalon("ouverture_six_mois", ouvre_le, libelle, parametre.identifiant, "avertit")


def _list_soutien_psy(
    debut: date, motif_categorie: MotifCategorie, jour: date, referentiel: Referentiel, plateforme: str | None
) -> Iterator[Jalon]:
    """The window that the policy advises, then the day from which the length of the arrêt excludes, or only calls for caution."""
    palier = referentiel.get_parametre("palier_signalement_j180", jour, plateforme)
    dernier = dernier_jour_avant_palier(180, debut, jour, referentiel, plateforme)
    yield Jalon("soutien_psy", dernier, _LIBELLES["soutien_psy"], palier.identifiant, "ferme")
    trouve = _find_premier_jour("psy_exclusion_arret_psy", debut, referentiel)
    if trouve is None:
        return
    exclu_le, limite = trouve
    libelle = "L'arrêt pour motif psychique est trop long pour Mon soutien psy"
    if exclu_le is None:
        yield Jalon("soutien_psy_exclusion", None, f"{libelle} : limite à confirmer", limite.identifiant, "avertit")
        return
    # the rule of the day a session would take place: today if the limit is already behind
    bloquante = referentiel.find_parametre("psy_exclusion_bloquante", max(exclu_le, jour))
    bloque = bloquante is not None and bloquante.valeur is True and motif_categorie == "psychique"
    suite = "d'autres soins sont indiqués" if bloque else "à faire vérifier avant de le proposer"
    yield Jalon(
        "soutien_psy_exclusion",
        exclu_le,
        f"{libelle} ({limite.en_mots} mois) : {suite}",
        limite.identifiant,
        "bloque" if bloque else "avertit",
        None if bloquante is None else bloquante.identifiant,
    )


def _list_faits(faits: FaitsJalons, jour: date, referentiel: Referentiel) -> Iterator[Jalon]:
    plafond = referentiel.find_parametre("ij_plafond_trois_ans", jour)
    if plafond is not None:
        if faits.epuisement_le is not None:
            yield Jalon("epuisement", faits.epuisement_le, _LIBELLES["epuisement"], plafond.identifiant, "ferme")
        elif faits.epuisement_si_poursuite is not None:
            libelle = _LIBELLES["epuisement_si_poursuite"]
            yield Jalon("epuisement_si_poursuite", faits.epuisement_si_poursuite, libelle, plafond.identifiant, "ferme")
    duree = referentiel.find_parametre("ij_max_l324_1_annees", jour)
    if duree is not None:
        for fin in sorted(set(faits.fins_l324)):
            yield Jalon("fin_l324", fin, _LIBELLES["fin_l324"], duree.identifiant, "ferme")
    age = referentiel.find_parametre("mi_carriere_age", jour)
    if faits.naissance_le is not None and age is not None:
        yield from _list_mi_carriere(faits.naissance_le, age, jour, referentiel)


def _list_mi_carriere(naissance_le: date, age: Parametre, jour: date, referentiel: Referentiel) -> Iterator[Jalon]:
    """Civil year of the birthday, the years before that the law allows included; silent once that year is over."""
    anticipation = referentiel.find_parametre("mi_carriere_anticipation", jour)
    avance = 0 if anticipation is None else int(anticipation.nombre)
    annee = naissance_le.year + int(age.nombre)
    if annee - avance <= jour.year <= annee:
        yield Jalon("mi_carriere", date(annee - avance, 1, 1), _LIBELLES["mi_carriere"], age.identifiant)
