"""« Saisie par erreur », after the undo window: the row stays, struck through, with its reason; what followed from it is recomputed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.erreur_saisie import AUTRE_PERSONNE, MOTIFS, PIECES
from pdp.domain.orientation import ACTIVES
from pdp.domain.parcours import LIBELLES, Statut
from pdp.domain.rejeu import Conte, replay
from pdp.domain.silence import DECES
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import open_tache
from pdp.services.move_parcours import LigneParcours, lock_parcours
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.plan_tele_echange import cancel_tele_echange
from pdp.services.record_silence import find_silence, lift_silence
from pdp.services.remind_rendez_vous import recall_ecrits
from pdp.services.rendre_brouillon import A_VENIR
from pdp.services.write_message import recall_messages
from pdp.storage import journal
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

MOTIF_RAPPEL = "saisie_par_erreur"
NOTE = "Une saisie a été déclarée faite par erreur : reprenez le dossier là où il en est."


@dataclass(frozen=True)
class Piece:
    """One entry of a case; ``precision``: recipient, kind of service or milestone; ``erreur_at``: already declared an error."""

    table: str
    id: UUID
    le: datetime
    valeur: str
    precision: str | None
    erreur_at: datetime | None

    @property
    def genre(self) -> str:
        return PIECES[self.table]


def list_pieces(conn: Connection, parcours_id: UUID) -> list[Piece]:
    """What may be declared an error, latest first."""
    return list_lignes(conn, "erreurs.lister_pieces", Piece, parcours=parcours_id)


def declare_erreur(
    conn: Connection, auteur: Auteur, parcours_id: UUID, table: str, piece_id: UUID, motif: str, maintenant: datetime
) -> str:
    """Strike an entry through and recompute the status; returns the French sentence of what followed. A second call changes nothing.

    Messages that have not left are recalled; hand-overs covered by an agreement that never was are taken back. An open parcours keeps a
    next action. What was written of another person (motif « autre_personne ») is erased. Raises :class:`Introuvable` for an entry
    of another case, :class:`DonneeInvalide` without a reason of the list.
    """
    if motif not in MOTIFS:
        raise DonneeInvalide("Dites pourquoi cette saisie est une erreur. Rien n'a été changé.", code="unknown_error_reason")
    parcours = lock_parcours(conn, parcours_id)
    piece = next((p for p in list_pieces(conn, parcours_id) if (p.table, p.id) == (table, piece_id)), None)
    if piece is None:
        raise Introuvable
    if piece.erreur_at is not None:
        return "Cette saisie était déjà déclarée faite par erreur : rien n'a changé."
    journal.live_at(conn, maintenant)
    rappeles = _take_back(conn, auteur, parcours, piece, motif, maintenant)
    journal.record(
        conn,
        "saisie_par_erreur",
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours_id,
        donnees={"piece": table, "piece_id": piece_id, "raison": motif, "messages_rappeles": rappeles},
    )
    ligne = json.dumps([{"table": table, "id": str(piece_id), "avant": None}])
    marque = {"assure": parcours.assure_id, "maintenant": maintenant, "par": UUID(auteur.id), "motif": motif, "ligne": ligne}
    conn.execute(query("erreurs.marquer_acte"), marque)
    statut = recompute_statut(conn, parcours, piece)
    reprise = _keep_next_action(conn, auteur, parcours, piece, maintenant)
    return _tell(piece, parcours, statut, rappeles, reprise)


def recompute_statut(conn: Connection, parcours: LigneParcours, piece: Piece) -> Statut:
    """Status that follows from the acts that remain, written when it differs.

    When the journal did not tell the status that the case had (a case taken over from elsewhere), it cannot tell the new one either:
    the status is left, and a person goes on from there.
    """
    contes = list_lignes(conn, "erreurs.lister_contes", Conte, parcours=parcours.id)
    erreurs = frozenset(conn.execute(query("erreurs.lister_erreurs"), {"parcours": parcours.id}).scalars())
    depart = Statut.A_AFFECTER if parcours.csam_id is None else Statut.AFFECTE
    if replay(depart, contes, erreurs - {str(piece.id)}) != parcours.statut:
        return Statut(parcours.statut)
    statut = replay(depart, contes, erreurs)
    if statut != parcours.statut:
        conn.execute(query("erreurs.fixer_statut"), {"parcours": parcours.id, "statut": statut.value})
    return statut


def _take_back(conn: Connection, auteur: Auteur, parcours: LigneParcours, piece: Piece, motif: str, maintenant: datetime) -> int:
    """The row and what it caused; returns how many messages were recalled."""
    if piece.table == "orientation" and piece.valeur in ACTIVES:
        cancel_orientation(conn, auteur, piece.id, MOTIF_RAPPEL, maintenant)
    if piece.table == "accord":
        for relais in conn.execute(query("erreurs.lister_relais"), {"accord": piece.id}).scalars().all():
            cancel_orientation(conn, auteur, relais, MOTIF_RAPPEL, maintenant)
    rappeles = 0
    if piece.table == "tele_echange" and piece.valeur in A_VENIR:
        rappeles = recall_ecrits(conn, parcours.id, piece.id, maintenant)
        cancel_tele_echange(conn, auteur, piece.id, "annule_service", maintenant)  # whoever was told of it is told that it is off
    parametres = {"ids": [piece.id], "maintenant": maintenant, "par": auteur.id}
    conn.execute(query(f"neutralisation.neutraliser_{piece.table}"), parametres)
    if piece.table == "contact" and piece.valeur == "decede":
        _lift_deces(conn, auteur, parcours, maintenant)
    if piece.table == "tele_echange" and motif == AUTRE_PERSONNE:
        conn.execute(query("erreurs.effacer_reponses"), {"ids": [piece.id]})
        conn.execute(query("neutralisation.neutraliser_sante_declaree"), parametres)
    fermeture = {"parcours": parcours.id, "cause": str(piece.id), "maintenant": maintenant, "par": auteur.id}
    conn.execute(query("taches.fermer_cause"), fermeture)
    return rappeles + recall_messages(conn, parcours_id=parcours.id, cause=str(piece.id), maintenant=maintenant, motif=MOTIF_RAPPEL)


def _keep_next_action(conn: Connection, auteur: Auteur, parcours: LigneParcours, piece: Piece, maintenant: datetime) -> bool:
    """Whether a reason to act had to be opened."""
    if parcours.clos_at is not None or conn.execute(query("taches.prochaine_echeance"), {"parcours": parcours.id}).scalar() is not None:
        return False
    open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours.id,
        motif="faire_le_point",
        cause=f"erreur:{piece.id}",
        maintenant=maintenant,
        auteur=auteur,
        note=NOTE,
    )
    return True


def _lift_deces(conn: Connection, auteur: Auteur, parcours: LigneParcours, maintenant: datetime) -> None:
    silence = find_silence(conn, parcours.assure_id, get_lieu(conn, parcours.plateforme_id).jour(maintenant))
    if silence is not None and silence.motif == DECES:
        lift_silence(conn, auteur, silence.id, maintenant)


def _tell(piece: Piece, parcours: LigneParcours, statut: Statut, rappeles: int, reprise: bool) -> str:
    phrase = f"« {piece.genre} » du {piece.le:%d/%m/%Y} est marqué comme une erreur : il reste dans l'historique, barré."
    if statut != parcours.statut:
        phrase += f" Le dossier est maintenant « {LIBELLES[statut]} »."
    if rappeles:
        phrase += " Le message qui n'était pas parti est rappelé." if rappeles == 1 else f" {rappeles} messages non partis sont rappelés."
    return phrase + (" Une tâche « Faire le point » est ajoutée pour que rien ne soit oublié." if reprise else "")
