"""Codes of the caisses: what an indemnité journalière was paid for, and how an affection or an invalidity was recognised.

Natures of benefit (PRS_NAT_REF), insurance (RGO_ASU_NAT) and kinds of recognition (IMB_ETM_NAT) as the national claims data publish them.
A code that is in no table is kept as ``autre``: an unknown benefit is no reason to lose a payment, and it counts for nothing.
"""

from __future__ import annotations

from typing import Literal

RisqueVerse = Literal["maladie", "atmp", "maternite", "autre"]
NatureAffection = Literal["ald", "hors_liste", "polypathologie", "at", "mp", "l324", "invalidite"]

NATURES_IJ = frozenset({*range(6110, 6121), 6131, 6132, 6133})
"""Indemnités journalières of sickness and of AT/MP; the insurance tells which."""
NATURE_ITI = 6120
"""Indemnité temporaire d'inaptitude: exists for AT/MP only."""
NATURES_TEMPS_PARTIEL = frozenset({6117, 6118})
NATURES_MATERNITE = frozenset(range(6121, 6130))

RISQUES_ASSURANCE: dict[str, RisqueVerse] = {"10": "maladie", "30": "maternite", "40": "atmp"}
"""RGO_ASU_NAT; AT and MP cannot be told apart there. 80 (invalidity) and the rest are ``autre``."""

NATURES_AFFECTION: dict[str, NatureAffection] = {
    "41": "ald", "43": "hors_liste", "45": "polypathologie", "11": "at", "12": "mp", "13": "invalidite", "47": "l324",
}  # fmt: skip
"""IMB_ETM_NAT."""
_LISTE = range(1, 31)
"""IMB_ALD_NUM that name an affection of the list; 31, 32 and 99 only say « outside the list »."""


def tell_risque(nature: str, assurance: str) -> RisqueVerse:
    """What a paid period stands for, from PRS_NAT_REF and RGO_ASU_NAT; paternity, PAMC and unknown natures are ``autre``."""
    numero = int(nature)
    if numero in NATURES_MATERNITE:
        return "maternite"
    if numero not in NATURES_IJ:
        return "autre"
    return "atmp" if numero == NATURE_ITI else RISQUES_ASSURANCE.get(assurance, "autre")


def is_temps_partiel(nature: str) -> bool:
    """Therapeutic part-time: paid without a full absence."""
    return int(nature) in NATURES_TEMPS_PARTIEL


def name_affection(numero: int | None, code_cim10: str | None, nature: NatureAffection) -> str:
    """What makes two rights speak of one affection: number of the list and CIM-10 group, else how it was recognised.

    Medical: to be hashed with a key before it leaves the medical class.
    """
    de_liste = str(numero) if numero in _LISTE else ""
    groupe = (code_cim10 or "")[:3]
    return f"{de_liste}|{groupe}" if de_liste or groupe else f"{nature}|"
