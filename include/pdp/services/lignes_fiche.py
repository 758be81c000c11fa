"""Rows of the case page: attempts, appointments, agreements, hand-overs, outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pdp.domain.accord import read_etat
from pdp.domain.contact import RESULTATS
from pdp.domain.contenu import CLASSES
from pdp.domain.orientation import ACTIVES


@dataclass(frozen=True)
class Contact:
    """One attempt."""

    id: UUID
    survenu_at: datetime
    canal: str
    resultat: str
    note: str | None
    saisie_par_erreur_at: datetime | None
    entrant: bool
    agent_id: UUID
    agent_prenom: str
    agent_nom: str

    @property
    def libelle(self) -> str:
        return RESULTATS[self.resultat]


@dataclass(frozen=True)
class TeleEchange:
    id: UUID
    debut_at: datetime
    fin_at: datetime
    canal: str
    statut: str
    synthese: str | None
    renseigne_at: datetime | None
    contrat_dit: str | None


@dataclass(frozen=True)
class Accord:
    """Last word of the person for one recipient."""

    id: UUID
    destinataire: str
    decision: str
    modalite: str
    texte_version: str
    recueilli_at: datetime
    expire_le: date | None
    retire_at: datetime | None
    retrait_canal: str | None
    classes: list[str]
    classes_refusees: list[str]
    classes_retirees: list[str]
    partenaire_nom: str | None

    def etat(self, jour: date) -> str:
        """accorde, refuse, retire or expire."""
        return read_etat(self.decision, self.retire_at, self.expire_le, jour)

    @property
    def ecartees(self) -> list[str]:
        """Data of the text that she does not share."""
        return [CLASSES[c] for c in (*self.classes_refusees, *self.classes_retirees)]


@dataclass(frozen=True)
class Orientation:
    id: UUID
    partenaire_id: UUID
    canal: str
    dispositif: str
    statut: str
    motif: str
    proposee_at: datetime
    envoyee_at: datetime | None
    repondue_at: datetime | None
    reponse_attendue_le: date
    refus_motif: str | None
    compte_rendu: str | None
    partenaire_nom: str
    partenaire_telephone: str | None
    message_etat: str | None

    @property
    def active(self) -> bool:
        return self.statut in ACTIVES


@dataclass(frozen=True)
class SoutienPsy:
    resultat: str
    eligibilite: str
    fenetre_au: date | None
    enregistre_at: datetime
    arrete_le: date | None
    arret_motif: str | None


@dataclass(frozen=True)
class Issue:
    jalon: str
    situation: str
    survenu_le: date | None
    provenance: str
    decide_at: datetime
