"""Files exchanged with partners, on the portal: what was sent, what came back, what was refused; and a file of answers sent by hand.

The file takes the same way as those that a partner drops in its folder: it is read by the next passage.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from sqlalchemy import Connection

from pdp.config import settings
from pdp.domain.auteur import Auteur
from pdp.domain.reponse_fichier import TAILLE_MAX
from pdp.errors import DonneeInvalide, Introuvable
from pdp.partners import lot_csv
from pdp.services.exchange_csv import LignePartenaire
from pdp.storage import journal
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query

_NOM = re.compile(r"[^A-Za-z0-9_.-]+")
_REPOS_S = 3600
_RIEN = "Rien n'a été déposé."
ETATS = {
    "prepare": ("En préparation", "attente"),
    "ecrit": ("Remis dans le dossier", "bien"),
    "depose": ("Attend la prochaine lecture", "attente"),
    "lu": ("Lu", "bien"),
    "refuse": ("Refusé en entier", "retard"),
}
NATURES = {
    "accuse": "Accusé de lecture ou de traitement",
    "rebond": "Message revenu",
    "erreur_operateur": "Refusé par le logiciel du partenaire",
    "automatique": "Réponse automatique",
    "humaine": "Message écrit par une personne",
    "inconnue": "Message non reconnu",
}
RAISONS = {
    "unreadable": "Illisible",
    "no_reference": "Ne répond à aucun de nos messages",
    "unknown_message": "Cite un message qui n'est pas de nous",
    "unknown_disposition": "Accusé d'une forme inconnue",
    "unknown_bounce": "Retour d'une forme inconnue",
    "contradicts": "Contredit ce qui est déjà connu",
    "case_closed": "Le parcours est clos : le message est à lire dans la boîte",
    "person_wrote": "Une personne suivie a répondu à un courriel : son message est à lire dans la boîte",
    "not_recorded": "N'a pas pu être enregistré",
}
BOITES = {"messagerie": "Messagerie sécurisée", "courriel": "Courriels revenus"}


@dataclass(frozen=True)
class Fichier:
    """One file, sent or received; ``a_corriger``: refused lines that no later file said correctly."""

    id: UUID
    sens: str
    nom: str
    etat: str
    lignes: int
    appliquees: int
    inchangees: int
    rejetees: int
    motif: str | None
    cree_at: datetime
    fini_at: datetime | None
    partenaire_id: UUID
    partenaire: str
    a_corriger: int

    @property
    def libelle(self) -> tuple[str, str]:
        return ETATS[self.etat]


@dataclass(frozen=True)
class LigneRejetee:
    """A refused line: never what it held."""

    numero: int
    orientation_id: UUID | None
    code: str
    message: str
    resolue_at: datetime | None


@dataclass(frozen=True)
class Choix:
    """A partner a file may come from."""

    id: UUID
    nom: str
    id_source: str


@dataclass(frozen=True)
class Retour:
    """A mail that came back; ``uid`` is how it is found in the mailbox. ``connue``: it names a message of the platform."""

    id: UUID
    boite: str
    uid: int
    nature: str
    etat: str | None
    code: str | None
    resultat: str
    raison: str | None
    recu_at: datetime
    vu_at: datetime | None
    connue: bool

    @property
    def libelle(self) -> str:
        return NATURES[self.nature]

    @property
    def a_voir(self) -> bool:
        return self.resultat == "quarantaine" and self.vu_at is None

    @property
    def pourquoi(self) -> str:
        return RAISONS.get(self.raison or "", self.raison or "")


@dataclass(frozen=True)
class BoiteLue:
    """A mailbox and its last reading."""

    nom: str
    lu_at: datetime
    dernier_code: str | None

    @property
    def libelle(self) -> str:
        return BOITES[self.nom]


def list_fichiers(conn: Connection, sens: str, limite: int, partenaire_id: UUID | None = None) -> list[Fichier]:
    """Latest first: those of the platform, or of one partner."""
    return list_lignes(conn, "echanges.lister_fichiers", Fichier, sens=sens, limite=limite, partenaire=partenaire_id, id=None)


def get_fichier(conn: Connection, fichier_id: UUID, sens: str) -> Fichier:
    """Raises :class:`Introuvable` for a file of somebody else as for one that does not exist."""
    fichier = find_ligne(conn, "echanges.lister_fichiers", Fichier, sens=sens, limite=1, partenaire=None, id=fichier_id)
    if fichier is None:
        raise Introuvable("Ce fichier n'existe pas ou ne vous est pas accessible.")
    return fichier


def list_rejets(conn: Connection, fichier_id: UUID) -> list[LigneRejetee]:
    return list_lignes(conn, "echanges.lister_rejets", LigneRejetee, fichier=fichier_id)


def map_rejets(conn: Connection, fichiers: Sequence[UUID]) -> dict[UUID, list[LigneRejetee]]:
    """Refused lines of several files, by file; one statement."""
    par_fichier: dict[UUID, list[LigneRejetee]] = {}
    for r in conn.execute(query("echanges.lister_rejets_de"), {"fichiers": list(fichiers)}):
        par_fichier.setdefault(r.fichier_id, []).append(LigneRejetee(r.numero, r.orientation_id, r.code, r.message, r.resolue_at))
    return par_fichier


def list_choix(conn: Connection) -> list[Choix]:
    return list_lignes(conn, "echanges.lister_choix", Choix)


def list_retours(conn: Connection, limite: int) -> list[Retour]:
    """Mails set aside first, then the latest."""
    return list_lignes(conn, "boites.lister_messages", Retour, limite=limite)


def list_boites(conn: Connection) -> list[BoiteLue]:
    return list_lignes(conn, "boites.lister", BoiteLue)


def mark_vu(conn: Connection, auteur: Auteur, retour_id: UUID, maintenant: datetime) -> bool:
    """A manager looked at it in the mailbox; False when it was already done, or is not the platform's."""
    cle = {"id": retour_id, "par": UUID(auteur.id), "maintenant": maintenant}
    if conn.execute(query("boites.noter_vu"), cle).scalar() is None:
        return False
    journal.record(conn, "courrier_vu", plateforme_id=auteur.plateforme_id, donnees={"retour_id": retour_id})
    return True


def read_content(contenu: IO[bytes], nom: str) -> tuple[str, bytes]:
    """A plain name and the bytes. Raises :class:`DonneeInvalide` for what is no CSV, empty or too large."""
    octets = contenu.read(TAILLE_MAX + 1)
    if len(octets) > TAILLE_MAX:
        raise DonneeInvalide(
            f"Ce fichier dépasse {TAILLE_MAX // 1024 // 1024} Mo : envoyez-le en plusieurs fois. {_RIEN}", code="file_too_large"
        )
    if not octets.strip():
        raise DonneeInvalide(f"Ce fichier est vide. {_RIEN}", code="empty_file")
    if not nom.lower().endswith(".csv"):
        raise DonneeInvalide(f"Choisissez un fichier CSV : enregistrez votre tableau en « CSV UTF-8 ». {_RIEN}", code="bad_file_name")
    return (_NOM.sub("_", Path(nom).stem)[:80].strip("._") or "reponses"), octets


def record_fichier(
    conn: Connection, auteur: Auteur, partenaire_id: UUID, nom: str, octets: bytes, maintenant: datetime
) -> tuple[UUID, bool]:
    """Who sends what; returns the file and whether its content had already been read. The caller publishes it after the commit."""
    partenaire = get_partenaire(conn, partenaire_id)
    cle = {"partenaire": partenaire_id, "empreinte": sha256(octets).digest()}
    nouveau = {
        **cle,
        "id": uuid4(),
        "plateforme": partenaire.plateforme_id,
        "nom": f"{nom}.csv",
        "taille": len(octets),
        "maintenant": maintenant,
    }
    if auteur.role == "responsable":
        conn.execute(query("echanges.deposer_par"), {**nouveau, "par": UUID(auteur.id)})
    else:
        conn.execute(query("echanges.deposer"), nouveau)
    connu = conn.execute(query("echanges.trouver_par_contenu"), cle).one()
    donnees = {"fichier_id": connu.id, "partenaire_id": partenaire_id, "taille_octets": len(octets)}
    journal.record(conn, "reponses_deposees", plateforme_id=partenaire.plateforme_id, donnees=donnees)
    return connu.id, connu.etat != "depose"


def publish_fichier(conn: Connection, partenaire_id: UUID, nom: str, octets: bytes) -> None:
    """Give the file to the next passage, whole: it is dated one hour back, a cut one is refused now rather than waited for."""
    dossier = find_dossier(conn, partenaire_id)
    lot_csv.make_folders(dossier)
    chemin = dossier / lot_csv.REPONSES / f"{nom}.{sha256(octets).hexdigest()[:12]}.csv"
    lot_csv.write_whole(chemin, octets)
    date_s = chemin.stat().st_mtime - _REPOS_S
    os.utime(chemin, (date_s, date_s))


def read_envoi(conn: Connection, fichier: Fichier) -> bytes:
    """The batch as it was written, for its partner. Raises :class:`Introuvable` when it was taken out of the folder."""
    chemin = find_dossier(conn, fichier.partenaire_id) / lot_csv.ENVOIS / fichier.nom
    if not chemin.is_file():
        raise Introuvable("Ce fichier n'est plus dans le dossier d'échange : il a déjà été retiré.")
    return chemin.read_bytes()


def find_dossier(conn: Connection, partenaire_id: UUID) -> Path:
    racine = settings().echanges
    if racine is None:
        raise DonneeInvalide(f"Cette plateforme n'échange pas de fichiers. {_RIEN}", code="no_exchange")
    partenaire = get_partenaire(conn, partenaire_id)
    return lot_csv.folder_of(racine, partenaire.plateforme_id, partenaire.id_source, partenaire.id)


def get_partenaire(conn: Connection, partenaire_id: UUID) -> LignePartenaire:
    partenaire = find_ligne(conn, "echanges.trouver_partenaire", LignePartenaire, partenaire=partenaire_id)
    if partenaire is None:
        raise Introuvable("Ce partenaire n'existe pas ou n'est pas accessible.")
    return partenaire
