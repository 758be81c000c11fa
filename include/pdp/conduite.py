"""Tasks that look after the other treatments: late runs, previews, and gates asked to the operators in Airflow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from pdp import clock
from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import Bilan
from pdp.domain.porte import ATTENDRE, DECISIONS, GENRES, describe_comptes
from pdp.errors import Conflit
from pdp.orchestration import PassageOuvert, instant_metier
from pdp.services import decide_porte, preview_passage, watch_retards
from pdp.storage import db
from pdp.storage.sql import query

PATIENCE = timedelta(minutes=50)
"""How long a question stays in Airflow: the next run, an hour later, asks it again."""
PORTES_MAX = 10  # asked at once in Airflow: each is a task that waits
CHOIX = [*DECISIONS, ATTENDRE]

__all__ = ["ATTENDRE", "CHOIX", "PATIENCE", "HITLOperator", "compute_apercus", "list_portes", "watch", "write_decision"]


def watch() -> dict[str, Any]:
    """Late runs, found and told."""
    instant = instant_metier()
    reel = clock.now() - clock.decalage()
    with PassageOuvert("surveiller", instant, None) as ouvert, db.begin(settings().url_app, systeme("watch_retards"), ouvert.id) as conn:
        ouvert.bilan = watch_retards.watch_retards(conn, instant, reel)
    return ouvert.conclude()


def compute_apercus() -> dict[str, Any]:
    """Previews asked for by managers, and those of the sweeps that died."""
    instant = instant_metier()
    with PassageOuvert("apercevoir", instant, None) as ouvert:
        ouvert.bilan = preview_passage.compute_apercus(settings().url_app, instant, ouvert.id)
    return ouvert.conclude()


def list_portes() -> list[dict[str, str]]:
    """One question per waiting gate: opaque id, subject and counts. Skipped when nothing waits: the ordinary case."""
    with PassageOuvert("lister", instant_metier(), None) as ouvert, db.begin(settings().url_app, systeme("list_portes"), ouvert.id) as conn:
        portes = conn.execute(query("portes.lister_en_attente"), {"limite": PORTES_MAX}).all()
        ouvert.bilan = Bilan(traites=len(portes))
    if not portes:
        raise AirflowSkipException("no decision waits")
    return [{"porte": str(p.id), "sujet": GENRES[p.genre].titre, "texte": _tell(p)} for p in portes]


def write_decision(porte: str, reponse: dict[str, Any]) -> str:
    """The answer given in Airflow becomes the row, unless the portal decided meanwhile: the first decision stays."""
    [choix] = reponse["chosen_options"]
    if choix == ATTENDRE:
        return ATTENDRE
    qui = reponse.get("responded_by_user") or {}
    nom = str(qui.get("name") or qui.get("id") or "inconnu")[:60]
    auteur = Auteur("systeme", f"airflow:{nom}", "systeme")
    with db.begin(settings().url_app, auteur, get_current_context()["run_id"]) as conn:
        try:
            ecrite = decide_porte.decide_porte(conn, auteur, UUID(porte), choix, instant_metier(), ou="airflow")
        except Conflit:
            ecrite = False
    return choix if ecrite else "déjà décidé dans le portail"


def _tell(porte: Any) -> str:
    genre = GENRES[porte.genre]
    comptes = "".join(f"\n- {compte}" for compte in describe_comptes(porte.detail))
    lieu = f"Plateforme {porte.plateforme_id}" if porte.plateforme_id else "Toute l'installation"
    choix = f"**Accepter** : {genre.si_accepte}\n\n**Refuser** : {genre.si_refuse}"
    return f"{genre.arrete}\n\n{lieu}, demande `{porte.id}`.\n{comptes}\n\n{choix}\n\nSans réponse, la question reste posée."
