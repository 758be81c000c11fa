"""How partners behave now, drawn from the seed, and what reached them: shared by the HTTP and the mail server of the harness."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any

FAUTES_PAR_CLE = 4
"""After that many arrivals of one key its recipient behaves: faults end, as outages do."""


@dataclass
class Memoire:
    """What reached the partners since the last schedule began."""

    arrivees: list[tuple[str, str, int]] = field(default_factory=list)
    """(key, path, status given; 0 = none)."""
    boite: Counter[str] = field(default_factory=Counter)
    """Mails kept, by key."""
    servis: set[str] = field(default_factory=set)
    """Ids of the answers given, whole and signed."""
    contrefaits: set[str] = field(default_factory=set)
    """Ids given with two contents."""
    orientations: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Keys by hand-over, as they were applied."""
    annulations: set[str] = field(default_factory=set)
    """Keys of the withdrawals applied."""


class Conduite:
    """Drawn from the seed, the key of a message and the number of its arrival; imposed by a schedule written by hand."""

    def __init__(self) -> None:
        self.dite: dict[str, Any] = {"graine": 0, "taux": 0.0, "fil": 0.0, "habitudes": {}}
        self.memoire = Memoire()
        self._vues: Counter[str] = Counter()

    def forget(self) -> None:
        """Another schedule begins."""
        self.memoire, self._vues = Memoire(), Counter()

    def habit(self, partenaire: str) -> str | None:
        """``mort``: never answers; ``refuse``: refuses every hand-over."""
        return self.dite["habitudes"].get(partenaire)

    def tell(self) -> bytes:
        """What happened, in JSON."""
        m = self.memoire
        return json.dumps(
            {
                "arrivees": m.arrivees,
                "boite": m.boite,
                "servis": sorted(m.servis),
                "contrefaits": sorted(m.contrefaits),
                "orientations": {o: sorted(cles) for o, cles in m.orientations.items()},
                "annulations": sorted(m.annulations),
            }
        ).encode()

    def draw(self, fautes: tuple[str, ...], cle: str) -> tuple[str | None, Random]:
        """Fault of this arrival of a message, None = behaves; and the generator of its details."""
        self._vues[cle] += 1
        vue = self._vues[cle]
        alea = Random(f"{self.dite['graine']}/{cle}/{vue}")
        imposee = self.dite.get("imposees", {}).get(str(vue))
        if imposee:
            return (imposee if imposee in fautes else None), alea
        return (alea.choice(fautes) if alea.random() < self.dite["taux"] and vue <= FAUTES_PAR_CLE else None), alea

    def draw_fil(self, fautes: tuple[str, ...], cle: str) -> tuple[str | None, Random]:
        """Fault of this reading of the answers."""
        alea = Random(f"{self.dite['graine']}/{cle}")
        imposee = self.dite.get("fil_impose")
        if imposee:
            return imposee, alea
        return (alea.choice(fautes) if alea.random() < self.dite["fil"] else None), alea

    def note(self, cle: str, chemin: str, statut: int) -> None:
        self.memoire.arrivees.append((cle, chemin, statut))
