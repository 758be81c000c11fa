"""Binary COPY to and from arrays: what comes out is what SQL shows, what goes in is what SQL reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
import psycopg
import pytest
from sqlalchemy import Connection, text

from fabrique import lot
from pdp.calcul.calendrier import numero
from pdp.storage import copie_binaire
from pdp.storage.copie_binaire import Lignes, copy_in, copy_out, encode, to_date
from pdp.storage.multiplages import Ensemble, encode_droits, find_differentes, select

SORTIE = "SELECT u, t, j, f, d, m FROM essai WHERE u BETWEEN :du AND :au ORDER BY u"
REQUETES = {
    "essai.sortir": f"COPY ({SORTIE}) TO STDOUT (FORMAT binary)",
    "essai.entrer": "COPY essai FROM STDIN (FORMAT binary)",
    "essai.faux": "COPY (SELECT 1 / (d - 1) FROM essai) TO STDOUT (FORMAT binary)",
    "essai.droits": "COPY droits FROM STDIN (FORMAT binary)",
    "essai.relire": "COPY (SELECT * FROM droits) TO STDOUT (FORMAT binary)",
}
TOUS = {"du": UUID(int=0), "au": UUID(int=2**128 - 1)}
ABSENT = -1


@pytest.fixture
def conn(base: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setattr(copie_binaire, "query", lambda nom: text(REQUETES[nom]))
    with lot() as ouverte:
        ouverte.execute(text("CREATE TEMPORARY TABLE essai (u uuid, j date, f date, d integer, m timestamptz, t text)"))
        ouverte.execute(text("CREATE TEMPORARY TABLE droits (u uuid, a datemultirange, b datemultirange, x date, y date)"))
        yield ouverte


def halves(uuid: UUID) -> list[int]:
    return [uuid.int >> 64, uuid.int & (2**64 - 1)]


def test_every_type_comes_out(conn: Connection) -> None:
    lignes = [
        (UUID(int=5), date(1999, 12, 31), None, -7, "2000-01-01T00:00:01Z", "court"),
        (UUID(int=2**127 + 1), date(2026, 2, 28), date(1970, 1, 1), 2**31 - 1, "1999-12-31T23:59:59Z", "bien plus long, accentué"),
        (UUID(int=2**64), date(1901, 1, 1), date(2099, 12, 31), 0, "2026-11-18T08:00:00Z", "é"),
    ]
    conn.exec_driver_sql("INSERT INTO essai VALUES (%s, %s, %s, %s, %s, %s)", lignes)
    lues = copy_out(conn, "essai.sortir", TOUS)
    lignes.sort(key=lambda ligne: ligne[0].int)
    assert len(lues) == 3
    assert lues.uuid().tolist() == [halves(ligne[0]) for ligne in lignes]
    assert lues.texte().tolist() == [ligne[5].encode() for ligne in lignes]
    assert lues.jour().tolist() == [numero(ligne[1]) for ligne in lignes]
    assert lues.jour_ou(ABSENT).tolist() == [ABSENT if ligne[2] is None else numero(ligne[2]) for ligne in lignes]
    assert lues.entier().tolist() == [ligne[3] for ligne in lignes]
    secondes = (datetime(2026, 11, 18, 8, tzinfo=UTC) - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds()
    assert lues.instant().tolist() == [1_000_000, int(secondes) * 1_000_000, -1_000_000]


def test_no_row_comes_out(conn: Connection) -> None:
    lues = copy_out(conn, "essai.sortir", TOUS)
    assert (len(lues), len(lues.uuid()), len(lues.texte()), len(lues.jour())) == (0, 0, 0, 0)


def test_infinity_is_a_far_day(conn: Connection) -> None:
    conn.execute(text("INSERT INTO essai VALUES (gen_random_uuid(), '-infinity', 'infinity', 1, now(), 'x')"))
    lues = copy_out(conn, "essai.sortir", TOUS)
    lues.uuid(), lues.texte()
    assert lues.jour()[0] < numero(date.min)
    assert lues.jour_ou(ABSENT)[0] > numero(date.max)


@pytest.mark.parametrize("nombre", [1, 2, 20_000])
def test_rows_go_in_and_come_out(conn: Connection, nombre: int) -> None:
    uuids = np.arange(2 * nombre, dtype=np.uint64).reshape(-1, 2) << np.uint64(40)
    jours, entiers = np.arange(nombre, dtype=np.int32), np.arange(nombre, dtype=np.int32) * 3
    textes = np.array([b"avis" * (1 + k % 3) for k in range(nombre)])
    instants = np.arange(nombre, dtype=np.int64) * 10**9
    copy_in(conn, "essai.entrer", encode([uuids, to_date(jours), to_date(jours + 1), entiers, instants, textes]))
    lues = copy_out(conn, "essai.sortir", TOUS)
    assert lues.uuid().tolist() == uuids.tolist()
    assert lues.texte().tolist() == textes.tolist()
    assert (lues.jour().tolist(), lues.jour_ou(ABSENT).tolist()) == (jours.tolist(), (jours + 1).tolist())
    assert (lues.entier().tolist(), lues.instant().tolist()) == (entiers.tolist(), instants.tolist())


def test_only_the_asked_range(conn: Connection) -> None:
    uuids, zeros = np.array([[0, k] for k in range(9)], np.uint64), np.zeros(9, np.int32)
    copy_in(conn, "essai.entrer", encode([uuids, zeros, zeros, zeros, zeros.astype(np.int64), np.array([b"x"] * 9)]))
    assert len(copy_out(conn, "essai.sortir", {"du": UUID(int=3), "au": UUID(int=5)})) == 3


def test_error_of_the_server_is_raised_and_the_connection_lives(conn: Connection) -> None:
    conn.execute(text("INSERT INTO essai VALUES (gen_random_uuid(), now(), now(), 1, now(), 'x')"))
    with conn.begin_nested() as point:
        with pytest.raises(psycopg.errors.DivisionByZero):
            copy_out(conn, "essai.faux", {})
        point.rollback()
    assert len(copy_out(conn, "essai.sortir", TOUS)) == 1


def ensemble(*lignes: tuple[int, int, int]) -> Ensemble:
    return Ensemble(*np.array(lignes, np.int32).reshape(-1, 3).T)


def droits() -> tuple[np.ndarray, Lignes]:
    """Three people: two runs and a day, nothing at all, one run in each set."""
    uuids = np.array([[1, 2], [3, 4], [2**64 - 1, 6]], np.uint64)
    gauche, droite = ensemble((0, 0, 4), (0, 9, 9), (2, -400, -400)), ensemble((2, 20_000, 20_100))
    jours = [np.array([ABSENT, 7, ABSENT], np.int32), np.array([20_500, ABSENT, ABSENT], np.int32)]
    return uuids, encode_droits(uuids, [gauche, droite], jours, ABSENT)


def test_sets_of_days_go_in(conn: Connection) -> None:
    _, lignes = droits()
    copy_in(conn, "essai.droits", select(lignes, np.ones(3, np.bool_)))
    assert [tuple(ligne) for ligne in conn.execute(text("SELECT u, a::text, b::text, x, y FROM droits ORDER BY u"))] == [
        (UUID(int=(1 << 64) + 2), "{[1970-01-01,1970-01-06),[1970-01-10,1970-01-11)}", "{}", None, date(2026, 2, 16)),
        (UUID(int=(3 << 64) + 4), "{}", "{}", date(1970, 1, 8), None),
        (UUID(int=((2**64 - 1) << 64) + 6), "{[1968-11-27,1968-11-28)}", "{[2024-10-04,2025-01-13)}", None, None),
    ]


def test_stored_rows_are_the_same_bytes_and_a_change_shows(conn: Connection) -> None:
    uuids, lignes = droits()
    copy_in(conn, "essai.droits", select(lignes, np.ones(3, np.bool_)))
    for change, attendu in (
        ("SELECT 1", [False, False, False]),
        ("UPDATE droits SET a = a + '{[2020-01-01,2020-01-02)}' WHERE x IS NULL AND y IS NULL", [False, False, True]),
        ("UPDATE droits SET x = '1970-01-09' WHERE x IS NOT NULL", [False, True, True]),
        ("DELETE FROM droits WHERE y IS NOT NULL", [True, True, True]),
    ):
        conn.execute(text(change))
        stockees = copy_out(conn, "essai.relire", {})
        ordre = {tuple(u): k for k, u in enumerate(stockees.uuid().tolist())}
        face = np.array([ordre.get(tuple(u), -1) for u in uuids.tolist()])
        assert find_differentes(lignes, stockees, face).tolist() == attendu
