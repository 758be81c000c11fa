"""Nobody knows whether it arrived: the partner is asked by its key, or a person asks; a message that kills its workers is set aside."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
import requests

from fabrique import MAINTENANT, auteur_agent
from pdp.config import settings
from pdp.errors import Conflit, Introuvable
from pdp.partners import transports
from pdp.partners.contrat import Classe, Remise
from pdp.partners.simulateur_registre import Registre
from pdp.services import send_outbox
from pdp.services.heal_incertains import heal_incertains
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.send_outbox import claim_suivant, record_remise, send_due
from pdp.services.settle_envoi import list_douteux, settle_envoi
from pdp.storage import db
from relais import Relais, relais
from relais_lecture import EXPEDITEUR, claim, count, events, lapse, ligne, open_taches, update

HEURE = timedelta(hours=1)


def die(admin: psycopg.Connection, fois: int, instant: datetime = MAINTENANT) -> None:
    """A worker claims the oldest row and never comes back, ``fois`` times."""
    for _ in range(fois):
        with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
            assert claim_suivant(conn, instant, []) is not None
        lapse(admin)


class TestPoison:
    def test_three_dead_workers_set_a_message_aside_and_the_others_leave(
        self, monde: tuple[str, Registre], admin: psycopg.Connection
    ) -> None:
        poison = relais(monde[0])
        die(admin, 3)
        autres = [relais(monde[0]) for _ in range(3)]
        bilan = send_due(MAINTENANT)
        assert (bilan.traites, bilan.detail["incertains"]) == (3, 1)
        ecrite = ligne(admin, poison.orientation)
        assert (ecrite["etat"], ecrite["dernier_code"], ecrite["essais"], ecrite["interruptions"]) == ("incertain", "interrompu", 3, 3)
        assert open_taches(admin, poison) == [("message_en_echec", str(ecrite["cle"]))]
        assert all(ligne(admin, autre.orientation)["etat"] == "livre" for autre in autres)

    def test_after_two_it_is_still_tried_after_the_others(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        suspect = relais(monde[0])
        die(admin, 2)
        autre = relais(monde[0])
        premiere = claim()
        assert premiere is not None
        assert premiere.orientation_id == autre.orientation, "a message that killed a worker twice does not hold up the others"
        assert send_due(MAINTENANT).traites == 1
        assert (ligne(admin, suspect.orientation)["etat"], ligne(admin, suspect.orientation)["interruptions"]) == ("livre", 0)

    def test_a_message_that_raises_stops_nobody_and_ends_with_a_person(
        self, monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        poison, autre = relais(monde[0]), relais(monde[0])
        vrai = transports.TRANSPORTS["api"]

        def deliver(destinataire: Any, envoi: Any, maintenant: datetime) -> Remise:
            if envoi.corps["orientation_id"] == str(poison.orientation):
                raise RecursionError
            return vrai(destinataire, envoi, maintenant)

        monkeypatch.setitem(transports.TRANSPORTS, "api", deliver)
        assert send_due(MAINTENANT).traites == 1
        assert ligne(admin, autre.orientation)["etat"] == "livre"
        for heures in (7, 14):
            send_due(MAINTENANT + heures * HEURE)
        assert (ligne(admin, poison.orientation)["etat"], ligne(admin, poison.orientation)["dernier_code"]) == ("rebut", "interne")
        assert open_taches(admin, poison)
        assert count(admin, "SELECT count(*) FROM pdp.circuit_partenaire") == 0, "our own fault says nothing of the partner"


class TestRapprochement:
    def test_found_at_the_partner(self, monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
        cas = relais(monde[0])
        act_and_die(monde, admin, monkeypatch)
        bilan = heal_incertains(MAINTENANT)
        assert (bilan.traites, bilan.detail) == (1, {"retrouves": 1})
        assert (ligne(admin, cas.orientation)["etat"], ligne(admin, cas.orientation)["dernier_code"]) == ("livre", "retrouve")
        assert open_taches(admin, cas) == []
        assert (events(admin, "orientation_envoyee"), events(admin, "message_retrouve")) == (1, 1)
        assert heal_incertains(MAINTENANT + HEURE).traites == 0
        assert monde[1].count()["recues"] == 3, "asking is not sending"

    def test_surely_not_there_and_the_person_chooses(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = relais(monde[0])
        die(admin, 3)
        send_due(MAINTENANT)
        assert heal_incertains(MAINTENANT).detail == {"absents": 1}
        assert (ligne(admin, cas.orientation)["etat"], ligne(admin, cas.orientation)["dernier_code"]) == ("rebut", "introuvable")
        assert open_taches(admin, cas), "a message that killed three workers is not sent again by a machine"
        assert monde[1].count()["recues"] == 0

    def test_a_silent_partner_is_asked_again_half_an_hour_later(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = relais(monde[0])
        die(admin, 3)
        send_due(MAINTENANT)
        update("UPDATE pdp.partenaire SET url = 'http://127.0.0.1:9' WHERE id = :p", p=cas.partenaire)
        assert heal_incertains(MAINTENANT).detail == {"muets": 1}
        assert heal_incertains(MAINTENANT + timedelta(minutes=29)).detail == {}
        update("UPDATE pdp.partenaire SET url = :u WHERE id = :p", u=monde[0], p=cas.partenaire)
        assert heal_incertains(MAINTENANT + timedelta(minutes=30)).detail == {"absents": 1}

    def test_an_unsigned_404_proves_nothing(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = relais(monde[0])
        die(admin, 3)
        send_due(MAINTENANT)
        update("UPDATE pdp.partenaire SET url = :u WHERE id = :p", u=f"{monde[0]}/nulle-part", p=cas.partenaire)
        assert heal_incertains(MAINTENANT).detail == {"muets": 1}
        assert ligne(admin, cas.orientation)["etat"] == "incertain"

    def test_a_person_who_decides_meanwhile_is_not_overwritten(
        self, monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from pdp.services import heal_incertains as module

        cas = relais(monde[0])
        die(admin, 3)
        send_due(MAINTENANT)
        vrai = module.consult

        def consult(*arguments: Any) -> Any:
            settle(cas, admin, recu=False)
            return vrai(*arguments)

        monkeypatch.setattr(module, "consult", consult)
        assert heal_incertains(MAINTENANT).detail == {"deja_regles": 1}
        assert ligne(admin, cas.orientation)["etat"] == "a_envoyer"

    def test_after_the_horizon_what_may_have_arrived_is_looked_up(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = relais(monde[0])
        assert requests.post(f"{monde[0]}/pannes", json={"status": 200, "nombre": 9}, timeout=5).status_code == 200  # acts, says nothing
        send_due(MAINTENANT)
        send_due(MAINTENANT + timedelta(days=7))
        assert (ligne(admin, cas.orientation)["etat"], bool(open_taches(admin, cas))) == ("rebut", True)
        assert heal_incertains(MAINTENANT + timedelta(days=7)).detail == {"retrouves": 1}
        assert (ligne(admin, cas.orientation)["etat"], open_taches(admin, cas)) == ("livre", [])

    def test_an_agreement_that_ended_between_two_attempts(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        """The first attempt may have arrived under the agreement: said uncertain, never « it has not left »."""
        cas = relais(monde[0], expire_le="2026-11-18")
        assert requests.post(f"{monde[0]}/pannes", json={"status": 200, "nombre": 1}, timeout=5).status_code == 200
        send_due(MAINTENANT)
        send_due(MAINTENANT + timedelta(days=1))
        assert (ligne(admin, cas.orientation)["etat"], ligne(admin, cas.orientation)["dernier_code"]) == ("incertain", "accord_absent")
        assert heal_incertains(MAINTENANT + timedelta(days=1)).detail == {"retrouves": 1}
        assert ligne(admin, cas.orientation)["etat"] == "livre"
        assert monde[1].count()["recues"] == 1


class TestPersonne:
    def test_the_partner_has_it(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = mailed(admin)
        assert settle(cas, admin, recu=True) == "Noté : le partenaire l'a bien reçue. Sa réponse est attendue."
        assert "déjà noté" in settle(cas, admin, recu=True)
        assert (ligne(admin, cas.orientation)["etat"], open_taches(admin, cas)) == ("livre", [])
        assert (events(admin, "message_confirme"), events(admin, "orientation_envoyee")) == (1, 1)
        assert send_due(MAINTENANT + HEURE).traites == 0
        with pytest.raises(Conflit):
            settle(cas, admin, recu=False)

    def test_sent_again_once_with_another_horizon(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = mailed(admin)
        tard = MAINTENANT + timedelta(days=20)
        settle(cas, admin, recu=False, instant=tard)
        assert "déjà prête" in settle(cas, admin, recu=False, instant=tard)
        ecrite = ligne(admin, cas.orientation)
        assert (ecrite["etat"], ecrite["prochain_essai_at"], ecrite["horizon_at"]) == ("a_envoyer", tard, tard + timedelta(days=7))
        assert events(admin, "message_a_renvoyer") == 1

    def test_a_message_of_another_case_is_not_there(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas, autre = mailed(admin), relais(monde[0])
        auteur = auteur_agent(autre.dossier.csam)
        with pytest.raises(Introuvable), db.begin_as(auteur) as conn:
            settle_envoi(conn, auteur, autre.dossier.parcours, ligne(admin, cas.orientation)["id"], recu=True, maintenant=MAINTENANT)


def test_a_worker_whose_lease_was_taken_does_not_call(monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
    relais(monde[0])
    lent = claim()
    assert lent is not None
    lapse(admin)
    assert claim() is not None
    assert send_outbox._call(settings().url_expediteur, EXPEDITEUR, lent, MAINTENANT) is None
    assert monde[1].count()["recues"] == 0


def test_taken_back_between_the_claim_and_the_call_does_not_leave(monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
    cas = relais(monde[0])
    prise = claim()
    assert prise is not None
    withdraw(cas)
    remise = send_outbox._call(settings().url_expediteur, EXPEDITEUR, prise, MAINTENANT)
    assert remise is not None
    with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
        assert record_remise(conn, EXPEDITEUR, prise, remise, MAINTENANT) == "a_envoyer"
    assert send_due(MAINTENANT).detail == {"rappeles": 1, "livres": 1}
    assert ligne(admin, cas.orientation)["etat"] == "rappele"
    assert monde[1].count()["uniques"] == 0


def test_a_hand_over_that_arrives_after_its_withdrawal_is_withdrawn_again(monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
    """The worker slept in the call; the partner had answered the withdrawal: nothing to withdraw."""
    cas = relais(monde[0])
    lent = claim()
    assert lent is not None
    withdraw(cas)
    lapse(admin)
    assert send_due(MAINTENANT).detail == {"rappeles": 1, "a_reessayer": 1}, "set aside, and the withdrawal answered 404"
    assert [send_due(MAINTENANT + timedelta(minutes=m)).detail for m in (5, 15)] == [{"a_reessayer": 1}, {"livres": 1}], "then believed"
    remise = transports.deliver("api", destinataire(lent), send_outbox.Envoi(lent.cle, lent.type, lent.charge), MAINTENANT)
    assert remise.classe is Classe.LIVRE
    with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
        assert record_remise(conn, EXPEDITEUR, lent, remise, MAINTENANT) is None
    assert monde[1].count()["annulations"] == 0
    assert send_due(MAINTENANT).traites == 1
    assert monde[1].count()["annulations"] == 1


@pytest.mark.parametrize("repris", ["annulation", "les_deux"])
def test_taken_back_put_back_and_taken_back_again(monde: tuple[str, Registre], admin: psycopg.Connection, repris: str) -> None:
    """Undoing a withdrawal recalls its message: the next withdrawal must leave all the same."""
    cas = relais(monde[0])
    send_due(MAINTENANT)
    withdraw(cas)
    update(
        "UPDATE pdp.outbox SET etat = 'rappele', dernier_code = 'saisie_annulee' WHERE orientation_id = :o AND type = 'annulation'",
        o=cas.orientation,
    )
    update("UPDATE pdp.orientation SET statut = 'envoyee', repondue_at = NULL WHERE id = :o", o=cas.orientation)
    withdraw(cas, MAINTENANT + HEURE if repris == "les_deux" else MAINTENANT)
    send_due(MAINTENANT + HEURE)
    assert monde[1].count()["annulations"] == 1


# -- what these tests do


def destinataire(prise: send_outbox.LigneReclamee) -> Any:
    with db.begin(settings().url_expediteur, EXPEDITEUR) as conn:
        cible = send_outbox.find_destinataire(conn, prise.plateforme_id, prise.partenaire_id)
    assert cible is not None
    return cible.as_destinataire(prise.plateforme_id, prise.partenaire_id)


def act_and_die(monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three workers reach the partner and die before they can write it down."""

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as mort:
        mort.setattr(send_outbox, "record_remise", kill)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                send_due(MAINTENANT)
            lapse(admin)
    assert send_due(MAINTENANT).detail == {"incertains": 1}


def withdraw(cas: Relais, instant: datetime = MAINTENANT) -> None:
    auteur = auteur_agent(cas.dossier.csam)
    with db.begin_as(auteur) as conn:
        cancel_orientation(conn, auteur, cas.orientation, "erreur", instant)


def mailed(admin: psycopg.Connection, url: str | None = "http://127.0.0.1:9") -> Relais:
    """A hand-over by secure mail whose worker died: nobody can be asked by machine."""
    cas = relais(url)
    update("UPDATE pdp.outbox SET canal = 'messagerie' WHERE orientation_id = :o", o=cas.orientation)
    die(admin, 1)
    assert send_due(MAINTENANT).detail == {"incertains": 1}
    assert open_taches(admin, cas)
    assert heal_incertains(MAINTENANT).detail == {}
    return cas


def settle(cas: Relais, admin: psycopg.Connection, *, recu: bool, instant: datetime = MAINTENANT) -> str:
    auteur = auteur_agent(cas.dossier.csam)
    with db.begin_as(auteur) as conn:
        [douteux] = list_douteux(conn, cas.dossier.parcours).values() or [None]
        message = douteux.id if douteux else ligne(admin, cas.orientation)["id"]
        return settle_envoi(conn, auteur, cas.dossier.parcours, message, recu=recu, maintenant=instant)
