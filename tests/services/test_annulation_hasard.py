"""Whatever was done, in whatever order: taking the last acts back gives the case as it was before each of them."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import psycopg
import pytest

import fabrique
from actes_dossier import Joueur, draw_gestes
from etat_dossier import dump, list_ecarts
from fabrique import lot
from pdp.domain.parcours import Statut
from pdp.domain.rejeu import Conte, replay
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query


@pytest.fixture
def partenaires(base: str) -> dict[str, Any]:
    with lot() as conn:
        fabrique.socle(conn)
        return {genre: fabrique.partenaire(conn, genre, "api" if genre == "spst" else "portail") for genre in ("service_social", "spst")}


def check_replay(admin: psycopg.Connection[Any], dossier: fabrique.Dossier) -> None:
    """The status is what the acts that remain give, played again."""
    statut = admin.execute("SELECT statut FROM pdp.parcours WHERE id = %s", (dossier.parcours,)).fetchone()
    with lot() as conn:
        contes = list_lignes(conn, "erreurs.lister_contes", Conte, parcours=dossier.parcours)
        erreurs = frozenset(conn.execute(query("erreurs.lister_erreurs"), {"parcours": dossier.parcours}).scalars())
    assert statut == (replay(Statut.AFFECTE, contes, erreurs),)


@pytest.mark.parametrize("graine", range(6))
def test_undoing_the_last_acts_gives_the_case_before(graine: int, partenaires: dict[str, Any], admin: psycopg.Connection[Any]) -> None:
    alea = random.Random(graine)
    with lot() as conn:
        dossier = fabrique.parcours(conn)
    joueur = Joueur(dossier, partenaires, alea)
    depart = dump(admin, dossier)
    resultats: Counter[str] = Counter()
    for geste_tire in draw_gestes(alea, 16, suivi=graine % 2 == 0):
        resultats[joueur.play(admin, geste_tire)] += 1
        check_replay(admin, dossier)
        if joueur.faits and alea.random() < 0.2:  # a change of mind in the middle
            acte_id, geste, avant = joueur.faits.pop()
            assert "est annulé" in joueur.undo(acte_id)
            assert list_ecarts(dump(admin, dossier), avant) == [], geste
    while joueur.faits:
        acte_id, geste, avant = joueur.faits.pop()
        joueur.undo(acte_id)
        assert list_ecarts(dump(admin, dossier), avant) == [], geste
        assert "déjà annulé" in joueur.undo(acte_id)
    assert dump(admin, dossier) == depart
    assert resultats["fait"] >= (12 if graine % 2 == 0 else 3)
