"""Notices by mail: one text and one HTML template per kind, the subject on the first line of the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

MESSAGES = ("avis_partenaire", "avis_retrait", "rappel_partenaire", "rappel_sans_portail", "avis_reponse", "avis_fin")
INTERNES = ("releve_medecin", "releve_urgent", "releve_responsable", "retard_traitement", "incident_plateforme")
"""Mails to staff, with counts: the names of the values are those of the template."""
_OBJET = "Objet : "


@dataclass(frozen=True)
class Message:
    """A notice ready to leave."""

    objet: str
    texte: str
    html: str


def render(nom: str, *, portail_url: str, plateforme: str, telephone: str | None, demonstration: bool) -> Message:
    """Render one of ``MESSAGES``. The values are those of the platform only: there is no place for a person's data."""
    if nom not in MESSAGES:
        raise KeyError(nom)
    valeurs = {"portail_url": portail_url.rstrip("/"), "plateforme": plateforme, "telephone": telephone, "demonstration": demonstration}
    return _compose(nom, valeurs)


def render_interne(nom: str, valeurs: Mapping[str, int | str], *, portail_url: str, plateforme: str, demonstration: bool) -> Message:
    """Render one of ``INTERNES``. ``valeurs``: counts, and labels of the platform such as the name of a feed; never of a person."""
    if nom not in INTERNES:
        raise KeyError(nom)
    return _compose(nom, {**valeurs, "portail_url": portail_url.rstrip("/"), "plateforme": plateforme, "demonstration": demonstration})


def _compose(nom: str, valeurs: Mapping[str, object]) -> Message:
    entete, _, texte = environment().get_template(f"{nom}.txt").render(valeurs).partition("\n")
    if not entete.startswith(_OBJET):
        raise ValueError(f"template {nom}.txt has no subject line")
    return Message(entete.removeprefix(_OBJET).strip(), texte.strip() + "\n", environment().get_template(f"{nom}.html").render(valeurs))


@cache
def environment() -> Environment:
    """Templates of this package: HTML escaped, a missing value is an error."""
    return Environment(
        loader=PackageLoader("pdp.messages", "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
