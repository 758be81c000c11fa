"""A person who has a keyboard only: Tab, Enter, Space, arrows, letters. A pointer that moves is noted, and fails the test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from playwright.sync_api import Locator, Page

from portal.regard import look

TOUCHES_MAX = 250
"""Tab stops before a control is said out of reach."""
GUETTEUR = """
for (const genre of ["pointerdown", "pointerup", "pointermove", "mousedown", "mouseup", "mousemove", "touchstart", "wheel"])
  window.addEventListener(genre, () => window.noterPointeur(genre + " " + location.pathname), { capture: true, passive: true });
window.addEventListener("focusin", (e) => requestAnimationFrame(() => {
  if (document.activeElement !== e.target) return;
  const r = e.target.getBoundingClientRect();
  const s = getComputedStyle(e.target);
  const dedans = r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth;
  const vu = r.width > 0 && r.height > 0 && s.visibility !== "hidden" && dedans;
  const marque = s.outlineStyle !== "none" || s.boxShadow !== "none";
  if (!vu || !marque) window.noterFoyer((vu ? "not marked: " : "not seen: ") + e.target.outerHTML.slice(0, 160));
}), { capture: true });
"""
# How many Tab stops lie between the focus and a control, about: radio groups and scrolling boxes may differ by a few.
ECART = """(cible) => {
  const genres = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const visible = (e) => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({ visibilityProperty: true });
  const saute = (e) => e.type === "radio" && !e.checked && e.form && e.form.querySelector(`[name="${e.name}"]:checked`);
  const arrets = Array.from(document.querySelectorAll(genres)).filter((e) => visible(e) && !saute(e));
  return { ici: arrets.indexOf(document.activeElement), la: arrets.indexOf(cible), fait: document.activeElement === cible };
}"""


@dataclass
class Clavier:
    """One page driven by keys; what goes wrong on the way is kept: pointer events, hidden focus, axe violations, sideways scroll."""

    page: Page
    pointeurs: list[str] = field(default_factory=list)
    foyers_caches: set[str] = field(default_factory=set)
    constats: dict[str, list[str]] = field(default_factory=dict)
    etats: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.expose_function("noterPointeur", lambda quoi: self.pointeurs.append(quoi))
        self.page.expose_function("noterFoyer", lambda quoi: self.foyers_caches.add(quoi))
        self.page.add_init_script(GUETTEUR)

    # -- moving

    def find(self, role: Any, nom: str, dans: str | None = None) -> Locator:
        """The control of that role whose accessible name begins so; ``dans`` = CSS of a part of the page."""
        racine: Page | Locator = self.page.locator(dans) if dans else self.page
        return racine.get_by_role(role, name=re.compile(rf"^\W*{re.escape(nom)}")).first

    def reach(self, cible: Locator) -> None:
        """Tab to it, forward, as far as needed; every stop on the way must be seen, and marked."""
        poignee = cible.element_handle()
        ecart = self.page.evaluate(ECART, poignee)
        for _ in range(max(0, ecart["la"] - ecart["ici"] - 3) if ecart["la"] > ecart["ici"] else 0):
            self.page.keyboard.press("Tab")
        for _ in range(TOUCHES_MAX):
            if self.page.evaluate("(c) => document.activeElement === c", poignee):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"not reached by keyboard: {cible}")

    def focused(self) -> str:
        """Text of what has the focus; "" when it is lost."""
        return str(self.page.evaluate("document.activeElement === document.body ? '' : document.activeElement.innerText || ''")).strip()

    # -- acting

    def press(self, *touches: str) -> None:
        for touche in touches:
            self.page.keyboard.press(touche)

    @contextmanager
    def leaves(self) -> Iterator[None]:
        """Another page comes."""
        with self.page.expect_navigation(wait_until="load"):
            yield

    def open(self, role: Any, nom: str, dans: str | None = None) -> None:
        """Reach a link or a button and press Enter; another page comes."""
        self.reach(self.find(role, nom, dans))
        with self.leaves():
            self.press("Enter")

    def unfold(self, sommaire: str, dans: str | None = None) -> None:
        """Open a fold whose summary begins so, from the keyboard."""
        racine: Page | Locator = self.page.locator(dans) if dans else self.page
        pli = racine.locator("summary").filter(has_text=sommaire).first
        self.reach(pli)
        if pli.evaluate("e => !e.parentElement.open"):
            self.press("Enter")

    def type(self, champ: Locator, texte: str) -> None:
        self.reach(champ)
        self.page.keyboard.type(texte)

    def type_date(self, champ: Locator, jour: date) -> None:
        """The order of the parts is that of the browser: whichever, the value must be the day."""
        self.reach(champ)
        for forme in ("%d%m%Y", "%m%d%Y", "%Y%m%d"):
            self.page.keyboard.type(jour.strftime(forme))
            if champ.input_value() == jour.isoformat():
                return
            self.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
        raise AssertionError(f"the date cannot be typed: {champ.input_value()}")

    def choose(self, champ: Locator, option: str) -> None:
        """An option of a list by its first letters."""
        self.reach(champ)
        self.page.keyboard.type(option)
        choisie = champ.evaluate("e => e.options[e.selectedIndex].text")
        assert choisie.lower().startswith(option.lower()), choisie

    def check(self, case: Locator) -> None:
        self.reach(case)
        if not case.is_checked():
            self.press("Space")
        assert case.is_checked()

    def sign_in(self, adresse: str, login: str, mot_de_passe: str) -> None:
        self.page.goto(f"{adresse}/connexion")
        self.type(self.page.locator("#identifiant"), login)
        self.type(self.page.locator("#mot_de_passe"), mot_de_passe)
        with self.leaves():
            self.press("Enter")
        assert "/connexion" not in self.page.url

    # -- looking

    def look(self, etat: str) -> None:
        """axe-core on the page as it is, and no sideways scroll."""
        self.etats.append(etat)
        if defauts := look(self.page, etat):
            self.constats[etat] = defauts

    def message(self) -> str:
        """What the page says was done."""
        return self.page.inner_text(".messages")

    def text(self) -> str:
        return self.page.inner_text("main")

    def check_clean(self) -> None:
        """Nothing went wrong on the way."""
        assert self.pointeurs == [], "a pointer reached the page"
        assert self.foyers_caches == set(), "the focus was hidden or not marked"
        assert self.constats == {}
