"""Many parcours to assign at once, fairly: the same cases and colleagues give the same answer, whatever the order of rows.

Fair means: the heaviest load for a full time is as small as can be, then the loads are as equal as can be. Cases are placed from the
heaviest to the lightest, each on the lightest colleague who may take it; then ``equilibre`` moves and swaps what still helps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heapreplace
from uuid import UUID

from pdp.domain.affectation import COMPETENCES_LANGUES, FRANCAIS, Candidat, Choix, covers, speaks
from pdp.domain.equilibre import Placement, balance


@dataclass(frozen=True)
class Cas:
    """A parcours that needs a coordinator. ``precedent``: who knows the person; ``exclus``: who cannot hold what falls due
    (an appointment at an hour already taken, an absence that day): avoided when somebody else can.
    """

    id: UUID
    commune: str
    effort: int
    langue: str = FRANCAIS
    precedent: UUID | None = None
    exclus: frozenset[UUID] = frozenset()


Regle = Callable[[Candidat, Cas], bool]
# What is asked of a colleague, from the best to the last resort: nobody is left without a coordinator for want of the ideal one.
NIVEAUX: tuple[tuple[Regle, str], ...] = (
    (lambda c, cas: covers(c, cas.commune) and speaks(c, cas.langue) and c.id not in cas.exclus, "Conseiller du territoire"),
    (
        lambda c, cas: speaks(c, cas.langue) and c.id not in cas.exclus,
        "Aucun conseiller disponible sur le territoire : conseiller de la plateforme",
    ),
    (lambda c, cas: covers(c, cas.commune) and speaks(c, cas.langue), "Conseiller du territoire, à un autre moment"),
    (lambda c, cas: speaks(c, cas.langue), "Conseiller de la plateforme, à un autre moment"),
    (lambda c, cas: covers(c, cas.commune), "Conseiller du territoire, interprète à prévoir"),
    (lambda c, cas: True, "Conseiller de la plateforme, interprète à prévoir"),
)


def distribute(cas: Sequence[Cas], candidats: Sequence[Candidat], *, continuite: str = "") -> dict[UUID, Choix]:
    """Who receives each case, and why; a case without a key found no place under the caps and waits, visibly.

    ``cas`` come most urgent first: when places are short, the first are served. ``continuite``: French sentence of a case that goes to
    its ``precedent``, who wins over fairness whenever a place is left.
    """
    tableau = _Tableau(sorted(candidats, key=lambda c: (c.numero, c.id)))
    servis = list(cas[: tableau.count_places(len(cas))])
    restants = [c for c in servis if not tableau.give_to_precedent(c)]
    for niveau in range(len(NIVEAUX)):
        restants = tableau.place_niveau(restants, niveau)
        if not restants:
            break
    return tableau.explain(servis, continuite or "Continuité : cette personne a déjà été accompagnée par ce conseiller")


Tas = dict[tuple[int, tuple[int, ...]], list[tuple[float, int]]]


class _Tableau:
    """Loads while cases are being placed; agents are known by their rank."""

    def __init__(self, candidats: list[Candidat]) -> None:
        self.candidats = candidats
        self.rangs = {c.id: i for i, c in enumerate(candidats)}
        self.charges = [c.charge for c in candidats]
        self.places = [c.places for c in candidats]
        self.elus: dict[UUID, tuple[int, int | None]] = {}
        self._eligibles: dict[tuple[int, str, str, frozenset[UUID]], tuple[int, ...]] = {}

    def count_places(self, demandes: int) -> int:
        return demandes if any(p is None for p in self.places) else min(demandes, sum(p or 0 for p in self.places))

    def give_to_precedent(self, cas: Cas) -> bool:
        rang = self.rangs.get(cas.precedent) if cas.precedent is not None else None
        if rang is None or self.places[rang] == 0 or cas.precedent in cas.exclus:
            return False
        self._give(cas, rang)
        self.elus[cas.id] = (rang, None)
        return True

    def _give(self, cas: Cas, rang: int) -> None:
        self.charges[rang] += cas.effort
        places = self.places[rang]
        self.places[rang] = None if places is None else places - 1

    def eligibles(self, cas: Cas, niveau: int) -> tuple[int, ...]:
        cle = (niveau, cas.commune, cas.langue, cas.exclus)
        if cle not in self._eligibles:
            regle = NIVEAUX[niveau][0]
            self._eligibles[cle] = tuple(i for i, c in enumerate(self.candidats) if regle(c, cas))
        return self._eligibles[cle]

    def place_niveau(self, cas: Sequence[Cas], niveau: int) -> list[Cas]:
        """Heaviest first, then those whom the fewest colleagues may take, then by urgency. Returns what found no place."""
        admis = [(c, self.eligibles(c, niveau)) for c in cas]
        ordre = sorted(range(len(admis)), key=lambda i: (-admis[i][0].effort, len(admis[i][1]), i))
        tas: Tas = {}
        poses: list[tuple[Cas, tuple[int, ...], int]] = []
        for i in ordre:
            courant, possibles = admis[i]
            rang = self._lightest(tas, courant.effort, possibles)
            if rang is not None:
                self._give(courant, rang)
                poses.append((courant, possibles, rang))
        self._balance(poses, niveau)
        return [c for c in cas if c.id not in self.elus]

    def _lightest(self, tas: Tas, effort: int, possibles: tuple[int, ...]) -> int | None:
        """Colleague whose load would be the smallest with this effort; a heap per kind of case, whose keys only grow."""
        cle = (effort, possibles)
        if cle not in tas:
            tas[cle] = [(self._avec(i, effort), i) for i in possibles]
            heapify(tas[cle])
        file = tas[cle]
        while file:
            valeur, rang = file[0]
            vraie = self._avec(rang, effort)
            if self.places[rang] == 0:
                vraie = float("inf")
            if vraie == valeur:
                return None if vraie == float("inf") else rang
            heapreplace(file, (vraie, rang))
        return None

    def _avec(self, rang: int, effort: int) -> float:
        return (self.charges[rang] + effort) / self.candidats[rang].quotite

    def _balance(self, poses: list[tuple[Cas, tuple[int, ...], int]], niveau: int) -> None:
        placements = [Placement(c.effort, possibles, rang) for c, possibles, rang in poses]
        equilibres = balance(self.charges, [c.quotite for c in self.candidats], self.places, placements)
        for (courant, _, _), rang in zip(poses, equilibres, strict=True):
            self.elus[courant.id] = (rang, niveau)

    def explain(self, cas: Sequence[Cas], continuite: str) -> dict[UUID, Choix]:
        temps_plein = sum(c.quotite for c in self.candidats)
        moyenne = round(sum(c.charge for c in self.candidats) / temps_plein) if temps_plein else 0
        return {c.id: self._choix(c, *self.elus[c.id], continuite, moyenne) for c in cas if c.id in self.elus}

    def _choix(self, cas: Cas, rang: int, niveau: int | None, continuite: str, moyenne: int) -> Choix:
        elu = self.candidats[rang]
        dossiers = f"{elu.dossiers} dossiers ouverts" if elu.dossiers > 1 else f"{elu.dossiers} dossier ouvert"
        avant = f"charge avant : {dossiers}, {round(elu.temps_plein)} points pour un temps plein (équipe : {moyenne})"
        if niveau is None:
            return Choix(elu, f"{continuite} ; {avant}.")
        langue = ""
        if cas.langue != FRANCAIS and speaks(elu, cas.langue):
            langue = f" qui parle {COMPETENCES_LANGUES.get(cas.langue, cas.langue)}"
        return Choix(elu, f"{NIVEAUX[niveau][1]}{langue} ; {avant}.")


def add_charge(candidat: Candidat, efforts: Sequence[int]) -> Candidat:
    """The same colleague once these cases are received."""
    return replace(candidat, charge=candidat.charge + sum(efforts), dossiers=candidat.dossiers + len(efforts))
