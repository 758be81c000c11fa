"""A partner without an API: its inbox, and a neutral notice by mail sent at most once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT
from pdp.config import settings
from pdp.partners.simulateur_registre import Registre
from pdp.services import send_outbox
from pdp.services.send_outbox import send_due
from pdp.storage import db
from relais import relais
from relais_lecture import claim, count, ligne, open_taches, read_mail


class TestPortail:
    def test_inbox_shows_it_and_a_neutral_notice_leaves(
        self, monde: tuple[str, Registre], admin: psycopg.Connection, courriels: Path
    ) -> None:
        cas = relais(None)
        bilan = send_due(MAINTENANT)
        assert (bilan.traites, ligne(admin, cas.orientation, "avis_partenaire")["dernier_code"]) == (
            2,
            "smtp_250",
        )  # the hand-over, then the notice that it caused
        assert send_due(MAINTENANT).traites == 0
        assert count(admin, "SELECT count(*) FROM pdp.orientation WHERE envoyee_at = %s", MAINTENANT) == 1
        assert ligne(admin, cas.orientation, "avis_partenaire")["etat"] == "livre"
        (recu,) = courriels.glob("*.eml")
        nom = admin.execute("SELECT nom FROM identite.assure WHERE id = %s", (cas.dossier.assure,)).fetchone()[0]
        texte = read_mail(recu)
        assert settings().portail_url in texte
        for interdit in (nom, "Dominique", "63998", str(cas.orientation), "arrêt", "santé", "médic"):
            assert interdit not in texte

    def test_partner_sees_it_only_once_delivered(self, monde: tuple[str, Registre], courriels: Path) -> None:
        cas = relais(None)
        auteur = fabrique.Auteur("partenaire", str(cas.partenaire), "partenaire", "PF35", str(cas.partenaire))
        vues = []
        for _ in range(2):
            with db.begin_as(auteur) as conn:
                vues.append(conn.execute(text("SELECT count(*) FROM pdp.orientation")).scalar_one())
            send_due(MAINTENANT)
        assert vues == [0, 1]

    def test_mail_whose_worker_died_is_uncertain_and_never_sent_again(
        self, monde: tuple[str, Registre], admin: psycopg.Connection, courriels: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cas = relais(None)
        send_due(MAINTENANT, lot=1)
        with monkeypatch.context() as mort:
            mort.setattr(send_outbox, "BAIL_S", 0)
            assert claim() is not None
        assert send_due(MAINTENANT).detail == {"incertains": 1}
        assert send_due(MAINTENANT + timedelta(days=1)) == send_outbox.Bilan()
        assert ligne(admin, cas.orientation, "avis_partenaire")["etat"] == "incertain"
        assert len(open_taches(admin, cas)) == 1
        assert list(courriels.glob("*.eml")) == []

    def test_mail_server_down_is_tried_later(
        self, monde: tuple[str, Registre], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PDP_SMTP_PORT", "9")
        cas = relais(None)
        assert send_due(MAINTENANT).detail == {"livres": 1, "a_reessayer": 1}
        assert ligne(admin, cas.orientation, "avis_partenaire")["dernier_code"] == "smtp_connection"
