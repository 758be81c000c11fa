"""What the person says of how to be reached, and what follows the calls, on real PostgreSQL under the coordinator's own role."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.errors import Conflit, DonneeInvalide, SilenceEnCours
from pdp.services.annulation import acte, undo_acte
from pdp.services.record_contact import record_contact
from pdp.services.record_parole import (
    Coordonnees,
    Preference,
    check_vue,
    find_preference,
    get_coordonnees,
    record_coordonnees,
    record_preference,
)
from pdp.services.record_silence import set_silence
from pdp.services.relay_contact import send_courrier, send_message
from pdp.services.sweep_veille import sweep_veille
from pdp.storage import db

Admin = psycopg.Connection[Any]
DITE = Preference(langue="pt", interprete=True, accessibilite=["ecrit"], canal_prefere="courriel", moments=["matin"], refus=["sms"])
MOBILE, FLUX = "+33639981111", "+33639980000"


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="contact_en_cours")


def say(dossier: fabrique.Dossier, dite: Preference = DITE, cle: UUID | None = None, le: datetime = MAINTENANT) -> bool:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        return record_preference(conn, auteur, dossier.parcours, dite, cle_saisie=cle or uuid4(), maintenant=le)


def give(
    dossier: fabrique.Dossier, telephone: str | None, courriel: str | None = None, cle: UUID | None = None, le: datetime = MAINTENANT
) -> list[str]:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        return record_coordonnees(
            conn, auteur, dossier.parcours, telephone=telephone, courriel=courriel, cle_saisie=cle or uuid4(), maintenant=le
        )


def read(dossier: fabrique.Dossier) -> Coordonnees:
    with db.begin_as(auteur_agent(dossier.csam), lecture=True) as conn:
        return get_coordonnees(conn, dossier.assure)


def call(dossier: fabrique.Dossier, resultat: str = "non_reponse", le: datetime = MAINTENANT, cle: UUID | None = None) -> Any:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "contact", le) as fait:
        suite = record_contact(
            conn, auteur, dossier.parcours, resultat=resultat, canal="telephone", note="", cle_saisie=cle or uuid4(), maintenant=le
        )
    return suite, fait.id


def exhaust(dossier: fabrique.Dossier) -> datetime:
    """Three calls in vain over three days and two parts of the day; returns the last instant."""
    for jours, heures in ((0, 0), (1, 4), (2, 0)):
        dernier = MAINTENANT + timedelta(days=jours, hours=heures)
        call(dossier, le=dernier)
    return dernier


def feed(dossier: fabrique.Dossier, telephone: str) -> None:
    with lot() as conn:
        conn.execute(text("UPDATE identite.assure SET telephone = :t WHERE id = :a"), {"t": telephone, "a": dossier.assure})


def open_motifs(admin: Admin) -> list[str]:
    return [m for (m,) in admin.execute("SELECT motif FROM pdp.tache WHERE fermee_at IS NULL ORDER BY motif")]


class TestPreference:
    def test_last_word_is_in_force_and_the_others_are_kept(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        assert say(dossier)
        assert say(dossier, Preference(refus=["courrier"]), le=MAINTENANT + timedelta(days=1))
        with db.begin_as(auteur_agent(dossier.csam), lecture=True) as conn:
            assert find_preference(conn, dossier.assure).refus == ["courrier"]
        assert admin.execute("SELECT count(*) FROM pdp.preference_contact").fetchone() == (2,)

    def test_same_word_again_and_same_form_again_write_nothing(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        cle = uuid4()
        assert say(dossier, cle=cle)
        assert not say(dossier)
        assert not say(dossier, Preference(langue="es"), cle=cle)
        assert admin.execute("SELECT count(*) FROM pdp.preference_contact").fetchone() == (1,)

    @pytest.mark.parametrize(
        "dite",
        [
            Preference(refus=["fax"]),
            Preference(moments=["nuit"]),
            Preference(accessibilite=["surdite"]),
            Preference(canal_prefere="pigeon"),
            Preference(canal_prefere="sms", refus=["sms"]),
            Preference(refus=["telephone", "sms", "courriel", "courrier"]),
        ],
    )
    def test_impossible_words_are_refused(self, dossier: fabrique.Dossier, admin: Admin, dite: Preference) -> None:
        with pytest.raises(DonneeInvalide):
            say(dossier, dite)
        assert admin.execute("SELECT count(*) FROM pdp.preference_contact").fetchone() == (0,)

    def test_two_windows_at_once_keep_the_one_that_saw_the_last_word(self, dossier: fabrique.Dossier) -> None:
        say(dossier)
        with db.begin_as(auteur_agent(dossier.csam)) as conn:
            check_vue(conn, dossier.parcours, None, DITE)
            with pytest.raises(Conflit):
                check_vue(conn, dossier.parcours, None, Preference(langue="es"))

    def test_concurrent_resends_make_one_word(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        cle = uuid4()
        with ThreadPoolExecutor(2) as fils:
            assert sorted(fils.map(lambda _: say(dossier, cle=cle), range(2))) == [False, True]
        assert admin.execute("SELECT count(*) FROM pdp.preference_contact").fetchone() == (1,)

    def test_taken_back_the_word_before_is_in_force(self, dossier: fabrique.Dossier) -> None:
        say(dossier)
        auteur, demain = auteur_agent(dossier.csam), MAINTENANT + timedelta(days=1)
        with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "demandes", demain) as fait:
            record_preference(conn, auteur, dossier.parcours, Preference(), cle_saisie=uuid4(), maintenant=demain)
        assert fait.id is not None
        with db.begin_as(auteur) as conn:
            undo_acte(conn, auteur, fait.id, demain)
            assert find_preference(conn, dossier.assure).refus == ["sms"]


class TestCoordonnees:
    @pytest.mark.parametrize(
        ("saisie", "dit"),
        [
            ("06 39 98 11 11", ["Numéro corrigé."]),
            ("01 99 00 11 22", ["Numéro corrigé. C'est un numéro fixe : il ne reçoit pas de SMS."]),
            ("+32 470 12 34 56", ["Numéro corrigé. C'est un numéro étranger : aucun SMS ne lui est envoyé."]),
            ("06 39 98 00 00", []),
        ],
    )
    def test_number_given(self, dossier: fabrique.Dossier, saisie: str, dit: list[str]) -> None:
        assert give(dossier, saisie) == dit

    @pytest.mark.parametrize("saisie", ["06 12", "3646", "08 00 12 34 56", "abc", "06 11 11 11 11 11"])
    def test_impossible_number_is_refused_in_french(self, dossier: fabrique.Dossier, admin: Admin, saisie: str) -> None:
        with pytest.raises(DonneeInvalide) as refus:
            give(dossier, saisie, "d@exemple.invalid")
        assert refus.value.message.endswith("Rien n'a été enregistré.")
        assert admin.execute("SELECT count(*) FROM identite.coordonnee_dite").fetchone() == (0,), "not the address either"

    def test_feed_never_overwrites_what_the_person_said(self, dossier: fabrique.Dossier) -> None:
        give(dossier, MOBILE)
        assert (read(dossier).telephone, read(dossier).telephone_provenance, read(dossier).telephone_flux) == (MOBILE, "personne", None)
        feed(dossier, "+33639983333")
        assert (read(dossier).telephone, read(dossier).telephone_flux) == (MOBILE, "+33639983333")
        give(dossier, "+33639983333", le=MAINTENANT + timedelta(days=1))
        assert (read(dossier).telephone, read(dossier).telephone_flux) == ("+33639983333", None)

    def test_wrong_number_is_marked_until_another_is_known_or_the_call_taken_back(self, dossier: fabrique.Dossier) -> None:
        _, fait = call(dossier, "numero_faux")
        assert (read(dossier).telephone, read(dossier).telephone_faux_at) == (FLUX, MAINTENANT)
        auteur = auteur_agent(dossier.csam)
        with db.begin_as(auteur) as conn:
            undo_acte(conn, auteur, fait, MAINTENANT)
        assert read(dossier).telephone_faux_at is None
        call(dossier, "numero_faux")
        assert read(dossier).telephone_faux_at is not None
        feed(dossier, MOBILE)
        assert read(dossier).telephone_faux_at is None

    def test_nothing_personal_goes_to_the_journal(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        say(dossier)
        give(dossier, MOBILE, "d@exemple.invalid")
        ecrits = str(admin.execute("SELECT evenement, donnees FROM journal.evenement").fetchall())
        assert "coordonnee_dite" in ecrits
        assert [x for x in ("39981111", "exemple.invalid") if x in ecrits] == []


class TestSuite:
    def test_calls_then_message_then_letter_then_the_medecin(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        auteur, dernier = auteur_agent(dossier.csam), exhaust(dossier)
        assert open_motifs(admin) == ["autre_canal"]
        for _ in range(2):
            with db.begin_as(auteur) as conn:
                send_message(conn, auteur, dossier.parcours, "sms", dernier + timedelta(hours=1))
        assert open_motifs(admin) == ["courrier_injoignable"]
        lettre = dernier + timedelta(days=5)
        for _ in range(2):
            with db.begin_as(auteur) as conn:
                send_courrier(conn, auteur, dossier.parcours, lettre)
        assert admin.execute("SELECT type, canal FROM pdp.outbox ORDER BY cree_at").fetchall() == [
            ("rappelez_nous", "sms"),
            ("injoignable", "courrier"),
        ]
        postee = lettre + timedelta(days=3)
        for jours, poste, alertes in ((60, False, 0), (14, True, 0), (15, True, 1), (16, True, 1)):
            with lot() as conn:
                if poste:
                    conn.execute(text("UPDATE pdp.outbox SET etat = 'livre', livre_at = :p WHERE canal = 'courrier'"), {"p": postee})
                sweep_veille(conn, "PF35", fabrique.TEST, postee + timedelta(days=jours))
            assert admin.execute("SELECT count(*) FROM pdp.alerte WHERE type = 'parcours_interrompu'").fetchone() == (alertes,)
        phrase = admin.execute("SELECT phrase FROM pdp.alerte").fetchone()
        assert phrase is not None
        assert phrase[0].startswith("Personne injoignable : 3 appels sans réponse")

    def test_calls_on_the_same_day_and_part_never_reach_the_medecin(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        for minutes in (0, 5, 10):
            call(dossier, le=MAINTENANT + timedelta(minutes=minutes))
        with lot() as conn:
            conn.execute(
                text("UPDATE pdp.tache SET motif = 'courrier_injoignable', fermee_at = :m, fermee_par = 't', issue = 'envoye'"),
                {"m": MAINTENANT + timedelta(hours=1)},
            )
            sweep_veille(conn, "PF35", fabrique.TEST, MAINTENANT + timedelta(days=60))
        assert admin.execute("SELECT count(*) FROM pdp.alerte WHERE type = 'parcours_interrompu'").fetchone() == (0,)

    @pytest.mark.parametrize("joint", ["joint", "refus_echange"])
    def test_person_reached_meanwhile_is_not_written_to(self, dossier: fabrique.Dossier, admin: Admin, joint: str) -> None:
        dernier = exhaust(dossier) + timedelta(hours=1)
        call(dossier, joint, le=dernier)
        auteur = auteur_agent(dossier.csam)
        with pytest.raises(Conflit), db.begin_as(auteur) as conn:
            send_message(conn, auteur, dossier.parcours, "sms", dernier)
        assert admin.execute("SELECT count(*) FROM pdp.outbox").fetchone() == (0,)

    def test_silence_lets_no_message_out(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        dernier, auteur = exhaust(dossier), auteur_agent(dossier.csam)
        with db.begin_as(auteur) as conn:
            set_silence(conn, auteur, dossier.assure, motif="refus", maintenant=dernier)
        with pytest.raises(SilenceEnCours), db.begin_as(auteur) as conn:
            send_message(conn, auteur, dossier.parcours, "sms", dernier)
        assert admin.execute("SELECT count(*) FROM pdp.outbox").fetchone() == (0,)

    def test_refused_channel_is_not_offered(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        say(dossier, Preference(refus=["sms"]))
        exhaust(dossier)
        assert open_motifs(admin) == ["courrier_injoignable"], "no address, no SMS: the letter at once"

    def test_message_is_taken_back_with_its_reason(self, dossier: fabrique.Dossier, admin: Admin) -> None:
        dernier, auteur = exhaust(dossier), auteur_agent(dossier.csam)
        with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "message", dernier) as fait:
            send_message(conn, auteur, dossier.parcours, "sms", dernier)
        assert fait.id is not None
        with db.begin_as(auteur) as conn:
            undo_acte(conn, auteur, fait.id, dernier)
        assert open_motifs(admin) == ["autre_canal"]
        assert admin.execute("SELECT etat FROM pdp.outbox").fetchall() == [("rappele",)]
