"""Mon soutien psy: read from the file of the person under the dated rules, recorded once per parcours with its history."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
from veille_dossiers import JOUR, evenements, set_parcours

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.errors import AccesRefuse, DonneeInvalide, Introuvable
from pdp.services.propose_soutien_psy import Proposition, evaluate_soutien_psy, record_soutien_psy
from pdp.storage import db


@pytest.fixture
def dossier(base: str) -> Dossier:
    """Absent for 90 days."""
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def set_episode(d: Dossier, *, debut: date, fin: date, motif: str) -> None:
    with lot() as conn:
        conn.execute(
            fabrique.text("UPDATE pdp.episode SET debut = :d, fin = :f, motif_categorie = :m WHERE assure_id = :a"),
            {"d": debut, "f": fin, "m": motif, "a": d.assure},
        )


def add_episode(d: Dossier, debut: date, fin: date, motif: str) -> None:
    with lot() as conn:
        conn.execute(
            fabrique.text(
                "INSERT INTO pdp.episode (id, plateforme_id, assure_id, premiere_prescription, debut, fin,"
                " jours_prescrits, nb_prescriptions, risque, motif_categorie, connu_at, calcule_at)"
                " VALUES (gen_random_uuid(), 'PF35', :a, 'AV0', :d, :f, 1, 1, 'maladie', :m, :c, :c)"
            ),
            {"a": d.assure, "d": debut, "f": fin, "m": motif, "c": MAINTENANT},
        )


def evaluate(d: Dossier, jour: date = JOUR) -> Proposition:
    with db.begin_as(auteur_agent(d.csam)) as conn:
        return evaluate_soutien_psy(conn, d.parcours, jour)


def record(d: Dossier, resultat: str, jour: date = JOUR) -> None:
    qui = auteur_agent(d.csam)
    with db.begin_as(qui) as conn:
        record_soutien_psy(conn, qui, d.parcours, resultat, jour, MAINTENANT)


def motifs(proposition: Proposition) -> str:
    return " ".join(v.motif for v in proposition.verdicts)


def test_window_is_open_until_the_eve_of_j180(dossier: Dossier) -> None:
    debut = JOUR - timedelta(days=90)
    set_episode(dossier, debut=debut, fin=JOUR + timedelta(days=20), motif="psychique")
    proposition = evaluate(dossier)
    assert proposition.eligibilite == "a_verifier"  # sessions already had and psychiatric rights are not known to the platform
    assert proposition.fenetre_au == debut + timedelta(days=178)
    assert "fenêtre est ouverte" in motifs(proposition)


def test_an_absence_of_more_than_six_months_warns_today_and_excluded_before(dossier: Dossier) -> None:
    set_episode(dossier, debut=date(2026, 5, 1), fin=JOUR, motif="psychique")
    assert evaluate(dossier).eligibilite == "a_verifier"
    set_episode(dossier, debut=date(2024, 1, 1), fin=date(2024, 12, 31), motif="psychique")
    assert evaluate(dossier, date(2024, 9, 1)).eligibilite == "non_eligible"


@pytest.mark.parametrize(("retard_jours", "connu"), [(7, True), (8, False)])
def test_a_late_prolongation_keeps_the_window_a_real_end_drops_it(dossier: Dossier, retard_jours: int, connu: bool) -> None:
    set_parcours(dossier, fin_arret=JOUR - timedelta(days=retard_jours))
    assert (evaluate(dossier).fenetre_au is not None) is connu


def test_an_earlier_long_psychic_absence_is_said(dossier: Dossier) -> None:
    add_episode(dossier, date(2025, 1, 1), date(2025, 7, 1), "psychique")
    assert "arrêt long pour motif psychique" in motifs(evaluate(dossier))


@pytest.mark.parametrize(("fin", "motif"), [(date(2025, 6, 30), "psychique"), (date(2025, 7, 1), "tms")])
def test_a_shorter_or_other_absence_is_not(dossier: Dossier, fin: date, motif: str) -> None:
    add_episode(dossier, date(2025, 1, 1), fin, motif)
    assert "arrêt long" not in motifs(evaluate(dossier))


def test_recorded_once_and_its_history_is_in_the_journal(dossier: Dossier, admin: psycopg.Connection) -> None:
    record(dossier, "proposee")
    record(dossier, "proposee")
    assert evenements(admin, dossier).count("soutien_psy_enregistre") == 1
    record(dossier, "refusee")
    resultat, eligibilite, regles = admin.execute("SELECT resultat, eligibilite, motifs FROM pdp.soutien_psy").fetchone()
    assert (resultat, eligibilite) == ("refusee", "a_verifier")
    assert {"statut", "motif", "parametre"} == set(regles[0])
    historique = admin.execute(
        "SELECT donnees->>'avant', donnees->>'resultat' FROM journal.evenement WHERE evenement = 'soutien_psy_enregistre' ORDER BY id"
    ).fetchall()
    assert historique == [(None, "proposee"), ("proposee", "refusee")]


def test_what_the_law_excludes_is_not_proposed_but_may_be_noted(dossier: Dossier, admin: psycopg.Connection) -> None:
    jour = date(2024, 9, 1)
    set_episode(dossier, debut=date(2024, 1, 1), fin=date(2024, 12, 31), motif="psychique")
    with pytest.raises(DonneeInvalide) as refus:
        record(dossier, "proposee", jour)
    assert refus.value.code == "not_eligible"
    record(dossier, "non_eligible_6m", jour)
    assert admin.execute("SELECT resultat, eligibilite FROM pdp.soutien_psy").fetchone() == ("non_eligible_6m", "non_eligible")


def test_a_person_proposes_within_an_open_parcours_of_the_platform(dossier: Dossier) -> None:
    with pytest.raises(DonneeInvalide):
        record(dossier, "inventé")
    with pytest.raises(AccesRefuse), lot() as conn:
        record_soutien_psy(conn, fabrique.TEST, dossier.parcours, "proposee", JOUR, MAINTENANT)
    with lot() as conn:
        ailleurs = fabrique.parcours(conn, plateforme="PF57")
    qui = auteur_agent(dossier.csam)
    with pytest.raises(Introuvable), db.begin_as(qui) as conn:
        record_soutien_psy(conn, qui, ailleurs.parcours, "proposee", JOUR, MAINTENANT)
