"""DSN files on disk and DSN facts in the database: bulk path, quarantine, people found by keyed hash of their NIR."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pdp.domain.dsn import FichierDsn, PersonneDsn
from pdp.domain.dsn_faits import MARQUEUR_SUSPENSION, FaitDsn, load_fait
from pdp.domain.dsn_identite import Candidat
from pdp.domain.dsn_lecture import read_dsn
from pdp.domain.dsn_lignes import split_lignes
from pdp.storage.chiffrement import decrypt, encrypt, fingerprint
from pdp.storage.sql import query

_BLOC = 1 << 20
_PAQUET = 5_000
_PARIS = ZoneInfo("Europe/Paris")
_EFFETS = (
    "historiser",
    "corriger",
    "inserer",
    "rafraichir",
    "marquer_remplacants",
    "annuler_retires",
    "historiser_retires",
    "consigner",
    "retirer",
)


@dataclass(frozen=True, slots=True)
class IdentiteDsn:
    """What finds the person again later; lives only encrypted."""

    nir: str
    nom: str
    nom_usage: str
    naissance: date | None
    nir_partage: bool


@dataclass(frozen=True, slots=True)
class FaitPlace:
    """A fact and the person it is about."""

    fichier_id: UUID
    fait: FaitDsn
    personne: Candidat


@dataclass(frozen=True, slots=True)
class FaitEcarte:
    """A fact for the quarantine; ``identite`` None when nothing could find the person again."""

    ligne: int
    champ: str
    code: str
    message: str
    fait: FaitDsn
    identite: IdentiteDsn | None
    plateforme_id: str | None = None


@dataclass(frozen=True, slots=True)
class FaitRejouable:
    """A quarantined fact whose NIR now has a holder."""

    id: UUID
    fichier_id: UUID
    fait: FaitDsn
    identite: IdentiteDsn


@dataclass(frozen=True, slots=True)
class LectureDsn:
    """A file read once to its end: its content, the SHA-256 of its bytes, its size."""

    fichier: FichierDsn
    empreinte: bytes
    taille: int


def read_fichier(chemin: Path) -> LectureDsn:
    """Read a file in one pass. Only what concerns absences stays in memory, so that it grows with the people, not with the lines."""
    somme, taille = sha256(), 0

    def blocs(flux: BinaryIO) -> Iterator[bytes]:
        nonlocal taille
        while bloc := flux.read(_BLOC):
            somme.update(bloc)
            taille += len(bloc)
            yield bloc

    with chemin.open("rb") as flux:
        fichier = read_dsn(split_lignes(blocs(flux)))
    return LectureDsn(fichier, somme.digest(), taille)


def identify(personne: PersonneDsn) -> IdentiteDsn | None:
    """None when the person has no valid NIR."""
    if personne.nir is None:
        return None
    return IdentiteDsn(personne.nir, personne.nom, personne.nom_usage, personne.naissance, personne.nir_partage)


def list_candidats(conn: Connection, nirs: Iterable[str]) -> dict[str, list[Candidat]]:
    """Known people by NIR; a NIR of nobody is absent."""
    empreintes = {fingerprint(nir): nir for nir in nirs}
    trouves: dict[str, list[Candidat]] = {}
    if empreintes:
        for ligne in conn.execute(query("dsn.list_candidats"), {"empreintes": list(empreintes)}):
            candidat = Candidat(ligne.assure_id, ligne.plateforme_id, ligne.id_source, ligne.nom, ligne.naissance, ligne.mis_a_jour_at)
            trouves.setdefault(empreintes[bytes(ligne.empreinte)], []).append(candidat)
    return trouves


def withdraw_serie(conn: Connection, serie: str, emis_le: date, ordre: int) -> None:
    """A monthly declaration was replaced or cancelled at that moment."""
    conn.execute(query("dsn.retirer_serie"), {"serie": bytes.fromhex(serie), "emis_at": _emis_at(emis_le), "ordre": ordre})


def apply_faits(conn: Connection, places: Sequence[FaitPlace], series: Sequence[str], maintenant: datetime) -> int:
    """Write what is newer than what is known, take back what ``series`` and 998 withdraw; returns how many facts changed something."""
    conn.execute(query("dsn.vider"))
    conn.execute(query("dsn.creer"))
    pilote = conn.connection.driver_connection
    if pilote is None:
        raise RuntimeError("connection is closed")
    with pilote.cursor() as curseur, curseur.copy(str(query("dsn.copier"))) as copie:
        for place in places:
            copie.write_row(_row(place))
    conn.execute(query("dsn.analyser"))
    conn.execute(query("dsn.lire_remplacants"))
    conn.execute(query("dsn.retenir"), {"marqueur": MARQUEUR_SUSPENSION})
    valeurs = {"maintenant": maintenant, "marqueur": MARQUEUR_SUSPENSION, "series": [bytes.fromhex(serie) for serie in series]}
    for effet in _EFFETS:
        conn.execute(query(f"dsn.{effet}"), valeurs)
    return conn.execute(query("dsn.compter")).scalar_one()


def _row(place: FaitPlace) -> tuple[Any, ...]:
    fait, personne = place.fait, place.personne
    if fait.emis_le is None:
        raise ValueError("a fact without a date of declaration cannot be placed")
    cle = f"{personne.assure_id}|{fait.cle}"
    serie = None if fait.serie is None else bytes.fromhex(fait.serie)
    return (
        place.fichier_id, personne.plateforme_id, personne.assure_id, cle, fait.genre, fait.code, fait.neutre, fait.debut, fait.fin,
        fait.reprise_le, fait.reprise_code, fait.valeur, fait.siret, fait.nature_declaration, fait.annule, _emis_at(fait.emis_le),
        fait.ordre, serie, fait.remplace, fait.empreinte,
    )  # fmt: skip


def _emis_at(jour: date) -> datetime:
    """The norm gives a day, of Paris."""
    return datetime.combine(jour, time(), _PARIS)


def add_quarantaine(conn: Connection, fichier_id: UUID, ecartes: Sequence[FaitEcarte], maintenant: datetime) -> None:
    """Encrypt and keep; a line already there stays as it is."""
    for debut in range(0, len(ecartes), _PAQUET):
        lignes = [_aside(e, fichier_id, maintenant) for e in ecartes[debut : debut + _PAQUET]]
        conn.execute(query("dsn.mettre_en_quarantaine"), lignes)


def _aside(ecarte: FaitEcarte, fichier_id: UUID, maintenant: datetime) -> dict[str, Any]:
    return {
        "plateforme": ecarte.plateforme_id,
        "fichier": fichier_id,
        "numero": ecarte.ligne,
        "champ": ecarte.champ,
        "code": ecarte.code,
        "message": ecarte.message,
        "cle": None if ecarte.identite is None else fingerprint(ecarte.identite.nir).hex(),
        "contenu": encrypt(_dump(ecarte.fait, ecarte.identite)),
        "maintenant": maintenant,
    }


def _dump(fait: FaitDsn, identite: IdentiteDsn | None) -> str:
    qui = None
    if identite is not None:
        naissance = None if identite.naissance is None else identite.naissance.isoformat()
        qui = [identite.nir, identite.nom, identite.nom_usage, naissance, identite.nir_partage]
    return json.dumps({"fait": fait.to_json(), "identite": qui}, ensure_ascii=False)


def claim_rejouables(conn: Connection) -> list[FaitRejouable]:
    """Lock the quarantined facts that may now be placed."""
    rejouables = []
    for ligne in conn.execute(query("dsn.claim_rejouables")).all():
        contenu = json.loads(decrypt(bytes(ligne.contenu_chiffre)))
        nir, nom, usage, naissance, partage = contenu["identite"]
        identite = IdentiteDsn(nir, nom, usage, None if naissance is None else date.fromisoformat(naissance), partage)
        rejouables.append(FaitRejouable(ligne.id, ligne.fichier_id, load_fait(contenu["fait"]), identite))
    return rejouables


def resolve_rejouables(conn: Connection, repris: Sequence[tuple[UUID, str]], maintenant: datetime) -> None:
    """(line, platform of its person): they left the quarantine."""
    if repris:
        conn.execute(query("dsn.resoudre"), [{"id": i, "plateforme": p, "maintenant": maintenant} for i, p in repris])


def requalify(conn: Connection, lignes: Sequence[UUID], code: str, message: str) -> None:
    """They wait for another reason now."""
    if lignes:
        conn.execute(query("dsn.requalifier"), [{"id": ligne, "code": code, "message": message} for ligne in lignes])
