"""What the roles of the database may do, crossed: a coordinator who writes her own SQL, the holder of a link, locks taken in one order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from lien_assure import create_invitation, statut, sweep
from pdp.services.book_rendez_vous import choose, find_lien, identify, read_lien
from pdp.storage import db


@pytest.fixture
def dossier(base: str) -> Dossier:
    """A case with its line of history, as the sweep assigns it."""
    with lot() as conn:
        fabrique.socle(conn)
        dossier = fabrique.parcours(conn)
        conn.execute(
            text(
                "INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)"
                " VALUES ('PF35', :p, :c, :m, 'charge', 'systeme', 'affecter')"
            ),
            {"p": dossier.parcours, "c": dossier.csam, "m": MAINTENANT},
        )
    return dossier


@pytest.mark.parametrize("plateforme", ["PF35", "PF57"])
def test_nobody_takes_the_case_of_a_colleague_by_a_false_line_of_history(
    dossier: Dossier, admin: psycopg.Connection, plateforme: str
) -> None:
    with lot() as conn:
        autre = fabrique.agent(conn, plateforme=plateforme)
    cle = {"p": dossier.parcours, "c": dossier.csam, "m": MAINTENANT + timedelta(hours=1), "moi": str(autre), "vers": autre}
    essais = (
        "UPDATE pdp.affectation SET au = :m WHERE parcours_id = :p",
        "INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)"
        " VALUES ('PF35', :p, :c, :m, 'faux', 'agent', :moi)",
        "SELECT pdp.passer_de_mains(ARRAY[cast(:p AS uuid)], ARRAY[cast(:c AS uuid)], ARRAY[cast(:vers AS uuid)])",
    )
    for essai in essais:
        try:
            with db.begin_as(auteur_agent(autre, plateforme=plateforme)) as conn:
                conn.execute(text(essai), cle)
        except DBAPIError:
            continue
    assert admin.execute("SELECT csam_id FROM pdp.parcours").fetchone() == (dossier.csam,)
    assert admin.execute("SELECT count(*) FROM pdp.affectation WHERE au IS NULL").fetchone() == (1,)


SECRETS = (
    "pdp.parcours",
    "identite.assure",
    "pdp.tele_echange",
    "pdp.invitation",
    "pdp.jeton_invitation",
    "pdp.outbox",
    "journal.evenement",
)


@pytest.mark.parametrize("table", SECRETS)
def test_the_holder_of_a_link_reads_no_table_whatever_is_set(dossier: Dossier, table: str) -> None:
    """The settings that name a link to the owner's policies may be set by anybody: they open nothing to anybody else."""
    _, chemin = create_invitation(dossier.csam, MAINTENANT)
    with db.begin_portail() as conn:
        auteur = find_lien(conn, chemin.rsplit("/", 1)[1])
    assert auteur is not None
    reglages = {"p": str(dossier.parcours), "c": str(dossier.csam)}
    with db.begin_as(auteur) as conn:
        conn.execute(text("SELECT set_config('pdp.lien_parcours', :p, true), set_config('pdp.lien_csam', :c, true)"), reglages)
        with pytest.raises(DBAPIError) as refus, conn.begin_nested():
            conn.execute(text(f"SELECT count(*) FROM {table}"))
    assert "InsufficientPrivilege" in str(refus.value)


def test_the_functions_of_a_link_ignore_what_its_holder_sets(dossier: Dossier) -> None:
    """Another invitation, case or person named by hand: the signed link is the one that is read."""
    sien, chemin = create_invitation(dossier.csam, MAINTENANT)
    with lot() as conn:
        conn.execute(
            text("UPDATE pdp.parcours SET clos_at = :m, statut = 'cloture', cloture_motif = 'retraite' WHERE id = :p"),
            {"m": MAINTENANT, "p": sien.parcours},
        )
    with db.begin_portail() as conn:
        auteur = find_lien(conn, chemin.rsplit("/", 1)[1])
    assert auteur is not None
    for nom, valeur in (("parcours", dossier.parcours), ("assure", dossier.assure), ("csam", dossier.csam)):
        with db.begin_as(auteur) as conn:
            conn.execute(text("SELECT set_config(:n, :v, true)"), {"n": f"pdp.lien_{nom}", "v": str(valeur)})
            lu = conn.execute(
                text("SELECT etat, identifie, agenda FROM pdp.lire_lien(:a, :m, :m)"), {"a": bytes(32), "m": MAINTENANT}
            ).one()
        assert tuple(lu) == ("ferme", False, None)


def test_the_last_wrong_date_and_a_coordinator_wait_for_each_other_in_order(dossier: Dossier) -> None:
    """Who acts on the case holds it, then wants its link; the last wrong date must not hold the link and want the case."""
    sien, chemin = create_invitation(dossier.csam, MAINTENANT)
    with db.begin_portail() as conn:
        auteur = find_lien(conn, chemin.rsplit("/", 1)[1])
    assert auteur is not None
    essai = text("SELECT pdp.identifier_lien('1979-01-01', :a, :m, :m)")
    with lot() as conn:
        (maximum,) = conn.execute(text("SELECT essais_max FROM pdp.invitation WHERE parcours_id = :p"), {"p": sien.parcours}).one()
    for _ in range(maximum - 1):
        with db.begin_as(auteur) as conn:
            conn.execute(essai, {"a": bytes(32), "m": MAINTENANT})

    def block() -> str:
        with db.begin_as(auteur) as conn:
            return conn.execute(essai, {"a": bytes(32), "m": MAINTENANT}).scalar_one()

    with ThreadPoolExecutor(1) as fil:
        with lot() as conn:
            conn.execute(text("SELECT 1 FROM pdp.parcours WHERE id = :p FOR UPDATE"), {"p": sien.parcours})
            attente = fil.submit(block)
            _wait_for_a_lock(conn)
            conn.execute(
                text("UPDATE pdp.invitation SET fermee_at = :m, fermee_motif = 'annulee' WHERE parcours_id = :p"),
                {"m": MAINTENANT, "p": sien.parcours},
            )
        assert attente.result(timeout=20) in ("bloque", "ferme")


def _wait_for_a_lock(conn: object) -> None:
    """Until another session of this database waits: asked of the database, each answer is a round trip."""
    with lot() as autre:
        for _ in range(2000):
            if autre.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one():
                return
    raise AssertionError("nobody waits")


def test_a_foreign_uuid_is_no_agent_of_this_platform(dossier: Dossier) -> None:
    with lot() as conn:
        ailleurs = fabrique.agent(conn, plateforme="PF57")
    cle = {"p": dossier.parcours, "c": dossier.csam, "v": ailleurs}
    appel = text("SELECT pdp.passer_de_mains(ARRAY[cast(:p AS uuid)], ARRAY[cast(:c AS uuid)], ARRAY[cast(:v AS uuid)])")
    with pytest.raises(DBAPIError), db.begin_as(auteur_agent(UUID(str(dossier.csam)))) as conn:
        conn.execute(appel, cle)


def test_the_sweep_and_a_bulk_act_take_cases_in_the_same_order(dossier: Dossier) -> None:
    """Two people booked, the last case first: whoever else holds both cases in order waits for the sweep, or the sweep for them."""
    cas = sorted((create_invitation(dossier.csam, MAINTENANT) for _ in range(2)), key=lambda x: str(x[0].parcours))
    for rang, (_, chemin) in enumerate(reversed(cas)):
        book(chemin, rang * 3)
    premier, dernier = (x[0].parcours for x in cas)
    verrou = text("SELECT 1 FROM pdp.parcours WHERE id = :p FOR UPDATE")
    with ThreadPoolExecutor(1) as fil:
        with lot() as conn:
            conn.execute(verrou, {"p": premier})
            balayage = fil.submit(sweep, MAINTENANT + timedelta(minutes=15))
            _wait_for_a_lock(conn)
            conn.execute(verrou, {"p": dernier})
        balayage.result(timeout=30)
    assert [statut(p) for p in (premier, dernier)] == ["entretien_planifie"] * 2


def book(chemin: str, rang: int) -> None:
    with db.begin_portail() as conn:
        auteur = find_lien(conn, chemin.rsplit("/", 1)[1])
    assert auteur is not None
    with db.begin_as(auteur) as conn:
        _, cookie, _ = identify(conn, auteur, date(1980, 5, 1), MAINTENANT)
        creneau = read_lien(conn, auteur, cookie, MAINTENANT).creneaux[rang]
        assert choose(conn, auteur, cookie, creneau.debut, MAINTENANT) == "fait"


def test_an_act_is_signed_by_who_made_it(dossier: Dossier) -> None:
    with lot() as conn:
        autre = auteur_agent(fabrique.agent(conn))
    ecrire = text(
        "INSERT INTO pdp.acte (plateforme_id, assure_id, parcours_id, agent_id, genre, fait_at, evenement_avant, evenement_apres, lignes)"
        " VALUES ('PF35', :a, :p, :c, 'contact', :m, 0, 0, '[]')"
    )
    cle = {"a": dossier.assure, "p": dossier.parcours, "c": dossier.csam, "m": MAINTENANT}
    with db.begin_as(autre) as conn:
        with pytest.raises(DBAPIError), conn.begin_nested():
            conn.execute(ecrire, cle)
        conn.execute(ecrire, {**cle, "c": UUID(autre.id)})
