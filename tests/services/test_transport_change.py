"""A partner changes its transport while a hand-over is under way: what is said of it goes where it can be understood."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from horloge_dossiers import ACCUSE, JOURS, deliver, execute, horloge, sweep

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.services.answer_question import ask_question
from pdp.services.configure_partenaire import Configuration, configure_partenaire
from pdp.storage import db
from relais import Relais, relais

Admin = psycopg.Connection[Any]
ADRESSES = {
    "url": "https://partenaire.exemple.invalid/fhir",
    "courriel": "p@exemple.invalid",
    "adresse_securisee": "p@exemple.mssante.invalid",
}


@pytest.fixture
def responsable(base: str) -> Auteur:
    with lot() as conn:
        fabrique.socle(conn)
        return Auteur("agent", str(fabrique.agent(conn, "responsable")), "responsable", "PF35")


def configure(auteur: Auteur, cas: Relais, canal: str) -> None:
    with db.begin_as(auteur) as conn:
        configure_partenaire(conn, auteur, cas.partenaire, Configuration(canal, **ADRESSES), MAINTENANT)


def sent_by(canal: str) -> Relais:
    """Delivered by this transport."""
    cas = relais(None)
    deliver(cas)
    execute("UPDATE pdp.outbox SET etat = 'livre', canal = :c, essais = 1 WHERE orientation_id = :o", c=canal, o=cas.orientation)
    execute("UPDATE pdp.partenaire SET canal = :c, url = 'https://avant.exemple.invalid' WHERE id = :p", c=canal, p=cas.partenaire)
    return cas


@pytest.mark.parametrize(
    ("avant", "apres", "attendu"),
    [
        ("lien", "messagerie", "lien"),  # nothing but an announcement: the words are on the page of the link
        ("lien", "fhir", "lien"),
        ("lien", "csv", "lien"),
        ("csv", "messagerie", "messagerie"),  # the words are in the message
        ("csv", "fhir", "fhir"),
    ],
)
def test_a_question_that_waits_never_arrives_without_its_words(
    responsable: Auteur, admin: Admin, avant: str, apres: str, attendu: str
) -> None:
    cas = sent_by(avant)
    qui = auteur_agent(cas.dossier.csam)
    with db.begin_as(qui) as conn:
        ask_question(conn, qui, cas.orientation, "Quel jour ?", uuid4(), MAINTENANT)
    configure(responsable, cas, apres)
    canal, texte = admin.execute("SELECT canal, charge ->> 'texte' FROM pdp.outbox WHERE type = 'reponse_question'").fetchone()
    assert canal == attendu
    assert texte == (None if attendu == "lien" else "Quel jour ?")


@pytest.mark.parametrize(
    ("avant", "apres", "attendu"),
    [
        ("api", "portail", {("api", "annulation"), ("courriel", "fin_partenaire")}),
        ("csv", "fhir", {("csv", "annulation"), ("courriel", "fin_partenaire")}),
        ("portail", "api", {("courriel", "fin_partenaire")}),
        ("lien", "messagerie", {("lien", "fin_partenaire")}),
    ],
)
def test_an_expiry_is_told_where_the_hand_over_went(
    responsable: Auteur, admin: Admin, avant: str, apres: str, attendu: set[tuple[str, str]]
) -> None:
    cas = sent_by(avant)
    configure(responsable, cas, apres)
    le = ACCUSE
    while horloge(admin, cas)[0] != "expiree":
        sweep(le)
        le += 7 * JOURS
        assert le < ACCUSE + 200 * JOURS
    dits = admin.execute("SELECT canal, type FROM pdp.outbox WHERE type IN ('annulation', 'fin_partenaire')").fetchall()
    assert set(dits) == attendu
