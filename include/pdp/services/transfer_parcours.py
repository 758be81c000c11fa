"""Transfer of a person to another platform: asked for by a manager, done by the sweep, which alone may write on both sides.

Closed here with the motive « Changement de caisse », opened there with a link to the former one. Her facts move as when the feed moves
her (prescriptions and their motifs, payments, affections, declared facts), so that the absence is whole there and nothing is signalled
here; the feed then finds her there. How she asked to be reached goes with her, so that a refusal holds there too. Agreements, notes and
answers about health stay: they are asked for again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.parcours import Statut
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.close_parcours import close_parcours
from pdp.services.delais import get_lieu
from pdp.services.record_silence import find_silence
from pdp.storage import flux_repository, journal
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

COMMUNE = re.compile(r"(\d{2}|2[AB])\d{3}")
REFUS = {
    "parcours_clos": "Le parcours a été clos entre-temps : il n'y avait plus rien à transférer.",
    "silence": "La personne ne doit plus être contactée : le parcours reste ici, son conseiller décide de la suite.",
}


@dataclass(frozen=True)
class Transfert:
    """A request and what became of it."""

    id: UUID
    plateforme_id: str
    parcours_id: UUID
    vers_plateforme_id: str
    demande_at: datetime
    applique_at: datetime | None
    nouveau_parcours_id: UUID | None
    refuse_at: datetime | None
    refus_code: str | None
    annule_at: datetime | None

    @property
    def en_attente(self) -> bool:
        return self.applique_at is None and self.refuse_at is None and self.annule_at is None

    @property
    def refus(self) -> str | None:
        return REFUS.get(self.refus_code or "", self.refus_code)


@dataclass(frozen=True)
class Destination:
    id: str
    libelle: str
    departement: str


def list_destinations(conn: Connection, plateforme_id: str) -> list[Destination]:
    return list_lignes(conn, "transfert.lister_destinations", Destination, plateforme=plateforme_id)


def list_transferts(conn: Connection, parcours_id: UUID) -> list[Transfert]:
    """Of a parcours, on the side that lets go or on the side that takes over."""
    return list_lignes(conn, "transfert.lister_du_parcours", Transfert, parcours=parcours_id)


def request_transfert(conn: Connection, auteur: Auteur, parcours_id: UUID, vers: str, commune: str, maintenant: datetime) -> UUID | None:
    """Ask for a transfer; None when one waits already. The commune must be in the département of the platform that takes over."""
    parcours = conn.execute(query("responsable.find_parcours"), {"parcours_id": parcours_id}).one_or_none()
    if parcours is None:
        raise Introuvable
    if parcours.statut == Statut.CLOTURE:
        raise Conflit("Ce parcours est clos : il n'y a rien à transférer.")
    commune = commune.strip().upper()
    destination = next((d for d in list_destinations(conn, auteur.plateforme_id or "") if d.id == vers), None)
    if destination is None:
        raise DonneeInvalide("Choisissez la plateforme de destination dans la liste.", code="unknown_platform")
    if not COMMUNE.fullmatch(commune) or not commune.startswith(destination.departement):
        raise DonneeInvalide(
            f"Le code de la commune a cinq caractères et commence par {destination.departement}. Rien n'a été enregistré.",
            code="bad_commune",
        )
    demande: UUID | None = conn.execute(
        query("transfert.demander"),
        {"parcours": parcours_id, "vers": vers, "commune": commune, "par": UUID(auteur.id), "maintenant": maintenant},
    ).scalar()
    if demande is not None:
        journal.live_at(conn, maintenant)
        journal.record(
            conn, "transfert_demande", plateforme_id=auteur.plateforme_id, parcours_id=parcours_id, donnees={"vers_plateforme": vers}
        )
    return demande


def cancel_transfert(conn: Connection, auteur: Auteur, transfert_id: UUID, maintenant: datetime) -> UUID:
    """Take a request back before the sweep; returns the parcours. Raises :class:`Conflit` once it is done."""
    cle = {"transfert": transfert_id, "plateforme": auteur.plateforme_id}
    if conn.execute(query("transfert.trouver"), cle).scalar() is None:
        raise Introuvable
    parcours: UUID | None = conn.execute(query("transfert.retirer"), {**cle, "maintenant": maintenant}).scalar()
    if parcours is None:
        raise Conflit("Ce transfert est déjà fait, ou a été retiré. Rien n'a été changé.")
    journal.live_at(conn, maintenant)
    journal.record(conn, "transfert_retire", plateforme_id=auteur.plateforme_id, parcours_id=parcours)
    return parcours


def apply_transferts(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Every request of the platform that waits; done or refused once. Run again, it finds nothing."""
    cle = {"plateforme": plateforme_id}
    if conn.execute(query("transfert.patienter"), cle).first() is None:
        return Bilan()
    conn.execute(query("flux.verrouiller"))  # a file read meanwhile would leave facts on the row that people are about to leave
    flux_repository.read_identifiants(conn)
    bilan, assures = Bilan(), list[UUID]()
    for demande in conn.execute(query("transfert.lister_en_attente"), cle).all():
        bilan += _apply(conn, demande, auteur, maintenant, assures)
    flux_repository.move_faits(conn, assures, maintenant)
    return bilan


def _apply(conn: Connection, demande: Any, auteur: Auteur, maintenant: datetime, assures: list[UUID]) -> Bilan:
    """One request; a person who leaves is added to `assures`."""
    parcours = conn.execute(query("parcours.verrouiller"), {"parcours": demande.parcours_id}).one()
    if parcours.clos_at is not None:
        conn.execute(query("transfert.refuser"), {"transfert": demande.id, "code": "parcours_clos", "maintenant": maintenant})
        return Bilan(ignores=1, detail={"parcours_clos": 1})
    silence = find_silence(conn, parcours.assure_id, get_lieu(conn, demande.plateforme_id).jour(maintenant))
    if silence is not None:  # silence does not cross: there, a first call would be due at once
        if silence.au is None:
            conn.execute(query("transfert.refuser"), {"transfert": demande.id, "code": "silence", "maintenant": maintenant})
        return Bilan(ignores=1, detail={"silence": 1})
    journal.live_at(conn, maintenant)
    nouveau, assure = _welcome(conn, demande, maintenant)
    assures.append(assure)
    conn.execute(query("transfert.appliquer"), {"transfert": demande.id, "nouveau": nouveau, "maintenant": maintenant})
    close_parcours(
        conn,
        auteur,
        demande.parcours_id,
        motif="mutation_caisse",
        situation="inconnu",
        survenu_le=None,
        provenance="donnee_administrative",
        maintenant=maintenant,
    )
    for code, plateforme, personne, concerne in (
        (False, demande.plateforme_id, parcours.assure_id, demande.parcours_id),
        (True, demande.vers_plateforme_id, assure, nouveau),
    ):
        journal.record(
            conn,
            "parcours_recu" if code else "parcours_transfere",
            plateforme_id=plateforme,
            assure_id=personne,
            parcours_id=concerne,
            donnees={"transfert_id": demande.id, "de_plateforme": demande.plateforme_id, "vers_plateforme": demande.vers_plateforme_id},
        )
    return Bilan(traites=1)


def _welcome(conn: Connection, demande: Any, maintenant: datetime) -> tuple[UUID, UUID]:
    """Parcours and person on the other side; somebody already followed there keeps that parcours."""
    cle = {"parcours": demande.parcours_id, "vers": demande.vers_plateforme_id, "maintenant": maintenant}
    assure: UUID = conn.execute(query("transfert.accueillir_personne"), {**cle, "commune": demande.commune_insee}).scalars().first()
    conn.execute(query("paroles.accueillir"), {"parcours": demande.parcours_id, "vers": demande.vers_plateforme_id, "assure": assure})
    ouvert: UUID | None = conn.execute(query("parcours.trouver_ouvert"), {"assure": assure}).scalar()
    if ouvert is not None:
        return ouvert, assure
    episode = conn.execute(query("transfert.accueillir_arret"), {**cle, "assure": assure}).scalar_one()
    signalement = conn.execute(query("transfert.accueillir_signalement"), {**cle, "assure": assure, "episode": episode}).scalar_one()
    nouveau: UUID = conn.execute(query("parcours.ouvrir"), {"signalement": signalement, "maintenant": maintenant}).scalar_one()
    return nouveau, assure
