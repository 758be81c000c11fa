"""The feeds as published: a Table Schema compiled into validators, and what a line of a file becomes.

A line is either a :class:`LigneValide` or a list of :class:`Anomalie`, never something in between: the caller can add up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pdp.domain.flux_champs import Champ, compile_champ
from pdp.domain.flux_controles import ValeurRefusee

FLUX = ("assures", "agents", "partenaires", "arrets_prescrits")
"""Names of the feeds, in the order in which a delivery is read: people and resources before the prescriptions that cite them."""


@dataclass(frozen=True, slots=True)
class Anomalie:
    """Why a line is refused. ``champ`` is empty when the whole line is concerned; ``message`` holds no identity, no medical value."""

    champ: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class LigneValide:
    """Typed values by column; missing optional cells are None, lists are tuples, instants are UTC."""

    flux: str
    valeurs: dict[str, Any]


Regle = Callable[[dict[str, Any]], Anomalie | None]


class Schema:
    """A feed's Table Schema, compiled: immutable once loaded and safe to share."""

    def __init__(
        self, nom: str, champs: tuple[Champ, ...], cle: tuple[str, ...], manquantes: frozenset[str], regles: tuple[Regle, ...]
    ) -> None:
        self.nom = nom
        self.champs = champs
        self.colonnes = tuple(champ.nom for champ in champs)
        self.cle = cle
        self._lecteurs = tuple((champ.nom, compile_champ(champ, manquantes)) for champ in champs)
        self._regles = regles

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Schema:
        """From the parsed JSON of ``docs/schemas/<flux>.schema.json``; a rule or type it does not know is a ``KeyError``."""
        champs = tuple(Champ.load(brut) for brut in document["fields"])
        titres = {champ.nom: champ.titre for champ in champs}
        regles = tuple(_REGLES[brut["regle"]](brut, titres) for brut in document.get("pdp:regles", ()))
        return cls(document["name"], champs, tuple(document["primaryKey"]), frozenset(document["missingValues"]), regles)

    def validate_cells(self, cellules: Sequence[str]) -> LigneValide | list[Anomalie]:
        """One line whose cells are in the order of ``colonnes``; every anomaly of the line is reported, not only the first."""
        lecteurs = self._lecteurs
        if len(cellules) != len(lecteurs):
            attendues = len(lecteurs)
            return [Anomalie("", "nombre_de_colonnes", f"La ligne compte {len(cellules)} cases au lieu de {attendues}.")]
        valeurs: dict[str, Any] = {}
        anomalies: list[Anomalie] = []
        for (nom, lire), cellule in zip(lecteurs, cellules, strict=True):
            try:
                valeurs[nom] = lire(cellule)
            except ValeurRefusee as refus:
                anomalies.append(Anomalie(nom, refus.code, refus.message))
        if not anomalies:
            for regle in self._regles:
                anomalie = regle(valeurs)
                if anomalie is not None:
                    anomalies.append(anomalie)
        return anomalies or LigneValide(self.nom, valeurs)


def validate_row(schema: Schema, row: Mapping[str, str]) -> LigneValide | list[Anomalie]:
    """Same as :meth:`Schema.validate_cells` for a mapping; a column that is absent counts as an empty cell."""
    return schema.validate_cells([row.get(colonne, "") for colonne in schema.colonnes])


def _rule_ordre(brut: Mapping[str, Any], titres: Mapping[str, str]) -> Regle:
    """``debut`` not after ``fin``, and at most ``duree_max_jours`` inclusive days between them when given (data quality, not law)."""
    debut, fin, maximum = brut["debut"], brut["fin"], brut.get("duree_max_jours")

    def check(valeurs: dict[str, Any]) -> Anomalie | None:
        premier, dernier = _jour(valeurs[debut]), _jour(valeurs[fin])
        if premier is None or dernier is None:
            return None
        if dernier < premier:
            return Anomalie(
                fin, "dates_inversees", f"« {titres[fin]} » précède « {titres[debut]} » : les deux dates sont sans doute inversées."
            )
        if maximum is not None and (dernier - premier).days >= maximum:
            return Anomalie(
                fin, "duree_invraisemblable", f"De « {titres[debut]} » à « {titres[fin]} », plus de {maximum} jours : invraisemblable."
            )
        return None

    return check


def _rule_ecart(brut: Mapping[str, Any], titres: Mapping[str, str]) -> Regle:
    """Days from ``de`` to ``a`` within bounds: catches a wrong century or a swapped month that every single date would hide."""
    de, a, bas, haut = brut["de"], brut["a"], brut["min_jours"], brut["max_jours"]

    def check(valeurs: dict[str, Any]) -> Anomalie | None:
        premier, second = _jour(valeurs[de]), _jour(valeurs[a])
        if premier is None or second is None or bas <= (second - premier).days <= haut:
            return None
        return Anomalie(de, "date_invraisemblable", f"« {titres[de]} » est trop éloigné de « {titres[a]} » pour être vraisemblable.")

    return check


def _rule_requis_si(brut: Mapping[str, Any], titres: Mapping[str, str]) -> Regle:
    champ, si, vaut = brut["champ"], brut["si"], brut["vaut"]

    def check(valeurs: dict[str, Any]) -> Anomalie | None:
        if valeurs[si] == vaut and valeurs[champ] in (None, ()):
            return Anomalie(champ, "champ_requis", f"« {titres[champ]} » est obligatoire quand « {titres[si]} » vaut {vaut}.")
        return None

    return check


def _jour(valeur: date | datetime | None) -> date | None:
    return valeur.date() if isinstance(valeur, datetime) else valeur


_REGLES: dict[str, Callable[[Mapping[str, Any], Mapping[str, str]], Regle]] = {
    "ordre": _rule_ordre,
    "ecart": _rule_ecart,
    "requis_si": _rule_requis_si,
}
