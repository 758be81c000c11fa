"""A class of data taken back, given again, taken back once more: the hand-over leaves, once, without it."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.services.annulation import acte, undo_acte
from pdp.services.orient_parcours import orient_parcours
from pdp.services.record_accord import record_accord
from pdp.services.send_outbox import send_due
from pdp.services.withdraw_accord import withdraw_classes
from pdp.storage import db

SECONDE = timedelta(seconds=1)


@pytest.mark.parametrize("fois", [0, 1, 2])
def test_taken_back_again_after_an_undo_it_still_leaves_without_it(base: str, admin: psycopg.Connection, fois: int) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        dossier = fabrique.parcours(conn, statut="accord_demande")
        cible = fabrique.partenaire(conn, "service_social", "portail")
    qui, le = auteur_agent(dossier.csam), MAINTENANT
    with db.begin_as(qui) as conn:
        accord = record_accord(
            conn, qui, dossier.parcours, destinataire="service_social", decision="accorde", modalite="oral", maintenant=le
        )
        orient_parcours(conn, qui, dossier.parcours, cible, "Aide aux démarches.", le)
    for reprise in range(fois + 1):
        le += SECONDE
        with db.begin_as(qui) as conn, acte(conn, qui, dossier.parcours, "accord_retire", le) as fait:
            withdraw_classes(conn, qui, accord, ["contact"], "telephone", le)
        if reprise < fois:
            le += SECONDE
            with db.begin_as(qui) as conn:
                undo_acte(conn, qui, fait.id, le)
    send_due(MAINTENANT + timedelta(minutes=5))
    partis = admin.execute("SELECT charge -> 'contenu' FROM pdp.outbox WHERE type = 'orientation' AND etat = 'livre'").fetchall()
    assert len(partis) == 1
    assert "nom" in partis[0][0]
    assert "telephone" not in partis[0][0]
