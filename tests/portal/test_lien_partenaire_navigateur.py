"""The whole loop of a partner without an account: in Chromium by keyboard alone, without script, and by a simulated person over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from fabrique import auteur_agent, lot
from lien_partenaire import Courriels, read_code, read_jeton, relais_par_lien
from pdp.domain.auteur import systeme
from pdp.partners.simulateur_lien import Comportement, Geste, Repondant
from pdp.services.apply_reponses import apply_reponses
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.send_outbox import send_due
from pdp.storage import db
from portal.clavier import Clavier
from portal.conftest import Horloge
from portal.donnees import MOT_DE_PASSE, Lieu
from portal.navigateur import chromium, serve
from portal.regard import list_defauts
from relais import SECRET_B64, Relais, boite

COLLECTE = systeme("collect_reponses")
RENDEZ_VOUS = {"rendez_vous": "2026-12-02", "rendez_vous_heure": "14:30"}


@dataclass
class Monde:
    """A portal served, the mailbox of a structure, the clock."""

    adresse: str
    mails: Courriels
    horloge: Horloge

    def receive(self) -> str:
        """Address of the page, as the last mail says it."""
        send_due(self.horloge.instant)
        return f"{self.adresse}/lien/{read_jeton(self.mails.take()[-1])}"

    def code(self) -> str:
        send_due(self.horloge.instant)
        return read_code(self.mails.take()[-1])


@pytest.fixture
def monde(lieu: Lieu, app: FastAPI, horloge: Horloge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monde]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    with boite(tmp_path) as (port, dossier), serve(app) as adresse:
        monkeypatch.setenv("PDP_SMTP_PORT", str(port))
        yield Monde(adresse, Courriels.open(dossier), horloge)


@pytest.mark.browser
def test_the_whole_loop_by_keyboard(monde: Monde, admin: psycopg.Connection[Any], tmp_path: Path) -> None:
    relais_par_lien()
    constats: list[str] = []
    with chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        clavier = Clavier(page)
        page.goto(monde.receive())
        constats += list_defauts(page, "code_a_demander", replier=True)
        clavier.open("button", "Recevoir le code par courriel")
        assert "Un code part" in clavier.message()
        constats += list_defauts(page, "code_demande", replier=True)
        code = monde.code()
        clavier.type(page.locator("#code"), f"{(int(code) + 1) % 1_000_000:06}")
        with clavier.leaves():
            clavier.press("Enter")
        assert "pas le bon" in clavier.message()
        constats += list_defauts(page, "code_faux", replier=True)
        clavier.type(page.locator("#code"), code)
        clavier.type(page.locator("#repondant"), "Claude Martin, accueil")
        with clavier.leaves():
            clavier.press("Enter")
        assert "Dominique" in clavier.text()
        constats += list_defauts(page, "demande", replier=True)
        _answer_everything(clavier, page, constats, tmp_path)
    assert constats == []
    clavier.check_clean()
    dites = admin.execute("SELECT nature, statut FROM pdp.inbox ORDER BY version").fetchall()
    assert dites == [
        ("statut", "recue"),
        ("question", None),
        ("statut", "acceptee"),
        ("rendez_vous", None),
        ("statut", "en_cours"),
        ("nouvelles", None),
        ("statut", "realisee"),
    ]


def _answer_everything(clavier: Clavier, page: Page, constats: list[str], dossier: Path) -> None:
    """Question, accept, meeting, first meeting held, news, report: each from the page it leads to."""
    clavier.unfold("Poser une question")
    clavier.type(page.locator("#question-texte"), "Faut-il un interprète ?")
    clavier.open("button", "Envoyer la question")
    clavier.open("button", "Accepter la demande")
    assert "C'est noté" in clavier.message()
    constats += list_defauts(page, "acceptee", replier=True)
    clavier.unfold("Donner la date du rendez-vous")
    clavier.type_date(page.locator("#rendez_vous"), date(2026, 12, 2))
    clavier.type(page.locator("#rendez_vous_heure"), "0230PM")
    clavier.open("button", "Enregistrer le rendez-vous")
    assert "02/12/2026 à 14 h 30" in clavier.text()
    clavier.open("button", "Premier rendez-vous fait")
    clavier.unfold("Donner des nouvelles")
    clavier.type(page.locator("#nouvelles-texte"), "Dossier en cours.")
    clavier.open("button", "Envoyer les nouvelles")
    clavier.unfold("Rendre compte de la fin")
    clavier.check(page.get_by_label("Terminé"))
    clavier.type(page.locator("#rendu-texte"), "Démarches faites.")
    clavier.open("button", "Envoyer le compte rendu")
    assert "Cette demande est terminée" in clavier.text()
    constats += list_defauts(page, "terminee", replier=True)
    clavier.open("button", "Refermer la demande")
    assert "refermée sur cet appareil" in clavier.message()


@pytest.mark.browser
def test_without_script_and_every_other_state(monde: Monde) -> None:
    cas = relais_par_lien()
    constats: list[str] = []
    with chromium() as navigateur:
        adresse = monde.receive()
        _refuse_without_script(navigateur, monde, adresse)
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{monde.adresse}/lien/{'A' * 43}")
        constats += list_defauts(page, "inconnu", replier=True)
        autre = relais_par_lien()
        adresse = monde.receive()
        monde.horloge.advance(days=16)
        page.goto(adresse)
        constats += list_defauts(page, "expire", replier=True)
        page.get_by_role("button", name="Recevoir un nouveau lien").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Le lien est en route").wait_for()
        constats += list_defauts(page, "nouveau_lien", replier=True)
        nouvelle = monde.receive()
        page.goto(adresse)
        constats += list_defauts(page, "remplace", replier=True)
        _withdraw(autre, monde)
        page.goto(nouvelle)
        page.get_by_role("heading", name="n'est plus ouverte").wait_for()
        constats += list_defauts(page, "retire", replier=True)
    assert constats == []
    assert cas


@pytest.mark.browser
def test_the_coordinator_follows_it_and_sends_another_link(monde: Monde, lieu: Lieu, tmp_path: Path) -> None:
    """The other side of the loop: what the structure said, by whom, and the link renewed from the case page."""
    cas = relais_par_lien(csam=lieu.comptes["csam"])
    gestes = (Geste("acceptee"), Geste("rendez_vous", RENDEZ_VOUS), Geste("nouvelles", {"texte": "Premier contact pris."}))
    repondant = _answer_by_link(monde, gestes)
    with lot(COLLECTE) as conn:
        apply_reponses(conn, "PF35", COLLECTE, monde.horloge.instant)
    with chromium() as navigateur:
        page = navigateur.new_page(viewport={"width": 1440, "height": 900})
        clavier = Clavier(page)
        clavier.sign_in(monde.adresse, "csam", MOT_DE_PASSE)
        page.goto(f"{monde.adresse}/parcours/{cas.dossier.parcours}")
        clavier.unfold("Ce qui s'est dit")
        suivi = page.locator(f"#relais-{cas.orientation}").inner_text()
        for attendu in ("Acceptée", "02/12/2026 à 14 h 30", "Claude Martin, accueil", "Premier contact pris."):
            assert attendu in suivi
        page.locator(f"#relais-{cas.orientation}").screenshot(path=tmp_path / "cote_csam.png")
        clavier.open("button", "Envoyer un nouveau lien")
        assert "Un nouveau lien part" in clavier.message()
        page.goto(next(iter(repondant.pages.values())))
        page.get_by_role("heading", name="Un lien plus récent remplace celui-ci").wait_for()
        page.goto(monde.receive())
        page.get_by_role("heading", name="Une demande pour").wait_for()


def _answer_by_link(monde: Monde, gestes: tuple[Geste, ...]) -> Repondant:
    """A simulated person receives the link, then the code, and answers."""
    repondant = Repondant(monde.mails.dossier, monde.adresse, Comportement(gestes))
    for attendu in (0, 1):
        send_due(monde.horloge.instant)
        assert repondant.read_boite() == attendu
    monde.mails.take()
    return repondant


def _refuse_without_script(navigateur: Browser, monde: Monde, adresse: str) -> None:
    contexte = navigateur.new_context(java_script_enabled=False, viewport={"width": 320, "height": 800})
    page = contexte.new_page()
    page.goto(adresse)
    page.get_by_role("button", name="Recevoir le code").click()
    page.get_by_label("Code à six chiffres").fill(monde.code())
    page.keyboard.press("Enter")
    page.get_by_text("Refuser la demande").click()
    page.get_by_label("Motif du refus").select_option("capacite")
    page.get_by_role("button", name="Confirmer le refus").click()
    page.get_by_text("Cette demande est terminée", exact=False).wait_for()
    contexte.close()


def _withdraw(cas: Relais, monde: Monde) -> None:
    auteur = auteur_agent(cas.dossier.csam)
    with db.begin_as(auteur) as conn:
        cancel_orientation(conn, auteur, cas.orientation, "essai", monde.horloge.instant)


def test_a_simulated_person_answers_once_whatever_she_does(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    """A scanner before her, codes mistyped, every button twice, each page sent again: three answers, each once."""
    relais_par_lien()
    gestes = (
        Geste("acceptee"),
        Geste("rendez_vous", RENDEZ_VOUS),
        Geste("question", {"texte": "Où ?"}),
    )
    repondant = Repondant(
        monde.mails.dossier, monde.adresse, Comportement(gestes, scanner=True, codes_faux=2, double_clic=True, renvoi=True)
    )
    send_due(monde.horloge.instant)
    assert repondant.read_boite() == 0
    send_due(monde.horloge.instant)
    assert repondant.read_boite() == 1
    assert repondant.read_boite() == 0
    dites = admin.execute("SELECT nature, statut, transport, repondant FROM pdp.inbox ORDER BY version").fetchall()
    assert dites == [
        ("statut", "recue", "lien", "Claude Martin, accueil"),
        ("statut", "acceptee", "lien", "Claude Martin, accueil"),
        ("rendez_vous", None, "lien", "Claude Martin, accueil"),
        ("question", None, "lien", "Claude Martin, accueil"),
    ]
    assert admin.execute("SELECT count(*) FROM pdp.code_lien").fetchone() == (1,)


def test_a_simulated_person_refuses(monde: Monde, admin: psycopg.Connection[Any]) -> None:
    relais_par_lien()
    _answer_by_link(monde, (Geste("refusee", {"motif": "capacite", "texte": "Liste d'attente."}),))
    assert admin.execute("SELECT statut, motif, compte_rendu FROM pdp.inbox WHERE statut = 'refusee'").fetchall() == [
        ("refusee", "capacite", "Liste d'attente.")
    ]
