"""What a médecin-conseil reads before deciding. The medical class is not here: see ``consult_medical``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.calendrier import age_au
from pdp.domain.parcours import LIBELLES as STATUTS_PARCOURS
from pdp.domain.parcours import Statut as StatutParcours
from pdp.errors import Introuvable
from pdp.services.libelles_dossier import CATEGORIES, CONTRATS, RISQUES, SOURCES, STATUTS_SIGNALEMENT
from pdp.services.read_compte_ij import bornes_compte
from pdp.storage.lignes import find_ligne, list_lignes


def duree_jours(debut: date, fin: date, jour: date) -> int:
    """Days of absence on ``jour``: the first day counts for one, and nothing is counted after ``fin``."""
    return max(0, (min(jour, fin) - debut).days + 1)


@dataclass(frozen=True)
class LigneSignalement:
    """A file to orient."""

    id: UUID
    palier: int
    priorite: int
    survenu_le: date
    connu_at: datetime
    source: str
    nom: str
    prenom: str
    date_naissance: date
    contrat: str
    debut: date
    fin: date
    risque: str
    motif_categorie: str
    jours_prescrits: int
    nb_prescriptions: int
    temps_partiel: bool
    ij_restantes: int | None
    epuisement_le: date | None
    motifs: list[str]

    @property
    def categorie(self) -> str:
        return CATEGORIES[self.motif_categorie]

    @property
    def risque_libelle(self) -> str:
        return RISQUES[self.risque]

    def age(self, jour: date) -> int:
        return age_au(self.date_naissance, jour)

    def semaines(self, jour: date) -> int:
        return duree_jours(self.debut, self.fin, jour) // 7

    def attente_jours(self, jour: date) -> int:
        return (jour - jour_local(self.connu_at)).days


@dataclass(frozen=True)
class CompteSignalements:
    a_trier: int
    plus_ancien_at: datetime | None
    decides_mc: int
    decides_delegues: int


@dataclass(frozen=True)
class Dossier:
    """A file, its person and its absence, without the medical class."""

    id: UUID
    plateforme_id: str
    assure_id: UUID
    statut: str
    palier: int
    priorite: int
    survenu_le: date
    connu_at: datetime
    decide_at: datetime | None
    mode_decision: str | None
    motif_decision: str | None
    source: str
    nom: str
    prenom: str
    date_naissance: date
    contrat: str
    debut: date
    fin: date
    risque: str
    motif_categorie: str
    jours_prescrits: int
    nb_prescriptions: int
    temps_partiel: bool
    decideur_nom: str | None
    decideur_prenom: str | None
    regle_libelle: str | None
    dol_version: int | None
    parcours_id: UUID | None
    parcours_statut: str | None
    clos_at: datetime | None
    csam_nom: str | None
    csam_prenom: str | None

    @property
    def statut_libelle(self) -> str:
        return STATUTS_SIGNALEMENT[self.statut]

    @property
    def parcours_libelle(self) -> str | None:
        return STATUTS_PARCOURS[StatutParcours(self.parcours_statut)] if self.parcours_statut else None

    @property
    def categorie(self) -> str:
        return CATEGORIES[self.motif_categorie]

    @property
    def risque_libelle(self) -> str:
        return RISQUES[self.risque]

    @property
    def contrat_libelle(self) -> str:
        return CONTRATS[self.contrat]

    @property
    def source_libelle(self) -> str:
        return SOURCES[self.source]

    def age(self, jour: date) -> int:
        return age_au(self.date_naissance, jour)

    def duree(self, jour: date) -> int:
        return duree_jours(self.debut, self.fin, jour)


@dataclass(frozen=True)
class MotifSignalement:
    regle: str
    regle_version: int
    libelle: str
    points: int
    parametre_id: str


@dataclass(frozen=True)
class Prescription:
    date_debut: date
    date_fin: date
    nature: str
    risque: str
    temps_partiel: bool

    @property
    def risque_libelle(self) -> str:
        return RISQUES[self.risque]


@dataclass(frozen=True)
class Evenement:
    survenu_at: datetime
    evenement: str
    auteur_role: str
    auteur_type: str


def count_signalements(conn: Connection, maintenant: datetime) -> CompteSignalements:
    compte = find_ligne(conn, "medecin.count_signalements", CompteSignalements, maintenant=maintenant)
    return compte or CompteSignalements(0, None, 0, 0)


def list_signalements(conn: Connection, limite: int, jour: date) -> list[LigneSignalement]:
    """Files to orient, highest priority first; ``limite`` rows at most. IJ are counted on ``jour``."""
    return list_lignes(conn, "medecin.list_signalements_a_trier", LigneSignalement, limite=limite, jour=jour, **bornes_compte(jour))


def get_dossier(conn: Connection, signalement_id: UUID) -> Dossier:
    dossier = find_ligne(conn, "medecin.find_dossier", Dossier, signalement_id=signalement_id)
    if dossier is None:
        raise Introuvable
    return dossier


def list_motifs(conn: Connection, signalement_id: UUID) -> list[MotifSignalement]:
    return list_lignes(conn, "medecin.list_motifs", MotifSignalement, signalement_id=signalement_id)


def list_prescriptions(conn: Connection, assure_id: UUID) -> list[Prescription]:
    return list_lignes(conn, "medecin.list_prescriptions", Prescription, assure_id=assure_id)


def list_evenements(conn: Connection, assure_id: UUID) -> list[Evenement]:
    return list_lignes(conn, "medecin.list_evenements", Evenement, assure_id=assure_id)
