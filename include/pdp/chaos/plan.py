"""A schedule drawn from its seed: who does what, when, and what goes wrong. The same seed is the same schedule."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from pdp.chaos.points import POINTS, Faute

DEPART = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
"""Wednesday, 09:00 in Paris: a day when the referential is in force and people may be written to."""
_ESPACE = UUID("c4a05000-0000-5000-8000-000000000000")
SERVICES = {"api": ("service_social", "spst"), "messagerie": ("cap_emploi",), "portail": ("psychologue",)}
DISPOSITIFS = tuple(d for liste in SERVICES.values() for d in liste)
_POIDS = (5, 4, 3, 2)


@dataclass(frozen=True)
class Cas:
    """One person; ``vers`` the kinds of service she is handed over to; what is taken back, at which step (None = never)."""

    rang: int
    parcours: UUID
    assure: UUID
    vers: tuple[str, ...]
    retire_a: int | None = None
    refuse_a: int | None = None
    repropose: bool = False
    expire_bientot: bool = False


@dataclass(frozen=True)
class Travail:
    """One worker process: its work, the cases it deals with, its fault."""

    nom: str
    cas: tuple[int, ...] = ()
    faute: Faute | None = None


@dataclass(frozen=True)
class Etape:
    """Workers that run together at one instant; ``coupure`` = PostgreSQL is stopped the hard way meanwhile."""

    instant: datetime
    travaux: tuple[Travail, ...]
    coupure: bool = False


@dataclass(frozen=True)
class Plan:
    """A schedule. ``bail_s``: lease of the senders; ``front``: how partners misbehave; ``reveil_a_la_fin``: stopped
    workers wake up after every step instead of during the next one."""

    graine: int
    cas: tuple[Cas, ...]
    etapes: tuple[Etape, ...]
    bail_s: float
    front: dict[str, object] = field(default_factory=dict)
    reveil_a_la_fin: bool = False

    @property
    def confiees(self) -> int:
        return sum(len(c.vers) for c in self.cas)


def draw_plan(graine: int, transport: str | None = None) -> Plan:
    """``transport``: only hand-overs by this one (api, messagerie, portail); None = all."""
    alea = Random(f"chaos:{graine}")
    cas = tuple(_draw_cas(alea, graine, rang, transport) for rang in range(alea.randint(3, 6)))
    tous = tuple(c.rang for c in cas)
    retires = {e: tuple(c.rang for c in cas if c.retire_a == e) for e in range(4)}
    refuses = {e: tuple(c.rang for c in cas if c.refuse_a == e) for e in range(4)}

    def decide(etape: int) -> list[Travail]:
        travaux = [Travail("retirer", retires[etape])] if retires[etape] else []
        return travaux + ([Travail("refuser", refuses[etape])] if refuses[etape] else [])

    minute = timedelta(minutes=1)
    groupes = [
        (DEPART, [Travail("proposer", tous), Travail("proposer", tous[::-1])]),
        (DEPART + timedelta(seconds=10), [*([Travail("proposer", tous)] * (alea.random() < 0.5)), *decide(0)]),
        (DEPART + minute, [*([Travail("envoyer")] * alea.randint(2, 3)), *decide(1)]),
        (DEPART + 3 * minute, [Travail("envoyer"), Travail("envoyer"), Travail("relever"), *decide(2)]),
        (DEPART + 8 * minute, [Travail("proposer", tuple(c.rang for c in cas if c.repropose)), Travail("repondre"), Travail("rapprocher")]),
        (DEPART + 90 * minute, [Travail("envoyer"), Travail("relever"), Travail("relever"), Travail("repondre"), *decide(3)]),
    ]
    coupee = alea.randrange(1, len(groupes)) if alea.random() < 0.12 else None
    etapes = tuple(
        Etape(instant, tuple(_draw_faute(alea, travail) for travail in travaux if travail.nom != "proposer" or travail.cas), rang == coupee)
        for rang, (instant, travaux) in enumerate(groupes)
    )
    return Plan(graine, cas, etapes, alea.choice((0.05, 0.3, 30.0, 30.0, 30.0)), draw_front(alea))


def draw_front(alea: Random) -> dict[str, object]:
    """How partners misbehave: chance of a fault per arrival while the schedule lasts, and partners with a habit."""
    habitude = alea.choices(("normal", "mort", "refuse"), (12, 2, 1))[0]
    return {
        "taux": alea.choice((0.0, 0.3, 0.5, 0.8)),
        "fil": alea.choice((0.0, 0.3, 0.7)),
        "habitudes": {} if habitude == "normal" else {alea.choice(SERVICES["api"]): habitude},
    }


def _draw_cas(alea: Random, graine: int, rang: int, transport: str | None) -> Cas:
    possibles = SERVICES[transport] if transport else DISPOSITIFS
    poids = [p for d, p in zip(DISPOSITIFS, _POIDS, strict=True) if d in possibles]
    vers = tuple(dict.fromkeys(alea.choices(possibles, poids, k=alea.choice((1, 1, 2)))))
    sort = alea.random()
    retire = alea.randrange(4) if sort < 0.2 else None
    return case_of(
        graine,
        rang,
        vers,
        retire_a=retire,
        refuse_a=alea.randrange(4) if 0.2 <= sort < 0.45 else None,
        repropose=retire is not None and retire < 2 and alea.random() < 0.5,
        expire_bientot=0.45 <= sort < 0.52,
    )


def case_of(
    graine: int,
    rang: int,
    vers: tuple[str, ...],
    *,
    retire_a: int | None = None,
    refuse_a: int | None = None,
    repropose: bool = False,
    expire_bientot: bool = False,
) -> Cas:
    """Ids follow from the seed: the same schedule is the same keys."""
    return Cas(rang, _id(graine, rang, "parcours"), _id(graine, rang, "assure"), vers, retire_a, refuse_a, repropose, expire_bientot)


def _draw_faute(alea: Random, travail: Travail) -> Travail:
    if alea.random() > 0.55:
        return travail
    points = POINTS[travail.nom] + (POINTS["appliquer"] if travail.nom == "relever" else ())
    point = alea.choice(points)
    arret = ".appel." in point and alea.random() < 0.6  # elsewhere it would hold locks: the others are refused after five seconds, as meant
    return Travail(travail.nom, travail.cas, Faute(point, alea.choice((1, 1, 1, 2, 3)), "arrete" if arret else "tue"))


def _id(graine: int, rang: int, nom: str) -> UUID:
    return uuid5(_ESPACE, f"{graine}/{rang}/{nom}")
