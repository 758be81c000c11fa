"""PostgreSQL rows to and from NumPy through the binary COPY: columns decoded and encoded for all rows at once, no Python object per value.

The statements are named queries whose text is a whole COPY. Rows arrive one libpq message each, which gives their lengths for nothing;
the low-level call is used because an iteration of the driver costs more than the server's work on the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import ClientCursor, errors, pq
from sqlalchemy import Connection

from pdp.storage.sql import query

Entiers = NDArray[np.int64]
Octets = NDArray[np.uint8]

_ENTETE = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8
_FIN = b"\xff\xff"
_JOURS_1970_2000 = 10957
_JOUR_EXTREME = 4_000_000
"""No day further than this (year 12,921) leaves the decoder: 'infinity' becomes a far day instead of overflowing."""
_TRANCHE = 1 << 20


class Lignes:
    """Rows of one COPY, decoded column by column, in order: each call reads the next one."""

    def __init__(self, octets: Octets, debuts: Entiers) -> None:
        self.octets = octets
        self.debuts = debuts
        self._position = debuts + 2

    def __len__(self) -> int:
        return len(self.debuts)

    @property
    def longueurs(self) -> Entiers:
        """Bytes of each row."""
        return np.diff(self.debuts, append=len(self.octets))

    def uuid(self) -> NDArray[np.uint64]:
        """(n, 2): high and low half."""
        return self._fixe("V16").view(">u8").reshape(-1, 2).astype(np.uint64)

    def entier(self) -> NDArray[np.int32]:
        return self._fixe(">i4").astype(np.int32)

    def instant(self) -> Entiers:
        """Microseconds since 1 January 2000 UTC."""
        return self._fixe(">i8").astype(np.int64)

    def jour(self) -> NDArray[np.int32]:
        """Days since 1 January 1970."""
        return _from_jour(self._fixe(">i4"))

    def jour_ou(self, absent: int) -> NDArray[np.int32]:
        """Days since 1 January 1970; NULL becomes `absent`."""
        longueurs = self._longueurs()
        connu = longueurs > 0
        jours = np.full(len(self), absent, np.int32)
        jours[connu] = _from_jour(_view(self.octets, ">i4")[self._position[connu] + 4])
        self._position = self._position + 4 + np.maximum(longueurs, 0)
        return jours

    def texte(self) -> NDArray[np.bytes_]:
        """UTF-8 bytes, padded; they compare as the "C" collation does. Not NULL."""
        longueurs = self._longueurs()
        largeur = max(1, int(longueurs.max(initial=1)))
        places = self._position + 4
        dernier = len(self.octets) - largeur
        textes = _view(self.octets, f"V{largeur}")[np.minimum(places, max(0, dernier))].view(np.uint8).reshape(-1, largeur)
        for ligne in np.flatnonzero(places > dernier):  # a short text nearer to the end of the buffer than the widest one
            textes[ligne, : longueurs[ligne]] = self.octets[places[ligne] : places[ligne] + longueurs[ligne]]
        if int(longueurs.min(initial=largeur)) < largeur:
            textes[np.arange(largeur) >= longueurs[:, None]] = 0
        self._position = self._position + 4 + longueurs
        return np.ascontiguousarray(textes).view(f"S{largeur}").reshape(-1)

    def _longueurs(self) -> NDArray[np.int32]:
        return _view(self.octets, ">i4")[self._position].astype(np.int32)

    def _fixe(self, dtype: str) -> NDArray[Any]:
        """Column NOT NULL of fixed width."""
        valeurs: NDArray[Any] = _view(self.octets, dtype)[self._position + 4]
        self._position = self._position + 4 + np.dtype(dtype).itemsize
        return valeurs


def copy_out(conn: Connection, nom: str, parametres: dict[str, Any]) -> Lignes:
    """Rows of the named COPY … TO STDOUT (FORMAT binary). The transaction must have begun. Raises psycopg.Error."""
    compilee = query(nom).compile(dialect=conn.dialect)
    brute = conn.connection.driver_connection
    assert brute is not None
    requete = ClientCursor(brute).mogrify(compilee.string, parametres)
    with brute.lock:
        return _split(*_receive(brute.pgconn, requete.encode()))


def _receive(pgconn: pq.abc.PGconn, requete: bytes) -> tuple[bytearray, list[int]]:
    resultat = pgconn.exec_(requete)
    if resultat.status != pq.ExecStatus.COPY_OUT:
        raise errors.error_from_result(resultat)
    octets, longueurs = bytearray(), []
    recevoir, ajouter = pgconn.get_copy_data, longueurs.append
    while True:
        nombre, ligne = recevoir(0)
        if nombre <= 0:
            break
        octets += ligne
        ajouter(nombre)
    erreur = None
    # the connection serves again only once every result is read
    while (suite := pgconn.get_result()) is not None:
        if suite.status != pq.ExecStatus.COMMAND_OK:
            erreur = erreur or errors.error_from_result(suite)
    if erreur is not None:
        raise erreur
    return octets, longueurs


def _split(octets: bytearray, longueurs: list[int]) -> Lignes:
    """The signature comes before the first row, in its message or in one of its own; the trailer ends the last message."""
    if not octets.startswith(_ENTETE[:11]) or not octets.endswith(_FIN):
        raise errors.DataError("binary COPY without its signature or its trailer")
    fins = np.cumsum(np.array(longueurs, np.int64))
    debuts = np.concatenate(([len(_ENTETE)], fins))
    debuts = debuts[(debuts >= len(_ENTETE)) & (debuts < len(octets) - len(_FIN))]
    debuts = debuts[np.concatenate(([True], debuts[1:] != debuts[:-1]))] if len(debuts) else debuts
    donnees = np.frombuffer(octets, np.uint8)[len(_ENTETE) : len(octets) - len(_FIN)]
    return Lignes(donnees, debuts - len(_ENTETE))


def copy_in(conn: Connection, nom: str, blocs: Sequence[bytes | memoryview]) -> None:
    """Send encoded rows to the named COPY … FROM STDIN (FORMAT binary)."""
    brute = conn.connection.driver_connection
    assert brute is not None
    with brute.cursor() as curseur, curseur.copy(query(nom).text) as copie:
        copie.write(_ENTETE)
        for bloc in blocs:
            vue = memoryview(bloc)
            for debut in range(0, len(vue), _TRANCHE):
                copie.write(vue[debut : debut + _TRANCHE])
        copie.write(_FIN)


def encode(colonnes: Sequence[NDArray[Any]]) -> list[bytes]:
    """Rows NOT NULL ready for `copy_in`. A column is int32, int64, uint64 (n, 2) for a uuid, or bytes; rows come out grouped by length."""
    fixes = [c for c in colonnes if c.dtype.kind != "S"]
    textes = [c for c in colonnes if c.dtype.kind == "S"]
    if len(textes) > 1 or (textes and colonnes[-1].dtype.kind != "S"):
        raise ValueError("at most one text column, the last one")
    if not textes:
        return [_encode(fixes, None)]
    longueurs = np.char.str_len(textes[0])
    return [
        _encode([c[choix] for c in fixes], textes[0][choix].astype(f"S{max(1, longueur)}"), longueur)
        for longueur in np.unique(longueurs)
        if (choix := longueurs == longueur).any()
    ]


def _encode(fixes: Sequence[NDArray[Any]], texte: NDArray[Any] | None, largeur: int = 0) -> bytes:
    colonnes = [*fixes, *([texte] if texte is not None else [])]
    formats = [_FORMATS[c.dtype.kind, c.dtype.itemsize] if c.dtype.kind != "S" else f"V{largeur}" for c in colonnes]
    champs = [("champs", ">i2")] + [champ for k, f in enumerate(formats) for champ in ((f"n{k}", ">i4"), (f"c{k}", f))]
    lignes = np.empty(len(colonnes[0]), np.dtype(champs))
    lignes["champs"] = len(colonnes)
    for k, (colonne, f) in enumerate(zip(colonnes, formats, strict=True)):
        lignes[f"n{k}"] = np.dtype(f).itemsize
        if f == "V16":
            lignes[f"c{k}"] = colonne.astype(">u8").view("V16").reshape(-1)
        elif not f.startswith("V"):
            lignes[f"c{k}"] = colonne
        elif largeur:
            lignes[f"c{k}"] = colonne.view(f)
    return lignes.tobytes()


_FORMATS = {("i", 4): ">i4", ("i", 8): ">i8", ("u", 8): "V16"}


def to_date(jours: NDArray[np.int32]) -> NDArray[np.int32]:
    """Days since 1 January 1970 as a date column sends them."""
    return jours - np.int32(_JOURS_1970_2000)


def _from_jour(valeurs: NDArray[Any]) -> NDArray[np.int32]:
    return np.clip(valeurs.astype(np.int32), -_JOUR_EXTREME, _JOUR_EXTREME) + np.int32(_JOURS_1970_2000)


def _view(octets: Octets, dtype: str) -> NDArray[Any]:
    """The buffer read as `dtype` from every byte on: indexing it gathers values at any position."""
    forme = np.dtype(dtype)
    return np.ndarray((max(0, len(octets) - forme.itemsize + 1),), forme, octets, strides=(1,))
