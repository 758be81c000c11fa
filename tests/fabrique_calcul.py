"""Histories of absence turned into the arrays of the kernels, and results turned back into dates."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from pdp.calcul.calendrier import EPOQUE, numero
from pdp.calcul.regles import MOTIFS, RISQUES, Prescriptions, Regles, Suspensions, Valeurs, Versements
from pdp.calcul.segments import JAMAIS, TOUJOURS, Segments, derouler
from pdp.domain.arret import RISQUES_ABSENCE, Periode, Prescription, Versement
from pdp.domain.referentiel import Referentiel
from pdp.services.reglages import bornes


@dataclass
class Histoire:
    """All that is known of a person."""

    prescriptions: list[Prescription] = field(default_factory=list)
    suspensions: list[Periode] = field(default_factory=list)
    versements: list[Versement] = field(default_factory=list)


def jour_de(n: int) -> date:
    return EPOQUE + timedelta(days=int(n))


def jour_ou_rien(n: int) -> date | None:
    return None if n == JAMAIS else jour_de(n)


def to_prescriptions(histoires: Sequence[Histoire]) -> tuple[Prescriptions, list[str]]:
    """Rows as the store sends them, and the id_avis of each."""
    lignes = sorted(
        ((k, p) for k, h in enumerate(histoires) for p in h.prescriptions if p.is_comptee and p.risque in RISQUES_ABSENCE),
        key=lambda ligne: (ligne[0], ligne[1].debut, ligne[1].id_avis.encode()),
    )

    def colonne(lire: Callable[[Prescription], Any], dtype: Any) -> np.ndarray:
        return np.array([lire(p) for _, p in lignes], dtype)

    prescriptions = Prescriptions(
        personne=np.array([k for k, _ in lignes], np.int32),
        debut=colonne(lambda p: numero(p.debut), np.int32),
        fin=colonne(lambda p: numero(p.fin), np.int32),
        risque=colonne(lambda p: RISQUES.index(p.risque), np.int8),
        initiale=colonne(lambda p: p.nature == "initiale", np.bool_),
        temps_partiel=colonne(lambda p: p.temps_partiel_therapeutique, np.bool_),
        motif=colonne(lambda p: MOTIFS.index(p.motif_categorie), np.int8),
        ald=colonne(lambda p: p.ald, np.bool_),
        connu_at=np.arange(len(lignes), dtype=np.int64),
    )
    return prescriptions, [p.id_avis for _, p in lignes]


def _tableau(valeurs: list[tuple[int, ...]], largeur: int) -> list[np.ndarray]:
    return list(np.array(valeurs, np.int32).reshape(-1, largeur).T)


def to_suspensions(histoires: Sequence[Histoire]) -> Suspensions:
    return Suspensions(
        *_tableau(
            [
                (k, numero(s.debut), int(TOUJOURS) if s.fin is None else numero(s.fin))
                for k, h in enumerate(histoires)
                for s in h.suspensions
            ],
            3,
        )
    )


def to_versements(histoires: Sequence[Histoire]) -> Versements:
    return Versements(
        *_tableau(
            [(k, numero(v.debut), numero(v.fin), v.jours) for k, h in enumerate(histoires) for v in h.versements if v.debut <= v.fin], 4
        )
    )


def valeurs(ref: Referentiel, cle: str) -> Valeurs:
    lignes = sorted((p for p in ref if p.cle == cle and p.valeur is not None), key=lambda p: p.du or date.min)
    return Valeurs(
        cle,
        np.array([numero(p.du or date.min) for p in lignes], np.int32),
        np.array([numero(p.au or date.max) for p in lignes], np.int32),
        np.array([int(p.nombre) if p.comparateur is None else bornes(p)[1] for p in lignes], np.int32),
    )


def regles(ref: Referentiel, jour: date, **champs: Any) -> Regles:
    return replace(
        Regles(
            jour=jour,
            tolerance=2,
            suspension_max=31,
            carences=valeurs(ref, "ij_carence_jours"),
            reprises=valeurs(ref, "ij_reprise_sans_carence_jours"),
            plafond=ref.entier("ij_plafond_trois_ans", jour),
            fenetre=ref.entier("ij_fenetre_annees", jour),
            seuils=(270, 330),
        ),
        **champs,
    )


def to_jours(segments: Segments, personnes: int) -> list[frozenset[date]]:
    """Days of each person."""
    ensembles: list[set[date]] = [set() for _ in range(personnes)]
    for personne, jour in zip(*derouler(segments), strict=True):
        ensembles[personne].add(jour_de(jour))
    return [frozenset(e) for e in ensembles]


def generate_histoire(hasard: random.Random, origine: date) -> Histoire:
    """Awkward on purpose: nested, adjacent, same day, long, part-time, cancelled, mixed risks, suspensions, payments taken back."""
    histoire, debut = Histoire(), origine
    for rang in range(hasard.choice((1, 2, 4, 8, 16, 30))):
        duree = hasard.choice((1, 2, 3, 4, 5, 10, 30, 31, 60, 90, 200))
        prescription = Prescription(
            f"A{hasard.randint(0, 99):02}-{rang}" if hasard.random() < 0.8 else f"é{rang}",
            debut,
            debut + timedelta(days=duree - 1),
            nature=hasard.choice(("initiale", "prolongation")),
            risque=hasard.choice(("maladie",) * 9 + ("at", "mp", "trajet", "maternite")),
            temps_partiel_therapeutique=hasard.random() < 0.2,
            motif_categorie=hasard.choice(("tms", "psychique", "autre", "non_renseigne", "non_renseigne")),
            ald=hasard.random() < hasard.choice((0, 0.2, 0.8)),
            annule=hasard.random() < 0.08,
        )
        histoire.prescriptions.append(prescription)
        _add_suspensions(hasard, histoire, prescription.fin)
        pas = hasard.choice((0, hasard.randint(0, duree - 1), duree, duree, duree, duree + 1, duree + 2, duree + 3, duree + 4, duree + 40))
        debut += timedelta(days=pas if hasard.random() < 0.95 else pas + hasard.randint(0, 500))
    _add_versements(hasard, histoire)
    hasard.shuffle(histoire.prescriptions)
    return histoire


def _add_suspensions(hasard: random.Random, histoire: Histoire, fin: date) -> None:
    while hasard.random() < 0.4:
        debut = fin + timedelta(days=hasard.randint(-3, 6))
        dernier = debut + timedelta(days=hasard.choice((-1, 0, 1, 2, 5, 30, 31, 45)))
        histoire.suspensions.append(Periode(debut, None if hasard.random() < 0.3 else dernier))


def _add_versements(hasard: random.Random, histoire: Histoire) -> None:
    if hasard.random() < 0.5:
        return
    connues = hasard.randint(1, len(histoire.prescriptions))  # later ones are not paid yet
    for p in histoire.prescriptions[:connues]:
        if hasard.random() < 0.7:
            debut, longueur = p.debut + timedelta(days=hasard.choice((-5, 0, 0, 3))), hasard.choice((1, 14, 30, 90))
            fin = debut + timedelta(days=longueur - 1)
            histoire.versements.append(Versement(debut, fin, hasard.randint(0, longueur)))
            while hasard.random() < 0.3:
                histoire.versements.append(Versement(debut, fin, hasard.randint(-longueur, longueur)))
