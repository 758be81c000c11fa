"""A person invited by link, as tests see her: her link, her browser, what became of her appointment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from httpx import Response
from sqlalchemy import text

import fabrique
from fabrique import Dossier, auteur_agent, lot
from pdp.domain.auteur import systeme
from pdp.services.invite_assure import invite_assure
from pdp.services.sweep_rendez_vous import sweep_rendez_vous
from pdp.storage import db
from portal.donnees import TestClient

NAISSANCE = {"jour": "1", "mois": "5", "annee": "1980"}


@dataclass
class Invitee:
    """A person invited, her link, and the browser she opens it with."""

    dossier: Dossier
    chemin: str
    client: TestClient

    def get(self, suite: str = "") -> Response:
        return self.client.get(self.chemin + suite)

    def post(self, suite: str, **champs: str) -> Response:
        return self.client.post(f"{self.chemin}/{suite}", data=champs)

    def identify(self) -> None:
        assert self.post("identite", **NAISSANCE).status_code == 303

    def creneaux(self) -> list[str]:
        return re.findall(r'name="debut_at" value="([^"]+)"', self.get().text)


def create_invitation(csam: UUID, maintenant: datetime) -> tuple[Dossier, str]:
    """A case of this coordinator, its person invited, and the path of her link."""
    with lot() as conn:
        dossier = fabrique.parcours(conn, csam=csam)
    auteur = auteur_agent(csam)
    with db.begin_as(auteur) as conn:
        assert invite_assure(conn, auteur, dossier.parcours, maintenant).id is not None
    return dossier, read_chemin(dossier.parcours)


def read_chemin(parcours: UUID) -> str:
    """Path of the last link sent to the person, as her message holds it."""
    requete = "SELECT charge FROM pdp.outbox WHERE parcours_id = :p AND type = 'invitation_rendez_vous' ORDER BY cree_at DESC LIMIT 1"
    with lot() as conn:
        charge = conn.execute(text(requete), {"p": parcours}).scalar_one()
    return "/rendez-vous/" + charge["valeurs"]["lien"].rsplit("/", 1)[1]


def sweep(maintenant: datetime) -> dict[str, int]:
    auteur = systeme("sweep_rendez_vous")
    with lot(auteur) as conn:
        return sweep_rendez_vous(conn, "PF35", auteur, maintenant).detail


def rendez_vous(parcours: UUID) -> list[Any]:
    requete = (
        "SELECT statut, debut_at, ics_uid, ics_sequence FROM pdp.tele_echange WHERE parcours_id = :p ORDER BY ics_sequence, planifie_at"
    )
    with lot() as conn:
        return list(conn.execute(text(requete), {"p": parcours}).all())


def ouvertes(parcours: UUID) -> set[str]:
    requete = text("SELECT motif FROM pdp.tache WHERE parcours_id = :p AND fermee_at IS NULL")
    with lot() as conn:
        return set(conn.execute(requete, {"p": parcours}).scalars())


def statut(parcours: UUID) -> str:
    with lot() as conn:
        return conn.execute(text("SELECT statut FROM pdp.parcours WHERE id = :p"), {"p": parcours}).scalar_one()
