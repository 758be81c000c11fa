"""From the medical motif to the only thing that a coordinator may know of it."""

from __future__ import annotations

from pdp.domain.arret import MotifCategorie


def categorize_motif(code_cim10: str | None) -> MotifCategorie:
    """Chapter of the CIM-10 group: F (mental and behavioural) and M (locomotor) are told apart, everything else is ``autre``."""
    if not code_cim10:
        return "non_renseigne"
    if code_cim10[0] == "F":
        return "psychique"
    return "tms" if code_cim10[0] == "M" else "autre"
