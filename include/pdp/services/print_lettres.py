"""Letters: prepared like any message, printed in one PDF, marked as posted, and recorded when they come back. No postal gateway exists.

Printing is the claim of a letter: silence, refusal and address are asked again, and what may no longer leave is set aside and said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.coordonnees import fingerprint_coordonnee
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.messages.lettre import Lettre, render_lettres
from pdp.services.delais import get_lieu
from pdp.services.read_destinataire import LignePersonne, get_joignabilite, get_personne
from pdp.services.record_silence import find_silence
from pdp.services.send_message import ask_another_channel, mark_dead
from pdp.storage import journal
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query

LOT_MAX = 200


@dataclass(frozen=True)
class LigneLettre:
    """A letter waiting: to print, or printed and to post."""

    id: UUID
    cle: UUID
    plateforme_id: str
    parcours_id: UUID
    canal: str
    type: str
    charge: dict[str, Any]
    etat: str
    essais: int
    cree_at: datetime
    imprime_at: datetime | None
    trop_tard_at: datetime | None
    nom: str
    prenom: str
    csam_id: UUID | None
    csam_nom: str | None
    adresse: bool


@dataclass(frozen=True)
class Impression:
    """What a print made: the PDF (None when nothing may leave), how many letters, how many set aside and why in words."""

    pdf: bytes | None
    imprimees: int
    ecartees: tuple[str, ...]


def list_lettres(conn: Connection) -> list[LigneLettre]:
    """Letters of the platform that wait to be printed or posted, oldest first."""
    return list_lignes(conn, "lettres.lister", LigneLettre, ids=None)


def preview_lettre(conn: Connection, parcours_id: UUID, message_id: UUID, maintenant: datetime) -> bytes:
    """The letter as it is or would be printed today; writes nothing."""
    ligne = conn.execute(query("lettres.lire"), {"id": message_id, "parcours": parcours_id}).one_or_none()
    if ligne is None:
        raise Introuvable
    personne = get_personne(conn, parcours_id)
    jour = get_lieu(conn, personne.plateforme_id).jour(ligne.imprime_at or maintenant)
    return render_lettres([_letter(personne, f"{ligne.prenom} {ligne.nom}", ligne.id, ligne.charge, jour)])


def print_lettres(conn: Connection, auteur: Auteur, ids: Sequence[UUID], maintenant: datetime) -> Impression:
    """One PDF of these letters, each marked as printed. Asked again before they are posted, the same letters are printed again.

    A letter in the hands of somebody else is left out. Raises :class:`DonneeInvalide` for none or more than ``LOT_MAX``.
    """
    if not 1 <= len(ids) <= LOT_MAX:
        raise DonneeInvalide(f"Choisissez de 1 à {LOT_MAX} courriers à imprimer. Rien n'a changé.", code="letters_count")
    journal.live_at(conn, maintenant)
    pretes: list[Lettre] = []
    ecartees: list[str] = []
    conn.execute(query("lettres.verrouiller"), {"ids": list(ids)}).all()
    for ligne in list_lignes(conn, "lettres.lister", LigneLettre, ids=list(ids)):
        personne = get_personne(conn, ligne.parcours_id)
        lieu = get_lieu(conn, ligne.plateforme_id)
        code = _obstacle(conn, personne, ligne, lieu.jour(maintenant), maintenant)
        nom = f"{ligne.prenom} {ligne.nom}"
        if code == "adresse_absente":
            ecartees.append(f"{nom} : adresse postale à saisir")
            continue
        if code is not None:
            _set_aside(conn, auteur, ligne, code, maintenant)
            ecartees.append(f"{nom} : {_RAISONS[code]}")
            continue
        empreinte = fingerprint_coordonnee(personne.adresse or "")
        conn.execute(query("lettres.imprimer"), {"id": ligne.id, "maintenant": maintenant, "empreinte": empreinte})
        _tell(conn, "lettre_imprimee", ligne)
        pretes.append(_letter(personne, nom, ligne.id, ligne.charge, lieu.jour(maintenant)))
    return Impression(render_lettres(pretes) if pretes else None, len(pretes), tuple(ecartees))


def withhold_lettres(conn: Connection, auteur: Auteur, ids: Sequence[UUID], maintenant: datetime) -> tuple[str, ...]:
    """Printed letters that may no longer leave (a death, a refusal since) are set aside; who and why, for who has them in hand."""
    journal.live_at(conn, maintenant)
    conn.execute(query("lettres.verrouiller"), {"ids": list(ids)}).all()
    retenues = []
    for ligne in list_lignes(conn, "lettres.lister", LigneLettre, ids=list(ids)):
        code = _obstacle(
            conn, get_personne(conn, ligne.parcours_id), ligne, get_lieu(conn, ligne.plateforme_id).jour(maintenant), maintenant
        )
        if ligne.imprime_at is not None and code in _RAISONS:
            _set_aside(conn, auteur, ligne, code, maintenant)
            retenues.append(f"{ligne.prenom} {ligne.nom} : {_RAISONS[code]}")
    return tuple(retenues)


def post_lettres(conn: Connection, ids: Sequence[UUID], maintenant: datetime) -> int:
    """Mark printed letters as posted, and return how many were; a second call returns 0."""
    journal.live_at(conn, maintenant)
    postees = 0
    for ligne in list_lignes(conn, "lettres.lister", LigneLettre, ids=list(ids)):
        if conn.execute(query("lettres.poster"), {"id": ligne.id, "maintenant": maintenant}).scalar() is not None:
            _tell(conn, "lettre_postee", ligne)
            postees += 1
    return postees


def reprint_lettres(conn: Connection, ids: Sequence[UUID], maintenant: datetime) -> int:
    """Put printed letters back among those to print (spoilt, not folded): they may be taken back again. Returns how many."""
    return _put_back(conn, "lettres.remettre_a_imprimer", {"ids": list(ids)}, maintenant)


def unpost_lettres(conn: Connection, poste_at: datetime, maintenant: datetime) -> int:
    """Undo a click on « postés »: the letters marked at this very instant are to be posted again. Returns how many; twice is 0."""
    return _put_back(conn, "lettres.annuler_poste", {"poste_at": poste_at}, maintenant)


def _put_back(conn: Connection, requete: str, parametres: dict[str, Any], maintenant: datetime) -> int:
    journal.live_at(conn, maintenant)
    remises = conn.execute(query(requete), parametres).all()
    for ligne in remises:
        journal.record(
            conn,
            "lettre_remise_en_liste",
            plateforme_id=ligne.plateforme_id,
            parcours_id=ligne.parcours_id,
            donnees={"message_id": ligne.id, "type": ligne.type, "canal": "courrier"},
        )
    return len(remises)


def return_lettre(conn: Connection, auteur: Auteur, parcours_id: UUID, message_id: UUID, maintenant: datetime) -> None:
    """The letter came back: the address is dead until it changes, and another channel is asked for. Twice is once."""
    ligne = find_ligne(conn, "lettres.verrouiller_postee", LigneRevenue, id=message_id, parcours=parcours_id)
    if ligne is None:
        raise Introuvable
    if ligne.etat != "livre":
        raise Conflit("Ce courrier n'est pas noté comme posté : il ne peut pas être revenu. Rien n'a changé.")
    if ligne.remise is not None:
        return
    journal.live_at(conn, maintenant)
    conn.execute(query("lettres.revenir"), {"id": message_id, "maintenant": maintenant})
    mark_dead(conn, message_id, parcours_id, "courrier", "npai", maintenant)
    _tell(conn, "lettre_revenue", ligne)
    ask_another_channel(conn, auteur, ligne, "npai", maintenant)


@dataclass(frozen=True)
class LigneRevenue:
    """A letter as it comes back, locked."""

    id: UUID
    cle: UUID
    plateforme_id: str
    parcours_id: UUID
    canal: str
    type: str
    etat: str
    essais: int
    remise: str | None


_RAISONS = {
    "silence": "la personne est en silence, le courrier ne part pas",
    "refus_canal": "la personne refuse le courrier",
    "coordonnee_morte": "un courrier est déjà revenu de cette adresse",
    "parcours_clos": "le parcours est clos",
    "trop_tard": "il est trop tard pour ce courrier",
}


def _obstacle(conn: Connection, personne: LignePersonne, ligne: LigneLettre, jour: Any, maintenant: datetime) -> str | None:
    joignable = get_joignabilite(conn, personne)
    if personne.clos_at is not None and personne.clos_at >= ligne.cree_at:
        return "parcours_clos"
    if ligne.trop_tard_at is not None and maintenant >= ligne.trop_tard_at:
        return "trop_tard"
    if find_silence(conn, personne.assure_id, jour) is not None:
        return "silence"
    if "courrier" in joignable.refus:
        return "refus_canal"
    if "courrier" in joignable.morts:
        return "coordonnee_morte"
    return "adresse_absente" if personne.adresse is None else None


def _set_aside(conn: Connection, auteur: Auteur, ligne: LigneLettre, code: str, maintenant: datetime) -> None:
    conn.execute(query("lettres.ecarter"), {"id": ligne.id, "code": code})
    _tell(conn, "message_rappele", ligne, motif=code)
    if code in ("refus_canal", "coordonnee_morte"):
        ask_another_channel(conn, auteur, ligne, code, maintenant)


def _letter(personne: LignePersonne, nom: str, id: UUID, charge: Any, jour: Any) -> Lettre:
    return Lettre(
        nom,
        personne.adresse,
        personne.plateforme,
        personne.plateforme_telephone,
        str(id)[:8].upper(),
        charge["objet"],
        charge["texte"],
        jour,
        charge["langue"],
        charge["gros"],
    )


def _tell(conn: Connection, evenement: str, ligne: LigneLettre | LigneRevenue, **suite: str) -> None:
    journal.record(
        conn,
        evenement,
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"message_id": ligne.id, "type": ligne.type, "canal": "courrier", **suite},
    )
