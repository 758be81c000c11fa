"""What the tests of exchanges read and do behind the services."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text

from fabrique import MAINTENANT, lot
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.partners.contrat import Classe, Remise
from pdp.services import send_outbox
from pdp.services.send_outbox import claim_suivant, record_remise
from pdp.storage import db
from relais import Relais

EXPEDITEUR = systeme("send_outbox")


def ligne(admin: psycopg.Connection, orientation: UUID, type: str = "orientation") -> dict[str, Any]:
    with admin.cursor(row_factory=psycopg.rows.dict_row) as curseur:
        trouvee = curseur.execute("SELECT * FROM pdp.outbox WHERE orientation_id = %s AND type = %s", (orientation, type)).fetchone()
    assert trouvee is not None
    return trouvee


def count(admin: psycopg.Connection, requete: str, *parametres: object) -> int:
    return admin.execute(requete, parametres).fetchone()[0]


def events(admin: psycopg.Connection, evenement: str) -> int:
    return count(admin, "SELECT count(*) FROM journal.evenement WHERE evenement = %s", evenement)


def open_taches(admin: psycopg.Connection, cas: Relais) -> list[tuple[str, str]]:
    requete = "SELECT motif, cause FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL AND motif = 'message_en_echec'"
    return admin.execute(requete, (cas.dossier.parcours,)).fetchall()


def read_mail(fichier: Path) -> str:
    """Headers and both parts, decoded."""
    message = email.message_from_bytes(fichier.read_bytes(), policy=email.policy.default)
    parties = [message.get_body((genre,)).get_content() for genre in ("plain", "html")]
    return "\n".join((*(f"{nom}: {valeur}" for nom, valeur in message.items()), *parties))


def update(requete: str, **parametres: object) -> None:
    with lot() as conn:
        assert conn.execute(text(requete), parametres).rowcount == 1


def lapse(admin: psycopg.Connection) -> None:
    """Time passes: whoever held a message, or tried a cut partner, is gone."""
    admin.execute("SET session_replication_role = replica")  # time is no act of anybody
    admin.execute("UPDATE pdp.outbox SET bail_jusqu_a = clock_timestamp() - interval '1 second' WHERE etat = 'en_cours'")
    admin.execute(
        "UPDATE pdp.circuit_partenaire SET essai_jusqu_a = clock_timestamp() - interval '1 second' WHERE essai_jusqu_a IS NOT NULL"
    )
    admin.execute("SET session_replication_role = origin")


def claim() -> send_outbox.LigneReclamee | None:
    with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
        return claim_suivant(conn, MAINTENANT, [])


def finish(reclamee: send_outbox.LigneReclamee, code: str) -> str | None:
    with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
        return record_remise(conn, EXPEDITEUR, reclamee, Remise(Classe.LIVRE, code), MAINTENANT)
