"""What comes back by mail, read from the mailboxes of the platform: each mail once, applied forward only, never its words.

A receipt enters by the same door as any answer (``inbox``); a bounce undoes a delivery and tells a person; somebody who writes is
read by a person, in the mailbox: a letter of a health professional may hold medical data, which this base may not keep. What is not
understood is set aside with its reason. A mail is recorded and its place moved on in one transaction; it is marked as seen after.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pdp.config import ServeurCourrier, settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import Bilan
from pdp.errors import ErreurPdp
from pdp.partners.accuses_courriel import Lu, parse_courriel
from pdp.partners.boite import Boite, BoiteMuette, open_boite
from pdp.services.follow_retour import Suite, follow_retour
from pdp.storage import db, journal
from pdp.storage.sql import query

LOT = 200
"""Mails of one passage: the next one goes on."""
ECHECS_MAX = 3
"""A mail that could not be recorded that often is set aside: it does not hold those behind it."""
_log = logging.getLogger(__name__)


def read_boites(maintenant: datetime, *, url: str | None = None, passage: str | None = None) -> Bilan:
    """Read every mailbox configured, as ``pdp_expediteur``; nothing without one.

    ``traites`` counts mails that changed something or that a person was asked to read, ``ignores`` those that say nothing new,
    ``echoues`` those set aside or left for the next passage, and mailboxes that do not answer.
    """
    url, auteur, comptes = url or settings().url_expediteur, systeme("read_boite"), Counter[str]()
    for nom, serveur in settings().boites.items():
        try:
            comptes.update(_read(url, auteur, passage, nom, serveur, maintenant))
        except BoiteMuette as muette:
            _log.warning("mailbox %s: %s", nom, muette.code)
            comptes["muettes"] += 1
            with db.begin(url, auteur, passage) as conn:
                conn.execute(query("boites.noter_lecture"), {"boite": nom, "code": muette.code, "maintenant": maintenant})
    traites = comptes["applique"] + comptes["a_lire"]
    ignores = comptes["ancien"] + comptes["sans_effet"] + comptes["connu"]
    return Bilan(traites, ignores, comptes.total() - traites - ignores, {k: n for k, n in comptes.items() if n})


def _read(url: str, auteur: Auteur, passage: str | None, nom: str, serveur: ServeurCourrier, maintenant: datetime) -> Counter[str]:
    comptes: Counter[str] = Counter()
    with open_boite(serveur) as boite:
        with db.begin(url, auteur, passage) as conn:
            place = conn.execute(query("boites.trouver"), {"boite": nom}).one_or_none()
            connue = place is not None and place.uidvalidity == boite.uidvalidity
            depuis = place.uid if connue else 0
            if not connue:
                _advance(conn, nom, boite.uidvalidity, 0, maintenant)
            conn.execute(query("boites.noter_lecture"), {"boite": nom, "code": None, "maintenant": maintenant})
        for uid in boite.list_uids(depuis, LOT):
            contenu = boite.read(uid)
            try:
                with db.begin(url, auteur, passage) as conn:
                    comptes[record_courriel(conn, auteur, nom, boite.uidvalidity, uid, contenu, maintenant)] += 1
            except (DBAPIError, ErreurPdp) as faute:
                if not _set_aside(url, auteur, passage, nom, boite, uid, contenu, maintenant, faute):
                    comptes["en_echec"] += 1
                    break
                comptes["quarantaine"] += 1
        _mark(url, auteur, passage, nom, boite, maintenant)
    return comptes


def record_courriel(
    conn: Connection, auteur: Auteur, nom: str, uidvalidity: int, uid: int, contenu: bytes | None, maintenant: datetime
) -> str:
    """One mail and the place in the mailbox, in the caller's transaction; returns its ``resultat``, or ``connu``."""
    journal.live_at(conn, maintenant)
    if contenu is None:  # deleted by somebody since it was listed
        _advance(conn, nom, uidvalidity, uid, maintenant)
        return "connu"
    empreinte = sha256(contenu).digest()
    cle = {"boite": nom, "empreinte": empreinte}
    conn.execute(query("boites.verrouiller"), {"boite": nom})
    if conn.execute(query("boites.est_connu"), cle).scalar() is not None:
        _advance(conn, nom, uidvalidity, uid, maintenant)
        return "connu"
    lu = parse_courriel(contenu)
    suite = follow_retour(conn, auteur, nom, lu, empreinte, maintenant)
    _keep(conn, nom, uidvalidity, uid, empreinte, lu, suite, maintenant)
    return suite.resultat


def _keep(conn: Connection, nom: str, uidvalidity: int, uid: int, empreinte: bytes, lu: Lu, suite: Suite, maintenant: datetime) -> None:
    a_lire = suite.resultat in ("a_lire", "quarantaine")
    conn.execute(
        query("boites.garder"),
        {
            "boite": nom,
            "uidvalidity": uidvalidity,
            "uid": uid,
            "empreinte": empreinte,
            "plateforme": suite.plateforme_id,
            "outbox": suite.outbox_id,
            "nature": lu.nature,
            "etat": lu.etat,
            "code": lu.code,
            "resultat": suite.resultat,
            "raison": suite.raison,
            "maintenant": maintenant,
            "a_marquer": not a_lire,
        },
    )
    _advance(conn, nom, uidvalidity, uid, maintenant)


def _advance(conn: Connection, nom: str, uidvalidity: int, uid: int, maintenant: datetime) -> None:
    conn.execute(query("boites.avancer"), {"boite": nom, "uidvalidity": uidvalidity, "uid": uid, "maintenant": maintenant})


def _set_aside(
    url: str,
    auteur: Auteur,
    passage: str | None,
    nom: str,
    boite: Boite,
    uid: int,
    contenu: bytes | None,
    maintenant: datetime,
    faute: Exception,
) -> bool:
    """Whether the mail was given up: after some passages, so that a lock or a fault of an instant costs nothing."""
    code = getattr(faute, "code", None) or type(faute).__name__
    _log.warning("mail %s of %s could not be recorded (%s)", uid, nom, type(faute).__name__)
    with db.begin(url, auteur, passage) as conn:
        echec = {"boite": nom, "uid": uid, "code": str(code)[:60], "maintenant": maintenant}
        if conn.execute(query("boites.compter_echec"), echec).scalar_one() < ECHECS_MAX:
            return False
        empreinte, lu = sha256(contenu or b"").digest(), parse_courriel(contenu or b"")
        _keep(conn, nom, boite.uidvalidity, uid, empreinte, lu, Suite("quarantaine", raison="not_recorded"), maintenant)
    return True


def _mark(url: str, auteur: Auteur, passage: str | None, nom: str, boite: Boite, maintenant: datetime) -> None:
    """Seen only once committed; what a killed passage left unmarked is marked now."""
    with db.begin(url, auteur, passage) as conn:
        lignes = conn.execute(query("boites.lister_a_marquer"), {"boite": nom, "uidvalidity": boite.uidvalidity}).all()
    if lignes:
        boite.mark_seen([ligne.uid for ligne in lignes])
        with db.begin(url, auteur, passage) as conn:
            conn.execute(query("boites.marquer"), {"ids": [ligne.id for ligne in lignes], "maintenant": maintenant})
