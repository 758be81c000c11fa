"""What the transaction of a partner's link sees: by statements under its own role, not through the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from fabrique import MAINTENANT, auteur_agent
from lien_partenaire import Courriels, Porteur, enter, read_jeton, receive, relais_par_lien
from pdp.config import settings
from pdp.domain.auteur import Auteur
from pdp.errors import Introuvable
from pdp.services.answer_lien_partenaire import read_demande
from pdp.services.open_lien_partenaire import find_lien, read_lien
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais import Relais
from relais_lecture import count

MINUTE = timedelta(minutes=1)


@pytest.fixture
def cas(mails: Courriels) -> Relais:
    return relais_par_lien()


def _execute(porteur: Porteur, requete: str, **parametres: Any) -> None:
    """One statement in the transaction of a link that a code opened."""
    with db.begin_as(porteur.auteur) as conn:
        assert read_lien(conn, porteur.acces, MAINTENANT + 2 * MINUTE) is not None
        conn.execute(text(requete), parametres)


def _count(admin: psycopg.Connection[Any], table: str) -> int:
    return count(admin, f"SELECT count(*) FROM {table}")


class TestBase:
    """What the transaction of a link sees: by statements under its own role, not through the page."""

    def test_one_hand_over_and_nothing_else(self, cas: Relais, mails: Courriels) -> None:
        autre = relais_par_lien()
        send_due(MAINTENANT)
        jetons = {p.read().orientation_id: p for p in (Porteur.of(read_jeton(c)) for c in mails.take())}
        porteur = jetons[cas.orientation]
        with db.begin_as(porteur.auteur) as conn:
            read_lien(conn, "", MAINTENANT)
            assert conn.execute(text("SELECT id FROM pdp.orientation")).all() == [], "not before the code"
        enter(porteur, mails)
        with db.begin_as(porteur.auteur) as conn:
            read_lien(conn, porteur.acces, MAINTENANT + 2 * MINUTE)
            assert set(conn.execute(text("SELECT id FROM pdp.orientation")).scalars()) == {cas.orientation}
            assert set(conn.execute(text("SELECT orientation_id FROM pdp.inbox")).scalars()) == {cas.orientation}
            with pytest.raises(Introuvable):
                read_demande(conn, autre.orientation)
        with db.begin_as(porteur.auteur) as conn:
            read_lien(conn, "un-autre-cookie", MAINTENANT + 2 * MINUTE)
            assert conn.execute(text("SELECT id FROM pdp.orientation")).all() == [], "not with another cookie"

    @pytest.mark.parametrize(
        "requete",
        [
            "SELECT parcours_id FROM pdp.orientation",
            "SELECT 1 FROM pdp.partenaire",
            "SELECT 1 FROM pdp.parcours",
            "SELECT 1 FROM identite.assure",
            "SELECT 1 FROM pdp.lien_partenaire",
            "SELECT 1 FROM pdp.code_lien",
            "SELECT 1 FROM pdp.acces_lien",
            "SELECT 1 FROM pdp.outbox",
            "SELECT 1 FROM pdp.accord",
            "SELECT 1 FROM journal.evenement",
            "SELECT 1 FROM securite.compte",
            "SELECT 1 FROM medical.motif_arret",
            "UPDATE pdp.orientation SET statut = 'acceptee'",
            "UPDATE pdp.inbox SET statut = 'acceptee'",
            "DELETE FROM pdp.inbox",
            "INSERT INTO pdp.inbox (repondant) VALUES ('x')",
            "SELECT pdp.ouvrir_lien_partenaire()",
            "SELECT * FROM pdp.trouver_lien_partenaire(gen_random_uuid())",
        ],
    )
    def test_the_database_refuses(self, cas: Relais, mails: Courriels, requete: str) -> None:
        porteur = receive(mails)
        enter(porteur, mails)
        with pytest.raises(ProgrammingError, match="permission denied"):
            _execute(porteur, requete)

    def test_an_answer_to_another_hand_over_is_refused(self, cas: Relais, mails: Courriels) -> None:
        autre = relais_par_lien()
        send_due(MAINTENANT)
        jetons = {p.read().orientation_id: p for p in (Porteur.of(read_jeton(c)) for c in mails.take())}
        porteur = jetons[cas.orientation]
        enter(porteur, mails)
        requete = (
            "INSERT INTO pdp.inbox (id, plateforme_id, partenaire_id, evenement_id, orientation_id, version, statut, survenu_at, empreinte,"
            " recu_at, transport) VALUES (:i, 'PF35', :p, 'e', :o, 1, 'acceptee', now(), '\\x00', now(), :t)"
        )
        for orientation, partenaire, transport in (
            (autre.orientation, autre.partenaire, "lien"),
            (cas.orientation, autre.partenaire, "lien"),
            (cas.orientation, cas.partenaire, "portail"),
        ):
            with pytest.raises(DBAPIError, match="row-level security"):
                _execute(porteur, requete, i=uuid4(), o=orientation, p=partenaire, t=transport)

    @pytest.mark.parametrize("contexte", ["", "partenaire|{id}|lien|PF35|{p}|00", "partenaire|{id}|lien|PF35|{p}"])
    def test_a_forged_context_shows_no_row(self, cas: Relais, mails: Courriels, contexte: str) -> None:
        porteur = receive(mails)
        enter(porteur, mails)
        with db.engine(settings().url_portail).begin() as conn:
            forge = contexte.format(id=porteur.auteur.id, p=porteur.auteur.partenaire_id)
            conn.execute(text("SELECT set_config('pdp.contexte', :c, true)"), {"c": forge})
            conn.execute(text("SET LOCAL ROLE pdp_role_lien"))
            assert read_lien(conn, porteur.acces, MAINTENANT + 2 * MINUTE) is None
            assert conn.execute(text("SELECT count(*) FROM pdp.orientation")).scalar_one() == 0
            assert conn.execute(text("SELECT count(*) FROM pdp.inbox")).scalar_one() == 0

    def test_a_borrowed_role_shows_no_row(self, cas: Relais, mails: Courriels) -> None:
        """What an injected statement would try: the context of a link under the role of a function, and the reverse."""
        porteur = receive(mails)
        enter(porteur, mails)
        for auteur, role in ((porteur.auteur, "pdp_role_partenaire"), (auteur_agent(cas.dossier.csam), "pdp_role_lien")):
            with db.begin_as(auteur) as conn:
                conn.execute(text("RESET ROLE"))
                conn.execute(text(f"SET LOCAL ROLE {role}"))
                conn.execute(text("SELECT set_config('pdp.lien_acces', :a, true)"), {"a": porteur.acces.encode().hex()})
                assert conn.execute(text("SELECT count(id) FROM pdp.orientation")).scalar_one() == 0

    def test_another_partner_in_the_context_finds_nothing(self, cas: Relais, mails: Courriels) -> None:
        porteur = receive(mails)
        enter(porteur, mails)
        intrus = Auteur("partenaire", porteur.auteur.id, "lien", "PF35", str(uuid4()))
        with db.begin_as(intrus, lecture=True) as conn:
            assert read_lien(conn, porteur.acces, MAINTENANT + 2 * MINUTE) is None
            assert conn.execute(text("SELECT count(*) FROM pdp.orientation")).scalar_one() == 0

    def test_looking_cannot_write(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]) -> None:
        porteur = receive(mails)
        avant = [_count(admin, t) for t in ("journal.evenement", "pdp.code_lien", "pdp.outbox", "pdp.inbox")]
        for _ in range(3):
            porteur.read()
        assert [_count(admin, t) for t in ("journal.evenement", "pdp.code_lien", "pdp.outbox", "pdp.inbox")] == avant

    @pytest.mark.parametrize("jeton", ["", "x", "A" * 43, "é" * 43, "A" * 5000, "../../etc"])
    def test_a_token_nobody_made(self, mails: Courriels, jeton: str) -> None:
        with db.begin_portail() as conn:
            assert find_lien(conn, jeton) is None

    def test_a_token_with_one_letter_changed(self, cas: Relais, mails: Courriels) -> None:
        send_due(MAINTENANT)
        jeton = read_jeton(mails.take()[0])
        for rang in (0, 20, 42):
            autre = jeton[:rang] + ("A" if jeton[rang] != "A" else "B") + jeton[rang + 1 :]
            with db.begin_portail() as conn:
                assert find_lien(conn, autre) is None
