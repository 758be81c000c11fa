"""The simulation on trial: the last weeks predicted with what was known before them, beside what happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pdp.domain.capacite_passe import Faits, count_ouvres, find_premiere_semaine, lundi
from pdp.domain.capacite_reponse import Projection


@dataclass(frozen=True, slots=True)
class Observee:
    """What happened to those who arrived in a week: ``juges`` were called or waited for the whole delay, ``a_temps`` called within it."""

    lundi: date
    arrivees: int
    juges: int
    a_temps: int
    premiers: int

    @property
    def part(self) -> float | None:
        return 100 * self.a_temps / self.juges if self.juges else None


def observe(faits: Faits, semaine: date, delai: int) -> Observee:
    """One past week. Closed before any call: nobody was left to call, not judged."""
    fin = semaine + timedelta(weeks=1)
    venues = [o for o in faits.ouvertures if semaine <= o.ouvert_le < fin]
    juges = [o for o in venues if o.premier_le is not None or o.clos_le is None]
    temps = [o for o in juges if o.premier_le is not None and count_ouvres(o.ouvert_le, o.premier_le, faits.zone) <= delai]
    premiers = sum(o.nombre for o in faits.ouvertures if o.premier_le is not None and semaine <= o.premier_le < fin)
    return Observee(semaine, sum(o.nombre for o in venues), sum(o.nombre for o in juges), sum(o.nombre for o in temps), premiers)


@dataclass(frozen=True, slots=True)
class Comparaison:
    """One past week, as it would have been predicted, and as it was."""

    lundi: date
    observee: Observee
    arrivees: tuple[float, float, float]
    part: tuple[float, float, float] | None

    @property
    def dans_la_fourchette(self) -> bool:
        return self.arrivees[1] <= self.observee.arrivees <= self.arrivees[2]


@dataclass(frozen=True, slots=True)
class Ajustement:
    """Fit to the past. Errors are mean absolute gaps, in people a week and in points; ``naive``: the same with « as the week before »."""

    origine: date
    semaines: tuple[Comparaison, ...]
    erreur_arrivees: float
    erreur_naive: float
    erreur_part: float | None
    biais_part: float | None

    @property
    def couvertes(self) -> int:
        return sum(c.dans_la_fourchette for c in self.semaines)


def choose_origine(faits: Faits, jour: date, semaines: int, appris: int, delai: int) -> date | None:
    """First day of the weeks to predict again: the last whole ones of which every delay has run out; None when the past is too short.

    ``appris``: whole weeks that must come before it.
    """
    premiere = find_premiere_semaine(faits)
    if premiere is None:
        return None
    fin = lundi(jour)
    while count_ouvres(fin - timedelta(days=1), jour, faits.zone) <= delai:
        fin -= timedelta(weeks=1)
    origine = fin - timedelta(weeks=semaines)
    return origine if premiere + timedelta(weeks=appris) <= origine else None


def compare(faits: Faits, projection: Projection, origine: date, semaines: int, delai: int) -> Ajustement:
    """Weeks predicted from ``origine`` beside those observed."""
    comparaisons = []
    for prevue in projection.semaines[:semaines]:
        a, p = prevue.arrivees, prevue.part
        comparaisons.append(
            Comparaison(
                prevue.lundi,
                observe(faits, prevue.lundi, delai),
                (a.moyenne, a.bas, a.haut),
                (p.moyenne, p.bas, p.haut) if p else None,
            )
        )
    veille = observe(faits, origine - timedelta(weeks=1), delai).arrivees
    ecarts = [c.part[0] - c.observee.part for c in comparaisons if c.part and c.observee.part is not None]
    return Ajustement(
        origine,
        tuple(comparaisons),
        _mean(abs(c.arrivees[0] - c.observee.arrivees) for c in comparaisons) or 0.0,
        _mean(abs(veille - c.observee.arrivees) for c in comparaisons) or 0.0,
        _mean(abs(e) for e in ecarts),
        _mean(ecarts),
    )


def _mean(valeurs: Iterable[float]) -> float | None:
    liste = list(valeurs)
    return sum(liste) / len(liste) if liste else None
