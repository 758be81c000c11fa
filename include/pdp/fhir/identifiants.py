"""French identifiers carried by resources: what each system promises of its values.

A value is never repeated in a reason: some are identities of persons. Identities under the OIDs kept for tests are taken for what they
say they are, in their form only, and refused in production.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from stdnum import luhn
from stdnum.fr import siren, siret

from pdp.domain.nir import check_nir
from pdp.errors import DonneeInvalide
from pdp.fhir import systemes

SYSTEMES_DE_TEST = {systemes.INS_TEST: "test", systemes.INS_DEMO: "démonstration"}
_INS_FORME = re.compile(r"\d{6}[\dAB]\d{6}(\d{2})?", re.ASCII)
_CHIFFRES_11 = re.compile(r"\d{11}", re.ASCII)
_FINESS = re.compile(r"(\d{9}|2[AB]\d{7})", re.ASCII)
_SIRENE = re.compile(r"\d{9}|\d{14}", re.ASCII)
_NATIONAL = re.compile(r"[0-9A-Z][0-9A-Z/.\-]{2,30}", re.ASCII)


class Ecart(NamedTuple):
    """Why a value is not one of its system."""

    code: str
    raison: str


def check_identifiant(systeme: str, valeur: str, *, production: bool) -> Ecart | None:
    """What is wrong with ``valeur`` under ``systeme``; None when nothing is, or when the system is not one of those known here."""
    if systeme in SYSTEMES_DE_TEST:
        if production:
            nature = SYSTEMES_DE_TEST[systeme]
            return Ecart("test_identifier_in_production", f"Identité de {nature} : elle est refusée en production.")
        return None if _INS_FORME.fullmatch(valeur) else Ecart("ins_format", "L'identité de test n'a pas la forme d'un matricule INS.")
    controle = CONTROLES.get(systeme)
    return controle(valeur) if controle else None


def _ins(valeur: str) -> Ecart | None:
    if not _INS_FORME.fullmatch(valeur):
        return Ecart("nir_format", "Le matricule INS doit avoir 13 caractères et sa clé de 2 chiffres, sans espace.")
    try:
        check_nir(valeur)
    except DonneeInvalide as erreur:
        return Ecart(_CODES_NIR.get(erreur.code, "nir_invalid"), erreur.message)
    return None


_CODES_NIR = {
    "nir_longueur": "nir_format",
    "nir_caracteres": "nir_format",
    "nir_sexe": "nir_sex",
    "nir_mois": "nir_month",
    "nir_lieu": "nir_place",
    "nir_ordre": "nir_order",
    "nir_cle": "nir_key",
}


def _rpps(valeur: str) -> Ecart | None:
    if not _CHIFFRES_11.fullmatch(valeur):
        return Ecart("rpps_format", "Un numéro RPPS a 11 chiffres.")
    return None if luhn.is_valid(valeur) else Ecart("rpps_key", "La clé du numéro RPPS est fausse : un chiffre a été mal recopié.")


def _idnps(valeur: str) -> Ecart | None:
    """National identifier of a professional: one digit says which register, 8 = RPPS."""
    if valeur.startswith("8"):
        return _rpps(valeur[1:])
    if _NATIONAL.fullmatch(valeur):
        return None
    return Ecart("idnps_format", "L'identifiant national de professionnel commence par le chiffre de son registre (8 pour le RPPS).")


def _finess(valeur: str) -> Ecart | None:
    if not _FINESS.fullmatch(valeur):
        return Ecart("finess_format", "Un numéro FINESS a 9 caractères.")
    if not valeur.isdigit() or luhn.is_valid(valeur):  # Corsica has letters, to which the published key says nothing
        return None
    return Ecart("finess_key", "La clé du numéro FINESS est fausse : un chiffre a été mal recopié.")


def _siret(valeur: str) -> Ecart | None:
    if not _SIRENE.fullmatch(valeur):
        return Ecart("siret_format", "Un SIRET a 14 chiffres, un SIREN 9.")
    if len(valeur) == 9:
        return None if siren.is_valid(valeur) else Ecart("siren_key", "La clé du SIREN est fausse : un chiffre a été mal recopié.")
    return None if siret.is_valid(valeur) else Ecart("siret_key", "La clé du SIRET est fausse : un chiffre a été mal recopié.")


def _idnst(valeur: str) -> Ecart | None:
    """National identifier of a structure: 1 + FINESS, 2 + SIREN, 3 + SIRET, other digits for other registers."""
    suite = valeur[1:]
    if valeur.startswith("1"):
        return _finess(suite)
    if valeur.startswith(("2", "3")):
        return _siret(suite)
    if _NATIONAL.fullmatch(valeur):
        return None
    return Ecart("idnst_format", "L'identifiant national de structure commence par le chiffre de son registre (1 FINESS, 3 SIRET).")


CONTROLES: dict[str, Callable[[str], Ecart | None]] = {
    systemes.INS_NIR: _ins,
    systemes.INS_NIA: _ins,
    systemes.RPPS: _rpps,
    "http://rpps.fr": _rpps,
    systemes.IDNPS: _idnps,
    systemes.FINESS: _finess,
    "http://finess.sante.gouv.fr": _finess,
    systemes.SIRET: _siret,
    "http://sirene.fr": _siret,
    systemes.IDNST: _idnst,
}
