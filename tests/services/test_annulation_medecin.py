"""The médecin-conseil takes back a decision: tri, alert, medical follow-up; what it opened closes, what it closed is open again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.services.annulation import AnnulationRefusee, acte, undo_acte
from pdp.services.decide_alerte import decide_alerte, raise_alerte
from pdp.services.follow_suivi_medical import close_suivi, postpone_suivi
from pdp.services.record_verdict import record_verdict
from pdp.services.sort_signalements import decide_signalement
from pdp.storage import db

Admin = psycopg.Connection[Any]


@pytest.fixture
def medecin(base: str) -> Auteur:
    with lot() as conn:
        fabrique.socle(conn)
        return auteur_agent(fabrique.agent(conn, "medecin_conseil"), "medecin_conseil")


def do(medecin: Auteur, genre: str, piece: UUID, geste: Callable[[Connection], Any], minutes: int = 0) -> UUID:
    with (
        db.begin_as(medecin) as conn,
        acte(conn, medecin, None, genre, MAINTENANT + timedelta(minutes=minutes), piece_id=piece) as fait,
    ):
        geste(conn)
    assert fait.id is not None
    return fait.id


def undo(medecin: Auteur, fait: UUID) -> str:
    with db.begin_as(medecin) as conn:
        return undo_acte(conn, medecin, fait, MAINTENANT + timedelta(hours=1))


_PHOTO = (
    "SELECT statut, mode_decision, decide_par, decide_at, motif_decision FROM pdp.signalement ORDER BY id",
    "SELECT id, statut FROM pdp.parcours WHERE clos_at IS NULL ORDER BY id",
    "SELECT id, motif, echeance_at FROM pdp.tache WHERE fermee_at IS NULL ORDER BY id",
    "SELECT id, decide_at, decision, decide_par, decision_note FROM pdp.alerte ORDER BY id",
    "SELECT id, echeance_at, reports, clos_at, issue FROM pdp.suivi_medical WHERE saisie_par_erreur_at IS NULL ORDER BY id",
    "SELECT id FROM pdp.verdict_detection WHERE annule_at IS NULL",
)


def photo(admin: Admin) -> list[Any]:
    return [admin.execute(requete).fetchall() for requete in _PHOTO]


@pytest.mark.parametrize("cible", ["oriente_csam", "oriente_ism", "convocation_mc", "sans_suite"])
def test_tri(medecin: Auteur, admin: Admin, cible: str) -> None:
    with lot() as conn:
        signalement = fabrique.signalement(conn, fabrique.assure(conn))
    avant = photo(admin)
    for minutes in (0, 1):  # decided, taken back, decided again, taken back again
        fait = do(
            medecin, "tri", signalement, lambda conn: decide_signalement(conn, medecin, signalement, cible, "Essai", MAINTENANT), minutes
        )
        assert photo(admin) != avant
        undo(medecin, fait)
        assert photo(admin) == avant


def test_tri_whose_case_was_given_to_a_coordinator(medecin: Auteur, admin: Admin) -> None:
    with lot() as conn:
        signalement = fabrique.signalement(conn, fabrique.assure(conn))
    fait = do(medecin, "tri", signalement, lambda conn: decide_signalement(conn, medecin, signalement, "oriente_csam", "Essai", MAINTENANT))
    with lot() as conn:
        conn.execute(text("UPDATE pdp.parcours SET csam_id = :c, statut = 'affecte'"), {"c": fabrique.agent(conn)})
    avant = photo(admin)
    with pytest.raises(AnnulationRefusee) as refus:
        undo(medecin, fait)
    assert refus.value.code == "undo_changed_since"
    assert photo(admin) == avant


def raise_one(dossier: fabrique.Dossier) -> UUID:
    with lot() as conn:
        alerte = raise_alerte(
            conn,
            plateforme_id="PF35",
            assure_id=dossier.assure,
            parcours_id=dossier.parcours,
            type="enlisement",
            cause="essai",
            phrase="Rien depuis un mois.",
            faits={},
            survenu_at=MAINTENANT,
            maintenant=MAINTENANT,
        )
    assert alerte is not None
    return alerte


@pytest.mark.parametrize(
    ("decision", "reste"),
    [
        ("prise_en_compte", {}),
        ("convoquer", {"echeance_le": date(2026, 11, 30)}),
        ("relancer_parcours", {}),
        ("cloturer", {"situation": "inconnu"}),
        ("sans_objet", {}),
    ],
)
def test_decision_on_an_alert(medecin: Auteur, admin: Admin, decision: str, reste: dict[str, Any]) -> None:
    with lot() as conn:
        dossier = fabrique.parcours(conn)
    alerte = raise_one(dossier)
    avant = photo(admin)
    fait = do(medecin, "alerte_decidee", alerte, lambda conn: decide_alerte(conn, medecin, alerte, decision, "Note", MAINTENANT, **reste))
    assert photo(admin) != avant
    undo(medecin, fait)
    assert photo(admin) == avant
    do(medecin, "alerte_decidee", alerte, lambda conn: decide_alerte(conn, medecin, alerte, decision, None, MAINTENANT, **reste), 2)


def test_medical_follow_up(medecin: Auteur, admin: Admin) -> None:
    with lot() as conn:
        signalement = fabrique.signalement(conn, fabrique.assure(conn))
    do(medecin, "tri", signalement, lambda conn: decide_signalement(conn, medecin, signalement, "oriente_ism", "Essai", MAINTENANT))
    suivi = admin.execute("SELECT id FROM pdp.suivi_medical").fetchone()[0]
    gestes: list[tuple[str, Callable[[Connection], Any]]] = [
        ("suivi_reporte", lambda conn: postpone_suivi(conn, medecin, suivi, date(2026, 12, 1), "", MAINTENANT)),
        ("suivi_clos", lambda conn: close_suivi(conn, medecin, suivi, "sans_suite", "Reprise", MAINTENANT)),
        ("suivi_clos", lambda conn: close_suivi(conn, medecin, suivi, "oriente_csam", "", MAINTENANT)),
    ]
    for minutes, (genre, geste) in enumerate(gestes):
        avant = photo(admin)
        fait = do(medecin, genre, suivi, geste, minutes)
        assert photo(admin) != avant
        undo(medecin, fait)
        assert photo(admin) == avant, genre


def test_an_opinion_neither_stops_nor_is_stopped(medecin: Auteur, admin: Admin) -> None:
    with lot() as conn:
        signalement = fabrique.signalement(conn, fabrique.assure(conn))
    avant = photo(admin)
    avis = do(medecin, "verdict", signalement, lambda conn: record_verdict(conn, medecin, signalement, "pertinente", None, MAINTENANT))
    tri = do(medecin, "tri", signalement, lambda conn: decide_signalement(conn, medecin, signalement, "oriente_ism", "Essai", MAINTENANT))
    undo(medecin, avis)
    undo(medecin, tri)
    assert photo(admin) == avant


def test_an_alert_raised_by_an_act_is_taken_back_by_its_author_only(medecin: Auteur, admin: Admin) -> None:
    """The database itself: the function takes back nothing for another author, nor for an act already taken back."""
    with lot() as conn:
        dossier = fabrique.parcours(conn)
    alerte = raise_one(dossier)
    fait = do(medecin, "alerte_decidee", alerte, lambda conn: decide_alerte(conn, medecin, alerte, "sans_objet", None, MAINTENANT))
    for auteur in (medecin, auteur_agent(dossier.csam)):
        with db.begin_as(auteur) as conn:
            retirees = conn.execute(text("SELECT pdp.retirer_alertes(:a, :m)"), {"a": fait, "m": MAINTENANT}).scalar_one()
        assert retirees == 0  # decided, not raised, by this act
    with db.begin_as(auteur_agent(dossier.csam)) as conn, pytest.raises(Exception, match="permission denied"):
        conn.execute(text("UPDATE pdp.alerte SET retiree_at = now()"))
