"""Saisie par erreur on real PostgreSQL: what each kind of entry takes with it, and that it can itself be taken back."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from actes_dossier import Joueur
from etat_dossier import dump, list_ecarts
from fabrique import MAINTENANT, lot
from pdp.services.annulation import acte, undo_acte
from pdp.services.declare_erreur import declare_erreur
from pdp.storage import db

Admin = psycopg.Connection[Any]
LE = MAINTENANT + timedelta(days=40)
TABLES = {"contact": "pdp.contact", "tele_echange": "pdp.tele_echange", "accord": "pdp.accord", "orientation": "pdp.orientation"}


@pytest.fixture
def joueur(base: str) -> Joueur:
    with lot() as conn:
        fabrique.socle(conn)
        partenaires = {genre: fabrique.partenaire(conn, genre, "api") for genre in ("service_social", "spst")}
        dossier = fabrique.parcours(conn)
    return Joueur(dossier, partenaires, Random(3))


def play(joueur: Joueur, admin: Admin, *gestes: str) -> None:
    for geste in gestes:
        assert joueur.play(admin, geste) == "fait", geste


def find(admin: Admin, table: str) -> UUID:
    return admin.execute(f"SELECT id FROM {TABLES[table]} LIMIT 1").fetchone()[0]


def declare(joueur: Joueur, table: str, piece: UUID, motif: str = "autre") -> tuple[str, UUID | None]:
    with db.begin_as(joueur.auteur) as conn, acte(conn, joueur.auteur, joueur.dossier.parcours, "erreur_declaree", LE) as fait:
        phrase = declare_erreur(conn, joueur.auteur, joueur.dossier.parcours, table, piece, motif, LE)
    return phrase, fait.id


def statut(admin: Admin) -> str:
    return admin.execute("SELECT statut FROM pdp.parcours").fetchone()[0]


def open_count(admin: Admin) -> int:
    return admin.execute("SELECT count(*) FROM pdp.tache WHERE fermee_at IS NULL").fetchone()[0]


@pytest.mark.parametrize(
    ("gestes", "table", "apres"),
    [
        (("contact_joint",), "contact", "affecte"),
        (("contact_joint", "planifie"), "tele_echange", "contact_en_cours"),
        (("contact_joint", "planifie"), "contact", "entretien_planifie"),
        (("contact_joint", "tous_accords"), "contact", "affecte"),
    ],
)
def test_status_and_next_action(joueur: Joueur, admin: Admin, gestes: tuple[str, ...], table: str, apres: str) -> None:
    play(joueur, admin, *gestes)
    avant = dump(admin, joueur.dossier)
    phrase, fait = declare(joueur, table, find(admin, table))
    assert "barré" in phrase
    assert statut(admin) == apres
    assert open_count(admin) > 0
    assert "déjà" in declare(joueur, table, find(admin, table))[0]
    with db.begin_as(joueur.auteur) as conn:
        undo_acte(conn, joueur.auteur, fait, LE + timedelta(minutes=1))
    assert list_ecarts(dump(admin, joueur.dossier), avant) == []
    assert admin.execute("SELECT count(*) FROM pdp.acte WHERE erreur_motif IS NOT NULL").fetchone() == (0,)


@pytest.mark.parametrize(("parti", "annulation"), [(False, 0), (True, 1)])
def test_an_agreement_that_never_was_takes_its_hand_over_back(joueur: Joueur, admin: Admin, parti: bool, annulation: int) -> None:
    """Not left: recalled. Left: the partner is told."""
    play(joueur, admin, "contact_joint", "tous_accords")
    joueur.alea = Random(0)
    play(joueur, admin, "oriente")
    if parti:
        with lot() as conn:
            conn.execute(text("UPDATE pdp.outbox SET etat = 'livre', essais = 1, livre_at = :m"), {"m": MAINTENANT})
            conn.execute(text("UPDATE pdp.orientation SET envoyee_at = :m"), {"m": MAINTENANT})
    accord = admin.execute("SELECT accord_id FROM pdp.orientation").fetchone()[0]
    declare(joueur, "accord", accord)
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("annulee",)
    assert admin.execute("SELECT count(*) FROM pdp.outbox WHERE type = 'annulation'").fetchone() == (annulation,)
    assert admin.execute("SELECT etat FROM pdp.outbox WHERE type = 'orientation'").fetchone() == ("livre" if parti else "rappele",)
    assert admin.execute(
        "SELECT retire_at IS NOT NULL, saisie_par_erreur_at IS NOT NULL FROM pdp.accord WHERE id = %s", (accord,)
    ).fetchone() == (
        True,
        True,
    )


@pytest.mark.parametrize(("motif", "garde"), [("autre_personne", False), ("reponse_fausse", True)])
def test_what_was_written_of_somebody_else_is_erased(joueur: Joueur, admin: Admin, motif: str, garde: bool) -> None:
    play(joueur, admin, "contact_joint", "planifie")
    joueur.alea = Random(1)
    while admin.execute("SELECT statut FROM pdp.tele_echange").fetchone() == ("planifie",):
        play(joueur, admin, "renseigne")
    tenu = admin.execute("SELECT synthese FROM pdp.tele_echange").fetchone()[0] is not None
    declare(joueur, "tele_echange", find(admin, "tele_echange"), motif)
    synthese, sante = (
        admin.execute("SELECT synthese FROM pdp.tele_echange").fetchone()[0],
        admin.execute("SELECT count(*) FROM medical.sante_declaree").fetchone()[0],
    )
    assert ((synthese is not None), (sante == 1)) == ((garde and tenu), (garde and tenu))


def test_a_death_told_by_error_gives_the_person_back(joueur: Joueur, admin: Admin) -> None:
    with lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.contact (plateforme_id, parcours_id, agent_id, survenu_at, canal, resultat, cle_saisie)"
                " SELECT 'PF35', :p, :a, :m, 'telephone', 'joint', gen_random_uuid()"
            ),
            {"p": joueur.dossier.parcours, "a": joueur.dossier.csam, "m": MAINTENANT - timedelta(days=1)},
        )
    with db.begin_as(joueur.auteur) as conn:
        joueur._appelle(conn, "decede")
    assert admin.execute("SELECT count(*) FROM pdp.mise_en_silence WHERE courante").fetchone() == (1,)
    contact = admin.execute("SELECT id FROM pdp.contact WHERE resultat = 'decede'").fetchone()[0]
    declare(joueur, "contact", contact)
    assert admin.execute("SELECT count(*) FROM pdp.mise_en_silence WHERE courante").fetchone() == (0,)
    assert open_count(admin) > 0
