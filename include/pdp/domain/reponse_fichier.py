"""The answer file of a partner, as text: whole-file guards, then each line on its own; a refused line never stops the others.

The partner may send back the very file it received, its answer columns filled in: columns it does not need are ignored, lines left
without an answer are skipped.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from pdp.domain.orientation import LIBELLES, MOTIFS_REFUS, NATURES, Statut
from pdp.errors import ErreurPdp

COLONNES = ("reference", "reponse", "motif_refus", "date_reponse", "rendez_vous", "compte_rendu")
"""Columns of an answer, the first two required."""
TAILLE_MAX = 2 * 1024 * 1024
LIGNES_MAX = 5000
FORMULES = ("=", "+", "-", "@", "\t", "\r")
FIN = "#FIN"
_PARTENAIRE = (Statut.RECUE, Statut.ACCEPTEE, Statut.REFUSEE, Statut.EN_COURS, Statut.REALISEE, Statut.SANS_SUITE)
_REPONSES = {
    **{str(s): LIBELLES[s] for s in _PARTENAIRE},
    **{code: libelle for code, libelle in NATURES.items() if code not in ("statut", "seances")},
}
_CP1252_VIDES = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_DATE = re.compile(r"(?:(?P<a>\d{4})-(?P<m>\d{1,2})-(?P<j>\d{1,2})|(?P<j2>\d{1,2})/(?P<m2>\d{1,2})/(?P<a2>\d{4}))(?:[ T]+(?P<h>.+))?")
_HEURE = re.compile(r"(\d{1,2})\s*(?:[h:]\s*(\d{2})?)(?::\d{2})?\s*")


class FichierRefuse(ErreurPdp):
    """The whole file is refused, nothing of it was taken."""

    code = "file_refused"


@dataclass(frozen=True)
class Reponse:
    """One answer of a file. ``survenu_at`` None = no date given; ``statut`` is given exactly when ``nature`` is ``statut``."""

    numero: int
    reference: UUID
    nature: str
    statut: str | None
    motif: str | None
    texte: str | None
    rendez_vous_at: datetime | None
    survenu_at: datetime | None


@dataclass(frozen=True)
class Rejet:
    """One line that cannot be taken: why, in words for the partner. ``reference`` None = unreadable."""

    numero: int
    reference: UUID | None
    code: str
    message: str


@dataclass(frozen=True)
class Lot:
    """What a file says; ``muettes`` counts the lines without an answer, ``destinataire`` is the partner its end names, if any."""

    reponses: tuple[Reponse, ...]
    rejets: tuple[Rejet, ...]
    muettes: int
    lignes: int
    destinataire: str | None


class _LigneRefusee(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message


def parse_reponses(contenu: bytes, fuseau: ZoneInfo) -> Lot:
    """Raises :class:`FichierRefuse` (empty_file, file_too_large, bad_encoding, unreadable, truncated, wrong_count, missing_columns)."""
    entete, lignes, fin = _split(_decode(contenu))
    rangs = _read_header(entete)
    reponses: list[Reponse] = []
    rejets: list[Rejet] = []
    muettes = 0
    for numero, cellules in lignes:
        champs = {nom: _clean(cellules[rang]) if rang < len(cellules) else "" for nom, rang in rangs.items()}
        if not champs["reponse"] and not any(champs.get(nom) for nom in COLONNES[2:]):
            muettes += 1
            continue
        try:
            if len(cellules) > len(entete):
                raise _LigneRefusee("wrong_width", f"Cette ligne a {len(cellules)} cellules pour {len(entete)} colonnes.")
            reponses.append(_read_line(numero, champs, fuseau))
        except _LigneRefusee as refus:
            rejets.append(Rejet(numero, _uuid(champs["reference"]), refus.code, refus.message))
    destinataire = next((cellule.strip() for cellule in fin[2:3] if cellule.strip()), None)
    return Lot(tuple(reponses), tuple(rejets), muettes, len(lignes), destinataire)


def guard(cellule: str) -> str:
    """A cell that a spreadsheet shows and never runs; line breaks become spaces."""
    texte = " ".join(cellule.split()) if "\n" in cellule or "\r" in cellule else cellule
    return f"'{texte}" if texte.startswith(FORMULES) else texte


def is_complete(contenu: bytes) -> bool:
    """Whether the last line is an end of file: a file still being copied has none."""
    derniere = contenu.rstrip(b"\r\n; \t").rpartition(b"\n")[2]
    return derniere.lstrip(b'"').startswith(FIN.encode())


def _decode(contenu: bytes) -> str:
    if not contenu.strip():
        raise FichierRefuse("Ce fichier est vide. Rien n'a été pris.", code="empty_file")
    if len(contenu) > TAILLE_MAX:
        raise FichierRefuse(f"Ce fichier dépasse {TAILLE_MAX // 1024 // 1024} Mo. Rien n'a été pris.", code="file_too_large")
    if b"\0" in contenu:
        raise FichierRefuse("Ce fichier n'est pas un texte CSV : enregistrez-le en « CSV UTF-8 ». Rien n'a été pris.", code="bad_encoding")
    try:
        return contenu.decode("utf-8-sig")
    except UnicodeDecodeError:
        if _CP1252_VIDES.search(contenu):
            raise FichierRefuse(
                "L'encodage de ce fichier est inconnu : enregistrez-le en « CSV UTF-8 ». Rien n'a été pris.", code="bad_encoding"
            ) from None
        return contenu.decode("cp1252")  # what a French spreadsheet writes when it is only told CSV


def _split(texte: str) -> tuple[list[str], list[tuple[int, list[str]]], list[str]]:
    """Header, numbered lines, end. The number is that of the first physical line of the record: what a spreadsheet or an editor shows."""
    lecteur = csv.reader(io.StringIO(texte, newline=""), delimiter=_delimiter(texte), strict=True)
    lignes: list[tuple[int, list[str]]] = []
    avant = 0
    try:
        for cellules in lecteur:
            if any(cellule.strip() for cellule in cellules):
                lignes.append((avant + 1, cellules))
            avant = lecteur.line_num
    except csv.Error:
        raise FichierRefuse(
            f"Ce fichier n'est plus lisible après la ligne {avant} : un guillemet n'est pas fermé, ou il est coupé. Rien n'a été pris.",
            code="unreadable",
        ) from None
    if len(lignes) < 2 or not lignes[-1][1][0].strip().startswith(FIN):
        raise FichierRefuse(f"Ce fichier est coupé : sa dernière ligne « {FIN};nombre » manque. Rien n'a été pris.", code="truncated")
    entete, donnees, fin = lignes[0][1], lignes[1:-1], lignes[-1][1]
    annonce = fin[1].strip() if len(fin) > 1 else ""
    if not annonce.isdecimal() or int(annonce[:9]) != len(donnees):
        raise FichierRefuse(
            f"Ce fichier annonce {annonce[:20] or 'rien'} et contient {len(donnees)} ligne(s) : des lignes manquent ou sont en trop."
            " Rien n'a été pris.",
            code="wrong_count",
        )
    if len(donnees) > LIGNES_MAX:
        raise FichierRefuse(
            f"Ce fichier dépasse {LIGNES_MAX} lignes : envoyez-le en plusieurs fois. Rien n'a été pris.", code="too_many_lines"
        )
    return entete, donnees, fin


def _delimiter(texte: str) -> str:
    entete = texte.partition("\n")[0]
    return "," if entete.count(",") > entete.count(";") else ";"


def _read_header(entete: Sequence[str]) -> dict[str, int]:
    noms = [_slug(nom) for nom in entete]
    absentes = [nom for nom in COLONNES[:2] if nom not in noms]
    if absentes:
        raise FichierRefuse(
            f"Il manque dans ce fichier : {', '.join(absentes)}. La première ligne nomme les colonnes. Rien n'a été pris.",
            code="missing_columns",
        )
    doubles = [nom for nom in COLONNES if noms.count(nom) > 1]
    if doubles:
        raise FichierRefuse(f"La colonne « {doubles[0]} » est donnée deux fois. Rien n'a été pris.", code="duplicate_columns")
    return {nom: noms.index(nom) for nom in COLONNES if nom in noms}


def _read_line(numero: int, champs: Mapping[str, str], fuseau: ZoneInfo) -> Reponse:
    reference = _uuid(champs["reference"])
    if reference is None:
        raise _LigneRefusee("bad_reference", "La référence n'est pas celle d'une demande : recopiez-la telle qu'elle vous a été envoyée.")
    reponse = _find_code(champs["reponse"], _REPONSES)
    if reponse is None:
        raise _LigneRefusee("unknown_answer", f"La réponse n'est pas reconnue. Réponses possibles : {', '.join(_REPONSES)}.")
    motif = _find_code(champs.get("motif_refus", ""), MOTIFS_REFUS)
    if champs.get("motif_refus") and motif is None:
        raise _LigneRefusee("unknown_reason", f"Le motif de refus n'est pas reconnu. Motifs possibles : {', '.join(MOTIFS_REFUS)}.")
    if (reponse == Statut.REFUSEE) != (motif is not None):
        raise _LigneRefusee("reason_mismatch", "Un motif de refus est donné pour chaque refus, et seulement pour un refus.")
    statut = reponse if reponse in _PARTENAIRE else None
    return Reponse(
        numero,
        reference,
        "statut" if statut else reponse,
        statut,
        motif,
        champs.get("compte_rendu") or None,
        _instant(champs.get("rendez_vous", ""), fuseau, "rendez_vous", None),
        _instant(champs.get("date_reponse", ""), fuseau, "date_reponse", time(12)),
    )


def _instant(brut: str, fuseau: ZoneInfo, colonne: str, heure: time | None) -> datetime | None:
    """« 2026-11-25 10:30 » or « 25/11/2026 10h30 », in local time; without an hour, ``heure`` (None = the hour is required)."""
    if not brut:
        return None
    lue = _DATE.fullmatch(brut.strip())
    if lue is None:
        raise _LigneRefusee("bad_date", f"La date de « {colonne} » n'est pas lisible : écrivez 2026-11-25 ou 25/11/2026.")
    if lue["h"]:
        horaire = _HEURE.fullmatch(lue["h"].strip())
        heures, minutes = (int(horaire[1]), int(horaire[2] or 0)) if horaire else (99, 0)
        heure = time(heures, minutes) if heures < 24 and minutes < 60 else None
    if heure is None:
        raise _LigneRefusee("bad_time", f"L'heure de « {colonne} » manque ou n'est pas lisible : écrivez 25/11/2026 10:30.")
    try:
        jour = date(int(lue["a"] or lue["a2"]), int(lue["m"] or lue["m2"]), int(lue["j"] or lue["j2"]))
        return datetime.combine(jour, heure, fuseau)
    except ValueError:
        raise _LigneRefusee("bad_date", f"La date de « {colonne} » n'existe pas.") from None


def _find_code(brut: str, admis: Mapping[str, str]) -> str | None:
    """A code, or its label as the screens write it."""
    lu = _slug(brut)
    return next((str(code) for code, libelle in admis.items() if lu and lu in (_slug(str(code)), _slug(libelle))), None)


def _uuid(brut: str) -> UUID | None:
    try:
        return UUID(brut.strip())
    except ValueError:
        return None


def _clean(cellule: str) -> str:
    """Without the mark that guards a cell against being run as a formula."""
    texte = cellule.strip()
    return texte[1:] if texte.startswith("'") and texte[1:].startswith(FORMULES) else texte


def _slug(texte: str) -> str:
    nu = "".join(c for c in unicodedata.normalize("NFKD", texte.strip().lower()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", nu).strip("_")
