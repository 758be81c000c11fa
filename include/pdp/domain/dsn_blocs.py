"""Blocks of a DSN, from the values of their rubrics to facts: dates, codes, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from datetime import date, timedelta

from pdp.domain.dsn import AnomalieDsn, ArretDsn, ContratDsn, FinContratDsn, PersonneDsn, SuspensionDsn, TempsPartielDsn
from pdp.domain.dsn_codes import (
    FIN_ANNULATION,
    FINS_CONTRAT,
    MOTIF_ANNULATION,
    MOTIFS_ACCIDENT,
    MOTIFS_ARRET,
    MOTIFS_REPRISE,
    NATURES_CONTRAT,
)
from pdp.domain.dsn_suspensions import SUSPENSION_ANNULATION, SUSPENSIONS
from pdp.domain.nir import check_nir
from pdp.errors import DonneeInvalide

_JOUR = timedelta(days=1)
_CODE = re.compile(r"[0-9A-Z]{1,6}")
_SPST = re.compile(r"[0-9A-Za-z]{14}")
_ANNEES = range(1850, 2101)
Noter = Callable[[AnomalieDsn], None]


class Bloc:
    """Values of one block while it is read; ``noter`` receives the anomalies found by the getters."""

    def __init__(self, nom: str, ligne: int, noter: Noter) -> None:
        self.nom = nom
        self.ligne = ligne
        self._noter = noter
        self._valeurs: dict[int, tuple[int, str]] = {}

    def put(self, numero: int, ligne: int, valeur: str) -> None:
        """An empty value is an absent one."""
        if valeur:
            self._valeurs[numero] = (ligne, valeur)

    def texte(self, numero: int) -> str | None:
        """Value as written."""
        trouve = self._valeurs.get(numero)
        return trouve[1] if trouve else None

    def jour(self, numero: int) -> date | None:
        """Date JJMMAAAA; an impossible one is reported and absent."""
        trouve = self._valeurs.get(numero)
        if trouve is None:
            return None
        lu = parse_date(trouve[1])
        if lu is None:
            self.note("date_invalide", "Cette date n'existe pas ou n'est pas écrite JJMMAAAA : elle est laissée de côté.", numero)
        return lu

    def code(self, numero: int, liste: Container[str]) -> str | None:
        """Code kept even when the norm does not know it, which is reported; what does not look like a code is dropped."""
        trouve = self._valeurs.get(numero)
        if trouve is None:
            return None
        code = trouve[1].upper()
        if _CODE.fullmatch(code) is None:
            self.note("code_inconnu", "Cette valeur n'est pas un code : elle est laissée de côté.", numero)
            return None
        if code not in liste:
            self.note("code_inconnu", f"Le code {code} n'est pas dans la liste de la norme : il est gardé tel quel, sans libellé.", numero)
        return code

    def note(self, code: str, message: str, numero: int = 0) -> None:
        """Report on a rubric of the block, or on the block (0)."""
        ligne = self._valeurs[numero][0] if numero in self._valeurs else self.ligne
        self._noter(AnomalieDsn(ligne, f"{self.nom}.{numero:03d}" if numero else self.nom, code, message))


def parse_date(texte: str) -> date | None:
    """JJMMAAAA; None when impossible or of another century than people live in."""
    if len(texte) != 8 or not (texte.isascii() and texte.isdigit()) or int(texte[4:]) not in _ANNEES:
        return None
    try:
        return date(int(texte[4:]), int(texte[2:4]), int(texte[:2]))
    except ValueError:
        return None


def read_personne(bloc: Bloc, rang: int, spst_etablissement: str | None) -> PersonneDsn:
    """Block 30: a person is kept whatever is missing."""
    ecrit, nir, faute = (bloc.texte(1) or "").replace(" ", "").upper(), None, None
    ntt = bloc.texte(20) is not None
    if not ecrit:
        faute = "nir_absent"
        bloc.note(faute, "La personne n'a pas de NIR" + (", seulement un numéro temporaire." if ntt else "."))
    else:
        try:
            nir = check_nir(ecrit)
        except DonneeInvalide as refus:
            faute = refus.code
            bloc.note(faute, f"{refus.message} La personne ne pourra pas être reconnue.", 1)
    return PersonneDsn(
        rang,
        bloc.ligne,
        nir,
        ecrit,
        faute,
        ntt,
        bloc.texte(2) or "",
        bloc.texte(3) or "",
        bloc.texte(4) or "",
        _naissance(bloc),
        spst=read_spst(bloc, 30) or spst_etablissement,
    )


def _naissance(bloc: Bloc) -> date | None:
    """Unknown day or month is written 99 (or 00): the birth date is then not one."""
    ecrit = bloc.texte(6)
    if ecrit and len(ecrit) == 8 and ecrit.isdigit() and {ecrit[:2], ecrit[2:4]} & {"00", "99"}:
        bloc.note(
            "naissance_incomplete", "Le jour ou le mois de naissance est inconnu : la date ne servira pas à reconnaître la personne.", 6
        )
        return None
    return bloc.jour(6)


def read_spst(bloc: Bloc, numero: int) -> str | None:
    """Identifier of the occupational health service: 14 characters."""
    ecrit = bloc.texte(numero)
    if ecrit is None:
        return None
    if _SPST.fullmatch(ecrit) is None:
        bloc.note("spst_invalide", "L'identifiant du service de prévention et de santé au travail doit avoir 14 caractères.", numero)
        return None
    return ecrit.upper()


def read_contrat(bloc: Bloc, rang: int) -> ContratDsn:
    """Block 40."""
    return ContratDsn(
        rang, bloc.ligne, bloc.jour(1), bloc.texte(9), bloc.code(7, NATURES_CONTRAT), bloc.jour(10), bloc.texte(4), bloc.texte(19)
    )


def read_arret(bloc: Bloc, contrat: int | None) -> ArretDsn | SuspensionDsn:
    """Block 60. A suspension code written there is read as what it says: the two lists share no code."""
    if (bloc.texte(1) or "") in SUSPENSIONS:
        return _confused_suspension(bloc, contrat)
    motif = bloc.code(1, MOTIFS_ARRET)
    if bloc.texte(1) is None:
        bloc.note("motif_manquant", "L'arrêt n'a pas de motif.")
    ecrit, accident = bloc.jour(2), bloc.jour(12)
    dernier = _last_worked(bloc, motif, ecrit, accident)
    premier = dernier + _JOUR if dernier else None
    if premier is None:
        bloc.note("debut_manquant", "Sans dernier jour travaillé, le premier jour de l'arrêt est inconnu.", 2)
    prevue, reprise, reprise_motif = bloc.jour(3), bloc.jour(10), bloc.code(11, MOTIFS_REPRISE)
    if reprise is None and reprise_motif is not None:
        bloc.note("reprise_sans_date", "Une reprise est annoncée sans sa date : elle n'est pas tenue pour faite.", 11)
    if reprise is not None and premier is not None and reprise < premier:
        bloc.note("reprise_avant_debut", "La reprise précède le premier jour de l'arrêt : elle est laissée de côté.", 10)
        reprise = None
    fin = _last_day_off(bloc, motif, premier, prevue, reprise)
    return ArretDsn(
        bloc.ligne, contrat, motif, ecrit or dernier, premier, fin, prevue, reprise, reprise_motif, accident, motif == MOTIF_ANNULATION
    )


def _last_worked(bloc: Bloc, motif: str | None, ecrit: date | None, accident: date | None) -> date | None:
    """The day of an accident is worked: the last day worked cannot come before it."""
    if motif in MOTIFS_ACCIDENT and accident is not None and (ecrit is None or ecrit < accident):
        if ecrit is not None:
            bloc.note("dernier_jour_avant_accident", "Le dernier jour travaillé précède l'accident, qui est lui-même un jour travaillé.", 2)
        return accident
    return ecrit


def _last_day_off(bloc: Bloc, motif: str | None, premier: date | None, prevue: date | None, reprise: date | None) -> date | None:
    veille = reprise - _JOUR if reprise else None
    fin = min(prevue, veille) if prevue and veille else prevue or veille
    if fin is None:
        if motif != MOTIF_ANNULATION:
            bloc.note("fin_manquante", "La fin de l'arrêt est inconnue : ni fin prévisionnelle, ni reprise.", 3)
    elif premier is not None and fin < premier:
        bloc.note("fin_avant_debut", "La fin de l'arrêt précède son premier jour : elle est laissée de côté.", 3)
        return None
    return fin


def _confused_suspension(bloc: Bloc, contrat: int | None) -> SuspensionDsn:
    code = bloc.texte(1)
    bloc.note("motif_confondu", f"Le motif {code} est celui d'une suspension, écrit dans le bloc d'un arrêt : lu comme une suspension.", 1)
    dernier = bloc.jour(2)
    return _suspension(bloc, contrat, code, dernier + _JOUR if dernier else None, bloc.jour(3))


def read_suspension(bloc: Bloc, contrat: int | None) -> SuspensionDsn | ArretDsn:
    """Block 65. An arrêt code written there is read as what it says; its first day is then a day off."""
    code = bloc.texte(1)
    if code in MOTIFS_ARRET:
        bloc.note("motif_confondu", f"Le motif {code} est celui d'un arrêt, écrit dans le bloc d'une suspension : lu comme un arrêt.", 1)
        debut, fin = bloc.jour(2), bloc.jour(3)
        if debut is None:
            bloc.note("debut_manquant", "Le premier jour de l'arrêt est inconnu.", 2)
        fin_retenue = _last_day_off(bloc, code, debut, fin, None)
        return ArretDsn(
            bloc.ligne, contrat, code, debut - _JOUR if debut else None, debut, fin_retenue, fin, annule=code == MOTIF_ANNULATION
        )
    code = bloc.code(1, SUSPENSIONS)
    if bloc.texte(1) is None:
        bloc.note("motif_manquant", "La suspension n'a pas de motif.")
    return _suspension(bloc, contrat, code, bloc.jour(2), bloc.jour(3))


def _suspension(bloc: Bloc, contrat: int | None, code: str | None, debut: date | None, fin: date | None) -> SuspensionDsn:
    if debut is None:
        bloc.note("debut_manquant", "Le premier jour de la suspension est inconnu.", 2)
    elif fin is not None and fin < debut:
        bloc.note("fin_avant_debut", "La fin de la suspension précède son début : elle est laissée de côté.", 3)
        fin = None
    return SuspensionDsn(bloc.ligne, contrat, code, debut, fin, code == SUSPENSION_ANNULATION)


def read_fin_contrat(bloc: Bloc, contrat: int | None) -> FinContratDsn:
    """Block 62."""
    code, fin = bloc.code(2, FINS_CONTRAT), bloc.jour(1)
    if fin is None:
        bloc.note("date_manquante", "La date de fin du contrat est inconnue.", 1)
    return FinContratDsn(bloc.ligne, contrat, code, fin, code == FIN_ANNULATION)


def read_temps_partiel(bloc: Bloc) -> TempsPartielDsn:
    """Block 66."""
    debut, fin = bloc.jour(1), bloc.jour(2)
    if debut is None:
        bloc.note("debut_manquant", "Le début du temps partiel thérapeutique est inconnu.", 1)
    elif fin is not None and fin < debut:
        bloc.note("fin_avant_debut", "La fin du temps partiel thérapeutique précède son début : elle est laissée de côté.", 2)
        fin = None
    return TempsPartielDsn(bloc.ligne, debut, fin)
