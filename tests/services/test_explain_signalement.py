"""The explanation of a signalement: readable by a CSAM, complete for the person who must justify it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

import fabrique
from fabrique import agent, assure, auteur_agent, lot, socle
from pdp.errors import Introuvable
from pdp.referentiel import load_regles
from pdp.services import explain_signalement as module
from pdp.services.explain_signalement import explain_signalement
from pdp.storage import db

JOUR = fabrique.MAINTENANT.date()
MOTIFS = [
    ("palier_180", 300, 180, "palier_signalement_j180@origine", 40, "palier_180.2@origine", JOUR + timedelta(days=10)),
    ("ij_270", 297, 270, "alerte_ij_270@origine", 15, "ij_270.2@origine", JOUR - timedelta(days=1)),
    ("tms", 300, 30, "tms_duree_min_jours@origine", 10, None, None),
    ("age", 55, 50, "valeur_retiree@2020-01-01", 5, "regle_retiree.1@origine", None),
]


@pytest.fixture
def csam(base: str) -> Any:
    """A CSAM, and one signalement at J180 with several motives in the database."""
    with lot() as conn:
        socle(conn)
        signalement = fabrique.signalement(conn, assure(conn), palier=180, priorite=70)
        for regle, observe, seuil, parametre, points, regle_id, fin in MOTIFS:
            conn.execute(
                text(
                    "INSERT INTO pdp.signalement_motif (signalement_id, plateforme_id, regle, regle_version, libelle, valeur_observee,"
                    " seuil, parametre_id, points, regle_id, levier, valable_jusqu_au)"
                    " VALUES (:s, 'PF35', :r, 2, 'Phrase.', :o, :seuil, :p, :points, :id, 'Un appel peut encore.', :fin)"
                ),
                {"s": signalement, "r": regle, "o": observe, "seuil": seuil, "p": parametre, "points": points, "id": regle_id, "fin": fin},
            )
        return auteur_agent(agent(conn))


def get_id() -> Any:
    with lot() as conn:
        return conn.execute(text("SELECT id FROM pdp.signalement")).scalar_one()


def test_a_csam_reads_why_with_the_rule_the_value_and_its_source(csam: Any) -> None:
    with db.begin_as(csam) as conn:
        explication = explain_signalement(conn, signalement_id=get_id())
    assert explication.titre == "Signalé parce que l'arrêt a atteint le palier J180 le 18/11/2026."
    assert [(r.regle, r.version, r.valeur_observee, r.points) for r in explication.raisons] == [(m[0], 2, m[1], m[4]) for m in MOTIFS]
    assert explication.priorite == sum(r.points for r in explication.raisons)
    ij = explication.raisons[1]
    assert [r.parametre_id for r in ij.reperes] == ["alerte_ij_270@origine", "ij_plafond_trois_ans@origine"]
    assert ij.reperes[1].source == "CSS R.323-1 4°"
    assert ij.source_regle is not None
    assert "CSS R.323-1 4°" in ij.source_regle
    assert "200 jours prescrits, 1 avis" in explication.faits[0]
    assert "médecin-conseil" in explication.suite


def test_points_count_until_the_last_day_of_their_window(csam: Any) -> None:
    with lot() as conn:
        explication = explain_signalement(conn, signalement_id=get_id())
    attendus = {JOUR - timedelta(days=1): 70, JOUR: 55, JOUR + timedelta(days=10): 55, JOUR + timedelta(days=11): 15}
    assert {jour: explication.priorite_au(jour) for jour in attendus} == attendus


def test_every_rule_that_can_fire_has_its_sources(csam: Any) -> None:
    assert set(module._DROITS) <= {r.cle for r in load_regles()}
    with lot() as conn:
        explication = explain_signalement(conn, signalement_id=get_id())
    assert all(raison.reperes and all(r.source and r.phrase for r in raison.reperes) for raison in explication.raisons)
    assert explication.raisons[3].reperes[0].confiance == "inconnue", "a value that left the referential is said so"


@pytest.mark.parametrize(
    "statut", ["veille", "a_trier", "oriente_csam", "oriente_ism", "convocation_mc", "sans_suite", "rattache", "remplace"]
)
def test_every_status_says_what_happens_next(csam: Any, statut: str) -> None:
    with lot() as conn:
        conn.execute(text("UPDATE pdp.signalement SET statut = :s"), {"s": statut})
        assert explain_signalement(conn, signalement_id=_id(conn)).suite.endswith(".")


def _id(conn: Any) -> Any:
    return conn.execute(text("SELECT id FROM pdp.signalement")).scalar_one()


def test_of_a_parcours_the_highest_signalement_is_explained(csam: Any) -> None:
    with lot() as conn:
        parcours = conn.execute(
            text(
                """INSERT INTO pdp.parcours (plateforme_id, assure_id, signalement_id, statut, survenu_le, connu_at, decide_at,
                       dernier_evenement_at)
                   SELECT plateforme_id, assure_id, id, 'a_affecter', survenu_le, connu_at, connu_at, connu_at
                   FROM pdp.signalement RETURNING id"""
            )
        ).scalar_one()
        assert explain_signalement(conn, parcours_id=parcours).signalement_id == _id(conn)


@pytest.mark.parametrize("cle", ["signalement_id", "parcours_id"])
def test_unknown_is_refused(csam: Any, cle: str) -> None:
    with lot() as conn, pytest.raises(Introuvable):
        explain_signalement(conn, **{cle: uuid4()})


def test_another_platform_is_not_visible(csam: Any) -> None:
    with lot() as conn:
        assure(conn, plateforme="PF57")
        ailleurs = auteur_agent(agent(conn, plateforme="PF57"), plateforme="PF57")
    signalement = get_id()
    with db.begin_as(ailleurs) as conn, pytest.raises(Introuvable):
        explain_signalement(conn, signalement_id=signalement)
