"""Transport to a partner who has a FHIR R4 server: one transaction with conditional creates, so that a repeat creates nothing.

Our token is derived for the partner, or asked for at ``Destinataire.jeton_url`` (client credentials: our id is the platform, our
secret the derived token). What the partner's server holds is never trusted because its status line says 200.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from pdp.config import settings
from pdp.errors import ErreurPdp
from pdp.fhir import rendu, systemes
from pdp.fhir.codes import REQUIS
from pdp.partners import signature
from pdp.partners.connexion import TOTAL_S, AdresseRefusee, PartenaireMuet, check_adresse, exchange
from pdp.partners.contrat import TAILLE_ACCUSE, TAILLE_EVENEMENTS, Classe, Destinataire, Envoi, Remise
from pdp.partners.reprise import parse_retry_after

TYPE_CONTENU = "application/fhir+json"
RETRAITS = frozenset({"annulation"})
_PASSAGERS = frozenset({408, 425, 429})
_CODES_ERREUR = frozenset(REQUIS["OperationOutcomeIssue", "code"])
_MARGE_JETON_S = 30.0
_DUREE_JETON_MAX_S = 3600.0
_jetons: dict[tuple[str, str, str], tuple[str, float]] = {}
_verrou = threading.Lock()


class TacheAbsente(ErreurPdp):
    """The partner has no Task for this hand-over: a word about it has nowhere to be written."""

    code = "task_not_found"

    def __init__(self) -> None:
        super().__init__("Le partenaire n'a pas cette demande. Rien n'a été envoyé.")


def deliver(destinataire: Destinataire, envoi: Envoi, maintenant: datetime, *, total_s: float = TOTAL_S) -> Remise:
    """Send one message. Never raises for what the partner or the network does: the outcome says it."""
    debut = time.monotonic()
    try:
        paquet = _render(destinataire, envoi, total_s)
        if paquet is None:
            return Remise(Classe.REFUSE, "type_not_carried")
        if not paquet["entry"]:
            return Remise(Classe.LIVRE, "already_there")
        corps = json.dumps(paquet, ensure_ascii=False, separators=(",", ":"), default=str).encode()
        reste = total_s - (time.monotonic() - debut)
        statut, entetes, recu = call("POST", destinataire, "", corps, str(envoi.cle), TAILLE_ACCUSE, reste)
    except AdresseRefusee as refus:
        return Remise(Classe.REFUSE, refus.code)
    except PartenaireMuet as muet:
        return Remise(Classe.REESSAYER, muet.code)
    except (ErreurPdp, KeyError, ValueError) as refus:  # what we hold cannot be said in FHIR: a person must look, no repeat will help
        return Remise(Classe.REFUSE, f"not_rendered:{getattr(refus, 'code', 'content')}"[:100])
    if statut == 401 and destinataire.jeton_url:
        return Remise(Classe.REESSAYER, "token_refused")  # asked for again at the next attempt
    return classify(envoi, len(paquet["entry"]), statut, entetes.get("Retry-After"), recu, maintenant)


def classify(envoi: Envoi, entrees: int, statut: int, retry_after: str | None, recu: bytes, maintenant: datetime) -> Remise:
    """Outcome of an answer to a transaction of ``entrees`` entries."""
    code = f"http_{statut}"
    if 200 <= statut < 300:
        faute = find_faute(recu, entrees)
        return Remise(Classe.LIVRE, code) if faute is None else Remise(Classe.REESSAYER, f"invalid_body:{faute}")
    if statut in (409, 412) and envoi.type != "orientation":
        return Remise(Classe.REESSAYER, "version_conflict")  # the partner changed its Task meanwhile: it is read again
    if statut in (409, 412) and is_ours(recu, str(envoi.corps.get("orientation_id", ""))):
        return Remise(Classe.LIVRE, code)
    if statut in (404, 410) and envoi.type == "annulation":
        return Remise(Classe.LIVRE, code)  # it never had it: nothing is left to withdraw
    if statut in _PASSAGERS or statut >= 500:
        return Remise(Classe.REESSAYER, code, parse_retry_after(retry_after, maintenant))
    raison = find_raison(recu)
    return Remise(Classe.REFUSE, f"{code}:{raison}" if raison else code)


def find_faute(recu: bytes, entrees: int) -> str | None:
    """Why this is not the answer to our transaction: each entry must have been created or found, and the Task named."""
    objet = parse_objet(recu)
    if objet is None:
        return "json"
    if objet.get("resourceType") != "Bundle" or objet.get("type") != "transaction-response":
        return "not_transaction_response"
    lignes = objet.get("entry")
    if not isinstance(lignes, list) or len(lignes) != entrees:
        return "entries"
    reponses = [ligne.get("response") if isinstance(ligne, dict) else None for ligne in lignes]
    if not all(isinstance(r, dict) and str(r.get("status", ""))[:3] in ("200", "201", "204") for r in reponses):
        return "entry_status"
    if not any(isinstance(r, dict) and "Task/" in str(r.get("location", "")) for r in reponses):
        return "task_location"
    return None


def is_ours(recu: bytes, orientation_id: str) -> bool:
    """Whether an OperationOutcome names our hand-over: the partner already has it."""
    objet = parse_objet(recu)
    return bool(orientation_id) and objet is not None and orientation_id in json.dumps(_issues(objet), ensure_ascii=False)


def find_raison(recu: bytes) -> str | None:
    """Code of the first issue of an OperationOutcome, from the closed list; never its text."""
    codes = [issue.get("code") for issue in _issues(parse_objet(recu) or {})]
    return next((c for c in codes if isinstance(c, str) and c in _CODES_ERREUR), None)


def parse_objet(recu: bytes) -> dict[str, Any] | None:
    """A JSON object, None for anything else."""
    try:
        objet = json.loads(recu.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return objet if isinstance(objet, dict) else None


def call(
    methode: str, destinataire: Destinataire, chemin: str, corps: bytes, cle: str, taille: int, total_s: float
) -> tuple[int, Mapping[str, str], bytes]:
    """One authorised exchange with the server of a partner; raises :class:`PartenaireMuet` for all that is not an answer.

    ``total_s`` covers the request of a token too.
    """
    debut = time.monotonic()
    url = check_adresse(destinataire.url) + chemin
    entetes = {
        "Authorization": f"Bearer {_token(destinataire, total_s)}",
        "Accept": TYPE_CONTENU,
        "Accept-Encoding": "identity",
        "Connection": "close",
        "X-Request-Id": cle or str(uuid4()),
        "X-PDP-Plateforme": destinataire.plateforme_id,
        "X-PDP-Partenaire": destinataire.id_source,
    }
    if methode != "GET":
        entetes |= {"Content-Type": f"{TYPE_CONTENU}; charset=utf-8", "Idempotency-Key": cle, "Prefer": "return=minimal"}
    reste = total_s - (time.monotonic() - debut)
    if reste <= 0:
        raise PartenaireMuet("timeout")
    statut, recues, recu = exchange(methode, url, entetes, corps, taille, reste)
    if statut == 401:
        with _verrou:
            _jetons.pop(_place(destinataire), None)
    return statut, recues, recu


def read_tache(destinataire: Destinataire, orientation_id: str, total_s: float) -> dict[str, Any] | None:
    """The Task of a hand-over as the partner holds it, None when it has none; raises :class:`PartenaireMuet` when it does not say."""
    recherche = urlencode({"identifier": f"{systemes.ORIENTATION}|{orientation_id}"})
    statut, _, recu = call("GET", destinataire, f"/Task?{recherche}", b"", "", TAILLE_EVENEMENTS, total_s)
    objet = parse_objet(recu)
    if statut != 200 or objet is None or objet.get("resourceType") != "Bundle":
        raise PartenaireMuet(f"http_{statut}" if statut != 200 else "invalid_body:not_searchset")
    trouvees = [e.get("resource") for e in objet.get("entry") or [] if isinstance(e, dict)]
    taches = [t for t in trouvees if isinstance(t, dict) and t.get("resourceType") == "Task"]
    return taches[0] if taches else None


def _render(destinataire: Destinataire, envoi: Envoi, total_s: float) -> dict[str, Any] | None:
    """The transaction of a message; what changes a Task starts from the Task the partner holds, so that nothing of its own is lost."""
    if envoi.type == "orientation":
        return rendu.render_orientation(destinataire, envoi, synthetique=settings().demonstration)
    if envoi.type in RETRAITS:
        return rendu.render_annulation(destinataire, envoi, read_tache(destinataire, str(envoi.corps["orientation_id"]), total_s))
    if envoi.type == "reponse_question":
        return _render_parole(destinataire, envoi, total_s)
    return None


def _render_parole(destinataire: Destinataire, envoi: Envoi, total_s: float) -> dict[str, Any]:
    """A question or an answer of the platform, as a note on the Task the partner holds; no entry when the note is already there."""
    orientation = str(envoi.corps["orientation_id"])
    connue = read_tache(destinataire, orientation, total_s)
    if connue is None:
        raise TacheAbsente
    tache = rendu.render_reponse(connue, str(envoi.corps["texte"]), str(envoi.corps["emise_at"]), destinataire.plateforme)
    demande = {"method": "PUT", "url": f"Task?{_condition(orientation)}"}
    version = (connue.get("meta") or {}).get("versionId")
    if version:
        demande["ifMatch"] = f'W/"{version}"'
    entrees = [{"fullUrl": f"urn:uuid:{envoi.cle}", "resource": tache, "request": demande}] if tache != connue else []
    return {"resourceType": "Bundle", "type": "transaction", "entry": entrees}


def _condition(orientation: str) -> str:
    return f"identifier={quote(systemes.ORIENTATION, safe=':')}|{orientation}"


def _issues(objet: Mapping[str, Any]) -> list[dict[str, Any]]:
    issues = objet.get("issue") if objet.get("resourceType") == "OperationOutcome" else None
    return [i for i in issues if isinstance(i, dict)] if isinstance(issues, list) else []


def _token(destinataire: Destinataire, total_s: float) -> str:
    """The derived token, or one given by the partner for it, used again until shortly before its end."""
    derive = signature.token_of(settings().secret_partenaires, destinataire.plateforme_id, destinataire.id_source)
    if not destinataire.jeton_url:
        return derive
    with _verrou:
        connu, fin = _jetons.get(_place(destinataire), ("", 0.0))
    if time.monotonic() < fin:
        return connu
    valeur, duree_s = _ask_token(destinataire, derive, total_s)
    with _verrou:
        _jetons[_place(destinataire)] = (valeur, time.monotonic() + min(duree_s, _DUREE_JETON_MAX_S) - _MARGE_JETON_S)
    return valeur


def _ask_token(destinataire: Destinataire, secret: str, total_s: float) -> tuple[str, float]:
    entetes = {
        "Authorization": "Basic " + base64.b64encode(f"{destinataire.plateforme_id}:{secret}".encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    url = check_adresse(destinataire.jeton_url)
    statut, _, recu = exchange("POST", url, entetes, b"grant_type=client_credentials", TAILLE_ACCUSE, total_s)
    objet = parse_objet(recu) or {}
    valeur, duree_s = objet.get("access_token"), objet.get("expires_in", 60)
    bon = isinstance(valeur, str) and 1 <= len(valeur) <= 4096 and valeur.isascii() and valeur.isprintable() and " " not in valeur
    if statut != 200 or not bon or not isinstance(duree_s, int | float) or isinstance(duree_s, bool):
        raise PartenaireMuet(f"token_http_{statut}")
    return str(valeur), float(duree_s)


def _place(destinataire: Destinataire) -> tuple[str, str, str]:
    return destinataire.jeton_url or "", destinataire.plateforme_id, destinataire.id_source


def _no_constant(nom: str) -> None:
    raise ValueError(nom)
