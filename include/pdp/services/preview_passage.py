"""What a passage would do if it ran again now: its own service, run for real in a transaction that is always rolled back.

Asked for by a manager on the page of a passage, or by the platform itself when a sweep was killed: the people it should have touched
are then listed without anybody asking. Nothing leaves: sweeps only write rows, and the rows do not survive.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import A_SUIVRE, Bilan
from pdp.domain.horaire import TRAITEMENTS, cadence, next_depart
from pdp.services.apply_reponses import apply_reponses
from pdp.services.assign_parcours import assign_en_attente
from pdp.services.detect_signalements import detect_signalements
from pdp.services.redistribute_parcours import sweep_redistributions
from pdp.services.send_digest import send_digest, tell_securite
from pdp.services.sort_signalements import sort_par_delegation
from pdp.services.sweep_doublons import sweep_doublons
from pdp.services.sweep_orientations import sweep_orientations
from pdp.services.sweep_rendez_vous import sweep_rendez_vous
from pdp.services.sweep_suivis import open_suivis
from pdp.services.sweep_veille import sweep_veille
from pdp.services.transfer_parcours import apply_transferts
from pdp.services.watch_platform import watch_platform
from pdp.storage import db, journal
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

Service = Callable[[Connection, str, Auteur, datetime], Bilan]
SERVICES: Mapping[tuple[str, str], Service] = {
    ("pdp_detection", "detecter"): detect_signalements,
    ("pdp_tri_affectation", "trier"): sort_par_delegation,
    ("pdp_tri_affectation", "redistribuer"): sweep_redistributions,
    ("pdp_tri_affectation", "transferer"): apply_transferts,
    ("pdp_tri_affectation", "affecter"): assign_en_attente,
    ("pdp_reponses", "appliquer"): apply_reponses,
    ("pdp_orientations", "relancer"): sweep_orientations,
    ("pdp_veille", "veiller"): sweep_veille,
    ("pdp_rendez_vous", "tenir_rendez_vous"): sweep_rendez_vous,
    ("pdp_doublons", "tenir_doublons"): sweep_doublons,
    ("pdp_suivis", "ouvrir_suivis"): open_suivis,
    ("pdp_digest", "composer"): send_digest,
    ("pdp_guet", "guetter"): watch_platform,
    ("pdp_guet", "annoncer"): tell_securite,
}
"""Sweeps: they write rows of the database and nothing else, so that they can be tried and undone."""
ENVOI = ("pdp_envoi", "envoyer")
EXTERIEUR, EN_COURS = "exterieur", "deja_en_cours"
LOTS_MAX, PARCOURS_MAX, DEMANDES_MAX, PATIENCE_MINUTES, MARGE_MINUTES = 20, 500, 20, 10, 3
DUREE_MAX, DUREE_LOTS_S = "30s", 10.0
"""Of one statement; of the lots together: people wait behind the rows that a dry run holds, and a sweep commits between its lots."""
ARRETS = {"55P03": EN_COURS, "40P01": EN_COURS, "57014": "trop_long"}
"""The limits a preview sets itself, by SQLSTATE: a lock that a person or a sweep holds, a statement longer than ``DUREE_MAX``."""


@dataclass(frozen=True)
class Apercu:
    """``comptes``: traites, ignores, echoues, evenements, parcours, messages, refaits, deja_evenements, deja_parcours."""

    etat: str
    comptes: Mapping[str, int] = field(default_factory=dict)
    parcours: list[tuple[str, list[str]]] = field(default_factory=list)
    code: str | None = None


@dataclass(frozen=True)
class ApercuDemande:
    """Latest preview of a passage as its page shows it."""

    demande_at: datetime
    calcule_at: datetime | None
    etat: str
    comptes: Mapping[str, int]
    parcours: list[tuple[str, list[str]]]
    code: str | None


class _Annulation(Exception):
    """Carries what was seen out of the transaction, and undoes it."""

    def __init__(self, apercu: Apercu) -> None:
        super().__init__("dry run")
        self.apercu = apercu


def ask_apercu(conn: Connection, auteur: Auteur, plateforme_id: str, passage_id: str, maintenant: datetime) -> bool:
    """False when the same question already waits."""
    parametres = {"plateforme": plateforme_id, "passage": passage_id, "maintenant": maintenant, "par": auteur.id}
    return conn.execute(query("apercus.demander"), parametres).scalar() is not None


def find_apercu(conn: Connection, passage_id: str) -> ApercuDemande | None:
    return find_ligne(conn, "apercus.dernier", ApercuDemande, passage=passage_id)


def compute_apercus(url: str, maintenant: datetime, passage: str | None = None) -> Bilan:
    """Every preview asked for, and one for each sweep that died and was not done again; owns its transactions."""
    auteur = systeme("preview_passage")
    with db.begin(url, auteur, passage) as conn:
        conn.execute(query("apercus.demander_pour_echecs"), {"maintenant": maintenant, "patience_minutes": PATIENCE_MINUTES})
        demandes = conn.execute(query("apercus.lister_demandes"), {"limite": DEMANDES_MAX}).all()
    faisables = [d for d in demandes if not is_sur_le_point_de_partir(d.dag, maintenant)]
    for demande in faisables:
        apercu = preview(url, demande.dag, demande.tache, demande.passage_id, demande.plateforme_id, maintenant)
        with db.begin(url, auteur, passage) as conn:
            conclusion = {"id": demande.id, "maintenant": maintenant, "etat": apercu.etat, "code": apercu.code}
            conn.execute(
                query("apercus.conclure"),
                {**conclusion, "comptes": json.dumps(apercu.comptes), "parcours": json.dumps(apercu.parcours)},
            )
    return Bilan(traites=len(faisables), ignores=len(demandes) - len(faisables))


def is_sur_le_point_de_partir(dag: str, maintenant: datetime) -> bool:
    """True when the real sweep starts within minutes: a dry run holds its lock and would make it give way; the next pass computes it."""
    traitement = TRAITEMENTS.get(dag)  # None: the passage of a DAG since renamed, which starts no more
    if traitement is None or traitement.cron is None or (cadence(traitement.cron).pas_minutes or MARGE_MINUTES) < MARGE_MINUTES:
        return False
    depart = next_depart(traitement, maintenant, ())
    return depart is not None and depart - maintenant < timedelta(minutes=MARGE_MINUTES)


def preview(url: str, dag: str, tache: str, passage_id: str, plateforme_id: str, maintenant: datetime) -> Apercu:
    """What this task would do now on one platform. Never writes: the transaction ends by an exception, whatever happens."""
    service = SERVICES.get((dag, tache))
    if service is None:
        return _list_dus(url, plateforme_id, maintenant) if (dag, tache) == ENVOI else Apercu("impossible", code=EXTERIEUR)
    marque = f"apercu/{passage_id}"
    try:
        with db.begin(url, systeme(tache), marque) as conn:
            conn.execute(query("apercus.limiter"), {"duree": DUREE_MAX})
            journal.live_at(conn, maintenant)
            messages = _count_messages(conn, plateforme_id, maintenant)
            bilan = _run_lots(conn, service, plateforme_id, systeme(tache), maintenant)
            if EN_COURS in bilan.detail:
                raise _Annulation(Apercu("impossible", code=EN_COURS))
            messages = _count_messages(conn, plateforme_id, maintenant) - messages
            raise _Annulation(_read_effets(conn, bilan, messages, marque, passage_id, plateforme_id, maintenant))
    except _Annulation as fin:
        return fin.apercu
    except DBAPIError as faute:  # held by somebody at work, or too long to be tried: no fault of the treatment
        return Apercu("impossible", code=ARRETS.get(getattr(faute.orig, "sqlstate", None) or "", type(faute).__name__[:80]))
    except Exception as faute:  # the very fault that stopped the passage: its name is what a manager can pass on, its text may hold data
        return Apercu("impossible", code=type(faute).__name__[:80])


def _run_lots(conn: Connection, service: Service, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """The lots of a sweep one after the other, as the DAG does; beyond the limit the counts are a lower bound (``a_suivre``)."""
    bilan, fin = Bilan(), time.monotonic() + DUREE_LOTS_S
    for _ in range(LOTS_MAX):
        if time.monotonic() > fin:
            break
        lot = service(conn, plateforme_id, auteur, maintenant)
        bilan = bilan.suivi_de(lot)
        if not lot.detail.get(A_SUIVRE) or lot.traites == 0:
            return bilan
    return Bilan(bilan.traites, bilan.ignores, bilan.echoues, {**bilan.detail, A_SUIVRE: 1})


def _count_messages(conn: Connection, plateforme_id: str, maintenant: datetime) -> int:
    """Messages of the platform written at this instant: those of savepoints bear other transaction numbers than the transaction."""
    ou = {"plateforme": plateforme_id, "maintenant": maintenant}
    return int(conn.execute(query("apercus.compter_messages"), ou).scalar_one())


def _read_effets(
    conn: Connection, bilan: Bilan, messages: int, marque: str, passage_id: str, plateforme_id: str, maintenant: datetime
) -> Apercu:
    ou = {"marque": marque, "passage": passage_id, "plateforme": plateforme_id}
    effets = conn.execute(query("apercus.compter_effets"), ou).one()._mapping
    deja = conn.execute(query("apercus.compter_deja"), ou).one()
    lignes = conn.execute(query("apercus.lister_effets"), {"marque": marque, "plateforme": plateforme_id, "limite": PARCOURS_MAX}).all()
    comptes = {"traites": bilan.traites, "ignores": bilan.ignores, "echoues": bilan.echoues, "messages": messages, **effets}
    comptes |= {"deja_evenements": deja.evenements, "deja_parcours": deja.parcours, A_SUIVRE: bilan.detail.get(A_SUIVRE, 0)}
    return Apercu("calcule", comptes, [(str(ligne.parcours_id), list(ligne.evenements)) for ligne in lignes])


def _list_dus(url: str, plateforme_id: str, maintenant: datetime) -> Apercu:
    """Sending is not tried: what is due is read. Delivered messages are no longer due, and their keys protect those in doubt."""
    with db.begin(url, systeme("preview_passage")) as conn:
        parametres: dict[str, Any] = {"plateforme": plateforme_id, "maintenant": maintenant, "limite": PARCOURS_MAX}
        lignes = conn.execute(query("apercus.messages_dus"), parametres).all()
    parcours: list[tuple[str, list[str]]] = [(str(ligne.parcours_id), [f"message:{t}" for t in ligne.types]) for ligne in lignes]
    return Apercu("calcule", {"messages": sum(ligne.nombre for ligne in lignes), "parcours": len(parcours)}, parcours)


@dataclass(frozen=True)
class PassageDuParcours:
    """A passage that touched a parcours."""

    id: str
    dag: str
    tache: str
    debut_at: datetime
    fin_at: datetime | None
    evenements: int


def list_passages_du_parcours(conn: Connection, parcours_id: UUID, limite: int = 20) -> list[PassageDuParcours]:
    lignes = conn.execute(query("apercus.parcours_passages"), {"parcours": parcours_id, "limite": limite})
    return [PassageDuParcours(**ligne._mapping) for ligne in lignes]
