"""A look at one person from the list: a page of its own, one's own people only; and what was done today, taken back from the list."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import event

import fabrique
from pdp.config import settings
from pdp.services.read_apercu import read_apercu
from pdp.services.record_contact import record_contact
from pdp.storage import db
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter
from portal.jeu import insert

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT
JOUR = timedelta(days=1)


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    """A person called twice, with an appointment, a refusal, a silence and a reason to act by hand."""
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom="Apercue"))
        donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
        donnees.add_tache(conn, dossier.parcours, "lire_reponse", M + JOUR)
        donnees.add_tele_echange(conn, dossier, M + 2 * JOUR)
        insert(
            conn,
            "pdp.accord",
            plateforme_id=donnees.ICI,
            parcours_id=dossier.parcours,
            destinataire="accompagnement",
            decision="accorde",
            finalite="f",
            modalite="oral",
            texte_version="v",
            recueilli_par=dossier.csam,
            recueilli_at=M,
        )
    return dossier


def call(lieu: donnees.Lieu, dossier: fabrique.Dossier, note: str, rang: int) -> None:
    auteur = fabrique.auteur_agent(lieu.comptes["csam"])
    options: dict[str, Any] = {"resultat": "messagerie", "canal": "telephone", "cle_saisie": uuid4()}
    with db.begin_as(auteur) as conn:
        record_contact(conn, auteur, dossier.parcours, note=note, maintenant=M + timedelta(minutes=rang), **options)


def test_what_is_needed_without_leaving_the_list(dossier: fabrique.Dossier, lieu: donnees.Lieu, connecter: Connecter) -> None:
    for rang in range(7):
        call(lieu, dossier, f"Mot numéro {rang}", rang)
    client = connecter("csam")
    page = client.get(f"/ma-liste/apercu/{dossier.parcours}").text.replace("&#39;", "'")
    for attendu in (
        "Apercue Dominique",
        "06 39 98 00 00",
        "20/11/2026 à 09 h 00",
        "Accord donné",
        "Mot numéro 6",
        "Lire la réponse du partenaire",
    ):
        assert attendu in page, attendu
    histoire = page[page.index('<ol class="histoire">') :]
    assert histoire[: histoire.index("</ol>")].count("<li>") == 5
    assert "Mot numéro 5" not in page, "the last note alone"
    assert f'href="/ma-liste/apercu/{dossier.parcours}"' in client.get("/ma-liste").text
    assert re.search(r"<title>[^<]*Apercue", page) is None
    assert re.search(r"\b\d{13,15}\b", page) is None


def test_somebody_else_s_person_does_not_exist(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    adresse = f"/ma-liste/apercu/{dossier.parcours}"
    assert [connecter(qui).get(adresse).status_code for qui in ("csam", "csam2", "csam_ailleurs", "responsable")] == [200, 404, 404, 404]


def test_a_silence_forbids_the_number(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    client = connecter("csam")
    fiche = f"/parcours/{dossier.parcours}"
    donnees.post(client, f"{fiche}/silence", fiche, silence_motif="deuil", silence_au="2026-11-23", silence_note="")
    assert "En silence : n&#39;appelez pas" in client.get(f"/ma-liste/apercu/{dossier.parcours}").text


def test_statements_do_not_grow_with_the_history(dossier: fabrique.Dossier, lieu: donnees.Lieu) -> None:
    def count() -> int:
        comptees: list[str] = []
        moteur = db.engine(settings().url_portail)
        listener = lambda *args: comptees.append(args[2])  # noqa: E731 - removed two lines below
        event.listen(moteur, "before_cursor_execute", listener)
        with db.begin_as(fabrique.auteur_agent(lieu.comptes["csam"]), lecture=True) as conn:
            read_apercu(conn, lieu.comptes["csam"], dossier.parcours, M)
        event.remove(moteur, "before_cursor_execute", listener)
        return len(comptees)

    peu = count()
    for rang in range(5):
        call(lieu, dossier, "Encore", rang)
    assert count() == peu <= 9


def test_what_was_done_today_is_taken_back_from_the_list(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    apercu = f"/ma-liste/apercu/{dossier.parcours}"
    faite = re.search(r'action="(/parcours/[^"]+/faite)"', client.get(apercu).text)
    assert faite is not None
    donnees.post(client, faite.group(1), apercu)
    page = client.get("/ma-liste").text
    assert "Fait aujourd'hui (1)" in page.replace("&#39;", "'")
    annuler = re.search(r'<details class="carte fait".*?action="(/annulations/[^"]+)"', page, re.DOTALL)
    assert annuler is not None
    donnees.post(client, annuler.group(1), "/ma-liste")
    assert admin.execute("SELECT fermee_at FROM pdp.tache WHERE motif = 'lire_reponse'").fetchone() == (None,)
    assert "Fait aujourd'hui (0)" in client.get("/ma-liste").text.replace("&#39;", "'")
