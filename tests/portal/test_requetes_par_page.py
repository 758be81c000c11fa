"""Statements of each page: a number written down, the same with ten times the data.

A page whose number changed fails until somebody has read why and written it: ``PDP_ECRIRE_REQUETES=1`` in the environment of this test
rewrites ``requetes_attendues.txt`` (a page that grows with the data is never written). A new address with a parameter needs a row to
open: see ``PARAMETRES``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from pdp.config import settings
from pdp.portal.auth import RouteProtegee
from pdp.storage import db
from portal import donnees
from portal.agrandir import Admin, grow
from portal.conftest import Horloge
from portal.donnees import Connecter, TestClient
from portal.jeu import NOMS_ASSURES
from portal.jeu_pages import Monde, build_monde

ATTENDUES = Path(__file__).with_name("requetes_attendues.txt")
EN_TETE = "# Statements of each GET page, as tests/portal/test_requetes_par_page.py counts them: function | address | number"
FOIS = 10
SANS_COMPTE = frozenset({"/statique/{nom}", "/metrics"})  # the last one: a statement per family, and none without its token
# What to open where an address asks for something. Keys: name of the parameter, or "address#name" where one page needs another row.
PARAMETRES: dict[str, str] = {
    "parcours_id": "SELECT id FROM pdp.parcours WHERE statut = 'oriente'",
    "/parcours/{parcours_id}/issue#parcours_id": "SELECT id FROM pdp.parcours WHERE statut = 'cloture'",
    "tele_echange_id": "SELECT t.id FROM pdp.tele_echange t JOIN pdp.parcours p ON p.id = t.parcours_id WHERE p.statut = 'oriente'",
    "destinataire": "SELECT 'spst'",
    "partenaire_id": "SELECT partenaire_id FROM pdp.orientation WHERE statut = 'envoyee' AND dispositif = 'cap_emploi'",
    "signalement_id": "SELECT g.id FROM pdp.signalement g WHERE g.statut = 'a_trier' AND g.plateforme_id = 'PF35' ORDER BY g.priorite",
    "orientation_id": "SELECT id FROM pdp.orientation WHERE statut = 'envoyee' AND dispositif = 'cap_emploi'",
    "palier": "SELECT '90'",
    "categorie": "SELECT 'tms'",
    "risque": "SELECT 'maladie'",
    "numero": "SELECT version FROM pdp.dol_version WHERE plateforme_id = 'PF35'",
    "motif": "SELECT 'premier_appel'",
    "passage_id": "SELECT id FROM pdp.passage",
    "redistribution_id": "SELECT id FROM pdp.redistribution",
    "depot_id": "SELECT id FROM pdp.fichier_depose",
    "lot_id": "SELECT id FROM pdp.lot WHERE geste = 'attente'",
    "/equipe/lots/{lot_id}#lot_id": "SELECT id FROM pdp.lot WHERE geste = 'affectation'",
    "agent_id": "SELECT agent_id FROM securite.compte WHERE login = 'csam'",
    "message_id": "SELECT id FROM pdp.outbox WHERE canal = 'courrier'",
    "/parcours/{parcours_id}/rouvrir#parcours_id": "SELECT id FROM pdp.parcours WHERE statut = 'cloture'",
    "ligne_id": "SELECT id FROM identite.quarantaine WHERE resolue_at IS NULL",
    "fichier_id": "SELECT id FROM pdp.echange_fichier WHERE sens = 'envoi'",
    "/equipe/echanges/{fichier_id}#fichier_id": "SELECT id FROM pdp.echange_fichier WHERE sens = 'reponse'",
    "/parcours/{parcours_id}/orientations/{orientation_id}/noter#parcours_id": (
        "SELECT parcours_id FROM pdp.orientation WHERE statut = 'envoyee' AND dispositif = 'cap_emploi'"
    ),
    "nom": "SELECT table_nom FROM evaluation.publication ORDER BY 1",
}
# Addresses whose page asks for a question in the query string.
QUESTIONS: dict[str, str] = {
    "/equipe/essai": "?cle=palier_signalement_j60&valeur=45",
    "/equipe/redistribution": "?agent={csam}&du=2026-12-01",
    "/equipe/organisation/apercu": "?acte=mutation&agents={csam}&vers={unite}&le=2026-12-01",
}


@pytest.fixture
def monde(lieu: donnees.Lieu, app: FastAPI, horloge: Horloge, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> Monde:
    return build_monde(lieu, app, admin, monkeypatch)


@contextmanager
def count_statements() -> Iterator[list[str]]:
    """Statements that the portal sends meanwhile."""
    vus: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        vus.append(statement)

    moteur = db.engine(settings().url_portail)
    event.listen(moteur, "before_cursor_execute", note)
    try:
        yield vus
    finally:
        event.remove(moteur, "before_cursor_execute", note)


def _list_pages(app: FastAPI) -> list[tuple[str, str]]:
    """(function, address) of every page; what anybody signed in may see is looked at as a coordinator."""
    routes = [r for r in app.routes if isinstance(r, RouteProtegee) and "GET" in r.methods and r.path not in SANS_COMPTE]
    pages = []
    for route in routes:
        roles = vars(route.endpoint)["roles_admis"]
        pages += [("csam" if "connecte" in roles else role, route.path) for role in sorted(roles)]
    return pages


def _fill(adresse: str, admin: Admin, monde: Monde) -> str:
    """The address of something that exists."""

    def one(trouve: re.Match[str]) -> str:
        nom = trouve[1]
        if nom == "jeton":
            return monde.jetons[adresse.split("/")[1]]
        requete = PARAMETRES.get(f"{adresse}#{nom}", PARAMETRES.get(nom))
        assert requete, f"{adresse}: say in PARAMETRES what to open as {nom}"
        ligne = admin.execute(requete).fetchone()
        assert ligne, f"{adresse}: the data have no {nom}"
        return str(ligne[0])

    return re.sub(r"\{([a-z_]+)(?::path)?\}", one, adresse) + _question(adresse, monde, admin)


def _question(adresse: str, monde: Monde, admin: Admin) -> str:
    unite = admin.execute("SELECT id FROM pdp.unite WHERE plateforme_id = 'PF35' AND code = 'plateforme'").fetchone()
    return QUESTIONS.get(adresse, "").format(csam=monde.jeu.lieu.comptes["csam"], unite=unite[0] if unite else "")


def _count_all(adresses: dict[tuple[str, str], str], clients: Callable[[str], TestClient]) -> dict[tuple[str, str], int]:
    comptes = {}
    for (role, chemin), adresse in adresses.items():
        client = clients(role)
        client.get(adresse)  # what a process reads once is not the page's
        with count_statements() as vus:
            reponse = client.get(adresse)
        assert reponse.status_code in (200, 303), (role, adresse, reponse.text[-500:])
        comptes[role, chemin] = len(vus)
    return comptes


def _read_attendues() -> dict[tuple[str, str], int]:
    lignes = [x.split(" | ") for x in ATTENDUES.read_text(encoding="utf-8").splitlines() if x and not x.startswith("#")]
    return {(role, chemin): int(nombre) for role, chemin, nombre in lignes}


def test_statements_of_each_page_are_those_written_down_and_do_not_grow(
    app: FastAPI, monde: Monde, connecter: Connecter, admin: Admin
) -> None:
    pages = _list_pages(app)
    adresses = {(role, chemin): _fill(chemin, admin, monde) for role, chemin in pages}
    signes: dict[str, TestClient] = {"public": monde.invitee}

    def client_of(role: str) -> TestClient:
        if role not in signes:
            signes[role] = connecter(role)
        return signes[role]

    petit = _count_all(adresses, client_of)
    avant = admin.execute("SELECT count(*) FROM pdp.parcours").fetchone()
    grow(admin, FOIS)
    apres = admin.execute("SELECT count(*) FROM pdp.parcours").fetchone()
    assert avant
    assert apres
    assert apres[0] >= avant[0] * FOIS
    grand = _count_all(adresses, client_of)
    assert {page: (petit[page], grand[page]) for page in petit if petit[page] != grand[page]} == {}, "these pages grow with the data"
    if os.environ.get("PDP_ECRIRE_REQUETES") == "1":
        lignes = [f"{role} | {chemin} | {nombre}" for (role, chemin), nombre in sorted(grand.items())]
        ATTENDUES.write_text("\n".join([EN_TETE, *lignes]) + "\n", encoding="utf-8")
    attendues = _read_attendues()
    ecarts = {page: (attendues.get(page), grand.get(page)) for page in attendues.keys() | grand.keys()}
    assert {page: couple for page, couple in ecarts.items() if couple[0] != couple[1]} == {}, "(written, counted)"


def test_a_page_that_reads_row_by_row_would_be_seen(monde: Monde, admin: Admin) -> None:
    """The data do grow where a page looks: lists, one case's history, names."""

    def counts() -> list[int]:
        requetes = (
            "SELECT count(*) FROM identite.assure WHERE nom = %s",
            "SELECT count(*) FROM pdp.contact WHERE canal = 'telephone' OR %s = ''",
            "SELECT count(*) FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id WHERE p.statut = 'oriente' OR %s = ''",
            "SELECT count(*) FROM journal.evenement WHERE parcours_id IS NOT NULL OR %s = ''",
            "SELECT count(*) FROM pdp.signalement WHERE statut = 'a_trier' OR %s = ''",
        )
        lignes = [admin.execute(requete, (NOMS_ASSURES[0],)).fetchone() for requete in requetes]
        return [ligne[0] for ligne in lignes if ligne]

    avant = counts()
    grow(admin, FOIS)
    assert all(apres >= FOIS * n > 0 for apres, n in zip(counts(), avant, strict=True))
