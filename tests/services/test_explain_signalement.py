"""The explanation of a signalement: readable by a CSAM, complete for the person who must justify it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from fabrique import TEST, agent, assure, auteur_agent, lot, socle
from fabrique_detection import JOUR, MAINTENANT, PLATEFORME, Personne, avis, insert_personnes
from pdp.domain.signalement import REGLES
from pdp.errors import Introuvable
from pdp.services import explain_signalement as module
from pdp.services.detect_signalements import detect_signalements, rebuild_episodes
from pdp.services.explain_signalement import explain_signalement
from pdp.storage import db


@pytest.fixture
def csam(base: str) -> Any:
    """A CSAM, and one signalement at J180 with several motives in the database."""
    with lot() as conn:
        socle(conn)
        prescription = avis(JOUR - timedelta(days=299), JOUR + timedelta(days=100), motif_categorie="tms")
        insert_personnes(conn, [Personne([prescription], naissance=JOUR.replace(year=JOUR.year - 55))])
        rebuild_episodes(conn, PLATEFORME, MAINTENANT)
        detect_signalements(conn, PLATEFORME, TEST, MAINTENANT)
        return auteur_agent(agent(conn))


def get_id() -> Any:
    with lot() as conn:
        return conn.execute(text("SELECT id FROM pdp.signalement")).scalar_one()


def test_a_csam_reads_why_with_the_rule_the_value_and_its_source(csam: Any) -> None:
    with db.begin_as(csam) as conn:
        explication = explain_signalement(conn, signalement_id=get_id())
    assert explication.titre == "Signalé parce que l'arrêt a atteint le palier J180 le 21/07/2026."
    assert [(r.regle, r.version, r.valeur_observee, r.points) for r in explication.raisons] == [
        ("palier_180", 1, 300, 40),
        ("ij_270", 1, 297, 15),
        ("tms", 1, 300, 10),
        ("age", 1, 55, 5),
    ]
    assert explication.priorite == sum(r.points for r in explication.raisons)
    ij = explication.raisons[1]
    assert [r.parametre_id for r in ij.reperes] == ["alerte_ij_270@origine", "ij_plafond_trois_ans@origine"]
    assert ij.reperes[1].source == "CSS R.323-1 4°"
    assert any("297 indemnités" in fait and "il en reste 63" in fait for fait in explication.faits)
    assert "400 jours prescrits, 1 avis" in explication.faits[0]
    assert "médecin-conseil" in explication.suite


def test_every_rule_that_can_fire_has_its_sources(csam: Any) -> None:
    assert set(module._DROITS) <= {r.cle for r in REGLES}
    with lot() as conn:
        explication = explain_signalement(conn, signalement_id=get_id())
    assert all(raison.reperes and all(r.source and r.phrase for r in raison.reperes) for raison in explication.raisons)


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
