"""The endpoint of partners over real HTTP, with two partners who each have one hand-over and their own software."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, lot
from pdp.services.send_outbox import send_due
from relais import consent, orient
from relais_fhir import Logiciel, listening, open_client


@dataclass(frozen=True)
class Monde:
    """``soi`` has ``orientation``; ``autre`` is another partner of the same platform, with another hand-over."""

    soi: Logiciel
    autre: Logiciel
    orientation: UUID
    orientation_autre: UUID
    partenaire: UUID

    @property
    def tache(self) -> str:
        return f"/Task/{self.orientation}"

    def read(self) -> tuple[dict[str, Any], str]:
        """The Task as its partner reads it, and its entity tag."""
        reponse = self.soi.get(self.tache)
        assert reponse.status_code == 200, reponse.text
        return reponse.json(), reponse.headers["ETag"]


def hand_over(type: str = "service_social") -> tuple[UUID, UUID]:
    """A hand-over delivered to a new partner: its partner and its id."""
    with lot() as conn:
        dossier = fabrique.parcours(conn, statut="accord_demande")
        partenaire = fabrique.partenaire(conn, type)
        conn.execute(text("UPDATE pdp.partenaire SET courriel = NULL WHERE id = :p"), {"p": partenaire})
        consent(conn, dossier, type)
    orientation = orient(dossier, partenaire)
    assert send_due(MAINTENANT, lot=1).traites == 1
    return partenaire, orientation


@contextmanager
def monde_fhir(app: FastAPI) -> Iterator[Monde]:
    with lot() as conn:
        fabrique.socle(conn)
    (soi, une), (autre, deux) = hand_over(), hand_over("cap_emploi")
    with listening(app) as adresse:
        logiciels = [Logiciel(f"{adresse}/fhir", *open_client(partenaire)) for partenaire in (soi, autre)]
        for logiciel in logiciels:
            assert logiciel.connect().status_code == 200
        yield Monde(logiciels[0], logiciels[1], une, deux, soi)
