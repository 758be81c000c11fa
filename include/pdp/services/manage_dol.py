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
from pdp.domain.dol import CIBLES, CONDITIONS, Regle, fingerprint
from pdp.errors import AccesRefuse, Conflit, DonneeInvalide
from pdp.storage import journal
from pdp.storage.sql import query


def draft_dol(conn: Connection, auteur: Auteur, plateforme_id: str, du: date, regles: Sequence[dict[str, Any]]) -> UUID:
    """Write a draft; ``regles`` are dicts of libelle, conditions (keys of domain.dol.CONDITIONS) and cible, in order."""
    for regle in regles:
        if regle["cible"] not in CIBLES or set(regle["conditions"]) - set(CONDITIONS):
            raise DonneeInvalide("Une règle utilise une condition ou une orientation inconnue. Rien n'a été enregistré.", code="bad_rule")
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
    """Sign a draft: the version in force ends the day before this one starts. Signing twice, or signing
    a version that would overlap one signed for the same days or later, raises :class:`Conflit`: nothing is then written."""
    if auteur.role != "medecin_conseil":
        raise AccesRefuse("Seul un médecin-conseil signe le document d'orientation local.")
    version = conn.execute(query("dol.verrouiller_version"), {"version": version_id}).one()
    if version.signe_at is not None:
        raise Conflit("Cette version est déjà signée.")
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
