"""Probes: what the platform watches of itself, as data. Pure: the facts are counted elsewhere, a limit comes from the policy.

A probe says nothing of a person. What it finds is a :class:`Constat`; the watch opens one incident per probe and target and closes it
when the probe finds nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sonde:
    """One thing watched. ``titre`` with the target in braces; ``suite``: what a manager does; ``rien``: what finding nothing means."""

    code: str
    titre: str
    consequence: str
    suite: str
    rien: str


SONDES: dict[str, Sonde] = {
    s.code: s
    for s in (
        Sonde(
            "flux_absent",
            "Flux attendu non reçu : {cible}",
            "Des personnes à risque peuvent ne pas être vues tant que le fichier n'est pas arrivé ; rien de déjà connu n'est perdu.",
            "Demandez à la caisse si l'envoi est parti. Un fichier reçu autrement peut être déposé dans « Données reçues ».",
            "Chaque flux est arrivé dans son rythme.",
        ),
        Sonde(
            "traitement_en_retard",
            "Traitement qui ne passe plus : {cible}",
            "Ce que ce traitement devait faire attend ; tout sera repris au prochain passage, sans doublon.",
            "Prévenez l'exploitation : le traitement est à relancer dans Airflow.",
            "Chaque traitement surveillé est passé à l'heure.",
        ),
        Sonde(
            "envoi_en_retard",
            "Messages qui auraient dû partir : {cible}",
            "Les destinataires n'ont pas encore ces messages. Ils partiront d'eux-mêmes dès que l'envoi reprend.",
            "Ne renvoyez rien à la main. Si l'attente dure, prévenez l'exploitation ; en cas d'urgence, appelez.",
            "Aucun message dû n'attend au-delà du délai.",
        ),
        Sonde(
            "file_d_envoi",
            "File d'envoi trop longue",
            "Les messages partent avec retard.",
            "Prévenez l'exploitation : l'envoi ne suit pas.",
            "La file d'envoi est courte.",
        ),
        Sonde(
            "envois_en_echec",
            "Envois en échec : {cible}",
            "Ces messages ne partiront plus seuls : chaque dossier concerné a une tâche pour son conseiller.",
            "Ouvrez « Ce qui est bloqué » pour voir les codes d'échec. Un même code répété vient le plus souvent du fournisseur.",
            "Aucun canal n'échoue anormalement.",
        ),
        Sonde(
            "quarantaine",
            "Quarantaine trop longue",
            "Les personnes de ces lignes ne sont pas suivies tant que la ligne n'est pas corrigée.",
            "Ouvrez la quarantaine et décidez, en commençant par la raison la plus fréquente.",
            "La quarantaine est courte.",
        ),
    )
}

RYTHMES_FLUX = {
    flux: f"flux_rythme_{flux}" for flux in ("arrets_prescrits", "assures", "ij_versees", "ald_invalidite", "dsn", "partenaires", "agents")
}
"""Feed -> policy that says how often it is expected."""

RYTHMES_TRAITEMENTS = {
    (dag, tache): f"guet_rythme_{dag}"
    for dag, tache in (
        ("pdp_reception", "recevoir"),
        ("pdp_detection", "detecter"),
        ("pdp_envoi", "envoyer"),
        ("pdp_reponses", "interroger"),
        ("pdp_veille", "veiller"),
    )
}
"""DAG and task whose silence is an incident -> policy that says how long it may be."""

CIBLES_ENVOI = {"partenaires": "aux partenaires", "equipe": "à l'équipe", "personnes": "aux personnes suivies"}
POLITIQUE_ENVOI = {"partenaires": "guet_envoi_partenaires", "equipe": "guet_envoi_partenaires", "personnes": "guet_envoi_personnes"}
MAXIMA = {"file_d_envoi": "guet_file_max", "envois_en_echec": "guet_echecs_max", "quarantaine": "guet_quarantaine_max"}
TOUT = "tout"
"""Target of a probe that has only one."""


@dataclass(frozen=True, slots=True)
class Constat:
    """What a probe found: how many rows, since when, and the deadline that was missed (None where the limit is a count)."""

    sonde: str
    cible: str
    nombre: int
    depuis_at: datetime | None
    limite_at: datetime | None


def judge_echeance(
    sonde: str, cible: str, depuis_at: datetime | None, limite_at: datetime | None, maintenant: datetime, nombre: int = 0
) -> Constat | None:
    """A deadline missed: at the deadline itself nothing is late yet. ``limite_at`` None = nothing is expected."""
    if limite_at is None or maintenant <= limite_at:
        return None
    return Constat(sonde, cible, nombre, depuis_at, limite_at)


def judge_nombre(sonde: str, cible: str, nombre: int, maximum: int, depuis_at: datetime | None) -> Constat | None:
    """Too many rows: more than ``maximum``, not as many."""
    return Constat(sonde, cible, nombre, depuis_at, None) if nombre > maximum else None


def judge_comptes(sonde: str, comptes: Mapping[str, tuple[int, datetime | None]], maximum: int) -> list[Constat]:
    """One judgement per target of a probe that counts."""
    return found(judge_nombre(sonde, cible, nombre, maximum, depuis) for cible, (nombre, depuis) in sorted(comptes.items()))


def found(constats: Iterable[Constat | None]) -> list[Constat]:
    """What was found, in the order of the probes."""
    return [c for c in constats if c is not None]
