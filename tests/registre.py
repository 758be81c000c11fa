"""A case ready for agreements, and the acts on them as a coordinator makes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.services.orient_parcours import orient_parcours
from pdp.services.read_accords import Registre as Ledger
from pdp.services.read_accords import read_registre
from pdp.services.record_accord import record_accord
from pdp.services.withdraw_accord import withdraw_classes
from pdp.storage import db

JOUR = MAINTENANT.date()
TOUT = ["identite", "contact", "arret", "emploi", "social"]


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        cas = fabrique.parcours(conn, statut="accord_demande")
        conn.execute(
            text(
                "INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, statut, emploi, social,"
                " planifie_at) SELECT 'PF35', :p, :c, g.numero, cast(:m AS timestamptz) - interval '2 h', cast(:m AS timestamptz) -"
                " interval '1 h', 'realise', cast(:e AS jsonb), cast(:s AS jsonb), :m FROM pdp.agent g WHERE g.id = :c"
            ),
            {"p": cas.parcours, "c": cas.csam, "m": MAINTENANT, "e": '{"contrat": "cdi"}', "s": '{"difficultes": ["revenus"]}'},
        )
        return cas


def qui(dossier: fabrique.Dossier) -> Auteur:
    return auteur_agent(dossier.csam)


def agree(dossier: fabrique.Dossier, le: datetime = MAINTENANT, **reste: Any) -> UUID:
    champs = {"destinataire": "service_social", "decision": "accorde", "modalite": "oral", "maintenant": le, **reste}
    with db.begin_as(qui(dossier)) as conn:
        return record_accord(conn, qui(dossier), dossier.parcours, **champs)


def propose(dossier: fabrique.Dossier, partenaire: UUID, le: datetime = MAINTENANT) -> UUID:
    with db.begin_as(qui(dossier)) as conn:
        return orient_parcours(conn, qui(dossier), dossier.parcours, partenaire, "Aide aux démarches.", le)


def take_back(dossier: fabrique.Dossier, accord: UUID, classes: list[str], le: datetime = MAINTENANT) -> None:
    with db.begin_as(qui(dossier)) as conn:
        withdraw_classes(conn, qui(dossier), accord, classes, "telephone", le)


def ledger(dossier: fabrique.Dossier, jour: date = JOUR) -> Ledger:
    with db.begin_as(qui(dossier)) as conn:
        return read_registre(conn, dossier.parcours, "PF35", jour)


def service(type: str = "service_social", canal: str = "portail", url: str | None = None) -> UUID:
    with lot() as conn:
        return fabrique.partenaire(conn, type, canal, url=url)


def rows(admin: psycopg.Connection, requete: str, *valeurs: Any) -> list[tuple[Any, ...]]:
    return admin.execute(requete, valeurs).fetchall()
