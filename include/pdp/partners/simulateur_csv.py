"""Partners that answer by files, played for demonstrations and tests: each batch gets one answer file, as a person with a spreadsheet would
fill it in, with one mistake when it is long enough."""

from __future__ import annotations

import csv
import io
import logging
import threading
from datetime import datetime, timedelta
from pathlib import Path

from pdp import clock
from pdp.clock import PARIS
from pdp.domain.reponse_fichier import COLONNES, FIN
from pdp.partners.lot_csv import ENVOIS, REPONSES, write_whole

FAITS = ".repondus"
_PAS_S = 5.0
_log = logging.getLogger(__name__)


def answer_lots(racine: Path, maintenant: datetime, delai_s: float = 0.0) -> int:
    """Answer the batches older than ``delai_s`` that have no answer yet; returns how many. A second call answers nothing."""
    faits = 0
    for envoi in sorted(racine.glob(f"*/*/{ENVOIS}/*.csv")):
        marque = envoi.parent / FAITS / envoi.name
        if marque.exists() or clock.now() - clock.decalage() < datetime.fromtimestamp(envoi.stat().st_mtime, PARIS) + timedelta(
            seconds=delai_s
        ):
            continue
        contenu = fill_in(envoi.read_bytes(), maintenant)
        if contenu is not None:
            dossier = envoi.parent.parent / REPONSES
            dossier.mkdir(exist_ok=True)
            write_whole(dossier / f"retour_{envoi.name}", contenu)
            faits += 1
        marque.parent.mkdir(exist_ok=True)
        marque.touch()
    return faits


def fill_in(envoye: bytes, maintenant: datetime) -> bytes | None:
    """The same file with its answer columns filled in: accepted, then a meeting; every third refused; None when nothing asks for one."""
    entete, *lignes, fin = csv.reader(io.StringIO(envoye.decode("utf-8-sig"), newline=""), delimiter=";")
    rangs = {nom: entete.index(nom) for nom in COLONNES}
    jour, rendez_vous = maintenant.astimezone(PARIS), maintenant.astimezone(PARIS) + timedelta(days=6)
    remplies: list[list[str]] = []
    demandes = 0
    for ligne in lignes:
        remplies.append(ligne)
        if ligne[entete.index("objet")] != "demande":
            continue
        demandes += 1
        refus = demandes % 3 == 0
        ligne[rangs["reponse"]], ligne[rangs["motif_refus"]] = ("refusee", "capacite") if refus else ("Acceptée", "")
        ligne[rangs["date_reponse"]] = f"{jour:%d/%m/%Y}"
        if not refus:
            suite = [""] * len(entete)
            suite[rangs["reference"]], suite[rangs["reponse"]] = ligne[rangs["reference"]], "rendez_vous"
            suite[rangs["rendez_vous"]] = f"{rendez_vous:%d/%m/%Y} 10:00"
            remplies.append(suite)
    if not demandes:
        return None
    if demandes > 1:
        faute = [""] * len(entete)
        faute[rangs["reference"]], faute[rangs["reponse"]] = lignes[0][rangs["reference"]], "peut-être"
        remplies.append(faute)
    sortie = io.StringIO(newline="")
    redacteur = csv.writer(sortie, delimiter=";", lineterminator="\r\n")
    redacteur.writerows([entete, *remplies, [FIN, len(remplies), *fin[2:]]])
    return b"\xef\xbb\xbf" + sortie.getvalue().encode()


def run(racine: Path, arret: threading.Event, delai_s: float) -> None:
    """Until ``arret``: partners look at their folder now and then, as people do."""
    while not arret.wait(_PAS_S):  # a folder tells nothing by itself to the partner that is played
        try:
            answer_lots(racine, clock.now(), delai_s)
        except (OSError, ValueError) as faute:
            _log.warning("a batch could not be answered: %s", type(faute).__name__)
