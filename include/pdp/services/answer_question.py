"""Questions between a coordinator and a partner about one hand-over: an answer starts the clock of the partner again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.auteur import Auteur
from pdp.domain.orientation import ACTIVES
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.announce_echange import announce_echange
from pdp.services.move_parcours import lock_parcours
from pdp.services.refresh_horloge import refresh_horloge
from pdp.storage import journal
from pdp.storage.sql import query

TEXTE_MAX = 1000


def answer_question(
    conn: Connection,
    auteur: Auteur,
    orientation_id: UUID,
    texte: str,
    cle_saisie: UUID,
    maintenant: datetime,
    question_id: UUID | None = None,
) -> UUID:
    """Answer the oldest open question of the partner (or ``question_id``) and return it; the same form again changes nothing.

    The answer leaves by the outbox, or is announced when the partner reads it on its own page. Raises :class:`DonneeInvalide` without
    words, :class:`Conflit` when no question is open any more, :class:`Introuvable` for an unknown hand-over.
    """
    texte = _checked(texte, "Écrivez votre réponse, sans information médicale.")
    orientation = _lock(conn, orientation_id)
    deja = conn.execute(query("horloge.trouver_reponse"), {"cle": cle_saisie, "orientation": orientation_id}).scalar()
    if deja is not None:
        return deja
    ouvertes = [
        q for q in conn.execute(query("horloge.lister_questions_ouvertes"), {"orientation": orientation_id}) if q.par == "partenaire"
    ]
    question = next((q for q in ouvertes if question_id in (None, q.id)), None)
    if question is None:
        raise Conflit("Cette question a déjà reçu une réponse, ou a été retirée. Rien n'a été envoyé : rechargez la page.")
    journal.live_at(conn, maintenant)
    parametres = {"question": question.id, "texte": texte, "maintenant": maintenant, "par": UUID(auteur.id), "cle": cle_saisie}
    conn.execute(query("horloge.repondre"), parametres)
    _follow(conn, auteur, orientation, "question_repondue", question.id, texte, maintenant)
    return question.id


def ask_question(conn: Connection, auteur: Auteur, orientation_id: UUID, texte: str, cle_saisie: UUID, maintenant: datetime) -> UUID:
    """Ask the partner something and return the question: it has its own deadline. The same form again is the same question."""
    texte = _checked(texte, "Écrivez votre question, sans information médicale.")
    orientation = _lock(conn, orientation_id)
    deja = conn.execute(query("horloge.trouver_question"), {"cle": cle_saisie, "orientation": orientation_id}).scalar()
    if deja is not None:
        return deja
    if orientation.envoyee_at is None:
        raise Conflit("Le partenaire n'a pas encore reçu cette orientation : attendez qu'elle soit remise. Rien n'a été envoyé.")
    journal.live_at(conn, maintenant)
    parametres = {"orientation": orientation_id, "texte": texte, "maintenant": maintenant, "par": UUID(auteur.id), "cle": cle_saisie}
    question = conn.execute(query("horloge.poser_question"), parametres).scalar_one()
    _follow(conn, auteur, orientation, "question_posee", question, texte, maintenant)
    return question


def _follow(
    conn: Connection, auteur: Auteur, orientation: Row[Any], evenement: str, question_id: UUID, texte: str, maintenant: datetime
) -> None:
    announce_echange(conn, orientation, question_id, evenement, texte, maintenant)
    journal.record(
        conn,
        evenement,
        plateforme_id=orientation.plateforme_id,
        assure_id=orientation.assure_id,
        parcours_id=orientation.parcours_id,
        donnees={"orientation_id": orientation.id, "question_id": question_id},
    )
    refresh_horloge(conn, auteur, orientation.parcours_id, orientation.id, maintenant)


def _lock(conn: Connection, orientation_id: UUID) -> Row[Any]:
    parcours_id = conn.execute(query("orientations.trouver_parcours"), {"orientation": orientation_id}).scalar()
    if parcours_id is None:
        raise Introuvable
    parcours = lock_parcours(conn, parcours_id)
    orientation = conn.execute(query("horloge.lire_pour_echanger"), {"orientation": orientation_id}).one()
    if orientation.statut not in ACTIVES or parcours.clos_at is not None:
        raise Conflit("Cette orientation est terminée : le partenaire ne lirait pas votre message. Rien n'a été envoyé.")
    return orientation


def _checked(texte: str, absence: str) -> str:
    texte = texte.strip()
    if not texte:
        raise DonneeInvalide(absence, code="missing_words")
    if len(texte) > TEXTE_MAX or "\0" in texte:
        raise DonneeInvalide(f"Le texte est limité à {TEXTE_MAX} caractères. Rien n'a été enregistré.", code="words_too_long")
    return texte
