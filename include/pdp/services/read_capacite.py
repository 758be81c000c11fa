"""« Combien de conseillers ? » for one platform: its facts, assumptions that can be changed, the answer, and the fit to the past.

Under the rights of who asks, counts only: no parcours, no person, no coordinator is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from pdp.domain.capacite import Hypotheses, Situation, count_jours, draw_tirage
from pdp.domain.capacite_epreuve import Ajustement, choose_origine, compare
from pdp.domain.capacite_passe import Appels, Faits, Membre, Mesures, Ouvertures, RendezVous, build_situation, measure
from pdp.domain.capacite_reponse import Reponse, answer, count_tirages, project
from pdp.domain.contact import NUMERO_FAUX, RESULTATS, SANS_REPONSE
from pdp.errors import DonneeInvalide
from pdp.services.delais import Lieu, get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

APPRIS = 2
"""Whole weeks of past without which nothing is predicted again."""
MESURE, POLITIQUE, SAISIE = "mesure", "politique", "saisie"


@dataclass(frozen=True, slots=True)
class Champ:
    """One assumption that the form shows: bounds included, ``decimales`` 0 or 1."""

    cle: str
    libelle: str
    unite: str
    minimum: float
    maximum: float
    decimales: int = 0


CHAMPS = (
    Champ("arrivees", "Parcours ouverts par semaine", "personnes", 0, 1000, 1),
    Champ("joint", "Appels qui joignent la personne", "%", 1, 100, 1),
    Champ("essais_max", "Appels avant d'écrire à la personne", "appels", 1, 10),
    Champ("rappel_jours", "Délai avant de rappeler", "jours ouvrés", 1, 20),
    Champ("echange_jours", "Délai entre l'appel et le télé-échange", "jours ouvrés", 1, 30),
    Champ("absents", "Télé-échanges manqués", "%", 0, 90, 1),
    Champ("sorties", "Parcours ouverts qui se terminent chaque semaine", "%", 0, 50, 1),
    Champ("minutes_jour", "Journée d'un temps plein", "minutes", 60, 600),
    Champ("part", "Part de la journée donnée aux parcours", "%", 5, 100),
    Champ("minutes_appel", "Appel qui joint la personne", "minutes", 1, 120),
    Champ("minutes_essai", "Appel sans réponse", "minutes", 1, 60),
    Champ("minutes_echange", "Télé-échange, avec sa préparation et son compte rendu", "minutes", 5, 240),
    Champ("minutes_suivi", "Suivi d'un parcours ouvert, par semaine", "minutes", 0, 120),
    Champ("imprevu", "Absences imprévues", "%", 0, 50),
    Champ("plafond", "Parcours ouverts pour un temps plein, au plus", "parcours", 1, 500),
    Champ("delai", "Délai du premier appel", "jours ouvrés", 1, 30),
    Champ("objectif", "Personnes à appeler dans ce délai", "%", 50, 100),
    Champ("semaines", "Semaines à simuler", "semaines", 1, 13),
)
POLITIQUES = {
    "joint": "capacite_joint_pourcent",
    "essais_max": "contact_tentatives_max",
    "rappel_jours": "contact_nouvelle_tentative_jours_ouvres",
    "echange_jours": "tele_echange_delai_jours_ouvres",
    "absents": "capacite_rendez_vous_manques_pourcent",
    "sorties": "capacite_sorties_pourcent",
    "minutes_jour": "capacite_minutes_jour",
    "part": "capacite_part_accompagnement_pourcent",
    "minutes_appel": "capacite_appel_minutes",
    "minutes_essai": "capacite_essai_minutes",
    "minutes_suivi": "capacite_suivi_minutes_semaine",
    "imprevu": "capacite_absence_imprevue_pourcent",
    "plafond": "csam_parcours_actifs_max",
    "delai": "contact_premier_delai_jours_ouvres",
    "objectif": "capacite_objectif_pourcent",
    "semaines": "capacite_semaines",
}
LIMITES = (
    "Une personne qui attend un conseiller attend aussi son appel : le délai court dès l'ouverture du parcours.",
    "Ce qui est à faire le plus tôt est fait d'abord ; dans la réalité, chacun choisit un peu son ordre.",
    "Le travail d'un absent est repris le jour même par les présents : c'est favorable.",
    "Un conseiller en plus travaille tout de suite comme les autres : comptez en plus le temps du recrutement et de la formation.",
    "La première semaine de la plateforme, où le stock entre d'un coup, n'est pas comptée dans le passé.",
    "Les durées d'appel ne sont mesurées nulle part : elles sont à régler avec l'équipe.",
    "Le résultat vaut pour les semaines simulées : si les parcours ouverts s'accumulent, simulez plus loin.",
)


@dataclass(frozen=True, slots=True)
class Valeur:
    """An assumption in use. ``origine``: mesure, politique or saisie; ``sur``: what a measure rests on; ``depart``: before any change."""

    champ: Champ
    valeur: float
    depart: float
    origine: str
    sur: str


@dataclass(frozen=True, slots=True)
class Capacite:
    """``reponse`` None: nothing to simulate (no arrival is known, none was given). ``appels_par_jour``: measured, None when unknown."""

    lieu: Lieu
    jour: date
    valeurs: tuple[Valeur, ...]
    hypotheses: Hypotheses
    situation: Situation
    mesures: Mesures
    reponse: Reponse | None
    ajustement: Ajustement | None
    appris: int = APPRIS
    limites: tuple[str, ...] = LIMITES

    @property
    def modifiees(self) -> int:
        return sum(v.origine == SAISIE for v in self.valeurs)


def read_capacite(conn: Connection, plateforme_id: str, maintenant: datetime, saisies: Mapping[str, str] | None = None) -> Capacite:
    """The coming weeks from today. ``saisies``: assumptions changed, by key; empty ones are not changes.

    Raises :class:`DonneeInvalide` on a value that cannot be, ReferentielIncomplet.
    """
    lieu = get_lieu(conn, plateforme_id)
    jour = lieu.jour(maintenant)
    recul = _policy(lieu, jour, "capacite_passe_semaines")
    faits = read_faits(conn, lieu, jour - timedelta(weeks=2 * recul))
    valeurs, mesures, hypotheses = _assume(lieu, faits, jour, saisies or {})
    situation = build_situation(faits, jour, count_jours(hypotheses))
    reponse = answer(situation, hypotheses) if hypotheses.arrivees else None
    return Capacite(lieu, jour, valeurs, hypotheses, situation, mesures, reponse, _try_past(lieu, faits, jour, hypotheses))


def read_faits(conn: Connection, lieu: Lieu, depuis: date) -> Faits:
    """What the platform knows since a day, in four statements."""
    cadre = {"plateforme": lieu.plateforme_id, "fuseau": str(lieu.fuseau), "depuis": depuis}
    resultats = {"resultats": sorted(RESULTATS), "aboutis": sorted(set(RESULTATS) - SANS_REPONSE - {NUMERO_FAUX})}
    membres = conn.execute(query("capacite.lister_membres"), {"plateforme": lieu.plateforme_id, "depuis": depuis})
    return Faits(
        lieu.zone,
        tuple(list_lignes(conn, "capacite.lister_ouvertures", Ouvertures, **cadre, **resultats)),
        tuple(list_lignes(conn, "capacite.lister_appels", Appels, **cadre, **resultats)),
        tuple(list_lignes(conn, "capacite.lister_rendez_vous", RendezVous, **cadre)),
        tuple(
            Membre(
                float(m.quotite),
                m.actif_du,
                m.actif_au,
                tuple((date.fromisoformat(du), date.fromisoformat(au)) for du, au in m.absences),
            )
            for m in membres
        ),
    )


def _policy(lieu: Lieu, jour: date, cle: str) -> int:
    return referentiel().entier(cle, jour, lieu.plateforme_id)


def _assume(lieu: Lieu, faits: Faits, jour: date, saisies: Mapping[str, str]) -> tuple[tuple[Valeur, ...], Mesures, Hypotheses]:
    """Each assumption: what was typed, else what was measured, else the policy."""
    mesures = measure(faits, jour, _policy(lieu, jour, "capacite_passe_semaines"), _policy(lieu, jour, "capacite_faits_min"))
    mesurees = _describe(mesures)
    valeurs = []
    for champ in CHAMPS:
        depart, sur = mesurees.get(champ.cle, (None, ""))
        origine = MESURE if depart is not None else POLITIQUE
        if depart is None:
            depart = _start(lieu, jour, champ.cle)
        saisie = _parse(champ, saisies.get(champ.cle, ""))
        depart = round(float(depart), champ.decimales)
        if saisie is not None and saisie != depart:
            valeurs.append(Valeur(champ, saisie, depart, SAISIE, sur))
        else:
            valeurs.append(Valeur(champ, depart, depart, origine, sur))
    nombres = {v.champ.cle: v.valeur if v.champ.decimales else int(v.valeur) for v in valeurs}
    return tuple(valeurs), mesures, Hypotheses(passe=mesures.semaines, **nombres)


def _describe(m: Mesures) -> dict[str, tuple[float | None, str]]:
    """Measures by assumption, with what they rest on."""
    arrivees = sum(m.semaines) / len(m.semaines) if m.semaines else None
    semaines = f"{len(m.semaines)} semaine{'s' if len(m.semaines) > 1 else ''} passée{'s' if len(m.semaines) > 1 else ''}"
    return {
        "arrivees": (arrivees, semaines),
        "joint": (m.joint, f"{m.appels} appel{'s' if m.appels > 1 else ''}"),
        "absents": (m.absents, f"{m.echanges} télé-échange{'s' if m.echanges > 1 else ''}"),
        "echange_jours": (m.echange_jours, "rendez-vous pris"),
        "sorties": (m.sorties, semaines),
    }


def _start(lieu: Lieu, jour: date, cle: str) -> int:
    """Value of the policy; no arrival is assumed where none is known."""
    if cle == "arrivees":
        return 0
    if cle == "minutes_echange":
        return _policy(lieu, jour, "tele_echange_duree_minutes") + _policy(lieu, jour, "capacite_echange_prepare_minutes")
    return _policy(lieu, jour, POLITIQUES[cle])


def _parse(champ: Champ, brut: str) -> float | None:
    """The value typed, French comma admitted; None when nothing was. Raises DonneeInvalide out of bounds."""
    texte = brut.strip().replace(",", ".").replace("\u202f", "").replace("\xa0", "")
    if not texte:
        return None
    try:
        valeur = float(texte)
    except ValueError:
        valeur = float("nan")
    entiere_de_trop = not champ.decimales and valeur != round(valeur, 0) if valeur == valeur else True
    if entiere_de_trop or not champ.minimum <= valeur <= champ.maximum:
        genre = "un nombre" if champ.decimales else "un nombre entier"
        raise DonneeInvalide(
            f"« {champ.libelle} » attend {genre} entre {champ.minimum:g} et {champ.maximum:g} ({champ.unite}). Rien n'a été calculé.",
            code="bad_assumption",
        )
    return round(valeur, champ.decimales)


def _try_past(lieu: Lieu, faits: Faits, jour: date, hypotheses: Hypotheses) -> Ajustement | None:
    """The last weeks predicted from what was known before them; assumptions that nothing measures are those of the form.

    Leave is the one that happened: no unforeseen absence is added. None when the past is too short.
    """
    semaines = _policy(lieu, jour, "capacite_epreuve_semaines")
    while semaines and (origine := choose_origine(faits, jour, semaines, APPRIS, hypotheses.delai)) is None:
        semaines -= 1
    if not semaines or origine is None:
        return None
    avant = measure(faits, origine, _policy(lieu, jour, "capacite_passe_semaines"), _policy(lieu, jour, "capacite_faits_min"))
    alors = replace(
        hypotheses,
        semaines=semaines,
        imprevu=0.0,
        passe=avant.semaines,
        arrivees=sum(avant.semaines) / len(avant.semaines),
        joint=avant.joint if avant.joint is not None else _policy(lieu, jour, POLITIQUES["joint"]),
        absents=avant.absents if avant.absents is not None else _policy(lieu, jour, POLITIQUES["absents"]),
        sorties=avant.sorties if avant.sorties is not None else _policy(lieu, jour, POLITIQUES["sorties"]),
    )
    situation = build_situation(faits, origine, count_jours(alors))
    tirages = [draw_tirage(situation, alors, rang) for rang in range(count_tirages(situation, alors))]
    return compare(faits, project(situation, alors, tirages, 0), origine, semaines, alors.delai)
