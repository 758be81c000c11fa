"""What is wrong with the page a browser shows: what axe-core refuses, what is wider than the window. One look for all browser tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

CAPTURES = os.environ.get("PDP_CAPTURES")
"""Folder where pictures are kept, when somebody wants to look; unset, none is taken: they cost half of a look."""
LARGEURS = (1440, 320)
_DEPLIER = "document.querySelectorAll('details').forEach(d => { d.dataset.avant = d.open; d.open = true })"
_REPLIER = "document.querySelectorAll('details').forEach(d => { d.open = d.dataset.avant === 'true' })"
_TROP_LARGE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def look(page: Page, nom: str) -> list[str]:
    """Defects of the page as it is. A page on which hardly any rule applies was not looked at: AssertionError."""
    if CAPTURES:
        page.screenshot(path=Path(CAPTURES) / f"{nom.strip('/').replace('/', '_')}.png", full_page=True)
    resultat = Axe().run(page).response
    assert len(resultat["passes"]) > 8, nom
    trop = page.evaluate(_TROP_LARGE)
    defauts = [f"{nom}: {v['id']} × {len(v['nodes'])}: {v['nodes'][0]['html'][:160]}" for v in resultat["violations"]]
    return [*defauts, *([f"{nom}: {trop} px too wide"] if trop > 0 else [])]


def list_defauts(page: Page, nom: str, largeurs: tuple[int, ...] = LARGEURS, *, replier: bool = False) -> list[str]:
    """Defects at each width, everything unfolded; then back to the first width. ``replier``: folds as they were."""
    defauts = []
    page.evaluate(_DEPLIER)
    for largeur in largeurs:
        page.set_viewport_size({"width": largeur, "height": 900})
        defauts += look(page, f"{nom}_{largeur}")
    if replier:
        page.evaluate(_REPLIER)
    page.set_viewport_size({"width": largeurs[0], "height": 900})
    return defauts


def press(page: Page, role: Any, nom: str, touche: str = "Enter") -> None:
    """Reach a control and press a key, as somebody without a mouse does."""
    page.get_by_role(role, name=nom).first.focus()
    page.keyboard.press(touche)
