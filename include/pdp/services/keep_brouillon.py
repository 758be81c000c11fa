"""Drafts: what a coordinator is typing, kept on the server until recorded; health answers in the medical class, like those recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide
from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.sql import query

ECRANS = ("appel", "entretien")
TAILLE_MAX = 30_000
"""Characters of a draft: far above the longest form."""
SANTE = "sante."
"""Prefix of the fields that hold health answers."""


@dataclass(frozen=True)
class Brouillon:
    """Fields as they were typed, and when."""

    champs: dict[str, list[str]]
    enregistre_at: datetime
    expire_at: datetime


def save_brouillon(
    conn: Connection,
    auteur: Auteur,
    parcours_id: UUID,
    *,
    ecran: str,
    piece_id: UUID,
    champs: Mapping[str, Sequence[str]],
    maintenant: datetime,
) -> Brouillon | None:
    """Keep the fields in place of those kept before; empty fields alone delete the draft and give None.

    ``piece_id``: the parcours of a call, or the télé-échange. No event is recorded: nothing is known yet.
    """
    assert ecran in ECRANS
    dits = {nom: [v for brut in valeurs if (v := brut.replace("\x00", "")).strip()] for nom, valeurs in champs.items()}
    dits = {nom: valeurs for nom, valeurs in sorted(dits.items()) if valeurs}
    if not dits:
        delete_brouillon(conn, auteur, ecran, piece_id)
        return None
    if sum(len(v) for valeurs in dits.values() for v in valeurs) > TAILLE_MAX:
        raise DonneeInvalide("Ce brouillon est trop long pour être gardé. Enregistrez, ou raccourcissez le texte.", code="draft_too_long")
    plateforme = str(auteur.plateforme_id)  # nothing is locked: typing holds nobody up
    jour = get_lieu(conn, plateforme).jour(maintenant)
    expire_at = maintenant + timedelta(days=referentiel().entier("brouillon_expiration_jours", jour, plateforme))
    commun = {"agent": UUID(auteur.id), "piece": piece_id, "plateforme": plateforme, "maintenant": maintenant, "expire": expire_at}
    sante = {nom: v for nom, v in dits.items() if nom.startswith(SANTE)}
    reste = {nom: v for nom, v in dits.items() if not nom.startswith(SANTE)}
    conn.execute(query("brouillons.ecrire"), {**commun, "ecran": ecran, "parcours": parcours_id, "contenu": json.dumps(reste)})
    if sante:
        conn.execute(query("brouillons.ecrire_sante"), {**commun, "reponses": json.dumps(sante)})
    elif ecran == "entretien":
        conn.execute(query("brouillons.effacer_sante"), {"agent": UUID(auteur.id), "piece": piece_id})
    return Brouillon(dits, maintenant, expire_at)


def find_brouillon(conn: Connection, agent_id: UUID, ecran: str, piece_id: UUID, maintenant: datetime) -> Brouillon | None:
    """The draft of this agent for this form, None when there is none or when it is out of date."""
    ligne = conn.execute(
        query("brouillons.lire"), {"agent": agent_id, "ecran": ecran, "piece": piece_id, "maintenant": maintenant}
    ).one_or_none()
    if ligne is None:
        return None
    champs: dict[str, Any] = dict(ligne.contenu)
    if ecran == "entretien":
        champs |= (
            conn.execute(query("brouillons.lire_sante"), {"agent": agent_id, "piece": piece_id, "maintenant": maintenant}).scalar() or {}
        )
    return Brouillon(champs, ligne.enregistre_at, ligne.expire_at)


def delete_brouillon(conn: Connection, auteur: Auteur, ecran: str, piece_id: UUID) -> None:
    """Recorded, or thrown away; deleting what is not there is no error."""
    conn.execute(query("brouillons.effacer"), {"agent": UUID(auteur.id), "ecran": ecran, "piece": piece_id})
    if ecran == "entretien":
        conn.execute(query("brouillons.effacer_sante"), {"agent": UUID(auteur.id), "piece": piece_id})


def purge_brouillons(conn: Connection, maintenant: datetime) -> int:
    """Drafts out of date, deleted without being read; how many."""
    return sum(conn.execute(query(f"brouillons.purger{suffixe}"), {"maintenant": maintenant}).rowcount for suffixe in ("", "_sante"))
