"""The day after an agreement ends its partner reads nothing any more, by its portal or by its software; given again, it reads again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from horloge_dossiers import sweep
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import Introuvable
from pdp.services.read_partenaire import get_orientation
from pdp.services.read_taches import get_tache
from pdp.services.record_accord import record_accord
from pdp.services.record_reponse import record_reponse
from pdp.services.send_outbox import send_due
from pdp.storage import db, journal
from relais import Relais, relais

JOUR = timedelta(days=1)


@pytest.fixture
def cas(base: str) -> Relais:
    with lot() as conn:
        fabrique.socle(conn)
    cas = relais(None, expire_le="2026-11-20")
    send_due(MAINTENANT)
    return cas


def read(conn: Connection, auteur: Auteur, cas: Relais, le: datetime) -> Any:
    return get_orientation(conn, cas.orientation).contenu


def fetch(conn: Connection, auteur: Auteur, cas: Relais, le: datetime) -> Any:
    return get_tache(conn, cas.orientation, le).contenu


def answer(conn: Connection, auteur: Auteur, cas: Relais, le: datetime) -> Any:
    record_reponse(
        conn, auteur, cas.orientation, statut="recue", motif=None, compte_rendu=None, evenement_id=cas.orientation, maintenant=le
    )
    return {"nom": "Assuree"}


@pytest.mark.parametrize("geste", [read, fetch, answer])
@pytest.mark.parametrize(
    ("le", "vu"),
    [
        (MAINTENANT, True),
        (datetime.fromisoformat("2026-11-20T23:59:59+01:00"), True),
        (datetime.fromisoformat("2026-11-21T00:00:00+01:00"), False),
        (MAINTENANT + 40 * JOUR, False),
    ],
)
def test_nothing_is_read_the_day_after(cas: Relais, geste: Callable[..., Any], le: datetime, vu: bool) -> None:
    qui = Auteur("partenaire", str(cas.partenaire), "partenaire", "PF35", str(cas.partenaire))
    with db.begin_as(qui) as conn:
        journal.live_at(conn, le)
        if vu:
            assert geste(conn, qui, cas, le)["nom"].startswith("Assuree")
        else:
            with pytest.raises(Introuvable):
                geste(conn, qui, cas, le)


def give_again(cas: Relais, le: datetime, classes: list[str] | None = None) -> None:
    qui = auteur_agent(cas.dossier.csam)
    with db.begin_as(qui) as conn:
        record_accord(
            conn,
            qui,
            cas.dossier.parcours,
            destinataire="service_social",
            decision="accorde",
            modalite="oral",
            maintenant=le,
            classes=classes,
        )


@pytest.mark.parametrize(("classes", "vu"), [(None, True), (["identite", "contact"], True), (["identite"], False)])
def test_under_an_agreement_given_again_it_is_read_again(cas: Relais, classes: list[str] | None, vu: bool) -> None:
    """Not under one that covers less than what was handed over."""
    give_again(cas, MAINTENANT + 40 * JOUR, classes)
    qui = Auteur("partenaire", str(cas.partenaire), "partenaire", "PF35", str(cas.partenaire))
    with db.begin_as(qui) as conn:
        journal.live_at(conn, MAINTENANT + 41 * JOUR)
        if vu:
            assert get_orientation(conn, cas.orientation).contenu["nom"].startswith("Assuree")
        else:
            with pytest.raises(Introuvable):
                get_orientation(conn, cas.orientation)


@pytest.mark.parametrize(
    ("contenu", "admis"),
    [
        ("contenu - 'telephone'", True),
        ("'{}'", True),
        ('contenu || \'{"diagnostic": "x"}\'', False),
        ('contenu || \'{"nom": "Autre"}\'', False),
        ('\'{"courriel": "x@exemple.invalid"}\'', False),
    ],
)
def test_a_coordinator_takes_away_from_what_was_handed_over_and_adds_nothing(cas: Relais, contenu: str, admis: bool) -> None:
    """The database refuses, whatever the service asks."""
    qui = auteur_agent(cas.dossier.csam)
    with db.begin_as(qui) as conn:
        requete = fabrique.text(f"UPDATE pdp.orientation SET contenu = {contenu.replace(':', chr(92) + ':')} WHERE id = :o")
        if admis:
            assert conn.execute(requete, {"o": cas.orientation}).rowcount == 1
            rendu = fabrique.text(
                "UPDATE pdp.orientation o SET contenu = m.charge -> 'contenu' FROM pdp.outbox m"
                " WHERE o.id = :o AND m.orientation_id = o.id AND m.type = 'orientation'"
            )
            assert conn.execute(rendu, {"o": cas.orientation}).rowcount == 1
            return
        with pytest.raises(ProgrammingError, match="content_of_handover_changed"):
            conn.execute(requete, {"o": cas.orientation})
        conn.rollback()


def test_its_coordinator_is_asked_once_and_nobody_reminds_a_partner_who_sees_nothing(cas: Relais, admin: psycopg.Connection[Any]) -> None:
    assert "accords_finis" not in sweep(datetime.fromisoformat("2026-11-20T18:00:00+01:00")).detail
    assert sweep(datetime.fromisoformat("2026-11-21T08:00:00+01:00")).detail["accords_finis"] == 1
    for jours in (8, 30, 90):
        assert sweep(MAINTENANT + jours * JOUR).detail == {}
    ouvertes = admin.execute("SELECT motif, note FROM pdp.tache WHERE motif = 'demander_accord' AND fermee_at IS NULL").fetchall()
    assert len(ouvertes) == 1
    assert "a pris fin le 20/11/2026" in ouvertes[0][1]
    assert admin.execute("SELECT count(*) FROM pdp.outbox WHERE type = 'rappel_partenaire'").fetchone() == (0,)
    give_again(cas, MAINTENANT + 90 * JOUR)
    assert admin.execute("SELECT count(*) FROM pdp.tache WHERE motif = 'demander_accord' AND fermee_at IS NULL").fetchone() == (0,)
    assert sweep(MAINTENANT + 91 * JOUR).detail["relances"] == 1
