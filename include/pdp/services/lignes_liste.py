"""Rows of a coordinator's list: a person, her open reasons, why she is there, what was done today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.acte import describe_genre
from pdp.domain.attente import Attente
from pdp.domain.contact import RESULTATS
from pdp.domain.silence import describe_fin
from pdp.domain.tache import MOTIFS, SUJETS
from pdp.services.filtres_liste import BALLES
from pdp.storage.lignes import list_lignes


@dataclass(frozen=True)
class Tache:
    """An open reason to act. ``attente_jusqu_au``: day it comes back, past once it has."""

    id: UUID
    motif: str
    balle: str
    echeance_at: datetime
    note: str | None
    manuelle: bool
    attente_raison: str | None = None
    attente_jusqu_au: date | None = None
    attente_du_at: datetime | None = None
    attente_cumul_jours: int = 0
    sujet: str | None = None

    @property
    def libelle(self) -> str:
        return SUJETS[self.sujet] if self.sujet and self.sujet != "autre" else MOTIFS[self.motif].libelle

    @property
    def attente(self) -> Attente | None:
        """Its wait, under way or come back; None when it never waited, or somebody acted since."""
        if self.attente_raison is None or self.attente_jusqu_au is None or self.attente_du_at is None:
            return None
        return Attente(self.attente_raison, jour_local(self.attente_du_at), self.attente_jusqu_au, self.attente_cumul_jours)

    @property
    def chez(self) -> str:
        return BALLES[self.balle]

    def phrase_attente(self, jour: date) -> str | None:
        """« revient d'attente depuis 2 j » or « en attente jusqu'au … »; None when it never waited, or somebody acted since."""
        return None if self.attente is None else self.attente.describe(jour)


@dataclass(frozen=True)
class Ligne:
    """One person of the list; ``taches`` earliest first. ``retard_detection``: days lost to an outage before she was seen."""

    id: UUID
    statut: str
    priorite: int
    signalement_id: UUID
    nom: str
    prenom: str
    date_naissance: date
    arret_debut: date | None
    arret_fin: date | None
    taches: tuple[Tache, ...]
    essais: int
    dernier_resultat: str | None
    dernier_at: datetime | None
    entretien_id: UUID | None
    entretien_debut_at: datetime | None
    entretien_fin_at: datetime | None
    message_en_echec: bool
    silence_motif: str | None
    silence_au: date | None
    retard_detection: int | None
    fin_a_verifier: bool
    en_attente: bool
    revient: bool
    partenaires: tuple[str, ...]

    @property
    def silence(self) -> str | None:
        """The badge; None when the person may be contacted."""
        return None if self.silence_motif is None else describe_fin(self.silence_motif, self.silence_au)

    @property
    def nom_court(self) -> str:
        """« Dupont A. », as a checkbox says it."""
        return f"{self.nom} {self.prenom[:1]}."

    @property
    def prochaine(self) -> Tache | None:
        return self.taches[0] if self.taches else None

    @property
    def dernier_libelle(self) -> str | None:
        return RESULTATS[self.dernier_resultat] if self.dernier_resultat else None

    def semaines(self, jour: date) -> int | None:
        """Whole weeks of absence on ``jour``."""
        return None if self.arret_debut is None else max(0, (jour - self.arret_debut).days + 1) // 7

    @property
    def adresse_action(self) -> str:
        """The screen that completes the next action."""
        return action_url(self.id, self.prochaine.motif if self.prochaine else "", self.entretien_id)


def action_url(parcours_id: UUID, motif: str, entretien_id: UUID | None) -> str:
    """Address of the screen that completes a reason."""
    ecran = MOTIFS[motif].ecran if motif else "fiche"
    if ecran == "entretien" and entretien_id is not None:
        return f"/tele-echanges/{entretien_id}"
    if ecran in ("appel", "creneaux", "cloture", "issue", "doublons", "orientations"):
        return f"/parcours/{parcours_id}/{ecran}"
    return f"/parcours/{parcours_id}" + ("#orientations" if ecran == "relais" else "")


@dataclass(frozen=True)
class Pourquoi:
    """Why a person is here: what was seen, by which rule, decided by whom."""

    signalement_id: UUID
    palier: int
    survenu_le: date
    mode_decision: str | None
    motif_decision: str | None
    regle_libelle: str | None
    dol_version: int | None
    decideur_prenom: str | None
    decideur_nom: str | None
    motifs: list[dict[str, Any]] | None

    @property
    def decision(self) -> str:
        """Who opened the parcours, in one French sentence."""
        qui = f"{self.decideur_prenom} {self.decideur_nom}" if self.decideur_nom else "le médecin-conseil"
        if self.mode_decision == "delegue":
            return f"Orienté par délégation de {qui} : règle « {self.regle_libelle} », version {self.dol_version}."
        if self.mode_decision == "mc":
            return f"Orienté par {qui}, médecin-conseil." + (f" Motif : {self.motif_decision}." if self.motif_decision else "")
        return "Orientation enregistrée par la plateforme."


@dataclass(frozen=True)
class Fait:
    """Something done today: an act that can be taken back (``acte_id``), or a reason closed outside an act (``motif``)."""

    parcours_id: UUID
    nom: str
    prenom: str
    motif: str | None
    genre: str | None
    fait_at: datetime
    acte_id: UUID | None

    @property
    def libelle(self) -> str:
        return describe_genre(self.genre) if self.genre else MOTIFS[self.motif].libelle if self.motif else ""


def list_pourquoi(conn: Connection, signalements: list[UUID]) -> dict[UUID, Pourquoi]:
    """Reasons of these signalements, by id, in one statement."""
    return {p.signalement_id: p for p in list_lignes(conn, "ma_liste.lister_pourquoi", Pourquoi, signalements=signalements)}


def build_tache(brute: Mapping[str, Any]) -> Tache:
    """A reason from its jsonb form."""
    attente = brute.get("attente_jusqu_au")
    return Tache(
        id=UUID(brute["id"]),
        motif=brute["motif"],
        balle=brute["balle"],
        echeance_at=datetime.fromisoformat(brute["echeance_at"]),
        note=brute["note"],
        manuelle=brute["origine"] == "manuelle",
        attente_raison=brute.get("attente_raison"),
        attente_jusqu_au=date.fromisoformat(attente) if attente else None,
        attente_du_at=datetime.fromisoformat(brute["attente_du_at"]) if brute.get("attente_du_at") else None,
        attente_cumul_jours=brute.get("attente_cumul_jours") or 0,
        sujet=brute.get("sujet"),
    )


def build_ligne(ligne: Mapping[str, Any]) -> Ligne:
    """A person from the row of the query."""
    return Ligne(**{**ligne, "taches": tuple(build_tache(t) for t in ligne["taches"] or ()), "partenaires": tuple(ligne["partenaires"])})
