"""The partner's answer on its own portal, under the partner's own database role."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.auteur import Auteur
from pdp.errors import Conflit, DonneeInvalide, Introuvable, TransitionInterdite
from pdp.services.apply_reponses import apply_reponses
from pdp.services.record_reponse import record_reponse
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais import Relais, relais

COLLECTE = fabrique.systeme("collect_reponses")


@pytest.fixture
def cas(base: str) -> Relais:
    with lot() as conn:
        fabrique.socle(conn)
    cas = relais(None)
    assert send_due(MAINTENANT, lot=1).traites == 1
    return cas


def auteur(partenaire: UUID) -> Auteur:
    return Auteur("partenaire", str(partenaire), "partenaire", "PF35", str(partenaire))


def answer(
    cas: Relais, statut: str, *, cle: UUID | None = None, motif: str | None = None, rendu: str | None = None, par: UUID | None = None
) -> None:
    qui = auteur(par or cas.partenaire)
    with db.begin_as(qui) as conn:
        record_reponse(
            conn, qui, cas.orientation, statut=statut, motif=motif, compte_rendu=rendu, evenement_id=cle or uuid4(), maintenant=MAINTENANT
        )


def apply() -> dict[str, int]:
    with lot(COLLECTE) as conn:
        return apply_reponses(conn, "PF35", COLLECTE, MAINTENANT).detail


def inbox_of(admin: psycopg.Connection) -> list[tuple[str, int]]:
    return admin.execute("SELECT statut, version FROM pdp.inbox ORDER BY version").fetchall()


def test_an_answer_travels_to_the_parcours(cas: Relais, admin: psycopg.Connection) -> None:
    answer(cas, "acceptee")
    answer(cas, "en_cours")  # the first answer counts before it is applied
    answer(cas, "realisee", rendu="Deux rendez-vous.")
    assert inbox_of(admin) == [("acceptee", 1), ("en_cours", 2), ("realisee", 3)]
    assert apply() == {"appliquee": 3}
    assert admin.execute("SELECT statut, compte_rendu FROM pdp.orientation").fetchone() == ("realisee", "Deux rendez-vous.")
    auteurs = admin.execute("SELECT DISTINCT auteur_type, auteur_id FROM journal.evenement WHERE evenement = 'reponse_recue'").fetchall()
    assert auteurs == [("partenaire", str(cas.partenaire))]


def test_double_click_is_one_answer_and_another_content_is_refused(cas: Relais, admin: psycopg.Connection) -> None:
    cle = uuid4()
    for _ in range(2):
        answer(cas, "refusee", cle=cle, motif="capacite")
    assert inbox_of(admin) == [("refusee", 1)]
    with pytest.raises(Conflit):
        answer(cas, "refusee", cle=cle, motif="hors_perimetre")
    apply()
    answer(cas, "refusee", cle=cle, motif="capacite")
    assert inbox_of(admin) == [("refusee", 1)]


@pytest.mark.parametrize(
    ("statut", "motif", "rendu"),
    [
        ("nimporte", None, None),
        ("refusee", None, None),
        ("refusee", "inconnu", None),
        ("realisee", None, "  "),
        ("sans_suite", None, None),
        ("acceptee", None, "x" * 1001),
        ("acceptee", None, "a\0b"),
    ],
)
def test_incomplete_answer_is_refused(cas: Relais, admin: psycopg.Connection, statut: str, motif: str | None, rendu: str | None) -> None:
    with pytest.raises(DonneeInvalide):
        answer(cas, statut, motif=motif, rendu=rendu)
    assert inbox_of(admin) == []


@pytest.mark.parametrize("statut", ["envoyee", "annulee", "expiree", "en_cours"])
def test_status_that_the_partner_may_not_give(cas: Relais, admin: psycopg.Connection, statut: str) -> None:
    with pytest.raises(TransitionInterdite):
        answer(cas, statut)
    assert inbox_of(admin) == []


def test_another_partner_sees_nothing_to_answer(cas: Relais, admin: psycopg.Connection) -> None:
    with lot() as conn:
        autre = fabrique.partenaire(conn)
    with pytest.raises(Introuvable):
        answer(cas, "acceptee", par=autre)
    assert inbox_of(admin) == []


def test_taken_back_orientation_can_no_longer_be_answered(cas: Relais, admin: psycopg.Connection) -> None:
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE pdp.orientation SET statut = 'annulee'")
    with pytest.raises(Introuvable):
        answer(cas, "acceptee")
