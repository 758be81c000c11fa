"""One compiled reader per column of a feed: text of a cell in, typed value out, :class:`ValeurRefusee` when it cannot be taken.

Everything that depends on the schema is decided once, when the schema is loaded; a row pays one call per cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pdp.domain.flux_controles import CONTROLES, ValeurRefusee

Lecteur = Callable[[str], Any]

_PARIS = ZoneInfo("Europe/Paris")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FRANCAISE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?")
_NOMBRE = re.compile(r"[+-]?[0-9]{1,12}(?:[.,][0-9]{1,9})?")
_ENTIER = re.compile(r"[+-]?[0-9]{1,12}")
_TAILLE_CACHE = 65_536


@dataclass(frozen=True, slots=True)
class Champ:
    """One column of a published Table Schema; ``classe`` is ``identite``, ``medicale`` or None (ordinary).

    ``optionnel``: a file may come without the column (an empty cell of an ordinary column is another matter: ``requis``).
    """

    nom: str
    titre: str
    type: str
    requis: bool
    classe: str | None
    controle: str | None
    separateur: str | None
    valeurs: tuple[str, ...]
    contraintes: Mapping[str, Any]
    optionnel: bool = False

    @classmethod
    def load(cls, brut: Mapping[str, Any]) -> Champ:
        """Field of a Table Schema v1 document; unknown types are a programming error (``KeyError`` when compiled)."""
        contraintes = brut.get("constraints", {})
        return cls(
            nom=brut["name"],
            titre=brut["title"],
            type=brut["type"],
            requis=bool(contraintes.get("required", False)),
            classe=brut.get("pdp:classe"),
            controle=brut.get("pdp:controle"),
            separateur=brut.get("pdp:separateur"),
            valeurs=tuple(contraintes.get("enum", brut.get("pdp:valeurs", ()))),
            contraintes=contraintes,
            optionnel=bool(brut.get("pdp:optionnelle", False)),
        )


class _Memo(dict[str, Any]):
    """Values already read, by their text; refusals are not kept. Bounded: emptied when full."""

    def __init__(self, lire: Lecteur) -> None:
        super().__init__()
        self._lire = lire

    def __missing__(self, brut: str) -> Any:
        valeur = self._lire(brut)
        if len(self) >= _TAILLE_CACHE:
            self.clear()
        self[brut] = valeur
        return valeur


def compile_champ(champ: Champ, manquantes: frozenset[str]) -> Lecteur:
    """Reader of a column: missing values, type, constraints and the named check, in that order."""
    lire = _read_liste(champ) if champ.separateur else _LECTEURS[champ.type](champ)
    vide: Any = () if champ.separateur else None

    def read(brut: str) -> Any:
        texte = brut.strip()
        if texte in manquantes:
            if champ.requis:
                raise ValeurRefusee("champ_requis", f"« {champ.titre} » est obligatoire et la case est vide.")
            return vide
        return lire(texte)

    # Dates, codes, numbers and prescribers come back thousands of times in a file.
    if champ.type in ("boolean", "date", "integer", "number") or champ.valeurs or champ.separateur or champ.controle == "rpps":
        return _Memo(read).__getitem__
    return read


def _read_string(champ: Champ) -> Lecteur:
    contraintes = champ.contraintes
    longueur = contraintes.get("maxLength", 400)
    motif = re.compile(contraintes["pattern"]) if "pattern" in contraintes else None
    controle = CONTROLES[champ.controle] if champ.controle else None
    admises = frozenset(champ.valeurs)

    def read(texte: str) -> str:
        if len(texte) > longueur:
            raise ValeurRefusee("trop_long", f"« {champ.titre} » dépasse {longueur} caractères.")
        if motif is not None and motif.fullmatch(texte) is None:
            raise ValeurRefusee("format", f"« {champ.titre} » n'a pas la forme attendue{_cited(champ, texte)}.")
        if admises and texte not in admises:
            raise ValeurRefusee("code_inconnu", f"« {champ.titre} » : code inconnu{_cited(champ, texte)}.{_admis(champ)}")
        return texte if controle is None else controle(texte)

    return read


def _read_boolean(champ: Champ) -> Lecteur:
    def read(texte: str) -> bool:
        if texte == "oui":
            return True
        if texte == "non":
            return False
        raise ValeurRefusee("code_inconnu", f"« {champ.titre} » vaut oui ou non{_cited(champ, texte)}.")

    return read


def _read_date(champ: Champ) -> Lecteur:
    bas, haut = _bounds(champ)

    def read(texte: str) -> date:
        jour = _parse_date(champ, texte)
        if not bas <= jour <= haut:
            raise ValeurRefusee("date_hors_bornes", f"« {champ.titre} » est hors des dates possibles{_cited(champ, texte)}.")
        return jour

    return read


def _parse_date(champ: Champ, texte: str) -> date:
    try:
        if _ISO.fullmatch(texte):
            return date.fromisoformat(texte)
        if francaise := _FRANCAISE.fullmatch(texte):
            jour, mois, annee = map(int, francaise.groups())
            return date(annee, mois, jour)
    except ValueError:
        raise ValeurRefusee("date_invalide", f"« {champ.titre} » : ce jour n'existe pas{_cited(champ, texte)}.") from None
    raise ValeurRefusee("date_invalide", f"« {champ.titre} » s'écrit AAAA-MM-JJ ou JJ/MM/AAAA{_cited(champ, texte)}.")


def _read_datetime(champ: Champ) -> Lecteur:
    bas, haut = _bounds(champ)

    def read(texte: str) -> datetime:
        if _INSTANT.fullmatch(texte) is None:
            raise ValeurRefusee("date_invalide", f"« {champ.titre} » s'écrit AAAA-MM-JJThh:mm:ss{_cited(champ, texte)}.")
        try:
            instant = datetime.fromisoformat(texte)
        except ValueError:
            raise ValeurRefusee("date_invalide", f"« {champ.titre} » : cet instant n'existe pas{_cited(champ, texte)}.") from None
        if not bas <= instant.date() <= haut:
            raise ValeurRefusee("date_hors_bornes", f"« {champ.titre} » est hors des dates possibles{_cited(champ, texte)}.")
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=_PARIS)
        return instant.astimezone(UTC)

    return read


def _read_number(champ: Champ) -> Lecteur:
    entier = champ.type == "integer"
    forme = _ENTIER if entier else _NOMBRE
    bas, haut = champ.contraintes.get("minimum"), champ.contraintes.get("maximum")
    admises = frozenset(champ.valeurs)

    def read(texte: str) -> int | float:
        if forme.fullmatch(texte) is None:
            raise ValeurRefusee(
                "nombre_invalide", f"« {champ.titre} » n'est pas un nombre{' entier' if entier else ''}{_cited(champ, texte)}."
            )
        valeur = int(texte) if entier else float(texte.replace(",", "."))
        if (bas is not None and valeur < bas) or (haut is not None and valeur > haut):
            raise ValeurRefusee("nombre_hors_bornes", f"« {champ.titre} » doit être compris entre {bas} et {haut}{_cited(champ, texte)}.")
        if admises and valeur not in admises:
            raise ValeurRefusee("code_inconnu", f"« {champ.titre} » : code inconnu{_cited(champ, texte)}.")
        return valeur

    return read


def _read_liste(champ: Champ) -> Lecteur:
    separateur = champ.separateur or ""
    motif = re.compile(champ.contraintes["pattern"])

    def read(texte: str) -> tuple[str, ...]:
        elements = [element.strip() for element in texte.split(separateur)]
        if motif.fullmatch(separateur.join(elements)) is None:
            raise ValeurRefusee(
                "code_inconnu" if champ.valeurs else "format",
                f"« {champ.titre} », séparée par « {separateur} » : un élément n'est pas reconnu{_cited(champ, texte)}.{_admis(champ)}",
            )
        return tuple(dict.fromkeys(elements))

    return read


def _bounds(champ: Champ) -> tuple[date, date]:
    contraintes = champ.contraintes
    return date.fromisoformat(contraintes.get("minimum", "0001-01-01")), date.fromisoformat(contraintes.get("maximum", "9999-12-31"))


def _admis(champ: Champ) -> str:
    return f" Codes admis : {', '.join(champ.valeurs)}." if champ.valeurs else ""


def _cited(champ: Champ, texte: str) -> str:
    """The refused text, for ordinary columns only: identity and medical values stay out of messages and reports."""
    return "" if champ.classe else f" (reçu « {texte[:40]} »)"


_LECTEURS: dict[str, Callable[[Champ], Lecteur]] = {
    "string": _read_string,
    "boolean": _read_boolean,
    "date": _read_date,
    "datetime": _read_datetime,
    "integer": _read_number,
    "number": _read_number,
}
