"""The manager's page of steering: load and lateness, delays of each step, partners, equity of contact. Counts, no person."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.calendrier import add_mois
from pdp.domain.orientation import DISPOSITIFS
from pdp.domain.pilotage import (
    AXES,
    ETAPES,
    Duree,
    Groupe,
    compute_intervalle,
    compute_quantile,
    libelle_groupe,
    list_masques,
)
from pdp.services.delais import Lieu, get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

MEDIANE, NEUF_SUR_DIX = Fraction(1, 2), Fraction(9, 10)
PERIODES = {3: "3 mois", 6: "6 mois", 12: "12 mois"}


@dataclass(frozen=True)
class Etape:
    """One step: who reached it among those signalled, and the days since the step before, for those who had that step.

    None = under the small cell threshold; ``mediane`` and ``neuf_sur_dix`` also when fewer people than that reached it so far.
    """

    libelle: str
    atteint: int | None
    part: int | None
    base: int | None
    attendent: int | None
    mediane: int | None
    neuf_sur_dix: int | None
    premiere: bool


@dataclass(frozen=True)
class Charge:
    """Work and lateness of one coordinator."""

    id: UUID
    nom: str
    prenom: str
    quotite: Decimal
    ouverts: int
    en_retard: int
    plus_ancienne_at: datetime | None
    appels: int

    @property
    def pour_un_temps_plein(self) -> int:
        return round(self.ouverts / float(self.quotite))


@dataclass(frozen=True)
class DelaisPartenaire:
    """Delays of one partner, medians in days with how many people they are over."""

    id: UUID
    nom: str
    type: str
    envoyees: int
    echues: int
    repondues: int
    refusees: int
    reponse_jours: Decimal | None
    rencontres: int
    rencontre_jours: Decimal | None
    finies: int
    fin_jours: Decimal | None
    en_retard: int

    @property
    def type_libelle(self) -> str:
        return DISPOSITIFS[self.type]


@dataclass(frozen=True)
class LigneEquite:
    """Rate of one group in per cent with its 95 % interval; None when it may not be shown. ``ecart``: the interval leaves out the whole."""

    libelle: str
    effectif: int
    taux: int | None
    bas: int | None
    haut: int | None
    ecart: str | None


@dataclass(frozen=True)
class Equite:
    """Contact in time, as a whole and by group; ``ensemble`` None when too few people for any rate."""

    jours: int
    du: date
    au: date
    ensemble: LigneEquite | None
    axes: list[tuple[str, list[LigneEquite]]]


@dataclass(frozen=True)
class Pilotage:
    mois: int
    du: date
    seuil: int
    signalees: int | None
    etapes: list[Etape]
    charges: list[Charge]
    partenaires: list[DelaisPartenaire]
    equite: Equite


def read_pilotage(conn: Connection, plateforme_id: str, mois: int, maintenant: datetime) -> Pilotage:
    """Everything of the page over the last ``mois`` months, under the rights of the manager; needs the context of one.

    Raises ``ReferentielIncomplet`` when a policy value is missing.
    """
    lieu = get_lieu(conn, plateforme_id)
    jour = lieu.jour(maintenant)
    du = add_mois(jour, -mois)
    debut = datetime.combine(du, datetime.min.time(), lieu.fuseau)
    seuil = referentiel().entier("petite_cellule_min", jour)
    etapes = _list_etapes(conn, debut, maintenant, seuil)
    return Pilotage(
        mois,
        du,
        seuil,
        etapes[0].atteint,
        etapes,
        list_lignes(conn, "pilotage.lister_charges", Charge, jour=jour, maintenant=maintenant),
        list_lignes(conn, "pilotage.lister_partenaires", DelaisPartenaire, du=debut, jour=jour),
        _read_equite(conn, lieu, du, debut, maintenant, seuil),
    )


def _list_etapes(conn: Connection, debut: datetime, maintenant: datetime, seuil: int) -> list[Etape]:
    durees: dict[str, list[Duree]] = defaultdict(list)
    atteints: dict[str, int] = defaultdict(int)
    for ligne in conn.execute(query("pilotage.compter_etapes"), {"du": debut, "au": maintenant, "maintenant": maintenant}):
        if ligne.survenu:
            atteints[ligne.etape] += ligne.nombre
        if ligne.jours is not None:
            durees[ligne.etape].append(Duree(ligne.jours, ligne.survenu, ligne.nombre))
    return [_build_etape(code, atteints[code], atteints["signale"], durees[code], seuil) for code in ETAPES]


def _build_etape(code: str, atteint: int, signalees: int, durees: list[Duree], seuil: int) -> Etape:
    base = sum(d.nombre for d in durees)
    attendent = sum(d.nombre for d in durees if not d.survenu)
    montre, assez = atteint >= seuil, base >= seuil
    return Etape(
        ETAPES[code],
        atteint if montre else None,
        round(100 * atteint / signalees) if montre else None,
        base if assez else None,
        attendent if assez and montre and attendent >= seuil else None,
        compute_quantile(durees, MEDIANE) if assez else None,
        compute_quantile(durees, NEUF_SUR_DIX) if assez else None,
        premiere=code == "signale",
    )


def _read_equite(conn: Connection, lieu: Lieu, du: date, debut: datetime, maintenant: datetime, seuil: int) -> Equite:
    """Only people assigned long enough ago: the others may still be reached in time."""
    jours = referentiel().entier("equite_contact_jours", lieu.jour(maintenant), lieu.plateforme_id)
    fin = maintenant - timedelta(days=jours)
    axes: dict[str, list[Groupe]] = defaultdict(list)
    for ligne in conn.execute(query("pilotage.compter_contacts"), {"du": debut, "au": fin, "jours": jours}):
        axes[ligne.axe].append(Groupe(ligne.groupe, ligne.effectif, ligne.joints))
    tous = [Groupe("tous", sum(g.effectif for g in a), sum(g.joints for g in a)) for a in axes.values()]
    ensemble = max(tous, key=lambda g: g.effectif, default=None)
    montrable = ensemble is not None and min(ensemble.joints, ensemble.effectif - ensemble.joints) >= seuil
    lignes = [(AXES[axe], _list_equite(axe, axes[axe], seuil, ensemble)) for axe in AXES if axes[axe]] if montrable else []
    total = _build_equite("Ensemble", ensemble, False, None) if ensemble is not None and montrable else None
    return Equite(jours, du, lieu.jour(fin), total, lignes)


def _list_equite(axe: str, groupes: list[Groupe], seuil: int, ensemble: Groupe | None) -> list[LigneEquite]:
    masques = list_masques(groupes, seuil)
    ordre = sorted(groupes, key=lambda g: (g.code in ("autres", "inconnu"), g.code if axe == "age" else "", -g.effectif, g.code))
    return [_build_equite(libelle_groupe(axe, g.code), g, g.code in masques, ensemble) for g in ordre]


def _build_equite(libelle: str, groupe: Groupe, masque: bool, ensemble: Groupe | None) -> LigneEquite:
    if masque:
        return LigneEquite(libelle, groupe.effectif, None, None, None, None)
    bas, haut = compute_intervalle(groupe.joints, groupe.effectif)
    ecart = None
    if ensemble is not None:
        moyenne = ensemble.joints / ensemble.effectif
        ecart = "moins" if haut < moyenne else "plus" if bas > moyenne else None
    return LigneEquite(libelle, groupe.effectif, round(100 * groupe.joints / groupe.effectif), round(100 * bas), round(100 * haut), ecart)
