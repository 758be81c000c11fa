"""A coordinator answers a proposal of relapse: reopen the parcours she closed, open another one, or leave it there with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.rechute import MOTIFS_SANS_SUITE, read_cause
from pdp.errors import Conflit, DonneeInvalide
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import close_tache, open_tache
from pdp.services.move_parcours import LigneParcours, lock_parcours
from pdp.services.reopen_parcours import reopen_parcours
from pdp.storage import journal
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

DEJA = "Cette proposition a déjà reçu une réponse. Rien n'a été changé : rechargez la page."
CONTINUITE = "Nouveau parcours ouvert par son conseiller, qui connaît déjà la personne."


@dataclass(frozen=True)
class Proposition:
    """The question asked: ``genre`` says why, ``reference`` is the id of the signalement when there is one."""

    tache_id: UUID
    cause: str
    echeance_at: datetime
    note: str | None
    motif: str
    clos_le: date

    @property
    def genre(self) -> str:
        return read_cause(self.cause)[0]

    @property
    def signalement_id(self) -> UUID | None:
        return UUID(read_cause(self.cause)[1]) if self.genre == "signalement" else None


def find_proposition(conn: Connection, plateforme_id: str, parcours_id: UUID) -> Proposition | None:
    """What waits for an answer on a closed parcours."""
    fuseau = str(get_lieu(conn, plateforme_id).fuseau)
    return find_ligne(conn, "rechutes.lire_proposition", Proposition, parcours=parcours_id, fuseau=fuseau)


def accept_reouverture(conn: Connection, auteur: Auteur, parcours_id: UUID, maintenant: datetime) -> None:
    """Reopen the parcours: its history goes on, a call is asked for. Raises ``Conflit`` when already answered."""
    parcours, proposition = _lock(conn, parcours_id)
    motif = "reprise_echec" if proposition.genre == "poursuite" else "nouvel_arret"
    reopen_parcours(conn, auteur, parcours_id, motif, maintenant)
    if proposition.signalement_id is not None:
        _record(conn, "signalement_rattache", parcours, parcours_id, proposition.signalement_id)


def open_autre(conn: Connection, auteur: Auteur, parcours_id: UUID, maintenant: datetime) -> UUID:
    """Another parcours for the signalement, with the same coordinator; the closed one stays closed. Returns the new one."""
    parcours, proposition = _lock(conn, parcours_id)
    if proposition.signalement_id is None:
        raise DonneeInvalide(
            "Un nouveau parcours s'ouvre sur un signalement orienté par le médecin-conseil, et il n'y en a pas encore : rouvrez celui-ci,"
            " ou laissez sans suite. Rien n'a été changé.",
            code="no_signalement",
        )
    champs = {"signalement": proposition.signalement_id, "csam": UUID(auteur.id), "maintenant": maintenant}
    journal.live_at(conn, maintenant)
    nouveau: UUID | None = conn.execute(query("rechutes.ouvrir_suivant"), champs).scalar()
    if nouveau is None:
        raise Conflit("Un autre parcours vient d'être ouvert pour cette personne. Rien n'a été changé.")
    conn.execute(query("rechutes.affecter_suivant"), {"parcours": nouveau, "motif": CONTINUITE, "par": auteur.id, "maintenant": maintenant})
    close_tache(conn, auteur, proposition.tache_id, "nouveau_parcours", maintenant)
    _record(conn, "parcours_ouvert", parcours, nouveau, proposition.signalement_id, suite_de=parcours_id)
    _record(conn, "parcours_affecte", parcours, nouveau, None, csam_id=auteur.id, motif=CONTINUITE)
    open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=nouveau,
        motif="premier_appel",
        cause=str(proposition.signalement_id),
        maintenant=maintenant,
        auteur=auteur,
    )
    return nouveau


def decline_reouverture(conn: Connection, auteur: Auteur, parcours_id: UUID, motif: str, maintenant: datetime) -> None:
    """Leave it there, with a reason of ``MOTIFS_SANS_SUITE``. A signalement that a médecin-conseil oriented cannot be left."""
    if motif not in MOTIFS_SANS_SUITE:
        raise DonneeInvalide("Dites pourquoi dans la liste. Rien n'a été enregistré.", code="unknown_decline_reason")
    parcours, proposition = _lock(conn, parcours_id)
    if proposition.signalement_id is not None:
        raise DonneeInvalide(
            "Le médecin-conseil a demandé que cette personne soit accompagnée : rouvrez le parcours ou ouvrez-en un nouveau."
            " Rien n'a été enregistré.",
            code="oriented_signalement",
        )
    close_tache(conn, auteur, proposition.tache_id, f"sans_suite:{motif}", maintenant)
    _record(conn, "rechute_sans_suite", parcours, parcours_id, None, genre=proposition.genre, motif=motif)


def _lock(conn: Connection, parcours_id: UUID) -> tuple[LigneParcours, Proposition]:
    parcours = lock_parcours(conn, parcours_id)
    proposition = find_proposition(conn, parcours.plateforme_id, parcours_id)
    if proposition is None:
        raise Conflit(DEJA)
    return parcours, proposition


def _record(
    conn: Connection, evenement: str, parcours: LigneParcours, parcours_id: UUID, signalement_id: UUID | None, **donnees: object
) -> None:
    if signalement_id is not None:
        donnees["signalement_id"] = signalement_id
    cible = {"plateforme_id": parcours.plateforme_id, "assure_id": parcours.assure_id, "parcours_id": parcours_id}
    journal.record(conn, evenement, **cible, donnees=donnees)
