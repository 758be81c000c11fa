"""Somebody at a partner without an account, simulated: reads the mailbox, opens the link, types the code, answers, over real HTTP.

``python -m pdp.partners.simulateur_lien`` watches the mail sink of a demonstration: for each link that comes a code is asked for, each
code that comes is typed, and its hand-over answered. Nothing of the database is read.
"""

from __future__ import annotations

import email
import email.policy
import os
import re
import sys
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import requests

from pdp.config import settings
from pdp.partners.lien import CHEMIN

ATTENTE_S = 10
PERIODE_S = 5
_REFERENCE = re.compile(r"\(([0-9A-F]{8})\)\s*$")
_CODE = re.compile(r"^(\d{3}) (\d{3})$", re.MULTILINE)
_FORMULAIRE = re.compile(r"<form .*?</form>", re.DOTALL)
_CLE = re.compile(r'name="cle_saisie" value="([^"]+)"')


@dataclass(frozen=True)
class Geste:
    """One answer: ``quoi`` is a status or a nature, ``champs`` the fields of its form."""

    quoi: str
    champs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Comportement:
    """What this person does, and how badly: a scanner that follows every address first, codes mistyped, every button pressed twice, the
    page left open and sent again afterwards."""

    gestes: tuple[Geste, ...] = (Geste("acceptee"),)
    repondant: str = "Claude Martin, accueil"
    scanner: bool = False
    codes_faux: int = 0
    double_clic: bool = False
    renvoi: bool = False


@dataclass
class Repondant:
    """Reads ``dossier`` (the mails of the sink) and answers at ``portail_url``; one browser per hand-over."""

    dossier: Path
    portail_url: str
    comportement: Comportement = field(default_factory=Comportement)
    lus: set[str] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)
    navigateurs: dict[str, requests.Session] = field(default_factory=dict)
    faits: dict[str, list[int]] = field(default_factory=dict)

    def read_boite(self) -> int:
        """Do what the mails that came since ask for; returns how many hand-overs were answered."""
        reponses = 0
        nouveaux = sorted((f for f in self.dossier.glob("*.eml") if f.name not in self.lus), key=lambda f: f.stat().st_mtime_ns)
        for fichier in nouveaux:
            self.lus.add(fichier.name)
            message = email.message_from_bytes(fichier.read_bytes(), policy=email.policy.default)
            reference = _REFERENCE.search(str(message["Subject"]))
            if reference is None:
                continue
            texte = _text(message)
            lien = re.search(rf"https?://\S+{CHEMIN}/[\w-]+", texte)
            code = _CODE.search(texte)
            if lien is not None:
                self._open(reference[1], lien[0])
            elif code is not None and reference[1] in self.pages:
                reponses += self._answer(reference[1], "".join(code.groups()))
        return reponses

    def _open(self, reference: str, adresse: str) -> None:
        """Follow the link as it is written, then ask for a code."""
        chemin = adresse[adresse.index(CHEMIN + "/") :]
        self.pages[reference] = f"{self.portail_url.rstrip('/')}{chemin}"
        self.navigateurs[reference] = requests.Session()
        if self.comportement.scanner:
            self._scan(self.pages[reference])
        self.navigateurs[reference].get(self.pages[reference], timeout=ATTENTE_S)
        self._post(reference, "code")

    def _answer(self, reference: str, code: str) -> int:
        for rang in range(self.comportement.codes_faux):
            self._post(reference, "ouverture", code=f"{(int(code) + rang + 1) % 1_000_000:06}")
        self._post(reference, "ouverture", code=code, repondant=self.comportement.repondant)
        self.faits[reference] = []
        for geste in self.comportement.gestes:
            page = self.navigateurs[reference].get(self.pages[reference], timeout=ATTENTE_S).text
            cle = next((_CLE.search(f) for f in _FORMULAIRE.findall(page) if f'value="{geste.quoi}"' in f), None)
            if cle is None:
                continue
            champs = {"quoi": geste.quoi, "cle_saisie": cle[1], **geste.champs}
            self.faits[reference].append(self._post(reference, "reponse", **champs))
            if self.comportement.renvoi:
                self.faits[reference].append(self._post(reference, "reponse", **champs))
        return 1 if self.faits[reference] else 0

    def _post(self, reference: str, acte: str, **champs: str) -> int:
        statut = 0
        for _ in range(2 if self.comportement.double_clic else 1):
            reponse = self.navigateurs[reference].post(f"{self.pages[reference]}/{acte}", data=champs, timeout=ATTENTE_S)
            statut = reponse.status_code
        return statut

    def _scan(self, page: str) -> None:
        """What a mail gateway does with the links it sees, without any cookie."""
        for acte in ("", "/code", "/ouverture", "/reponse", "/nouveau-lien"):
            for methode in ("HEAD", "GET"):
                requests.request(methode, page + acte, timeout=ATTENTE_S)


def _text(message: EmailMessage) -> str:
    corps = message.get_body(("plain",))
    return "" if corps is None else str(corps.get_content()).replace("\r\n", "\n")


def main() -> None:
    """Answer what comes from now on in the mailbox of a demonstration, until interrupted."""
    if not settings().demonstration:
        sys.exit("Le répondant simulé ne lit que la boîte d'une démonstration.")
    dossier = Path(os.environ["PDP_ETAT"]) / "courriels"
    repondant = Repondant(dossier, settings().portail_url, lus={f.name for f in dossier.glob("*.eml")})
    while True:
        if reponses := repondant.read_boite():
            sys.stdout.write(f"{reponses} demande(s) répondue(s)\n")
            sys.stdout.flush()
        time.sleep(PERIODE_S)  # a mailbox tells nobody that a mail came


if __name__ == "__main__":
    main()
