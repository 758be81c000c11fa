"""Feeds received and DAG runs as a manager reads them: counts and opaque ids only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.errors import Introuvable
from pdp.storage.lignes import find_ligne, list_lignes

# As the DAGs are titled in Airflow (a test compares).
TRAITEMENTS = {
    "pdp_reception": "1. Réception des flux",
    "pdp_detection": "2. Détection des arrêts à risque",
    "pdp_tri_affectation": "3. Tri délégué et affectation",
    "pdp_envoi": "4. Envoi aux partenaires",
    "pdp_reponses": "5. Réponses des partenaires",
    "pdp_veille": "6. Veille des parcours",
    "pdp_suivis": "7. Devenir à 6 et 12 mois",
    "pdp_evaluation": "8. Tables des évaluateurs",
    "pdp_rendez_vous": "9. Rendez-vous et rappels",
    "pdp_doublons": "10. Doublons",
    "pdp_orientations": "11. Échéances des orientations",
    "pdp_digest": "12. Relevés du médecin-conseil",
    "pdp_conduite": "14. Conduite des traitements",
    "pdp_portes": "15. Décisions attendues",
    "pdp_guet": "13. Guet de la plateforme",
}
FLUX = {
    "arrets_prescrits": "Arrêts prescrits",
    "assures": "Assurés",
    "ij_versees": "Indemnités journalières versées",
    "ald_invalidite": "ALD et invalidité",
    "dsn": "Déclarations des employeurs (DSN)",
    "partenaires": "Partenaires",
    "agents": "Agents",
}


@dataclass(frozen=True)
class Fichier:
    flux: str
    nom: str
    lignes: int
    admises: int
    inchangees: int
    rejetees: int
    etat: str
    motif: str | None
    recu_at: datetime

    @property
    def flux_libelle(self) -> str:
        return FLUX[self.flux]


@dataclass(frozen=True)
class Fraicheur:
    """Last file taken of one feed; None = never."""

    flux: str
    dernier_at: datetime | None
    dernier_refus_at: datetime | None

    @property
    def flux_libelle(self) -> str:
        return FLUX[self.flux]


@dataclass(frozen=True)
class Passage:
    """One task of one DAG run."""

    id: str
    dag: str
    tache: str
    instant_metier: datetime
    debut_at: datetime
    fin_at: datetime | None
    traites: int | None
    ignores: int | None
    echoues: int | None
    detail: Mapping[str, Any]

    @property
    def titre(self) -> str:
        return f"{TRAITEMENTS.get(self.dag, self.dag)} · {self.tache}"

    @property
    def duree_secondes(self) -> float | None:
        return None if self.fin_at is None else (self.fin_at - self.debut_at).total_seconds()


@dataclass(frozen=True)
class ComptePassage:
    evenement: str
    nombre: int
    parcours: int


@dataclass(frozen=True)
class ParcoursTouche:
    parcours_id: UUID
    evenements: list[str]


def list_fraicheur(conn: Connection) -> list[Fraicheur]:
    """One line per known feed, those never received included."""
    connus = {ligne.flux: ligne for ligne in list_lignes(conn, "responsable.list_fraicheur", Fraicheur)}
    return [connus.get(flux, Fraicheur(flux, None, None)) for flux in FLUX]


def list_fichiers(conn: Connection, limite: int) -> list[Fichier]:
    return list_lignes(conn, "responsable.list_fichiers", Fichier, limite=limite)


def list_passages(conn: Connection, limite: int, *, dag: str | None = None, run: str | None = None, tout: bool = False) -> list[Passage]:
    """Runs that concern the platform, latest first: those of one DAG run, else those that did something, or all with ``tout``."""
    return list_lignes(conn, "responsable.list_passages", Passage, limite=limite, dag=dag, run=run, tout=tout)


def get_passage(conn: Connection, passage_id: str) -> Passage:
    passage = find_ligne(conn, "responsable.find_passage", Passage, passage_id=passage_id)
    if passage is None:
        raise Introuvable("Ce passage n'existe pas ou n'est plus conservé.")
    return passage


def count_evenements_passage(conn: Connection, passage_id: str) -> list[ComptePassage]:
    return list_lignes(conn, "responsable.count_evenements_passage", ComptePassage, passage_id=passage_id)


def list_parcours_passage(conn: Connection, passage_id: str, limite: int) -> list[ParcoursTouche]:
    return list_lignes(conn, "responsable.list_parcours_passage", ParcoursTouche, passage_id=passage_id, limite=limite)
