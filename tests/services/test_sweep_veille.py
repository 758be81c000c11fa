"""The watch on real PostgreSQL: each stall planted, found, repaired, not found again; alerts once per cause, also by two sweeps at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import psycopg
import pytest
from veille_dossiers import (
    JOUR,
    VEILLE,
    actions,
    add_accord,
    add_contact,
    add_orientation,
    add_tache,
    add_tele_echange,
    alertes,
    evenements,
    medecin,
    set_parcours,
    statut,
    sweep,
    taches_ouvertes,
)

import fabrique
from fabrique import MAINTENANT, Dossier, lot
from pdp.services.decide_alerte import decide_alerte
from pdp.services.record_accord import record_accord
from pdp.services.sweep_veille import sweep_veille
from pdp.storage import db

JOURS = timedelta(days=1)


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


def plant_s06(d: Dossier) -> None:
    orientation = add_orientation(d, attendue=JOUR - JOURS)
    add_tache(d, "attendre_partenaire", balle="partenaire", echeance=MAINTENANT - JOURS, cause=str(orientation))


def plant_s07(d: Dossier) -> None:
    add_orientation(d, "acceptee", repondue=MAINTENANT - 30 * JOURS)
    add_tache(d)


def plant_s08(d: Dossier) -> None:
    rdv = add_tele_echange(d, MAINTENANT - timedelta(minutes=45))
    add_tache(d, "tele_echange", balle="assure", echeance=MAINTENANT - timedelta(minutes=45), cause=str(rdv))


def plant_s11(d: Dossier) -> None:
    set_parcours(d, dernier_evenement_at=MAINTENANT - 30 * JOURS)
    add_tache(d, "tache_personnelle", echeance=MAINTENANT)


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
    ("S06", plant_s06, ["relancer_partenaire"]),
    ("S07", plant_s07, ["nouvel_appel", "nouvelles_partenaire"]),
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
        ("S06", lambda d: (add_orientation(d, attendue=JOUR), add_tache(d))),
        ("S07", lambda d: (add_orientation(d, "acceptee", repondue=MAINTENANT - 30 * JOURS + timedelta(minutes=1)), add_tache(d))),
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


def test_a_reminder_just_made_is_waited_for_then_asked_again(dossier: Dossier) -> None:
    orientation = add_orientation(dossier, attendue=JOUR - 3 * JOURS)
    add_tache(dossier, "relancer_partenaire", cause=str(orientation), fermee=MAINTENANT - JOURS, issue="relance")
    add_tache(dossier, echeance=MAINTENANT + 20 * JOURS)
    assert sweep().detail["S06"] == 0
    assert sweep(MAINTENANT + 9 * JOURS).detail["S06"] == 1


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


# --- What is told to the médecin-conseil ---


def fail_contacts(d: Dossier, letter_age_days: int = 15) -> None:
    lettre = MAINTENANT - letter_age_days * JOURS
    for rang in range(3, 0, -1):
        add_contact(d, lettre - rang * JOURS)
    add_tache(d, "courrier_injoignable", cause="lettre", fermee=lettre, issue="envoye")
    add_tache(d, "nouvel_appel")


def test_unreachable_interrupts_and_alerts(dossier: Dossier, admin: psycopg.Connection) -> None:
    fail_contacts(dossier)
    assert actions(sweep()) == {"interrompus": 1, "parcours_interrompu": 1}
    assert statut(admin, dossier) == "interrompu"
    assert taches_ouvertes(admin, dossier) == ["decision_medecin"]
    (phrase,) = admin.execute("SELECT phrase FROM pdp.alerte").fetchone()
    assert phrase.startswith("Personne injoignable : 3 appels sans réponse")
    assert "parcours_interrompu" in evenements(admin, dossier)
    assert actions(sweep(MAINTENANT + timedelta(hours=1))) == {}
    assert len(alertes(admin, dossier)) == 1


@pytest.mark.parametrize("cas", ["letter_too_recent", "two_calls", "letter_not_sent", "reached_since", "cancelled_call"])
def test_unreachable_needs_enough_calls_and_an_unanswered_letter(dossier: Dossier, admin: psycopg.Connection, cas: str) -> None:
    lettre = MAINTENANT - 15 * JOURS + (timedelta(minutes=1) if cas == "letter_too_recent" else timedelta(0))
    essais = [add_contact(dossier, lettre - n * JOURS) for n in range(1, 3 if cas == "two_calls" else 4)]
    add_tache(dossier, "courrier_injoignable", cause="lettre", fermee=lettre, issue="annulee" if cas == "letter_not_sent" else "envoye")
    add_tache(dossier)
    if cas == "reached_since":
        add_contact(dossier, MAINTENANT - JOURS, "joint")
    if cas == "cancelled_call":
        with lot() as conn:
            conn.execute(fabrique.text("UPDATE pdp.contact SET saisie_par_erreur_at = :m WHERE id = :c"), {"m": MAINTENANT, "c": essais[0]})
    assert actions(sweep()) == {}
    assert alertes(admin, dossier) == []


def test_two_missed_appointments_interrupt_one_does_not(dossier: Dossier, admin: psycopg.Connection) -> None:
    add_tache(dossier)
    add_tele_echange(dossier, MAINTENANT - 9 * JOURS, "absent")
    assert actions(sweep()) == {}
    second = add_tele_echange(dossier, MAINTENANT - 2 * JOURS, "absent")
    assert actions(sweep()) == {"interrompus": 1, "parcours_interrompu": 1}
    assert alertes(admin, dossier) == [("parcours_interrompu", str(second))]


@pytest.mark.parametrize(("decision", "retrait"), [("refuse", False), ("accorde", True)])
def test_refused_or_withdrawn_accompagnement_interrupts(dossier: Dossier, admin: psycopg.Connection, decision: str, retrait: bool) -> None:
    accord = add_accord(dossier, "accompagnement", decision=decision, retire=MAINTENANT - JOURS if retrait else None)
    add_tache(dossier)
    assert actions(sweep()) == {"interrompus": 1, "accord_retire": 1}
    assert alertes(admin, dossier) == [("accord_retire", str(accord))]
    assert actions(sweep()) == {}


def test_refusal_recorded_by_the_coordinator_then_swept_is_one_alert(dossier: Dossier, admin: psycopg.Connection) -> None:
    qui = fabrique.auteur_agent(dossier.csam)
    with db.begin_as(qui) as conn:
        record_accord(conn, qui, dossier.parcours, destinataire="accompagnement", decision="refuse", modalite="oral", maintenant=MAINTENANT)
    assert actions(sweep()) == {"interrompus": 1}
    assert statut(admin, dossier) == "interrompu"
    assert taches_ouvertes(admin, dossier) == ["decision_medecin"]
    assert len(alertes(admin, dossier)) == 1
    auteur = medecin()
    (alerte,) = admin.execute("SELECT id FROM pdp.alerte").fetchone()
    with db.begin_as(auteur) as conn:
        decide_alerte(conn, auteur, alerte, "relancer_parcours", None, MAINTENANT)
    assert taches_ouvertes(admin, dossier) == ["nouvel_appel"]
    assert actions(sweep()) == {}


def test_refusal_of_one_recipient_interrupts_nothing(dossier: Dossier, admin: psycopg.Connection) -> None:
    add_accord(dossier, "cap_emploi", decision="refuse")
    add_tache(dossier)
    assert actions(sweep()) == {}


@pytest.mark.parametrize(("age", "attendu"), [(15 * JOURS, 1), (15 * JOURS - timedelta(minutes=1), 0)])
@pytest.mark.parametrize("reponse", ["refusee", "sans_suite"])
def test_partner_without_relay(dossier: Dossier, admin: psycopg.Connection, age: timedelta, attendu: int, reponse: str) -> None:
    add_orientation(dossier, reponse, repondue=MAINTENANT - age)
    add_tache(dossier)
    assert sweep().detail.get("parcours_interrompu", 0) == attendu
    assert len(alertes(admin, dossier)) == attendu


def test_another_active_relay_prevents_the_interruption(dossier: Dossier) -> None:
    add_orientation(dossier, "refusee", repondue=MAINTENANT - 20 * JOURS)
    add_orientation(dossier, "acceptee", type="spst", repondue=MAINTENANT - 2 * JOURS)
    add_tache(dossier)
    assert actions(sweep()) == {}


def test_partner_silent_beyond_expiry(dossier: Dossier, admin: psycopg.Connection) -> None:
    set_parcours(dossier, statut="oriente")
    orientation = add_orientation(dossier, attendue=JOUR - 31 * JOURS)
    assert actions(sweep()) == {"orientations_expirees": 1, "partenaire_sans_reponse": 1}
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("expiree",)
    assert statut(admin, dossier) == "entretien_realise"
    assert alertes(admin, dossier) == [("partenaire_sans_reponse", str(orientation))]
    assert taches_ouvertes(admin, dossier) == ["faire_le_point"]
    assert actions(sweep()) == {}


def test_an_undecided_alert_is_reminded_once_then_counted(dossier: Dossier, admin: psycopg.Connection) -> None:
    plant_s11(dossier)
    sweep()
    plus_tard = MAINTENANT + 5 * JOURS
    bilan = sweep(plus_tard)
    assert (bilan.detail["S16"], bilan.detail["S16_restants"]) == (1, 1)
    assert "decision_medecin" in taches_ouvertes(admin, dossier)
    assert sweep(plus_tard).detail["S16"] == 0


def test_the_same_silence_is_told_once_a_new_one_again(dossier: Dossier, admin: psycopg.Connection) -> None:
    plant_s11(dossier)
    sweep()
    auteur = medecin()
    (alerte,) = admin.execute("SELECT id FROM pdp.alerte").fetchone()
    with db.begin_as(auteur) as conn:
        decide_alerte(conn, auteur, alerte, "prise_en_compte", None, MAINTENANT)
    assert sweep(MAINTENANT + 60 * JOURS).detail.get("enlisement", 0) == 0
    set_parcours(dossier, dernier_evenement_at=MAINTENANT + 61 * JOURS)
    assert sweep(MAINTENANT + 91 * JOURS).detail["enlisement"] == 1
    assert [t for t, _ in alertes(admin, dossier)] == ["enlisement", "enlisement"]


def test_relaunched_by_the_doctor_the_same_calls_do_not_interrupt_again(dossier: Dossier, admin: psycopg.Connection) -> None:
    fail_contacts(dossier)
    sweep()
    auteur = medecin()
    (alerte,) = admin.execute("SELECT id FROM pdp.alerte").fetchone()
    with db.begin_as(auteur) as conn:
        decide_alerte(conn, auteur, alerte, "relancer_parcours", None, MAINTENANT)
    assert actions(sweep()) == {}
    assert statut(admin, dossier) == "contact_en_cours"
    assert taches_ouvertes(admin, dossier) == ["nouvel_appel"]


def test_two_sweeps_at_once_raise_one_alert(dossier: Dossier, admin: psycopg.Connection) -> None:
    fail_contacts(dossier)
    depart = Barrier(2, timeout=20)

    def run() -> dict[str, int]:
        with lot(VEILLE) as conn:
            depart.wait()
            return actions(sweep_veille(conn, "PF35", VEILLE, MAINTENANT))

    with ThreadPoolExecutor(2) as fils:
        bilans = [f.result(timeout=30) for f in [fils.submit(run), fils.submit(run)]]
    assert sum(b.get("parcours_interrompu", 0) for b in bilans) == 1
    assert len(alertes(admin, dossier)) == 1
    assert evenements(admin, dossier).count("parcours_interrompu") == 1


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
