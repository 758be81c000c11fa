"""Hours written by people, calendar feed, and the role of the insured: who may write and read what; real database, real roles."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import AccesRefuse, DonneeInvalide
from pdp.services.plan_tele_echange import cancel_tele_echange, list_creneaux, plan_tele_echange
from pdp.services.read_agenda import read_equipe, read_semaine
from pdp.services.set_horaires import add_plage, remove_plage, set_semaine
from pdp.services.share_agenda import create_flux, read_flux, revoke_flux
from pdp.storage import db

JEUDI = date(2026, 11, 26)
RENDEZ_VOUS = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)  # Thursday 26 November, 09:00 in Paris


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def plan(dossier: Dossier, debut: datetime = RENDEZ_VOUS) -> UUID:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        return plan_tele_echange(conn, auteur, dossier.parcours, debut, "telephone", MAINTENANT)


def test_part_time_week_decides_the_slots(dossier: Dossier) -> None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        assert set_semaine(conn, auteur, dossier.csam, date(2026, 11, 23), {4: ((540, 630),)}, MAINTENANT)
        assert not set_semaine(conn, auteur, dossier.csam, date(2026, 11, 23), {4: ((540, 630),)}, MAINTENANT), "twice is once"
        libres = [c.debut for c in list_creneaux(conn, dossier.csam, MAINTENANT, nombre=100) if c.debut.date() >= date(2026, 11, 23)]
    assert {d.weekday() for d in libres} == {3}
    assert libres[:2] == [RENDEZ_VOUS, RENDEZ_VOUS + timedelta(minutes=45)]
    with db.begin_as(auteur) as conn:
        set_semaine(conn, auteur, dossier.csam, date(2026, 11, 23), None, MAINTENANT + timedelta(hours=1))
        assert len(list_creneaux(conn, dossier.csam, MAINTENANT, nombre=1000)) > 100
    with lot() as conn:
        assert conn.execute(text("SELECT count(*) FILTER (WHERE remplacee_at IS NULL), count(*) FROM pdp.semaine_type")).one() == (1, 2)


def test_a_closed_range_shows_the_appointments_it_hits_and_where_to_move_them(dossier: Dossier) -> None:
    plan(dossier)
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        assert add_plage(conn, auteur, dossier.csam, "fermee", JEUDI, 540, 600, MAINTENANT)
        assert not add_plage(conn, auteur, dossier.csam, "fermee", JEUDI, 540, 600, MAINTENANT)
        semaine = read_semaine(conn, dossier.csam, JEUDI, MAINTENANT, avec_noms=True)
        (conflit,) = semaine.conflits
        assert (conflit.rendez_vous.debut_at, conflit.raison) == (RENDEZ_VOUS, "Plage fermée")
        assert conflit.propositions[0].debut == datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
        (posee,) = semaine.jours[3].posees
        assert remove_plage(conn, auteur, dossier.csam, posee.id, MAINTENANT)
        assert not remove_plage(conn, auteur, dossier.csam, posee.id, MAINTENANT)
        assert read_semaine(conn, dossier.csam, JEUDI, MAINTENANT, avec_noms=True).conflits == []


REFUS: list[tuple[str, date, int, int, str]] = [
    ("fermee", date(2026, 11, 17), 540, 600, "date_past"),
    ("ouverte", date(2026, 11, 22), 540, 600, "day_off"),
    ("ouverte", date(2026, 12, 25), 540, 600, "day_off"),
    ("fermee", JEUDI, 600, 600, "reversed_hours"),
    ("fermee", JEUDI, 600, 1441, "reversed_hours"),
    ("peut-etre", JEUDI, 540, 600, "unknown_range_kind"),
]


@pytest.mark.parametrize(("genre", "jour", "debut", "fin", "code"), REFUS)
def test_ranges_that_make_no_sense_are_refused(dossier: Dossier, genre: str, jour: date, debut: int, fin: int, code: str) -> None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn, pytest.raises(DonneeInvalide) as erreur:
        add_plage(conn, auteur, dossier.csam, genre, jour, debut, fin, MAINTENANT)
    assert erreur.value.code == code


def test_nobody_writes_the_hours_of_a_colleague_but_the_manager(dossier: Dossier) -> None:
    with lot() as conn:
        collegue, chef = fabrique.agent(conn), fabrique.agent(conn, "responsable")
    auteur, responsable = auteur_agent(collegue), auteur_agent(chef, "responsable")
    with db.begin_as(auteur) as conn, pytest.raises(AccesRefuse):
        add_plage(conn, auteur, dossier.csam, "fermee", JEUDI, 540, 600, MAINTENANT)
    insertion = text(
        "INSERT INTO pdp.plage_agent (plateforme_id, agent_id, genre, jour, debut_minutes, fin_minutes, posee_par, posee_at)"
        " VALUES ('PF35', :a, 'fermee', '2026-11-26', 0, 60, :a, now())"
    )
    with pytest.raises(ProgrammingError, match="row-level security"), db.begin_as(auteur) as conn:
        conn.execute(insertion, {"a": dossier.csam})
    with db.begin_as(responsable) as conn:
        assert add_plage(conn, responsable, dossier.csam, "fermee", JEUDI, 540, 600, MAINTENANT)
        assert set_semaine(conn, responsable, dossier.csam, JEUDI, {}, MAINTENANT), "no hour at all"
        ligne = next(e for e in read_equipe(conn, "PF35", MAINTENANT) if e.id == dossier.csam)
    assert ligne.prochain_at is not None
    assert ligne.prochain_at.date() < JEUDI


def test_feed_of_an_agent_names_nobody_and_can_be_revoked(dossier: Dossier) -> None:
    rendez_vous = plan(dossier)
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        ancien = create_flux(conn, auteur, MAINTENANT)
        jeton = create_flux(conn, auteur, MAINTENANT)

    def read(cle: str) -> str:
        with db.begin_portail() as conn:
            return (read_flux(conn, cle, MAINTENANT) or b"").decode()

    assert read(ancien) == "", "a new address stops the former one"
    flux = read(jeton)
    assert "SUMMARY:Télé-échange" in flux
    assert "DTSTART;TZID=Europe/Paris:20261126T090000" in flux
    for secret in ("Assuree", "Dominique", str(dossier.parcours), str(dossier.assure), str(rendez_vous)):
        assert secret not in flux
    deplace = plan(dossier, datetime(2026, 11, 27, 8, 0, tzinfo=UTC))
    assert read(jeton).count("BEGIN:VEVENT") == 1, "one event, moved"
    assert "20261127T090000" in read(jeton)
    with db.begin_as(auteur) as conn:
        cancel_tele_echange(conn, auteur, deplace, "annule_assure", MAINTENANT)
    assert "STATUS:CANCELLED" in read(jeton)
    with db.begin_as(auteur) as conn:
        assert revoke_flux(conn, auteur, MAINTENANT)
        assert not revoke_flux(conn, auteur, MAINTENANT)
    assert read(jeton) == ""


def _refused(conn: Connection, requete: str, **parametres: Any) -> bool:
    try:
        with conn.begin_nested():
            conn.execute(text(requete), parametres)
    except ProgrammingError as erreur:
        return "permission denied" in str(erreur)
    return False


def test_the_role_of_the_insured_reads_and_writes_no_table(dossier: Dossier) -> None:
    """Whoever gets hold of a link, or of the portal's connection, meets a role with three functions and nothing else."""
    assure = Auteur("assure", "00000000-0000-4000-8000-000000000000", "assure", "PF35")
    requete = text("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = ANY (:s)")
    with lot() as conn:
        tables = conn.execute(requete, {"s": ["pdp", "identite", "medical", "journal", "securite"]}).scalars().all()
    assert len(tables) > 40
    with db.begin_as(assure) as conn:
        assert conn.execute(text("SELECT etat FROM pdp.lire_lien('', now(), now())")).scalar_one() == "inconnu"
        assert [t for t in tables if not _refused(conn, f"SELECT 1 FROM {t}")] == ["pdp.plateforme"], "public: its name and telephone"
        assert [t for t in tables if not _refused(conn, f"DELETE FROM {t}")] == []
    with db.begin_as(auteur_agent(dossier.csam)) as conn:
        assert _refused(conn, "SELECT pdp.decider_lien('', 'annuler', now(), now(), 'telephone', now(), now())")
        assert _refused(conn, "SELECT * FROM pdp.trouver_lien('')")
        assert _refused(conn, "SELECT 1 FROM pdp.jeton_invitation")
        assert _refused(conn, "SELECT acces_empreinte FROM pdp.invitation")
    emprunte = Auteur("agent", str(dossier.csam), "assure", "PF35")
    with pytest.raises(ProgrammingError, match="link_without_context"), db.begin_as(emprunte) as conn:
        conn.execute(text("SELECT * FROM pdp.lire_lien('', now(), now())"))
