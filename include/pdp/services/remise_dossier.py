"""What an act wrote, put back row by row: created rows are marked, changed rows get their former codes and dates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.contenu import keep_classes
from pdp.services.photo_dossier import LigneActe
from pdp.services.rendre_brouillon import give_back_brouillons
from pdp.storage import journal
from pdp.storage.sql import query

# Created rows first, so that what they took the place of (a slot, the current silence, the agreement in force) is free again.
CREEES = (
    "tache",
    "affectation",
    "contact",
    "parole",
    "coordonnee",
    "invitation",
    "message_rendez_vous",
    "sante_declaree",
    "question",
    "relance",
    "orientation",
    "accord",
    "accord_retrait",
    "tele_echange",
    "soutien_psy",
    "seance_psy",
    "issue",
    "silence",
    "verdict",
    "suivi_medical",
    "derogation",
    "parcours",
)
CHANGEES = (
    "parcours",
    "affectation",
    "contact",
    "parole",
    "coordonnee",
    "invitation",
    "message_rendez_vous",
    "courrier",
    "tele_echange",
    "accord",
    "orientation",
    "question",
    "outbox",
    "soutien_psy",
    "seance_psy",
    "issue",
    "silence",
    "alerte",
    "verdict",
    "signalement",
    "suivi_medical",
    "tache",
)
PROPRES_AU_RESPONSABLE = frozenset({"parcours", "tache"})


def put_back(conn: Connection, auteur: Auteur, acte_id: UUID, lignes: Sequence[LigneActe], maintenant: datetime) -> int:
    """Put every row back as it was and return how many messages were recalled, -1 when one may have left (nothing may then be kept).

    The caller holds the lock of the case and has checked that nobody changed these rows since.
    """
    creees, changees = _group(lignes, creees=True), _group(lignes, creees=False)
    messages = creees.get("outbox", [])
    if len(messages) != _recall(conn, messages):
        return -1
    if auteur.role == "csam":
        give_back_brouillons(conn, auteur, lignes, maintenant)
    if "alerte" in creees:
        conn.execute(query("annulation.retirer_alertes"), {"acte": acte_id, "maintenant": maintenant})
    for table in CREEES:
        if table in creees:
            parametres = {"ids": [ligne.id for ligne in creees[table]], "maintenant": maintenant, "par": auteur.id}
            conn.execute(query(f"neutralisation.neutraliser_{table}"), parametres)
    for table in CHANGEES:
        if table in changees:
            _restore(conn, auteur, table, changees[table])
    return len(messages)


def _group(lignes: Sequence[LigneActe], *, creees: bool) -> dict[str, list[LigneActe]]:
    groupes: dict[str, list[LigneActe]] = {}
    for ligne in lignes:
        if (ligne.avant is None) is creees:
            groupes.setdefault(ligne.table, []).append(ligne)
    return groupes


def _recall(conn: Connection, messages: Sequence[LigneActe]) -> int:
    """How many of these messages have not left: those found back by the sender itself count, nothing left of them."""
    if not messages:
        return 0
    rappeles = conn.execute(query("annulation.rappeler_messages"), {"ids": [m.id for m in messages]}).all()
    for ligne in rappeles:
        journal.record(
            conn,
            "message_rappele",
            plateforme_id=ligne.plateforme_id,
            parcours_id=ligne.parcours_id,
            donnees={"orientation_id": ligne.orientation_id, "type": ligne.type, "motif": "saisie_annulee"},
        )
    deja = conn.execute(query("annulation.compter_jamais_partis"), {"ids": [m.id for m in messages]}).scalar_one()
    return int(deja)


def _restore(conn: Connection, auteur: Auteur, table: str, lignes: Sequence[LigneActe]) -> None:
    variante = "_responsable" if auteur.role == "responsable" and table in PROPRES_AU_RESPONSABLE else ""
    avant: list[dict[str, Any]] = [{"id": ligne.id, **(ligne.avant or {})} for ligne in lignes]
    conn.execute(query(f"remise.remettre_{table}{variante}"), {"lignes": json.dumps(avant)})
    if table == "orientation":
        _give_back_classes(conn, lignes)
    if auteur.role != "csam":
        return
    if table == "tache":
        conn.execute(query("remise.remettre_attente"), {"lignes": json.dumps(avant)})
    elif table == "tele_echange":
        conn.execute(query("annulation.vider_tele_echange"), {"ids": [ligne.id for ligne in lignes]})


def _give_back_classes(conn: Connection, lignes: Sequence[LigneActe]) -> None:
    """A hand-over that had lost some data holds them again, as they were first written to its partner."""
    for ligne in lignes:
        avant = (ligne.avant or {}).get("classes")
        if avant is None or avant == ligne.apres.get("classes"):
            continue
        premier = conn.execute(query("orientations.lire_premier_contenu"), {"orientation": ligne.id}).scalar()
        contenu = keep_classes(premier or {}, avant)
        conn.execute(
            query("orientations.reduire"), {"orientation": ligne.id, "contenu": json.dumps(contenu, ensure_ascii=False), "classes": avant}
        )
