"""Suggestions from the database: the set query against a slow reading of every row, and the order that a person sees."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from partenaires_lents import DEPUIS, JOUR, close, declare, orient, place, read_slowly, serve
from sqlalchemy import Connection, text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.routage import FaitsPartenaire
from pdp.errors import Introuvable
from pdp.services.suggest_partenaires import group_by_type, read_routage, suggest
from pdp.storage import db
from pdp.storage.lignes import list_lignes

COMMUNES = ("35238", "35047", "35288", "57463")
SPST = ("SPST3500000001", "SPST3500000002", "SPST3500000003")
SIRETS = ("00000000100012", "00000000200012", "11111111100012")


def _fill(hasard: random.Random, conn: Connection, dossier: fabrique.Dossier) -> None:
    """Partners of all kinds with everything at random; other people around, so that places are taken."""
    for _ in range(8):
        genre = hasard.choice(("service_social", "spst", "cap_emploi", "psychologue", "medecin_traitant"))
        partenaire = fabrique.partenaire(conn, genre)
        for zone in hasard.sample(("35", "35238", "35047", "57", "35288"), hasard.randint(0, 3)):
            serve(conn, partenaire, "zone", zone, hasard.random() < 0.3)
        for code in hasard.sample(SPST, hasard.randint(0, 2)):
            serve(conn, partenaire, "spst", code, hasard.random() < 0.3)
        for siret in hasard.sample(SIRETS, hasard.randint(0, 2)):
            serve(conn, partenaire, "employeur", hasard.choice((siret, siret[:9])), hasard.random() < 0.3)
        if hasard.random() < 0.7:
            periode = hasard.choice(("semaine", "mois", None))
            complet = JOUR + timedelta(days=hasard.randint(-3, 3)) if hasard.random() < 0.5 else None
            place(conn, partenaire, hasard.randint(0, 4) if periode else None, periode, complet)
        for _ in range(hasard.randint(0, 2)):
            du = JOUR + timedelta(days=hasard.randint(-4, 2))
            au, relais = du + timedelta(days=hasard.randint(0, 9)), hasard.choice((None, f"Relais {hasard.random()}"))
            close(conn, partenaire, du, au, relais, hasard.random() < 0.3)
        for rang in range(hasard.randint(0, 5)):
            autre = dossier if rang == 4 else fabrique.parcours(conn, csam=dossier.csam, statut="oriente")
            statut = "refusee" if rang == 4 else hasard.choice(("envoyee", "acceptee", "refusee", "realisee", "annulee", "expiree"))
            # the edges of the week, of the month and of the year, to the hour
            proposee = MAINTENANT - timedelta(hours=hasard.choice((1, 24, 33, 55, 58, 57.5, 24 * 17, 24 * 19, 24 * 364, 24 * 366)))
            orient(conn, autre, partenaire, statut, proposee, hasard.choice((None, -1, 0.2, 3, 8)))


@pytest.mark.parametrize("graine", range(12))
def test_set_query_says_what_every_row_says(base: str, graine: int) -> None:
    hasard = random.Random(graine)
    commune, spst, sirets = hasard.choice(COMMUNES), hasard.sample(SPST, hasard.randint(0, 2)), hasard.sample(SIRETS, hasard.randint(0, 2))
    with lot() as conn:
        fabrique.socle(conn)
        dossier = fabrique.parcours(conn, statut="oriente", assure_id=fabrique.assure(conn, commune=commune))
        _fill(hasard, conn, dossier)
        attendus = read_slowly(conn, dossier, commune, spst, sirets)
    with db.begin_as(auteur_agent(dossier.csam), lecture=True) as conn:
        lues = list_lignes(
            conn,
            "suggestions.lister_partenaires",
            FaitsPartenaire,
            parcours=dossier.parcours,
            jour=JOUR,
            sauf=None,
            commune=commune,
            spst=spst,
            employeurs=sirets,
            depuis=DEPUIS,
        )
    assert len(lues) == 8
    for lue in lues:
        attendu = attendus[lue.id]
        assert {cle: getattr(lue, cle) for cle in attendu if cle != "delai_jours"} == {
            c: v for c, v in attendu.items() if c != "delai_jours"
        }
        assert (lue.delai_jours is None) == (attendu["delai_jours"] is None)
        assert lue.delai_jours is None or abs(float(lue.delai_jours) - attendu["delai_jours"]) <= 0.11


# -- what routing rests on


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="oriente")


def _routage(dossier: fabrique.Dossier, **options: Any) -> Any:
    with db.begin_as(auteur_agent(dossier.csam), lecture=True) as conn:
        return read_routage(conn, dossier.parcours, MAINTENANT, **options)


def test_the_service_declared_by_the_employer_comes_first(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        autre, sien = fabrique.partenaire(conn, "spst"), fabrique.partenaire(conn, "spst")
        serve(conn, autre, "employeur", SIRETS[0])
        serve(conn, sien, "spst", SPST[0])
        declare(conn, dossier.assure, "spst", SIRETS[0], JOUR - timedelta(days=60), SPST[0])
    routage = _routage(dossier)
    assert [(s.partenaire_id, s.conseille) for s in routage.suggestions] == [(sien, True), (autre, False)]
    assert routage.questions == {}


@pytest.mark.parametrize(
    ("faits", "conseille"),
    [
        ([("spst", SIRETS[0], -60, SPST[0], False)], True),
        ([("spst", SIRETS[0], -60, SPST[0], True)], False),  # taken back
        ([("spst", SIRETS[0], -60, SPST[0], False), ("fin_contrat", SIRETS[0], -10, None, False)], False),  # that contract ended
        ([("spst", SIRETS[0], -60, SPST[0], False), ("fin_contrat", SIRETS[0], 10, None, False)], True),  # it will end
        ([("spst", SIRETS[0], -60, SPST[0], False), ("fin_contrat", SIRETS[0], -10, None, True)], True),  # the end was taken back
        ([("spst", SIRETS[0], -60, SPST[0], False), ("fin_contrat", SIRETS[0], -90, None, False)], True),  # an earlier contract
        ([("spst", SIRETS[0], -60, SPST[0], False), ("fin_contrat", SIRETS[1], -10, None, False)], True),  # another employer
    ],
)
def test_what_was_declared_counts_while_the_contract_runs(
    dossier: fabrique.Dossier, faits: list[tuple[str, str, int, str | None, bool]], conseille: bool
) -> None:
    with lot() as conn:
        serve(conn, fabrique.partenaire(conn, "spst"), "spst", SPST[0])
        for genre, siret, ecart, valeur, annule in faits:
            declare(conn, dossier.assure, genre, siret, JOUR + timedelta(days=ecart), valeur, annule)
    routage = _routage(dossier)
    assert [s.conseille for s in routage.suggestions] == [conseille]
    assert ("spst" in routage.questions) is not conseille


def test_without_an_identifier_the_employer_then_the_last_payment(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        service = fabrique.partenaire(conn, "spst")
        serve(conn, service, "employeur", SIRETS[0][:9])
    assert _routage(dossier).suggestions[0].conseille is False
    with lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.ij_versee (plateforme_id, id_versement, assure_id, nature, risque, temps_partiel, debut, fin, jours,"
                " traite_le, siret, version_empreinte, connu_at, fichier_id)"
                " VALUES ('PF35', 'V1', :a, '6110', 'maladie', false, :d, :d, 1, :d, :s, '\\x00', :m, :f)"
            ),
            {"a": dossier.assure, "d": JOUR - timedelta(days=20), "s": SIRETS[0], "m": MAINTENANT, "f": fabrique.fichier(conn)},
        )
    assert _routage(dossier).suggestions[0].conseille is True
    with lot() as conn:
        declare(conn, dossier.assure, "arret", SIRETS[2], JOUR - timedelta(days=30))
    assert _routage(dossier).suggestions[0].conseille is False, "what the employer declares is newer knowledge than a payment"


def test_full_closed_and_refusing_partners_come_last_with_the_reason(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        complet, ferme, refuse, relaye, libre = (fabrique.partenaire(conn, "service_social") for _ in range(5))
        place(conn, complet, None, None, JOUR + timedelta(days=3))
        close(conn, ferme, JOUR, JOUR)
        close(conn, relaye, JOUR, JOUR, "Mme Durand")
        orient(conn, dossier, refuse, "refusee", MAINTENANT - timedelta(days=9))
    suggestions = _routage(dossier).suggestions
    assert [(s.partenaire_id, s.disponible) for s in suggestions[:2]] == [(relaye, True), (libre, True)]
    assert {s.partenaire_id: (s.capacite.startswith("Complet"), bool(s.absence), bool(s.refus)) for s in suggestions[2:]} == {
        complet: (True, False, False),
        ferme: (False, True, False),
        refuse: (False, False, True),
    }
    assert refuse not in {s.partenaire_id for s in _routage(dossier, sauf=refuse).suggestions}


@pytest.mark.parametrize("genre", ["psychologue", "medecin_traitant"])
def test_who_the_person_chooses_is_last_and_never_advised(dossier: fabrique.Dossier, genre: str) -> None:
    with lot() as conn:
        choisi, social = fabrique.partenaire(conn, genre), fabrique.partenaire(conn, "service_social")
        fabrique.partenaire(conn, "spst", plateforme="PF57")
    suggestions = _routage(dossier).suggestions
    assert {s.partenaire_id: s.conseille for s in suggestions} == {choisi: False, social: True}
    assert list(group_by_type(suggestions)) == ["service_social", genre]


def test_a_parcours_of_nobody_has_no_suggestion(dossier: fabrique.Dossier) -> None:
    with db.begin_as(auteur_agent(dossier.csam), lecture=True) as conn, pytest.raises(Introuvable):
        suggest(conn, uuid4(), MAINTENANT)
