"""Apply the answers of partners, whatever their transport: on the hand-over, then on the parcours and its open reasons.

Statuses only go forward. An older version is ignored; an answer that cannot follow what is known is set aside and read by a
person. What else a partner says (meetings, news, questions) are facts read again from all that was kept: answers that overtake
each other end in the same state as answers in order.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pdp.domain import parcours as vie
from pdp.domain.auteur import Auteur
from pdp.domain.bilan import A_SUIVRE, Bilan
from pdp.domain.orientation import MOTIFS_REFUS, PAR_PARTENAIRE, Statut, can_partenaire
from pdp.errors import ErreurPdp
from pdp.services.apply_evenement import apply_evenement, open_lecture
from pdp.services.lignes_reponse import LigneOrientation, LigneReponse
from pdp.services.move_parcours import LigneParcours, apply_acte, lock_parcours
from pdp.services.refresh_horloge import refresh_horloge
from pdp.storage import journal
from pdp.storage.inbox import MARQUE_AUTRE_CONTENU
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query

_log = logging.getLogger(__name__)
LOT = 200
"""Answers applied in one transaction."""
ATTENTE_INCONNUE = timedelta(minutes=5)
TERMINEES = frozenset({Statut.REFUSEE, Statut.REALISEE, Statut.SANS_SUITE})
_NOTES = {
    Statut.REALISEE: "Accompagnement terminé : lire le compte rendu.",
    Statut.SANS_SUITE: "Le partenaire n'a pas pu donner suite.",
}
_NOTE_ECART = "Réponse du partenaire mise de côté, car elle contredit ce qui est connu : à vérifier avec lui."


def apply_reponses(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime, lot: int = LOT) -> Bilan:
    """Apply waiting answers of a platform, by hand-over and version, in the caller's transaction; a second call does nothing.

    At most ``lot``: when more wait ``detail`` holds ``a_suivre``, and the caller commits and calls again. ``traites`` = applied,
    ``ignores`` = older ones and those waiting for an unknown hand-over (5 minutes), ``echoues`` = set aside, or left for the next
    sweep.
    """
    comptes: Counter[str] = Counter()
    for reponse in list_lignes(conn, "inbox.lister_a_appliquer", LigneReponse, plateforme=plateforme_id):
        if comptes["appliquee"] >= lot:
            comptes[A_SUIVRE] = 1
            break
        comptes[_apply_apart(conn, auteur, reponse, maintenant)] += 1
    ignores = comptes["ancienne"] + comptes["attente"]
    return Bilan(comptes["appliquee"], ignores, comptes["quarantaine"] + comptes["en_echec"], dict(comptes))


def _apply_apart(conn: Connection, auteur: Auteur, reponse: LigneReponse, maintenant: datetime) -> str:
    """Under a savepoint of its own: an answer that cannot be applied now (a locked case, a fault) does not stop the others."""
    try:
        with conn.begin_nested():
            resultat = _apply(conn, auteur, reponse, maintenant)
            if resultat != "attente":
                conn.execute(query("inbox.traiter"), {"id": reponse.id, "maintenant": maintenant, "resultat": resultat})
            if resultat in ("appliquee", "ancienne"):
                _read_again(conn, auteur, reponse, maintenant)
            return resultat
    except (DBAPIError, ErreurPdp) as erreur:
        if isinstance(erreur, DBAPIError) and erreur.connection_invalidated:
            raise
        _log.warning("answer %s left for the next sweep (%s)", reponse.id, type(erreur).__name__)
        return "en_echec"


def can_follow(avant: str, apres: str, saut: bool) -> bool:
    """Whether ``apres`` may follow ``avant``; with ``saut`` (versions in between are still to come) through several steps."""
    if avant not in set(Statut):
        return False
    if can_partenaire(avant, apres) or not saut:
        return can_partenaire(avant, apres)
    return any(can_follow(suivant, apres, True) for suivant in PAR_PARTENAIRE.get(Statut(avant), frozenset()))


def _apply(conn: Connection, auteur: Auteur, reponse: LigneReponse, maintenant: datetime) -> str:
    parametres = {"orientation": reponse.orientation_id, "partenaire": reponse.partenaire_id, "plateforme": reponse.plateforme_id}
    parcours_id = conn.execute(query("inbox.trouver_parcours"), parametres).scalar()
    if parcours_id is None:
        if maintenant - reponse.recu_at < ATTENTE_INCONNUE:
            return "attente"
        _journal(conn, "reponse_mise_de_cote", reponse, None)
        return "quarantaine"
    parcours = lock_parcours(conn, parcours_id)  # before the orientation, as the services of people do
    orientation = find_ligne(conn, "inbox.verrouiller_orientation", LigneOrientation, **parametres)
    if orientation is None:
        raise LookupError("orientation vanished under lock")
    if MARQUE_AUTRE_CONTENU in reponse.evenement_id:
        return _set_aside(conn, auteur, reponse, parcours, maintenant)
    if reponse.statut is None:
        return apply_evenement(conn, auteur, reponse, orientation, parcours, maintenant)
    if reponse.version <= orientation.version_partenaire and not _is_other_count(conn, reponse, orientation):
        return "ancienne"
    repetee = reponse.statut == orientation.statut
    if not repetee and not can_follow(orientation.statut, reponse.statut, _has_gap(conn, reponse, orientation)):
        return _set_aside(conn, auteur, reponse, parcours, maintenant)
    _write(conn, reponse, maintenant)
    _journal(conn, "orientation_repondue", reponse, parcours)
    if not repetee:
        _follow(conn, auteur, reponse, orientation, parcours, maintenant)
    elif reponse.compte_rendu not in (None, orientation.compte_rendu):
        open_lecture(conn, auteur, parcours, reponse, "Le partenaire a complété son compte rendu.", maintenant)
    return "appliquee"


def _read_again(conn: Connection, auteur: Auteur, reponse: LigneReponse, maintenant: datetime) -> None:
    """Facts are those of every answer kept so far, whatever the order of arrival; the clock and the open reason follow."""
    conn.execute(query("inbox.ecrire_faits"), {"orientation": reponse.orientation_id})
    parcours_id = conn.execute(query("orientations.trouver_parcours"), {"orientation": reponse.orientation_id}).scalar_one()
    refresh_horloge(conn, auteur, parcours_id, reponse.orientation_id, maintenant)


def _has_gap(conn: Connection, reponse: LigneReponse, orientation: LigneOrientation) -> bool:
    """Whether steps told before this one are still to come; what is no step leaves no gap."""
    bornes = {"orientation": orientation.id, "de": orientation.version_partenaire, "a": reponse.version}
    connues = conn.execute(query("inbox.compter_entre"), bornes).scalar_one()
    return bool(reponse.version - orientation.version_partenaire - 1 > connues)


def _is_other_count(conn: Connection, reponse: LigneReponse, orientation: LigneOrientation) -> bool:
    """Whether it is a step forward, told by a transport that had said nothing as late: each transport counts its own versions, and a
    partner who changed, or who answers by two, is heard by both."""
    if not can_partenaire(orientation.statut, str(reponse.statut)):
        return False
    return bool(conn.execute(query("inbox.est_d_un_autre_compte"), {"id": reponse.id}).scalar_one())


def _write(conn: Connection, reponse: LigneReponse, maintenant: datetime) -> None:
    conn.execute(
        query("inbox.appliquer"),
        {
            "orientation": reponse.orientation_id,
            "statut": reponse.statut,
            "version": reponse.version,
            "motif": reponse.motif,
            "compte_rendu": reponse.compte_rendu,
            "survenu_at": reponse.survenu_at,
            "maintenant": maintenant,
        },
    )


def _follow(
    conn: Connection, auteur: Auteur, reponse: LigneReponse, orientation: LigneOrientation, parcours: LigneParcours, maintenant: datetime
) -> None:
    """What an answer changes for the CSAM: the parcours moves, what is to be read is opened; what was awaited follows the clock."""
    statut = Statut(reponse.statut)
    if statut in TERMINEES:
        autres = conn.execute(query("inbox.compter_autres_actives"), {"parcours": parcours.id, "orientation": orientation.id}).scalar_one()
        if not autres:
            _move(conn, parcours, "relais_termine", maintenant)
        note = f"Refus : {MOTIFS_REFUS[reponse.motif].lower()}." if reponse.motif in MOTIFS_REFUS else _NOTES.get(statut)
        open_lecture(conn, auteur, parcours, reponse, note, maintenant)
    elif statut is not Statut.RECUE and orientation.statut not in (Statut.ACCEPTEE, Statut.EN_COURS):
        _move(conn, parcours, "relais_accepte", maintenant)


def _move(conn: Connection, parcours: LigneParcours, acte: str, maintenant: datetime) -> None:
    """The parcours may have gone elsewhere meanwhile (closed, interrupted, a new télé-échange): the answer is kept all the same."""
    if (acte, vie.Statut(parcours.statut)) in vie.TRANSITIONS:
        apply_acte(conn, parcours.id, acte, maintenant)


def _set_aside(conn: Connection, auteur: Auteur, reponse: LigneReponse, parcours: LigneParcours, maintenant: datetime) -> str:
    _journal(conn, "reponse_mise_de_cote", reponse, parcours)
    open_lecture(conn, auteur, parcours, reponse, _NOTE_ECART, maintenant)
    return "quarantaine"


def _journal(conn: Connection, evenement: str, reponse: LigneReponse, parcours: LigneParcours | None) -> None:
    journal.record(
        conn,
        evenement,
        plateforme_id=reponse.plateforme_id,
        assure_id=parcours.assure_id if parcours else None,
        parcours_id=parcours.id if parcours else None,
        donnees={"orientation_id": reponse.orientation_id, "statut": reponse.statut, "version": reponse.version, "reponse_id": reponse.id},
    )
