"""Transport to a partner who has an API: short, signed, never redirected, cut after ten seconds whatever the partner does."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from urllib.parse import quote, urlsplit

from requests.structures import CaseInsensitiveDict

from pdp.config import settings
from pdp.partners import signature
from pdp.partners.connexion import TOTAL_S, AdresseRefusee, PartenaireMuet, check_adresse, exchange
from pdp.partners.contrat import (
    CHEMINS,
    TAILLE_ACCUSE,
    TAILLE_EVENEMENTS,
    Classe,
    Destinataire,
    Envoi,
    Page,
    Remise,
    ReponseInvalide,
    parse_accuse,
    parse_cle_connue,
    parse_page,
)
from pdp.partners.reprise import parse_retry_after

__all__ = ["TOTAL_S", "AdresseRefusee", "PartenaireMuet", "call", "classify", "deliver", "fetch_evenements"]

_PASSAGERS = frozenset({408, 425, 429})


def deliver(destinataire: Destinataire, envoi: Envoi, maintenant: datetime, *, total_s: float = TOTAL_S) -> Remise:
    """Send one message. Never raises for what the partner or the network does: the outcome says it."""
    if envoi.type not in CHEMINS:
        return Remise(Classe.REFUSE, "type_not_carried")
    corps = json.dumps(envoi.corps, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    try:
        statut, entetes, recu = call("POST", destinataire, CHEMINS[envoi.type], corps, str(envoi.cle), TAILLE_ACCUSE, total_s)
    except AdresseRefusee as refus:
        return Remise(Classe.REFUSE, refus.code)
    except PartenaireMuet as muet:
        return Remise(Classe.REESSAYER, muet.code)
    return classify(envoi, statut, entetes.get("Retry-After"), recu, maintenant)


def classify(envoi: Envoi, statut: int, retry_after: str | None, recu: bytes, maintenant: datetime) -> Remise:
    """Outcome of an answer whose signature was checked when it claims a success."""
    code = f"http_{statut}"
    if 200 <= statut < 300:
        try:
            parse_accuse(recu)
        except ReponseInvalide as faute:
            return Remise(Classe.REESSAYER, faute.code)
        return Remise(Classe.LIVRE, code)
    if statut == 409 and parse_cle_connue(recu) == str(envoi.cle):
        return Remise(Classe.LIVRE, code)
    if statut == 404 and envoi.type == "annulation":
        return Remise(Classe.LIVRE, code)  # it never had it: nothing is left to withdraw
    if statut in _PASSAGERS or statut >= 500:
        return Remise(Classe.REESSAYER, code, parse_retry_after(retry_after, maintenant))
    return Remise(Classe.REFUSE, code)


def fetch_evenements(destinataire: Destinataire, curseur: str | None, *, total_s: float = TOTAL_S) -> Page:
    """Events since ``curseur``; raises :class:`PartenaireMuet`, with nothing read, for anything but a correct page."""
    chemin = "/evenements" + (f"?depuis={quote(curseur, safe='')}" if curseur else "")
    statut, _, recu = call("GET", destinataire, chemin, b"", "", TAILLE_EVENEMENTS, total_s)
    if statut != 200:
        raise PartenaireMuet(f"http_{statut}")
    try:
        return parse_page(recu)
    except ReponseInvalide as faute:
        raise PartenaireMuet(faute.code) from None


def call(
    methode: str,
    destinataire: Destinataire,
    chemin: str,
    corps: bytes,
    cle: str,
    taille: int,
    total_s: float,
    signes: Collection[int] = (409,),
) -> tuple[int, CaseInsensitiveDict[str], bytes]:
    """One signed exchange: status, headers, body. A success, or a status of ``signes``, counts only when its signature is right.

    Raises :class:`PartenaireMuet` (its code says why) for everything that is not an answer.
    """
    url = check_adresse(destinataire.url) + chemin
    jeton = signature.token_of(settings().secret_partenaires, destinataire.plateforme_id, destinataire.id_source)
    parties = urlsplit(url)
    visible = parties.path + (f"?{parties.query}" if parties.query else "")
    signee = signature.sign(jeton, signature.request_parts(methode, visible, cle), corps)
    entetes = {
        "Authorization": f"Bearer {jeton}",
        "X-PDP-Plateforme": destinataire.plateforme_id,
        "X-PDP-Partenaire": destinataire.id_source,
        signature.ENTETE: signee,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if methode == "POST":
        entetes |= {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": cle}
    statut, recues, recu = exchange(methode, url, entetes, corps, taille, total_s)
    if (200 <= statut < 300 or statut in signes) and not signature.is_valid(
        jeton, signature.answer_parts(signee, statut), recu, recues.get(signature.ENTETE)
    ):
        raise PartenaireMuet("invalid_body:signature")
    return statut, recues, recu
