"""Which value is in force on a date: every change of law at day -1, 0, +1, and what a faulty drawer is refused for."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from pdp.domain.referentiel import Parametre, Referentiel, ReferentielInvalide, load
from pdp.errors import ReferentielIncomplet
from pdp.referentiel import CHEMINS, load_referentiel

VEILLE, LENDEMAIN = timedelta(days=-1), timedelta(days=1)


def parametre(cle: str = "delai", **champs: object) -> Parametre:
    base: dict[str, object] = {
        "unite": "jours",
        "date_reference": "evenement",
        "source": "décision",
        "confiance": "politique",
        "note": "Note.",
        "tiroir": "politique",
        "valeur": 1,
    }
    return Parametre(cle=cle, **(base | champs))


# cle, first day of the new value, value the day before, value on the day and the day after
CHANGEMENTS = [
    ("ij_base_plafond_smic", date(2025, 4, 1), 1.8, 1.4),
    ("ij_jours_intercalaires_payes", date(2024, 9, 1), True, False),
    ("presc_max_initiale", date(2026, 9, 1), None, 31),
    ("presc_max_renouvellement", date(2026, 9, 1), None, 62),
    ("prereprise_min", date(2022, 4, 1), 3, 30),
    ("preparation_reprise_mc_min", date(2025, 12, 31), 3, 30),
    ("reprise_min_maladie", date(2022, 4, 1), 30, 60),
    ("liaison_min", date(2022, 3, 31), None, 30),
    ("essai_encadre_max", date(2022, 3, 31), 3, 14),
    ("essai_encadre_total", date(2022, 3, 31), None, 28),
    ("crpe_max", date(2022, 3, 31), None, 18),
    ("mi_carriere_age", date(2022, 3, 31), None, 45),
    ("atmp_plafond", date(2027, 1, 1), None, None),
    ("psy_quota_experimentation", date(2018, 2, 1), None, 20),
    ("psy_quota", date(2022, 4, 5), None, 8),
    ("psy_quota", date(2025, 5, 16), 8, 12),
    ("psy_quota_pratique", date(2024, 6, 29), None, 12),
    ("psy_quota_pratique", date(2025, 5, 16), 12, None),
    ("psy_prix_evaluation", date(2018, 2, 1), None, 32),
    ("psy_prix_evaluation", date(2022, 4, 5), 32, 40),
    ("psy_prix_evaluation", date(2024, 6, 29), 40, 50),
    ("psy_prix_suivi", date(2022, 4, 5), 22, 30),
    ("psy_prix_suivi", date(2024, 6, 29), 30, 50),
    ("psy_adressage_requis", date(2022, 4, 5), None, True),
    ("psy_adressage_requis", date(2024, 6, 29), True, False),
    ("psy_lettre_validite", date(2024, 6, 29), 6, None),
    ("psy_exclusion_bloquante", date(2025, 5, 16), True, False),
    ("psy_antidepresseur_max", date(2024, 6, 29), 3, 6),
]


@pytest.mark.parametrize(("cle", "premier_jour", "avant", "depuis"), CHANGEMENTS)
def test_value_changes_on_its_first_day(cle: str, premier_jour: date, avant: object, depuis: object) -> None:
    referentiel = load_referentiel()
    for jour, attendu in ((premier_jour + VEILLE, avant), (premier_jour, depuis), (premier_jour + LENDEMAIN, depuis)):
        if attendu is None:
            with pytest.raises(ReferentielIncomplet) as erreur:
                referentiel.get_parametre(cle, jour)
            assert (erreur.value.cle, erreur.value.jour) == (cle, jour)
        else:
            assert referentiel.valeur(cle, jour) == attendu
            assert type(referentiel.valeur(cle, jour)) is type(attendu)


def test_every_dated_change_of_the_law_is_in_the_table_above() -> None:
    dates = {(p.cle, p.du) for p in load_referentiel() if p.du is not None}
    sans_changement = {
        ("presc_teleconsultation_max", date(2025, 2, 1)),
        ("mi_carriere_anticipation", date(2022, 3, 31)),
        ("inaptitude_second_examen_jours", date(2017, 1, 1)),
        ("controle_demande_examen_jours", date(2010, 8, 24)),
        ("controle_decision_mc_jours", date(2010, 8, 24)),
        ("psy_prix_suivi", date(2018, 2, 1)),
        ("psy_lettre_validite", date(2022, 4, 5)),
        ("psy_age_min", date(2022, 4, 5)),
        ("psy_exclusion_arret_psy", date(2022, 4, 5)),
        ("psy_exclusion_recul_annees", date(2022, 4, 5)),
        ("psy_exclusion_bloquante", date(2022, 4, 5)),
        ("psy_antidepresseur_max", date(2022, 4, 5)),
    }
    sans_successeur = {("psy_quota_pratique", date(2025, 5, 16)), ("psy_lettre_validite", date(2024, 6, 29))}
    assert dates == ({(cle, jour) for cle, jour, _, _ in CHANGEMENTS} - sans_successeur) | sans_changement


@pytest.mark.parametrize("cle", ["ij_compte_ald_dans_360", "reprise_min_trajet", "atmp_plafond"])
def test_open_question_is_found_but_never_given(cle: str) -> None:
    referentiel, jour = load_referentiel(), date(2027, 6, 1)
    trouve = referentiel.find_parametre(cle, jour)
    assert trouve is not None
    assert (trouve.valeur, trouve.confiance) == (None, "ouvert")
    with pytest.raises(ReferentielIncomplet):
        referentiel.valeur(cle, jour)


def test_unknown_key_is_incomplete_not_a_default() -> None:
    with pytest.raises(ReferentielIncomplet):
        load_referentiel().valeur("cle_qui_n_existe_pas", date(2026, 1, 1))


def test_shipped_drawers_have_sources_notes_and_distinct_identifiers() -> None:
    parametres = load_referentiel().parametres
    assert {p.tiroir for p in parametres} == {"legal", "politique"}
    assert len({p.identifiant for p in parametres}) == len(parametres)
    assert all(p.source and p.note.endswith((".", "?")) for p in parametres)
    assert all(p.verifie_le and p.verifie_par for p in parametres if p.tiroir == "legal")
    assert load(CHEMINS).parametres == parametres


@pytest.mark.parametrize(
    ("comparateur", "en_dessous", "egal", "au_dessus", "mots"),
    [
        (">", False, False, True, "plus de 30"),
        (">=", False, True, True, "au moins 30"),
        ("<=", True, True, False, "au plus 30"),
        ("<", True, False, False, "moins de 30"),
        ("=", False, True, False, "30"),
    ],
)
def test_comparator(comparateur: str, en_dessous: bool, egal: bool, au_dessus: bool, mots: str) -> None:
    p = parametre(comparateur=comparateur, valeur=30)
    assert [p.satisfait(29), p.satisfait(30), p.satisfait(31)] == [en_dessous, egal, au_dessus]
    assert p.en_mots == mots


@pytest.mark.parametrize("champs", [{"comparateur": None}, {"comparateur": ">", "valeur": None}, {"comparateur": ">", "valeur": True}])
def test_threshold_without_comparator_or_number_is_refused(champs: dict[str, object]) -> None:
    with pytest.raises(ReferentielInvalide):
        parametre(**champs).satisfait(31)


@pytest.mark.parametrize(
    ("comparateur", "valeur", "unite", "attendu"),
    [
        (">", 30, "jours", date(2026, 1, 31)),
        (">=", 60, "jours", date(2026, 3, 1)),
        (">=", 0, "jours", date(2026, 1, 1)),
        (">", 6, "mois", date(2026, 7, 1)),
        (">=", 6, "mois", date(2026, 6, 30)),
    ],
)
def test_first_day_of_a_duration(comparateur: str, valeur: int, unite: str, attendu: date) -> None:
    p = parametre(comparateur=comparateur, valeur=valeur, unite=unite)
    debut = date(2026, 1, 1)
    assert p.premier_jour(debut) == attendu
    if unite == "jours" and valeur:
        duree = (attendu - debut).days + 1
        assert (p.satisfait(duree - 1), p.satisfait(duree)) == (False, True)


@pytest.mark.parametrize("champs", [{"comparateur": "<="}, {"comparateur": None}, {"comparateur": ">", "unite": "ij"}])
def test_first_day_only_of_a_minimal_duration(champs: dict[str, object]) -> None:
    with pytest.raises(ReferentielInvalide):
        parametre(**champs).premier_jour(date(2026, 1, 1))


def test_row_of_the_platform_wins_over_the_general_one() -> None:
    referentiel = Referentiel([parametre(valeur=5), parametre(valeur=8, plateforme="35", du=date(2026, 3, 1))])
    assert referentiel.valeur("delai", date(2026, 3, 1), "35") == 8
    assert referentiel.valeur("delai", date(2026, 2, 28), "35") == 5
    assert referentiel.valeur("delai", date(2026, 3, 1), "56") == 5
    assert referentiel.valeur("delai", date(2026, 3, 1)) == 5
    assert [p.identifiant for p in referentiel] == ["delai@origine", "delai/35@2026-03-01"]


def test_platform_that_leaves_a_value_open_does_not_fall_back() -> None:
    referentiel = Referentiel([parametre(valeur=5), parametre(valeur=None, plateforme="35")])
    with pytest.raises(ReferentielIncomplet):
        referentiel.valeur("delai", date(2026, 3, 1), "35")


def test_date_of_reference_selects_by_first_day_or_by_day_seen() -> None:
    referentiel = load_referentiel()
    debut, jour = date(2022, 3, 15), date(2022, 5, 1)
    assert referentiel.get_pour_arret("prereprise_min", debut, jour).valeur == 3
    assert referentiel.get_pour_arret("liaison_min", debut, jour).valeur == 30
    with pytest.raises(ReferentielIncomplet):
        referentiel.get_pour_arret("liaison_min", debut, date(2022, 3, 30))


@pytest.mark.parametrize(
    "lignes",
    [
        pytest.param([parametre(au=date(2026, 1, 1)), parametre(du=date(2026, 1, 1))], id="overlap of one day"),
        pytest.param([parametre(), parametre(du=date(2026, 1, 1))], id="open period overlaps"),
        pytest.param([parametre(plateforme="35"), parametre(plateforme="35")], id="overlap in one platform"),
        pytest.param([parametre(du=date(2026, 1, 2), au=date(2026, 1, 1))], id="reversed period"),
        pytest.param([parametre(source=" ")], id="no source"),
        pytest.param([parametre(cle="Délai")], id="key not in snake case"),
        pytest.param([parametre(date_reference="hier")], id="unknown reference date"),
        pytest.param([parametre(confiance="sûr")], id="unknown confidence"),
        pytest.param([parametre(confiance="verifie")], id="policy is not verified law"),
        pytest.param([parametre(comparateur="≥")], id="unknown comparator"),
        pytest.param([parametre(valeur="30")], id="value as text"),
        pytest.param([parametre(du="2026-01-01")], id="date as text"),
        pytest.param([parametre(tiroir="legal", confiance="verifie", plateforme="35")], id="law of one platform"),
        pytest.param([parametre(au=date(2026, 1, 1)), parametre(du=date(2026, 1, 2), date_reference="arret_debut")], id="mixed clocks"),
    ],
)
def test_faulty_rows_are_refused(lignes: list[Parametre]) -> None:
    with pytest.raises(ReferentielInvalide):
        Referentiel(lignes)


def test_periods_that_touch_are_accepted() -> None:
    referentiel = Referentiel([parametre(au=date(2026, 1, 1)), parametre(du=date(2026, 1, 2), valeur=2)])
    assert [referentiel.valeur("delai", date(2026, 1, n)) for n in (1, 2)] == [1, 2]


LIGNE = 'cle = "delai"\nvaleur = 1\nunite = "jours"\ndate_reference = "evenement"\nsource = "s"\nconfiance = "politique"\nnote = "n"\n'


@pytest.mark.parametrize(
    ("texte", "mot"),
    [
        pytest.param("tiroir = ", "lisible", id="not TOML"),
        pytest.param(f"[[parametre]]\n{LIGNE}", "tiroir", id="no drawer"),
        pytest.param(f'tiroir = "divers"\n[[parametre]]\n{LIGNE}', "tiroir", id="unknown drawer"),
        pytest.param(f'tiroir = "politique"\n[[parametre]]\n{LIGNE}valeurs = 2\n', "valeurs", id="unknown field"),
        pytest.param('tiroir = "politique"\n[[parametre]]\n' + LIGNE.replace('source = "s"\n', ""), "source", id="no source"),
        pytest.param(
            'tiroir = "politique"\n[[parametre]]\n' + LIGNE + "du = 2026-01-01T00:00:00\n", "date", id="instant instead of a date"
        ),
    ],
)
def test_faulty_file_is_refused_with_a_french_reason(tmp_path: Path, texte: str, mot: str) -> None:
    chemin = tmp_path / "tiroir.toml"
    chemin.write_text(texte, encoding="utf-8")
    with pytest.raises(ReferentielInvalide) as erreur:
        load([chemin])
    assert mot in erreur.value.message
