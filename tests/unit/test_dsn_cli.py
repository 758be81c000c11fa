"""``pdp ingest … --dry-run``: a process of its own, without any setting nor database; what it prints, and what it never prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import dsn_fabrique as f
from livraisons import ligne_assure
from pdp import cli
from pdp.commandes.dsn_rapport import CLES
from pdp.config import RACINE
from pdp.storage.flux_csv import load_schema

NOM = "TRESRARE"


def pdp(*arguments: str) -> tuple[int, str, str]:
    """Run the command as a person does, with nothing of the environment but what Python needs."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(RACINE / "include")}
    commande = [sys.executable, "-m", "pdp.cli", "ingest", *arguments]
    fini = subprocess.run(commande, env=env, capture_output=True, text=True, check=False, timeout=60)
    return fini.returncode, fini.stdout, fini.stderr


def rapport(tmp_path: Path, octets: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    chemin = tmp_path / "dsn_x.dsn"
    chemin.write_bytes(octets)
    code = cli.main(["ingest", "dsn", str(chemin), "--dry-run", "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def gens() -> list[list[f.Rubrique]]:
    complete = [f.arret(reprise="16092026", reprise_motif="01"), f.suspension(), f.fin_contrat(), f.temps_partiel()]
    return [f.personne(1, *complete, nom=NOM), f.personne(2, f.arret("06", accident="31082026"), f.suspension("112", fin=""))]


def test_a_process_without_any_setting_says_what_a_file_holds(tmp_path: Path) -> None:
    chemin = tmp_path / "dsn_x.dsn"
    chemin.write_bytes(f.fichier(*gens(), spst="SPST0000000035"))
    code, sortie, erreurs = pdp("dsn", str(chemin), "--dry-run", "--json")
    assert (code, erreurs) == (0, "")
    dit = json.loads(sortie.splitlines()[-1])
    assert (dit["ok"], dit["fichier"], dit["norme"], dit["refus"]) == (True, "dsn_x.dsn", "P26V01", None)
    (d,) = dit["declarations"]
    assert (d["nature"], d["type"], d["mois"], d["emise_le"], d["siret"]) == ("01", "01", "2026-09-01", "2026-10-05", f.SIRET)
    assert d["lignes_lues"] == d["lignes_annoncees"]
    une, autre = d["personnes"]
    assert (une["personne"], autre["personne"], une["nir_masque"], une["spst"]) == ("P1", "P2", "2 80 ** ** *** ***", "SPST0000000035")
    (arret,) = une["arrets"]
    assert (arret["premier_jour"], arret["fin"], arret["jours"], arret["motif"], arret["motif_libelle"], arret["reprise_le"]) == (
        "2026-09-01", "2026-09-15", 15, "01", "maladie", "2026-09-16",
    )  # fmt: skip
    assert [(s["code"], s["libelle"], s["debut"], s["neutre"]) for s in une["suspensions"]] == [
        ("501", "congé divers non rémunéré", "2026-09-16", True)
    ]
    assert [(x["code"], x["date"], x["inaptitude"]) for x in une["fins_contrat"]] == [("091", "2026-09-30", True)]
    assert [(t["debut"], t["fin"]) for t in une["temps_partiels"]] == [("2026-09-16", "2026-09-30")]
    assert [s["neutre"] for s in autre["suspensions"]] == [False]
    assert [a["code"] for a in d["anomalies"]] == ["reprise_en_suspension"]
    for interdit in (NOM, f.nir13(1), f.nir13(1)[3:], f.IBAN, f.BIC):
        assert interdit not in sortie


def test_the_same_in_sentences(tmp_path: Path) -> None:
    chemin = tmp_path / "dsn_x.dsn"
    chemin.write_bytes(f.fichier(*gens()))
    code, sortie, erreurs = pdp("dsn", str(chemin), "--dry-run")
    assert (code, erreurs) == (0, "")
    assert "P1 : arrêt (maladie) du 01/09/2026 au 15/09/2026, 15 jours, reprise le 16/09/2026." in sortie
    assert "qui n'est pas un retour au travail" in sortie
    for interdit in (NOM, f.nir13(1), f.IBAN):
        assert interdit not in sortie


def test_a_cut_file_is_refused_and_still_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    octets = f.fichier(*gens())
    code, dit = rapport(tmp_path, octets[: octets.index(b"S90")], capsys)
    assert (code, dit["ok"], dit["refus"]["code"]) == (1, False, "fichier_tronque")
    assert len(dit["declarations"][0]["personnes"]) == 2
    assert dit["totaux"]["anomalies_par_code"]["fichier_tronque"] == 1


def test_mangled_accents_and_unknown_rubrics_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    octets = f.ecrire(f.envoi([*f.declaration(f.personne(1, f.arret(), nom="@@")), ("S21.G00.11.904", "x"), ("S21.G00.11.904", "y")]))
    code, dit = rapport(tmp_path, octets.replace(b"@@", b"L\xc3\x83\xc2\x89V"), capsys)
    assert (code, dit["ok"]) == (0, True)
    assert {(a["code"], a["rubrique"], a["nombre"]) for a in dit["declarations"][0]["anomalies"]} == {
        ("accents_abimes", "S21.G00.30.002", 1), ("rubrique_inconnue", "S21.G00.11.904", 2),
    }  # fmt: skip
    assert dit["totaux"]["anomalies_par_code"] == {"accents_abimes": 1, "encodage_mixte": 1, "rubrique_inconnue": 2}


def test_every_key_is_documented(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, dit = rapport(tmp_path, f.fichier(*gens(), f.personne(3, nir="")), capsys)
    assert code == 0

    def keys(noeud: Any) -> set[str]:
        if isinstance(noeud, list):
            return {cle for element in noeud for cle in keys(element)}
        return set(noeud) | {cle for valeur in noeud.values() for cle in keys(valeur)} if isinstance(noeud, dict) else set()

    codes = set(dit["totaux"]["anomalies_par_code"])
    mots = set(CLES.replace(",", " ").replace("{", " ").replace("}", " ").replace(";", " ").split())
    assert keys(dit) - codes - mots == set()
    with pytest.raises(SystemExit):
        cli.main(["ingest", "dsn", "--help"])
    assert "fins_contrat" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lignes", "fin", "attendu"),
    [
        ([ligne_assure(1), ligne_assure(2).replace("1980-04-12", "1980-02-30")], "#FIN;2", (0, True, 2, 1, 1, {"date_invalide": 1}, None)),
        ([ligne_assure(1)], "#FIN;2", (1, False, 0, 0, 0, {}, "fichier_tronque")),
    ],
)
def test_dry_run_of_another_feed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lignes: list[str], fin: str, attendu: tuple[Any, ...]
) -> None:
    chemin = tmp_path / "assures_2026-10-01.csv"
    chemin.write_text("\n".join([";".join(load_schema("assures").colonnes), *lignes, fin, ""]), encoding="utf-8")
    code = cli.main(["ingest", "flux", str(chemin), "--dry-run", "--json"])
    dit = json.loads(capsys.readouterr().out.splitlines()[-1])
    refus = dit["refus"] and dit["refus"]["code"]
    assert (code, dit["ok"], dit["lignes"], dit["admissibles"], dit["refusees"], dit["refusees_par_code"], refus) == attendu


def test_a_file_that_is_not_there_or_has_no_known_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ingest", "dsn", str(tmp_path / "rien.dsn"), "--dry-run", "--json"]) == 1
    assert "n'existe pas" in json.loads(capsys.readouterr().out)["erreur"]
    (tmp_path / "bizarre.csv").write_text("x")
    assert cli.main(["ingest", "flux", str(tmp_path / "bizarre.csv"), "--dry-run", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["refus"]["code"] == "flux_inconnu"
