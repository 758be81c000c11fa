"""Life of a referral Task: which status may follow which, set by whom, and what it means here.

The published closed loops (Gravity SDOH, BSeR) agree on the statuses and on who sets them. Where they are silent or wrong:

- ``in-progress > cancelled`` is allowed, for both: a person withdraws her agreement while she is followed, a partner stops.
  The published drawing has the arrow the other way round; a final status cannot start again, so the arrow is a slip.
- ``in-progress > on-hold`` is allowed: on-hold is defined as "started, then paused", and no other way into it makes sense of
  that. ``accepted > on-hold`` stays allowed, as drawn: the partner accepted and waits (for a place, for a paper).
- ``requested > received`` exists here though Gravity leaves ``received`` out: our life cycle has an acknowledgement.
- ``ready`` is set by nobody: it stands for tasks that need no acceptance, and a hand-over needs one.
- Before acceptance a partner declines (``rejected``, with its reason); ``cancelled`` is then the platform's only.
- ``entered-in-error`` is the platform's only, from any other status: it made the Task.

Repeating a status is no move: :func:`can_set` says False, and an update that keeps the status (news, report) is not asked here.
"""

from __future__ import annotations

from typing import Literal

from pdp.domain.orientation import Statut
from pdp.fhir.codes import TASK_STATUS

Acteur = Literal["plateforme", "partenaire"]
ACTEURS: tuple[Acteur, ...] = ("plateforme", "partenaire")
FINAUX = frozenset({"rejected", "cancelled", "failed", "completed", "entered-in-error"})

_ERREUR = "entered-in-error"
_PARTENAIRE: dict[str, frozenset[str]] = {
    "requested": frozenset({"received", "accepted", "rejected"}),
    "received": frozenset({"accepted", "rejected"}),
    "accepted": frozenset({"in-progress", "on-hold", "completed", "failed", "cancelled"}),
    "in-progress": frozenset({"on-hold", "completed", "failed", "cancelled"}),
    "on-hold": frozenset({"in-progress", "completed", "failed", "cancelled"}),
}
_PLATEFORME: dict[str, frozenset[str]] = {
    "draft": frozenset({"requested", "cancelled", _ERREUR}),
    **{s: frozenset({"cancelled", _ERREUR}) for s in ("requested", "received", "ready", "accepted", "in-progress", "on-hold")},
    **{s: frozenset({_ERREUR}) for s in ("rejected", "cancelled", "failed", "completed")},
}
TABLE: dict[Acteur, dict[str, frozenset[str]]] = {"plateforme": _PLATEFORME, "partenaire": _PARTENAIRE}

VERS_FHIR: dict[Statut, str] = {
    Statut.ENVOYEE: "requested",
    Statut.RECUE: "received",
    Statut.ACCEPTEE: "accepted",
    Statut.REFUSEE: "rejected",
    Statut.EN_COURS: "in-progress",
    Statut.REALISEE: "completed",
    Statut.SANS_SUITE: "failed",
    Statut.ANNULEE: "cancelled",
    Statut.EXPIREE: "cancelled",
}
DEPUIS_PARTENAIRE: dict[str, Statut | None] = {
    "draft": None,
    "requested": None,
    "received": Statut.RECUE,
    "ready": Statut.ACCEPTEE,
    "accepted": Statut.ACCEPTEE,
    "rejected": Statut.REFUSEE,
    "in-progress": Statut.EN_COURS,
    "on-hold": None,
    "completed": Statut.REALISEE,
    "failed": Statut.SANS_SUITE,
    "cancelled": Statut.SANS_SUITE,
    "entered-in-error": Statut.SANS_SUITE,
}
"""Status of ours when a *partner* set that one; None = it moves nothing here (on-hold is told as news)."""


def can_set(acteur: Acteur, avant: str, apres: str) -> bool:
    """Whether ``acteur`` may move a Task from ``avant`` to ``apres``; False for an unknown status and for the same status."""
    return apres in TABLE[acteur].get(avant, frozenset())


def list_pairs() -> list[tuple[str, str, tuple[Acteur, ...]]]:
    """Every ordered pair of different statuses with who may make the move; nobody = refused."""
    return [(avant, apres, who_can_set(avant, apres)) for avant in TASK_STATUS for apres in TASK_STATUS if avant != apres]


def who_can_set(avant: str, apres: str) -> tuple[Acteur, ...]:
    """The actors who may make this move."""
    return tuple(acteur for acteur in ACTEURS if can_set(acteur, avant, apres))
