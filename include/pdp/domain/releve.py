"""The digest of a médecin-conseil: what each is told today, within a budget; what may not wait; who takes over what nobody read.

A card is what one decision settles: the open alerts of one person and theme (``securite``, ``droits`` or ``parcours``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

FAMILLES = {"securite": "Sécurité", "droits": "Droits", "parcours": "Parcours"}
"""Themes; the column ``pdp.alerte.famille`` holds the code."""


@dataclass(frozen=True, slots=True)
class Carte:
    """One card to tell. ``medecins``: who was told of it, first one first; ``lue``: one of them read. ``suivi_par``: who decided the file.

    ``dernier_jour``: day of the last digest that told it to somebody new. ``alertes``: opaque ids of its open alerts.
    """

    assure_id: UUID
    famille: str
    alertes: tuple[UUID, ...]
    connue_at: datetime
    echeance_le: date | None
    suivi_par: UUID | None = None
    medecins: tuple[UUID, ...] = ()
    dernier_jour: date | None = None
    lue: bool = False

    @property
    def urgente(self) -> bool:
        return self.famille == "securite"


@dataclass(frozen=True, slots=True)
class Releve:
    """What one doctor is told: counts for the mail, cards for the screen."""

    medecin_id: UUID
    cartes: tuple[Carte, ...]
    echeances: int
    relayees: int
    en_attente: int

    @property
    def urgentes(self) -> int:
        return sum(carte.urgente for carte in self.cartes)


@dataclass(frozen=True, slots=True)
class Journee:
    """Digests of the day, and the cards that nobody read in time although a second doctor was told (or there is none to tell)."""

    releves: tuple[Releve, ...]
    non_lues: tuple[Carte, ...]


def compose_journee(
    cartes: Sequence[Carte],
    presents: Sequence[UUID],
    *,
    jour: date,
    budget: int,
    echeance_jours: int,
    is_delai_passe: Callable[[date], bool],
) -> Journee:
    """Digests of ``jour`` for the doctors present; the same facts give the same digests, whatever their order.

    A card stays with the doctor told last as long as he or she is present; unread once ``is_delai_passe`` (of the day it was told), it
    goes to a colleague, once; then it is counted among ``non_lues``, and stays in the digest. With nobody present, what nobody was
    told of is counted there too, once as old. A new card goes to the doctor who decided the file, else to the one with the fewest cards.
    Safety, and a legal deadline within ``echeance_jours``, are told whatever the ``budget``; the rest, unread before read, oldest first, up
    to the budget of each doctor: cards read and left undecided never keep a new one from being told. What is over it waits and is counted.
    """
    ordonnees = sorted(cartes, key=lambda c: (_rang(c, jour, echeance_jours), c.lue, c.connue_at, str(c.assure_id), c.famille))
    charges: Counter[UUID] = Counter({medecin: 0 for medecin in presents})
    par_medecin: dict[UUID, list[Carte]] = {medecin: [] for medecin in presents}
    relais: set[tuple[UUID, str]] = set()
    non_lues = []
    for carte in ordonnees:
        dite = bool(carte.medecins) or not presents  # nobody there to be told: it counts from the day it was known
        en_retard = dite and not carte.lue and is_delai_passe(carte.dernier_jour or carte.connue_at.date())
        collegues = [medecin for medecin in presents if medecin not in carte.medecins]
        if en_retard and (len(carte.medecins) > 1 or not collegues):
            non_lues.append(carte)
        if not presents:
            continue
        if en_retard and len(carte.medecins) == 1 and collegues:
            relais.add((carte.assure_id, carte.famille))
            medecin = _choose(collegues, charges)
        else:
            medecin = _keep(carte, presents) or _choose(presents, charges)
        charges[medecin] += 1
        par_medecin[medecin].append(carte)
    return Journee(
        tuple(_cut(m, liste, relais, jour, budget, echeance_jours) for m, liste in par_medecin.items() if liste), tuple(non_lues)
    )


def is_echeance_proche(echeance_le: date | None, jour: date, echeance_jours: int) -> bool:
    """A legal deadline at most ``echeance_jours`` days away; once past, it is an ordinary alert."""
    return echeance_le is not None and 0 <= (echeance_le - jour).days <= echeance_jours


def _rang(carte: Carte, jour: date, echeance_jours: int) -> int:
    if carte.urgente:
        return 0
    return 1 if is_echeance_proche(carte.echeance_le, jour, echeance_jours) else 2


def _keep(carte: Carte, presents: Sequence[UUID]) -> UUID | None:
    """Who already knows the person, when present: told last, else told before, else who decided the file."""
    connus = [*reversed(carte.medecins), *([carte.suivi_par] if carte.suivi_par else [])]
    return next((medecin for medecin in connus if medecin in presents), None)


def _choose(candidats: Sequence[UUID], charges: Counter[UUID]) -> UUID:
    return min(candidats, key=lambda medecin: (charges[medecin], str(medecin)))


def _cut(medecin: UUID, cartes: Sequence[Carte], relais: set[tuple[UUID, str]], jour: date, budget: int, echeance_jours: int) -> Releve:
    sans_attente = [carte for carte in cartes if _rang(carte, jour, echeance_jours) < 2]
    autres = [carte for carte in cartes if _rang(carte, jour, echeance_jours) == 2]
    place = max(0, budget - len(sans_attente))
    dites = (*sans_attente, *autres[:place])
    return Releve(
        medecin,
        dites,
        echeances=sum(_rang(carte, jour, echeance_jours) == 1 for carte in dites),
        relayees=sum((carte.assure_id, carte.famille) in relais for carte in dites),
        en_attente=len(autres) - len(autres[:place]),
    )
