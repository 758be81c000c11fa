"""Facts follow a transferred person as when the caisse moves her: one absence, whole, where she is followed; nothing where she was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, TEST, auteur_agent, lot
from livraisons import ENTETE_IDENTITE, ingest, ligne_droit, ligne_identite, ligne_versement, list_faits, nir
from pdp.services.assign_parcours import assign_en_attente
from pdp.services.detect_signalements import detect_signalements
from pdp.services.read_fiche import read_fiche
from pdp.services.transfer_parcours import apply_transferts, cancel_transfert, request_transfert
from pdp.storage import db
from pdp.storage.sql import query

T0, T1, T2 = "2026-08-01T07:00:00Z", "2026-09-01T07:00:00Z", "2026-11-20T07:00:00Z"
JOUR = MAINTENANT.date()
DEBUT, FIN = JOUR - timedelta(days=100), JOUR + timedelta(days=5)


def ligne(avis: str, debut: date, fin: date, recu: str) -> str:
    return f"{avis};351-1;{debut};{fin};initiale;maladie;non;F32;non;;non;{recu};e_aat;non"


@dataclass
class Scene:
    depot: Path
    personne: UUID
    parcours: UUID
    ici: UUID
    responsable: UUID
    ailleurs: UUID


@pytest.fixture
def scene(base: str, admin: psycopg.Connection[Any], tmp_path: Path) -> Scene:
    """Somebody absent for a hundred days, signalled by the detection and followed, with every kind of fact."""
    depot = tmp_path / "depot"
    with lot() as conn:
        fabrique.socle(conn)
    ingest(depot, "assures", [ligne_identite(1, nir(1), T1)], entete=ENTETE_IDENTITE)
    ingest(depot, "arrets_prescrits", [ligne("AV1", DEBUT, FIN, "2026-08-12T08:00:00Z")])
    ingest(depot, "ij_versees", [ligne_versement("V1")])
    ingest(depot, "ald_invalidite", [ligne_droit("D1")])
    detect()
    with lot() as conn:
        personne = conn.execute(text("SELECT id FROM identite.assure")).scalar_one()
        conn.execute(
            text(
                "INSERT INTO pdp.fait_dsn (plateforme_id, assure_id, cle, genre, code, debut, nature_declaration, emis_at,"
                " version_empreinte, connu_at, fichier_id) VALUES ('PF35', :a, :cle, 'arret', '01', :d, '04', :m, '', :m, :f)"
            ),
            {"a": personne, "cle": f"{personne}|60|S|{DEBUT}", "d": DEBUT, "m": MAINTENANT, "f": fabrique.fichier(conn)},
        )
        signal = conn.execute(text("UPDATE pdp.signalement SET statut = 'oriente_csam', decide_at = connu_at RETURNING id")).scalar_one()
        parcours = conn.execute(query("parcours.ouvrir"), {"signalement": signal, "maintenant": MAINTENANT}).scalar_one()
        ici = fabrique.agent(conn)
        ailleurs = fabrique.agent(conn, plateforme="PF57")
        assert assign_en_attente(conn, "PF35", TEST, MAINTENANT).traites == 1
        return Scene(depot, personne, parcours, ici, fabrique.agent(conn, "responsable"), ailleurs)


def detect(instant: datetime = MAINTENANT) -> None:
    for plateforme in ("PF35", "PF57"):
        with lot() as conn:
            detect_signalements(conn, plateforme, TEST, instant)


def ask(scene: Scene) -> UUID:
    auteur = auteur_agent(scene.responsable, "responsable")
    with db.begin_as(auteur) as conn:
        demande = request_transfert(conn, auteur, scene.parcours, "PF57", "57463", MAINTENANT)
    assert demande is not None
    return demande


def sweep() -> int:
    with lot() as conn:
        traites = apply_transferts(conn, "PF35", TEST, MAINTENANT).traites
        assign_en_attente(conn, "PF57", TEST, MAINTENANT)
    return traites


def move_by_caisse(scene: Scene, maj: str = T2, departement: str = "57", jour: str = "2026-11-20") -> None:
    ingest(scene.depot, "assures", [ligne_identite(1, nir(1), maj, departement=departement)], jour=jour, entete=ENTETE_IDENTITE)


def list_absences(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return admin.execute("SELECT plateforme_id, debut, fin, motif_categorie FROM pdp.episode WHERE etat = 'courant' ORDER BY 1").fetchall()


def list_waiting(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return admin.execute("SELECT plateforme_id, palier FROM pdp.signalement WHERE statut IN ('a_trier', 'veille')").fetchall()


def count_by_platform(admin: psycopg.Connection[Any]) -> dict[str, dict[str, int]]:
    tables = (
        *("identite.assure", "pdp.arret_prescrit", "pdp.ij_versee", "pdp.affection", "pdp.fait_dsn", "medical.motif_arret"),
        *("medical.affection", "pdp.droits_ij", "pdp.parcours", "pdp.fait_version", "pdp.arret_prescrit_version"),
    )
    return {t: dict(admin.execute(f"SELECT plateforme_id, count(*) FROM {t} GROUP BY 1").fetchall()) for t in tables}


def test_the_whole_absence_is_there_and_nothing_is_signalled_here(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    ask(scene)
    assert sweep() == 1
    detect()
    assert list_absences(admin) == [("PF57", DEBUT, FIN, "psychique")]
    assert list_waiting(admin) == []
    comptes = count_by_platform(admin)
    for table in ("pdp.arret_prescrit", "pdp.ij_versee", "pdp.affection", "pdp.fait_dsn", "medical.motif_arret", "medical.affection"):
        assert comptes[table] == {"PF57": 1}, table
    assert comptes["pdp.droits_ij"] == {"PF57": 1}, "IJ are counted where she is"
    assert comptes["pdp.fait_version"] == {"PF35": 3}, "where the facts were stays known"
    assert comptes["pdp.arret_prescrit_version"] == {"PF35": 1}


def test_avis_that_come_later_prolong_it_and_j180_goes_to_who_follows_her(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    ask(scene)
    sweep()
    suite = ligne("AV2", FIN + timedelta(days=1), FIN + timedelta(days=120), "2026-11-20T08:00:00Z")
    ingest(scene.depot, "arrets_prescrits", [suite], jour="2026-11-20")
    for n in (0, 1, 50):
        detect(MAINTENANT + timedelta(days=n))
    assert list_absences(admin) == [("PF57", DEBUT, FIN + timedelta(days=120), "psychique")]
    assert list_waiting(admin) == []
    alertes = admin.execute(
        "SELECT a.plateforme_id, p.csam_id, a.faits ->> 'jours_avant_j180' FROM pdp.alerte a JOIN pdp.parcours p ON p.id = a.parcours_id"
        " WHERE a.type = 'j180_approche'"
    ).fetchall()
    assert alertes == [("PF57", scene.ailleurs, "29")]


def test_the_caisse_then_finds_her_there(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    ask(scene)
    sweep()
    detect()
    avant, faits, absences = count_by_platform(admin), list_faits(admin), list_absences(admin)
    move_by_caisse(scene)
    detect()
    detect(MAINTENANT + timedelta(days=1))
    assert count_by_platform(admin) == avant
    assert avant["identite.assure"] == {"PF35": 1, "PF57": 1}
    apres = list_faits(admin)
    assert {nom: apres[nom] for nom in ("arrets", "versements", "droits")} == {
        nom: faits[nom] for nom in ("arrets", "versements", "droits")
    }
    assert list_absences(admin) == absences
    assert list_waiting(admin) == []


def test_an_old_line_of_the_feed_does_not_take_her_back(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    ask(scene)
    sweep()
    for n, maj in enumerate((T0, T1)):
        move_by_caisse(scene, maj, "35", f"2026-11-2{n}")
    assert count_by_platform(admin)["pdp.arret_prescrit"] == {"PF57": 1}


@pytest.mark.parametrize("maj", [T0, T2], ids=["long ago, and came back since", "just now"])
def test_known_there_before_the_transfer(scene: Scene, admin: psycopg.Connection[Any], maj: str) -> None:
    """Her row there is hers, whether the caisse wrote it years before or has just moved her."""
    move_by_caisse(scene, maj)
    ask(scene)
    assert sweep() == 1
    detect()
    assert list_absences(admin) == [("PF57", DEBUT, FIN, "psychique")]
    assert list_waiting(admin) == []
    comptes = count_by_platform(admin)
    assert comptes["identite.assure"] == {"PF35": 1, "PF57": 1}
    assert comptes["pdp.fait_dsn"] == {"PF57": 1}


def test_twice_is_once(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    ask(scene)
    assert sweep() == 1
    detect()
    avant = count_by_platform(admin), list_faits(admin), list_absences(admin)
    assert sweep() == 0
    detect()
    assert (count_by_platform(admin), list_faits(admin), list_absences(admin)) == avant


def test_taken_back_before_the_sweep_leaves_all(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    avant = count_by_platform(admin), list_faits(admin), list_absences(admin)
    demande, auteur = ask(scene), auteur_agent(scene.responsable, "responsable")
    with db.begin_as(auteur) as conn:
        cancel_transfert(conn, auteur, demande, MAINTENANT)
    assert sweep() == 0
    detect()
    assert (count_by_platform(admin), list_faits(admin), list_absences(admin)) == avant


def test_sent_back_she_is_whole_where_she_was(scene: Scene, admin: psycopg.Connection[Any]) -> None:
    ask(scene)
    sweep()
    detect()
    with lot() as conn:
        auteur = auteur_agent(fabrique.agent(conn, "responsable", "PF57"), "responsable", "PF57")
        la_bas = conn.execute(text("SELECT id FROM pdp.parcours WHERE plateforme_id = 'PF57'")).scalar_one()
    with db.begin_as(auteur) as conn:
        request_transfert(conn, auteur, la_bas, "PF35", "35238", MAINTENANT)
    with lot() as conn:
        assert apply_transferts(conn, "PF57", TEST, MAINTENANT).traites == 1
    detect()
    assert list_absences(admin) == [("PF35", DEBUT, FIN, "psychique")]
    assert list_waiting(admin) == []
    assert admin.execute("SELECT plateforme_id FROM pdp.parcours WHERE clos_at IS NULL").fetchall() == [("PF35",)]


def test_who_followed_her_still_reads_the_closed_parcours(scene: Scene) -> None:
    ask(scene)
    sweep()
    detect()
    with db.begin_as(auteur_agent(scene.ici), lecture=True) as conn:
        tete = read_fiche(conn, scene.ici, scene.parcours, MAINTENANT).tete
    assert (tete.statut, tete.arret_debut, tete.arret_fin) == ("cloture", DEBUT, FIN)
