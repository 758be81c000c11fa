"""One process: bring Airflow's metadata database up to date, make its pools and its two accounts.

Started as ``python -m pdp.embedded.airflow_metadata`` with Airflow's environment and the passwords of the accounts in
``PDP_AIRFLOW_MDP_*`` (never in a command line, which every user of the machine can read). Each ``airflow`` command alone costs
3 to 10 s of imports: hence its own parser, several times, in one process. A second run changes nothing.
"""

from __future__ import annotations

import os

from airflow.cli import cli_parser

# role of Airflow's own screens, first name, last name
COMPTES = {"exploitant": ("Admin", "Exploitation", "PDP"), "responsable": ("Viewer", "Responsable", "Plateforme")}

# name, slots, why: a slow partner never holds the places of the sweeps
POOLS = {"pdp_reseau": ("2", "Tâches qui attendent le serveur d'un autre : deux à la fois au plus")}


def run(*arguments: str) -> None:
    """One Airflow command, as its own command line does it."""
    lus = cli_parser.get_parser().parse_args(list(arguments))
    lus.func(lus)


def main() -> None:
    run("db", "migrate")
    for nom, (places, raison) in POOLS.items():
        run("pools", "set", nom, places, raison)
    for login, (role, prenom, nom) in COMPTES.items():
        options = {"username": login, "password": os.environ[f"PDP_AIRFLOW_MDP_{login.upper()}"], "role": role}
        identite = {"firstname": prenom, "lastname": nom, "email": f"{login}@pdp.invalid"}
        # one word each: a password drawn at random may begin with a dash
        run("users", "create", *(f"--{cle}={valeur}" for cle, valeur in {**options, **identite}.items()))


if __name__ == "__main__":
    main()
