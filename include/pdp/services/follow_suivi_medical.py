"""A file given to the infirmier or convoked comes back: it keeps a deadline until a médecin-conseil says what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.clock import jour_local
from pdp.domain.auteur import Auteur
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.delais import due_at, get_lieu
from pdp.services.libelles_dossier import CATEGORIES
from pdp.storage import journal
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

CIBLES = {"oriente_ism": "Infirmier du service médical", "convocation_mc": "Convocation par le médecin-conseil"}
ISSUES = {"oriente_csam": "Orienter vers un conseiller (CSAM)", "sans_suite": "Clore sans suite"}
DELAIS = {"oriente_ism": "suivi_ism_delai_jours_ouvres", "convocation_mc": "suivi_convocation_delai_jours_ouvres"}


@dataclass(frozen=True)
class SuiviMedical:
    """An open follow-up."""

    id: UUID
    signalement_id: UUID
    cible: str
    ouvert_at: datetime
    echeance_at: datetime
    reports: int
    note: str | None
    nom: str
    prenom: str
    palier: int
    debut: date
    fin: date
    motif_categorie: str
    motif_decision: str | None
    parcours_id: UUID | None

    @property
    def cible_libelle(self) -> str:
        return CIBLES[self.cible]

    @property
    def categorie(self) -> str:
        return CATEGORIES[self.motif_categorie]

    def retard_jours(self, jour: date) -> int:
        """Days past the deadline, 0 when it is ahead."""
        return max(0, (jour - jour_local(self.echeance_at)).days)


@dataclass(frozen=True)
class CompteSuivis:
    ism: int
    convocations: int
    en_retard: int


def open_suivi(conn: Connection, plateforme_id: str, signalement_id: UUID, cible: str, maintenant: datetime) -> None:
    """For a file just oriented to the infirmier or convoked; other targets open nothing. A second call changes nothing."""
    if cible not in DELAIS:
        return
    echeance = due_at(get_lieu(conn, plateforme_id), DELAIS[cible], maintenant)
    conn.execute(query("suivi_medical.ouvrir"), {"signalement": signalement_id, "maintenant": maintenant, "echeance": echeance})


def open_manquants(conn: Connection, plateforme_id: str, maintenant: datetime) -> int:
    """Give a follow-up to every file that has none; returns how many were missing."""
    lieu = get_lieu(conn, plateforme_id)
    echeances = {
        "echeance_ism": due_at(lieu, DELAIS["oriente_ism"], maintenant),
        "echeance_mc": due_at(lieu, DELAIS["convocation_mc"], maintenant),
    }
    return len(
        conn.execute(query("suivi_medical.ouvrir_manquants"), {"plateforme": plateforme_id, "maintenant": maintenant, **echeances}).all()
    )


def list_suivis(conn: Connection, cible: str | None, limite: int) -> list[SuiviMedical]:
    """Open follow-ups of the platform, the most overdue first."""
    return list_lignes(conn, "suivi_medical.lister", SuiviMedical, cible=cible, limite=limite)


def count_suivis(conn: Connection, maintenant: datetime) -> CompteSuivis:
    """Open follow-ups of the platform."""
    return list_lignes(conn, "suivi_medical.compter", CompteSuivis, maintenant=maintenant)[0]


def postpone_suivi(conn: Connection, auteur: Auteur, suivi_id: UUID, jusqu_a: date, note: str, maintenant: datetime) -> None:
    """Put the deadline off to the end of a later day. Raises Introuvable, Conflit when ended, DonneeInvalide for a day not ahead."""
    suivi = _lock(conn, suivi_id)
    lieu = get_lieu(conn, suivi.plateforme_id)
    if jusqu_a <= lieu.jour(maintenant):
        raise DonneeInvalide("Choisissez un jour à venir. Rien n'a été enregistré.", code="day_not_ahead")
    conn.execute(
        query("suivi_medical.reporter"), {"suivi": suivi_id, "echeance": lieu.fin_de_journee(jusqu_a), "note": note.strip() or None}
    )
    _record(conn, suivi, "suivi_medical_reporte", {"jusqu_a": jusqu_a})


def close_suivi(conn: Connection, auteur: Auteur, suivi_id: UUID, issue: str, note: str, maintenant: datetime) -> UUID | None:
    """End a follow-up; returns the parcours, opened now or already open, when the person goes to a coordinator.

    Raises Introuvable, Conflit when somebody ended it meanwhile, DonneeInvalide for an unknown end or an end without its reason.
    """
    if issue not in ISSUES:
        raise DonneeInvalide("Choisissez une suite dans la liste.", code="unknown_outcome")
    if issue == "sans_suite" and not note.strip():
        raise DonneeInvalide("Dites pourquoi ce suivi est clos sans suite. Rien n'a été enregistré.", code="missing_reason")
    suivi = _lock(conn, suivi_id)
    parcours = _open_parcours(conn, suivi, maintenant) if issue == "oriente_csam" else None
    conn.execute(
        query("suivi_medical.clore"),
        {"suivi": suivi_id, "issue": issue, "note": note.strip() or None, "par": UUID(auteur.id), "maintenant": maintenant},
    )
    _record(conn, suivi, "suivi_medical_clos", {"issue": issue}, parcours)
    return parcours


def _open_parcours(conn: Connection, suivi: Row[Any], maintenant: datetime) -> UUID | None:
    ouvert = conn.execute(query("parcours.ouvrir"), {"signalement": suivi.signalement_id, "maintenant": maintenant}).scalar()
    if ouvert is None:
        return conn.execute(query("parcours.trouver_ouvert"), {"assure": suivi.assure_id}).scalar()
    _record(conn, suivi, "parcours_ouvert", {}, ouvert)
    return ouvert


def _lock(conn: Connection, suivi_id: UUID) -> Row[Any]:
    suivi = conn.execute(query("suivi_medical.verrouiller"), {"suivi": suivi_id}).one_or_none()
    if suivi is None:
        raise Introuvable
    if suivi.clos_at is not None:
        raise Conflit("Ce suivi est déjà clos. La première décision est gardée.")
    return suivi


def _record(conn: Connection, suivi: Row[Any], code: str, donnees: dict[str, Any], parcours_id: UUID | None = None) -> None:
    journal.record(
        conn,
        code,
        plateforme_id=suivi.plateforme_id,
        assure_id=suivi.assure_id,
        parcours_id=parcours_id,
        donnees={"suivi_id": suivi.id, "signalement_id": suivi.signalement_id, **donnees},
    )
