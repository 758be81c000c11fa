"""Bulk path of the feeds: valid lines go by COPY into a table of the transaction, then one statement per effect.

The four feeds share the same steps (``creer``, ``copier``, ``ecarter``, ``retenir``, then the effects of :data:`EFFETS`), each a
named statement of ``sql/queries/flux.sql`` whose name ends with the feed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.motif import categorize_motif
from pdp.storage.chiffrement import decrypt, encrypt, fingerprint
from pdp.storage.sql import query

Valeurs = dict[str, Any]

EFFETS: dict[str, tuple[str, ...]] = {
    "arrets_prescrits": (
        "historiser_arrets_prescrits",
        "corriger_arrets_prescrits",
        "inserer_arrets_prescrits",
        "corriger_motifs",
        "inserer_motifs",
        "retirer_motifs",
        "consigner_corrections",
    ),
    "assures": ("corriger_assures", "inserer_assures", "consigner_assures"),
    "agents": ("corriger_agents", "inserer_agents"),
    "partenaires": ("corriger_partenaires", "inserer_partenaires"),
}


@dataclass(frozen=True, slots=True)
class LigneEcartee:
    """A line for the quarantine. ``contenu`` is header and line, so that it can be replayed; ``indice`` tells the platform when it can."""

    numero: int
    champ: str | None
    code: str
    message: str
    contenu: str
    cle: str | None = None
    indice: str | None = None


@dataclass(frozen=True, slots=True)
class Rejouable:
    """A quarantined prescription whose insured person is now known."""

    id: UUID
    fichier_id: UUID
    numero: int
    contenu: str


def create_lu(conn: Connection, flux: str) -> None:
    """Empty table of the valid lines of one file or batch; dropped at the end of the transaction."""
    conn.execute(query(f"flux.vider_{flux}"))
    conn.execute(query(f"flux.creer_{flux}"))


def copy_lignes(conn: Connection, flux: str, rangees: Iterable[Sequence[Any]]) -> None:
    """Send rows made by :func:`build_rangee`."""
    pilote = conn.connection.driver_connection
    if pilote is None:
        raise RuntimeError("connection is closed")
    with pilote.cursor() as curseur, curseur.copy(str(query(f"flux.copier_{flux}"))) as copie:
        for rangee in rangees:
            copie.write_row(rangee)


def set_aside(conn: Connection, flux: str) -> list[tuple[int, str, str, str | None]]:
    """Remove the lines that the database cannot place; returns (number, field, code, key)."""
    conn.execute(query(f"flux.analyser_{flux}"))
    return [(ligne.numero, ligne.champ, ligne.code, ligne.cle) for ligne in conn.execute(query(f"flux.ecarter_{flux}"))]


def apply_lignes(conn: Connection, flux: str, fichier_id: UUID | None, maintenant: datetime) -> int:
    """Apply what is newer than what is known; returns the number of lines that changed something."""
    conn.execute(query(f"flux.retenir_{flux}"))
    for effet in EFFETS[flux]:
        conn.execute(query(f"flux.{effet}"), {"maintenant": maintenant, "fichier": fichier_id})
    return conn.execute(query(f"flux.compter_{flux}")).scalar_one()


def add_quarantaine(conn: Connection, flux: str, fichier_id: UUID, lignes: Sequence[LigneEcartee], maintenant: datetime) -> None:
    """Encrypt and keep refused lines; a line already there stays as it is."""
    if not lignes:
        return
    conn.execute(
        query("flux.mettre_en_quarantaine"),
        [
            {
                "flux": flux,
                "fichier": fichier_id,
                "numero": ligne.numero,
                "champ": ligne.champ,
                "code": ligne.code,
                "message": ligne.message,
                "cle": ligne.cle,
                "indice": ligne.indice,
                "contenu": encrypt(ligne.contenu),
                "maintenant": maintenant,
            }
            for ligne in lignes
        ],
    )


def claim_rejouables(conn: Connection) -> list[Rejouable]:
    """Lock the quarantined prescriptions that can now be placed."""
    lignes = conn.execute(query("flux.trouver_rejouables")).all()
    return [Rejouable(ligne.id, ligne.fichier_id, ligne.numero_ligne, decrypt(bytes(ligne.contenu_chiffre))) for ligne in lignes]


def resolve_rejouables(conn: Connection, ids: Sequence[UUID], maintenant: datetime) -> None:
    """Mark as replayed."""
    conn.execute(query("flux.resoudre_quarantaine"), {"ids": list(ids), "maintenant": maintenant})


def _arret(valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> tuple[Any, ...]:
    """The prescriber is checked and not kept: nothing here needs it."""
    motif = valeurs["motif_medical"]
    version = (
        valeurs["id_assure"],
        valeurs["date_debut"],
        valeurs["date_fin"],
        valeurs["nature"],
        valeurs["risque"],
        valeurs["temps_partiel_therapeutique"],
        categorize_motif(motif),
        motif,
        valeurs["ald"],
        valeurs["hospitalisation"],
        valeurs["canal"],
        valeurs["annule"],
        valeurs["date_reception"],
    )
    return (fichier_id, numero, valeurs["id_avis"], *version, sha256("|".join(map(str, version)).encode()).digest())


def _assure(valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> tuple[Any, ...]:
    nir = valeurs["nir"]
    return (
        numero,
        valeurs["id_source"],
        valeurs["departement"],
        encrypt(nir),
        fingerprint(nir),
        valeurs["nom"],
        valeurs["prenom"],
        valeurs["date_naissance"],
        valeurs["sexe"],
        valeurs["commune_insee"],
        valeurs["telephone"],
        valeurs["courriel"],
        valeurs["contact_prefere"] or "telephone",
        list(valeurs["contact_refus"]),
        valeurs["langue"] or "fr",
        valeurs["contrat"],
        valeurs["date_maj"],
    )


def _in_order(valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> tuple[Any, ...]:
    """Agents and partners: the columns of the table are those of the schema."""
    return (numero, *(list(valeur) if isinstance(valeur, tuple) else valeur for valeur in valeurs.values()))


_RANGEES: dict[str, Callable[[Valeurs, int, UUID | None], tuple[Any, ...]]] = {
    "arrets_prescrits": _arret,
    "assures": _assure,
    "agents": _in_order,
    "partenaires": _in_order,
}


def build_rangee(flux: str, valeurs: Valeurs, numero: int, fichier_id: UUID | None) -> tuple[Any, ...]:
    """Row of the bulk table; the NIR leaves this function encrypted and as a keyed hash only."""
    return _RANGEES[flux](valeurs, numero, fichier_id)
