"""``pdp fhir``: check FHIR files, and print who may move a referral Task from which status to which. No database, no network."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pdp.fhir.codes import TASK_STATUS
from pdp.fhir.dossier import Verdict, check_document
from pdp.fhir.json_strict import TAILLE_MAX
from pdp.fhir.transitions import ACTEURS, list_pairs

_ABREGES = {("plateforme",): "plat", ("partenaire",): "part", ("plateforme", "partenaire"): "tous", (): "·"}


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="say of each resource whether it may be taken, and why not")
    check.add_argument("fichiers", nargs="+", metavar="FILE", help="JSON resource, Bundle, or NDJSON; - reads standard input")
    check.add_argument("--production", action="store_true", help="also refuse identities and labels kept for tests")
    check.add_argument("--json", action="store_true", help="one JSON object on the last line")
    transitions = actions.add_parser("transitions", help="statuses of a Task: which may follow which, set by whom")
    transitions.add_argument("--json", action="store_true", help="one JSON object: 'allowed' and 'refused' pairs")


def run(arguments: argparse.Namespace) -> int:
    """check: 0 all accepted, 1 some refused, 2 a file cannot be read. transitions: 0."""
    return _transitions(arguments.json) if arguments.action == "transitions" else _check(arguments)


def _check(arguments: argparse.Namespace) -> int:
    rapport: list[dict[str, Any]] = []
    illisible = refusee = False
    for nom in arguments.fichiers:
        try:
            octets = _read(nom)
        except OSError as erreur:
            illisible = True
            print(f"pdp fhir: {nom}: {erreur.strerror or type(erreur).__name__}", file=sys.stderr)
            rapport.append({"file": nom, "accepted": False, "unreadable": True, "resources": []})
            continue
        verdicts = check_document(octets, production=arguments.production, lignes=True if nom.endswith(".ndjson") else None)
        acceptee = all(v.acceptee for v in verdicts)
        refusee |= not acceptee
        rapport.append({"file": nom, "accepted": acceptee, "unreadable": False, "resources": [_as_json(v) for v in verdicts]})
        if not arguments.json:
            _print(nom, verdicts)
    code = 2 if illisible else 1 if refusee else 0
    if arguments.json:
        comptes = {"accepted": sum(r["accepted"] for r in rapport), "refused": sum(not r["accepted"] for r in rapport)}
        print(json.dumps({"ok": code == 0, **comptes, "files": rapport}, ensure_ascii=False))
    return code


def _read(nom: str) -> bytes:
    if nom == "-":
        return sys.stdin.buffer.read(TAILLE_MAX + 1)
    with Path(nom).open("rb") as fichier:
        return fichier.read(TAILLE_MAX + 1)


def _as_json(verdict: Verdict) -> dict[str, Any]:
    fautes = [{"path": f.chemin, "code": f.code, "reason": f.raison} for f in verdict.fautes]
    return {"at": verdict.repere, "type": verdict.type, "accepted": verdict.acceptee, "faults": fautes}


def _print(nom: str, verdicts: Sequence[Verdict]) -> None:
    fautes = sum(len(v.fautes) for v in verdicts)
    quoi = verdicts[0].type if len(verdicts) == 1 or not verdicts[0].repere else "NDJSON"
    entrees = sum(1 for v in verdicts if v.repere)
    detail = f" ({quoi}, {entrees} ressource{'s' if entrees > 1 else ''})" if entrees else f" ({quoi})"
    print(f"{nom} : accepté{detail}" if not fautes else f"{nom} : refusé{detail}, {fautes} faute{'s' if fautes > 1 else ''}")
    for verdict in verdicts:
        for faute in verdict.fautes:
            print(f"  {verdict.repere + ' ' if verdict.repere.startswith('ligne') else ''}{faute}")


def _transitions(en_json: bool) -> int:
    paires = list_pairs()
    if en_json:
        lignes = [(acteur, avant, apres, acteur in qui) for avant, apres, qui in paires for acteur in ACTEURS]
        allowed, refused = (
            [{"actor": a, "from": de, "to": vers} for a, de, vers, oui in lignes if oui is permis] for permis in (True, False)
        )
        print(json.dumps({"ok": True, "statuses": list(TASK_STATUS), "allowed": allowed, "refused": refused}))
        return 0
    table = {(avant, apres): _ABREGES[qui] for avant, apres, qui in paires}
    print("Statuts d'une Task, de la ligne vers la colonne. plat : la plateforme seule ; part : le partenaire seul ;")
    print("tous : l'un ou l'autre ; · : personne.\n")
    for numero, statut in enumerate(TASK_STATUS, start=1):
        print(f"  {numero:>2} {statut}")
    largeur = max(map(len, TASK_STATUS)) + 1
    print("\n" + " " * largeur + "".join(f"{numero:>5}" for numero in range(1, len(TASK_STATUS) + 1)))
    for avant in TASK_STATUS:
        print(f"{avant:<{largeur}}" + "".join(f"{table.get((avant, apres), '-'):>5}" for apres in TASK_STATUS))
    return 0
