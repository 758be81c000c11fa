"""The answer file of a partner: what is refused whole, what is refused line by line, what is understood."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from pdp.domain.reponse_fichier import LIGNES_MAX, TAILLE_MAX, FichierRefuse, Lot, guard, is_complete, parse_reponses
from pdp.partners.lot_csv import Ligne, folder_of, render_lot, write_whole

PARIS = ZoneInfo("Europe/Paris")
A, B = UUID("11111111-1111-4111-8111-111111111111"), UUID("22222222-2222-4222-8222-222222222222")
ENTETE = "reference;reponse;motif_refus;date_reponse;rendez_vous;compte_rendu"


def fichier(*lignes: str, entete: str = ENTETE, fin: str | None = None) -> bytes:
    return "\r\n".join([entete, *lignes, f"#FIN;{len(lignes)}" if fin is None else fin]).encode() + b"\r\n"


def lire(contenu: bytes) -> Lot:
    return parse_reponses(contenu, PARIS)


REFUSES = [
    ("empty_file", b""),
    ("empty_file", b"\r\n  \r\n"),
    ("file_too_large", b"x" * (TAILLE_MAX + 1)),
    ("bad_encoding", fichier(f"{A};acceptee;;;;").decode().encode("utf-16")),
    ("bad_encoding", fichier(f"{A};acceptee;;;;").replace(b"acceptee", b"\x81\x8d")),
    ("truncated", fichier(f"{A};acceptee;;;;", fin="")),
    ("truncated", ENTETE.encode()),
    ("unreadable", fichier(f'{A};acceptee;;;;"jamais ferme')),
    ("wrong_count", fichier(f"{A};acceptee;;;;", fin="#FIN;2")),
    ("wrong_count", fichier(f"{A};acceptee;;;;", fin="#FIN;0")),
    ("wrong_count", fichier(f"{A};acceptee;;;;", fin="#FIN")),
    ("wrong_count", fichier(f"{A};acceptee;;;;", fin="#FIN;un")),
    ("missing_columns", fichier(f"{A};acceptee", entete="ref;reponse")),
    ("missing_columns", fichier(f"{A};acceptee", entete="reference;statut")),
    ("duplicate_columns", fichier(f"{A};acceptee;recue", entete="reference;reponse;Réponse")),
    ("too_many_lines", fichier(*["x;recue"] * (LIGNES_MAX + 1))),
]


@pytest.mark.parametrize(("code", "contenu"), REFUSES, ids=[f"{i}-{code}" for i, (code, _) in enumerate(REFUSES)])
def test_whole_file_guards(code: str, contenu: bytes) -> None:
    with pytest.raises(FichierRefuse) as refus:
        lire(contenu)
    assert refus.value.code == code
    assert refus.value.message.endswith("Rien n'a été pris.")


REJETS = [
    ("bad_reference", "pas-une-reference;acceptee;;;;"),
    ("bad_reference", ";acceptee;;;;"),
    ("unknown_answer", f"{A};peut-être;;;;"),
    ("unknown_answer", f"{A};;capacite;;;"),
    ("unknown_answer", f"{A};annulee;;;;"),
    ("unknown_answer", f"{A};statut;;;;"),
    ("unknown_reason", f"{A};refusee;trop loin;;;"),
    ("reason_mismatch", f"{A};refusee;;;;"),
    ("reason_mismatch", f"{A};acceptee;capacite;;;"),
    ("bad_date", f"{A};acceptee;;25-11-26;;"),
    ("bad_date", f"{A};acceptee;;31/02/2026;;"),
    ("bad_time", f"{A};rendez_vous;;;25/11/2026;"),
    ("bad_time", f"{A};rendez_vous;;;25/11/2026 25:00;"),
    ("wrong_width", f"{A};acceptee;;;;;;"),
]


@pytest.mark.parametrize(("code", "ligne"), REJETS)
def test_a_refused_line_has_its_reason_and_the_others_are_taken(code: str, ligne: str) -> None:
    lot = lire(fichier(f"{B};acceptee;;;;", ligne, f"{B};en_cours;;;;"))
    assert [(r.numero, r.statut) for r in lot.reponses] == [(2, "acceptee"), (4, "en_cours")]
    assert [(r.numero, r.code) for r in lot.rejets] == [(3, code)]
    assert lot.rejets[0].message.endswith(".")
    assert lot.rejets[0].reference == (None if code == "bad_reference" else A)


LUES = [
    (f"{A};Acceptée;;;;", ("statut", "acceptee", None, None)),
    (f"{A};REFUSEE;Plus de place actuellement;;;", ("statut", "refusee", "capacite", None)),
    (f"{A};refusee;capacite;;;", ("statut", "refusee", "capacite", None)),
    (f"{A};Accompagnement terminé;;;;", ("statut", "realisee", None, None)),
    (f"{A};nouvelles;;;;Deux séances.", ("nouvelles", None, None, "Deux séances.")),
    (f'{A};question;;;;"Une, deux ; trois ?\r\nQuatre"', ("question", None, None, "Une, deux ; trois ?\r\nQuatre")),
    (f"{A};sans_suite;;;;'=2+2", ("statut", "sans_suite", None, "=2+2")),
    (f"{str(A).upper()} ; recue ;;;;", ("statut", "recue", None, None)),
]


@pytest.mark.parametrize(("ligne", "attendue"), LUES)
def test_codes_and_labels_are_understood(ligne: str, attendue: tuple[object, ...]) -> None:
    (reponse,) = lire(fichier(ligne)).reponses
    assert (reponse.reference, reponse.nature, reponse.statut, reponse.motif, reponse.texte) == (A, *attendue)


DATES = [
    ("2026-11-25 10:30", datetime(2026, 11, 25, 9, 30, tzinfo=UTC)),
    ("2026-11-25T10:30:00", datetime(2026, 11, 25, 9, 30, tzinfo=UTC)),
    ("25/11/2026 10h30", datetime(2026, 11, 25, 9, 30, tzinfo=UTC)),
    ("5/7/2026 9 h", datetime(2026, 7, 5, 7, 0, tzinfo=UTC)),
]


@pytest.mark.parametrize(("brut", "instant"), DATES)
def test_instants_are_local(brut: str, instant: datetime) -> None:
    (reponse,) = lire(fichier(f"{A};rendez_vous;;24/11/2026;{brut};")).reponses
    assert reponse.rendez_vous_at == instant
    assert reponse.survenu_at == datetime(2026, 11, 24, 11, 0, tzinfo=UTC)  # no hour given: noon


def test_the_batch_itself_may_come_back_filled_in() -> None:
    corps = {"motif": "Aide.", "contenu": {"nom": "Zoé", "telephone": "+33639980012"}, "emise_at": "2026-11-18T08:00:00+00:00"}
    envoye = render_lot([Ligne(A, "orientation", corps), Ligne(B, "annulation", {"annulee_at": "2026-11-19"})], "N00001")
    vide = lire(envoye)
    assert (vide.reponses, vide.rejets, vide.muettes, vide.lignes, vide.destinataire) == ((), (), 2, 2, "N00001")
    texte = envoye.decode("utf-8-sig")
    rempli = texte.replace("06 39 98 00 12;;;;;\r\n", "06 39 98 00 12;acceptee;;;;\r\n")
    assert rempli != texte
    for encodage in ("utf-8", "utf-8-sig", "cp1252"):
        lot = lire(rempli.encode(encodage))
        assert ([r.statut for r in lot.reponses], lot.muettes) == (["acceptee"], 1)
    assert lire(rempli.replace("#FIN;2;N00001", "#FIN;2;N00001;;;;;;;;").encode()).lignes == 2  # as a spreadsheet pads it


@pytest.mark.parametrize("cellule", ["=cmd|' /C calc'!A0", "+33 1", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_run_by_a_spreadsheet(cellule: str) -> None:
    assert not guard(cellule).startswith(("=", "+", "-", "@", "\t", "\r"))
    corps = {"motif": cellule, "contenu": {"nom": cellule}, "emise_at": "2026-11-18"}
    for ligne in render_lot([Ligne(A, "orientation", corps)], "N1").decode("utf-8-sig").splitlines():
        assert not [c for c in ligne.replace('"', "").split(";") if c.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_only_agreed_fields_have_a_column() -> None:
    corps = {"motif": "Aide.", "contenu": {"nom": "Zoé"}, "emise_at": "2026-11-18"}
    entete = render_lot([Ligne(A, "orientation", corps)], "N1").decode("utf-8-sig").splitlines()[0].split(";")
    assert entete[:6] == ["reference", "objet", "emise_le", "motif", "message", "nom"]
    assert entete[6:] == ["reponse", "motif_refus", "date_reponse", "rendez_vous", "compte_rendu"]


def test_an_end_of_file_is_seen_whatever_follows_it() -> None:
    assert is_complete(fichier("x;y"))
    assert is_complete(b'a;b\n"#FIN";1;;;\r\n\r\n')
    assert not is_complete(fichier("x;y")[:-12])


def test_an_odd_id_is_no_path(tmp_path: Path) -> None:
    for ident in ("../../etc", "a/b", "", "é", "x" * 61, ".."):
        assert folder_of(tmp_path, "PF35", ident, A) == tmp_path / "PF35" / f"partenaire-{A}"
    write_whole(tmp_path / "x.csv", b"1")
    write_whole(tmp_path / "x.csv", b"1")
    assert [f.name for f in tmp_path.iterdir()] == ["x.csv"]


def test_no_file_makes_it_fall() -> None:
    """Any bytes are either understood or refused with a reason."""
    hasard = random.Random(45)
    base = fichier(f"{A};acceptee;;;;", f"{B};refusee;capacite;;;texte")
    for _ in range(400):
        abime = bytearray(base)
        for _ in range(hasard.randrange(1, 12)):
            rang = hasard.randrange(len(abime))
            match hasard.randrange(3):
                case 0:
                    abime[rang] = hasard.choice(b'";\r\n\x00\xff#=0')
                case 1:
                    del abime[rang]
                case _:
                    abime[rang:rang] = hasard.randbytes(3)
        try:
            lot = lire(bytes(abime))
        except FichierRefuse:
            continue
        assert len(lot.reponses) + len(lot.rejets) + lot.muettes == lot.lignes
