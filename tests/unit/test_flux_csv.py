"""Reading a file: each way in which a real delivery is malformed, and that the good lines beside a bad one are read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pdp.domain.flux import LigneValide
from pdp.errors import FluxRefuse
from pdp.storage.flux_csv import load_schema, read_flux

ENTETE = ";".join(load_schema("arrets_prescrits").colonnes)
BONNE = "AV{};351-1;2026-09-01;2026-09-15;initiale;maladie;non;F32;non;;non;2026-09-02T08:00:00Z;e_aat;non"
ENTETE_AGENTS = ";".join(load_schema("agents").colonnes)
AGENT = "350001;HÉLŒUVRE;Zoé;z@exemple.invalid;csam;PF35;tous;1;;2025-01-01;"


def _write(
    dossier: Path, lignes: list[str], *, entete: str = ENTETE, encodage: str = "utf-8", fin: str | None = None, saut: str = "\n"
) -> Path:
    chemin = dossier / "feed.csv"
    trailer = f"#FIN;{len(lignes)}" if fin is None else fin
    chemin.write_bytes((saut.join([entete, *lignes, trailer]) + saut).encode(encodage))
    return chemin


def test_a_right_file_is_streamed_twice_with_its_line_numbers(tmp_path: Path) -> None:
    chemin = _write(tmp_path, [BONNE.format(i) for i in range(3)])
    lecture = read_flux(chemin, "arrets_prescrits")
    assert lecture.empreinte.sha256 == hashlib.sha256(chemin.read_bytes()).hexdigest()
    for _ in range(2):
        lignes = list(lecture.lignes())
        assert [(ligne.numero, type(ligne.resultat)) for ligne in lignes] == [(2, LigneValide), (3, LigneValide), (4, LigneValide)]


def test_bad_lines_do_not_take_the_good_ones_with_them(tmp_path: Path) -> None:
    bonne = BONNE.format(1)
    lignes = [
        bonne,
        bonne.replace("2026-09-01", "31/02/2026"),
        bonne.replace("2026-09-15", "2026-08-15"),
        "",
        bonne + ";reste",
        '"' + bonne,
        bonne,
    ]
    lues = list(read_flux(_write(tmp_path, lignes), "arrets_prescrits").lignes())
    codes = [ligne.resultat[0].code if isinstance(ligne.resultat, list) else "" for ligne in lues]
    assert codes == ["", "date_invalide", "dates_inversees", "nombre_de_colonnes", "nombre_de_colonnes", "guillemets", ""]
    assert lues[1].texte == lignes[1]


@pytest.mark.parametrize(
    ("entete", "code", "cite"),
    [
        (ENTETE.replace("date_fin", "fin"), "colonnes_manquantes", ["date_fin", "fin"]),
        (ENTETE + ";commentaire", "colonnes_inconnues", ["commentaire"]),
        (ENTETE + ";id_avis", "colonnes_en_double", ["id_avis"]),
        ("\t".join(ENTETE.split(";")), "colonnes_manquantes", ["id_avis"]),
    ],
)
def test_a_wrong_header_refuses_the_file_and_names_the_columns(tmp_path: Path, entete: str, code: str, cite: list[str]) -> None:
    with pytest.raises(FluxRefuse) as refus:
        read_flux(_write(tmp_path, [BONNE.format(1)], entete=entete), "arrets_prescrits")
    assert refus.value.code == code
    assert all(mot in refus.value.message for mot in cite)


def test_columns_in_another_order_and_commas_are_accepted(tmp_path: Path) -> None:
    colonnes = ENTETE.split(";")
    inverse = ",".join(reversed(colonnes))
    ligne = ",".join(f'"{cellule}"' for cellule in reversed(BONNE.format(9).split(";")))
    lues = list(read_flux(_write(tmp_path, [ligne], entete=inverse), "arrets_prescrits").lignes())
    assert isinstance(lues[0].resultat, LigneValide)
    assert lues[0].resultat.valeurs["id_avis"] == "AV9"


@pytest.mark.parametrize("fin", ["", "#FIN;4", "#FIN;2", "#FIN;", "#FIN;trois", "# FIN;3"])
def test_a_missing_or_wrong_trailer_refuses_the_file(tmp_path: Path, fin: str) -> None:
    chemin = _write(tmp_path, [BONNE.format(i) for i in range(3)], fin=fin)
    with pytest.raises(FluxRefuse) as refus:
        read_flux(chemin, "arrets_prescrits")
    assert refus.value.code == "fichier_tronque"


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    """Every cut but those that only lose the last line break."""
    entier = "\n".join([ENTETE_AGENTS, AGENT, AGENT, "#FIN;2"]).encode()
    chemin = tmp_path / "agents.csv"
    for longueur in range(len(entier)):
        chemin.write_bytes(entier[:longueur])
        with pytest.raises(FluxRefuse) as refus:
            read_flux(chemin, "agents")
        assert refus.value.code == ("fichier_tronque" if longueur else "fichier_vide")
    chemin.write_bytes(entier)
    assert len(list(read_flux(chemin, "agents").lignes())) == 2


def test_lines_missing_from_the_middle_are_seen(tmp_path: Path) -> None:
    chemin = _write(tmp_path, [BONNE.format(i) for i in range(9)])
    lignes = chemin.read_bytes().split(b"\n")
    chemin.write_bytes(b"\n".join(lignes[:4] + lignes[6:]))
    with pytest.raises(FluxRefuse, match="fichier_tronque") as refus:
        read_flux(chemin, "arrets_prescrits")
    assert "annonce 9 lignes et en contient 7" in refus.value.message


@pytest.mark.parametrize(
    ("encodage", "retenu"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("iso-8859-15", "iso-8859-15"), ("cp1252", "cp1252")]
)
@pytest.mark.parametrize("saut", ["\n", "\r\n"])
def test_usual_encodings_keep_the_accents(tmp_path: Path, encodage: str, retenu: str, saut: str) -> None:
    """« Œ » is 8C in cp1252 and BC in ISO-8859-15: the two are told apart."""
    lecture = read_flux(_write(tmp_path, [AGENT], entete=ENTETE_AGENTS, encodage=encodage, saut=saut), "agents")
    assert lecture.empreinte.encodage == retenu
    (ligne,) = lecture.lignes()
    assert isinstance(ligne.resultat, LigneValide)
    assert (ligne.resultat.valeurs["nom"], ligne.resultat.valeurs["prenom"]) == ("HÉLŒUVRE", "Zoé")


@pytest.mark.parametrize("encodage", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_refused_and_named(tmp_path: Path, encodage: str) -> None:
    with pytest.raises(FluxRefuse, match="encodage_inconnu") as refus:
        read_flux(_write(tmp_path, [AGENT], entete=ENTETE_AGENTS, encodage=encodage), "agents")
    assert "UTF-16" in refus.value.message


def test_bytes_that_no_accepted_encoding_has_are_refused(tmp_path: Path) -> None:
    chemin = _write(tmp_path, [AGENT], entete=ENTETE_AGENTS)
    chemin.write_bytes(chemin.read_bytes().replace("É".encode(), b"\x81\xff"))
    with pytest.raises(FluxRefuse, match="encodage_inconnu"):
        read_flux(chemin, "agents")


def test_doubly_encoded_accents_are_a_line_anomaly(tmp_path: Path) -> None:
    double = AGENT.encode().decode("cp1252", "ignore")
    (ligne,) = read_flux(_write(tmp_path, [double], entete=ENTETE_AGENTS), "agents").lignes()
    assert isinstance(ligne.resultat, list)
    assert {anomalie.code for anomalie in ligne.resultat} == {"mojibake"}


def test_a_file_still_being_written_and_an_unknown_feed_are_refused(tmp_path: Path) -> None:
    chemin = _write(tmp_path, [AGENT], entete=ENTETE_AGENTS)
    with pytest.raises(FluxRefuse, match="en_cours_d_ecriture"):
        read_flux(chemin.rename(chemin.with_suffix(".csv.part")), "agents")
    with pytest.raises(FluxRefuse, match="flux_inconnu"):
        read_flux(chemin, "factures")
