"""Send what is due: claim, commit, call, record. The only service that speaks to the outside.

Airflow decides when this runs, the rows decide whether something leaves: two runs at once, a run killed anywhere or a run
done twice give one effect at the partner. A claim lasts ``BAIL_S`` on the clock of the database; ``maintenant`` only says
which rows are due.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.domain.bilan import Bilan
from pdp.messages.render import render
from pdp.partners import courriel, transports
from pdp.partners.contrat import Classe, Envoi, Lien, Remise
from pdp.partners.reprise import ECHECS_AVANT_COUPURE, INTERRUPTIONS_MAX, is_ambigu, next_delay_s
from pdp.services import break_circuits, send_interne, send_message
from pdp.services.follow_envoi import LigneDestinataire, call_a_person, find_destinataire, follow_delivery, set_aside
from pdp.services.renew_lien_partenaire import prepare_lien
from pdp.storage import db
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

BAIL_S = 30
MODELES = {
    "avis_partenaire": "avis_partenaire",
    "annulation": "avis_retrait",
    "rappel_partenaire": "rappel_partenaire",
    "reponse_question": "avis_reponse",
    "fin_partenaire": "avis_fin",
}
MODELES_SANS_PORTAIL = {"rappel_partenaire": "rappel_sans_portail"}
"""Notices to people whose structure has no account on the portal: it answers by its own way."""
PARTAGES = frozenset({"courriel", "messagerie", "sms"})
"""Transports whose failure says something of our own server, not of one partner."""
ABSENTES = frozenset({"http_404", "http_410"})
ABSENCES_DITES, ECART_ABSENCES_S = 3, 120.0
"""How often, and how far apart, a partner says that it has nothing to take back before it is believed of a doubtful hand-over."""
RETIREE, INTERNE = "retiree_avant_envoi", "interne"
_ETATS = {Classe.LIVRE: "livre", Classe.REESSAYER: "a_envoyer", Classe.REFUSE: "rebut", Classe.INCERTAIN: "incertain"}
_COMPTES = {"livre": "livres", "a_envoyer": "a_reessayer", "rebut": "rebuts", "incertain": "incertains", "rappele": "rappeles"}
_ALEA = random.SystemRandom().random
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LigneReclamee:
    """A message in the hands of this worker until its lease ends; ``obstacle`` says why it may not leave."""

    id: UUID
    cle: UUID
    plateforme_id: str
    parcours_id: UUID | None
    orientation_id: UUID | None
    partenaire_id: UUID | None
    canal: str
    type: str
    charge: Mapping[str, Any]
    etat: str
    essais: int
    jeton: int
    horizon_at: datetime
    cree_at: datetime
    cause: str | None
    trop_tard_at: datetime | None
    obstacle: str | None
    agent_id: UUID | None = None

    @property
    def circuit(self) -> str:
        """What fails together: a mail server, the SMS gateway, or one partner."""
        return self.canal if self.canal in PARTAGES else str(self.partenaire_id or "")

    @property
    def partenaire_suivi(self) -> UUID | None:
        """Partner whose own circuit this message uses; None for what all share."""
        return None if self.canal in PARTAGES else self.partenaire_id


def send_due(
    maintenant: datetime,
    *,
    lot: int = 20,
    url: str | None = None,
    travailleur: str = "send_outbox",
    passage: str | None = None,
    alea: Callable[[], float] = _ALEA,
    reel: datetime | None = None,
) -> Bilan:
    """Send up to ``lot`` messages due at ``maintenant``, one claim each, as ``pdp_expediteur``.

    ``reel``: what the clock says when a run is late; nobody is written to at night because the run was due by day.
    A partner that fails is left alone (``break_circuits``), the mail server and the SMS gateway until the next run after 5 failures in
    a row; the others go on. ``traites`` counts deliveries, ``ignores`` the messages that may no longer leave or that another worker
    took over, ``echoues`` the rest.
    """
    url, auteur = url or settings().url_expediteur, systeme(travailleur)
    comptes: Counter[str] = Counter()
    echecs: Counter[str] = Counter()
    with db.begin(url, auteur, passage) as conn:
        ouvertes = send_message.list_ouvertes(conn, maintenant, reel or maintenant)
    for _ in range(lot):
        ecartes = [circuit for circuit, nombre in echecs.items() if nombre >= ECHECS_AVANT_COUPURE]
        with db.begin(url, auteur, passage) as conn:
            ligne = claim_suivant(conn, maintenant, ecartes, reel, ouvertes)
            if ligne is not None and ligne.obstacle is not None:
                set_aside(conn, auteur, ligne, maintenant)
        if ligne is None:
            break
        if ligne.obstacle is not None:
            comptes[_COMPTES[ligne.etat]] += 1
            continue
        remise = _call(url, auteur, ligne, maintenant)
        if remise is None:
            comptes["tardifs"] += 1
            continue
        with db.begin(url, auteur, passage) as conn:
            etat = record_remise(conn, auteur, ligne, remise, maintenant, alea)
        comptes[_COMPTES[etat] if etat else "tardifs"] += 1
        if not ligne.partenaire_suivi:
            echecs[ligne.circuit] = 0 if remise.classe in break_circuits.REPOND else echecs[ligne.circuit] + 1
        _log.info("outbox %s %s %s: %s (attempt %d)", ligne.id, ligne.canal, ligne.type, remise.code, ligne.essais)
    return _bilan(comptes)


def claim_suivant(
    conn: Connection,
    maintenant: datetime,
    ecartes: list[str],
    reel: datetime | None = None,
    ouvertes: list[str] | None = None,
    *,
    fichier_de: UUID | None = None,
) -> LigneReclamee | None:
    """Take the oldest due row that nobody holds; agreement, orientation, silence, refusals and hours are checked at once.

    ``ouvertes``: platforms where people may be written to at these instants, read here when not given. ``fichier_de``: a partner
    reached by files, whose rows only the batch takes.
    """
    coupes, essais = break_circuits.list_ecartes(conn, maintenant)
    ligne = find_ligne(
        conn,
        "outbox.reclamer",
        LigneReclamee,
        maintenant=maintenant,
        reel=max(maintenant, reel or maintenant),
        ecartes=[*ecartes, *coupes],
        bail_s=BAIL_S,
        ouvertes=send_message.list_ouvertes(conn, maintenant, reel or maintenant) if ouvertes is None else ouvertes,
        interruptions_max=INTERRUPTIONS_MAX,
        fichier_de=fichier_de,
    )
    if ligne is not None and ligne.obstacle is None and ligne.partenaire_suivi in essais:
        break_circuits.begin_essai(conn, ligne.partenaire_suivi, BAIL_S)
    return ligne


def record_remise(
    conn: Connection, auteur: Auteur, ligne: LigneReclamee, remise: Remise, maintenant: datetime, alea: Callable[[], float] = _ALEA
) -> str | None:
    """Write the outcome and what follows from it; returns the new state, None when another worker took over.

    A worker that comes too late writes nothing of its own; when its hand-over may have reached the partner after a withdrawal that
    found nothing there, that withdrawal leaves again.
    """
    reponse, remise = remise, _doubt_absence(conn, ligne, remise)
    etat, reprise = _ETATS[remise.classe], None
    if remise.classe is Classe.REESSAYER:
        attente = 0.0 if remise.code == RETIREE else next_delay_s(ligne.essais, remise.reprise_apres_s, alea)
        reprise = maintenant + timedelta(seconds=attente)
        if reprise > min(ligne.horizon_at, ligne.trop_tard_at or ligne.horizon_at):
            etat, reprise = "rebut", None
    ecrite = conn.execute(
        query("outbox.conclure"),
        {
            "id": ligne.id,
            "jeton": ligne.jeton,
            "etat": etat,
            "code": remise.code,
            "reprise": reprise,
            "livre_at": maintenant if etat == "livre" else None,
            "ambigu": is_ambigu(remise),
        },
    ).scalar()
    if ecrite is None:
        if ligne.type == "orientation" and (remise.classe is Classe.LIVRE or is_ambigu(remise)):
            conn.execute(query("outbox.relancer_annulation"), {"orientation": ligne.orientation_id, "maintenant": maintenant})
        return None
    if ligne.partenaire_suivi and remise.code not in (RETIREE, INTERNE):
        break_circuits.note_remise(conn, ligne.plateforme_id, ligne.partenaire_suivi, reponse, maintenant)  # doubted or not, it answered
    if ligne.cause is not None:
        send_message.follow(conn, auteur, ligne, remise, etat, maintenant)
    elif etat == "livre":
        follow_delivery(conn, ligne, maintenant)
    elif etat != "a_envoyer":
        call_a_person(conn, auteur, ligne, etat, remise.code, maintenant)
    return etat


def _doubt_absence(conn: Connection, ligne: LigneReclamee, remise: Remise) -> Remise:
    """A partner that says it never had what is withdrawn is asked again while the hand-over may be on its way, in a wire or a queue."""
    if ligne.type != "annulation" or remise.code not in ABSENTES or ligne.essais >= ABSENCES_DITES:
        return remise
    if not conn.execute(query("outbox.peut_arriver"), {"orientation": ligne.orientation_id}).scalar_one():
        return remise
    return Remise(Classe.REESSAYER, remise.code, ECART_ABSENCES_S)


def _call(url: str, auteur: Auteur, ligne: LigneReclamee, maintenant: datetime) -> Remise | None:
    """Outside any transaction; at most 10 s, from an instant when the lease was held. None when another worker took over meanwhile."""
    if ligne.essais > 1 and ligne.horizon_at <= maintenant:  # after an outage of ours, a message is still tried once
        return Remise(Classe.REFUSE, "horizon")
    if ligne.cause is not None:
        return send_message.deliver(url, auteur, ligne, maintenant)
    if ligne.agent_id is not None:
        return send_interne.deliver(url, auteur, ligne, maintenant, BAIL_S)
    with db.begin(url, auteur) as conn:
        cible = find_destinataire(conn, ligne.plateforme_id, ligne.partenaire_id, ligne.charge.get("contact_id"), ligne.canal)
        tenue = conn.execute(query("outbox.tenir"), {"id": ligne.id, "jeton": ligne.jeton, "bail_s": BAIL_S}).one_or_none()
        lien = prepare_lien(conn, ligne, maintenant) if tenue else None
        suite_de = _find_precedent(conn, ligne)
    if tenue is None:
        return None
    if tenue.retiree:  # withdrawn since the claim: the next claim sets it aside
        return Remise(Classe.REESSAYER, RETIREE)
    if cible is None or cible.id_source is None:
        return Remise(Classe.REFUSE, "no_recipient")
    try:
        return _attempt(ligne, cible, lien, suite_de, maintenant)
    except Exception as faute:  # a fault of ours about one message must not stop the others; its text may hold what was sent
        _log.error("outbox %s %s: %s while sending", ligne.id, ligne.canal, type(faute).__name__)
        if ligne.canal in transports.SANS_CLE:
            return Remise(Classe.INCERTAIN, INTERNE)
        return Remise(Classe.REFUSE if ligne.essais >= INTERRUPTIONS_MAX else Classe.REESSAYER, INTERNE)


def _find_precedent(conn: Connection, ligne: LigneReclamee) -> UUID | None:
    """Key of the message that this one follows in the partner's mailbox: its hand-over, or the one taken back that it replaces."""
    return conn.execute(query("messagerie.trouver_precedent"), {"message": ligne.id}).scalar() if ligne.canal == "messagerie" else None


def _attempt(ligne: LigneReclamee, cible: LigneDestinataire, lien: Lien | None, suite_de: UUID | None, maintenant: datetime) -> Remise:
    if ligne.canal == "courriel":
        return _mail(ligne, cible, maintenant)
    destinataire = cible.as_destinataire(ligne.plateforme_id, ligne.partenaire_id, lien)
    return transports.deliver(ligne.canal, destinataire, Envoi(ligne.cle, ligne.type, ligne.charge, suite_de), maintenant)


def _mail(ligne: LigneReclamee, cible: LigneDestinataire, maintenant: datetime) -> Remise:
    modele = MODELES_SANS_PORTAIL.get(ligne.type) if ligne.charge.get("sans_portail") else MODELES.get(ligne.type)
    if modele is None:
        return Remise(Classe.REFUSE, "no_template")
    message = render(
        modele,
        portail_url=settings().portail_url,
        plateforme=cible.plateforme,
        telephone=cible.telephone,
        demonstration=settings().demonstration,
    )
    return courriel.deliver(ligne.cle, cible.courriel, message.objet, message.texte, message.html, maintenant)


def _bilan(comptes: Counter[str]) -> Bilan:
    ignores = comptes["rappeles"] + comptes["tardifs"]
    return Bilan(comptes["livres"], ignores, comptes.total() - comptes["livres"] - ignores, {k: n for k, n in comptes.items() if n})
