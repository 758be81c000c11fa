"""Tri by group: a médecin-conseil decides once for files that look alike, after seeing which. Each file keeps its own decision.

Made for taking over a stock: on the first day thousands of long arrêts are known at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.errors import DonneeInvalide
from pdp.services.annulation import acte
from pdp.services.libelles_dossier import CATEGORIES, RISQUES
from pdp.services.sort_signalements import decide_signalement
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

MAXIMUM = 200
"""Files decided by one confirmation: what a person can still take back one by one."""


@dataclass(frozen=True)
class Groupe:
    """What a group is made of: threshold, category of the motif, risk, and the range of priorities, bounds included."""

    palier: int
    categorie: str
    risque: str
    priorite_min: int
    priorite_max: int

    def __post_init__(self) -> None:
        if self.categorie not in CATEGORIES or self.risque not in RISQUES or self.priorite_min > self.priorite_max:
            raise DonneeInvalide("Ce groupe de dossiers n'existe pas.", code="unknown_group")

    @property
    def libelle(self) -> str:
        return f"J{self.palier}, motif : {CATEGORIES[self.categorie].lower()}, {RISQUES[self.risque].lower()}"


@dataclass(frozen=True)
class LigneGroupe:
    """A group waiting for tri. ``arrets_finis``: arrêts whose last prescribed day is past."""

    palier: int
    motif_categorie: str
    risque: str
    nombre: int
    plus_ancien_at: datetime
    priorite_min: int
    priorite_max: int
    arrets_finis: int

    @property
    def groupe(self) -> Groupe:
        return Groupe(self.palier, self.motif_categorie, self.risque, self.priorite_min, self.priorite_max)


@dataclass(frozen=True)
class LigneApercu:
    id: UUID
    palier: int
    priorite: int
    nom: str
    prenom: str
    debut: date
    fin: date
    total: int


def list_groupes(conn: Connection, jour: date) -> list[LigneGroupe]:
    """Groups of files to orient, the largest first."""
    return list_lignes(conn, "tri_lots.lister", LigneGroupe, jour=jour)


def preview_groupe(conn: Connection, groupe: Groupe, limite: int = MAXIMUM) -> list[LigneApercu]:
    """The files that the next confirmation would decide, highest priority first; each row carries the total of the group."""
    return list_lignes(conn, "tri_lots.apercu", LigneApercu, **_parametres(groupe), limite=limite)


def decide_groupe(
    conn: Connection, auteur: Auteur, groupe: Groupe, cible: str, motif: str, vu_at: datetime, maintenant: datetime, limite: int = MAXIMUM
) -> Bilan:
    """Decide the first files of the group, at most ``limite``; those signalled after ``vu_at``, which nobody has seen, are left.

    Files that another person is deciding are left too. ``detail``: parcours. A reason is always needed.
    """
    if not motif.strip():
        raise DonneeInvalide("Dites pourquoi vous décidez ainsi pour ce groupe. Rien n'a été enregistré.", code="missing_reason")
    dossiers = conn.execute(query("tri_lots.verrouiller"), {**_parametres(groupe), "vu_at": vu_at, "limite": limite}).scalars().all()
    parcours: list[UUID | None] = []
    for dossier in dossiers:  # each can be taken back by itself
        with acte(conn, auteur, None, "tri", maintenant, piece_id=dossier):
            parcours.append(decide_signalement(conn, auteur, dossier, cible, motif, maintenant))
    return Bilan(traites=len(dossiers), detail={"parcours": sum(p is not None for p in parcours)})


def _parametres(groupe: Groupe) -> dict[str, int | str]:
    return {
        "palier": groupe.palier,
        "categorie": groupe.categorie,
        "risque": groupe.risque,
        "priorite_min": groupe.priorite_min,
        "priorite_max": groupe.priorite_max,
    }
