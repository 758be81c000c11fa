"""A partner who has a keyboard only: each thing it may say takes three clicks at most; its screens, the manager's, the directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from fabrique import TEST, lot
from pdp import clock
from pdp.clock import jour_local
from pdp.services.apply_reponses import apply_reponses
from portal.clavier import Clavier
from portal.donnees import MOT_DE_PASSE, Lieu
from portal.jeu import Jeu
from portal.jeu_ecrans import build_jeu
from portal.navigateur import chromium, serve

pytestmark = pytest.mark.browser
Admin = psycopg.Connection[Any]
CLICS_MAX = 3


class Compteur(Clavier):
    """Counts what a person would click: links, folds and buttons set off. Moving and typing are not clicks."""

    clics = 0

    def open(self, role: Any, nom: str, dans: str | None = None) -> None:
        self.clics += 1
        super().open(role, nom, dans)

    def unfold(self, sommaire: str, dans: str | None = None) -> None:
        self.clics += 1
        super().unfold(sommaire, dans)

    def send(self, bouton: str, dans: str) -> None:
        """The button of the fold that is open."""
        self.open("button", bouton, dans)


@pytest.fixture
def jeu(lieu: Lieu) -> Jeu:
    return build_jeu(lieu)


@contextmanager
def poste(app: FastAPI, login: str, largeur: int = 1280, *, script: bool = True) -> Iterator[tuple[Compteur, str]]:
    with serve(app) as adresse, chromium() as navigateur:
        contexte = navigateur.new_context(viewport={"width": largeur, "height": 800}, java_script_enabled=True)
        if not script:  # the page runs without ours; the test still looks through its own
            contexte.route("**/statique/*.js*", lambda route: route.abort())
        clavier = Compteur(contexte.new_page())
        clavier.sign_in(adresse, login, MOT_DE_PASSE)
        yield clavier, adresse


def _statut(admin: Admin, jeu: Jeu, statut: str) -> None:
    admin.execute("ALTER TABLE pdp.orientation DISABLE TRIGGER exiger_auteur")
    acceptee = jeu.maintenant - timedelta(days=1) if statut != "envoyee" else None
    admin.execute("UPDATE pdp.orientation SET statut = %s, acceptee_at = %s WHERE id = %s", (statut, acceptee, jeu.orientations["mienne"]))
    admin.execute("ALTER TABLE pdp.orientation ENABLE TRIGGER exiger_auteur")


def _accepter(c: Compteur, ici: str) -> None:
    c.send("Accepter", ici)


def _refuser(c: Compteur, ici: str) -> None:
    c.unfold("Refuser", ici)
    c.choose(c.page.locator(f"{ici} select[name=motif]"), "Plus de place")
    c.send("Confirmer le refus", ici)


def _question(c: Compteur, ici: str) -> None:
    c.unfold("Poser une question", ici)
    c.type(c.page.locator(f"{ici} details[open] textarea"), "Parle-t-elle anglais ?")
    c.send("Envoyer la question", ici)


def _rendez_vous(c: Compteur, ici: str) -> None:
    c.unfold("Fixer un rendez-vous", ici)
    c.type_date(c.page.locator(f"{ici} input[type=date]"), jour_local(clock.now()) + timedelta(days=2))
    heure = c.page.locator(f"{ici} input[type=time]")
    c.type(heure, "1430")
    if heure.input_value() != "14:30":
        c.press("ArrowLeft", "ArrowLeft")
        c.page.keyboard.type("0230PM")
    c.send("Enregistrer le rendez-vous", ici)


def _rencontre(c: Compteur, ici: str) -> None:
    c.send("Premier rendez-vous fait", ici)


def _manque(c: Compteur, ici: str) -> None:
    c.open("link", "Autres réponses", ici)
    c.unfold("La personne n'est pas venue", "main")
    c.send("Signaler l'absence", "main")


def _nouvelles(c: Compteur, ici: str) -> None:
    c.unfold("Donner des nouvelles", ici)
    c.type(c.page.locator(f"{ici} details[open] textarea"), "Dossier depose.")
    c.send("Envoyer ces nouvelles", ici)


def _terminer(c: Compteur, ici: str) -> None:
    c.unfold("Terminer et rendre compte", ici)
    c.check(c.page.locator(f"{ici} details[open] input[value=realisee]"))
    c.type(c.page.locator(f"{ici} details[open] textarea"), "Suivi termine.")
    c.send("Envoyer le compte rendu", ici)


GESTES: list[tuple[str, Callable[[Compteur, str], None], tuple[str, str | None]]] = [
    ("envoyee", _accepter, ("statut", "acceptee")),
    ("envoyee", _refuser, ("statut", "refusee")),
    ("envoyee", _question, ("question", None)),
    ("acceptee", _rendez_vous, ("rendez_vous", None)),
    ("acceptee", _rencontre, ("statut", "en_cours")),
    ("acceptee", _manque, ("rendez_vous_manque", None)),
    ("en_cours", _nouvelles, ("nouvelles", None)),
    ("en_cours", _terminer, ("statut", "realisee")),
]


@pytest.mark.parametrize("largeur", [1280, 320])
def test_each_gesture_takes_three_clicks_from_the_list(jeu: Jeu, app: FastAPI, admin: Admin, largeur: int) -> None:
    ici = f"#demande-{jeu.orientations['mienne']}"
    with poste(app, "partenaire", largeur, script=largeur != 320) as (c, adresse):
        for statut, geste, attendu in GESTES:
            admin.execute("ALTER TABLE pdp.inbox DISABLE TRIGGER ALL")
            admin.execute("ALTER TABLE pdp.echange_question DISABLE TRIGGER ALL")
            admin.execute("DELETE FROM pdp.echange_question")
            admin.execute("DELETE FROM pdp.inbox")
            admin.execute("ALTER TABLE pdp.inbox ENABLE TRIGGER ALL")
            admin.execute("ALTER TABLE pdp.echange_question ENABLE TRIGGER ALL")
            _statut(admin, jeu, statut)
            c.page.goto(f"{adresse}/partenaire")
            c.clics = 0
            geste(c, ici)
            assert c.clics <= CLICS_MAX, geste.__name__
            assert admin.execute("SELECT nature, statut FROM pdp.inbox").fetchall() == [attendu], geste.__name__
            assert "transmis" in c.message(), geste.__name__
            c.look(f"{geste.__name__} {largeur}")
        c.check_clean()


def _fill(jeu: Jeu) -> None:
    """A structure with something of everything."""
    moi = jeu.lieu.comptes["partenaire"]
    with lot() as conn:
        for requete in (
            "INSERT INTO pdp.partenaire_contact (plateforme_id, partenaire_id, nom, fonction, courriel, telephone, rappels, ajoute_at)"
            " SELECT 'PF35', :p, x, 'Conseillère', x || '@exemple.invalid', '+33261910001', true, now()"
            " FROM unnest(ARRAY['Martin', 'Durand']) x",
            "INSERT INTO pdp.partenaire_absence (plateforme_id, partenaire_id, contact_id, du, au, relais_id, posee_at)"
            " SELECT 'PF35', :p, min(id::text)::uuid, current_date - 1, current_date + 4, max(id::text)::uuid, now()"
            " FROM pdp.partenaire_contact",
            "INSERT INTO pdp.partenaire_absence (plateforme_id, partenaire_id, du, au, posee_at)"
            " VALUES ('PF35', :p, current_date + 20, current_date + 30, now())",
            "INSERT INTO pdp.partenaire_capacite (plateforme_id, partenaire_id, places, periode, posee_at)"
            " VALUES ('PF35', :p, 4, 'semaine', now())",
            "INSERT INTO pdp.partenaire_adresse (plateforme_id, partenaire_id, champ, valeur, demandee_at)"
            " VALUES ('PF35', :p, 'courriel', 'nouvelle.adresse@exemple.invalid', now())",
            "INSERT INTO pdp.partenaire_desserte (plateforme_id, partenaire_id, genre, code, depuis_at)"
            " SELECT 'PF35', :p, 'zone', x, now() FROM unnest(ARRAY['35', '35238', '35047', '35288']) x",
            "UPDATE pdp.partenaire SET horaires = 'Du lundi au vendredi, de 9 h à 12 h', telephone = '+33261910000', configure_at = now(),"
            ' annonce = \'{"canal": "api", "url": null, "courriel": null, "telephone": null, "delai_reponse_jours": 20}\' WHERE id = :p',
            "UPDATE pdp.partenaire SET canal = 'messagerie', adresse_securisee = 'cap@exemple.mssante.invalid' WHERE id = :p",
        ):
            conn.execute(text(requete), {"p": moi})


@pytest.mark.parametrize("login", ["partenaire", "responsable", "csam"])
def test_screens_are_accessible_and_reflow(jeu: Jeu, app: FastAPI, admin: Admin, login: str) -> None:
    _fill(jeu)
    with lot() as conn:
        apply_reponses(conn, "PF35", TEST, jeu.maintenant)
    moi = jeu.lieu.comptes["partenaire"]
    chemins = {
        "partenaire": ["/partenaire", f"/partenaire/demandes/{jeu.orientations['mienne']}", "/partenaire/structure"],
        "responsable": ["/equipe/partenaires", f"/equipe/partenaires/{moi}", "/equipe/partenaires/nouveau"],
        "csam": ["/partenaires", "/partenaires?type=cap_emploi&recherche=rennes", f"/parcours/{jeu.parcours[0]}/orientations"],
    }[login]
    with poste(app, login) as (c, adresse):
        for chemin in chemins:
            for largeur in (1440, 320):
                c.page.set_viewport_size({"width": largeur, "height": 900})
                c.page.goto(adresse + chemin)
                c.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
                c.look(f"{chemin} {largeur}")
    assert c.constats == {}
    assert len(c.etats) == 2 * len(chemins)


def test_the_structure_is_told_by_keyboard_alone(jeu: Jeu, app: FastAPI, admin: Admin) -> None:
    with poste(app, "partenaire", 320, script=False) as (c, _):
        c.open("link", "Ma structure")
        c.type(c.page.locator("#places"), "3")
        c.open("button", "Enregistrer la capacité")
        assert "Capacité enregistrée" in c.message()
        c.unfold("Ajouter un collègue")
        c.type(c.page.locator("#collegue-nom"), "Durand")
        c.type(c.page.locator("#collegue-courriel"), "durand@exemple.invalid")
        c.check(c.page.locator("input[name=rappels]"))
        c.open("button", "Ajouter", "section:has(#collegues)")
        c.unfold("Ajouter une absence")
        c.type_date(c.page.locator("#absence-du"), jeu.jour)
        c.type_date(c.page.locator("#absence-au"), jeu.jour + timedelta(days=3))
        c.choose(c.page.locator("#relais"), "Durand")
        c.open("button", "Enregistrer l'absence")
        assert "Toute la structure" in c.text()
        c.check_clean()
    assert admin.execute("SELECT places, periode FROM pdp.partenaire_capacite").fetchall() == [(3, "mois")]
    assert admin.execute("SELECT count(*) FROM pdp.partenaire_absence WHERE relais_id IS NOT NULL").fetchone() == (1,)


def test_a_transport_is_changed_by_keyboard_alone(jeu: Jeu, app: FastAPI, admin: Admin) -> None:
    moi = jeu.lieu.comptes["partenaire"]
    with poste(app, "responsable") as (c, _):
        c.open("link", "Partenaires")
        nom = admin.execute("SELECT nom FROM pdp.partenaire WHERE id = %s", (moi,)).fetchone()
        assert nom
        c.open("link", nom[0])
        c.choose(c.page.locator("#canal"), "Messagerie")
        c.type(c.page.locator("#adresse_securisee"), "cap@exemple.mssante.invalid")
        c.open("button", "Enregistrer la configuration")
        assert "Configuration enregistrée." in c.message()
        c.check_clean()
    assert admin.execute("SELECT canal FROM pdp.partenaire WHERE id = %s", (moi,)).fetchone() == ("messagerie",)
