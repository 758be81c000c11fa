"""Batches of hand-overs for partners reached by files: claimed, named, written, recorded.

A batch is named in the transaction that claims its messages. A worker killed before or after it wrote the file is taken over at the
end of its lease: the same messages, checked again, are written under the same name, so that a file written twice is one file, and a
line received twice bears the reference that the partner already has.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid5

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import Bilan
from pdp.partners import lot_csv
from pdp.partners.contrat import Classe, Remise
from pdp.services.follow_envoi import set_aside
from pdp.services.send_outbox import BAIL_S, LigneReclamee, claim_suivant, record_remise
from pdp.storage import db
from pdp.storage.lignes import list_lignes
from pdp.storage.outbox import ESPACE_CLES
from pdp.storage.sql import query

MARGE_S = BAIL_S / 2
"""A worker that was held longer than this since its claim writes nothing: another one may have taken over."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LignePartenaire:
    """A partner whose folder is written to, or read."""

    id: UUID
    plateforme_id: str
    id_source: str


@dataclass(frozen=True)
class Fichier:
    """A batch in the hands of this worker: its messages in the order of the file."""

    id: UUID
    nom: str
    lignes: tuple[LigneReclamee, ...]


def export_lots(maintenant: datetime, *, lot: int = 500, url: str | None = None, passage: str | None = None) -> Bilan:
    """Write what is due, one batch per partner, at most ``lot`` messages each, as ``pdp_expediteur``. Nothing without an exchange folder.

    ``traites`` counts messages written, ``ignores`` those that may no longer leave or that another worker took over, ``echoues`` those
    that could not be written.
    """
    racine = settings().echanges
    if racine is None:
        return Bilan()
    url, auteur, comptes = url or settings().url_expediteur, systeme("exchange_csv"), Counter[str]()
    with db.begin(url, auteur, passage) as conn:
        partenaires = list_lignes(conn, "echanges.lister_dus", LignePartenaire, maintenant=maintenant)
    for partenaire in partenaires:
        debut = time.monotonic()
        with db.begin(url, auteur, passage) as conn:
            fichiers = claim_fichiers(conn, auteur, partenaire, maintenant, lot, comptes)
        for fichier in fichiers:
            remise, contenu = _write(racine, partenaire, fichier, debut)
            with db.begin(url, auteur, passage) as conn:
                comptes.update(record_fichier(conn, auteur, fichier, contenu, remise, maintenant))
            _log.info("batch %s: %d message(s), %s", fichier.id, len(fichier.lignes), remise.code)
    echoues = sum(n for etat, n in comptes.items() if etat in ("a_envoyer", "rebut", "incertain"))
    return Bilan(comptes["livre"], comptes["rappele"] + comptes["tardif"], echoues, dict(comptes))


def claim_fichiers(
    conn: Connection, auteur: Auteur, partenaire: LignePartenaire, maintenant: datetime, lot: int, comptes: Counter[str]
) -> list[Fichier]:
    """Claim what is due for a partner and name the files that carry it: those already named by a dead worker, then a new one."""
    prises: list[LigneReclamee] = []
    for _ in range(lot):
        ligne = claim_suivant(conn, maintenant, [], None, [], fichier_de=partenaire.id)
        if ligne is None:
            break
        if ligne.obstacle is None:
            prises.append(ligne)
        else:
            set_aside(conn, auteur, ligne, maintenant)
            comptes[ligne.etat] += 1
    par_id = {ligne.id: ligne for ligne in prises}
    anciens: dict[UUID, tuple[str, list[LigneReclamee]]] = {}
    for nommee in conn.execute(query("echanges.lister_prepares"), {"messages": list(par_id)}):
        anciens.setdefault(nommee.fichier_id, (nommee.nom, []))[1].append(par_id.pop(nommee.outbox_id))
    fichiers = [Fichier(ident, nom, tuple(lignes)) for ident, (nom, lignes) in anciens.items()]
    return [*fichiers, *([_name(conn, partenaire, list(par_id.values()), maintenant)] if par_id else [])]


def record_fichier(
    conn: Connection, auteur: Auteur, fichier: Fichier, contenu: bytes, remise: Remise, maintenant: datetime
) -> Counter[str]:
    """What came of a file, message by message; nothing of a message that another worker took over."""
    etats = Counter(record_remise(conn, auteur, ligne, remise, maintenant) or "tardif" for ligne in fichier.lignes)
    if etats["livre"]:
        conn.execute(
            query("echanges.marquer_ecrit"),
            {
                "id": fichier.id,
                "empreinte": sha256(contenu).digest(),
                "taille": len(contenu),
                "lignes": len(fichier.lignes),
                "maintenant": maintenant,
            },
        )
    return etats


def render(partenaire: LignePartenaire, lignes: Sequence[LigneReclamee]) -> bytes:
    """The bytes of a batch: what each message holds was frozen when it was enqueued."""
    return lot_csv.render_lot(
        [lot_csv.Ligne(ligne.orientation_id or ligne.id, ligne.type, ligne.charge) for ligne in lignes], partenaire.id_source
    )


def _write(racine: Path, partenaire: LignePartenaire, fichier: Fichier, debut: float) -> tuple[Remise, bytes]:
    try:
        contenu = render(partenaire, fichier.lignes)
    except KeyError:
        return Remise(Classe.REFUSE, "no_template"), b""
    dossier = lot_csv.folder_of(racine, partenaire.plateforme_id, partenaire.id_source, partenaire.id)
    try:
        lot_csv.make_folders(dossier)
        if time.monotonic() - debut > MARGE_S:
            return Remise(Classe.REESSAYER, "csv_late"), b""
        lot_csv.write_whole(dossier / lot_csv.ENVOIS / fichier.nom, contenu)
    except OSError:
        return Remise(Classe.REESSAYER, "csv_write"), b""
    return Remise(Classe.LIVRE, "csv"), contenu


def _name(conn: Connection, partenaire: LignePartenaire, lignes: list[LigneReclamee], maintenant: datetime) -> Fichier:
    """A new batch; its id comes from the keys it carries, its name says the day, and that the data are synthetic when they are."""
    ident = uuid5(ESPACE_CLES, "|".join(sorted(f"{ligne.cle}:{ligne.essais}" for ligne in lignes)))
    marque = "donnees-synthetiques_" if settings().demonstration else ""
    nom = f"{marque}demandes_{jour_local(maintenant):%Y-%m-%d}_{ident.hex[:8]}.csv"
    fichier = {"id": ident, "plateforme": partenaire.plateforme_id, "partenaire": partenaire.id, "nom": nom}
    conn.execute(query("echanges.preparer"), {**fichier, "lignes": len(lignes), "maintenant": maintenant})
    conn.execute(
        query("echanges.preparer_ligne"),
        [
            {
                "fichier": ident,
                "plateforme": partenaire.plateforme_id,
                "numero": numero,
                "message": ligne.id,
                "orientation": ligne.orientation_id,
            }
            for numero, ligne in enumerate(lignes, start=2)
        ],
    )
    return Fichier(ident, nom, tuple(lignes))
