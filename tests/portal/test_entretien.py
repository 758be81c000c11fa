"""Appointments: what was typed survives a refusal, an absence calls for another slot, only free slots are taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        return fabrique.parcours(conn, csam=lieu.comptes["csam"])


@pytest.mark.parametrize(
    ("champs", "fragment"),
    [
        ({"statut": "realise", "synthese": "x" * 501}, "dépasse 500 caractères"),
        ({"statut": "annule"}, "Issue du rendez-vous"),
        ({"statut": "realise", "emploi.contrat": "pirate"}, "Type de contrat"),
        ({"statut": "realise", "social.difficultes": ["dettes", "pirate"]}, "Difficultés"),
    ],
)
def test_refused_interview_keeps_what_was_typed(
    dossier: fabrique.Dossier, connecter: Connecter, horloge: Horloge, admin: Admin, champs: dict[str, Any], fragment: str
) -> None:
    with fabrique.lot() as conn:
        entretien = donnees.add_tele_echange(conn, dossier, M - timedelta(hours=1))
    client = connecter("csam")
    adresse = f"/tele-echanges/{entretien}"
    reponse = donnees.post(client, adresse, adresse, **{"emploi.souhait": "reconversion", **champs})
    assert reponse.status_code == 422
    assert fragment in reponse.text
    assert 'value="reconversion" checked' in reponse.text
    assert admin.execute("SELECT statut FROM pdp.tele_echange").fetchone() == ("planifie",)


def test_absence_proposes_another_slot(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    with fabrique.lot() as conn:
        conn.execute(text("UPDATE pdp.parcours SET statut = 'entretien_planifie'"))
        entretien = donnees.add_tele_echange(conn, dossier, M - timedelta(hours=1))
    client = connecter("csam")
    reponse = donnees.post(client, f"/tele-echanges/{entretien}", f"/tele-echanges/{entretien}", statut="absent")
    assert reponse.headers["location"] == f"/parcours/{dossier.parcours}/creneaux"
    assert ("planifier_tele_echange",) in admin.execute("SELECT motif FROM pdp.tache WHERE fermee_at IS NULL").fetchall()


@pytest.mark.parametrize("debut_at", ["", "demain", "2026-11-19T10:00:00", "2026-11-19T03:00:00+01:00", "1900-01-01T00:00:00+00:00"])
def test_only_free_slots_are_taken(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, debut_at: str) -> None:
    creneaux = f"/parcours/{dossier.parcours}/creneaux"
    reponse = donnees.post(connecter("csam"), creneaux, creneaux, debut_at=debut_at, canal="telephone")
    assert reponse.status_code in (409, 422)
    assert admin.execute("SELECT count(*) FROM pdp.tele_echange").fetchone() == (0,)
