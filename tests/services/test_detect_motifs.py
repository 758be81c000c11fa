"""Motives follow the facts while a file waits: one more on the day a rule starts to hold, windows that move, points that stop counting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from fabrique import lot, socle
from fabrique_detection import JOUR, PLATEFORME, avis, insert_one, list_signalements, run, update_avis
from faits_dsn import Fait, insert_faits
from pdp.domain.referentiel import Referentiel
from pdp.domain.regles import Regles
from pdp.referentiel import load_referentiel, load_regles
from pdp.services import reglages, reglages_signalement
from pdp.services.publish_referentiel import publish_referentiel
from pdp.services.read_priorite import Part, list_parts, sum_parts

LONGTEMPS = timedelta(days=400)


@pytest.fixture
def conn(base: str) -> Any:
    with lot() as ouverte:
        socle(ouverte)
        yield ouverte


def get_signalement(conn: Connection) -> UUID:
    """The one that waits."""
    return conn.execute(text("SELECT id FROM pdp.signalement WHERE statut IN ('veille', 'a_trier')")).scalar_one()


def read_parts(conn: Connection, n: int) -> dict[str, Part]:
    """Parts of the file that waits, seen `n` days after JOUR."""
    return {p.regle: p for p in list_parts(conn, get_signalement(conn), JOUR + timedelta(days=n))}


def read_priorite(conn: Connection, n: int) -> int:
    """Priority of the day by the function of the database, checked against the sum of the parts shown."""
    signalement, jour = get_signalement(conn), JOUR + timedelta(days=n)
    priorite = conn.execute(text("SELECT pdp.priorite_du_jour(:s, :j)"), {"s": signalement, "j": jour}).scalar_one()
    assert priorite == sum_parts(list_parts(conn, signalement, jour))
    return priorite


# J90 on JOUR, hence J180 ninety days later, and the window of sixty days thirty days later
@pytest.mark.parametrize(("n", "present"), [(29, False), (30, True), (31, True)])
def test_window_of_soutien_psy_opens_on_its_day_while_the_file_waits(conn: Connection, n: int, present: bool) -> None:
    insert_one(conn, avis(JOUR - timedelta(days=89), JOUR + LONGTEMPS, motif_categorie="psychique"))
    for nuit in range(n + 1):
        run(conn, JOUR + timedelta(days=nuit))
    part = read_parts(conn, n).get("psychique_avant_j180")
    assert (part is not None) is present
    if part is not None:
        assert (part.constate_le, part.valable_jusqu_au) == (JOUR + timedelta(days=30), JOUR + timedelta(days=89))
        assert part.levier.startswith("Mon soutien psy")
        assert [read_priorite(conn, k) for k in (89, 90)] == [30 + 25, 30]
        assert conn.execute(text("SELECT count(*) FROM journal.evenement WHERE evenement = 'signalement_complete'")).scalar() == 1


def test_priority_of_the_detection_stays_what_it_was(conn: Connection) -> None:
    insert_one(conn, avis(JOUR - timedelta(days=89), JOUR + LONGTEMPS, motif_categorie="psychique"))
    for nuit in range(35):
        run(conn, JOUR + timedelta(days=nuit))
    assert conn.execute(text("SELECT priorite FROM pdp.signalement")).scalar() == 30


def test_stronger_rule_of_a_group_takes_over(conn: Connection) -> None:
    """270 IJ on detection, 330 sixty days later: the points of the first stop the day before, they are never added up."""
    insert_one(conn, avis(JOUR - timedelta(days=272), JOUR + LONGTEMPS))
    for nuit in range(61):
        run(conn, JOUR + timedelta(days=nuit))
    parts = read_parts(conn, 60)
    assert parts["ij_270"].valable_jusqu_au == JOUR + timedelta(days=59)
    assert (parts["ij_270"].compte, parts["epuisement_proche"].compte) == (False, True)
    assert read_priorite(conn, 60) == 20 + 35


def test_window_follows_the_prolongation_and_the_correction(conn: Connection) -> None:
    prescription = avis(JOUR - timedelta(days=59), JOUR + timedelta(days=10))
    insert_one(conn, prescription)
    run(conn)
    assert [read_priorite(conn, n) for n in (17, 18)] == [20, 0]
    update_avis(conn, prescription.id_avis, date_fin=JOUR + timedelta(days=20))
    run(conn, JOUR + timedelta(days=1))
    assert [read_priorite(conn, n) for n in (27, 28)] == [20, 0]
    update_avis(conn, prescription.id_avis, date_fin=JOUR - timedelta(days=10))
    run(conn, JOUR + timedelta(days=2))
    assert read_priorite(conn, 2) == 0


def test_category_corrected_closes_its_motive(conn: Connection) -> None:
    prescription = avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS, motif_categorie="tms")
    insert_one(conn, prescription)
    run(conn)
    assert read_priorite(conn, 0) == 20 + 10
    conn.execute(text("UPDATE pdp.arret_prescrit SET motif_categorie = 'autre'"))
    run(conn, JOUR + timedelta(days=1))
    assert [read_priorite(conn, n) for n in (0, 1)] == [30, 20]


def test_a_decided_file_keeps_the_motives_of_its_decision(conn: Connection) -> None:
    insert_one(conn, avis(JOUR - timedelta(days=89), JOUR + LONGTEMPS, motif_categorie="psychique"))
    run(conn)
    conn.execute(text("UPDATE pdp.signalement SET statut = 'sans_suite'"))
    for nuit in range(1, 40):
        run(conn, JOUR + timedelta(days=nuit))
    assert conn.execute(text("SELECT regle FROM pdp.signalement_motif")).scalars().all() == ["palier_90"]


@pytest.mark.parametrize(("code", "present"), [("091", True), ("092", True), ("033", True), ("059", False)])
def test_end_of_contract_for_inaptitude(conn: Connection, code: str, present: bool) -> None:
    personne = insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    insert_faits(conn, [(personne.id, Fait("fin_contrat", JOUR + timedelta(days=3), code))])
    for nuit in range(4):
        run(conn, JOUR + timedelta(days=nuit))
        assert ("inaptitude_declaree" in read_parts(conn, nuit)) is (present and nuit == 3)


def use_regles(monkeypatch: pytest.MonkeyPatch, regles: Regles) -> None:
    monkeypatch.setattr(reglages_signalement, "regles", lambda: regles)


def test_rule_of_a_platform(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    lues = load_regles()
    [general] = [r for r in lues if r.cle == "palier_60"]
    propre = replace(general, plateforme=PLATEFORME, phrase="Ici : {observe} jours.", points="points_palier_90")
    use_regles(monkeypatch, Regles([*lues, propre], lues.exclusions))
    insert_one(conn, avis(JOUR - timedelta(days=59), JOUR + LONGTEMPS))
    run(conn)
    part = read_parts(conn, 0)["palier_60"]
    assert (part.libelle, part.points, part.regle_id) == ("Ici : 60 jours.", 30, f"palier_60.2/{PLATEFORME}@origine")


def test_changed_rule_looks_at_everybody_again(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    lues = load_regles()
    insert_one(conn, avis(JOUR - timedelta(days=69), JOUR + LONGTEMPS, motif_categorie="autre"))
    use_regles(monkeypatch, Regles([r for r in lues if r.cle != "age"], lues.exclusions))
    run(conn, JOUR)
    assert run(conn, JOUR).detail["personnes"] == 0
    [tms] = [r for r in lues if r.cle == "tms"]
    use_regles(monkeypatch, Regles([*lues, replace(tms, cle="autre_motif", motif_categorie="autre", rang=99)], lues.exclusions))
    bilan = run(conn, JOUR)
    assert (bilan.detail["personnes"], bilan.detail["completes"], bilan.detail["signalements"]) == (1, 1, 0)
    assert run(conn, JOUR).detail["personnes"] == 0


def test_rules_are_published_as_the_file_says(conn: Connection) -> None:
    publish_referentiel(conn)
    publiees = conn.execute(text("SELECT identifiant, levier, rang FROM referentiel.regle ORDER BY rang")).all()
    assert [tuple(r) for r in publiees] == [(r.identifiant, r.levier, r.rang) for r in load_regles()]


def test_a_threshold_sent_to_the_tri_from_a_day_on_takes_those_who_were_watched(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """People over the 30 days, watched only, do not wait for their sixtieth day when the platform opens at 30."""
    ref = load_referentiel()
    [general] = [p for p in ref if p.cle == "palier_ouverture"]
    change = Referentiel([*ref, replace(general, plateforme=PLATEFORME, valeur=30, du=JOUR + timedelta(days=3))])
    for module in (reglages, reglages_signalement):
        monkeypatch.setattr(module, "referentiel", lambda: change)
    regardee = insert_one(conn, avis(JOUR - timedelta(days=35), JOUR + timedelta(days=90)))
    finie = insert_one(conn, avis(JOUR - timedelta(days=35), JOUR - timedelta(days=1)))
    for jour, attendu in ((0, "veille"), (2, "veille"), (3, "a_trier"), (4, "a_trier")):
        bilan = run(conn, JOUR + timedelta(days=jour))
        assert [(s.palier, s.statut) for s in list_signalements(conn, regardee.id)] == [(30, attendu)]
        assert bilan.detail.get("rouverts", 0) == (jour == 3)
    assert [s.statut for s in list_signalements(conn, finie.id)] == ["veille"], "an absence that is over opens nothing"
