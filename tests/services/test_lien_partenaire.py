"""A partner without an account: the mail of its link, and the code asked before anything is shown."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from lien_partenaire import Courriels, Porteur, enter, read_code, read_jeton, receive, relais_par_lien
from pdp.config import settings
from pdp.partners import courriel as transport_courriel
from pdp.partners.contrat import Classe, Lien, Remise
from pdp.partners.lien import jeton_of
from pdp.services.apply_reponses import apply_reponses
from pdp.services.open_lien_partenaire import close_acces
from pdp.services.renew_lien_partenaire import ensure_lien, renew_lien
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais import Relais
from relais_lecture import count, events, ligne, open_taches

SANTE = re.compile(r"arrêt|santé|médic|malad|soin|handicap|invalid[ei]t|psych|accident|désinsertion", re.IGNORECASE)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cas(mails: Courriels) -> Relais:
    return relais_par_lien()


def _uuid(porteur: Porteur) -> UUID:
    return UUID(porteur.auteur.id)


class TestCourriel:
    def test_a_neutral_mail_with_an_opaque_address(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]) -> None:
        assert send_due(MAINTENANT).traites == 1
        assert send_due(MAINTENANT).traites == 0
        (courriel,) = mails.take()
        nom = admin.execute("SELECT nom FROM identite.assure WHERE id = %s", (cas.dossier.assure,)).fetchone()[0]
        for interdit in (nom, "Dominique", "63998", str(cas.orientation), str(cas.dossier.parcours)):
            assert interdit not in courriel
        assert not SANTE.search(courriel)
        assert settings().portail_url + "/lien/" in courriel
        assert str(cas.orientation)[:8].upper() in courriel
        assert "Démonstration" not in courriel
        assert ligne(admin, cas.orientation)["etat"] == "livre"
        assert admin.execute("SELECT envoyee_at FROM pdp.orientation").fetchone() == (MAINTENANT,)

    def test_a_demonstration_says_so(self, cas: Relais, mails: Courriels, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PDP_DEMONSTRATION", "1")
        send_due(MAINTENANT)
        (courriel,) = mails.take()
        assert "Subject: [Démonstration]" in courriel
        assert "toutes les données sont fictives" in courriel

    def test_nothing_readable_is_stored(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]) -> None:
        porteur = receive(mails)
        porteur.ask_code()
        send_due(MAINTENANT)
        code = read_code(mails.take()[0])
        tables = [
            t
            for (t,) in admin.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'pdp'::regnamespace")
        ]
        for table in (*tables, "journal.evenement"):
            contenu = "\n".join(str(r) for r in admin.execute(f"SELECT t::text FROM {table} t"))
            assert jeton_of(_uuid(porteur)) not in contenu, table
            if table in ("pdp.outbox", "pdp.code_lien", "journal.evenement"):
                assert f'"{code}"' not in contenu, table

    def test_the_same_message_tried_again_is_the_same_link(
        self, cas: Relais, mails: Courriels, monkeypatch: pytest.MonkeyPatch, admin: psycopg.Connection[Any]
    ) -> None:
        with monkeypatch.context() as panne:
            panne.setenv("PDP_SMTP_PORT", "9")
            assert send_due(MAINTENANT).detail == {"a_reessayer": 1}
        premier = admin.execute("SELECT id FROM pdp.lien_partenaire").fetchall()
        apres = MAINTENANT + timedelta(hours=1)
        assert send_due(apres).traites == 1
        assert admin.execute("SELECT id FROM pdp.lien_partenaire").fetchall() == premier
        assert len(mails.take()) == 1

    def test_nobody_knows_whether_it_arrived_until_it_is_opened(
        self, cas: Relais, mails: Courriels, monkeypatch: pytest.MonkeyPatch, admin: psycopg.Connection[Any]
    ) -> None:
        """The mail left, its answer was lost: not sent again; the coordinator renews, and an opening settles both."""
        vraie = transport_courriel.deliver
        with monkeypatch.context() as panne:
            panne.setattr(transport_courriel, "deliver", lambda *a: (vraie(*a), Remise(Classe.INCERTAIN, "smtp_no_answer"))[1])
            assert send_due(MAINTENANT).detail == {"incertains": 1}
        assert send_due(MAINTENANT + timedelta(days=1)).traites == 0
        assert len(open_taches(admin, cas)) == 1
        mails.take()
        auteur = auteur_agent(cas.dossier.csam)
        for _ in range(2):
            with db.begin_as(auteur) as conn:
                renew_lien(conn, auteur, cas.orientation, MAINTENANT + MINUTE)
        assert send_due(MAINTENANT + MINUTE).traites == 1
        (courriel,) = mails.take()
        enter(Porteur.of(read_jeton(courriel)), mails, MAINTENANT + 2 * MINUTE)
        assert ligne(admin, cas.orientation)["etat"] == "livre"
        assert admin.execute("SELECT envoyee_at IS NOT NULL FROM pdp.orientation").fetchone() == (True,)
        assert events(admin, "orientation_envoyee") == 1

    def test_two_workers_make_one_link(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]) -> None:
        """At its first mail, and again once it expired."""
        for rang, instant in enumerate((MAINTENANT, MAINTENANT + timedelta(days=20)), 1):
            depart = threading.Barrier(4)

            def prepare(_: int, instant: datetime = instant, depart: threading.Barrier = depart) -> Lien | None:
                with db.begin(settings().url_expediteur, fabrique.systeme("send_outbox")) as conn:
                    depart.wait(10)
                    return ensure_lien(conn, cas.orientation, instant)

            with ThreadPoolExecutor(4) as atelier:
                liens = set(atelier.map(prepare, range(4)))
            assert len(liens) == 1
            assert None not in liens
            assert count(admin, "SELECT count(*) FROM pdp.lien_partenaire") == rang

    def test_a_code_makes_no_other_link(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]) -> None:
        """Asked for at the last minute, sent when the link has just expired."""
        porteur = receive(mails)
        fin = porteur.read().expire_at
        assert porteur.ask_code(fin - MINUTE) == "envoye"
        assert send_due(fin + MINUTE).traites == 1
        assert count(admin, "SELECT count(*) FROM pdp.lien_partenaire") == 1


class TestCode:
    def test_the_code_opens_and_acknowledges_once(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]) -> None:
        porteur = receive(mails)
        assert not porteur.read().identifie
        enter(porteur, mails, repondant="Claude Martin, accueil")
        plus_tard = MAINTENANT + 2 * MINUTE
        assert porteur.read(plus_tard).repondant == "Claude Martin, accueil"
        assert porteur.read(plus_tard + timedelta(minutes=58)).identifie
        assert not porteur.read(plus_tard + timedelta(minutes=59)).identifie, "an hour later the code is asked again"
        with lot(fabrique.systeme("collect")) as conn:
            apply_reponses(conn, "PF35", fabrique.systeme("collect"), plus_tard)
        assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("recue",)
        assert (events(admin, "lien_partenaire_code"), events(admin, "lien_partenaire_ouvert")) == (1, 1)

    def test_it_comes_to_the_address_configured_and_to_no_other(
        self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]
    ) -> None:
        porteur = receive(mails)
        porteur.ask_code()
        send_due(MAINTENANT)
        adresse = admin.execute("SELECT courriel FROM pdp.partenaire WHERE id = %s", (cas.partenaire,)).fetchone()[0]
        (courriel,) = mails.take()
        assert f"To: {adresse}" in courriel
        assert not SANTE.search(courriel)

    def test_five_wrong_codes_end_it(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]) -> None:
        porteur = receive(mails)
        porteur.ask_code()
        send_due(MAINTENANT)
        code = read_code(mails.take()[0])
        faux = f"{(int(code) + 1) % 1_000_000:06}"
        assert [porteur.open(faux) for _ in range(5)] == ["faux"] * 4 + ["bloque"]
        assert porteur.open(code) == "bloque", "the right one comes too late"
        assert events(admin, "lien_partenaire_bloque") == 1
        assert porteur.ask_code(MAINTENANT + 2 * MINUTE) == "envoye"
        send_due(MAINTENANT + 2 * MINUTE)
        assert porteur.open(read_code(mails.take()[0]), MAINTENANT + 3 * MINUTE) == "ok"

    @pytest.mark.parametrize(("attente", "resultat"), [(timedelta(minutes=9, seconds=59), "ok"), (timedelta(minutes=10), "perime")])
    def test_ten_minutes_from_its_departure(self, cas: Relais, mails: Courriels, attente: timedelta, resultat: str) -> None:
        porteur = receive(mails)
        porteur.ask_code(MAINTENANT)
        depart = MAINTENANT + 2 * MINUTE
        send_due(depart)
        assert porteur.open(read_code(mails.take()[0]), depart + attente) == resultat

    def test_a_double_click_sends_one_mail_and_opens_once(self, cas: Relais, mails: Courriels) -> None:
        porteur = receive(mails)
        assert [porteur.ask_code(), porteur.ask_code()] == ["envoye", "attendre"]
        send_due(MAINTENANT)
        (courriel,) = mails.take()
        assert [porteur.open(read_code(courriel)), porteur.open(read_code(courriel))] == ["ok", "ok"]
        assert porteur.open(read_code(courriel), MAINTENANT + 2 * MINUTE) == "sans_code"

    def test_the_last_code_asked_counts(self, cas: Relais, mails: Courriels) -> None:
        porteur = receive(mails)
        codes = []
        for i in range(2):
            instant = MAINTENANT + 2 * i * MINUTE
            assert porteur.ask_code(instant) == "envoye"
            send_due(instant)
            codes.append(read_code(mails.take()[0]))
        assert porteur.open(codes[0], MAINTENANT + 3 * MINUTE) == "faux"
        assert porteur.open(codes[1], MAINTENANT + 3 * MINUTE) == "ok"

    def test_twenty_codes_a_day(self, cas: Relais, mails: Courriels) -> None:
        porteur = receive(mails)
        resultats = [porteur.ask_code(MAINTENANT + 2 * i * MINUTE) for i in range(21)]
        assert resultats == ["envoye"] * 20 + ["trop"]
        assert porteur.ask_code(MAINTENANT + timedelta(days=1)) == "envoye"

    def test_a_code_that_cannot_be_mailed_calls_nobody(
        self, cas: Relais, mails: Courriels, monkeypatch: pytest.MonkeyPatch, admin: psycopg.Connection[Any]
    ) -> None:
        porteur = receive(mails)
        porteur.ask_code()
        monkeypatch.setenv("PDP_SMTP_PORT", "9")
        for i in range(12):
            send_due(MAINTENANT + i * timedelta(hours=1))
        assert ligne(admin, cas.orientation, "avis_partenaire")["etat"] == "rebut"
        assert open_taches(admin, cas) == []

    def test_leaving_closes_this_browser_only(self, cas: Relais, mails: Courriels) -> None:
        porteur = receive(mails)
        enter(porteur, mails)
        autre = Porteur(porteur.auteur)
        instant = MAINTENANT + 5 * MINUTE
        assert autre.ask_code(instant) == "envoye"
        send_due(instant)
        assert autre.open(read_code(mails.take()[0]), instant) == "ok"
        with db.begin_as(porteur.auteur) as conn:
            close_acces(conn, porteur.acces, instant)
        assert (porteur.read(instant).identifie, autre.read(instant).identifie) == (False, True)
