"""« Et si ? »: another value of the policy on past data. Counts only, under the rights of who asks; nothing is written."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.arret import RISQUES_ABSENCE
from pdp.domain.essai import (
    Charge,
    Conseiller,
    Groupe,
    apply_valeur,
    assign_groupes,
    find_minimum,
    get_actuel,
    is_points,
    label_cle,
    parse_valeur,
)
from pdp.domain.referentiel import Parametre, Referentiel
from pdp.domain.regles import CleExclusion
from pdp.errors import DonneeInvalide
from pdp.referentiel import load_regles
from pdp.services.publish_referentiel import referentiel
from pdp.services.reglages import bornes
from pdp.storage.sql import query

PERIODE_JOURS = 91
PERIODE_MAX_JOURS = 731
PREMIERS = 20
"""Head of the list that is compared when points change: about what a team calls in a day."""
LIMITES = (
    "Calcul sur les faits connus aujourd'hui : des avis arrivés en retard y figurent, qui manquaient le jour même.",
    "Les règles et la loi d'aujourd'hui sont appliquées à toute la période ; seule la valeur essayée change.",
    "Il dit combien de personnes entreraient dans la liste d'appel, pas combien en tireraient un bénéfice.",
    "L'affectation est simulée à effort égal : absences des conseillers, langues et clôtures de parcours ne le sont pas.",
)


@dataclass(frozen=True, slots=True)
class Semaine:
    """People who enter in the week of that Monday."""

    lundi: date
    actuel: int
    propose: int


@dataclass(frozen=True, slots=True)
class ChargeCsam:
    """One coordinator under both values."""

    id: UUID
    numero: int
    nom: str
    quotite: float
    actuel: Charge
    propose: Charge


@dataclass(frozen=True, slots=True)
class Ordre:
    """Effect of points: ``entrent_en_tete`` of the first ``premiers`` were not among them."""

    premiers: int
    signalements: int
    points_changes: int
    rangs_changes: int
    entrent_en_tete: int


@dataclass(frozen=True, slots=True)
class Essai:
    """Result for one platform. ``entrent``, ``n_entrent_plus``: people who enter under one value only, whenever; ``plus_tot``,
    ``plus_tard``: under both, in another week; ``hors_periode``: those of them who enter in the period under one value only.

    ``ordre`` is set for a key of points, which changes the order of the list and not who enters."""

    plateforme_id: str
    cle: str
    note: str
    parametre_id: str
    valeur_actuelle: float
    valeur_proposee: int
    du: date
    au: date
    actuel: int
    propose: int
    entrent: int
    n_entrent_plus: int
    plus_tot: int
    plus_tard: int
    hors_periode: int
    deja_suivis: int
    sans_conseiller_actuel: int
    sans_conseiller_propose: int
    semaines: tuple[Semaine, ...]
    conseillers: tuple[ChargeCsam, ...]
    ordre: Ordre | None
    phrases: tuple[str, ...]
    limites: tuple[str, ...] = LIMITES


def simulate_reglage(
    conn: Connection, plateforme_id: str, cle: str, valeur: str, jour: date, *, du: date | None = None, au: date | None = None
) -> Essai:
    """Try ``valeur`` for ``cle`` on [``du``, ``au``] (default: the 13 weeks up to ``jour``), with the policy of ``jour``.

    Raises :class:`DonneeInvalide` for a key or a value that cannot be, or a period that is not past; ReferentielIncomplet.
    """
    au = jour if au is None else au
    du = au - timedelta(days=PERIODE_JOURS - 1) if du is None else du
    _check_periode(du, au, jour)
    parametre = get_actuel(referentiel(), cle, jour, plateforme_id)
    proposee = parse_valeur(cle, valeur)
    essayes = (referentiel(), apply_valeur(referentiel(), parametre, proposee))
    groupes = [] if is_points(cle) else _count(conn, plateforme_id, essayes, jour, du, au)
    conseillers = [
        Conseiller(c.id, c.numero, f"{c.prenom} {c.nom}", float(c.quotite), c.ouverts)
        for c in conn.execute(query("essai.lister_csam"), {"plateforme": plateforme_id, "jour": jour})
    ]
    plafond = referentiel().entier("csam_parcours_actifs_max", jour, plateforme_id)
    actuel, sans_actuel = assign_groupes(groupes, conseillers, plafond, propose=False)
    propose, sans_propose = assign_groupes(groupes, conseillers, plafond, propose=True)
    ordre = _compare_ordre(conn, plateforme_id, parametre, proposee, du, au) if is_points(cle) else None
    comptes = _sum(groupes)
    return Essai(
        plateforme_id=plateforme_id,
        cle=cle,
        note=parametre.note,
        parametre_id=parametre.identifiant,
        valeur_actuelle=parametre.nombre,
        valeur_proposee=proposee,
        du=du,
        au=au,
        sans_conseiller_actuel=sans_actuel,
        sans_conseiller_propose=sans_propose,
        semaines=_weeks(groupes, du, au),
        conseillers=tuple(ChargeCsam(c.id, c.numero, c.nom, c.quotite, actuel[c.id], propose[c.id]) for c in conseillers),
        ordre=ordre,
        phrases=_tell(parametre, proposee, essayes, comptes, ordre, jour, plateforme_id),
        **comptes,
    )


def list_plateformes(conn: Connection) -> list[str]:
    return list(conn.execute(query("essai.lister_plateformes")).scalars())


def _check_periode(du: date, au: date, jour: date) -> None:
    if au > jour:
        raise DonneeInvalide("L'essai porte sur le passé : choisissez une fin de période au plus tard aujourd'hui.", code="future_period")
    if du > au:
        raise DonneeInvalide("La période se termine avant de commencer.", code="reversed_period")
    if (au - du).days >= PERIODE_MAX_JOURS:
        raise DonneeInvalide("Choisissez une période de deux ans au plus.", code="period_too_long")


def _count(conn: Connection, plateforme: str, essayes: tuple[Referentiel, Referentiel], jour: date, du: date, au: date) -> list[Groupe]:
    variantes = [{"nom": nom, **_describe(ref, jour, plateforme)} for nom, ref in zip(("actuel", "propose"), essayes, strict=True)]
    parametres = {"plateforme": plateforme, "du": du, "au": au, "jour": jour, "risques": sorted(RISQUES_ABSENCE)}
    lignes = conn.execute(query("essai.compter"), {**parametres, "variantes": json.dumps(variantes)})
    return [
        Groupe(g.semaine_actuel, g.semaine_propose, g.actuel_dans, g.propose_dans, g.suivi_par, g.precedent, tuple(g.couvreurs), g.nombre)
        for g in lignes
    ]


def _describe(ref: Referentiel, jour: date, plateforme: str) -> dict[str, Any]:
    """The values that decide who enters, as the count reads them."""
    regles = load_regles()
    age_min, age_max = bornes(ref.get_parametre("age_exclusion", jour, plateforme))

    def codes(cle: CleExclusion, champ: str = "codes") -> list[str]:
        exclusion = regles.find_exclusion(cle, jour, plateforme)
        return [] if exclusion is None else list(getattr(exclusion, champ))

    return {
        "tolerance": ref.entier("tolerance_horloge_risque_jours", jour, plateforme),
        "suspension_max": ref.entier("horloge_suspension_max_jours", jour, plateforme),
        "minimum": find_minimum(ref, jour, plateforme),
        "age_min": age_min,
        "age_max": age_max,
        "exclure_age": regles.find_exclusion("age", jour, plateforme) is not None,
        "exclure_tpt_seul": regles.find_exclusion("temps_partiel_seul", jour, plateforme) is not None
        and not ref.valeur("signaler_tpt_seul", jour, plateforme),
        "codes_reprise": codes("reprise_declaree"),
        "codes_arret": codes("reprise_declaree", "codes_arret"),
        "codes_retraite": codes("retraite"),
        "codes_deces": codes("deces"),
    }


def _sum(groupes: list[Groupe]) -> dict[str, int]:
    def somme(retenus: list[Groupe]) -> int:
        return sum(g.nombre for g in retenus)

    deux = [(g.semaine_actuel, g.semaine_propose, g) for g in groupes if g.semaine_actuel and g.semaine_propose]
    return {
        "actuel": somme([g for g in groupes if g.actuel_dans]),
        "propose": somme([g for g in groupes if g.propose_dans]),
        "entrent": somme([g for g in groupes if g.semaine_actuel is None]),
        "n_entrent_plus": somme([g for g in groupes if g.semaine_propose is None]),
        "plus_tot": somme([g for a, p, g in deux if p < a]),
        "plus_tard": somme([g for a, p, g in deux if p > a]),
        "hors_periode": somme([g for _, _, g in deux if g.actuel_dans != g.propose_dans]),
        "deja_suivis": somme([g for g in groupes if g.propose_dans and g.suivi_par]),
    }


def _weeks(groupes: list[Groupe], du: date, au: date) -> tuple[Semaine, ...]:
    """Every week of the period, empty ones included."""
    actuel, propose = Counter[date](), Counter[date]()
    for g in groupes:
        if g.actuel_dans and g.semaine_actuel:
            actuel[g.semaine_actuel] += g.nombre
        if g.propose_dans and g.semaine_propose:
            propose[g.semaine_propose] += g.nombre
    lundi = du - timedelta(days=du.weekday())
    lundis = [lundi + timedelta(weeks=n) for n in range((au - lundi).days // 7 + 1)]
    return tuple(Semaine(x, actuel[x], propose[x]) for x in lundis) if groupes else ()


def _compare_ordre(conn: Connection, plateforme: str, parametre: Parametre, proposee: int, du: date, au: date) -> Ordre:
    valeurs = {"cle": parametre.cle, "actuel": int(parametre.nombre), "propose": proposee, "premiers": PREMIERS}
    ligne = conn.execute(query("essai.comparer_ordre"), {**valeurs, "plateforme": plateforme, "du": du, "au": au}).one()
    return Ordre(PREMIERS, ligne.signalements, ligne.points_changes, ligne.rangs_changes, ligne.entrent_en_tete)


def _tell(
    parametre: Parametre,
    proposee: int,
    essayes: tuple[Referentiel, Referentiel],
    comptes: dict[str, int],
    ordre: Ordre | None,
    jour: date,
    plateforme: str,
) -> tuple[str, ...]:
    """What happened, in French."""
    tete = f"{label_cle(parametre.cle)} : {parametre.en_mots} aujourd'hui, {proposee} à l'essai. {parametre.note}"
    if ordre is not None:
        return (
            tete,
            "Les points rangent la liste ; ils ne changent pas qui y entre.",
            f"Sur {ordre.signalements} signalements de la période, {ordre.points_changes} changeraient de points,"
            f" {ordre.rangs_changes} de rang ; parmi les {ordre.premiers} premiers, {ordre.entrent_en_tete} seraient nouveaux.",
        )
    seuils = [find_minimum(ref, jour, plateforme) for ref in essayes]
    phrases = [tete]
    if _describe(essayes[0], jour, plateforme) == _describe(essayes[1], jour, plateforme):
        phrases.append(f"Cette valeur ne change rien : un dossier s'ouvre toujours à {seuils[0]} jours d'absence.{_hint(parametre)}")
    elif seuils[0] != seuils[1]:
        phrases.append(f"Un dossier s'ouvrirait à {seuils[1]} jours d'absence, au lieu de {seuils[0]}.")
    propose = f"{comptes['propose']} personne{'s' if comptes['propose'] > 1 else ''}"
    phrases.append(f"Entreraient dans la liste d'appel sur la période : {propose} au lieu de {comptes['actuel']}.")
    phrases.append(
        f"Entrées gagnées : {comptes['entrent']} ; perdues : {comptes['n_entrent_plus']} ; plus tôt : {comptes['plus_tot']} ;"
        f" plus tard : {comptes['plus_tard']}. Une personne qui entre plus tôt ou plus tard peut le faire hors de la période"
        f" ({comptes['hors_periode']})."
    )
    return tuple(phrases)


def _hint(parametre: Parametre) -> str:
    if parametre.cle != "palier_ouverture":
        return ""
    autre = "palier_signalement_j60"
    return f" Les paliers sont J30, J60, J90 et J180 : pour appeler à un autre moment, essayez « {label_cle(autre)} » ({autre})."
