"""Questions of a hand-over: what leaves, by which way, under which agreement, and what does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.errors import Conflit, DonneeInvalide
from pdp.partners.simulateur_registre import Registre
from pdp.services.answer_question import answer_question, ask_question
from pdp.services.apply_reponses import apply_reponses
from pdp.services.send_outbox import send_due
from pdp.storage import db, inbox
from relais import REPENTIR, Relais, relais

COLLECTE = fabrique.systeme("collect_reponses")


def asked(cas: Relais, texte: str = "Quel est son poste ?", version: int = 1) -> None:
    with lot(COLLECTE) as conn:
        inbox.deposit(
            conn,
            plateforme_id="PF35",
            partenaire_id=cas.partenaire,
            evenement_id=str(uuid4()),
            orientation_id=cas.orientation,
            version=version,
            statut=None,
            motif=None,
            compte_rendu=texte,
            survenu_at=MAINTENANT - timedelta(minutes=9 - version),
            empreinte=uuid4().bytes,
            maintenant=MAINTENANT,
            transport="api",
            nature="question",
        )
        assert apply_reponses(conn, "PF35", COLLECTE, MAINTENANT).traites == 1


def answer(cas: Relais, texte: str = "Préparateur.", cle: UUID | None = None) -> UUID:
    qui = auteur_agent(cas.dossier.csam)
    with db.begin_as(qui) as conn:
        return answer_question(conn, qui, cas.orientation, texte, cle or uuid4(), MAINTENANT)


def messages(admin: psycopg.Connection) -> list[tuple[Any, ...]]:
    return admin.execute(
        "SELECT canal, charge ->> 'genre', charge ->> 'texte', etat FROM pdp.outbox WHERE type = 'reponse_question'"
    ).fetchall()


@pytest.fixture
def socle(base: str) -> None:
    with lot() as conn:
        fabrique.socle(conn)


def test_the_answer_reaches_the_software_of_the_partner(monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
    cas = relais(monde[0])
    assert send_due(MAINTENANT).traites == 1
    asked(cas)
    answer(cas)
    assert send_due(MAINTENANT).traites == 0  # time to take it back
    assert send_due(MAINTENANT + REPENTIR).traites == 1
    assert messages(admin) == [("api", "reponse", "Préparateur.", "livre")]
    assert monde[1].count() == {"recues": 2, "uniques": 1, "doublons": 0, "annulations": 0}


@pytest.mark.parametrize(
    ("canal", "attendu"),
    [
        ("portail", [("courriel", "reponse", None, "a_envoyer")]),
        ("lien", [("lien", "reponse", None, "a_envoyer")]),
        ("messagerie", [("messagerie", "reponse", "Préparateur.", "a_envoyer")]),
        ("csv", [("csv", "reponse", "Préparateur.", "a_envoyer")]),
    ],
)
def test_words_leave_only_where_content_may_travel(socle: None, admin: psycopg.Connection, canal: str, attendu: list[Any]) -> None:
    cas = relais(None)
    with lot() as conn:
        conn.execute(
            fabrique.text("UPDATE pdp.partenaire SET canal = :c, adresse_securisee = 'p@securise.invalid' WHERE id = :p"),
            {"c": canal, "p": cas.partenaire},
        )
    asked(cas)
    answer(cas)
    assert messages(admin) == attendu


def test_a_partner_of_the_portal_without_an_address_reads_its_page(socle: None, admin: psycopg.Connection) -> None:
    cas = relais(None)
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.partenaire SET courriel = NULL"))
    asked(cas)
    answer(cas)
    assert messages(admin) == []
    assert admin.execute("SELECT reponse FROM pdp.echange_question").fetchone() == ("Préparateur.",)


def test_without_the_agreement_the_answer_does_not_leave(monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
    cas = relais(monde[0])
    send_due(MAINTENANT)
    asked(cas)
    answer(cas)
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.accord SET retire_at = :m, retrait_canal = 'telephone'"), {"m": MAINTENANT})
    assert send_due(MAINTENANT + REPENTIR).traites == 0
    assert messages(admin)[0][3] == "rappele"


def test_the_same_form_twice_is_one_answer_and_the_oldest_question_first(socle: None, admin: psycopg.Connection) -> None:
    cas = relais(None)
    asked(cas, "La première ?", 1)
    asked(cas, "La seconde ?", 2)
    cle = uuid4()
    assert answer(cas, "Oui.", cle) == answer(cas, "Oui.", cle)
    assert admin.execute("SELECT texte, reponse FROM pdp.echange_question ORDER BY texte").fetchall() == [
        ("La première ?", "Oui."),
        ("La seconde ?", None),
    ]
    assert admin.execute("SELECT arretee FROM pdp.orientation").fetchone() == (True,)
    answer(cas, "Non.")
    assert admin.execute("SELECT arretee FROM pdp.orientation").fetchone() == (False,)
    with pytest.raises(Conflit):
        answer(cas, "Encore ?")


@pytest.mark.parametrize("texte", ["", "  ", "é" * 1001, "a\0b"])
def test_words_are_asked_for_and_limited(socle: None, texte: str) -> None:
    cas = relais(None)
    asked(cas)
    with pytest.raises(DonneeInvalide):
        answer(cas, texte)


def test_the_coordinator_asks_only_who_has_it_and_while_it_runs(socle: None, admin: psycopg.Connection) -> None:
    cas = relais(None)
    qui = auteur_agent(cas.dossier.csam)

    def ask(cle: UUID | None = None) -> UUID:
        with db.begin_as(qui) as conn:
            return ask_question(conn, qui, cas.orientation, "Des nouvelles ?", cle or uuid4(), MAINTENANT + timedelta(hours=1))

    with pytest.raises(Conflit):
        ask()
    send_due(MAINTENANT, lot=1)
    cle = uuid4()
    assert ask(cle) == ask(cle)
    assert admin.execute("SELECT balle, arretee FROM pdp.orientation").fetchone() == ("partenaire", False)
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.orientation SET statut = 'refusee'"))
    with pytest.raises(Conflit):
        ask()
