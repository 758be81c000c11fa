"""A file sent by hand: checked, kept aside while it is written, journalled, then renamed into the drop folder like any delivery.

Only feeds of facts may be sent so. A list of agents says who may open what, a list of partners says where health data go: their
operator drops them in the folder.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide
from pdp.services.ingest_flux import flux_of
from pdp.services.read_passages import FLUX
from pdp.storage import journal
from pdp.storage.sql import query

TAILLE_MAX_OCTETS = 100 * 1024 * 1024
"""Above it a file goes by the drop folder: a browser is no way to send a month of a région."""
RESERVES = frozenset({"agents", "partenaires"})
_RIEN = "Rien n'a été déposé."
_BLOC = 1 << 20
_REPOS_S = 3600
_OUBLI_S = 86_400
_NOM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,119}")


@dataclass(frozen=True)
class Brouillon:
    """A file received and not yet in the drop folder: ``provisoire`` is a ``.part``, which the reception leaves alone."""

    nom: str
    flux: str
    provisoire: Path
    empreinte: bytes
    taille_octets: int

    def discard(self) -> None:
        """Forget it; a second call, or one after :func:`publish_brouillon`, does nothing."""
        self.provisoire.unlink(missing_ok=True)


@dataclass(frozen=True)
class Reception:
    """What was recorded; ``deja_recu_at`` is when the same content was loaded, None for a new content."""

    depot_id: UUID
    deja_recu_at: datetime | None


def check_nom(nom: str) -> str:
    """Feed named by a file name. Raises ``DonneeInvalide`` for a path, an odd character, an unknown feed or one that is not sent so."""
    if _NOM.fullmatch(nom) is None or ".." in nom:
        raise DonneeInvalide(
            f"Ce nom de fichier n'est pas accepté : des lettres sans accent, des chiffres, des points et des tirets, sans dossier. {_RIEN}",
            code="bad_file_name",
        )
    if nom.endswith((".part", ".tmp")):
        raise DonneeInvalide(f"« {nom} » est un fichier en cours d'écriture. {_RIEN}", code="unfinished_file")
    flux = flux_of(Path(nom))
    if flux is None:
        attendus = ", ".join(sorted(set(FLUX) - RESERVES))
        raise DonneeInvalide(
            f"« {nom} » ne porte pas le nom d'un flux. Il commence par celui du flux ({attendus}), suivi de « _ » et d'une date. {_RIEN}",
            code="unknown_feed",
        )
    if flux in RESERVES:
        raise DonneeInvalide(
            f"La liste « {FLUX[flux]} » ne se dépose pas ici : elle est remise par l'exploitant dans le dossier de dépôt. {_RIEN}",
            code="reserved_feed",
        )
    return flux


def write_brouillon(dossier: Path, nom: str, contenu: IO[bytes], maximum: int = TAILLE_MAX_OCTETS) -> Brouillon:
    """Copy the bytes aside, whole and on the disk, and hash them. Raises ``DonneeInvalide`` when empty, too large or badly named."""
    flux = check_nom(nom)
    provisoire = dossier / f".{uuid4().hex}.part"
    somme, taille = sha256(), 0
    try:
        with os.fdopen(os.open(provisoire, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as sortie:
            while bloc := contenu.read(_BLOC):
                taille += len(bloc)
                if taille > maximum:
                    raise too_large(maximum)
                somme.update(bloc)
                sortie.write(bloc)
            sortie.flush()
            os.fsync(sortie.fileno())
        if taille == 0:
            raise DonneeInvalide(f"« {nom} » est vide. {_RIEN}", code="empty_file")
    except BaseException:
        provisoire.unlink(missing_ok=True)
        raise
    _sweep(dossier, provisoire)
    return Brouillon(nom, flux, provisoire, somme.digest(), taille)


def _sweep(dossier: Path, provisoire: Path) -> None:
    """Forget the drafts that a killed portal left: identity data do not lie about."""
    maintenant_s = provisoire.stat().st_mtime
    for ancien in dossier.glob(".*.part"):
        if maintenant_s - ancien.stat().st_mtime > _OUBLI_S:
            ancien.unlink(missing_ok=True)


def too_large(maximum: int = TAILLE_MAX_OCTETS) -> DonneeInvalide:
    """The refusal of a file above the limit."""
    return DonneeInvalide(
        f"Ce fichier dépasse {maximum // 1024 // 1024} Mo : demandez à l'exploitant de le remettre dans le dossier de dépôt. {_RIEN}",
        code="file_too_large",
    )


def record_depot(conn: Connection, auteur: Auteur, brouillon: Brouillon, dossier: Path, maintenant: datetime) -> Reception:
    """Who sends what and when; says whether the same content was already loaded.

    Raises ``DonneeInvalide`` when another file of that name waits in the folder. The caller publishes the file after the commit:
    a file in the folder always has its author.
    """
    cle = {"flux": brouillon.flux, "empreinte": brouillon.empreinte}
    connu = conn.execute(query("quarantaine.trouver_contenu"), cle).one_or_none()
    if connu is None and (dossier / brouillon.nom).exists():
        raise _waiting(brouillon.nom)
    depot_id = conn.execute(
        query("quarantaine.deposer"),
        {
            **cle,
            "plateforme": auteur.plateforme_id,
            "agent": UUID(auteur.id),
            "nom": brouillon.nom,
            "taille": brouillon.taille_octets,
            "maintenant": maintenant,
            "deja_recu": connu is not None,
        },
    ).scalar_one()
    donnees = {"depot_id": depot_id, "flux": brouillon.flux, "taille_octets": brouillon.taille_octets, "deja_recu": connu is not None}
    journal.record(conn, "fichier_depose", plateforme_id=auteur.plateforme_id, donnees=donnees)
    return Reception(depot_id, connu.recu_at if connu else None)


def publish_brouillon(brouillon: Brouillon, dossier: Path) -> None:
    """Give the file its name at once: whoever watches the folder sees it whole. Never over another file of that name.

    It is dated one hour back: it is complete whatever it holds, and a truncated one is refused now rather than waited for.
    """
    recu_s = brouillon.provisoire.stat().st_mtime
    os.utime(brouillon.provisoire, (recu_s, recu_s - _REPOS_S))
    try:
        os.link(brouillon.provisoire, dossier / brouillon.nom)
    except FileExistsError:
        raise _waiting(brouillon.nom) from None
    brouillon.discard()


def _waiting(nom: str) -> DonneeInvalide:
    return DonneeInvalide(
        f"Un fichier nommé « {nom} » attend déjà la prochaine réception. Attendez qu'il soit pris, ou changez la date dans le nom. {_RIEN}",
        code="name_already_waiting",
    )
