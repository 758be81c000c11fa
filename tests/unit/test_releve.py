"""Digest of the doctors: whom each card goes to, what the budget cuts and never cuts, what a colleague takes over."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from pdp.domain.releve import Carte, Journee, compose_journee

JOUR = date(2026, 11, 18)
ANNE, BENOIT, CARLA = (UUID(int=n) for n in (1, 2, 3))
HIER = JOUR - timedelta(days=1)
AVANT = JOUR - timedelta(days=3)


def carte(n: int, famille: str = "parcours", **champs: Any) -> Carte:
    """Card number ``n``: the higher, the more recent."""
    connue = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=n)
    return Carte(UUID(int=1000 + n), famille, (UUID(int=5000 + n),), connue, **{"echeance_le": None, **champs})


def compose(cartes: list[Carte], presents: list[UUID], budget: int = 3, echeance_jours: int = 7) -> Journee:
    return compose_journee(
        cartes, presents, jour=JOUR, budget=budget, echeance_jours=echeance_jours, is_delai_passe=lambda le: (JOUR - le).days >= 2
    )


def told(journee: Journee) -> dict[UUID, list[int]]:
    return {r.medecin_id: [c.assure_id.int - 1000 for c in r.cartes] for r in journee.releves}


def test_oldest_first_up_to_the_budget_the_rest_is_counted() -> None:
    journee = compose([carte(n) for n in (5, 3, 1, 4, 2)], [ANNE])
    assert told(journee) == {ANNE: [1, 2, 3]}
    assert journee.releves[0].en_attente == 2


def test_cards_read_and_left_undecided_never_keep_a_new_one_from_being_told() -> None:
    lues = [carte(n, medecins=(ANNE,), dernier_jour=AVANT, lue=True) for n in range(1, 5)]
    journee = compose([*lues, carte(8), carte(9)], [ANNE])
    assert told(journee) == {ANNE: [8, 9, 1]}
    assert journee.releves[0].en_attente == 3


@pytest.mark.parametrize(
    ("cle", "echeance", "dite"),
    [
        ("securite", None, True),
        ("droits", 0, True),
        ("droits", 7, True),
        ("droits", 8, False),
        ("droits", -1, False),
        ("parcours", None, False),
    ],
)
def test_safety_and_near_legal_deadlines_are_never_cut(cle: str, echeance: int | None, dite: bool) -> None:
    derniere = carte(9, cle, echeance_le=None if echeance is None else JOUR + timedelta(days=echeance))
    journee = compose([*(carte(n) for n in range(3)), derniere], [ANNE])
    [releve] = journee.releves
    assert (derniere in releve.cartes) == dite
    assert len(releve.cartes) == 3, "it takes the place of the most recent ordinary one"
    assert (releve.urgentes, releve.echeances) == (int(cle == "securite"), int(dite and cle == "droits"))
    assert releve.en_attente == 1
    assert len(compose([carte(n, "securite") for n in range(9)], [ANNE]).releves[0].cartes) == 9


def test_who_is_told() -> None:
    cartes = [
        carte(1, suivi_par=BENOIT),  # who decided the file
        carte(2, suivi_par=BENOIT, medecins=(ANNE,), dernier_jour=HIER),  # who was told already
        carte(3, suivi_par=CARLA),  # absent: the one with the fewest
        carte(4, medecins=(CARLA, ANNE), dernier_jour=HIER, lue=True),  # told last
    ]
    assert told(compose(cartes, [ANNE, BENOIT])) == {ANNE: [2, 3, 4], BENOIT: [1]}


def test_unread_goes_to_a_colleague_once_then_is_counted_for_the_manager_and_stays_told() -> None:
    une = carte(1, medecins=(ANNE,), dernier_jour=AVANT)
    for lue, delai, attendu in ((False, AVANT, {BENOIT: [1]}), (False, HIER, {ANNE: [1]}), (True, AVANT, {ANNE: [1]})):
        journee = compose([carte(1, medecins=(ANNE,), dernier_jour=delai, lue=lue)], [ANNE, BENOIT])
        assert (told(journee), journee.non_lues) == (attendu, ())
        assert journee.releves[0].relayees == int(attendu == {BENOIT: [1]})
    seule = compose([une], [ANNE])
    assert (told(seule), seule.non_lues) == ({ANNE: [1]}, (une,)), "no colleague: the manager at once"
    deux = carte(1, medecins=(ANNE, BENOIT), dernier_jour=AVANT)
    encore = compose([deux], [ANNE, BENOIT, CARLA])
    assert (told(encore), encore.non_lues) == ({BENOIT: [1]}, (deux,))
    recente = Carte(UUID(int=1003), "parcours", (UUID(int=5003),), datetime(2026, 11, 17, tzinfo=UTC), None)
    personne = compose([une, carte(2), recente], [])
    assert (personne.releves, personne.non_lues) == ((), (une, carte(2))), "nobody there: the manager knows of what was told to nobody"
    assert compose([carte(2)], [ANNE]).non_lues == ()


def test_nothing_is_lost_and_the_order_of_the_facts_changes_nothing() -> None:
    alea = random.Random(7)
    for _ in range(200):
        medecins = [ANNE, BENOIT, CARLA][: alea.randint(1, 3)]
        cartes = [
            carte(
                n,
                alea.choice(["securite", "droits", "parcours"]),
                echeance_le=alea.choice([None, JOUR + timedelta(days=alea.randint(-3, 20))]),
                medecins=tuple(alea.sample([ANNE, BENOIT, CARLA], alea.randint(0, 3))),
                dernier_jour=alea.choice([HIER, AVANT]),
                lue=alea.random() < 0.3,
            )
            for n in range(alea.randint(0, 30))
        ]
        journee = compose(cartes, medecins, budget=5)
        assert sum(len(r.cartes) + r.en_attente for r in journee.releves) == len(cartes)
        dites = [c for r in journee.releves for c in r.cartes]
        assert len(set(dites)) == len(dites)
        assert {c for c in cartes if c.urgente} <= set(dites)
        alea.shuffle(cartes)
        assert compose(cartes, medecins, budget=5) == journee
