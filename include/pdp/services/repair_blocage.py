"""One click on a stall: the repair of the watch on one parcours, at once, by whoever acts; a manager asks for contact to be made again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.attente import NE_PEUVENT_ATTENDRE
from pdp.domain.auteur import Auteur
from pdp.domain.enlisement import ENLISEMENTS, POINT_DU_RESPONSABLE
from pdp.errors import Conflit, DonneeInvalide
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import open_tache
from pdp.services.move_parcours import LigneParcours, lock_parcours
from pdp.services.read_blocages import list_blocages_du_parcours
from pdp.services.repair_enlisement import Passe
from pdp.services.sweep_veille import CODES, ETAPES, find_constats, load_parametres, repair_constat
from pdp.services.wait_taches import resume_tache
from pdp.storage import journal
from pdp.storage.sql import query

PLUS_BLOQUE = "Ce dossier n'est plus bloqué ainsi : quelqu'un a agi entre-temps. Rien n'a été changé."


def repair_blocage(conn: Connection, auteur: Auteur, parcours_id: UUID, code: str, maintenant: datetime) -> bool:
    """The repair of the catalogue on one parcours; False when there was nothing left to repair (a second click, the watch came first).

    Raises :class:`DonneeInvalide` for a stall that only a person settles, on its own screen.
    """
    if code not in ENLISEMENTS or ENLISEMENTS[code].ecran is not None:
        raise DonneeInvalide("Ce blocage se règle sur son propre écran. Rien n'a été changé.", code="no_repair")
    parcours = lock_parcours(conn, parcours_id)
    journal.live_at(conn, maintenant)
    fait = REPARATIONS.get(code, _repair_as_watch)(conn, auteur, parcours, code, maintenant)
    _end(conn, auteur, parcours_id, code, maintenant)
    return fait


def ask_point(conn: Connection, auteur: Auteur, parcours_id: UUID, code: str, maintenant: datetime) -> bool:
    """A manager asks the coordinator to make contact; False when it was already asked.

    Raises :class:`DonneeInvalide` where another act is needed, :class:`Conflit` when the parcours is no longer stuck so.
    """
    if code not in POINT_DU_RESPONSABLE:
        raise DonneeInvalide("Ce blocage se règle autrement : suivez le lien de sa ligne. Rien n'a été changé.", code="no_repair")
    parcours = lock_parcours(conn, parcours_id)
    if parcours.csam_id is None:
        raise DonneeInvalide("Personne ne suit ce dossier : affectez-le d'abord. Rien n'a été changé.", code="unassigned")
    if parcours.clos_at is not None or code not in {b.code for b in list_blocages_du_parcours(conn, parcours_id, maintenant)}:
        raise Conflit(PLUS_BLOQUE)
    ouverte = open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours_id,
        motif="faire_le_point",
        cause=f"responsable:{code}",
        maintenant=maintenant,
        auteur=auteur,
    )
    _end(conn, auteur, parcours_id, code, maintenant)
    return ouverte is not None


def _repair_as_watch(conn: Connection, auteur: Auteur, parcours: LigneParcours, code: str, maintenant: datetime) -> bool:
    lieu = get_lieu(conn, parcours.plateforme_id)
    passe = Passe(conn, auteur, maintenant, lieu, load_parametres(lieu, maintenant))
    fait = False
    for recherche, reparation in ETAPES:
        if CODES.get(recherche) == code and reparation is not None:
            for constat in find_constats(passe, recherche, parcours.id):
                fait = bool(repair_constat(passe, recherche, reparation, constat)) or fait
    return fait


def _resume(conn: Connection, auteur: Auteur, parcours: LigneParcours, code: str, maintenant: datetime) -> bool:
    """S02: the reason that would come back first is taken up again today."""
    cle = {"parcours": parcours.id, "hors": sorted(NE_PEUVENT_ATTENDRE)}
    tache = conn.execute(query("blocages.trouver_attente"), cle).scalar()
    return tache is not None and resume_tache(conn, auteur, tache, maintenant)


def _end(conn: Connection, auteur: Auteur, parcours_id: UUID, code: str, maintenant: datetime) -> None:
    conn.execute(query("blocages.terminer"), {"parcours": parcours_id, "code": code, "par": auteur.id, "maintenant": maintenant})


REPARATIONS: dict[str, Callable[[Connection, Auteur, LigneParcours, str, datetime], bool]] = {"S02": _resume}
