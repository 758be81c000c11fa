"""The business database for one command: the one that the environment names, else the demonstration's on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from pdp.config import settings
from pdp.embedded.environnement import platform_environment
from pdp.embedded.etat import Etat
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.errors import ErreurPdp


class PlateformeAbsente(ErreurPdp):
    """No settings, and no demonstration was ever made here."""

    code = "plateforme_absente"


@contextmanager
def joined_database(etat: Etat | None = None) -> Iterator[None]:
    """``settings()`` leads to a database within the block.

    Order: ``PDP_DATABASE_URL``; the demonstration that runs on the state folder; the one that is stopped, whose database alone is then
    started and stopped again. Raises :class:`PlateformeAbsente`.
    """
    if os.environ.get("PDP_DATABASE_URL"):
        yield
        return
    etat = etat or Etat()
    if not (etat.racine / "pg").exists():
        raise PlateformeAbsente("Aucune plateforme n'est installée ici : lancez d'abord ./pdp demo, ou donnez PDP_DATABASE_URL.")
    serveur = EmbeddedPostgres(etat.racine / "pg")
    if serveur.pid is not None:
        _enter(etat, serveur)
        yield
        return
    etat.lock()
    try:
        with serveur:
            _enter(etat, serveur)
            yield
    finally:
        etat.unlock()


def _enter(etat: Etat, serveur: EmbeddedPostgres) -> None:
    ports = {nom: etat.port(nom) or 0 for nom in ("airflow", "portail", "partenaire", "sms", "fhir", "messagerie", "imap", "smtp")}
    os.environ.update(platform_environment(etat, {**ports, "postgres": serveur.port}))
    settings.cache_clear()
