"""The NIR (13 characters and a two-digit key): validity and plausibility.

A NIR is an identity: no message here repeats it, so that a refusal may be shown, logged or put in quarantine safely.
"""

from __future__ import annotations

import re

from stdnum.fr import nir as stdnum_nir

from pdp.errors import DonneeInvalide

_FORME = re.compile(r"(?P<sexe>\d)(?P<annee>\d{2})(?P<mois>\d{2})(?P<lieu>\d[\dAB]\d{3})(?P<ordre>\d{3})(?P<cle>\d{2})", re.ASCII)
_SEXES = frozenset("123478")
"""1/2 men and women; 3/4 being registered abroad-born; 7/8 provisional numbers, accepted because rights are already open."""
_MOIS = frozenset({*range(1, 13), *range(20, 43), *range(50, 100)})
"""Months, and the codes given when the month of birth is unknown or incomplete."""
_COMMUNES_LIBRES = (951, 990)
"""Birth communes of synthetic people: no commune of a department has a code that high, so nobody real is born there."""


def normalise_nir(texte: str) -> str:
    """Upper case, without spaces, dots or dashes. Does not check."""
    return re.sub(r"[\s.\-\u00a0\u202f]", "", texte).upper()


def compute_cle(nir13: str) -> str:
    """Key of a 13-character NIR: 97 minus its remainder by 97, 2A read as 19 and 2B as 18."""
    return str(stdnum_nir.calc_check_digits(nir13))


def check_nir(texte: str) -> str:
    """Normalised 15-character NIR. Raises DonneeInvalide, whose ``code`` names the fault; the NIR is not in the message.

    Thirteen characters are completed with their key: some sources do not carry it. Corsica: 2A and 2B, or 20 for births before 1976.
    """
    nir = normalise_nir(texte)
    if re.fullmatch(r"\d{6}[\dAB]\d{6}", nir, re.ASCII):
        nir += compute_cle(nir)
    if len(nir) != 15:
        raise DonneeInvalide("Le NIR doit avoir 15 caractères (13 et une clé de 2 chiffres). Vérifiez la saisie.", code="nir_longueur")
    parties = _FORME.fullmatch(nir)
    if parties is None:
        raise DonneeInvalide(
            "Le NIR contient un caractère inattendu : chiffres seulement, et 2A ou 2B pour la Corse.", code="nir_caracteres"
        )
    if parties["sexe"] not in _SEXES:
        raise DonneeInvalide("Le premier chiffre du NIR doit être 1, 2, 3, 4, 7 ou 8.", code="nir_sexe")
    if int(parties["mois"]) not in _MOIS:
        raise DonneeInvalide("Le mois de naissance inscrit dans le NIR n'existe pas.", code="nir_mois")
    if not _is_lieu_plausible(parties["lieu"]):
        raise DonneeInvalide("Le lieu de naissance inscrit dans le NIR n'existe pas.", code="nir_lieu")
    if parties["ordre"] == "000":
        raise DonneeInvalide("Le numéro d'ordre inscrit dans le NIR ne peut pas être 000.", code="nir_ordre")
    if not stdnum_nir.is_valid(nir):
        raise DonneeInvalide("La clé du NIR ne correspond pas au numéro : un chiffre a sans doute été mal recopié.", code="nir_cle")
    return nir


def is_nir(texte: str) -> bool:
    """Whether `check_nir` accepts it."""
    try:
        check_nir(texte)
    except DonneeInvalide:
        return False
    return True


def is_provisoire(nir: str) -> bool:
    """Provisional number (7 or 8): the same person will later come back under another NIR."""
    return nir[:1] in ("7", "8")


def is_synthetique(nir: str) -> bool:
    """In the range that `build_nir_synthetique` uses, where nobody real can be."""
    lieu = normalise_nir(nir)[5:10]
    if lieu.startswith("99"):
        return False
    commune = lieu[3:] if lieu.startswith(("97", "98")) else lieu[2:]
    return commune.isdigit() and _bornes_communes(lieu)[0] <= int(commune) <= _bornes_communes(lieu)[1]


def build_nir_synthetique(*, sexe: str, annee: int, mois: int, departement: str, rang: int) -> str:
    """A valid NIR that belongs to nobody, with its key; two ranks give two numbers.

    `sexe` is "M" or "F"; `departement` is "35", "2A", "974"; `rang` goes from 0 to 39,959 (metropole, 40 free commune codes of
    999 numbers each: 951 to 990; overseas 51 to 90). Raises ValueError out of these bounds.
    """
    if sexe not in ("M", "F") or not 1 <= mois <= 12 or rang < 0:
        raise ValueError("sexe must be M or F, mois 1 to 12, rang positive")
    premiere, derniere = _bornes_communes(departement)
    commune, ordre = premiere + rang // 999, 1 + rang % 999
    if commune > derniere:
        raise ValueError("rang out of the synthetic range of this department")
    nir13 = f"{1 if sexe == 'M' else 2}{annee % 100:02d}{mois:02d}{departement}{commune:0{5 - len(departement)}d}{ordre:03d}"
    return check_nir(nir13 + compute_cle(nir13))


def _bornes_communes(lieu: str) -> tuple[int, int]:
    premiere, derniere = _COMMUNES_LIBRES
    return (premiere - 900, derniere - 900) if lieu.startswith(("97", "98")) else (premiere, derniere)


def _is_lieu_plausible(lieu: str) -> bool:
    departement, reste = lieu[:2], lieu[2:]
    if departement in ("97", "98"):
        return lieu[2] != "0" and 1 <= int(lieu[3:]) <= 90
    if departement == "99":
        return reste != "000"
    if departement not in ("2A", "2B") and not (departement.isdigit() and 1 <= int(departement) <= 96):
        return False
    return 1 <= int(reste) <= 990
