"""Every main screen in Chromium: seen, accessible, without sideways scroll, without a browser's complaint; and the checks themselves."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text

from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.embedded.ecrans import ECRANS, Ecran
from pdp.embedded.essais import find_chromium
from pdp.embedded.navigateur import check, launch, open_visite
from pdp.embedded.screenshots import LARGEURS, describe_platform, visit
from pdp.portal.app import create_app
from pdp.simulation import personnes
from pdp.simulation.profils import Dossier
from pdp.simulation.scenario import Calendrier
from pdp.storage import db
from plateforme_e2e import Plateforme

# the last three exist once somebody has chosen people or confirmed: test_redistribution_axe and test_lots_axe look at them at both widths
PAS_DES_ECRANS = {
    *("/sante", "/sante/vivant", "/sante/pret", "/metrics"),  # machines ask
    "/statique/{nom}",
    "/",
    "/evaluation/{nom}.csv",
    "/agenda/flux/{jeton}.ics",
    "/rendez-vous/{jeton}/rendez-vous.ics",
    "/parcours/{parcours_id}/messages/{message_id}",  # test_messages_navigateur looks at every state at both widths
    "/parcours/{parcours_id}/messages/{message_id}/lettre.pdf",
    "/equipe/redistributions/{redistribution_id}",
    "/lots/{lot_id}",
    "/equipe/lots/{lot_id}",
    "/equipe/organisation/apercu",  # test_organisation looks at it at both widths
    "/equipe/echanges/{fichier_id}",  # test_echanges_navigateur looks at these four at both widths
    "/partenaire/fichiers",
    "/partenaire/fichiers/{fichier_id}/contenu",
    "/parcours/{parcours_id}/orientations/{orientation_id}/noter",
}


def _work_a_full_list(plateforme: Plateforme, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small cohort spreads few people over many coordinators: that of the account follows them all, after some ordinary days."""
    with db.begin(settings().url_app, systeme("essai")) as conn:
        csam = conn.execute(text("SELECT agent_id FROM securite.compte WHERE login = 'csam'")).scalar_one()
        conn.execute(text("UPDATE pdp.parcours SET csam_id = :csam WHERE plateforme_id = 'PF35'"), {"csam": csam})
        nouveaux = conn.execute(
            text(
                "SELECT id FROM pdp.parcours p WHERE plateforme_id = 'PF35' AND statut = 'affecte'"
                " AND NOT EXISTS (SELECT 1 FROM pdp.contact WHERE parcours_id = p.id) ORDER BY id"
            )
        ).scalars()
        libres = list(nouveaux)[1:]
    dossiers = [Dossier(ident, "PF35", csam, clos=False, rang=rang, contacte=False) for rang, ident in enumerate(libres)]
    monkeypatch.setattr(personnes, "PREMIERS", 0)
    monkeypatch.setattr(personnes, "_dossiers", lambda *_: dossiers)
    personnes.play_journee(Calendrier.load(plateforme.etat.racine))


@pytest.mark.e2e
@pytest.mark.browser
@pytest.mark.usefixtures("reglages")
def test_every_screen_is_seen_and_clean(plateforme: Plateforme, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _work_a_full_list(plateforme, monkeypatch)
    # the narrow width, where pages break; ``./pdp screenshots`` goes round at both
    resultat = visit(describe_platform(plateforme.stack, plateforme.stack.env), tmp_path, (min(LARGEURS),))
    assert resultat["violations"] == []
    assert resultat["pages"] == len(ECRANS) - len(resultat["non_montres"])
    assert resultat["captures"] == len(list(tmp_path.glob("*.png"))) == resultat["pages"]
    attendues = {route.path: route.path_regex for route in create_app().routes if isinstance(route, APIRoute) and "GET" in route.methods}
    oubliees = {p for p, forme in attendues.items() if not any(forme.match(adresse) for adresse in resultat["adresses"])}
    assert oubliees <= PAS_DES_ECRANS


SAINE = (
    '<!doctype html><html lang="fr"><head><title>Essai</title><link rel="icon" href="data:,"></head>'
    "<body><main><h1>Essai</h1><p>données synthétiques</p>{}</main></body></html>"
)
PAGES = {
    "/saine": (200, SAINE.format("")),
    "/axe": (200, SAINE.format('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">')),
    "/bandeau": (200, SAINE.replace("données synthétiques", "").format("")),
    "/debordement": (200, SAINE.format('<p style="width: 600px">large</p>')),
    "/console": (200, SAINE.format("<script>undefined.rien</script>")),
    "/http": (200, SAINE.format('<script src="/absent.js"></script>')),
    "/statut": (500, SAINE.format("")),
}


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        statut, contenu = PAGES.get(self.path, (404, ""))
        self.send_response(statut)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(contenu.encode())

    def log_message(self, *_: object) -> None:
        """Silent: the test looks at pages, not at requests."""


@pytest.fixture
def adresse() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as serveur:
        fil = threading.Thread(target=serveur.serve_forever, daemon=True)
        fil.start()
        yield f"http://127.0.0.1:{serveur.server_port}"
        serveur.shutdown()
        fil.join(timeout=10)


@pytest.mark.browser
def test_each_defect_is_seen_alone(adresse: str, tmp_path: Path) -> None:
    """One page per kind of defect: the checks see it, and see nothing else."""
    vus = {}
    with launch(find_chromium()) as navigateur:
        for chemin in PAGES:
            ecran = Ecran(chemin[1:], None, chemin)
            visite = open_visite(navigateur, adresse, None)
            visite.show(ecran, {})
            vus[chemin] = {defaut.genre for defaut in check(visite, ecran, 320, tmp_path / f"{ecran.nom}.png")}
    assert vus == {
        "/saine": set(),
        "/axe": {"axe"},
        "/bandeau": {"bandeau"},
        "/debordement": {"debordement"},
        "/console": {"console"},
        "/http": {"http"},
        "/statut": {"http"},
    }
    assert len(list(tmp_path.glob("*.png"))) == len(PAGES)


def test_names_of_screens_are_file_names_and_unique() -> None:
    noms = [ecran.nom for ecran in ECRANS]
    assert len(set(noms)) == len(noms)
    assert [nom for nom in noms if not re.fullmatch(r"[a-z0-9_]+", nom)] == []
