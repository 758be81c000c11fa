"""Messages to the person, as they are written: channel, instant, duplicates, refusals, silence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT as M
from pdp.domain.coordonnees import fingerprint_coordonnee
from pdp.errors import DonneeInvalide
from pdp.services.write_message import Message, preview_message, recall_messages, write_message

Admin = psycopg.Connection[Any]
RDV = {"jour": "mardi 24 novembre 2026", "heure": "10 h 30"}


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def write(dossier: fabrique.Dossier, modele: str = "rappelez_nous", cause: str = "c1", maintenant: datetime = M, **options: Any) -> Message:
    with fabrique.lot() as conn:
        return write_message(conn, fabrique.TEST, dossier.parcours, modele=modele, cause=cause, maintenant=maintenant, **options)


def rows(admin: Admin) -> list[tuple[str, str, str | None]]:
    return admin.execute("SELECT canal, etat, dernier_code FROM pdp.outbox ORDER BY cree_at, id").fetchall()


def change(admin: Admin, dossier: fabrique.Dossier, **champs: Any) -> None:
    for champ, valeur in champs.items():
        admin.execute("SELECT securite.exiger_auteur FROM pg_proc LIMIT 0") if False else None
        admin.execute("SET session_replication_role = replica")
        admin.execute(f"UPDATE identite.assure SET {champ} = %s WHERE id = %s", (valeur, dossier.assure))
        admin.execute("SET session_replication_role = origin")


def test_one_row_per_cause_whatever_is_repeated(dossier: fabrique.Dossier, admin: Admin) -> None:
    premier, second = write(dossier), write(dossier)
    assert premier == second
    assert (premier.canal, premier.etat, premier.part_at) == ("sms", "a_envoyer", M + timedelta(seconds=30))
    assert premier.phrase == "SMS prêt : il part le 18/11/2026 à partir de 09:00."
    assert rows(admin) == [("sms", "a_envoyer", None)]
    (charge,) = admin.execute("SELECT charge FROM pdp.outbox").fetchone()
    with fabrique.lot() as conn:
        assert preview_message(conn, dossier.parcours, "rappelez_nous", {}, "sms").texte == charge["texte"]


def test_taken_back_once_then_written_again(dossier: fabrique.Dossier, admin: Admin) -> None:
    write(dossier)
    for attendu in (1, 0):
        with fabrique.lot() as conn:
            assert recall_messages(conn, parcours_id=dossier.parcours, cause="c1", maintenant=M, motif="undo") == attendu
    assert write(dossier).etat == "a_envoyer"
    assert sorted(rows(admin)) == [("sms", "a_envoyer", None), ("sms", "rappele", "rappel")]
