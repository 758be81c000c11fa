"""Filters of a coordinator's list: what may be chosen, how it is written, and where it is kept (the database, per account)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import PARIS, jour_local
from pdp.domain.auteur import Auteur
from pdp.domain.orientation import DISPOSITIFS
from pdp.domain.tache import MOTIFS
from pdp.errors import DonneeInvalide
from pdp.storage.sql import query

TOUS, RATTRAPAGE = "tous", "rattrapage"
VUES: dict[str, str] = {
    "retard": "En retard",
    "aujourd_hui": "Aujourd'hui",
    "entretiens": "Entretiens du jour",
    "a_renseigner": "À renseigner",
    "reponse_a_lire": "Réponse à lire",
    "reviennent": "Reviennent d'attente",
    "partenaire_muet": "Partenaire muet",
    "message_en_echec": "Message en échec",
    RATTRAPAGE: "Repérées tard",
    TOUS: "Tous",
}
ECHEANCES = {
    "passee": "Passée",
    "aujourd_hui": "Aujourd'hui",
    "semaine": "Plus tard cette semaine",
    "a_venir": "Après cette semaine",
    "sans_date": "Sans date",
}
BALLES = {
    "csam": "moi",
    "assure": "la personne",
    "partenaire": "le partenaire",
    "medecin_conseil": "le médecin-conseil",
    "responsable": "le responsable",
}
SANS_PARTENAIRE = "aucun"
PARTENAIRES = {**DISPOSITIFS, SANS_PARTENAIRE: "Aucun partenaire en cours"}
ATTENTES = {"active": "À traiter", "en_attente": "En attente d'une date"}
# sort -> (label, direction of the first click)
TRIS: dict[str, tuple[str, str]] = {
    "echeance": ("échéance", "asc"),
    "semaines": ("semaines d'arrêt", "desc"),
    "priorite": ("priorité", "desc"),
    "contact": ("dernier contact", "asc"),
}
PHRASES_TRI = {
    ("echeance", "asc"): "échéance la plus proche d'abord",
    ("echeance", "desc"): "échéance la plus lointaine d'abord",
    ("semaines", "asc"): "arrêts les plus récents d'abord",
    ("semaines", "desc"): "arrêts les plus longs d'abord",
    ("priorite", "asc"): "priorité la plus basse d'abord",
    ("priorite", "desc"): "priorité la plus haute d'abord",
    ("contact", "asc"): "contact le plus ancien d'abord",
    ("contact", "desc"): "contact le plus récent d'abord",
    (RATTRAPAGE, "desc"): "les plus en retard d'abord",
}
_FAMILLES: dict[str, Collection[str]] = {
    "motifs": MOTIFS,
    "echeances": ECHEANCES,
    "balles": BALLES,
    "partenaires": PARTENAIRES,
    "attentes": ATTENTES,
}
_RIEN: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Filtres:
    """What a coordinator looks at. Values of one family are alternatives; families, the counter and the dates add up.

    ``echeances`` and ``du``/``au`` (both days included) speak of the earliest open reason of a person.
    """

    vue: str = TOUS
    motifs: frozenset[str] = _RIEN
    echeances: frozenset[str] = _RIEN
    balles: frozenset[str] = _RIEN
    partenaires: frozenset[str] = _RIEN
    attentes: frozenset[str] = _RIEN
    du: date | None = None
    au: date | None = None
    tri: str = "echeance"
    sens: str = "asc"

    @property
    def restreint(self) -> bool:
        """Whether somebody may be hidden."""
        return replace(self, tri="echeance", sens="asc") != Filtres()

    @property
    def criteres(self) -> int:
        """How many families of the filter column are in use."""
        return sum(bool(getattr(self, famille)) for famille in _FAMILLES) + (self.du is not None or self.au is not None)

    @property
    def phrase_tri(self) -> str:
        return PHRASES_TRI[(self.tri, self.sens)]

    def choose_vue(self, vue: str) -> Filtres:
        """Another counter; people detected late come the latest first, and only they do."""
        if vue == RATTRAPAGE:
            return replace(self, vue=vue, tri=RATTRAPAGE, sens="desc")
        trie = replace(self, tri="echeance", sens="asc") if self.tri == RATTRAPAGE else self
        return replace(trie, vue=vue)

    def choose_tri(self, tri: str, sens: str | None = None) -> Filtres:
        """A column; the one in use is turned over."""
        autre = {"asc": "desc", "desc": "asc"}
        return replace(self, tri=tri, sens=sens or (autre[self.sens] if tri == self.tri else TRIS[tri][1]))

    def write(self) -> dict[str, Any]:
        """As kept in the database; what is at rest is left out."""
        valeurs: dict[str, Any] = {famille: sorted(getattr(self, famille)) for famille in _FAMILLES}
        valeurs |= {"du": self.du and self.du.isoformat(), "au": self.au and self.au.isoformat()}
        if self.vue != TOUS:
            valeurs["vue"] = self.vue
        if (self.tri, self.sens) != ("echeance", "asc"):
            valeurs |= {"tri": self.tri, "sens": self.sens}
        return {cle: valeur for cle, valeur in valeurs.items() if valeur}


def parse_filtres(brut: Mapping[str, Any]) -> Filtres:
    """From the database; a value that no longer exists is forgotten, so that an old view still opens."""
    tri, sens = brut.get("tri", "echeance"), brut.get("sens", "asc")
    if (tri, sens) not in PHRASES_TRI:
        tri, sens = "echeance", "asc"
    vue = brut.get("vue", TOUS)
    familles: dict[str, Any] = {famille: frozenset(brut.get(famille, ())) & frozenset(admis) for famille, admis in _FAMILLES.items()}
    dates: dict[str, Any] = {cle: date.fromisoformat(brut[cle]) if brut.get(cle) else None for cle in ("du", "au")}
    return Filtres(vue=vue if vue in VUES else TOUS, tri=tri, sens=sens, **familles, **dates)


def check_filtres(filtres: Filtres) -> Filtres:
    """Raises :class:`DonneeInvalide` when the dates are upside down."""
    if filtres.du is not None and filtres.au is not None and filtres.du > filtres.au:
        raise DonneeInvalide("La première date est après la seconde : personne n'y répondrait. Rien n'a changé.", code="dates_reversed")
    return filtres


@dataclass(frozen=True)
class Bornes:
    """Instants that cut the deadlines of a day: today, tomorrow, next Monday, each at midnight in Paris."""

    jour: date
    minuit: datetime
    demain: datetime
    lundi: datetime


def cut_jours(maintenant: datetime) -> Bornes:
    jour = jour_local(maintenant)
    return Bornes(jour, at_midnight(jour), at_midnight(jour + timedelta(days=1)), at_midnight(jour + timedelta(days=7 - jour.weekday())))


def at_midnight(jour: date) -> datetime:
    """Beginning of a day in Paris, aware; the days of the two clock changes have their own length."""
    return datetime.combine(jour, time(0), PARIS)


@dataclass(frozen=True)
class Vue:
    """A named set of filters."""

    id: UUID
    nom: str
    filtres: Filtres
    par_defaut: bool


@dataclass(frozen=True)
class EtatFiltres:
    """Filters in use, the view they started from, and all the views."""

    filtres: Filtres = Filtres()
    vue: Vue | None = None
    vues: list[Vue] = field(default_factory=list)

    @property
    def modifiee(self) -> bool:
        """The filters are no longer those of the view: an asterisk says so."""
        return self.vue is not None and self.vue.filtres != self.filtres

    @property
    def par_defaut(self) -> Vue | None:
        return next((v for v in self.vues if v.par_defaut), None)


def read_etat(conn: Connection, agent_id: UUID) -> EtatFiltres:
    """Filters in use by this coordinator, in one statement; nothing kept yet = her default view, else the whole list."""
    lignes = conn.execute(query("vues_liste.lire"), {"agent": agent_id}).all()
    vues = [Vue(x.id, x.nom, parse_filtres(x.filtres), x.par_defaut) for x in lignes if x.id is not None]
    en_usage = lignes[0] if lignes else None
    if en_usage is None or en_usage.filtres_en_usage is None:
        defaut = next((v for v in vues if v.par_defaut), None)
        return EtatFiltres(defaut.filtres if defaut else Filtres(), defaut, vues)
    vue = next((v for v in vues if v.id == en_usage.vue_en_usage), None)
    return EtatFiltres(parse_filtres(en_usage.filtres_en_usage), vue, vues)


def save_filtres(conn: Connection, auteur: Auteur, filtres: Filtres, vue_id: UUID | None, maintenant: datetime) -> None:
    """Keep what is looked at; the last word wins, whatever the tab."""
    conn.execute(
        query("vues_liste.garder"),
        {
            "agent": UUID(auteur.id),
            "plateforme": auteur.plateforme_id,
            "filtres": json.dumps(check_filtres(filtres).write()),
            "vue": vue_id,
            "maintenant": maintenant,
        },
    )
