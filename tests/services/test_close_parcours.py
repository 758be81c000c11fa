"""Closing, reopening and outcomes on real PostgreSQL, under the coordinator's own database role."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from veille_dossiers import (
    JOUR,
    VEILLE,
    actions,
    add_orientation,
    add_tache,
    add_tele_echange,
    alertes,
    evenements,
    medecin,
    statut,
    sweep,
    taches_ouvertes,
)

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import AccesRefuse, Conflit, DonneeInvalide, TransitionInterdite
from pdp.services.close_parcours import close_parcours
from pdp.services.decide_alerte import decide_alerte
from pdp.services.record_issue import record_issue
from pdp.services.reopen_parcours import reopen_parcours
from pdp.storage import db, outbox

REPRISE = {"motif": "reprise_meme_poste", "situation": "meme_poste", "survenu_le": JOUR, "provenance": "declare_assure"}
INCONNU = {"motif": "injoignable", "situation": "inconnu", "survenu_le": None, "provenance": "declare_assure"}


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="entretien_realise")


def csam(d: Dossier) -> Auteur:
    return auteur_agent(d.csam)


def close(d: Dossier, le: datetime = MAINTENANT, auteur: Auteur | None = None, **champs: Any) -> UUID:
    qui = auteur or csam(d)
    with db.begin_as(qui) as conn:
        return close_parcours(conn, qui, d.parcours, maintenant=le, **(REPRISE | champs))


def reopen(d: Dossier, le: datetime = MAINTENANT, motif: str = "reprise_echec") -> None:
    with db.begin_as(csam(d)) as conn:
        reopen_parcours(conn, csam(d), d.parcours, motif, le)


def record(d: Dossier, le: datetime = MAINTENANT, **champs: Any) -> UUID:
    with db.begin_as(csam(d)) as conn:
        issue = {"jalon": "m6", "situation": "meme_poste", "survenu_le": JOUR, "provenance": "declare_assure"} | champs
        return record_issue(conn, csam(d), d.parcours, maintenant=le, **issue)


def add_message(d: Dossier, orientation: UUID) -> None:
    with lot() as conn:
        partenaire = conn.execute(fabrique.text("SELECT partenaire_id FROM pdp.orientation WHERE id = :o"), {"o": orientation}).scalar_one()
        outbox.enqueue(
            conn,
            cle_parts=(str(orientation), "1"),
            plateforme_id="PF35",
            parcours_id=d.parcours,
            orientation_id=orientation,
            partenaire_id=partenaire,
            canal="portail",
            type="avis_partenaire",
            charge={"orientation_id": str(orientation)},
            accord_destinataire="service_social",
            maintenant=MAINTENANT,
            horizon_jours=7,
        )


def test_everything_open_is_closed_in_the_same_transaction(dossier: Dossier, admin: psycopg.Connection) -> None:
    add_tache(dossier)
    add_tache(dossier, "tache_personnelle", cause="autre")
    add_tele_echange(dossier, MAINTENANT + timedelta(days=2))
    orientation = add_orientation(dossier)
    add_message(dossier, orientation)
    issue = close(dossier)
    assert admin.execute("SELECT statut, clos_at, cloture_motif FROM pdp.parcours").fetchone() == (
        "cloture",
        MAINTENANT,
        "reprise_meme_poste",
    )
    assert taches_ouvertes(admin, dossier) == []
    assert admin.execute("SELECT statut FROM pdp.tele_echange").fetchone() == ("annule_service",)
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("annulee",)
    assert admin.execute("SELECT etat FROM pdp.outbox").fetchone() == ("rappele",)
    assert admin.execute("SELECT id, jalon, situation, survenu_le, confirme_par FROM pdp.issue").fetchone() == (
        issue,
        "cloture",
        "meme_poste",
        JOUR,
        dossier.csam,
    )
    assert [t for t, _ in alertes(admin, dossier)] == ["parcours_termine"]
    (phrase,) = admin.execute("SELECT phrase FROM pdp.alerte").fetchone()
    assert phrase == "Parcours clos : reprise au même poste. Situation : au même poste."
    assert {"parcours_clos", "alerte_ouverte", "orientation_retiree", "tele_echange_annule"} <= set(evenements(admin, dossier))
    assert actions(sweep()) == {}


@pytest.mark.parametrize(
    ("motif", "situation", "reponse", "attendu"),
    [
        ("relais_service_social", "arret", "acceptee", "acceptee"),
        ("relais_service_social", "arret", "en_cours", "en_cours"),
        ("relais_service_social", "arret", "envoyee", "annulee"),
        ("injoignable", "inconnu", "acceptee", "annulee"),
        ("injoignable", "inconnu", "realisee", "realisee"),
    ],
)
def test_only_an_accepted_relay_outlives_the_parcours(
    dossier: Dossier, admin: psycopg.Connection, motif: str, situation: str, reponse: str, attendu: str
) -> None:
    add_orientation(dossier, reponse, repondue=MAINTENANT)
    close(dossier, motif=motif, situation=situation, survenu_le=None)
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == (attendu,)


@pytest.mark.parametrize(
    "champs",
    [
        {"survenu_le": None},
        {"survenu_le": JOUR + timedelta(days=1)},
        {"provenance": "donnee_administrative"},
        {"situation": "inconnu"},
        {"situation": "arret"},
        {"motif": "inventé"},
    ],
)
def test_an_incoherent_closing_writes_nothing(dossier: Dossier, admin: psycopg.Connection, champs: dict[str, Any]) -> None:
    with pytest.raises(DonneeInvalide):
        close(dossier, **champs)
    assert statut(admin, dossier) == "entretien_realise"
    assert admin.execute("SELECT count(*) FROM pdp.issue").fetchone() == (0,)


def test_a_machine_never_says_that_somebody_returned(dossier: Dossier, admin: psycopg.Connection) -> None:
    with pytest.raises(DonneeInvalide) as refus, lot(VEILLE) as conn:
        close_parcours(conn, VEILLE, dossier.parcours, maintenant=MAINTENANT, **REPRISE)
    assert refus.value.code == "outcome_without_person"


def test_closing_twice_is_refused_and_alerts_once(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier)
    with pytest.raises(TransitionInterdite):
        close(dossier)
    assert len(alertes(admin, dossier)) == 1


def test_the_doctors_reason_is_the_doctors(dossier: Dossier, admin: psycopg.Connection) -> None:
    with pytest.raises(AccesRefuse):
        close(dossier, motif="decision_mc", situation="arret", survenu_le=None)
    close(dossier, auteur=medecin(), motif="decision_mc", situation="arret", survenu_le=None)
    assert alertes(admin, dossier) == []
    assert actions(sweep()) == {}


@pytest.mark.parametrize("motif", ["doublon", "erreur"])
def test_a_mistake_alerts_nobody(dossier: Dossier, admin: psycopg.Connection, motif: str) -> None:
    close(dossier, motif=motif, situation="inconnu", survenu_le=None)
    assert alertes(admin, dossier) == []


def test_reopening_undoes_the_closing(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier)
    add_tache(dossier, "suivi_m6", cause="m6")
    reopen(dossier, MAINTENANT + timedelta(days=1))
    assert admin.execute("SELECT statut, clos_at, cloture_motif FROM pdp.parcours").fetchone() == ("contact_en_cours", None, None)
    assert taches_ouvertes(admin, dossier) == ["nouvel_appel"]
    assert admin.execute("SELECT annule_at FROM pdp.issue").fetchone() == (MAINTENANT + timedelta(days=1),)
    assert "parcours_rouvert" in evenements(admin, dossier)


def test_reopening_needs_a_reason_and_a_closed_parcours(dossier: Dossier) -> None:
    with pytest.raises(TransitionInterdite):
        reopen(dossier)
    close(dossier)
    with pytest.raises(DonneeInvalide):
        reopen(dossier, motif="parce que")


def test_reopening_is_refused_beside_another_open_parcours(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier)
    with lot() as conn:
        fabrique.parcours(conn, assure_id=dossier.assure)
    with pytest.raises(Conflit):
        reopen(dossier)
    assert statut(admin, dossier) == "cloture"


def test_a_second_end_is_told_once_the_first_is_decided(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier)
    reopen(dossier, MAINTENANT + timedelta(days=1))
    close(dossier, MAINTENANT + timedelta(days=2))
    assert len(alertes(admin, dossier)) == 1
    assert actions(sweep(MAINTENANT + timedelta(days=2))) == {}
    auteur = medecin()
    (alerte,) = admin.execute("SELECT id FROM pdp.alerte").fetchone()
    with db.begin_as(auteur) as conn:
        decide_alerte(conn, auteur, alerte, "prise_en_compte", None, MAINTENANT)
    for attendu in ({"parcours_termine": 1}, {}):
        assert actions(sweep(MAINTENANT + timedelta(days=2))) == attendu
    assert len({cause for _, cause in alertes(admin, dossier)}) == 2


M6 = datetime(2027, 5, 18, 8, 0, tzinfo=MAINTENANT.tzinfo)


def test_a_follow_up_closes_its_reason_and_unknown_is_an_answer(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier, **INCONNU)
    add_tache(dossier, "suivi_m6", cause="m6")
    add_tache(dossier, "suivi_m12", cause="m12")
    record(dossier, M6, situation="inconnu", survenu_le=None)
    assert taches_ouvertes(admin, dossier) == ["suivi_m12"]
    assert admin.execute("SELECT situation FROM pdp.issue WHERE jalon = 'm6'").fetchone() == ("inconnu",)


@pytest.mark.parametrize(("jour", "admis"), [(date(2027, 4, 17), False), (date(2027, 4, 18), True)])
def test_a_follow_up_waits_for_its_milestone(dossier: Dossier, jour: date, admis: bool) -> None:
    close(dossier)
    le = datetime(jour.year, jour.month, jour.day, 12, tzinfo=MAINTENANT.tzinfo)
    if admis:
        record(dossier, le)
        return
    with pytest.raises(DonneeInvalide) as refus:
        record(dossier, le)
    assert refus.value.code == "milestone_not_reached"


def test_same_answer_once_correction_kept_other_source_beside(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier)
    premiere = record(dossier, M6)
    assert record(dossier, M6) == premiere
    corrigee = record(dossier, M6, situation="tpt")
    assert corrigee != premiere
    record(dossier, M6, situation="arret", survenu_le=None, provenance="partenaire")
    lignes = admin.execute(
        "SELECT provenance, situation FROM pdp.issue WHERE jalon = 'm6' AND annule_at IS NULL ORDER BY provenance"
    ).fetchall()
    assert lignes == [("declare_assure", "tpt"), ("partenaire", "arret")]
    assert evenements(admin, dossier).count("issue_enregistree") == 3


def test_an_open_parcours_has_no_follow_up(dossier: Dossier) -> None:
    with pytest.raises(DonneeInvalide) as refus:
        record(dossier, M6)
    assert refus.value.code == "parcours_open"


def test_a_correction_of_the_closing_goes_with_its_reason(dossier: Dossier, admin: psycopg.Connection) -> None:
    close(dossier)
    with pytest.raises(DonneeInvalide):
        record(dossier, jalon="cloture", situation="arret", survenu_le=None)
    record(dossier, jalon="cloture", survenu_le=JOUR - timedelta(days=1))
    assert admin.execute("SELECT survenu_le FROM pdp.issue WHERE annule_at IS NULL").fetchone() == (JOUR - timedelta(days=1),)
