"""Nothing leaves without the agreement that covers it; one message per key and content."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from fabrique import MAINTENANT, auteur_agent, lot
from pdp.partners.simulateur_registre import Registre
from pdp.services import send_outbox
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.record_accord import withdraw_accord
from pdp.services.send_outbox import send_due
from pdp.storage import db, outbox
from relais import Relais, consent, relais
from relais_lecture import claim, count, events, ligne, open_taches, update


class TestAccord:
    def test_withdrawn_between_decision_and_claim(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = relais(monde[0])
        update(
            "UPDATE pdp.accord SET retire_at = :m, retrait_canal = 'telephone' WHERE parcours_id = :p", m=MAINTENANT, p=cas.dossier.parcours
        )
        with lot() as conn:
            consent(conn, cas.dossier)  # a new agreement does not cover what was frozen under the old one
        assert send_due(MAINTENANT).ignores == 1
        assert monde[1].count()["recues"] == 0
        ecrite = ligne(admin, cas.orientation)
        assert (ecrite["etat"], ecrite["dernier_code"], ecrite["essais"], ecrite["bail_jusqu_a"]) == ("rappele", "accord_absent", 0, None)
        assert open_taches(admin, cas) == [("message_en_echec", str(ecrite["cle"]))]
        assert events(admin, "message_rappele") == 1

    def test_withdrawn_by_the_service(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas, auteur = relais(monde[0]), None
        accord = count(admin, "SELECT id FROM pdp.accord")
        auteur = auteur_agent(cas.dossier.csam)
        with db.begin_as(auteur) as conn:
            withdraw_accord(conn, auteur, accord, "telephone", MAINTENANT)
        assert send_due(MAINTENANT) == send_outbox.Bilan()
        assert monde[1].count()["recues"] == 0
        assert (ligne(admin, cas.orientation)["etat"], events(admin, "message_rappele")) == ("rappele", 1)

    @pytest.mark.parametrize(("expire_le", "partis"), [("2026-11-17", 0), ("2026-11-18", 1), ("2026-11-19", 1)])
    def test_expiry_day_is_the_last_day(self, monde: tuple[str, Registre], expire_le: str, partis: int) -> None:
        cas = relais(monde[0])
        update("UPDATE pdp.accord SET expire_le = cast(:e AS date) WHERE parcours_id = :p", e=expire_le, p=cas.dossier.parcours)
        send_due(MAINTENANT)
        assert monde[1].count()["recues"] == partis

    def test_expiry_follows_the_day_of_the_platform(self, monde: tuple[str, Registre]) -> None:
        relais(monde[0], expire_le="2026-11-18")
        send_due(datetime.fromisoformat("2026-11-18T23:30:00+00:00"))  # already the 19th in Paris
        assert monde[1].count()["recues"] == 0

    def test_orientation_taken_back_while_a_retry_waits(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = relais(monde[0])
        update("UPDATE pdp.orientation SET statut = 'annulee' WHERE id = :o", o=cas.orientation)
        assert send_due(MAINTENANT).detail == {"rappeles": 1}
        assert (ligne(admin, cas.orientation)["dernier_code"], open_taches(admin, cas)) == ("orientation_retiree", [])
        assert monde[1].count()["recues"] == 0

    def test_delivered_then_cancelled_tells_the_partner(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = relais(monde[0])
        send_due(MAINTENANT)
        auteur = auteur_agent(cas.dossier.csam)
        with db.begin_as(auteur) as conn:
            assert outbox.may_have_left(conn, cas.orientation)
            cancel_orientation(conn, auteur, cas.orientation, "erreur", MAINTENANT)
        assert send_due(MAINTENANT).traites == 1
        assert monde[1].count() == {"recues": 2, "uniques": 1, "doublons": 0, "annulations": 1}


class TestOutbox:
    def put(self, conn: Any, cas: Relais, **change: Any) -> UUID:
        charge = {
            "orientation_id": str(cas.orientation),
            "dispositif": "service_social",
            "motif": "m",
            "contenu": {"nom": "A"},
            "emise_at": "x",
        }
        valeurs: dict[str, Any] = {
            "cle_parts": ("a", "b", "c", "1"),
            "plateforme_id": "PF35",
            "parcours_id": cas.dossier.parcours,
            "orientation_id": cas.orientation,
            "partenaire_id": cas.partenaire,
            "canal": "api",
            "type": "orientation",
            "charge": charge,
            "accord_destinataire": "service_social",
            "maintenant": MAINTENANT,
            "horizon_jours": 7,
            **change,
        }
        return outbox.enqueue(conn, **valeurs)

    @pytest.mark.parametrize("personne", [True, False])
    def test_same_key_same_content_is_one_message(self, monde: tuple[str, Registre], admin: psycopg.Connection, personne: bool) -> None:
        cas = relais(monde[0])
        for _ in range(2):
            with db.begin_as(auteur_agent(cas.dossier.csam)) if personne else lot() as conn:
                identifiant = self.put(conn, cas)
        assert count(admin, "SELECT count(*) FROM pdp.outbox WHERE id = %s", identifiant) == 1
        assert count(admin, "SELECT count(*) FROM pdp.outbox") == 2

    def test_same_key_other_content_is_an_error(self, monde: tuple[str, Registre], admin: psycopg.Connection) -> None:
        cas = relais(monde[0])
        with lot() as conn:
            self.put(conn, cas)
        autre = {"orientation_id": "o", "dispositif": "service_social", "motif": "autre", "contenu": {}, "emise_at": "x"}
        with pytest.raises(outbox.CleDejaUtilisee), lot() as conn:
            self.put(conn, cas, charge=autre)
        assert count(admin, "SELECT count(*) FROM pdp.outbox") == 2

    def test_orientation_without_agreement_cannot_be_written(self, monde: tuple[str, Registre]) -> None:
        cas = relais(monde[0])
        with pytest.raises(ValueError, match="agreement"), lot() as conn:
            self.put(conn, cas, accord_destinataire=None)

    def test_key_does_not_mix_its_parts(self) -> None:
        assert outbox.key_of(("a", "bc")) == outbox.key_of(("a", "bc"))
        assert outbox.key_of(("a", "bc")) != outbox.key_of(("ab", "c"))

    def test_recall_takes_back_what_waits_and_leaves_what_is_in_flight(
        self, monde: tuple[str, Registre], admin: psycopg.Connection
    ) -> None:
        attend, vole = relais(monde[0]), None
        with db.begin_as(auteur_agent(attend.dossier.csam)) as conn:
            assert not outbox.may_have_left(conn, attend.orientation)
            assert [outbox.recall(conn, attend.orientation, MAINTENANT) for _ in range(2)] == [1, 0]
        vole = relais(monde[0])
        assert claim() is not None
        with db.begin_as(auteur_agent(vole.dossier.csam)) as conn:
            assert outbox.recall(conn, vole.orientation, MAINTENANT) == 0
            assert outbox.may_have_left(conn, vole.orientation)
        assert (ligne(admin, attend.orientation)["etat"], ligne(admin, vole.orientation)["etat"]) == ("rappele", "en_cours")

    def test_cancelled_while_in_flight_tells_the_partner_too(self, monde: tuple[str, Registre], monkeypatch: pytest.MonkeyPatch) -> None:
        cas = relais(monde[0])
        with monkeypatch.context() as lent:
            lent.setattr(send_outbox, "BAIL_S", 0)
            assert claim() is not None  # its worker may have reached the partner
        auteur = auteur_agent(cas.dossier.csam)
        with db.begin_as(auteur) as conn:
            cancel_orientation(conn, auteur, cas.orientation, "erreur", MAINTENANT)
        # nothing more leaves but the withdrawal, asked again until what may be on its way would have arrived
        assert send_due(MAINTENANT).detail == {"rappeles": 1, "a_reessayer": 1}
        apres = [send_due(MAINTENANT + timedelta(minutes=m)).detail for m in (5, 15, 25)]
        assert apres == [{"a_reessayer": 1}, {"livres": 1}, {}]
        assert monde[1].count()["uniques"] == 0
