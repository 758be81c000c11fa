"""The software of a simulated partner, used by hand: what is done there comes back like any answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

import fabrique
from fabrique import MAINTENANT, lot
from pdp import clock
from pdp.partners.simulateur_fhir_registre import script_of
from pdp.services.apply_reponses import apply_reponses
from pdp.services.collect_reponses import poll_partenaires
from pdp.services.send_outbox import send_due
from relais import SECRET_B64
from relais_fhir import Serveur, later, relais_fhir, serveur_fhir

COLLECTE = fabrique.systeme("collect_reponses")


@pytest.fixture
def monde(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serveur]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    monkeypatch.setattr(clock, "now", lambda: MAINTENANT)
    with lot() as conn:
        fabrique.socle(conn)
    with serveur_fhir(tmp_path) as serveur:
        yield serveur


def test_acts_of_the_screen_come_back(monde: Serveur, admin: psycopg.Connection[Any]) -> None:
    _, lieu = relais_fhir(monde.url)
    racine = monde.url.removesuffix("/fhir")
    assert "Aucune demande" in requests.get(racine, timeout=10).text
    send_due(MAINTENANT)
    assert lieu in requests.get(racine, timeout=10).text
    ecran = f"{racine}/ecran/{lieu}"
    page = requests.get(ecran, timeout=10).text
    (nom,) = admin.execute("SELECT nom FROM identite.assure").fetchone() or ("",)
    assert nom in page
    assert "données synthétiques" in page
    ident = monde.tache(lieu)["id"]
    actes = (
        {"acte": "accepter"},
        {"acte": "rendez_vous", "quand": "2026-11-25T10:30"},
        {"acte": "commencer"},
        {"acte": "terminer", "texte": "Fait <b>& dit</b>."},
        {"acte": "accepter"},  # of no use any more
        {"acte": "inconnu"},
    )
    for rang, acte in enumerate(actes, start=1):
        assert requests.post(f"{ecran}/{ident}", data=acte, timeout=10).status_code == 200
        poll_partenaires(later(hours=rang))
        with lot(COLLECTE) as conn:
            assert apply_reponses(conn, "PF35", COLLECTE, later(hours=rang)).echoues == 0
    assert admin.execute("SELECT statut, compte_rendu FROM pdp.orientation").fetchone() == ("realisee", "Fait <b>& dit</b>.")
    quand = admin.execute("SELECT rendez_vous_at FROM pdp.inbox WHERE nature = 'rendez_vous'").fetchone() or ("",)
    assert quand[0].isoformat() == "2026-11-25T09:30:00+00:00"
    assert "<b>&" not in requests.get(ecran, timeout=10).text


def test_act_of_a_person_ends_the_script(monde: Serveur) -> None:
    monde.registre.script = lambda ident, instant, pas: script_of(ident, later(hours=1), pas)
    _, lieu = relais_fhir(monde.url)
    send_due(MAINTENANT)
    requests.post(f"{monde.url.removesuffix('/fhir')}/ecran/{lieu}/{monde.tache(lieu)['id']}", data={"acte": "accepter"}, timeout=10)
    assert (monde.tache(lieu)["status"], monde.tache(lieu)["meta"]["versionId"]) == ("accepted", "2")
