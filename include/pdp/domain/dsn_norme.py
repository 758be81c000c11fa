"""Which rubrics exist in the norms P25V01 and P26V01, block by block: what is not here is reported, never refused."""

from __future__ import annotations

from functools import cache

NORMES = ("P25V01", "P26V01")
NORME_COURANTE = "P26V01"

# Block -> numbers of its rubrics in either norm. A rubric is an integer, "n-m" is every number between the two.
_BLOCS: dict[str, str] = {
    "S05.G51.00": "1-6",
    "S06.G51.00": "1",
    "S10.G00.00": "1-8",
    "S10.G00.01": "1-10",
    "S10.G00.02": "1-2 4-6",
    "S20.G00.05": "1-13",
    "S20.G00.07": "1-4",
    "S20.G00.08": "1",
    "S21.G00.06": "1-12 15",
    "S21.G00.11": "1-9 15-17 19-20 22-25",
    "S21.G00.12": "1-3",
    "S21.G00.13": "1-4",
    "S21.G00.15": "1-5",
    "S21.G00.16": "1-3",
    "S21.G00.20": "1-8 10-14",
    "S21.G00.22": "1-6",
    "S21.G00.23": "1-7",
    "S21.G00.30": "1-20 22-25 29-30",
    "S21.G00.31": "1 8-11",
    "S21.G00.34": "1-3",
    "S21.G00.40": "1-14 16-33 35-37 39-46 48-83",
    "S21.G00.41": "1-8 10-14 16-25 27-65",
    "S21.G00.44": "1-4",
    "S21.G00.45": "1-2",
    "S21.G00.50": "1-4 6-9 11-13 20",
    "S21.G00.51": "1-2 10-16 19-20",
    "S21.G00.52": "1-4 6-7",
    "S21.G00.53": "1-3",
    "S21.G00.54": "1-5",
    "S21.G00.55": "1-5",
    "S21.G00.56": "1-10 15",
    "S21.G00.58": "1-4",
    "S21.G00.60": "1-8 10-12 600",
    "S21.G00.62": "1-6 8 11 13-14 16-21",
    "S21.G00.63": "1-3",
    "S21.G00.65": "1-5",
    "S21.G00.66": "1-3",
    "S21.G00.70": "4-5 7-15",
    "S21.G00.71": "2",
    "S21.G00.72": "1",
    "S21.G00.73": "1-11",
    "S21.G00.78": "1-7",
    "S21.G00.79": "1 4-5",
    "S21.G00.81": "1-7",
    "S21.G00.82": "1-6",
    "S21.G00.83": "1-2",
    "S21.G00.84": "1-5",
    "S21.G00.85": "1-11",
    "S21.G00.86": "1-3 5",
    "S21.G00.95": "1-5",
    "S21.G00.98": "1-4",
    "S89.G00.32": "1-17",
    "S89.G00.33": "1-2",
    "S89.G00.35": "1-2",
    "S89.G00.43": "1-2",
    "S89.G00.67": "1-5",
    "S89.G00.87": "1-8",
    "S89.G00.88": "1-9",
    "S89.G00.89": "1-8",
    "S89.G00.91": "1-21",
    "S89.G00.92": "1-18",
    "S89.G00.93": "1-10 13",
    "S89.G00.94": "1-2",
    "S90.G00.90": "1-2",
    "S95.G51.00": "1-2",
    "S96.G51.00": "1-2",
}
# Rubrics of one norm only.
_SEULEMENT: dict[str, frozenset[str]] = {
    "P25V01": frozenset({"S21.G00.06.009", "S21.G00.11.008"}),
    "P26V01": frozenset({"S21.G00.11.025", "S21.G00.30.030", "S21.G00.40.082", "S21.G00.40.083", "S89.G00.92.018"}),
}


@cache
def list_rubriques(norme: str) -> frozenset[str]:
    """Rubrics of a norm; one that is not known is read as the current one."""
    norme = norme if norme in NORMES else NORME_COURANTE
    etrangeres = frozenset().union(*(rubriques for autre, rubriques in _SEULEMENT.items() if autre != norme))
    return frozenset(f"{bloc}.{numero:03d}" for bloc, plages in _BLOCS.items() for numero in _expand(plages)) - etrangeres


def _expand(plages: str) -> list[int]:
    numeros: list[int] = []
    for plage in plages.split():
        premier, _, dernier = plage.partition("-")
        numeros.extend(range(int(premier), int(dernier or premier) + 1))
    return numeros
