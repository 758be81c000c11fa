"""Messages to the insured person, rendered from data: one text per language, one frame per channel, one path for preview and sending."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from pdp.domain.message import check_valeurs
from pdp.domain.sms import measure, to_gsm7
from pdp.messages.render import environment

FRANCAIS = "fr"
_CODE = re.compile(r"[a-z]{2,3}")
_ANNEE = re.compile(r"[ /]20\d\d$")


@dataclass(frozen=True)
class Expediteur:
    """The platform as a message names it; ``telephone`` in international form, None when it has none."""

    plateforme: str
    telephone: str | None
    demonstration: bool


@dataclass(frozen=True)
class Lecteur:
    """What the reader needs: language (ISO 639) and large characters."""

    langue: str = FRANCAIS
    gros: bool = False


@dataclass(frozen=True)
class Apercu:
    """A message as it leaves. ``html`` is empty for an SMS; ``texte`` of a letter is what its PDF says; ``langue`` is the one used."""

    objet: str
    texte: str
    html: str
    langue: str
    gros: bool


def render_assure(modele: str, canal: str, valeurs: Mapping[str, str], expediteur: Expediteur, lecteur: Lecteur) -> Apercu:
    """Render a model for a channel: the same code for the preview and for what is sent.

    Without a translation, the text is French with a sentence in the person's language about the interpreter. Raises
    :class:`DonneeInvalide` for values that the model does not take.
    """
    donnees = check_valeurs(modele, valeurs)
    langue = lecteur.langue if modele in _load(lecteur.langue) else FRANCAIS
    textes = _load(langue)
    donnees |= {"plateforme": expediteur.plateforme}
    if expediteur.telephone:
        donnees["telephone"] = format_telephone(expediteur.telephone)
    objet = _fill(textes[modele]["objet"], donnees) or ""
    if canal == "sms":
        return Apercu(objet, _sms(textes, modele, donnees, lecteur, langue, expediteur.demonstration), "", langue, lecteur.gros)
    parties = _parts(textes, modele, donnees, lecteur, langue, canal)
    entete = textes["commun"]["demonstration"] if expediteur.demonstration else None
    html = ""
    if canal == "courriel":
        html = (
            environment()
            .get_template("assure.html")
            .render(
                objet=objet,
                langue=langue,
                sens=textes["sens"],
                gros=lecteur.gros,
                demonstration=entete,
                plateforme=expediteur.plateforme,
                **parties,
            )
        )
    return Apercu(objet, _text(parties, entete, expediteur.plateforme), html, langue, lecteur.gros)


def list_langues(modele: str) -> list[str]:
    """Languages in which a model is written, French first."""
    return sorted((code for code in _codes() if modele in _load(code)), key=lambda code: (code != FRANCAIS, code))


def label_langue(code: str) -> str:
    """Name of a language in itself; the code when it is not known here."""
    return str(_load(code).get("nom", code))


def format_telephone(numero: str) -> str:
    """« 02 61 91 00 35 » for a number of mainland France, else the international form in groups."""
    if re.fullmatch(r"\+33\d{9}", numero):
        national = "0" + numero[3:]
        return " ".join(national[i : i + 2] for i in range(0, 10, 2))
    return numero


def _parts(textes: Mapping[str, Any], modele: str, donnees: Mapping[str, str], lecteur: Lecteur, langue: str, canal: str) -> dict[str, Any]:
    commun, definition = textes["commun"], textes[modele]
    parole = _load(lecteur.langue) if lecteur.langue != langue else {}
    if lecteur.langue != langue and (not parole.get("interprete") or (canal == "courrier" and parole["sens"] == "rtl")):
        parole = _load("en")
    return {
        "bonjour": commun["bonjour"],
        "paragraphes": [p for brut in definition["paragraphes"] if (p := _fill(brut, donnees))],
        "lien": donnees.get("lien"),
        "bouton": definition.get("bouton"),
        "question": _fill(commun["question"], donnees),
        "interprete": _fill(parole.get("interprete", ""), donnees) or None,
        "interprete_langue": lecteur.langue if parole is _load(lecteur.langue) else "en",
        "interprete_sens": parole.get("sens", "ltr"),
        "salutation": commun["salutation"],
        "pourquoi": _fill(commun["pourquoi"], donnees),
    }


def _text(parties: Mapping[str, Any], entete: str | None, plateforme: str) -> str:
    """Paragraphs separated by an empty line."""
    lien = f"{parties['bouton']} :\n{parties['lien']}" if parties["lien"] else None
    blocs = [
        entete,
        parties["bonjour"],
        *parties["paragraphes"],
        lien,
        parties["question"],
        parties["interprete"],
        f"{parties['salutation']}\n{plateforme}",
        parties["pourquoi"],
    ]
    return "\n\n".join(bloc for bloc in blocs if bloc) + "\n"


def _sms(textes: Mapping[str, Any], modele: str, donnees: Mapping[str, str], lecteur: Lecteur, langue: str, demonstration: bool) -> str:
    """One line in the GSM-7 alphabet, without the year; the least needed words and spaces go when that makes one segment."""
    court = {cle: _ANNEE.sub("", valeur) if cle in ("jour", "expire_le") else valeur for cle, valeur in donnees.items()}
    commun = textes["commun"]
    entete = commun["demonstration_sms"] if demonstration else ""
    morceaux = [(_fill(brut, court), "{lien}" in brut) for brut in textes[modele]["sms"]]
    interprete = ""
    if lecteur.langue != langue:
        interprete = " " + (_load(lecteur.langue).get("interprete_sms") or _load("en")["interprete_sms"])
    entiers, utiles = [m for m, _ in morceaux if m], [m for rang, (m, lien) in enumerate(morceaux) if m and (rang == 0 or lien)]
    serre = court | {"telephone": court["telephone"].replace(" ", "")} if "telephone" in court else court
    essais = [
        _join(entete, corps, (_fill(commun["question_sms"], valeurs) or "") + interprete)
        for corps, valeurs in ((entiers, court), (utiles, court), (utiles, serre))
    ]
    return min(essais, key=lambda texte: measure(texte).segments)  # the first of the shortest: the fullest text that costs least


def _join(entete: str, morceaux: list[str], fin: str) -> str:
    corps, fin = "".join(morceaux), fin.strip()
    if fin:
        corps += ("" if "http" in corps.rsplit(" ", 1)[-1] or corps.endswith(".") else ".") + " " + fin
    return to_gsm7(entete + corps)


def _fill(brut: str, donnees: Mapping[str, str]) -> str | None:
    """``brut`` with its values; None when one of them is not given."""
    noms = {nom for _, nom, _, _ in Formatter().parse(brut) if nom}
    return brut.format_map(donnees) if noms <= set(donnees) else None


@cache
def _codes() -> tuple[str, ...]:
    return tuple(f.name.removesuffix(".toml") for f in files("pdp.messages.textes").iterdir() if f.name.endswith(".toml"))


@cache
def _load(code: str) -> Mapping[str, Any]:
    """Texts of a language; empty for one that has no file."""
    if not _CODE.fullmatch(code) or code not in _codes():
        return {}
    return tomllib.loads(files("pdp.messages.textes").joinpath(f"{code}.toml").read_text(encoding="utf-8"))
