"""A silence asked for, lifted, and calls made around it, as a coordinator does under her own role."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

import fabrique
from fabrique import MAINTENANT, auteur_agent
from pdp.services.record_contact import record_contact
from pdp.services.record_silence import lift_silence, set_silence
from pdp.storage import db

Admin = psycopg.Connection[Any]
JOUR = date(2026, 11, 18)
TACHES = "SELECT motif, echeance_at, fermee_at, issue FROM pdp.tache WHERE parcours_id = %s ORDER BY ouverte_at, motif"


def le(n: int) -> date:
    return JOUR + timedelta(days=n)


def a_18h(n: int) -> datetime:
    """End of the working day in Paris, winter time."""
    return MAINTENANT + timedelta(days=n, hours=9)


def ask(dossier: fabrique.Dossier, motif: str = "hospitalisation", au: int | None = 5, pose: int = 0, du: int | None = None) -> UUID:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        return set_silence(
            conn,
            auteur,
            dossier.assure,
            motif=motif,
            du=None if du is None else le(du),
            au=None if au is None else le(au),
            maintenant=MAINTENANT + timedelta(days=pose),
        ).id


def lift(dossier: fabrique.Dossier, silence: UUID, n: int = 0) -> None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        lift_silence(conn, auteur, silence, MAINTENANT + timedelta(days=n))


def call(
    dossier: fabrique.Dossier, resultat: str = "non_reponse", n: int = 0, cle: UUID | None = None, entrant: bool = False, heures: int = 0
) -> Any:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        return record_contact(
            conn,
            auteur,
            dossier.parcours,
            resultat=resultat,
            canal="telephone",
            note="",
            cle_saisie=cle or uuid4(),
            maintenant=MAINTENANT + timedelta(days=n, hours=heures),
            entrant=entrant,
        )


def open_taches(admin: Admin, dossier: fabrique.Dossier) -> dict[str, datetime]:
    return {motif: echeance for motif, echeance, fermee, _ in admin.execute(TACHES, (dossier.parcours,)) if fermee is None}
