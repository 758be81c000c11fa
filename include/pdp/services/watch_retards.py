"""Late runs: found in the passages, told once to the managers of each platform through the outbox.

Airflow's deadline callback writes the same row sooner; losing it loses nothing. Lateness is measured on the machine's clock, as the
passages are, and not on the business clock of a demonstration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection

from pdp.domain.bilan import Bilan
from pdp.domain.horaire import TRAITEMENTS
from pdp.services.delais import get_lieu
from pdp.storage.lignes import list_lignes
from pdp.storage.outbox import enqueue_interne
from pdp.storage.sql import query

HORIZON_JOURS = 1  # a lateness told the day after next helps nobody


@dataclass(frozen=True)
class Retard:
    """A late run as a manager reads it."""

    dag: str
    run: str
    echeance_at: datetime
    constate_at: datetime
    constate_par: str
    prevenu_at: datetime | None
    fini_at: datetime | None

    @property
    def titre(self) -> str:
        connu = TRAITEMENTS.get(self.dag)
        return connu.titre if connu else self.dag


@dataclass(frozen=True)
class DernierPassage:
    """Last start of a treatment and its end; ``ouvert``: a task of the last day is not closed."""

    dag: str
    debut_at: datetime
    fin_at: datetime | None
    ouvert: bool


def note(conn: Connection, dag: str, run: str, echeance_at: datetime, maintenant: datetime, par: str) -> int:
    """Rows written: one per platform the first time, none after."""
    return conn.execute(
        query("retards.noter"), {"dag": dag, "run": run, "echeance": echeance_at, "maintenant": maintenant, "par": par}
    ).rowcount


def watch_retards(conn: Connection, maintenant: datetime, reel: datetime) -> Bilan:
    """Find, close and tell. ``reel`` is the machine's clock, ``maintenant`` the business one: they differ in a demonstration only.

    A treatment that does not start at all leaves no passage: the watch of the platform looks at that.
    """
    notes = 0
    for traitement in TRAITEMENTS.values():
        if traitement.retard_minutes is not None:
            ouverts = conn.execute(query("retards.lister_ouverts"), {"dag": traitement.dag, "minutes": traitement.retard_minutes})
            notes += sum(note(conn, o.dag, o.run, o.echeance_at + (maintenant - reel), maintenant, "passages") for o in ouverts.all())
    finis = conn.execute(query("retards.marquer_finis"), {"maintenant": maintenant}).rowcount
    dits = tell_retards(conn, maintenant)
    return Bilan(traites=notes + dits, detail={"retards_constates": notes, "retards_finis": finis, "responsables_prevenus": dits})


def tell_retards(conn: Connection, maintenant: datetime) -> int:
    """One mail per manager for all that is newly late on the platform; names of treatments only. Returns the mails written."""
    lignes = conn.execute(query("retards.lister_a_dire")).all()
    ecrits = 0
    for plateforme, groupe in groupby(lignes, key=lambda ligne: ligne.plateforme_id):
        retards = list(groupe)
        titres = sorted({TRAITEMENTS[r.dag].titre if r.dag in TRAITEMENTS else r.dag for r in retards})
        qui = {"plateforme": plateforme, "jour": get_lieu(conn, plateforme).jour(maintenant)}
        for agent in conn.execute(query("retards.lister_responsables"), qui).scalars().all():
            enqueue_interne(
                conn,
                cle_parts=("retard_traitement", str(agent), *(str(r.id) for r in retards)),
                plateforme_id=plateforme,
                agent_id=agent,
                modele="retard_traitement",
                valeurs={"nombre": len(titres), "traitements": ", ".join(titres)},
                maintenant=maintenant,
                horizon_jours=HORIZON_JOURS,
            )
            ecrits += 1
    conn.execute(query("retards.marquer_dits"), {"ids": [ligne.id for ligne in lignes], "maintenant": maintenant})
    return ecrits


def list_retards(conn: Connection, maintenant: datetime, limite: int = 20) -> list[Retard]:
    """Still late first, then those that caught up in the last two days."""
    return list_lignes(conn, "retards.lister_en_cours", Retard, maintenant=maintenant, limite=limite)


def list_derniers(conn: Connection) -> dict[str, DernierPassage]:
    lignes = list_lignes(conn, "retards.derniers_passages", DernierPassage, dags=list(TRAITEMENTS))
    return {ligne.dag: ligne for ligne in lignes}
