"""The watch on real PostgreSQL: each stall planted, found, repaired, not found again; nothing is touched that somebody else holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import reduce

import psycopg
import pytest
from veille_dossiers import (
    JOUR,
    JOURS,
    VEILLE,
    actions,
    add_accord,
    add_orientation,
    add_tache,
    add_tele_echange,
    evenements,
    plant_s11,
    set_parcours,
    sweep,
    taches_ouvertes,
)

import fabrique
from fabrique import MAINTENANT, Dossier, lot
from pdp.domain.bilan import A_SUIVRE, Bilan
from pdp.services.sweep_veille import sweep_veille


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="contact_en_cours")


def close_by_hand(d: Dossier, motif: str = "injoignable") -> None:
    with lot() as conn:
        conn.execute(
            fabrique.text("UPDATE pdp.parcours SET statut = 'cloture', clos_at = :m, cloture_motif = :c WHERE id = :p"),
            {"m": MAINTENANT - JOURS, "c": motif, "p": d.parcours},
        )


def plant_s01(d: Dossier) -> None:
    """Nothing to do at all."""


def plant_s03(d: Dossier) -> None:
    add_tache(d, "attendre_partenaire", balle="partenaire", echeance=MAINTENANT)


def plant_s08(d: Dossier) -> None:
    rdv = add_tele_echange(d, MAINTENANT - timedelta(minutes=45))
    add_tache(d, "tele_echange", balle="assure", echeance=MAINTENANT - timedelta(minutes=45), cause=str(rdv))


def plant_s12(d: Dossier) -> None:
    add_tache(d)
    add_tele_echange(d, MAINTENANT + 2 * JOURS)
    add_orientation(d)
    close_by_hand(d, "doublon")


def plant_s13(d: Dossier) -> None:
    add_orientation(d, "acceptee", accord=add_accord(d, retire=MAINTENANT - JOURS), repondue=MAINTENANT - JOURS)
    add_tache(d)


def plant_s14(d: Dossier) -> None:
    set_parcours(d, fin_arret=JOUR - 8 * JOURS)
    add_tache(d)


CAS: list[tuple[str, Callable[[Dossier], None], list[str]]] = [
    ("S01", plant_s01, ["faire_le_point"]),
    ("S03", plant_s03, ["attendre_partenaire", "faire_le_point"]),
    ("S08", plant_s08, ["renseigner_tele_echange"]),
    ("S11", plant_s11, ["faire_le_point", "tache_personnelle"]),
    ("S12", plant_s12, []),
    ("S13", plant_s13, ["faire_le_point", "nouvel_appel"]),
    ("S14", plant_s14, ["confirmer_issue", "nouvel_appel"]),
]


@pytest.mark.parametrize(("code", "plant", "attendues"), CAS, ids=[c[0] for c in CAS])
def test_planted_found_repaired_not_found_again(
    dossier: Dossier, admin: psycopg.Connection, code: str, plant: Callable[[Dossier], None], attendues: list[str]
) -> None:
    plant(dossier)
    attendu = {code: 1} | ({"enlisement": 1} if code == "S11" else {})
    assert actions(sweep()) == attendu
    assert taches_ouvertes(admin, dossier) == attendues
    assert "enlisement_repare" in evenements(admin, dossier)
    second = sweep(MAINTENANT + timedelta(minutes=5))
    assert (actions(second), second.traites, second.echoues) == ({}, 0, 0)


def test_a_parcours_with_something_to_come_is_left_alone(dossier: Dossier, admin: psycopg.Connection) -> None:
    add_tache(dossier)
    assert actions(sweep()) == {}
    assert taches_ouvertes(admin, dossier) == ["nouvel_appel"]


@pytest.mark.parametrize(
    ("code", "plant_trop_tot"),
    [
        ("S03", lambda d: add_tache(d, "attendre_partenaire", balle="partenaire", echeance=MAINTENANT + timedelta(minutes=1))),
        ("S03", lambda d: (add_tache(d, "attendre_partenaire", balle="partenaire", echeance=MAINTENANT - JOURS), add_tache(d))),
        ("S08", lambda d: (add_tele_echange(d, MAINTENANT - timedelta(minutes=44)), add_tache(d))),
        (
            "S11",
            lambda d: (
                set_parcours(d, dernier_evenement_at=MAINTENANT - 30 * JOURS + timedelta(minutes=1)),
                add_tache(d, echeance=MAINTENANT),
            ),
        ),
        ("S11", lambda d: (set_parcours(d, dernier_evenement_at=MAINTENANT - 90 * JOURS), add_tache(d))),
        ("S12", lambda d: (add_orientation(d, "acceptee", repondue=MAINTENANT - JOURS), close_by_hand(d, "relais_service_social"))),
        ("S12", lambda d: (add_tache(d, "suivi_m6"), close_by_hand(d, "doublon"))),
        ("S13", lambda d: (add_orientation(d, "annulee", accord=add_accord(d, retire=MAINTENANT - JOURS)), add_tache(d))),
        ("S14", lambda d: (set_parcours(d, fin_arret=JOUR - 7 * JOURS), add_tache(d))),
    ],
)
def test_one_step_before_the_boundary_nothing_is_found(dossier: Dossier, code: str, plant_trop_tot: Callable[[Dossier], object]) -> None:
    plant_trop_tot(dossier)
    assert sweep().detail[code] == 0


def test_unassigned_is_assigned_again_else_counted_for_the_manager(dossier: Dossier, admin: psycopg.Connection) -> None:
    set_parcours(dossier, statut="a_affecter", csam_id=None, decide_at=MAINTENANT - 3 * JOURS)
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.agent SET actif_au = :j"), {"j": JOUR - JOURS})
    bilan = sweep()
    assert (bilan.detail["S05"], bilan.detail["S05_restants"]) == (0, 1)
    with lot() as conn:
        fabrique.agent(conn)
    assert sweep().detail["S05"] == 1
    assert taches_ouvertes(admin, dossier) == ["premier_appel"]
    assert "S05_restants" not in sweep().detail


def test_a_late_prolongation_withdraws_the_question(dossier: Dossier, admin: psycopg.Connection) -> None:
    plant_s14(dossier)
    sweep()
    set_parcours(dossier, fin_arret=JOUR + 10 * JOURS)
    assert sweep().detail["S14_leve"] == 1
    assert taches_ouvertes(admin, dossier) == ["nouvel_appel"]


def test_withdrawn_agreement_takes_everything_back(dossier: Dossier, admin: psycopg.Connection) -> None:
    plant_s13(dossier)
    sweep()
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchall() == [("annulee",)]


def test_a_second_sweep_during_the_first_gives_way(dossier: Dossier) -> None:
    with lot(VEILLE) as premier:
        sweep_veille(premier, "PF35", VEILLE, MAINTENANT)
        assert sweep().detail == {"deja_en_cours": 1}


def test_another_platform_is_not_touched(dossier: Dossier, admin: psycopg.Connection) -> None:
    with lot() as conn:
        autre = fabrique.parcours(conn, plateforme="PF57")
    sweep()
    assert taches_ouvertes(admin, autre) == []


def test_a_row_held_by_somebody_is_left_for_the_next_sweep(dossier: Dossier, admin: psycopg.Connection) -> None:
    with lot() as conn:
        conn.execute(fabrique.text("SELECT 1 FROM pdp.parcours WHERE id = :p FOR UPDATE"), {"p": dossier.parcours})
        bilan = sweep()
    assert (bilan.echoues, bilan.detail["S01"]) == (1, 0)
    assert sweep().detail["S01"] == 1


def test_lots_end_where_one_long_transaction_would(dossier: Dossier, admin: psycopg.Connection) -> None:
    """Three parcours without anything to do: each lot is committed, the last one says that nothing is left."""
    with lot() as conn:
        for _ in range(2):
            fabrique.parcours(conn)
    bilans = []
    while not bilans or bilans[-1].detail.get(A_SUIVRE):
        with lot(VEILLE) as conn:
            bilans.append(sweep_veille(conn, "PF35", VEILLE, MAINTENANT, lot=1))
    assert [(b.traites, b.detail.get(A_SUIVRE, 0)) for b in bilans] == [(1, 1), (1, 1), (1, 0)]
    total = reduce(Bilan.suivi_de, bilans)
    assert (total.traites, total.detail["S01"], A_SUIVRE in total.detail) == (3, 3, False)
    assert sweep().traites == 0
