"""What a partner reads: the hand-overs made to it, field by field, and nothing of the parcours behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.gestes_partenaire import Geste, list_gestes, list_premiers
from pdp.domain.orientation import ACTIVES, CANAUX, DISPOSITIFS, LIBELLES, MOTIFS_REFUS, NATURES, Statut
from pdp.errors import Introuvable
from pdp.services.describe_contenu import Rubrique, describe_contenu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import find_ligne, list_lignes

A_REPONDRE = frozenset({Statut.ENVOYEE, Statut.RECUE})
EN_COURS = frozenset({Statut.ACCEPTEE, Statut.EN_COURS})
_ETAPES = {
    "accuse": "Votre réponse : accepter ou refuser",
    "acceptation": "Votre réponse : accepter ou refuser",
    "rendez_vous": "Premier rendez-vous avec la personne",
    "nouvelles": "Des nouvelles de l'accompagnement",
}


@dataclass(frozen=True)
class LigneOrientation:
    """A hand-over as its partner may read it; ``attente_*``: what it said last, not applied yet. ``question``: open, put to it by us.

    Refused or expired, ``motif`` is None and ``contenu`` empty: the database gives them no more.

    ``etape``, ``balle``, ``echeance_at`` are the clock of ``domain/horloge.py`` as last read; None = not read yet.
    """

    id: UUID
    dispositif: str
    statut: str
    motif: str | None
    contenu: Mapping[str, Any]
    envoyee_at: datetime
    repondue_at: datetime | None
    reponse_attendue_le: date
    refus_motif: str | None
    compte_rendu: str | None
    version_partenaire: int
    etape: str | None
    balle: str | None
    echeance_at: datetime | None
    rendez_vous_at: datetime | None
    rendez_vous_manque_at: datetime | None
    attente_statut: str | None
    attente_recu_at: datetime | None
    attente_motif: str | None
    attente_compte_rendu: str | None
    attente_nature: str | None
    attente_rendez_vous_at: datetime | None
    question: str | None
    question_at: datetime | None

    @property
    def statut_vu(self) -> str:
        """Status as the partner left it: its last answer counts at once on its own screen."""
        return self.attente_statut or self.statut

    @property
    def libelle(self) -> str:
        return LIBELLES[Statut(self.statut_vu)]

    @property
    def dispositif_libelle(self) -> str:
        return DISPOSITIFS[self.dispositif]

    @property
    def gestes(self) -> tuple[Geste, ...]:
        return list_gestes(self.statut_vu, interroge=self.question is not None)

    @property
    def actes(self) -> tuple[str, ...]:
        """Statuses the partner may give now; reading is not an act of a person."""
        return tuple(statut.value for geste in self.gestes for statut in geste.statuts)

    @property
    def premiers(self) -> tuple[Geste, ...]:
        return list_premiers(self.statut_vu)

    @property
    def en_route(self) -> str | None:
        """What was just said and is not applied yet, in words."""
        if self.attente_statut:
            return LIBELLES[Statut(self.attente_statut)].lower()
        return NATURES[self.attente_nature].lower() if self.attente_nature else None

    @property
    def rendez_vous_prevu(self) -> datetime | None:
        """Last meeting told, unless the person did not come."""
        if self.attente_nature == "rendez_vous_manque" or (self.rendez_vous_manque_at and not self.attente_rendez_vous_at):
            return None
        return self.attente_rendez_vous_at or self.rendez_vous_at

    @property
    def echeance(self) -> datetime | date | None:
        """When the one who has the ball must have acted; before the clock was read, when an answer is awaited."""
        if self.en_route:
            return None
        return self.echeance_at or (self.reponse_attendue_le if Statut(self.statut_vu) in A_REPONDRE else None)

    @property
    def main(self) -> str:
        """Who has the ball, as the partner reads it."""
        if Statut(self.statut_vu) not in ACTIVES:
            return ""
        if self.en_route or self.balle == "csam":
            return "À la plateforme de jouer"
        return "En attente de la personne" if self.balle == "assure" else "À vous de jouer"

    @property
    def etape_libelle(self) -> str | None:
        """What is awaited now; None once over, or while the platform reads the last answer."""
        if self.en_route or Statut(self.statut_vu) not in ACTIVES:
            return None
        if self.balle == "csam":
            return "Réponse de la plateforme à votre question"
        if self.balle == "assure":
            return "Rendez-vous avec la personne"
        return _ETAPES.get(self.etape or ("acceptation" if Statut(self.statut) in A_REPONDRE else "nouvelles"))

    def is_en_retard(self, maintenant: datetime) -> bool:
        """The partner has the ball and its deadline is over."""
        if self.en_route or self.balle not in (None, "partenaire") or Statut(self.statut_vu) not in ACTIVES:
            return False
        if self.echeance_at is not None:
            return self.echeance_at < maintenant
        return Statut(self.statut_vu) in A_REPONDRE and self.reponse_attendue_le < jour_local(maintenant)

    @property
    def refus_libelle(self) -> str | None:
        motif = self.refus_motif or self.attente_motif
        return MOTIFS_REFUS.get(motif, motif) if motif else None

    @property
    def rendu(self) -> str | None:
        return self.attente_compte_rendu or self.compte_rendu

    @property
    def rubriques(self) -> tuple[Rubrique, ...]:
        return describe_contenu(self.contenu)

    @property
    def is_coupee(self) -> bool:
        """What was told of the person is no longer readable."""
        return self.motif is None

    @property
    def personne(self) -> str:
        """Name when the agreement covers it, a neutral word otherwise; the day of the request once it is refused or expired."""
        if self.is_coupee:
            return f"Demande du {jour_local(self.envoyee_at):%d/%m/%Y}"
        noms = [str(self.contenu[cle]) for cle in ("prenom", "nom") if self.contenu.get(cle)]
        return " ".join(noms) or "Personne accompagnée"

    def jours_depuis(self, jour: date) -> int:
        """Days since the partner had it, where the platform is."""
        return (jour - jour_local(self.envoyee_at)).days


@dataclass(frozen=True)
class Reponse:
    """One thing the partner said and what became of it; ``statut`` None unless it is a step."""

    nature: str
    statut: str | None
    motif: str | None
    compte_rendu: str | None
    rendez_vous_at: datetime | None
    survenu_at: datetime
    recu_at: datetime
    traite_at: datetime | None
    resultat: str | None
    transport: str

    @property
    def libelle(self) -> str:
        return LIBELLES[Statut(self.statut)] if self.statut else NATURES[self.nature]

    @property
    def transport_libelle(self) -> str:
        return CANAUX[self.transport]


@dataclass(frozen=True)
class Question:
    """A question between the partner (``par`` partenaire) and the platform (csam); ``recue`` False = on its way."""

    par: str
    texte: str
    posee_at: datetime
    reponse: str | None
    repondue_at: datetime | None
    recue: bool


@dataclass(frozen=True)
class Structure:
    """Who is signed in, and whom to call."""

    id: UUID
    nom: str
    type: str
    canal: str
    delai_reponse_jours: int | None
    plateforme: str
    plateforme_telephone: str | None


@dataclass(frozen=True)
class Boite:
    """The three piles of the inbox, earliest deadline first; the last one ends with what was closed lately."""

    a_repondre: list[LigneOrientation] = field(default_factory=list)
    en_cours: list[LigneOrientation] = field(default_factory=list)
    terminees: list[LigneOrientation] = field(default_factory=list)
    en_retard: list[LigneOrientation] = field(default_factory=list)


def read_boite(conn: Connection, maintenant: datetime) -> Boite:
    """Inbox of the partner of the signed context; closed hand-overs leave it after the follow-up period of the policy."""
    jour = jour_local(maintenant)
    depuis = maintenant - timedelta(days=3 * referentiel().entier("suivi_periodicite_jours", jour))
    boite = Boite()
    for ligne in list_lignes(conn, "partenaire.list_orientations", LigneOrientation, depuis=depuis):
        statut = Statut(ligne.statut_vu)
        (boite.a_repondre if statut in A_REPONDRE else boite.en_cours if statut in EN_COURS else boite.terminees).append(ligne)
        if ligne.is_en_retard(maintenant):
            boite.en_retard.append(ligne)
    boite.terminees.sort(key=lambda o: o.repondue_at or o.attente_recu_at or o.envoyee_at, reverse=True)
    return boite


def get_orientation(conn: Connection, orientation_id: UUID) -> LigneOrientation:
    """Raises :class:`Introuvable` when absent, withdrawn or another partner's: the three are never told apart."""
    ligne = find_ligne(conn, "partenaire.find_orientation", LigneOrientation, orientation_id=orientation_id)
    if ligne is None:
        raise Introuvable("Cette demande n'existe pas, a été retirée, ou ne vous est pas adressée.")
    return ligne


def list_reponses(conn: Connection, orientation_id: UUID) -> list[Reponse]:
    return list_lignes(conn, "partenaire.list_reponses", Reponse, orientation_id=orientation_id)


def list_questions(conn: Connection, orientation_id: UUID) -> list[Question]:
    return list_lignes(conn, "partenaire.list_questions", Question, orientation_id=orientation_id)


def get_structure(conn: Connection) -> Structure:
    structure = find_ligne(conn, "partenaire.find_partenaire", Structure)
    if structure is None:
        raise Introuvable("Votre structure n'est plus partenaire de la plateforme.")
    return structure
