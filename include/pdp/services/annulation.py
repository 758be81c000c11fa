"""Undo: around every act of a person on a case, what it changed; and everything put back as it was, or a clear refusal.

Acts of a case are taken back in the reverse order, each once, by who made it, within ``annulation_fenetre_jours``. Afterwards an
entry is declared an error with its reason (``declare_erreur``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row
from sqlalchemy.exc import IntegrityError

from pdp.domain.acte import INDEPENDANTS, describe_genre
from pdp.domain.auteur import Auteur
from pdp.domain.parcours import LIBELLES, Statut
from pdp.errors import Introuvable
from pdp.services.delais import get_lieu
from pdp.services.photo_dossier import LigneActe, Photo, compare, photograph
from pdp.services.publish_referentiel import referentiel
from pdp.services.refus_annulation import (
    AnnulationRefusee,
    check_conseiller,
    check_depuis,
    check_suivant,
    refuse_message,
    refuse_place,
)
from pdp.services.remise_dossier import put_back
from pdp.services.suites_annulation import recall_suites, reopen_suites
from pdp.storage import journal
from pdp.storage.sql import query

FENETRE = "annulation_fenetre_jours"
_EN_COURS = "pdp.acte"
__all__ = ["Acte", "AnnulationRefusee", "acte", "get_fenetre", "offer", "undo_acte"]


@dataclass
class Acte:
    """The act under way; ``id`` is known once it is done, None when it changed nothing."""

    genre: str
    id: UUID | None = None
    parcours_id: UUID | None = None


@contextmanager
def acte(
    conn: Connection,
    auteur: Auteur,
    parcours_id: UUID | None,
    genre: str,
    maintenant: datetime,
    *,
    piece_id: UUID | None = None,
) -> Iterator[Acte]:
    """Around one act of a person on one case, in the transaction of the act; ``genre`` is a code of ``domain/acte.py``.

    What may have no parcours (signalement, alert, medical
    follow-up) is given as ``piece_id``. An act within an act belongs to the outer one; a machine keeps none.
    Raises :class:`Introuvable` when the case is absent or not visible.
    """
    info = conn.info  # kept: a connection that breaks meanwhile no longer gives it
    exterieur = info.get(_EN_COURS)
    if exterieur is not None or auteur.type != "agent":
        yield exterieur or Acte(genre, None, parcours_id)
        return
    sujet = _lock_sujet(conn, parcours_id, piece_id)
    cle = {"assure": sujet.assure_id}
    avant, evenement = photograph(conn, sujet.assure_id, auteur.role), conn.execute(query("annulation.dernier_evenement"), cle).scalar_one()
    en_cours = info[_EN_COURS] = Acte(genre, None, parcours_id or sujet.parcours_id)
    try:
        yield en_cours
    finally:
        info.pop(_EN_COURS, None)
    apres = photograph(conn, sujet.assure_id, auteur.role)
    lignes = compare(avant, apres)
    if not lignes:
        return
    ouvert = next((UUID(ligne.id) for ligne in lignes if ligne.table == "parcours" and ligne.avant is None), None)
    en_cours.parcours_id = en_cours.parcours_id or ouvert
    en_cours.id = conn.execute(
        query("annulation.consigner"),
        {
            "plateforme": sujet.plateforme_id,
            "assure": sujet.assure_id,
            "parcours": en_cours.parcours_id,
            "agent": UUID(auteur.id),
            "genre": genre,
            "maintenant": maintenant,
            "evenement_avant": evenement,
            "evenement_apres": conn.execute(query("annulation.dernier_evenement"), cle).scalar_one(),
            "statut_avant": _statut(avant, en_cours.parcours_id),
            "statut_apres": _statut(apres, en_cours.parcours_id),
            "lignes": json.dumps([ligne.as_json() for ligne in lignes]),
        },
    ).scalar_one()


def offer(fait: Acte, libelle: str = "Annuler") -> dict[str, str] | None:
    """What ``flash(annulation=…)`` takes: the undo button of this act; None when it changed nothing."""
    return None if fait.id is None else {"adresse": f"/annulations/{fait.id}", "libelle": libelle}


def undo_acte(conn: Connection, auteur: Auteur, acte_id: UUID, maintenant: datetime) -> str:
    """Put everything back as before this act and return the French sentence of what was done; a second call changes nothing.

    Raises :class:`AnnulationRefusee` (French, with its consequence) past the window, when somebody acted since, when a message has
    left, when the case changed hands; :class:`Introuvable` when the act is not this person's.
    """
    ligne = _lock_acte(conn, auteur, acte_id)
    nom = describe_genre(ligne.genre)
    if ligne.annule_at is not None:
        return f"« {nom} » était déjà annulé : rien n'a changé."
    jours = get_fenetre(conn, ligne.plateforme_id, maintenant)
    if maintenant > ligne.fait_at + timedelta(days=jours):
        raise AnnulationRefusee(
            f"« {nom} » date de plus de {jours} jours : l'annulation n'est plus possible. Rien n'a été changé. Sur la fiche, déclarez la"
            " saisie faite par erreur : elle restera dans l'historique, barrée, avec votre raison.",
            code="undo_window_over",
        )
    check_conseiller(conn, auteur, ligne)
    if ligne.genre not in INDEPENDANTS and auteur.role != "responsable":
        check_suivant(conn, auteur, ligne)
    journal.live_at(conn, maintenant)
    rappeles = _put_back(conn, auteur, ligne, maintenant)
    conn.execute(query("annulation.marquer"), {"acte": acte_id, "maintenant": maintenant, "agent": UUID(auteur.id), "motif": None})
    if ligne.genre == "erreur_declaree":
        conn.execute(query("erreurs.demarquer"), {"assure": ligne.assure_id, "declare_at": ligne.fait_at})
    conn.execute(query("annulation.verser"), {"assure": ligne.assure_id, "parcours": ligne.parcours_id})
    journal.record(
        conn,
        "acte_annule",
        plateforme_id=ligne.plateforme_id,
        assure_id=ligne.assure_id if auteur.role != "responsable" else None,
        parcours_id=ligne.parcours_id,
        donnees={"acte_id": acte_id, "genre": ligne.genre, "messages_rappeles": rappeles},
    )
    return _tell(nom, ligne.statut_avant, rappeles)


def get_fenetre(conn: Connection, plateforme_id: str, maintenant: datetime) -> int:
    """Days during which an act can be taken back."""
    return referentiel().entier(FENETRE, get_lieu(conn, plateforme_id).jour(maintenant), plateforme_id)


def _lock_sujet(conn: Connection, parcours_id: UUID | None, piece_id: UUID | None) -> Row[Any]:
    if parcours_id is not None:
        trouve = conn.execute(query("annulation.trouver_personne"), {"parcours": parcours_id}).one_or_none()
    else:
        trouve = conn.execute(query("annulation.trouver_personne_de_la_piece"), {"piece": piece_id}).one_or_none()
    if trouve is None:
        raise Introuvable
    conn.execute(query("annulation.verrouiller_personne"), {"assure": trouve.assure_id})
    return trouve


def _lock_acte(conn: Connection, auteur: Auteur, acte_id: UUID) -> Row[Any]:
    """The act of this person, read again once its case is locked."""
    cle = {"acte": acte_id, "agent": UUID(auteur.id)}
    ligne = conn.execute(query("annulation.lire"), cle).one_or_none()
    if ligne is None:
        raise Introuvable("Cette saisie n'existe pas, ou n'est pas la vôtre.")
    conn.execute(query("annulation.verrouiller_personne"), {"assure": ligne.assure_id})
    return conn.execute(query("annulation.lire"), cle).one()


def _put_back(conn: Connection, auteur: Auteur, ligne: Row[Any], maintenant: datetime) -> int:
    lignes = [LigneActe(**brute) for brute in ligne.lignes]
    try:
        with conn.begin_nested():  # a refusal leaves nothing recalled, even when the caller goes on
            suites = recall_suites(conn, auteur, ligne.parcours_id, ligne.fait_at, lignes, maintenant)
            check_depuis(conn, ligne, lignes, photograph(conn, ligne.assure_id, auteur.role))
            rappeles = put_back(conn, auteur, ligne.id, lignes, maintenant)
            if rappeles < 0:
                raise refuse_message(ligne.genre)
            reopen_suites(conn, auteur, ligne.parcours_id, ligne.fait_at, lignes, maintenant)
    except IntegrityError as erreur:  # the slot, or the place of the open parcours, was taken since
        raise refuse_place(ligne.genre) from erreur
    return rappeles + suites


def _statut(photo: Photo, parcours_id: UUID | None) -> str | None:
    statut = photo.get(("parcours", str(parcours_id)), {}).get("statut")
    return None if statut is None else str(statut)


def _tell(nom: str, statut: str | None, rappeles: int) -> str:
    phrase = f"« {nom} » est annulé."
    if statut is not None:
        phrase += f" Le dossier est revenu comme avant : « {LIBELLES[Statut(statut)]} »."
    if rappeles:
        phrase += " Le message n'est pas parti." if rappeles == 1 else f" Les {rappeles} messages ne sont pas partis."
    return phrase
