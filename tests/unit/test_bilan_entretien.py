"""The questionnaire and its conclusion: questions that follow from answers, what is proposed, what may be kept."""

from __future__ import annotations

from typing import Any

import pytest

from pdp.domain.bilan_entretien import SANTE_SEULE, SUITES, check_bilan, propose_bilan
from pdp.domain.tele_echange import BLOCS, check_reponses, list_questions
from pdp.errors import DonneeInvalide


@pytest.mark.parametrize(
    ("classe", "dites", "gardees"),
    [
        ("emploi", {"contrat": "cdi", "taille_employeur": "11_49"}, {"contrat", "taille_employeur"}),
        ("emploi", {"contrat": "independant", "taille_employeur": "11_49"}, {"contrat"}),
        ("emploi", {"taille_employeur": "11_49"}, set()),
        ("emploi", {"contrat": "independant", "contact_employeur": "non", "aide_contact": "oui"}, {"contrat"}),
        ("emploi", {"contrat": "cdd", "contact_employeur": "non", "aide_contact": "oui"}, {"contrat", "contact_employeur", "aide_contact"}),
        ("emploi", {"crainte": "aucune", "crainte_objet": ["charge"]}, {"crainte"}),
        ("emploi", {"crainte": "un_peu", "crainte_objet": ["charge"]}, {"crainte", "crainte_objet"}),
        ("social", {"difficultes": ["dettes", "langue"], "aide_sociale": "non"}, {"difficultes", "aide_sociale"}),
        ("social", {"difficultes": [], "aide_sociale": "non"}, {"difficultes"}),
        ("sante", {"soins": "non", "operation": "oui"}, {"soins"}),
        ("sante", {"soins": "oui", "operation": "oui"}, {"soins", "operation"}),
    ],
)
def test_answers_without_an_object_are_dropped(classe: str, dites: dict[str, Any], gardees: set[str]) -> None:
    assert set(check_reponses(classe, dites)) == gardees


def test_every_condition_names_a_former_question_of_the_same_class_and_its_codes() -> None:
    for classe in ("emploi", "social", "sante"):
        vues: dict[str, Any] = {}
        for question in list_questions(classe):
            if question.si is not None:
                cle, codes = question.si
                assert set(codes) <= set(vues[cle].choix), question.cle
            assert question.cle not in vues
            vues[question.cle] = question


def test_no_clinical_scale_and_health_only_in_its_class() -> None:
    libelles = [q.libelle.lower() for bloc in BLOCS for q in bloc.questions]
    assert [mot for mot in ("phq", "gad", "score", "échelle", "diagnostic") for libelle in libelles if mot in libelle] == []
    ailleurs = [q.libelle.lower() for bloc in BLOCS if bloc.classe != "sante" for q in bloc.questions]
    assert [mot for mot in ("soins", "opération", "dormir", "psycholog") for libelle in ailleurs if mot in libelle] == []


@pytest.mark.parametrize(
    ("emploi", "social", "sante", "obstacles", "leviers", "urgence", "suites"),
    [
        ({}, {}, {}, (), (), "normale", ("point",)),
        ({"contraintes": ["charges"]}, {}, {}, ("poste",), (), "normale", ("spst",)),
        ({"contraintes": ["nuit", "conflit"]}, {}, {}, ("horaires", "tensions"), (), "normale", ("spst",)),
        ({"souhait": "reconversion", "formation": "oui"}, {}, {}, (), ("projet",), "normale", ("cap_emploi",)),
        (
            {"souhait": "meme_poste", "duree_attendue": "moins_1_mois"},
            {},
            {},
            (),
            ("reprise_proche", "souhait_meme_poste"),
            "haute",
            ("point",),
        ),
        ({}, {"difficultes": ["dettes"]}, {}, ("revenus",), (), "haute", ("service_social",)),
        ({}, {"difficultes": ["transport"]}, {}, ("transport",), (), "normale", ("service_social",)),
        ({}, {}, {"suivi_psy": "oui"}, (), (), "normale", ("psychologue",)),
        ({}, {}, {"suivi_psy": "non"}, (), (), "normale", ("point",)),
        ({"duree_attendue": "jamais"}, {}, {}, ("projection",), (), "normale", ("medecin_conseil",)),
        ({"rqth": "oui"}, {"prevoyance": "oui"}, {}, (), ("prevoyance",), "normale", ("cap_emploi",)),
    ],
)
def test_what_is_proposed(
    emploi: dict[str, Any],
    social: dict[str, Any],
    sante: dict[str, Any],
    obstacles: tuple[str, ...],
    leviers: tuple[str, ...],
    urgence: str,
    suites: tuple[str, ...],
) -> None:
    p = propose_bilan(emploi, social, sante)
    assert (p.obstacles, p.leviers, p.urgence, tuple(s.cle for s in p.suites)) == (obstacles, leviers, urgence, suites)
    assert all(s.raison.endswith(".") for s in p.suites)


def test_proposed_text_reads_and_says_nothing_of_health() -> None:
    sante = {"ressenti": "moins_bien", "soins": "oui", "operation": "oui", "suivi_psy": "oui", "sommeil": "mal"}
    emploi = {"souhait": "poste_amenage", "duree_attendue": "1_3_mois", "contraintes": ["charges"], "contact_employeur": "oui"}
    texte = propose_bilan(emploi, {"difficultes": ["revenus"]}, sante).texte
    assert texte == (
        "Souhait : poste aménagé. Reprise envisagée : un à trois mois. Ce qui freine : poste trop exigeant, revenus, dettes ou logement. "
        "Ce qui aide : souhaite retrouver son poste, contact gardé avec l'employeur."
    )
    assert texte == propose_bilan(emploi, {"difficultes": ["revenus"]}, {}).texte


@pytest.mark.parametrize(
    ("bilan", "garde"),
    [
        ({}, {}),
        ({"obstacles": [], "urgence": None}, {}),
        ({"obstacles": ["poste"], "urgence": "haute", "motivation": "5"}, {"obstacles": ["poste"], "urgence": "haute", "motivation": "5"}),
        ({"suites": ["psychologue"], "proposees": ["psychologue", "spst"]}, {"suites": ["psychologue"], "proposees": ["spst"]}),
    ],
)
def test_what_is_kept(bilan: dict[str, Any], garde: dict[str, Any]) -> None:
    assert check_bilan(bilan) == garde
    assert set(SUITES) >= SANTE_SEULE


@pytest.mark.parametrize("bilan", [{"obstacles": ["rhume"]}, {"motivation": "6"}, {"urgence": "hier"}, {"diagnostic": "x"}])
def test_unknown_conclusion_is_refused(bilan: dict[str, Any]) -> None:
    with pytest.raises(DonneeInvalide):
        check_bilan(bilan)
