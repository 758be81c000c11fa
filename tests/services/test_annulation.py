"""Undo on real PostgreSQL: what an act wrote is put back as it was, once, or the refusal says why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Connection

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import Introuvable
from pdp.services.annulation import AnnulationRefusee, acte, offer, undo_acte
from pdp.services.record_contact import record_contact
from pdp.storage import db


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def csam(dossier: fabrique.Dossier) -> Auteur:
    return auteur_agent(dossier.csam)


def do(dossier: fabrique.Dossier, genre: str, geste: Callable[[Connection, Auteur], Any], **reste: Any) -> UUID | None:
    auteur = csam(dossier)
    with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, genre, reste.get("le", MAINTENANT)) as fait:
        geste(conn, auteur)
    return fait.id


def call(dossier: fabrique.Dossier, resultat: str = "non_reponse", cle: UUID | None = None) -> UUID | None:
    def geste(conn: Connection, auteur: Auteur) -> None:
        record_contact(
            conn,
            auteur,
            dossier.parcours,
            resultat=resultat,
            canal="telephone",
            note="",
            cle_saisie=cle or uuid4(),
            maintenant=MAINTENANT,
        )

    return do(dossier, "contact", geste)


def undo(dossier: fabrique.Dossier, acte_id: UUID | None, **reste: Any) -> str:
    assert acte_id is not None
    auteur = csam(dossier)
    with db.begin_as(auteur) as conn:
        return undo_acte(conn, auteur, acte_id, reste.get("le", MAINTENANT + timedelta(minutes=1)))


def open_motifs(admin: psycopg.Connection, parcours: UUID) -> list[str]:
    return [
        m for (m,) in admin.execute("SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL ORDER BY motif", (parcours,))
    ]


def test_a_contact_is_undone_once(dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
    avant = admin.execute("SELECT statut, dernier_evenement_at FROM pdp.parcours WHERE id = %s", (dossier.parcours,)).fetchone()
    premier = open_motifs(admin, dossier.parcours)
    fait = call(dossier, "joint")
    assert open_motifs(admin, dossier.parcours) == ["planifier_tele_echange"]
    assert "Le dossier est revenu comme avant" in undo(dossier, fait)
    assert open_motifs(admin, dossier.parcours) == premier
    assert admin.execute("SELECT statut, dernier_evenement_at FROM pdp.parcours WHERE id = %s", (dossier.parcours,)).fetchone() == avant
    assert "déjà annulé" in undo(dossier, fait)
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'acte_annule'").fetchone() == (1,)


def test_a_double_click_keeps_no_act(dossier: fabrique.Dossier) -> None:
    cle = uuid4()
    assert call(dossier, cle=cle) is not None
    assert call(dossier, cle=cle) is None


def test_acts_are_undone_from_the_last(dossier: fabrique.Dossier) -> None:
    premier, second = call(dossier), call(dossier)
    with pytest.raises(AnnulationRefusee) as refus:
        undo(dossier, premier)
    assert refus.value.code == "undo_order"
    undo(dossier, second)
    undo(dossier, premier)


def test_past_the_window(dossier: fabrique.Dossier) -> None:
    fait = call(dossier)
    undo_le = MAINTENANT + timedelta(days=7)
    with pytest.raises(AnnulationRefusee) as refus:
        undo(dossier, fait, le=undo_le + timedelta(seconds=1))
    assert refus.value.code == "undo_window_over"
    undo(dossier, fait, le=undo_le)


def test_an_act_of_another_is_not_found(dossier: fabrique.Dossier) -> None:
    fait = call(dossier)
    with lot() as conn:
        autre = auteur_agent(fabrique.agent(conn))
    with pytest.raises(Introuvable), db.begin_as(autre) as conn:
        undo_acte(conn, autre, fait, MAINTENANT)


def test_offer(dossier: fabrique.Dossier) -> None:
    auteur = csam(dossier)
    with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "contact", MAINTENANT) as rien:
        pass
    assert offer(rien) is None
