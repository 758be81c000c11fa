"""Pairs that look alike: side by side for the coordinator who compares, by opaque cases for the manager who follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.doublon import COMPARABLES, ETATS, RAISONS, REFUS
from pdp.storage.lignes import list_lignes

SEXES = {"F": "Femme", "M": "Homme"}


@dataclass(frozen=True)
class LignePaire:
    """Two identities, as a coordinator compares them; no number of social security."""

    id: UUID
    raisons: list[str]
    constate_at: datetime
    etat: str
    decide_at: datetime | None
    applique_at: datetime | None
    refus_code: str | None
    parcours_garde_id: UUID | None
    parcours_clos_id: UUID | None
    ecart_motif: str | None
    garde_id: UUID
    garde_nom: str
    garde_prenom: str
    garde_naissance: date
    garde_sexe: str
    garde_commune: str | None
    garde_telephone: str | None
    garde_courriel: str | None
    garde_a_jour_at: datetime
    efface_id: UUID
    efface_nom: str
    efface_prenom: str
    efface_naissance: date
    efface_sexe: str
    efface_commune: str | None
    efface_telephone: str | None
    efface_courriel: str | None
    efface_a_jour_at: datetime
    decideur_prenom: str | None
    decideur_nom: str | None

    @property
    def libelle(self) -> str:
        return ETATS[self.etat]

    @property
    def pourquoi(self) -> list[str]:
        return [RAISONS[r] for r in self.raisons]

    @property
    def refus(self) -> str | None:
        return REFUS.get(self.refus_code or "")

    @property
    def comparable(self) -> bool:
        return self.etat in COMPARABLES

    def comparer(self) -> list[tuple[str, object, object, bool]]:
        """Label, left, right, whether they are the same."""
        paires: list[tuple[str, object, object]] = [
            ("Nom", self.garde_nom, self.efface_nom),
            ("Prénom", self.garde_prenom, self.efface_prenom),
            ("Naissance", f"{self.garde_naissance:%d/%m/%Y}", f"{self.efface_naissance:%d/%m/%Y}"),
            ("Sexe", SEXES.get(self.garde_sexe, self.garde_sexe), SEXES.get(self.efface_sexe, self.efface_sexe)),
            ("Commune", self.garde_commune, self.efface_commune),
            ("Téléphone", self.garde_telephone, self.efface_telephone),
            ("Courriel", self.garde_courriel, self.efface_courriel),
        ]
        return [(libelle, un, deux, un == deux) for libelle, un, deux in paires]


@dataclass(frozen=True)
class CasDoublon:
    """One case of one of the two rows."""

    assure_id: UUID
    parcours_id: UUID
    statut: str
    clos_at: datetime | None
    csam_prenom: str | None
    csam_nom: str | None
    decide_at: datetime
    contacts: int
    rendez_vous_at: datetime | None
    accords: int
    orientations: int


@dataclass(frozen=True)
class LigneEquipe:
    """One case of a pair not settled, without identity."""

    id: UUID
    raisons: list[str]
    constate_at: datetime
    etat: str
    decide_at: datetime | None
    parcours_id: UUID
    statut: str
    csam_prenom: str | None
    csam_nom: str | None

    @property
    def libelle(self) -> str:
        return ETATS[self.etat]

    @property
    def pourquoi(self) -> list[str]:
        return [RAISONS[r] for r in self.raisons]


def list_paires(conn: Connection, parcours_id: UUID) -> list[LignePaire]:
    """Pairs of the person of a case; the caller has checked that the case is followed by who asks."""
    return list_lignes(conn, "doublons.lister_du_parcours", LignePaire, parcours=parcours_id)


def list_cas(conn: Connection, paires: list[LignePaire]) -> dict[UUID, list[CasDoublon]]:
    """Cases of every row of these pairs."""
    assures = list({ident for p in paires for ident in (p.garde_id, p.efface_id)})
    cas: dict[UUID, list[CasDoublon]] = {ident: [] for ident in assures}
    for ligne in list_lignes(conn, "doublons.lister_cas", CasDoublon, assures=assures):
        cas[ligne.assure_id].append(ligne)
    return cas


def list_equipe(conn: Connection, limite: int) -> list[tuple[UUID, list[LigneEquipe]]]:
    """Pairs of the platform not settled, oldest first, each with its open cases."""
    paires: dict[UUID, list[LigneEquipe]] = {}
    for ligne in list_lignes(conn, "doublons.lister_responsable", LigneEquipe, limite=limite):
        paires.setdefault(ligne.id, []).append(ligne)
    return list(paires.items())
