"""Opinion of a médecin-conseil on a parcours; its text stays in the medical class."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pdp.domain.auteur import Auteur
from pdp.errors import AccesRefuse, DonneeInvalide, Introuvable
from pdp.storage import journal
from pdp.storage.sql import query

LONGUEUR_MAX = 2000


def record_avis(conn: Connection, auteur: Auteur, signalement_id: UUID, *, texte: str, cle_saisie: UUID, maintenant: datetime) -> bool:
    """Keep one opinion on the parcours of the person of this file; False when the same form was already kept.

    Raises :class:`DonneeInvalide` when the text is empty or too long, or when no parcours was ever opened.
    """
    if auteur.role != "medecin_conseil":
        raise AccesRefuse("L'avis est réservé au médecin-conseil.", code="medical_class")
    propre = texte.strip()
    if not propre or len(propre) > LONGUEUR_MAX:
        raise DonneeInvalide(f"Écrivez votre avis en {LONGUEUR_MAX} caractères au plus. Rien n'a été enregistré.", code="avis_length")
    personne = conn.execute(query("medecin.find_personne_dossier"), {"signalement_id": signalement_id}).one_or_none()
    if personne is None:
        raise Introuvable
    if personne.parcours_id is None:
        raise DonneeInvalide("Aucun parcours n'est ouvert pour cette personne : orientez d'abord le dossier.", code="no_parcours")
    parametres = {
        "id": cle_saisie,
        "plateforme_id": personne.plateforme_id,
        "parcours_id": personne.parcours_id,
        "medecin_id": UUID(auteur.id),
        "texte": propre,
        "rendu_at": maintenant,
    }
    try:
        with conn.begin_nested():
            conn.execute(query("medecin.insert_avis"), parametres)
    except IntegrityError as erreur:
        if isinstance(erreur.orig, UniqueViolation):
            return False
        raise
    journal.record(
        conn,
        "avis_rendu",
        plateforme_id=personne.plateforme_id,
        assure_id=personne.assure_id,
        parcours_id=personne.parcours_id,
        donnees={"avis_id": cle_saisie},
    )
    return True
