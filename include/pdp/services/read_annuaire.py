"""Partners as people look them up: the directory of the coordinators, the list of the manager with delays as counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.orientation import CANAUX
from pdp.domain.routage import COMMUNE, FaitsPartenaire, describe_zones, tell_absence, tell_capacite, tell_delai
from pdp.services.configure_partenaire import parse_codes
from pdp.services.delais import Lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import list_lignes


@dataclass(frozen=True)
class LigneAnnuaire:
    """A partner of the directory; ``delai_jours``: median of ``delai_nombre`` answers."""

    id: UUID
    nom: str
    type: str
    telephone: str | None
    courriel: str | None
    horaires: str | None
    canal: str
    delai_reponse_jours: int | None
    zones: list[str]
    spst: list[str]
    employeurs: int
    places: int | None
    periode: str | None
    pris: int
    complet_jusqu_au: date | None
    ferme_jusqu_au: date | None
    relais: str | None
    delai_jours: Decimal | None
    delai_nombre: int

    @property
    def dessert(self) -> str:
        """Whom it serves, in words."""
        return describe_zones(self.zones)

    def faits(self) -> FaitsPartenaire:
        """What the words of capacity, absence and delay are made from."""
        return FaitsPartenaire(
            self.id,
            self.nom,
            self.type,
            places=self.places,
            periode=self.periode,
            pris=self.pris,
            complet_jusqu_au=self.complet_jusqu_au,
            ferme_jusqu_au=self.ferme_jusqu_au,
            relais=self.relais,
            delai_jours=None if self.delai_jours is None else float(self.delai_jours),
            delai_nombre=self.delai_nombre,
        )


@dataclass(frozen=True)
class Fiche:
    """A partner of the directory, in words."""

    partenaire: LigneAnnuaire
    capacite: str
    libre: bool
    absence: str | None
    delai: str


@dataclass(frozen=True)
class LigneSuivi:
    """A partner in the list of the manager; medians in days, None when nothing was answered."""

    id: UUID
    nom: str
    type: str
    canal: str
    actif_du: date
    actif_au: date | None
    configure_at: datetime | None
    en_attente: int
    en_echec: int
    demandes: int
    places: int | None
    periode: str | None
    pris: int
    complet_jusqu_au: date | None
    ferme_jusqu_au: date | None
    relais: str | None
    envoyees: int
    echues: int
    repondues: int
    refusees: int
    reponse_jours: Decimal | None
    rencontres: int
    rencontre_jours: Decimal | None
    finies: int
    fin_jours: Decimal | None

    @property
    def taux(self) -> int | None:
        """Answered among those whose answer was due, per cent; None when none was due."""
        return round(100 * self.repondues / self.echues) if self.echues else None

    @property
    def canal_libelle(self) -> str:
        return CANAUX[self.canal]

    def is_actif(self, jour: date) -> bool:
        return self.actif_du <= jour and (self.actif_au is None or jour <= self.actif_au)


def read_annuaire(conn: Connection, lieu: Lieu, maintenant: datetime, type: str | None = None, recherche: str = "") -> list[Fiche]:
    """Directory of a platform, by kind then name. ``recherche``: commune, department, SIREN or SIRET; raises :class:`DonneeInvalide`."""
    jour = lieu.jour(maintenant)
    lieu_cherche, employeur = _parse_recherche(recherche)
    minimum = referentiel().entier("partenaire_delais_minimum", jour, lieu.plateforme_id)
    lignes = list_lignes(
        conn,
        "partenaires.lister_annuaire",
        LigneAnnuaire,
        jour=jour,
        depuis=depuis(lieu, maintenant),
        type=type,
        lieu=lieu_cherche,
        employeur=employeur,
    )
    return [_describe(ligne, jour, minimum) for ligne in lignes]


def list_suivis(conn: Connection, lieu: Lieu, maintenant: datetime) -> list[LigneSuivi]:
    """Partners of the platform with their delays, for the manager."""
    return list_lignes(conn, "partenaires.lister_suivis", LigneSuivi, jour=lieu.jour(maintenant), depuis=depuis(lieu, maintenant))


def depuis(lieu: Lieu, maintenant: datetime) -> datetime:
    """Start of the period over which delays are read."""
    return maintenant - timedelta(days=referentiel().entier("partenaire_delais_fenetre_jours", lieu.jour(maintenant), lieu.plateforme_id))


def _describe(ligne: LigneAnnuaire, jour: date, minimum: int) -> Fiche:
    faits = ligne.faits()
    capacite, libre = tell_capacite(faits, jour)
    absence, repond = tell_absence(faits)
    return Fiche(ligne, capacite, libre and repond, absence, tell_delai(faits, minimum))


def _parse_recherche(texte: str) -> tuple[str | None, str | None]:
    """(place, employer) from what was typed: the form of the code tells which."""
    code = "".join(texte.split()).upper()
    if not code:
        return None, None
    if len(code) <= COMMUNE:
        return parse_codes("zone", code)[0], None
    return None, parse_codes("employeur", code)[0]
