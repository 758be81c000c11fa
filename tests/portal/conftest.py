"""Fixtures of the portal: the real application on a real database, and one signed-in client per function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection

import fabrique
from fabrique import MAINTENANT, TEST, lot
from livraisons import ligne_arret, ligne_assure, nir, write_fichier
from pdp import clock
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.portal.app import create_app
from pdp.services import manage_comptes
from pdp.services.ingest_flux import ingest_depot
from pdp.storage import db
from portal import donnees
from portal.donnees import TestClient


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Tests sign in hundreds of times: the cost of a hash is lowered here, and only here."""
    with pytest.MonkeyPatch.context() as mp:
        mp.setattr(manage_comptes, "_N", 2)
        mp.setattr(manage_comptes, "_P", 1)
        yield


@dataclass
class Horloge:
    """The clock of the portal, set by the test."""

    instant: datetime = fabrique.MAINTENANT

    def advance(self, **duree: float) -> None:
        self.instant += timedelta(**duree)


@pytest.fixture
def horloge(monkeypatch: pytest.MonkeyPatch) -> Horloge:
    """Wednesday 18 November 2026, 09:00 in Paris, until the test advances it."""
    horloge = Horloge()
    monkeypatch.setattr(clock, "now", lambda: horloge.instant)
    return horloge


@pytest.fixture
def app(base: str) -> FastAPI:
    return create_app()


@pytest.fixture
def conn(base: str) -> Iterator[Connection]:
    """Transaction of the batch side, to put rows in place; committed by the test (``conn.commit()``) or at its end."""
    with db.begin(settings().url_app, systeme("tests")) as connexion:
        yield connexion


@pytest.fixture
def lieu(base: str) -> donnees.Lieu:
    """Two platforms, one agent of each function on the first, a second CSAM, one CSAM elsewhere, one partner, and their accounts."""
    with db.begin(settings().url_app, systeme("tests")) as connexion:
        return donnees.create_lieu(connexion)


@pytest.fixture
def connecter(app: FastAPI, lieu: donnees.Lieu) -> Iterator[Callable[[str], TestClient]]:
    """``connecter("csam")`` gives a client signed in with the account of that name."""
    ouverts: list[TestClient] = []

    def sign_in(login: str) -> TestClient:
        client = TestClient(app, base_url="http://portail.test", follow_redirects=False)
        ouverts.append(client)
        reponse = donnees.sign_in(client, login)
        assert reponse.status_code == 303, reponse.text
        return client

    yield sign_in
    for client in ouverts:
        client.close()


@pytest.fixture
def lignes(lieu: donnees.Lieu, tmp_path: Path, admin: psycopg.Connection[Any]) -> dict[str, UUID]:
    """Refused lines by their field: an identity one, an ordinary one, a medical one, a whole line; one of another platform."""
    depot = tmp_path / "depot"
    ailleurs = ligne_assure(7, departement="57").replace(";salarie;", ";chomeur;")
    write_fichier(depot, "assures", [ligne_assure(1), ligne_assure(2).replace(nir(2), donnees.NIR_FAUX), ailleurs])
    motif = ligne_arret("AV3", motif="<<<>>>")
    write_fichier(
        depot, "arrets_prescrits", [ligne_arret("AV1", fin="2026-08-15"), ligne_arret("AV2").replace(";maladie;", ";grippe;"), motif]
    )
    ingest_depot(lot, depot, TEST, MAINTENANT)
    return dict(admin.execute("SELECT champ, id FROM identite.quarantaine"))
