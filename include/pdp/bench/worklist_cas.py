"""The stock of ``bench worklist``: coordinators, the people they follow, what is due. Seeded, no real person, only NumPy and Polars.

Loads are unequal (part-time, newcomers, crowded platforms), deadlines too: eight in a hundred are late, seven are of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pdp.bench.population import Entiers, jour_numero, uuid_hexa

(
    AGENT,
    ASSURE,
    EPISODE,
    ANCIEN,
    SIGNALEMENT,
    PARCOURS,
    TACHE,
    FERMEE,
    CONTACT,
    ENTRETIEN,
    MESSAGE,
    SILENCE,
    CLE,
    REGLE,
    VERSION,
    PARTENAIRE,
    ACCORD,
    ORIENTATION,
    ACTE,
) = range(19)
_ECART = 10**10  # between kinds of ids: an id of one table is never that of another
JOUR_MS = 86_400_000
STATUTS = (
    "affecte",
    "contact_en_cours",
    "entretien_planifie",
    "entretien_realise",
    "accord_demande",
    "oriente",
    "en_accompagnement",
    "interrompu",
)
_PARTS = (0.22, 0.24, 0.11, 0.10, 0.06, 0.11, 0.13, 0.03)
CLOTURE = len(STATUTS)
# Reasons that each status may have open, as (motif, who holds the ball).
MOTIFS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("premier_appel", "csam"),),
    (("nouvel_appel", "csam"), ("rappel_promis", "csam"), ("courrier_injoignable", "csam"), ("planifier_tele_echange", "csam")),
    (("tele_echange", "assure"),),
    (("demander_accord", "csam"), ("renseigner_tele_echange", "csam")),
    (("demander_accord", "csam"),),
    (("attendre_partenaire", "partenaire"), ("relancer_partenaire", "csam"), ("lire_reponse", "csam")),
    (("nouvelles_partenaire", "partenaire"), ("faire_le_point", "csam")),
    (("decision_medecin", "medecin_conseil"),),
    (("suivi_m6", "csam"), ("suivi_m12", "csam")),
)
DISPOSITIFS = ("service_social", "spst", "cap_emploi", "psychologue")
RESULTATS = ("messagerie", "non_reponse", "tiers", "joint", "joint_rappel_demande")
_PART_CLOS, _PART_SANS_SUITE, _PART_SECONDE, _PART_ECHEC, _PART_LIVRE, _PART_SILENCE, _PART_NOUVEAUX = 0.2, 0.02, 0.3, 0.01, 0.05, 0.01, 0.1
DEPARTEMENTS = ("35", "57", *(f"{n:02d}" for n in range(1, 96) if n not in (20, 35, 57)))


@dataclass(frozen=True)
class Stock:
    """People by number, open parcours first; ``agent`` and ``statut`` are places in the lists."""

    ouverts: int
    agents: int
    plateformes: tuple[str, ...]
    plateforme_agent: Entiers
    agent: Entiers
    statut: NDArray[np.int8]
    age: Entiers  # days since the parcours was opened
    maintenant_ms: int
    graine: int

    @property
    def personnes(self) -> int:
        return len(self.agent)

    @property
    def plateforme(self) -> pl.Series:
        return self.plateformes_de(np.arange(self.personnes))

    def plateformes_de(self, personnes: Entiers) -> pl.Series:
        return pl.Series(self.plateformes).gather(self.plateforme_agent[self.agent[personnes]].astype(np.uint32))


@dataclass(frozen=True)
class Taches:
    """Open reasons: columns of as many rows."""

    parcours: Entiers
    motif: pl.Series
    balle: pl.Series
    echeance: Entiers
    manuelle: NDArray[np.bool_]


def ident(genre: int, numeros: Entiers) -> pl.Series:
    """Ids of rows of one kind."""
    return uuid_hexa(numeros + genre * _ECART)


def generate_stock(ouverts: int, agents: int, graine: int, maintenant: datetime) -> Stock:
    """Who follows whom, and how far each parcours is; the same seed gives the same rows."""
    hasard = np.random.default_rng(graine)
    nombre = max(2, min(len(DEPARTEMENTS), agents // 50))
    poids = 1 / np.sqrt(1 + np.arange(nombre))
    plateforme_agent = np.sort(hasard.choice(nombre, size=agents, p=poids / poids.sum()))
    charges = hasard.gamma(6, size=agents) * hasard.choice((1, 1, 1, 0.8, 0.5), size=agents)
    personnes = ouverts + int(ouverts * _PART_CLOS)
    statut = hasard.choice(len(STATUTS), size=personnes, p=_PARTS).astype(np.int8)
    statut[ouverts:] = CLOTURE
    nouveaux = (statut == 0) & (hasard.random(personnes) < _PART_NOUVEAUX)
    return Stock(
        ouverts=ouverts,
        agents=agents,
        plateformes=tuple(f"PF{d}" for d in DEPARTEMENTS[:nombre]),
        plateforme_agent=plateforme_agent,
        agent=hasard.choice(agents, size=personnes, p=charges / charges.sum()),
        statut=statut,
        age=np.where(nouveaux, 0, np.minimum(hasard.exponential(90, size=personnes), 700).astype(np.int64) + np.where(statut == 0, 1, 8)),
        maintenant_ms=int(maintenant.timestamp() * 1000),
        graine=graine,
    )


def generate_taches(stock: Stock) -> Taches:
    """One open reason for nearly everybody, a second one for a third; closed parcours now and then (follow-up at 6 and 12 months)."""
    hasard = np.random.default_rng(stock.graine + 1)
    tire = hasard.random(stock.personnes)
    premiere = np.flatnonzero(np.where(stock.statut == CLOTURE, tire < 0.1, tire >= _PART_SANS_SUITE))
    seconde = np.flatnonzero((hasard.random(stock.personnes) < _PART_SECONDE) & (stock.statut != CLOTURE))
    couples = sorted({c for motifs in MOTIFS for c in motifs})
    rang = np.zeros(len(premiere), dtype=np.uint32)
    for place, motifs in enumerate(MOTIFS):
        ici = np.flatnonzero(stock.statut[premiere] == place)
        rang[ici] = np.array([couples.index(c) for c in motifs])[hasard.integers(0, len(motifs), size=len(ici))]
    balle = pl.Series([b for _, b in couples]).gather(rang)
    motif = pl.Series([m for m, _ in couples]).gather(rang)
    parcours = np.concatenate((premiere, seconde))
    return Taches(
        parcours=parcours,
        motif=pl.concat([motif, pl.repeat("tache_personnelle", len(seconde), eager=True)]),
        balle=pl.concat([balle, pl.repeat("csam", len(seconde), eager=True)]),
        echeance=_draw_echeances(hasard, len(parcours), stock.maintenant_ms),
        manuelle=np.arange(len(parcours)) >= len(premiere),
    )


def _draw_echeances(hasard: np.random.Generator, nombre: int, maintenant_ms: int) -> Entiers:
    """Some late (a few for weeks), some of the day, the rest within two months; by the quarter of an hour of a working day."""
    tire = hasard.random(nombre)
    jours = np.where(tire < 0.08, -1 - hasard.exponential(8, size=nombre).astype(np.int64), hasard.integers(1, 60, size=nombre))
    jours = np.where((tire >= 0.08) & (tire < 0.15), 0, jours)
    minuit = maintenant_ms // JOUR_MS * JOUR_MS
    quarts: Entiers = minuit + jours * JOUR_MS + hasard.integers(28, 68, size=nombre) * 900_000
    return quarts


def draw_contacts(stock: Stock) -> tuple[Entiers, Entiers, NDArray[np.int8]]:
    """Attempts as (person, instant, result): up to four where somebody has called; they alternate days, the last ones recent."""
    hasard = np.random.default_rng(stock.graine + 2)
    appeles = np.flatnonzero((stock.statut > 0) & (stock.statut != CLOTURE))
    comptes = hasard.integers(1, 5, size=len(appeles))
    personnes = np.repeat(appeles, comptes)
    instants = stock.maintenant_ms - hasard.integers(1, 8 * 86_400, size=len(personnes)) * 1000 - np.arange(len(personnes)) % 1000
    return personnes, instants, hasard.integers(0, len(RESULTATS), size=len(personnes)).astype(np.int8)


def draw_entretiens(stock: Stock) -> tuple[Entiers, Entiers, NDArray[np.bool_]]:
    """Appointments as (person, start, still planned): six a day for one coordinator, never two at a time."""
    plannings = []
    for statuts, premier, sens in (((2,), -1, 1), ((3, 4, 5, 6), -2, -1)):
        personnes = np.flatnonzero(np.isin(stock.statut, statuts))
        personnes = personnes[np.argsort(stock.agent[personnes], kind="stable")]
        suite = stock.agent[personnes]
        debuts = np.flatnonzero(np.concatenate(([True], suite[1:] != suite[:-1]))) if len(suite) else np.array([], dtype=np.int64)
        rang = np.arange(len(personnes)) - np.repeat(debuts, np.diff(np.append(debuts, len(personnes))))
        minuit = stock.maintenant_ms // JOUR_MS * JOUR_MS
        plannings.append((personnes, minuit + (premier + sens * (rang // 6)) * JOUR_MS + (8 + rang % 6) * 3_600_000, sens > 0))
    personnes = np.concatenate([p for p, _, _ in plannings])
    prevus = np.concatenate([np.full(len(p), prevu) for p, _, prevu in plannings])
    return personnes, np.concatenate([d for _, d, _ in plannings]), prevus


def draw_orientes(stock: Stock) -> Entiers:
    """Handed over to a partner, answer awaited or help under way."""
    return np.flatnonzero(np.isin(stock.statut, (5, 6)))


def draw_some(stock: Stock, part: float, suite: int) -> Entiers:
    """A share of the open parcours."""
    return np.flatnonzero(np.random.default_rng(stock.graine + suite).random(stock.ouverts) < part)


def draw_echecs(stock: Stock) -> Entiers:
    return draw_some(stock, _PART_ECHEC, 5)


def draw_livres(stock: Stock) -> Entiers:
    return draw_some(stock, _PART_LIVRE, 6)


def draw_silences(stock: Stock) -> Entiers:
    return draw_some(stock, _PART_SILENCE, 7)


def jour_du(stock: Stock) -> int:
    """Number of the day of the stock."""
    return jour_numero(datetime.fromtimestamp(stock.maintenant_ms / 1000, UTC).date())
