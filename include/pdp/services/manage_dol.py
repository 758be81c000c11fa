"""Document d'orientation local: written as a draft, then signed by a médecin-conseil; only a signed version delegates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pdp.domain.auteur import Auteur
from pdp.domain.dol import Regle, fingerprint
from pdp.domain.dol_redaction import check_table
from pdp.errors import AccesRefuse, Conflit, DonneeInvalide
from pdp.services.delais import get_lieu
from pdp.storage import journal
from pdp.storage.sql import query


def draft_dol(conn: Connection, auteur: Auteur, plateforme_id: str, du: date, regles: Sequence[dict[str, Any]]) -> UUID:
    """Write an unsigned version; ``regles`` are dicts of libelle, conditions (keys of domain.dol.CONDITIONS) and cible, in order.

    Raises :class:`DonneeInvalide` for a table that could not be signed.
    """
    check_table([Regle(str(i), i, r["libelle"], r["conditions"], r["cible"]) for i, r in enumerate(regles, start=1)])
    version = conn.execute(query("dol.creer_version"), {"plateforme": plateforme_id, "du": du}).scalar_one()
    conn.execute(
        query("dol.creer_regle"),
        [
            {
                "version": version,
                "plateforme": plateforme_id,
                "rang": rang,
                "libelle": regle["libelle"],
                "conditions": json.dumps(regle["conditions"]),
                "cible": regle["cible"],
            }
            for rang, regle in enumerate(regles, start=1)
        ],
    )
    journal.record(conn, "dol_prepare", plateforme_id=plateforme_id, donnees={"dol_version_id": version, "regles": len(regles)})
    return version


def sign_dol(conn: Connection, auteur: Auteur, version_id: UUID, maintenant: datetime) -> None:
    """Sign a version: the one in force ends the day before this one starts.

    Raises :class:`Conflit` when it is signed already or would overlap one signed for the same days or later, :class:`DonneeInvalide`
    when it would begin before the day of signature: nobody delegates in the past. Nothing is then written.
    """
    if auteur.role != "medecin_conseil":
        raise AccesRefuse("Seul un médecin-conseil signe le document d'orientation local.")
    version = conn.execute(query("dol.verrouiller_version"), {"version": version_id}).one()
    if version.signe_at is not None:
        raise Conflit("Cette version est déjà signée.")
    if version.du < get_lieu(conn, version.plateforme_id).jour(maintenant):
        raise DonneeInvalide(
            "Une version ne peut pas commencer avant le jour de sa signature : choisissez aujourd'hui ou un jour à venir."
            " Rien n'a été signé.",
            code="backdated",
        )
    regles = [
        Regle(str(r.id), r.rang, r.libelle, r.conditions, r.cible) for r in conn.execute(query("tri.lire_regles"), {"version": version_id})
    ]
    signature = {"version": version_id, "par": UUID(auteur.id), "maintenant": maintenant, "empreinte": fingerprint(regles)}
    try:
        with conn.begin_nested():
            conn.execute(query("dol.clore_precedente"), {"plateforme": version.plateforme_id, "du": version.du})
            conn.execute(query("dol.signer"), signature)
    except IntegrityError as erreur:  # the database refuses two signed versions on the same day
        raise Conflit(
            "Une version signée commence déjà ce jour-là ou plus tard. Rien n'a été signé : préparez une version qui commence après elle."
        ) from erreur
    journal.record(
        conn, "dol_signe", plateforme_id=version.plateforme_id, donnees={"dol_version_id": version_id, "version": version.version}
    )
