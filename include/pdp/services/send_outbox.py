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
from pdp.partners.contrat import Classe, Destinataire, Envoi, Remise
from pdp.partners.reprise import ECHECS_AVANT_COUPURE, next_delay_s
from pdp.services import send_message
from pdp.services.manage_taches import open_tache
from pdp.storage import db, journal, outbox
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

BAIL_S = 30
MODELES = {"avis_partenaire": "avis_partenaire", "annulation": "avis_retrait"}
DECIDES = frozenset({"orientation_retiree", "silence", "trop_tard", "parcours_clos"})
"""Obstacles that a person decided, or that time settled: nobody is asked to send the message another way."""
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
    parcours_id: UUID
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

    @property
    def circuit(self) -> str:
        """What fails together: the mail server, the SMS gateway, or one partner."""
        return self.canal if self.canal in ("courriel", "sms") else str(self.partenaire_id or "")


@dataclass(frozen=True)
class LigneDestinataire:
    """Where a message goes."""

    id_source: str | None
    nom: str | None
    partenaire_type: str | None
    url: str | None
    courriel: str | None
    adresse_securisee: str | None
    plateforme: str
    telephone: str | None


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
    After 5 failures in a row a partner is left alone until the next run; the others go on. ``traites`` counts deliveries,
    ``ignores`` the messages that may no longer leave or that another worker finished, ``echoues`` the rest.
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
                _set_aside(conn, auteur, ligne, maintenant)
        if ligne is None:
            break
        if ligne.obstacle is not None:
            comptes[_COMPTES[ligne.etat]] += 1
            continue
        remise = _call(url, auteur, ligne, maintenant)
        with db.begin(url, auteur, passage) as conn:
            etat = record_remise(conn, auteur, ligne, remise, maintenant, alea)
        comptes[_COMPTES[etat] if etat else "tardifs"] += 1
        echecs[ligne.circuit] = 0 if remise.classe in (Classe.LIVRE, Classe.REFUSE) else echecs[ligne.circuit] + 1
        _log.info("outbox %s %s %s: %s (attempt %d)", ligne.id, ligne.canal, ligne.type, remise.code, ligne.essais)
    return _bilan(comptes)


def claim_suivant(
    conn: Connection, maintenant: datetime, ecartes: list[str], reel: datetime | None = None, ouvertes: list[str] | None = None
) -> LigneReclamee | None:
    """Take the oldest due row that nobody holds; agreement, orientation, silence, refusals and hours are checked at once.

    ``ouvertes``: platforms where people may be written to at these instants, read here when not given.
    """
    return find_ligne(
        conn,
        "outbox.reclamer",
        LigneReclamee,
        maintenant=maintenant,
        reel=max(maintenant, reel or maintenant),
        ecartes=ecartes,
        bail_s=BAIL_S,
        ouvertes=send_message.list_ouvertes(conn, maintenant, reel or maintenant) if ouvertes is None else ouvertes,
    )


def record_remise(
    conn: Connection, auteur: Auteur, ligne: LigneReclamee, remise: Remise, maintenant: datetime, alea: Callable[[], float] = _ALEA
) -> str | None:
    """Write the outcome and what follows from it; returns the new state, None when another worker took over (nothing is written)."""
    etat, reprise = _ETATS[remise.classe], None
    if remise.classe is Classe.REESSAYER:
        reprise = maintenant + timedelta(seconds=next_delay_s(ligne.essais, remise.reprise_apres_s, alea))
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
        },
    ).scalar()
    if ecrite is None:
        return None
    if ligne.cause is not None:
        send_message.follow(conn, auteur, ligne, remise, etat, maintenant)
    elif etat == "livre":
        _follow_delivery(conn, ligne, maintenant)
    elif etat != "a_envoyer":
        _call_a_person(conn, auteur, ligne, remise.code, maintenant)
    return etat


def _call(url: str, auteur: Auteur, ligne: LigneReclamee, maintenant: datetime) -> Remise:
    """Outside any transaction; at most 10 s."""
    if ligne.essais > 1 and ligne.horizon_at <= maintenant:  # after an outage of ours, a message is still tried once
        return Remise(Classe.REFUSE, "horizon")
    if ligne.cause is not None:
        return send_message.deliver(url, auteur, ligne, maintenant)
    with db.begin(url, auteur) as conn:
        cible = find_ligne(
            conn, "outbox.lire_destinataire", LigneDestinataire, plateforme=ligne.plateforme_id, partenaire=ligne.partenaire_id
        )
    if cible is None or cible.id_source is None:
        return Remise(Classe.REFUSE, "no_recipient")
    if ligne.canal == "courriel":
        return _mail(ligne, cible, maintenant)
    destinataire = Destinataire(
        ligne.plateforme_id,
        cible.id_source,
        cible.url,
        ligne.partenaire_id,
        cible.nom or "",
        cible.partenaire_type or "",
        cible.courriel,
        cible.adresse_securisee,
        cible.plateforme,
        cible.telephone,
    )
    return transports.deliver(ligne.canal, destinataire, Envoi(ligne.cle, ligne.type, ligne.charge), maintenant)


def _mail(ligne: LigneReclamee, cible: LigneDestinataire, maintenant: datetime) -> Remise:
    modele = MODELES.get(ligne.type)
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


def _follow_delivery(conn: Connection, ligne: LigneReclamee, maintenant: datetime) -> None:
    if ligne.type != "orientation":
        return
    dispositif = conn.execute(query("outbox.marquer_envoyee"), {"orientation": ligne.orientation_id, "maintenant": maintenant}).scalar()
    if dispositif is None:
        return
    journal.record(
        conn,
        "orientation_envoyee",
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"orientation_id": ligne.orientation_id, "dispositif": dispositif, "canal": ligne.canal, "essais": ligne.essais},
    )
    if ligne.canal == "portail":
        _enqueue_avis(conn, ligne, maintenant)


def _enqueue_avis(conn: Connection, ligne: LigneReclamee, maintenant: datetime) -> None:
    """A neutral notice tells the partner to look at its inbox; a partner without an address is told nothing."""
    cible = find_ligne(conn, "outbox.lire_destinataire", LigneDestinataire, plateforme=ligne.plateforme_id, partenaire=ligne.partenaire_id)
    if cible is None or not cible.courriel:
        return
    outbox.enqueue(
        conn,
        cle_parts=(str(ligne.cle), "avis_partenaire"),
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        orientation_id=ligne.orientation_id,
        partenaire_id=ligne.partenaire_id,
        canal="courriel",
        type="avis_partenaire",
        charge={},
        accord_destinataire=None,
        maintenant=maintenant,
        horizon_jours=max(1, (ligne.horizon_at - ligne.cree_at).days),
    )


def _set_aside(conn: Connection, auteur: Auteur, ligne: LigneReclamee, maintenant: datetime) -> None:
    """The claim found that the row may not leave: written down, and a person told unless a person decided it."""
    if ligne.cause is not None:
        send_message.set_aside(conn, auteur, ligne, maintenant, decide=ligne.obstacle in DECIDES)
        return
    journal.record(
        conn,
        "message_rappele" if ligne.etat == "rappele" else "message_en_echec",
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"orientation_id": ligne.orientation_id, "type": ligne.type, "motif": ligne.obstacle, "essais": ligne.essais},
    )
    if ligne.obstacle not in DECIDES:
        _open_echec(conn, auteur, ligne, maintenant)


def _call_a_person(conn: Connection, auteur: Auteur, ligne: LigneReclamee, code: str, maintenant: datetime) -> None:
    journal.record(
        conn,
        "message_en_echec",
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"orientation_id": ligne.orientation_id, "type": ligne.type, "code": code, "essais": ligne.essais},
    )
    _open_echec(conn, auteur, ligne, maintenant)


def _open_echec(conn: Connection, auteur: Auteur, ligne: LigneReclamee, maintenant: datetime) -> None:
    open_tache(
        conn,
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        motif="message_en_echec",
        cause=str(ligne.cle),
        maintenant=maintenant,
        auteur=auteur,
    )


def _bilan(comptes: Counter[str]) -> Bilan:
    ignores = comptes["rappeles"] + comptes["tardifs"]
    return Bilan(comptes["livres"], ignores, comptes.total() - comptes["livres"] - ignores, {k: n for k, n in comptes.items() if n})
