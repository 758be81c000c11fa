"""Validation of a line: types, bounds, rules, and that refusals never repeat an identity or a medical value."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pdp.domain.flux import Anomalie, LigneValide, validate_row
from pdp.domain.nir import build_nir_synthetique
from pdp.storage.flux_csv import load_schema

NIR = build_nir_synthetique(sexe="F", annee=1980, mois=4, departement="35", rang=7)
ASSURE = {
    "id_source": "351-000001",
    "nir": NIR,
    "nom": "BELVANNEC",
    "prenom": "Zoé",
    "date_naissance": "1980-04-12",
    "sexe": "F",
    "commune_insee": "35238",
    "departement": "35",
    "telephone": "06 39 98 12 34",
    "courriel": "zoe@Exemple.INVALID",
    "contact_prefere": "telephone",
    "contact_refus": "sms | courriel",
    "langue": "fr",
    "contrat": "salarie",
    "date_maj": "2026-09-01T07:30:00Z",
}
ARRET = {
    "id_avis": "AV35-1",
    "id_assure": "351-000001",
    "date_debut": "2026-09-01",
    "date_fin": "2026-09-15",
    "nature": "initiale",
    "risque": "maladie",
    "temps_partiel_therapeutique": "non",
    "motif_medical": "F32",
    "ald": "non",
    "prescripteur_rpps": "",
    "hospitalisation": "non",
    "date_reception": "2026-09-02T08:00:00",
    "canal": "e_aat",
    "annule": "non",
}
PARTENAIRE = {
    "id_source": "SPST-01",
    "type": "spst",
    "nom": "Santé au travail",
    "departements": "35|57",
    "canal": "api",
    "url": "http://127.0.0.1:8090",
    "courriel": "",
    "telephone": "",
    "delai_reponse_jours": "15",
    "actif_du": "2025-01-01",
    "actif_au": "",
}
AGENT = {
    "matricule": "350001",
    "nom": "A",
    "prenom": "B",
    "courriel": "a@exemple.invalid",
    "role": "csam",
    "plateforme": "PF35",
    "territoire": "35238|35047",
    "quotite": "0,8",
    "competences": "",
    "actif_du": "2025-01-01",
    "actif_au": "",
}
VERSEMENT = {
    "id_versement": "IJ1",
    "id_assure": "351-000001",
    "prs_nat_ref": "6110",
    "exe_soi_dtd": "2026-09-04",
    "exe_soi_dtf": "2026-09-15",
    "prs_act_nbr": "12",
    "prs_act_qte": "24",
    "rgo_asu_nat": "10",
    "ijr_emp_num": "PDPFICTIF00001",
    "flx_trt_dtd": "2026-09-20",
    "org_cle": "01351",
    "annule": "non",
}
DROIT = {
    "id_droit": "DR1",
    "id_assure": "351-000001",
    "imb_ald_num": "23",
    "imb_etm_nat": "41",
    "imb_ald_dtd": "2026-01-10",
    "imb_ald_dtf": "",
    "med_mtf_cod": "F32.2",
    "date_maj": "2026-02-01T08:00:00Z",
    "annule": "non",
}
LIGNES = {
    "assures": ASSURE,
    "arrets_prescrits": ARRET,
    "partenaires": PARTENAIRE,
    "agents": AGENT,
    "ij_versees": VERSEMENT,
    "ald_invalidite": DROIT,
}


def _validate(flux: str, **changements: str) -> LigneValide | list[Anomalie]:
    return validate_row(load_schema(flux), LIGNES[flux] | changements)


def test_right_lines_give_typed_values() -> None:
    assure = _validate("assures")
    assert isinstance(assure, LigneValide)
    assert assure.valeurs["date_naissance"] == date(1980, 4, 12)
    assert assure.valeurs["telephone"] == "+33639981234"
    assert assure.valeurs["courriel"] == "zoe@exemple.invalid"
    assert assure.valeurs["contact_refus"] == ("sms", "courriel")
    arret = _validate("arrets_prescrits")
    assert isinstance(arret, LigneValide)
    assert arret.valeurs["annule"] is False
    assert arret.valeurs["prescripteur_rpps"] is None
    # No zone in the file: the clock of the caisse, hence 06:00 UTC in summer.
    assert arret.valeurs["date_reception"] == datetime(2026, 9, 2, 6, 0, tzinfo=UTC)
    agent = _validate("agents")
    assert isinstance(agent, LigneValide)
    assert (agent.valeurs["quotite"], agent.valeurs["competences"]) == (0.8, ())
    assert isinstance(_validate("partenaires"), LigneValide)


@pytest.mark.parametrize(
    ("flux", "champ", "valeur", "code"),
    [
        ("arrets_prescrits", "date_debut", "31/02/2026", "date_invalide"),
        ("arrets_prescrits", "date_debut", "2026-13-01", "date_invalide"),
        ("arrets_prescrits", "date_debut", "20260901", "date_invalide"),
        ("arrets_prescrits", "date_debut", "1999-12-31", "date_hors_bornes"),
        ("arrets_prescrits", "date_debut", "", "champ_requis"),
        ("arrets_prescrits", "date_debut", "  ", "champ_requis"),
        ("arrets_prescrits", "nature", "Initiale", "code_inconnu"),
        ("arrets_prescrits", "annule", "true", "code_inconnu"),
        ("arrets_prescrits", "motif_medical", "F32.1", "format"),
        ("arrets_prescrits", "prescripteur_rpps", "99000000001", "rpps_cle"),
        ("arrets_prescrits", "prescripteur_rpps", "9900000000", "rpps_format"),
        ("arrets_prescrits", "date_reception", "2026-09-02", "date_invalide"),
        ("arrets_prescrits", "date_reception", "2026-09-02T25:00:00Z", "date_invalide"),
        ("assures", "nir", NIR[:13] + f"{int(NIR[13:]) % 97 + 1:02d}", "nir_cle"),
        ("assures", "nir", NIR[:12], "nir_longueur"),
        ("assures", "courriel", "zoe.exemple.invalid", "courriel_invalide"),
        ("assures", "courriel", "zoe@@exemple.invalid", "courriel_invalide"),
        ("assures", "telephone", "0000000000", "telephone_impossible"),
        ("assures", "telephone", "639981234", "telephone_impossible"),
        ("assures", "telephone", "06 39 98 12", "telephone_impossible"),
        ("assures", "telephone", "+33 99", "telephone_impossible"),
        ("assures", "contact_refus", "sms|pigeon", "code_inconnu"),
        ("assures", "commune_insee", "3523", "format"),
        ("assures", "nom", "HÃ©lÃ¨ne", "mojibake"),
        ("assures", "nom", "x" * 81, "trop_long"),
        ("partenaires", "url", "", "champ_requis"),
        ("partenaires", "delai_reponse_jours", "0", "nombre_hors_bornes"),
        ("partenaires", "delai_reponse_jours", "quinze", "nombre_invalide"),
        ("agents", "quotite", "1.01", "nombre_hors_bornes"),
        ("agents", "quotite", "0.1", None),
        ("agents", "plateforme", "PF35; DROP", "format"),
        ("agents", "territoire", "tous", None),
        ("ij_versees", "prs_act_nbr", "-12", None),
        ("ij_versees", "prs_act_nbr", "13", "jours_hors_periode"),
        ("ij_versees", "prs_act_nbr", "-13", "jours_hors_periode"),
        ("ij_versees", "prs_act_nbr", "0", None),
        ("ij_versees", "prs_act_nbr", "12,5", "nombre_invalide"),
        ("ij_versees", "prs_act_nbr", "", "champ_requis"),
        ("ij_versees", "prs_act_qte", "", None),
        ("ij_versees", "prs_nat_ref", "9999", None),
        ("ij_versees", "prs_nat_ref", "611", "format"),
        ("ij_versees", "rgo_asu_nat", "1", "format"),
        ("ij_versees", "ijr_emp_num", "", None),
        ("ij_versees", "ijr_emp_num", "123", "format"),
        ("ij_versees", "exe_soi_dtf", "2026-09-03", "dates_inversees"),
        ("ij_versees", "exe_soi_dtf", "2030-01-01", "duree_invraisemblable"),
        ("ald_invalidite", "imb_ald_num", "33", "code_inconnu"),
        ("ald_invalidite", "imb_ald_num", "99", None),
        ("ald_invalidite", "imb_ald_num", "05", None),
        ("ald_invalidite", "imb_etm_nat", "42", "code_inconnu"),
        ("ald_invalidite", "med_mtf_cod", "lumbago", "format"),
        ("ald_invalidite", "med_mtf_cod", "C509", None),
        ("ald_invalidite", "imb_ald_dtf", "2026-01-09", "dates_inversees"),
        ("ald_invalidite", "imb_ald_dtd", "1939-12-31", "date_hors_bornes"),
        ("assures", "id_source_precedent", "351-000000", None),
        ("assures", "id_source_precedent", "351-000001", "valeurs_identiques"),
        ("assures", "id_source_precedent", "é", "format"),
    ],
)
def test_one_faulty_cell(flux: str, champ: str, valeur: str, code: str | None) -> None:
    resultat = _validate(flux, **{champ: valeur})
    if code is None:
        assert isinstance(resultat, LigneValide)
        return
    assert isinstance(resultat, list)
    assert [(anomalie.champ, anomalie.code) for anomalie in resultat] == [(champ, code)]


@pytest.mark.parametrize(
    ("debut", "fin", "code"),
    [
        ("2026-09-15", "2026-09-15", None),
        ("2026-09-16", "2026-09-15", "dates_inversees"),
        ("2023-09-16", "2026-09-15", None),
        ("2023-09-15", "2026-09-15", "duree_invraisemblable"),
        ("2022-09-02", "2022-09-15", None),
        ("2022-09-01", "2022-09-15", "date_invraisemblable"),
        ("2026-12-06", "2026-12-31", None),
        ("2026-12-07", "2026-12-31", "date_invraisemblable"),
    ],
)
def test_dates_against_each_other(debut: str, fin: str, code: str | None) -> None:
    """Bounds of 1,096 days inclusive, of 1,461 days before the reception and of 95 days after it."""
    resultat = _validate("arrets_prescrits", date_debut=debut, date_fin=fin, date_reception="2026-09-02T08:00:00Z")
    assert (resultat[0].code if isinstance(resultat, list) else None) == code


@pytest.mark.parametrize(
    ("brut", "attendu"),
    [
        ("02 61 91 12 34", "+33261911234"),
        ("+33 (0)6 39 98 12 34", "+33639981234"),
        ("0033639981234", "+33639981234"),
        ("06.39.98.12.34", "+33639981234"),
        ("0690 12 34 56", "+590690123456"),
        ("+352 621 123 456", "+352621123456"),
    ],
)
def test_telephones_become_e164(brut: str, attendu: str) -> None:
    resultat = _validate("assures", telephone=brut)
    assert isinstance(resultat, LigneValide)
    assert resultat.valeurs["telephone"] == attendu


def test_names_with_rare_but_right_letters_pass() -> None:
    for nom in ("JOÃO", "ŒUVRARD", "Ñíguez", "D’ARTIMON"):
        assert isinstance(_validate("assures", nom=nom), LigneValide)


def test_every_anomaly_of_a_line_is_reported_without_its_identity_or_medical_value() -> None:
    faux = {"nir": NIR[:13] + "00", "nom": "Ã©trange", "telephone": "0612", "sexe": "X", "courriel": "secret-zoe"}
    resultat = _validate("assures", **faux)
    assert isinstance(resultat, list)
    assert {anomalie.champ for anomalie in resultat} == set(faux)
    textes = " ".join(anomalie.message for anomalie in resultat)
    for champ in ("nir", "nom", "telephone", "courriel"):
        assert faux[champ] not in textes
    for flux, champ, valeur in (
        ("arrets_prescrits", "motif_medical", "F32.25"),
        ("ald_invalidite", "med_mtf_cod", "F32.25777"),
        ("ald_invalidite", "imb_ald_num", "64"),
    ):
        medical = _validate(flux, **{champ: valeur})
        assert isinstance(medical, list)
        assert valeur[:2] not in medical[0].message


def test_an_optional_column_may_be_missing_from_the_file() -> None:
    schema = load_schema("assures")
    sans = schema.validate_cells([ASSURE[colonne] for colonne in schema.colonnes])
    avec = schema.validate_cells([*(ASSURE[colonne] for colonne in schema.colonnes), ""])
    assert isinstance(sans, LigneValide)
    assert isinstance(avec, LigneValide)
    assert avec.valeurs == sans.valeurs | {"id_source_precedent": None}


def test_a_line_with_missing_or_extra_cells_is_one_anomaly() -> None:
    schema = load_schema("agents")
    for cellules in (["a"] * 10, ["a"] * 12, []):
        resultat = schema.validate_cells(cellules)
        assert isinstance(resultat, list)
        assert [anomalie.code for anomalie in resultat] == ["nombre_de_colonnes"]
