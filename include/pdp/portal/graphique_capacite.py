"""Coordinates of the two drawings of the capacity page. Every figure of a drawing is also in a table beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pdp.domain.capacite_phrases import en_francais
from pdp.domain.capacite_reponse import Reponse

LARGEUR = 260
GAUCHE, HAUT, BAS = 34, 22, 160


@dataclass(frozen=True, slots=True)
class Barre:
    """One team size: rectangle, the figure above it, the size below; ``genre``: actuelle, suffit, autre."""

    x: float
    y: float
    largeur: float
    hauteur: float
    valeur: str
    nom: str
    genre: str

    @property
    def milieu(self) -> float:
        return self.x + self.largeur / 2


@dataclass(frozen=True, slots=True)
class Equipes:
    """Percentage called in time by team size, with the line of the promise."""

    barres: tuple[Barre, ...]
    objectif_y: float


@dataclass(frozen=True, slots=True)
class Attente:
    """People never called, week after week: band and line of the team as it is, line of the team that would do."""

    bande: str
    actuelle: tuple[tuple[float, float], ...]
    suffit: tuple[tuple[float, float], ...]
    graduations: tuple[tuple[float, str], ...]

    @property
    def ligne_actuelle(self) -> str:
        return _join(self.actuelle)

    @property
    def ligne_suffit(self) -> str:
        return _join(self.suffit)


def draw_equipes(reponse: Reponse, objectif: float) -> Equipes:
    pas = (LARGEUR - GAUCHE - 6) / len(reponse.essayes)
    barres = []
    for rang, p in enumerate(reponse.essayes):
        hauteur = (BAS - HAUT) * p.part / 100
        suffit = reponse.suffit is not None and p.ajout == reponse.suffit.ajout
        genre = "suffit" if suffit else "actuelle" if p.ajout == 0 else "autre"
        x = GAUCHE + rang * pas + pas * 0.14
        barres.append(Barre(x, BAS - hauteur, pas * 0.72, hauteur, en_francais(p.part, 0), en_francais(p.etp), genre))
    return Equipes(tuple(barres), BAS - (BAS - HAUT) * objectif / 100)


def draw_attente(reponse: Reponse) -> Attente:
    actuelle = reponse.actuelle.semaines
    autre = reponse.suffit.semaines if reponse.suffit is not None and reponse.suffit.ajout else ()
    sommet = max([1.0, *(s.attente.haut for s in actuelle), *(s.attente.moyenne for s in autre)])
    debut = GAUCHE + 8
    pas = (LARGEUR - debut - 12) / max(1, len(actuelle) - 1)

    def point(rang: int, valeur: float) -> tuple[float, float]:
        return round(debut + rang * pas, 1), round(BAS - (BAS - HAUT) * valeur / sommet, 1)

    hauts = [point(rang, s.attente.haut) for rang, s in enumerate(actuelle)]
    bas = [point(rang, s.attente.bas) for rang, s in enumerate(actuelle)]
    return Attente(
        _join([*hauts, *reversed(bas)]),
        tuple(point(rang, s.attente.moyenne) for rang, s in enumerate(actuelle)),
        tuple(point(rang, s.attente.moyenne) for rang, s in enumerate(autre)),
        tuple((point(0, sommet * part)[1], en_francais(sommet * part, 0)) for part in (0, 0.5, 1)),
    )


def _join(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
