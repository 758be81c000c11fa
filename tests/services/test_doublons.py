"""Probable duplicates on real PostgreSQL: told to their coordinators, merged by them alone, with both histories, and parted again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from etat_dossier import dump, list_ecarts
from fabrique import MAINTENANT, TEST, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.services.annulation import acte
from pdp.services.decide_doublon import reject_doublon, request_fusion, withdraw_fusion
from pdp.services.manage_taches import add_tache_personnelle
from pdp.services.orient_parcours import orient_parcours
from pdp.services.plan_tele_echange import list_creneaux, plan_tele_echange
from pdp.services.record_accord import record_accord
from pdp.services.record_contact import record_contact
from pdp.services.sweep_doublons import sweep_doublons
from pdp.storage import db

Admin = psycopg.Connection[Any]
NAISSANCE = date(1980, 5, 1)


def sweep(le: timedelta = timedelta()) -> dict[str, int]:
    with lot() as conn:
        return dict(sweep_doublons(conn, "PF35", TEST, MAINTENANT + le).detail)


def rename(personne: UUID, nom: str = "Martin", prenom: str = "Anne", **champs: Any) -> None:
    with lot() as conn:
        conn.execute(text("UPDATE identite.assure SET nom = :n, prenom = :p WHERE id = :i"), {"n": nom, "p": prenom, "i": personne})
        for champ, requete in (
            ("naissance", "UPDATE identite.assure SET date_naissance = :v WHERE id = :i"),
            ("sexe", "UPDATE identite.assure SET sexe = :v WHERE id = :i"),
            ("provisoire", "UPDATE identite.assure SET nir_provisoire = :v WHERE id = :i"),
        ):
            if champ in champs:
                conn.execute(text(requete), {"v": champs[champ], "i": personne})


@dataclass(frozen=True)
class Paire:
    """Two followed rows; the first one has the definitive NIR, hence goes on."""

    un: fabrique.Dossier
    deux: fabrique.Dossier
    admin: Admin

    @property
    def id(self) -> UUID:
        return self.admin.execute("SELECT id FROM pdp.doublon").fetchone()[0]

    def read(self, requete: str, *valeurs: Any) -> list[tuple[Any, ...]]:
        return self.admin.execute(requete, valeurs).fetchall()


@pytest.fixture
def paire(base: str, admin: Admin) -> Paire:
    with lot() as conn:
        fabrique.socle(conn)
        un, deux = fabrique.parcours(conn), fabrique.parcours(conn)
        conn.execute(text("UPDATE pdp.parcours SET decide_at = decide_at - interval '1 day' WHERE id = :p"), {"p": un.parcours})
    rename(un.assure)
    rename(deux.assure, provisoire=True)
    return Paire(un, deux, admin)


def by(dossier: fabrique.Dossier) -> Auteur:
    return auteur_agent(dossier.csam)


class TestReperage:
    @pytest.mark.parametrize(
        ("autre", "raisons"),
        [
            ({}, ["meme_identite"]),
            ({"nom": "MARTIN ", "prenom": "anne"}, ["meme_identite"]),
            ({"nom": "Anne", "prenom": "Martin"}, ["noms_inverses"]),
            ({"provisoire": True}, ["meme_identite", "nir_provisoire"]),
            ({"prenom": "Anna"}, None),
            ({"naissance": date(1980, 5, 2)}, None),
            ({"sexe": "M"}, None),
        ],
    )
    def test_what_looks_alike(self, base: str, admin: Admin, autre: dict[str, Any], raisons: list[str] | None) -> None:
        with lot() as conn:
            fabrique.socle(conn)
            suivi, ombre = fabrique.parcours(conn), fabrique.assure(conn)
        rename(suivi.assure)
        rename(ombre, **autre)
        assert sweep()["reperes"] == (raisons is not None)
        assert sweep()["reperes"] == 0
        lues = admin.execute("SELECT raisons FROM pdp.doublon").fetchall()
        assert lues == ([(raisons,)] if raisons else [])

    def test_accents_hyphens_and_spaces(self, base: str, admin: Admin) -> None:
        with lot() as conn:
            fabrique.socle(conn)
            suivi, ombre = fabrique.parcours(conn), fabrique.assure(conn)
        rename(suivi.assure, "Lefèvre-Noël", "Zoé")
        rename(ombre, "LEFEVRE NOEL", "ZOE")
        assert sweep()["reperes"] == 1

    def test_nobody_followed_is_nobody_called_twice(self, base: str) -> None:
        with lot() as conn:
            fabrique.socle(conn)
            un, deux = fabrique.assure(conn), fabrique.assure(conn)
        rename(un)
        rename(deux)
        assert sweep()["reperes"] == 0

    def test_each_coordinator_is_asked(self, paire: Paire) -> None:
        sweep()
        requete = "SELECT parcours_id FROM pdp.tache WHERE motif = 'comparer_doublon' AND fermee_at IS NULL ORDER BY 1"
        assert paire.read(requete) == sorted([(paire.un.parcours,), (paire.deux.parcours,)])

    def test_the_row_kept_up_to_date_goes_on(self, paire: Paire) -> None:
        sweep()
        assert paire.read("SELECT garde_id, efface_id FROM pdp.doublon") == [(paire.un.assure, paire.deux.assure)]

    def test_two_cases_under_a_replaced_pivot_id_are_told(self, base: str, admin: Admin) -> None:
        """The hole of a re-keyed person: both rows had a case, both went on, nobody knew."""
        with lot() as conn:
            fabrique.socle(conn)
            ancien, actuel = fabrique.parcours(conn), fabrique.parcours(conn)
            conn.execute(
                text(
                    "INSERT INTO identite.id_source_ancien (ancien, actuel, plateforme_id, connu_at)"
                    " SELECT a.id_source, b.id_source, 'PF35', :m FROM identite.assure a, identite.assure b WHERE a.id = :a AND b.id = :b"
                ),
                {"m": MAINTENANT, "a": ancien.assure, "b": actuel.assure},
            )
        assert sweep()["reperes"] == 1
        assert admin.execute("SELECT garde_id, raisons FROM pdp.doublon").fetchone() == (actuel.assure, ["identifiant_remplace"])


class TestDecision:
    def test_two_people_are_never_proposed_again(self, paire: Paire) -> None:
        sweep()
        with pytest.raises(DonneeInvalide), db.begin_as(by(paire.un)) as conn:
            reject_doublon(conn, by(paire.un), paire.id, "parce que", MAINTENANT)
        for _ in range(2):
            with db.begin_as(by(paire.un)) as conn:
                reject_doublon(conn, by(paire.un), paire.id, "jumeaux", MAINTENANT)
        assert sweep()["reperes"] == 0
        assert paire.read("SELECT count(*) FROM pdp.tache WHERE motif = 'comparer_doublon' AND fermee_at IS NULL") == [(0,)]

    def test_only_the_coordinators_of_either_case(self, paire: Paire) -> None:
        sweep()
        with lot() as conn:
            autre = auteur_agent(fabrique.agent(conn))
            ailleurs = auteur_agent(fabrique.agent(conn, plateforme="PF57"), plateforme="PF57")
        for auteur in (autre, ailleurs):
            with pytest.raises(Introuvable), db.begin_as(auteur) as conn:
                request_fusion(conn, auteur, paire.id, MAINTENANT)
        with db.begin_as(by(paire.deux)) as conn:
            request_fusion(conn, by(paire.deux), paire.id, MAINTENANT)

    def test_a_request_is_taken_back_before_the_sweep(self, paire: Paire) -> None:
        sweep()
        with db.begin_as(by(paire.un)) as conn:
            request_fusion(conn, by(paire.un), paire.id, MAINTENANT)
        with db.begin_as(by(paire.un)) as conn:
            assert "retirée" in withdraw_fusion(conn, by(paire.un), paire.id, MAINTENANT)
        assert "fusionnes" not in sweep()
        assert paire.read("SELECT fusionne_vers FROM identite.assure WHERE id = %s", paire.deux.assure) == [(None,)]


def live(paire: Paire) -> None:
    """Something on each side: contact on both; agreement, hand-over, appointment and reminder on the second; facts on both."""
    with lot() as conn:
        partenaire = fabrique.partenaire(conn)
        fabrique.arret(conn, paire.un.assure, date(2026, 6, 1), date(2026, 8, 1))
        fabrique.arret(conn, paire.deux.assure, date(2026, 8, 2), date(2026, 12, 1))
    for dossier in (paire.un, paire.deux):
        with db.begin_as(by(dossier)) as conn:
            record_contact(
                conn,
                by(dossier),
                dossier.parcours,
                resultat="joint",
                canal="telephone",
                note="",
                cle_saisie=uuid4(),
                maintenant=MAINTENANT,
            )
    qui = by(paire.deux)
    with db.begin_as(qui) as conn:
        for destinataire in ("accompagnement", "service_social"):
            record_accord(
                conn, qui, paire.deux.parcours, destinataire=destinataire, decision="accorde", modalite="oral", maintenant=MAINTENANT
            )
        orient_parcours(conn, qui, paire.deux.parcours, partenaire, "Aide aux démarches.", MAINTENANT)
        creneau = list_creneaux(conn, paire.deux.csam, MAINTENANT)[0]
        plan_tele_echange(conn, qui, paire.deux.parcours, creneau.debut, "telephone", MAINTENANT)
        add_tache_personnelle(conn, qui, paire.deux.parcours, date(2026, 11, 25), "Rappeler", MAINTENANT)


def merge(paire: Paire) -> None:
    sweep()
    with db.begin_as(by(paire.un)) as conn:
        request_fusion(conn, by(paire.un), paire.id, MAINTENANT)
    assert sweep(timedelta(minutes=5))["fusionnes"] == 1


def part(paire: Paire) -> dict[str, int]:
    with db.begin_as(by(paire.un)) as conn:
        withdraw_fusion(conn, by(paire.un), paire.id, MAINTENANT + timedelta(minutes=10))
    return sweep(timedelta(minutes=15))


class TestFusion:
    def test_one_person_one_case_both_histories(self, paire: Paire) -> None:
        live(paire)
        merge(paire)
        p, q = paire.un.parcours, paire.deux.parcours
        assert paire.read("SELECT fusionne_vers FROM identite.assure WHERE id = %s", paire.deux.assure) == [(paire.un.assure,)]
        assert paire.read(
            "SELECT id, cloture_motif FROM pdp.parcours WHERE assure_id = %s ORDER BY cloture_motif NULLS FIRST", paire.un.assure
        ) == [
            (p, None),
            (q, "doublon"),
        ]
        for table, attendu in (("contact", 2), ("accord", 2), ("orientation", 1), ("tele_echange", 1), ("outbox", 1)):
            assert paire.read(f"SELECT count(*) FROM pdp.{table} WHERE parcours_id = %s", p) == [(attendu,)], table
        assert paire.read("SELECT statut FROM pdp.tele_echange") == [("planifie",)]
        assert paire.read("SELECT statut FROM pdp.orientation") == [("envoyee",)]
        assert paire.read("SELECT count(DISTINCT texte_version) > 0 FROM pdp.accord") == [(True,)]
        assert paire.read("SELECT count(*) FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL", q) == [(0,)]
        motifs = {m for (m,) in paire.read("SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL", p)}
        assert {"tele_echange", "attendre_partenaire", "tache_personnelle"} <= motifs
        assert paire.read("SELECT count(*) FROM pdp.arret_prescrit WHERE assure_id = %s", paire.un.assure) == [(2,)]
        assert (paire.un.assure,) in paire.read("SELECT assure_id FROM pdp.fait_nouveau")

    def test_facts_that_come_later_follow(self, paire: Paire) -> None:
        merge(paire)
        with lot() as conn:
            fabrique.arret(conn, paire.deux.assure, date(2026, 9, 1), date(2026, 12, 1))
        sweep(timedelta(minutes=20))
        assert paire.read("SELECT assure_id FROM pdp.arret_prescrit") == [(paire.un.assure,)]

    def test_run_again_nothing_more(self, paire: Paire) -> None:
        live(paire)
        merge(paire)
        avant = dump(paire.admin, paire.un)
        assert sweep(timedelta(minutes=30)) == {"reperes": 0}
        assert dump(paire.admin, paire.un) == avant

    def test_one_case_only_is_simply_that_of_the_person(self, base: str, admin: Admin) -> None:
        with lot() as conn:
            fabrique.socle(conn)
            suivi, ombre = fabrique.parcours(conn), fabrique.assure(conn)
        rename(suivi.assure, provisoire=True)
        rename(ombre)
        paire = Paire(suivi, suivi, admin)
        merge(paire)
        assert admin.execute("SELECT assure_id, clos_at FROM pdp.parcours").fetchall() == [(ombre, None)]


class TestSeparation:
    def test_everything_comes_back(self, paire: Paire) -> None:
        live(paire)
        sweep()
        with db.begin_as(by(paire.un)) as conn:
            request_fusion(conn, by(paire.un), paire.id, MAINTENANT)
        avant = [dump(paire.admin, d) for d in (paire.un, paire.deux)]
        faits = paire.read("SELECT id, assure_id FROM pdp.arret_prescrit ORDER BY id")
        sweep(timedelta(minutes=5))
        assert part(paire)["separes"] == 1
        for dossier, etat in zip((paire.un, paire.deux), avant, strict=True):
            apres = dump(paire.admin, dossier)
            for instantane in (etat, apres):  # the act of merging is an event of the case
                instantane["parcours"] = [(*ligne[:5],) for ligne in instantane["parcours"]]
            assert list_ecarts(apres, etat) == []
        assert paire.read("SELECT id, assure_id FROM pdp.arret_prescrit ORDER BY id") == faits
        assert paire.read("SELECT etat FROM pdp.doublon") == [("annule",)]

    def test_refused_when_somebody_acted_since(self, paire: Paire) -> None:
        live(paire)
        merge(paire)
        qui, le = by(paire.un), MAINTENANT + timedelta(minutes=7)
        with db.begin_as(qui) as conn, acte(conn, qui, paire.un.parcours, "tache_ajoutee", le):
            add_tache_personnelle(conn, qui, paire.un.parcours, date(2026, 11, 26), "Autre", le, "preparer_rendez_vous")
        assert part(paire)["agi_depuis"] == 1
        assert paire.read("SELECT etat, refus_code FROM pdp.doublon") == [("fusionne", "agi_depuis")]
        assert paire.read("SELECT count(*) FROM pdp.contact WHERE parcours_id = %s", paire.un.parcours) == [(2,)]

    def test_past_the_window(self, paire: Paire) -> None:
        merge(paire)
        with pytest.raises(Conflit, match="conflit"), db.begin_as(by(paire.un)) as conn:
            withdraw_fusion(conn, by(paire.un), paire.id, MAINTENANT + timedelta(days=8))
