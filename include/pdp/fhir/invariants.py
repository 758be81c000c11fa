"""Published constraints of R4 (4.0.1) as data: their key, the type they hold on, a French sentence, and what must be true.

Those of severity error on the data types and on the resources a hand-over may meet. Rules that need the whole document (a contained
resource, another entry) are in ``references``. Warnings of the specification (dom-6, cpb-0, con-3) refuse nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from pdp.fhir.elements import find_instant

Objet = Mapping[str, Any]


@dataclass(frozen=True)
class Invariant:
    """``tient`` answers whether the object respects it; it may raise on a misshapen one, whose shape is already a fault."""

    cle: str
    type: str
    phrase: str
    tient: Callable[[Objet], bool]


def has(objet: Objet, *noms: str) -> bool:
    """Whether one of these elements is there, by its value or by an extension standing for it."""
    return any(objet.get(n) is not None or objet.get(f"_{n}") is not None for n in noms)


def has_choice(objet: Objet, nom: str) -> bool:
    """Whether one of the elements of the choice ``nom[x]`` is there."""
    motif = re.compile(rf"_?{nom}[A-Z]\w*")
    return any(motif.fullmatch(cle) for cle in objet)


def count_distinct(valeurs: Iterable[Any]) -> bool:
    """Whether no value comes twice."""
    return all(n == 1 for n in Counter(valeurs).values())


def is_ordered(debut: object, fin: object) -> bool:
    """Whether ``debut`` is not after ``fin``, at the precision both have; what cannot be compared is not refused."""
    if not isinstance(debut, str) or not isinstance(fin, str):
        return True
    avant, apres = find_instant(debut), find_instant(fin)
    if avant is not None and apres is not None:
        return avant <= apres
    longueur = min(len(debut.partition("T")[0]), len(fin.partition("T")[0]))
    return debut[:longueur] <= fin[:longueur]


def dicts(objet: Objet, nom: str) -> list[Objet]:
    """Objects of a list, without what is not one."""
    valeur = objet.get(nom)
    return [e for e in valeur if isinstance(e, Mapping)] if isinstance(valeur, list) else []


def _number(objet: Objet, nom: str) -> Any:
    valeur = objet.get(nom)
    return valeur if isinstance(valeur, int | float) and not isinstance(valeur, bool) else None


def _range(objet: Objet) -> bool:
    bas, haut = objet.get("low"), objet.get("high")
    if not isinstance(bas, Mapping) or not isinstance(haut, Mapping):
        return True
    if (bas.get("code"), bas.get("unit")) != (haut.get("code"), haut.get("unit")):
        return True
    minimum, maximum = _number(bas, "value"), _number(haut, "value")
    return minimum is None or maximum is None or minimum <= maximum


def _ratio(objet: Objet) -> bool:
    return has(objet, "numerator") == has(objet, "denominator") and (has(objet, "numerator") or bool(objet.get("extension")))


def _age(objet: Objet) -> bool:
    valeur = _number(objet, "value")
    if valeur is None:
        return True
    return has(objet, "code") and objet.get("system") in (None, "http://unitsofmeasure.org") and valeur > 0


_INTERDITS = frozenset(
    {
        "script", "style", "form", "input", "select", "textarea", "iframe", "frame", "frameset", "object", "embed", "applet",
        "link", "base", "head", "body", "html", "meta", "title", "noscript", "svg", "math", "video", "audio",
    }
)  # fmt: skip


class _Narrative(HTMLParser):
    """What a narrative holds: is there anything to read, is there anything that acts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.premier: str | None = None
        self.interdit = False
        self.lisible = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.premier = self.premier or tag
        self.interdit |= tag in _INTERDITS or any(
            nom.startswith("on") or (valeur or "").strip().lower().startswith("javascript:") for nom, valeur in attrs
        )
        self.lisible |= tag == "img"

    def handle_data(self, data: str) -> None:
        self.lisible |= bool(data.strip())


def _read_narrative(objet: Objet) -> _Narrative | None:
    texte = objet.get("div")
    if not isinstance(texte, str):
        return None
    lecteur = _Narrative()
    lecteur.feed(texte)
    lecteur.close()
    return lecteur


def _txt_1(objet: Objet) -> bool:
    lu = _read_narrative(objet)
    return lu is None or (lu.premier == "div" and not lu.interdit)


def _txt_2(objet: Objet) -> bool:
    lu = _read_narrative(objet)
    return lu is None or lu.lisible


def _offset(objet: Objet) -> bool:
    quand = objet.get("when")
    return not has(objet, "offset") or (bool(quand) and not set(quand) & {"C", "CM", "CD", "CV"})


def _extension(objet: Objet) -> bool:
    return bool(objet.get("extension")) != has_choice(objet, "value")


_V = Invariant
DES_TYPES: tuple[Invariant, ...] = (
    _V("ext-1", "Extension", "Une extension porte soit une valeur, soit des extensions, jamais les deux ni aucune.", _extension),
    _V("per-1", "Period", "Le début d'une période ne peut pas suivre sa fin.", lambda o: is_ordered(o.get("start"), o.get("end"))),
    _V("cpt-2", "ContactPoint", "Une coordonnée qui a une valeur doit dire son système (téléphone, courriel…).",
       lambda o: not has(o, "value") or has(o, "system")),
    _V("att-1", "Attachment", "Une pièce jointe qui contient des données doit dire leur type (contentType).",
       lambda o: not has(o, "data") or has(o, "contentType")),
    _V("txt-1", "Narrative", "Le texte lisible ne contient que de la mise en forme : ni script, ni formulaire, ni cadre.", _txt_1),
    _V("txt-2", "Narrative", "Le texte lisible ne peut pas être vide.", _txt_2),
    *(_V("qty-3", t, "Une unité codée doit dire son système de codes.", lambda o: not has(o, "code") or has(o, "system"))
      for t in ("Quantity", "Age", "Distance", "Count", "Duration")),
    _V("rng-2", "Range", "La borne basse ne peut pas dépasser la borne haute.", _range),
    _V("rat-1", "Ratio", "Un rapport a son numérateur et son dénominateur, ou ni l'un ni l'autre et une extension.", _ratio),
    _V("age-1", "Age", "Un âge positif s'exprime dans une unité de temps codée (UCUM).", _age),
    _V("tim-1", "TimingRepeat", "Une durée doit dire son unité.", lambda o: not has(o, "duration") or has(o, "durationUnit")),
    _V("tim-2", "TimingRepeat", "Une périodicité doit dire son unité.", lambda o: not has(o, "period") or has(o, "periodUnit")),
    _V("tim-4", "TimingRepeat", "Une durée ne peut pas être négative.", lambda o: (_number(o, "duration") or 0) >= 0),
    _V("tim-5", "TimingRepeat", "Une périodicité ne peut pas être négative.", lambda o: (_number(o, "period") or 0) >= 0),
    _V("tim-6", "TimingRepeat", "Une périodicité maximale suppose une périodicité.", lambda o: not has(o, "periodMax") or has(o, "period")),
    _V("tim-7", "TimingRepeat", "Une durée maximale suppose une durée.", lambda o: not has(o, "durationMax") or has(o, "duration")),
    _V("tim-8", "TimingRepeat", "Un nombre maximal suppose un nombre.", lambda o: not has(o, "countMax") or has(o, "count")),
    _V("tim-9", "TimingRepeat", "Un décalage se rapporte à un moment, hors repas (C, CM, CD, CV).", _offset),
    _V("tim-10", "TimingRepeat", "Une heure fixe et un moment de la journée s'excluent.",
       lambda o: not (has(o, "timeOfDay") and has(o, "when"))),
)  # fmt: skip
