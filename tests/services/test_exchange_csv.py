"""Files for partners on real PostgreSQL and a real folder: one effect whatever is killed, repeated or taken back in between."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

import fabrique
from courriers import partenaire, relais, retirer
from fabrique import MAINTENANT, lot
from pdp.config import settings
from pdp.domain.reponse_fichier import COLONNES, parse_reponses
from pdp.partners import lot_csv
from pdp.services import exchange_csv
from pdp.services.exchange_csv import export_lots
from pdp.services.send_outbox import send_due
from relais_lecture import count, events, ligne, open_taches

Admin = psycopg.Connection[Any]


@pytest.fixture
def echanges(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PDP_ECHANGES", str(tmp_path / "echanges"))
    settings.cache_clear()
    with lot() as conn:
        fabrique.socle(conn)
    return tmp_path / "echanges"


def envois(echanges: Path) -> list[Path]:
    return sorted(echanges.glob("PF35/*/envois/*"))


def lignes(fichier: Path) -> list[dict[str, str]]:
    """The data lines, and the end that counts them."""
    entete, *donnees, fin = (brute.split(";") for brute in fichier.read_text(encoding="utf-8-sig").splitlines())
    assert fin[:2] == ["#FIN", str(len(donnees))]
    return [dict(zip(entete, ligne, strict=True)) for ligne in donnees]


def test_one_file_per_partner_with_one_line_per_person(echanges: Path, admin: Admin) -> None:
    cible, autre = partenaire("csv"), partenaire("csv", type="spst")
    cas = [relais(cible), relais(cible), relais(autre, type="spst")]
    premier, second = export_lots(MAINTENANT), export_lots(MAINTENANT)
    assert (premier.traites, premier.ignores, premier.echoues, second.traites) == (3, 0, 0, 0)
    assert sorted(len(lignes(f)) for f in envois(echanges)) == [1, 2]
    assert {d["reference"] for f in envois(echanges) for d in lignes(f)} == {str(c.orientation) for c in cas}
    assert {ligne(admin, c.orientation)["etat"] for c in cas} == {"livre"}
    assert events(admin, "orientation_envoyee") == 3
    assert count(admin, "SELECT count(*) FROM pdp.orientation WHERE envoyee_at = %s", MAINTENANT) == 3
    assert count(admin, "SELECT count(*) FROM pdp.echange_fichier WHERE etat = 'ecrit' AND fini_at = %s", MAINTENANT) == 2
    assert [f.name for f in echanges.rglob("*.part")] == []


def test_the_ordinary_sender_leaves_files_alone_and_the_batch_the_rest(echanges: Path, admin: Admin) -> None:
    cas = relais(partenaire("csv"))
    assert send_due(MAINTENANT).traites == 0
    with lot() as conn:
        portail = fabrique.partenaire(conn)
    autre = relais(portail)
    assert export_lots(MAINTENANT).traites == 1
    assert (ligne(admin, cas.orientation)["etat"], ligne(admin, autre.orientation)["etat"]) == ("livre", "a_envoyer")


def test_what_is_written_is_what_was_previewed_and_no_more(echanges: Path, admin: Admin) -> None:
    cas = relais(partenaire("csv"))
    export_lots(MAINTENANT)
    (donnee,) = lignes(envois(echanges)[0])
    contenu = ligne(admin, cas.orientation)["charge"]["contenu"]
    assert set(donnee) == {"reference", "objet", "emise_le", "motif", "message", *contenu, *COLONNES[1:]}
    assert donnee["nom"] == contenu["nom"]
    assert donnee["telephone"] == "06 39 98 00 00"
    assert parse_reponses(envois(echanges)[0].read_bytes(), ZoneInfo("Europe/Paris")).muettes == 1


def expire(admin: Admin) -> None:
    """The lease of a dead worker runs out."""
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE pdp.outbox SET bail_jusqu_a = clock_timestamp() - interval '1 second' WHERE etat = 'en_cours'")


def _kill(*_: object, **__: object) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize("point", ["before_write", "after_write"])
def test_killed_around_the_write_the_same_file_is_written_again(
    echanges: Path, admin: Admin, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    cas = [relais(partenaire("csv"))]
    cible = cas[0].partenaire
    cas.append(relais(cible))
    with monkeypatch.context() as mort:
        mort.setattr(*((lot_csv, "write_whole") if point == "before_write" else (exchange_csv, "record_fichier")), _kill)
        with pytest.raises(KeyboardInterrupt):
            export_lots(MAINTENANT)
    expire(admin)
    ecrits = {f.name: f.read_bytes() for f in envois(echanges)}
    assert len(ecrits) == (1 if point == "after_write" else 0)
    relais(cible)  # one more meanwhile: it leaves in a file of its own
    assert export_lots(MAINTENANT).traites == 3
    assert len(envois(echanges)) == 2
    for nom, contenu in ecrits.items():
        assert (echanges / envois(echanges)[0].relative_to(echanges).parent / nom).read_bytes() == contenu
    references = [d["reference"] for f in envois(echanges) for d in lignes(f)]
    assert len(references) == len(set(references)) == 3
    assert events(admin, "orientation_envoyee") == 3
    assert export_lots(MAINTENANT).traites == 0


def test_taken_back_between_the_death_of_a_worker_and_the_next_one(echanges: Path, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    cible = partenaire("csv")
    garde, retire = relais(cible), relais(cible)
    with monkeypatch.context() as mort:
        mort.setattr(lot_csv, "write_whole", _kill)
        with pytest.raises(KeyboardInterrupt):
            export_lots(MAINTENANT)
    expire(admin)
    retirer(retire)
    export_lots(MAINTENANT)
    export_lots(MAINTENANT)
    ecrites = [(d["reference"], d["objet"]) for f in envois(echanges) for d in lignes(f)]
    assert (str(retire.orientation), "demande") not in ecrites
    assert (str(garde.orientation), "demande") in ecrites
    assert ligne(admin, retire.orientation)["etat"] != "livre"


def test_taken_back_before_the_batch_nothing_is_written(echanges: Path, admin: Admin) -> None:
    cas = relais(partenaire("csv"))
    retirer(cas)
    assert export_lots(MAINTENANT).traites == 0
    assert envois(echanges) == []
    assert ligne(admin, cas.orientation)["etat"] == "rappele"


def test_taken_back_after_the_batch_the_next_one_says_so(echanges: Path) -> None:
    cas = relais(partenaire("csv"))
    export_lots(MAINTENANT)
    retirer(cas)
    assert export_lots(MAINTENANT + timedelta(minutes=5)).traites == 1
    assert sorted(d["objet"] for f in envois(echanges) for d in lignes(f)) == ["demande", "demande retirée"]


def test_eight_batches_at_once_write_each_person_once(echanges: Path, admin: Admin) -> None:
    cible = partenaire("csv")
    cas = [relais(cible) for _ in range(6)]
    depart = threading.Barrier(8)

    def exporter(_: int) -> int:
        depart.wait()
        return export_lots(MAINTENANT).traites

    with ThreadPoolExecutor(8) as fils:
        assert sum(fils.map(exporter, range(8))) == 6
    references = [d["reference"] for f in envois(echanges) for d in lignes(f)]
    assert sorted(references) == sorted(str(c.orientation) for c in cas)
    assert count(admin, "SELECT count(*) FROM pdp.outbox WHERE etat = 'livre' AND essais = 1") == 6


def test_a_worker_held_too_long_writes_nothing(echanges: Path, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    cas = relais(partenaire("csv"))
    monkeypatch.setattr(exchange_csv, "MARGE_S", -1.0)
    assert export_lots(MAINTENANT).echoues == 1
    assert envois(echanges) == []
    assert ligne(admin, cas.orientation)["etat"] == "a_envoyer"


def test_a_folder_that_cannot_be_written_is_tried_again(echanges: Path, admin: Admin) -> None:
    cas = relais(partenaire("csv"))
    echanges.mkdir()
    (echanges / "PF35").write_text("a file where a folder should be")
    assert export_lots(MAINTENANT).echoues == 1
    assert (ligne(admin, cas.orientation)["etat"], ligne(admin, cas.orientation)["dernier_code"]) == ("a_envoyer", "csv_write")
    (echanges / "PF35").unlink()
    assert export_lots(MAINTENANT + timedelta(hours=7)).traites == 1
    assert open_taches(admin, cas) == []


def test_without_an_exchange_folder_messages_wait(echanges: Path, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    cas = relais(partenaire("csv"))
    monkeypatch.delenv("PDP_ECHANGES")
    assert export_lots(MAINTENANT).traites == 0
    assert ligne(admin, cas.orientation)["etat"] == "a_envoyer"


def test_synthetic_data_are_said_synthetic(echanges: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_DEMONSTRATION", "1")
    relais(partenaire("csv"))
    export_lots(MAINTENANT)
    assert envois(echanges)[0].name.startswith("donnees-synthetiques_demandes_2026-11-18_")
