"""Indicators shipped with what is needed to read them: who is counted, over whom, with how much hindsight."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from pdp.evaluation.secret_statistique import TOTAL, suppress

ETAPES = ("signalement", "parcours", "affectation", "contact", "tele_echange", "accord", "orientation", "reponse")
_SANS_RECUL = "Aucun recul exigé : les situations à venir ne sont pas comptées."


@dataclass(frozen=True)
class Indicateur:
    """Definition of an indicator; ``recul_jours`` is the hindsight a cohort needs to be mature, in days."""

    code: str
    libelle: str
    population: str
    regle_censure: str
    recul_jours: int = 0
    unite: str = "pourcentage"


INDICATEURS = {
    i.code: i
    for i in (
        Indicateur(
            "K2",
            "Personne jointe dans les 21 jours (15 jours ouvrés) après l'affectation",
            "Personnes affectées à un CSAM depuis 21 jours au moins",
            "Affectations de moins de 21 jours exclues.",
            21,
        ),
        Indicateur(
            "K3",
            "Délai médian entre la détection et la première tentative de contact (Kaplan-Meier) ; au numérateur, les personnes contactées",
            "Personnes affectées à un CSAM",
            "Sans contact : censure à la clôture ou à l'extraction.",
            21,
            "jours",
        ),
        Indicateur("K4_J60", "Premier télé-échange au plus tard à J60", "Personnes ayant eu un télé-échange", _SANS_RECUL, 60),
        Indicateur("K4_J90", "Premier télé-échange au plus tard à J90", "Personnes ayant eu un télé-échange", _SANS_RECUL, 90),
        Indicateur("K5", "Au moins un accord donné", "Personnes à qui un accord a été demandé", _SANS_RECUL),
        Indicateur(
            "K6",
            "Orientation acceptée dans les 30 jours",
            "Personnes orientées vers un partenaire depuis 30 jours au moins",
            "Orientations de moins de 30 jours exclues.",
            30,
        ),
        Indicateur("K7", "Au moins un télé-échange manqué", "Personnes ayant eu un rendez-vous de télé-échange passé", _SANS_RECUL),
        Indicateur(
            "K8",
            "Parcours enlisé au moins une fois",
            "Personnes suivies 30 jours au moins après la décision",
            "Parcours suivis moins de 30 jours exclus.",
            30,
        ),
        Indicateur(
            "K9",
            "Toutes les alertes décidées dans les 7 jours (5 jours ouvrés)",
            "Personnes ayant une alerte de 7 jours au moins",
            "Alertes de moins de 7 jours exclues.",
            7,
        ),
        Indicateur("K10", "Orientation vers le CSAM par délégation", "Personnes dont le parcours a été décidé", _SANS_RECUL),
        Indicateur(
            "K12",
            "Première séance de Mon soutien psy avant J180",
            "Personnes à motif psychique à qui Mon soutien psy a été proposé au plus tard à J150",
            "Personnes dont J180 n'est pas atteint exclues ; J180 atteint sans séance compte comme un échec.",
            180,
        ),
        Indicateur(
            "OU1",
            "Au travail (plein ou temps partiel thérapeutique) 183 jours après le signalement, sur situation confirmée",
            "Personnes signalées depuis 183 jours au moins",
            "Recul de moins de 183 jours exclu ; les situations inconnues restent au dénominateur.",
            183,
        ),
        Indicateur(
            "OU1_INCONNU",
            "Situation inconnue 183 jours après le signalement",
            "Personnes signalées depuis 183 jours au moins",
            "Recul de moins de 183 jours exclu.",
            183,
        ),
    )
}
RECULS = {f"recul_{code.lower()}": i.recul_jours for code, i in INDICATEURS.items()}


@dataclass(frozen=True)
class Mesure:
    """One cohort of one indicator, before disclosure control; counts of people."""

    indicateur: str
    plateforme: str
    mois: str
    numerateur: int
    denominateur: int


def compute_mediane(durees: Iterable[tuple[int, bool]]) -> int | None:
    """Kaplan-Meier median of (duration in days, whether the event happened), None when half of the people never reach it."""
    restants = sorted(durees)
    survie, risque = Fraction(1), len(restants)
    for jour in sorted({d for d, _ in restants}):
        survenus = sum(1 for d, survenu in restants if d == jour and survenu)
        if risque and survenus:
            survie *= 1 - Fraction(survenus, risque)
            if 2 * survie <= 1:
                return jour
        risque -= sum(1 for d, _ in restants if d == jour)
    return None


def build_delais(lignes: Iterable[Any]) -> tuple[list[Mesure], dict[tuple[str, str], int | None]]:
    """K3 from individual durations: measures by cohort, and medians by (platform, month or ``ensemble``)."""
    groupes: dict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
    for ligne in lignes:
        for mois in (ligne.mois, TOTAL):
            groupes[ligne.plateforme, mois].append((ligne.duree_jours, ligne.survenu))
    mesures = [
        Mesure("K3", plateforme, mois, sum(survenu for _, survenu in durees), len(durees))
        for (plateforme, mois), durees in sorted(groupes.items())
        if mois != TOTAL
    ]
    return mesures, {cle: compute_mediane(durees) for cle, durees in groupes.items()}


def build_indicateurs(
    mesures: Iterable[Mesure], medianes: Mapping[tuple[str, str], int | None], seuil: int, jour: date
) -> list[dict[str, Any]]:
    """Published rows, one per indicator, platform and cohort, plus all cohorts together."""
    tableaux: dict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(dict)
    for m in mesures:
        tableau = tableaux[m.indicateur, m.plateforme]
        tableau[m.mois, "numerateur"], tableau[m.mois, "complement"] = m.numerateur, m.denominateur - m.numerateur
    lignes = []
    for (code, plateforme), tableau in sorted(tableaux.items()):
        publie = suppress(tableau, seuil, zero_publiable=("complement",))
        mois_connus = sorted({mois for mois, _ in tableau})
        for mois in (*mois_connus, TOTAL):
            i, numerateur, denominateur = INDICATEURS[code], publie[mois, "numerateur"], publie[mois, TOTAL]
            supprime = numerateur is None or denominateur is None
            lignes.append(
                {
                    "indicateur": code,
                    "plateforme": plateforme,
                    "mois": mois,
                    "libelle": i.libelle,
                    "population": i.population,
                    "regle_censure": i.regle_censure,
                    "unite": i.unite,
                    "numerateur": numerateur,
                    "denominateur": denominateur,
                    "valeur": _value(i, numerateur, denominateur, medianes.get((plateforme, mois))),
                    "mature": is_mature(mois_connus[-1] if mois == TOTAL else mois, i.recul_jours, jour),
                    "supprime": supprime,
                }
            )
    return lignes


def _value(indicateur: Indicateur, numerateur: int | None, denominateur: int | None, mediane: int | None) -> float | None:
    if numerateur is None or not denominateur:
        return None
    return mediane if indicateur.unite == "jours" else round(100 * numerateur / denominateur, 1)


def is_mature(mois: str, recul_jours: int, jour: date) -> bool:
    """Whether the last person of the cohort ``AAAA-MM`` has the hindsight on ``jour``."""
    annee, numero = map(int, mois.split("-"))
    fin = date(annee, numero, monthrange(annee, numero)[1])
    return fin + timedelta(days=recul_jours) <= jour


def build_entonnoir(lignes: Sequence[Any], seuil: int) -> list[dict[str, Any]]:
    """Published rows: people by last step reached; steps that concern nobody have no row."""
    tableaux: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for ligne in lignes:
        tableaux[ligne.plateforme][ligne.mois, ligne.etape] = ligne.effectif
    publiees = []
    for plateforme, tableau in sorted(tableaux.items()):
        publie = suppress(tableau, seuil, zero_publiable=(*ETAPES, TOTAL))
        for mois in (*sorted({mois for mois, _ in tableau}), TOTAL):
            for rang, etape in enumerate((TOTAL, *ETAPES)):
                effectif = publie.get((mois, etape), 0)
                if effectif != 0:
                    atteint = _reached(publie, mois, etape)
                    publiees.append(
                        {
                            "plateforme": plateforme,
                            "mois": mois,
                            "etape": etape,
                            "rang": rang,
                            "effectif": effectif,
                            "atteint": atteint,
                            "supprime": effectif is None,
                        }
                    )
    return publiees


def _reached(publie: Mapping[tuple[str, str], int | None], mois: str, etape: str) -> int | None:
    """People at this step or further, from what is published only: it tells nothing that a reader could not add up."""
    if etape == TOTAL:
        return publie[mois, TOTAL]
    suite = [publie.get((mois, e), 0) for e in ETAPES[ETAPES.index(etape) :]]
    if None not in suite:
        return sum(n for n in suite if n is not None)
    avant, total = [publie.get((mois, e), 0) for e in ETAPES[: ETAPES.index(etape)]], publie[mois, TOTAL]
    if total is None or None in avant:
        return None
    return total - sum(n for n in avant if n is not None)
