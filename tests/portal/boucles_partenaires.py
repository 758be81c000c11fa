"""The other side of a hand-over, by its own screen: an account on the portal, a link by mail, the software of a FHIR partner."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from datetime import datetime, timedelta
from uuid import UUID

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

import fabrique
from fabrique import lot
from lien_partenaire import Courriels, partenaire_par_lien, read_code, read_jeton
from pdp.services.collect_reponses import poll_partenaires
from pdp.services.send_outbox import send_due
from portal.boucles import MOTIF, PATIENCE_MS, RAPPORT, Conseillere, Scene
from relais_fhir import serveur_fhir

ETAPES = ["Envoyée", "Reçue", "Acceptée", "Rendez-vous", "Nouvelles", "Terminée"]


class Cote(ABC):
    """One partner: each method is what its people do, on their side only."""

    canal: str
    type = "service_social"
    pas = timedelta(minutes=10)
    """Between two acts: what its people do, then the passage that brings it back."""
    dit_recue = True
    """Whether this transport says that the hand-over was received before it is answered."""

    def __init__(self, scene: Scene, pile: ExitStack) -> None:
        """``pile`` closes what this partner needs to live."""
        self.scene = scene
        self.conseillere: Conseillere
        self.partenaire = self.create(pile)

    @abstractmethod
    def create(self, pile: ExitStack) -> UUID: ...

    def deliver(self) -> None:
        """The passage that sends; done twice, it sends once."""
        assert send_due(self.scene.maintenant).echoues == 0
        assert send_due(self.scene.maintenant).traites == 0

    @abstractmethod
    def receive(self) -> None: ...

    @abstractmethod
    def accept(self) -> None: ...

    @abstractmethod
    def fix_rendez_vous(self, quand: datetime) -> None: ...

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def report(self) -> None: ...

    def collect(self) -> None:
        """The passage that brings answers back, when they do not come by themselves."""
        return

    @abstractmethod
    def check_end(self) -> Page | None:
        """What its side shows once all is over; its page, None when it has no screen."""

    @property
    def orientation(self) -> UUID:
        return self.conseillere.orientation

    def check_content(self, page: Page | Locator) -> None:
        """What was previewed, and no more."""
        expect(page).to_contain_text(self.conseillere.nom, timeout=PATIENCE_MS)
        expect(page).to_contain_text(MOTIF)


class Portail(Cote):
    canal, type = "portail", "cap_emploi"
    dit_recue = False

    def create(self, pile: ExitStack) -> UUID:
        return self.scene.lieu.comptes["partenaire"]

    @property
    def ici(self) -> Locator:
        return self.page.locator(f"#demande-{self.orientation}")

    def receive(self) -> None:
        self.page = self.scene.open_page("partenaire")
        self.check_content(self.ici)

    def accept(self) -> None:
        self.ici.get_by_role("button", name="Accepter").click()
        self._check_said("Réponse enregistrée")

    def fix_rendez_vous(self, quand: datetime) -> None:
        self.page.goto(f"{self.scene.adresse}/partenaire")
        self.ici.locator("summary", has_text="Fixer un rendez-vous").click()
        self.ici.get_by_label("Jour du rendez-vous").fill(f"{quand:%Y-%m-%d}")
        self.ici.get_by_label("Heure").fill(f"{quand:%H:%M}")
        self.ici.get_by_role("button", name="Enregistrer le rendez-vous").click()
        self._check_said("Rendez-vous enregistré")

    def begin(self) -> None:
        self.page.goto(f"{self.scene.adresse}/partenaire")
        self.ici.get_by_role("button", name="Premier rendez-vous fait").click()
        self._check_said("transmis")

    def report(self) -> None:
        self.page.goto(f"{self.scene.adresse}/partenaire")
        self.ici.locator("summary", has_text="Terminer et rendre compte").click()
        self.ici.get_by_label("Terminé").check()
        self.ici.get_by_label("Compte rendu").fill(RAPPORT)
        self.ici.get_by_role("button", name="Envoyer le compte rendu").click()
        self._check_said("transmis")

    def check_end(self) -> Page:
        self.page.goto(f"{self.scene.adresse}/partenaire?quoi=terminees")
        expect(self.ici).to_contain_text("Accompagnement terminé", timeout=PATIENCE_MS)
        self.page.goto(f"{self.scene.adresse}/partenaire/demandes/{self.orientation}")
        dites = self.page.locator("section:has(#reponses)")
        expect(dites).to_contain_text(RAPPORT, timeout=PATIENCE_MS)
        expect(dites.get_by_text("Prise en compte le")).to_have_count(4)
        expect(self.page.locator("#repondre")).to_have_count(0)
        return self.page

    def _check_said(self, mots: str) -> None:
        expect(self.page.locator(".messages")).to_contain_text(mots, timeout=PATIENCE_MS)


class Lien(Cote):
    canal = "lien"

    def create(self, pile: ExitStack) -> UUID:
        self.mails = Courriels.open(self.scene.courriels)
        return partenaire_par_lien(self.type)

    def deliver(self) -> None:
        super().deliver()
        (courriel,) = self.mails.take()
        assert self.conseillere.nom not in courriel
        self.lien = f"{self.scene.adresse}/lien/{read_jeton(courriel)}"

    def receive(self) -> None:
        """Behind the code only: without it the page names nobody, and opening it says nothing."""
        self.page = self.scene.open_page()
        self.page.goto(self.lien)
        self.page.get_by_role("button", name="Recevoir le code par courriel").click()
        expect(self.page.locator(".messages")).to_contain_text("Un code part", timeout=PATIENCE_MS)
        assert self.conseillere.nom not in self.page.content()
        assert self.scene.read("SELECT count(*) FROM pdp.inbox") == [(0,)]
        super().deliver()
        (courriel,) = self.mails.take()
        self.page.get_by_label("Code à six chiffres").fill(read_code(courriel))
        self.page.get_by_label("Votre nom et votre fonction").fill("Claude Martin, accueil")
        self.page.get_by_role("button", name="Ouvrir la demande").click()
        self.check_content(self.page.locator("main"))

    def accept(self) -> None:
        self.page.get_by_role("button", name="Accepter la demande").click()
        self._check_said("C'est noté")

    def fix_rendez_vous(self, quand: datetime) -> None:
        self.page.goto(self.lien)
        self.page.locator("summary", has_text="Donner la date du rendez-vous").click()
        self.page.get_by_label("Date du rendez-vous").fill(f"{quand:%Y-%m-%d}")
        self.page.get_by_label("Heure (Paris)").fill(f"{quand:%H:%M}")
        self.page.get_by_role("button", name="Enregistrer le rendez-vous").click()
        self._check_said("C'est noté")

    def begin(self) -> None:
        self.page.goto(self.lien)
        self.page.get_by_role("button", name="Premier rendez-vous fait").click()
        self._check_said("C'est noté")

    def report(self) -> None:
        self.page.goto(self.lien)
        self.page.locator("summary", has_text="Rendre compte de la fin").click()
        self.page.get_by_label("Terminé").check()
        self.page.get_by_label("Compte rendu").fill(RAPPORT)
        self.page.get_by_role("button", name="Envoyer le compte rendu").click()
        self._check_said("C'est noté")

    def check_end(self) -> Page:
        self.page.goto(self.lien)
        expect(self.page.locator("main")).to_contain_text("Cette demande est terminée", timeout=PATIENCE_MS)
        dites = self.page.locator("section:has(#h-dites)")
        expect(dites).to_contain_text(RAPPORT)
        expect(dites.get_by_text("Pris en compte le")).to_have_count(5)
        return self.page

    def _check_said(self, mots: str) -> None:
        expect(self.page.locator(".messages")).to_contain_text(mots, timeout=PATIENCE_MS)


class Fhir(Cote):
    canal, type = "fhir", "spst"
    pas = timedelta(minutes=62)  # a server is read every hour at most

    def create(self, pile: ExitStack) -> UUID:
        self.serveur = pile.enter_context(serveur_fhir(self.scene.dossier))
        with lot() as conn:
            partenaire = fabrique.partenaire(conn, self.type, "fhir", url=self.serveur.url)
            source = conn.execute(text("SELECT id_source FROM pdp.partenaire WHERE id = :i"), {"i": partenaire}).scalar_one()
        self.lieu = f"PF35/{source}"
        self.ecran = f"{self.serveur.url.removesuffix('/fhir')}/ecran/{self.lieu}"
        return partenaire

    def receive(self) -> None:
        self.page = self.scene.open_page()
        self.page.goto(self.ecran)
        self.check_content(self.page.locator("article"))
        self._act("Accuser réception", "Reçue")

    def accept(self) -> None:
        self._act("Accepter", "Acceptée")

    def fix_rendez_vous(self, quand: datetime) -> None:
        self.page.get_by_label("Date et heure").fill(f"{quand:%Y-%m-%dT%H:%M}")
        self._act("Fixer le rendez-vous", "version 4")

    def begin(self) -> None:
        self._act("Commencer l'accompagnement", "En cours")

    def report(self) -> None:
        self.page.get_by_label("Compte rendu").fill(RAPPORT)
        self._act("Terminer", "Terminée")

    def _act(self, bouton: str, attendu: str) -> None:
        self.page.get_by_role("button", name=bouton, exact=True).click()
        expect(self.page.locator("article")).to_contain_text(attendu, timeout=PATIENCE_MS)

    def collect(self) -> None:
        assert poll_partenaires(self.scene.maintenant).traites == 1
        assert poll_partenaires(self.scene.maintenant).traites == 0

    def check_end(self) -> Page:
        self.page.goto(self.ecran)
        expect(self.page.locator("article")).to_have_count(1)
        expect(self.page.locator("article")).to_contain_text("Terminée", timeout=PATIENCE_MS)
        expect(self.page.locator("article")).to_contain_text("Rendez-vous fixé : 18/11/2026 à")
        expect(self.page.locator("article")).to_contain_text(RAPPORT)
        expect(self.page.locator("article button")).to_have_count(0)
        assert self.serveur.tache(self.lieu)["status"] == "completed"
        return self.page
