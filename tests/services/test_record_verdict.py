"""Verdict on a detection: who may give it, twice, changed, taken back; and the precision of each rule that follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot, socle
from pdp.domain.auteur import Auteur, systeme
from pdp.errors import AccesRefuse, DonneeInvalide, Introuvable
from pdp.services.read_precision import list_precisions
from pdp.services.record_verdict import cancel_verdict, list_verdicts, record_verdict
from pdp.storage import db

Admin = psycopg.Connection[Any]


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        socle(conn)
        return fabrique.parcours(conn)


def _add_motif(signalement: Any, regle: str = "palier_90", version: int = 1) -> None:
    with lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.signalement_motif (signalement_id, plateforme_id, regle, regle_version, libelle, valeur_observee, seuil,"
                " parametre_id, points) SELECT id, plateforme_id, :r, :v, 'Essai.', 90, 90, 'palier_signalement_j90@origine', 30"
                " FROM pdp.signalement WHERE id = :s"
            ),
            {"r": regle, "v": version, "s": signalement},
        )


def _judge(auteur: Auteur, signalement: Any, verdict: str = "non_pertinente", motif: str | None = "deja_repris", **reste: Any) -> Any:
    with db.begin_as(auteur) as conn:
        return record_verdict(conn, auteur, signalement, verdict, motif, MAINTENANT, **reste)


def _events(admin: Admin) -> list[str]:
    lignes = admin.execute("SELECT evenement FROM journal.evenement WHERE evenement LIKE 'verdict%' ORDER BY id")
    return [evenement for (evenement,) in lignes]


def test_a_verdict_given_twice_is_one(dossier: fabrique.Dossier, admin: Admin) -> None:
    csam = auteur_agent(dossier.csam)
    assert _judge(csam, dossier.signalement) == _judge(csam, dossier.signalement)
    assert _events(admin) == ["verdict_rendu"]
    donnees = admin.execute("SELECT donnees FROM journal.evenement WHERE evenement = 'verdict_rendu'").fetchone()
    assert donnees is not None
    assert donnees[0]["raison"] == "deja_repris"


def test_another_verdict_takes_the_place_of_the_first_which_is_kept(dossier: fabrique.Dossier, admin: Admin) -> None:
    csam = auteur_agent(dossier.csam)
    _judge(csam, dossier.signalement)
    _judge(csam, dossier.signalement, "pertinente", None)
    lignes = admin.execute("SELECT verdict, annule_at IS NULL FROM pdp.verdict_detection ORDER BY annule_at IS NULL").fetchall()
    assert lignes == [("non_pertinente", False), ("pertinente", True)]
    with db.begin_as(csam) as conn:
        [garde] = list_verdicts(conn, dossier.signalement)
    assert garde.phrase == "Détection pertinente"


def test_undo_then_undo_again_then_give_again(dossier: fabrique.Dossier, admin: Admin) -> None:
    csam = auteur_agent(dossier.csam)
    _judge(csam, dossier.signalement)
    for attendu in (True, False):
        with db.begin_as(csam) as conn:
            assert cancel_verdict(conn, csam, dossier.signalement, MAINTENANT) is attendu
    _judge(csam, dossier.signalement)
    assert _events(admin) == ["verdict_rendu", "verdict_annule", "verdict_rendu"]


@pytest.mark.parametrize(
    ("verdict", "motif", "note"),
    [("non_pertinente", None, None), ("non_pertinente", "parce_que", None), ("peut_etre", None, None), ("pertinente", None, "x" * 301)],
)
def test_an_answer_out_of_the_lists_is_refused(dossier: fabrique.Dossier, verdict: str, motif: str | None, note: str | None) -> None:
    with pytest.raises(DonneeInvalide):
        _judge(auteur_agent(dossier.csam), dossier.signalement, verdict, motif, note=note)


def test_a_colleague_another_platform_and_an_unknown_signalement_are_refused(dossier: fabrique.Dossier, admin: Admin) -> None:
    with lot() as conn:
        collegue, ailleurs = fabrique.agent(conn), fabrique.agent(conn, plateforme="PF57")
        medecin_ailleurs = fabrique.agent(conn, role="medecin_conseil", plateforme="PF57")
    for auteur in (
        auteur_agent(collegue),
        auteur_agent(ailleurs, plateforme="PF57"),
        auteur_agent(medecin_ailleurs, "medecin_conseil", "PF57"),
    ):
        with pytest.raises(Introuvable):
            _judge(auteur, dossier.signalement)
    with pytest.raises(Introuvable):
        _judge(auteur_agent(dossier.csam), uuid4())
    assert _events(admin) == []


def test_a_medecin_conseil_judges_any_signalement_of_the_platform(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        medecin = auteur_agent(fabrique.agent(conn, role="medecin_conseil"), "medecin_conseil")
    _judge(medecin, dossier.signalement)
    with db.begin_as(medecin) as conn:
        assert [v.motif for v in list_verdicts(conn, dossier.signalement)] == ["deja_repris"]


def test_a_machine_never_judges(dossier: fabrique.Dossier) -> None:
    with lot() as conn, pytest.raises(AccesRefuse):
        record_verdict(conn, systeme("essai"), dossier.signalement, "pertinente", None, MAINTENANT)


def test_precision_counts_judged_signalements_once_by_their_latest_verdict(dossier: fabrique.Dossier) -> None:
    """Three signalements of one rule: one judged twice by two people, one not judged, one not shown to anybody."""
    with lot() as conn:
        medecin = auteur_agent(fabrique.agent(conn, role="medecin_conseil"), "medecin_conseil")
        manager = auteur_agent(fabrique.agent(conn, role="responsable"), "responsable")
        autre, veille = fabrique.parcours(conn), fabrique.signalement(conn, fabrique.assure(conn), statut="veille")
    for signalement in (dossier.signalement, autre.signalement, veille):
        _add_motif(signalement)
    _add_motif(dossier.signalement, "tms", 2)
    _judge(auteur_agent(dossier.csam), dossier.signalement)
    with db.begin_as(medecin) as conn:
        record_verdict(conn, medecin, dossier.signalement, "pertinente", None, MAINTENANT + timedelta(minutes=1))
    with db.begin_as(manager, lecture=True) as conn:
        palier, tms = list_precisions(conn)
    assert (palier.regle, palier.signales, palier.juges, palier.pertinents, palier.non_juges) == ("palier_90", 2, 1, 1, 1)
    assert (tms.regle, tms.regle_version, tms.precision) == ("tms", 2, 100.0)
    with db.begin_as(medecin) as conn:
        cancel_verdict(conn, medecin, dossier.signalement, MAINTENANT + timedelta(minutes=2))
    with db.begin_as(manager, lecture=True) as conn:
        palier = list_precisions(conn)[0]
    assert (palier.precision, palier.raisons) == (0.0, (("La personne a déjà repris", 1),))


def test_precision_of_another_platform_is_not_seen(dossier: fabrique.Dossier) -> None:
    _add_motif(dossier.signalement)
    with lot() as conn:
        ailleurs = auteur_agent(fabrique.agent(conn, role="responsable", plateforme="PF57"), "responsable", "PF57")
    with db.begin_as(ailleurs, lecture=True) as conn:
        assert list_precisions(conn) == []
