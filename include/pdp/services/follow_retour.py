"""What a mail that came back changes: the message of the outbox, the hand-over, and whom is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.message import is_remise_suivante
from pdp.errors import TransitionInterdite
from pdp.messages.partenaire import reference_of
from pdp.partners.accuses_courriel import Lu, describe_adresse
from pdp.partners.sms import Accuse
from pdp.services.collect_accuses import record_accuse
from pdp.services.follow_envoi import call_a_person, describe, follow_delivery
from pdp.services.heal_incertains import close_echec
from pdp.services.manage_taches import open_tache
from pdp.services.record_reponse import record_reponse
from pdp.services.send_outbox import LigneReclamee
from pdp.storage import journal
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

RECUS = frozenset({"mdn_displayed", "mdn_processed"})
"""Receipts that say that the partner has the hand-over; a deletion or a server on the way does not."""
_PAR_REMISE = {"applique": "applique", "ancien": "ancien", "repete": "ancien", "inconnu": "quarantaine", "quarantaine": "quarantaine"}


@dataclass(frozen=True)
class Suite:
    """What was done of a mail; ``raison`` is given exactly when it is set aside."""

    resultat: str
    plateforme_id: str | None = None
    outbox_id: UUID | None = None
    raison: str | None = None


@dataclass(frozen=True, kw_only=True)
class LigneEnvoi(LigneReclamee):
    """A message to a partner, locked, with what is known of its delivery and of its hand-over."""

    remise: str | None
    orientation_statut: str | None
    clos_at: datetime | None


def follow_retour(conn: Connection, auteur: Auteur, boite: str, lu: Lu, empreinte: bytes, maintenant: datetime) -> Suite:
    """Apply one mail of ``boite`` (``messagerie`` or ``courriel``) in the caller's transaction."""
    if lu.nature == "inconnue":
        return Suite("quarantaine", raison=lu.raison or "unknown")
    trouve = conn.execute(query("boites.trouver_message"), {"cles": list(lu.cles)}).one_or_none() if lu.cles else None
    if trouve is None:
        return Suite("quarantaine", raison="unknown_message")
    if trouve.cause is not None:
        return _follow_personne(conn, auteur, trouve.cle, lu, empreinte, maintenant)
    if trouve.orientation_id is not None:
        conn.execute(query("boites.verrouiller_orientation"), {"orientation": trouve.orientation_id})
    envoi = find_ligne(conn, "boites.verrouiller_envoi", LigneEnvoi, message=trouve.id)
    if envoi is None:
        return Suite("quarantaine", raison="unknown_message")
    if lu.nature == "humaine":
        return _ask_to_read(conn, auteur, boite, envoi, empreinte, maintenant)
    return _follow_partenaire(conn, auteur, envoi, lu, empreinte, maintenant)


def _follow_personne(conn: Connection, auteur: Auteur, cle: UUID, lu: Lu, empreinte: bytes, maintenant: datetime) -> Suite:
    """Ordinary mail to an insured person: a bounce is a receipt like those of SMS, and may show that the address is dead."""
    ligne = conn.execute(query("boites.lire_personne"), {"cle": cle}).one()
    connue = Suite("sans_effet", ligne.plateforme_id, ligne.id)
    if lu.nature == "humaine":
        return Suite("quarantaine", ligne.plateforme_id, ligne.id, "person_wrote")
    if lu.etat is None or lu.nature == "automatique":
        return connue
    code = describe_adresse(lu.code) if lu.etat in ("echec_definitif", "echec_temporaire") else None
    accuse = Accuse(f"courriel:{empreinte.hex()[:40]}", cle, lu.etat, code, maintenant)
    resultat = _PAR_REMISE[record_accuse(conn, auteur, ligne.plateforme_id, accuse, maintenant, canal="courriel")]
    return Suite(resultat, ligne.plateforme_id, ligne.id, "contradicts" if resultat == "quarantaine" else None)


def _follow_partenaire(conn: Connection, auteur: Auteur, envoi: LigneEnvoi, lu: Lu, empreinte: bytes, maintenant: datetime) -> Suite:
    if lu.etat is None:  # an absence: the mailbox has it
        _arrive(conn, auteur, envoi, envoi.remise, lu.code, maintenant)
        return Suite("sans_effet", envoi.plateforme_id, envoi.id)
    if not is_remise_suivante(envoi.remise, lu.etat):
        contraire = "echec_definitif" in (envoi.remise, lu.etat) and envoi.remise != lu.etat and lu.etat != "echec_temporaire"
        raison = "contradicts" if contraire else None
        return Suite("quarantaine" if contraire else "ancien", envoi.plateforme_id, envoi.id, raison)
    if lu.etat == "echec_definitif":
        _lose(conn, auteur, envoi, lu, maintenant)
    else:
        _arrive(conn, auteur, envoi, lu.etat, lu.code, maintenant)
        if lu.nature == "accuse" and lu.code in RECUS and envoi.type == "orientation" and envoi.canal == "messagerie":
            _note_recue(conn, envoi, empreinte, maintenant)
    donnees = {"orientation_id": envoi.orientation_id, "type": envoi.type, "canal": envoi.canal, "etat": lu.etat, "code": lu.code}
    journal.record(conn, "message_accuse", plateforme_id=envoi.plateforme_id, parcours_id=envoi.parcours_id, donnees=donnees)
    return Suite("applique", envoi.plateforme_id, envoi.id)


def _arrive(conn: Connection, auteur: Auteur, envoi: LigneEnvoi, remise: str | None, code: str | None, maintenant: datetime) -> None:
    """Whatever answers has the message: one of which nobody knew is delivered, and nobody has to ask any more."""
    arrive = remise != "echec_temporaire"
    if remise is not None or envoi.etat == "incertain":
        suite = {"id": envoi.id, "remise": remise or "remis", "code": code, "arrive": arrive, "maintenant": maintenant}
        conn.execute(query("boites.noter_remise"), suite)
    if envoi.etat == "incertain" and arrive:
        follow_delivery(conn, envoi, maintenant)
        journal.record(conn, "message_retrouve", **describe(envoi, avant=envoi.etat))
        close_echec(conn, auteur, envoi, "retrouve", maintenant)


def _lose(conn: Connection, auteur: Auteur, envoi: LigneEnvoi, lu: Lu, maintenant: datetime) -> None:
    """It did not arrive, or the partner's software could not file it: a coordinator is told; nothing is sent again by itself."""
    code = lu.code or "dsn"
    if lu.nature == "rebond":
        conn.execute(query("boites.noter_perte"), {"id": envoi.id, "code": code, "maintenant": maintenant})
        if envoi.type == "orientation":
            conn.execute(query("boites.oter_envoyee"), {"orientation": envoi.orientation_id})
    else:
        suite = {"id": envoi.id, "remise": "echec_definitif", "code": code, "arrive": True, "maintenant": maintenant}
        conn.execute(query("boites.noter_remise"), suite)
    call_a_person(conn, auteur, envoi, "rebut", code, maintenant)


def _note_recue(conn: Connection, envoi: LigneEnvoi, empreinte: bytes, maintenant: datetime) -> None:
    """The receipt is the partner's first answer, unless it already said more."""
    if envoi.orientation_id is None or envoi.partenaire_id is None:
        return
    qui = Auteur("partenaire", str(envoi.partenaire_id), "partenaire", envoi.plateforme_id, str(envoi.partenaire_id))
    try:
        record_reponse(
            conn,
            qui,
            envoi.orientation_id,
            statut="recue",
            motif=None,
            compte_rendu=None,
            evenement_id=empreinte.hex()[:40],
            maintenant=maintenant,
            transport="messagerie",
        )
    except TransitionInterdite:
        return


def _ask_to_read(conn: Connection, auteur: Auteur, boite: str, envoi: LigneEnvoi, empreinte: bytes, maintenant: datetime) -> Suite:
    """Somebody wrote: a person reads it in the mailbox and notes what it says. Its words are neither read nor kept here."""
    _arrive(conn, auteur, envoi, envoi.remise, "answered", maintenant)
    if envoi.clos_at is not None:
        return Suite("quarantaine", envoi.plateforme_id, envoi.id, "case_closed")
    ou = "la messagerie sécurisée" if boite == "messagerie" else "la boîte des courriels"
    reference = reference_of({"orientation_id": envoi.orientation_id or ""})
    open_tache(
        conn,
        plateforme_id=envoi.plateforme_id,
        parcours_id=envoi.parcours_id,
        motif="lire_reponse",
        cause=f"{envoi.orientation_id}:courrier:{empreinte.hex()[:32]}",
        maintenant=maintenant,
        auteur=auteur,
        note=f"Le partenaire a écrit : son message attend dans {ou} (référence {reference}). Lisez-le, puis notez sa réponse.",
    )
    return Suite("a_lire", envoi.plateforme_id, envoi.id)
