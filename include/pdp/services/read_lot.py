"""An act on several people as its author reads it: who was chosen, the rehearsal, then a result for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.attente import RAISONS
from pdp.domain.lot import GESTES, Geste
from pdp.errors import Introuvable
from pdp.services.annulation import get_fenetre
from pdp.services.delais import get_lieu
from pdp.services.gestes_lot import Lot
from pdp.services.pass_parcours import Receveur, list_receveurs
from pdp.services.wait_taches import read_dernier_jour
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query

ETATS = {
    "choisie": "Choisie",
    "prevue": "Sera fait",
    "refusee": "Refusé",
    "faite": "Fait",
    "echouee": "Pas fait",
    "annulee": "Annulé",
}


@dataclass(frozen=True)
class Personne:
    """One person of a lot; the manager's has no name. ``suivie``: still on the list of who asks."""

    parcours_id: UUID
    etat: str
    phrase: str | None
    acte_id: UUID | None
    nom: str = ""
    prenom: str = ""
    suivie: bool = True

    @property
    def etat_libelle(self) -> str:
        return ETATS[self.etat]


@dataclass(frozen=True)
class PageLot:
    """What the page shows. ``annulable_jusqu_a`` None = nothing to take back, or too late."""

    lot: Lot
    personnes: list[Personne]
    vers: str | None
    receveurs: list[Receveur]
    demain: date
    dernier_jour: date
    annulable_jusqu_a: datetime | None

    @property
    def geste(self) -> Geste:
        return GESTES[self.lot.geste]

    @property
    def raison_libelle(self) -> str | None:
        return RAISONS[self.lot.raison].libelle if self.lot.raison else None

    def those(self, *etats: str) -> list[Personne]:
        return [p for p in self.personnes if p.etat in etats]

    @property
    def a_reprendre(self) -> list[Personne]:
        """Those for whom nothing was done, still on the list: kept selected for another try."""
        return [p for p in self.those("refusee", "echouee") if p.suivie]


def read_lot(conn: Connection, lot_id: UUID, role: str, maintenant: datetime) -> PageLot:
    """Raises :class:`Introuvable` when the lot is not this person's, or not of this role's acts."""
    lot = find_ligne(conn, "lots.lire", Lot, lot=lot_id)
    if lot is None or (lot.geste == "affectation") != (role == "responsable"):
        raise Introuvable
    lieu = get_lieu(conn, lot.plateforme_id)
    jour = lieu.jour(maintenant)
    if role == "responsable":
        personnes = list_lignes(conn, "lots.lister_neutres", Personne, lot=lot_id)
    else:
        personnes = list_lignes(conn, "lots.lister_personnes", Personne, lot=lot_id, csam=lot.agent_id)
    receveurs = list_receveurs(conn, lieu, maintenant) if lot.geste in ("passation", "affectation") and lot.confirme_at is None else []
    return PageLot(
        lot,
        personnes,
        _find_nom(conn, lot),
        [r for r in receveurs if r.id != lot.agent_id],
        jour + timedelta(days=1),
        read_dernier_jour(lieu, jour),
        _find_limite(conn, lot, personnes, maintenant),
    )


def _find_nom(conn: Connection, lot: Lot) -> str | None:
    if lot.vers_csam_id is None:
        return None
    agent = conn.execute(query("redistribution.lire_agent"), {"agent": lot.vers_csam_id, "plateforme": lot.plateforme_id}).one()
    return f"{agent.prenom} {agent.nom}"


def _find_limite(conn: Connection, lot: Lot, personnes: list[Personne], maintenant: datetime) -> datetime | None:
    if lot.confirme_at is None or not any(p.etat == "faite" for p in personnes):
        return None
    limite = lot.confirme_at + timedelta(days=get_fenetre(conn, lot.plateforme_id, maintenant))
    return limite if maintenant <= limite else None
