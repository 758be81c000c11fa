"""Answers of a real HTTP partner: read once, kept once, read again after any failure."""

from __future__ import annotations

import logging
from uuid import UUID

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, lot
from pdp.partners import http, simulateur_registre
from pdp.partners.contrat import Page, check_evenement
from pdp.partners.simulateur_registre import Etape, Registre
from pdp.services.collect_reponses import apply_reponses, poll_partenaires
from pdp.services.send_outbox import send_due
from relais import Relais, relais
from relais_lecture import count, events

COLLECTE = fabrique.systeme("collect_reponses")


def sent(url: str, monkeypatch: pytest.MonkeyPatch, *etapes: Etape) -> Relais:
    """An orientation delivered to a partner who answers with these steps."""
    monkeypatch.setattr(simulateur_registre, "script_of", lambda _: etapes)
    cas = relais(url)
    assert send_due(MAINTENANT).traites == 1
    return cas


def apply() -> dict[str, int]:
    with lot(COLLECTE) as conn:
        return apply_reponses(conn, "PF35", COLLECTE, MAINTENANT).detail


def evenement(orientation: UUID, **change: object) -> object:
    return {
        "evenement_id": "e1",
        "orientation_id": str(orientation),
        "version": 1,
        "statut": "acceptee",
        "motif": None,
        "compte_rendu": None,
        "survenu_at": "2026-11-18T07:00:00Z",
        **change,
    }


def serve(monkeypatch: pytest.MonkeyPatch, *evenements: object, illisibles: int = 0) -> None:
    page = Page("c1", tuple(check_evenement(e) for e in evenements), illisibles)
    monkeypatch.setattr(http, "fetch_evenements", lambda cible, curseur: page)


def test_polled_and_applied_twice_is_once(monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(monde[0], monkeypatch, Etape("acceptee"), Etape("en_cours"), Etape("realisee", compte_rendu="Fait."))
    assert (poll_partenaires(MAINTENANT).traites, poll_partenaires(MAINTENANT, "PF35").traites) == (3, 0)
    assert apply() == {"appliquee": 3}
    assert apply() == {}
    assert admin.execute("SELECT statut, version_partenaire, compte_rendu FROM pdp.orientation").fetchall() == [("realisee", 3, "Fait.")]
    assert (events(admin, "reponse_recue"), events(admin, "orientation_repondue")) == (3, 3)


def test_lost_cursor_reads_again_and_changes_nothing(
    monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(monde[0], monkeypatch, Etape("acceptee"), Etape("en_cours"))
    poll_partenaires(MAINTENANT)
    apply()
    admin.execute("SET session_replication_role = replica")  # an administrator's repair, outside the rules of the application
    admin.execute("DELETE FROM pdp.curseur_partenaire")
    assert (poll_partenaires(MAINTENANT).traites, poll_partenaires(MAINTENANT).ignores) == (0, 0)
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 2
    assert apply() == {}


def test_other_platform_is_not_read(monde: tuple[str, Registre], monkeypatch: pytest.MonkeyPatch) -> None:
    sent(monde[0], monkeypatch, Etape("acceptee"))
    assert poll_partenaires(MAINTENANT, "PF57").traites == 0
    assert poll_partenaires(MAINTENANT, "PF35").traites == 1


def test_mute_partner_is_counted_and_the_others_are_read(
    monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    relais("http://127.0.0.1:9", type="spst")
    sent(monde[0], monkeypatch, Etape("refusee", motif="capacite"))
    bilan = poll_partenaires(MAINTENANT)
    assert (bilan.traites, bilan.echoues, bilan.detail) == (1, 1, {"partenaires_muets": 1})
    assert "connection" in caplog.text
    (nom,) = admin.execute("SELECT nom FROM identite.assure LIMIT 1").fetchone()
    assert nom not in caplog.text


def test_same_id_other_content_is_set_aside_and_a_person_reads_it(
    monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    cas = sent(monde[0], monkeypatch)
    serve(monkeypatch, evenement(cas.orientation))
    poll_partenaires(MAINTENANT)
    apply()
    serve(monkeypatch, evenement(cas.orientation, statut="refusee", motif="capacite"))
    assert [poll_partenaires(MAINTENANT).traites for _ in range(2)] == [1, 0]
    assert apply() == {"quarantaine": 1}
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("acceptee",)
    assert admin.execute("SELECT resultat FROM pdp.inbox ORDER BY evenement_id").fetchall() == [("appliquee",), ("quarantaine",)]
    assert count(admin, "SELECT count(*) FROM pdp.tache WHERE motif = 'lire_reponse' AND fermee_at IS NULL") == 1
    assert events(admin, "reponse_mise_de_cote") == 1


def test_same_answer_untouched_is_not_set_aside(
    monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    cas = sent(monde[0], monkeypatch)
    serve(
        monkeypatch, evenement(cas.orientation), evenement(cas.orientation, survenu_at="2026-11-18T08:00:00+01:00")
    )  # one instant, two zones
    bilan = poll_partenaires(MAINTENANT)
    assert (bilan.traites, count(admin, "SELECT count(*) FROM pdp.inbox")) == (1, 1)


def test_unreadable_events_are_reported_and_the_others_kept(
    monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    cas = sent(monde[0], monkeypatch)
    serve(monkeypatch, evenement(cas.orientation), illisibles=2)
    assert poll_partenaires(MAINTENANT).traites == 1
    assert admin.execute("SELECT donnees ->> 'nombre' FROM journal.evenement WHERE evenement = 'reponse_illisible'").fetchone() == ("2",)
