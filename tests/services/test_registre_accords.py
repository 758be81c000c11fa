"""Ledger of the agreements: what was read and agreed to, what a withdrawal does at once, and nothing more than agreed that leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import AccordManquant, Conflit, DonneeInvalide, Introuvable
from pdp.partners.contrat import Classe, Remise
from pdp.partners.simulateur_registre import Registre
from pdp.services import send_outbox
from pdp.services.annulation import AnnulationRefusee, acte, undo_acte
from pdp.services.orient_parcours import orient_parcours, preview_contenu
from pdp.services.publish_referentiel import partages
from pdp.services.read_accords import Registre as Ledger
from pdp.services.read_accords import read_registre
from pdp.services.record_accord import record_accord, withdraw_accord
from pdp.services.send_outbox import send_due
from pdp.services.withdraw_accord import withdraw_classes
from pdp.storage import db
from relais_lecture import claim, ligne

JOUR = MAINTENANT.date()
REFUS = (
    "INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, modalite, texte_version, recueilli_par,"
    " recueilli_at) SELECT plateforme_id, parcours_id, {}, 'refuse', 'f', 'oral', 'v', recueilli_par, recueilli_at FROM pdp.accord"
)
"""A later word of the same person at the same instant."""
TOUT = ["identite", "contact", "arret", "emploi", "social"]
DEPART = MAINTENANT + timedelta(minutes=1)


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        cas = fabrique.parcours(conn, statut="accord_demande")
        conn.execute(
            text(
                "INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, statut, emploi, social,"
                " planifie_at) SELECT 'PF35', :p, :c, g.numero, cast(:m AS timestamptz) - interval '2 h', cast(:m AS timestamptz) -"
                " interval '1 h', 'realise', cast(:e AS jsonb), cast(:s AS jsonb), :m FROM pdp.agent g WHERE g.id = :c"
            ),
            {"p": cas.parcours, "c": cas.csam, "m": MAINTENANT, "e": '{"contrat": "cdi"}', "s": '{"difficultes": ["revenus"]}'},
        )
        return cas


def qui(dossier: fabrique.Dossier) -> Auteur:
    return auteur_agent(dossier.csam)


def agree(dossier: fabrique.Dossier, le: datetime = MAINTENANT, **reste: Any) -> UUID:
    champs = {"destinataire": "service_social", "decision": "accorde", "modalite": "oral", "maintenant": le, **reste}
    with db.begin_as(qui(dossier)) as conn:
        return record_accord(conn, qui(dossier), dossier.parcours, **champs)


def propose(dossier: fabrique.Dossier, partenaire: UUID, le: datetime = MAINTENANT) -> UUID:
    with db.begin_as(qui(dossier)) as conn:
        return orient_parcours(conn, qui(dossier), dossier.parcours, partenaire, "Aide aux démarches.", le)


def take_back(dossier: fabrique.Dossier, accord: UUID, classes: list[str], le: datetime = MAINTENANT) -> None:
    with db.begin_as(qui(dossier)) as conn:
        withdraw_classes(conn, qui(dossier), accord, classes, "telephone", le)


def ledger(dossier: fabrique.Dossier, jour: date = JOUR) -> Ledger:
    with db.begin_as(qui(dossier)) as conn:
        return read_registre(conn, dossier.parcours, "PF35", jour)


def service(type: str = "service_social", canal: str = "portail", url: str | None = None) -> UUID:
    with lot() as conn:
        return fabrique.partenaire(conn, type, canal, url=url)


def rows(admin: psycopg.Connection, requete: str, *valeurs: Any) -> list[tuple[Any, ...]]:
    return admin.execute(requete, valeurs).fetchall()


class TestRecueil:
    def test_the_very_text_read_is_kept(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        accord = agree(dossier)
        (lu, version, dit) = rows(
            admin,
            "SELECT t.texte, a.texte_version, a.texte_lu FROM pdp.accord a JOIN referentiel.texte_accord t ON t.empreinte = a.texte_empreinte"
            " WHERE a.id = %s",
            accord,
        )[0]
        partage = partages().get("service_social", JOUR, "PF35")
        assert (lu, version, dit) == (partage.lu, "service_social-2026.2", True)

    @pytest.mark.parametrize(
        ("le", "version"), [(datetime(2026, 8, 31, 21, tzinfo=UTC), "2026.1"), (datetime(2026, 8, 31, 22, tzinfo=UTC), "2026.2")]
    )
    def test_the_text_of_the_day_of_the_platform(
        self, dossier: fabrique.Dossier, admin: psycopg.Connection, le: datetime, version: str
    ) -> None:
        accord = agree(dossier, le)
        assert rows(admin, "SELECT texte_version FROM pdp.accord WHERE id = %s", accord) == [(f"service_social-{version}",)]

    def test_another_text_meanwhile_is_read_again(self, dossier: fabrique.Dossier) -> None:
        with pytest.raises(Conflit):
            agree(dossier, version="service_social-2026.1")

    @pytest.mark.parametrize(
        ("champs", "code"),
        [
            ({"texte_lu": False}, "text_not_read"),
            ({"classes": ["contact"]}, "identity_required"),
            ({"classes": []}, "identity_required"),
            ({"classes": ["identite", "sante"]}, "unknown_class"),
            ({"destinataire": "cap_emploi", "classes": ["identite", "arret"]}, "unknown_class"),
            ({"destinataire": "employeur"}, "bad_consent"),
            ({"modalite": "sms"}, "bad_consent"),
        ],
    )
    def test_refused_answers(self, dossier: fabrique.Dossier, admin: psycopg.Connection, champs: dict[str, Any], code: str) -> None:
        with pytest.raises(DonneeInvalide) as refus:
            agree(dossier, **champs)
        assert refus.value.code == code
        assert rows(admin, "SELECT count(*) FROM pdp.accord") == [(0,)]

    def test_written_needs_no_reading_aloud(self, dossier: fabrique.Dossier) -> None:
        agree(dossier, modalite="ecrit", texte_lu=False)

    def test_a_part_of_the_data_and_only_it(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        agree(dossier, classes=["contact", "identite"])
        assert rows(admin, "SELECT classes, classes_refusees FROM pdp.accord") == [(["identite", "contact"], ["arret", "emploi", "social"])]
        propose(dossier, service())
        contenu, classes = rows(admin, "SELECT contenu, classes FROM pdp.orientation")[0]
        assert set(contenu) == {"nom", "prenom", "date_naissance", "telephone"}
        assert classes == ["identite", "contact"]
        assert rows(admin, "SELECT classes, charge -> 'contenu' FROM pdp.outbox") == [(["identite", "contact"], contenu)]

    def test_said_twice_is_once_and_more_is_another_row(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        premier = agree(dossier, classes=["identite", "contact"])
        assert agree(dossier, classes=["identite"]) == premier
        assert agree(dossier) == premier, "without a word about data, as much as before"
        orientation = propose(dossier, service())
        second = agree(dossier, classes=["identite", "emploi"])
        assert second != premier
        assert rows(admin, "SELECT classes, retrait_canal FROM pdp.accord ORDER BY ordre") == [
            (["identite", "contact"], "reprise"),
            (["identite", "contact", "emploi"], None),
        ]
        assert rows(admin, "SELECT accord_id FROM pdp.orientation WHERE id = %s", orientation) == [(second,)], (
            "the hand-over goes on under it"
        )
        assert send_due(DEPART).traites == 1

    def test_for_one_service_only(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        elu, autre, ailleurs = service(), service(), service("spst")
        with pytest.raises(Introuvable):
            agree(dossier, partenaire_id=ailleurs)
        agree(dossier, partenaire_id=elu)
        with pytest.raises(AccordManquant):
            propose(dossier, autre)
        propose(dossier, elu)
        assert send_due(DEPART).traites == 1
        assert [a.partenaire_id for b in ledger(dossier).blocs for a in b.actifs] == [elu]

    @pytest.mark.parametrize(("destinataire", "expire"), [("service_social", date(2027, 11, 18)), ("psychologue", date(2027, 5, 18))])
    def test_expiry_is_that_of_the_recipient(
        self, dossier: fabrique.Dossier, admin: psycopg.Connection, destinataire: str, expire: date
    ) -> None:
        agree(dossier, destinataire=destinataire)
        assert rows(admin, "SELECT expire_le FROM pdp.accord") == [(expire,)]
        etats = {b.destinataire: b.dernier.etat(expire + timedelta(days=1)) for b in ledger(dossier, expire).blocs if b.dernier}
        assert etats == {destinataire: "expire"}
        assert [b.destinataire for b in ledger(dossier, expire).blocs if b.actifs] == [destinataire], "the last day still counts"
        assert [b.destinataire for b in ledger(dossier, expire + timedelta(days=1)).blocs if b.actifs] == []


class TestRetrait:
    def test_all_at_once_and_told_by_every_transport_that_tells(
        self, monde: tuple[str, Registre], dossier: fabrique.Dossier, admin: psycopg.Connection
    ) -> None:
        agree(dossier)
        agree(dossier, destinataire="spst")
        parti, attend = propose(dossier, service("spst", "api", monde[0])), None
        assert send_due(DEPART).traites == 1
        attend = propose(dossier, service(), DEPART)
        for destinataire in ("service_social", "spst"):
            (accord,) = rows(admin, "SELECT id FROM pdp.accord WHERE destinataire = %s", destinataire)[0]
            with db.begin_as(qui(dossier)) as conn:
                withdraw_accord(conn, qui(dossier), accord, "courrier", DEPART)
        assert rows(admin, "SELECT statut FROM pdp.orientation") == [("annulee",)] * 2
        assert ligne(admin, attend)["etat"] == "rappele"
        assert ligne(admin, parti, "annulation")["etat"] == "a_envoyer"
        assert rows(admin, "SELECT canal, classes, retire_par, effets FROM pdp.accord_retrait ORDER BY effets ->> 'prevenus'") == [
            ("courrier", None, dossier.csam, {"orientations": 1, "rappeles": 1, "prevenus": 0, "reduites": 0}),
            ("courrier", None, dossier.csam, {"orientations": 1, "rappeles": 0, "prevenus": 1, "reduites": 0}),
        ]
        assert send_due(DEPART + timedelta(minutes=1)).traites == 1, "the withdrawal itself needs no agreement"
        assert monde[1].count()["annulations"] == 1
        motifs = {m for (m,) in rows(admin, "SELECT motif FROM pdp.tache WHERE fermee_at IS NULL")}
        assert "faire_le_point" in motifs, "the coordinator is told"

    def test_the_general_one_takes_those_of_one_service(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        elu = service()
        agree(dossier, partenaire_id=elu)
        general = agree(dossier)
        orientation = propose(dossier, elu)
        with db.begin_as(qui(dossier)) as conn:
            withdraw_accord(conn, qui(dossier), general, "telephone", MAINTENANT)
        assert rows(admin, "SELECT count(*) FROM pdp.accord WHERE retire_at IS NULL") == [(0,)]
        assert rows(admin, "SELECT statut FROM pdp.orientation WHERE id = %s", orientation) == [("annulee",)]

    def test_one_service_leaves_the_others(self, dossier: fabrique.Dossier) -> None:
        elu, autre = service(), service()
        seul = agree(dossier, partenaire_id=elu)
        agree(dossier, le=MAINTENANT - timedelta(days=1))
        with db.begin_as(qui(dossier)) as conn:
            withdraw_accord(conn, qui(dossier), seul, "telephone", DEPART)
        with pytest.raises(AccordManquant):
            propose(dossier, elu, DEPART)
        propose(dossier, autre, DEPART)

    def test_one_kind_of_data_before_it_leaves(
        self, monde: tuple[str, Registre], dossier: fabrique.Dossier, admin: psycopg.Connection
    ) -> None:
        accord, cible = agree(dossier), service("service_social", "api", monde[0])
        orientation = propose(dossier, cible)
        take_back(dossier, accord, ["social"])
        assert "social" not in rows(admin, "SELECT contenu FROM pdp.orientation")[0][0]
        assert [e for (e,) in rows(admin, "SELECT etat FROM pdp.outbox ORDER BY cree_at, etat DESC")] == ["rappele", "a_envoyer"]
        assert send_due(DEPART).traites == 1
        assert monde[1].count()["recues"] == 1
        (recu,) = rows(admin, "SELECT charge FROM pdp.outbox WHERE etat = 'livre'")[0]
        assert "social" not in recu["contenu"]
        assert recu["orientation_id"] == str(orientation)
        assert rows(admin, "SELECT classes, effets FROM pdp.accord_retrait") == [
            (["social"], {"orientations": 0, "rappeles": 1, "prevenus": 0, "reduites": 1})
        ]
        with db.begin_as(qui(dossier)) as conn:
            assert "social" not in preview_contenu(conn, dossier.parcours, cible, MAINTENANT)

    def test_one_kind_of_data_once_delivered(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        accord = agree(dossier)
        orientation = propose(dossier, service())
        assert send_due(DEPART).traites == 1
        for _ in range(2):
            take_back(dossier, accord, ["social"], DEPART)
        statut, contenu, classes = rows(admin, "SELECT statut, contenu, classes FROM pdp.orientation")[0]
        assert (statut, "social" in contenu, "emploi" in contenu, classes) == (
            "envoyee",
            False,
            True,
            ["identite", "contact", "arret", "emploi"],
        )
        assert rows(admin, "SELECT motif, cause, note FROM pdp.tache WHERE motif = 'prevenir_partenaire'") == [
            (
                "prevenir_partenaire",
                f"{orientation}:social",
                "La personne retire son accord pour : situation sociale. Demandez au partenaire de ne plus l'utiliser ni le garder.",
            )
        ]
        assert rows(admin, "SELECT count(*) FROM pdp.accord_retrait") == [(1,)]

    def test_tried_without_a_known_outcome_is_taken_back_whole(
        self, monde: tuple[str, Registre], dossier: fabrique.Dossier, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        accord = agree(dossier)
        orientation = propose(dossier, service("service_social", "api", monde[0]))
        with monkeypatch.context() as muet:
            muet.setattr(send_outbox.transports, "deliver", lambda *_: Remise(Classe.REESSAYER, "timeout"))
            send_due(DEPART)
        assert (ligne(admin, orientation)["etat"], ligne(admin, orientation)["essais"]) == ("a_envoyer", 1)
        take_back(dossier, accord, ["social"], DEPART)
        assert rows(admin, "SELECT statut FROM pdp.orientation") == [("annulee",)], "sent again it would be two"
        assert ligne(admin, orientation, "annulation")["etat"] == "a_envoyer"

    def test_in_flight_then_tried_again_no_longer_leaves(
        self, monde: tuple[str, Registre], dossier: fabrique.Dossier, admin: psycopg.Connection
    ) -> None:
        accord = agree(dossier)
        orientation = propose(dossier, service("service_social", "api", monde[0]), MAINTENANT - timedelta(minutes=1))
        en_vol = claim()
        assert en_vol is not None
        take_back(dossier, accord, ["emploi"])
        with db.begin(send_outbox.settings().url_expediteur, fabrique.systeme("send_outbox")) as conn:
            send_outbox.record_remise(conn, fabrique.systeme("send_outbox"), en_vol, Remise(Classe.REESSAYER, "timeout"), MAINTENANT)
        send_due(MAINTENANT + timedelta(hours=3))
        assert monde[1].count()["recues"] == 0
        assert ligne(admin, orientation)["dernier_code"] == "accord_absent"

    @pytest.mark.parametrize("classes", [["identite"], ["identite", "social"], TOUT])
    def test_without_identity_nothing_is_left(self, dossier: fabrique.Dossier, admin: psycopg.Connection, classes: list[str]) -> None:
        accord = agree(dossier)
        take_back(dossier, accord, classes)
        assert rows(admin, "SELECT retire_at IS NOT NULL FROM pdp.accord") == [(True,)]

    @pytest.mark.parametrize("classes", [[], ["sante"], ["seances"]])
    def test_what_is_not_covered(self, dossier: fabrique.Dossier, classes: list[str]) -> None:
        accord = agree(dossier)
        with pytest.raises(DonneeInvalide):
            take_back(dossier, accord, classes)

    @pytest.mark.parametrize(
        ("sql", "obstacle"),
        [
            ("UPDATE pdp.accord SET classes_retirees = '{emploi}'", True),
            ("UPDATE pdp.accord SET partenaire_id = (SELECT id FROM pdp.partenaire ORDER BY id_source DESC LIMIT 1)", True),
            ("UPDATE pdp.accord SET expire_le = '2026-11-17'", True),
            ("UPDATE pdp.accord SET saisie_par_erreur_at = now()", True),
            (REFUS.format("'accompagnement'"), True),
            (REFUS.format("destinataire"), True),
            ("UPDATE pdp.accord SET expire_le = '2026-11-18'", False),
        ],
    )
    def test_nothing_leaves_beyond_what_is_agreed_at_claim(
        self, monde: tuple[str, Registre], dossier: fabrique.Dossier, admin: psycopg.Connection, sql: str, obstacle: bool
    ) -> None:
        """Whatever the way the ledger came to say so: the claim reads it, in its own statement."""
        agree(dossier)
        propose(dossier, service("service_social", "api", monde[0]))
        service()
        with lot() as conn:
            conn.execute(text(sql))
        send_due(DEPART)
        assert (monde[1].count()["recues"] == 0) is obstacle
        assert rows(admin, "SELECT etat FROM pdp.outbox") == [("rappele" if obstacle else "livre",)]


class TestAnnulation:
    def do(self, dossier: fabrique.Dossier, genre: str, geste: Callable[..., Any]) -> UUID:
        with db.begin_as(qui(dossier)) as conn, acte(conn, qui(dossier), dossier.parcours, genre, DEPART) as fait:
            geste(conn)
        assert fait.id is not None
        return fait.id

    def undo(self, dossier: fabrique.Dossier, acte_id: UUID) -> None:
        with db.begin_as(qui(dossier)) as conn:
            undo_acte(conn, qui(dossier), acte_id, DEPART + timedelta(minutes=2))

    @pytest.mark.parametrize("parti", [False, True])
    def test_data_taken_back_by_mistake_are_there_again(self, dossier: fabrique.Dossier, admin: psycopg.Connection, parti: bool) -> None:
        accord = agree(dossier)
        propose(dossier, service(), DEPART - timedelta(minutes=1) if parti else DEPART)
        if parti:
            send_due(DEPART)
        avant = rows(admin, "SELECT contenu, classes FROM pdp.orientation")
        for classes in (["social"], ["emploi", "arret"]):
            fait = self.do(
                dossier,
                "accord_retire",
                lambda conn, classes=classes: withdraw_classes(conn, qui(dossier), accord, classes, "telephone", DEPART),
            )
        reduit = rows(admin, "SELECT contenu, classes FROM pdp.orientation")
        self.undo(dossier, fait)
        rendu = rows(admin, "SELECT contenu, classes FROM pdp.orientation")
        assert rendu != reduit
        assert set(avant[0][0]) - set(rendu[0][0]) == {"social"}
        assert rendu[0][1] == ["identite", "contact", "arret", "emploi"]
        assert rows(admin, "SELECT classes_retirees FROM pdp.accord") == [(["social"],)]
        assert len(ledger(dossier).retraits[accord]) == 2
        assert [r.saisie_par_erreur_at is None for r in ledger(dossier).retraits[accord]] == [True, False]
        etats = rows(admin, "SELECT etat, classes FROM pdp.outbox WHERE type = 'orientation' AND etat <> 'rappele'")
        attendu = ("livre", [*TOUT]) if parti else ("a_envoyer", ["identite", "contact", "arret", "emploi"])
        assert etats == [attendu]

    def test_what_left_without_the_data_is_not_undone(self, dossier: fabrique.Dossier) -> None:
        accord = agree(dossier)
        propose(dossier, service(), DEPART)
        fait = self.do(dossier, "accord_retire", lambda conn: withdraw_classes(conn, qui(dossier), accord, ["social"], "telephone", DEPART))
        assert send_due(DEPART + timedelta(minutes=1)).traites >= 1
        with pytest.raises(AnnulationRefusee):
            self.undo(dossier, fait)

    def test_an_extension_taken_back_leaves_the_former(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        premier = agree(dossier, classes=["identite", "contact"])
        orientation = propose(dossier, service())
        fait = self.do(
            dossier,
            "accord",
            lambda conn: record_accord(
                conn,
                qui(dossier),
                dossier.parcours,
                destinataire="service_social",
                decision="accorde",
                modalite="oral",
                maintenant=DEPART,
                classes=["identite", "contact", "emploi"],
            ),
        )
        self.undo(dossier, fait)
        assert rows(admin, "SELECT accord_id FROM pdp.orientation WHERE id = %s", orientation) == [(premier,)]
        assert [(a.id, a.vivantes) for b in ledger(dossier).blocs for a in b.actifs] == [(premier, ["identite", "contact"])]


class TestRegistre:
    def test_one_look_and_the_whole_story(self, dossier: fabrique.Dossier) -> None:
        accord = agree(dossier)
        take_back(dossier, accord, ["social"])
        agree(dossier, destinataire="spst", decision="refuse")
        registre = ledger(dossier)
        assert [b.destinataire for b in registre.blocs] == ["accompagnement", "service_social", "spst", "cap_emploi", "psychologue"]
        social, spst = registre.get_bloc("service_social"), registre.get_bloc("spst")
        assert social is not None
        assert spst is not None
        assert social.dernier is not None
        assert spst.dernier is not None
        assert (social.dernier.etat(JOUR), spst.dernier.etat(JOUR)) == ("accorde", "refuse")
        assert social.dernier.ecartees == ["Situation sociale"]
        assert social.manquantes == ["social"]
        assert set(social.contenu) & {"social", "emploi"} == {"emploi"}
        assert social.dernier.texte == partages().get("service_social", JOUR).lu
        assert [r.libelle for r in registre.retraits[accord]] == ["Accord retiré pour : situation sociale"]
        assert set(spst.contenu) >= {"nom", "emploi"}, "what it would see, with an agreement"
        assert [b.contenu for b in registre.blocs if b.destinataire == "accompagnement"] == [{}]

    def test_ties_are_told_apart_by_the_order_of_writing(self, dossier: fabrique.Dossier) -> None:
        for decision in ("accorde", "refuse", "accorde", "refuse"):
            agree(dossier, destinataire="accompagnement", decision=decision)
        accord = agree(dossier, destinataire="accompagnement")
        bloc = ledger(dossier).get_bloc("accompagnement")
        assert bloc is not None
        assert bloc.dernier is not None
        assert (bloc.dernier.id, bloc.dernier.etat(JOUR)) == (accord, "accorde")
        agree(dossier)
        propose(dossier, service())


def test_a_published_text_is_never_rewritten(base: str, admin: psycopg.Connection) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        fabrique.socle(conn)
    for requete in (
        "UPDATE referentiel.texte_accord SET texte = 'autre'",
        "UPDATE referentiel.texte_accord SET partage = '{}' WHERE destinataire = 'spst'",
        "DELETE FROM referentiel.texte_accord",
    ):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            admin.execute(requete)
    admin.execute("UPDATE referentiel.texte_accord SET au = '2027-01-01' WHERE version = 'spst-2026.2'")
    assert admin.execute("SELECT count(*) FROM referentiel.texte_accord").fetchone() == (9,)
