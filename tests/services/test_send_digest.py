"""The digest on real PostgreSQL: once a day within the budget, safety at once, unread taken further, mails without a name."""

from __future__ import annotations

import email
import email.policy
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from veille_dossiers import medecin

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import Bilan
from pdp.errors import Conflit
from pdp.services.decide_alerte import decide_alerte
from pdp.services.raise_alerte import raise_alerte
from pdp.services.read_blocages import read_blocages
from pdp.services.send_digest import mark_lus, send_digest, tell_securite
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais import boite

DIGEST = systeme("send_digest")
JOURS = timedelta(days=1)
LUNDI = MAINTENANT - 2 * JOURS  # MAINTENANT is a Wednesday
SAMEDI = MAINTENANT + 3 * JOURS


@pytest.fixture
def plateforme(base: str) -> None:
    with lot() as conn:
        fabrique.socle(conn)


def alert(n: int = 1, type: str = "enlisement", le: datetime = LUNDI, plateforme: str = "PF35") -> list[UUID]:
    """``n`` people with an open alert each."""
    with lot() as conn:
        dossiers = [fabrique.parcours(conn, plateforme=plateforme) for _ in range(n)]
        return [
            raise_alerte(
                conn, plateforme_id=plateforme, assure_id=d.assure, parcours_id=d.parcours, type=type, cause=f"c{d.parcours}", phrase="x",
                faits={}, survenu_at=le, maintenant=le + timedelta(minutes=rang),
            )
            for rang, d in enumerate(dossiers)
        ]  # fmt: skip


def doctor(plateforme: str = "PF35", role: str = "medecin_conseil") -> Auteur:
    with lot() as conn:
        agent = fabrique.agent(conn, role, plateforme)
        conn.execute(text("UPDATE pdp.agent SET courriel = :c WHERE id = :a"), {"c": f"a{str(agent)[:8]}@exemple.invalid", "a": agent})
    return auteur_agent(agent, role, plateforme)


def sweep(le: datetime = LUNDI) -> Bilan:
    with lot(DIGEST) as conn:
        return send_digest(conn, "PF35", DIGEST, le)


def releves(admin: psycopg.Connection[Any], le: datetime = LUNDI, niveau: str = "quotidien") -> list[tuple[Any, ...]]:
    """(doctor, to decide, urgent, legal, relayed, waiting) of a day."""
    requete = """SELECT agent_id::text, a_decider, urgentes, echeances, relayees, en_attente FROM pdp.releve
        WHERE jour = %s AND niveau = %s ORDER BY agent_id"""
    return admin.execute(requete, (le.date(), niveau)).fetchall()


def releves_lus(admin: psycopg.Connection[Any]) -> int:
    return admin.execute("SELECT count(lu_at) FROM pdp.releve").fetchone()[0]


def test_once_a_day_within_the_budget_by_mail_without_a_name(
    plateforme: None, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    anne = doctor()
    alert(14)
    urgente = alert(1, "risque_suicidaire", LUNDI - timedelta(hours=1))
    with lot() as conn:
        d = fabrique.parcours(conn)
        raise_alerte(
            conn, plateforme_id="PF35", assure_id=d.assure, parcours_id=d.parcours, type="j180_approche", cause="j180", phrase="x",
            faits={}, survenu_at=LUNDI, maintenant=LUNDI + timedelta(hours=1), echeance_le=(LUNDI + 7 * JOURS).date(),
        )  # fmt: skip
    alert(3, plateforme="PF57")
    bilan = sweep()
    assert bilan.detail == {"urgents": 1, "responsables": 0, "quotidiens": 1, "situations": 12, "en_attente": 4}
    assert releves(admin) == [(anne.id, 12, 1, 1, 0, 4)]
    assert releves(admin, niveau="urgent") == [(anne.id, 1, 1, 0, 0, 0)]
    for le in (LUNDI, LUNDI + timedelta(hours=5)):
        assert sweep(le).traites == 0, "a second run, a late run: nothing more"
    cites = {row[0] for row in admin.execute("SELECT alerte_id FROM pdp.releve_alerte").fetchall()}
    assert set(urgente) <= cites
    assert len(cites) == 12
    assert (
        admin.execute("SELECT type, canal, agent_id::text, parcours_id FROM pdp.outbox").fetchall()
        == [("avis_interne", "courriel", anne.id, None)] * 2
    )
    journal = "SELECT donnees ->> 'niveau' FROM journal.evenement WHERE evenement = 'releve_compose' ORDER BY id"
    assert admin.execute(journal).fetchall() == [("urgent",), ("quotidien",)]
    noms = [n for (n,) in admin.execute("SELECT nom FROM identite.assure UNION SELECT nom FROM pdp.agent").fetchall()]
    with boite(tmp_path) as (port, dossier):
        monkeypatch.setenv("PDP_SMTP_PORT", str(port))
        settings.cache_clear()
        assert send_due(LUNDI).traites == 2
        recus = [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in sorted(dossier.iterdir())]
    assert {m["To"] for m in recus} == {admin.execute("SELECT courriel FROM pdp.agent WHERE id::text = %s", (anne.id,)).fetchone()[0]}
    for recu in recus:
        corps = recu.get_body(("plain",)).get_content()
        assert "/medecin/alertes" in corps
        assert not any(nom in corps for nom in noms)
    assert any("4 autres situations attendent" in m.get_body(("plain",)).get_content() for m in recus)
    assert not any(cle in json.dumps(c) for (c,) in admin.execute("SELECT charge FROM pdp.outbox").fetchall() for cle in map(str, cites))


def test_unread_goes_to_a_colleague_then_to_the_manager_as_a_number(plateforme: None, admin: psycopg.Connection[Any]) -> None:
    anne, carole = doctor(), doctor(role="responsable")
    [alerte] = alert(1)
    sweep()
    benoit = doctor()
    assert releves(admin) == [(anne.id, 1, 0, 0, 0, 0)]
    sweep(LUNDI + JOURS)
    assert releves(admin, LUNDI + JOURS) == [(anne.id, 1, 0, 0, 0, 0)], "told again, not yet late"
    sweep(MAINTENANT)
    assert releves(admin, MAINTENANT) == [(benoit.id, 1, 0, 0, 1, 0)], "two working days: the colleague"
    vendredi = MAINTENANT + 2 * JOURS
    sweep(vendredi)
    assert releves(admin, vendredi, "responsable") == [(carole.id, 1, 0, 0, 0, 0)]
    assert releves(admin, vendredi) == [(benoit.id, 1, 0, 0, 0, 0)], "the doctor is still told"
    with db.begin_as(carole) as conn:
        vus = conn.execute(text("SELECT niveau, a_decider, urgentes FROM pdp.releve")).all()
        assert vus == [("responsable", 1, 0)], "a number of her own level, and no more"
    with db.begin_as(anne) as conn:
        assert mark_lus(conn, anne, vendredi) == 2
        assert mark_lus(conn, anne, vendredi) == 0
    lundi = LUNDI + 7 * JOURS
    sweep(lundi)
    assert releves(admin, lundi, "responsable") == [], "read by a doctor: nobody else is called"
    with db.begin_as(benoit) as conn:
        decide_alerte(conn, benoit, alerte, "prise_en_compte", None, lundi)
    assert admin.execute("SELECT count(*) FROM pdp.releve WHERE lu_at IS NULL AND niveau <> 'responsable'").fetchone() == (0,), (
        "deciding is reading"
    )
    assert sweep(lundi + JOURS).traites == 0


def test_safety_is_told_at_once_to_all_even_on_a_saturday_and_goes_up_within_two_hours(
    plateforme: None, admin: psycopg.Connection[Any]
) -> None:
    anne, benoit, carole = doctor(), doctor(), doctor(role="responsable")
    alert(1, le=SAMEDI)
    [urgente] = alert(1, "risque_suicidaire", SAMEDI)
    assert sweep(SAMEDI).detail == {"urgents": 2, "responsables": 0}
    assert {r[0] for r in releves(admin, SAMEDI, "urgent")} == {anne.id, benoit.id}
    assert sweep(SAMEDI + timedelta(minutes=119)).traites == 0
    assert sweep(SAMEDI + timedelta(hours=2)).detail == {"urgents": 0, "responsables": 1}
    assert releves(admin, SAMEDI, "responsable") == [(carole.id, 1, 1, 0, 0, 0)]
    assert sweep(SAMEDI + timedelta(hours=9)).traites == 0
    [autre] = alert(1, "risque_suicidaire", SAMEDI + timedelta(hours=9))
    sweep(SAMEDI + timedelta(hours=9))
    with pytest.raises(Conflit), db.begin_as(anne) as conn:
        mark_lus(conn, anne, SAMEDI + timedelta(hours=10), vus=1)
    assert releves_lus(admin) == 0, "her page showed the first one only: the second is not read unseen"
    with db.begin_as(anne) as conn:
        mark_lus(conn, anne, SAMEDI + timedelta(hours=10), vus=2)
    assert sweep(SAMEDI + timedelta(hours=20)).traites == 0, "read: the manager is not told of the second one"
    assert {urgente, autre} == {a for (a,) in admin.execute("SELECT alerte_id FROM pdp.releve_alerte").fetchall()}


def test_at_night_the_watch_tells_safety_and_only_that(plateforme: None, admin: psycopg.Connection[Any]) -> None:
    anne = doctor()
    nuit = LUNDI.replace(hour=2)
    alert(2, le=nuit)
    alert(1, "risque_suicidaire", nuit)

    def guet(le: datetime) -> Bilan:
        with lot(DIGEST) as conn:
            return tell_securite(conn, "PF35", DIGEST, le)

    assert [guet(nuit).traites, guet(nuit + timedelta(minutes=5)).traites] == [1, 0]
    assert (releves(admin, niveau="urgent"), releves(admin)) == ([(anne.id, 1, 1, 0, 0, 0)], [])
    assert sweep().detail["quotidiens"] == 1, "the digest of the day comes in the morning all the same, and says nothing twice"
    assert releves(admin, niveau="urgent") == [(anne.id, 1, 1, 0, 0, 0)]


def test_two_sweeps_at_once_tell_safety_once(plateforme: None, admin: psycopg.Connection[Any]) -> None:
    doctor()
    alert(1, "risque_suicidaire")
    depart = threading.Barrier(4)

    def tell(service: Any) -> int:
        depart.wait()
        with lot(DIGEST) as conn:
            return service(conn, "PF35", DIGEST, LUNDI).detail.get("urgents", 0)

    with ThreadPoolExecutor(4) as fils:
        assert sum(fils.map(tell, (send_digest, tell_securite) * 2)) == 1
    assert admin.execute("SELECT count(*) FROM pdp.outbox WHERE charge ->> 'modele' = 'releve_urgent'").fetchone() == (1,)


def test_nobody_there_and_holidays(plateforme: None, admin: psycopg.Connection[Any]) -> None:
    carole = doctor(role="responsable")
    alert(2)
    assert sweep().traites == 0, "no doctor at all, nothing late yet: nothing to say"
    anne = doctor()
    with lot() as conn:
        conn.execute(
            text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au, motif) VALUES ('PF35', :a, :d, :d, 'conge')"),
            {"a": UUID(anne.id), "d": LUNDI.date()},
        )
    alert(1, "risque_suicidaire")
    assert sweep().detail == {"urgents": 1, "responsables": 1, "quotidiens": 0, "situations": 0, "en_attente": 0}
    assert releves(admin, niveau="responsable") == [(carole.id, 1, 1, 0, 0, 0)], "nobody present: the manager at once"
    noel = datetime(2026, 12, 25, 8, tzinfo=LUNDI.tzinfo)
    assert "quotidiens" not in sweep(noel).detail
    assert releves(admin, noel) == []


def test_a_doctor_says_for_herself_alone_that_she_read(plateforme: None, admin: psycopg.Connection[Any]) -> None:
    anne, benoit = doctor(), medecin()
    alert(3)
    sweep()
    [autre] = [r[0] for r in releves(admin) if r[0] != benoit.id]
    assert autre == anne.id
    with db.begin_as(benoit) as conn:
        assert conn.execute(text("UPDATE pdp.releve SET lu_at = now() WHERE agent_id = :a"), {"a": UUID(anne.id)}).rowcount == 0
    for requete in (
        "UPDATE pdp.releve SET a_decider = 0",
        "DELETE FROM pdp.releve",
        "INSERT INTO pdp.releve_alerte SELECT * FROM pdp.releve_alerte",
    ):
        with pytest.raises(DBAPIError, match="permission denied"), db.begin_as(benoit) as conn:
            conn.execute(text(requete))


def test_the_manager_sees_the_number_on_what_is_blocked_for_two_days(plateforme: None) -> None:
    doctor()
    carole = doctor(role="responsable")
    alert(2)
    sweep()
    sweep(MAINTENANT)
    for le, attendu in ((MAINTENANT, 2), (MAINTENANT + JOURS, 2), (MAINTENANT + 2 * JOURS, None)):
        with db.begin_as(carole) as conn:
            alertes = read_blocages(conn, "PF35", le).alertes
        assert (alertes.ouvertes, alertes.non_lues) == (2, attendu)
