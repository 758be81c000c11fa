"""The page behind a partner's link, over the real portal and database: what is shown to whom, and one effect per answer."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text

import fabrique
from fabrique import auteur_agent, lot
from lien_partenaire import Courriels, Porteuse, relais_par_lien
from pdp.portal.debit import Debit
from pdp.services.apply_reponses import apply_reponses
from pdp.services.manage_comptes import create_compte
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.renew_lien_partenaire import renew_lien
from pdp.storage import db
from portal.conftest import Horloge
from portal.donnees import MOT_DE_PASSE, Lieu, TestClient
from relais import SECRET_B64, Relais, boite

COLLECTE = fabrique.systeme("collect_reponses")


@pytest.fixture
def mails(lieu: Lieu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with boite(tmp_path) as (port, dossier):
        monkeypatch.setenv("PDP_SMTP_PORT", str(port))
        yield Courriels.open(dossier)


@pytest.fixture
def cas(mails: Courriels) -> Relais:
    return relais_par_lien()


@pytest.fixture
def porteuse(app: FastAPI, cas: Relais, mails: Courriels, horloge: Horloge) -> Porteuse:
    client = TestClient(app, base_url="http://portail.test", follow_redirects=False)
    return Porteuse.receive(client, mails, horloge)


def _inbox(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return admin.execute("SELECT nature, statut, motif, compte_rendu, repondant FROM pdp.inbox ORDER BY version").fetchall()


def _nom(admin: psycopg.Connection[Any], cas: Relais) -> str:
    return str(admin.execute("SELECT nom FROM identite.assure WHERE id = %s", (cas.dossier.assure,)).fetchone()[0])


def test_nothing_of_the_person_before_the_code(porteuse: Porteuse, cas: Relais, admin: psycopg.Connection[Any]) -> None:
    page = porteuse.get()
    assert page.status_code == 200
    nom = _nom(admin, cas)
    for interdit in (nom, "Dominique", "63998", "Aide aux démarches", str(cas.orientation)):
        assert interdit not in page.text
    assert str(cas.orientation)[:8].upper() in page.text
    assert "pa•••@exemple.invalid" in page.text
    assert f"{porteuse.horloge.instant + timedelta(days=15):%d/%m/%Y}" in page.text
    reponse = porteuse.answer("acceptee", cle="6b1f3f0e-0000-4000-8000-000000000001")
    assert reponse.headers["location"].endswith("?suite=acces")
    assert _inbox(admin) == []
    porteuse.open()
    assert nom in porteuse.get().text
    assert "Aide aux démarches" in porteuse.get().text


def test_pages_are_private_and_leave_no_trace(porteuse: Porteuse) -> None:
    pages = [porteuse.get(), porteuse.client.get("/lien/" + "A" * 43), porteuse.post("code"), porteuse.post("ouverture", code="000000")]
    porteuse.horloge.advance(minutes=2)
    porteuse.open()
    pages += [porteuse.get(), porteuse.get("?suite=repondu")]
    for page in pages:
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "no-store" in page.headers["cache-control"]
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        assert "<script" not in page.text
    for cookie in porteuse.client.cookies.jar:
        assert (cookie.path, cookie.has_nonstandard_attr("HttpOnly")) == (porteuse.chemin, True)


def test_looking_changes_nothing(porteuse: Porteuse, admin: psycopg.Connection[Any]) -> None:
    """A mail scanner follows the link and every address it knows of, before and after the code: same page, no row written."""

    def photo() -> list[Any]:
        comptes = ("journal.evenement", "pdp.code_lien", "pdp.acces_lien", "pdp.outbox", "pdp.inbox")
        return [admin.execute(f"SELECT count(*) FROM {t}").fetchone() for t in comptes] + admin.execute(
            "SELECT xmin::text FROM pdp.lien_partenaire"
        ).fetchall()

    for _ in range(2):
        avant = photo()
        assert {porteuse.get().status_code for _ in range(5)} == {200}
        assert porteuse.client.head(porteuse.chemin).status_code == 200
        for acte in ("code", "ouverture", "reponse", "nouveau-lien", "sortie"):
            assert porteuse.get(f"/{acte}").status_code == 405
        assert photo() == avant
        porteuse.open()


def test_three_clicks_to_answer_and_one_effect(porteuse: Porteuse, admin: psycopg.Connection[Any]) -> None:
    porteuse.open(repondant="Claude Martin, accueil")
    cle = porteuse.cle("acceptee")
    assert porteuse.answer("acceptee", cle=cle).headers["location"].endswith("?suite=repondu")
    assert porteuse.answer("acceptee", cle=cle).headers["location"].endswith("?suite=repondu"), "double click, back button, resend"
    assert [(s, r) for _, s, _, _, r in _inbox(admin)] == [("recue", "Claude Martin, accueil"), ("acceptee", "Claude Martin, accueil")]
    page = porteuse.get("?suite=repondu").text
    assert "C&#39;est noté" in page
    assert "Accepter la demande" not in page
    assert "Claude Martin, accueil" in page


def test_a_stale_form_says_where_things_stand(porteuse: Porteuse, admin: psycopg.Connection[Any]) -> None:
    porteuse.open()
    ancienne = porteuse.cle("acceptee")
    porteuse.answer("refusee", motif="capacite", texte="Liste d'attente.")
    page = porteuse.answer("acceptee", cle=ancienne)
    assert page.status_code == 409
    assert "Rien n&#39;a été enregistré" in page.text
    assert [s for _, s, *_ in _inbox(admin)] == ["recue", "refusee"]
    assert "Cette demande est terminée" in porteuse.get().text


@pytest.mark.parametrize(
    ("quoi", "champs", "phrase"),
    [
        ("refusee", {}, "Motif du refus"),
        ("refusee", {"motif": "inconnu"}, "choisissez une réponse de la liste"),
        ("realisee", {}, "Écrivez un court compte rendu"),
        ("question", {}, "Écrivez votre question"),
        ("rendez_vous", {}, "Donnez la date et l'heure"),
        ("rendez_vous", {"rendez_vous": "2026-12-02"}, "indiquez aussi l'heure"),
        ("annulee", {}, "choisissez une réponse de la liste"),
        ("nouvelles", {"texte": "x" * 1001}, "dépasse 1000 caractères"),
    ],
)
def test_an_incomplete_answer_is_said_on_the_page(
    porteuse: Porteuse, admin: psycopg.Connection[Any], quoi: str, champs: dict[str, str], phrase: str
) -> None:
    porteuse.open()
    porteuse.answer("acceptee")
    page = porteuse.answer(quoi, cle="6b1f3f0e-0000-4000-8000-000000000002", **champs)
    assert page.status_code == 422
    assert phrase in page.text.replace("&#39;", "'")
    assert len(_inbox(admin)) == 2


def test_the_whole_exchange_with_a_question_answered(porteuse: Porteuse, cas: Relais, admin: psycopg.Connection[Any]) -> None:
    porteuse.open()
    porteuse.answer("question", texte="Faut-il un interprète ?")
    _apply(porteuse)
    assert "votre délai est arrêté" in porteuse.get().text
    with lot() as conn:
        conn.execute(
            text("UPDATE pdp.echange_question SET reponse = 'Non, tout se passe en français.', repondue_at = :m"),
            {"m": porteuse.horloge.instant},
        )
    assert "Non, tout se passe en français." in porteuse.get().text
    porteuse.answer("acceptee")
    porteuse.answer("rendez_vous", rendez_vous="2026-12-02", rendez_vous_heure="14:30", texte="Au bureau.")
    assert "02/12/2026 à 14 h 30" in porteuse.get().text
    porteuse.answer("rendez_vous_manque")
    porteuse.answer("en_cours")
    porteuse.answer("nouvelles", texte="Dossier en cours.")
    porteuse.answer("realisee", texte="Démarches faites.")
    _apply(porteuse)
    assert admin.execute("SELECT statut, compte_rendu FROM pdp.orientation").fetchone() == ("realisee", "Démarches faites.")
    assert {r for (r,) in admin.execute("SELECT resultat FROM pdp.inbox")} == {"appliquee"}
    assert "Pris en compte le" in porteuse.get().text


def _apply(porteuse: Porteuse) -> None:
    with lot(COLLECTE) as conn:
        apply_reponses(conn, "PF35", COLLECTE, porteuse.horloge.instant)


def test_wrong_codes_are_counted_and_said(porteuse: Porteuse, admin: psycopg.Connection[Any]) -> None:
    assert "Demandez d&#39;abord un code" in porteuse.post("ouverture", code="123456").text
    code = porteuse.ask_code()
    assert porteuse.post("code").headers["location"].endswith("?suite=attendre")
    assert "six chiffres" in porteuse.post("ouverture", code="12345").text
    assert "six chiffres" in porteuse.post("ouverture", code="١٢٣٤٥٦").text
    faux = f"{(int(code) + 7) % 1_000_000:06}"
    pages = [porteuse.post("ouverture", code=faux) for _ in range(5)]
    assert {p.status_code for p in pages} == {422}
    assert "<title>Erreur : Ouvrir la demande" in pages[0].text
    assert 'aria-invalid="true"' in pages[0].text
    assert "Encore 2 essais" in pages[2].text
    assert "Trop de codes faux" in pages[4].text
    assert "Trop de codes faux" in porteuse.post("ouverture", code=code).text
    assert admin.execute("SELECT essais FROM pdp.code_lien").fetchone() == (5,)


def test_a_code_typed_with_spaces_opens(porteuse: Porteuse) -> None:
    code = porteuse.ask_code()
    assert porteuse.post("ouverture", code=f" {code[:3]} {code[3:]} ").status_code == 303
    assert "Votre réponse" in porteuse.get().text


def test_another_browser_needs_its_own_code(porteuse: Porteuse, app: FastAPI, cas: Relais, admin: psycopg.Connection[Any]) -> None:
    porteuse.open()
    autre = TestClient(app, base_url="http://portail.test", follow_redirects=False)
    assert _nom(admin, cas) not in autre.get(porteuse.chemin).text
    assert porteuse.post("sortie").headers["location"].endswith("?suite=sortie")
    assert _nom(admin, cas) not in porteuse.get().text


def test_expired_renewed_replaced(porteuse: Porteuse, mails: Courriels) -> None:
    porteuse.open()
    porteuse.horloge.advance(days=16)
    page = porteuse.get()
    assert (page.status_code, "Ce lien a expiré" in page.text) == (410, True)
    assert porteuse.post("code").status_code == 303
    demande = porteuse.post("nouveau-lien")
    assert "Le lien est en route" in demande.text
    assert "pa•••@exemple.invalid" in demande.text
    nouvelle = Porteuse.receive(porteuse.client, mails, porteuse.horloge)
    assert nouvelle.chemin != porteuse.chemin
    assert "Un lien plus récent remplace celui-ci" in porteuse.get().text
    nouvelle.open()
    assert "Votre réponse" in nouvelle.get().text


def test_a_coordinator_renews_and_the_former_one_says_so(porteuse: Porteuse, cas: Relais, mails: Courriels) -> None:
    auteur = auteur_agent(cas.dossier.csam)
    with db.begin_as(auteur) as conn:
        renew_lien(conn, auteur, cas.orientation, porteuse.horloge.instant)
    assert porteuse.get().status_code == 410
    assert Porteuse.receive(porteuse.client, mails, porteuse.horloge).get().status_code == 200


def test_withdrawn_at_once_even_while_it_is_read(porteuse: Porteuse, cas: Relais, admin: psycopg.Connection[Any]) -> None:
    porteuse.open()
    cle = porteuse.cle("acceptee")
    auteur = auteur_agent(cas.dossier.csam)
    with db.begin_as(auteur) as conn:
        cancel_orientation(conn, auteur, cas.orientation, "essai", porteuse.horloge.instant)
    page = porteuse.get()
    assert (page.status_code, "est plus ouverte" in page.text) == (410, True)
    assert _nom(admin, cas) not in page.text
    assert porteuse.answer("acceptee", cle=cle).status_code == 303
    assert [s for _, s, *_ in _inbox(admin)] == ["recue"]
    for acte in ("code", "ouverture", "nouveau-lien"):
        assert porteuse.post(acte, code="123456").status_code in (303, 410)


def test_an_account_is_proposed_to_a_structure_that_has_one(porteuse: Porteuse, cas: Relais) -> None:
    assert "/connexion" not in porteuse.get().text
    with lot() as conn:
        create_compte(
            conn,
            login="structure",
            mot_de_passe=MOT_DE_PASSE,
            role="partenaire",
            plateforme_id="PF35",
            partenaire_id=cas.partenaire,
            nom_affiche="Structure",
        )
    assert 'href="/connexion?suite=/partenaire"' in porteuse.get().text


@pytest.mark.parametrize("jeton", ["x", "A" * 43, "%20", "A" * 3000, "é"])
def test_a_token_nobody_made(porteuse: Porteuse, jeton: str) -> None:
    inconnu = porteuse.client.get(f"/lien/{jeton}")
    assert (inconnu.status_code, "est pas valable" in inconnu.text) == (404, True)
    for acte in ("code", "ouverture", "reponse", "nouveau-lien", "sortie"):
        assert porteuse.client.post(f"/lien/{jeton}/{acte}", data={"code": "1"}).status_code == 404


def test_a_form_of_a_page_that_tells_nobody_its_address(porteuse: Porteuse) -> None:
    """With no-referrer a browser sends « Origin: null » on our own form; from elsewhere it says so by another header."""
    porteuse.get()
    for entetes, statut in (
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 303),
        ({"origin": "null"}, 303),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, 422),
        ({"origin": "http://ailleurs.test"}, 422),
    ):
        assert porteuse.client.post(f"{porteuse.chemin}/code", headers=entetes).status_code == statut, entetes


def test_too_many_requests_of_one_address(porteuse: Porteuse, app: FastAPI) -> None:
    app.state.debits["/lien"] = Debit(maximum=2)
    assert [porteuse.get().status_code for _ in range(3)] == [200, 200, 429]


def test_the_name_left_is_kept_short_and_escaped(porteuse: Porteuse, admin: psycopg.Connection[Any]) -> None:
    code = porteuse.ask_code()
    assert porteuse.post("ouverture", code=code, repondant="x" * 161).status_code == 422
    assert porteuse.post("ouverture", code=code, repondant="<b>Claude</b>").status_code == 303
    assert "&lt;b&gt;Claude" in porteuse.get().text
    assert not re.search("<b>Claude", porteuse.get().text)
