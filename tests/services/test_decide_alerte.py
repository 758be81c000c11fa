"""Decisions of the médecin-conseil, under the médecin-conseil's own database role."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from veille_dossiers import JOUR, add_orientation, add_tache, alertes, evenements, medecin, statut, taches_ouvertes

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import AccesRefuse, Conflit, DonneeInvalide, Introuvable
from pdp.services.close_parcours import close_parcours
from pdp.services.decide_alerte import decide_alerte, raise_alerte
from pdp.storage import db


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="interrompu")


@pytest.fixture
def mc(dossier: Dossier) -> Auteur:
    return medecin()


def add_alerte(d: Dossier, type: str = "parcours_interrompu", cause: str = "cause", parcours: bool = True) -> UUID:
    with lot() as conn:
        alerte = raise_alerte(
            conn,
            plateforme_id="PF35",
            assure_id=d.assure,
            parcours_id=d.parcours if parcours else None,
            type=type,
            cause=cause,
            phrase="Essai.",
            faits={},
            survenu_at=MAINTENANT,
            maintenant=MAINTENANT,
        )
    assert alerte is not None
    return alerte


def decide(auteur: Auteur, alerte: UUID, decision: str, **reste: Any) -> None:
    with db.begin_as(auteur) as conn:
        decide_alerte(conn, auteur, alerte, decision, reste.pop("note", None), MAINTENANT, **reste)


def test_relaunch_resumes_the_parcours_and_asks_for_a_call(dossier: Dossier, mc: Auteur, admin: psycopg.Connection) -> None:
    add_tache(dossier, "decision_medecin", balle="medecin_conseil", cause="cause")
    decide(mc, add_alerte(dossier), "relancer_parcours", note="  À rappeler le soir ")
    assert statut(admin, dossier) == "contact_en_cours"
    assert taches_ouvertes(admin, dossier) == ["nouvel_appel"]
    assert admin.execute("SELECT decision, decision_note, decide_par::text, decide_at FROM pdp.alerte").fetchone() == (
        "relancer_parcours",
        "À rappeler le soir",
        mc.id,
        MAINTENANT,
    )
    assert evenements(admin, dossier)[-3:] == ["alerte_decidee", "tache_fermee", "tache_ouverte"]


def test_relaunch_of_a_stalled_parcours_keeps_its_status(dossier: Dossier, mc: Auteur, admin: psycopg.Connection) -> None:
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.parcours SET statut = 'oriente' WHERE id = :p"), {"p": dossier.parcours})
    decide(mc, add_alerte(dossier, "enlisement"), "relancer_parcours")
    assert (statut(admin, dossier), taches_ouvertes(admin, dossier)) == ("oriente", ["nouvel_appel"])


@pytest.mark.parametrize("decision", ["convoquer", "contacter_medecin_traitant"])
def test_a_dated_reminder_is_opened_for_the_doctor(dossier: Dossier, mc: Auteur, admin: psycopg.Connection, decision: str) -> None:
    decide(mc, add_alerte(dossier), decision, echeance_le=JOUR + timedelta(days=6))
    motif, balle, echeance, note = admin.execute("SELECT motif, balle, echeance_at, note FROM pdp.tache WHERE fermee_at IS NULL").fetchone()
    assert (motif, balle, echeance.astimezone(MAINTENANT.tzinfo).date()) == (
        "decision_medecin",
        "medecin_conseil",
        JOUR + timedelta(days=6),
    )
    assert note.endswith("(parcours interrompu).")


def test_a_reminder_in_the_past_is_refused_and_nothing_is_kept(dossier: Dossier, mc: Auteur, admin: psycopg.Connection) -> None:
    alerte = add_alerte(dossier)
    with pytest.raises(DonneeInvalide):
        decide(mc, alerte, "convoquer", echeance_le=JOUR - timedelta(days=1))
    assert admin.execute("SELECT decision FROM pdp.alerte").fetchone() == (None,)


@pytest.mark.parametrize("decision", ["prise_en_compte", "sans_objet"])
def test_taking_note_changes_nothing_else(dossier: Dossier, mc: Auteur, admin: psycopg.Connection, decision: str) -> None:
    decide(mc, add_alerte(dossier), decision)
    assert (statut(admin, dossier), taches_ouvertes(admin, dossier)) == ("interrompu", [])


def test_closing_needs_a_situation_and_leaves_no_second_alert(dossier: Dossier, mc: Auteur, admin: psycopg.Connection) -> None:
    orientation = add_orientation(dossier)
    alerte = add_alerte(dossier)
    with pytest.raises(DonneeInvalide) as refus:
        decide(mc, alerte, "cloturer")
    assert refus.value.code == "missing_situation"
    decide(mc, alerte, "cloturer", situation="inconnu")
    assert admin.execute("SELECT statut, cloture_motif, clos_at FROM pdp.parcours").fetchone() == ("cloture", "decision_mc", MAINTENANT)
    assert admin.execute("SELECT situation, confirme_par::text FROM pdp.issue").fetchone() == ("inconnu", mc.id)
    assert admin.execute("SELECT statut FROM pdp.orientation WHERE id = %s", (orientation,)).fetchone() == ("annulee",)
    assert taches_ouvertes(admin, dossier) == []
    assert alertes(admin, dossier) == [("parcours_interrompu", "cause")]


def test_an_ended_parcours_is_reopened_by_the_doctor(dossier: Dossier, mc: Auteur, admin: psycopg.Connection) -> None:
    csam = auteur_agent(dossier.csam)
    with db.begin_as(csam) as conn:
        close_parcours(
            conn,
            csam,
            dossier.parcours,
            motif="injoignable",
            situation="inconnu",
            survenu_le=None,
            provenance="declare_assure",
            maintenant=MAINTENANT,
        )
    (alerte,) = admin.execute("SELECT id FROM pdp.alerte WHERE type = 'parcours_termine'").fetchone()
    with pytest.raises(DonneeInvalide):
        decide(mc, alerte, "cloturer", situation="inconnu")
    decide(mc, alerte, "relancer_parcours")
    assert (statut(admin, dossier), taches_ouvertes(admin, dossier)) == ("contact_en_cours", ["nouvel_appel"])


def test_a_second_decision_is_a_conflict(dossier: Dossier, mc: Auteur, admin: psycopg.Connection) -> None:
    alerte = add_alerte(dossier)
    decide(mc, alerte, "prise_en_compte")
    for decision in ("prise_en_compte", "relancer_parcours"):
        with pytest.raises(Conflit):
            decide(mc, alerte, decision)
    assert admin.execute("SELECT decision FROM pdp.alerte").fetchone() == ("prise_en_compte",)
    assert evenements(admin, dossier).count("alerte_decidee") == 1


def test_the_database_refuses_the_coordinator(dossier: Dossier, admin: psycopg.Connection) -> None:
    alerte = add_alerte(dossier)
    with pytest.raises(AccesRefuse) as refus:
        decide(auteur_agent(dossier.csam), alerte, "prise_en_compte")
    assert isinstance(refus.value.__cause__.orig, InsufficientPrivilege)
    assert admin.execute("SELECT decide_at FROM pdp.alerte").fetchone() == (None,)


def test_a_forged_role_in_the_program_does_not_help_the_coordinator(dossier: Dossier, admin: psycopg.Connection) -> None:
    alerte, csam = add_alerte(dossier), auteur_agent(dossier.csam)
    faux = auteur_agent(dossier.csam, "medecin_conseil")
    with pytest.raises(AccesRefuse), db.begin_as(csam) as conn:
        decide_alerte(conn, faux, alerte, "prise_en_compte", None, MAINTENANT)
    assert admin.execute("SELECT decide_at FROM pdp.alerte").fetchone() == (None,)


def test_the_doctor_of_another_platform_sees_nothing(dossier: Dossier) -> None:
    alerte = add_alerte(dossier)
    with lot() as conn:
        ailleurs = auteur_agent(fabrique.agent(conn, "medecin_conseil", "PF57"), "medecin_conseil", "PF57")
    with pytest.raises(Introuvable):
        decide(ailleurs, alerte, "prise_en_compte")


def test_an_alert_without_parcours_is_decided_too(dossier: Dossier, mc: Auteur, admin: psycopg.Connection) -> None:
    decide(mc, add_alerte(dossier, "seuil_ij_270", parcours=False), "convoquer")
    assert admin.execute("SELECT decision FROM pdp.alerte").fetchone() == ("convoquer",)
    assert taches_ouvertes(admin, dossier) == []


@pytest.mark.parametrize("decision", ["cloturer", "relancer_parcours", "inventée"])
def test_a_decision_the_kind_does_not_offer_is_refused(dossier: Dossier, mc: Auteur, decision: str) -> None:
    alerte = add_alerte(dossier, "seuil_ij_270")
    with pytest.raises(DonneeInvalide):
        decide(mc, alerte, decision, situation="inconnu")


def test_too_long_a_note_is_refused(dossier: Dossier, mc: Auteur) -> None:
    alerte = add_alerte(dossier)
    decide_max = "x" * 500
    with pytest.raises(DonneeInvalide):
        decide(mc, alerte, "prise_en_compte", note=decide_max + "x")
    decide(mc, alerte, "prise_en_compte", note=decide_max)


def test_one_cause_alerts_once_for_ever_and_one_is_open_per_kind(dossier: Dossier, mc: Auteur, admin: psycopg.Connection) -> None:
    premiere = add_alerte(dossier, cause="a")
    for cause in ("a", "b"):
        with pytest.raises(AssertionError):
            add_alerte(dossier, cause=cause)
    decide(mc, premiere, "prise_en_compte")
    with pytest.raises(AssertionError):
        add_alerte(dossier, cause="a")
    add_alerte(dossier, cause="b")
    assert len(alertes(admin, dossier)) == 2


def test_two_authors_at_once_raise_one(dossier: Dossier, admin: psycopg.Connection) -> None:
    depart = Barrier(2, timeout=20)

    def run() -> bool:
        depart.wait()
        try:
            add_alerte(dossier)
        except AssertionError:
            return False
        return True

    with ThreadPoolExecutor(2) as fils:
        assert sorted(f.result(timeout=30) for f in [fils.submit(run), fils.submit(run)]) == [False, True]
    assert evenements(admin, dossier).count("alerte_ouverte") == 1


def test_what_one_person_has_open_on_one_theme_is_settled_together(dossier: Dossier, mc: Auteur, admin: psycopg.Connection) -> None:
    """Stalled, partner silent, then interrupted: one card, one decision, one effect; rights and safety are other cards."""
    with lot() as conn:
        conn.execute(fabrique.text("UPDATE pdp.parcours SET statut = 'oriente' WHERE id = :p"), {"p": dossier.parcours})
    add_tache(dossier, "decision_medecin", balle="medecin_conseil", cause="silence")
    premiere = add_alerte(dossier, "enlisement", cause="stall")
    add_alerte(dossier, "partenaire_sans_reponse", cause="silence")
    droits = add_alerte(dossier, "seuil_ij_270", cause="ij")
    with pytest.raises(Conflit) as refus:
        decide(mc, premiere, "relancer_parcours", vues=1)
    assert "Un fait s'est ajouté" in refus.value.message
    assert admin.execute("SELECT count(*) FROM pdp.alerte WHERE decide_at IS NULL").fetchone() == (3,)
    decide(mc, premiere, "relancer_parcours", vues=2)
    assert admin.execute("SELECT type, decision FROM pdp.alerte ORDER BY type").fetchall() == [
        ("enlisement", "relancer_parcours"),
        ("partenaire_sans_reponse", "relancer_parcours"),
        ("seuil_ij_270", None),
    ]
    assert evenements(admin, dossier).count("alerte_decidee") == 2
    assert taches_ouvertes(admin, dossier) == ["nouvel_appel"], "the reminder is closed, one call is asked"
    decide(mc, droits, "prise_en_compte", vues=1)
    assert add_alerte(dossier, "enlisement", cause="other") is not None, "a new cause makes a new card"


def test_a_closed_parcours_offers_no_reminder_and_no_second_closing(dossier: Dossier, mc: Auteur, admin: psycopg.Connection) -> None:
    alerte = add_alerte(dossier)
    csam = auteur_agent(dossier.csam)
    with db.begin_as(csam) as conn:
        close_parcours(
            conn, csam, dossier.parcours, motif="injoignable", situation="inconnu", survenu_le=None, provenance="declare_assure",
            maintenant=MAINTENANT,
        )  # fmt: skip
    for refusee in ("convoquer", "contacter_medecin_traitant", "cloturer"):
        with pytest.raises(DonneeInvalide):
            decide(mc, alerte, refusee, situation="inconnu")
    decide(mc, alerte, "prise_en_compte")
    assert alertes(admin, dossier) == [("parcours_interrompu", "cause"), ("parcours_termine", alertes(admin, dossier)[1][1])]
    assert admin.execute("SELECT count(*) FROM pdp.alerte WHERE decide_at IS NULL").fetchone() == (0,), "interrupted then ended: one card"
