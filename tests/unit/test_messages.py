"""Notices: neutral by construction, one mail per key, and what a mail server's answer means."""

from __future__ import annotations

import asyncio
import email
import email.policy
import inspect
import os
import re
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
from jinja2 import UndefinedError

from pdp.config import settings
from pdp.embedded.ports import find_free_port
from pdp.messages.puits import Puits
from pdp.messages.render import INTERNES, MESSAGES, Message, render, render_interne
from pdp.partners import courriel
from pdp.partners.contrat import Classe, Remise
from relais import boite

CLE = UUID("11111111-2222-5333-8444-555555555555")
MAINTENANT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
MEDICAL = re.compile(r"arrêt|santé|médic|malad|soin|handicap|invalid|psych|accident", re.IGNORECASE)


def message(nom: str, **change: object) -> Message:
    valeurs = {
        "portail_url": "https://portail.exemple/",
        "plateforme": "Plateforme <35>",
        "telephone": "02 99 00 00 00",
        "demonstration": True,
    }
    return render(nom, **{**valeurs, **change})


SANS_PORTAIL = {"rappel_sans_portail", "avis_fin"}  # nothing to open there


@pytest.mark.parametrize("nom", MESSAGES)
def test_a_notice_says_nothing_about_anyone(nom: str) -> None:
    avis = message(nom)
    for partie in (avis.objet, avis.texte, avis.html):
        assert not MEDICAL.search(partie)
    for partie in (avis.texte, avis.html):
        assert ("https://portail.exemple/partenaire" in partie) == (nom not in SANS_PORTAIL)
        assert "02 99 00 00 00" in partie
        assert "Démonstration" in partie
    assert "\n" not in avis.objet
    assert "Plateforme &lt;35&gt;" in avis.html
    assert set(inspect.signature(render).parameters) == {"nom", "portail_url", "plateforme", "telephone", "demonstration"}


@pytest.mark.parametrize("nom", MESSAGES)
def test_what_is_absent_is_not_shown(nom: str) -> None:
    avis = message(nom, telephone=None, demonstration=False)
    for partie in (avis.texte, avis.html):
        assert "None" not in partie
        assert "Une question" not in partie
        assert "Démonstration" not in partie


@pytest.mark.parametrize("nom", MESSAGES)
def test_html_is_balanced_and_in_french(nom: str) -> None:
    ouvertes: list[str] = []

    class Lecteur(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in ("meta", "br"):
                ouvertes.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert ouvertes.pop() == tag

    html = message(nom).html
    Lecteur().feed(html)
    assert ouvertes == []
    assert '<html lang="fr">' in html


def test_unknown_notice() -> None:
    with pytest.raises(KeyError):
        message("../secret")


def deliver(adresse: str | None = "p@exemple.invalid") -> Remise:
    avis = message("avis_partenaire")
    return courriel.deliver(CLE, adresse, avis.objet, avis.texte, avis.html, MAINTENANT)


@pytest.fixture
def puits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with boite(tmp_path) as (port, dossier):
        monkeypatch.setenv("PDP_SMTP_PORT", str(port))
        yield dossier


def test_a_mail_arrives_with_its_key(puits: Path) -> None:
    assert [deliver().code, deliver().code] == ["smtp_250", "smtp_250"]
    (fichier,) = puits.glob("*")  # the same mail twice is one file
    recu = email.message_from_bytes(fichier.read_bytes(), policy=email.policy.default)
    assert isinstance(recu, EmailMessage)
    assert recu["Message-ID"] == f"<{CLE}@{settings().smtp_expediteur.rpartition('@')[2]}>"
    assert (recu["To"], recu["Auto-Submitted"]) == ("p@exemple.invalid", "auto-generated")
    assert recu.get_body(("plain",)).get_content().replace("\r\n", "\n") == message("avis_partenaire").texte


@pytest.mark.parametrize(
    ("adresse", "code"), [(None, "address_missing"), ("", "address_missing"), ("a@b.invalid\nBcc: c@d.invalid", "address_invalid")]
)
def test_address_that_cannot_be_written_to(puits: Path, adresse: str | None, code: str) -> None:
    assert deliver(adresse) == Remise(Classe.REFUSE, code)
    assert list(puits.glob("*")) == []


ISSUES = [
    ("handle_MAIL", "450 plus tard", Classe.REESSAYER, "smtp_450"),
    ("handle_RCPT", "451 plus tard", Classe.REESSAYER, "smtp_451"),
    ("handle_RCPT", "550 inconnu", Classe.REFUSE, "smtp_550"),
    ("handle_DATA", "452 plein", Classe.REESSAYER, "smtp_452"),
    ("handle_DATA", "554 refus", Classe.REFUSE, "smtp_554"),
    ("handle_DATA", None, Classe.INCERTAIN, "smtp_no_answer"),
    ("handle_RCPT", None, Classe.REESSAYER, "smtp_connection"),
]


@pytest.mark.parametrize(("etape", "reponse", "classe", "code"), ISSUES)
def test_what_a_mail_server_answers(
    puits: Path, monkeypatch: pytest.MonkeyPatch, etape: str, reponse: str | None, classe: Classe, code: str
) -> None:
    async def repondre(self: Puits, server: object, session: object, envelope: object, *reste: object) -> str:
        if reponse is None:
            await asyncio.sleep(3)  # longer than the sender waits: the silence is what is tested
        return reponse or "250 OK"

    monkeypatch.setattr(Puits, etape, repondre, raising=False)
    monkeypatch.setattr(courriel, "REPONSE_S", 0.5)
    assert deliver() == Remise(classe, code)


def test_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_SMTP_PORT", "9")
    assert deliver() == Remise(Classe.REESSAYER, "smtp_connection")


def test_in_clear_on_this_machine_only(puits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_SMTP_HOTE", "localhost.localdomain")
    monkeypatch.delenv("PDP_DEMONSTRATION", raising=False)
    monkeypatch.setattr(smtplib.socket, "create_connection", _local(smtplib.socket.create_connection))
    assert deliver() == Remise(Classe.REESSAYER, "smtp_connection")  # the sink has no TLS: nothing is said to it
    assert list(puits.glob("*")) == []


def _local(vraie: object) -> object:
    return lambda adresse, *reste, **options: vraie(("127.0.0.1", adresse[1]), *reste, **options)


def test_the_sink_starts_as_a_program_and_stops_on_a_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = find_free_port()
    monkeypatch.setenv("PDP_SMTP_PORT", str(port))
    env = {**os.environ, "PDP_ETAT": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-m", "pdp.messages.puits"], env=env, stderr=subprocess.PIPE) as programme:
        limite = time.monotonic() + 30
        while deliver().classe is not Classe.LIVRE:
            assert time.monotonic() < limite
            assert programme.poll() is None, programme.stderr.read()
            time.sleep(0.05)  # it tells that it is ready by answering only
        programme.send_signal(signal.SIGTERM)
        assert programme.wait(15) == 0
    assert len(list((tmp_path / "courriels").glob("*.eml"))) == 1


RELEVES = {
    "releve_medecin": {"a_decider": 9, "urgentes": 1, "echeances": 2, "relayees": 1, "en_attente": 34},
    "releve_urgent": {},
    "releve_responsable": {"a_decider": 2, "urgentes": 1},
    "incident_plateforme": {"nombre": 2, "points": "Envois en échec : SMS"},
}


@pytest.mark.parametrize("nom", INTERNES)
def test_a_mail_to_staff_counts_and_links_and_says_nothing_of_health(nom: str) -> None:
    if nom not in RELEVES:
        pytest.skip("model of another subject, tested with it")
    for demonstration in (True, False):
        avis = render_interne(
            nom, RELEVES[nom], portail_url="https://portail.exemple/", plateforme="Plateforme <35>", demonstration=demonstration
        )
        for partie in (avis.objet, avis.texte, avis.html):
            assert not MEDICAL.search(partie.replace("ni information de santé", ""))
            assert "None" not in partie
        for partie in (avis.texte, avis.html):
            assert ("https://portail.exemple/" in partie, "Démonstration" in partie) == (True, demonstration)
            for nombre in RELEVES[nom].values():
                assert str(nombre) in partie
        assert "\n" not in avis.objet
        assert "Plateforme &lt;35&gt;" in avis.html
    with pytest.raises(UndefinedError):
        render_interne("releve_medecin", {"a_decider": 1}, portail_url="x", plateforme="x", demonstration=False)
    with pytest.raises(KeyError):
        render_interne("avis_partenaire", {}, portail_url="x", plateforme="x", demonstration=False)
