"""Quiet mode of one person: calls, appointments and messages, day before, first day, last day, day after."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.errors import DonneeInvalide, SilenceEnCours
from pdp.services.close_parcours import close_parcours
from pdp.services.plan_tele_echange import list_creneaux, plan_tele_echange
from pdp.services.record_contact import cancel_contact
from pdp.services.record_silence import find_silence
from pdp.services.reopen_parcours import reopen_parcours
from pdp.services.send_outbox import send_due
from pdp.storage import db, outbox
from portal.donnees import add_tache
from silence import Admin, a_18h, ask, call, le, open_taches


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


class TestContact:
    @pytest.mark.parametrize(("n", "refuse"), [(1, False), (2, True), (5, True), (6, False)])
    def test_attempt_around_the_silence(self, dossier: fabrique.Dossier, admin: Admin, n: int, refuse: bool) -> None:
        ask(dossier, du=2)
        if not refuse:
            call(dossier, n=n)
            return
        with pytest.raises(SilenceEnCours, match="person_silent") as erreur:
            call(dossier, n=n)
        assert "Silence jusqu'au 23/11/2026" in erreur.value.message
        assert admin.execute("SELECT count(*) FROM pdp.contact").fetchone() == (0,)
        with pytest.raises(DonneeInvalide):
            call(dossier, n=n, entrant=True)
        call(dossier, "joint", n=n, entrant=True)
        assert admin.execute("SELECT resultat, entrant FROM pdp.contact").fetchone() == ("joint", True)

    def test_attempt_sent_again_after_the_silence_was_set_is_the_same_one(self, dossier: fabrique.Dossier) -> None:
        cle = uuid4()
        call(dossier, cle=cle)
        ask(dossier)
        assert "déjà enregistré" in call(dossier, cle=cle).phrase

    def test_death_told_on_the_phone_silences_and_its_undo_lifts(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        with lot() as conn:
            add_tache(conn, dossier.parcours, "demander_accord", a_18h(2))
        assert call(dossier, "decede").tache_motif == "cloture_a_confirmer"
        assert set(open_taches(admin, dossier)) == {"cloture_a_confirmer"}
        with lot() as conn:
            assert find_silence(conn, dossier.assure, le(900)).motif == "deces"
        (contact,) = admin.execute("SELECT id FROM pdp.contact").fetchone()
        auteur = auteur_agent(dossier.csam)
        for _ in range(2):
            with db.begin_as(auteur) as conn:
                cancel_contact(conn, auteur, contact, MAINTENANT)
        assert set(open_taches(admin, dossier)) == {"nouvel_appel", "demander_accord"}
        with lot() as conn:
            assert find_silence(conn, dossier.assure, le(0)) is None

    def test_closing_for_a_death_silences_and_reopening_lifts(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        auteur = auteur_agent(dossier.csam)
        with db.begin_as(auteur) as conn:
            close_parcours(
                conn,
                auteur,
                dossier.parcours,
                motif="deces",
                situation="decede",
                survenu_le=None,
                provenance="declare_assure",
                maintenant=MAINTENANT,
            )
        assert open_taches(admin, dossier) == {}
        with lot() as conn:
            assert find_silence(conn, dossier.assure, le(0)).motif == "deces"
        with db.begin_as(auteur) as conn:
            reopen_parcours(conn, auteur, dossier.parcours, "cloture_par_erreur", MAINTENANT)
        assert set(open_taches(admin, dossier)) == {"nouvel_appel"}

    @pytest.mark.parametrize(("n", "refuse"), [(1, False), (2, True), (5, True), (6, False)])
    def test_appointment_around_the_silence(self, dossier: fabrique.Dossier, n: int, refuse: bool) -> None:
        ask(dossier, du=2)
        auteur = auteur_agent(dossier.csam)
        with db.begin_as(auteur) as conn:
            creneaux = [c.debut for c in list_creneaux(conn, dossier.csam, MAINTENANT, 300) if c.debut.date() == le(n)]
            if refuse:
                with pytest.raises(SilenceEnCours):
                    plan_tele_echange(conn, auteur, dossier.parcours, creneaux[0], "telephone", MAINTENANT)
            else:
                plan_tele_echange(conn, auteur, dossier.parcours, creneaux[0], "telephone", MAINTENANT)


class TestMessages:
    def enqueue(self, dossier: fabrique.Dossier, partenaire: UUID | None, type_message: str = "invitation") -> UUID:
        with lot() as conn:
            return outbox.enqueue(
                conn,
                cle_parts=(str(dossier.parcours), "invitation", str(partenaire)),
                plateforme_id="PF35",
                parcours_id=dossier.parcours,
                orientation_id=None,
                partenaire_id=partenaire,
                canal="portail",
                type=type_message,
                charge={},
                accord_destinataire=None,
                maintenant=MAINTENANT,
                horizon_jours=30,
            )

    @pytest.mark.parametrize(("n", "etat"), [(1, "rebut"), (2, "rappele"), (5, "rappele"), (6, "rebut")])
    def test_message_to_the_person_around_the_silence(self, dossier: fabrique.Dossier, admin: Admin, n: int, etat: str) -> None:
        ask(dossier, du=2)
        self.enqueue(dossier, None)  # without an address: outside the silence it is tried, and a person is called
        for _ in range(2):
            send_due(MAINTENANT + timedelta(days=n))
        assert admin.execute("SELECT etat, dernier_code = 'silence' FROM pdp.outbox").fetchall() == [(etat, etat == "rappele")]
        attendus = int(etat == "rappele")
        assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'message_rappele'").fetchone() == (attendus,)
        taches = set(open_taches(admin, dossier))
        assert taches == (set() if etat == "rappele" else {"message_en_echec"}), "decided: nobody is asked to send it another way"

    @pytest.mark.parametrize(
        ("motif", "type_message", "etat"),
        [
            ("hospitalisation", "avis_partenaire", "livre"),
            ("refus", "avis_partenaire", "livre"),
            ("deces", "avis_partenaire", "rappele"),
            ("deces", "annulation", "livre"),
        ],
    )
    def test_message_to_a_partner(self, dossier: fabrique.Dossier, admin: Admin, motif: str, type_message: str, etat: str) -> None:
        """It speaks to a partner, not to the person: it goes, except a hand-over of a dead person; a withdrawal always goes."""
        with lot() as conn:
            partenaire = fabrique.partenaire(conn)
        ask(dossier, motif, au=5 if motif == "hospitalisation" else None)
        self.enqueue(dossier, partenaire, type_message)
        send_due(MAINTENANT)
        assert admin.execute("SELECT etat FROM pdp.outbox").fetchall() == [(etat,)]
