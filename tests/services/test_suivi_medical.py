"""Files given to the infirmier or convoked keep a deadline until somebody ends them; a stock is decided by groups, file by file."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.errors import Conflit, DonneeInvalide
from pdp.services.decide_lot import Groupe, decide_groupe, list_groupes, preview_groupe
from pdp.services.follow_suivi_medical import close_suivi, count_suivis, list_suivis, open_manquants, postpone_suivi
from pdp.services.sort_signalements import decide_signalement
from pdp.storage import db

JOUR = date(2026, 11, 18)


@pytest.fixture
def medecin(base: str) -> UUID:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.agent(conn, "medecin_conseil")


def signalement(palier: int = 90) -> UUID:
    with lot() as conn:
        return fabrique.signalement(conn, fabrique.assure(conn), palier=palier)


def decide(medecin: UUID, cible: str, palier: int = 90) -> UUID:
    dossier = signalement(palier)
    with db.begin_as(auteur_agent(medecin, "medecin_conseil")) as conn:
        decide_signalement(conn, auteur_agent(medecin, "medecin_conseil"), dossier, cible, "Point à faire.", MAINTENANT)
    return dossier


@pytest.mark.parametrize(("cible", "attendus"), [("oriente_ism", 1), ("convocation_mc", 1), ("sans_suite", 0), ("oriente_csam", 0)])
def test_only_what_leaves_for_the_medical_service_is_followed(medecin: UUID, cible: str, attendus: int) -> None:
    decide(medecin, cible)
    with db.begin_as(auteur_agent(medecin, "medecin_conseil")) as conn:
        suivis = list_suivis(conn, None, 10)
        assert [s.cible for s in suivis] == [cible] * attendus
        # twenty working days from Wednesday 18 November 2026, no holiday in between
        assert [s.echeance_at.astimezone(fabrique.MAINTENANT.tzinfo).date() for s in suivis] == [date(2026, 12, 16)] * attendus


@pytest.mark.parametrize(("ecart", "retards"), [(timedelta(seconds=-1), 0), (timedelta(seconds=1), 1)])
def test_a_follow_up_is_late_once_its_deadline_is_past(medecin: UUID, ecart: timedelta, retards: int) -> None:
    decide(medecin, "oriente_ism")
    with db.begin_as(auteur_agent(medecin, "medecin_conseil")) as conn:
        [suivi] = list_suivis(conn, "oriente_ism", 10)
        assert count_suivis(conn, suivi.echeance_at + ecart).en_retard == retards


def test_files_oriented_before_follow_ups_existed_get_one_and_ended_ones_stay_ended(medecin: UUID) -> None:
    ancien = signalement()
    decide(medecin, "oriente_ism")
    with lot() as conn:
        conn.execute(
            text("UPDATE pdp.signalement SET statut = 'convocation_mc', mode_decision = 'mc', decide_at = connu_at WHERE id = :i"),
            {"i": ancien},
        )
    auteur = auteur_agent(medecin, "medecin_conseil")
    with db.begin_as(auteur) as conn:
        close_suivi(conn, auteur, list_suivis(conn, None, 1)[0].id, "sans_suite", "Reprise faite.", MAINTENANT)
    for attendu in (1, 0):
        with lot() as conn:
            assert open_manquants(conn, "PF35", MAINTENANT) == attendu
    with db.begin_as(auteur) as conn:
        assert [s.signalement_id for s in list_suivis(conn, None, 10)] == [ancien]


def test_the_person_goes_to_a_coordinator_once(medecin: UUID, admin: psycopg.Connection[Any]) -> None:
    decide(medecin, "convocation_mc")
    auteur = auteur_agent(medecin, "medecin_conseil")
    with db.begin_as(auteur) as conn:
        suivi = list_suivis(conn, None, 1)[0].id
        parcours = close_suivi(conn, auteur, suivi, "oriente_csam", "", MAINTENANT)
    assert admin.execute("SELECT id, statut FROM pdp.parcours").fetchall() == [(parcours, "a_affecter")]
    with pytest.raises(Conflit), db.begin_as(auteur) as conn:
        close_suivi(conn, auteur, suivi, "sans_suite", "Autre.", MAINTENANT)
    with pytest.raises(Conflit), db.begin_as(auteur) as conn:
        postpone_suivi(conn, auteur, suivi, JOUR + timedelta(days=10), "", MAINTENANT)


@pytest.mark.parametrize(("geste", "code"), [(("sans_suite", " "), "missing_reason"), (("autre", "x"), "unknown_outcome")])
def test_an_end_needs_its_reason(medecin: UUID, geste: tuple[str, str], code: str) -> None:
    decide(medecin, "oriente_ism")
    auteur = auteur_agent(medecin, "medecin_conseil")
    with pytest.raises(DonneeInvalide) as refus, db.begin_as(auteur) as conn:
        close_suivi(conn, auteur, list_suivis(conn, None, 1)[0].id, *geste, MAINTENANT)
    assert refus.value.code == code


@pytest.mark.parametrize(("jours", "accepte"), [(-1, False), (0, False), (1, True)])
def test_a_deadline_is_put_off_to_a_day_ahead(medecin: UUID, jours: int, accepte: bool) -> None:
    decide(medecin, "oriente_ism")
    auteur = auteur_agent(medecin, "medecin_conseil")
    with db.begin_as(auteur) as conn:
        suivi = list_suivis(conn, None, 1)[0].id
        if not accepte:
            with pytest.raises(DonneeInvalide):
                postpone_suivi(conn, auteur, suivi, JOUR + timedelta(days=jours), "Examen attendu.", MAINTENANT)
            return
        postpone_suivi(conn, auteur, suivi, JOUR + timedelta(days=jours), "Examen attendu.", MAINTENANT)
        [apres] = list_suivis(conn, None, 1)
    assert (apres.reports, apres.note, apres.retard_jours(JOUR + timedelta(days=jours + 2))) == (1, "Examen attendu.", 2)


def test_a_follow_up_of_another_platform_does_not_exist(medecin: UUID) -> None:
    decide(medecin, "oriente_ism")
    with db.begin_as(auteur_agent(medecin, "medecin_conseil", "PF22")) as conn:
        assert list_suivis(conn, None, 10) == []


def test_a_group_is_decided_file_by_file_and_what_nobody_saw_is_left(medecin: UUID, admin: psycopg.Connection[Any]) -> None:
    auteur = auteur_agent(medecin, "medecin_conseil")
    for palier in (60, 60, 60, 90):
        signalement(palier)
    with db.begin_as(auteur) as conn:
        groupes = list_groupes(conn, JOUR)
        assert [(g.palier, g.nombre) for g in groupes] == [(60, 3), (90, 1)]
        groupe = groupes[0].groupe
        vus = preview_groupe(conn, groupe)
        assert [v.total for v in vus] == [3, 3, 3]
        vu_at = conn.execute(text("SELECT max(connu_at) FROM pdp.signalement")).scalar_one()
    tardif = signalement(60)
    with lot() as conn:
        conn.execute(text("UPDATE pdp.signalement SET connu_at = :t WHERE id = :i"), {"t": vu_at + timedelta(seconds=1), "i": tardif})
    with db.begin_as(auteur) as conn:
        assert decide_groupe(conn, auteur, groupe, "oriente_ism", "Stock repris.", vu_at, MAINTENANT, limite=2).traites == 2
        assert decide_groupe(conn, auteur, groupe, "oriente_ism", "Stock repris.", vu_at, MAINTENANT, limite=2).traites == 1
        assert decide_groupe(conn, auteur, groupe, "oriente_ism", "Stock repris.", vu_at, MAINTENANT, limite=2).traites == 0
    assert admin.execute("SELECT id FROM pdp.signalement WHERE statut = 'a_trier' AND palier = 60").fetchall() == [(tardif,)]
    evenements = admin.execute("SELECT count(*), count(DISTINCT assure_id) FROM journal.evenement WHERE evenement = 'signalement_decide'")
    assert evenements.fetchone() == (3, 3), "one decision per file, in the doctor's name"


def test_a_group_needs_a_reason_and_must_exist(medecin: UUID) -> None:
    auteur = auteur_agent(medecin, "medecin_conseil")
    with pytest.raises(DonneeInvalide), db.begin_as(auteur) as conn:
        decide_groupe(conn, auteur, Groupe(60, "autre", "maladie", 0, 10), "oriente_csam", "  ", MAINTENANT, MAINTENANT)
    with pytest.raises(DonneeInvalide):
        Groupe(60, "inconnue", "maladie", 0, 10)


def test_the_manager_counts_and_reads_no_name(medecin: UUID) -> None:
    decide(medecin, "oriente_ism")
    with db.begin_as(auteur_agent(medecin, "responsable")) as conn:
        assert conn.execute(text("SELECT count(*) FROM pdp.suivi_medical WHERE clos_at IS NULL")).scalar_one() == 1
    with pytest.raises(DBAPIError, match="permission denied"), db.begin_as(auteur_agent(medecin, "responsable")) as conn:
        conn.execute(text("SELECT assure_id FROM pdp.suivi_medical"))
