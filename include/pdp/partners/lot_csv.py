"""Transport by files: one batch per partner and passage, written whole or not at all, in a folder that both sides read.

``<exchange folder>/<platform>/<partner>/envois`` holds what is for the partner, ``reponses`` what it drops, ``rapports`` what was
taken and refused of it. A batch is UTF-8 with a mark (spreadsheets need it), ``;``, a header, a reference per line, and an end that
counts the lines and names the partner; its last columns wait for the answer, so that the same file may come back filled in.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from pdp.domain.contenu import LIBELLES
from pdp.domain.reponse_fichier import COLONNES, FIN, Rejet, guard
from pdp.messages.assure import format_telephone

ENVOIS, REPONSES, RAPPORTS = "envois", "reponses", "rapports"
OBJETS = {
    "orientation": "demande",
    "annulation": "demande retirée",
    "rappel_partenaire": "rappel : réponse attendue",
    "fin_partenaire": "demande terminée",
    "reponse_question": "réponse à votre question",
    "question": "question de la plateforme",
}
_FIXES = ("reference", "objet", "emise_le", "motif", "message")
_NOM = re.compile(r"[A-Za-z0-9_-]{1,60}")
_DROITS = 0o640


@dataclass(frozen=True)
class Ligne:
    """One message of a batch: the hand-over it is about, its type, and its body exactly as enqueued."""

    orientation_id: UUID
    type: str
    corps: Mapping[str, Any]


def render_lot(lignes: Sequence[Ligne], id_source: str) -> bytes:
    """The file; the same messages in the same order are the same bytes. Only columns that some line has the agreement for exist.

    ``KeyError`` for a type that has no wording.
    """
    contenus = [ligne.corps.get("contenu") or {} for ligne in lignes]
    champs = [champ for champ in LIBELLES if any(champ in contenu for contenu in contenus)]
    champs += sorted({champ for contenu in contenus for champ in contenu} - set(champs))
    sortie = io.StringIO(newline="")
    redacteur = csv.writer(sortie, delimiter=";", lineterminator="\r\n")
    redacteur.writerow([*_FIXES, *champs, *COLONNES[1:]])
    for ligne, contenu in zip(lignes, contenus, strict=True):
        corps = ligne.corps
        fixes = (str(ligne.orientation_id), OBJETS[_objet_of(ligne.type, corps)], _day(corps), corps.get("motif"), corps.get("texte"))
        cellules = [*(str(v or "") for v in fixes), *(_cell(champ, contenu.get(champ)) for champ in champs), *[""] * len(COLONNES[1:])]
        redacteur.writerow([guard(cellule) for cellule in cellules])
    redacteur.writerow([FIN, len(lignes), guard(id_source)])
    return b"\xef\xbb\xbf" + sortie.getvalue().encode("utf-8")


def render_rapport(rejets: Iterable[Rejet], appliquees: int, inchangees: int) -> bytes:
    """What was refused of an answer file and why: never what the line held."""
    sortie = io.StringIO(newline="")
    redacteur = csv.writer(sortie, delimiter=";", lineterminator="\r\n")
    redacteur.writerow(["ligne", "reference", "code", "raison"])
    liste = list(rejets)
    for rejet in liste:
        redacteur.writerow([rejet.numero, rejet.reference or "", rejet.code, guard(rejet.message)])
    redacteur.writerow([FIN, len(liste), f"{appliquees} prise(s)", f"{inchangees} déjà connue(s)"])
    return b"\xef\xbb\xbf" + sortie.getvalue().encode("utf-8")


def folder_of(racine: Path, plateforme_id: str, id_source: str, partenaire_id: UUID) -> Path:
    """Folder of a partner; an id that is no plain name never becomes a path."""
    nom = id_source if _NOM.fullmatch(id_source) else f"partenaire-{partenaire_id}"
    return racine / plateforme_id / nom


def make_folders(dossier: Path) -> None:
    for nom in (ENVOIS, REPONSES, RAPPORTS):
        (dossier / nom).mkdir(parents=True, exist_ok=True)


def write_whole(chemin: Path, contenu: bytes) -> None:
    """Written beside, on the disk, then renamed: whoever watches sees the whole file or none. The same bytes again change nothing."""
    if chemin.exists() and chemin.read_bytes() == contenu:
        return
    provisoire = chemin.with_name(f".{chemin.name}.{uuid4().hex}.part")
    try:
        with os.fdopen(os.open(provisoire, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _DROITS), "wb") as sortie:
            sortie.write(contenu)
            sortie.flush()
            os.fsync(sortie.fileno())
        provisoire.replace(chemin)
    except BaseException:
        provisoire.unlink(missing_ok=True)
        raise
    _sync(chemin.parent)


def _sync(dossier: Path) -> None:
    """The name itself is on the disk too: after a power cut the file is there or was never announced."""
    prise = os.open(dossier, os.O_RDONLY)
    try:
        os.fsync(prise)
    finally:
        os.close(prise)


def _objet_of(type_: str, corps: Mapping[str, Any]) -> str:
    """A question of ours is no answer."""
    return "question" if type_ == "reponse_question" and corps.get("genre") == "question" else type_


def _day(corps: Mapping[str, Any]) -> str:
    return str(corps.get("emise_at") or corps.get("annulee_at") or "")[:10]


def _cell(champ: str, valeur: Any) -> str:
    """A field in one cell: answers one after the other, a French number as it is dialled (no sign a spreadsheet would compute)."""
    if valeur is None:
        return ""
    if isinstance(valeur, Mapping):
        return " / ".join(f"{question} : {reponse}" for question, reponse in valeur.items())
    return format_telephone(str(valeur)) if champ == "telephone" else str(valeur)
