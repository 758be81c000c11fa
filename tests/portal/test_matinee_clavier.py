"""A coordinator's morning by keyboard alone: twelve people, every outcome, nothing clicked, nothing lost, every state accessible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser

from fabrique import MAINTENANT
from pdp.clock import jour_local
from portal import donnees
from portal.clavier import Clavier
from portal.conftest import Horloge
from portal.donnees import MOT_DE_PASSE
from portal.matinee import Matinee, build_matinee, check_kept
from portal.navigateur import chromium, serve

pytestmark = pytest.mark.browser
Admin = psycopg.Connection[Any]
JOUR = jour_local(MAINTENANT)


@pytest.fixture
def matinee(lieu: donnees.Lieu, horloge: Horloge) -> Matinee:
    return build_matinee(lieu)


@pytest.fixture
def adresse(app: FastAPI) -> Iterator[str]:
    with serve(app) as adresse:
        yield adresse


@pytest.fixture
def navigateur() -> Iterator[Browser]:
    with chromium() as navigateur:
        yield navigateur


def open_clavier(navigateur: Browser, adresse: str, login: str = "csam", **options: Any) -> Clavier:
    clavier = Clavier(navigateur.new_page(**{"viewport": {"width": 1440, "height": 900}, "locale": "fr-FR", **options}))
    clavier.sign_in(adresse, login, MOT_DE_PASSE)
    return clavier


def test_the_guard_sees_a_pointer(matinee: Matinee, adresse: str, navigateur: Browser) -> None:
    """Without this the morning below would prove nothing."""
    clavier = open_clavier(navigateur, adresse)
    clavier.check_clean()
    clavier.page.click("h1")
    clavier.page.wait_for_function("true")
    with pytest.raises(AssertionError, match="pointer"):
        clavier.check_clean()


def call(c: Clavier, nom: str) -> None:
    """From the list to the call sheet of a person, by Tab and Enter; the shortcut c does it from any link of the row."""
    if "/ma-liste" not in c.page.url:
        c.open("link", "Ma liste", "nav.menu")
    c.reach(c.find("link", nom, "#personnes"))
    with c.leaves():
        c.press("c")
    assert f"Appeler {nom}" in c.text()


def touch(c: Clavier, touche: str) -> None:
    """A key that leads to another page."""
    with c.leaves():
        c.press(touche)


def back_to_list(c: Clavier) -> None:
    c.open("link", "Ma liste", "nav.menu")


def test_twelve_people_by_keyboard(matinee: Matinee, adresse: str, navigateur: Browser, admin: Admin, horloge: Horloge) -> None:
    c = open_clavier(navigateur, adresse)
    assert "12 personnes" in c.text()
    c.look("liste du matin")
    reach_and_plan(c)
    voicemail_undone_then_no_answer(c)
    letter_after_the_calls(c)
    other_results(c)
    no_show(c)
    snooze(c)
    bulk_on_three(c)
    end_of_cases(c)
    horloge.advance(hours=2, minutes=20)
    c.sign_in(adresse, "csam", MOT_DE_PASSE)
    record_and_hand_over(c)
    check_finished(c)
    c.check_clean()
    assert len(c.etats) >= 20
    check_kept(admin)


def reach_and_plan(c: Clavier) -> None:
    """Abeille, with Tab and Enter only: no shortcut is needed."""
    c.open("link", "Abeille", "#personnes")
    c.look("fiche")
    c.open("link", "Premier appel", "main")
    c.look("fiche appel")
    c.open("button", "Joint", "main .resultats")
    c.look("créneaux")
    c.reach(c.page.locator("button[name=debut_at]").first)
    assert "11 h 15" in c.focused()
    touch(c, "Enter")
    assert "Télé-échange planifié le 18/11/2026 à 11 h 15" in c.message()


def voicemail_undone_then_no_answer(c: Clavier) -> None:
    call(c, "Bleuet")
    touch(c, "2")
    assert "Répondeur : c'est enregistré" in c.message()
    c.look("liste après un appel")
    c.press("u")
    assert c.focused() == "Annuler cette saisie"
    touch(c, "Enter")
    assert "est annulé" in c.message()
    c.look("après une annulation")
    call(c, "Bleuet")
    touch(c, "3")
    assert "Essai 1 sur 3" in c.message()


def letter_after_the_calls(c: Clavier) -> None:
    call(c, "Coquelicot")
    touch(c, "3")
    assert "3 essais sans réponse" in c.message()
    call(c, "Coquelicot")
    c.look("fiche appel, à écrire")
    c.open("button", "Préparer le courrier")
    assert "Un courrier est prêt" in c.message()


def other_results(c: Clavier) -> None:
    """Wrong number, promise, refusal, hospital, death, interpreter."""
    record_folded(c, "Dahlia", "Numéro faux", "demandez un numéro à jour")
    c.look("après un numéro faux")
    call(c, "Edelweiss")
    c.type_date(c.page.locator("#rappel"), JOUR + timedelta(days=2))
    c.open("button", "Joint, demande à être rappelé")
    assert "Rappel promis" in c.message()
    record_folded(c, "Fougere", "Refuse l'échange", "Refus noté")
    c.look("après un refus")
    call(c, "Genet")
    c.type_date(c.page.locator("#rappel"), JOUR + timedelta(days=7))
    c.open("button", "Hospitalisé")
    assert "Hospitalisation" in c.message()
    record_folded(c, "Hortensia", "Décédé", "aucun appel ni message ne partira")
    c.look("après un décès")
    call(c, "Iris")
    c.unfold("Langue, besoins", "main")
    c.choose(c.page.locator("#langue"), "Arabe")
    c.check(c.page.locator("input[name=interprete]"))
    c.look("fiche appel, besoins")
    c.unfold("Autres résultats", "main")
    c.open("button", "Barrière de langue")
    assert "Prévoyez un interprète" in c.message()


def record_folded(c: Clavier, nom: str, resultat: str, dit: str) -> None:
    call(c, nom)
    c.unfold("Autres résultats", "main")
    c.open("button", resultat)
    assert dit in c.message()


def no_show(c: Clavier) -> None:
    back_to_list(c)
    c.open("link", "Jasmin", "#personnes")
    c.open("link", "Télé-échange prévu", "main")
    c.look("télé-échange commencé")
    c.open("button", "Personne absente")
    assert "Absence notée" in c.message()
    c.look("créneaux après une absence")


def snooze(c: Clavier) -> None:
    """From the list, without leaving it: the key s opens the preview on the reason."""
    back_to_list(c)
    c.reach(c.find("link", "Lavande", "#personnes"))
    c.press("s")
    c.page.wait_for_selector(".ligne-apercu")
    c.look("aperçu sous la ligne")
    c.press("Escape")
    assert "Lavande" in c.focused(), "closing the preview gives the focus back"
    c.press("s")
    c.page.wait_for_selector(".ligne-apercu")
    c.choose(c.page.locator("#apercu-raison"), "Soins")
    c.type_date(c.page.locator("#apercu-jusqu-a"), JOUR + timedelta(days=10))
    c.open("button", "Mettre en attente", ".ligne-apercu")
    assert "Mis en attente : revient dans votre liste le 28/11/2026" in c.message()


def bulk_on_three(c: Clavier) -> None:
    """Two can be put off; the promise made to the third one stands, and says so."""
    back_to_list(c)
    for nom in ("Bleuet", "Edelweiss", "Muguet"):
        c.reach(c.find("link", nom, "#personnes"))
        c.press("x")
    c.look("trois personnes cochées")
    c.open("button", "Changer l'échéance", "#lot")
    c.look("lot, étape 1")
    c.type_date(c.page.locator("#jour"), JOUR + timedelta(days=5))
    c.open("button", "Voir qui")
    assert "2 seront faits, 1 refusé" in c.text()
    c.look("lot, répétition")
    c.open("button", "Confirmer pour 2 personnes")
    assert "2 faits" in c.text()
    c.look("lot, résultat")


def end_of_cases(c: Clavier) -> None:
    """Genet into silence, Hortensia and Fougere closed."""
    back_to_list(c)
    c.open("link", "Genet", "#personnes")
    c.unfold("Mettre en silence", "#silence")
    c.choose(c.page.locator("#silence_motif"), "Hospitalisation")
    c.type_date(c.page.locator("#silence_au"), JOUR + timedelta(days=7))
    c.open("button", "Mettre en silence", "#silence")
    assert "Genet" in c.text()
    c.look("fiche en silence")
    close(c, "Hortensia", "Décès", "Décédée")
    close(c, "Fougere", "Refus de la personne", "Situation inconnue")


def close(c: Clavier, nom: str, motif: str, situation: str) -> None:
    back_to_list(c)
    c.open("link", nom, "#personnes")
    c.open("link", "Clôtur", "main")
    c.look(f"clôture de {nom}")
    c.choose(c.page.locator("#motif"), motif)
    c.choose(c.page.locator("#situation"), situation)
    if situation != "Situation inconnue":
        c.type_date(c.page.locator("#survenu_le"), JOUR)
    c.choose(c.page.locator("#provenance"), "Donnée administrative")
    c.open("button", "Clôturer", "main")
    assert "Parcours clos" in c.message()


def record_and_hand_over(c: Clavier) -> None:
    """Abeille at 11:20: questionnaire, agreement, orientation."""
    back_to_list(c)
    c.open("link", "Abeille", "#personnes")
    c.open("link", "Télé-échange prévu", "main")
    c.look("questionnaire")
    c.type(c.page.locator("#synthese"), "Un avis sur le poste est demandé avec elle.")
    c.open("button", "Enregistrer : télé-échange réalisé")
    assert "recueillir l'accord de la personne" in c.message()
    c.look("après le télé-échange")
    c.open("link", "Proposer une orientation", "main")
    c.look("orientations possibles")
    c.open("link", "Demander l'accord", "main")
    c.look("accord à lire")
    c.check(c.page.locator("input[name=texte_lu]"))
    c.open("button", "Elle accepte")
    assert "Accord enregistré : Cap emploi" in c.message()
    c.look("après un accord")
    c.open("link", "Proposer une orientation", "main")
    c.open("link", "Préparer l'orientation", "main")
    c.look("orientation à confirmer")
    c.type(c.page.locator("#motif"), "Aide pour garder son emploi.")
    c.open("button", "Confirmer et transmettre")
    assert "Orientation enregistrée" in c.message()
    c.look("après une orientation")


def check_finished(c: Clavier) -> None:
    """Nothing late, nothing left for today; the two closed are gone, the others are here with what comes next."""
    back_to_list(c)
    c.look("liste finie")
    assert "10 personnes" in c.text()
    for compteur in ("retard", "aujourd_hui", "a_renseigner"):
        assert c.page.inner_text(f"button.compteur[value={compteur}] strong") == "0", compteur
    sans_suite = c.page.locator("#personnes tr[data-ligne]").filter(has_text="aucune suite prévue").all_inner_texts()
    assert sans_suite == []
