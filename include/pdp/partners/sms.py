"""The contract with an SMS gateway, whatever its software: the one of ``contrat.py`` (token, signatures both ways), two paths.

``POST {url}/messages`` with ``{numero, texte, emetteur}`` and ``Idempotency-Key`` answers 201 ``{recu_id, statut}``; a repeat
answers 200 with the same body, or 409 ``{cle}``: the same key is the same message, the gateway sends it once. 422
``{erreur}`` (signed) says that the number cannot be written to, and why: a code of ``REFUS``.

``GET {url}/accuses?depuis=<cursor>`` answers ``{curseur, accuses: [{evenement_id, cle, etat, code, survenu_at}]}``: the platform
asks, the gateway never calls. An answer is bound to its request by the signature, so an old one cannot be played again.
Receipts may repeat, come late or out of order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import UUID

from pdp.config import settings
from pdp.domain.message import RANGS_REMISE
from pdp.partners import http
from pdp.partners.contrat import (
    TAILLE_ACCUSE,
    TAILLE_EVENEMENTS,
    Classe,
    Destinataire,
    Remise,
    ReponseInvalide,
    parse_accuse,
    parse_cle_connue,
)
from pdp.partners.reprise import parse_retry_after

PASSERELLE = "passerelle-sms"
"""Id of the gateway in the derivation of its token, one token per platform."""
REFUS = frozenset({"numero_invalide", "numero_inexistant", "numero_resilie", "refuse_operateur"})
CODES = REFUS | {"boite_pleine", "injoignable_reseau", "expire"}
_PASSAGERS = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Accuse:
    """One receipt, checked field by field. ``cle`` is the key of the message as we gave it."""

    evenement_id: str
    cle: UUID
    etat: str
    code: str | None
    survenu_at: datetime

    @property
    def empreinte(self) -> bytes:
        """SHA-256 of the content: the same id with another fingerprint is not the same receipt."""
        champs = (str(self.cle), self.etat, self.code, self.survenu_at.isoformat())
        return sha256(json.dumps(champs).encode()).digest()


@dataclass(frozen=True)
class PageAccuses:
    """Receipts since a cursor; ``illisibles`` counts those that do not follow the contract."""

    curseur: str
    accuses: tuple[Accuse, ...]
    illisibles: int = 0


def deliver(plateforme_id: str, cle: UUID, numero: str, texte: str, maintenant: datetime, *, total_s: float = http.TOTAL_S) -> Remise:
    """Hand one short message over. Never raises for what the gateway or the network does: the outcome says it."""
    if settings().sms_url is None:
        return Remise(Classe.REESSAYER, "no_gateway")
    corps = json.dumps({"numero": numero, "texte": texte, "emetteur": plateforme_id}, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        statut, entetes, recu = http.call(
            "POST", _gateway(plateforme_id), "/messages", corps, str(cle), TAILLE_ACCUSE, total_s, signes=(409, 422)
        )
    except http.PartenaireMuet as muet:  # a wrong address of the gateway is ours to repair: the message waits
        return Remise(Classe.REESSAYER, muet.code)
    return classify(cle, statut, entetes.get("Retry-After"), recu, maintenant)


def classify(cle: UUID, statut: int, retry_after: str | None, recu: bytes, maintenant: datetime) -> Remise:
    """Outcome of an answer whose signature was checked when it says success, known key or refused number."""
    code = f"http_{statut}"
    if 200 <= statut < 300:
        try:
            parse_accuse(recu)
        except ReponseInvalide as faute:
            return Remise(Classe.REESSAYER, faute.code)
        return Remise(Classe.LIVRE, code)
    if statut == 409 and parse_cle_connue(recu) == str(cle):
        return Remise(Classe.LIVRE, code)
    if statut == 422:
        return Remise(Classe.REFUSE, _reason(recu) or code)
    if statut in _PASSAGERS or statut >= 500:
        return Remise(Classe.REESSAYER, code, parse_retry_after(retry_after, maintenant))
    return Remise(Classe.REFUSE, code)


def fetch_accuses(plateforme_id: str, curseur: str | None, *, total_s: float = http.TOTAL_S) -> PageAccuses:
    """Receipts since ``curseur``; raises :class:`PartenaireMuet`, with nothing read, for anything but a correct page."""
    if settings().sms_url is None:
        raise http.PartenaireMuet("no_gateway")
    chemin = "/accuses" + (f"?depuis={quote(curseur, safe='')}" if curseur else "")
    statut, _, recu = http.call("GET", _gateway(plateforme_id), chemin, b"", "", TAILLE_EVENEMENTS, total_s)
    if statut != 200:
        raise http.PartenaireMuet(f"http_{statut}")
    try:
        return parse_accuses(recu)
    except ReponseInvalide as faute:
        raise http.PartenaireMuet(faute.code) from None


def parse_accuses(corps: bytes) -> PageAccuses:
    """Raises :class:`ReponseInvalide` when the envelope is wrong; a wrong receipt is counted and the others are kept."""
    try:
        objet = json.loads(corps.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ReponseInvalide("json") from None
    if not isinstance(objet, dict) or not isinstance(objet.get("accuses"), list):
        raise ReponseInvalide("accuses")
    curseur = objet.get("curseur")
    if not isinstance(curseur, str) or not 1 <= len(curseur) <= 200 or not curseur.isascii() or not curseur.isprintable():
        raise ReponseInvalide("curseur")
    lus = [_parse_accuse(element) for element in objet["accuses"]]
    bons = tuple(a for a in lus if a is not None)
    return PageAccuses(curseur, bons, len(lus) - len(bons))


def _parse_accuse(element: Any) -> Accuse | None:
    try:
        identifiant, etat, code = element["evenement_id"], element["etat"], element.get("code")
        survenu_at = datetime.fromisoformat(element["survenu_at"])
        if (
            not (isinstance(identifiant, str) and 1 <= len(identifiant) <= 90 and identifiant.isascii() and identifiant.isprintable())
            or etat not in RANGS_REMISE
            or (code is not None and code not in CODES)
            or survenu_at.tzinfo is None
        ):
            return None
        return Accuse(identifiant, UUID(element["cle"]), etat, code, survenu_at.astimezone(UTC))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _reason(recu: bytes) -> str | None:
    try:
        erreur = json.loads(recu)["erreur"]
    except (ValueError, KeyError, TypeError):
        return None
    return erreur if erreur in REFUS else None


def _gateway(plateforme_id: str) -> Destinataire:
    return Destinataire(plateforme_id, PASSERELLE, settings().sms_url)
