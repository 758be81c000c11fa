"""Files: what is not JSON that FHIR admits, Bundle and NDJSON entry by entry, and the command."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import ressources_fhir as ex

from pdp import cli
from pdp.fhir import json_strict
from pdp.fhir.codes import TASK_STATUS
from pdp.fhir.dossier import Verdict, check_document

TACHE = json.dumps(ex.task()).encode()
MAUVAISE = json.dumps({**ex.task(), "status": "finished"}).encode()


def _codes(verdicts: list[Verdict]) -> list[tuple[str, str, list[str]]]:
    return [(v.repere, v.type, [f.code for f in v.fautes]) for v in verdicts]


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", "empty_document"),
        (b"  \n", "empty_document"),
        (b"\xef\xbb\xbf", "empty_document"),
        (b"bonjour", "not_json"),
        (b"{", "not_json"),
        (b'{"resourceType":"Task",}', "not_json"),
        (b'<Task xmlns="http://hl7.org/fhir"/>', "not_json"),
        (TACHE + TACHE, "not_json"),
        (b'{"resourceType":"Task","status":"draft","status":"draft"}', "duplicate_key"),
        (b'{"resourceType":"Task","a":{"b":1,"b":2}}', "duplicate_key"),
        (b'{"a":NaN}', "not_a_number"),
        (b'{"a":-Infinity}', "not_a_number"),
        ('{"resourceType":"Task"}'.encode("utf-16"), "not_utf8"),
        ('{"a":"é"}'.encode("latin-1"), "not_utf8"),
        (b"[" * 200_000, "too_deep"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "too_deep"),
        (b'{"a":' + b"9" * 5000 + b"}", "number_too_long"),
        (b'"Task"', "not_an_object"),
        (b"null", "not_an_object"),
        (b"[]", "not_an_object"),
        (b"{}", "resource_type_missing"),
        (b'{"resourceType":"Task","description":"\\ud800"}', "element_missing"),
    ],
)
def test_document_that_is_no_resource_says_why(octets: bytes, code: str) -> None:
    (verdict,) = check_document(octets)
    assert code in {f.code for f in verdict.fautes}


def test_a_byte_order_mark_is_tolerated() -> None:
    assert _codes(check_document(b"\xef\xbb\xbf" + TACHE)) == [("", "Task", [])]


def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_strict, "TAILLE_MAX", len(TACHE) - 1)
    assert _codes(check_document(TACHE)) == [("", "?", ["too_large"])]


def test_bundle_is_told_entry_by_entry() -> None:
    bundle = ex.bundle()
    bundle["entry"][1]["resource"]["status"] = "finished"
    bundle["total"] = 3
    assert _codes(check_document(json.dumps(bundle).encode())) == [
        ("", "Bundle", ["bdl-1"]),
        ("entry[0]", "ServiceRequest", []),
        ("entry[1]", "Task", ["code_unknown"]),
        ("entry[2]", "Patient", []),
    ]


def test_ndjson_is_told_line_by_line() -> None:
    octets = b"\n".join([TACHE, b"", MAUVAISE, b'{"a":1,"a":2}'])
    attendu = [("ligne 1", "Task", []), ("ligne 3", "Task", ["code_unknown"]), ("ligne 4", "?", ["duplicate_key"])]
    assert _codes(check_document(octets)) == attendu
    assert _codes(check_document(octets, lignes=True)) == attendu
    assert _codes(check_document(TACHE, lignes=True)) == [("ligne 1", "Task", [])]
    assert _codes(check_document(b"\n\n", lignes=True)) == [("", "?", ["empty_document"])]


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    (tmp_path / "juste.json").write_bytes(TACHE)
    (tmp_path / "fausse.json").write_bytes(MAUVAISE)
    (tmp_path / "lot.ndjson").write_bytes(TACHE + b"\n" + MAUVAISE)
    (tmp_path / "essai.json").write_text(
        json.dumps({**ex.patient(), "identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "280017512345611"}]})
    )
    (tmp_path / "note.txt").write_text("bonjour")
    return tmp_path


@pytest.mark.parametrize(
    ("fichiers", "options", "code"),
    [
        (["juste.json"], [], 0),
        (["juste.json", "fausse.json"], [], 1),
        (["lot.ndjson"], [], 1),
        (["note.txt"], [], 1),
        (["essai.json"], [], 0),
        (["essai.json"], ["--production"], 1),
        (["absent.json"], [], 2),
        (["."], [], 2),
        (["fausse.json", "absent.json"], [], 2),
    ],
)
def test_exit_code_of_check(dossier: Path, capsys: pytest.CaptureFixture[str], fichiers: list[str], options: list[str], code: int) -> None:
    chemins = [str(dossier / f) for f in fichiers]
    assert cli.main(["fhir", "check", *options, *chemins]) == code
    capsys.readouterr()
    assert cli.main(["fhir", "check", "--json", *options, *chemins]) == code
    rapport = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert rapport["ok"] is (code == 0)
    assert [f["file"] for f in rapport["files"]] == chemins
    assert rapport["accepted"] + rapport["refused"] == len(chemins)


def test_a_line_by_file_and_by_fault(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["fhir", "check", str(dossier / "juste.json"), str(dossier / "fausse.json"), str(dossier / "lot.ndjson")])
    lignes = [ligne.replace(f"{dossier}/", "").split("n'est")[0] for ligne in capsys.readouterr().out.splitlines()]
    assert lignes == [
        "juste.json : accepté (Task)",
        "fausse.json : refusé (Task), 1 faute",
        "  Task.status : « finished » ",
        "lot.ndjson : refusé (NDJSON, 2 ressources), 1 faute",
        "  ligne 2 Task.status : « finished » ",
    ]


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Entree:
        buffer = io.BytesIO(MAUVAISE)

    monkeypatch.setattr(sys, "stdin", Entree())
    assert cli.main(["fhir", "check", "-"]) == 1
    assert capsys.readouterr().out.startswith("- : refusé (Task), 1 faute\n")


@pytest.mark.parametrize("champ", ["status", "resourceType", "\ud800", "owner"])
def test_what_a_terminal_cannot_show_is_left_out(dossier: Path, capsys: pytest.CaptureFixture[str], champ: str) -> None:
    (dossier / "sale.json").write_text(json.dumps({**ex.task(), champ: "\ud800\x1b[31m\0a"}))
    assert cli.main(["fhir", "check", str(dossier / "sale.json")]) == 1
    assert not {"\ud800", "\x1b", "\0"} & set(capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [["fhir"], ["fhir", "check"], ["fhir", "autre"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as sortie:
        cli.main(arguments)
    assert sortie.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_transitions_are_printed_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fhir", "transitions"]) == 0
    table = capsys.readouterr().out
    assert all(f" {statut}\n" in table for statut in TASK_STATUS)
    assert cli.main(["fhir", "transitions", "--json"]) == 0
    rendu: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert {"actor": "partenaire", "from": "requested", "to": "accepted"} in rendu["allowed"]
    assert {"actor": "plateforme", "from": "requested", "to": "accepted"} in rendu["refused"]
    assert {"actor": "partenaire", "from": "completed", "to": "in-progress"} in rendu["refused"]
    lignes = [tuple(ligne.values()) for ligne in rendu["allowed"] + rendu["refused"]]
    assert len(lignes) == len(set(lignes)) == 2 * len(TASK_STATUS) * (len(TASK_STATUS) - 1)
