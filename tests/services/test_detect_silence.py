"""Quiet mode of one person in the detection: nobody is signalled in silence, nobody is forgotten when it ends."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from fabrique import agent, auteur_agent, lot, parcours, socle
from fabrique_detection import JOUR, Personne, avis, insert_one, insert_personnes, instant, list_signalements, run
from faits_dsn import Fait, insert_faits
from pdp.domain.arret import Periode
from pdp.domain.exclusion import FaitsEpisode, find_exclusion
from pdp.referentiel import load_referentiel, load_regles
from pdp.services.explain_cas import explain_cas
from pdp.services.record_silence import lift_silence, set_silence

LONGTEMPS = timedelta(days=400)
FIN = 5  # last day of silence: JOUR + 5


@pytest.fixture
def conn(base: str) -> Any:
    with lot() as ouverte:
        socle(ouverte)
        yield ouverte


def le(n: int) -> date:
    return JOUR + timedelta(days=n)


def silence(
    conn: Connection, assure: UUID, motif: str = "hospitalisation", au: int | None = FIN, pose: int = 0, du: int | None = None
) -> UUID:
    auteur = auteur_agent(agent(conn))
    fin = None if au is None else le(au)
    debut = None if du is None else le(du)
    return set_silence(conn, auteur, assure, motif=motif, du=debut, au=fin, maintenant=instant(le(pose))).id


@pytest.mark.parametrize("motif", ["hospitalisation", "deuil", "demande", "refus"])
@pytest.mark.parametrize(("n", "signale"), [(-1, True), (0, False), (FIN, False), (FIN + 1, True)])
def test_threshold_reached_around_the_silence(conn: Connection, n: int, signale: bool, motif: str) -> None:
    """The person reaches J60 on that very day; the silence is asked for the day before it begins."""
    personne = insert_one(conn, avis(le(n - 59), le(n) + LONGTEMPS))
    silence(conn, personne.id, motif, pose=-1, du=0)
    bilan = run(conn, le(n))
    assert [s.palier for s in list_signalements(conn, personne.id)] == ([60] if signale else [])
    assert bilan.detail.get("exclus_silence_personne", 0) == int(not signale)


def test_nobody_is_forgotten_when_it_ends(conn: Connection) -> None:
    """J60 on the third day of silence; nothing else happens: the night after the last day finds it, dated on its own day."""
    personne = insert_one(conn, avis(le(2 - 59), le(0) + LONGTEMPS))
    silence(conn, personne.id)
    for n in range(FIN + 1):
        run(conn, le(n))
        assert list_signalements(conn, personne.id) == [], n
    due = conn.execute(text("SELECT le, cause FROM pdp.echeance_detection WHERE assure_id = :p"), {"p": personne.id}).one()
    assert (due.le, "fin_silence" in due.cause) == (le(FIN + 1), True)
    run(conn, le(FIN + 1))
    assert [(s.palier, s.survenu_le) for s in list_signalements(conn, personne.id)] == [(60, le(2))]


def test_lifted_early_the_next_night_looks_again(conn: Connection) -> None:
    personne = insert_one(conn, avis(le(-59), le(0) + LONGTEMPS))
    pose = silence(conn, personne.id)
    run(conn, le(0))
    assert list_signalements(conn, personne.id) == []
    for _ in range(2):
        lift_silence(conn, auteur_agent(agent(conn)), pose, instant(le(1)))
    assert conn.execute(text("SELECT count(*) FROM pdp.fait_nouveau WHERE assure_id = :p"), {"p": personne.id}).scalar() == 1
    run(conn, le(1))
    assert [s.palier for s in list_signalements(conn, personne.id)] == [60]


def test_death_is_for_ever_and_alerts_nobody(conn: Connection) -> None:
    """Three people followed near J180: one dead for the platform, one dead for the employer, one who refuses contact."""
    gens = [insert_one(conn, avis(le(-170), le(0) + LONGTEMPS)) for _ in range(3)]
    for personne in gens:
        parcours(conn, assure_id=personne.id)
    silence(conn, gens[0].id, "deces", au=None)
    insert_faits(conn, [(gens[1].id, Fait("fin_contrat", le(-1), "066"))])
    silence(conn, gens[2].id, "refus", au=None)
    for n in (0, 1, 200):
        run(conn, le(n))
    alertes = conn.execute(text("SELECT DISTINCT assure_id FROM pdp.alerte WHERE type LIKE 'seuil_ij%' OR type = 'j180_approche'"))
    assert alertes.scalars().all() == [gens[2].id]
    assert "rattache" not in {s.statut for p in gens for s in list_signalements(conn, p.id)}


def test_explanation_says_it_as_it_was_known(conn: Connection) -> None:
    """Silent today; the day before nobody knew; once lifted, « as known » during the silence still says it."""
    personne = insert_one(conn, avis(le(-59), le(0) + LONGTEMPS))
    pose = silence(conn, personne.id)
    lift_silence(conn, auteur_agent(agent(conn)), pose, instant(le(2)))

    def tell(n: int) -> str:
        connu_at = instant(le(n)) + timedelta(hours=1)
        return " ".join(explain_cas(conn, personne.id, instant(le(3)), connu_at=connu_at, lecteur="csam").constats)

    assert ["est en silence" in tell(n) for n in (-1, 0, 1, 2)] == [False, True, True, False]


def test_sql_equals_the_pure_rule_and_a_full_night(conn: Connection) -> None:
    """Random silences, some lifted, some to come: excluded exactly as the rule says, whether the night is full or not."""
    hasard = random.Random(15)
    personnes = insert_personnes(conn, [Personne([avis(le(-60 - n), le(0) + LONGTEMPS)]) for n in range(80)])
    demandeur = auteur_agent(agent(conn))
    connus: dict[UUID, Periode | None] = {}
    for personne in personnes:
        du = hasard.randint(-3, 3)
        motif = hasard.choice(("hospitalisation", "refus", "deces"))
        debut, fin = (
            (le(min(du, 0)), None) if motif == "deces" else (le(du), None if motif == "refus" else le(max(du, 0) + hasard.randint(0, 3)))
        )
        pose = set_silence(conn, demandeur, personne.id, motif=motif, du=debut, au=fin, maintenant=instant(JOUR))
        leve = hasard.random() < 0.3
        if leve:
            lift_silence(conn, demandeur, pose.id, instant(JOUR))
        connus[personne.id] = None if leve else Periode(debut, fin)
    ref, regles = load_referentiel(), load_regles()
    etats = []
    for complet in (True, False):
        essai = conn.begin_nested()
        for n in range(0, 8):
            run(conn, le(n), complet=complet)
            for personne in personnes:
                periode, arret = connus[personne.id], personne.prescriptions[0]
                faits = FaitsEpisode(arret.debut, arret.fin, silences=(periode,) if periode else ())
                attendu = any(find_exclusion(faits, le(m), ref, regles) is None for m in range(n + 1))
                assert bool(list_signalements(conn, personne.id)) is attendu, (n, complet, periode)
        requete = text("SELECT assure_id, palier, survenu_le, connu_at, statut FROM pdp.signalement ORDER BY 1, 2")
        etats.append([tuple(ligne) for ligne in conn.execute(requete)])
        etats.append([tuple(ligne) for ligne in conn.execute(text("SELECT assure_id, le, cause FROM pdp.echeance_detection ORDER BY 1"))])
        essai.rollback()
    assert etats[:2] == etats[2:]
    assert len({bool(p) for p in connus.values()}) == 2
