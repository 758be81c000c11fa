"""Clocks of hand-overs: each boundary, one day before, the day itself, one day after; and who has the ball at every instant."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pdp.domain.calendrier import is_jour_ouvre
from pdp.domain.horloge import Delai, Delais, FaitsOrientation, Horloge, Jours, Question, plan_suite, read_horloge
from pdp.domain.orientation import ACTIVES, Statut

PARIS = Jours("metropole", ZoneInfo("Europe/Paris"))
MAYOTTE = Jours("mayotte", ZoneInfo("Indian/Mayotte"))
OUVRES, JOURS = "jours_ouvres", "jours"
REGLES = Delais(
    envoi=Delai(2, OUVRES),
    accuse=Delai(5, OUVRES),
    acceptation=Delai(10, OUVRES),
    rendez_vous=Delai(30, JOURS),
    nouveau_rendez_vous=Delai(10, OUVRES),
    nouvelles=Delai(30, JOURS),
    reponse_csam=Delai(3, OUVRES),
    reponse_partenaire=Delai(5, OUVRES),
    reprise=Delai(2, OUVRES),
    intervalle=Delai(10, JOURS),
    expiration=Delai(30, JOURS),
    relances_max=2,
)


def at(mois: int, jour: int, heure: int = 10, annee: int = 2026) -> datetime:
    return datetime(annee, mois, jour, heure, tzinfo=ZoneInfo("Europe/Paris"))


def soir(mois: int, jour: int, annee: int = 2026) -> datetime:
    return at(mois, jour, 18, annee)


LUNDI = at(9, 7)  # Monday 7 September 2026: no holiday before 1 November
SOURCE = FaitsOrientation("envoyee", LUNDI, LUNDI)


def read(faits: FaitsOrientation, maintenant: datetime = LUNDI, jours: Jours = PARIS) -> Horloge:
    return read_horloge(faits, REGLES, jours, maintenant)


ETAPES = [
    # facts, step, ball, deadline
    ({"envoyee_at": None}, "accuse", "csam", soir(9, 9)),
    ({}, "accuse", "partenaire", soir(9, 14)),
    ({"delai_reponse_jours": 3}, "accuse", "partenaire", soir(9, 10)),  # its own commitment is shorter than the acknowledgement
    ({"recue_at": at(9, 8)}, "acceptation", "partenaire", soir(9, 21)),  # counted from the delivery
    ({"recue_at": at(9, 8), "delai_reponse_jours": 15}, "acceptation", "partenaire", soir(9, 28)),
    ({"envoyee_at": None, "recue_at": at(9, 8)}, "acceptation", "partenaire", soir(9, 22)),  # it says it has it: our receipt was lost
    ({"acceptee_at": at(9, 10)}, "rendez_vous", "partenaire", soir(10, 12)),  # 10 October is a Saturday
    ({"acceptee_at": at(9, 10), "rendez_vous_at": at(9, 24, 14)}, "rendez_vous", "assure", at(9, 24, 14)),
    ({"acceptee_at": at(9, 1), "rendez_vous_at": at(9, 3)}, "nouvelles", "partenaire", soir(10, 5)),  # held: news of it
    ({"rendez_vous_at": at(9, 24, 14)}, "rendez_vous", "assure", at(9, 24, 14)),  # a meeting told before the acceptance
    ({"acceptee_at": at(9, 1), "rendez_vous_at": at(9, 3), "rendez_vous_manque_at": at(9, 4)}, "rendez_vous", "partenaire", soir(9, 18)),
    ({"acceptee_at": at(9, 1), "rendez_vous_manque_at": at(9, 4), "nouvelles_at": at(9, 6)}, "nouvelles", "partenaire", soir(10, 6)),
    ({"acceptee_at": at(9, 1), "nouvelles_at": at(9, 5)}, "nouvelles", "partenaire", soir(10, 5)),
    ({"acceptee_at": at(9, 1), "nouvelles_at": at(9, 2), "rendez_vous_at": at(9, 30)}, "nouvelles", "assure", at(9, 30)),
    ({"acceptee_at": at(9, 1), "nouvelles_at": at(9, 2), "rendez_vous_at": at(9, 5)}, "nouvelles", "partenaire", soir(10, 5)),
]


@pytest.mark.parametrize(("champs", "etape", "balle", "echeance"), ETAPES)
def test_each_step_has_its_party_and_its_deadline(champs: dict[str, object], etape: str, balle: str, echeance: datetime) -> None:
    assert read(replace(SOURCE, **champs)) == Horloge(etape, balle, echeance)  # type-checked by the fields themselves


@pytest.mark.parametrize("statut", sorted(set(Statut) - ACTIVES))
def test_once_over_nobody_has_the_ball(statut: str) -> None:
    question = Question("partenaire", LUNDI)
    assert read(replace(SOURCE, statut=statut, questions=(question,))) == Horloge("close", None, None)


def test_a_meeting_gives_the_ball_back_to_the_partner_at_its_instant() -> None:
    rendez_vous = at(9, 24, 14)
    faits = replace(SOURCE, acceptee_at=at(9, 10), rendez_vous_at=rendez_vous)
    assert read(faits, rendez_vous - timedelta(seconds=1)).balle == "assure"
    assert read(faits, rendez_vous) == Horloge("nouvelles", "partenaire", soir(10, 26))  # 24 October is a Saturday


@pytest.mark.parametrize(
    ("envoyee", "jours", "echeance"),
    [
        (at(10, 26), PARIS, soir(11, 2)),  # 1 November is a Sunday
        (at(11, 6), PARIS, soir(11, 16)),  # 11 November does not count
        (at(12, 18), PARIS, soir(12, 28)),  # Christmas is a Friday
        (at(4, 27), PARIS, soir(5, 5)),  # 1 May
        (
            datetime(2026, 4, 24, 22, 30, tzinfo=UTC),
            MAYOTTE,
            datetime(2026, 5, 5, 15, 0, tzinfo=UTC),
        ),  # there, already Saturday; 27 April and 1 May
    ],
)
def test_holidays_of_the_place_do_not_count(envoyee: datetime, jours: Jours, echeance: datetime) -> None:
    assert read(replace(SOURCE, proposee_at=envoyee, envoyee_at=envoyee), envoyee, jours).echeance_at == echeance


ABSENCES = [
    # days away, deadline of the acknowledgement sent on Monday 7 September (five days: Monday 14)
    ((date(2026, 9, 1), date(2026, 9, 6)), soir(9, 14)),  # back the day before
    ((date(2026, 9, 1), date(2026, 9, 7)), soir(9, 14)),  # the day it was sent never counts
    ((date(2026, 9, 1), date(2026, 9, 8)), soir(9, 15)),
    ((date(2026, 9, 14), date(2026, 9, 14)), soir(9, 15)),  # away on the last day
    ((date(2026, 9, 15), date(2026, 9, 30)), soir(9, 14)),  # away from the day after
    ((date(2026, 9, 12), date(2026, 9, 13)), soir(9, 14)),  # a week-end
    ((date(2026, 9, 8), date(2026, 10, 2)), soir(10, 9)),
]


@pytest.mark.parametrize(("absence", "echeance"), ABSENCES)
def test_days_when_the_partner_is_closed_do_not_count(absence: tuple[date, date], echeance: datetime) -> None:
    assert read(replace(SOURCE, absences=(absence,))).echeance_at == echeance


def test_a_partner_closed_for_ever_does_not_stop_its_clock_for_ever() -> None:
    horloge = read(replace(SOURCE, absences=((date(2026, 9, 8), date(2100, 1, 1)),)))
    assert horloge.echeance_at is not None
    assert horloge.echeance_at.year == 2029


def test_a_question_of_the_partner_stops_its_clock_until_the_answer() -> None:
    """Asked on the third working day of ten; seven are left after the answer."""
    posee = at(9, 10)
    ouverte = replace(SOURCE, recue_at=at(9, 8), questions=(Question("partenaire", posee),))
    for maintenant in (posee, at(9, 15), at(12, 1)):
        assert read(ouverte, maintenant) == Horloge("acceptation", "csam", soir(9, 15), arretee=True)
    repondue = replace(ouverte, questions=(Question("partenaire", posee, at(9, 21)),))
    assert read(repondue, at(9, 21)) == Horloge("acceptation", "partenaire", soir(9, 30))


@pytest.mark.parametrize(
    ("posee", "repondue", "echeance"),
    [
        (at(9, 10, 9), at(9, 10, 11), soir(9, 21)),  # answered the same day: nothing lost, nothing gained
        (at(9, 10, 9), at(9, 11, 11), soir(9, 22)),
        (at(9, 21, 9), at(9, 25, 11), soir(9, 29)),  # asked on the last day: two days to read our answer
        (at(9, 22, 9), at(9, 25, 11), soir(9, 29)),  # asked when already late: the same
        (at(9, 11, 9), at(9, 14, 11), soir(9, 22)),  # a week-end in between
    ],
)
def test_time_used_before_a_question_is_kept(posee: datetime, repondue: datetime, echeance: datetime) -> None:
    faits = replace(SOURCE, recue_at=at(9, 8), questions=(Question("partenaire", posee, repondue),))
    assert read(faits, repondue).echeance_at == echeance


def test_two_questions_stop_twice() -> None:
    questions = (Question("partenaire", at(9, 8), at(9, 10)), Question("partenaire", at(9, 14), at(9, 15)))
    assert read(replace(SOURCE, recue_at=at(9, 8), questions=questions), at(9, 15)).echeance_at == soir(9, 24)


def test_a_question_of_the_csam_has_its_own_deadline() -> None:
    acceptee = replace(SOURCE, acceptee_at=at(9, 10))
    demande = Question("csam", at(9, 14))
    assert read(replace(acceptee, questions=(demande,))) == Horloge("rendez_vous", "partenaire", soir(9, 21))
    tardive = Question("csam", at(10, 9))  # the step falls due before
    assert read(replace(acceptee, questions=(tardive,))) == Horloge("rendez_vous", "partenaire", soir(10, 12))
    prevu = replace(acceptee, rendez_vous_at=at(10, 20), questions=(demande,))
    assert read(prevu) == Horloge("rendez_vous", "partenaire", soir(9, 21))
    repondue = replace(prevu, questions=(Question("csam", at(9, 14), at(9, 15)),))
    assert read(repondue) == Horloge("rendez_vous", "assure", at(10, 20))
    les_deux = replace(acceptee, questions=(demande, Question("partenaire", at(9, 15))))
    assert read(les_deux) == Horloge("rendez_vous", "csam", soir(9, 18), arretee=True)


def test_at_every_instant_an_active_hand_over_has_one_party_and_one_deadline() -> None:
    alea = random.Random(47)
    for _ in range(3000):
        faits = draw(alea)
        horloge = read(faits, LUNDI + timedelta(hours=alea.randrange(-100, 2400)))
        if faits.statut in ACTIVES:
            assert horloge.balle in ("partenaire", "csam", "assure")
            assert horloge.echeance_at is not None
            assert horloge.etape != "close"
            ouvertes = any(q.par == "partenaire" and q.repondue_at is None for q in faits.questions)
            assert horloge.arretee == ouvertes
            if horloge.balle != "assure":
                jour = PARIS.jour(horloge.echeance_at)
                assert is_jour_ouvre(jour)
                assert horloge.echeance_at.astimezone(PARIS.fuseau).hour == 18
        else:
            assert horloge == Horloge("close", None, None)


def draw(alea: random.Random) -> FaitsOrientation:
    def instant(chance: float = 0.5) -> datetime | None:
        return LUNDI + timedelta(hours=alea.randrange(0, 2000)) if alea.random() < chance else None

    def question() -> Question:
        posee = LUNDI + timedelta(hours=alea.randrange(0, 2000))
        return Question(
            alea.choice(("partenaire", "csam")), posee, posee + timedelta(hours=alea.randrange(0, 300)) if alea.random() < 0.7 else None
        )

    du = date(2026, 9, 1) + timedelta(days=alea.randrange(60))
    return FaitsOrientation(
        alea.choice(list(Statut)),
        LUNDI,
        instant(0.8),
        instant(),
        instant(),
        instant(),
        instant(0.2),
        instant(),
        tuple(question() for _ in range(alea.randrange(4))),
        ((du, du + timedelta(days=alea.randrange(20))),) if alea.random() < 0.5 else (),
        alea.choice((None, 3, 20)),
    )


def plan(faits: FaitsOrientation, *relances: datetime, maintenant: datetime = LUNDI) -> tuple[str, datetime, int] | None:
    suite = plan_suite(read(faits, maintenant), relances, faits.absences, REGLES, PARIS)
    return None if suite is None else (suite.action, suite.at, suite.rang)


def test_what_time_does_by_itself() -> None:
    due, premiere = soir(9, 14), at(9, 15, 8)
    assert plan(SOURCE) == ("rappeler", due, 1)
    assert plan(SOURCE, premiere) == ("rappeler", soir(9, 25), 2)
    assert plan(SOURCE, premiere, at(9, 28, 8)) == ("rendre", soir(10, 14), 0)
    assert plan(SOURCE, at(9, 9)) == ("rappeler", due, 1)  # a courtesy before the deadline changes nothing
    # an outage of ours is no silence of the partner: the last reminder leaves its time too
    assert plan(SOURCE, at(11, 2), at(11, 12)) == ("rendre", soir(11, 23), 0)  # 22 November is a Sunday


def test_reminders_wait_for_the_return_of_the_partner() -> None:
    absent = replace(SOURCE, absences=((date(2026, 9, 16), date(2026, 9, 30)),))
    assert plan(absent, at(9, 15, 8)) == ("rappeler", soir(10, 12), 2)  # ten days without the fifteen away: 10 October, a Saturday


def test_a_paused_clock_and_a_clock_of_the_csam_never_expire() -> None:
    assert plan(replace(SOURCE, questions=(Question("partenaire", LUNDI),)), at(9, 15), at(9, 25), maintenant=at(12, 1)) is None
    assert plan(replace(SOURCE, envoyee_at=None), maintenant=at(12, 1)) is None
    assert plan(replace(SOURCE, statut="refusee")) is None


def test_an_accompaniment_under_way_does_not_expire_a_person_calls() -> None:
    suivie = replace(SOURCE, acceptee_at=at(9, 1), nouvelles_at=at(9, 7))
    assert plan(suivie) == ("rappeler", soir(10, 7), 1)
    assert plan(suivie, at(10, 8), at(10, 19)) == ("appeler", soir(11, 18), 3)
    assert plan(suivie, at(10, 8), at(10, 19), at(11, 19)) == ("appeler", soir(12, 21), 4)  # 19 December is a Saturday


def test_a_meeting_to_come_is_looked_at_when_it_has_passed() -> None:
    prevu = replace(SOURCE, acceptee_at=at(9, 8), rendez_vous_at=at(9, 24, 14))
    assert plan(prevu) == ("revoir", at(9, 24, 14), 0)
