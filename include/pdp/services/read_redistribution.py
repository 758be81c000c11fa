"""Redistributions as a manager reads them: planned, in force, given back, taken back. No identity of an insured person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy import Connection

from pdp.errors import Introuvable
from pdp.services.delais import get_lieu
from pdp.services.redistribute_parcours import undo_until
from pdp.storage.lignes import find_ligne, list_lignes

ETATS = {
    "prevue": "Prévu",
    "faite": "Confié",
    "sans_objet": "Resté où il était : clos ou déjà réaffecté",
    "rendue": "Rendu à son conseiller",
    "annulee": "Revenu à son conseiller",
}
RENDEZ_VOUS = {"tenu": "Rendez-vous tenu à la même heure", "a_deplacer": "Rendez-vous à déplacer : une tâche le demande"}
RECENTES_JOURS = 30


@dataclass(frozen=True)
class Redistribution:
    """``au`` None = departure."""

    id: UUID
    agent_id: UUID
    nom: str
    prenom: str
    du: date
    au: date | None
    demandee_at: datetime
    effet_at: datetime | None
    rendue_at: datetime | None
    annulee_at: datetime | None
    lignes: int

    @property
    def etat(self) -> str:
        if self.annulee_at is not None:
            return "Annulée"
        if self.rendue_at is not None:
            return "Terminée, parcours rendus"
        if self.effet_at is None:
            return "Prévue"
        return "En cours" if self.au else "Faite, sans retour"

    @property
    def retour_le(self) -> date | None:
        return None if self.au is None else self.au + timedelta(days=1)


@dataclass(frozen=True)
class Resultat:
    """One parcours and what became of it."""

    parcours_id: UUID
    vers_csam_id: UUID
    nom: str
    prenom: str
    motif: str
    etat: str
    rendez_vous: str | None

    @property
    def etat_libelle(self) -> str:
        return ETATS[self.etat]

    @property
    def rendez_vous_libelle(self) -> str | None:
        return RENDEZ_VOUS.get(self.rendez_vous or "")


@dataclass(frozen=True)
class Suite:
    """A redistribution with its result by colleague; ``annulable_jusqu_a`` None = can no longer be taken back."""

    acte: Redistribution
    collegues: list[tuple[str, list[Resultat]]]
    annulable: bool
    annulable_jusqu_a: datetime | None


def list_redistributions(conn: Connection, maintenant: datetime) -> list[Redistribution]:
    """Those not over, and those ended in the last weeks."""
    return list_lignes(conn, "redistribution.lister_redistributions", Redistribution, depuis=maintenant - timedelta(days=RECENTES_JOURS))


def get_suite(conn: Connection, plateforme_id: str, redistribution_id: UUID, maintenant: datetime) -> Suite:
    """Raises :class:`Introuvable` when it does not exist on the platform of the signed context."""
    acte = find_ligne(conn, "redistribution.lire_redistribution", Redistribution, redistribution=redistribution_id)
    if acte is None:
        raise Introuvable("Cette redistribution n'existe pas ou n'est pas de votre plateforme.")
    lignes = list_lignes(conn, "redistribution.lister_resultats", Resultat, redistribution=redistribution_id)
    collegues = [(f"{p} {n}", list(groupe)) for (n, p, _), groupe in groupby(lignes, key=lambda x: (x.nom, x.prenom, x.vers_csam_id))]
    limite = undo_until(get_lieu(conn, plateforme_id), acte.effet_at) if acte.effet_at else None
    vivante = acte.annulee_at is None and acte.rendue_at is None
    return Suite(acte, collegues, vivante and (limite is None or maintenant <= limite), limite)
