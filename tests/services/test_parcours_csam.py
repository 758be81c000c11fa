"""The coordinator's acts on real PostgreSQL, under the coordinator's own database role."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import AccordManquant, Conflit, DonneeInvalide, Introuvable, TransitionInterdite
from pdp.services.orient_parcours import cancel_orientation, orient_parcours, preview_contenu
from pdp.services.plan_tele_echange import cancel_tele_echange, list_creneaux, plan_tele_echange
from pdp.services.record_accord import record_accord, withdraw_accord
from pdp.services.record_contact import cancel_contact, record_contact
from pdp.services.record_tele_echange import record_tele_echange
from pdp.services.suggest_partenaires import suggest
from pdp.storage import db


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def csam(dossier: fabrique.Dossier) -> Auteur:
    return auteur_agent(dossier.csam)


def call(dossier: fabrique.Dossier, resultat: str, *, cle: UUID | None = None, le: datetime = MAINTENANT, **reste: Any) -> Any:
    with db.begin_as(csam(dossier)) as conn:
        return record_contact(
            conn,
            csam(dossier),
            dossier.parcours,
            resultat=resultat,
            canal="telephone",
            note="",
            cle_saisie=cle or uuid4(),
            maintenant=le,
            **reste,
        )


def open_motifs(admin: psycopg.Connection, parcours: UUID) -> list[str]:
    return [
        m for (m,) in admin.execute("SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL ORDER BY motif", (parcours,))
    ]


def statut(admin: psycopg.Connection, parcours: UUID) -> str:
    return admin.execute("SELECT statut FROM pdp.parcours WHERE id = %s", (parcours,)).fetchone()[0]


def hold_tele_echange(dossier: fabrique.Dossier) -> UUID:
    call(dossier, "joint")
    with db.begin_as(csam(dossier)) as conn:
        creneau = list_creneaux(conn, dossier.csam, MAINTENANT)[0]
        rdv = plan_tele_echange(conn, csam(dossier), dossier.parcours, creneau.debut, "telephone", MAINTENANT)
    with db.begin_as(csam(dossier)) as conn:
        record_tele_echange(
            conn,
            csam(dossier),
            rdv,
            statut="realise",
            emploi={"contrat": "cdi", "contraintes": ["charges", "nuit"]},
            social={"difficultes": ["revenus"]},
            sante={"ressenti": "mieux"},
            synthese="Souhaite reprendre sur un poste adapté.",
            maintenant=creneau.fin,
        )
    return rdv


class TestContact:
    def test_three_unanswered_attempts_then_another_channel(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        for essai, attendu in enumerate(["nouvel_appel", "nouvel_appel", "autre_canal"]):
            suite = call(dossier, "non_reponse", le=MAINTENANT + timedelta(days=essai, hours=4 * (essai % 2)))
            assert suite.tache_motif == attendu
            assert open_motifs(admin, dossier.parcours) == [attendu]

    def test_double_click_makes_one_contact(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        cle = uuid4()
        call(dossier, "messagerie", cle=cle)
        assert "déjà enregistré" in call(dossier, "messagerie", cle=cle).phrase
        assert admin.execute("SELECT count(*) FROM pdp.contact").fetchone() == (1,)
        assert open_motifs(admin, dossier.parcours) == ["nouvel_appel"]

    def test_promise_needs_a_date_to_come(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        with pytest.raises(DonneeInvalide):
            call(dossier, "joint_rappel_demande", rappel_at=MAINTENANT - timedelta(days=1))
        promis = MAINTENANT + timedelta(days=2)
        assert call(dossier, "joint_rappel_demande", rappel_at=promis).echeance_at == promis
        assert open_motifs(admin, dossier.parcours) == ["rappel_promis"]

    def test_entered_in_error_restores_the_call(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        call(dossier, "joint")
        (contact,) = admin.execute("SELECT id FROM pdp.contact").fetchone()
        for _ in range(2):
            with db.begin_as(csam(dossier)) as conn:
                cancel_contact(conn, csam(dossier), contact, MAINTENANT)
        assert open_motifs(admin, dossier.parcours) == ["nouvel_appel"]

    def test_another_platform_sees_nothing(self, dossier: fabrique.Dossier) -> None:
        with lot() as conn:
            etranger = auteur_agent(fabrique.agent(conn, plateforme="PF57"), plateforme="PF57")
        with pytest.raises(Introuvable), db.begin_as(etranger) as conn:
            record_contact(
                conn, etranger, dossier.parcours, resultat="joint", canal="telephone", note="", cle_saisie=uuid4(), maintenant=MAINTENANT
            )


class TestTeleEchange:
    def test_slot_taken_is_never_given_twice(self, dossier: fabrique.Dossier) -> None:
        with lot() as conn:
            autre = fabrique.parcours(conn, csam=dossier.csam)
        with db.begin_as(csam(dossier)) as conn:
            creneau = list_creneaux(conn, dossier.csam, MAINTENANT)[0]
            premier = plan_tele_echange(conn, csam(dossier), dossier.parcours, creneau.debut, "telephone", MAINTENANT)
        with db.begin_as(csam(dossier)) as conn:
            assert plan_tele_echange(conn, csam(dossier), dossier.parcours, creneau.debut, "telephone", MAINTENANT) == premier
        with pytest.raises(Conflit), db.begin_as(csam(dossier)) as conn:
            plan_tele_echange(conn, csam(dossier), autre.parcours, creneau.debut, "telephone", MAINTENANT)

    def test_answers_go_to_their_drawer(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        rdv = hold_tele_echange(dossier)
        assert statut(admin, dossier.parcours) == "entretien_realise"
        assert open_motifs(admin, dossier.parcours) == ["demander_accord"]
        emploi, social = admin.execute("SELECT emploi, social FROM pdp.tele_echange WHERE id = %s", (rdv,)).fetchone()
        assert emploi["contraintes"] == ["charges", "nuit"]
        assert "ressenti" not in emploi | social
        assert admin.execute("SELECT reponses FROM medical.sante_declaree").fetchone() == ({"ressenti": "mieux"},)

    def test_a_colleague_who_took_the_parcours_over_records_what_was_said(
        self, dossier: fabrique.Dossier, admin: psycopg.Connection
    ) -> None:
        """Found by the simulated year: declared health was written under the name of the one who had left, and refused by the database."""
        with db.begin_as(csam(dossier)) as conn:
            creneau = list_creneaux(conn, dossier.csam, MAINTENANT)[0]
            rdv = plan_tele_echange(conn, csam(dossier), dossier.parcours, creneau.debut, "telephone", MAINTENANT)
        with lot() as conn:
            relais = fabrique.agent(conn)
            conn.execute(fabrique.text("UPDATE pdp.parcours SET csam_id = :r WHERE id = :p"), {"r": relais, "p": dossier.parcours})
        dit = {"emploi": {}, "social": {}, "sante": {"ressenti": "mieux"}, "synthese": ""}
        with db.begin_as(auteur_agent(relais)) as conn:
            record_tele_echange(conn, auteur_agent(relais), rdv, statut="realise", **dit, maintenant=creneau.fin)
        assert admin.execute("SELECT csam_id, reponses FROM medical.sante_declaree").fetchall() == [(relais, {"ressenti": "mieux"})]

    def test_cannot_be_held_before_it_begins_nor_told_twice(self, dossier: fabrique.Dossier) -> None:
        with db.begin_as(csam(dossier)) as conn:
            creneau = list_creneaux(conn, dossier.csam, MAINTENANT)[0]
            rdv = plan_tele_echange(conn, csam(dossier), dossier.parcours, creneau.debut, "telephone", MAINTENANT)
        vide: dict[str, Any] = {"emploi": {}, "social": {}, "sante": {}, "synthese": ""}
        with pytest.raises(DonneeInvalide), db.begin_as(csam(dossier)) as conn:
            record_tele_echange(conn, csam(dossier), rdv, statut="realise", **vide, maintenant=MAINTENANT)
        with db.begin_as(csam(dossier)) as conn:
            record_tele_echange(conn, csam(dossier), rdv, statut="absent", **vide, maintenant=creneau.fin)
        with pytest.raises(Conflit), db.begin_as(csam(dossier)) as conn:
            record_tele_echange(conn, csam(dossier), rdv, statut="realise", **vide, maintenant=creneau.fin)

    def test_cancelled_slot_is_free_again(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        with db.begin_as(csam(dossier)) as conn:
            creneau = list_creneaux(conn, dossier.csam, MAINTENANT)[0]
            rdv = plan_tele_echange(conn, csam(dossier), dossier.parcours, creneau.debut, "telephone", MAINTENANT)
        with db.begin_as(csam(dossier)) as conn:
            assert creneau not in list_creneaux(conn, dossier.csam, MAINTENANT)
            cancel_tele_echange(conn, csam(dossier), rdv, "annule_assure", MAINTENANT)
            assert list_creneaux(conn, dossier.csam, MAINTENANT)[0] == creneau
        assert open_motifs(admin, dossier.parcours) == ["planifier_tele_echange"]


class TestOrientation:
    @pytest.fixture
    def social(self, dossier: fabrique.Dossier) -> UUID:
        hold_tele_echange(dossier)
        with lot() as conn:
            return fabrique.partenaire(conn, "service_social", "api")

    def agree(self, dossier: fabrique.Dossier, destinataire: str = "service_social") -> UUID:
        with db.begin_as(csam(dossier)) as conn:
            return record_accord(
                conn, csam(dossier), dossier.parcours, destinataire=destinataire, decision="accorde", modalite="oral", maintenant=MAINTENANT
            )

    def orient(self, dossier: fabrique.Dossier, partenaire: UUID) -> UUID:
        with db.begin_as(csam(dossier)) as conn:
            return orient_parcours(conn, csam(dossier), dossier.parcours, partenaire, "Perte de revenus", MAINTENANT)

    def test_nothing_leaves_without_agreement(self, dossier: fabrique.Dossier, social: UUID, admin: psycopg.Connection) -> None:
        with pytest.raises(AccordManquant):
            self.orient(dossier, social)
        assert admin.execute("SELECT count(*) FROM pdp.outbox").fetchone() == (0,)

    def test_message_is_written_with_the_orientation_once_and_as_previewed(
        self, dossier: fabrique.Dossier, social: UUID, admin: psycopg.Connection
    ) -> None:
        self.agree(dossier)
        with db.begin_as(csam(dossier)) as conn:
            apercu = preview_contenu(conn, dossier.parcours, social, MAINTENANT)
            assert [s.accord_actif for s in suggest(conn, dossier.parcours, MAINTENANT)] == [True]
        assert self.orient(dossier, social) == self.orient(dossier, social)
        charges = [c for (c,) in admin.execute("SELECT charge FROM pdp.outbox")]
        assert [c["contenu"] for c in charges] == [apercu]
        assert "sante" not in str(charges).lower()
        assert open_motifs(admin, dossier.parcours) == ["attendre_partenaire"]

    @pytest.mark.parametrize(
        ("destinataire", "champs"),
        [
            ("service_social", {"nom", "prenom", "date_naissance", "telephone", "arret_debut", "arret_fin_prescrite", "emploi", "social"}),
            ("spst", {"nom", "prenom", "date_naissance", "telephone", "arret_debut", "arret_fin_prescrite", "emploi"}),
            ("cap_emploi", {"nom", "prenom", "date_naissance", "telephone", "emploi"}),
            ("psychologue", {"nom", "prenom", "date_naissance", "telephone"}),
            ("medecin_traitant", {"nom", "prenom", "date_naissance", "telephone", "arret_debut", "arret_fin_prescrite"}),
        ],
    )
    def test_each_recipient_gets_its_fields_and_no_other(self, dossier: fabrique.Dossier, destinataire: str, champs: set[str]) -> None:
        hold_tele_echange(dossier)
        with lot() as conn:
            partenaire = fabrique.partenaire(conn, destinataire)
        with db.begin_as(csam(dossier)) as conn:
            assert set(preview_contenu(conn, dossier.parcours, partenaire, MAINTENANT)) == champs

    def test_withdrawal_recalls_what_has_not_left(self, dossier: fabrique.Dossier, social: UUID, admin: psycopg.Connection) -> None:
        accord = self.agree(dossier)
        self.orient(dossier, social)
        for _ in range(2):
            with db.begin_as(csam(dossier)) as conn:
                withdraw_accord(conn, csam(dossier), accord, "telephone", MAINTENANT)
        assert admin.execute("SELECT statut FROM pdp.orientation").fetchall() == [("annulee",)]
        assert admin.execute("SELECT etat FROM pdp.outbox").fetchall() == [("rappele",)]
        with pytest.raises(AccordManquant):
            self.orient(dossier, social)

    def test_taken_back_then_sent_again_is_a_new_revision(self, dossier: fabrique.Dossier, social: UUID, admin: psycopg.Connection) -> None:
        self.agree(dossier)
        premiere = self.orient(dossier, social)
        with db.begin_as(csam(dossier)) as conn:
            cancel_orientation(conn, csam(dossier), premiere, "erreur", MAINTENANT)
        assert self.orient(dossier, social) != premiere
        assert [r for (r,) in admin.execute("SELECT revision FROM pdp.orientation ORDER BY revision")] == [1, 2]

    def test_refusing_to_be_followed_alerts_the_doctor(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        call(dossier, "refus_echange")
        with db.begin_as(csam(dossier)) as conn:
            record_accord(
                conn,
                csam(dossier),
                dossier.parcours,
                destinataire="accompagnement",
                decision="refuse",
                modalite="oral",
                maintenant=MAINTENANT,
            )
        assert admin.execute("SELECT type FROM pdp.alerte").fetchall() == [("accord_retire",)]


def test_closed_parcours_accepts_no_act(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        conn.execute(
            fabrique.text("UPDATE pdp.parcours SET statut = 'cloture', clos_at = :m, cloture_motif = 'retraite' WHERE id = :p"),
            {"m": MAINTENANT, "p": dossier.parcours},
        )
    with pytest.raises(TransitionInterdite):
        call(dossier, "joint")


def test_every_write_leaves_an_event_with_its_author(dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
    call(dossier, "non_reponse")
    lignes = admin.execute("SELECT evenement, auteur_type, auteur_id, auteur_role FROM journal.evenement ORDER BY id").fetchall()
    qui = ("agent", str(dossier.csam), "csam")
    assert lignes == [("contact_enregistre", *qui), ("tache_ouverte", *qui)]


def test_no_write_without_a_verified_author(dossier: fabrique.Dossier) -> None:
    with pytest.raises(Exception, match="write_without_author"), db.engine(fabrique.settings().url_app).begin() as conn:
        conn.execute(fabrique.text("UPDATE pdp.parcours SET priorite = 99"))


def test_a_forged_context_sees_nothing(dossier: fabrique.Dossier, monkeypatch: pytest.MonkeyPatch) -> None:
    honnete = csam(dossier)
    with db.begin_as(honnete) as conn:
        assert conn.execute(fabrique.text("SELECT count(*) FROM pdp.parcours")).scalar() == 1
        conn.execute(fabrique.text("SELECT set_config('pdp.contexte', replace(current_setting('pdp.contexte'), 'PF35', 'PF57'), true)"))
        assert conn.execute(fabrique.text("SELECT count(*) FROM pdp.parcours")).scalar() == 0
