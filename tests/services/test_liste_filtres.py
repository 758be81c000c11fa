"""Ma liste against a slow reading of the raw rows: who stays, in which order, and every count, for each filter and many mixtures."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from liste_equipe import JOUR, PANNE, M, fill_equipe
from liste_oracle import Admin, Personne, read_brut
from sqlalchemy import text

import fabrique
from pdp.domain.tache import MOTIFS
from pdp.errors import DonneeInvalide
from pdp.services.filtres_liste import (
    ATTENTES,
    BALLES,
    ECHEANCES,
    PARTENAIRES,
    PHRASES_TRI,
    VUES,
    Filtres,
    check_filtres,
    cut_jours,
    parse_filtres,
)
from pdp.services.read_ma_liste import LIGNES_PAR_PAGE, MaListe, read_ma_liste
from pdp.storage import db

FAMILLES: dict[str, Any] = {"motifs": MOTIFS, "echeances": ECHEANCES, "balles": BALLES, "partenaires": PARTENAIRES, "attentes": ATTENTES}
SEULS = [
    *(Filtres().choose_vue(v) for v in VUES),
    *(Filtres(**{famille: frozenset({cle})}) for famille, choix in FAMILLES.items() for cle in choix),
    *(Filtres(tri=tri, sens=sens) for tri, sens in PHRASES_TRI),
    Filtres(du=JOUR),
    Filtres(au=JOUR),
    Filtres(du=JOUR, au=JOUR),
    Filtres(du=JOUR + timedelta(days=4), au=JOUR + timedelta(days=5)),
    Filtres(du=JOUR + timedelta(days=1), echeances=frozenset({"passee"})),
]


def mix(graine: int) -> Filtres:
    """Several filters at once."""
    hasard = random.Random(graine)
    familles: dict[str, Any] = {
        famille: frozenset(hasard.sample(list(choix), hasard.choice((0, 0, 1, 2)))) for famille, choix in FAMILLES.items()
    }
    tri, sens = hasard.choice(list(PHRASES_TRI))
    dates = (
        {"du": JOUR - timedelta(days=5)} if hasard.random() < 0.3 else {"au": JOUR + timedelta(days=20)} if hasard.random() < 0.3 else {}
    )
    return Filtres(vue=hasard.choice(["tous", "tous", *VUES]), tri=tri, sens=sens, **familles, **dates)


@pytest.fixture
def equipe(base: str, admin: Admin) -> tuple[UUID, list[Personne]]:
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        csams = [fabrique.agent(conn), fabrique.agent(conn)]
        fill_equipe(conn, csams, 2, 130)
        for rang, instant in enumerate((*PANNE, M)):
            conn.execute(
                text(
                    "INSERT INTO pdp.passage (id, dag, tache, instant_metier, fin_at, detail)"
                    " VALUES (:i, 'pdp_detection', 'detecter', :m, :m, '{\"plateforme\": \"PF35\"}')"
                ),
                {"i": str(rang), "m": instant},
            )
    gens = read_brut(admin, csams[0])
    assert len(gens) > 40
    return csams[0], gens


def read(csam: UUID, filtres: Filtres, *, tout: bool = True) -> MaListe:
    """As the portal reads it: under the role of the coordinator."""
    with db.begin_as(fabrique.auteur_agent(csam), lecture=True) as conn:
        return read_ma_liste(conn, csam, M, plateforme_id="PF35", filtres=filtres, tout=tout)


def compare(csam: UUID, gens: list[Personne], filtres: Filtres) -> dict[str, tuple[Any, Any]]:
    """What differs between the list and the slow reading."""
    liste = read(csam, filtres)
    restent = sorted((p for p in gens if p.passes(filtres)), key=lambda p: p.rank(filtres))
    vues = Counter(v for p in gens for v in p.vues())
    couples: dict[str, tuple[Any, Any]] = {
        "rows": ([x.id for x in liste.affichees], [p.id for p in restent]),
        "total": ((liste.total, liste.filtrees), (len(gens), len(restent))),
        "counters": ({c.cle: c.nombre for c in liste.compteurs}, {v: vues[v] for v in VUES}),
        "flags": (
            [(x.en_attente, x.revient, x.retard_detection, set(x.partenaires), x.message_en_echec) for x in liste.affichees],
            [(p.attente == "en_attente", "reviennent" in p.vues(), p.retard, p.partenaires, p.echec) for p in restent],
        ),
    }
    for famille in FAMILLES:
        autres = [p for p in gens if p.passes(replace(filtres, **{famille: frozenset()}))]
        attendu = {cle: (n, avec) for cle, n in _count(gens, famille).items() for avec in [_count(autres, famille)[cle]]}
        couples[famille] = ({c.cle: (c.nombre, c.avec_filtres) for c in liste.facettes[famille] if c.nombre}, attendu)
    return {nom: couple for nom, couple in couples.items() if couple[0] != couple[1]}


def _count(gens: list[Personne], famille: str) -> Counter[str]:
    lectures: dict[str, Any] = {
        "motifs": lambda p: p.motifs,
        "echeances": lambda p: {p.echeance},
        "balles": lambda p: {p.balle},
        "partenaires": lambda p: p.partenaires,
        "attentes": lambda p: {p.attente},
    }
    return Counter(cle for p in gens for cle in lectures[famille](p))


def test_each_filter_keeps_orders_and_counts_as_the_raw_rows_say(equipe: tuple[UUID, list[Personne]]) -> None:
    csam, gens = equipe
    assert {v for p in gens for v in p.vues()} == set(VUES), "the team has somebody under every counter"
    ecarts = {str(f.write()): ecart for f in SEULS if (ecart := compare(csam, gens, f))}
    assert ecarts == {}


def test_mixtures_of_filters_too(equipe: tuple[UUID, list[Personne]]) -> None:
    csam, gens = equipe
    melanges = [mix(graine) for graine in range(60)]
    assert sum(any(p.passes(f) for p in gens) for f in melanges) > 15
    assert {str(f.write()): ecart for f in melanges if (ecart := compare(csam, gens, f))} == {}


def test_a_page_is_the_beginning_of_the_whole_list_twice_the_same(equipe: tuple[UUID, list[Personne]]) -> None:
    csam, _ = equipe
    for filtres in (Filtres(), Filtres().choose_tri("priorite")):
        tout = [x.id for x in read(csam, filtres).affichees]
        assert len(tout) > LIGNES_PAR_PAGE
        assert [x.id for x in read(csam, filtres, tout=False).affichees] == tout[:LIGNES_PAR_PAGE]
        assert [x.id for x in read(csam, filtres).affichees] == tout


def test_nobody_else_reads_the_list_of_a_coordinator_of_another_platform(equipe: tuple[UUID, list[Personne]]) -> None:
    csam, _ = equipe
    with fabrique.lot() as conn:
        ailleurs = fabrique.agent(conn, plateforme="PF57")
    with db.begin_as(fabrique.auteur_agent(ailleurs, plateforme="PF57"), lecture=True) as conn:
        assert read_ma_liste(conn, csam, M, plateforme_id="PF35").total == 0


@pytest.mark.parametrize("graine", range(30))
def test_filters_come_back_from_the_database_as_they_went(graine: int) -> None:
    filtres = mix(graine)
    assert parse_filtres(filtres.write()) == filtres


@pytest.mark.parametrize(
    ("brut", "attendu"),
    [
        ({}, Filtres()),
        ({"vue": "disparue"}, Filtres()),
        ({"motifs": ["disparu", "premier_appel"]}, Filtres(motifs=frozenset({"premier_appel"}))),
        ({"tri": "disparu", "sens": "asc"}, Filtres()),
        ({"tri": "priorite", "sens": "x"}, Filtres()),
        ({"tri": "priorite", "sens": "desc"}, Filtres(tri="priorite", sens="desc")),
    ],
)
def test_what_no_longer_exists_is_forgotten(brut: dict[str, Any], attendu: Filtres) -> None:
    assert parse_filtres(brut) == attendu


def test_dates_upside_down_are_refused() -> None:
    with pytest.raises(DonneeInvalide):
        check_filtres(Filtres(du=date(2026, 1, 2), au=date(2026, 1, 1)))
    check_filtres(Filtres(du=date(2026, 1, 1), au=date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("heure", "jour", "lundi"),
    [
        ("2026-11-22T22:59:59+00:00", date(2026, 11, 22), "2026-11-23T00:00:00+01:00"),  # Sunday, one second before Monday
        ("2026-11-22T23:00:00+00:00", date(2026, 11, 23), "2026-11-30T00:00:00+01:00"),
        ("2026-03-29T00:30:00+00:00", date(2026, 3, 29), "2026-03-30T00:00:00+02:00"),  # the day of 23 hours
    ],
)
def test_days_are_cut_at_midnight_in_paris(heure: str, jour: date, lundi: str) -> None:
    bornes = cut_jours(datetime.fromisoformat(heure))
    assert (bornes.jour, bornes.lundi.isoformat()) == (jour, lundi)
    assert bornes.minuit <= datetime.fromisoformat(heure) < bornes.demain
