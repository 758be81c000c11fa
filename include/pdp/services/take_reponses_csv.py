"""Answer files of partners: each content once, each line on its own, a report for the partner of what was refused and why.

A file is read, then moved out of the way after the commit; a passage killed in between finds its content already read and only moves it.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import Bilan
from pdp.domain.reponse_fichier import TAILLE_MAX, FichierRefuse, Lot, Rejet, Reponse, is_complete, parse_reponses
from pdp.errors import ErreurPdp
from pdp.partners import lot_csv
from pdp.services.delais import Lieu, get_lieu
from pdp.services.exchange_csv import LignePartenaire
from pdp.services.record_reponse import COMPTE_RENDU_MAX, record_evenement, record_reponse
from pdp.storage import db, inbox, journal
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

TRAITES, REFUSES = "traites", "refuses"
REPOS_S = 60
"""A file without its end and touched more recently than this may still be growing."""
AGE_MAX = timedelta(days=366)
NOM_MAX_OCTETS = 160
_SUFFIXES = (".part", ".tmp", ".crdownload")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prise:
    """What came of a file: ``etat`` is lu, refuse or deja (the same content before)."""

    etat: str
    appliquees: int = 0
    inchangees: int = 0
    rejets: tuple[Rejet, ...] = ()
    motif: str | None = None


def take_reponses(maintenant: datetime, *, url: str | None = None, passage: str | None = None) -> Bilan:
    """Read the folders of every partner who exchanges files, as ``pdp_app``; one transaction per file. Nothing without an exchange folder.

    ``traites`` counts answers taken, ``ignores`` answers and files already known, ``echoues`` refused lines and refused files.
    """
    racine = settings().echanges
    if racine is None:
        return Bilan()
    url, auteur, bilan = url or settings().url_app, systeme("take_reponses_csv"), Bilan()
    with db.begin(url, auteur, passage) as conn:
        partenaires = list_lignes(conn, "echanges.lister_partenaires", LignePartenaire)
    for partenaire in partenaires:
        dossier = lot_csv.folder_of(racine, partenaire.plateforme_id, partenaire.id_source, partenaire.id)
        for chemin in list_prets(dossier / lot_csv.REPONSES):
            try:
                contenu = read_bounded(chemin)
                with db.begin(url, auteur, passage) as conn:
                    prise = take_fichier(conn, partenaire, name_of(chemin), contenu, maintenant)
                _settle(dossier, chemin, prise)
            except FileNotFoundError:
                continue  # another passage has it
            except (DBAPIError, OSError) as faute:  # one file that cannot be read or moved does not hold those of the others
                _log.error("an answer file of %s could not be taken: %s", partenaire.id, type(faute).__name__)
                bilan += Bilan(echoues=1, detail={"fichiers_en_echec": 1})
                continue
            _log.info("answer file of %s: %s, %d taken, %d refused", partenaire.id, prise.etat, prise.appliquees, len(prise.rejets))
            fichiers = {"fichiers": 1} if prise.etat == "lu" else {f"fichiers_{prise.etat}": 1}
            echoues = len(prise.rejets) + (prise.etat == "refuse")
            bilan += Bilan(prise.appliquees, prise.inchangees + (prise.etat == "deja"), echoues, fichiers)
    return bilan


def list_prets(dossier: Path) -> list[Path]:
    """Files that are whole, or that nobody has touched for a minute, oldest name first."""
    if not dossier.is_dir():
        return []
    candidats = (c for c in dossier.iterdir() if _is_ordinary(c) and not c.name.startswith(".") and not c.name.endswith(_SUFFIXES))
    return sorted(c for c in candidats if _is_ready(c))


def _is_ordinary(chemin: Path) -> bool:
    """A file that is there itself: a link dropped by a partner could name any file of ours."""
    return chemin.is_file() and not chemin.is_symlink()


def _is_ready(chemin: Path) -> bool:
    try:
        return time.time() - chemin.stat().st_mtime > REPOS_S or is_complete(read_bounded(chemin))
    except OSError:  # gone, or not ours to read: the others are read
        _log.warning("an answer file cannot be read: %s", chemin.parent.parent.name)
        return False


def name_of(chemin: Path) -> str:
    """Name of a file as people read it: a partner's computer may write it in bytes that are no text here."""
    return os.fsencode(chemin.name).decode("utf-8", "replace")


def read_bounded(chemin: Path) -> bytes:
    """At most one byte above the limit: what is larger is refused without being loaded."""
    with chemin.open("rb") as fichier:
        return fichier.read(TAILLE_MAX + 1)


def take_fichier(conn: Connection, partenaire: LignePartenaire, nom: str, contenu: bytes, maintenant: datetime) -> Prise:
    """Take one content once, in the caller's transaction; the same again only says what came of it the first time."""
    journal.live_at(conn, maintenant)
    empreinte = sha256(contenu).digest()
    cle = {"partenaire": partenaire.id, "empreinte": empreinte}
    nouveau = {"id": uuid4(), "plateforme": partenaire.plateforme_id, "nom": nom[:160], "taille": len(contenu), "maintenant": maintenant}
    conn.execute(query("echanges.deposer"), {**cle, **nouveau})
    fichier = conn.execute(query("echanges.verrouiller"), cle).one()
    if fichier.etat != "depose":
        rejets = conn.execute(query("echanges.lister_rejets"), {"fichier": fichier.id}).all()
        lus = tuple(Rejet(r.numero, r.orientation_id, r.code, r.message) for r in rejets)
        return Prise("refuse" if fichier.etat == "refuse" else "deja", 0, fichier.inchangees, lus if fichier.etat == "lu" else ())
    lieu = get_lieu(conn, partenaire.plateforme_id)
    try:
        lot = parse_reponses(contenu, lieu.fuseau)
        _check_destinataire(conn, partenaire, lot)
    except FichierRefuse as refus:
        prise = Prise("refuse", motif=refus.message)
        _conclude(conn, fichier.id, 0, prise, maintenant, refus.code)
        journal.record(
            conn, "fichier_refuse", plateforme_id=partenaire.plateforme_id, donnees={"fichier_id": fichier.id, "code": refus.code}
        )
        return prise
    prise = _apply(conn, partenaire, lieu, empreinte, lot, maintenant)
    _keep_rejets(conn, partenaire, fichier.id, prise.rejets)
    _conclude(conn, fichier.id, lot.lignes, prise, maintenant, None)
    return prise


def _check_destinataire(conn: Connection, partenaire: LignePartenaire, lot: Lot) -> None:
    """A file dropped in the folder of somebody else is refused whole: none of its lines says anything of this partner."""
    references = [r.reference for r in (*lot.reponses, *lot.rejets) if r.reference is not None]
    etrangeres = conn.execute(query("echanges.compter_etrangeres"), {"references": references, "partenaire": partenaire.id}).scalar_one()
    if etrangeres or lot.destinataire not in (None, partenaire.id_source):
        raise FichierRefuse("Ce fichier parle des demandes d'un autre partenaire. Rien n'a été pris.", code="wrong_partner")


def _apply(conn: Connection, partenaire: LignePartenaire, lieu: Lieu, empreinte: bytes, lot: Lot, maintenant: datetime) -> Prise:
    references = sorted({r.reference for r in lot.reponses}, key=str)
    siennes = {
        ligne.id
        for ligne in conn.execute(query("echanges.verrouiller_orientations"), {"references": references, "partenaire": partenaire.id})
    }
    comptes, rejets = Counter[str](), list(lot.rejets)
    for reponse in lot.reponses:
        try:
            _check_line(reponse, siennes, lieu, maintenant)
            with conn.begin_nested():
                comptes[_take_line(conn, partenaire, reponse, f"{empreinte.hex()[:32]}:{reponse.numero}", maintenant)] += 1
        except ErreurPdp as refus:
            rejets.append(Rejet(reponse.numero, reponse.reference, refus.code[:60], refus.message[:400]))
            continue
        cle = {"partenaire": partenaire.id, "orientation": reponse.reference, "maintenant": maintenant}
        conn.execute(query("echanges.resoudre"), cle)
    return Prise("lu", comptes["appliquee"], comptes["inchangee"], tuple(sorted(rejets, key=lambda r: r.numero)))


def _check_line(reponse: Reponse, siennes: set[UUID], lieu: Lieu, maintenant: datetime) -> None:
    if reponse.reference not in siennes:
        raise ErreurPdp("Cette référence n'est celle d'aucune demande qui vous a été envoyée.", code="unknown_reference")
    if reponse.texte is not None and len(reponse.texte) > COMPTE_RENDU_MAX:
        raise ErreurPdp(f"Le texte est limité à {COMPTE_RENDU_MAX} caractères.", code="words_too_long")
    if reponse.survenu_at is None:
        return
    if lieu.jour(reponse.survenu_at) > lieu.jour(maintenant):
        raise ErreurPdp("La date de réponse est à venir : vérifiez-la.", code="date_in_future")
    if reponse.survenu_at < maintenant - AGE_MAX:
        raise ErreurPdp("La date de réponse a plus d'un an : vérifiez l'année.", code="date_too_old")


def _take_line(conn: Connection, partenaire: LignePartenaire, reponse: Reponse, evenement_id: str, maintenant: datetime) -> str:
    contenu = {
        "nature": reponse.nature,
        "statut": reponse.statut,
        "motif": reponse.motif,
        "texte": reponse.texte,
        "rendez_vous_at": reponse.rendez_vous_at,
        "survenu_at": reponse.survenu_at,
    }
    cle = {"partenaire": partenaire.id, "orientation": reponse.reference}
    conn.execute(query("inbox.prendre_son_tour"), {"orientation": str(reponse.reference)})
    if conn.execute(query("echanges.trouver_meme_reponse"), {**cle, **contenu}).scalar() is not None:
        return "inchangee"
    qui = Auteur("partenaire", str(partenaire.id), "partenaire", partenaire.plateforme_id, str(partenaire.id))
    suite = {"evenement_id": evenement_id, "transport": "csv", "maintenant": maintenant, "survenu_at": reponse.survenu_at}
    courant = conn.execute(query("inbox.lire_pour_repondre"), {"orientation": reponse.reference}).one()
    if reponse.statut is not None and reponse.statut == courant.statut:
        _complete(conn, partenaire, reponse, evenement_id, courant.version + 1, maintenant)
    elif reponse.statut is not None:
        record_reponse(conn, qui, reponse.reference, statut=reponse.statut, motif=reponse.motif, compte_rendu=reponse.texte, **suite)
    else:
        record_evenement(
            conn, qui, reponse.reference, nature=reponse.nature, texte=reponse.texte, rendez_vous_at=reponse.rendez_vous_at, **suite
        )
    return "appliquee"


def _complete(
    conn: Connection, partenaire: LignePartenaire, reponse: Reponse, evenement_id: str, version: int, maintenant: datetime
) -> None:
    """The same step said again with other words: a correction, one version later."""
    champs = (str(reponse.reference), str(reponse.statut), reponse.motif or "", reponse.texte or "")
    inbox.deposit(
        conn,
        plateforme_id=partenaire.plateforme_id,
        partenaire_id=partenaire.id,
        evenement_id=f"csv:{evenement_id}",
        orientation_id=reponse.reference,
        version=version,
        statut=reponse.statut,
        motif=reponse.motif,
        compte_rendu=reponse.texte,
        survenu_at=reponse.survenu_at or maintenant,
        empreinte=sha256("\x1f".join(champs).encode()).digest(),
        maintenant=maintenant,
        transport="csv",
    )


def _keep_rejets(conn: Connection, partenaire: LignePartenaire, fichier_id: UUID, rejets: Sequence[Rejet]) -> None:
    if rejets:
        commun = {"fichier": fichier_id, "plateforme": partenaire.plateforme_id}
        lignes = [{**commun, "numero": r.numero, "orientation": r.reference, "code": r.code, "message": r.message[:400]} for r in rejets]
        conn.execute(query("echanges.rejeter"), lignes)
        donnees = {"fichier_id": fichier_id, "nombre": len(rejets)}
        journal.record(conn, "reponse_illisible", plateforme_id=partenaire.plateforme_id, donnees=donnees)


def _conclude(conn: Connection, fichier_id: UUID, lignes: int, prise: Prise, maintenant: datetime, code: str | None) -> None:
    conn.execute(
        query("echanges.conclure"),
        {
            "id": fichier_id,
            "etat": prise.etat,
            "lignes": lignes,
            "appliquees": prise.appliquees,
            "inchangees": prise.inchangees,
            "rejetees": len(prise.rejets),
            "motif_code": code,
            "motif": prise.motif,
            "maintenant": maintenant,
        },
    )


def _settle(dossier: Path, chemin: Path, prise: Prise) -> None:
    """After the commit: the report of the partner, then the file out of the way. Killed before the end, the next passage does it again."""
    if prise.rejets or prise.motif:
        rejets = prise.rejets or (Rejet(1, None, "file_refused", prise.motif or ""),)
        rapports = dossier / lot_csv.RAPPORTS
        rapports.mkdir(exist_ok=True)
        lot_csv.write_whole(rapports / f"rapport_{_short(chemin)}", lot_csv.render_rapport(rejets, prise.appliquees, prise.inchangees))
    destination = chemin.parent / (REFUSES if prise.etat == "refuse" else TRAITES)
    destination.mkdir(exist_ok=True)
    court = Path(_short(chemin))
    with suppress(FileNotFoundError):  # another passage moved it: what this one took is counted all the same
        empreinte = sha256(read_bounded(chemin)).hexdigest()[:12]
        os.replace(chemin, destination / f"{court.stem}.{empreinte}{court.suffix}")


def _short(chemin: Path) -> str:
    """Name of the file, short enough for what is added to it: a file system takes 255 bytes."""
    nom = name_of(chemin)
    return nom if len(nom.encode()) <= NOM_MAX_OCTETS else f"{nom.encode()[: NOM_MAX_OCTETS - 4].decode('utf-8', 'ignore')}.csv"
