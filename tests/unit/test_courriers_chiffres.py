"""Outside this machine mail is encrypted and the certificate of the server checked: SMTP on 465, STARTTLS, IMAPS, for real."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pdp.config import ServeurCourrier
from pdp.partners import smtp
from pdp.partners.boite import BoiteMuette, open_boite
from pdp.partners.contrat import Classe
from pdp.partners.simulateur_imap import Boites, _Session
from pdp.partners.simulateur_messagerie import Operateur

MESSAGE = b"From: a@b.c\r\nTo: accuse@b.c\r\nMessage-ID: <11111111-2222-5333-8444-555555555555@b.c>\r\n\r\nx\r\n"


@dataclass(frozen=True)
class Serveurs:
    """Ports of an operator that encrypts, and the file of its authority."""

    implicite: int
    starttls: int
    imaps: int
    autorite: str
    boites: Boites


def _certificate(dossier: Path) -> tuple[Path, Path]:
    cle = ec.generate_private_key(ec.SECP256R1())
    nom = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operateur d'essai")])
    debut = datetime.now(UTC) - timedelta(days=1)
    noms = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificat = (
        x509.CertificateBuilder()
        .subject_name(nom)
        .issuer_name(nom)
        .public_key(cle.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(debut)
        .not_valid_after(debut + timedelta(days=30))
        .add_extension(noms, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(cle, hashes.SHA256())
    )
    public, prive = dossier / "autorite.pem", dossier / "cle.pem"
    public.write_bytes(certificat.public_bytes(serialization.Encoding.PEM))
    forme = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    prive.write_bytes(cle.private_bytes(*forme))
    return public, prive


@pytest.fixture
def serveurs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serveurs]:
    monkeypatch.setattr(ServeurCourrier, "local", False)  # as if it were elsewhere
    monkeypatch.delenv("PDP_DEMONSTRATION", raising=False)
    public, prive = _certificate(tmp_path)
    contexte = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexte.load_cert_chain(public, prive)
    boites = Boites(tmp_path / "messagerie.sqlite")
    boucle, pret, ports = asyncio.new_event_loop(), threading.Event(), []

    async def ouvrir() -> list[asyncio.Server]:
        recevoir = partial(SMTP, Operateur(boites, "boite"), loop=boucle)
        ouverts = [
            await boucle.create_server(recevoir, "127.0.0.1", 0, ssl=contexte),
            await boucle.create_server(partial(recevoir, tls_context=contexte, require_starttls=True), "127.0.0.1", 0),
            await asyncio.start_server(lambda lu, ecrit: _Session(boites, lu, ecrit).run(), "127.0.0.1", 0, ssl=contexte),
        ]
        ports.extend(s.sockets[0].getsockname()[1] for s in ouverts)
        pret.set()
        return ouverts

    async def fermer(ouverts: list[asyncio.Server]) -> None:
        for serveur in ouverts:
            serveur.close()
        en_cours = asyncio.all_tasks() - {asyncio.current_task()}
        for tache in en_cours:
            tache.cancel()
        await asyncio.gather(*en_cours, return_exceptions=True)

    def tourner() -> None:
        ouverts = boucle.run_until_complete(ouvrir())
        boucle.run_forever()
        boucle.run_until_complete(fermer(ouverts))
        boucle.close()

    fil = threading.Thread(target=tourner, daemon=True)
    fil.start()
    assert pret.wait(10)
    monkeypatch.setattr(smtp, "SMTPS", ports[0])
    yield Serveurs(*ports, str(public), boites)
    boucle.call_soon_threadsafe(boucle.stop)
    fil.join(10)
    boites.close()


@pytest.mark.parametrize("port", ["implicite", "starttls"])
def test_messages_leave_encrypted(serveurs: Serveurs, port: str) -> None:
    serveur = ServeurCourrier("localhost", getattr(serveurs, port), autorite=serveurs.autorite)
    assert smtp.send(serveur, "a@b.c", "accuse@b.c", MESSAGE).classe is Classe.LIVRE
    assert len(serveurs.boites.list_recus()) == 1


@pytest.mark.parametrize("port", ["implicite", "starttls"])
def test_a_server_that_cannot_prove_who_it_is_gets_nothing(serveurs: Serveurs, port: str) -> None:
    serveur = ServeurCourrier("localhost", getattr(serveurs, port))  # its authority is not one that the system knows
    assert smtp.send(serveur, "a@b.c", "accuse@b.c", MESSAGE).classe is Classe.REESSAYER
    assert serveurs.boites.list_recus() == []


def test_the_mailbox_is_read_encrypted(serveurs: Serveurs) -> None:
    serveurs.boites.drop("boite", MESSAGE)
    with open_boite(ServeurCourrier("localhost", serveurs.imaps, "boite", "secret", serveurs.autorite)) as boite:
        assert [boite.read(uid) for uid in boite.list_uids(0, 10)] == [MESSAGE]
        boite.mark_seen([1])
    assert serveurs.boites.list_vus("boite") == [1]
    with pytest.raises(BoiteMuette), open_boite(ServeurCourrier("localhost", serveurs.imaps, "boite", "secret")):
        pass


def test_a_mailbox_in_clear_is_never_asked_for(serveurs: Serveurs) -> None:
    with pytest.raises(BoiteMuette), open_boite(ServeurCourrier("localhost", serveurs.starttls, "boite", "secret", serveurs.autorite)):
        pass
