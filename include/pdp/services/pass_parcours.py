"""A coordinator passes a case on to a colleague who is present and has room, with a sheet and a few words; and takes it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.affectation import Candidat
from pdp.domain.auteur import Auteur
from pdp.errors import Conflit, DonneeInvalide
from pdp.services.annulation import get_fenetre
from pdp.services.delais import Lieu
from pdp.services.hand_over import A_DEPLACER, Mouvement, Passation, hand_over
from pdp.services.move_parcours import lock_parcours
from pdp.services.read_charges import list_candidats
from pdp.storage.sql import query


@dataclass(frozen=True)
class Receveur:
    """A colleague who may receive: load of today, and ``places`` left under the cap (None = no cap)."""

    id: UUID
    nom: str
    prenom: str
    dossiers: int
    points: int
    places: int | None
    territoire: tuple[str, ...]

    @property
    def plein(self) -> bool:
        return self.places == 0


def list_receveurs(conn: Connection, lieu: Lieu, maintenant: datetime) -> list[Receveur]:
    """Coordinators in service and present today, the lightest load first."""
    noms = {n.id: n for n in conn.execute(query("redistribution.lister_noms"), {"plateforme": lieu.plateforme_id})}
    return sorted(
        (_build(c, noms) for c in list_candidats(conn, lieu, lieu.jour(maintenant))), key=lambda r: (r.plein, r.points, r.nom, str(r.id))
    )


def _build(candidat: Candidat, noms: Mapping[UUID, object]) -> Receveur:
    nom = noms[candidat.id]
    return Receveur(
        candidat.id,
        getattr(nom, "nom", ""),
        getattr(nom, "prenom", ""),
        candidat.dossiers,
        round(candidat.temps_plein),
        candidat.places,
        candidat.territoire,
    )


def get_receveur(receveurs: list[Receveur], csam_id: UUID | None) -> Receveur:
    """Raises :class:`DonneeInvalide` when this colleague is away, gone, or has no room left."""
    elu = next((r for r in receveurs if r.id == csam_id), None)
    if elu is None:
        raise DonneeInvalide("Ce collègue n'est pas présent aujourd'hui. Rien n'a été changé.", code="receiver_away")
    if elu.plein:
        raise DonneeInvalide(f"{elu.prenom} {elu.nom} est au plafond de dossiers. Rien n'a été changé.", code="receiver_full")
    return elu


def pass_parcours(
    conn: Connection, lieu: Lieu, auteur: Auteur, parcours_id: UUID, vers: Receveur, lot_id: UUID, note: str | None, maintenant: datetime
) -> str:
    """The case and its appointments to come go to the colleague; returns the French sentence of what was done.

    Raises :class:`Conflit` when the case is closed or no longer this coordinator's.
    """
    moi = UUID(auteur.id)
    if vers.id == moi:
        raise DonneeInvalide("Ce dossier est déjà à vous. Rien n'a été changé.", code="already_mine")
    parcours = lock_parcours(conn, parcours_id)
    if parcours.clos_at is not None:
        raise Conflit("Ce parcours est clos : il reste à vous jusqu'à son dernier suivi.")
    mouvement = Mouvement(parcours_id, moi, vers.id, "Passé par son conseiller")
    faits = hand_over(conn, lieu, auteur, [mouvement], Passation(lot_id, cle="lot_id", note=note), maintenant)
    if parcours_id not in faits:
        raise Conflit("Ce dossier n'est plus dans votre liste.")
    suite = " ; son télé-échange est à déplacer, une tâche le demande" if faits[parcours_id] == A_DEPLACER else ""
    return f"Confié à {vers.prenom} {vers.nom}{suite}."


def take_back(
    conn: Connection, lieu: Lieu, auteur: Auteur, parcours_id: UUID, vers: UUID, lot_id: UUID, fait_at: datetime, maintenant: datetime
) -> str:
    """The case comes back to who passed it on; what the colleague did meanwhile stays. Within the undo window.

    Raises :class:`Conflit` past it, or when the colleague no longer has the case.
    """
    if maintenant > fait_at + timedelta(days=get_fenetre(conn, lieu.plateforme_id, maintenant)):
        raise Conflit("Le délai d'annulation est passé : demandez à votre collègue de vous le repasser. Rien n'a été changé.")
    mouvement = Mouvement(parcours_id, vers, UUID(auteur.id), "Passation annulée : revient à son conseiller")
    lock_parcours(conn, parcours_id)
    if parcours_id not in hand_over(conn, lieu, auteur, [mouvement], Passation(lot_id, retour=True, cle="lot_id"), maintenant):
        raise Conflit("Ce dossier n'est plus chez ce collègue, ou est clos : voyez avec lui. Rien n'a été changé.")
    return "Revenu dans votre liste ; ce qui a été fait entre-temps reste."
