"""Two rows become one person, and two again: one case goes on with both histories, the other closes as a duplicate. One transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row
from sqlalchemy.exc import IntegrityError

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.services.apply_gestes import apply_gestes
from pdp.services.close_parcours import close_parcours
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import open_tache
from pdp.services.orient_parcours import revoke_orientations
from pdp.storage import journal
from pdp.storage.sql import query

PIECES = ("tele_echange", "message_rendez_vous", "contact", "accord", "orientation", "outbox", "soutien_psy", "seance_psy", "tache")
PERSONNE = ("parcours", "alerte", "silence", "preference", "coordonnee")
FAITS_RENDUS = ("rendre_arrets", "rendre_ij", "rendre_affections", "rendre_faits_dsn")
NOTE = "Deux dossiers de cette personne ont été réunis : reprenez là où ils en sont."


def merge(conn: Connection, auteur: Auteur, paire: Row[Any], maintenant: datetime) -> Bilan:
    """Join both rows; refused, and told, when one of them was merged elsewhere meanwhile.

    What both cases hold (an agreement in force for the same recipient, an appointment to come) stays with the case that goes on.
    """
    personnes = {"garde": paire.garde_id, "efface": paire.efface_id}
    conn.execute(query("doublons.verrouiller_personnes"), personnes)
    if not conn.execute(query("doublons.est_libre"), personnes).scalar_one():
        conn.execute(query("doublons.refuser"), {"doublon": paire.id, "etat": "a_comparer", "code": "fusionne_ailleurs"})
        return Bilan(ignores=1, detail={"fusionne_ailleurs": 1})
    journal.live_at(conn, maintenant)
    for ouvert in conn.execute(query("doublons.lister_ouverts"), personnes).all():
        apply_gestes(conn, auteur, maintenant, parcours_id=ouvert.id)  # what the person chose a minute ago is moved with the rest
    ouverts = conn.execute(query("doublons.lister_ouverts"), personnes).all()
    garde, clos = (ouverts[0] if ouverts else None), (ouverts[1] if len(ouverts) > 1 else None)
    cle = {"doublon": paire.id, "plateforme": paire.plateforme_id}
    if garde is not None and clos is not None:
        conn.execute(query("fusion.retenir_pieces"), {**cle, "garde": garde.id, "clos": clos.id})
        for piece in PIECES:
            conn.execute(query(f"fusion.deplacer_{piece}"), {"doublon": paire.id, "vers": garde.id})
        conn.execute(query("fusion.resserrer_accords"), {"garde": garde.id, "clos": clos.id})
        _hear_last_word(conn, auteur, paire, garde.id, maintenant)
        close_parcours(
            conn,
            auteur,
            clos.id,
            motif="doublon",
            situation="inconnu",
            survenu_le=None,
            provenance="donnee_administrative",
            maintenant=maintenant,
        )
    conn.execute(query("fusion.retenir_personne"), {**cle, **personnes})
    for table in PERSONNE:
        conn.execute(query(f"fusion.repointer_{table}"), {"doublon": paire.id, "vers": paire.garde_id})
    conn.execute(query("doublons.pointer"), {"efface": paire.efface_id, "vers": paire.garde_id})
    conn.execute(
        query("doublons.fusionner"),
        {
            "doublon": paire.id,
            "maintenant": maintenant,
            "garde": garde.id if garde else None,
            "clos": clos.id if clos else None,
            "statut": clos.statut if clos else None,
        },
    )
    for parcours in (p for p in (garde, clos) if p is not None):
        _record(conn, "dossiers_fusionnes", paire, parcours.id, garde.id if garde else None)
    if garde is not None and garde.csam_id is not None:
        _keep_next_action(conn, auteur, paire, garde.id, maintenant)
    return Bilan(traites=1, detail={"fusionnes": 1})


def part(conn: Connection, auteur: Auteur, paire: Row[Any], maintenant: datetime) -> Bilan:
    """Everything where it was; refused, and told, when somebody acted since on the case that goes on."""
    conn.execute(query("doublons.verrouiller_personnes"), {"garde": paire.garde_id, "efface": paire.efface_id})
    journal.live_at(conn, maintenant)
    depuis = {"garde": paire.garde_id, "applique_at": paire.applique_at}
    if conn.execute(query("doublons.agi_depuis"), depuis).scalar_one():
        return _refuse_part(conn, paire)
    try:
        with conn.begin_nested():
            _put_back(conn, paire, maintenant)
    except IntegrityError:  # another case, or another silence, was opened for one of them since
        return _refuse_part(conn, paire)
    for parcours_id in (paire.parcours_garde_id, paire.parcours_clos_id):
        if parcours_id is not None:
            _record(conn, "fusion_annulee", paire, parcours_id, None)
    return Bilan(traites=1, detail={"separes": 1})


def _put_back(conn: Connection, paire: Row[Any], maintenant: datetime) -> None:
    cle = {"doublon": paire.id, "maintenant": maintenant}
    for table in PERSONNE:
        conn.execute(query(f"fusion.repointer_{table}"), {"doublon": paire.id, "vers": paire.efface_id})
    if paire.parcours_garde_id is not None and paire.parcours_clos_id is not None:
        conn.execute(query("doublons.rouvrir"), cle)
        conn.execute(query("issues.annuler_jalon"), {"parcours": paire.parcours_clos_id, "jalon": "cloture", "maintenant": maintenant})
        for piece in PIECES:
            conn.execute(query(f"fusion.deplacer_{piece}"), {"doublon": paire.id, "vers": paire.parcours_clos_id})
        conn.execute(query("fusion.rendre_accords"), cle)
        conn.execute(query("fusion.rendre_rendez_vous"), cle)
        conn.execute(query("fusion.rendre_taches"), cle)
        conn.execute(query("doublons.fermer_reprise"), {"parcours": paire.parcours_garde_id, "cause": f"fusion:{paire.id}", **cle})
    conn.execute(query("doublons.pointer"), {"efface": paire.efface_id, "vers": None})
    conn.execute(query("doublons.oublier_demenagement"))
    conn.execute(query("doublons.preparer_retour"), cle)
    for effet in FAITS_RENDUS:
        conn.execute(query(f"doublons.{effet}"), cle)
    conn.execute(query("doublons.oublier_demenagement"))
    conn.execute(query("doublons.oublier_lignes"), cle)
    conn.execute(query("doublons.separer"), cle)


def _hear_last_word(conn: Connection, auteur: Auteur, paire: Row[Any], garde_id: UUID, maintenant: datetime) -> None:
    """What the person refused or withdrew later, on either case, holds for both: hand-overs under an older agreement are taken back.

    Parted again, the agreements stand as before; the hand-overs stay taken back, and their coordinator was told.
    """
    cle = {"garde": garde_id, "maintenant": maintenant, "jour": get_lieu(conn, paire.plateforme_id).jour(maintenant)}
    for fin in conn.execute(query("fusion.remplacer_accords"), cle).all():
        revoke_orientations(conn, auteur, garde_id, fin.destinataire, maintenant, partenaire_id=fin.partenaire_id)
    if conn.execute(query("fusion.accompagnement_refuse"), {"garde": garde_id}).scalar_one():
        revoke_orientations(conn, auteur, garde_id, None, maintenant)


def _refuse_part(conn: Connection, paire: Row[Any]) -> Bilan:
    conn.execute(query("doublons.refuser"), {"doublon": paire.id, "etat": "fusionne", "code": "agi_depuis"})
    if paire.parcours_garde_id is not None:
        _record(conn, "fusion_impossible", paire, paire.parcours_garde_id, None)
    return Bilan(ignores=1, detail={"agi_depuis": 1})


def _keep_next_action(conn: Connection, auteur: Auteur, paire: Row[Any], parcours_id: UUID, maintenant: datetime) -> None:
    if conn.execute(query("taches.prochaine_echeance"), {"parcours": parcours_id}).scalar() is None:
        open_tache(
            conn,
            plateforme_id=paire.plateforme_id,
            parcours_id=parcours_id,
            motif="faire_le_point",
            cause=f"fusion:{paire.id}",
            maintenant=maintenant,
            auteur=auteur,
            note=NOTE,
        )


def _record(conn: Connection, evenement: str, paire: Row[Any], parcours_id: UUID, garde_id: UUID | None) -> None:
    donnees = {"doublon_id": paire.id, **({"parcours_garde_id": garde_id} if garde_id else {})}
    journal.record(conn, evenement, plateforme_id=paire.plateforme_id, assure_id=paire.garde_id, parcours_id=parcours_id, donnees=donnees)
