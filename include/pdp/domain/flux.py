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

FLUX = ("assures", "agents", "partenaires", "arrets_prescrits", "ij_versees", "ald_invalidite")
"""Names of the feeds, in the order in which a delivery is read: people and resources before the facts that cite them."""
FAITS = frozenset({"arrets_prescrits", "ij_versees", "ald_invalidite"})
"""Feeds whose lines cite an insured person by ``id_assure`` and wait for that person when unknown."""


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
        self.champs = tuple(sorted(champs, key=lambda champ: champ.optionnel))
        self.colonnes = tuple(champ.nom for champ in champs if not champ.optionnel)
        self.optionnelles = tuple(champ.nom for champ in champs if champ.optionnel)
        self.cle = cle
        self._complets = tuple((champ.nom, compile_champ(champ, manquantes)) for champ in self.champs)
        self._lecteurs = self._complets[: len(self.colonnes)]
        self._regles = regles

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> Schema:
        """From the parsed JSON of ``docs/schemas/<flux>.schema.json``; a rule or type it does not know is a ``KeyError``."""
        champs = tuple(Champ.load(brut) for brut in document["fields"])
        titres = {champ.nom: champ.titre for champ in champs}
        regles = tuple(_REGLES[brut["regle"]](brut, titres) for brut in document.get("pdp:regles", ()))
        return cls(document["name"], champs, tuple(document["primaryKey"]), frozenset(document["missingValues"]), regles)

    def validate_cells(self, cellules: Sequence[str]) -> LigneValide | list[Anomalie]:
        """One line whose cells are in the order of ``colonnes``, then of ``optionnelles`` when the file has one of them.

        Every anomaly of the line is reported, not only the first. A column that the file does not have gives no value at all.
        """
        lecteurs = self._lecteurs
        if len(cellules) != len(lecteurs):
            if len(cellules) != len(self._complets):
                attendues = len(lecteurs)
                return [Anomalie("", "nombre_de_colonnes", f"La ligne compte {len(cellules)} cases au lieu de {attendues}.")]
            lecteurs = self._complets
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

    def read_cle(self, cellules: Sequence[str]) -> tuple[Any, ...]:
        """Values of the key columns of a line that may be faulty elsewhere; None for one that cannot be read."""
        lus: dict[str, Any] = {}
        for (nom, lire), cellule in zip(self._complets, cellules, strict=False):
            if nom in self.cle:
                try:
                    lus[nom] = lire(cellule)
                except ValeurRefusee:
                    lus[nom] = None
        return tuple(lus.get(nom) for nom in self.cle)


def validate_row(schema: Schema, row: Mapping[str, str]) -> LigneValide | list[Anomalie]:
    """Same as :meth:`Schema.validate_cells` for a mapping; a column that is absent counts as an empty cell."""
    return schema.validate_cells([row.get(colonne, "") for colonne in (*schema.colonnes, *schema.optionnelles)])


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
        if valeurs[si] == vaut and valeurs.get(champ) in (None, ()):
            return Anomalie(champ, "champ_requis", f"« {titres[champ]} » est obligatoire quand « {titres[si]} » vaut {vaut}.")
        return None

    return check


def _rule_distincts(brut: Mapping[str, Any], titres: Mapping[str, str]) -> Regle:
    """Two columns that cannot hold the same value, when both do."""
    premier, second = brut["champs"]

    def check(valeurs: dict[str, Any]) -> Anomalie | None:
        if valeurs.get(premier) is None or valeurs.get(premier) != valeurs.get(second):
            return None
        return Anomalie(second, "valeurs_identiques", f"« {titres[second]} » ne peut pas être le même que « {titres[premier]} ».")

    return check


def _rule_dans_periode(brut: Mapping[str, Any], titres: Mapping[str, str]) -> Regle:
    """A number of days, taken back ones included, that fits between its two dates, both inclusive."""
    champ, debut, fin = brut["champ"], brut["debut"], brut["fin"]

    def check(valeurs: dict[str, Any]) -> Anomalie | None:
        longueur = (valeurs[fin] - valeurs[debut]).days + 1
        if longueur <= 0 or abs(valeurs[champ]) <= longueur:  # swapped dates are another rule's business
            return None
        return Anomalie(champ, "jours_hors_periode", f"« {titres[champ]} » dépasse le nombre de jours de la période.")

    return check


def _jour(valeur: date | datetime | None) -> date | None:
    return valeur.date() if isinstance(valeur, datetime) else valeur


_REGLES: dict[str, Callable[[Mapping[str, Any], Mapping[str, str]], Regle]] = {
    "ordre": _rule_ordre,
    "ecart": _rule_ecart,
    "requis_si": _rule_requis_si,
    "distincts": _rule_distincts,
    "dans_periode": _rule_dans_periode,
}
