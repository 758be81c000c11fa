"""Alerts and outcomes: every kind has its sentence and its decisions; a return to work is never presumed."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from pdp.domain.alerte import DECISIONS, ROUVRIR, TYPES, build_phrase, check_decision, describe_faits, list_decisions
from pdp.domain.issue import MOTIFS_RELAIS, MOTIFS_SANS_SUIVI, PROVENANCES, SITUATIONS_PAR_MOTIF, check_cloture, check_issue
from pdp.domain.parcours import MOTIFS_CLOTURE, MOTIFS_REPRISE, SITUATIONS, SITUATIONS_EN_EMPLOI
from pdp.errors import DonneeInvalide

SCHEMA = (Path(__file__).parents[2] / "sql" / "migrations" / "0008_alertes_journal.sql").read_text(encoding="utf-8")
JOUR = date(2026, 11, 18)


def _codes(apres: str) -> set[str]:
    liste = SCHEMA.split(apres, 1)[1].split("))", 1)[0]
    return set(re.findall(r"'([a-z0-9_]+)'", liste))


def test_kinds_and_decisions_are_those_the_database_accepts() -> None:
    assert set(TYPES) == _codes("type IN (")
    assert set(DECISIONS) == _codes("decision IN (")


@pytest.mark.parametrize("type_alerte", TYPES)
def test_every_kind_offers_known_decisions_and_a_sentence(type_alerte: str) -> None:
    assert TYPES[type_alerte].phrases
    for decision in list_decisions(type_alerte):
        assert decision.libelle
        assert decision.effet.endswith(".")
        check_decision((type_alerte,), decision.cle)


def test_an_ended_parcours_is_reopened_not_relaunched_nor_closed_again() -> None:
    assert ROUVRIR in list_decisions("parcours_termine")
    with pytest.raises(DonneeInvalide):
        check_decision(("parcours_termine",), "cloturer")


@pytest.mark.parametrize(
    ("types", "clos", "attendues"),
    [
        (("seuil_ij_270",), False, ["prise_en_compte", "convoquer", "contacter_medecin_traitant", "sans_objet"]),
        (("seuil_ij_270",), True, ["prise_en_compte", "sans_objet"]),  # nothing to remind of on a closed parcours
        (("enlisement", "parcours_termine"), False, ["relancer_parcours", "prise_en_compte", "sans_objet"]),
        (("parcours_interrompu", "accord_retire"), True, ["relancer_parcours", "prise_en_compte", "sans_objet"]),
        (("seuil_ij_270", "enlisement"), False, ["prise_en_compte", "convoquer", "contacter_medecin_traitant", "sans_objet"]),
    ],
)
def test_a_card_offers_what_all_it_says_allows(types: tuple[str, ...], clos: bool, attendues: list[str]) -> None:
    assert [d.cle for d in list_decisions(*types, clos=clos)] == attendues
    for refusee in set(DECISIONS) - set(attendues):
        with pytest.raises(DonneeInvalide):
            check_decision(types, refusee, clos=clos)
    if clos:
        assert ROUVRIR in list_decisions("enlisement", clos=True)


def test_facts_are_said_in_french_without_ids() -> None:
    faits = {
        "episode_id": "5e0c", "jours": 31, "dispositif": "cap_emploi", "seuil": 270, "epuisement_projete_le": "2027-01-04", "au": None,
        "parametre_id": "x", "situation": "inconnu", "motif": "injoignable",
    }  # fmt: skip
    dits = dict(describe_faits(faits))
    assert dits["Fin des droits, avec les avis reçus"] == "04/01/2027"
    assert dits["Jours écoulés"] == "31"
    assert set(dits) == {
        "Jours écoulés", "Partenaire", "Motif de clôture", "Situation déclarée", "Fin des droits, avec les avis reçus", "Seuil",
    }  # fmt: skip
    assert not {"cap_emploi", "inconnu", "injoignable"} & set(dits.values())


@pytest.mark.parametrize(
    ("type_alerte", "circonstance", "faits", "attendu"),
    [
        ("parcours_interrompu", "injoignable", {"essais": 3, "jours": 16}, "3 appels sans réponse"),
        ("parcours_interrompu", "absences", {"absences": 2}, "2 télé-échanges manqués"),
        ("enlisement", "sans_evenement", {"jours": 30}, "depuis 30 jours"),
        ("accord_retire", "retrait", {"circonstance": "retrait"}, "retiré son accord"),
    ],
)
def test_sentences_say_the_facts(type_alerte: str, circonstance: str, faits: dict[str, object], attendu: str) -> None:
    assert attendu in build_phrase(type_alerte, circonstance, **faits)


def test_a_sentence_without_its_facts_is_an_error() -> None:
    with pytest.raises(KeyError):
        build_phrase("parcours_interrompu", "absences")


def test_every_closing_reason_has_its_situations() -> None:
    assert set(SITUATIONS_PAR_MOTIF) == set(MOTIFS_CLOTURE)
    assert set().union(*SITUATIONS_PAR_MOTIF.values()) == set(SITUATIONS)
    assert set(MOTIFS_CLOTURE) > MOTIFS_SANS_SUIVI | MOTIFS_RELAIS
    assert len(MOTIFS_RELAIS) == 3
    for motif in MOTIFS_REPRISE:
        assert SITUATIONS_PAR_MOTIF[motif] <= SITUATIONS_EN_EMPLOI, motif


@pytest.mark.parametrize(
    ("motif", "situation", "admis"),
    [
        ("reprise_meme_poste", "meme_poste", True),
        ("reprise_meme_poste", "inconnu", False),
        ("reprise_meme_poste", "arret", False),
        ("reprise_tpt", "tpt", True),
        ("relais_spst", "arret", True),
        ("injoignable", "inconnu", True),
        ("injoignable", "decede", False),
        ("deces", "decede", True),
        ("deces", "inconnu", False),
        ("inaptitude_licenciement", "poste_amenage", False),
        ("inaptitude_licenciement", "chomage", True),
        ("doublon", "meme_poste", False),
        ("inventé", "inconnu", False),
        ("injoignable", "inventée", False),
    ],
)
def test_reason_and_situation_go_together(motif: str, situation: str, admis: bool) -> None:
    if admis:
        check_cloture(motif, situation)
    else:
        with pytest.raises(DonneeInvalide):
            check_cloture(motif, situation)


@pytest.mark.parametrize(
    ("situation", "survenu_le", "provenance", "par_une_personne", "code"),
    [
        ("meme_poste", JOUR, "declare_assure", True, None),
        ("meme_poste", JOUR, "employeur", True, None),
        ("meme_poste", None, "declare_assure", True, "return_without_date"),
        ("meme_poste", date(2026, 11, 19), "declare_assure", True, "outcome_in_future"),
        ("meme_poste", JOUR, "donnee_administrative", True, "return_presumed"),
        ("meme_poste", JOUR, "declare_assure", False, "outcome_without_person"),
        ("meme_poste", JOUR, "rumeur", True, "unknown_provenance"),
        ("arret", None, "donnee_administrative", True, None),
        ("inconnu", None, "donnee_administrative", False, None),
        ("arret", None, "donnee_administrative", False, "outcome_without_person"),
    ],
)
def test_a_return_to_work_is_said_by_somebody_and_dated(
    situation: str, survenu_le: date | None, provenance: str, par_une_personne: bool, code: str | None
) -> None:
    if code is None:
        check_issue(situation, survenu_le, provenance, JOUR, par_une_personne=par_une_personne)
        return
    with pytest.raises(DonneeInvalide) as refus:
        check_issue(situation, survenu_le, provenance, JOUR, par_une_personne=par_une_personne)
    assert refus.value.code == code


def test_provenances_are_those_of_the_database() -> None:
    parcours = (Path(__file__).parents[2] / "sql" / "migrations" / "0006_parcours.sql").read_text(encoding="utf-8")
    liste = parcours.split("provenance IN (", 1)[1].split("))", 1)[0]
    assert set(PROVENANCES) == set(re.findall(r"'([a-z_]+)'", liste))
