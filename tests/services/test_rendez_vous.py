"""Messages of an appointment as due rows: on their day, however late, never twice, never for nothing; real database, real roles."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.domain.auteur import systeme
from pdp.services.annulation import acte, undo_acte
from pdp.services.delais import get_lieu
from pdp.services.invite_assure import stop_invitation
from pdp.services.plan_tele_echange import cancel_tele_echange, plan_tele_echange
from pdp.services.record_tele_echange import record_tele_echange
from pdp.services.remind_rendez_vous import plan_confirmation
from pdp.services.sweep_rendez_vous import sweep_rendez_vous
from pdp.storage import db

SYSTEME = systeme("sweep_rendez_vous")
JEUDI = date(2026, 11, 26)
RENDEZ_VOUS = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)  # Thursday 26 November, 09:00 in Paris


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def plan(dossier: Dossier, debut: datetime = RENDEZ_VOUS, maintenant: datetime = MAINTENANT) -> UUID:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        return plan_tele_echange(conn, auteur, dossier.parcours, debut, "telephone", maintenant)


def cancel(dossier: Dossier, rendez_vous: UUID, maintenant: datetime, statut: str = "annule_service") -> None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        cancel_tele_echange(conn, auteur, rendez_vous, statut, maintenant)


def sweep(maintenant: datetime) -> dict[str, int]:
    with lot(SYSTEME) as conn:
        return sweep_rendez_vous(conn, "PF35", SYSTEME, maintenant).detail


def planifies(rendez_vous: UUID) -> dict[str, tuple[str | None, datetime]]:
    with lot() as conn:
        requete = text("SELECT genre, resultat, due_at FROM pdp.message_rendez_vous WHERE tele_echange_id = :t")
        return {m.genre: (m.resultat, m.due_at) for m in conn.execute(requete, {"t": rendez_vous})}


def messages(conn: Connection, parcours: UUID) -> list[tuple[str, str]]:
    lignes = conn.execute(text("SELECT type, etat FROM pdp.outbox WHERE parcours_id = :p ORDER BY cree_at, type"), {"p": parcours})
    return [(ligne.type, ligne.etat) for ligne in lignes]


def test_confirmation_then_two_reminders_each_on_its_day(dossier: Dossier) -> None:
    rendez_vous = plan(dossier)
    assert {g: d for g, (_, d) in planifies(rendez_vous).items()} == {
        "confirmation": MAINTENANT,
        "rappel_j2": datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
        "rappel_j1": datetime(2026, 11, 25, 9, 0, tzinfo=UTC),
    }
    assert sweep(MAINTENANT + timedelta(minutes=15)) == {"messages_ecrit": 1}
    assert sweep(MAINTENANT + timedelta(minutes=30)) == {}
    assert sweep(datetime(2026, 11, 24, 8, 59, tzinfo=UTC)) == {}
    assert sweep(datetime(2026, 11, 24, 9, 0, tzinfo=UTC)) == {"messages_ecrit": 1}
    assert sweep(datetime(2026, 11, 25, 9, 14, tzinfo=UTC)) == {"messages_ecrit": 1}
    with lot() as conn:
        assert messages(conn, dossier.parcours) == [
            ("confirmation_rendez_vous", "a_envoyer"),
            ("rappel_rendez_vous", "a_envoyer"),
            ("rappel_rendez_vous", "a_envoyer"),
        ]


GARDES = [
    (timedelta(hours=20), {"confirmation"}, "booked for tomorrow: the person has just been told"),
    (timedelta(days=2), {"confirmation", "rappel_j1"}, "the first reminder is already past"),
    (timedelta(days=8), {"confirmation", "rappel_j2", "rappel_j1"}, "far enough"),
]


@pytest.mark.parametrize(("avant", "attendu", "pourquoi"), GARDES, ids=[g[2] for g in GARDES])
def test_no_reminder_on_the_heels_of_a_confirmation(dossier: Dossier, avant: timedelta, attendu: set[str], pourquoi: str) -> None:
    assert set(planifies(plan(dossier, maintenant=RENDEZ_VOUS - avant))) == attendu, pourquoi


def test_after_an_outage_the_late_reminder_is_dropped_and_says_so(dossier: Dossier) -> None:
    rendez_vous = plan(dossier)
    assert sweep(RENDEZ_VOUS - timedelta(hours=1)) == {"messages_ecrit": 1, "messages_trop_tard": 2}
    resultats = {genre: resultat for genre, (resultat, _) in planifies(rendez_vous).items()}
    assert resultats == {"confirmation": "ecrit", "rappel_j2": "trop_tard", "rappel_j1": "trop_tard"}
    with lot() as conn:
        assert (
            conn.execute(text("SELECT min(retard_minutes) FROM pdp.message_rendez_vous WHERE resultat = 'trop_tard'")).scalar_one() > 1000
        )


def test_moved_what_had_not_left_is_recalled_and_the_new_day_has_its_own(dossier: Dossier) -> None:
    premier = plan(dossier)
    sweep(MAINTENANT)
    second = plan(dossier, datetime(2026, 11, 27, 8, 0, tzinfo=UTC), MAINTENANT + timedelta(minutes=1))
    with lot() as conn:
        assert messages(conn, dossier.parcours) == [("confirmation_rendez_vous", "rappele")]
        lignes = conn.execute(text("SELECT id, ics_uid, ics_sequence FROM pdp.tele_echange ORDER BY ics_sequence")).all()
    assert [ligne.id for ligne in lignes] == [premier, second]
    assert lignes[0].ics_uid == lignes[1].ics_uid, "one appointment for every calendar"
    assert [ligne.ics_sequence for ligne in lignes] == [0, 1]
    sweep(datetime(2026, 11, 26, 10, 0, tzinfo=UTC))
    assert {g: r for g, (r, _) in planifies(premier).items()} == {
        "confirmation": "ecrit",
        "rappel_j2": "sans_objet",
        "rappel_j1": "sans_objet",
    }
    assert planifies(second)["rappel_j1"][0] == "ecrit"


def test_cancelled_the_person_is_told_and_an_undo_brings_the_reminders_back(dossier: Dossier) -> None:
    rendez_vous = plan(dossier)
    sweep(MAINTENANT)
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "entretien_annule", MAINTENANT) as fait:
        cancel_tele_echange(conn, auteur, rendez_vous, "annule_service", MAINTENANT + timedelta(minutes=2))
    assert planifies(rendez_vous)["annulation"][0] is None
    assert fait.id is not None
    with db.begin_as(auteur) as conn:
        undo_acte(conn, auteur, fait.id, MAINTENANT + timedelta(minutes=3))
    sweep(MAINTENANT + timedelta(minutes=5))
    assert sweep(datetime(2026, 11, 24, 9, 0, tzinfo=UTC)) == {"messages_ecrit": 1}, "the reminder of two days before"
    with lot() as conn:
        assert ("annulation_rendez_vous", "a_envoyer") not in messages(conn, dossier.parcours)
    cancel(dossier, rendez_vous, datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
    assert sweep(datetime(2026, 11, 24, 10, 15, tzinfo=UTC)) == {"messages_ecrit": 1}
    with lot() as conn:
        assert ("annulation_rendez_vous", "a_envoyer") in messages(conn, dossier.parcours)


def test_missed_a_kind_word_leaves_and_another_is_proposed_later(dossier: Dossier) -> None:
    rendez_vous = plan(dossier)
    auteur, fin = auteur_agent(dossier.csam), RENDEZ_VOUS + timedelta(hours=1)
    with db.begin_as(auteur) as conn:
        record_tele_echange(conn, auteur, rendez_vous, statut="absent", emploi={}, social={}, sante={}, synthese="", maintenant=fin)
    sweep(fin + timedelta(minutes=10))
    with lot() as conn:
        assert ("rendez_vous_manque", "a_envoyer") in messages(conn, dossier.parcours)
        echeance = conn.execute(
            text("SELECT echeance_at FROM pdp.tache WHERE motif = 'planifier_tele_echange' AND fermee_at IS NULL")
        ).scalar_one()
    assert echeance.date() > JEUDI, "held: she may call back"


def test_nothing_is_written_to_a_person_in_silence(dossier: Dossier) -> None:
    rendez_vous = plan(dossier)
    with lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.mise_en_silence (plateforme_id, assure_id, motif, du, posee_par, posee_at)"
                " VALUES ('PF35', :a, 'deces', '2026-11-18', :c, :m)"
            ),
            {"a": dossier.assure, "c": dossier.csam, "m": MAINTENANT},
        )
    sweep(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    with lot() as conn:
        assert {etat for _, etat in messages(conn, dossier.parcours)} <= {"rappele"}
    assert all(resultat is not None for resultat, _ in planifies(rendez_vous).values())


def test_planning_the_messages_twice_is_once(dossier: Dossier) -> None:
    rendez_vous = plan(dossier)
    avant = planifies(rendez_vous)
    with lot() as conn:
        plan_confirmation(conn, get_lieu(conn, "PF35"), rendez_vous, RENDEZ_VOUS, MAINTENANT)
    assert planifies(rendez_vous) == avant


def test_an_appointment_given_by_telephone_can_be_moved_and_cancelled_by_link(dossier: Dossier) -> None:
    """The confirmation carries a link, good until the appointment; unused, it leaves nothing to do behind it."""
    plan(dossier)
    sweep(MAINTENANT)
    with lot() as conn:
        charge = conn.execute(text("SELECT charge FROM pdp.outbox WHERE type = 'confirmation_rendez_vous'")).scalar_one()
        expire_at = conn.execute(text("SELECT expire_at FROM pdp.invitation")).scalar_one()
    assert "/rendez-vous/" in charge["valeurs"]["lien"]
    assert expire_at == RENDEZ_VOUS
    assert sweep(RENDEZ_VOUS + timedelta(hours=1))["liens_expiree"] == 1
    with lot() as conn:
        motifs = conn.execute(text("SELECT motif FROM pdp.tache WHERE fermee_at IS NULL")).scalars().all()
    assert motifs == ["tele_echange"], "the appointment itself, and nothing about the link"


def test_a_link_stopped_by_the_coordinator_is_not_made_again_by_a_reminder(dossier: Dossier) -> None:
    plan(dossier)
    sweep(MAINTENANT)
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        assert stop_invitation(conn, auteur, dossier.parcours, MAINTENANT + timedelta(hours=1))
    sweep(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    with lot() as conn:
        rappel = conn.execute(text("SELECT charge FROM pdp.outbox WHERE type = 'rappel_rendez_vous'")).scalar_one()
        assert conn.execute(text("SELECT count(*) FROM pdp.tache WHERE fermee_at IS NULL")).scalar_one() == 1
    assert "lien" not in rappel["valeurs"]
