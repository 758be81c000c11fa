"""A case passed on to a colleague: who may receive, what is written, how it comes back, and what the database refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import fabrique
from fabrique import auteur_agent, lot
from journee_lots import JOUR, Journee, a, le
from pdp.errors import DonneeInvalide
from pdp.services.redistribute_parcours import redistribute_parcours
from pdp.storage import db


@pytest.fixture
def journee(base: str) -> Journee:
    return Journee()


def test_case_passed_on_and_back(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    acte = journee.choisir("passation")
    journee.repeter(acte, vers=journee.collegue, note="Elle préfère être appelée l'après-midi.")
    assert journee.etat(acte) == ["prevue", "prevue", "prevue", "refusee"]
    journee.confirmer(acte)
    mains = "SELECT csam_id FROM pdp.parcours WHERE id = %s"
    assert [admin.execute(mains, (p,)).fetchone() for p in journee.cas] == [(journee.collegue,)] * 3
    ligne = admin.execute(
        "SELECT de_csam_id, csam_id, note, relais, par_id FROM pdp.affectation WHERE parcours_id = %s AND au IS NULL", (journee.cas[2],)
    ).fetchone()
    assert ligne is not None
    assert ligne[:3] == (journee.csam, journee.collegue, "Elle préfère être appelée l'après-midi.")
    assert "promis : rappeler avant le 20/11/2026" in ligne[3]
    assert journee.lire(acte).a_reprendre == [], "what is no longer hers is not offered again"
    journee.annuler(acte, a(minutes=5))
    assert [admin.execute(mains, (p,)).fetchone() for p in journee.cas] == [(journee.csam,)] * 3
    assert journee.etat(acte) == ["annulee"] * 3 + ["refusee"]


@pytest.mark.parametrize("absent", ["away", "gone", "unknown", "full"])
def test_only_somebody_present_with_room_receives(journee: Journee, admin: psycopg.Connection[Any], absent: str) -> None:
    vers = journee.collegue
    with lot() as conn:
        if absent == "away":
            conn.execute(
                text("INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, :d, :d)"), {"a": vers, "d": JOUR}
            )
        elif absent == "gone":
            conn.execute(text("UPDATE pdp.agent SET actif_au = :h WHERE id = :a"), {"a": vers, "h": le(-1)})
        elif absent == "unknown":
            vers = fabrique.agent(conn, plateforme="PF57")
        else:
            conn.execute(text("UPDATE pdp.agent SET quotite = 0.01 WHERE id = :a"), {"a": vers})
    acte = journee.choisir("passation", journee.cas)
    with pytest.raises(DonneeInvalide):
        journee.repeter(acte, vers=vers)


def test_cap_of_the_colleague_is_shared_by_the_lot(journee: Journee) -> None:
    """At 3 % of full time the cap of 80 leaves two places, one of them taken."""
    with lot() as conn:
        conn.execute(text("UPDATE pdp.agent SET quotite = 0.03 WHERE id = :a"), {"a": journee.collegue})
    acte = journee.choisir("passation", journee.cas)
    etats = journee.repeter(acte, vers=journee.collegue)
    assert sorted(etat for etat, _ in etats.values()) == ["prevue", "refusee", "refusee"]
    assert all("plafond" in phrase for etat, phrase in etats.values() if etat == "refusee")


def test_passed_on_while_a_manager_redistributes_goes_once(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    """The coordinator leaves on the very day she passes her cases on: each has one holder and one open line of history."""
    with lot() as conn:
        responsable, tiers = fabrique.agent(conn, "responsable"), fabrique.agent(conn)
    acte = journee.choisir("passation", journee.cas)
    journee.repeter(acte, vers=journee.collegue)
    auteur = auteur_agent(responsable, "responsable")

    def redistribuer() -> None:
        with db.begin_as(auteur) as conn:
            redistribute_parcours(conn, auteur, agent_id=journee.csam, du=JOUR, au=None, maintenant=a())

    with ThreadPoolExecutor(2) as ensemble:
        gestes = [ensemble.submit(journee.confirmer, acte), ensemble.submit(redistribuer)]
        passe = gestes[0].result()
        erreur = gestes[1].exception()
    assert passe is True
    assert erreur is None, "a departure is written although nothing is left to redistribute"
    lignes = admin.execute(
        "SELECT p.id, p.csam_id, (SELECT array_agg(f.csam_id) FROM pdp.affectation f WHERE f.parcours_id = p.id AND f.au IS NULL)"
        " FROM pdp.parcours p WHERE p.id = ANY (%s)",
        (journee.cas,),
    ).fetchall()
    etats = journee.etats(acte)
    for parcours, csam, ouvertes in lignes:
        assert ouvertes == [csam]
        assert csam in ((journee.collegue,) if etats[parcours][0] == "faite" else (journee.collegue, tiers))
    assert {etat[0] for etat in etats.values()} in ({"faite"}, {"refusee"})


def test_a_coordinator_passes_on_only_what_is_hers(journee: Journee, admin: psycopg.Connection[Any]) -> None:
    """The database refuses, not only the screen: neither a case of a colleague, nor to take one, nor to write as somebody else."""
    for de, vers in ((journee.collegue, journee.csam), (journee.csam, journee.collegue)):
        with db.begin_as(auteur_agent(journee.csam)) as conn:
            requete = text("SELECT pdp.passer_de_mains(ARRAY[:p]::uuid[], ARRAY[:d]::uuid[], ARRAY[:v]::uuid[])")
            assert conn.execute(requete, {"p": journee.ailleurs, "d": de, "v": vers}).all() == []
    assert admin.execute("SELECT csam_id FROM pdp.parcours WHERE id = %s", (journee.ailleurs,)).fetchone() == (journee.collegue,)
    with pytest.raises(DBAPIError, match="permission denied"), db.begin_as(auteur_agent(journee.csam)) as conn:
        conn.execute(text("UPDATE pdp.parcours SET csam_id = :m"), {"m": journee.csam})
    with pytest.raises(DBAPIError, match="row-level security"), db.begin_as(auteur_agent(journee.csam)) as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)"
                " VALUES ('PF35', :p, :c, now(), 'x', 'agent', :autre)"
            ),
            {"p": journee.ailleurs, "c": journee.csam, "autre": str(journee.collegue)},
        )
