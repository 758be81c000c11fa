"""Quiet mode on the screens: asked for and lifted on the fiche, seen in the list, on the call sheet and by the médecin-conseil."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

import fabrique
from pdp.domain.silence import MOTIFS
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT
DEMANDE = {"silence_motif": "deuil", "silence_au": "2026-11-23", "silence_note": "Rappeler ensuite."}


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"])
        donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
        donnees.add_tache(conn, dossier.parcours, "premier_appel", M + timedelta(days=1))
    return dossier


def find_silence_id(admin: Admin) -> UUID:
    ligne = admin.execute("SELECT id FROM pdp.mise_en_silence WHERE courante").fetchone()
    assert ligne is not None
    return ligne[0]


def texte(reponse: Any) -> str:
    return reponse.text.replace("&#39;", "'")


def test_asked_for_seen_everywhere_then_lifted(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client, medecin = connecter("csam"), connecter("medecin_conseil")
    fiche = f"/parcours/{dossier.parcours}"
    assert all(libelle in texte(client.get(fiche)) for libelle in MOTIFS.values())
    for _ in range(2):
        assert donnees.post(client, f"{fiche}/silence", fiche, **DEMANDE).status_code == 303
    assert admin.execute("SELECT count(*) FROM pdp.mise_en_silence").fetchone() == (1,)
    page = texte(client.get(fiche))
    for attendu in (
        "Silence jusqu'au 23/11/2026",
        'Annuler<span class="cache-visuel"> : Mise en silence',
        "le 24/11/2026",
        "dans 6 j",
        "Rappeler ensuite.",
        "Mise en silence",
    ):
        assert attendu in page, attendu
    assert "Silence jusqu'au 23/11/2026" in texte(client.get("/ma-liste"))
    appel = texte(client.get(f"{fiche}/appel"))
    assert "n'appelez pas" in appel
    assert "tel:" not in appel
    assert 'name="entrant" value="oui" required' in appel
    vu = texte(medecin.get(f"/medecin/dossiers/{dossier.signalement}"))
    assert "Silence jusqu'au 23/11/2026" in vu
    assert "Deuil, du 18/11/2026 au 23/11/2026" in vu
    adresse = f"{fiche}/silence/{find_silence_id(admin)}/lever"
    for _ in range(2):
        assert donnees.post(client, adresse, fiche).status_code == 303
    page = texte(client.get(fiche))
    assert "Le silence est levé" in page
    assert "Lever le silence" not in page
    assert "demain" in page, "the first call is back to its day"
    assert "Silence jusqu'au" not in texte(client.get("/ma-liste"))


def test_call_is_refused_with_a_sentence_and_a_call_received_is_taken(
    dossier: fabrique.Dossier, connecter: Connecter, admin: Admin
) -> None:
    client = connecter("csam")
    fiche, appel = f"/parcours/{dossier.parcours}", f"/parcours/{dossier.parcours}/appel"
    donnees.post(client, f"{fiche}/silence", fiche, **DEMANDE)
    refus = donnees.post(client, appel, appel, resultat="non_reponse")
    assert refus.status_code == 409
    assert "Silence jusqu'au 23/11/2026 : aucun appel à la personne" in texte(refus)
    assert admin.execute("SELECT count(*) FROM pdp.contact").fetchone() == (0,)
    assert donnees.post(client, appel, appel, resultat="joint", entrant="oui").status_code == 303
    assert admin.execute("SELECT resultat, entrant FROM pdp.contact").fetchall() == [("joint", True)]


@pytest.mark.parametrize(
    "champs",
    [
        {"silence_motif": "vacances", "silence_au": "2026-11-23"},
        {"silence_motif": "deuil"},
        {"silence_motif": "deuil", "silence_au": "2026-11-17"},
        {"silence_motif": "deuil", "silence_au": "2062-11-23"},
        {"silence_motif": "deces", "silence_au": "2026-11-23"},
    ],
)
def test_bad_form_writes_nothing(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, champs: dict[str, str]) -> None:
    client = connecter("csam")
    fiche = f"/parcours/{dossier.parcours}"
    assert donnees.post(client, f"{fiche}/silence", fiche, **champs).status_code == 422
    assert admin.execute("SELECT count(*) FROM pdp.mise_en_silence").fetchone() == (0,)


def test_death_proposes_the_closing_and_closes_nothing(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    fiche = f"/parcours/{dossier.parcours}"
    assert donnees.post(client, f"{fiche}/silence", fiche, silence_motif="deces").status_code == 303
    page = texte(client.get(fiche))
    for attendu in (
        "Décès : ne plus contacter",
        "Clôture proposée : vérifier et confirmer",
        f'href="{fiche}/cloture"',
        "c'est vous qui décidez",
    ):
        assert attendu in page, attendu
    assert admin.execute("SELECT clos_at FROM pdp.parcours").fetchone() == (None,)


@pytest.mark.parametrize("login", ["csam2", "csam_ailleurs", "medecin_conseil", "responsable", "partenaire"])
def test_somebody_else_neither_asks_nor_lifts(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, login: str) -> None:
    client = connecter("csam")
    fiche = f"/parcours/{dossier.parcours}"
    donnees.post(client, f"{fiche}/silence", fiche, **DEMANDE)
    pose = find_silence_id(admin)
    autre = connecter(login)
    champs = {"jeton": donnees.read_jeton(autre), "cle_saisie": str(pose)}
    assert autre.post(f"{fiche}/silence", data={**champs, "silence_motif": "deces"}).status_code == 404
    assert autre.post(f"{fiche}/silence/{pose}/lever", data=champs).status_code == 404
    assert find_silence_id(admin) == pose


def test_silence_of_another_case_cannot_be_lifted_through_mine(
    dossier: fabrique.Dossier, lieu: donnees.Lieu, connecter: Connecter, admin: Admin
) -> None:
    with fabrique.lot() as conn:
        autre = fabrique.parcours(conn, csam=lieu.comptes["csam2"])
    collegue = connecter("csam2")
    donnees.post(collegue, f"/parcours/{autre.parcours}/silence", f"/parcours/{autre.parcours}", **DEMANDE)
    pose = find_silence_id(admin)
    fiche = f"/parcours/{dossier.parcours}"
    assert donnees.post(connecter("csam"), f"{fiche}/silence/{pose}/lever", fiche).status_code == 404
    assert find_silence_id(admin) == pose
