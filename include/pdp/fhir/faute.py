"""A fault found in a resource."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Faute:
    """``chemin`` is the FHIR path (``Task.input[0].type``), ``code`` is English and stable (the key of a published invariant when it is
    one), ``raison`` is a French sentence. Identifiers of persons are never repeated in it.
    """

    chemin: str
    code: str
    raison: str

    def __str__(self) -> str:
        return f"{self.chemin} : {self.raison} [{self.code}]"


def quote(texte: str) -> str:
    """At most 60 printable characters of what a document holds, safe in a path, a sentence or a terminal."""
    return "".join(c for c in texte[:60] if c.isprintable())
