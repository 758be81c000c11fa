"""What a partner reads: the hand-overs made to it, field by field, and nothing of the parcours behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.contenu import CHAMPS
from pdp.domain.contenu import LIBELLES as LIBELLES_CHAMPS
from pdp.domain.orientation import DISPOSITIFS, LIBELLES, MOTIFS_REFUS, PAR_PARTENAIRE, Statut
from pdp.errors import Introuvable
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import find_ligne, list_lignes

A_REPONDRE = frozenset({Statut.ENVOYEE, Statut.RECUE})
EN_COURS = frozenset({Statut.ACCEPTEE, Statut.EN_COURS})
_TITRES = {
    "identite": "La personne",
    "contact": "Pour la joindre",
    "arret": "Son arrêt de travail",
    "emploi": "Son emploi et ses souhaits",
    "social": "Sa situation sociale",
}


@dataclass(frozen=True)
class Champ:
    """One line of what was handed over; ``cle`` is its field in the frozen content."""

    cle: str
    libelle: str
    valeur: str


@dataclass(frozen=True)
class Rubrique:
    """A class of data with its lines, titled in French."""

    titre: str
    champs: tuple[Champ, ...]


@dataclass(frozen=True)
class LigneOrientation:
    """A hand-over as its partner may read it; ``attente_*`` is its last answer, not applied yet."""

    id: UUID
    dispositif: str
    statut: str
    motif: str
    contenu: Mapping[str, Any]
    envoyee_at: datetime
    repondue_at: datetime | None
    reponse_attendue_le: date
    refus_motif: str | None
    compte_rendu: str | None
    version_partenaire: int
    attente_statut: str | None
    attente_recu_at: datetime | None
    attente_motif: str | None
    attente_compte_rendu: str | None

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
    def actes(self) -> tuple[str, ...]:
        """Statuses the partner may give now, `recue` excepted: reading is not an act of a person."""
        return tuple(s.value for s in Statut if s in PAR_PARTENAIRE.get(Statut(self.statut_vu), frozenset()) and s is not Statut.RECUE)

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
    def personne(self) -> str:
        """Name when the agreement covers it, a neutral word otherwise."""
        noms = [str(self.contenu[cle]) for cle in ("prenom", "nom") if self.contenu.get(cle)]
        return " ".join(noms) or "Personne accompagnée"

    def jours_depuis(self, jour: date) -> int:
        """Days since the partner had it, where the platform is."""
        return (jour - jour_local(self.envoyee_at)).days


@dataclass(frozen=True)
class Reponse:
    """One answer of the partner and what became of it."""

    statut: str
    motif: str | None
    compte_rendu: str | None
    survenu_at: datetime
    recu_at: datetime
    traite_at: datetime | None
    resultat: str | None

    @property
    def libelle(self) -> str:
        return LIBELLES[Statut(self.statut)]


@dataclass(frozen=True)
class Structure:
    """Who is signed in, and whom to call."""

    nom: str
    type: str
    delai_reponse_jours: int | None
    plateforme: str
    plateforme_telephone: str | None


@dataclass(frozen=True)
class Boite:
    """The three piles of the inbox, earliest expected answer first; the last one ends with what was closed lately."""

    a_repondre: list[LigneOrientation] = field(default_factory=list)
    en_cours: list[LigneOrientation] = field(default_factory=list)
    terminees: list[LigneOrientation] = field(default_factory=list)


def read_boite(conn: Connection, maintenant: datetime) -> Boite:
    """Inbox of the partner of the signed context; closed hand-overs leave it after the follow-up period of the policy."""
    jour = jour_local(maintenant)
    depuis = maintenant - timedelta(days=3 * referentiel().entier("suivi_periodicite_jours", jour))
    boite = Boite()
    for ligne in list_lignes(conn, "partenaire.list_orientations", LigneOrientation, depuis=depuis):
        statut = Statut(ligne.statut_vu)
        (boite.a_repondre if statut in A_REPONDRE else boite.en_cours if statut in EN_COURS else boite.terminees).append(ligne)
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


def get_structure(conn: Connection) -> Structure:
    structure = find_ligne(conn, "partenaire.find_partenaire", Structure)
    if structure is None:
        raise Introuvable("Votre structure n'est plus partenaire de la plateforme.")
    return structure


def describe_contenu(contenu: Mapping[str, Any]) -> tuple[Rubrique, ...]:
    """Frozen content as titled lines, in the order of the classes; a field of no known class is shown too, never hidden."""
    connus = {champ for champs in CHAMPS.values() for champ in champs}
    groupes = [(_TITRES[classe], champs) for classe, champs in CHAMPS.items()]
    groupes.append(("Autres éléments", tuple(champ for champ in contenu if champ not in connus)))
    rubriques = [
        Rubrique(titre, tuple(ligne for champ in champs for ligne in _describe(champ, contenu.get(champ)))) for titre, champs in groupes
    ]
    return tuple(rubrique for rubrique in rubriques if rubrique.champs)


def _describe(champ: str, valeur: Any) -> list[Champ]:
    """Lines of one field: answers of a questionnaire are already French questions and answers."""
    if valeur in (None, "", [], {}):
        return []
    if isinstance(valeur, Mapping):
        return [Champ(champ, str(question), str(reponse)) for question, reponse in valeur.items()]
    texte = ", ".join(str(v) for v in valeur) if isinstance(valeur, list) else str(valeur)
    return [Champ(champ, LIBELLES_CHAMPS.get(champ, champ.replace("_", " ").capitalize()), _date(texte) or texte)]


def _date(texte: str) -> str | None:
    """31/12/2026 for an ISO date, None for anything else."""
    try:
        return f"{date.fromisoformat(texte):%d/%m/%Y}" if len(texte) == len("2026-12-31") else None
    except ValueError:
        return None
