"""Messages of which nobody knows whether they arrived: ask the partner, by its key. What cannot be asked waits for a person.

Nothing is ever sent again here on a guess: a partner who says, signed, that it has nothing under the key is the only reason to send.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import Bilan
from pdp.partners.consultation import CONSULTATIONS, Constat, consult
from pdp.partners.contrat import Envoi
from pdp.partners.reprise import RAPPROCHEMENT_S
from pdp.services.follow_envoi import describe, find_destinataire, follow_delivery
from pdp.services.manage_taches import close_tache
from pdp.services.send_outbox import LigneReclamee
from pdp.storage import db, journal
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

AU_PLUS = timedelta(days=30)
"""After that nobody asks a machine any more: the reason to act opened for a person remains."""
_log = logging.getLogger(__name__)


def heal_incertains(
    maintenant: datetime, *, lot: int = 20, url: str | None = None, travailleur: str = "heal_incertains", passage: str | None = None
) -> Bilan:
    """Ask about up to ``lot`` messages, one claim each, as ``pdp_expediteur``; each at most every half hour.

    ``traites`` = found at the partner, or surely not there; ``echoues`` = it did not say; ``ignores`` = settled by somebody else.
    """
    url, auteur = url or settings().url_expediteur, systeme(travailleur)
    comptes: Counter[str] = Counter()
    for _ in range(lot):
        with db.begin(url, auteur, passage) as conn:
            ligne = _claim(conn, maintenant)
            cible = None if ligne is None else find_destinataire(conn, ligne.plateforme_id, ligne.partenaire_id, canal=ligne.canal)
        if ligne is None:
            break
        constat = Constat.MUET
        if cible is not None and cible.id_source is not None:
            destinataire = cible.as_destinataire(ligne.plateforme_id, ligne.partenaire_id)
            constat = consult(ligne.canal, destinataire, Envoi(ligne.cle, ligne.type, ligne.charge))
        if constat is Constat.MUET:
            comptes["muets"] += 1
            continue
        with db.begin(url, auteur, passage) as conn:
            comptes[_record(conn, auteur, ligne, constat, maintenant)] += 1
        _log.info("outbox %s %s: %s", ligne.id, ligne.canal, constat)
    traites = comptes["retrouves"] + comptes["absents"]
    return Bilan(traites, comptes["deja_regles"], comptes["muets"], dict(comptes))


def _claim(conn: Connection, maintenant: datetime) -> LigneReclamee | None:
    return find_ligne(
        conn,
        "circuits.reclamer_incertain",
        LigneReclamee,
        maintenant=maintenant,
        suivant=maintenant + timedelta(seconds=RAPPROCHEMENT_S),
        depuis=maintenant - AU_PLUS,
        canaux=sorted(CONSULTATIONS),
    )


def _record(conn: Connection, auteur: Auteur, ligne: LigneReclamee, constat: Constat, maintenant: datetime) -> str:
    """Found: delivered, and the person has nothing left to do. Surely not there: not delivered, and the person still chooses."""
    recu = constat is Constat.RECU
    etat = "livre" if recu else "rappele" if ligne.obstacle == "accord_absent" else "rebut"
    ecrite = conn.execute(
        query("circuits.conclure_incertain"),
        {
            "id": ligne.id,
            "jeton": ligne.jeton,
            "etat": etat,
            "code": "retrouve" if recu else ligne.obstacle if etat == "rappele" else "introuvable",
            "livre_at": maintenant if recu else None,
        },
    ).scalar()
    if ecrite is None:
        return "deja_regles"
    journal.record(conn, "message_retrouve" if recu else "message_introuvable", **describe(ligne, avant=ligne.etat))
    if recu:
        follow_delivery(conn, ligne, maintenant)
        close_echec(conn, auteur, ligne, "retrouve", maintenant)
    return "retrouves" if recu else "absents"


def close_echec(conn: Connection, auteur: Auteur, ligne: LigneReclamee, issue: str, maintenant: datetime) -> None:
    """What was asked of a person about this message is settled."""
    cle = {"parcours": ligne.parcours_id, "cause": str(ligne.cle)}
    for tache in conn.execute(query("circuits.verrouiller_taches"), cle).scalars().all():
        close_tache(conn, auteur, tache, issue, maintenant)
