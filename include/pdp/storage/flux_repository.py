"""Bulk path of the feeds: valid lines go by COPY into a table of the transaction, then one statement per effect.

The feeds share the same steps (``creer``, ``copier``, ``ecarter``, ``retenir``, then the effects of :data:`EFFETS`), each a named
statement of the feed's own file of queries (:data:`SUJETS`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.flux import FAITS
from pdp.storage.chiffrement import decrypt, encrypt
from pdp.storage.flux_rangees import build_rangee
from pdp.storage.sql import query

__all__ = [
    "LigneEcartee",
    "Rejouable",
    "add_quarantaine",
    "apply_lignes",
    "build_rangee",
    "claim_rejouables",
    "close_reparees",
    "copy_lignes",
    "count_nir_partages",
    "create_lu",
    "move_faits",
    "read_identifiants",
    "resolve_rejouables",
    "set_aside",
]

SUJETS = {
    "arrets_prescrits": "flux_arrets",
    "ij_versees": "flux_versements",
    "ald_invalidite": "flux_droits",
    "assures": "flux_assures",
    "agents": "flux_agents",
    "partenaires": "flux_partenaires",
}
_DEMENAGES = ("flux_arrets", "flux_versements", "flux_droits")
# Facts follow the people who changed platform or pivot id.
_DEMENAGEMENT = (
    "flux_identite.preparer_demenagement",
    *(f"{sujet}.{pas}" for sujet in _DEMENAGES for pas in ("historiser_demenages", "demenager")),
    "flux_droits.nommer_identifiants",
    "flux_identite.demenager_nir",
    *(f"dsn.{pas}" for pas in ("historiser_demenages", "fusionner_demenages", "demenager")),
)
_IDENTIFIANTS = ("flux.oublier_identifiants", "flux.lire_identifiants")

EFFETS: dict[str, tuple[str, ...]] = {
    "arrets_prescrits": tuple(
        f"flux_arrets.{pas}"
        for pas in ("retenir", "historiser", "corriger", "inserer", "corriger_motifs", "inserer_motifs", "retirer_motifs", "consigner")
    ),
    "ij_versees": tuple(f"flux_versements.{pas}" for pas in ("retenir", "historiser", "corriger", "inserer", "consigner")),
    "ald_invalidite": tuple(f"flux_droits.{pas}" for pas in ("retenir", "historiser", "corriger", "inserer", "nommer", "consigner")),
    "assures": (
        # Who is who, before what the lines say of them.
        "flux_assures.lier",
        *_IDENTIFIANTS,
        *(
            f"flux_identite.{pas}"
            for pas in ("preparer_echange", "liberer", "reprendre", "ranger", "consigner_reprises", "garder_nir", "completer")
        ),
        *(
            f"flux_assures.{pas}"
            for pas in ("renommer", "retenir", "garder_nir", "corriger", "inserer", "garder_nir_lus", "consigner")
        ),
        *_DEMENAGEMENT,
        *(f"flux_identite.{pas}" for pas in ("constater_nir_partages", "lever_nir_partages")),
    ),
    "agents": tuple(f"flux_agents.{pas}" for pas in ("retenir", "corriger", "inserer")),
    "partenaires": tuple(f"flux_partenaires.{pas}" for pas in ("retenir", "corriger", "inserer", "ne_plus_desservir", "desservir")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LigneEcartee:
    """A line for the quarantine. ``contenu`` is header and line, so that it can be replayed; ``indice`` tells the platform when it can.

    ``cle``: what the line waits for. ``cle_ligne`` and ``version``: its own key and version date, when they could be read.
    """

    numero: int
    champ: str | None
    code: str
    message: str
    contenu: str
    cle: str | None = None
    indice: str | None = None
    cle_ligne: str | None = None
    version: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rejouable:
    """A quarantined fact whose insured person is now known."""

    id: UUID
    fichier_id: UUID
    numero: int
    contenu: str
    flux: str


def create_lu(conn: Connection, flux: str) -> None:
    """Empty table of the valid lines of one file or batch; dropped at the end of the transaction."""
    conn.execute(query(f"{SUJETS[flux]}.vider"))
    conn.execute(query(f"{SUJETS[flux]}.creer"))
    read_identifiants(conn)


def copy_lignes(conn: Connection, flux: str, rangees: Iterable[Sequence[Any]]) -> None:
    """Send rows made by :func:`build_rangee`."""
    pilote = conn.connection.driver_connection
    if pilote is None:
        raise RuntimeError("connection is closed")
    with pilote.cursor() as curseur, curseur.copy(str(query(f"{SUJETS[flux]}.copier"))) as copie:
        for rangee in rangees:
            copie.write_row(rangee)


def set_aside(conn: Connection, flux: str) -> list[tuple[int, str, str, str | None]]:
    """Remove the lines that the database cannot place; returns (number, field, code, key). Former pivot ids are replaced first."""
    sujet = SUJETS[flux]
    conn.execute(query(f"{sujet}.analyser"))
    if flux in FAITS:
        conn.execute(query(f"{sujet}.renommer"))
    return [(ligne.numero, ligne.champ, ligne.code, ligne.cle) for ligne in conn.execute(query(f"{sujet}.ecarter"))]


def apply_lignes(conn: Connection, flux: str, fichier_id: UUID | None, maintenant: datetime) -> int:
    """Apply what is newer than what is known; returns the number of lines that changed something."""
    for effet in EFFETS[flux]:
        conn.execute(query(effet), {"maintenant": maintenant, "fichier": fichier_id})
    return conn.execute(query(f"{SUJETS[flux]}.compter")).scalar_one()


def count_nir_partages(conn: Connection) -> int:
    """People of the file just applied whose NIR somebody else also bears."""
    return conn.execute(query("flux_identite.compter_nir_partages_lus")).scalar_one()


def close_reparees(conn: Connection, flux: str, maintenant: datetime) -> int:
    """Close the refused lines of a feed that a right line, older or newer in arrival, has made useless; returns their number."""
    return conn.execute(query(f"{SUJETS[flux]}.fermer"), {"maintenant": maintenant}).rowcount


def add_quarantaine(conn: Connection, flux: str, fichier_id: UUID, lignes: Sequence[LigneEcartee], maintenant: datetime) -> None:
    """Encrypt and keep refused lines; a line already there stays as it is."""
    if not lignes:
        return
    conn.execute(
        query("flux.mettre_en_quarantaine"),
        [
            {
                "est_fait": flux in FAITS,
                "fichier": fichier_id,
                "numero": ligne.numero,
                "champ": ligne.champ,
                "code": ligne.code,
                "message": ligne.message,
                "cle": ligne.cle,
                "cle_ligne": ligne.cle_ligne,
                "version": ligne.version,
                "indice": ligne.indice,
                "contenu": encrypt(ligne.contenu),
                "maintenant": maintenant,
            }
            for ligne in lignes
        ],
    )


def claim_rejouables(conn: Connection) -> list[Rejouable]:
    """Quarantined facts of people who have become known, locked until the end of the transaction."""
    read_identifiants(conn)
    lignes = conn.execute(query("flux.trouver_rejouables"), {"flux": sorted(FAITS)})
    return [
        Rejouable(ligne.id, ligne.fichier_id, ligne.numero_ligne, decrypt(bytes(ligne.contenu_chiffre)), ligne.flux) for ligne in lignes
    ]


def resolve_rejouables(conn: Connection, ids: Sequence[UUID], maintenant: datetime) -> None:
    """Mark as replayed."""
    conn.execute(query("flux.resoudre_quarantaine"), {"ids": list(ids), "maintenant": maintenant})


def move_faits(conn: Connection, assures: Sequence[UUID], maintenant: datetime) -> None:
    """Facts of these people go to their newest row, as when a file of the feed moves them; nothing left behind, nothing is done.

    The medical motifs move with them and are read by nobody on the way. `assures`: any of their rows.
    """
    conn.execute(query("flux_assures.vider"))
    conn.execute(query("flux_identite.designer_transferes"), {"assures": list(assures)})
    read_identifiants(conn)
    for effet in _DEMENAGEMENT:
        conn.execute(query(effet), {"maintenant": maintenant})
    conn.execute(query("flux_assures.vider"))


def read_identifiants(conn: Connection) -> None:
    """Pivot ids in force, in a table of the transaction."""
    for requete in _IDENTIFIANTS:
        conn.execute(query(requete))
