"""A psychologist without an account says the dates of sessions through the link, when the person agreed to hear them back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from lien_partenaire import Courriels, Porteuse, partenaire_par_lien
from pdp.services.orient_parcours import orient_parcours
from pdp.services.record_accord import record_accord
from pdp.storage import db
from portal.conftest import Horloge
from portal.donnees import Lieu, TestClient
from relais import REPENTIR, SECRET_B64, boite


@pytest.fixture
def mails(lieu: Lieu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Courriels]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with boite(tmp_path) as (port, dossier):
        monkeypatch.setenv("PDP_SMTP_PORT", str(port))
        yield Courriels.open(dossier)


@pytest.mark.parametrize("accord", [True, False])
def test_dates_through_the_link(app: FastAPI, mails: Courriels, horloge: Horloge, admin: psycopg.Connection[Any], accord: bool) -> None:
    cible = partenaire_par_lien("psychologue")
    with lot() as conn:
        cas = fabrique.parcours(conn, statut="accord_demande")
    qui, avant = auteur_agent(cas.csam), MAINTENANT - REPENTIR
    classes = ["identite", "contact", *(["seances"] if accord else [])]
    with db.begin_as(qui) as conn:
        champs = {"destinataire": "psychologue", "decision": "accorde", "modalite": "oral", "maintenant": avant, "classes": classes}
        record_accord(conn, qui, cas.parcours, **champs)
        orient_parcours(conn, qui, cas.parcours, cible, "Souhaite en parler.", avant)
    with TestClient(app, base_url="http://portail.test", follow_redirects=False) as client:
        porteuse = Porteuse.receive(client, mails, horloge)
        seance = {"seance_le": (MAINTENANT.date() - timedelta(days=1)).isoformat(), "cle_saisie": str(uuid4())}
        assert porteuse.post("seances", **seance).headers["location"].endswith("suite=acces")
        porteuse.open()
        with lot() as conn:
            conn.execute(text("UPDATE pdp.orientation SET statut = 'acceptee'"))
        assert ("Dates des séances" in porteuse.get().text) is accord
        for _ in range(2):
            assert porteuse.post("seances", **seance).status_code == (303 if accord else 409)
        assert ("17/11/2026" in porteuse.get().text) is accord
    assert admin.execute("SELECT transport, cardinality(seances) FROM pdp.inbox WHERE nature = 'seances'").fetchall() == (
        [("lien", 1)] if accord else []
    )
