"""A first sending that a manager refused leaves nobody waiting: who follows the person is asked for another relay, until it is allowed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from veille_dossiers import JOURS, VEILLE, actions, sweep

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.domain.porte import ACCEPTER, REFUSER
from pdp.partners.simulateur_registre import Registre
from pdp.services.configure_partenaire import Configuration, create_partenaire
from pdp.services.decide_porte import decide_porte
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import close_tache
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.read_mesures import MESUREUR, read_mesures
from pdp.services.sweep_veille import sweep_veille
from pdp.services.watch_platform import look
from pdp.storage import db
from relais import Relais, relais

DEMAIN = MAINTENANT + JOURS
TACHES = "SELECT cause, fermee_at IS NOT NULL, issue FROM pdp.tache WHERE motif = 'message_en_echec' ORDER BY ouverte_at, id"


@pytest.fixture
def responsable(monde: tuple[str, Registre]) -> Auteur:
    with lot() as conn:
        return auteur_agent(fabrique.agent(conn, "responsable"), "responsable")


@pytest.fixture
def retenu(responsable: Auteur) -> Relais:
    """A hand-over to a partner added by hand."""
    configuration = Configuration("portail", None, "equipe@exemple.invalid", None, None, 10, None, None)
    qui = {"type": "service_social", "nom": "Ajouté à la main", "actif_du": MAINTENANT.date(), "cle_saisie": None}
    with db.begin_as(responsable) as conn:
        partenaire = create_partenaire(conn, responsable, configuration=configuration, maintenant=MAINTENANT, **qui)
    return relais(None, partenaire=partenaire)


def decide(auteur: Auteur, choix: str) -> None:
    with db.begin_as(auteur) as conn:
        [porte] = conn.execute(fabrique.text("SELECT id FROM pdp.porte")).scalars()
        decide_porte(conn, auteur, porte, choix, MAINTENANT)


def test_a_refusal_is_told_once(retenu: Relais, responsable: Auteur, admin: psycopg.Connection[Any]) -> None:
    assert "envois_refuses" not in actions(sweep(MAINTENANT)), "nobody has decided yet: the manager's pages say it"
    decide(responsable, REFUSER)
    assert actions(sweep(MAINTENANT))["envois_refuses"] == 1
    assert admin.execute(TACHES).fetchall() == [(str(retenu.orientation), False, None)]
    with lot(VEILLE) as conn:
        [tache] = conn.execute(fabrique.text("SELECT id FROM pdp.tache WHERE motif = 'message_en_echec'")).scalars()
        close_tache(conn, VEILLE, tache, "fait", DEMAIN)
        assert "envois_refuses" not in sweep_veille(conn, "PF35", VEILLE, DEMAIN).detail, "said, and not asked again each morning"


def test_the_reason_goes_with_the_hand_over(retenu: Relais, responsable: Auteur, admin: psycopg.Connection[Any]) -> None:
    decide(responsable, REFUSER)
    sweep(MAINTENANT)
    with lot(VEILLE) as conn:
        cancel_orientation(conn, VEILLE, retenu.orientation, "annulee", DEMAIN)
    assert admin.execute(TACHES).fetchall() == [(str(retenu.orientation), True, "annulee")]
    assert "envois_refuses" not in actions(sweep(DEMAIN))


def test_an_agreement_after_all_ends_the_reason(retenu: Relais, responsable: Auteur, admin: psycopg.Connection[Any]) -> None:
    decide(responsable, REFUSER)
    sweep(MAINTENANT)
    decide(responsable, ACCEPTER)
    assert actions(sweep(DEMAIN))["envois_permis"] == 1
    assert admin.execute(TACHES).fetchall() == [(str(retenu.orientation), True, "envoi_permis")]
    assert not {"envois_refuses", "envois_permis"} & actions(sweep(DEMAIN)).keys()


@pytest.mark.parametrize(("choix", "en_retard"), [(None, 0), (REFUSER, 0), (ACCEPTER, 1)])
def test_what_a_gate_holds_is_not_said_to_be_late(retenu: Relais, responsable: Auteur, choix: str | None, en_retard: int) -> None:
    """Neither incident nor measure: it waits for a person, not for the sending."""
    if choix is not None:
        decide(responsable, choix)
    tard = MAINTENANT + 9 * JOURS
    with lot(VEILLE) as conn:
        constats = look(conn, get_lieu(conn, "PF35"), tard)
    assert [c.nombre for c in constats if c.sonde == "envoi_en_retard"] == [1] * en_retard
    with db.begin_as(MESUREUR, lecture=True) as conn:
        mesures = read_mesures(conn, tard)
    assert [len(mesures[nom]) for nom in ("pdp_outbox_due", "pdp_outbox_oldest_due_age_seconds")] == [en_retard] * 2
