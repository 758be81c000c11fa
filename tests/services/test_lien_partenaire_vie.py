"""The link of a partner over time: expired, renewed, replaced, withdrawn; and what its holder answers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from lien_partenaire import Courriels, Porteur, enter, read_jeton, receive, relais_par_lien
from pdp.errors import Introuvable, TransitionInterdite
from pdp.partners.lien import jeton_of
from pdp.services.answer_lien_partenaire import Reponse, answer, read_demande
from pdp.services.answer_question import answer_question
from pdp.services.apply_reponses import apply_reponses
from pdp.services.open_lien_partenaire import read_lien
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.remind_partenaire import remind_now
from pdp.services.renew_lien_partenaire import find_lien as find_courant
from pdp.services.renew_lien_partenaire import renew_lien
from pdp.services.send_outbox import send_due
from pdp.services.sweep_orientations import sweep_orientations
from pdp.storage import db
from pdp.storage.sql import query
from relais import Relais
from relais_lecture import events

SANTE = re.compile(r"arrêt|santé|médic|malad|soin|handicap|invalid[ei]t|psych|accident|désinsertion", re.IGNORECASE)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cas(mails: Courriels) -> Relais:
    return relais_par_lien()


def _uuid(porteur: Porteur) -> UUID:
    return UUID(porteur.auteur.id)


def _answer(porteur: Porteur, orientation: UUID, reponse: Reponse, instant: datetime) -> None:
    with db.begin_as(porteur.auteur) as conn:
        assert read_lien(conn, porteur.acces, instant) is not None
        answer(conn, porteur.auteur, orientation, reponse, instant)


class TestVie:
    def test_it_expires_and_its_holder_renews_it(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]) -> None:
        vieux = receive(mails)
        enter(vieux, mails)
        apres = MAINTENANT + timedelta(days=16)
        assert vieux.read(apres).etat == "expire"
        assert (vieux.ask_code(apres), vieux.open("000000", apres)) == ("expire", "expire")
        assert [vieux.ask_lien(apres), vieux.ask_lien(apres)] == ["fait", "deja"]
        send_due(apres)
        (courriel,) = mails.take()
        nouveau = Porteur.of(read_jeton(courriel))
        assert (vieux.read(apres).etat, nouveau.read(apres).etat) == ("remplace", "ouvert")
        adresse = admin.execute("SELECT courriel FROM pdp.partenaire WHERE id = %s", (cas.partenaire,)).fetchone()[0]
        assert f"To: {adresse}" in courriel
        assert events(admin, "lien_partenaire_renouvele") == 1
        assert admin.execute("SELECT max(generation), count(*) FILTER (WHERE remplace_at IS NULL) FROM pdp.lien_partenaire").fetchone() == (
            2,
            1,
        )

    def test_a_former_link_sends_the_one_in_use_and_does_not_stop_it(self, cas: Relais, mails: Courriels) -> None:
        vieux = receive(mails)
        auteur = auteur_agent(cas.dossier.csam)
        with db.begin_as(auteur) as conn:
            renew_lien(conn, auteur, cas.orientation, MAINTENANT)
        assert vieux.read().etat == "remplace", "at once, before the new one has left"
        send_due(MAINTENANT)
        courant = Porteur.of(read_jeton(mails.take()[0]))
        enter(courant, mails)
        plus_tard = MAINTENANT + timedelta(hours=1, minutes=-1)
        assert vieux.ask_lien(plus_tard) == "fait"
        send_due(plus_tard)
        assert read_jeton(mails.take()[0]) == jeton_of(_uuid(courant))
        assert courant.read(plus_tard).identifie, "whoever is reading goes on"

    def test_three_renewals_a_day(self, cas: Relais, mails: Courriels) -> None:
        porteur = receive(mails)
        apres = MAINTENANT + timedelta(days=16)
        resultats = []
        for i in range(4):
            resultats.append(porteur.ask_lien(apres + 5 * i * MINUTE))
            send_due(apres + 5 * i * MINUTE)
        assert resultats == ["fait", "fait", "fait", "trop"]
        assert porteur.ask_lien(apres + timedelta(days=1)) == "fait"

    def test_withdrawal_closes_it_at_once_and_tells_the_partner(self, cas: Relais, mails: Courriels) -> None:
        porteur = receive(mails)
        enter(porteur, mails)
        auteur = auteur_agent(cas.dossier.csam)
        with db.begin_as(auteur) as conn:
            cancel_orientation(conn, auteur, cas.orientation, "essai", MAINTENANT + 2 * MINUTE)
        instant = MAINTENANT + 3 * MINUTE
        assert (porteur.read(instant).etat, porteur.read(instant).identifie) == ("retire", False)
        assert (porteur.ask_code(instant), porteur.ask_lien(instant)) == ("retire", "retire")
        with db.begin_as(porteur.auteur) as conn:
            read_lien(conn, porteur.acces, instant)
            assert conn.execute(text("SELECT count(*) FROM pdp.orientation")).scalar_one() == 0
        send_due(instant)
        (avis,) = mails.take()
        assert "est retirée" in avis
        assert "/lien/" not in avis
        assert not SANTE.search(avis)

    def test_withdrawn_before_it_left_nobody_is_written_to(self, cas: Relais, mails: Courriels) -> None:
        auteur = auteur_agent(cas.dossier.csam)
        with db.begin_as(auteur) as conn:
            cancel_orientation(conn, auteur, cas.orientation, "essai", MAINTENANT)
        send_due(MAINTENANT)
        assert mails.take() == []

    @pytest.mark.parametrize(
        "fait",
        [
            "UPDATE pdp.accord SET retire_at = now(), retrait_canal = 'telephone'",
            "UPDATE pdp.accord SET expire_le = '2026-11-17'",
            "UPDATE pdp.orientation SET statut = 'expiree'",
            "INSERT INTO pdp.mise_en_silence (plateforme_id, assure_id, motif, du, posee_par, posee_at)"
            " SELECT plateforme_id, assure_id, 'deces', '2026-11-18', csam_id, now() FROM pdp.parcours",
        ],
    )
    def test_what_closes_it_without_asking_anybody(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any], fait: str) -> None:
        porteur = receive(mails)
        enter(porteur, mails)
        admin.execute("SET session_replication_role = replica")
        admin.execute(fait)
        assert (porteur.read(MAINTENANT + 2 * MINUTE).etat, porteur.read(MAINTENANT + 2 * MINUTE).identifie) == ("retire", False)

    def test_a_hand_over_that_is_over_is_not_renewed(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]) -> None:
        porteur = receive(mails)
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE pdp.orientation SET statut = 'realisee'")
        assert porteur.ask_lien(MAINTENANT + timedelta(days=16)) == "terminee"
        auteur = auteur_agent(cas.dossier.csam)
        with pytest.raises(TransitionInterdite), db.begin_as(auteur) as conn:
            renew_lien(conn, auteur, cas.orientation, MAINTENANT)

    def test_the_coordinator_sees_when_it_was_opened(self, cas: Relais, mails: Courriels) -> None:
        porteur = receive(mails)
        auteur = auteur_agent(cas.dossier.csam)

        def seen() -> Any:
            with db.begin_as(auteur) as conn:
                return find_courant(conn, cas.orientation)

        assert seen().ouvert_at is None
        enter(porteur, mails)
        assert seen().ouvert_at == MAINTENANT + MINUTE

    def test_the_history_names_the_structure(self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]) -> None:
        enter(receive(mails), mails)
        with db.begin_as(auteur_agent(cas.dossier.csam)) as conn:
            lignes = conn.execute(query("fiche.lister_evenements"), {"parcours": cas.dossier.parcours, "limite": 50}).all()
        par_lien = {ligne.evenement: ligne.partenaire_nom for ligne in lignes if ligne.evenement.startswith("lien_partenaire_")}
        nom = admin.execute("SELECT nom FROM pdp.partenaire WHERE id = %s", (cas.partenaire,)).fetchone()[0]
        assert par_lien == {"lien_partenaire_code": nom, "lien_partenaire_ouvert": nom}

    def test_another_platform_renews_nothing(self, cas: Relais, mails: Courriels) -> None:
        with lot() as conn:
            ailleurs = auteur_agent(fabrique.agent(conn, plateforme="PF57"), plateforme="PF57")
        with pytest.raises(Introuvable), db.begin_as(ailleurs) as conn:
            renew_lien(conn, ailleurs, cas.orientation, MAINTENANT)


class TestReponses:
    def test_answers_travel_to_the_hand_over_with_who_gave_them(
        self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]
    ) -> None:
        porteur = receive(mails)
        enter(porteur, mails, repondant="Claude Martin, accueil")
        cle = uuid4()
        for i, (quoi, quel) in enumerate((("acceptee", cle), ("acceptee", cle), ("question", uuid4()), ("rendez_vous", uuid4()))):
            instant = MAINTENANT + (2 + i) * MINUTE
            reponse = Reponse(quoi, None, "Faut-il un interprète ?" if quoi == "question" else None, None, quel)
            if quoi == "rendez_vous":
                reponse = Reponse(quoi, None, None, MAINTENANT + timedelta(days=5), quel)
            _answer(porteur, cas.orientation, reponse, instant)
        lues = admin.execute("SELECT nature, statut, transport, repondant FROM pdp.inbox ORDER BY version").fetchall()
        assert lues == [
            ("statut", "recue", "lien", "Claude Martin, accueil"),
            ("statut", "acceptee", "lien", "Claude Martin, accueil"),
            ("question", None, "lien", "Claude Martin, accueil"),
            ("rendez_vous", None, "lien", "Claude Martin, accueil"),
        ]
        with lot(fabrique.systeme("collect")) as conn:
            assert apply_reponses(conn, "PF35", fabrique.systeme("collect"), MAINTENANT + 9 * MINUTE).traites == 4
        assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("acceptee",)
        auteurs = admin.execute("SELECT DISTINCT auteur_type, auteur_id FROM journal.evenement WHERE auteur_role = 'lien'").fetchall()
        assert auteurs == [("partenaire", porteur.auteur.id)]

    def test_a_hand_over_of_the_same_partner_stays_apart(self, cas: Relais, mails: Courriels) -> None:
        porteur = receive(mails)
        enter(porteur, mails)
        with pytest.raises(Introuvable):
            _answer(porteur, uuid4(), Reponse("acceptee", None, None, None, uuid4()), MAINTENANT + 2 * MINUTE)


class TestSuites:
    """What the clocks and the coordinator say afterwards leaves by the same link."""

    def test_a_reminder_holds_the_link_in_use_and_another_once_it_expired(self, cas: Relais, mails: Courriels) -> None:
        premier = receive(mails)
        auteur = auteur_agent(cas.dossier.csam)
        jetons = []
        for jours in (3, 20):
            instant = MAINTENANT + timedelta(days=jours)
            with db.begin_as(auteur) as conn:
                assert remind_now(conn, auteur, cas.dossier.parcours, cas.orientation, instant) == 1
            send_due(instant + MINUTE)
            (courriel,) = mails.take()
            assert "attend de vos nouvelles" in courriel
            assert not SANTE.search(courriel)
            jetons.append(read_jeton(courriel))
        assert jetons[0] == jeton_of(_uuid(premier))
        assert Porteur.of(jetons[1]).read(MAINTENANT + timedelta(days=20)).etat == "ouvert"

    def test_the_answer_to_a_question_is_read_behind_the_link(self, cas: Relais, mails: Courriels) -> None:
        porteur = receive(mails)
        enter(porteur, mails)
        instant = MAINTENANT + 2 * MINUTE
        _answer(porteur, cas.orientation, Reponse("question", None, "Faut-il un interprète ?", None, uuid4()), instant)
        with lot(fabrique.systeme("collect")) as conn:
            apply_reponses(conn, "PF35", fabrique.systeme("collect"), instant)
        auteur = auteur_agent(cas.dossier.csam)
        with db.begin_as(auteur) as conn:
            answer_question(conn, auteur, cas.orientation, "Non, tout se passe en français.", uuid4(), instant + MINUTE)
        send_due(instant + 5 * MINUTE)
        (courriel,) = mails.take()
        assert "a répondu à la question" in courriel
        assert "français" not in courriel
        assert read_jeton(courriel) == jeton_of(_uuid(porteur))
        with db.begin_as(porteur.auteur, lecture=True) as conn:
            read_lien(conn, porteur.acces, instant + 6 * MINUTE)
            (echange,) = read_demande(conn, cas.orientation).echanges
        assert (echange.par, echange.reponse) == ("partenaire", "Non, tout se passe en français.")

    def test_without_an_answer_it_expires_and_the_partner_is_told(
        self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]
    ) -> None:
        porteur = receive(mails)
        fin = MAINTENANT + timedelta(days=200)
        for jour in range(1, 200, 2):
            with lot(fabrique.systeme("sweep_orientations")) as conn:
                sweep_orientations(conn, "PF35", fabrique.systeme("sweep_orientations"), MAINTENANT + timedelta(days=jour))
        assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("expiree",)
        assert porteur.read(fin).etat == "retire"
        for _ in range(5):
            send_due(fin)
        courriels = mails.take()
        assert [c for c in courriels if "est close" in c]
        assert not [c for c in courriels if SANTE.search(c)]

    def test_a_code_does_not_wait_for_a_message_that_does_not_arrive(
        self, cas: Relais, mails: Courriels, admin: psycopg.Connection[Any]
    ) -> None:
        """A colleague's full mailbox is tried for days: who is in front of the page has her code all the same."""
        porteur = receive(mails)
        with lot() as conn:
            conn.execute(
                text(
                    "INSERT INTO pdp.outbox (cle, plateforme_id, parcours_id, orientation_id, partenaire_id, canal, type, charge,"
                    " empreinte, prochain_essai_at, horizon_at, cree_at) VALUES (gen_random_uuid(), 'PF35', :d, :o, :p, 'courriel',"
                    " 'rappel_partenaire', '{}', '\\x00', :m + interval '6 hours', :m + interval '7 days', :m - interval '1 hour')"
                ),
                {"d": cas.dossier.parcours, "o": cas.orientation, "p": cas.partenaire, "m": MAINTENANT},
            )
        enter(porteur, mails)
