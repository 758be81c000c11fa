"""From the signalement to a coordinator: delegated or decided, then assigned, on real PostgreSQL."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.errors import Conflit
from pdp.services.assign_parcours import assign_en_attente
from pdp.services.sort_signalements import decide_signalement, sort_par_delegation
from pdp.storage import db

TRI = fabrique.systeme("sort_signalements")


class TestTri:
    @pytest.fixture
    def attente(self, base: str) -> dict[str, UUID]:
        with lot() as conn:
            fabrique.socle(conn)
            return {
                "medecin": fabrique.agent(conn, "medecin_conseil"),
                "long": fabrique.signalement(conn, fabrique.assure(conn), palier=90),
                "court": fabrique.signalement(conn, fabrique.assure(conn), palier=30),
            }

    def test_without_a_signed_document_nothing_is_delegated(self, attente: dict[str, UUID], admin: psycopg.Connection) -> None:
        with lot(TRI) as conn:
            bilan = sort_par_delegation(conn, "PF35", TRI, MAINTENANT)
        assert (bilan.traites, bilan.detail) == (0, {"sans_delegation": 2})
        assert admin.execute("SELECT count(*) FROM pdp.parcours").fetchone() == (0,)

    def test_delegation_opens_one_parcours_and_stores_its_rule(self, attente: dict[str, UUID], admin: psycopg.Connection) -> None:
        fabrique.delegation(attente["medecin"], conditions={"palier_min": 60})
        for _ in range(2):
            with lot(TRI) as conn:
                sort_par_delegation(conn, "PF35", TRI, MAINTENANT)
        lignes = admin.execute(
            "SELECT id, statut, mode_decision, dol_regle_id IS NOT NULL, decide_par FROM pdp.signalement ORDER BY palier DESC"
        ).fetchall()
        assert lignes == [
            (attente["long"], "oriente_csam", "delegue", True, attente["medecin"]),
            (attente["court"], "a_trier", None, False, None),
        ]
        assert admin.execute("SELECT count(*), min(statut) FROM pdp.parcours").fetchone() == (1, "a_affecter")

    def test_rules_changed_after_signature_delegate_nothing(self, attente: dict[str, UUID], admin: psycopg.Connection) -> None:
        fabrique.delegation(attente["medecin"], conditions={"palier_min": 60})
        admin.execute("SET session_replication_role = replica")  # a hand on the files of the server: every guard is passed by
        admin.execute("UPDATE pdp.dol_regle SET cible = 'sans_suite'")
        with lot(TRI) as conn:
            bilan = sort_par_delegation(conn, "PF35", TRI, MAINTENANT)
        assert bilan.detail == {"dol_altere": 2}

    def test_medecin_decides_once(self, attente: dict[str, UUID]) -> None:
        medecin = auteur_agent(attente["medecin"], "medecin_conseil")
        with db.begin_as(medecin) as conn:
            parcours = decide_signalement(conn, medecin, attente["court"], "oriente_csam", "Métier exposé", MAINTENANT)
        assert parcours is not None
        with pytest.raises(Conflit), db.begin_as(medecin) as conn:
            decide_signalement(conn, medecin, attente["court"], "sans_suite", "", MAINTENANT)


class TestAffectation:
    def test_territory_then_load_and_presence(self, base: str, admin: psycopg.Connection) -> None:
        with lot() as conn:
            fabrique.socle(conn)
            medecin = fabrique.agent(conn, "medecin_conseil")
            absent = fabrique.agent(conn, territoire=("35",))
            conn.execute(
                fabrique.text(
                    "INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES ('PF35', :a, '2026-11-18', '2026-11-18')"
                ),
                {"a": absent},
            )
            charge, local = fabrique.agent(conn, territoire=("35",)), fabrique.agent(conn, territoire=("35",))
            fabrique.agent(conn, territoire=("56",))
            fabrique.parcours(conn, csam=charge)
            signal = fabrique.signalement(conn, fabrique.assure(conn))
        auteur = auteur_agent(medecin, "medecin_conseil")
        with db.begin_as(auteur) as conn:
            parcours = decide_signalement(conn, auteur, signal, "oriente_csam", "", MAINTENANT)
        affecteur = fabrique.systeme("assign_parcours")
        for attendu in (1, 0):
            with lot(affecteur) as conn:
                assert assign_en_attente(conn, "PF35", affecteur, MAINTENANT).traites == attendu
        assert admin.execute("SELECT csam_id, statut FROM pdp.parcours WHERE id = %s", (parcours,)).fetchone() == (local, "affecte")
        assert admin.execute("SELECT motif FROM pdp.tache WHERE parcours_id = %s", (parcours,)).fetchall() == [("premier_appel",)]

    def test_nobody_present_leaves_the_case_visible(self, base: str, admin: psycopg.Connection) -> None:
        with lot() as conn:
            fabrique.socle(conn)
            cas = fabrique.parcours(conn, csam=fabrique.agent(conn, "responsable"), statut="a_affecter")
            conn.execute(fabrique.text("UPDATE pdp.parcours SET csam_id = NULL"))
        with lot() as conn:
            bilan = assign_en_attente(conn, "PF35", fabrique.TEST, MAINTENANT)
        assert (bilan.traites, bilan.ignores) == (0, 1)
        assert admin.execute("SELECT statut FROM pdp.parcours WHERE id = %s", (cas.parcours,)).fetchone() == ("a_affecter",)
