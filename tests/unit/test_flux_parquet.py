"""Parquet: the same values as the CSV of the same lines, whatever the types of the sender; cut or damaged files are refused whole."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from pdp.domain.flux import LigneValide
from pdp.errors import FluxRefuse
from pdp.storage.flux_csv import load_schema, parse_contenu, read_flux

LIGNE = {
    "id_avis": "AV1",
    "id_assure": "351-1",
    "date_debut": date(2026, 9, 1),
    "date_fin": date(2026, 9, 15),
    "nature": "initiale",
    "risque": "maladie",
    "temps_partiel_therapeutique": False,
    "motif_medical": "F32",
    "ald": True,
    "prescripteur_rpps": None,
    "hospitalisation": False,
    "date_reception": datetime(2026, 9, 2, 8, 0, tzinfo=UTC),
    "canal": "e_aat",
    "annule": False,
}
AGENT = {
    "matricule": "350001", "nom": "HÉLŒUVRE d’€uro", "prenom": "Zoé", "courriel": "z@exemple.invalid", "role": "csam", "plateforme": "PF35",
    "territoire": "35238|35047", "quotite": 0.8, "competences": None, "actif_du": date(2025, 1, 1), "actif_au": None,
}  # fmt: skip


def _write(dossier: Path, lignes: list[dict[str, Any]], flux: str = "arrets_prescrits", schema: dict | None = None, **options: Any) -> Path:
    chemin = dossier / f"{flux}_2026-10-01.parquet"
    pl.DataFrame(lignes, schema_overrides=schema, infer_schema_length=None).write_parquet(chemin, **options)
    return chemin


def _read(chemin: Path, flux: str = "arrets_prescrits") -> list[Any]:
    return list(read_flux(chemin, flux).lignes())


def test_typed_columns_give_the_values_of_the_csv(tmp_path: Path) -> None:
    (ligne,) = _read(_write(tmp_path, [LIGNE]))
    csv = tmp_path / "arrets_prescrits_2026-10-01.csv"
    cellules = "AV1;351-1;2026-09-01;2026-09-15;initiale;maladie;non;F32;oui;;non;2026-09-02T08:00:00Z;e_aat;non"
    csv.write_text(f"{';'.join(LIGNE)}\n{cellules}\n#FIN;1\n", encoding="utf-8")
    (attendue,) = _read(csv)
    assert isinstance(ligne.resultat, LigneValide)
    assert (ligne.numero, ligne.resultat) == (attendue.numero, attendue.resultat)


@pytest.mark.parametrize(
    "variante",
    [
        {"date_debut": "2026-09-01", "date_fin": "15/09/2026"},
        {"date_debut": datetime.fromisoformat("2026-09-01"), "date_fin": datetime.fromisoformat("2026-09-15")},
        {"date_reception": datetime.fromisoformat("2026-09-02T10:00")},
        {"date_reception": "2026-09-02T08:00:00Z"},
        {"temps_partiel_therapeutique": "non", "ald": "oui"},
    ],
)
def test_other_types_for_the_same_values(tmp_path: Path, variante: dict[str, Any]) -> None:
    """Text, midnights for days, an instant without zone (the clock of the caisse)."""
    (reference,) = _read(_write(tmp_path, [LIGNE]))
    (ligne,) = _read(_write(tmp_path, [LIGNE | variante]))
    assert ligne.resultat == reference.resultat


def test_categories_integers_floats_and_accents(tmp_path: Path) -> None:
    (ligne,) = _read(_write(tmp_path, [AGENT], "agents", {"role": pl.Categorical, "quotite": pl.Float32}), "agents")
    assert isinstance(ligne.resultat, LigneValide), ligne.resultat
    assert ligne.resultat.valeurs["nom"] == "HÉLŒUVRE d’€uro"
    assert ligne.resultat.valeurs["quotite"] == pytest.approx(0.8)
    partenaire = {
        "id_source": 12, "type": "spst", "nom": "Santé", "departements": ["35", "57"], "canal": "portail", "url": None, "courriel": None,
        "telephone": None, "delai_reponse_jours": 20.0, "actif_du": date(2025, 1, 1), "actif_au": None,
    }  # fmt: skip
    (ligne,) = _read(_write(tmp_path, [partenaire], "partenaires"), "partenaires")
    assert isinstance(ligne.resultat, LigneValide), ligne.resultat
    valeurs = ligne.resultat.valeurs
    assert (valeurs["id_source"], valeurs["departements"], valeurs["delai_reponse_jours"]) == ("12", ("35", "57"), 20)


def test_columns_in_any_order_and_case(tmp_path: Path) -> None:
    (reference,) = _read(_write(tmp_path, [LIGNE]))
    (ligne,) = _read(_write(tmp_path, [{nom.upper(): LIGNE[nom] for nom in reversed(LIGNE)}]))
    assert ligne.resultat == reference.resultat


def test_every_row_of_every_group_once_with_its_number(tmp_path: Path) -> None:
    lignes = [LIGNE | {"id_avis": f"AV{rang}", "nature": "autre" if rang % 500 == 499 else "initiale"} for rang in range(2_000)]
    lecture = read_flux(_write(tmp_path, lignes, row_group_size=150), "arrets_prescrits")
    lues = list(lecture.lignes())
    assert [ligne.numero for ligne in lues] == list(range(2, 2_002))
    assert [ligne.resultat.valeurs["id_avis"] for ligne in lues[:499] if isinstance(ligne.resultat, LigneValide)][-1] == "AV498"
    mauvaises = {ligne.numero: ligne.texte for ligne in lues if isinstance(ligne.resultat, list)}
    assert sorted(mauvaises) == [501, 1001, 1501, 2001]
    assert dict(lecture.textes(set(mauvaises))) == mauvaises


def test_a_refused_row_is_kept_as_a_csv_line_that_is_read_again_the_same(tmp_path: Path) -> None:
    fautive = LIGNE | {"nature": 'rép"étée; mais', "id_avis": "AV2"}
    lecture = read_flux(_write(tmp_path, [LIGNE, fautive]), "arrets_prescrits")
    bonne, mauvaise = lecture.lignes()
    assert isinstance(mauvaise.resultat, list)
    assert parse_contenu(f"{lecture.entete}\n{mauvaise.texte}", "arrets_prescrits") == mauvaise.resultat
    corrigee = mauvaise.texte.replace('"rép""étée; mais"', "initiale")
    rejouee = parse_contenu(f"{lecture.entete}\n{corrigee}", "arrets_prescrits")
    assert isinstance(rejouee, LigneValide)
    assert rejouee.valeurs == bonne.resultat.valeurs | {"id_avis": "AV2"}


@pytest.mark.parametrize("interdit", ["\n", "\r", "\x00"])
def test_a_cell_that_no_line_can_hold_is_an_anomaly(tmp_path: Path, interdit: str) -> None:
    bonne, mauvaise = _read(_write(tmp_path, [LIGNE, LIGNE | {"motif_medical": f"F{interdit}32"}]))
    assert isinstance(bonne.resultat, LigneValide)
    assert [anomalie.code for anomalie in mauvaise.resultat] == ["caractere_interdit"]


@pytest.mark.parametrize(
    ("changements", "schema"),
    [
        ({"motif_medical": [1, 2]}, {}),
        ({"motif_medical": {"a": 1}}, {}),
        ({"motif_medical": b"F32"}, {}),
        ({"date_debut": time(8)}, {}),
    ],
)
def test_a_type_without_text_refuses_the_file_and_names_the_column(tmp_path: Path, changements: dict[str, Any], schema: dict) -> None:
    with pytest.raises(FluxRefuse, match="type_de_colonne") as refus:
        _read(_write(tmp_path, [LIGNE | changements], schema=schema))
    assert next(iter(changements)) in refus.value.message


def test_missing_and_unknown_columns(tmp_path: Path) -> None:
    with pytest.raises(FluxRefuse, match="colonnes_manquantes"):
        _read(_write(tmp_path, [{nom: valeur for nom, valeur in LIGNE.items() if nom != "annule"}]))
    with pytest.raises(FluxRefuse, match="colonnes_inconnues"):
        _read(_write(tmp_path, [LIGNE | {"nir": "x"}]))
    assert load_schema("arrets_prescrits").colonnes == tuple(LIGNE)


def test_a_file_cut_at_every_byte_is_refused(tmp_path: Path) -> None:
    entier = _write(tmp_path, [LIGNE | {"id_avis": f"AV{rang}"} for rang in range(4)], row_group_size=2).read_bytes()
    chemin = tmp_path / "coupe.parquet"
    for longueur in range(len(entier)):
        chemin.write_bytes(entier[:longueur])
        with pytest.raises(FluxRefuse) as refus:
            read_flux(chemin, "arrets_prescrits")
        assert refus.value.code == ("fichier_tronque" if longueur else "fichier_vide")


def test_damage_in_the_middle_is_refused_or_read_never_anything_else(tmp_path: Path) -> None:
    entier = _write(tmp_path, [LIGNE | {"id_avis": f"AV{rang}"} for rang in range(20)], row_group_size=5).read_bytes()
    chemin, hasard, codes = tmp_path / "abime.parquet", Random(7), Counter[str]()
    for _ in range(40):
        octets = bytearray(entier)
        octets[hasard.randrange(4, len(octets) - 4)] ^= 1 << hasard.randrange(8)
        chemin.write_bytes(octets)
        try:
            assert len(_read(chemin)) == 20
        except FluxRefuse as refus:
            codes[refus.code] += 1
    assert set(codes) <= {"fichier_illisible", "fichier_tronque", "type_de_colonne", "colonnes_manquantes", "colonnes_inconnues"}
    assert codes.total() > 3


def test_another_format_under_this_name_is_refused(tmp_path: Path) -> None:
    chemin = tmp_path / "arrets_prescrits_2026-10-01.parquet"
    chemin.write_bytes(b"id_avis;id_assure\n#FIN;0\n")
    with pytest.raises(FluxRefuse, match="fichier_illisible"):
        read_flux(chemin, "arrets_prescrits")
