"""Hand-overs delivered to a partner of the portal, for the tests of the clocks: what it says, what the sweep does, what is seen of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.auteur import systeme
from pdp.domain.bilan import Bilan
from pdp.services.apply_reponses import apply_reponses
from pdp.services.sweep_orientations import sweep_orientations
from pdp.storage import inbox
from relais import Relais, relais

RELANCE, COLLECTE = systeme("sweep_orientations"), systeme("collect_reponses")
SOIR = timedelta(hours=9, minutes=30)  # after 18:00 in Paris, from MAINTENANT (Wednesday 18 November 2026, 09:00)
JOURS = timedelta(days=1)
ACCUSE = MAINTENANT + 7 * JOURS + SOIR  # five working days: Wednesday 25


def deliver(cas: Relais, le: datetime = MAINTENANT) -> None:
    execute("UPDATE pdp.orientation SET envoyee_at = :le WHERE id = :o", le=le, o=cas.orientation)


def execute(requete: str, **valeurs: Any) -> None:
    with lot() as conn:
        conn.execute(fabrique.text(requete), valeurs)


def sweep(le: datetime, lot_max: int = 100) -> Bilan:
    with lot(RELANCE) as conn:
        return sweep_orientations(conn, "PF35", RELANCE, le, lot_max)


def faits(bilan: Bilan) -> dict[str, int]:
    return {cle: n for cle, n in bilan.detail.items() if cle in ("relances", "appels", "expirees")}


def say(cas: Relais, nature: str, version: int, le: datetime, **champs: Any) -> None:
    with lot(COLLECTE) as conn:
        inbox.deposit(
            conn,
            plateforme_id="PF35",
            partenaire_id=cas.partenaire,
            evenement_id=str(uuid4()),
            orientation_id=cas.orientation,
            version=version,
            statut=champs.get("statut"),
            motif=champs.get("motif"),
            compte_rendu=champs.get("texte"),
            survenu_at=le,
            empreinte=uuid4().bytes,
            maintenant=le,
            transport=champs.get("transport", "portail"),
            nature=nature,
            rendez_vous_at=champs.get("rendez_vous_at"),
        )


def apply(le: datetime) -> dict[str, int]:
    with lot(COLLECTE) as conn:
        return apply_reponses(conn, "PF35", COLLECTE, le).detail


def horloge(admin: psycopg.Connection, cas: Relais) -> tuple[Any, ...]:
    return admin.execute(
        "SELECT statut, etape, balle, (echeance_at AT TIME ZONE 'Europe/Paris')::date, arretee, relances"
        " FROM pdp.orientation WHERE id = %s",
        (cas.orientation,),
    ).fetchone()


def taches(admin: psycopg.Connection, cas: Relais) -> list[str]:
    lignes = admin.execute(
        "SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL ORDER BY motif", (cas.dossier.parcours,)
    )
    return [motif for (motif,) in lignes]


def messages(admin: psycopg.Connection, cas: Relais) -> list[tuple[str, str, str | None]]:
    lignes = admin.execute(
        "SELECT type, canal, charge ->> 'contact_id' FROM pdp.outbox WHERE orientation_id = %s AND type <> 'orientation'"
        " ORDER BY cree_at, type, charge::text",
        (cas.orientation,),
    )
    return [tuple(ligne) for ligne in lignes]


def evenements(admin: psycopg.Connection, cas: Relais) -> list[str]:
    lignes = admin.execute("SELECT evenement FROM journal.evenement WHERE parcours_id = %s ORDER BY id", (cas.dossier.parcours,))
    return [e for (e,) in lignes]


def add_collegue(cas: Relais, *, rappels: bool = True) -> UUID:
    with lot() as conn:
        return fabrique._one(
            conn,
            "INSERT INTO pdp.partenaire_contact (plateforme_id, partenaire_id, nom, courriel, rappels, ajoute_at)"
            " VALUES ('PF35', :p, 'Collègue', :c, :r, :m) RETURNING id",
            p=cas.partenaire,
            c=f"collegue-{uuid4().hex[:6]}@exemple.invalid",
            r=rappels,
            m=MAINTENANT,
        )


def add_absence(cas: Relais, du: date, au: date, *, contact: UUID | None = None, relais_id: UUID | None = None) -> None:
    execute(
        "INSERT INTO pdp.partenaire_absence (plateforme_id, partenaire_id, contact_id, du, au, relais_id, posee_at)"
        " VALUES ('PF35', :p, :c, :du, :au, :r, :m)",
        p=cas.partenaire,
        c=contact,
        du=du,
        au=au,
        r=relais_id,
        m=MAINTENANT,
    )


def delivered() -> Relais:
    """A platform, a parcours and its hand-over, which the partner has since MAINTENANT."""
    with lot() as conn:
        fabrique.socle(conn)
    cas = relais(None)
    deliver(cas)
    return cas
