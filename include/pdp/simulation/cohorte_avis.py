"""From a synthetic arrêt to the lines of its avis: slices, reception, corrections, cancellations, late arrivals.

Days are ordinals (``date.toordinal``): the cohort of a département writes some 170,000 lines.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from random import Random

from pdp.simulation.cohorte_durees import CARENCE_JOURS

# Prescribers were freer before this day; the durations below are those of the synthetic prescriber, not a rule of the product.
_ENCADREMENT = date(2026, 9, 1).toordinal()
_INITIALE_LIBRE = (3, 5, 7, 7, 10, 14, 15, 15, 21, 30, 30, 45)
_INITIALE = (3, 5, 7, 7, 10, 14, 15, 15, 21, 28, 30, 31)
_PROLONGATION_LIBRE = (14, 15, 28, 30, 30, 30, 31, 45, 60, 60, 60, 90)
_PROLONGATION = (14, 15, 28, 30, 30, 30, 31, 45, 60, 60, 62, 62)

# CIM-10 groups and weights: respiratory and digestive episodes are short; mental, locomotor, tumour and vascular ones last.
_COURTS = {"J06": 20, "J11": 12, "A09": 10, "K52": 5, "M54": 17, "J20": 6, "F43": 7, "R53": 6, "S93": 5, "M25": 4, "N39": 3, "G43": 5}
_LONGS = {
    "F32": 13,
    "F41": 6,
    "F43": 8,
    "F33": 5,
    "M54": 17,
    "M51": 6,
    "M75": 8,
    "M17": 4,
    "M16": 3,
    "C50": 4,
    "C34": 2,
    "I21": 3,
    "I63": 2,
    "G35": 1,
    "S82": 4,
    "G56": 3,
    "K40": 3,
    "T93": 2,
    "R52": 2,
}
_ACCIDENTS = {"S93": 14, "S61": 14, "M54": 22, "S82": 10, "S52": 8, "M75": 8, "F43": 6, "S83": 10, "S06": 4, "T14": 4}
_MALADIES_PRO = {"M75": 38, "G56": 26, "M77": 16, "M54": 12, "M51": 6, "F32": 2}


class Tirage:
    """Weighted draw from a small table, one random number each."""

    def __init__(self, poids: dict[str, int]) -> None:
        self._codes = tuple(poids)
        self._cumul = list(accumulate(poids.values()))

    def draw(self, hasard: Random) -> str:
        return self._codes[bisect(self._cumul, hasard.random() * self._cumul[-1])]


_TIRAGES = {
    "court": Tirage(_COURTS),
    "long": Tirage(_LONGS),
    "at": Tirage(_ACCIDENTS),
    "trajet": Tirage(_ACCIDENTS),
    "mp": Tirage(_MALADIES_PRO),
    "maternite": Tirage({"O80": 1}),
    "paternite": Tirage({"Z37": 1}),
}


@dataclass(frozen=True, slots=True)
class Absence:
    """A synthetic arrêt before it is prescribed: ``prescrits`` days from ``debut`` (ordinal)."""

    debut: int
    prescrits: int
    risque: str


@dataclass(frozen=True, slots=True)
class Vus:
    """What the feeds show of an arrêt at the anchor: indemnified days since it began, those of the last year, last day seen (ordinal)."""

    total: int
    annee: int
    fin: int


@dataclass(frozen=True, slots=True)
class Avis:
    """One line of the feed, ready to write; ``recu`` is the ordinal of its reception, ``differe`` holds it to the second delivery."""

    recu: int
    instant: str
    ligne: str
    differe: bool = False


class Prescripteurs:
    """Writes the avis of absences; everything received after the anchor is not written."""

    def __init__(self, hasard: Random, ancrage: date, nombre: int) -> None:
        self._hasard = hasard
        self._fin = ancrage.toordinal()
        self._annee = self._fin - 364
        self._iso = {jour: date.fromordinal(jour).isoformat() for jour in range(self._fin - 1700, self._fin + 420)}
        self._rpps = [_build_rpps(rang) for rang in range(nombre)]
        self._numero = 0
        self.annulations = 0
        self.corrections = 0

    def prescribe(self, absence: Absence, id_assure: str, departement: str, sortie: list[Avis]) -> Vus:
        """Append the avis of one absence, in order of their first day."""
        hasard, debut, reste, rang = self._hasard, absence.debut, absence.prescrits, 0
        motif, ald, hospitalisation, tpt_final = self._medical(absence)
        vus_total, vus_annee, dernier, carence = 0, 0, absence.debut, CARENCE_JOURS if absence.risque == "maladie" else 0
        while reste > 0:
            duree = min(reste, self._slice(absence, debut, initiale=rang == 0))
            reste -= duree
            fin = debut + duree - 1
            recu = self._reception(debut, initiale=rang == 0)
            if recu > self._fin:
                break
            tpt = tpt_final and reste == 0 and rang > 0
            self._write(
                sortie,
                recu,
                id_assure,
                departement,
                debut,
                fin,
                f"{'prolongation' if rang else 'initiale'};{absence.risque};{'oui' if tpt else 'non'};{motif};{ald};"
                f"{hasard.choice(self._rpps) if hasard.random() < 0.95 else ''};{hospitalisation if rang == 0 else 'non'}",
                annulable=rang == 0 and reste == 0,
            )
            vus_total += max(min(fin, self._fin) - debut + 1 - carence, 0)
            vus_annee += max(min(fin, self._fin) - max(debut + carence, self._annee) + 1, 0)
            carence = max(carence - duree, 0)
            dernier, rang = fin, rang + 1
            # A week-end between two slices is left unprescribed now and then.
            debut = fin + 1 + (2 if rang > 1 and hasard.random() < 0.03 else 0)
        return Vus(vus_total, vus_annee, dernier)

    def _medical(self, absence: Absence) -> tuple[str, str, str, bool]:
        hasard, risque = self._hasard, absence.risque
        cle = risque if risque != "maladie" else "long" if absence.prescrits > 30 else "court"
        motif = _TIRAGES[cle].draw(hasard)
        ald = absence.prescrits > 150 and risque == "maladie" and hasard.random() < (0.75 if motif[0] in "CIG" else 0.3)
        hospitalisation = motif[0] in "CIKO" or motif in ("S82", "M16", "M17")
        tpt = absence.prescrits > 60 and hasard.random() < 0.22
        return (
            "" if hasard.random() < 0.10 or risque == "paternite" else motif,
            "oui" if ald else "non",
            "oui" if hospitalisation and hasard.random() < 0.4 else "non",
            tpt,
        )

    def _slice(self, absence: Absence, debut: int, *, initiale: bool) -> int:
        if absence.risque in ("maternite", "paternite"):
            return absence.prescrits
        libre = debut < _ENCADREMENT
        if initiale:
            return self._hasard.choice(_INITIALE_LIBRE if libre else _INITIALE)
        return self._hasard.choice(_PROLONGATION_LIBRE if libre else _PROLONGATION)

    def _reception(self, debut: int, *, initiale: bool) -> int:
        tirage = self._hasard.random()
        if tirage < 0.004:
            return debut + 30 + int(tirage * 15_000)
        if tirage < 0.15:
            return debut + 2 + int((tirage - 0.004) * 68)
        return debut + (0 if initiale else -1) + int((tirage - 0.15) * 3.5)

    def _write(
        self, sortie: list[Avis], recu: int, id_assure: str, departement: str, debut: int, fin: int, milieu: str, *, annulable: bool
    ) -> None:
        """Line of the avis, then perhaps a second version of it: corrected end, or cancellation."""
        hasard, iso = self._hasard, self._iso
        self._numero += 1
        id_avis = f"AV{departement}-{self._numero:07d}"
        canal = "e_aat" if hasard.random() < 0.86 else "papier"
        tirage, seconde, annule, differe, suivi = hasard.random(), recu + 1 + int(hasard.random() * 28), "non", False, fin
        # More second versions near the anchor, so that the second delivery shows some of each kind even in the small size.
        corrigees, annulees = (0.04, 0.02) if recu > self._fin - 80 else (0.012, 0.006)
        if annulable and tirage < annulees:
            annule, differe = "oui", tirage < annulees / 6
        elif tirage > 1 - corrigees:
            part = (1 - tirage) / corrigees
            suivi = max(debut, fin - 1 - int(part * 8)) if part > 0.45 else fin + 2 + int(part * 10)
        instant = self._instant(recu)
        differe = differe and seconde <= self._fin - 45
        sortie.append(Avis(recu, instant, f"{id_avis};{id_assure};{iso[debut]};{iso[fin]};{milieu};{instant};{canal};non", differe))
        if (annule == "oui" or suivi != fin) and seconde <= self._fin:
            instant = self._instant(seconde)
            sortie.append(Avis(seconde, instant, f"{id_avis};{id_assure};{iso[debut]};{iso[suivi]};{milieu};{instant};{canal};{annule}"))
            self.annulations += annule == "oui"
            self.corrections += annule == "non"

    def _instant(self, jour: int) -> str:
        secondes = 21_600 + int(self._hasard.random() * 50_000)
        return f"{self._iso[jour]}T{secondes // 3600:02d}:{secondes // 60 % 60:02d}:{secondes % 60:02d}Z"


def _build_rpps(rang: int) -> str:
    """Eleven digits with a right Luhn key; they begin with 99, which the national register has never issued."""
    racine = f"99{rang:08d}"
    somme = sum(sum(divmod(int(chiffre) * (2 if i % 2 == 0 else 1), 10)) for i, chiffre in enumerate(reversed(racine)))
    return f"{racine}{-somme % 10}"
