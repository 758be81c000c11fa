"""Repairs of stalls: one locked parcours, one fact found, one safe act, and the counters it moves.

Safe means: it opens a reason for a person, closes what has no object left, or enforces a withdrawal. What breaks a parcours is
told to the médecin-conseil, who decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.alerte import build_phrase
from pdp.domain.auteur import Auteur
from pdp.domain.enlisement import ENLISEMENTS, Enlisement
from pdp.domain.orientation import DISPOSITIFS
from pdp.domain.rechute import build_phrase as build_phrase_rechute
from pdp.services.close_parcours import close_restes, raise_termine
from pdp.services.delais import Lieu
from pdp.services.manage_taches import close_tache, close_taches, open_tache
from pdp.services.move_parcours import LigneParcours, apply_acte
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.raise_alerte import raise_alerte
from pdp.storage import journal
from pdp.storage.sql import query

TACHES_INTERROMPUES = (
    "premier_appel",
    "nouvel_appel",
    "rappel_promis",
    "autre_canal",
    "courrier_injoignable",
    "reponse_courrier",
    "planifier_tele_echange",
    "demander_accord",
    "faire_le_point",
)
"""Reasons of the coordinator that an interruption hands over to the médecin-conseil."""
REFUS = "Un responsable a refusé le premier envoi à ce partenaire : rien n'est parti. Retirez la demande et proposez un autre relais."


@dataclass(frozen=True)
class Constat:
    """One stall found: ``cause`` is stable from sweep to sweep, ``objet_id`` what it is about, ``echeance_at`` an imposed deadline."""

    parcours_id: UUID
    assure_id: UUID
    cause: str
    objet_id: UUID | None
    survenu_at: datetime
    echeance_at: datetime | None
    faits: dict[str, Any]


@dataclass(frozen=True)
class Passe:
    """What every repair of one sweep needs."""

    conn: Connection
    auteur: Auteur
    maintenant: datetime
    lieu: Lieu
    parametres: dict[str, Any]


Reparation = Callable[[Passe, LigneParcours, Constat], Collection[str]]
"""Repairs one row and returns the counters it moves; none when there was nothing left to do."""


def _open_suite(passe: Passe, parcours: LigneParcours, constat: Constat, enlisement: Enlisement, note: str | None = None) -> bool:
    """Close what the stall made void for this cause, then open what is missing."""
    motifs = list(enlisement.ferme)
    taches = passe.conn.execute(query("veille.lister_taches_cause"), {"parcours": parcours.id, "cause": constat.cause, "motifs": motifs})
    for tache in taches.scalars().all():
        close_tache(passe.conn, passe.auteur, tache, "echue", passe.maintenant)
    if enlisement.tache is None:
        return False
    ouverte = open_tache(
        passe.conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours.id,
        motif=enlisement.tache,
        cause=constat.cause,
        maintenant=passe.maintenant,
        auteur=passe.auteur,
        echeance_at=constat.echeance_at,
        note=note,
    )
    return ouverte is not None


def _record_repair(passe: Passe, parcours: LigneParcours, code: str) -> None:
    journal.record(
        passe.conn,
        "enlisement_repare",
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours.id,
        donnees={"code": code},
    )


def repair_by_tache(code: str) -> Reparation:
    def repair(passe: Passe, parcours: LigneParcours, constat: Constat) -> Collection[str]:
        if not _open_suite(passe, parcours, constat, ENLISEMENTS[code]):
            return ()
        _record_repair(passe, parcours, code)
        return (code,)

    return repair


def propose(passe: Passe, parcours: LigneParcours, constat: Constat) -> Collection[str]:
    """S15. The coordinator of the closed parcours is asked; nothing is reopened by the machine."""
    faits = constat.faits
    jours = {cle: date.fromisoformat(faits[cle]) for cle in ("clos_le", "debut")}
    if not _open_suite(passe, parcours, constat, ENLISEMENTS["S15"], build_phrase_rechute(faits["retour"], faits["motif"], **jours)):
        return ()
    _record_repair(passe, parcours, "S15")
    return ("S15",)


def withdraw(passe: Passe, parcours: LigneParcours, constat: Constat) -> Collection[str]:
    """S13. On an open parcours the withdrawal asks the coordinator to speak with the person; a closed one keeps nothing open."""
    assert constat.objet_id is not None
    cancel_orientation(passe.conn, passe.auteur, constat.objet_id, "accord_retire", passe.maintenant)
    if parcours.clos_at is not None:
        close_taches(
            passe.conn,
            parcours_id=parcours.id,
            motifs=("faire_le_point",),
            maintenant=passe.maintenant,
            auteur=passe.auteur,
            issue="parcours_clos",
        )
    _record_repair(passe, parcours, "S13")
    return ("S13",)


def clean_clos(passe: Passe, parcours: LigneParcours, constat: Constat) -> Collection[str]:
    close_restes(passe.conn, passe.auteur, parcours, constat.cause, passe.maintenant)
    _record_repair(passe, parcours, "S12")
    return ("S12",)


def close_question(passe: Passe, parcours: LigneParcours, constat: Constat) -> Collection[str]:
    assert constat.objet_id is not None
    close_tache(passe.conn, passe.auteur, constat.objet_id, "arret_prolonge", passe.maintenant)
    return ("S14_leve",)


def tell_refus(passe: Passe, parcours: LigneParcours, constat: Constat) -> Collection[str]:
    """Nothing will leave for this partner: who follows the person finds another relay. The reason goes with the hand-over."""
    open_tache(
        passe.conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours.id,
        motif="message_en_echec",
        cause=constat.cause,
        maintenant=passe.maintenant,
        auteur=passe.auteur,
        note=REFUS,
    )
    return ("envois_refuses",)


def close_refus(passe: Passe, parcours: LigneParcours, constat: Constat) -> Collection[str]:
    assert constat.objet_id is not None
    close_tache(passe.conn, passe.auteur, constat.objet_id, "envoi_permis", passe.maintenant)
    return ("envois_permis",)


def stall(passe: Passe, parcours: LigneParcours, constat: Constat) -> Collection[str]:
    """S11: the coordinator is asked to act and the médecin-conseil is told."""
    _open_suite(passe, parcours, constat, ENLISEMENTS["S11"])
    alerte = _alert(passe, parcours, constat, "enlisement", "sans_evenement")
    _record_repair(passe, parcours, "S11")
    return ("S11", *alerte)


def interrupt(type_alerte: str, circonstance: str | None) -> Reparation:
    """``circonstance`` None: given by the facts found."""

    def repair(passe: Passe, parcours: LigneParcours, constat: Constat) -> Collection[str]:
        apply_acte(passe.conn, parcours.id, "interrompre", passe.maintenant)
        journal.record(
            passe.conn,
            "parcours_interrompu",
            plateforme_id=parcours.plateforme_id,
            assure_id=parcours.assure_id,
            parcours_id=parcours.id,
            donnees={"circonstance": circonstance or constat.faits["circonstance"], "cause": constat.cause},
        )
        close_taches(
            passe.conn,
            parcours_id=parcours.id,
            motifs=TACHES_INTERROMPUES,
            maintenant=passe.maintenant,
            auteur=passe.auteur,
            issue="parcours_interrompu",
        )
        open_tache(
            passe.conn,
            plateforme_id=parcours.plateforme_id,
            parcours_id=parcours.id,
            motif="decision_medecin",
            cause=constat.cause,
            maintenant=passe.maintenant,
            auteur=passe.auteur,
        )
        return ("interrompus", *_alert(passe, parcours, constat, type_alerte, circonstance or constat.faits["circonstance"]))

    return repair


def _alert(passe: Passe, parcours: LigneParcours, constat: Constat, type_alerte: str, circonstance: str) -> Collection[str]:
    faits = constat.faits | ({"dispositif": DISPOSITIFS[constat.faits["dispositif"]]} if "dispositif" in constat.faits else {})
    alerte = raise_alerte(
        passe.conn,
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours.id,
        type=type_alerte,
        cause=constat.cause,
        phrase=build_phrase(type_alerte, circonstance, **faits),
        faits=constat.faits,
        survenu_at=constat.survenu_at,
        maintenant=passe.maintenant,
    )
    return () if alerte is None else (type_alerte,)


def tell_end(passe: Passe, parcours: LigneParcours, constat: Constat) -> Collection[str]:
    alerte = raise_termine(
        passe.conn,
        parcours.plateforme_id,
        parcours.assure_id,
        parcours.id,
        constat.cause,
        constat.faits["motif"],
        constat.faits["situation"],
        constat.survenu_at,
        passe.maintenant,
    )
    return () if alerte is None else ("parcours_termine",)
