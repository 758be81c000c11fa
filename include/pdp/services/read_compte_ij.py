"""What is left of the IJ of a person on a day, read from the sets of days that the detection keeps (``pdp.droits_ij``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import find_ligne


@dataclass(frozen=True)
class CompteIJ:
    """Count on the day ``au``. ``epuisement_le``: first day, from the last computation on, when prescribed days meet the cap."""

    utilisees: int
    restantes: int
    epuisement_le: date | None
    au: date


def bornes_compte(jour: date) -> dict[str, int]:
    """Parameters of every statement that counts: years of the window, and cap, in force on ``jour``. Raises ReferentielIncomplet."""
    return {"annees": referentiel().entier("ij_fenetre_annees", jour), "plafond": referentiel().entier("ij_plafond_trois_ans", jour)}


def find_compte_ij(conn: Connection, assure_id: UUID, jour: date) -> CompteIJ | None:
    """None when nothing was computed for this person yet."""
    return find_ligne(conn, "droits_ij.lire_compte", CompteIJ, assure=assure_id, jour=jour, **bornes_compte(jour))
