"""Lines of a DSN file: from bytes to (rubric, value), whatever the line ends, the encoding and the damage.

Nothing here raises: a line that cannot be understood is counted and skipped, and bank data is emptied before anybody can see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

LIGNE_MAX = 16_384
BANCAIRES = frozenset({"S21.G00.20.003", "S21.G00.20.004", "S21.G00.60.007", "S21.G00.60.008"})
"""IBAN and BIC: nothing in the product needs them."""

_LIGNE = re.compile(r"\s*(S[0-9]{2}\.G[0-9]{2}\.[0-9]{2}\.[0-9]{3})\s*,\s*(')?(.*?)\s*", re.DOTALL | re.IGNORECASE)
_MOJIBAKE = re.compile("[ÂÃÅ][\x80-\xbf\u2018-\u203a€œŒ]|\ufffd|[\x80-\x9f]|ï¿½")
_INTERROGATION = re.compile(r"[^\W\d_]\?[^\W\d_]")
_BOM = b"\xef\xbb\xbf"


class LigneDsn(NamedTuple):
    """``rubrique`` is empty for a line that is not one; ``fautes`` are codes of what is wrong with its writing."""

    numero: int
    rubrique: str
    valeur: str
    fautes: tuple[str, ...] = ()


@dataclass(slots=True)
class Encodages:
    """What the lines met so far say of the encoding of the file."""

    utf8: int = 0
    latin1: int = 0
    nul: bool = False
    octets: int = 0

    @property
    def nom(self) -> str:
        """``mixte`` when some lines are UTF-8 and others are not."""
        if self.utf8 and self.latin1:
            return "mixte"
        if self.latin1:
            return "iso-8859-1"
        return "utf-8" if self.utf8 else "ascii"


def split_lignes(blocs: Iterable[bytes]) -> Iterator[bytes]:
    """Physical lines of a file read in blocks: CRLF, LF or CR. A line beyond :data:`LIGNE_MAX` is cut there, its tail dropped."""
    reste = b""
    for bloc in blocs:
        reste += bloc
        suite = b""
        if reste.endswith(b"\r"):
            reste, suite = reste[:-1], b"\r"
        morceaux = reste.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        reste = morceaux.pop()[:LIGNE_MAX] + suite
        yield from morceaux
    if reste.rstrip(b"\r"):
        yield reste.rstrip(b"\r")


def read_lignes(lignes: Iterable[bytes], encodages: Encodages) -> Iterator[LigneDsn]:
    """Lines that are not blank, numbered from 1 as they stand in the file."""
    for numero, brute in enumerate(lignes, start=1):
        octets = brute[len(_BOM) :] if numero == 1 and brute.startswith(_BOM) else brute
        encodages.octets += len(octets)
        if not octets.strip():
            continue
        if b"\x00" in octets:
            encodages.nul = True
        yield parse_ligne(numero, _decode(octets[:LIGNE_MAX], encodages))


def _decode(octets: bytes, encodages: Encodages) -> str:
    if octets.isascii():
        return octets.decode("ascii")
    try:
        texte = octets.decode("utf-8")
    except UnicodeDecodeError:
        encodages.latin1 += 1
        return octets.decode("iso-8859-1")
    encodages.utf8 += 1
    return texte


def parse_ligne(numero: int, texte: str) -> LigneDsn:
    """One line; quotes inside the value are part of it, a missing last quote is a fault and the value is kept."""
    trouve = _LIGNE.fullmatch(texte)
    if trouve is None:
        return LigneDsn(numero, "", "", ("ligne_illisible",))
    rubrique, ouvert, valeur = trouve[1].upper(), trouve[2], trouve[3]
    fautes: tuple[str, ...] = ()
    if ouvert and valeur.endswith("'"):
        valeur = valeur[:-1]
    else:
        fautes = ("guillemet_manquant",)
    valeur = valeur.strip()
    if rubrique in BANCAIRES:
        return LigneDsn(numero, rubrique, "", fautes)
    if _is_abime(valeur):
        fautes = (*fautes, "accents_abimes")
    return LigneDsn(numero, rubrique, valeur, fautes)


def _is_abime(valeur: str) -> bool:
    """Accents lost on the way: replacement characters, control characters, UTF-8 read as another encoding, « ? » inside a word."""
    if valeur.isascii():
        return "?" in valeur and _INTERROGATION.search(valeur) is not None
    return _MOJIBAKE.search(valeur) is not None or ("?" in valeur and _INTERROGATION.search(valeur) is not None)
