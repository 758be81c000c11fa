"""``pdp courriels``: the mails that the sink of the demonstration received, as their recipients would read them.

Links of partners and of people, codes, neutral notices: nothing left this machine.
"""

from __future__ import annotations

import argparse
import email
import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from pdp.embedded.etat import Etat

DERNIERS = 5


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", "--derniers", type=int, default=DERNIERS, metavar="N", help="how many, newest last (default: %(default)s)")
    parser.add_argument("-a", "--a", metavar="TEXT", help="only those whose recipient holds this text")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")


def run(arguments: argparse.Namespace) -> dict[str, Any] | int:
    """0 even when nothing came: the sink may not have received anything yet."""
    courriels = read_courriels(Etat().racine / "courriels", arguments.a or "")[-max(arguments.derniers, 1) :]
    if arguments.json:
        return {"ok": True, "courriels": courriels}
    if not courriels:
        print("Aucun courriel reçu par la boîte de la démonstration.")
    for courriel in courriels:
        print(f"À : {courriel['a']}\nObjet : {courriel['objet']}\nReçu : {courriel['recu']}\n\n{courriel['texte'].rstrip()}\n\n{'-' * 72}")
    return 0


def read_courriels(dossier: Path, destinataire: str = "") -> list[dict[str, str]]:
    """Mails of the sink, oldest first, their text only."""
    fichiers = sorted(dossier.glob("*.eml"), key=lambda f: (f.stat().st_mtime_ns, f.name))
    lus = (email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in fichiers)
    return [_describe(message) for message in lus if destinataire.lower() in str(message["To"]).lower()]


def _describe(message: EmailMessage) -> dict[str, str]:
    corps = message.get_body(("plain", "html"))
    texte = "" if corps is None else str(corps.get_content()).replace("\r\n", "\n")
    return {"a": str(message["To"]), "objet": str(message["Subject"]), "recu": str(message["Date"]), "texte": texte}
