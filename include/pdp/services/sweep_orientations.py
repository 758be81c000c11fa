"""The clocks of hand-overs: what is due is done once, whatever the delay: reminders, a call asked for, the case given back.

Due rows are found by an index, so that a sweep costs what is due and not what exists. A row that somebody holds is left for the next
sweep, a row that fails too; the others are not kept waiting. The deadline is read again from the facts before anything is done.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.exc import DBAPIError

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import A_SUIVRE, Bilan
from pdp.errors import ErreurPdp
from pdp.services.ask_accord_fini import ask_accords_finis
from pdp.services.delais import get_lieu
from pdp.services.expire_orientation import expire_orientation
from pdp.services.refresh_horloge import refresh_horloge
from pdp.services.remind_partenaire import remind
from pdp.storage import journal
from pdp.storage.sql import query

_log = logging.getLogger(__name__)
LOT = 100
"""Hand-overs of one transaction."""


def sweep_orientations(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime, lot: int = LOT) -> Bilan:
    """Do what is due at ``maintenant``, at most ``lot`` hand-overs; a second sweep finds nothing more, two at once share the work.

    ``traites`` counts hand-overs; ``detail``: ``relances``, ``appels`` (a coordinator is asked to call), ``expirees``, ``lues`` (clocks
    read again), ``en_attente`` (an answer is to be applied first), ``accords_finis`` (a coordinator asks the person again),
    ``retard_minutes`` (the latest of them), and ``a_suivre`` when the caller commits and calls again.
    """
    journal.live_at(conn, maintenant)
    jour = get_lieu(conn, plateforme_id).jour(maintenant)
    parametres = {"plateforme": plateforme_id, "maintenant": maintenant, "jour": jour}
    finis = ask_accords_finis(conn, plateforme_id, auteur, jour, maintenant, lot)
    dues = conn.execute(query("horloge.reclamer_dues"), {**parametres, "lot": lot}).all()
    comptes = Counter({"accords_finis": finis} if finis else {})
    echecs, retard = 0, 0
    for due in dues:
        try:
            with conn.begin_nested():
                fait, minutes = _advance(conn, auteur, due, maintenant)
        except (ErreurPdp, DBAPIError) as erreur:
            if isinstance(erreur, DBAPIError) and erreur.connection_invalidated:
                raise
            _log.warning("orientation %s left for the next sweep (%s)", due.id, type(erreur).__name__)
            echecs += 1
            continue
        comptes[fait] += 1
        retard = max(retard, minutes)
    faits = sum(comptes.values())
    reste = conn.execute(query("horloge.compter_dues"), parametres).scalar_one()
    suite = {A_SUIVRE: 1} if len(dues) == lot and faits else {}
    detail = {**comptes, **suite, **({"retard_minutes": retard} if retard else {}), **({"dues_restants": reste} if reste else {})}
    return Bilan(traites=faits, echoues=echecs, detail=detail)


def _advance(conn: Connection, auteur: Auteur, due: Row[Any], maintenant: datetime) -> tuple[str, int]:
    """One hand-over: its clock read again, then one thing done if it is due; what was done, and how late (minutes)."""
    if not conn.execute(query("horloge.verrouiller"), {"orientation": due.id, "maintenant": maintenant}).scalar_one():
        return "lues", 0
    if conn.execute(query("horloge.compter_reponses_en_attente"), {"orientation": due.id}).scalar_one():
        return "en_attente", 0  # answered since it was claimed: first what was said, then the clock
    etat = refresh_horloge(conn, auteur, due.parcours_id, due.id, maintenant)
    suite = etat.suite if etat else None
    if etat is None or suite is None or suite.at > maintenant:
        return "lues", 0
    retard = int((maintenant - suite.at).total_seconds() // 60)
    if suite.action == "rendre":
        expire_orientation(conn, auteur, etat, maintenant)
        return "expirees", retard
    nature = "appel" if suite.action == "appeler" else "automatique"
    remind(conn, auteur, etat, suite.rang, suite.at, maintenant, nature)
    refresh_horloge(conn, auteur, due.parcours_id, due.id, maintenant)
    return ("appels" if nature == "appel" else "relances"), retard
