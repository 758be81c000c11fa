"""Routing rules as tables: who is the right partner, what to ask, and what is said of places, absences and delays."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from pdp.domain.orientation import DISPOSITIFS
from pdp.domain.routage import (
    ORDRE,
    QUESTION_INDEPENDANT,
    QUESTION_MEDECIN,
    QUESTION_MEDECIN_INCONNU,
    QUESTION_RQTH,
    QUESTION_SPST,
    QUESTION_SPST_INCONNU,
    FaitsPartenaire,
    FaitsPersonne,
    ask,
    describe_zones,
    judge,
    tell_absence,
    tell_capacite,
    tell_delai,
    tell_refus,
)

MERCREDI = date(2026, 11, 18)


def partenaire(type: str, **faits: Any) -> FaitsPartenaire:
    return FaitsPartenaire(UUID(int=1), "Partenaire", type, **faits)


def personne(**faits: Any) -> FaitsPersonne:
    return FaitsPersonne("35238", **faits)


@pytest.mark.parametrize(
    ("elle", "lui", "rang", "conseille", "debut"),
    [
        # Occupational health: the DSN identifier wins, then the employer, else nobody knows.
        (personne(spst=("SPST3500000001",)), partenaire("spst", spst=True), 0, True, "L'employeur déclare ce service"),
        (personne(spst=("SPST3500000001",)), partenaire("spst"), 3, False, "L'employeur déclare un autre"),
        (personne(spst=("SPST3500000001",)), partenaire("spst", employeur=True), 3, False, "L'employeur déclare un autre"),
        (personne(employeurs=("12345678901234",)), partenaire("spst", employeur=True), 0, True, "Ce service suit l'entreprise"),
        (personne(employeurs=("12345678901234",)), partenaire("spst"), 2, False, "Rien ne dit"),
        (personne(), partenaire("spst", zone="35238", zones=True), 2, False, "Rien ne dit"),
        # Social service: by residence, the nearest zone first.
        (personne(), partenaire("service_social", zone="35238", zones=True), 0, True, "Dessert la commune"),
        (personne(), partenaire("service_social", zone="35", zones=True), 1, True, "Dessert le département"),
        (personne(), partenaire("service_social", zone="974", zones=True), 1, True, "Dessert le département"),
        (personne(), partenaire("service_social"), 1, True, "Dessert toute la plateforme"),
        (personne(), partenaire("service_social", zones=True), 3, False, "Ne dessert pas"),
        # Cap emploi: by status, as told, then by residence.
        (personne(emploi={"rqth": "oui"}), partenaire("cap_emploi", zone="35", zones=True), 1, True, "La personne a une RQTH"),
        (personne(emploi={"rqth": "oui"}), partenaire("cap_emploi", zones=True), 3, False, "La personne a une RQTH"),
        (personne(emploi={"rqth": "non", "rqth_demande": "oui"}), partenaire("cap_emploi"), 1, True, "Une RQTH est demandée"),
        (personne(emploi={"rqth": "non", "rqth_demande": "non"}), partenaire("cap_emploi"), 3, False, "Cap emploi demande une RQTH"),
        (personne(emploi={"rqth": "non"}), partenaire("cap_emploi"), 2, False, "À vérifier"),
        (personne(emploi={"rqth": "ne_sait_pas"}), partenaire("cap_emploi"), 2, False, "À vérifier"),
        (personne(), partenaire("cap_emploi"), 2, False, "À vérifier"),
        (personne(), partenaire("cap_emploi", zones=True), 3, False, "Ce partenaire ne dessert pas"),
        # Psychologist: never chosen here.
        (personne(), partenaire("psychologue", zone="35238", zones=True), 3, False, "La plateforme ne choisit pas"),
        # Treating doctor: she says who; those around her first, none advised.
        (personne(), partenaire("medecin_traitant", zone="35238", zones=True), 0, False, "Seulement si la personne dit"),
        (personne(), partenaire("medecin_traitant", zone="35", zones=True), 1, False, "Seulement si la personne dit"),
        (personne(), partenaire("medecin_traitant"), 1, False, "Seulement si la personne dit"),
        (personne(), partenaire("medecin_traitant", zones=True), 3, False, "Seulement si la personne dit"),
    ],
)
def test_rule_of_each_kind(elle: FaitsPersonne, lui: FaitsPartenaire, rang: int, conseille: bool, debut: str) -> None:
    avis = judge(elle, lui)
    assert (avis.rang, avis.conseille) == (rang, conseille)
    assert avis.raison.startswith(debut)
    assert avis.raison.endswith(".")
    assert avis.raison.count(". ") == 0, "one sentence"


def test_every_kind_has_a_rule_and_a_place() -> None:
    assert set(ORDRE) == set(DISPOSITIFS)


@pytest.mark.parametrize(
    ("elle", "eux", "questions"),
    [
        (personne(), [partenaire("spst")], {"spst": QUESTION_SPST}),
        (personne(emploi={"contrat": "independant"}), [partenaire("spst")], {"spst": QUESTION_INDEPENDANT}),
        (personne(spst=("SPST3500000009",)), [partenaire("spst")], {"spst": QUESTION_SPST_INCONNU}),
        (personne(spst=("SPST3500000009",)), [partenaire("spst", employeur=True)], {"spst": QUESTION_SPST_INCONNU}),
        (personne(spst=("SPST3500000001",)), [partenaire("spst"), partenaire("spst", spst=True)], {}),
        (personne(employeurs=("12345678901234",)), [partenaire("spst", employeur=True)], {}),
        (personne(), [partenaire("service_social", zones=True)], {}),
        (personne(), [partenaire("psychologue")], {}),
        (personne(), [partenaire("medecin_traitant")], {"medecin_traitant": QUESTION_MEDECIN}),
        (
            personne(),
            [partenaire("medecin_traitant", zones=True), partenaire("medecin_traitant", zone="35", zones=True)],
            {"medecin_traitant": QUESTION_MEDECIN},
        ),
        (personne(), [partenaire("medecin_traitant", zones=True)], {"medecin_traitant": QUESTION_MEDECIN_INCONNU}),
        (personne(), [partenaire("cap_emploi")], {"cap_emploi": QUESTION_RQTH}),
        (personne(emploi={"rqth": "non"}), [partenaire("cap_emploi")], {"cap_emploi": QUESTION_RQTH}),
        (personne(emploi={"rqth": "non", "rqth_demande": "ne_sait_pas"}), [partenaire("cap_emploi")], {"cap_emploi": QUESTION_RQTH}),
        (personne(emploi={"rqth": "non", "rqth_demande": "non"}), [partenaire("cap_emploi")], {}),
        (personne(emploi={"rqth": "oui"}), [partenaire("cap_emploi")], {}),
        (personne(), [], {}),
    ],
)
def test_what_to_ask_first(elle: FaitsPersonne, eux: list[FaitsPartenaire], questions: dict[str, str]) -> None:
    assert ask(elle, eux) == questions


@pytest.mark.parametrize(
    ("faits", "texte", "libre"),
    [
        ({}, "Capacité non indiquée", True),
        ({"places": 3, "periode": "semaine", "pris": 0}, "3 places libres cette semaine", True),
        ({"places": 3, "periode": "semaine", "pris": 2}, "1 place libre cette semaine", True),
        ({"places": 3, "periode": "semaine", "pris": 3}, "Complet jusqu'au 22/11/2026", False),
        ({"places": 3, "periode": "mois", "pris": 9}, "Complet jusqu'au 30/11/2026", False),
        ({"places": 0, "periode": "mois", "pris": 0}, "Complet jusqu'au 30/11/2026", False),
        ({"places": 3, "periode": "mois", "pris": 0, "complet_jusqu_au": MERCREDI}, "Complet jusqu'au 18/11/2026", False),
        ({"complet_jusqu_au": date(2026, 11, 17)}, "Capacité non indiquée", True),
    ],
)
def test_places_in_words(faits: dict[str, Any], texte: str, libre: bool) -> None:
    assert tell_capacite(partenaire("spst", **faits), MERCREDI) == (texte, libre)


@pytest.mark.parametrize(
    ("faits", "attendu"),
    [
        ({}, (None, True)),
        ({"ferme_jusqu_au": date(2026, 12, 1)}, ("Absent jusqu'au 01/12/2026", False)),
        (
            {"ferme_jusqu_au": date(2026, 12, 1), "relais": "Mme Durand"},
            ("Absent jusqu'au 01/12/2026 ; Mme Durand répond pendant ce temps", True),
        ),
    ],
)
def test_absences_in_words(faits: dict[str, Any], attendu: tuple[str | None, bool]) -> None:
    assert tell_absence(partenaire("spst", **faits)) == attendu


@pytest.mark.parametrize(
    ("jours", "nombre", "texte"),
    [
        (None, 0, "Délai habituel inconnu"),
        (4.0, 2, "Délai habituel inconnu"),
        (4.2, 3, "Répond d'ordinaire en 4 jours"),
        (1.0, 3, "Répond d'ordinaire en 1 jour"),
        (0.4, 9, "Répond d'ordinaire le jour même"),
    ],
)
def test_usual_delay_in_words(jours: float | None, nombre: int, texte: str) -> None:
    assert tell_delai(partenaire("spst", delai_jours=jours, delai_nombre=nombre), 3) == texte


@pytest.mark.parametrize(
    ("motif", "texte"),
    [
        ("capacite", "A déjà refusé pour cette personne : plus de place actuellement"),
        (None, "A déjà refusé pour cette personne : raison non dite"),
    ],
)
def test_a_refusal_is_remembered(motif: str | None, texte: str) -> None:
    assert tell_refus(partenaire("spst", refus=motif, refus_at=datetime(2026, 11, 1, tzinfo=UTC))) == texte
    assert tell_refus(partenaire("spst")) is None


@pytest.mark.parametrize(
    ("zones", "texte"),
    [
        ([], "Toute la plateforme"),
        (["35"], "Département 35"),
        (["35", "57"], "Départements 35, 57"),
        (["35238"], "Commune 35238"),
        (["35", "35047", "35238"], "Département 35 ; 2 communes : 35047, 35238"),
    ],
)
def test_zones_in_words(zones: list[str], texte: str) -> None:
    assert describe_zones(zones) == texte
