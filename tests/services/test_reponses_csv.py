"""Answer files on real PostgreSQL: once per content, line by line, whatever is repeated, corrected, killed or dropped elsewhere."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

import fabrique
from courriers import partenaire, relais, retirer
from fabrique import MAINTENANT, lot, systeme
from pdp.config import settings
from pdp.partners import lot_csv
from pdp.partners.simulateur_csv import answer_lots
from pdp.services import take_reponses_csv
from pdp.services.apply_reponses import apply_reponses
from pdp.services.exchange_csv import export_lots
from pdp.services.purge_echanges import purge_echanges
from pdp.services.take_reponses_csv import take_reponses
from relais import Relais
from relais_lecture import count, events

Admin = psycopg.Connection[Any]
ENTETE = "reference;reponse;motif_refus;date_reponse;rendez_vous;compte_rendu"
M = MAINTENANT + timedelta(hours=2)
Deposer = Callable[..., Path]


@pytest.fixture
def echanges(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PDP_ECHANGES", str(tmp_path / "echanges"))
    settings.cache_clear()
    with lot() as conn:
        fabrique.socle(conn)
    return tmp_path / "echanges"


@pytest.fixture
def deux(echanges: Path) -> tuple[Relais, Relais]:
    """Two hand-overs sent to the same partner."""
    cible = partenaire("csv")
    cas = relais(cible), relais(cible)
    assert export_lots(MAINTENANT).traites == 2
    return cas


def dossier(echanges: Path) -> Path:
    return next(echanges.glob("PF35/*/envois")).parent


def deposer(echanges: Path, *lignes: str, nom: str = "retour.csv", entete: str = ENTETE, fin: str | None = None) -> Path:
    chemin = dossier(echanges) / "reponses" / nom
    texte = "\r\n".join([entete, *lignes, f"#FIN;{len(lignes)}" if fin is None else fin])
    chemin.write_bytes(texte.encode() + b"\r\n")
    return chemin


def appliquer() -> int:
    with lot(systeme("apply_reponses")) as conn:
        return apply_reponses(conn, "PF35", systeme("apply_reponses"), M).traites


def statut(admin: Admin, cas: Relais) -> str:
    return admin.execute("SELECT statut FROM pdp.orientation WHERE id = %s", (cas.orientation,)).fetchone()[0]


def test_answers_are_applied_and_the_refused_lines_reported(echanges: Path, admin: Admin, deux: tuple[Relais, Relais]) -> None:
    un, autre = deux
    deposer(
        echanges,
        f"{un.orientation};acceptee;;18/11/2026;;",
        f"{un.orientation};rendez_vous;;;25/11/2026 10:30;",
        f"{autre.orientation};refusee;;;;",
        "illisible;acceptee;;;;",
    )
    bilan = take_reponses(M)
    assert (bilan.traites, bilan.ignores, bilan.echoues) == (2, 0, 2)
    appliquer()
    assert (statut(admin, un), statut(admin, autre)) == ("acceptee", "envoyee")
    (rapport,) = (dossier(echanges) / "rapports").iterdir()
    lignes = rapport.read_text(encoding="utf-8-sig").splitlines()
    assert [ligne.split(";")[:3] for ligne in lignes[1:3]] == [
        ["4", str(autre.orientation), "reason_mismatch"],
        ["5", "", "bad_reference"],
    ]
    assert lignes[3] == "#FIN;2;2 prise(s);0 déjà connue(s)"
    assert count(admin, "SELECT count(*) FROM pdp.echange_ligne WHERE code IS NOT NULL AND resolue_at IS NULL") == 2
    assert count(admin, "SELECT count(*) FROM pdp.inbox WHERE transport = 'csv'") == 2
    assert events(admin, "reponse_recue") == 2


def test_the_same_file_twice_is_once(echanges: Path, admin: Admin, deux: tuple[Relais, Relais]) -> None:
    for nom in ("retour.csv", "copie.csv"):
        deposer(echanges, f"{deux[0].orientation};acceptee;;;;", nom=nom)
        take_reponses(M)
        appliquer()
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 1
    assert count(admin, "SELECT count(*) FROM pdp.echange_fichier WHERE sens = 'reponse'") == 1
    assert len(list((dossier(echanges) / "reponses" / "traites").iterdir())) == 2


def test_a_corrected_line_is_a_new_version_and_the_others_are_known(echanges: Path, admin: Admin, deux: tuple[Relais, Relais]) -> None:
    un, autre = deux
    deposer(echanges, f"{un.orientation};acceptee;;;;", f"{autre.orientation};refusee;trop loin;;;")
    take_reponses(M)
    appliquer()
    deposer(echanges, f"{un.orientation};acceptee;;;;", f"{autre.orientation};refusee;hors_territoire;;;")
    bilan = take_reponses(M)
    appliquer()
    assert (bilan.traites, bilan.ignores, bilan.echoues) == (1, 1, 0)
    assert (statut(admin, un), statut(admin, autre)) == ("acceptee", "refusee")
    assert count(admin, "SELECT count(*) FROM pdp.echange_ligne WHERE code IS NOT NULL AND resolue_at = %s", M) == 1


def test_a_report_told_again_with_other_words_replaces_the_first(echanges: Path, admin: Admin, deux: tuple[Relais, Relais]) -> None:
    cle = deux[0].orientation
    for texte in ("Premier texte.", "Second texte."):
        deposer(echanges, f"{cle};acceptee;;;;", f"{cle};realisee;;;;{texte}")
        take_reponses(M)
        appliquer()
    assert admin.execute("SELECT statut, compte_rendu FROM pdp.orientation WHERE id = %s", (cle,)).fetchone() == (
        "realisee",
        "Second texte.",
    )


REFUSES = [
    ("truncated", {"fin": ""}),
    ("wrong_count", {"fin": "#FIN;9"}),
    ("missing_columns", {"entete": "ref;reponse;motif_refus;date_reponse;rendez_vous;compte_rendu"}),
    ("wrong_partner", {"fin": "#FIN;1;AUTRE"}),
]


@pytest.mark.parametrize(("code", "faute"), REFUSES)
def test_a_refused_file_takes_nothing_and_says_why(
    echanges: Path, admin: Admin, deux: tuple[Relais, Relais], monkeypatch: pytest.MonkeyPatch, code: str, faute: dict[str, str]
) -> None:
    monkeypatch.setattr(take_reponses_csv, "REPOS_S", -1)  # nobody is still writing it
    deposer(echanges, f"{deux[0].orientation};acceptee;;;;", **faute)
    assert (take_reponses(M).traites, count(admin, "SELECT count(*) FROM pdp.inbox")) == (0, 0)
    assert admin.execute("SELECT etat, motif_code FROM pdp.echange_fichier WHERE sens = 'reponse'").fetchall() == [("refuse", code)]
    assert len(list((dossier(echanges) / "reponses" / "refuses").iterdir())) == 1
    assert "Rien n'a été pris" in next((dossier(echanges) / "rapports").iterdir()).read_text(encoding="utf-8-sig")


def test_a_file_about_another_partner_is_refused_whole(echanges: Path, admin: Admin, deux: tuple[Relais, Relais]) -> None:
    etrangere = relais(partenaire("portail", type="spst"), type="spst")
    deposer(echanges, f"{deux[0].orientation};acceptee;;;;", f"{etrangere.orientation};acceptee;;;;")
    take_reponses(M)
    assert admin.execute("SELECT motif_code FROM pdp.echange_fichier WHERE sens = 'reponse'").fetchall() == [("wrong_partner",)]
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 0


def test_a_file_still_growing_is_left_alone(echanges: Path, deux: tuple[Relais, Relais]) -> None:
    deposer(echanges, f"{deux[0].orientation};acceptee;;;;", fin="")
    deposer(echanges, f"{deux[0].orientation};acceptee;;;;", nom="retour.csv.part")
    assert take_reponses(M).traites == 0
    assert len([f for f in (dossier(echanges) / "reponses").iterdir() if f.is_file()]) == 2


@pytest.mark.parametrize("point", ["write_whole", "_settle"])
def test_killed_after_the_commit_the_file_is_only_moved(
    echanges: Path, admin: Admin, deux: tuple[Relais, Relais], monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    deposer(echanges, f"{deux[0].orientation};acceptee;;;;", f"{deux[1].orientation};refusee;;;;")

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as mort:
        mort.setattr(lot_csv if point == "write_whole" else take_reponses_csv, point, kill)
        with pytest.raises(KeyboardInterrupt):
            take_reponses(M)
    bilan = take_reponses(M)
    assert (bilan.traites, count(admin, "SELECT count(*) FROM pdp.inbox")) == (0, 1)
    assert len(list((dossier(echanges) / "rapports").iterdir())) == 1
    assert len(list((dossier(echanges) / "reponses" / "traites").iterdir())) == 1
    assert count(admin, "SELECT count(*) FROM pdp.echange_ligne WHERE code IS NOT NULL") == 1


def test_two_passages_at_once_take_a_file_once(echanges: Path, admin: Admin, deux: tuple[Relais, Relais]) -> None:
    deposer(echanges, *(f"{cas.orientation};acceptee;;;;" for cas in deux))
    depart = threading.Barrier(4)

    def prendre(_: int) -> int:
        depart.wait()
        return take_reponses(M).traites

    with ThreadPoolExecutor(4) as fils:
        assert sum(fils.map(prendre, range(4))) == 2
    assert count(admin, "SELECT count(*) FROM pdp.inbox") == 2


def test_a_file_moved_by_another_passage_after_the_commit_is_counted_all_the_same(
    echanges: Path, deux: tuple[Relais, Relais], monkeypatch: pytest.MonkeyPatch
) -> None:
    deposer(echanges, *(f"{cas.orientation};acceptee;;;;" for cas in deux))
    deplacer = take_reponses_csv._settle

    def after_another(*quoi: Any) -> None:
        deplacer(*quoi)
        deplacer(*quoi)

    monkeypatch.setattr(take_reponses_csv, "_settle", after_another)
    assert take_reponses(M).traites == 2
    assert len(list((dossier(echanges) / "reponses" / "traites").iterdir())) == 1


REJETEES = [
    ("unknown_reference", "00000000-0000-4000-8000-000000000000;acceptee;;;;"),
    ("forbidden:envoyee:en_cours", "{};en_cours;;;;"),
    ("forbidden:envoyee:nouvelles", "{};nouvelles;;;;Tout va bien."),
    ("missing_report", "{};acceptee;;;;|{};realisee;;;;"),
    ("date_in_future", "{};acceptee;;19/11/2026;;"),
    ("date_too_old", "{};acceptee;;18/11/2024;;"),
    ("meeting_too_far", "{};acceptee;;;;|{};rendez_vous;;;25/11/2126 10:00;"),
    ("words_too_long", "{};acceptee;;;;" + "x" * 1001),
]


@pytest.mark.parametrize(("code", "modele"), REJETEES)
def test_what_cannot_follow_is_refused_with_its_reason(
    echanges: Path, admin: Admin, deux: tuple[Relais, Relais], code: str, modele: str
) -> None:
    deposer(echanges, *(brut.format(deux[0].orientation) for brut in modele.split("|")))
    assert take_reponses(M).echoues == 1
    ((lu, message),) = admin.execute("SELECT code, message FROM pdp.echange_ligne WHERE code IS NOT NULL").fetchall()
    assert lu == code
    assert message.endswith(".")


def test_answers_of_a_partner_that_changed_transport_are_still_read(echanges: Path, admin: Admin, deux: tuple[Relais, Relais]) -> None:
    with lot() as conn:
        conn.exec_driver_sql("UPDATE pdp.partenaire SET canal = 'portail'")
    deposer(echanges, f"{deux[0].orientation};acceptee;;;;")
    assert take_reponses(M).traites == 1


def test_the_simulated_partner_answers_each_batch_once_and_makes_a_mistake(echanges: Path, admin: Admin) -> None:
    cible = partenaire("csv")
    cas = [relais(cible) for _ in range(3)]
    export_lots(MAINTENANT)
    assert (answer_lots(echanges, M), answer_lots(echanges, M)) == (1, 0)
    bilan = take_reponses(M)
    appliquer()
    assert (bilan.traites, bilan.echoues) == (5, 1)  # two accepted with a meeting each, one refused, one misspelt
    assert sorted(statut(admin, c) for c in cas) == ["acceptee", "acceptee", "refusee"]
    assert count(admin, "SELECT count(*) FROM pdp.orientation WHERE rendez_vous_at IS NOT NULL") == 2


def test_a_batch_of_withdrawals_asks_for_no_answer(echanges: Path) -> None:
    cas = relais(partenaire("csv"))
    export_lots(MAINTENANT)
    answer_lots(echanges, M)
    retirer(cas)
    export_lots(M)
    assert answer_lots(echanges, M) == 0


def test_files_leave_the_disk_after_the_delay_and_drafts_of_a_killed_worker_sooner(echanges: Path, deux: tuple[Relais, Relais]) -> None:
    deposer(echanges, f"{deux[0].orientation};acceptee;;;;", "illisible;acceptee;;;;")
    take_reponses(M)
    deposer(echanges, f"{deux[1].orientation};acceptee;;;;", nom="attend.csv")
    brouillon, recent = (dossier(echanges) / "envois" / f".{nom}.part" for nom in ("vieux", "recent"))
    for chemin in (brouillon, recent):
        chemin.write_bytes(b"x")
    os.utime(brouillon, (0, 0))

    def purger(jours: int) -> dict[str, int]:
        with lot() as conn:
            return dict(purge_echanges(conn, echanges, datetime.now(UTC) + timedelta(days=jours)).detail)

    assert purger(59) == {"fichiers_purges": 0, "brouillons_purges": 1}
    assert purger(61) == {"fichiers_purges": 3, "brouillons_purges": 0}  # the batch, the answers, the report
    assert purger(61) == {"fichiers_purges": 0, "brouillons_purges": 0}
    assert sorted(f.name for f in dossier(echanges).rglob("*") if f.is_file()) == [".recent.part", "attend.csv"]
