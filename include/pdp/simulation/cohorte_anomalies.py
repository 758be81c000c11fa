"""Deliberately bad lines: one of every kind that a real delivery brings, so that the quarantine is never empty in a demonstration."""

from __future__ import annotations

from collections.abc import Callable

Cellules = list[str]


def _set(position: int, valeur: str) -> Callable[[Cellules], Cellules]:
    def change(cellules: Cellules) -> Cellules:
        return [*cellules[:position], valeur, *cellules[position + 1 :]]

    return change


def _swap_dates(cellules: Cellules) -> Cellules:
    """A prescription of several days whose ends were exchanged."""
    return [*cellules[:2], "2026-03-20", "2026-03-02", *cellules[4:]]


def _wrong_key(cellules: Cellules) -> Cellules:
    nir = cellules[1]
    return [cellules[0], f"{nir[:13]}{(int(nir[13:]) % 97) + 1:02d}", *cellules[2:]]


def _wrong_luhn(cellules: Cellules) -> Cellules:
    return [*cellules[:9], "99000000001", *cellules[10:]]


# Applied to the cells of a right line of ``arrets_prescrits``; each becomes a new avis.
ARRETS: tuple[Callable[[Cellules], Cellules], ...] = (
    _set(2, "31/02/2026"),
    _set(2, "2026-13-01"),
    _set(3, "30-06-2026"),
    _set(3, ""),
    _set(2, "1926-05-04"),
    _set(3, "2061-05-04"),
    _swap_dates,
    _swap_dates,
    _swap_dates,
    _set(1, "351-999901"),
    _set(1, "351-999902"),
    _set(1, "571-999903"),
    _set(1, ""),
    _set(4, ""),
    _set(4, "renouvellement"),
    _set(5, "grippe"),
    _set(5, ""),
    _set(6, "peut-être"),
    _set(7, "lumbago"),
    _wrong_luhn,
    _set(9, "12345"),
    _set(11, "hier matin"),
    _set(12, "fax"),
    _set(13, "O"),
    lambda cellules: cellules[:-2],
    lambda cellules: [*cellules, "commentaire libre"],
    _set(7, '"M54'),
)

# Applied to the cells of a right line of ``assures``; each becomes a new person.
ASSURES: tuple[Callable[[Cellules], Cellules], ...] = (
    _wrong_key,
    _wrong_key,
    lambda cellules: [cellules[0], cellules[1][:12], *cellules[2:]],
    _set(4, "30/02/1980"),
    _set(2, ""),
    _set(3, "HÃ©lÃ¨ne"),
    _set(5, "X"),
    _set(8, "0000000000"),
)
