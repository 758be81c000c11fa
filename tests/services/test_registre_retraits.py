"""Withdrawal of an agreement, whole or of some data: at once, once, told, undone when nothing left; nothing leaves beyond it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, lot
from pdp.errors import AccordManquant, DonneeInvalide
from pdp.partners.contrat import Classe, Remise
from pdp.partners.simulateur_registre import Registre
from pdp.services import send_outbox
from pdp.services.annulation import AnnulationRefusee, acte, undo_acte
from pdp.services.orient_parcours import preview_contenu
from pdp.services.record_accord import record_accord, withdraw_accord
from pdp.services.send_outbox import send_due
from pdp.services.withdraw_accord import withdraw_classes
from pdp.storage import db
from registre import TOUT, agree, dossier, ledger, propose, qui, rows, service, take_back
from relais_lecture import claim, ligne

__all__ = ["dossier"]

REFUS = (
    "INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, modalite, texte_version, recueilli_par,"
    " recueilli_at) SELECT plateforme_id, parcours_id, {}, 'refuse', 'f', 'oral', 'v', recueilli_par, recueilli_at FROM pdp.accord"
)
"""A later word of the same person at the same instant."""
DEPART = MAINTENANT + timedelta(minutes=1)


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
