"""A question of the coordinator, answered through the link before anything was accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI

import fabrique
from fabrique import auteur_agent, lot
from lien_partenaire import Courriels, Porteuse, relais_par_lien
from pdp.services.answer_question import ask_question
from pdp.services.apply_reponses import apply_reponses
from pdp.storage import db
from portal.conftest import Horloge
from portal.donnees import Lieu, TestClient
from relais import SECRET_B64, boite

COLLECTE = fabrique.systeme("collect_reponses")


@pytest.fixture
def mails(lieu: Lieu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with boite(tmp_path) as (port, dossier):
        monkeypatch.setenv("PDP_SMTP_PORT", str(port))
        yield Courriels.open(dossier)


def test_a_question_of_ours_is_answered_before_the_hand_over_is(
    app: FastAPI, mails: Courriels, horloge: Horloge, admin: psycopg.Connection[Any]
) -> None:
    cas = relais_par_lien()
    porteuse = Porteuse.receive(TestClient(app, base_url="http://portail.test", follow_redirects=False), mails, horloge)
    porteuse.open()
    assert porteuse.answer("nouvelles", cle=str(uuid4()), texte="Rien de neuf.").status_code == 409, "news are told once accepted"
    auteur = auteur_agent(cas.dossier.csam)
    with db.begin_as(auteur) as conn:
        ask_question(conn, auteur, cas.orientation, "Recevez-vous le mercredi ?", uuid4(), horloge.instant)
    page = porteuse.get().text
    assert "Recevez-vous le mercredi ?" in page
    assert "Répondre à la question" in page
    assert porteuse.answer("nouvelles", texte="Oui, le matin.").status_code == 303
    with lot(COLLECTE) as conn:
        apply_reponses(conn, "PF35", COLLECTE, horloge.instant)
    assert admin.execute("SELECT reponse FROM pdp.echange_question").fetchone() == ("Oui, le matin.",)
    page = porteuse.get().text
    assert "Répondre à la question" not in page
    assert "Accepter la demande" in page
