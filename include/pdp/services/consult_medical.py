"""Opening the medical class of one person: a médecin-conseil only, and never without a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.tele_echange import BLOCS
from pdp.errors import AccesRefuse, Introuvable
from pdp.storage import journal
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

_QUESTIONS = {question.cle: question for bloc in BLOCS if bloc.classe == "sante" for question in bloc.questions}


@dataclass(frozen=True)
class MotifMedical:
    """Medical motif of one prescription; ``code_cim10`` is None when the prescription carried none."""

    date_debut: date
    date_fin: date
    nature: str
    ald: bool
    hospitalisation: bool
    code_cim10: str | None


@dataclass(frozen=True)
class SanteDeclaree:
    """What the person said of their health at one télé-échange."""

    recueilli_at: datetime
    reponses: Mapping[str, Any]

    @property
    def phrases(self) -> list[tuple[str, str]]:
        """Question and answer in French."""
        phrases = []
        for cle, valeur in self.reponses.items():
            question = _QUESTIONS.get(cle)
            codes = valeur if isinstance(valeur, list) else [valeur]
            reponses = ", ".join(question.choix.get(str(c), str(c)) if question else str(c) for c in codes)
            phrases.append((question.libelle if question else cle, reponses))
        return phrases


@dataclass(frozen=True)
class Avis:
    """Opinion of a médecin-conseil."""

    texte: str
    rendu_at: datetime
    medecin_nom: str | None
    medecin_prenom: str | None


@dataclass(frozen=True)
class DossierMedical:
    """The medical class of one person, as read once."""

    motifs: list[MotifMedical]
    sante: list[SanteDeclaree]
    avis: list[Avis]


def consult_medical(conn: Connection, auteur: Auteur, signalement_id: UUID) -> DossierMedical:
    """Read the medical class behind a file; the consultation is journalled first, in the same transaction.

    A second call is a second consultation: each leaves its own event.
    """
    if auteur.role != "medecin_conseil":
        raise AccesRefuse("Les données médicales sont réservées au médecin-conseil.", code="medical_class")
    personne = conn.execute(query("medecin.find_personne_dossier"), {"signalement_id": signalement_id}).one_or_none()
    if personne is None:
        raise Introuvable
    journal.record(
        conn,
        "medical_consulte",
        plateforme_id=personne.plateforme_id,
        assure_id=personne.assure_id,
        parcours_id=personne.parcours_id,
        donnees={"signalement_id": signalement_id},
    )
    return DossierMedical(
        motifs=list_lignes(conn, "medecin.list_motifs_medicaux", MotifMedical, assure_id=personne.assure_id),
        sante=list_lignes(conn, "medecin.list_sante_declaree", SanteDeclaree, assure_id=personne.assure_id),
        avis=list_lignes(conn, "medecin.list_avis", Avis, assure_id=personne.assure_id),
    )
