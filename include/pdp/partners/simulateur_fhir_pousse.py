"""Software of a partner that answers on our endpoint instead of waiting to be read: what its vendor would write from the published rules.

``python -m pdp.partners.simulateur_fhir_pousse BASE CLIENT`` (secret in ``PDP_FHIR_SECRET``) plays the script of every hand-over it finds,
one step each, and says what it did: a demonstration by hand. It shares nothing with our side but the published rules.
"""

from __future__ import annotations

import hmac
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests

DELAI_S = 10
SUITE = {"requested": "received", "received": "accepted", "accepted": "in-progress", "in-progress": "completed"}


@dataclass
class Pousseur:
    """One client of our endpoint; ``jeton`` is asked for when it is missing."""

    base: str
    client: str
    secret: str
    jeton: str = ""

    def connect(self) -> None:
        """A token by client credentials; raises ``requests.HTTPError`` when refused."""
        demande = {"grant_type": "client_credentials"}
        reponse = requests.post(f"{self.base}/token", data=demande, auth=(self.client, self.secret), timeout=DELAI_S)
        reponse.raise_for_status()
        self.jeton = reponse.json()["access_token"]

    def list_taches(self) -> list[dict[str, Any]]:
        """Every Task, page after page."""
        taches, adresse = [], f"{self.base}/Task?_sort=_lastUpdated"
        while adresse:
            paquet = requests.get(adresse, headers={"Authorization": f"Bearer {self.jeton}"}, timeout=DELAI_S).json()
            taches += [e["resource"] for e in paquet.get("entry", [])]
            adresse = next((lien["url"] for lien in paquet["link"] if lien["relation"] == "next"), "")
        return taches

    def update(self, tache: Mapping[str, Any], change: Mapping[str, Any]) -> requests.Response:
        """The Task as read, with this change, signed."""
        adresse = f"{self.base}/Task/{tache['id']}"
        corps = json.dumps({**tache, **change}).encode()
        si, appel, instant = f'W/"{tache["meta"]["versionId"]}"', str(uuid4()), int(time.time())
        cle = hmac.new(self.secret.encode(), f"signature|{self.jeton}".encode(), sha256).hexdigest()
        signe = "\n".join((str(instant), "demande", "PUT", urlsplit(adresse).path, appel, si, "")).encode() + corps
        entetes = {
            "Authorization": f"Bearer {self.jeton}",
            "Content-Type": "application/fhir+json",
            "If-Match": si,
            "X-Request-Id": appel,
            "X-PDP-Signature": f"t={instant},v1={hmac.new(cle.encode(), signe, sha256).hexdigest()}",
        }
        return requests.put(adresse, data=corps, headers=entetes, timeout=DELAI_S)


def next_change(tache: Mapping[str, Any]) -> dict[str, Any] | None:
    """The next step of a hand-over that goes well; None when there is none left."""
    suivant = SUITE.get(str(tache["status"]))
    if suivant is None:
        return None
    rapport = {"type": {"coding": [{"system": "urn:pdp:echange", "code": "compte_rendu"}]}, "valueString": "Accompagnement terminé."}
    return {"status": suivant} | ({"output": [*tache.get("output", []), rapport]} if suivant == "completed" else {})


def main() -> None:
    """One step of every hand-over."""
    logiciel = Pousseur(sys.argv[1].rstrip("/"), sys.argv[2], os.environ["PDP_FHIR_SECRET"])
    logiciel.connect()
    for tache in logiciel.list_taches():
        change = next_change(tache)
        if change is not None:
            sys.stdout.write(f"{tache['id']} {tache['status']} -> {change['status']}: {logiciel.update(tache, change).status_code}\n")


if __name__ == "__main__":
    main()
