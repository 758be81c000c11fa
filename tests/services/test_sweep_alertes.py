"""What the watch tells the médecin-conseil: once per cause, never one step too early, also by two sweeps at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import psycopg
import pytest
from veille_dossiers import (
    JOURS,
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
    plant_s11,
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


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="contact_en_cours")


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
