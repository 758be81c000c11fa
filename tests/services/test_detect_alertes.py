"""Alerts on rights: one per absence and kind, dated on the day the counter or the calendar met the threshold."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from fabrique import agent, lot, parcours, socle
from fabrique_detection import JOUR, Personne, avis, depuis, insert_one, insert_prescriptions, run
from pdp.domain.droits_ij import compteur
from pdp.referentiel import load_referentiel

LONGTEMPS = timedelta(days=400)


@pytest.fixture
def conn(base: str) -> Any:
    with lot() as ouverte:
        socle(ouverte)
        yield ouverte


def list_alertes(conn: Connection) -> list[Any]:
    return conn.execute(text("SELECT * FROM pdp.alerte ORDER BY connu_at, type")).all()


def open_parcours(conn: Connection, personne: Personne) -> Any:
    """An open parcours on the signalement just detected."""
    requete = text(
        """INSERT INTO pdp.parcours (plateforme_id, assure_id, signalement_id, statut, csam_id, survenu_le, connu_at, decide_at,
               dernier_evenement_at)
           SELECT plateforme_id, assure_id, id, 'affecte', :c, survenu_le, connu_at, connu_at, connu_at
           FROM pdp.signalement WHERE assure_id = :a ORDER BY palier DESC LIMIT 1 RETURNING id"""
    )
    return conn.execute(requete, {"a": personne.id, "c": agent(conn)}).scalar_one()


@pytest.mark.parametrize(
    ("ij", "type_alerte", "seuil"),
    [(269, None, 0), (270, "seuil_ij_270", 270), (271, "seuil_ij_270", 270), (329, "seuil_ij_270", 270), (330, "seuil_ij_330", 330)],
)
def test_counter_meets_its_threshold(conn: Connection, ij: int, type_alerte: str | None, seuil: int) -> None:
    debut = JOUR - timedelta(days=ij + 3 - 1)  # three days of carence carry no IJ
    personne = insert_one(conn, avis(debut, JOUR + LONGTEMPS))
    suivi = parcours(conn, assure_id=personne.id).parcours
    run(conn)
    alertes = list_alertes(conn)
    assert [a.type for a in alertes] == ([type_alerte] if type_alerte else [])
    for alerte in alertes:
        franchi_le = debut + timedelta(days=3 + seuil - 1)
        assert alerte.survenu_at.astimezone(UTC).date() in (franchi_le, franchi_le - timedelta(days=1))  # midnight in Paris
        assert (alerte.assure_id, alerte.parcours_id) == (personne.id, suivi)
        assert alerte.cause == str(conn.execute(text("SELECT id FROM pdp.episode WHERE etat = 'courant'")).scalar())
        assert alerte.phrase.startswith(f"{ij} indemnités journalières consommées sur 3 ans : il en reste {360 - ij} ")
        assert (alerte.faits["ij_utilisees"], alerte.faits["seuil"]) == (ij, seuil)


def test_each_threshold_alerts_once_as_days_pass(conn: Connection) -> None:
    parcours(conn, assure_id=insert_one(conn, avis(JOUR, JOUR + LONGTEMPS)).id)
    for n in range(200, 400, 10):
        run(conn, JOUR + timedelta(days=n))
    assert [a.type for a in list_alertes(conn)] == ["seuil_ij_270", "seuil_ij_330"]
    evenements = conn.execute(text("SELECT donnees FROM journal.evenement WHERE evenement = 'alerte_ouverte'")).scalars()
    assert {e["alerte_id"] for e in evenements} == {str(a.id) for a in list_alertes(conn)}


def test_a_decided_alert_does_not_come_back_when_the_absence_changes_its_first_day(base: str, admin: psycopg.Connection) -> None:
    with lot() as conn:
        socle(conn)
        personne = insert_one(conn, avis(JOUR - timedelta(days=299), JOUR + LONGTEMPS))
        parcours(conn, assure_id=personne.id)
        run(conn)
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE pdp.alerte SET decide_at = now(), decision = 'prise_en_compte'")
    with lot() as conn:
        insert_prescriptions(conn, [(personne.id, depuis(JOUR - timedelta(days=305), 10))])
        run(conn)
        assert len(list_alertes(conn)) == 1


def test_rights_used_in_older_absences_alert_during_the_new_one(conn: Connection) -> None:
    personne = insert_one(conn, depuis(JOUR - timedelta(days=600), 280), avis(JOUR - timedelta(days=4), JOUR + timedelta(days=5)))
    parcours(conn, assure_id=personne.id)
    run(conn)
    [alerte] = list_alertes(conn)
    assert (alerte.type, alerte.faits["ij_utilisees"]) == ("seuil_ij_270", 277 + 2)
    assert alerte.faits["epuisement_projete_le"] is None


def test_work_accident_consumes_no_illness_right(conn: Connection) -> None:
    parcours(conn, assure_id=insert_one(conn, avis(JOUR - timedelta(days=350), JOUR + LONGTEMPS, risque="at")).id)
    run(conn)
    assert list_alertes(conn) == []


def test_a_person_nobody_follows_is_ranked_not_alerted(conn: Connection) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=299), JOUR + LONGTEMPS))
    run(conn)
    assert list_alertes(conn) == []
    regles = conn.execute(
        text("SELECT m.regle FROM pdp.signalement_motif m JOIN pdp.signalement s ON s.id = m.signalement_id WHERE s.assure_id = :a"),
        {"a": personne.id},
    ).scalars()
    assert any("ij" in regle for regle in regles)


@pytest.mark.parametrize(("jours_avant", "alerte"), [(31, False), (30, True), (29, True), (1, True), (0, False), (-1, False)])
def test_j180_nears_for_people_followed(conn: Connection, jours_avant: int, alerte: bool) -> None:
    debut = JOUR + timedelta(days=jours_avant) - timedelta(days=179)
    suivie, autre = (insert_one(conn, avis(debut, JOUR + LONGTEMPS)) for _ in range(2))
    run(conn, JOUR - timedelta(days=60))
    parcours_id = open_parcours(conn, suivie)
    run(conn)
    run(conn)
    assert [(a.type, a.assure_id, a.parcours_id) for a in list_alertes(conn)] == (
        [("j180_approche", suivie.id, parcours_id)] if alerte else []
    )
    assert autre.id not in {a.assure_id for a in list_alertes(conn)}


@pytest.mark.parametrize(("deja_proche_jours", "attendues"), [(-1, 1), (0, 0), (20, 0)])
def test_j180_already_near_when_the_file_was_oriented_is_no_news(conn: Connection, deja_proche_jours: int, attendues: int) -> None:
    """The doctor read it among the reasons of the file (or signed the rule that did): one alert per such person said nothing new."""
    proche_le = JOUR - timedelta(days=deja_proche_jours)  # first day within 30 days of J180
    debut = proche_le + timedelta(days=30) - timedelta(days=179)
    suivie = insert_one(conn, avis(debut, JOUR + LONGTEMPS))
    run(conn)
    open_parcours(conn, suivie)
    run(conn)
    run(conn, JOUR + timedelta(days=3))
    assert [a.type for a in list_alertes(conn)] == ["j180_approche"] * attendues
    for alerte in list_alertes(conn):
        assert alerte.echeance_le == debut + timedelta(days=179)


def test_ij_of_29_february_leaves_the_window_on_1_march(conn: Connection) -> None:
    """One IJ on 29 February 2024, then 359 until 26 February 2027: the cap holds on the 28th too, and lets one more IJ in on 1 March."""
    personne = insert_one(conn, avis(date(2024, 2, 26), date(2024, 2, 29)), avis(date(2026, 3, 2), date(2027, 12, 31)))
    observe = []
    for jour in (date(2027, 2, 25), date(2027, 2, 26), date(2027, 2, 27), date(2027, 2, 28), date(2027, 3, 1)):
        run(conn, jour)
        requete = text("SELECT pdp.jours_comptes(comptees, :j, 3) AS ij, epuisement_le FROM pdp.droits_ij")
        compte = conn.execute(requete, {"j": jour}).one()
        oracle = compteur(personne.prescriptions, jour, load_referentiel())
        assert tuple(compte) == (oracle.ij_utilisees, oracle.epuisement_projete)
        observe.append(compte.ij)
    assert observe == [359, 360, 360, 360, 360]
