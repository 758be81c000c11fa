"""Whatever the order of files and of lines, the facts and the people end the same: random permutations on a real PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from fabrique import lot, socle
from livraisons import ENTETE_IDENTITE, ingest, ligne_arret, ligne_droit, ligne_identite, ligne_versement, list_faits, list_quarantaine, nir
from pdp.domain.nir import compute_cle

TIRAGES = int(os.environ.get("PDP_TIRAGES_ORDRE", "8"))
PROVISOIRE = "8" + nir(1)[1:13]
PROVISOIRE += compute_cle(PROVISOIRE)
T = "2026-09-{:02d}T07:00:00Z"

Livraison = tuple[str, list[str], str | None]
# Person 1: provisional NIR, then her own. Person 2: becomes 20, also announced without saying so. Person 3: goes to another platform.
# Person 5 bears the NIR of person 3.
LIVRAISONS: tuple[Livraison, ...] = (
    (
        "assures",
        [ligne_identite(1, PROVISOIRE, T.format(1)), ligne_identite(2, nir(2), T.format(1)), ligne_identite(3, nir(3), T.format(1))],
        ENTETE_IDENTITE,
    ),
    (
        "assures",
        [
            ligne_identite(1, nir(1), T.format(9), telephone="0639981111"),
            ligne_identite(3, nir(3), T.format(12), departement="57"),
            ligne_identite(5, nir(3), T.format(2)),
        ],
        ENTETE_IDENTITE,
    ),
    (
        "assures",
        [ligne_identite(1, PROVISOIRE, T.format(4), telephone="0639982222"), ligne_identite(20, nir(2), T.format(3))],
        ENTETE_IDENTITE,
    ),
    ("assures", [ligne_identite(20, nir(2), T.format(8), precedent="351-2", telephone="0639983333")], ENTETE_IDENTITE),
    ("assures", [ligne_identite(2, nir(2), T.format(10), telephone="0639984444")], ENTETE_IDENTITE),
    (
        "arrets_prescrits",
        [ligne_arret("AV1"), ligne_arret("AV2", assure=2), ligne_arret("AV3", assure=3), ligne_arret("AV5", assure=2)],
        None,
    ),
    (
        "arrets_prescrits",
        [
            ligne_arret("AV1", fin="2026-09-20", recu=T.format(19), motif=""),
            ligne_arret("AV2", assure=2, recu=T.format(25), annule="oui"),
            ligne_arret("AV3", assure=3, recu=T.format(22), risque="at"),
            ligne_arret("AV5", assure=3, recu=T.format(21), motif="M54"),
        ],
        None,
    ),
    (
        "arrets_prescrits",
        [
            ligne_arret("AV2", assure=20, fin="2026-09-18", recu=T.format(10)),
            ligne_arret("AV1", fin="2026-09-22", recu=T.format(19)),
            ligne_arret("AV6", assure=20),
            ligne_arret("AV6", assure=5, recu=T.format(11)),
        ],
        None,
    ),
    (
        "ij_versees",
        [
            ligne_versement("V1"),
            ligne_versement("V2", assure=2),
            ligne_versement("V3", assure=3),
            ligne_versement("V4", assure=20, nature="6121"),
        ],
        None,
    ),
    (
        "ij_versees",
        [
            ligne_versement("V1", jours=10, traite="2026-10-02"),
            ligne_versement("V2", assure=2, traite="2026-10-03", annule="oui"),
            ligne_versement("V3", assure=3, traite="2026-10-03", assurance="40"),
            ligne_versement("V5", assure=2, jours=-3, traite="2026-10-03"),
            ligne_versement("V1", jours=9, traite="2026-10-02"),
        ],
        None,
    ),
    (
        "ald_invalidite",
        [ligne_droit("D1"), ligne_droit("D2", assure=2), ligne_droit("D4", assure=3, numero="", nature="13", code="")],
        None,
    ),
    (
        "ald_invalidite",
        [
            ligne_droit("D1", fin="2026-12-31", maj=T.format(12)),
            ligne_droit("D3", assure=20, nature="47"),
            ligne_droit("D4", assure=1, numero="", nature="13", code="", maj=T.format(12)),
        ],
        None,
    ),
)


@pytest.fixture
def depot(base: str, tmp_path: Path) -> Path:
    """Drop folder of a migrated installation."""
    with lot() as conn:
        socle(conn)
    return tmp_path / "depot"


def _deliver(depot: Path, admin: psycopg.Connection[Any], ordre: list[Livraison]) -> dict[str, list[tuple[Any, ...]]]:
    """What an empty installation holds after these files."""
    admin.execute("TRUNCATE pdp.flux_fichier, identite.assure, identite.id_source_ancien, pdp.arret_prescrit, pdp.fait_nouveau CASCADE")
    for rang, (flux, lignes, entete) in enumerate(ordre):
        bilan = ingest(depot, flux, lignes, jour=f"2026-10-{rang:02d}", entete=entete)
        assert bilan.lignes == bilan.admises + bilan.inchangees + bilan.rejetees
    return list_faits(admin)


def test_any_order_of_files_and_lines_ends_in_the_same_facts(depot: Path, admin: psycopg.Connection[Any]) -> None:
    attendu = _deliver(depot, admin, list(LIVRAISONS))
    assert [len(attendu[nom]) for nom in ("arrets", "versements", "droits", "personnes")] == [5, 5, 4, 5]
    hasard = Random(os.environ.get("PDP_GRAINE_ORDRE", "ordre"))
    for _ in range(TIRAGES):
        ordre = [(flux, hasard.sample(lignes, len(lignes)), entete) for flux, lignes, entete in hasard.sample(LIVRAISONS, len(LIVRAISONS))]
        obtenu = _deliver(depot, admin, ordre)
        differents = {nom: sorted(set(map(str, obtenu[nom])) ^ set(map(str, attendu[nom]))) for nom in attendu}
        assert not any(differents.values()), differents
        assert obtenu == attendu, [(flux, [ligne.split(";")[0] for ligne in lignes]) for flux, lignes, _ in ordre]
        assert [ligne for ligne in list_quarantaine(admin) if ligne[4] is None] == []


def test_the_end_is_the_one_that_the_newest_lines_say(depot: Path, admin: psycopg.Connection[Any]) -> None:
    fin = _deliver(depot, admin, list(reversed(LIVRAISONS)))
    assert {ligne[0]: (ligne[1], ligne[2], ligne[5], ligne[6]) for ligne in fin["arrets"]} == {
        "AV1": ("351-1", "PF35", "maladie", False),
        "AV2": ("351-20", "PF35", "maladie", True),
        "AV3": ("351-3", "PF57", "at", False),
        "AV5": ("351-3", "PF57", "maladie", False),
        "AV6": ("351-5", "PF35", "maladie", False),
    }
    assert all(ligne[9] in (None, ligne[2]) and ligne[10] in (None, True) for ligne in fin["arrets"]), "the motif follows the avis"
    versements = {ligne[0]: (ligne[1], ligne[3], ligne[7], ligne[9]) for ligne in fin["versements"]}
    assert versements["V2"] == ("351-20", "maladie", 12, True)
    assert versements["V3"] == ("351-3", "atmp", 12, False)
    assert versements["V4"] == ("351-20", "maternite", 12, False)
    assert versements["V5"] == ("351-20", "maladie", -3, False)
    droits = {ligne[0]: ligne for ligne in fin["droits"]}
    assert droits["D2"][4] == droits["D3"][4], "one affection, recognised twice, under two pivot ids"
    assert droits["D4"][1] == "351-1"
    personnes = {(ligne[0], ligne[1]): ligne for ligne in fin["personnes"]}
    assert set(personnes) == {("351-1", "PF35"), ("351-20", "PF35"), ("351-3", "PF35"), ("351-3", "PF57"), ("351-5", "PF35")}
    assert personnes["351-1", "PF35"][2] == "+33639981111"
    assert not personnes["351-1", "PF35"][4], "her own NIR has come"
    assert len(personnes["351-1", "PF35"][6]) == 1, "the provisional one still finds her"
    assert personnes["351-20", "PF35"][2] == "+33639984444"
    assert [personnes["351-5", "PF35"][7], personnes["351-3", "PF57"][7], personnes["351-1", "PF35"][7]] == [True, True, False]
