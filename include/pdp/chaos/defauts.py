"""Bugs put into the product on purpose, inside the harness only: a harness that lets one of them through proves nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from pdp.domain.auteur import Auteur
from pdp.partners import http, transports
from pdp.partners.contrat import Classe, Destinataire, Envoi, Remise
from pdp.services import send_outbox
from pdp.services.follow_envoi import find_destinataire
from pdp.storage import db, inbox
from pdp.storage import sql as requetes


def no_fencing() -> None:
    """M1: whoever comes last writes the outcome."""
    _rewrite("conclure", "AND jeton = :jeton AND etat = 'en_cours'", "AND cast(:jeton AS bigint) IS NOT NULL")


def random_key() -> None:
    """M2: another key at each attempt."""
    livrer = transports.TRANSPORTS["api"]

    def deliver(destinataire: Destinataire, envoi: Envoi, maintenant: datetime) -> Remise:
        return livrer(destinataire, dataclasses.replace(envoi, cle=uuid4()), maintenant)

    transports.TRANSPORTS["api"] = deliver


def delivered_first() -> None:
    """M3: said delivered before the answer."""

    def call(url: str, auteur: Auteur, ligne: send_outbox.LigneReclamee, maintenant: datetime) -> Remise | None:
        with db.begin(url, auteur) as conn:
            cible = find_destinataire(conn, ligne.plateforme_id, ligne.partenaire_id)
            send_outbox.record_remise(conn, auteur, ligne, Remise(Classe.LIVRE, "avance"), maintenant)
        if cible is not None:
            destinataire = cible.as_destinataire(ligne.plateforme_id, ligne.partenaire_id)
            transports.deliver(ligne.canal, destinataire, Envoi(ligne.cle, ligne.type, ligne.charge), maintenant)
        return None

    send_outbox._call = call


def no_consent_check() -> None:
    """M4: the agreement is not checked again when the message is claimed."""
    _rewrite("reclamer", "WHEN o.accord_destinataire IS NOT NULL AND (", "WHEN false AND (")


def no_fingerprint() -> None:
    """M5: another content under a known id is taken for a repeat."""
    deposer = inbox.deposit

    def deposit(*arguments: Any, **nommes: Any) -> str:
        sort = deposer(*arguments, **nommes)
        return "connue" if sort == "autre_contenu" else sort

    inbox.deposit = deposit


def retry_refusal() -> None:
    """M6: a refusal for good is tried again."""
    classer = http.classify

    def classify(envoi: Envoi, statut: int, retry_after: str | None, recu: bytes, maintenant: datetime) -> Remise:
        return Remise(Classe.REESSAYER, "http_400") if statut == 400 else classer(envoi, statut, retry_after, recu, maintenant)

    http.classify = classify


def blind_resend() -> None:
    """M7: what a dead worker may have mailed is mailed again."""
    _rewrite("reclamer", "WHEN o.etat = 'en_cours' AND o.canal IN ('courriel', 'lien', 'messagerie') THEN", "WHEN false THEN")


DEFAUTS: dict[str, Callable[[], None]] = {
    "M1": no_fencing,
    "M2": random_key,
    "M3": delivered_first,
    "M4": no_consent_check,
    "M5": no_fingerprint,
    "M6": retry_refusal,
    "M7": blind_resend,
}


def _rewrite(nom: str, avant: str, apres: str) -> None:
    fichier = requetes.load_fichier(requetes.REQUETES / "outbox.sql")
    if avant not in fichier[nom]:
        raise LookupError(f"outbox.{nom} no longer holds what the seeded bug replaces: {avant}")
    fichier[nom] = fichier[nom].replace(avant, apres)
    requetes.query.cache_clear()
