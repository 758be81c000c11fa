"""Checks of single values that a Table Schema cannot express: NIR, RPPS, telephone, e-mail, damaged accents.

Each check takes the trimmed text of a cell and returns the value to keep, or raises :class:`ValeurRefusee`.
A message never repeats the value: these cells identify people.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum import luhn

from pdp.domain.nir import check_nir
from pdp.errors import ErreurPdp


class ValeurRefusee(ValueError):
    """One cell cannot be taken: stable ``code`` for programs, French ``message`` for people."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code)


# UTF-8 read once as ISO-8859-1 or cp1252 and written again: « Ã© », « Ã¨ », « â€™ ». « JOÃO » is a name and passes.
_MOJIBAKE = re.compile(
    "Ã[\x80-\xbf\u20ac\u201a-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u0152\u0153\u2013\u2014]|â€|Â[\xa0-\xbf]|\ufffd"
)
_CONTROLE = re.compile(r"[\x00-\x1f\x7f]")
_COURRIEL = re.compile(r"[^@\s,;<>()\"]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}")
_PONCTUATION = re.compile(r"[\s.\-()/\u00a0\u202f]+")
_NATIONAL = re.compile(r"0[1-9][0-9]{8}")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")
_REPETE = re.compile(r"(\d)\1{7}")
# Overseas numbers are dialled like national ones but carry their own country code.
_OUTRE_MER = {
    "0590": "+590", "0690": "+590", "0691": "+590", "0594": "+594", "0694": "+594", "0596": "+596", "0696": "+596", "0697": "+596",
    "0262": "+262", "0269": "+262", "0692": "+262", "0693": "+262",
}  # fmt: skip


def check_texte(texte: str) -> str:
    """Name or label as it is; refuses accents damaged by a double encoding and control characters."""
    if not texte.isascii() and _MOJIBAKE.search(texte):
        raise ValeurRefusee("mojibake", "Les accents de ce champ sont abîmés (fichier encodé deux fois). Renvoyez-le depuis la source.")
    if _CONTROLE.search(texte):
        raise ValeurRefusee("caractere_interdit", "Ce champ contient un caractère de contrôle.")
    return texte


def check_nir_du_flux(texte: str) -> str:
    """NIR with its key, 15 characters without separators; see :func:`pdp.domain.nir.check_nir` for what is checked."""
    try:
        return check_nir(texte)
    except ErreurPdp as erreur:
        raise ValeurRefusee(erreur.code, erreur.message) from None


def check_rpps(texte: str) -> str:
    """Eleven digits, Luhn key."""
    if len(texte) != 11 or not texte.isdecimal() or not texte.isascii():
        raise ValeurRefusee("rpps_format", "Un numéro RPPS compte 11 chiffres.")
    if not luhn.is_valid(texte):
        raise ValeurRefusee("rpps_cle", "La clé de ce numéro RPPS est fausse : un chiffre a sans doute été mal saisi.")
    return texte


def normalize_telephone(texte: str) -> str:
    """E.164 form of a French, overseas or foreign number; refuses what no telephone can have."""
    brut = _PONCTUATION.sub("", texte)
    if brut.startswith("00"):
        brut = "+" + brut[2:]
    if brut.startswith("+330"):
        brut = "+33" + brut[4:]
    if brut.startswith("+33"):
        brut = "0" + brut[3:]
    if _REPETE.search(brut):
        raise ValeurRefusee("telephone_impossible", "Ce numéro de téléphone répète le même chiffre : il n'existe pas.")
    if brut.startswith("+"):
        if _INTERNATIONAL.fullmatch(brut):
            return brut
        raise ValeurRefusee("telephone_impossible", "Ce numéro international n'a pas une longueur possible.")
    if _NATIONAL.fullmatch(brut):
        return _OUTRE_MER.get(brut[:4], "+33") + brut[1:]
    if len(brut) == 9 and brut.isdecimal() and brut[0] != "0":
        raise ValeurRefusee(
            "telephone_impossible", "Ce numéro n'a que 9 chiffres : le zéro du début a sans doute été perdu par un tableur."
        )
    raise ValeurRefusee("telephone_impossible", "Un numéro français compte 10 chiffres et commence par 0 suivi de 1 à 9, ou par +33.")


def check_courriel(texte: str) -> str:
    """Shape of an address, lower-cased domain; existence is not tested."""
    if not _COURRIEL.fullmatch(texte) or ".." in texte or texte.startswith(".") or ".@" in texte:
        raise ValeurRefusee("courriel_invalide", "Cette adresse électronique n'a pas une forme possible.")
    nom, _, domaine = texte.rpartition("@")
    return f"{nom}@{domaine.lower()}"


CONTROLES: dict[str, Callable[[str], str]] = {
    "texte": check_texte,
    "nir": check_nir_du_flux,
    "rpps": check_rpps,
    "telephone": normalize_telephone,
    "courriel": check_courriel,
}
