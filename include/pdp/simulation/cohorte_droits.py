"""What the synthetic caisse pays and recognises: IJ versées that follow the prescriptions, affections and invalidities of the same people.

One person in five of those with a long absence has payments, and then for all her arrêts: a person half paid would be a person half
counted. The figures below are those of the synthetic caisse, not rules of the product. Days are ordinals (``date.toordinal``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from random import Random
from typing import NamedTuple

from pdp.simulation.cohorte_avis import Avis
from pdp.simulation.cohorte_durees import CARENCE_JOURS

_LONG_JOURS = 75
_PART_PAYEE = 0.2
_DECOMPTE_JOURS = 28
_PLAFOND_JOURS = 360
_RETARD_JOURS = (14, 35)
_NATURES = {"maladie": ("6110", "10"), "at": ("6110", "40"), "mp": ("6110", "40"), "trajet": ("6110", "40"),
            "maternite": ("6121", "30"), "paternite": ("6210", "30")}  # fmt: skip
_NUMEROS = {"C": "30", "I21": "13", "I63": "1", "G35": "25", "F": "23"}
_RECONNU_JOURS = 190
_INVALIDE_JOURS = 540


class Tranche(NamedTuple):
    """One avis in its last version; ``recu`` is the day on which the caisse first knew of it."""

    debut: int
    fin: int
    initiale: bool
    risque: str
    partiel: bool
    motif: str
    ald: bool
    recu: int


class Emise(NamedTuple):
    """A line of a feed and the ordinal of the day on which the caisse wrote it."""

    jour: int
    ligne: str


@cache
def _jour(iso: str) -> int:
    return date.fromisoformat(iso).toordinal()


@cache
def _iso(jour: int) -> str:
    return date.fromordinal(jour).isoformat()


def list_tranches(avis: Iterable[Avis]) -> dict[str, list[Tranche]]:
    """Prescriptions in force of each person, in order of their first day; ``avis`` in order of reception."""
    versions: dict[str, tuple[list[str], int]] = {}
    for recue in avis:
        cellules = recue.ligne.split(";")
        premiere = versions.get(cellules[0])
        versions[cellules[0]] = (cellules, premiere[1] if premiere else recue.recu)
    personnes: dict[str, list[Tranche]] = {}
    for cellules, recu in versions.values():
        if cellules[13] == "non":
            tranche = Tranche(
                _jour(cellules[2]), _jour(cellules[3]), cellules[4] == "initiale", cellules[5], cellules[6] == "oui", cellules[7],
                cellules[8] == "oui", recu,
            )  # fmt: skip
            personnes.setdefault(cellules[1], []).append(tranche)
    for tranches in personnes.values():
        tranches.sort(key=lambda t: (t.debut, t.fin))
    return personnes


def build_droits(avis: Iterable[Avis], graine: int, ancrage: date) -> tuple[list[Emise], list[Emise]]:
    """Lines of ``ij_versees`` and of ``ald_invalidite`` written up to the anchor.

    Its own random source: the rest of the cohort keeps its draws.
    """
    hasard, fin = Random(f"pdp-droits|{graine}|{ancrage.isoformat()}"), ancrage.toordinal()
    versements: list[Emise] = []
    droits: list[Emise] = []
    for personne, tranches in sorted(list_tranches(avis).items()):
        if hasard.random() < _PART_PAYEE and sum(t.fin - t.debut + 1 for t in tranches) >= _LONG_JOURS:
            versements.extend(_pay(hasard, personne, tranches, fin, len(versements)))
        droits.extend(_recognise(hasard, personne, tranches, fin, len(droits)))
    return versements, droits


def _pay(hasard: Random, personne: str, tranches: list[Tranche], fin: int, numero: int) -> Iterator[Emise]:
    """Payment by payment up to some weeks before the anchor; waiting period at each first avis of illness, none paid beyond the cap."""
    horizon = fin - hasard.randint(*_RETARD_JOURS)
    siret = f"PDPFICTIF{hasard.randrange(100_000):05d}"
    vu, carence, reste = 0, 0, _PLAFOND_JOURS
    for tranche in tranches:
        maladie = tranche.risque == "maladie"
        if tranche.initiale and tranche.debut > vu + 3:
            carence = CARENCE_JOURS if maladie else 0
        debut = max(tranche.debut, vu + 1)
        passes = min(carence, max(tranche.fin - debut + 1, 0)) if maladie else 0
        debut, carence, vu = debut + passes, carence - passes, max(vu, tranche.fin)
        while debut <= min(tranche.fin, horizon):
            dernier = min(debut + _DECOMPTE_JOURS - 1, tranche.fin, horizon)
            jours = dernier - debut + 1
            if maladie and not tranche.ald:
                jours = min(jours, reste)
                reste -= jours
            if jours:
                numero += 1
                yield from _write_versement(
                    hasard, f"IJ{personne[:2]}-{numero:07d}", personne, tranche, (debut, dernier, jours), siret, fin
                )
            debut = dernier + 1


def _write_versement(
    hasard: Random, identifiant: str, personne: str, tranche: Tranche, paye: tuple[int, int, int], siret: str, fin: int
) -> Iterator[Emise]:
    """The payment, then now and then days taken back, a newer version of it, or its cancellation."""
    debut, dernier, jours = paye
    nature, assurance = _NATURES[tranche.risque]
    if tranche.partiel and nature == "6110":
        nature = "6117"

    def line(ident: str, nombre: int, traite: int, annule: str = "non") -> Emise:
        periode = f"{_iso(debut)};{_iso(dernier)};{nombre};{nombre}"
        return Emise(traite, f"{ident};{personne};{nature};{periode};{assurance};{siret};{_iso(traite)};01{personne[:2]}1;{annule}")

    traite = max(dernier, tranche.recu) + 3 + int(hasard.random() * 9)
    if traite > fin:
        return
    yield line(identifiant, jours, traite)
    tirage, suite = hasard.random(), traite + 15 + int(hasard.random() * 40)
    if suite <= fin and jours > 3:
        if tirage < 0.010:
            yield line(f"{identifiant}R", -1 - int(tirage * 200), suite)
        elif tirage < 0.015:
            yield line(identifiant, jours - 1, suite)
        elif tirage < 0.017:
            yield line(identifiant, jours, suite, "oui")


def _recognise(hasard: Random, personne: str, tranches: list[Tranche], fin: int, numero: int) -> Iterator[Emise]:
    """An ALD where prescriptions speak of one, now and then L.324-1 for a long illness, rarely an invalidity after a very long one."""
    liees = [t for t in tranches if t.ald]
    malades = [t for t in tranches if t.risque == "maladie"]
    jours = sum(t.fin - t.debut + 1 for t in malades)
    if liees:
        code = liees[0].motif
        liste = _NUMEROS.get(code, _NUMEROS.get(code[:1], ""))
        debut = liees[0].debut - int(hasard.random() * 200)
        yield from _write_droit(
            hasard, personne, numero + 1, ("41", liste) if liste else ("43", "99"), code, debut, debut + 1826, liees[0].recu, fin
        )
    elif jours > _RECONNU_JOURS and hasard.random() < 0.15:
        longue = malades[-1]
        yield from _write_droit(hasard, personne, numero + 1, ("47", ""), longue.motif, longue.debut, longue.debut + 1095, longue.recu, fin)
    if jours > _INVALIDE_JOURS and hasard.random() < 0.06:
        ouverture = malades[-1].fin + 1
        if ouverture <= fin - 30:
            yield from _write_droit(hasard, personne, numero + 2, ("13", ""), "", ouverture, 0, ouverture, fin)


def _write_droit(
    hasard: Random, personne: str, numero: int, reconnu: tuple[str, str], code: str, debut: int, dernier: int, connu: int, fin: int
) -> Iterator[Emise]:
    """The right, then now and then a newer end, or its cancellation; ``dernier`` 0 = open."""
    motif, liste = reconnu
    ecrit = connu + 5 + int(hasard.random() * 20)
    if ecrit > fin:
        return
    debut_ligne = f"DR{personne[:2]}-{numero:06d};{personne};{liste};{motif};{_iso(debut)}"
    yield Emise(ecrit, f"{debut_ligne};{_iso(dernier) if dernier else ''};{code};{_iso(ecrit)}T06:30:00Z;non")
    tirage, suite = hasard.random(), ecrit + 20 + int(hasard.random() * 60)
    if suite <= fin and tirage < 0.02:
        nouvelle = _iso(dernier + 365) if dernier else ""
        yield Emise(suite, f"{debut_ligne};{nouvelle};{code};{_iso(suite)}T06:30:00Z;{'oui' if tirage < 0.004 else 'non'}")
