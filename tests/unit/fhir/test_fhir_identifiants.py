"""French identifiers: what each system promises, at its boundaries; identities of tests in production."""

from __future__ import annotations

import pytest
import ressources_fhir as ex

from pdp.domain.nir import compute_cle
from pdp.fhir.controle import check_resource
from pdp.fhir.identifiants import check_identifiant

INS, NIA, TEST, DEMO = (f"urn:oid:1.2.250.1.213.1.4.{n}" for n in (8, 9, 10, 11))
RPPS, IDNPS, FINESS = "https://rpps.esante.gouv.fr", "urn:oid:1.2.250.1.71.4.2.1", "https://finess.esante.gouv.fr"
SIRENE, IDNST = "https://sirene.fr", "urn:oid:1.2.250.1.71.4.2.2"


def _nir(base: str) -> str:
    return base + compute_cle(base)


def _other_digit(valeur: str) -> str:
    return valeur[:-1] + str((int(valeur[-1]) + 1) % 10)


CAS = [
    (INS, ex.NIR, None),
    (INS, ex.NIR[:13], None),
    (INS, _nir("1840300004012"), "nir_place"),
    (INS, _nir("184032A004012"), None),
    (INS, _nir("5840335999012"), "nir_sex"),
    (INS, _nir("1841335959012"), "nir_month"),
    (INS, _nir("1840335959000"), "nir_order"),
    (INS, ex.NIR[:13] + f"{int(ex.NIR[13:]) % 97 + 1:02d}", "nir_key"),
    (INS, ex.NIR + "1", "nir_format"),
    (INS, f"{ex.NIR[:1]} {ex.NIR[1:]}", "nir_format"),
    (INS, "", "nir_format"),
    (NIA, _nir("7840335959012"), None),
    (NIA, "123", "nir_format"),
    (TEST, "280017512345611", None),
    (TEST, "abc", "ins_format"),
    (DEMO, "2800175123456", None),
    (RPPS, ex.RPPS, None),
    (RPPS, _other_digit(ex.RPPS), "rpps_key"),
    (RPPS, ex.RPPS[:-1], "rpps_format"),
    (RPPS, f"8{ex.RPPS}", "rpps_format"),
    (IDNPS, f"8{ex.RPPS}", None),
    (IDNPS, f"8{_other_digit(ex.RPPS)}", "rpps_key"),
    (IDNPS, ex.RPPS, None),  # begins with 1: another register, nothing is promised of its value
    (IDNPS, "8", "rpps_format"),
    (IDNPS, "", "idnps_format"),
    (FINESS, ex.FINESS, None),
    (FINESS, _other_digit(ex.FINESS), "finess_key"),
    (FINESS, "2A0000012", None),
    (FINESS, "2C0000012", "finess_format"),
    (FINESS, ex.FINESS[:-1], "finess_format"),
    (SIRENE, ex.SIRET, None),
    (SIRENE, ex.SIREN, None),
    (SIRENE, ex.SIRET_LA_POSTE, None),
    (SIRENE, _other_digit(ex.SIRET), "siret_key"),
    (SIRENE, _other_digit(ex.SIREN), "siren_key"),
    (SIRENE, _other_digit(ex.SIRET_LA_POSTE), "siret_key"),
    (SIRENE, ex.SIRET[:-1], "siret_format"),
    (IDNST, f"1{ex.FINESS}", None),
    (IDNST, f"1{_other_digit(ex.FINESS)}", "finess_key"),
    (IDNST, f"3{ex.SIRET}", None),
    (IDNST, f"3{_other_digit(ex.SIRET)}", "siret_key"),
    (IDNST, "", "idnst_format"),
    ("urn:oid:1.2.3", "n'importe quoi", None),
]


@pytest.mark.parametrize(("systeme", "valeur", "code"), CAS)
def test_value_of_a_french_system(systeme: str, valeur: str, code: str | None) -> None:
    ecart = check_identifiant(systeme, valeur, production=False)
    assert (ecart.code if ecart else None) == code
    assert ecart is None or not valeur or valeur not in ecart.raison


@pytest.mark.parametrize("systeme", [TEST, DEMO])
@pytest.mark.parametrize("valeur", ["280017512345611", "abc"])
def test_identity_of_tests_is_refused_in_production(systeme: str, valeur: str) -> None:
    ecart = check_identifiant(systeme, valeur, production=True)
    assert ecart is not None
    assert ecart.code == "test_identifier_in_production"


def test_found_wherever_it_is() -> None:
    bundle = ex.bundle()
    bundle["entry"][2]["resource"]["identifier"][0]["system"] = TEST
    bundle["entry"][1]["resource"]["owner"] = {"identifier": {"system": FINESS, "value": _other_digit(ex.FINESS)}}
    assert [(f.chemin, f.code) for f in check_resource(bundle, production=True)] == [
        ("Bundle.entry[1].resource.owner.identifier.value", "finess_key"),
        ("Bundle.entry[2].resource.identifier[0].value", "test_identifier_in_production"),
    ]


def test_found_in_a_type_checked_without_schema() -> None:
    objet = {"resourceType": "MedicinalProduct", "identifier": [{"system": RPPS, "value": "1"}]}
    assert [(f.chemin, f.code) for f in check_resource(objet)] == [("MedicinalProduct.identifier[0].value", "rpps_format")]
