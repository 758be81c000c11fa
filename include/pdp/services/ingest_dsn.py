"""DSN files in: every fact of every declaration is taken, already known, or in quarantine with its reason, whatever the order of files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan_flux import BilanFlux
from pdp.domain.dsn import FichierDsn, PersonneDsn
from pdp.domain.dsn_faits import FaitDsn, build_serie, is_remplacante, list_faits
from pdp.domain.dsn_identite import Candidat, resolve_personne
from pdp.services.load_flux import find_deja_vu
from pdp.storage import dsn_repository as depot
from pdp.storage import journal
from pdp.storage.dsn_repository import FaitEcarte, FaitPlace, LectureDsn, identify
from pdp.storage.sql import query

FLUX = "dsn"
_MESSAGES = {
    "assure_inconnu": "Ce fait cite une personne qui n'est pas encore connue : il sera repris dès qu'elle arrivera.",
    "nir_partage": "Le NIR ne désigne pas une seule personne avec ce nom et cette date de naissance : rien n'est attribué au hasard.",
}


def find_refus(fichier: FichierDsn) -> tuple[str, str] | None:
    """(code, French sentence) when nothing of the file may be loaded: cut, unreadable, or a test by its own words."""
    if fichier.refus is not None:
        return fichier.refus
    if any(declaration.essai for declaration in fichier.declarations):
        return "envoi_de_test", "L'envoi se dit lui-même d'essai (S10.G00.00.005). Rien n'a été pris."
    return None


def ingest_dsn_fichier(conn: Connection, chemin: Path, auteur: Auteur, maintenant: datetime) -> BilanFlux:
    """Take one DSN file in the caller's transaction. The same content again changes nothing (``deja_charge``, ``deja_refuse``).

    Lines of the result are facts: ``lignes`` = ``admises`` + ``inchangees`` + ``rejetees``. A file refused as a whole leaves one row
    with its reason and nothing else.
    """
    conn.execute(query("flux.verrouiller"))
    lecture = depot.read_fichier(chemin)
    refus = find_refus(lecture.fichier)
    if refus is not None:
        return _refuse(conn, chemin, lecture, refus, maintenant)
    with conn.begin_nested():
        return _load(conn, chemin, lecture, maintenant)


def replay_dsn(conn: Connection, maintenant: datetime) -> int:
    """Take the quarantined facts of people who have just become known, under their own files; returns how many.

    To be called after a file of insured people. What still singles nobody out stays, and says so.
    """
    rejouables = depot.claim_rejouables(conn)
    if not rejouables:
        return 0
    candidats = depot.list_candidats(conn, {r.identite.nir for r in rejouables})
    places: list[FaitPlace] = []
    repris: list[tuple[UUID, str]] = []
    attente: list[UUID] = []
    for rejouable in rejouables:
        qui = resolve_personne(rejouable.identite, candidats.get(rejouable.identite.nir, ()))
        if isinstance(qui, Candidat):
            places.append(FaitPlace(rejouable.fichier_id, rejouable.fait, qui))
            repris.append((rejouable.id, qui.plateforme_id))
        else:
            attente.append(rejouable.id)
    depot.requalify(conn, attente, "nir_partage", _MESSAGES["nir_partage"])
    if places:
        depot.apply_faits(conn, places, (), maintenant)
        depot.resolve_rejouables(conn, repris, maintenant)
        journal.record(conn, "ligne_rejouee", plateforme_id=None, donnees={"flux": FLUX, "lignes": len(repris)})
    return len(repris)


def _load(conn: Connection, chemin: Path, lecture: LectureDsn, maintenant: datetime) -> BilanFlux:
    identite = {"flux": FLUX, "nom": chemin.name, "empreinte": lecture.empreinte, "taille": lecture.taille, "maintenant": maintenant}
    fichier_id = conn.execute(query("flux.ouvrir_fichier"), identite).scalar()
    if fichier_id is None:
        return find_deja_vu(conn, FLUX, lecture.empreinte)
    places, ecartes = _sort(conn, fichier_id, lecture.fichier)
    admises = depot.apply_faits(conn, places, _withdraw(conn, lecture.fichier), maintenant)
    depot.add_quarantaine(conn, fichier_id, ecartes, maintenant)
    comptes = {"lignes": len(places) + len(ecartes), "admises": admises, "inchangees": len(places) - admises, "rejetees": len(ecartes)}
    conn.execute(query("flux.fermer_fichier"), {**comptes, "fichier": fichier_id})
    journal.record(conn, "fichier_charge", plateforme_id=None, donnees={"flux": FLUX, "fichier_id": fichier_id, **comptes})
    return BilanFlux(fichier_id, FLUX, "charge", **comptes)


def _withdraw(conn: Connection, fichier: FichierDsn) -> list[str]:
    """Series of the monthly declarations that the file replaces or cancels."""
    series = []
    for declaration in fichier.declarations:
        serie = build_serie(declaration)
        if serie is not None and is_remplacante(declaration) and declaration.emise_le is not None:
            depot.withdraw_serie(conn, serie, declaration.emise_le, declaration.ordre)
            series.append(serie)
    return series


def _list_faits(fichier: FichierDsn) -> Iterator[tuple[PersonneDsn, FaitDsn]]:
    for declaration in fichier.declarations:
        for personne in declaration.personnes:
            for fait in list_faits(declaration, personne):
                yield personne, fait


def _sort(conn: Connection, fichier_id: UUID, fichier: FichierDsn) -> tuple[list[FaitPlace], list[FaitEcarte]]:
    """Facts whose person is certain, and the others with the reason."""
    faits = list(_list_faits(fichier))
    candidats = depot.list_candidats(conn, {personne.nir for personne, _ in faits if personne.nir is not None})
    places: list[FaitPlace] = []
    ecartes: list[FaitEcarte] = []
    for personne, fait in faits:
        qui = resolve_personne(personne, candidats.get(personne.nir, ())) if personne.nir else personne.nir_faute or "nir_absent"
        connue = qui if isinstance(qui, Candidat) else None
        refus = fait.refus
        if refus is not None:
            plateforme = connue.plateforme_id if connue else None
            ecartes.append(FaitEcarte(fait.ligne, refus[0], refus[1], refus[2], fait, None, plateforme))
        elif connue is not None:
            places.append(FaitPlace(fichier_id, fait, connue))
        else:
            code = str(qui)
            message = _MESSAGES.get(code, "Le NIR de la personne est absent ou faux : personne ne peut être reconnu.")
            ecartes.append(FaitEcarte(fait.ligne, "S21.G00.30.001", code, message, fait, identify(personne)))
    return places, ecartes


def _refuse(conn: Connection, chemin: Path, lecture: LectureDsn, refus: tuple[str, str], maintenant: datetime) -> BilanFlux:
    code, motif = refus
    fichier_id = conn.execute(
        query("flux.refuser_fichier"),
        {
            "flux": FLUX,
            "empreinte": lecture.empreinte,
            "nom": chemin.name,
            "taille": lecture.taille,
            "code": code,
            "motif": motif,
            "maintenant": maintenant,
        },
    ).scalar()
    if fichier_id is None:
        return find_deja_vu(conn, FLUX, lecture.empreinte)
    journal.record(conn, "fichier_refuse", plateforme_id=None, donnees={"flux": FLUX, "fichier_id": fichier_id, "code": code})
    return BilanFlux(fichier_id, FLUX, "refuse", motif_code=code, motif=motif)
