"""How to reach a person: numbers and addresses checked at entry, channels possible, needs as codes. The need, never its cause."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from pdp.domain.flux_controles import ValeurRefusee, check_courriel, normalize_telephone
from pdp.errors import DonneeInvalide

CANAUX = {"telephone": "Téléphone", "sms": "SMS", "courriel": "Courriel", "courrier": "Courrier"}
BESOINS = {
    "ecrit": "Préfère l'écrit à la voix",
    "lsf": "Langue des signes",
    "lentement": "Parler lentement",
    "gros_caracteres": "Courriers en gros caractères",
    "facile_a_lire": "Textes faciles à lire",
    "proche": "Un proche l'aide à répondre",
}
_MOBILE = re.compile(r"\+(?:33[67]|590690|590691|594694|59669[67]|26269[23]|262639)[0-9]+")
_FRANCE = re.compile(r"\+(?:33|590|594|596|262)[0-9]+")
_SERVICE = re.compile(r"\+338[0-9]+")
_COURT = re.compile(r"[0-9]{2,6}")
_RIEN = "Rien n'a été enregistré."


@dataclass(frozen=True)
class Numero:
    """A number in international form; ``genre`` mobile, fixe or etranger; ``remarque`` says what it does not allow."""

    valeur: str
    genre: str
    remarque: str | None


def check_telephone(texte: str) -> Numero:
    """A number that a person may have. Raises :class:`DonneeInvalide` with what to correct; the number is never repeated."""
    brut = re.sub(r"[\s.\-()/]", "", texte)
    if _COURT.fullmatch(brut):
        raise DonneeInvalide(f"Ce numéro est trop court : un numéro français compte 10 chiffres. {_RIEN}", code="phone_too_short")
    try:
        valeur = normalize_telephone(texte)
    except ValeurRefusee as refus:
        raise DonneeInvalide(f"{refus.message} {_RIEN}", code="phone_impossible") from None
    if _SERVICE.fullmatch(valeur):
        raise DonneeInvalide(f"Un numéro en 08 est celui d'un service, pas d'une personne. {_RIEN}", code="phone_service")
    genre = find_genre(valeur)
    return Numero(valeur, genre, REMARQUES[genre])


REMARQUES: dict[str, str | None] = {
    "mobile": None,
    "fixe": "Ligne fixe : elle ne reçoit pas de SMS.",
    "etranger": "Numéro étranger : vous pouvez l'appeler, mais aucun SMS n'y est envoyé.",
}


def find_genre(valeur: str) -> str:
    """Kind of a number in international form: mobile, fixe or etranger."""
    if _MOBILE.fullmatch(valeur):
        return "mobile"
    return "fixe" if _FRANCE.fullmatch(valeur) else "etranger"


def check_adresse(texte: str) -> str:
    """An e-mail address. Raises :class:`DonneeInvalide`; nothing is sent to try it."""
    try:
        return check_courriel(texte.strip())
    except ValeurRefusee:
        raise DonneeInvalide(
            f"Cette adresse électronique n'a pas une forme possible : il faut un nom, une arobase et un domaine. {_RIEN}",
            code="bad_address",
        ) from None


def list_canaux_ecrits(
    telephone: str | None, courriel: str | None, refus: Collection[str], *, telephone_faux: bool = False, courriel_faux: bool = False
) -> tuple[str, ...]:
    """Short message and e-mail, when they can reach the person and she does not refuse them."""
    canaux = []
    if telephone is not None and not telephone_faux and "sms" not in refus and find_genre(telephone) == "mobile":
        canaux.append("sms")
    if courriel is not None and not courriel_faux and "courriel" not in refus:
        canaux.append("courriel")
    return tuple(canaux)
