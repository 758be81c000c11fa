"""What a manager reads: work, load, stalls and counts. No identity of an insured person, no content, no opinion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.orientation import LIBELLES as STATUTS_ORIENTATION
from pdp.domain.parcours import LIBELLES as STATUTS_PARCOURS
from pdp.domain.parcours import MOTIFS_CLOTURE
from pdp.domain.parcours import Statut as StatutParcours
from pdp.domain.tache import MOTIFS
from pdp.errors import Introuvable
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query

BALLES = {
    "csam": "Conseiller",
    "assure": "Personne accompagnée",
    "partenaire": "Partenaire",
    "medecin_conseil": "Médecin-conseil",
    "responsable": "Responsable",
}


def motif_libelle(motif: str) -> str:
    """French label of an open reason; an unknown code is shown as it is."""
    return MOTIFS[motif].libelle if motif in MOTIFS else motif


@dataclass(frozen=True)
class LigneEquipe:
    """Load of one coordinator."""

    id: UUID
    nom: str
    prenom: str
    quotite: float
    territoire: list[str]
    ouverts: int
    en_retard: int
    tele_echanges: int
    absence_du: date | None
    absence_au: date | None
    absence_motif: str | None

    @property
    def pour_un_temps_plein(self) -> int:
        """Open parcours divided by working time, rounded: what assignment compares."""
        return round(self.ouverts / float(self.quotite))

    def is_absent(self, jour: date) -> bool:
        return self.absence_du is not None and self.absence_du <= jour


@dataclass(frozen=True)
class NonAffecte:
    id: UUID
    priorite: int
    connu_at: datetime
    decide_at: datetime


@dataclass(frozen=True)
class ParcoursNeutre:
    """One parcours without its person."""

    id: UUID
    statut: str
    priorite: int
    survenu_le: date
    connu_at: datetime
    decide_at: datetime
    dernier_evenement_at: datetime
    clos_at: datetime | None
    cloture_motif: str | None
    csam_nom: str | None
    csam_prenom: str | None
    affectation_motif: str | None

    @property
    def statut_libelle(self) -> str:
        return STATUTS_PARCOURS[StatutParcours(self.statut)]

    @property
    def cloture_libelle(self) -> str | None:
        return MOTIFS_CLOTURE.get(self.cloture_motif, self.cloture_motif) if self.cloture_motif else None


@dataclass(frozen=True)
class TacheNeutre:
    motif: str
    balle: str
    echeance_at: datetime
    ouverte_at: datetime

    @property
    def libelle(self) -> str:
        return motif_libelle(self.motif)

    @property
    def balle_libelle(self) -> str:
        return BALLES[self.balle]


@dataclass(frozen=True)
class EvenementNeutre:
    survenu_at: datetime
    evenement: str
    auteur_role: str
    passage_id: str | None


@dataclass(frozen=True)
class OrientationNeutre:
    partenaire: str
    dispositif: str
    statut: str
    envoyee_at: datetime | None
    reponse_attendue_le: date

    @property
    def statut_libelle(self) -> str:
        return {str(statut): libelle for statut, libelle in STATUTS_ORIENTATION.items()}.get(self.statut, self.statut)


@dataclass(frozen=True)
class FicheNeutre:
    parcours: ParcoursNeutre
    taches: list[TacheNeutre]
    orientations: list[OrientationNeutre]
    evenements: list[EvenementNeutre]


def list_equipe(conn: Connection, jour: date, maintenant: datetime) -> list[LigneEquipe]:
    return list_lignes(conn, "responsable.list_equipe", LigneEquipe, jour=jour, maintenant=maintenant)


def list_non_affectes(conn: Connection, limite: int) -> tuple[int, list[NonAffecte]]:
    """How many open parcours nobody follows, and the first ones."""
    nombre = conn.execute(query("responsable.count_non_affectes")).scalar_one()
    return nombre, list_lignes(conn, "responsable.list_non_affectes", NonAffecte, limite=limite)


def get_fiche_neutre(conn: Connection, parcours_id: UUID) -> FicheNeutre:
    """A parcours as a manager may see it: status, deadlines and acts, never who it is about."""
    parcours = find_ligne(conn, "responsable.find_parcours", ParcoursNeutre, parcours_id=parcours_id)
    if parcours is None:
        raise Introuvable
    return FicheNeutre(
        parcours,
        list_lignes(conn, "responsable.list_taches_parcours", TacheNeutre, parcours_id=parcours_id),
        list_lignes(conn, "responsable.list_orientations_parcours", OrientationNeutre, parcours_id=parcours_id),
        list_lignes(conn, "responsable.list_evenements_parcours", EvenementNeutre, parcours_id=parcours_id),
    )
