"""A withdrawal reaches the link of a partner at once: the database closes it, or shows less behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from fabrique import MAINTENANT, auteur_agent
from lien_partenaire import Courriels, Porteur, enter, receive, relais_par_lien
from pdp.errors import ErreurPdp
from pdp.services.answer_lien_partenaire import read_demande
from pdp.services.open_lien_partenaire import read_lien
from pdp.services.record_accord import record_accord, withdraw_accord
from pdp.services.withdraw_accord import withdraw_classes
from pdp.storage import db
from relais import Relais

APRES = MAINTENANT + timedelta(minutes=10)


@pytest.fixture
def cas(mails: Courriels) -> Relais:
    return relais_par_lien()


@pytest.fixture
def porteur(cas: Relais, mails: Courriels) -> Porteur:
    """The second step is done: the hand-over is on screen."""
    porteur = receive(mails)
    enter(porteur, mails)
    assert porteur.read(MAINTENANT + timedelta(minutes=2)).identifie
    return porteur


def find_accord(admin: psycopg.Connection[Any]) -> UUID:
    (accord,) = admin.execute("SELECT id FROM pdp.accord WHERE decision = 'accorde'").fetchone() or (None,)
    assert accord is not None
    return accord


def see(porteur: Porteur, orientation: UUID, maintenant: datetime = MAINTENANT + timedelta(minutes=2)) -> dict[str, Any]:
    """What the page shows, as it reads it."""
    with db.begin_as(porteur.auteur, lecture=True) as conn:
        read_lien(conn, porteur.acces, maintenant)
        return dict(read_demande(conn, orientation).orientation.contenu)


@pytest.mark.parametrize("geste", ["retrait", "refus", "accompagnement"])
def test_nothing_is_shown_any_more(cas: Relais, porteur: Porteur, admin: psycopg.Connection[Any], geste: str) -> None:
    assert see(porteur, cas.orientation)
    qui = auteur_agent(cas.dossier.csam)
    with db.begin_as(qui) as conn:
        if geste == "retrait":
            withdraw_accord(conn, qui, find_accord(admin), "partenaire", APRES)
        else:
            destinataire = "accompagnement" if geste == "accompagnement" else "service_social"
            record_accord(conn, qui, cas.dossier.parcours, destinataire=destinataire, decision="refuse", modalite="oral", maintenant=APRES)
    assert porteur.read(APRES).etat != "ouvert"
    with pytest.raises(ErreurPdp):
        see(porteur, cas.orientation, APRES)
    annonces = admin.execute("SELECT etat FROM pdp.outbox WHERE type = 'annulation' AND canal = 'lien'").fetchall()
    assert annonces == [("a_envoyer",)], "and the partner is told by its transport"


def test_less_is_shown_behind_it(cas: Relais, porteur: Porteur, admin: psycopg.Connection[Any]) -> None:
    assert "telephone" in see(porteur, cas.orientation)
    qui = auteur_agent(cas.dossier.csam)
    with db.begin_as(qui) as conn:
        withdraw_classes(conn, qui, find_accord(admin), ["contact"], "telephone", APRES)
    assert porteur.read(APRES).etat == "ouvert"
    assert set(see(porteur, cas.orientation, APRES)) == {"nom", "prenom", "date_naissance"}
