"""Read the FHIR server of a partner into the inbox: Tasks of our hand-overs changed since the last search.

Each page is kept in its own transaction; the cursor moves when the whole search was read, so that a crash in between reads again
what it already has, and loses nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.cadence import Cadence
from pdp.fhir.elements import RessourceRefusee
from pdp.fhir.lecture import read_task
from pdp.partners.connexion import PartenaireMuet
from pdp.partners.contrat import Destinataire
from pdp.partners.fhir_lecture import PageTaches, fetch_taches
from pdp.services.delais import Lieu, get_lieu
from pdp.services.keep_tache import deposit_tache, find_connue, keep_part
from pdp.services.publish_referentiel import referentiel
from pdp.storage import db, journal
from pdp.storage.sql import query

PAGES_MAX = 40
_log = logging.getLogger(__name__)


class Lu(Protocol):
    """What is needed of a partner to read."""

    @property
    def id(self) -> UUID: ...
    @property
    def plateforme_id(self) -> str: ...
    @property
    def id_source(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def jeton_url(self) -> str | None: ...
    @property
    def tente_at(self) -> datetime | None: ...


def read_partenaire(url: str, auteur: Auteur, passage: str | None, partenaire: Lu, maintenant: datetime) -> Bilan:
    """Read one server when its turn has come. ``traites`` = new answers, ``ignores`` = known ones, ``echoues`` = it did not answer."""
    with db.begin(url, auteur, passage) as conn:
        curseur = _reserve(conn, partenaire, maintenant)
    if curseur is None:
        return Bilan()
    cible = Destinataire(partenaire.plateforme_id, partenaire.id_source, partenaire.url, partenaire.id, jeton_url=partenaire.jeton_url)
    bilan, suivante, instant = Bilan(), None, None
    for _ in range(PAGES_MAX):
        try:
            page = fetch_taches(cible, curseur, suivante)
        except PartenaireMuet as muet:
            _log.warning("partner %s could not be read: %s", partenaire.id, muet.code)
            return bilan + Bilan(echoues=1, detail={"partenaires_muets": 1})
        instant = instant or page.instant  # of the first page: what changes while the others are read is for the next search
        with db.begin(url, auteur, passage) as conn:
            bilan += _keep_page(conn, partenaire, page, maintenant)
            if page.suivante is None:
                _advance(conn, partenaire, curseur, instant, maintenant)
                return bilan
        suivante = page.suivante
    _log.warning("partner %s has more than %d pages: read again from the same place", partenaire.id, PAGES_MAX)
    return bilan + Bilan(echoues=1, detail={"lectures_trop_longues": 1})


def build_cadence(lieu: Lieu, maintenant: datetime) -> Cadence:
    """How often a server may be read from this platform, from its policy."""
    jour = lieu.jour(maintenant)

    def lire(cle: str) -> int:
        return referentiel().entier(cle, jour, lieu.plateforme_id)

    return Cadence(
        timedelta(minutes=lire("lecture_fhir_minimum_minutes")),
        timedelta(minutes=lire("lecture_fhir_minutes")),
        timedelta(minutes=lire("lecture_fhir_hors_horaires_minutes")),
        lire("horaires_matin_debut_minutes"),
        lire("horaires_apres_midi_fin_minutes"),
        lieu.zone,
        lieu.fuseau,
    )


def _reserve(conn: Connection, partenaire: Lu, maintenant: datetime) -> str | None:
    """Cursor to read from; None when the server was called too lately, by us or by another worker."""
    avant = maintenant - build_cadence(get_lieu(conn, partenaire.plateforme_id), maintenant).intervalle(maintenant)
    if partenaire.tente_at is not None and avant < partenaire.tente_at <= maintenant:
        return None
    return conn.execute(
        query("inbox.reserver_lecture"),
        {
            "partenaire": partenaire.id,
            "plateforme": partenaire.plateforme_id,
            "canal": "fhir",
            "maintenant": maintenant,
            "avant": avant,
        },
    ).scalar()


def _advance(conn: Connection, partenaire: Lu, avant: str, instant: str | None, maintenant: datetime) -> None:
    """A server that never says when it searched is read from the beginning each time: what is known changes nothing."""
    conn.execute(
        query("inbox.avancer_curseur"),
        {
            "partenaire": partenaire.id,
            "plateforme": partenaire.plateforme_id,
            "canal": "fhir",
            "curseur": instant or avant,
            "avant": avant,
            "maintenant": maintenant,
        },
    )


def _keep_page(conn: Connection, partenaire: Lu, page: PageTaches, maintenant: datetime) -> Bilan:
    bilan, refus = Bilan(), Counter(page.refusees)
    for tache in page.taches:
        connue = find_connue(conn, tache.orientation_id, partenaire.id)
        try:
            lue = read_task(tache.ressource, connue or None)
        except RessourceRefusee as faute:
            refus[faute.code] += 1
            continue
        bilan += deposit_tache(conn, plateforme_id=partenaire.plateforme_id, partenaire_id=partenaire.id, lue=lue, maintenant=maintenant)
        if connue is not None:
            keep_part(
                conn,
                plateforme_id=partenaire.plateforme_id,
                partenaire_id=partenaire.id,
                orientation_id=lue.orientation_id,
                version=max((e.version for e in lue.evenements), default=lue.version),
                tache=tache.ressource,
                maintenant=maintenant,
            )
    if refus:
        journal.record(
            conn,
            "reponse_illisible",
            plateforme_id=partenaire.plateforme_id,
            donnees={"partenaire_id": partenaire.id, "nombre": refus.total(), "codes": sorted(refus)},
        )
        bilan += Bilan(detail={"illisibles": refus.total()})
    return bilan
