"""The transport by secure mail against a real SMTP server: what leaves, where it never leaves, what each answer means."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from messagerie import DOMAINE, connect, operateur, read
from pdp.config import ServeurCourrier, settings
from pdp.partners import smtp
from pdp.partners.contrat import Classe, Destinataire, Envoi, Remise
from pdp.partners.messagerie import deliver, is_securisee
from pdp.partners.simulateur_imap import Boites

CLE, AVANT = UUID("11111111-2222-5333-8444-555555555555"), UUID("99999999-2222-5333-8444-555555555555")
MAINTENANT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
CORPS = {
    "orientation_id": "3f2a91bc-0000-4000-8000-000000000000",
    "dispositif": "spst",
    "motif": "Préparer le retour.",
    "contenu": {"nom": "Canari", "telephone": "+33639980012"},
    "emise_at": "2026-11-18T08:00:00+00:00",
}


@pytest.fixture
def boites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Boites]:
    with operateur(tmp_path) as (boites, port, imap):
        connect(monkeypatch, port, imap)
        yield boites
    settings.cache_clear()


def cible(adresse: str | None = f"accuse@{DOMAINE}") -> Destinataire:
    return Destinataire("PF35", "N1", nom="Cabinet", adresse_securisee=adresse, plateforme="Plateforme d'essai", telephone="+33299000000")


def envoi(type: str = "orientation", suite_de: UUID | None = None) -> Envoi:
    return Envoi(CLE, type, CORPS, suite_de)


def test_one_message_with_its_document_and_a_receipt_asked(boites: Boites) -> None:
    assert deliver(cible(), envoi(), MAINTENANT) == Remise(Classe.LIVRE, "smtp_250")
    ((adresse, contenu),) = boites.list_recus()
    message = read(contenu)
    assert (adresse, message["To"], message["From"]) == (f"accuse@{DOMAINE}", f"accuse@{DOMAINE}", f"plateforme@{DOMAINE}")
    assert (message["Message-ID"], message["In-Reply-To"]) == (f"<{CLE}@{DOMAINE}>", None)
    assert message["Disposition-Notification-To"] == f"plateforme@{DOMAINE}"
    (piece,) = message.iter_attachments()
    assert (piece.get_content_type(), piece.get_filename()) == ("application/pdf", "demande-11111111.pdf")
    assert piece.get_content().startswith(b"%PDF-")
    lisible = "\n".join((*(f"{k}: {v}" for k, v in message.items()), message.get_body(("plain",)).get_content()))
    assert "Canari" not in lisible
    assert "39980012" not in lisible


def test_what_follows_is_threaded_and_says_what_it_is(boites: Boites) -> None:
    for type, marque in (("annulation", "[Annulation]"), ("orientation", "[Annule et remplace]"), ("rappel_partenaire", "Rappel")):
        assert deliver(cible(), envoi(type, AVANT), MAINTENANT).classe is Classe.LIVRE
        message = read(boites.list_recus()[-1][1])
        assert message["In-Reply-To"] == message["References"] == f"<{AVANT}@{DOMAINE}>"
        assert marque in message["Subject"]


REFUSEES = [
    None,
    "",
    "medecin@exemple.fr",
    f"medecin@faux{DOMAINE}",
    f"medecin@{DOMAINE}.exemple.fr",
    DOMAINE,
    f"@{DOMAINE}",
    f"a@b@{DOMAINE}",
    f"medecin@{DOMAINE}\r\nBcc: tiers@exemple.fr",
    f"Nom <medecin@{DOMAINE}>",
    f"medecin@{DOMAINE}, autre@{DOMAINE}",
]


@pytest.mark.parametrize("adresse", REFUSEES)
def test_content_never_leaves_for_another_mailbox(boites: Boites, adresse: str | None) -> None:
    assert deliver(cible(adresse), envoi(), MAINTENANT).classe is Classe.REFUSE
    assert boites.list_recus() == []


@pytest.mark.parametrize("adresse", [f"m@{DOMAINE}", f"M.Durand@CHU.{DOMAINE.upper()}", "a-b@lyon.mssante.exemple"])
def test_domains_and_their_sub_domains_are_secure(boites: Boites, adresse: str) -> None:
    assert is_securisee(adresse)


def test_no_domain_configured_means_that_none_is_secure(boites: Boites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PDP_MSS_DOMAINES")
    assert deliver(cible(), envoi(), MAINTENANT) == Remise(Classe.REFUSE, "address_not_secure")


REPONSES = [
    (f"inconnu@{DOMAINE}", Remise(Classe.REFUSE, "smtp_550"), 0),
    (f"plein@{DOMAINE}", Remise(Classe.REESSAYER, "smtp_452"), 0),
    (f"coupe@{DOMAINE}", Remise(Classe.INCERTAIN, "smtp_no_answer"), 1),
]


@pytest.mark.parametrize(("adresse", "attendue", "recus"), REPONSES)
def test_each_answer_of_the_operator(boites: Boites, adresse: str, attendue: Remise, recus: int) -> None:
    assert deliver(cible(adresse), envoi(), MAINTENANT) == attendue
    assert len(boites.list_recus()) == recus


def test_without_an_operator_messages_wait(boites: Boites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PDP_MSS_SMTP_HOTE")
    assert deliver(cible(), envoi(), MAINTENANT) == Remise(Classe.REESSAYER, "no_secure_mail")


def test_a_type_that_has_no_wording_is_refused(boites: Boites) -> None:
    assert deliver(cible(), envoi("invitation"), MAINTENANT) == Remise(Classe.REFUSE, "no_template")


def test_nothing_of_a_message_is_logged(boites: Boites, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    deliver(cible(), envoi(), MAINTENANT)
    assert not [mot for mot in ("Canari", "Préparer", "39980012", "secret") if mot in caplog.text]
    assert "secret" not in repr(settings().mss_smtp)


class _Lent:
    """A server that greets, then answers one byte at a time: no read ever times out."""

    def __init__(self, accueil: bytes) -> None:
        self._ecoute = socket.create_server(("127.0.0.1", 0))
        self.port, self._accueil, self.fin = self._ecoute.getsockname()[1], accueil, threading.Event()
        self._fil = threading.Thread(target=self._serve, daemon=True)
        self._fil.start()

    def close(self) -> None:
        self.fin.set()
        self._fil.join(5)
        self._ecoute.close()

    def _serve(self) -> None:
        prise, _ = self._ecoute.accept()
        with prise:
            prise.sendall(self._accueil)
            while not self.fin.wait(0.05):  # dripping is what is played
                try:
                    prise.sendall(b"2")
                except OSError:
                    return


@pytest.mark.parametrize("accueil", [b"220 lent\r\n", b"220-"])
def test_a_server_that_drips_is_cut(accueil: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "CONNEXION_S", 0.5)
    lent = _Lent(accueil)
    try:
        assert smtp.send(ServeurCourrier("127.0.0.1", lent.port), "a@b.c", "d@e.f", b"x\r\n", total_s=0.5).classe is Classe.REESSAYER
    finally:
        lent.close()


def test_outside_this_machine_nothing_is_said_in_clear(boites: Boites, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same server under another name: it offers no encryption, so nothing leaves, not even the account."""
    monkeypatch.setattr(ServeurCourrier, "local", False)
    monkeypatch.delenv("PDP_DEMONSTRATION", raising=False)
    assert deliver(cible(), envoi(), MAINTENANT) == Remise(Classe.REESSAYER, "smtp_connection")
    assert boites.list_recus() == []
    monkeypatch.setenv("PDP_DEMONSTRATION", "1")
    assert deliver(cible(), envoi(), MAINTENANT).classe is Classe.LIVRE
    message = read(boites.list_recus()[0][1])
    assert "synthétiques" in message["Subject"]
    assert "synthétiques" in message.get_body(("plain",)).get_content()


def test_a_line_that_begins_with_a_dot_is_whole(boites: Boites) -> None:
    corps = b"From: a@b.c\r\nTo: d@e.f\r\n\r\n.debut\r\n..deux\r\nfin\r\n"
    serveur = settings().mss_smtp
    assert serveur is not None
    assert smtp.send(serveur, "a@b.c", f"accuse@{DOMAINE}", corps).classe is Classe.LIVRE
    assert boites.list_recus()[0][1].rstrip(b"\r\n") == corps.rstrip(b"\r\n")
