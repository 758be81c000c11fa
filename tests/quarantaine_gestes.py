"""What a manager does with refused lines, and what the next reception makes of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from fabrique import MAINTENANT, lot
from livraisons import ingest, ligne_arret, ligne_assure
from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.services import correct_quarantaine as service
from pdp.services.read_quarantaine import list_decisions
from pdp.services.replay_quarantaine import replay_demandes
from pdp.storage import db

TARD = MAINTENANT + timedelta(minutes=10)


def lignes(admin: psycopg.Connection[Any], where: str = "true") -> list[UUID]:
    return [i for (i,) in admin.execute(f"SELECT id FROM identite.quarantaine WHERE {where} ORDER BY numero_ligne")]


def correct(lui: Auteur, ligne: UUID, **valeurs: str) -> Any:
    with db.begin_as(lui) as conn:
        return service.request_correction(conn, lui, ligne, valeurs, MAINTENANT)[1]


def decide(lui: Auteur, ligne: UUID, decision: str, motif: str | None = None) -> None:
    with db.begin_as(lui) as conn:
        service.request_decision(conn, lui, ligne, decision, motif, MAINTENANT)


def open_ligne(lui: Auteur, ligne: UUID) -> Any:
    with db.begin_as(lui) as conn:
        return service.open_ligne(conn, lui, ligne)[1]


def bilan() -> tuple[int, int, int]:
    bilan: Bilan = replay_demandes(lot, TARD)
    return bilan.traites, bilan.ignores, bilan.echoues


def resultats(lui: Auteur, ligne: UUID) -> list[str | None]:
    with db.begin_as(lui, lecture=True) as conn:
        return [d.resultat for d in list_decisions(conn, ligne)]


def faulty_arret(tmp_path: Path, admin: psycopg.Connection[Any]) -> UUID:
    ingest(tmp_path, "assures", [ligne_assure(1)])
    ingest(tmp_path, "arrets_prescrits", [ligne_arret("AV1", fin="2026-08-15")])
    (ligne,) = lignes(admin)
    return ligne
