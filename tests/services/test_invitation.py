"""Invitation by link: slots first, one message, every fact looked at again, and what follows from each act of the insured."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, text

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.domain.auteur import systeme
from pdp.errors import Conflit
from pdp.services.annulation import acte, undo_acte
from pdp.services.book_rendez_vous import choose, find_lien, identify, read_lien
from pdp.services.invite_assure import invite_assure, list_creneaux_assure, stop_invitation
from pdp.services.plan_tele_echange import list_creneaux, plan_tele_echange
from pdp.services.read_agenda import list_attentes
from pdp.services.sweep_rendez_vous import sweep_rendez_vous
from pdp.storage import db
from pdp.storage.sql import query

SYSTEME = systeme("sweep_rendez_vous")


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def taches(conn: Connection, parcours: UUID) -> set[str]:
    return set(conn.execute(text("SELECT motif FROM pdp.tache WHERE parcours_id = :p AND fermee_at IS NULL"), {"p": parcours}).scalars())


def messages(conn: Connection, parcours: UUID) -> list[Any]:
    return list(
        conn.execute(
            text("SELECT type, etat, dernier_code, charge FROM pdp.outbox WHERE parcours_id = :p ORDER BY cree_at, type"), {"p": parcours}
        ).all()
    )


def invite(dossier: Dossier, maintenant: datetime = MAINTENANT) -> Any:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        return invite_assure(conn, auteur, dossier.parcours, maintenant)


def sweep(maintenant: datetime) -> dict[str, int]:
    with lot(SYSTEME) as conn:
        return sweep_rendez_vous(conn, "PF35", SYSTEME, maintenant).detail


def test_invited_under_the_role_of_the_coordinator(dossier: Dossier, admin: psycopg.Connection[Any]) -> None:
    invitation = invite(dossier)
    assert invitation.id is not None
    assert invite(dossier).id == invitation.id, "a second click is the same invitation"
    with lot() as conn:
        assert taches(conn, dossier.parcours) == {"reponse_invitation"}
        (message,) = messages(conn, dossier.parcours)
        assert (message.type, message.etat) == ("invitation_rendez_vous", "a_envoyer")
    lien = message.charge["valeurs"]["lien"]
    jeton = lien.rsplit("/", 1)[1]
    assert len(jeton) >= 22
    (empreinte,) = admin.execute("SELECT empreinte FROM pdp.jeton_invitation").fetchall()
    assert empreinte[0] == sha256(jeton.encode()).digest(), "the hash only"


def test_no_slot_nobody_is_invited_and_the_manager_is_asked(dossier: Dossier) -> None:
    """S09, then the way back: once a range is open, the coordinator is told and the manager's reason is closed."""
    with lot() as conn:
        conn.execute(
            text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, '2026-11-01', '2026-12-10')"),
            {"a": dossier.csam},
        )
    invitation = invite(dossier)
    assert invitation.id is None
    assert "aucun créneau libre dans les 21 jours" in invitation.phrase
    with lot() as conn:
        assert messages(conn, dossier.parcours) == []
        assert taches(conn, dossier.parcours) == {"ouvrir_creneaux"}
        balle = conn.execute(text("SELECT balle FROM pdp.tache WHERE motif = 'ouvrir_creneaux'")).scalar_one()
    assert balle == "responsable"
    assert sweep(MAINTENANT) == {}
    assert sweep(MAINTENANT + timedelta(days=5)) == {"creneaux_ouverts": 1}, "11 to 13 December are free and now near enough"
    with lot() as conn:
        assert taches(conn, dossier.parcours) == {"planifier_tele_echange"}


def test_invited_with_no_slot_left_is_listed_for_the_manager(dossier: Dossier) -> None:
    invite(dossier)
    with lot() as conn:
        conn.execute(
            text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, '2026-11-01', '2026-12-31')"),
            {"a": dossier.csam},
        )
    assert sweep(MAINTENANT + timedelta(hours=1)) == {"creneaux_demandes": 1}
    assert sweep(MAINTENANT + timedelta(hours=2)) == {}
    with lot() as conn:
        assert [a.cause for a in list_attentes(conn, "PF35")] == ["invite_sans_creneau"]
        conn.execute(text("UPDATE pdp.absence_agent SET au = '2026-11-02'"))
    assert sweep(MAINTENANT + timedelta(hours=3)) == {"creneaux_ouverts": 1}
    with lot() as conn:
        assert taches(conn, dossier.parcours) == {"reponse_invitation"}


RELANCES = [
    (timedelta(days=3, hours=-1), 0, "not yet"),
    (timedelta(days=3, hours=3), 1, "three days later, at 10:00"),
    (timedelta(days=6), 1, "an outage loses nobody"),
    (timedelta(days=9), 0, "less than two days of validity are left: of no use"),
]


@pytest.mark.parametrize(("apres", "attendu", "pourquoi"), RELANCES, ids=[r[2] for r in RELANCES])
def test_one_reminder_of_an_unanswered_invitation(dossier: Dossier, apres: timedelta, attendu: int, pourquoi: str) -> None:
    invite(dossier)
    assert sweep(MAINTENANT + apres).get("invitations_relancees", 0) == attendu, pourquoi
    assert sweep(MAINTENANT + apres + timedelta(minutes=15)).get("invitations_relancees", 0) == 0
    with lot() as conn:
        assert len(messages(conn, dossier.parcours)) == 1 + attendu


def test_an_unanswered_invitation_comes_back_to_the_coordinator(dossier: Dossier) -> None:
    expire = invite(dossier).expire_at
    assert sweep(expire - timedelta(minutes=1)).get("liens_expiree") is None
    assert sweep(expire + timedelta(days=3)) == {"liens_expiree": 1}, "however late"
    with lot() as conn:
        assert taches(conn, dossier.parcours) == {"planifier_tele_echange"}


def test_not_invited_when_an_appointment_is_planned(dossier: Dossier) -> None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        plan_tele_echange(conn, auteur, dossier.parcours, list_creneaux(conn, dossier.csam, MAINTENANT)[0].debut, "telephone", MAINTENANT)
    with pytest.raises(Conflit, match="conflit"):
        invite(dossier)


def test_stopping_the_link_recalls_its_message(dossier: Dossier) -> None:
    invite(dossier)
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        assert stop_invitation(conn, auteur, dossier.parcours, MAINTENANT)
        assert not stop_invitation(conn, auteur, dossier.parcours, MAINTENANT)
    with lot() as conn:
        assert [m.etat for m in messages(conn, dossier.parcours)] == ["rappele"]
        assert taches(conn, dossier.parcours) == {"planifier_tele_echange"}


def test_undo_of_an_invitation_closes_the_link(dossier: Dossier) -> None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "invitation", MAINTENANT) as fait:
        invite_assure(conn, auteur, dossier.parcours, MAINTENANT)
    assert fait.id is not None
    with db.begin_as(auteur) as conn:
        undo_acte(conn, auteur, fait.id, MAINTENANT + timedelta(seconds=10))
    with lot() as conn:
        assert conn.execute(text("SELECT fermee_motif FROM pdp.invitation")).scalars().all() == ["annulee"]
        assert [m.etat for m in messages(conn, dossier.parcours)] == ["rappele"]
        assert taches(conn, dossier.parcours) == set()


def test_a_person_overseas_is_offered_and_told_hours_of_her_own_clock(base: str) -> None:
    """Followed from Rennes, living in La Réunion: three hours more in winter, nothing that would end after 20:00 there."""
    with lot() as conn:
        fabrique.socle(conn)
        dossier = fabrique.parcours(conn, assure_id=fabrique.assure(conn, commune="97411"))
        parcours = conn.execute(query("rendez_vous.lire_parcours"), {"parcours": dossier.parcours}).one()
        _, libres = list_creneaux_assure(conn, parcours, MAINTENANT)
    assert {f"{c.debut:%H:%M}" for c in libres} == {"09:00", "09:45", "10:30", "11:15", "13:30", "14:15", "15:00", "15:45"}
    with lot() as conn:
        conn.execute(text("UPDATE identite.assure SET commune_insee = '97105' WHERE id = :a"), {"a": dossier.assure})
        parcours = conn.execute(query("rendez_vous.lire_parcours"), {"parcours": dossier.parcours}).one()
        _, libres = list_creneaux_assure(conn, parcours, MAINTENANT)
    assert {f"{c.debut:%H:%M}" for c in libres} == {"13:30", "14:15", "15:00", "15:45"}, "08:30 at the earliest in Guadeloupe"
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        plan_tele_echange(conn, auteur, dossier.parcours, libres[0].debut, "telephone", MAINTENANT)
    sweep(MAINTENANT)
    with lot() as conn:
        (message,) = messages(conn, dossier.parcours)
    assert message.charge["valeurs"]["heure"] == "8 h 30 (heure de Guadeloupe)"


def test_the_coordinator_and_an_insured_person_want_one_slot(dossier: Dossier) -> None:
    """The coordinator's booking is not committed yet when the other person chooses: the database makes her wait, then says it is taken."""
    with lot() as conn:
        autre = fabrique.parcours(conn, csam=dossier.csam)
    chemin = invite_and_find(autre)
    with db.begin_portail() as conn:
        assure = find_lien(conn, chemin)
    assert assure is not None
    with db.begin_as(assure) as conn:
        _, acces, _ = identify(conn, assure, date(1980, 5, 1), MAINTENANT)
    with db.begin_as(assure) as conn:
        creneau = read_lien(conn, assure, acces, MAINTENANT).creneaux[0]

    def choose_now() -> str:
        with db.begin_as(assure) as conn:
            return choose(conn, assure, acces, creneau.debut, MAINTENANT)

    auteur = auteur_agent(dossier.csam)
    with ThreadPoolExecutor(1) as atelier:
        with db.begin_as(auteur) as conn:
            plan_tele_echange(conn, auteur, dossier.parcours, creneau.debut, "telephone", MAINTENANT)
            resultat = atelier.submit(choose_now)
            with pytest.raises(TimeoutError):
                resultat.result(timeout=0.5)
        assert resultat.result(timeout=20) == "pris"
    with lot() as conn:
        parcours = conn.execute(text("SELECT parcours_id FROM pdp.tele_echange WHERE statut = 'planifie'")).scalars().all()
    assert parcours == [dossier.parcours]


def invite_and_find(dossier: Dossier) -> str:
    """Token of the link sent to the person."""
    invite(dossier)
    with lot() as conn:
        (message,) = messages(conn, dossier.parcours)
    return str(message.charge["valeurs"]["lien"].rsplit("/", 1)[1])
