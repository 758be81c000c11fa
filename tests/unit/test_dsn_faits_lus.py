"""Faults that real declarations bear, one by one: what is kept, what is said."""

from __future__ import annotations

from datetime import date

import pytest

import dsn_fabrique as f
from pdp.domain.dsn import PersonneDsn
from pdp.domain.dsn_suspensions import SUSPENSIONS


def lue(*blocs: list[f.Rubrique], **reglages: str) -> tuple[PersonneDsn, set[str]]:
    lu = f.lire(f.fichier(f.personne(1, *blocs), **reglages))
    assert lu.refus is None
    return lu.declarations[0].personnes[0], f.codes(lu)


SEPT = date(2026, 9, 1)
ARRETS = {
    "illness": (f.arret(), (SEPT, date(2026, 9, 15), 15), set()),
    "resumption before the planned end": (f.arret(reprise="10092026", reprise_motif="01"), (SEPT, date(2026, 9, 9), 9), set()),
    "resumption after the planned end": (f.arret(reprise="20092026", reprise_motif="01"), (SEPT, date(2026, 9, 15), 15), set()),
    "resumption, no planned end": (f.arret(fin="", reprise="10092026", reprise_motif="02"), (SEPT, date(2026, 9, 9), 9), set()),
    "no end": (f.arret(fin=""), (SEPT, None, None), {"fin_manquante"}),
    "one day": (f.arret(fin="01092026"), (SEPT, SEPT, 1), set()),
    "end the last day worked": (f.arret(fin="31082026"), (SEPT, None, None), {"fin_avant_debut"}),
    "end before start": (f.arret(fin="15082026"), (SEPT, None, None), {"fin_avant_debut"}),
    "resumption before start": (f.arret(reprise="15082026", reprise_motif="01"), (SEPT, date(2026, 9, 15), 15), {"reprise_avant_debut"}),
    "motif of resumption alone": (f.arret(reprise_motif="01"), (SEPT, date(2026, 9, 15), 15), {"reprise_sans_date"}),
    "accident the last day worked": (f.arret("06", accident="31082026"), (SEPT, date(2026, 9, 15), 15), set()),
    "accident after the last day written": (
        f.arret("06", dernier="30082026", accident="31082026"), (SEPT, date(2026, 9, 15), 15), {"dernier_jour_avant_accident"},
    ),
    "trajet, same rule": (
        f.arret("04", dernier="30082026", accident="31082026"), (SEPT, date(2026, 9, 15), 15), {"dernier_jour_avant_accident"},
    ),
    "accident, worked on after it": (f.arret("06", accident="15082026"), (SEPT, date(2026, 9, 15), 15), set()),
    "accident, no last day": (f.arret("06", dernier="", accident="31082026"), (SEPT, date(2026, 9, 15), 15), set()),
    "occupational illness, date of first finding": (f.arret("05", accident="05092026"), (SEPT, date(2026, 9, 15), 15), set()),
    "29 February": (f.arret(dernier="29022024", fin="01032024"), (date(2024, 3, 1), date(2024, 3, 1), 1), set()),
    "29 February of no leap year": (f.arret(dernier="29022026"), (None, date(2026, 9, 15), None), {"date_invalide", "debut_manquant"}),
    "31 April": (f.arret(fin="31042026"), (SEPT, None, None), {"date_invalide", "fin_manquante"}),
    "written AAAAMMJJ": (f.arret(fin="20260915"), (SEPT, None, None), {"date_invalide", "fin_manquante"}),
    "written with dashes": (f.arret(fin="2026-9-1"), (SEPT, None, None), {"date_invalide", "fin_manquante"}),
    "all nines": (f.arret(fin="99999999"), (SEPT, None, None), {"date_invalide", "fin_manquante"}),
    "no last day": (f.arret(dernier=""), (None, date(2026, 9, 15), None), {"debut_manquant"}),
    "unknown motif": (f.arret("77"), (SEPT, date(2026, 9, 15), 15), {"code_inconnu"}),
    "words for a motif": (f.arret("MALADIE DE MADAME"), (SEPT, date(2026, 9, 15), 15), {"code_inconnu"}),
    "no motif": (f.arret(""), (SEPT, date(2026, 9, 15), 15), {"motif_manquant"}),
    "unknown kind of resumption": (f.arret(reprise="16092026", reprise_motif="09"), (SEPT, date(2026, 9, 15), 15), {"code_inconnu"}),
}  # fmt: skip


@pytest.mark.parametrize(("bloc", "attendu", "anomalies"), ARRETS.values(), ids=ARRETS)
def test_arret(bloc: list[f.Rubrique], attendu: tuple[date | None, date | None, int | None], anomalies: set[str]) -> None:
    personne, codes = lue(bloc)
    assert [(a.premier_jour, a.fin, a.jours) for a in personne.arrets] == [attendu]
    assert codes == anomalies


def test_words_in_the_place_of_a_code_are_not_repeated() -> None:
    lu = f.lire(f.fichier(f.personne(1, f.arret("MALADIE DE MADAME"))))
    assert "MADAME" not in str(lu)


def test_an_accident_on_the_day_before_the_last_day_written_moves_nothing() -> None:
    """Boundary of the rule: the day before, the same day, the day after."""
    jours = [lue(f.arret("06", accident=jour))[0].arrets[0].premier_jour for jour in ("30082026", "31082026", "01092026")]
    assert jours == [SEPT, SEPT, date(2026, 9, 2)]


def test_therapeutic_part_time_is_told_from_an_arret() -> None:
    assert [lue(f.arret(m))[0].arrets[0].is_temps_partiel for m in ("01", "14", "15", "16", "17", "18", "19")] == [
        False, False, True, True, True, True, False,
    ]  # fmt: skip


def test_motif_of_a_suspension_in_the_block_of_an_arret() -> None:
    personne, codes = lue(f.arret("501"))
    assert (personne.arrets, codes) == ((), {"motif_confondu"})
    assert [(s.code, s.debut, s.fin, s.neutre) for s in personne.suspensions] == [("501", SEPT, date(2026, 9, 15), True)]


def test_motif_of_an_arret_in_the_block_of_a_suspension() -> None:
    personne, codes = lue(f.suspension("01", "01092026", "15092026"))
    assert (personne.suspensions, codes) == ((), {"motif_confondu"})
    assert [(a.motif, a.premier_jour, a.jours) for a in personne.arrets] == [("01", SEPT, 15)]


@pytest.mark.parametrize(
    ("bloc", "attendu", "anomalies"),
    [
        (f.suspension(fin=""), (date(2026, 9, 16), None), set()),
        (f.suspension(debut=""), (None, date(2026, 9, 16)), {"debut_manquant"}),
        (f.suspension(debut="17092026"), (date(2026, 9, 17), None), {"fin_avant_debut"}),
        (f.suspension(debut="31092026"), (None, date(2026, 9, 16)), {"date_invalide", "debut_manquant"}),
        (f.suspension(""), (date(2026, 9, 16), date(2026, 9, 16)), {"motif_manquant"}),
        (f.suspension("444"), (date(2026, 9, 16), date(2026, 9, 16)), {"code_inconnu"}),
    ],
)
def test_suspension(bloc: list[f.Rubrique], attendu: tuple[date | None, date | None], anomalies: set[str]) -> None:
    personne, codes = lue(bloc)
    assert ([(s.debut, s.fin) for s in personne.suspensions], codes) == ([attendu], anomalies)


@pytest.mark.parametrize(
    ("code", "neutre"),
    [("200", True), ("501", True), ("507", True), ("632", True), ("680", True), ("112", False), ("114", False), ("116", False),
     ("606", False), ("645", False), ("651", False), ("683", False), ("998", False), ("444", False)],
)  # fmt: skip
def test_which_suspensions_are_no_return_to_work(code: str, neutre: bool) -> None:
    assert [s.neutre for s in lue(f.suspension(code))[0].suspensions] == [neutre]


def test_every_suspension_has_a_french_label_of_its_own() -> None:
    assert len(SUSPENSIONS) == 82
    assert len({s.libelle for s in SUSPENSIONS.values()}) == 82


def test_two_arrets_split_by_one_day_of_leave_then_dismissal_for_unfitness() -> None:
    """Seen in a real declaration: a normal resumption is declared on a day of unpaid leave."""
    personne, codes = lue(
        f.arret(dernier="08092025", fin="26112025", reprise="27112025", reprise_motif="01"),
        f.arret(dernier="27112025", fin="18122025", reprise_motif="01"),
        f.fin_contrat("091", "18122025"),
        f.suspension("501", "27112025", "27112025"),
    )
    assert codes == {"reprise_en_suspension", "reprise_sans_date"}
    assert [(a.premier_jour, a.jours) for a in personne.arrets] == [(date(2025, 9, 9), 79), (date(2025, 11, 28), 21)]
    assert [s.neutre for s in personne.suspensions] == [True]
    assert [c.inaptitude for c in personne.fins_contrat] == [True]


@pytest.mark.parametrize(
    ("code", "inaptitude"), [("091", True), ("092", True), ("033", True), ("020", False), ("043", False), ("999", False)]
)
def test_end_of_contract_for_unfitness(code: str, inaptitude: bool) -> None:
    assert [c.inaptitude for c in lue(f.fin_contrat(code))[0].fins_contrat] == [inaptitude]


def test_faults_of_an_end_of_contract() -> None:
    assert lue(f.fin_contrat(le=""))[1] == {"date_manquante"}
    assert lue(f.fin_contrat("555"))[1] == {"code_inconnu"}
    assert lue(f.temps_partiel(debut=""))[1] == {"debut_manquant"}
    assert lue(f.temps_partiel(fin="15092026"))[1] == {"fin_avant_debut"}


ANNULATIONS = [
    ([f.arret(), f.arret("99")], [("01", True), ("99", True)]),
    ([f.arret("99"), f.arret("06")], [("99", True), ("06", False)]),
    ([f.arret(), f.arret("99", dernier="01092026")], [("01", False), ("99", True)]),
]


@pytest.mark.parametrize(("blocs", "attendu"), ANNULATIONS)
def test_motif_99_cancels_what_stands_before_it(blocs: list[list[f.Rubrique]], attendu: list[tuple[str, bool]]) -> None:
    assert [(a.motif, a.annule) for a in lue(*blocs)[0].arrets] == attendu


def test_code_998_cancels_the_suspensions_that_begin_the_same_day() -> None:
    personne, _ = lue(f.suspension("501"), f.suspension("200", "20092026", "25092026"), f.suspension("998"), f.suspension("200"))
    assert [(s.code, s.annule) for s in personne.suspensions] == [("501", True), ("200", False), ("998", True), ("200", False)]


def test_code_099_cancels_an_end_of_contract() -> None:
    assert [(c.code, c.annule) for c in lue(f.fin_contrat(), f.fin_contrat("099"))[0].fins_contrat] == [("091", True), ("099", True)]


@pytest.mark.parametrize(
    ("nature", "arrets", "reprises", "fins"),
    [("01", [True], [False], [True]), ("04", [True], [False], [False]), ("05", [False], [True], [False]), ("07", [False], [False], [True])],
)
def test_a_cancelled_declaration_cancels_its_own_event(nature: str, arrets: list[bool], reprises: list[bool], fins: list[bool]) -> None:
    personne, _ = lue(f.arret(), f.fin_contrat(), nature=nature, type_="04")
    assert [a.annule for a in personne.arrets] == arrets
    assert [a.reprise_annulee for a in personne.arrets] == reprises
    assert [c.annule for c in personne.fins_contrat] == fins


# People.


@pytest.mark.parametrize(
    ("nir", "masque", "valide", "code"),
    [
        (f.nir13(), "2 80 ** ** *** ***", True, set()),
        ("", "absent", False, {"nir_absent"}),
        ("1234567890123", "1 23 ** ** *** ***", False, {"nir_mois"}),
        ("28004359510", "2 80 ** ** *** ***", False, {"nir_longueur"}),
        ("XXXXXXXXXXXXX", "X XX ** ** *** ***", False, {"nir_longueur"}),
        ("9999999999999", "9 99 ** ** *** ***", False, {"nir_sexe"}),
        ("7800435951001", "7 80 ** ** *** ***", True, set()),
    ],
)
def test_nir(nir: str, masque: str, valide: bool, code: set[str]) -> None:
    lu = f.lire(f.fichier(f.personne(1, f.arret(), nir=nir)))
    (personne,) = lu.declarations[0].personnes
    assert (personne.nir_masque, personne.nir is not None, f.codes(lu)) == (masque, valide, code)
    assert len(personne.arrets) == 1


def test_a_temporary_number_in_the_place_of_the_nir() -> None:
    elle = f.personne(1, f.arret(), nir="")
    elle.insert(3, ("S21.G00.30.020", "2199999999999999"))
    personne = f.lire(f.fichier(elle)).declarations[0].personnes[0]
    assert (personne.nir_masque, personne.ntt, personne.nir_faute) == ("NTT", True, "nir_absent")


@pytest.mark.parametrize(
    ("naissance", "lue_le", "codes"),
    [("12041980", date(1980, 4, 12), set()), ("99041980", None, {"naissance_incomplete"}), ("99991980", None, {"naissance_incomplete"}),
     ("31041980", None, {"date_invalide"}), ("00000000", None, {"naissance_incomplete"})],
)  # fmt: skip
def test_birth_date(naissance: str, lue_le: date | None, codes: set[str]) -> None:
    lu = f.lire(f.fichier(f.personne(1, naissance=naissance)))
    assert (lu.declarations[0].personnes[0].naissance, f.codes(lu)) == (lue_le, codes)


def test_several_people_under_one_nir_are_told_and_kept_apart() -> None:
    meme = f.nir13(1)
    gens = [f.personne(1, nir=meme), f.personne(2, nir=meme, naissance="13041980"), f.personne(3), f.personne(1, nir=meme)]
    (d,) = f.lire(f.fichier(*gens)).declarations
    assert [p.nir_partage for p in d.personnes] == [True, True, False, True]
    assert [[a.code for a in p.anomalies] for p in d.personnes] == [["nir_partage"], ["nir_partage"], [], ["nir_partage"]]


def test_the_same_person_in_two_declarations_does_not_share_her_nir() -> None:
    lu = f.lire(f.ecrire(f.envoi(f.declaration(f.personne(1, nom="LÉVÊQUE")), f.declaration(f.personne(1, nom="LEVEQUE"), ordre="2"))))
    assert f.codes(lu) == set()


def test_several_contracts_of_a_person() -> None:
    second = [("S21.G00.40.001", "01012026"), ("S21.G00.40.007", "02"), ("S21.G00.40.009", "00002")]
    personne, _ = lue(f.arret(), second, f.arret(), f.fin_contrat("031"))
    assert [(c.rang, c.debut, c.nature) for c in personne.contrats] == [(1, date(2020, 6, 1), "01"), (2, date(2026, 1, 1), "02")]
    assert [a.contrat for a in personne.arrets] == [1, 2]
    assert [c.contrat for c in personne.fins_contrat] == [2]


def test_header_faults() -> None:
    assert lue(f.arret(), emise="")[1] == {"emission_inconnue"}
    assert lue(f.arret(), emise="32102026")[1] == {"emission_inconnue", "date_invalide"}
    assert lue(f.arret(), type_="77")[1] == {"type_inconnu"}
    assert lue(f.arret(), nic="1")[1] == {"siret_incomplet"}
    essai = f.lire(f.ecrire(f.envoi(f.declaration(f.personne()), essai="01")))
    assert (essai.declarations[0].essai, f.codes(essai)) == (True, {"envoi_de_test"})


def test_an_empty_value_is_an_absent_one() -> None:
    lu = f.lire(f.fichier(f.personne(1, [("S21.G00.60.001", "01"), ("S21.G00.60.002", "31082026"), ("S21.G00.60.003", "")])))
    assert f.codes(lu) == {"fin_manquante"}
