"""Transfer to another platform: asked for by a manager, done once by the sweep on both sides, no agreement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.errors import Conflit, DonneeInvalide, ErreurPdp, Introuvable
from pdp.services.assign_parcours import assign_en_attente
from pdp.services.close_parcours import close_parcours
from pdp.services.record_parole import Preference, record_coordonnees, record_preference
from pdp.services.transfer_parcours import apply_transferts, cancel_transfert, list_transferts, request_transfert
from pdp.storage import db

BALAYAGE = fabrique.systeme("transferer")


@dataclass
class Scene:
    responsable: UUID
    ailleurs: UUID
    csam_ailleurs: UUID
    cas: fabrique.Dossier


@pytest.fixture
def scene(base: str) -> Scene:
    with lot() as conn:
        fabrique.socle(conn)
        cas = fabrique.parcours(conn, statut="oriente")
        conn.execute(
            text(
                "INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, modalite, texte_version,"
                " recueilli_par, recueilli_at)"
                " VALUES ('PF35', :p, 'accompagnement', 'accorde', 'suivi', 'oral', '1', :c, :m)"
            ),
            {"p": cas.parcours, "c": cas.csam, "m": MAINTENANT},
        )
        return Scene(
            fabrique.agent(conn, "responsable"), fabrique.agent(conn, "responsable", "PF57"), fabrique.agent(conn, plateforme="PF57"), cas
        )


def demander(scene: Scene, vers: str = "PF57", commune: str = "57463", parcours: UUID | None = None) -> UUID | None:
    auteur = auteur_agent(scene.responsable, "responsable")
    with db.begin_as(auteur) as conn:
        return request_transfert(conn, auteur, parcours or scene.cas.parcours, vers, commune, MAINTENANT)


def balayer(plateforme: str = "PF35") -> tuple[int, int]:
    with lot(BALAYAGE) as conn:
        bilan = apply_transferts(conn, plateforme, BALAYAGE, MAINTENANT)
    return bilan.traites, bilan.ignores


def test_closed_here_opened_there_with_a_link(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    assert demander(scene) is not None
    assert demander(scene) is None, "asked for once"
    assert admin.execute("SELECT count(*) FROM pdp.parcours WHERE plateforme_id = 'PF57'").fetchone() == (0,), "nothing before the sweep"
    assert balayer("PF57") == (0, 0), "the sweep of the platform that lets go does it"
    assert balayer() == (1, 0)
    assert balayer() == (0, 0)
    assert admin.execute("SELECT statut, cloture_motif FROM pdp.parcours WHERE plateforme_id = 'PF35'").fetchall() == [
        ("cloture", "mutation_caisse")
    ]
    nouveau, statut, commune = admin.execute(
        "SELECT p.id, p.statut, s.commune_insee FROM pdp.parcours p JOIN identite.assure s ON s.id = p.assure_id"
        " WHERE p.plateforme_id = 'PF57'"
    ).fetchone() or (None, None, None)
    assert (statut, commune) == ("a_affecter", "57463")
    assert admin.execute("SELECT nouveau_parcours_id FROM pdp.transfert").fetchone() == (nouveau,)
    with lot(BALAYAGE) as conn:
        assert assign_en_attente(conn, "PF57", BALAYAGE, MAINTENANT).traites == 1
    assert admin.execute("SELECT csam_id FROM pdp.parcours WHERE id = %s", (nouveau,)).fetchone() == (scene.csam_ailleurs,)


def test_what_was_said_here_stays_here(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    """Facts follow the person, and their motif with them (test_transfert_faits.py); not what she said or agreed to."""
    demander(scene)
    balayer()
    for table in (
        "pdp.accord",
        "pdp.orientation",
        "pdp.contact",
        "pdp.tele_echange",
        "medical.sante_declaree",
    ):
        assert admin.execute(f"SELECT count(*) FROM {table} WHERE plateforme_id = 'PF57'").fetchone() == (0,), table


def test_how_she_asked_to_be_reached_goes_with_her(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    auteur = auteur_agent(scene.cas.csam)
    with db.begin_as(auteur) as conn:
        dite = Preference(refus=["sms"], langue="pt")
        record_preference(conn, auteur, scene.cas.parcours, dite, cle_saisie=uuid4(), maintenant=MAINTENANT)
        record_coordonnees(
            conn, auteur, scene.cas.parcours, telephone="06 39 98 11 11", courriel=None, cle_saisie=uuid4(), maintenant=MAINTENANT
        )
    demander(scene)
    balayer()
    balayer()
    assert admin.execute("SELECT langue, refus FROM pdp.preference_contact WHERE plateforme_id = 'PF57'").fetchall() == [("pt", ["sms"])]
    la = "SELECT k.telephone, k.telephone_provenance FROM identite.assure a, identite.coordonnees(a.id) k WHERE a.plateforme_id = 'PF57'"
    assert admin.execute(la).fetchall() == [("+33639981111", "personne")]


def test_people_of_both_platforms_see_it(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    demander(scene)
    balayer()
    evenements = admin.execute(
        "SELECT plateforme_id, evenement FROM journal.evenement"
        " WHERE evenement IN ('transfert_demande', 'parcours_transfere', 'parcours_recu') ORDER BY id"
    ).fetchall()
    assert evenements == [("PF35", "transfert_demande"), ("PF35", "parcours_transfere"), ("PF57", "parcours_recu")]
    [(nouveau,)] = admin.execute("SELECT nouveau_parcours_id FROM pdp.transfert").fetchall()
    for agent, plateforme, parcours in ((scene.responsable, "PF35", scene.cas.parcours), (scene.ailleurs, "PF57", nouveau)):
        with db.begin_as(auteur_agent(agent, "responsable", plateforme), lecture=True) as conn:
            [vu] = list_transferts(conn, parcours)
            assert (vu.plateforme_id, vu.vers_plateforme_id, vu.en_attente) == ("PF35", "PF57", False)
    with db.begin_as(auteur_agent(scene.ailleurs, "responsable", "PF57"), lecture=True) as conn:
        assert conn.execute(text("SELECT count(*) FROM pdp.parcours WHERE id = :p"), {"p": scene.cas.parcours}).scalar_one() == 0


def test_person_already_followed_there_keeps_that_parcours(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        deja = fabrique.parcours(conn, csam=scene.csam_ailleurs, plateforme="PF57")
        conn.execute(
            text("UPDATE identite.assure a SET id_source = s.id_source FROM identite.assure s WHERE s.id = :ici AND a.id = :la"),
            {"ici": scene.cas.assure, "la": deja.assure},
        )
    demander(scene)
    assert balayer() == (1, 0)
    assert admin.execute("SELECT nouveau_parcours_id FROM pdp.transfert").fetchone() == (deja.parcours,)
    assert admin.execute("SELECT count(*) FROM pdp.parcours WHERE plateforme_id = 'PF57'").fetchone() == (1,)


def test_closed_meanwhile_is_refused_once(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    demander(scene)
    with lot() as conn:
        close_parcours(
            conn,
            BALAYAGE,
            scene.cas.parcours,
            motif="injoignable",
            situation="inconnu",
            survenu_le=None,
            provenance="donnee_administrative",
            maintenant=MAINTENANT,
        )
    assert balayer() == (0, 1)
    assert balayer() == (0, 0)
    assert admin.execute("SELECT refus_code, nouveau_parcours_id FROM pdp.transfert").fetchone() == ("parcours_clos", None)
    with pytest.raises(Conflit):
        demander(scene)


def test_taken_back_before_the_sweep(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    demande = demander(scene)
    assert demande is not None
    auteur = auteur_agent(scene.responsable, "responsable")
    with db.begin_as(auteur) as conn:
        assert cancel_transfert(conn, auteur, demande, MAINTENANT) == scene.cas.parcours
    assert balayer() == (0, 0)
    with pytest.raises(Conflit), db.begin_as(auteur) as conn:
        cancel_transfert(conn, auteur, demande, MAINTENANT)
    assert demander(scene) is not None, "may be asked for again"


@pytest.mark.parametrize(
    ("vers", "commune", "erreur"),
    [
        ("PF57", "35238", DonneeInvalide),
        ("PF57", "57", DonneeInvalide),
        ("PF35", "35238", DonneeInvalide),
        ("PF99", "57463", DonneeInvalide),
    ],
)
def test_bad_request_keeps_nothing(scene: Scene, admin: psycopg.Connection[Any], vers: str, commune: str, erreur: type[ErreurPdp]) -> None:
    with pytest.raises(erreur):
        demander(scene, vers, commune)
    assert admin.execute("SELECT count(*) FROM pdp.transfert").fetchone() == (0,)


def test_parcours_of_another_platform_is_unknown(scene: Scene) -> None:
    with lot() as conn:
        ailleurs = fabrique.parcours(conn, csam=scene.csam_ailleurs, plateforme="PF57")
    with pytest.raises(Introuvable):
        demander(scene, parcours=ailleurs.parcours)


def test_manager_cannot_write_on_the_other_platform(scene: Scene) -> None:
    with pytest.raises(ProgrammingError), db.begin_as(auteur_agent(scene.responsable, "responsable")) as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.transfert (plateforme_id, parcours_id, vers_plateforme_id, commune_insee, demande_par, demande_at)"
                " VALUES ('PF57', :p, 'PF35', '35238', :a, now())"
            ),
            {"p": scene.cas.parcours, "a": scene.ailleurs},
        )
