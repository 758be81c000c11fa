"""The eighteen stalls on real PostgreSQL: each one planted, found, said to whoever acts, repaired, and no longer found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from blocages_plantes import CAS, by_closing, by_watch, conseiller, plant_s04, plant_s10
from test_sweep_veille import close_by_hand
from veille_dossiers import JOUR, JOURS, actions, add_tache, sweep, taches_ouvertes

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.domain.enlisement import ENLISEMENTS, POINT_DU_RESPONSABLE, list_catalogue
from pdp.errors import Conflit, DonneeInvalide
from pdp.services import read_blocages
from pdp.services.read_blocages import LigneCatalogue, list_blocages_du_parcours, list_bloques, list_mes_bloques, list_regards
from pdp.services.repair_blocage import ask_point, repair_blocage
from pdp.storage import db

DEMAIN = MAINTENANT + JOURS


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="contact_en_cours")


def responsable() -> Any:
    with lot() as conn:
        return auteur_agent(fabrique.agent(conn, "responsable"), "responsable")


def lire(auteur: Any, lecture: Callable[[Any], Any]) -> Any:
    with db.begin_as(auteur, lecture=True) as conn:
        return lecture(conn)


def regard(auteur: Any, code: str, le: datetime) -> LigneCatalogue:
    return next(ligne for ligne in lire(auteur, lambda conn: list_regards(conn, le)) if ligne.code == code)


def test_the_catalogue_is_whole() -> None:
    assert list(CAS) == [f"S{n:02}" for n in range(1, 19)] == [e.code for e in list_catalogue()]


@pytest.mark.parametrize("code", CAS)
def test_planted_found_said_repaired(dossier: Dossier, code: str) -> None:
    plant, repair = CAS[code]
    chef = responsable()
    assert regard(chef, code, MAINTENANT).regard is None  # nobody looked yet, and the page says so
    plant(dossier)
    sweep()
    vus = lire(chef, lambda conn: list_bloques(conn, code, MAINTENANT))
    assert [b.parcours_id for b in vus] == [dossier.parcours]
    seul = repair is by_watch
    vu = regard(chef, code, MAINTENANT)
    assert vu.regard is not None
    assert (vu.regard.cherche_at, vu.regard.ouverts, vu.regard.repares, vus[0].repare_at is not None) == (MAINTENANT, not seul, seul, seul)
    if not seul and code != "S05":
        miens = lire(conseiller(dossier), lambda conn: list_mes_bloques(conn, dossier.csam, MAINTENANT))
        assert code in [b.code for b in miens if b.parcours_id == dossier.parcours]
    repair(dossier)
    sweep(MAINTENANT + timedelta(minutes=5))
    apres = regard(chef, code, MAINTENANT + timedelta(minutes=5))
    assert apres.regard is not None
    # nothing found, and when it last looked
    assert (apres.regard.ouverts, apres.regard.cherche_at) == (0, MAINTENANT + timedelta(minutes=5))


PLANTS = {code: plant for code, (plant, _) in CAS.items() if ENLISEMENTS[code].ecran is None}


@pytest.mark.parametrize("code", PLANTS)
def test_one_click_of_the_coordinator_repairs_at_once(dossier: Dossier, admin: psycopg.Connection[Any], code: str) -> None:
    """Under her own rights of the database, without waiting for the watch; a second click finds nothing."""
    PLANTS[code](dossier)
    with db.begin_as(conseiller(dossier)) as conn:
        assert repair_blocage(conn, conseiller(dossier), dossier.parcours, code, MAINTENANT)
    with db.begin_as(conseiller(dossier)) as conn:
        assert not repair_blocage(conn, conseiller(dossier), dossier.parcours, code, MAINTENANT)
    assert regard_apres_veille(code) == (0, 0)


def regard_apres_veille(code: str) -> tuple[int, int]:
    """The watch that comes after finds nothing to repair nor to say: (open, repaired by it)."""
    sweep()
    vu = regard(responsable(), code, MAINTENANT).regard
    assert vu is not None
    return vu.ouverts, vu.repares


def test_what_a_person_settles_has_no_repair_in_one_click(dossier: Dossier) -> None:
    reglables = [code for code in CAS if ENLISEMENTS[code].ecran is not None]
    assert reglables == ["S04", "S05", "S06", "S07", "S09", "S10", "S15", "S16", "S17", "S18"]
    for code in reglables:
        with db.begin_as(conseiller(dossier)) as conn, pytest.raises(DonneeInvalide):
            repair_blocage(conn, conseiller(dossier), dossier.parcours, code, MAINTENANT)


def test_a_manager_asks_for_contact_under_his_rights(dossier: Dossier, admin: psycopg.Connection[Any]) -> None:
    chef = responsable()

    def ask(code: str) -> bool:
        with db.begin_as(chef) as conn:
            return ask_point(conn, chef, dossier.parcours, code, MAINTENANT)

    assert [b.code for b in lire(chef, lambda conn: list_blocages_du_parcours(conn, dossier.parcours, MAINTENANT))] == ["S01"]
    with pytest.raises(DonneeInvalide):
        ask("S13")
    with pytest.raises(Conflit):
        ask("S03")
    assert ask("S01")
    assert taches_ouvertes(admin, dossier) == ["faire_le_point"]
    with pytest.raises(Conflit):  # no longer stuck: a second click says so
        ask("S01")
    assert set(POINT_DU_RESPONSABLE) < set(ENLISEMENTS)


def test_what_is_over_is_ended_and_what_lasts_keeps_its_first_day(dossier: Dossier, admin: psycopg.Connection[Any]) -> None:
    plant_s10(dossier)
    sweep()
    sweep(DEMAIN)
    lignes = "SELECT code, constate_at, leve_at FROM pdp.blocage WHERE code = 'S10'"
    assert admin.execute(lignes).fetchall() == [("S10", MAINTENANT, None)]
    by_closing(dossier)
    sweep(DEMAIN + JOURS)
    assert admin.execute(lignes).fetchall() == [("S10", MAINTENANT, DEMAIN + JOURS)]


def test_a_second_look_at_the_same_instant_writes_nothing(dossier: Dossier, admin: psycopg.Connection[Any]) -> None:
    plant_s04(dossier)
    with lot() as conn:
        fabrique.parcours(conn)  # S01, repaired
    tables = "SELECT code, parcours_id, cause, constate_at, repare_at, leve_at FROM pdp.blocage ORDER BY 1, 2"
    regards = "SELECT plateforme_id, code, cherche_at, trouves FROM pdp.regard ORDER BY 2"
    sweep()
    premiers = admin.execute(tables).fetchall(), admin.execute(regards).fetchall()
    assert {ligne[0] for ligne in premiers[0]} == {"S01", "S04"}
    sweep()
    assert (admin.execute(tables).fetchall(), admin.execute(regards).fetchall()) == premiers


def test_stalls_and_looks_are_seen_on_their_platform_alone(dossier: Dossier) -> None:
    plant_s10(dossier)
    sweep()
    with lot() as conn:
        ailleurs: UUID = fabrique.agent(conn, "responsable", "PF57")
    autre = auteur_agent(ailleurs, "responsable", "PF57")
    assert lire(autre, lambda conn: list_bloques(conn, "S10", MAINTENANT)) == []
    assert [ligne.regard for ligne in lire(autre, lambda conn: list_regards(conn, MAINTENANT))] == [None] * 18


def test_a_list_that_is_cut_says_how_many_there_are(dossier: Dossier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_blocages, "LIMITE", 2)
    with lot() as conn:
        autres = [fabrique.parcours(conn, statut="contact_en_cours") for _ in range(2)]
    for d in (dossier, *autres):
        plant_s10(d)
    sweep()
    assert [b.ensemble for b in lire(responsable(), lambda conn: list_bloques(conn, "S10", MAINTENANT))] == [3, 3]


def test_what_is_due_on_a_closed_parcours_of_who_left_is_seen(dossier: Dossier, admin: psycopg.Connection[Any]) -> None:
    """Nobody takes it over; a departure that a manager confirmed is one, since its day where the platform is."""
    add_tache(dossier, "suivi_m6")
    close_by_hand(dossier)
    admin.execute("UPDATE pdp.plateforme SET fuseau = 'America/Guadeloupe' WHERE id = 'PF35'")
    with lot() as conn:
        conn.execute(
            fabrique.text(
                "INSERT INTO pdp.redistribution (plateforme_id, agent_id, du, demandee_par, demandee_at) VALUES ('PF35', :a, :j, :a, :m)"
            ),
            {"a": dossier.csam, "j": JOUR - JOURS, "m": MAINTENANT},
        )
    assert actions(sweep()) == {"S04_restants": 1}
    minuit = datetime.combine(JOUR - JOURS, time.min, ZoneInfo("America/Guadeloupe"))
    assert admin.execute("SELECT parcours_id, depuis_at FROM pdp.blocage WHERE code = 'S04'").fetchall() == [(dossier.parcours, minuit)]
