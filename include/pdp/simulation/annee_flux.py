"""What the caisse delivers during a simulated year: one delivery a day, with the faults of real ones.

The people and their avis are those of the synthetic cohort (``cohorte.py``), cut by day of reception. Faults drawn from the seed: a
delivery held one to four days, a delivery sent twice under another name, wrong lines, corrections and cancellations of the cohort.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

from pdp.simulation import cohorte_anomalies
from pdp.simulation.cohorte import ENTETES, Cohorte, write_flux
from pdp.simulation.cohorte_droits import build_droits
from pdp.simulation.cohorte_personnes import Annuaire, id_source
from pdp.simulation.cohorte_ressources import build_agents, build_partenaires

SUIVI_JOURS = 60
"""Without the whole département, only people with that many prescribed days or more in the cohort are kept: the others meet nobody."""
_ARRETS_PAR_PERSONNE = 10
_RETENUE, _DOUBLEE, _FAUTIVE = 0.04, 0.05, 0.06
_MUET = "http://127.0.0.1:9"  # partners are played in this process: nothing listens at the address written in the feed


@dataclass
class Livraisons:
    """Lines to deliver, by day and feed; ``fautes`` counts the faults put in, ``lignes`` the lines by feed."""

    graine: int
    jours: dict[date, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    personnes: int = 0
    lignes: Counter[str] = field(default_factory=Counter)
    fautes: Counter[str] = field(default_factory=Counter)

    def add(self, jour: date, flux: str, ligne: str) -> None:
        self.jours[jour][flux].append(ligne)

    def drop(self, jour: date, depot: Path) -> int:
        """Write the files of a day into the drop folder and return how many; a held delivery joins the one of a later day."""
        hasard = Random(f"{self.graine}|{jour}")
        du_jour = self.jours.pop(jour, {})
        if du_jour and hasard.random() < _RETENUE:
            retard = jour + timedelta(days=1 + hasard.randrange(4))
            for flux, lignes in du_jour.items():
                self.jours[retard][flux] = lignes + self.jours[retard][flux]
            self.fautes["retenues"] += 1
            return 0
        ecrits = 0
        for flux, lignes in du_jour.items():
            if flux == "arrets_prescrits" and hasard.random() < _FAUTIVE:
                lignes = [*lignes, self._spoil(hasard, lignes)]
                self.fautes["lignes_fautives"] += 1
            write_flux(depot / f"{flux}_{jour.isoformat()}.csv", ENTETES[flux], lignes)
            self.lignes[flux] += len(lignes)
            ecrits += 1
            if hasard.random() < _DOUBLEE:
                write_flux(depot / f"{flux}_{jour.isoformat()}-bis.csv", ENTETES[flux], lignes)
                self.fautes["doublees"] += 1
        return ecrits

    def _spoil(self, hasard: Random, lignes: list[str]) -> str:
        modele = hasard.choice(lignes).split(";")
        faute = hasard.choice(cohorte_anomalies.ARRETS)
        return ";".join(faute([f"AV35-9{self.fautes['lignes_fautives']:05d}", *modele[1:]]))


def build_livraisons(graine: int, debut: date, fin: date, personnes: int) -> Livraisons:
    """Everything received from ``debut`` to ``fin``; what came before is delivered on ``debut``.

    ``personnes``: about how many people worth following, drawn from the cohort; 0 = everybody of an average département.
    """
    cohorte = Cohorte(graine, fin, "departement" if not personnes else "petite")
    cohorte.fill("35", personnes * _ARRETS_PAR_PERSONNE or 83_000)
    cohorte.avis.sort(key=lambda avis: (avis.instant, avis.ligne))
    retenues = _choose(cohorte, personnes)
    livraisons, premier = Livraisons(graine), debut.toordinal()
    avis = [a for a in cohorte.avis if retenues is None or a.ligne.split(";", 2)[1] in retenues]
    for a in avis:
        livraisons.add(date.fromordinal(max(a.recu, premier)), "arrets_prescrits", a.ligne)
    for flux, emises in zip(("ij_versees", "ald_invalidite"), build_droits(avis, graine, fin), strict=True):
        for emise in emises:
            livraisons.add(date.fromordinal(max(emise.jour, premier)), flux, emise.ligne)
    annuaire = Annuaire(cohorte.hasard, fin)
    for personne in cohorte.personnes:
        if personne.premiere_reception and (retenues is None or id_source(personne) in retenues):
            recue = max(date.fromisoformat(personne.premiere_reception[:10]), debut)
            livraisons.add(recue, "assures", ";".join(annuaire.line(personne, personne.premiere_reception)))
            livraisons.personnes += 1
    for jour, flux, ligne in _ressources(graine, debut, fin):
        livraisons.add(jour, flux, ligne)
    return livraisons


def _choose(cohorte: Cohorte, personnes: int) -> frozenset[str] | None:
    """People of the longest stays in arrêt, by their prescribed days; None = everybody."""
    if not personnes:
        return None
    jours: Counter[str] = Counter()
    for avis in cohorte.avis:
        _, assure, debut, fin, _ = avis.ligne.split(";", 4)
        jours[assure] += (date.fromisoformat(fin) - date.fromisoformat(debut)).days + 1
    longs = sorted(assure for assure, nombre in jours.items() if nombre >= SUIVI_JOURS)
    return frozenset(Random(cohorte.fin).sample(longs, min(personnes, len(longs))))


def _ressources(graine: int, debut: date, fin: date) -> Iterator[tuple[date, str, str]]:
    """Agents and partners on the first day; at two thirds of the time the complete list again, one coordinator having left."""
    agents = build_agents(Random(f"pdp-agents|{graine}"), fin, livraison="J-45")
    for cellules in agents:
        yield debut, "agents", ";".join(cellules)
    depart = debut + (fin - debut) * 2 // 3
    agents[5][10] = (depart - timedelta(days=1)).isoformat()
    for cellules in agents:
        yield depart, "agents", ";".join(cellules)
    for cellules in build_partenaires(fin, _MUET, _MUET):
        yield debut, "partenaires", ";".join(cellules)
