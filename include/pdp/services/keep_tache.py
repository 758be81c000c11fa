"""A Task of a partner, read from its server or received from it: its events in the inbox, its own part kept for the next reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.bilan import Bilan
from pdp.fhir import systemes
from pdp.fhir.fusion import DE_LA_PLATEFORME
from pdp.fhir.lecture import TaskLue
from pdp.storage import inbox, journal
from pdp.storage.sql import query

TAILLE_MAX = 60_000
"""Characters of what is kept of one Task."""


def find_connue(conn: Connection, orientation_id: UUID, partenaire_id: UUID) -> dict[str, Any] | None:
    """The partner's part of its last Task: empty when none was kept, None when the hand-over is not this partner's."""
    ligne = conn.execute(query("fhir_taches.connue"), {"orientation": orientation_id, "partenaire": partenaire_id}).one_or_none()
    return None if ligne is None else dict(ligne.ressource or {})


def keep_part(
    conn: Connection,
    *,
    plateforme_id: str,
    partenaire_id: UUID,
    orientation_id: UUID,
    version: int,
    tache: Mapping[str, Any],
    maintenant: datetime,
) -> None:
    """Keep what the partner sets on its Task and what we do not know; never what is ours. Too much of it is not kept at all."""
    ressource = json.dumps(build_part(tache), ensure_ascii=False)
    if len(ressource) > TAILLE_MAX or not _is_storable(ressource):
        return
    conn.execute(
        query("fhir_taches.garder"),
        {
            "orientation": orientation_id,
            "plateforme": plateforme_id,
            "partenaire": partenaire_id,
            "version": version,
            "ressource": ressource,
            "maintenant": maintenant,
        },
    )


def _is_storable(ressource: str) -> bool:
    """Neither NUL nor a lone surrogate: PostgreSQL refuses them."""
    return "\\u0000" not in ressource and not any("\ud800" <= c <= "\udfff" for c in ressource)


def build_part(tache: Mapping[str, Any]) -> dict[str, Any]:
    """The elements of a Task that are not the platform's (``_x`` follows ``x``), without its notes; ``meta`` is each server's own."""
    partie = {cle: valeur for cle, valeur in tache.items() if cle.removeprefix("_") not in DE_LA_PLATEFORME and cle != "meta"}
    if isinstance(partie.get("note"), list):
        partie["note"] = [note for note in partie["note"] if not _is_ours(note)]
    return partie


def _is_ours(note: Any) -> bool:
    extensions = note.get("extension") if isinstance(note, Mapping) else None
    marques = extensions if isinstance(extensions, list) else []
    return any(isinstance(e, Mapping) and e.get("url") == systemes.NATURE_NOTE and e.get("valueCode") == "reponse" for e in marques)


def deposit_tache(
    conn: Connection, *, plateforme_id: str, partenaire_id: UUID, lue: TaskLue, maintenant: datetime, prefixe: str = ""
) -> Bilan:
    """Deposit every event of an update. ``traites`` = new ones, ``ignores`` = known ones.

    The same id with another content is kept under a marked id: applying it sets it aside and tells a person. ``prefixe`` sets apart
    two sources that count their own versions.
    """
    bilan = Bilan()
    for evenement in lue.evenements:
        identifiant = f"{prefixe}{evenement.evenement_id}"
        sort = _deposit(conn, plateforme_id, partenaire_id, evenement, identifiant, maintenant)
        if sort == "autre_contenu":
            marque = f"{identifiant}{inbox.MARQUE_AUTRE_CONTENU}{evenement.empreinte.hex()[:16]}"
            sort = _deposit(conn, plateforme_id, partenaire_id, evenement, marque, maintenant)
        bilan += Bilan(traites=1) if sort == "nouvelle" else Bilan(ignores=1)
    return bilan


def _deposit(conn: Connection, plateforme_id: str, partenaire_id: UUID, lue: TaskLue, identifiant: str, maintenant: datetime) -> str:
    sort = inbox.deposit(
        conn,
        plateforme_id=plateforme_id,
        partenaire_id=partenaire_id,
        evenement_id=identifiant,
        orientation_id=lue.orientation_id,
        version=lue.version,
        statut=lue.statut,
        motif=lue.motif,
        compte_rendu=lue.compte_rendu,
        survenu_at=lue.survenu_at,
        empreinte=lue.empreinte,
        maintenant=maintenant,
        transport="fhir",
        nature=lue.nature or "statut",
        rendez_vous_at=lue.rendez_vous_at,
    )
    if sort == "nouvelle":
        donnees = {"orientation_id": lue.orientation_id, "statut": lue.statut, "nature": lue.nature, "version": lue.version}
        journal.record(conn, "reponse_recue", plateforme_id=plateforme_id, donnees=donnees)
    return sort
