"""Awkward random histories of absence, seeded: what can happen to one person, as the feeds may tell it.

Nested, adjacent, same day, overlapping, gaps around the tolerance and around what a suspension neutralises, cancelled, mixed risks,
part-time, L.324-1, payments that add up or take back, leap days, year ends, people who cross the cap, ends of contract.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from fabrique_detection import JOUR, RECU, Personne, cle, depuis, paiement, suspension
from pdp.domain.arret import Prescription
from pdp.domain.connaissance import FaitEmployeur, Paiement

ANCRES = (date(2024, 2, 28), date(2024, 2, 29), date(2023, 12, 31), date(2025, 2, 28), date(2025, 12, 31))
DUREES = (1, 1, 2, 3, 4, 5, 7, 10, 14, 28, 30, 31)
CODES_FIN = ("038", "039", "066", "033", "091", "011")
_UN = timedelta(days=1)


def generate_personnes(graine: int, nombre: int, jour: date = JOUR) -> list[Personne]:
    """Seeded histories around `jour`: most are short, a few meet the cap over several years."""
    hasard = random.Random(graine)
    return [generate_personne(hasard, jour) for _ in range(nombre)]


def generate_personne(hasard: random.Random, jour: date) -> Personne:
    profil = hasard.choices((_short, _around_day, _leap, _long), weights=(42, 35, 15, 8))[0]
    prescriptions = profil(hasard, jour)
    hasard.shuffle(prescriptions)
    personne = Personne(prescriptions, _birth(hasard, jour))
    if hasard.random() < 0.3:
        personne.paiements = list_paiements(hasard, prescriptions)
    if hasard.random() < 0.35:
        personne.employeur = list_declarations(hasard, prescriptions, jour)
    return personne


def _birth(hasard: random.Random, jour: date) -> date:
    exacte = date(jour.year - hasard.choice((30, 49, 50, 51, 66, 67, 68)), jour.month, min(jour.day, 28))
    return hasard.choice((exacte + timedelta(days=hasard.randint(-1, 1)), date(1960, 2, 29), date(1976, 2, 29)))


# -- shapes of a life


def _short(hasard: random.Random, jour: date) -> list[Prescription]:
    """One to six avis that begin some months before the day."""
    return _chain(hasard, jour - timedelta(days=hasard.randint(0, 260)), hasard.randint(1, 6), DUREES)


def _around_day(hasard: random.Random, jour: date) -> list[Prescription]:
    """An absence whose duration, and end, are around the thresholds on the day; and what happened before."""
    prescriptions = [_around(hasard, jour)]
    if hasard.random() < 0.6:
        prescriptions += _chain(hasard, jour - timedelta(days=hasard.randint(100, 420)), hasard.randint(1, 5), DUREES)
    return prescriptions


def _leap(hasard: random.Random, jour: date) -> list[Prescription]:
    """Around 29 February and the end of a year, then perhaps three years later, when these days leave the window."""
    ancre = hasard.choice([a for a in ANCRES if a <= jour] or [jour])
    prescriptions = _chain(hasard, ancre - timedelta(days=hasard.randint(0, 12)), hasard.randint(1, 4), DUREES)
    if hasard.random() < 0.4:
        prescriptions += _chain(hasard, jour - timedelta(days=hasard.randint(0, 40)), hasard.randint(1, 3), DUREES)
    return prescriptions


def _long(hasard: random.Random, jour: date) -> list[Prescription]:
    """Years of absence: the cap is met, days leave the window, and some avis go on after the day."""
    debut = jour - timedelta(days=hasard.choice((380, 500, 800, 1250, 1500)) + hasard.randint(0, 40))
    prescriptions: list[Prescription] = []
    while not prescriptions or (len(prescriptions) < 40 and debut < jour + timedelta(days=20)):
        prescriptions.append(_draw(hasard, debut, (28, 30, 31, 60, 90, 120), ald=0.05))
        fin = max(p.fin for p in prescriptions)
        debut = fin + timedelta(days=hasard.choice((1, 1, 1, 1, 1, 2, 3, 4, 40, 150)))
    return prescriptions


def _chain(hasard: random.Random, debut: date, nombre: int, durees: tuple[int, ...]) -> list[Prescription]:
    prescriptions: list[Prescription] = []
    for _ in range(nombre):
        prescriptions.append(_draw(hasard, debut, durees))
        debut = _next_debut(hasard, prescriptions[-1], max(p.fin for p in prescriptions))
    return prescriptions


def _draw(hasard: random.Random, debut: date, durees: tuple[int, ...], ald: float = 0.15) -> Prescription:
    return depuis(
        debut,
        hasard.choice(durees),
        nature=hasard.choice(("initiale", "prolongation", "prolongation", "prolongation")),
        risque=hasard.choice(("maladie",) * 12 + ("at", "mp", "trajet", "maternite", "paternite")),
        temps_partiel_therapeutique=hasard.random() < 0.15,
        motif_categorie=hasard.choice(("tms", "psychique", "autre", "non_renseigne", "non_renseigne")),
        ald=hasard.random() < ald,
        annule=hasard.random() < 0.1,
    )


def _next_debut(hasard: random.Random, dernier: Prescription, fin: date) -> date:
    """Nested, same day, overlapping, adjacent, gaps at the tolerance -1, 0, +1, gaps that leave may fill, or a return to work."""
    interieur = dernier.debut + timedelta(days=hasard.randint(0, (dernier.fin - dernier.debut).days))
    ecarts = (1, 1, 1, 1, 2, 3, 4, hasard.randint(5, 40), hasard.choice((33, 34, 35, 36)), hasard.randint(5, 200))
    return hasard.choice((interieur, dernier.debut, *(fin + timedelta(days=e) for e in ecarts)))


def _around(hasard: random.Random, jour: date) -> Prescription:
    """Ends around the tolerance of `jour`, with a duration around a threshold."""
    fin = jour + timedelta(days=hasard.choice((-4, -3, -2, -1, 0, 1, 30)))
    duree = hasard.choice((29, 30, 31, 32, 58, 59, 60, 61, 89, 90, 91, 120, 150, 179, 180, 181))
    return replace(_draw(hasard, fin - timedelta(days=duree - 1), (1,)), fin=fin)


# -- what the caisse paid, what employers declared


def list_paiements(hasard: random.Random, prescriptions: list[Prescription]) -> list[Paiement]:
    """Whole or partial payments of some avis, twice the same, taken back in part or more than paid, of another risk, never asked for."""
    paiements: list[Paiement] = []
    for p in sorted(prescriptions, key=lambda a: a.rang)[: hasard.randint(1, len(prescriptions))]:
        if hasard.random() < 0.25:
            continue
        longueur = (p.fin - p.debut).days + 1
        jours = hasard.choice((longueur, longueur, max(0, longueur - 3), hasard.randint(0, longueur)))
        risque = "maladie" if p.risque == "maladie" else hasard.choice(("atmp", "maternite", "autre", "maladie"))
        paiements.append(paiement(p.debut, p.fin, jours, risque, annule=hasard.random() < 0.08))
        if hasard.random() < 0.25:
            reprise = hasard.choice((-jours, -min(2, jours), -longueur, jours))
            paiements.append(paiement(p.debut, p.fin, reprise, risque))
    if hasard.random() < 0.2:
        debut = prescriptions[0].debut + timedelta(days=hasard.randint(-20, 20))
        paiements.append(paiement(debut, debut + timedelta(days=9), hasard.choice((10, 4, -5))))
    hasard.shuffle(paiements)
    return paiements


def list_declarations(hasard: random.Random, prescriptions: list[Prescription], jour: date) -> list[FaitEmployeur]:
    """Leave in the gaps (short, long, open, cancelled, not neutral), arrêts with or without a resumption, ends of contract."""
    tirages: tuple[Callable[[random.Random, Prescription, date], FaitEmployeur], ...] = (_leave, _leave, _leave, _arret, _end)
    sources = hasard.sample(prescriptions, k=min(len(prescriptions), hasard.randint(1, 3)))
    return [hasard.choice(tirages)(hasard, p, jour) for p in sources]


def _leave(hasard: random.Random, p: Prescription, jour: date) -> FaitEmployeur:
    debut = p.fin + timedelta(days=hasard.choice((-2, 0, 1, 1, 1, 2, 3)))
    fin = debut + timedelta(days=hasard.choice((0, 0, 1, 2, 5, 20, 29, 30, 31, 32, 40)))
    ouverte = hasard.random() < 0.2
    return suspension(debut, None if ouverte else fin, neutre=hasard.random() < 0.9, annule=hasard.random() < 0.1)


def _arret(hasard: random.Random, p: Prescription, jour: date) -> FaitEmployeur:
    reprise = hasard.choice((None, p.fin + _UN, p.fin, jour, jour + _UN, p.debut + timedelta(days=5)))
    code = hasard.choice(("01", "01", "04", "06", "99"))
    fin = hasard.choice((p.fin, p.fin, None))
    siret = hasard.choice(("11111111100011", "22222222200022"))
    reprise_code = None if reprise is None else hasard.choice(("01", "01", "02"))
    return FaitEmployeur(cle("D"), "arret", code, False, p.debut, fin, reprise, reprise_code, siret, hasard.random() < 0.1, RECU)


def _end(hasard: random.Random, p: Prescription, jour: date) -> FaitEmployeur:
    quand = hasard.choice((p.debut - _UN, p.debut, p.fin, jour, jour + _UN))
    code = hasard.choice(CODES_FIN)
    return FaitEmployeur(cle("D"), "fin_contrat", code, False, quand, None, None, None, "11111111100011", hasard.random() < 0.1, RECU)
