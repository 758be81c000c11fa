"""Ask the SMS gateway what became of the messages it took: each receipt is kept and applied once, forward only."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import Bilan
from pdp.domain.message import NUMERO_MORT, is_remise_suivante
from pdp.partners import sms
from pdp.partners.http import PartenaireMuet
from pdp.partners.sms import Accuse, PageAccuses
from pdp.services.delais import list_lieux
from pdp.services.publish_referentiel import referentiel
from pdp.services.send_message import ask_another_channel, mark_dead
from pdp.storage import db, journal
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

PAGES_MAX = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LigneSuivie:
    """A message as a receipt finds it, locked."""

    id: UUID
    cle: UUID
    plateforme_id: str
    parcours_id: UUID
    canal: str
    type: str
    etat: str
    essais: int
    remise: str | None


def collect_accuses(maintenant: datetime, *, url: str | None = None, passage: str | None = None) -> Bilan:
    """Read the receipts of every platform that waits for some, as ``pdp_expediteur``.

    A gateway that does not answer changes nothing: the next run reads from the same place. ``traites`` counts receipts that
    said something new, ``ignores`` repeats and late ones, ``echoues`` those set aside and gateways that were silent.
    """
    url, auteur, comptes = url or settings().url_expediteur, systeme("collect_accuses"), Counter[str]()
    with db.begin(url, auteur, passage) as conn:
        attendues = _list_attendues(conn, maintenant)
    for plateforme, curseur in attendues:
        comptes.update(_read_platform(url, auteur, passage, plateforme, curseur, maintenant))
    ignores = comptes["ancien"] + comptes["repete"]
    return Bilan(comptes["applique"], ignores, comptes.total() - comptes["applique"] - ignores, {k: n for k, n in comptes.items() if n})


def _list_attendues(conn: Connection, maintenant: datetime) -> list[tuple[str, str | None]]:
    """Platforms that sent SMS lately enough for a receipt to come, and where their receipts were read up to."""
    attendues = []
    for lieu in list_lieux(conn):
        plateforme = lieu.plateforme_id
        jours = referentiel().entier("message_sans_accuse_jours", lieu.jour(maintenant), plateforme)
        depuis = {"plateforme": plateforme, "depuis": maintenant - timedelta(days=jours)}
        ligne = conn.execute(query("messages.trouver_attente"), depuis).one_or_none()
        if ligne is not None:
            attendues.append((plateforme, ligne.curseur))
    return attendues


def _read_platform(
    url: str, auteur: Auteur, passage: str | None, plateforme: str, curseur: str | None, maintenant: datetime
) -> Counter[str]:
    comptes: Counter[str] = Counter()
    for _ in range(PAGES_MAX):
        try:
            page = sms.fetch_accuses(plateforme, curseur)
        except PartenaireMuet as muet:
            _log.info("receipts of %s: %s", plateforme, muet.code)
            comptes["muette"] += 1
            break
        with db.begin(url, auteur, passage) as conn:
            comptes.update(record_page(conn, auteur, plateforme, page, maintenant))
        if page.curseur == curseur or not page.accuses:
            break
        curseur = page.curseur
    return comptes


def record_page(conn: Connection, auteur: Auteur, plateforme: str, page: PageAccuses, maintenant: datetime) -> Counter[str]:
    """Keep and apply a page, and move the cursor, in one transaction; the same page again changes nothing."""
    comptes = Counter(record_accuse(conn, auteur, plateforme, accuse, maintenant) for accuse in page.accuses)
    comptes["illisible"] += page.illisibles
    conn.execute(query("messages.avancer_curseur"), {"plateforme": plateforme, "curseur": page.curseur, "maintenant": maintenant})
    return comptes


def record_accuse(conn: Connection, auteur: Auteur, plateforme: str, accuse: Accuse, maintenant: datetime, *, canal: str = "sms") -> str:
    """Apply one receipt of ``canal`` once; returns applique, ancien, inconnu, quarantaine, or repete when it was already known."""
    ligne = find_ligne(conn, "messages.verrouiller_cle", LigneSuivie, plateforme=plateforme, cle=accuse.cle)
    resultat = _judge(ligne, accuse, canal)
    ecrit = conn.execute(
        query("messages.garder_accuse"),
        {
            "plateforme": plateforme,
            "evenement": accuse.evenement_id,
            "cle": accuse.cle,
            "outbox": ligne.id if ligne else None,
            "etat": accuse.etat,
            "code": accuse.code,
            "survenu": accuse.survenu_at,
            "maintenant": maintenant,
            "empreinte": accuse.empreinte,
            "resultat": resultat,
        },
    ).scalar()
    if ecrit is None:
        connu = conn.execute(query("messages.lire_accuse"), {"plateforme": plateforme, "evenement": accuse.evenement_id}).scalar_one()
        return "repete" if bytes(connu) == accuse.empreinte else "quarantaine"  # the first content stands
    if resultat == "applique" and ligne is not None:
        _apply(conn, auteur, ligne, accuse, maintenant)
    return resultat


def _judge(ligne: LigneSuivie | None, accuse: Accuse, canal: str) -> str:
    if ligne is None or ligne.canal != canal or ligne.essais == 0:
        return "inconnu"
    if is_remise_suivante(ligne.remise, accuse.etat):
        return "applique"
    contraires = "echec_definitif" in (ligne.remise, accuse.etat) and bool({ligne.remise, accuse.etat} & {"remis", "lu"})
    return "quarantaine" if contraires else "ancien"


def _apply(conn: Connection, auteur: Auteur, ligne: LigneSuivie, accuse: Accuse, maintenant: datetime) -> None:
    """A receipt proves that the gateway had the message, even when its answer was lost."""
    suite = {"id": ligne.id, "remise": accuse.etat, "survenu": accuse.survenu_at, "code": accuse.code}
    conn.execute(query("messages.noter_remise"), suite)
    journal.record(
        conn,
        "message_accuse",
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"message_id": ligne.id, "type": ligne.type, "canal": ligne.canal, "etat": accuse.etat, "code": accuse.code},
    )
    if accuse.etat == "echec_definitif":
        if accuse.code in NUMERO_MORT:
            mark_dead(conn, ligne.id, ligne.parcours_id, ligne.canal, accuse.code or "", maintenant)
        ask_another_channel(conn, auteur, ligne, accuse.code or "refuse_operateur", maintenant)
