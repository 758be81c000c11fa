"""« Pourquoi ? » and the verdict on a detection, through the pages: what each reader sees, as known on a day, given and taken back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest

import fabrique
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter
from portal.jeu_pourquoi import build_dossier

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    return build_dossier(lieu)


def read(connecter: Connecter, login: str, adresse: str) -> str:
    reponse = connecter(login).get(adresse)
    assert reponse.status_code == 200, reponse.text
    return re.sub(r"\s+", " ", reponse.text.replace("&#39;", "'"))


def test_a_csam_reads_the_rule_its_value_its_source_and_the_facts(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    page = read(connecter, "csam", f"/parcours/{dossier.parcours}/pourquoi")
    for attendu in (
        "Signalé parce que l'arrêt a atteint le palier J90",
        "Arrêt de 91 jours (repère",
        "<code>palier_signalement_j90@origine</code>",
        "choix de la plateforme",
        "Avis d'arrêt du 20/08/2026 au 15/12/2026",
        "CSS R.323-1 4°",
        "Visite de préreprise possible",
        "Détection non pertinente",
    ):
        assert attendu in page, attendu
    assert "Ce qui a changé depuis" not in page


def test_as_known_on_a_day_with_what_changed_since(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    le = (M - timedelta(days=30)).date()
    page = read(connecter, "csam", f"/parcours/{dossier.parcours}/pourquoi?connu_le={le}")
    assert "Ce qui a changé depuis (4)" in page
    assert "dates corrigées, désormais du 20/08/2026 au 15/12/2026" in page
    assert "Aucun signalement n'existait encore à cette date." in page
    assert "Votre avis sur cette détection" not in page, "one judges what is, not what was believed"


@pytest.mark.parametrize("jour", ["demain", "2026-11-19", "2026-02-30"])
def test_a_day_that_cannot_be_read_shows_today_and_says_so(dossier: fabrique.Dossier, connecter: Connecter, jour: str) -> None:
    reponse = connecter("csam").get(f"/parcours/{dossier.parcours}/pourquoi?connu_le={jour}")
    assert reponse.status_code == 422
    assert 'role="alert"' in reponse.text


def test_long_term_affections_are_for_the_medecin_and_their_names_for_the_journalled_reading(
    dossier: fabrique.Dossier, connecter: Connecter, admin: Admin
) -> None:
    le = f"?connu_le={(M - timedelta(days=30)).date()}"
    for suffixe in ("", le):
        page = read(connecter, "csam", f"/parcours/{dossier.parcours}/pourquoi{suffixe}")
        assert "Affection" not in page
        assert "lié à une affection" not in page
    medecin = f"/medecin/dossiers/{dossier.signalement}/pourquoi"
    assert "Affection de longue durée depuis le 01/01/2026" in read(connecter, "medecin_conseil", medecin)
    assert "lié à une affection de longue durée" in read(connecter, "medecin_conseil", medecin + le)
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'medical_consulte'").fetchone() == (0,)


@pytest.mark.parametrize(
    ("login", "attendu"), [("csam", 200), ("csam2", 404), ("csam_ailleurs", 404), ("medecin_conseil", 404), ("responsable", 404)]
)
def test_only_who_follows_the_person_reads_it(dossier: fabrique.Dossier, connecter: Connecter, login: str, attendu: int) -> None:
    assert connecter(login).get(f"/parcours/{dossier.parcours}/pourquoi").status_code == attendu


@pytest.mark.parametrize(("login", "attendu"), [("medecin_conseil", 200), ("csam", 404), ("responsable", 404), ("evaluateur", 404)])
def test_only_a_medecin_reads_the_file(dossier: fabrique.Dossier, connecter: Connecter, login: str, attendu: int) -> None:
    assert connecter(login).get(f"/medecin/dossiers/{dossier.signalement}/pourquoi").status_code == attendu


def _verdicts(admin: Admin) -> list[tuple[Any, ...]]:
    return admin.execute("SELECT verdict, motif, annule_at IS NULL FROM pdp.verdict_detection ORDER BY rendu_at").fetchall()


@pytest.mark.parametrize("page", ["", "/pourquoi"])
def test_one_click_says_not_pertinent_and_one_takes_it_back(
    dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, page: str
) -> None:
    client, fiche = connecter("csam"), f"/parcours/{dossier.parcours}"
    champs = {"signalement_id": dossier.signalement, "verdict": "non_pertinente", "motif": "deja_repris", "retour": page[1:] or "fiche"}
    reponse = donnees.post(client, f"{fiche}/verdict", fiche + page, **champs)
    assert reponse.headers["location"] == fiche + page
    assert "Détection non pertinente : la personne a déjà repris" in client.get(fiche + page).text
    reponse = donnees.post(client, f"{fiche}/verdict/annuler", fiche + page, signalement_id=dossier.signalement, retour=champs["retour"])
    assert reponse.status_code == 303
    assert _verdicts(admin) == [("non_pertinente", "deja_repris", False)]
    assert "Retirer mon avis" not in client.get(fiche).text


@pytest.mark.parametrize("champs", [{"verdict": "non_pertinente"}, {"verdict": "oui"}, {"verdict": "non_pertinente", "motif": "rien"}])
def test_an_answer_that_is_not_offered_records_nothing(
    dossier: fabrique.Dossier, connecter: Connecter, admin: Admin, champs: dict[str, str]
) -> None:
    fiche = f"/parcours/{dossier.parcours}"
    assert donnees.post(connecter("csam"), f"{fiche}/verdict", fiche, signalement_id=dossier.signalement, **champs).status_code == 422
    assert _verdicts(admin) == []


def test_a_medecin_judges_from_the_file(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client, adresse = connecter("medecin_conseil"), f"/medecin/dossiers/{dossier.signalement}"
    assert donnees.post(client, f"{adresse}/verdict", adresse, verdict="pertinente").headers["location"] == adresse
    assert _verdicts(admin) == [("pertinente", None, True)]
    assert donnees.post(client, f"{adresse}/verdict/annuler", adresse).status_code == 303
    assert _verdicts(admin) == [("pertinente", None, False)]


def test_somebody_elses_signalement_is_not_judged_through_my_case(
    dossier: fabrique.Dossier, lieu: donnees.Lieu, connecter: Connecter, admin: Admin
) -> None:
    with fabrique.lot() as conn:
        autre = fabrique.parcours(conn, csam=lieu.comptes["csam2"])
    fiche = f"/parcours/{dossier.parcours}"
    reponse = donnees.post(connecter("csam"), f"{fiche}/verdict", fiche, signalement_id=autre.signalement, verdict="pertinente")
    assert reponse.status_code == 404
    assert _verdicts(admin) == []
