"""What is published of the feeds: every column explained, medical ones marked, and what may be known of a motif."""

from __future__ import annotations

import json
import re

import pytest

from pdp.domain.flux import FLUX
from pdp.domain.motif import categorize_motif
from pdp.storage.flux_csv import SCHEMAS

MEDICALES = {
    "arrets_prescrits": {"motif_medical", "ald", "hospitalisation"},
    "ald_invalidite": {"imb_ald_num", "imb_etm_nat", "med_mtf_cod"},
}


@pytest.mark.parametrize("flux", FLUX)
def test_published_schemas_are_table_schemas_that_explain_every_column(flux: str) -> None:
    document = json.loads((SCHEMAS / f"{flux}.schema.json").read_text(encoding="utf-8"))
    noms = [champ["name"] for champ in document["fields"]]
    assert len(noms) == len(set(noms))
    assert set(document["primaryKey"]) <= set(noms)
    assert document["missingValues"] == [""]
    for champ in document["fields"]:
        assert champ["type"] in ("string", "boolean", "date", "datetime", "integer", "number")
        assert champ["title"]
        assert champ["description"].endswith(".")
        assert set(champ["constraints"]) <= {"required", "enum", "pattern", "minimum", "maximum", "maxLength"}
        re.compile(champ["constraints"].get("pattern", ""))
    assert {champ["name"] for champ in document["fields"] if champ.get("pdp:classe") == "medicale"} == (MEDICALES.get(flux, set()))


@pytest.mark.parametrize(
    ("code", "categorie"),
    [
        ("F32", "psychique"),
        ("F99", "psychique"),
        ("M54", "tms"),
        ("G56", "autre"),
        ("S82", "autre"),
        ("", "non_renseigne"),
        (None, "non_renseigne"),
    ],
)
def test_only_the_category_of_a_motif_leaves_the_medical_class(code: str | None, categorie: str) -> None:
    assert categorize_motif(code) == categorie
