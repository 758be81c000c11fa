"""Short messages: the GSM-7 alphabet (3GPP TS 23.038), its length, and how many segments a text costs."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_BASE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLES = frozenset("^{}\\[~]|€")
"""Extension table: each counts for two."""
_VOISINS = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "«": '"',
        "»": '"',
        "“": '"',
        "”": '"',
        "\u00a0": " ",
        "\u202f": " ",
        "–": "-",
        "—": "-",
        "…": "...",
        "œ": "oe",
        "Œ": "OE",
    }
)
SEGMENT, SEGMENT_SUIVI = 160, 153
SEGMENT_UCS2, SEGMENT_UCS2_SUIVI = 70, 67


@dataclass(frozen=True, slots=True)
class Taille:
    """Alphabet, length in units of that alphabet, number of segments the network bills."""

    alphabet: str
    longueur: int
    segments: int


def to_gsm7(texte: str) -> str:
    """Nearest text in the GSM-7 alphabet: « ê » becomes « e », typographic marks become plain ones; what has no neighbour stays."""
    return "".join(_nearest(c) for c in texte.translate(_VOISINS))


def measure(texte: str) -> Taille:
    """What this text costs as it is; one character outside GSM-7 makes the whole text UCS-2."""
    if all(c in _BASE or c in _DOUBLES for c in texte):
        longueur = sum(2 if c in _DOUBLES else 1 for c in texte)
        return Taille("GSM-7", longueur, _segments(longueur, SEGMENT, SEGMENT_SUIVI))
    longueur = len(texte.encode("utf-16-be")) // 2
    return Taille("UCS-2", longueur, _segments(longueur, SEGMENT_UCS2, SEGMENT_UCS2_SUIVI))


def _segments(longueur: int, seul: int, suivi: int) -> int:
    return 1 if longueur <= seul else -(-longueur // suivi)


def _nearest(c: str) -> str:
    if c in _BASE or c in _DOUBLES:
        return c
    nu = "".join(d for d in unicodedata.normalize("NFKD", c) if not unicodedata.combining(d))
    return nu if nu and all(d in _BASE for d in nu) else c
