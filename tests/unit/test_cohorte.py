"""The synthetic cohort: same seed same bytes, close to the published figures, and impossible to mistake for real people."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pdp.domain.flux import FLUX, LigneValide
from pdp.domain.nir import is_synthetique
from pdp.simulation.cohorte import ResumeCohorte, generate_cohorte
from pdp.simulation.cohorte_durees import Survie
from pdp.storage.flux_csv import LigneLue, read_flux

ANCRAGE = date(2026, 10, 8)
FICTION = re.compile(r"\+33(?:19900|26191|35301|46571|53649|63998)\d{4}")


@pytest.fixture(scope="module")
def petite(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ResumeCohorte]:
    dossier = tmp_path_factory.mktemp("cohorte")
    return dossier, generate_cohorte(dossier, 7, ANCRAGE, "petite")


def _lines(dossier: Path, livraison: str, flux: str) -> list[LigneLue]:
    (chemin,) = (dossier / livraison).glob(f"{flux}_*.csv")
    return list(read_flux(chemin, flux).lignes())


def _values(dossier: Path, flux: str) -> list[dict]:
    return [
        ligne.resultat.valeurs for nom in ("J-45", "J") for ligne in _lines(dossier, nom, flux) if isinstance(ligne.resultat, LigneValide)
    ]


def _bytes(dossier: Path) -> dict[str, bytes]:
    return {str(chemin.relative_to(dossier)): chemin.read_bytes() for chemin in sorted(dossier.rglob("*.csv"))}


def test_same_arguments_same_bytes_and_another_seed_others(petite: tuple[Path, ResumeCohorte], tmp_path: Path) -> None:
    dossier, _ = petite
    generate_cohorte(tmp_path / "a", 7, ANCRAGE, "petite")
    generate_cohorte(tmp_path / "a", 7, ANCRAGE, "petite")
    generate_cohorte(tmp_path / "b", 8, ANCRAGE, "petite")
    assert _bytes(tmp_path / "a") == _bytes(dossier)
    assert len(_bytes(dossier)) == 12
    assert _bytes(tmp_path / "b") != _bytes(dossier)


def test_a_departement_is_calibrated_on_the_published_figures(tmp_path: Path) -> None:
    resume = generate_cohorte(tmp_path, 42, ANCRAGE, "departement")
    assert len(resume.calibration) == 6
    assert [mesure for mesure in resume.calibration if not mesure.tenue] == [], resume.to_text()
    assert 80_000 <= resume.arrets <= 90_000
    assert 55_000 <= resume.personnes <= 65_000


def test_the_hazard_of_return_decreases_with_duration() -> None:
    hasards = Survie().hazards()
    assert all(avant > apres for avant, apres in pairwise(hasards))


def test_first_delivery_is_clean_and_the_second_holds_every_bad_line(petite: tuple[Path, ResumeCohorte]) -> None:
    dossier, resume = petite
    for flux in FLUX:
        assert not [ligne.numero for ligne in _lines(dossier, "J-45", flux) if isinstance(ligne.resultat, list)], flux
    codes = Counter(
        anomalie.code
        for flux in ("assures", "arrets_prescrits")
        for ligne in _lines(dossier, "J", flux)
        if isinstance(ligne.resultat, list)
        for anomalie in ligne.resultat
    )
    attendus = "nir_cle date_invalide dates_inversees champ_requis code_inconnu rpps_cle nombre_de_colonnes mojibake guillemets"
    assert set(attendus.split()) <= set(codes)
    assert codes.total() == 35 - 3, "three bad lines are sound in themselves: they cite an unknown person"
    assert resume.lignes_fautives == 35


def test_only_three_lines_cite_an_unknown_person(petite: tuple[Path, ResumeCohorte]) -> None:
    dossier, _ = petite
    connus = {valeurs["id_source"] for valeurs in _values(dossier, "assures")}
    inconnus = {valeurs["id_assure"] for valeurs in _values(dossier, "arrets_prescrits")} - connus
    assert inconnus == {"351-999901", "351-999902", "571-999903"}


def test_the_second_delivery_corrects_and_cancels_the_first(petite: tuple[Path, ResumeCohorte]) -> None:
    dossier, _ = petite
    versions: dict[str, list[dict]] = {}
    for valeurs in _values(dossier, "arrets_prescrits"):
        versions.setdefault(valeurs["id_avis"], []).append(valeurs)
    plusieurs = [liste for liste in versions.values() if len(liste) > 1]
    assert any(liste[-1]["date_fin"] != liste[0]["date_fin"] for liste in plusieurs)
    assert any(liste[-1]["annule"] for liste in plusieurs)
    assert all(len({v["date_reception"] for v in liste}) == len(liste) for liste in plusieurs)


def test_payments_follow_the_prescriptions(petite: tuple[Path, ResumeCohorte]) -> None:
    """Paid days are prescribed, never among the first three of an illness, never beyond the cap nor in the last two weeks."""
    dossier, _ = petite
    avis: dict[str, dict] = {}
    for valeurs in sorted(_values(dossier, "arrets_prescrits"), key=lambda v: v["date_reception"]):
        avis[valeurs["id_avis"]] = valeurs
    couverts: dict[str, dict[date, dict]] = {}
    premiers: dict[str, set[date]] = {}
    for valeurs in sorted((v for v in avis.values() if not v["annule"]), key=lambda v: v["date_debut"]):
        jours = [valeurs["date_debut"] + timedelta(days=n) for n in range((valeurs["date_fin"] - valeurs["date_debut"]).days + 1)]
        connus = couverts.setdefault(valeurs["id_assure"], {})
        if valeurs["risque"] == "maladie" and valeurs["nature"] == "initiale" and not connus.keys() & set(jours):
            premiers.setdefault(valeurs["id_assure"], set()).update(jours[:1])
        connus.update(dict.fromkeys(jours, valeurs))
    versements = _values(dossier, "ij_versees")
    assert len(versements) > 300
    payes: dict[tuple[str, str], int] = {}
    for v in versements:
        jours = [v["exe_soi_dtd"] + timedelta(days=n) for n in range((v["exe_soi_dtf"] - v["exe_soi_dtd"]).days + 1)]
        assert abs(v["prs_act_nbr"]) <= len(jours)
        assert set(jours) <= couverts[v["id_assure"]].keys()
        assert not set(jours) & premiers.get(v["id_assure"], set())
        assert v["exe_soi_dtf"] <= ANCRAGE - timedelta(days=14)
        assert v["exe_soi_dtf"] < v["flx_trt_dtd"] <= ANCRAGE
        if v["rgo_asu_nat"] == "10" and not couverts[v["id_assure"]][jours[0]]["ald"] and not v["annule"]:
            payes[v["id_assure"], v["id_versement"]] = v["prs_act_nbr"]
    par_personne: Counter[str] = Counter()
    for (personne, _), jours_payes in payes.items():
        par_personne[personne] += jours_payes
    assert max(par_personne.values()) <= 360
    assert {v["prs_nat_ref"] for v in versements} >= {"6110", "6117"}
    assert any(v["prs_act_nbr"] < 0 for v in versements)


def test_rights_cite_known_people_and_what_they_were_prescribed_for(petite: tuple[Path, ResumeCohorte]) -> None:
    dossier, _ = petite
    droits = _values(dossier, "ald_invalidite")
    lies = {v["id_assure"] for v in _values(dossier, "arrets_prescrits") if v["ald"]}
    assert {d["id_assure"] for d in droits if d["imb_etm_nat"] in ("41", "43")} <= lies
    assert {d["imb_etm_nat"] for d in droits} >= {"41", "43", "47"}
    assert len({(d["id_droit"], d["date_maj"]) for d in droits}) == len(droits)


def test_nobody_real_can_be_meant(petite: tuple[Path, ResumeCohorte]) -> None:
    dossier, _ = petite
    assures = _values(dossier, "assures")
    assert len(assures) > 1_000
    assert all(is_synthetique(valeurs["nir"]) for valeurs in assures)
    assert all(FICTION.fullmatch(valeurs["telephone"]) for valeurs in assures if valeurs["telephone"])
    adresses = [v["courriel"] for flux in ("assures", "agents", "partenaires") for v in _values(dossier, flux) if v["courriel"]]
    assert all(adresse.endswith("@exemple.invalid") for adresse in adresses)
    par_personne = {valeurs["id_source"]: valeurs["nir"] for valeurs in assures}
    assert len(set(par_personne.values())) == len(par_personne)


def test_slices_follow_the_ceiling_of_september_2026(petite: tuple[Path, ResumeCohorte]) -> None:
    """31 days for an initial avis, 62 for a prolongation, from 1 September 2026; first versions only (a correction may lengthen)."""
    dossier, _ = petite
    premieres: dict[str, dict] = {}
    for valeurs in sorted(_values(dossier, "arrets_prescrits"), key=lambda v: v["date_reception"]):
        premieres.setdefault(valeurs["id_avis"], valeurs)
    durees: dict[tuple[bool, str], int] = Counter()
    for valeurs in premieres.values():
        cle = (valeurs["date_debut"] >= date(2026, 9, 1), valeurs["nature"])
        if valeurs["risque"] == "maladie":
            durees[cle] = max(durees[cle], (valeurs["date_fin"] - valeurs["date_debut"]).days + 1)
    assert (durees[True, "initiale"], durees[True, "prolongation"]) == (31, 62)
    assert (durees[False, "initiale"], durees[False, "prolongation"]) == (45, 90)


def test_both_platforms_and_their_resources_are_there(petite: tuple[Path, ResumeCohorte]) -> None:
    dossier, _ = petite
    departements = Counter(valeurs["departement"] for valeurs in _values(dossier, "assures"))
    assert set(departements) == {"35", "57"}
    assert 0.01 < departements["57"] / departements["35"] < 0.06
    agents = [ligne.resultat.valeurs for ligne in _lines(dossier, "J", "agents") if isinstance(ligne.resultat, LigneValide)]
    assert Counter((a["plateforme"], a["role"]) for a in agents) == {
        ("PF35", "csam"): 24, ("PF35", "medecin_conseil"): 3, ("PF35", "responsable"): 1, ("PF35", "evaluateur"): 1,
        ("PF57", "csam"): 2, ("PF57", "medecin_conseil"): 1, ("PF57", "responsable"): 1,
    }  # fmt: skip
    partenaires = [ligne.resultat.valeurs for ligne in _lines(dossier, "J", "partenaires") if isinstance(ligne.resultat, LigneValide)]
    assert Counter(p["type"] for p in partenaires) == {
        "service_social": 2, "spst": 3, "cap_emploi": 2, "psychologue": 3, "medecin_traitant": 2,
    }  # fmt: skip
    assert {(p["type"], p["canal"]) for p in partenaires if p["canal"] == "api"} == {("service_social", "api"), ("spst", "api")}
    assert [p["id_source"] for p in partenaires if p["canal"] == "fhir"] == ["SPST-03"]
    medecins = [(p["id_source"], p["departements"], p["canal"]) for p in partenaires if p["type"] == "medecin_traitant"]
    assert [(i, tuple(d), c) for i, d, c in medecins] == [("MT-01", ("35",), "messagerie"), ("MT-02", ("57",), "messagerie")]
