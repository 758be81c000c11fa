"""Answers that cross each other, or the clock: the first is heard, the next is checked against it, nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from horloge_dossiers import ACCUSE, JOURS, apply, delivered, faits, horloge, say, sweep

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.auteur import Auteur
from pdp.errors import TransitionInterdite
from pdp.services import sweep_orientations as service
from pdp.services.record_reponse import record_evenement, record_reponse
from pdp.storage import db
from relais import Relais


@pytest.fixture
def cas(base: str) -> Relais:
    return delivered()


def auteur(cas: Relais) -> Auteur:
    return Auteur("partenaire", str(cas.partenaire), "partenaire", "PF35", str(cas.partenaire))


def answer(cas: Relais, statut: str, ensemble: Barrier) -> str:
    """One colleague of the structure, in front of the same page as another."""
    with db.begin_as(auteur(cas)) as conn:
        ensemble.wait(10)
        motif = "capacite" if statut == "refusee" else None
        try:
            record_reponse(
                conn,
                auteur(cas),
                cas.orientation,
                statut=statut,
                motif=motif,
                compte_rendu=None,
                evenement_id=uuid4(),
                maintenant=MAINTENANT,
            )
        except TransitionInterdite:
            return "refused"
    return "kept"


def write(cas: Relais, ensemble: Barrier) -> str:
    with db.begin_as(auteur(cas)) as conn:
        ensemble.wait(10)
        record_evenement(
            conn,
            auteur(cas),
            cas.orientation,
            nature="question",
            texte="Quel employeur ?",
            rendez_vous_at=None,
            evenement_id=uuid4(),
            transport="portail",
            maintenant=MAINTENANT,
        )
    return "kept"


def kept(admin: psycopg.Connection) -> list[tuple[str, int, str]]:
    lignes = admin.execute("SELECT coalesce(statut, nature), version, resultat FROM pdp.inbox ORDER BY version, 1")
    return [tuple(ligne) for ligne in lignes]


@pytest.mark.parametrize("essai", range(5))
def test_two_colleagues_answer_at_once_the_second_is_told(cas: Relais, admin: psycopg.Connection, essai: int) -> None:
    ensemble = Barrier(2)
    with ThreadPoolExecutor(2) as fils:
        dits = [fils.submit(answer, cas, "refusee", ensemble), fils.submit(answer, cas, "refusee", ensemble)]
        sorts = sorted(dit.result(30) for dit in dits)
    assert sorts == ["kept", "refused"]
    apply(MAINTENANT)
    assert kept(admin) == [("refusee", 1, "appliquee")]


@pytest.mark.parametrize("essai", range(5))
def test_an_answer_and_a_question_at_once_have_each_their_version(cas: Relais, admin: psycopg.Connection, essai: int) -> None:
    ensemble = Barrier(2)
    with ThreadPoolExecutor(2) as fils:
        dits = [fils.submit(answer, cas, "acceptee", ensemble), fils.submit(write, cas, ensemble)]
        assert [dit.result(30) for dit in dits] == ["kept", "kept"]
    apply(MAINTENANT)
    assert sorted(version for _, version, _ in kept(admin)) == [1, 2]
    assert {resultat for _, _, resultat in kept(admin)} == {"appliquee"}
    assert horloge(admin, cas)[0] == "acceptee"


def test_nothing_expires_nor_is_reminded_under_an_answer_that_waits(cas: Relais, admin: psycopg.Connection) -> None:
    le = ACCUSE
    while faits(sweep(le)).get("relances", 0) + horloge(admin, cas)[-1] < 2:
        le += JOURS
    say(cas, "statut", 1, le, statut="acceptee")
    for _ in range(60):
        le += JOURS
        assert faits(sweep(le)) == {}
    assert horloge(admin, cas)[0] == "envoyee"
    assert sweep(le).detail["dues_restants"] == 1  # seen: something holds it
    assert apply(le) == {"appliquee": 1}
    sweep(le)
    assert horloge(admin, cas)[0] == "acceptee"


def test_an_answer_that_comes_between_claim_and_clock_is_heard(
    cas: Relais, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    avance = service._advance

    def answer_meanwhile(*reste: Any) -> tuple[str, int]:
        say(cas, "statut", 1, ACCUSE, statut="acceptee")
        return avance(*reste)

    with monkeypatch.context() as entre:
        entre.setattr(service, "_advance", answer_meanwhile)
        assert sweep(ACCUSE).detail == {"en_attente": 1, "dues_restants": 1}
    apply(ACCUSE + timedelta(minutes=1))
    assert horloge(admin, cas)[0] == "acceptee"


def test_a_word_about_the_hand_over_of_another_partner_stops_no_clock(cas: Relais, admin: psycopg.Connection) -> None:
    with lot() as conn:
        autre = fabrique.partenaire(conn, "spst", "portail")
    say(replace(cas, partenaire=autre), "statut", 1, ACCUSE, statut="acceptee")
    assert faits(sweep(ACCUSE)) == {"relances": 1}


@pytest.mark.parametrize(
    ("version", "transport", "statut", "attendu", "resultat"),
    [
        (1, "api", "realisee", "realisee", "appliquee"),  # its own count, behind that of the portal: what it says is new
        (2, "api", "realisee", "realisee", "appliquee"),
        (1, "portail", "realisee", "en_cours", "ancienne"),  # the same count: late
        (1, "api", "recue", "en_cours", "ancienne"),  # nothing new
        (1, "api", "acceptee", "en_cours", "ancienne"),  # never back
    ],
)
def test_a_former_transport_that_counts_lower_is_still_heard(
    cas: Relais, admin: psycopg.Connection, version: int, transport: str, statut: str, attendu: str, resultat: str
) -> None:
    say(cas, "statut", 1, MAINTENANT, statut="acceptee")
    say(cas, "statut", 2, MAINTENANT, statut="en_cours")
    apply(MAINTENANT)
    plus_tard = MAINTENANT + JOURS
    say(cas, "statut", version, plus_tard, statut=statut, transport=transport, texte="Fini." if statut == "realisee" else None)
    apply(plus_tard)
    assert horloge(admin, cas)[0] == attendu
    assert admin.execute("SELECT resultat FROM pdp.inbox ORDER BY recu_at DESC LIMIT 1").fetchone() == (resultat,)
    assert admin.execute("SELECT version_partenaire FROM pdp.orientation").fetchone() == (2,)
