"""Numbers and addresses of a person: what each can receive, said at entry rather than found out after a failure.

French numbering plan (ARCEP), overseas country codes included. Existence is not tested, only possibility.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from pdp.domain.flux_controles import ValeurRefusee, check_courriel, normalize_telephone
from pdp.errors import DonneeInvalide

Genre = Literal["mobile", "fixe", "internet", "special", "etranger", "impossible"]

# country code -> [(genre, pattern of the national number without its 0)]; the first that matches wins
_PLANS: dict[str, tuple[tuple[Genre, re.Pattern[str]], ...]] = {
    "33": (
        ("mobile", re.compile(r"6\d{8}|7[3-9]\d{7}")),
        ("special", re.compile(r"70\d{7}|8\d{8}")),  # 0700: machines, fourteen digits in use; 08: services
        ("fixe", re.compile(r"[1-5]\d{8}")),
        ("internet", re.compile(r"9\d{8}")),
    ),
    "590": (("mobile", re.compile(r"69[01]\d{6}")), ("fixe", re.compile(r"590\d{6}")), ("internet", re.compile(r"976\d{6}"))),
    "594": (("mobile", re.compile(r"694\d{6}")), ("fixe", re.compile(r"594\d{6}")), ("internet", re.compile(r"976\d{6}"))),
    "596": (("mobile", re.compile(r"69[67]\d{6}")), ("fixe", re.compile(r"596\d{6}")), ("internet", re.compile(r"976\d{6}"))),
    "262": (
        ("mobile", re.compile(r"(?:69[23]|639)\d{6}")),
        ("fixe", re.compile(r"26[239]\d{6}")),
        ("internet", re.compile(r"976\d{6}")),
    ),
    "508": (("mobile", re.compile(r"(?:708)?55\d{4}|708\d{6}")), ("fixe", re.compile(r"(?:508)?41\d{4}|508\d{6}"))),
}
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}")
_POURQUOI: dict[Genre, str] = {
    "fixe": "C'est un numéro fixe : il ne reçoit pas de SMS.",
    "internet": "C'est un numéro de box (09) : il ne reçoit pas de SMS.",
    "special": "C'est un numéro de service, pas celui d'une personne.",
    "etranger": "C'est un numéro étranger : aucun SMS ne lui est envoyé.",
    "impossible": "Ce numéro n'existe pas dans le plan de numérotation français.",
}


@dataclass(frozen=True, slots=True)
class Telephone:
    """A number in international form (E.164) and what it is; ``phrase`` is None when it can receive an SMS."""

    numero: str
    genre: Genre

    @property
    def recoit_sms(self) -> bool:
        return self.genre == "mobile"

    @property
    def phrase(self) -> str | None:
        """Why it cannot receive an SMS, for people."""
        return _POURQUOI.get(self.genre)


def describe_telephone(numero: str) -> Telephone:
    """What a number in international form is. Never raises: what no number can be is ``impossible``."""
    if not _INTERNATIONAL.fullmatch(numero):
        return Telephone(numero, "impossible")
    for indicatif, plan in _PLANS.items():
        if numero.startswith("+" + indicatif):
            reste = numero[1 + len(indicatif) :]
            return Telephone(numero, next((genre for genre, motif in plan if motif.fullmatch(reste)), "impossible"))
    return Telephone(numero, "etranger")


def read_telephone(saisie: str) -> Telephone:
    """A number as typed (« 06 12 34 56 78 », « +33 6… »): its international form and what it is.

    Raises :class:`DonneeInvalide` for what cannot be called at all: impossible, or a service number.
    """
    try:
        telephone = describe_telephone(normalize_telephone(saisie.strip()))
    except ValeurRefusee as refus:
        raise DonneeInvalide(f"{refus.message} Rien n'a été enregistré.", code="impossible_number") from None
    if telephone.genre in ("impossible", "special"):
        raise DonneeInvalide(f"{telephone.phrase} Rien n'a été enregistré.", code=f"{telephone.genre}_number")
    return telephone


def check_telephone_sms(saisie: str) -> str:
    """International form of a number that can receive an SMS; :class:`DonneeInvalide` says why another cannot and what to do."""
    telephone = read_telephone(saisie)
    if not telephone.recoit_sms:
        raise DonneeInvalide(
            f"{telephone.phrase} Demandez un numéro de mobile (06 ou 07), ou choisissez un autre moyen. Rien n'a été enregistré.",
            code=f"no_sms_to_{telephone.genre}",
        )
    return telephone.numero


def read_courriel(saisie: str) -> str:
    """Address as typed, lower-cased domain; :class:`DonneeInvalide` when its form is impossible."""
    try:
        return check_courriel(saisie.strip())
    except ValeurRefusee as refus:
        raise DonneeInvalide(f"{refus.message} Rien n'a été enregistré.", code="impossible_address") from None


def fingerprint_coordonnee(valeur: str) -> bytes:
    """SHA-256 by which a dead number or address is known again, until it changes. Spaces and case do not count."""
    return sha256(" ".join(valeur.split()).casefold().encode()).digest()
