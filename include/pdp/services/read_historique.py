"""One history of a case: the journal, made readable with what each event points to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.accord import TEXTES
from pdp.domain.evenements import describe
from pdp.domain.tache import MOTIFS
from pdp.storage.sql import query

AUTOMATIQUE = "Plateforme (automatique)"
_POINTEURS = ("contact_id", "tele_echange_id", "orientation_id")


@dataclass(frozen=True)
class Evenement:
    """One line of the history; ``texte`` is what a person wrote."""

    id: int
    survenu_at: datetime
    code: str
    type: str
    libelle: str
    detail: str
    texte: str | None
    auteur: str

    @property
    def est_tache(self) -> bool:
        """Opened and closed reasons are folded: they repeat the acts."""
        return self.code in ("tache_ouverte", "tache_fermee")


def list_evenements(conn: Connection, parcours_id: UUID, details: Mapping[str, tuple[str, str | None]]) -> list[Evenement]:
    """Latest first; ``details`` gives what the row named by an event was, and its free text."""
    return [_build(ligne, details) for ligne in conn.execute(query("fiche.lister_evenements"), {"parcours": parcours_id})]


def _build(ligne: Any, details: Mapping[str, tuple[str, str | None]]) -> Evenement:
    type_, libelle = describe(ligne.evenement)
    donnees: dict[str, Any] = ligne.donnees
    pointee = next((details[str(donnees[p])] for p in _POINTEURS if str(donnees.get(p)) in details), ("", None))
    detail = " · ".join(filter(None, [pointee[0], *_mots(donnees)]))
    texte = pointee[1] if ligne.evenement in ("contact_enregistre", "tele_echange_realise") else None
    return Evenement(ligne.id, ligne.survenu_at, ligne.evenement, type_, libelle, detail, texte, _auteur(ligne))


def _auteur(ligne: Any) -> str:
    if ligne.auteur_type == "agent":
        return f"{ligne.agent_prenom} {ligne.agent_nom}" if ligne.agent_nom else "Un agent"
    if ligne.auteur_type == "partenaire":
        return ligne.partenaire_nom or "Un partenaire"
    return AUTOMATIQUE


def _mots(donnees: Mapping[str, Any]) -> list[str]:
    """Codes of an event as French words; what is not listed here is for programs."""
    mots = []
    if donnees.get("motif") in MOTIFS:
        mots.append(MOTIFS[donnees["motif"]].libelle)
    if donnees.get("destinataire") in TEXTES:
        mots.append(TEXTES[donnees["destinataire"]].libelle)
    if "jusqu_a" in donnees:
        mots.append(f"jusqu'au {date.fromisoformat(str(donnees['jusqu_a'])[:10]):%d/%m/%Y}")
    if "retour_le" in donnees:
        mots.append(f"retour prévu le {date.fromisoformat(str(donnees['retour_le'])[:10]):%d/%m/%Y}")
    return mots
