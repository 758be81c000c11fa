"""Secure mail and what comes back of it: real PostgreSQL, SMTP and IMAP; once each, whatever is killed, repeated, broken or renumbered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

import fabrique
from courriers import partenaire, relais, relais_messagerie
from fabrique import MAINTENANT, auteur_agent, lot, systeme
from messagerie import BOITE, DOMAINE, connect, operateur, read
from passerelle import ecrire, envoi, poser, taches
from pdp.config import settings
from pdp.partners.simulateur_imap import Boites
from pdp.partners.simulateur_reponses import accuse, rebond
from pdp.services import read_boite
from pdp.services.apply_reponses import apply_reponses
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.read_boite import read_boites
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais import Relais, orient
from relais_lecture import count, events, ligne, open_taches

Admin = psycopg.Connection[Any]


@pytest.fixture
def boites(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Boites]:
    with lot() as conn:
        fabrique.socle(conn)
    with operateur(tmp_path) as (boites, smtp, imap):
        connect(monkeypatch, smtp, imap)
        yield boites


def appliquer() -> None:
    with lot(systeme("apply_reponses")) as conn:
        apply_reponses(conn, "PF35", systeme("apply_reponses"), MAINTENANT)


def orientation(admin: Admin, cas: Relais) -> tuple[str, bool]:
    """Its status, and whether the partner has it."""
    return admin.execute("SELECT statut, envoyee_at IS NOT NULL FROM pdp.orientation WHERE id = %s", (cas.orientation,)).fetchone()


def lectures(admin: Admin) -> list[tuple[str, str, str | None]]:
    return admin.execute("SELECT nature, resultat, raison FROM pdp.boite_message ORDER BY uid").fetchall()


CAS = [
    # fate of the message, state of its row, status of the hand-over and whether it left, what was understood, a person is told
    ("accuse", "livre", ("recue", True), [("accuse", "applique", None)], 0),
    ("malforme", "livre", ("recue", True), [("accuse", "applique", None)], 0),
    ("rebond", "rebut", ("envoyee", False), [("rebond", "applique", None)], 1),
    ("retard", "livre", ("recue", True), [("rebond", "applique", None), ("accuse", "applique", None)], 0),
    ("erreur", "livre", ("envoyee", True), [("erreur_operateur", "applique", None)], 1),
    ("absent", "livre", ("envoyee", True), [("automatique", "sans_effet", None)], 0),
    ("humain", "livre", ("recue", True), [("accuse", "applique", None), ("humaine", "a_lire", None)], 0),
    ("silence", "livre", ("envoyee", True), [], 0),
    ("coupe", "incertain", ("envoyee", False), [], 1),
]


@pytest.mark.parametrize(("sort", "etat", "suivi", "lus", "echecs"), CAS, ids=[c[0] for c in CAS])
def test_each_fate_of_a_message(
    boites: Boites, admin: Admin, sort: str, etat: str, suivi: tuple[str, bool], lus: list[tuple[str, str, None]], echecs: int
) -> None:
    cas = relais_messagerie(sort)
    send_due(MAINTENANT)
    for _ in range(2):  # a second reading changes nothing
        read_boites(MAINTENANT)
        appliquer()
    assert (ligne(admin, cas.orientation)["etat"], orientation(admin, cas)) == (etat, suivi)
    assert lectures(admin) == lus
    assert len(open_taches(admin, cas)) == echecs
    lire = [n for (n,) in admin.execute("SELECT note FROM pdp.tache WHERE motif = 'lire_reponse' AND fermee_at IS NULL")]
    assert len(lire) == (1 if sort == "humain" else 0)
    if lire:
        assert str(cas.orientation)[:8].upper() in lire[0]
        assert "prenons" not in lire[0]  # the words of the partner stay in the mailbox


def test_only_what_needs_no_reader_is_marked_as_seen(boites: Boites, admin: Admin) -> None:
    relais_messagerie("humain")
    send_due(MAINTENANT)
    boites.drop(BOITE, b"From: x@y\r\nSubject: bonjour\r\n\r\nsalut")
    read_boites(MAINTENANT)
    assert boites.list_vus(BOITE) == [1]
    assert lectures(admin)[2] == ("inconnue", "quarantaine", "no_reference")
    assert count(admin, "SELECT count(*) FROM pdp.boite_message WHERE marque_at IS NOT NULL") == 1


@pytest.mark.parametrize("point", ["_keep", "_mark"])
def test_killed_anywhere_each_mail_has_one_effect(boites: Boites, admin: Admin, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    cas = relais_messagerie("accuse")
    send_due(MAINTENANT)

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as mort:
        mort.setattr(read_boite, point, kill)
        with pytest.raises(KeyboardInterrupt):
            read_boites(MAINTENANT)
    assert boites.list_vus(BOITE) == []
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == (1 if point == "_mark" else 0)
    read_boites(MAINTENANT)
    appliquer()
    assert (count(admin, "SELECT count(*) FROM pdp.inbox"), orientation(admin, cas)) == (1, ("recue", True))
    assert boites.list_vus(BOITE) == [1]


def test_four_readings_at_once_have_one_effect(boites: Boites, admin: Admin) -> None:
    for _ in range(3):
        relais_messagerie("humain")
    send_due(MAINTENANT)
    depart = threading.Barrier(4)

    def lire(_: int) -> int:
        depart.wait()
        return read_boites(MAINTENANT).traites

    with ThreadPoolExecutor(4) as fils:
        assert sum(fils.map(lire, range(4))) == 6
    assert (count(admin, "SELECT count(*) FROM pdp.inbox"), count(admin, "SELECT count(*) FROM pdp.boite_message")) == (3, 6)
    assert count(admin, "SELECT count(*) FROM pdp.tache WHERE motif = 'lire_reponse'") == 3


def test_a_mailbox_renumbered_by_its_operator_is_read_again_for_nothing(boites: Boites, admin: Admin) -> None:
    relais_messagerie("accuse")
    send_due(MAINTENANT)
    read_boites(MAINTENANT)
    boites.rebuild(BOITE)
    assert (read_boites(MAINTENANT).traites, count(admin, "SELECT count(*) FROM pdp.inbox")) == (0, 1)
    relais_messagerie("accuse")
    send_due(MAINTENANT)
    assert read_boites(MAINTENANT).traites == 1


def test_a_silent_mailbox_changes_nothing(boites: Boites, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    relais_messagerie("accuse")
    send_due(MAINTENANT)
    read_boites(MAINTENANT)
    with monkeypatch.context() as coupe:
        coupe.setenv("PDP_MSS_IMAP_PORT", "9")
        bilan = read_boites(MAINTENANT)
    assert (bilan.traites, bilan.echoues, bilan.detail) == (0, 1, {"muettes": 1})
    assert admin.execute("SELECT dernier_code FROM pdp.boite").fetchall() == [("imap_connection",)]
    read_boites(MAINTENANT)
    assert admin.execute("SELECT dernier_code FROM pdp.boite").fetchall() == [(None,)]


def test_nothing_is_read_without_a_mailbox(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PDP_MSS_IMAP_HOTE", raising=False)
    assert read_boites(MAINTENANT).traites == 0


def test_a_mail_that_cannot_be_recorded_does_not_hold_the_others_for_ever(
    boites: Boites, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    casse, sain = relais_messagerie("accuse"), relais_messagerie("accuse")
    send_due(MAINTENANT)
    veritable = read_boite.follow_retour

    def refuse(conn: Any, auteur: Any, nom: str, lu: Any, *suite: Any) -> Any:
        if lu.cles[0] == ligne(admin, casse.orientation)["cle"]:
            conn.exec_driver_sql("SELECT 1/0")
        return veritable(conn, auteur, nom, lu, *suite)

    monkeypatch.setattr(read_boite, "follow_retour", refuse)
    for _ in range(3):
        read_boites(MAINTENANT)
    appliquer()
    assert {orientation(admin, casse)[0], orientation(admin, sain)[0]} == {"envoyee", "recue"}
    assert ("accuse", "quarantaine", "not_recorded") in lectures(admin)


def test_the_receipt_of_a_message_of_which_nobody_knew(boites: Boites, admin: Admin) -> None:
    cas = relais_messagerie("coupe")
    send_due(MAINTENANT)
    assert (ligne(admin, cas.orientation)["etat"], orientation(admin, cas)) == ("incertain", ("envoyee", False))

    boites.drop(BOITE, accuse(read(boites.list_recus()[0][1]), f"coupe@{DOMAINE}", MAINTENANT))
    read_boites(MAINTENANT)
    appliquer()
    assert (ligne(admin, cas.orientation)["etat"], orientation(admin, cas)) == ("livre", ("recue", True))
    assert (events(admin, "orientation_envoyee"), events(admin, "message_retrouve")) == (1, 1)
    assert open_taches(admin, cas) == []  # nobody has to ask any more
    assert send_due(MAINTENANT).traites == 0  # never sent again


def test_a_bounce_after_a_receipt_is_set_aside(boites: Boites, admin: Admin) -> None:

    cas = relais_messagerie("accuse")
    send_due(MAINTENANT)
    read_boites(MAINTENANT)
    boites.drop(BOITE, rebond(read(boites.list_recus()[0][1]), "x@y", MAINTENANT))
    assert read_boites(MAINTENANT).echoues == 1
    assert ligne(admin, cas.orientation)["etat"] == "livre"
    assert lectures(admin)[1] == ("rebond", "quarantaine", "contradicts")


def test_an_address_that_is_not_secure_calls_a_person(boites: Boites, admin: Admin) -> None:
    cas = relais(partenaire("messagerie", "cabinet@exemple.fr"))
    send_due(MAINTENANT)
    assert (ligne(admin, cas.orientation)["etat"], ligne(admin, cas.orientation)["dernier_code"]) == ("rebut", "address_not_secure")
    assert len(open_taches(admin, cas)) == 1
    assert boites.list_recus() == []


def test_taken_back_then_sent_again_the_mailbox_shows_one_thread(boites: Boites) -> None:
    cas = relais_messagerie("silence")
    auteur = auteur_agent(cas.dossier.csam)
    send_due(MAINTENANT)
    with db.begin_as(auteur) as conn:
        cancel_orientation(conn, auteur, cas.orientation, "essai", MAINTENANT)
    send_due(MAINTENANT)
    orient(cas.dossier, cas.partenaire)
    send_due(MAINTENANT)
    premier, retrait, second = (read(contenu) for _, contenu in boites.list_recus())
    assert (premier["In-Reply-To"], retrait["In-Reply-To"], second["In-Reply-To"]) == (None, premier["Message-ID"], premier["Message-ID"])
    assert retrait["Subject"].startswith("[Annulation]")
    assert second["Subject"].startswith("[Annule et remplace]")


# -- ordinary mail to insured persons


@pytest.mark.parametrize(("sort", "mort"), [("rebond", 1), ("retard", 0)])
def test_a_bounce_of_ordinary_mail_shows_a_dead_address(
    boites: Boites, admin: Admin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sort: str, mort: int
) -> None:
    """The same simulator plays the ordinary mail server, and the mailbox where its bounces come back."""
    reglages = {
        "PDP_SMTP_PORT": str(settings().mss_smtp.port),
        "PDP_COURRIEL_IMAP_HOTE": "127.0.0.1",
        "PDP_COURRIEL_IMAP_PORT": str(settings().boites["messagerie"].port),
        "PDP_COURRIEL_COMPTE": BOITE,
    }
    for nom, valeur in reglages.items():
        monkeypatch.setenv(nom, valeur)
    monkeypatch.delenv("PDP_MSS_IMAP_HOTE")
    with lot() as conn:
        dossier = fabrique.parcours(conn)
    poser(admin, dossier, courriel=f"{sort}@exemple.invalid", contact_prefere="courriel")
    ecrire(dossier)
    m = MAINTENANT + timedelta(seconds=30)
    assert send_due(m).traites == 1
    for _ in range(2):
        read_boites(m)
    assert envoi(admin)["remise"] == ("echec_definitif" if mort else "lu")
    assert count(admin, "SELECT count(*) FROM identite.coordonnee_morte WHERE canal = 'courriel'") == mort
    assert len(taches(admin)) == mort
    assert count(admin, "SELECT count(*) FROM pdp.accuse") == (1 if mort else 2)


def test_a_forged_receipt_about_nothing_known_is_set_aside(boites: Boites, admin: Admin) -> None:
    boites.drop(BOITE, b"In-Reply-To: <00000000-0000-4000-8000-000000000000@x.y>\r\n\r\nDisposition: a; displayed\r\n")
    assert read_boites(MAINTENANT).echoues == 1
    assert lectures(admin) == [("humaine", "quarantaine", "unknown_message")]
