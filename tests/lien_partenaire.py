"""A partner reached by an e-mailed link, as tests see it: its mailbox, its browser, what became of the hand-over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.auteur import Auteur
from pdp.partners.lien import CHEMIN
from pdp.services.open_lien_partenaire import LienOuvert, ask_code, ask_lien, find_lien, open_lien, read_lien
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais import Relais, consent, orient, relais
from relais_lecture import read_mail

CODE = re.compile(r"\b(\d{3}) (\d{3})\b")


@dataclass
class Courriels:
    """The mail sink, read like a mailbox: what came since the last look."""

    dossier: Path
    lus: set[str]

    @classmethod
    def open(cls, dossier: Path) -> Courriels:
        return cls(dossier, set())

    def take(self) -> list[str]:
        nouveaux = sorted((f for f in self.dossier.glob("*.eml") if f.name not in self.lus), key=lambda f: f.stat().st_mtime_ns)
        self.lus.update(f.name for f in nouveaux)
        return [read_mail(f) for f in nouveaux]


def partenaire_par_lien(type: str = "service_social") -> UUID:
    with lot() as conn:
        partenaire = fabrique.partenaire(conn, type)
        conn.execute(text("UPDATE pdp.partenaire SET canal = 'lien' WHERE id = :p"), {"p": partenaire})
    return partenaire


def relais_par_lien(type: str = "service_social", csam: UUID | None = None) -> Relais:
    """A hand-over to a partner without an account, its mail waiting; ``csam``: who follows the case."""
    partenaire = partenaire_par_lien(type)
    if csam is None:
        return relais(None, partenaire=partenaire, type=type)
    with lot() as conn:
        dossier = fabrique.parcours(conn, csam=csam, statut="accord_demande")
        consent(conn, dossier, type)
    return Relais(dossier, partenaire, orient(dossier, partenaire))


def read_jeton(courriel: str) -> str:
    """The token in a mail."""
    trouve = re.search(rf"{CHEMIN}/([\w-]+)", courriel)
    assert trouve is not None, courriel
    return trouve[1]


def read_code(courriel: str) -> str:
    """The digits in a mail."""
    trouve = CODE.search(courriel)
    assert trouve is not None, courriel
    return "".join(trouve.groups())


@dataclass
class Porteur:
    """Who holds a link, without a browser."""

    auteur: Auteur
    acces: str = ""

    @classmethod
    def of(cls, jeton: str) -> Porteur:
        with db.begin_portail() as conn:
            auteur = find_lien(conn, jeton)
        assert auteur is not None
        return cls(auteur)

    def read(self, maintenant: datetime = MAINTENANT) -> LienOuvert:
        with db.begin_as(self.auteur, lecture=True) as conn:
            lien = read_lien(conn, self.acces, maintenant)
        assert lien is not None
        return lien

    def ask_code(self, maintenant: datetime = MAINTENANT) -> str:
        with db.begin_as(self.auteur) as conn:
            return ask_code(conn, self.auteur, maintenant)

    def open(self, code: str, maintenant: datetime = MAINTENANT, repondant: str | None = None) -> str:
        with db.begin_as(self.auteur) as conn:
            resultat, acces, _ = open_lien(conn, self.auteur, code, repondant, maintenant)
        if resultat == "ok":
            self.acces = acces
        return resultat

    def ask_lien(self, maintenant: datetime = MAINTENANT) -> str:
        with db.begin_as(self.auteur) as conn:
            return ask_lien(conn, self.auteur, maintenant)


def receive(courriels: Courriels, maintenant: datetime = MAINTENANT) -> Porteur:
    """The mail of the link leaves and is read."""
    send_due(maintenant)
    (courriel,) = courriels.take()
    return Porteur.of(read_jeton(courriel))


def enter(porteur: Porteur, courriels: Courriels, maintenant: datetime = MAINTENANT, repondant: str | None = None) -> None:
    """The second step, as a person does it."""
    assert porteur.ask_code(maintenant) == "envoye"
    send_due(maintenant)
    (courriel,) = courriels.take()
    assert porteur.open(read_code(courriel), maintenant + timedelta(minutes=1), repondant) == "ok"


@dataclass
class Porteuse:
    """Who holds a link, with a browser: the real page, the mailbox of her structure, the clock of the test."""

    client: Any
    mails: Courriels
    horloge: Any
    chemin: str

    @classmethod
    def receive(cls, client: Any, mails: Courriels, horloge: Any) -> Porteuse:
        """The mail of the link leaves and is read."""
        send_due(horloge.instant)
        return cls(client, mails, horloge, f"{CHEMIN}/{read_jeton(mails.take()[-1])}")

    def get(self, suite: str = "") -> Any:
        return self.client.get(self.chemin + suite)

    def post(self, acte: str, **champs: str) -> Any:
        return self.client.post(f"{self.chemin}/{acte}", data=champs)

    def ask_code(self) -> str:
        """The code asked for on the page, as the mailbox shows it."""
        assert self.post("code").headers["location"].endswith("?suite=envoye")
        send_due(self.horloge.instant)
        return read_code(self.mails.take()[-1])

    def open(self, repondant: str = "") -> None:
        assert self.post("ouverture", code=self.ask_code(), repondant=repondant).status_code == 303
        self.horloge.advance(minutes=2)

    def cle(self, quoi: str) -> str:
        """Key of the form that gives this answer."""
        formulaires = re.findall(r"<form .*?</form>", self.get().text, flags=re.DOTALL)
        (formulaire,) = [f for f in formulaires if f'value="{quoi}"' in f]
        trouve = re.search(r'name="cle_saisie" value="([^"]+)"', formulaire)
        assert trouve is not None
        return trouve[1]

    def answer(self, quoi: str, cle: str | None = None, **champs: str) -> Any:
        return self.post("reponse", quoi=quoi, cle_saisie=cle or self.cle(quoi), **champs)
