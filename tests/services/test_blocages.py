"""The eighteen stalls on real PostgreSQL: each one planted, found, said to whoever acts, repaired, and no longer found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from test_sweep_veille import close_by_hand, plant_s01, plant_s03, plant_s08, plant_s12, plant_s13, plant_s14
from veille_dossiers import JOUR, JOURS, add_orientation, add_tache, medecin, plant_s11, set_parcours, sweep, taches_ouvertes

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot, text
from pdp.domain.enlisement import ENLISEMENTS, POINT_DU_RESPONSABLE, list_catalogue
from pdp.errors import Conflit, DonneeInvalide
from pdp.services.decide_alerte import decide_alerte
from pdp.services.manage_taches import close_tache
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.read_blocages import LigneCatalogue, list_blocages_du_parcours, list_bloques, list_mes_bloques, list_regards
from pdp.services.repair_blocage import ask_point, repair_blocage
from pdp.storage import db

DEMAIN = MAINTENANT + JOURS


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="contact_en_cours")


def ecrire(requete: str, **valeurs: Any) -> Any:
    with lot() as conn:
        resultat = conn.execute(text(requete), valeurs)
        return resultat.scalar() if resultat.returns_rows else None


def conseiller(d: Dossier) -> Any:
    return auteur_agent(d.csam)


def responsable() -> Any:
    with lot() as conn:
        return auteur_agent(fabrique.agent(conn, "responsable"), "responsable")


def plant_s02(d: Dossier) -> None:
    """One reason, on hold for two months and a day."""
    tache = add_tache(d, echeance=MAINTENANT + 61 * JOURS)
    ecrire(
        "UPDATE pdp.tache SET attente_raison = 'soins_en_cours', attente_du_at = :m, attente_jusqu_au = :j WHERE id = :t",
        t=tache,
        m=MAINTENANT,
        j=JOUR + 61 * JOURS,
    )


def plant_s04(d: Dossier) -> None:
    add_tache(d)
    ecrire("UPDATE pdp.agent SET actif_au = :j WHERE id = :a", j=JOUR - JOURS, a=d.csam)


def plant_s05(d: Dossier) -> None:
    """The day after the last of the delay; nobody is there to be given it."""
    set_parcours(d, statut="a_affecter", csam_id=None, decide_at=MAINTENANT - 3 * JOURS)
    ecrire("UPDATE pdp.agent SET actif_au = :j", j=JOUR - JOURS)


def _clock(d: Dossier, statut: str) -> None:
    add_tache(d)
    orientation = add_orientation(d, statut, repondue=MAINTENANT if statut == "acceptee" else None)
    etape = "nouvelles" if statut == "acceptee" else "acceptation"
    ecrire(
        "UPDATE pdp.orientation SET etape = :e, balle = 'partenaire', echeance_at = :m, a_revoir_at = :m WHERE id = :o",
        e=etape,
        m=MAINTENANT,
        o=orientation,
    )


def plant_s06(d: Dossier) -> None:
    _clock(d, "envoyee")


def plant_s07(d: Dossier) -> None:
    _clock(d, "acceptee")


def plant_s09(d: Dossier) -> None:
    add_tache(d, "ouvrir_creneaux", balle="responsable")


def plant_s10(d: Dossier) -> None:
    add_tache(d, "message_en_echec")


def plant_s15(d: Dossier) -> None:
    close_by_hand(d, "injoignable")
    add_tache(d, "rechute", cause="rechute:nouvel_arret:essai")


def plant_s16(d: Dossier) -> None:
    add_tache(d, "decision_medecin", balle="medecin_conseil", cause="essai")
    ecrire(
        "INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, faits, survenu_at, connu_at)"
        " VALUES ('PF35', :a, :p, 'enlisement', 'essai', 'Essai.', '{}', :m, :m)",
        a=d.assure,
        p=d.parcours,
        m=MAINTENANT - 30 * JOURS,
    )


def plant_s17(d: Dossier) -> None:
    close_by_hand(d, "injoignable")
    add_tache(d, "suivi_m6", echeance=MAINTENANT)


def plant_s18(d: Dossier) -> None:
    add_tache(d)
    with lot() as conn:
        autre = fabrique.assure(conn)
    ecrire(
        "INSERT INTO pdp.doublon (plateforme_id, garde_id, efface_id, raisons, constate_at) VALUES ('PF35', :a, :b, '{meme_identite}', :m)",
        a=d.assure,
        b=autre,
        m=MAINTENANT,
    )


def by_watch(d: Dossier) -> None:
    """Nothing to do: the watch repaired it."""


def by_click(code: str) -> Callable[[Dossier], None]:
    def click(d: Dossier) -> None:
        with db.begin_as(conseiller(d)) as conn:
            assert repair_blocage(conn, conseiller(d), d.parcours, code, MAINTENANT)

    return click


def by_closing(d: Dossier) -> None:
    """The coordinator does what was asked."""
    with db.begin_as(conseiller(d)) as conn:
        taches = text("SELECT id FROM pdp.tache WHERE parcours_id = :p AND fermee_at IS NULL")
        for tache in conn.execute(taches, {"p": d.parcours}).scalars().all():
            close_tache(conn, conseiller(d), tache, "fait", MAINTENANT)
    if ecrire("SELECT clos_at IS NULL FROM pdp.parcours WHERE id = :p", p=d.parcours):
        add_tache(d, cause="la suite")


def by_withdrawal(d: Dossier) -> None:
    with db.begin_as(conseiller(d)) as conn:
        orientation = conn.execute(text("SELECT id FROM pdp.orientation WHERE parcours_id = :p"), {"p": d.parcours}).scalar_one()
        cancel_orientation(conn, conseiller(d), orientation, "sans_reponse", MAINTENANT)


def by_colleague(d: Dossier) -> None:
    """Somebody is there: given by the manager for an open one, by the watch for one that nobody followed."""
    with lot() as conn:
        collegue = fabrique.agent(conn)
    ecrire("UPDATE pdp.parcours SET csam_id = :c WHERE id = :p AND csam_id IS NOT NULL", c=collegue, p=d.parcours)


def by_decision(d: Dossier) -> None:
    auteur = medecin()
    with db.begin_as(auteur) as conn:
        alerte = conn.execute(text("SELECT id FROM pdp.alerte WHERE parcours_id = :p"), {"p": d.parcours}).scalar_one()
        decide_alerte(conn, auteur, alerte, "relancer_parcours", None, MAINTENANT)


def by_comparison(d: Dossier) -> None:
    ecrire("UPDATE pdp.doublon SET etat = 'ecarte', decide_par = :c, decide_at = :m, ecart_motif = 'homonymes'", c=d.csam, m=MAINTENANT)


# code -> (how it comes about, who or what ends it); repaired by the watch = seen once, as repaired
CAS: dict[str, tuple[Callable[[Dossier], None], Callable[[Dossier], None]]] = {
    "S01": (plant_s01, by_watch),
    "S02": (plant_s02, by_click("S02")),
    "S03": (plant_s03, by_watch),
    "S04": (plant_s04, by_colleague),
    "S05": (plant_s05, by_colleague),
    "S06": (plant_s06, by_withdrawal),
    "S07": (plant_s07, by_withdrawal),
    "S08": (plant_s08, by_watch),
    "S09": (plant_s09, by_closing),
    "S10": (plant_s10, by_closing),
    "S11": (plant_s11, by_watch),
    "S12": (plant_s12, by_watch),
    "S13": (plant_s13, by_watch),
    "S14": (plant_s14, by_watch),
    "S15": (plant_s15, by_closing),
    "S16": (plant_s16, by_decision),
    "S17": (plant_s17, by_closing),
    "S18": (plant_s18, by_comparison),
}


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
