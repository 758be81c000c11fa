"""Drafts on real PostgreSQL: one per agent and form, health in its own drawer, gone when out of date."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.errors import DonneeInvalide
from pdp.services.keep_brouillon import find_brouillon, purge_brouillons, save_brouillon
from pdp.storage import db

Admin = psycopg.Connection[Any]


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="contact_en_cours")


TAPE = {"note": ["Voix"], "sante.ressenti": ["mieux"], "vide": [""]}


class TestBrouillon:
    def save(self, dossier: fabrique.Dossier, agent: UUID, piece: UUID, champs: dict[str, list[str]], ecran: str = "entretien") -> Any:
        auteur = auteur_agent(agent)
        with db.begin_as(auteur) as conn:
            return save_brouillon(conn, auteur, dossier.parcours, ecran=ecran, piece_id=piece, champs=champs, maintenant=MAINTENANT)

    def find(self, agent: UUID, piece: UUID, le: datetime = MAINTENANT, ecran: str = "entretien") -> dict[str, list[str]] | None:
        with db.begin_as(auteur_agent(agent), lecture=True) as conn:
            brouillon = find_brouillon(conn, agent, ecran, piece, le)
        return brouillon.champs if brouillon else None

    @pytest.fixture
    def entretien(self, dossier: fabrique.Dossier) -> UUID:
        with lot() as conn:
            return conn.execute(
                text(
                    "INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, statut, planifie_at)"
                    " SELECT p.plateforme_id, p.id, a.id, a.numero, :m, cast(:m AS timestamptz) + interval '45 minutes', 'planifie', :m"
                    " FROM pdp.parcours p JOIN pdp.agent a ON a.id = p.csam_id WHERE p.id = :p RETURNING id"
                ),
                {"m": MAINTENANT, "p": dossier.parcours},
            ).scalar_one()

    def test_health_answers_have_their_own_drawer_and_reader(self, dossier: fabrique.Dossier, entretien: UUID, admin: Admin) -> None:
        self.save(dossier, dossier.csam, entretien, TAPE)
        assert self.find(dossier.csam, entretien) == {"note": ["Voix"], "sante.ressenti": ["mieux"]}
        assert admin.execute("SELECT contenu FROM pdp.brouillon").fetchone() == ({"note": ["Voix"]},)
        with lot() as conn:
            collegue = fabrique.agent(conn)
        with db.begin_as(auteur_agent(collegue), lecture=True) as conn:
            for table in ("pdp.brouillon", "medical.brouillon_sante"):
                assert conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table
        for table in ("pdp.brouillon", "medical.brouillon_sante"):
            with pytest.raises(ProgrammingError), lot() as conn:
                conn.execute(text(f"SELECT * FROM {table}"))

    @pytest.mark.parametrize(("jours", "vu"), [(0, True), (6, True), (7, False), (8, False)])
    def test_out_of_date_it_is_neither_shown_nor_kept(
        self, dossier: fabrique.Dossier, entretien: UUID, admin: Admin, jours: int, vu: bool
    ) -> None:
        self.save(dossier, dossier.csam, entretien, TAPE)
        le = MAINTENANT + timedelta(days=jours)
        assert (self.find(dossier.csam, entretien, le) is not None) is vu
        with lot() as conn:
            purge_brouillons(conn, le)
        restes = admin.execute("SELECT (SELECT count(*) FROM pdp.brouillon) + (SELECT count(*) FROM medical.brouillon_sante)").fetchone()
        assert restes == (2 if vu else 0,)

    def test_emptied_it_is_gone_and_saved_again_it_is_one(self, dossier: fabrique.Dossier, entretien: UUID, admin: Admin) -> None:
        self.save(dossier, dossier.csam, entretien, TAPE)
        self.save(dossier, dossier.csam, entretien, {"note": ["Autre"]})
        assert self.find(dossier.csam, entretien) == {"note": ["Autre"]}, "health answers unticked are not kept"
        assert self.save(dossier, dossier.csam, entretien, {"note": [" "]}) is None
        assert admin.execute("SELECT count(*) FROM pdp.brouillon").fetchone() == (0,)

    def test_too_long_is_refused_and_the_one_before_stays(self, dossier: fabrique.Dossier) -> None:
        self.save(dossier, dossier.csam, dossier.parcours, {"note": ["a"]}, "appel")
        with pytest.raises(DonneeInvalide):
            self.save(dossier, dossier.csam, dossier.parcours, {"note": ["a" * 30_001]}, "appel")
        assert self.find(dossier.csam, dossier.parcours, ecran="appel") == {"note": ["a"]}

    def test_what_no_text_can_hold_is_left_out(self, dossier: fabrique.Dossier) -> None:
        self.save(dossier, dossier.csam, dossier.parcours, {"note": ["a\x00b", "\x00"]}, "appel")
        assert self.find(dossier.csam, dossier.parcours, ecran="appel") == {"note": ["ab"]}
