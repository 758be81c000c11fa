"""One history of a person: the journal, made readable with what each event points to, filtered by kind and by absence.

What was entered in error or taken back stays, struck through, with who said so. Events of another parcours of the same person are told
by their label only: the words written there are read where they were written, by who follows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.accord import DESTINATAIRES
from pdp.domain.evenements import describe
from pdp.domain.tache import MOTIFS
from pdp.services.delais import Lieu
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

AUTOMATIQUE = "Plateforme (automatique)"
LIMITE = 300
_POINTEURS = ("contact_id", "tele_echange_id", "orientation_id")
_ERREURS = frozenset({"contact_enregistre", "tele_echange_planifie", "orientation_proposee"})
"""Events that write the row they point to: struck through with it."""


@dataclass(frozen=True)
class Evenement:
    """One line of the history; ``texte`` is what a person wrote, ``barre`` why it no longer counts, None when it does."""

    id: int
    survenu_at: datetime
    code: str
    type: str
    libelle: str
    detail: str
    texte: str | None
    auteur: str
    automatique: bool
    autre_parcours: bool
    barre: str | None

    @property
    def est_tache(self) -> bool:
        """Opened and closed reasons are folded: they repeat the acts."""
        return self.code in ("tache_ouverte", "tache_fermee")


@dataclass(frozen=True)
class ArretVu:
    """One absence of the person, as a choice of the filter."""

    id: UUID
    debut: date
    fin: date


@dataclass(frozen=True)
class Historique:
    """What is shown, and the choices with their counts. ``complet`` False: older events were left out."""

    evenements: list[Evenement]
    types: dict[str, int]
    arrets: list[tuple[ArretVu, int]]
    type: str | None
    arret: UUID | None
    complet: bool

    @property
    def actes(self) -> list[Evenement]:
        """Without the reasons opened and closed, unless they were asked for."""
        return [e for e in self.evenements if self.type is not None or not e.est_tache]

    @property
    def taches(self) -> list[Evenement]:
        return [] if self.type is not None else [e for e in self.evenements if e.est_tache]


Details = Mapping[str, tuple[str, str | None]]


def list_evenements(
    conn: Connection, parcours_id: UUID, details: Details, erreurs: Mapping[str, str] | None = None, limite: int = LIMITE
) -> list[Evenement]:
    """Of the person of a parcours, latest first; ``details``: id of a row -> what it was, its words; ``erreurs``: id -> why it is void."""
    lignes = conn.execute(query("fiche.lister_evenements"), {"parcours": parcours_id, "limite": limite})
    return [_build(ligne, details, erreurs or {}) for ligne in lignes]


def list_arrets(conn: Connection, assure_id: UUID) -> list[ArretVu]:
    """Absences of a person, latest first."""
    return list_lignes(conn, "fiche.lister_arrets", ArretVu, assure=assure_id)


def filter_historique(
    evenements: Sequence[Evenement], arrets: Sequence[ArretVu], lieu: Lieu, *, type_: str | None, arret: str | None, limite: int = LIMITE
) -> Historique:
    """Events of one kind, of one absence, or of both; an unknown choice filters nothing. Counts are those of the other filter."""
    place = {e.id: _find_arret(arrets, lieu.jour(e.survenu_at)) for e in evenements}
    type_ = type_ if any(e.type == type_ for e in evenements) else None
    choisi = next((a.id for a in arrets if str(a.id) == arret), None)
    du_type = [e for e in evenements if type_ is None or e.type == type_]
    de_l_arret = [e for e in evenements if choisi is None or place[e.id] == choisi]
    par_arret = Counter(place[e.id] for e in du_type)
    return Historique(
        evenements=[e for e in du_type if choisi is None or place[e.id] == choisi],
        types=dict(sorted(Counter(e.type for e in de_l_arret).items())),
        arrets=[(a, par_arret[a.id]) for a in arrets],
        type=type_,
        arret=choisi,
        complet=len(evenements) < limite,
    )


def _find_arret(arrets: Sequence[ArretVu], jour: date) -> UUID | None:
    """The absence begun last on that day: what is done after its end still belongs to it."""
    return next((a.id for a in arrets if a.debut <= jour), None)


def _build(ligne: Any, details: Details, erreurs: Mapping[str, str]) -> Evenement:
    type_, libelle = describe(ligne.evenement)
    donnees: dict[str, Any] = ligne.donnees
    cle = next((str(donnees[p]) for p in _POINTEURS if str(donnees.get(p)) in details), "")
    pointee = details.get(cle, ("", None))
    return Evenement(
        id=ligne.id,
        survenu_at=ligne.survenu_at,
        code=ligne.evenement,
        type=type_,
        libelle=libelle,
        detail=" · ".join(filter(None, [pointee[0], *_mots(donnees)])),
        texte=pointee[1] if ligne.evenement in ("contact_enregistre", "tele_echange_realise") else None,
        auteur=_auteur(ligne),
        automatique=ligne.auteur_type == "systeme",
        autre_parcours=ligne.autre_parcours,
        barre=_barre(ligne) or (erreurs.get(cle) if ligne.evenement in _ERREURS else None),
    )


def _barre(ligne: Any) -> str | None:
    """Why the act of this event no longer counts."""
    if ligne.annule_at is None:
        return None
    quoi = "Saisie par erreur, déclarée" if ligne.erreur_motif else "Annulé"
    return f"{quoi} le {ligne.annule_at:%d/%m/%Y} par {ligne.annule_prenom} {ligne.annule_nom}"


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
    if donnees.get("destinataire") in DESTINATAIRES:
        mots.append(DESTINATAIRES[donnees["destinataire"]])
    if "jusqu_a" in donnees:
        mots.append(f"jusqu'au {date.fromisoformat(str(donnees['jusqu_a'])[:10]):%d/%m/%Y}")
    if "retour_le" in donnees:
        mots.append(f"retour prévu le {date.fromisoformat(str(donnees['retour_le'])[:10]):%d/%m/%Y}")
    return mots
