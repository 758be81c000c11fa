"""The clocks of hand-overs on real PostgreSQL: each deadline comes back once, to whoever can act, whatever happens meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier

import psycopg
import pytest
from horloge_dossiers import (
    ACCUSE,
    JOURS,
    RELANCE,
    SOIR,
    add_absence,
    add_collegue,
    apply,
    deliver,
    delivered,
    evenements,
    execute,
    faits,
    horloge,
    messages,
    say,
    sweep,
    taches,
)

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.auteur import systeme
from pdp.domain.bilan import A_SUIVRE
from pdp.services.refresh_horloge import TACHES
from pdp.services.sweep_orientations import sweep_orientations
from pdp.services.sweep_veille import sweep_veille
from relais import Relais, relais


@pytest.fixture
def cas(base: str) -> Relais:
    return delivered()


def test_nothing_is_due_the_day_before_one_reminder_the_evening_of_the_day(cas: Relais, admin: psycopg.Connection) -> None:
    assert faits(sweep(ACCUSE - JOURS)) == {}
    assert horloge(admin, cas) == ("envoyee", "accuse", "partenaire", date(2026, 11, 25), False, 0)
    assert faits(sweep(ACCUSE - timedelta(hours=1))) == {}
    assert faits(sweep(ACCUSE)) == {"relances": 1}
    assert messages(admin, cas) == [("rappel_partenaire", "courriel", None)]
    assert horloge(admin, cas)[-1] == 1
    assert taches(admin, cas) == ["attendre_partenaire"]
    assert "partenaire_relance" in evenements(admin, cas)
    assert faits(sweep(ACCUSE)) == {}
    assert faits(sweep(ACCUSE + 9 * JOURS)) == {}


def test_the_second_reminder_goes_to_the_colleagues_and_a_coordinator_calls(cas: Relais, admin: psycopg.Connection) -> None:
    prevenu, absent = add_collegue(cas), add_collegue(cas)
    add_collegue(cas, rappels=False)
    add_absence(cas, date(2026, 11, 20), date(2026, 12, 20), contact=absent)
    sweep(ACCUSE)
    assert messages(admin, cas) == [("rappel_partenaire", "courriel", None)]
    assert faits(sweep(ACCUSE + 13 * JOURS)) == {"relances": 1}
    assert {contact for _, _, contact in messages(admin, cas)} == {None, str(prevenu)}
    assert len(messages(admin, cas)) == 3
    assert taches(admin, cas) == ["relancer_partenaire"]
    retards = admin.execute("SELECT rang, retard_minutes, messages FROM pdp.orientation_relance ORDER BY rang").fetchall()
    assert [(rang, messages_) for rang, _, messages_ in retards] == [(1, 1), (2, 2)]
    assert retards[1][1] == 24 * 60 + 30  # due on Saturday 5 December, hence Monday 7; swept on Tuesday 8 at 18:30


def test_expiry_tells_everybody_and_gives_the_case_back(cas: Relais, admin: psycopg.Connection) -> None:
    for jours in (0, 13):
        sweep(ACCUSE + jours * JOURS)
    assert faits(sweep(ACCUSE + 32 * JOURS)) == {}  # thirty days later is Christmas: Monday 28
    assert faits(sweep(ACCUSE + 33 * JOURS)) == {"expirees": 1}
    assert horloge(admin, cas) == ("expiree", "close", None, None, False, 0)
    assert admin.execute("SELECT statut FROM pdp.parcours WHERE id = %s", (cas.dossier.parcours,)).fetchone() == ("entretien_realise",)
    assert taches(admin, cas) == ["autre_relais"]
    assert messages(admin, cas)[-1] == ("fin_partenaire", "courriel", None)
    assert admin.execute("SELECT type, cause FROM pdp.alerte").fetchall() == [("partenaire_sans_reponse", str(cas.orientation))]
    (donnees,) = admin.execute("SELECT donnees FROM journal.evenement WHERE evenement = 'orientation_expiree'").fetchone()
    assert (donnees["retard_jours"], donnees["relances"], donnees["etape"]) == (33, 2, "accuse")
    assert sweep(ACCUSE + 60 * JOURS).traites == 0


def test_the_watch_does_not_double_the_clock(cas: Relais, admin: psycopg.Connection) -> None:
    """One reason per cause, evening after evening, whatever the order of the two sweeps."""
    vus: set[str] = set()
    for jour in range(45):
        le = ACCUSE + jour * JOURS
        sweep(le)
        with lot(systeme("sweep_veille")) as conn:
            veille = sweep_veille(conn, "PF35", systeme("sweep_veille"), le + timedelta(hours=12))
        assert (veille.detail["S03"], veille.detail["S01"]) == (0, 0)
        (motif,) = [t for t in taches(admin, cas) if t in (*TACHES, "autre_relais")]
        vus.add(motif)
    assert vus == {"attendre_partenaire", "relancer_partenaire", "autre_relais"}
    assert admin.execute("SELECT count(*) FROM pdp.alerte WHERE type = 'partenaire_sans_reponse'").fetchone() == (1,)


def test_an_outage_of_ours_is_no_silence_of_the_partner(cas: Relais, admin: psycopg.Connection) -> None:
    apres = ACCUSE + 60 * JOURS
    bilan = sweep(apres)
    assert faits(bilan) == {"relances": 1}
    assert bilan.detail["retard_minutes"] >= 60 * 24 * 60
    assert faits(sweep(apres)) == {}
    assert horloge(admin, cas)[0] == "envoyee"


def test_a_question_stops_the_clock_for_ever_until_answered(cas: Relais, admin: psycopg.Connection) -> None:
    say(cas, "question", 1, MAINTENANT + JOURS, texte="Quel est son employeur ?")
    assert apply(MAINTENANT + JOURS) == {"appliquee": 1}
    assert horloge(admin, cas) == ("envoyee", "accuse", "csam", date(2026, 11, 24), True, 0)
    assert taches(admin, cas) == ["repondre_question"]
    assert admin.execute("SELECT par, texte, repondue_at FROM pdp.echange_question").fetchall() == [
        ("partenaire", "Quel est son employeur ?", None)
    ]
    assert sweep(ACCUSE + 200 * JOURS).traites == 0
    assert horloge(admin, cas)[0] == "envoyee"


def test_the_partner_closed_is_not_reminded(cas: Relais, admin: psycopg.Connection) -> None:
    add_absence(cas, date(2026, 11, 23), date(2026, 12, 4))
    assert faits(sweep(ACCUSE)) == {}
    assert horloge(admin, cas)[3] == date(2026, 12, 9)
    assert faits(sweep(datetime(2026, 12, 9, 17, 30, tzinfo=MAINTENANT.tzinfo))) == {"relances": 1}


def test_the_one_who_answers_while_it_is_closed_is_reminded(cas: Relais, admin: psycopg.Connection) -> None:
    relais_id = add_collegue(cas)
    add_absence(cas, date(2026, 11, 20), date(2026, 12, 20), relais_id=relais_id)
    assert faits(sweep(ACCUSE)) == {"relances": 1}
    assert {contact for _, _, contact in messages(admin, cas)} == {None, str(relais_id)}


def test_without_an_address_a_coordinator_is_asked_to_call_at_once(cas: Relais, admin: psycopg.Connection) -> None:
    execute("UPDATE pdp.partenaire SET courriel = NULL WHERE id = :p", p=cas.partenaire)
    assert faits(sweep(ACCUSE)) == {"relances": 1}
    assert messages(admin, cas) == []
    assert taches(admin, cas) == ["relancer_partenaire"]


def test_a_meeting_missed_gives_the_ball_back(cas: Relais, admin: psycopg.Connection) -> None:
    rendez_vous = MAINTENANT + 5 * JOURS
    say(cas, "statut", 1, MAINTENANT, statut="acceptee")
    say(cas, "rendez_vous", 2, MAINTENANT, rendez_vous_at=rendez_vous)
    apply(MAINTENANT)
    assert horloge(admin, cas) == ("acceptee", "rendez_vous", "assure", date(2026, 11, 23), False, 0)
    assert taches(admin, cas) == ["nouvelles_partenaire"]
    assert faits(sweep(rendez_vous)) == {}
    assert horloge(admin, cas)[1:3] == ("nouvelles", "partenaire")
    say(cas, "rendez_vous_manque", 3, rendez_vous + JOURS)
    apply(rendez_vous + JOURS)
    assert horloge(admin, cas)[1:4] == ("rendez_vous", "partenaire", date(2026, 12, 8))
    assert taches(admin, cas) == ["lire_reponse", "nouvelles_partenaire"]


def test_an_accompaniment_under_way_is_called_not_expired(cas: Relais, admin: psycopg.Connection) -> None:
    say(cas, "statut", 1, MAINTENANT, statut="acceptee")
    say(cas, "nouvelles", 2, MAINTENANT, texte="Premier contact pris.")
    apply(MAINTENANT)
    execute("UPDATE pdp.tache SET fermee_at = :m, fermee_par = 'test', issue = 'lue' WHERE motif = 'lire_reponse'", m=MAINTENANT)
    compte: dict[str, int] = {}
    for jour in range(200):
        for cle, n in faits(sweep(MAINTENANT + SOIR + jour * JOURS)).items():
            compte[cle] = compte.get(cle, 0) + n
    assert compte == {"relances": 2, "appels": 3}  # every 45 days, the pace of a service social
    assert horloge(admin, cas)[0] == "acceptee"
    assert taches(admin, cas) == ["relancer_partenaire"]


def test_two_sweeps_at_once_remind_once(cas: Relais, admin: psycopg.Connection) -> None:
    depart = Barrier(2, timeout=20)

    def run() -> int:
        with lot(RELANCE) as conn:
            depart.wait()
            return faits(sweep_orientations(conn, "PF35", RELANCE, ACCUSE)).get("relances", 0)

    with ThreadPoolExecutor(2) as fils:
        comptes = [f.result(timeout=30) for f in [fils.submit(run), fils.submit(run)]]
    assert sum(comptes) == 1
    assert len(messages(admin, cas)) == 1


def test_killed_midway_nothing_is_lost_nor_done_twice(cas: Relais, admin: psycopg.Connection) -> None:
    def be_killed() -> None:
        with lot(RELANCE) as conn:
            sweep_orientations(conn, "PF35", RELANCE, ACCUSE)
            raise RuntimeError("killed before the commit")

    with pytest.raises(RuntimeError):
        be_killed()
    assert messages(admin, cas) == []
    assert faits(sweep(ACCUSE)) == {"relances": 1}
    assert len(messages(admin, cas)) == 1


def test_a_case_held_by_somebody_is_left_for_the_next_sweep(cas: Relais) -> None:
    with lot() as conn:
        conn.execute(fabrique.text("SELECT 1 FROM pdp.parcours WHERE id = :p FOR UPDATE"), {"p": cas.dossier.parcours})
        bilan = sweep(ACCUSE)
        assert (bilan.traites, bilan.detail) == (0, {"dues_restants": 1})
    assert faits(sweep(ACCUSE)) == {"relances": 1}


def test_lots_are_committed_one_after_another(cas: Relais) -> None:
    for _ in range(2):
        deliver(relais(None))
    bilans = []
    while not bilans or bilans[-1].detail.get(A_SUIVRE):
        bilans.append(sweep(ACCUSE, 1))
    assert [b.traites for b in bilans] == [1, 1, 1, 0]
    assert sum(faits(b)["relances"] for b in bilans[:3]) == 3


def test_a_sweep_costs_what_is_due(cas: Relais, admin: psycopg.Connection) -> None:
    """What is not due is not read: its clock waits behind an index."""
    sweep(MAINTENANT)
    assert sweep(MAINTENANT).traites == 0
    assert admin.execute("SELECT a_revoir_at FROM pdp.orientation").fetchone() == (ACCUSE - timedelta(minutes=30),)
    admin.execute("SET enable_seqscan = off")
    plan = admin.execute(
        "EXPLAIN SELECT id FROM pdp.orientation WHERE plateforme_id = 'PF35' AND a_revoir_at <= now() ORDER BY a_revoir_at LIMIT 9"
    )
    assert "orientation_a_revoir" in "".join(ligne for (ligne,) in plan)


def test_a_closed_parcours_is_left_alone_and_taken_up_again_when_reopened(cas: Relais, admin: psycopg.Connection) -> None:
    execute(
        "UPDATE pdp.parcours SET statut = 'cloture', clos_at = :m, cloture_motif = 'relais_service_social' WHERE id = :p",
        m=MAINTENANT,
        p=cas.dossier.parcours,
    )
    assert faits(sweep(ACCUSE)) == {}
    assert taches(admin, cas) == []
    execute(
        "UPDATE pdp.parcours SET statut = 'contact_en_cours', clos_at = NULL, cloture_motif = NULL WHERE id = :p", p=cas.dossier.parcours
    )
    assert faits(sweep(ACCUSE)) == {"relances": 1}


def test_an_undelivered_hand_over_is_never_held_against_the_partner(base: str, admin: psycopg.Connection) -> None:
    with lot() as conn:
        fabrique.socle(conn)
    cas = relais(None)
    assert horloge(admin, cas) == ("envoyee", "accuse", "csam", date(2026, 11, 20), False, 0)
    assert sweep(MAINTENANT + 90 * JOURS).traites == 0
    assert horloge(admin, cas)[0] == "envoyee"
