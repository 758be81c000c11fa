"""Who leaves while nobody can take over: written all the same, in sight, tried again, and given back whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from equipe_redistribuee import a, absenter, balayer, le
from fabrique import MAINTENANT, lot
from maison_reorganisee import Maison, build_equipes, build_maison
from pdp.errors import Conflit
from pdp.services.manage_comptes import create_compte
from pdp.services.read_blocages import list_suites, read_blocages
from pdp.services.redistribute_parcours import redistribute_parcours, undo_redistribution
from pdp.services.sign_in import reserve_essai
from pdp.storage import db
from pdp.storage.sql import query
from portal.donnees import add_tache


@pytest.fixture
def maison(base: str) -> Maison:
    return build_maison()


def test_who_leaves_without_anybody_to_take_over_leaves_all_the_same_and_is_given_back_whole(
    maison: Maison, admin: psycopg.Connection[Any]
) -> None:
    """Colleagues away: no place for what she holds. It is tried again, in sight as stuck, and nothing new is given to her."""
    nord, sud = build_equipes(maison)
    partante = maison.csam[0]
    with lot() as conn:
        acces = {"login": "part", "mot_de_passe": "mot de passe de l'essai", "role": "csam", "plateforme_id": "PF35", "nom_affiche": "X"}
        create_compte(conn, **acces, agent_id=partante)
        for parcours in maison.parcours:
            add_tache(conn, parcours, "rappel_promis", a(40))
    for collegue in maison.csam[1:]:
        absenter(collegue, 5, 30)
    qui = {"unite_id": nord, "vers_id": sud, "le": le(10), "partants": [partante]}

    def may_sign_in() -> bool:
        with db.begin_portail() as conn:
            return reserve_essai(conn, "part", a(10)).compte_id is not None

    def stuck() -> set[UUID]:
        with db.begin_as(maison.auteur, lecture=True) as conn:
            return {s.parcours_id for s in list_suites(conn, "PF35", a(10)) if s.csam_id == partante and s.blocage == "S04"}

    maison.cancel(maison.act("merge_equipe", **qui))
    assert (may_sign_in(), stuck()) == (True, set()), "the undo leaves nothing closed"
    maison.act("merge_equipe", **qui)
    balayer(a(10))
    assert (may_sign_in(), stuck()) == (False, set(maison.parcours[:2]))
    with db.begin_as(maison.auteur, lecture=True) as conn:
        assert read_blocages(conn, "PF35", a(10)).sans_presence == 6, "hers, and those of her colleagues away"
    with lot() as conn:
        assert partante not in conn.execute(query("affectation.lister_presents"), {"plateforme": "PF35", "jour": le(10)}).scalars().all()
    admin.execute("TRUNCATE pdp.absence_agent")
    with db.begin_as(maison.auteur) as conn:
        redistribute_parcours(conn, maison.auteur, agent_id=partante, du=le(10), au=None, maintenant=a(10))
        redistribute_parcours(conn, maison.auteur, agent_id=partante, du=le(11), au=None, maintenant=a(11))
    assert admin.execute("SELECT count(*) FROM pdp.redistribution WHERE annulee_at IS NULL").fetchone() == (1,), "one departure"
    assert (balayer(a(11))[0], stuck()) == (2, set())
    absenter(maison.csam[2], 12, 60)
    with db.begin_as(maison.auteur) as conn:
        absence = {"agent_id": maison.csam[2], "du": le(12), "maintenant": MAINTENANT}
        redistribute_parcours(conn, maison.auteur, **absence, au=le(60))
        with pytest.raises(Conflit):
            redistribute_parcours(conn, maison.auteur, **absence, au=None)


def test_a_departure_taken_back_leaves_the_one_of_a_later_day(maison: Maison, admin: psycopg.Connection[Any]) -> None:
    """The access follows the first departure that stands, on the day it is where the platform is."""
    partante = maison.csam[0]
    admin.execute("UPDATE pdp.plateforme SET fuseau = 'Indian/Reunion' WHERE id = 'PF35'")
    with lot() as conn:
        acces = {"login": "part", "mot_de_passe": "mot de passe de l'essai", "role": "csam", "plateforme_id": "PF35", "nom_affiche": "X"}
        create_compte(conn, **acces, agent_id=partante)
    with db.begin_as(maison.auteur) as conn:
        tard, tot = (
            redistribute_parcours(conn, maison.auteur, agent_id=partante, du=le(jours), au=None, maintenant=MAINTENANT) for jours in (10, 5)
        )

    def undo(acte: UUID) -> list[bool]:
        """Whether she signs in: the last hour of the ninth day in metropolitan France, four days sooner, and long after."""
        with db.begin_as(maison.auteur) as conn:
            undo_redistribution(conn, maison.auteur, acte, MAINTENANT)
        with db.begin_portail() as conn:
            minuit = a(9).replace(hour=20, minute=30)
            return [reserve_essai(conn, "part", minuit + timedelta(days=j)).compte_id is not None for j in (-4, 0, 30)]

    assert undo(tot) == [True, False, False]
    assert undo(tard) == [True, True, True]
