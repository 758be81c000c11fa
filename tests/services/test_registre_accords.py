"""Ledger of the agreements: what was read and agreed to, for whom, how long, and how it is shown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, lot
from pdp.errors import AccordManquant, Conflit, DonneeInvalide, Introuvable
from pdp.services.publish_referentiel import partages
from pdp.services.send_outbox import send_due
from registre import JOUR, agree, dossier, ledger, propose, rows, service, take_back

__all__ = ["dossier"]

DEPART = MAINTENANT + timedelta(minutes=1)


class TestRecueil:
    def test_the_very_text_read_is_kept(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        accord = agree(dossier)
        (lu, version, dit) = rows(
            admin,
            "SELECT t.texte, a.texte_version, a.texte_lu FROM pdp.accord a"
            " JOIN referentiel.texte_accord t ON t.empreinte = a.texte_empreinte WHERE a.id = %s",
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
        send_due(DEPART)
        assert rows(admin, "SELECT etat FROM pdp.outbox WHERE type = 'orientation'") == [("livre",)]

    def test_for_one_service_only(self, dossier: fabrique.Dossier, admin: psycopg.Connection) -> None:
        elu, autre, ailleurs = service(), service(), service("spst")
        with pytest.raises(Introuvable):
            agree(dossier, partenaire_id=ailleurs)
        agree(dossier, partenaire_id=elu)
        with pytest.raises(AccordManquant):
            propose(dossier, autre)
        propose(dossier, elu)
        send_due(DEPART)
        assert rows(admin, "SELECT etat FROM pdp.outbox WHERE type = 'orientation'") == [("livre",)]
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


class TestRegistre:
    def test_one_look_and_the_whole_story(self, dossier: fabrique.Dossier) -> None:
        accord = agree(dossier)
        take_back(dossier, accord, ["social"])
        agree(dossier, destinataire="spst", decision="refuse")
        registre = ledger(dossier)
        assert [b.destinataire for b in registre.blocs] == [
            "accompagnement",
            "service_social",
            "spst",
            "cap_emploi",
            "psychologue",
            "medecin_traitant",
        ]
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
    assert admin.execute("SELECT count(*) FROM referentiel.texte_accord").fetchone() == (10,)
