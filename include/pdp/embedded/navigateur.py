"""A real Chromium on the screens: sign in, make the gestures, take the picture, tell what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

from pdp.embedded.ecrans import Ecran

BANDEAU = "données synthétiques"
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_CONTEXTE: dict[str, Any] = {"locale": "fr-FR", "timezone_id": "Europe/Paris", "reduced_motion": "reduce"}
_HAUTEUR = 900
_ATTENTE_MS = 20_000
# every rule of axe-core, best practices included, and the size of targets, which is off by default
_AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
_DEBORDEMENT = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True)
class Defaut:
    """Something wrong on a screen. ``genre``: axe, bandeau, debordement, console, http, absent, echec."""

    ecran: str
    largeur: int
    genre: str
    detail: str


class EcranAbsent(RuntimeError):
    """A gesture of the screen has nothing to act on: the data of the platform do not show it."""


@dataclass
class Visite:
    """One signed-in person; remembers what the browser complained about since the last :meth:`take`."""

    page: Page
    base: str
    plaintes: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(_ATTENTE_MS)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda erreur: self.plaintes.append(("console", str(erreur)[:300])))
        self.page.on("requestfailed", self._on_request_failed)
        self.page.on("response", self._on_response)
        self.statut = 200

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium repeats every HTTP error here: the responses already tell it
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.plaintes.append(("console", message.text[:300]))

    def _on_request_failed(self, requete: Request) -> None:
        if requete.failure != "net::ERR_ABORTED":  # given up by the browser itself because the next page came
            self.plaintes.append(("http", f"{requete.url} {requete.failure}"))

    def _on_response(self, reponse: Response) -> None:
        if reponse.status >= 400 and reponse.status != self.statut:
            self.plaintes.append(("http", f"{reponse.status} {reponse.request.method} {reponse.url}"))

    def take(self) -> list[tuple[str, str]]:
        """What was wrong, once."""
        prises, self.plaintes = self.plaintes, []
        return prises

    def show(self, ecran: Ecran, exemples: Mapping[str, str]) -> None:
        """Open the screen and make its gestures. Raises :class:`EcranAbsent`."""
        self.statut = ecran.statut
        try:
            chemin = ecran.chemin.format_map(exemples)
        except KeyError as erreur:
            raise EcranAbsent(f"no {erreur.args[0]} in the data of this platform") from None
        reponse = self.page.goto(self.base + chemin)
        if reponse is not None and reponse.status != ecran.statut:
            self.plaintes.append(("http", f"{reponse.status} instead of {ecran.statut} on {ecran.nom}"))
        for geste, cible in ecran.gestes:
            _GESTES[geste](self.page, cible)


def _click(page: Page, cible: str) -> None:
    page.locator(cible).first.click()
    page.wait_for_load_state()


def _open(page: Page, cible: str) -> None:
    page.locator(cible).first.evaluate("d => { d.open = true }")


def _click_disabled(page: Page, cible: str) -> None:
    """As if the counter had come down to zero after the page was shown."""
    page.locator(cible).first.evaluate("b => { b.disabled = false; b.click() }")
    page.wait_for_load_state()


def _wait(page: Page, cible: str) -> None:
    page.locator(cible).first.wait_for()


def _upload(page: Page, nom: str) -> None:
    """Send a file that the reception will refuse as a whole: the screen is the same, and nothing enters."""
    page.locator("input[type=file]").set_input_files([{"name": nom, "mimeType": "text/csv", "buffer": b"essai de capture\n"}])
    page.locator("form:has(input[type=file]) [type=submit]").click()
    page.wait_for_load_state()


def _present(faire: Callable[[Page, str], None]) -> Callable[[Page, str], None]:
    """Act at once on a page that the server made; what is not there will not come."""

    def act(page: Page, cible: str) -> None:
        if page.locator(cible).count() == 0:
            raise EcranAbsent(f"nothing matches {cible}")
        faire(page, cible)

    return act


_GESTES: dict[str, Callable[[Page, str], None]] = {
    "clic": _present(_click),
    "ouvrir": _present(_open),
    "clic_a_zero": _present(_click_disabled),
    "attendre": _wait,
    "deposer": _upload,
}


@contextmanager
def launch(executable: str | None) -> Iterator[Browser]:
    """Headless Chromium; ``None`` = the one of playwright, where it has one."""
    with sync_playwright() as pw:
        navigateur = pw.chromium.launch(executable_path=executable, args=list(_OPTIONS))
        try:
            yield navigateur
        finally:
            navigateur.close()


def open_visite(navigateur: Browser, base: str, compte: Mapping[str, str] | None, *, airflow: bool = False) -> Visite:
    """A browser of its own for one person, signed in when an account is given."""
    page = navigateur.new_context(**_CONTEXTE, viewport={"width": 1440, "height": _HAUTEUR}).new_page()
    visite = Visite(page, base)
    if compte is not None:
        _sign_in(visite, compte, ("/auth/login/", "#username", "#password") if airflow else ("/connexion", "#identifiant", "#mot_de_passe"))
    return visite


def _sign_in(visite: Visite, compte: Mapping[str, str], ou: tuple[str, str, str]) -> None:
    chemin, nom, secret = ou
    visite.page.goto(visite.base + chemin)
    visite.page.fill(nom, compte["login"])
    visite.page.fill(secret, compte["mot_de_passe"])
    visite.page.locator("[type=submit]").first.click()
    visite.page.wait_for_url(lambda url: chemin not in url)


def check(visite: Visite, ecran: Ecran, largeur: int, image: Path | None) -> list[Defaut]:
    """Look at the open screen at one width; the picture goes to ``image``. Airflow's own screens are pictured, not judged."""
    page = visite.page
    page.set_viewport_size({"width": largeur, "height": _HAUTEUR})
    if image is not None:
        page.screenshot(path=image, full_page=True, animations="disabled")
    if ecran.role == "airflow":
        return []
    trouves = visite.take()
    if BANDEAU not in page.locator("body").inner_text():
        trouves.append(("bandeau", f"the page does not say « {BANDEAU} »"))
    trop = int(page.evaluate(_DEBORDEMENT))
    if trop > 0:
        trouves.append(("debordement", f"{trop} px wider than the window"))
    trouves += [("axe", detail) for detail in _run_axe(page)]
    return [Defaut(ecran.nom, largeur, genre, detail) for genre, detail in trouves]


def _run_axe(page: Page) -> list[str]:
    """Violations of any impact. The script comes by the debugging protocol: the page's own policy stays as it is."""
    page.evaluate(AXE_SCRIPT)
    resultat = page.evaluate("options => axe.run(document, options)", _AXE)
    return [
        f"{v['id']} ({v['impact']}, {len(v['nodes'])} element(s)): {v['help']}: {' '.join(v['nodes'][0]['html'].split())[:200]}"
        for v in resultat["violations"]
    ]


def save_extract(visite: Visite, image: Path, largeur: int, hauteur: int) -> None:
    """Picture of the top of the screen, small enough for the documentation."""
    visite.page.set_viewport_size({"width": largeur, "height": hauteur})
    visite.page.screenshot(path=image, animations="disabled")
