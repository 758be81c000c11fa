"""Partners without a screen of their own, or that work on papers: an interface between machines, secure mail, files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Page, expect
from sqlalchemy import text

import fabrique
from fabrique import lot
from lecture_pdf import read_pdf
from messagerie import BOITE, DOMAINE, connect, operateur, read
from pdp.domain.reponse_fichier import FIN
from pdp.partners.consultation import Constat, consult
from pdp.partners.contrat import Destinataire, Envoi
from pdp.partners.simulateur import create_app
from pdp.partners.simulateur_registre import Registre
from pdp.partners.simulateur_reponses import humaine
from pdp.services.collect_reponses import poll_partenaires
from pdp.services.exchange_csv import export_lots
from pdp.services.read_boite import read_boites
from pdp.services.take_reponses_csv import take_reponses
from portal.boucles import MOTIF, PATIENCE_MS, RAPPORT
from portal.boucles_partenaires import Cote
from relais import SECRET
from relais_fhir import listening


class RegistreTenu(Registre):
    """Memory of a partner whose people answer themselves: nothing is drawn, what it received is kept whole."""

    def __init__(self, fichier: Path) -> None:
        super().__init__(fichier)
        self.recus: list[Mapping[str, Any]] = []
        self.dits: list[dict[str, Any]] = []

    def receive(
        self, plateforme: str, partenaire: str, nature: str, cle: str, objet: Mapping[str, Any], corps: bytes
    ) -> tuple[int, dict[str, Any]]:
        self.recus.append(objet)
        return super().receive(plateforme, partenaire, nature, cle, objet, corps)

    def list_evenements(self, plateforme: str, partenaire: str, depuis: str | None) -> tuple[str, list[dict[str, Any]]]:
        return str(len(self.dits)), self.dits[int(depuis or 0) :]


class Api(Cote):
    canal = "api"

    def create(self, pile: ExitStack) -> UUID:
        self.registre = RegistreTenu(self.scene.dossier / "api.sqlite")
        pile.callback(self.registre.close)
        self.url = pile.enter_context(listening(create_app(self.registre, SECRET)))
        with lot() as conn:
            return fabrique.partenaire(conn, self.type, "api", url=self.url)

    def receive(self) -> None:
        (recu,) = self.registre.recus
        assert (recu["orientation_id"], recu["motif"], recu["contenu"]["nom"]) == (str(self.orientation), MOTIF, self.conseillere.nom)
        self._say(statut="recue")

    def accept(self) -> None:
        self._say(statut="acceptee")

    def fix_rendez_vous(self, quand: datetime) -> None:
        self._say(nature="rendez_vous", rendez_vous_at=quand.isoformat())

    def begin(self) -> None:
        self._say(statut="en_cours")

    def report(self) -> None:
        self._say(statut="realisee", compte_rendu=RAPPORT)

    def _say(self, **champs: str) -> None:
        version = len(self.registre.dits) + 1
        commun = {"evenement_id": f"e{version}", "orientation_id": str(self.orientation), "version": version}
        self.registre.dits.append({**commun, "survenu_at": self.scene.maintenant.isoformat(), **champs})

    def collect(self) -> None:
        assert poll_partenaires(self.scene.maintenant).traites == 1
        assert poll_partenaires(self.scene.maintenant).traites == 0

    def check_end(self) -> None:
        """It answers that it has this message, and holds it once."""
        requete = "SELECT o.cle, o.charge, p.id_source FROM pdp.outbox o JOIN pdp.partenaire p ON p.id = o.partenaire_id"
        ((cle, charge, source),) = self.scene.read(f"{requete} WHERE o.type = 'orientation'")
        assert consult("api", Destinataire("PF35", source, self.url), Envoi(cle, "orientation", charge)) is Constat.RECU
        compte = {"recues": 1, "uniques": 1, "doublons": 0, "annulations": 0}
        assert (self.registre.count(), [recu["orientation_id"] for recu in self.registre.recus]) == (compte, [str(self.orientation)])


class Messagerie(Cote):
    """Its people read a document and write letters; a machine reads the receipt only, the coordinator reads the letters."""

    canal = "messagerie"

    def create(self, pile: ExitStack) -> UUID:
        self.boites, smtp, imap = pile.enter_context(operateur(self.scene.dossier))
        connect(self.scene.monkeypatch, smtp, imap)
        with lot() as conn:
            partenaire = fabrique.partenaire(conn, self.type)
            change = text("UPDATE pdp.partenaire SET canal = 'messagerie', adresse_securisee = :a WHERE id = :i")
            conn.execute(change, {"a": f"accuse@{DOMAINE}", "i": partenaire})
        return partenaire

    def receive(self) -> None:
        ((_, contenu),) = self.boites.list_recus()
        self.message = read(contenu)
        document, en_clair = self._read()
        assert self.conseillere.nom in document
        assert MOTIF in document
        assert self.conseillere.nom not in en_clair
        assert MOTIF not in en_clair
        self._relever()

    def _relever(self) -> None:
        """The passage that reads the mailbox finds one mail: the receipt, or a letter."""
        assert read_boites(self.scene.maintenant).traites == 1
        assert read_boites(self.scene.maintenant).traites == 0

    def accept(self) -> None:
        self._write("Acceptée")

    def fix_rendez_vous(self, quand: datetime) -> None:
        self._write("Rendez-vous fixé", {"Date du rendez-vous": f"{quand:%Y-%m-%d}", "Heure": f"{quand:%H:%M}"})

    def begin(self) -> None:
        self._write("Accompagnement en cours")

    def report(self) -> None:
        self._write("Accompagnement terminé", {"L'essentiel de ses mots": RAPPORT})

    def _write(self, reponse: str, champs: Mapping[str, str] | None = None) -> None:
        """A letter of the partner; the coordinator is told that it waits, reads it in the mailbox, and notes what it says."""
        self.boites.drop(BOITE, humaine(self.message, f"accuse@{DOMAINE}", self.scene.maintenant))
        self._relever()
        elle = self.conseillere
        elle.go(elle.fiche)
        a_lire = elle.page.locator(".tache:not(.relais)", has_text="son message attend dans la messagerie sécurisée")
        expect(a_lire).to_have_count(1, timeout=PATIENCE_MS)
        assert "prenons cette demande en charge" not in elle.page.content(), "no word of a letter is kept"
        elle.bloc.get_by_role("link", name="Noter une réponse reçue autrement").click()
        elle.page.get_by_label(reponse).check()
        for libelle, valeur in (champs or {}).items():
            elle.page.get_by_label(libelle).fill(valeur)
        elle.page.get_by_label("C'est bien ce que le partenaire a répondu").check()
        elle.page.get_by_role("button", name="Noter la réponse").click()
        elle.check_said("Réponse du partenaire notée")

    def _read(self) -> tuple[str, str]:
        """What the document says, and what anybody may read of the message around it."""
        (piece,) = self.message.iter_attachments()
        corps = self.message.get_body(("plain",))
        assert corps is not None
        return read_pdf(piece.get_content()), "\n".join((*(str(v) for v in self.message.values()), corps.get_content()))

    def check_end(self) -> None:
        """One document, and every mail of the mailbox read once: a receipt and four letters."""
        assert len(self.boites.list_recus()) == 1
        lus = self.scene.read("SELECT nature, resultat FROM pdp.boite_message ORDER BY uid")
        assert lus == [("accuse", "applique"), *[("humaine", "a_lire")] * 4]


class Fichiers(Cote):
    """One batch taken on its page, and one file of answers given back at each step."""

    canal, type = "csv", "cap_emploi"

    def create(self, pile: ExitStack) -> UUID:
        partenaire = self.scene.lieu.comptes["partenaire"]
        with lot() as conn:
            conn.execute(text("UPDATE pdp.partenaire SET canal = 'csv' WHERE id = :i"), {"i": partenaire})
        return partenaire

    def deliver(self) -> None:
        super().deliver()
        assert export_lots(self.scene.maintenant).traites == 1
        assert export_lots(self.scene.maintenant).traites == 0

    def receive(self) -> None:
        self.page = self.scene.open_page("partenaire")
        self.page.get_by_role("link", name="Fichiers de demandes et de réponses").click()
        with self.page.expect_download() as attendu:
            self.page.get_by_role("link", name=re.compile(r"demandes_2026-11-18_.*\.csv")).click()
        contenu = Path(attendu.value.path()).read_text(encoding="utf-8-sig")
        self.entete, self.ligne, self.fin = csv.reader(io.StringIO(contenu, newline=""), delimiter=";")
        lue = dict(zip(self.entete, self.ligne, strict=True))
        assert (lue["reference"], lue["motif"], lue["nom"]) == (str(self.orientation), MOTIF, self.conseillere.nom)
        assert self.fin[:2] == [FIN, "1"]
        self._give(reponse="recue")

    def accept(self) -> None:
        self._give(reponse="Acceptée")

    def fix_rendez_vous(self, quand: datetime) -> None:
        self._give(reponse="rendez_vous", rendez_vous=f"{quand:%d/%m/%Y %H:%M}")

    def begin(self) -> None:
        self._give(reponse="en_cours")

    def report(self) -> None:
        self._give(reponse="realisee", compte_rendu=RAPPORT)

    def _give(self, **champs: str) -> None:
        """The very file received, its answer columns filled in."""
        remplie = {**dict(zip(self.entete, self.ligne, strict=True)), **champs}
        sortie = io.StringIO(newline="")
        csv.writer(sortie, delimiter=";").writerows([self.entete, [remplie[nom] for nom in self.entete], self.fin])
        self.page.goto(f"{self.scene.adresse}/partenaire/fichiers")
        fichier = {"name": f"retour_{champs['reponse']}.csv", "mimeType": "text/csv", "buffer": sortie.getvalue().encode("utf-8-sig")}
        self.page.get_by_label("Fichier de réponses").set_input_files([fichier])
        self.page.get_by_role("button", name="Déposer mes réponses").click()
        expect(self.page.locator(".messages")).to_contain_text("Fichier déposé", timeout=PATIENCE_MS)

    def collect(self) -> None:
        assert take_reponses(self.scene.maintenant).traites == 1
        assert take_reponses(self.scene.maintenant).traites == 0

    def check_end(self) -> Page:
        self.page.goto(f"{self.scene.adresse}/partenaire?quoi=terminees")
        expect(self.page.locator(f"#demande-{self.orientation}")).to_contain_text(RAPPORT, timeout=PATIENCE_MS)
        self.page.goto(f"{self.scene.adresse}/partenaire/fichiers")
        fichiers = self.page.locator("section:has(#envoyes) article")
        expect(fichiers).to_have_count(5, timeout=PATIENCE_MS)
        expect(fichiers.get_by_text("1 réponse prise", exact=True)).to_have_count(5)
        return self.page
