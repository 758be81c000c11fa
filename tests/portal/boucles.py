"""A whole hand-over seen from both sides: the stage, the coordinator in her browser, and what the tables must hold at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Locator, Page, expect

import fabrique
from fabrique import lot
from pdp.clock import PARIS
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.services.apply_reponses import apply_reponses
from portal.conftest import Horloge
from portal.donnees import Lieu
from portal.navigateur import chromium, connect, serve
from relais import SECRET_B64, boite, consent

PATIENCE_MS = 60_000
"""A slow machine is waited for; nothing waits when the page is there."""
LARGEURS = (1440, 320)
MOTIF = "Un appui pour ses démarches pendant l'arrêt."
RAPPORT = "Deux rencontres faites. Les démarches sont terminées."
COLLECTE = systeme("collect_reponses")


@dataclass
class Scene:
    """The portal served, a browser, the clock, the mail sink, and behind row security to look only."""

    adresse: str
    navigateur: Browser
    horloge: Horloge
    admin: psycopg.Connection[Any]
    lieu: Lieu
    dossier: Path
    courriels: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def maintenant(self) -> datetime:
        return self.horloge.instant

    def open_page(self, login: str | None = None) -> Page:
        """A browser of its own, signed in when a login is given."""
        page = self.navigateur.new_context(locale="fr-FR", viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(PATIENCE_MS)
        if login is not None:
            connect(page, self.adresse, login)
        return page

    def apply(self) -> None:
        """What waits in the inbox, as the collect service does; a second passage finds nothing."""
        with lot(COLLECTE) as conn:
            assert apply_reponses(conn, "PF35", COLLECTE, self.maintenant).echoues == 0
        with lot(COLLECTE) as conn:
            assert apply_reponses(conn, "PF35", COLLECTE, self.maintenant).traites == 0

    def read(self, requete: str, *parametres: object) -> list[tuple[Any, ...]]:
        return self.admin.execute(requete, parametres).fetchall()


@contextmanager
def open_scene(
    app: FastAPI, lieu: Lieu, horloge: Horloge, admin: psycopg.Connection[Any], dossier: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    monkeypatch.setenv("PDP_ECHANGES", str(dossier / "echanges"))
    with boite(dossier) as (port, courriels), serve(app) as adresse, chromium() as navigateur:
        monkeypatch.setenv("PDP_SMTP_PORT", str(port))
        settings.cache_clear()
        yield Scene(adresse, navigateur, horloge, admin, lieu, dossier, courriels, monkeypatch)


class Conseillere:
    """The coordinator: she prepares, sends, follows, reads the report and closes, all in her browser."""

    def __init__(self, scene: Scene, destinataire: str) -> None:
        self.scene = scene
        with lot() as conn:
            self.dossier = fabrique.parcours(conn, csam=scene.lieu.comptes["csam"], statut="accord_demande")
            consent(conn, self.dossier, destinataire)
        ((self.nom,),) = scene.read("SELECT nom FROM identite.assure WHERE id = %s", self.dossier.assure)
        self.page = scene.open_page("csam")
        self.fiche = f"{scene.adresse}/parcours/{self.dossier.parcours}"
        self.orientation: UUID

    @property
    def bloc(self) -> Locator:
        """This hand-over on the case page."""
        return self.page.locator(f"#relais-{self.orientation}")

    def go(self, adresse: str) -> None:
        """As a person does: sessions end after half an hour without a gesture, she signs in again."""
        self.page.goto(adresse)
        if "/connexion" in self.page.url:
            connect(self.page, self.scene.adresse, "csam")
            self.page.goto(adresse)

    def orient(self, partenaire: UUID) -> None:
        """From the case page to the confirmation, through the preview of what the partner will see."""
        self.page.goto(self.fiche)
        self.page.get_by_role("link", name="Proposer une orientation").first.click()
        self.page.locator(f'a.bouton[href$="/orientations/{partenaire}"]').click()
        apercu = self.page.locator("section:has(#h-apercu)")
        expect(apercu).to_contain_text("Ce que le partenaire verra", timeout=PATIENCE_MS)
        expect(apercu).to_contain_text(self.nom)
        assert self.scene.read("SELECT count(*) FROM pdp.outbox") == [(0,)], "a preview sends nothing"
        self.page.get_by_label("Pourquoi ce relais").fill(MOTIF)
        self.page.get_by_role("button", name="Confirmer et transmettre").click()
        self.check_said("Orientation enregistrée")
        ((self.orientation,),) = self.scene.read("SELECT id FROM pdp.orientation WHERE parcours_id = %s", self.dossier.parcours)

    def check_said(self, texte: str) -> None:
        expect(self.page.locator(".messages")).to_contain_text(texte, timeout=PATIENCE_MS)

    def check_relais(self, statut: str, faits: list[str], balle: str | None, prevus: list[str] | None = None) -> None:
        """What her page shows of it now: the badge, the steps done, those dated and not passed, whose turn it is (None = nobody's)."""
        self.go(self.fiche)
        expect(self.bloc.locator("h3 .badge")).to_contain_text(statut, timeout=PATIENCE_MS)
        assert (self._steps("fait"), self._steps("prevu")) == (faits, prevus or [])
        chez = [f"La balle est chez {balle}"] if balle else []
        assert self.bloc.locator("strong", has_text="La balle est chez").all_inner_texts() == chez

    def _steps(self, genre: str) -> list[str]:
        return [re.sub(r"^\W+", "", texte) for texte in self.bloc.locator(f"ol.pas li.{genre} > span:first-child").all_inner_texts()]

    def read_rapport(self) -> None:
        """The report is on the page, its reason to act is open; she reads and says so."""
        expect(self.bloc.locator("p.citation").first).to_have_text(RAPPORT, timeout=PATIENCE_MS)
        assert self._taches().count(None) == 1
        expect(self.page.locator("section.prochaine")).to_contain_text("Accompagnement terminé : lire le compte rendu.")
        self.page.locator(".tache:not(.relais)", has_text="lire le compte rendu").get_by_role("button", name="C'est fait").click()
        self.page.wait_for_url(re.compile(r"/(parcours|ma-liste)"))
        expect(self.page.locator(".messages")).not_to_be_empty(timeout=PATIENCE_MS)
        assert all(self._taches())

    def close(self) -> None:
        self.go(f"{self.fiche}/cloture")
        self.page.get_by_label("Pourquoi le parcours s'arrête").select_option("reprise_amenagee")
        self.page.get_by_label("Situation de la personne").select_option("poste_amenage")
        self.page.get_by_label("Depuis le").fill(self.scene.maintenant.date().isoformat())
        self.page.get_by_label("Qui le dit").select_option("partenaire")
        self.page.get_by_role("button", name="Clôturer").click()
        self.check_said("Parcours clos")
        expect(self.page.locator("#h-clos")).to_contain_text("Parcours clos le 18/11/2026", timeout=PATIENCE_MS)
        expect(self.bloc.locator("h3 .badge")).to_contain_text("Accompagnement terminé")

    def _taches(self) -> list[datetime | None]:
        """When each report to read was closed."""
        requete = "SELECT fermee_at FROM pdp.tache WHERE parcours_id = %s AND motif = 'lire_reponse' ORDER BY ouverte_at"
        return [fermee for (fermee,) in self.scene.read(requete, self.dossier.parcours)]


def soon(maintenant: datetime) -> datetime:
    """A meeting a few minutes from now, at a whole minute of Paris."""
    return (maintenant + timedelta(minutes=5)).astimezone(PARIS).replace(second=0, microsecond=0)
