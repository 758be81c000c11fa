"""One process: bring Airflow's metadata database up to date and make its two accounts.

Started as ``python -m pdp.embedded.airflow_metadata`` with Airflow's environment; the accounts come as JSON on standard
input (never in the command line, which every user of the machine can read). Each ``airflow`` command alone costs 3 to 10 s of
imports: hence its own parser, several times, in one process. A second run changes nothing.
"""

from __future__ import annotations

import json
import sys

from airflow.cli import cli_parser


def run(*arguments: str) -> None:
    """One Airflow command, as its own command line does it."""
    lus = cli_parser.get_parser().parse_args(list(arguments))
    lus.func(lus)


def main() -> None:
    comptes = json.load(sys.stdin)
    run("db", "migrate")
    for compte in comptes:
        options = {"username": compte["login"], "password": compte["mot_de_passe"], "role": compte["role"]}
        identite = {"firstname": compte["prenom"], "lastname": compte["nom"], "email": compte["courriel"]}
        run("users", "create", *(morceau for nom, valeur in {**options, **identite}.items() for morceau in (f"--{nom}", valeur)))


if __name__ == "__main__":
    main()
