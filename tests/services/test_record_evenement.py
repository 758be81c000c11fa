"""What a partner says beside a step, under its own database role: once, checked, and only of what is its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.auteur import Auteur
from pdp.errors import Conflit, DonneeInvalide, Introuvable, TransitionInterdite
from pdp.services.apply_reponses import apply_reponses
from pdp.services.record_reponse import record_evenement, record_reponse
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais import Relais, relais

COLLECTE = fabrique.systeme("collect_reponses")
DEMAIN = MAINTENANT + timedelta(days=1)


@pytest.fixture
def cas(base: str) -> Relais:
    with lot() as conn:
        fabrique.socle(conn)
    cas = relais(None)
    assert send_due(MAINTENANT, lot=1).traites == 1
    return cas


def auteur(partenaire: UUID) -> Auteur:
    return Auteur("partenaire", str(partenaire), "partenaire", "PF35", str(partenaire))


def say(cas: Relais, nature: str, texte: str | None = None, rendez_vous_at: datetime | None = None, **champs: Any) -> None:
    qui = auteur(champs.get("par") or cas.partenaire)
    with db.begin_as(qui) as conn:
        record_evenement(
            conn,
            qui,
            cas.orientation,
            nature=nature,
            texte=texte,
            rendez_vous_at=rendez_vous_at,
            evenement_id=champs.get("cle") or uuid4(),
            transport=champs.get("transport", "portail"),
            maintenant=MAINTENANT,
        )


def accept(cas: Relais) -> None:
    qui = auteur(cas.partenaire)
    with db.begin_as(qui) as conn:
        record_reponse(
            conn, qui, cas.orientation, statut="acceptee", motif=None, compte_rendu=None, evenement_id=uuid4(), maintenant=MAINTENANT
        )


def kept(admin: psycopg.Connection) -> list[tuple[Any, ...]]:
    return admin.execute("SELECT nature, version, compte_rendu FROM pdp.inbox WHERE nature <> 'statut' ORDER BY version").fetchall()


def test_each_nature_is_kept_after_the_answers_before_it(cas: Relais, admin: psycopg.Connection) -> None:
    accept(cas)
    say(cas, "rendez_vous", rendez_vous_at=DEMAIN)
    say(cas, "rendez_vous_manque", " Pas venue ")
    say(cas, "nouvelles", "Rappelée, tout va bien.")
    say(cas, "question", "Peut-elle conduire ?")
    assert kept(admin) == [
        ("rendez_vous", 2, None),
        ("rendez_vous_manque", 3, "Pas venue"),
        ("nouvelles", 4, "Rappelée, tout va bien."),
        ("question", 5, "Peut-elle conduire ?"),
    ]
    with lot(COLLECTE) as conn:
        assert apply_reponses(conn, "PF35", COLLECTE, MAINTENANT).detail == {"appliquee": 5}
    assert admin.execute("SELECT statut, version_partenaire, arretee FROM pdp.orientation").fetchone() == ("acceptee", 1, True)


def test_a_step_told_after_other_words_still_follows_without_a_gap(cas: Relais, admin: psycopg.Connection) -> None:
    say(cas, "question", "Joignable quand ?")
    accept(cas)
    with lot(COLLECTE) as conn:
        assert apply_reponses(conn, "PF35", COLLECTE, MAINTENANT).detail == {"appliquee": 2}
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("acceptee",)


def test_the_same_form_twice_is_one_event_another_content_is_refused(cas: Relais, admin: psycopg.Connection) -> None:
    cle = uuid4()
    say(cas, "question", "Joignable quand ?", cle=cle)
    say(cas, "question", "Joignable quand ?", cle=cle)
    with pytest.raises(Conflit):
        say(cas, "question", "Autre chose ?", cle=cle)
    assert len(kept(admin)) == 1
    say(cas, "question", "Joignable quand ?", cle=cle, transport="lien")  # another way in: its own keys
    assert len(kept(admin)) == 2


@pytest.mark.parametrize(
    ("nature", "texte", "rendez_vous_at", "code"),
    [
        ("statut", None, None, "unknown_nature"),
        ("autre", "Bonjour", None, "unknown_nature"),
        ("rendez_vous", None, None, "missing_meeting"),
        ("nouvelles", "Vue", DEMAIN, "missing_meeting"),
        ("rendez_vous", None, MAINTENANT + timedelta(days=367), "meeting_too_far"),
        ("rendez_vous", None, MAINTENANT - timedelta(days=93), "meeting_too_far"),
        ("nouvelles", "  ", None, "missing_words"),
        ("question", None, None, "missing_words"),
        ("question", "é" * 1001, None, "words_too_long"),
        ("question", "a\0b", None, "words_too_long"),
    ],
)
def test_what_is_missing_or_too_much_is_refused(
    cas: Relais, admin: psycopg.Connection, nature: str, texte: str | None, rendez_vous_at: datetime | None, code: str
) -> None:
    accept(cas)
    with pytest.raises(DonneeInvalide) as refus:
        say(cas, nature, texte, rendez_vous_at)
    assert refus.value.code == code
    assert kept(admin) == []


@pytest.mark.parametrize(
    ("nature", "champs"), [("nouvelles", {"texte": "Vue."}), ("rendez_vous", {"rendez_vous_at": DEMAIN}), ("rendez_vous_manque", {})]
)
def test_a_meeting_or_news_are_told_of_what_was_accepted(cas: Relais, nature: str, champs: dict[str, Any]) -> None:
    with pytest.raises(TransitionInterdite):
        say(cas, nature, **champs)
    accept(cas)
    say(cas, nature, **champs)


def test_nothing_is_said_of_what_is_over_or_of_another_partner(cas: Relais, admin: psycopg.Connection) -> None:
    with lot() as conn:
        autre = fabrique.partenaire(conn)
    with pytest.raises(Introuvable):
        say(cas, "question", "Qui est-ce ?", par=autre)
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.orientation SET statut = 'expiree'"))
    with pytest.raises(TransitionInterdite):
        say(cas, "question", "Trop tard ?")
    assert kept(admin) == []


def test_the_partner_reads_the_questions_of_its_own_hand_overs_only(cas: Relais) -> None:
    say(cas, "question", "Joignable quand ?")
    with lot(COLLECTE) as conn:
        apply_reponses(conn, "PF35", COLLECTE, MAINTENANT)
        autre = fabrique.partenaire(conn)
    lire = fabrique.text("SELECT texte FROM pdp.echange_question")
    for partenaire, attendu in ((cas.partenaire, ["Joignable quand ?"]), (autre, [])):
        with db.begin_as(auteur(partenaire)) as conn:
            assert conn.execute(lire).scalars().all() == attendu
