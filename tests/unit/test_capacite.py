"""The simulation of the coming weeks: what it must do at its limits, and that it finds again a world whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pdp.domain.capacite import Hypotheses, Situation, count_jours, draw_tirage, play
from pdp.domain.capacite_epreuve import choose_origine, compare, observe
from pdp.domain.capacite_passe import (
    Appels,
    Faits,
    Membre,
    Ouvertures,
    RendezVous,
    build_situation,
    count_ouvres,
    count_semaines,
    list_jours_ouvres,
    measure,
)
from pdp.domain.capacite_phrases import en_francais, tell_ajustement, tell_reponse
from pdp.domain.capacite_reponse import PLAFOND, TEMPS, answer, project, quantile

LUNDI = date(2026, 3, 2)  # five weeks without a holiday follow
H = Hypotheses(
    arrivees=20,
    passe=(20, 20, 20, 20),
    joint=100,
    essais_max=3,
    rappel_jours=2,
    absents=0,
    echange_jours=2,
    sorties=0,
    minutes_jour=100,
    part=100,
    minutes_appel=10,
    minutes_essai=10,
    minutes_echange=15,
    minutes_suivi=0,
    imprevu=0,
    plafond=10_000,
    delai=5,
    objectif=95,
    semaines=4,
)


def situation(
    h: Hypotheses = H, etp: float = 1, presents: float | None = None, attente: tuple[int, ...] = (), ouverts: int = 0
) -> Situation:
    jours = list_jours_ouvres(LUNDI, count_jours(h), "metropole")
    n = len(jours)
    return Situation(jours, (etp,) * n, (etp if presents is None else presents,) * n, attente, 0, (0,) * n, ouverts)


# 20 people a week need 20 × (10 + 15) = 500 minutes: exactly one full-time of 100 minutes a day.
@pytest.mark.parametrize(
    ("champs", "ajout", "goulot"),
    [
        pytest.param({}, 0, None, id="exactly-enough"),
        pytest.param({"minutes_echange": 5}, 0, None, id="room-left"),
        pytest.param({"minutes_echange": 65}, 2, TEMPS, id="three-times-the-work"),
        pytest.param({"part": 50}, 1, TEMPS, id="half-the-day"),
        pytest.param({"joint": 0, "essais_max": 1}, 0, None, id="nobody-answers"),
        pytest.param({"plafond": 40}, 1, PLAFOND, id="cap-of-40-for-80-people"),
        pytest.param({"arrivees": 0.0, "passe": ()}, -1, None, id="nobody-comes"),
    ],
)
def test_team_that_keeps_the_promise(champs: dict[str, Any], ajout: int, goulot: str | None) -> None:
    h = replace(H, **champs)
    reponse = answer(situation(h), h)
    assert reponse.suffit is not None
    assert reponse.suffit.ajout == ajout
    assert reponse.actuelle.goulot == goulot
    parts = [p.part for p in reponse.essayes]
    assert parts == sorted(parts)
    assert all(0 <= p.part <= 100 for p in reponse.essayes)
    assert all(len(p.semaines) == h.semaines for p in reponse.essayes)


def test_impossible_promise_is_said() -> None:
    h = replace(H, plafond=1, arrivees=2000.0)
    reponse = answer(situation(h), h)
    assert reponse.suffit is None
    assert "revoyez les hypothèses" in tell_reponse(reponse, h)[1]


def test_same_question_same_answer_and_nobody_is_lost_or_made() -> None:
    h = replace(H, passe=(5, 40, 12, 0, 33), arrivees=18.0, joint=40, absents=30, imprevu=10, minutes_suivi=3)
    depart = situation(h, etp=3, attente=(9, 4, 0, 0), ouverts=30)
    answer.cache_clear()
    premiere = answer(depart, h)
    answer.cache_clear()
    assert answer(depart, h) == premiere
    for rang in range(20):
        tirage = draw_tirage(depart, h, rang)
        for ajout in (-2, 0, 3):
            deroule = play(depart, h, tirage, ajout)
            connues = len(depart.attente)
            for n, semaine in enumerate(deroule.semaines):
                passees = deroule.semaines[: n + 1]
                attendues = connues + sum(s.arrivees for s in passees) - sum(s.premiers for s in passees)
                assert semaine.attente == attendues
                assert 0 <= semaine.a_temps <= semaine.arrivees


def test_what_weighs_on_a_unit() -> None:
    """Each of these makes the same team worse: a leave, a backlog, no-shows, unanswered calls, follow-up, unforeseen absences."""
    h = replace(H, minutes_echange=13)
    libre = answer(situation(h), h).actuelle.part
    assert libre == 100
    pires = {
        "leave": answer(situation(h, presents=0.6), h),
        "backlog": answer(situation(h, attente=(3,) * 150), h),
        "no-shows": answer(situation(h, etp=1), replace(h, absents=80, minutes_essai=20)),
        "unanswered": answer(situation(h), replace(h, joint=30, minutes_essai=25)),
        "follow-up": answer(situation(h, ouverts=60), replace(h, minutes_suivi=5)),
        "unforeseen": answer(situation(h), replace(h, imprevu=40)),
    }
    assert {nom: r.actuelle.part < libre for nom, r in pires.items()} == dict.fromkeys(pires, True)


def test_weeks_are_drawn_among_those_of_the_past() -> None:
    h = replace(H, passe=(0, 10, 50), arrivees=40.0)
    depart = situation(h)
    semaines = [s.arrivees for rang in range(60) for s in play(depart, h, draw_tirage(depart, h, rang), 0).semaines]
    assert set(semaines) == {0, 20, 100}  # the past doubled: a typed mean keeps the shape
    assert 33 < sum(semaines) / len(semaines) < 47


FERIE = date(2026, 5, 1)  # a Friday


@pytest.mark.parametrize(
    ("du", "au", "attendus"),
    [
        (date(2026, 4, 30), date(2026, 4, 30), 0),
        (date(2026, 4, 30), date(2026, 5, 4), 1),  # holiday, then a week-end
        (date(2026, 5, 2), date(2026, 5, 4), 1),  # from a Saturday
        (date(2026, 3, 2), date(2026, 3, 9), 5),
        (date(2026, 3, 2), date(2026, 3, 10), 6),
    ],
)
def test_a_delay_is_counted_as_the_policy_does(du: date, au: date, attendus: int) -> None:
    assert count_ouvres(du, au, "metropole") == attendus


def faits(*ouvertures: Ouvertures, **autres: Any) -> Faits:
    vides: dict[str, Any] = {"appels": (), "rendez_vous": (), "membres": ()}
    return Faits("metropole", ouvertures, **{**vides, **autres})


def test_a_day_of_the_past_is_seen_with_what_was_known_that_day() -> None:
    j = {n: LUNDI + timedelta(days=n) for n in range(-30, 40)}
    passe = faits(
        Ouvertures(j[-3], None, None, None, 2),  # waits since Friday
        Ouvertures(j[-3], j[0], j[0], None, 1),  # called on the day itself: not yet
        Ouvertures(j[-5], j[-4], None, None, 4),  # to call again
        Ouvertures(j[-5], j[-4], j[1], None, 1),  # reached later: still to call again that day
        Ouvertures(j[-5], j[-4], j[-4], None, 8),  # reached
        Ouvertures(j[-30], j[-29], None, None, 16),  # called too long ago: written to
        Ouvertures(j[-5], None, None, j[-1], 32),  # closed before
        Ouvertures(j[0], None, None, None, 64),  # not yet open
        rendez_vous=(
            RendezVous(j[-2], j[1], "absent", 3),
            RendezVous(j[0], j[1], "planifie", 5),  # planned that day: not known
            RendezVous(j[-2], j[2], "annule_assure", 7),
        ),
        membres=(Membre(0.5, j[-30], None, ((j[1], j[1]),)), Membre(1.0, j[1], j[2])),
    )
    vue = build_situation(passe, LUNDI, 4)
    assert vue.attente == (1, 1, 1)
    assert (vue.a_rappeler, vue.ouverts, vue.rendez_vous) == (5, 32, (0, 3, 0, 0))
    assert (vue.effectif, vue.presents) == ((0.5, 1.5, 1.5, 0.5), (0.5, 1.0, 1.5, 0.5))


def test_measures_need_enough_facts_and_whole_weeks() -> None:
    mercredi = LUNDI + timedelta(days=2)
    passe = faits(
        Ouvertures(LUNDI - timedelta(days=24), None, None, None, 500),  # the first week: the stock came in
        Ouvertures(LUNDI - timedelta(days=17), None, None, None, 6),
        Ouvertures(LUNDI - timedelta(days=1), None, None, LUNDI - timedelta(days=1), 4),
        Ouvertures(LUNDI, None, None, None, 99),  # the week under way is not whole
        appels=(Appels(LUNDI - timedelta(days=3), 20, 5), Appels(LUNDI, 1000, 1000)),
        rendez_vous=(RendezVous(LUNDI - timedelta(days=10), LUNDI - timedelta(days=3), "absent", 9),),
    )
    mesures = measure(passe, mercredi, 12, 20)
    assert count_semaines(passe, mercredi, 12) == mesures.semaines == (6, 0, 4)
    assert count_semaines(passe, mercredi, 2) == (0, 4)
    assert (mesures.joint, mesures.appels) == (25.0, 20)
    assert (mesures.absents, mesures.echanges, mesures.echange_jours, mesures.sorties) == (None, 9, None, None)
    assert measure(passe, mercredi, 12, 21).joint is None
    assert measure(passe, mercredi, 12, 9).absents == 100
    assert measure(passe, mercredi, 12, 9).echange_jours == 5
    assert measure(faits(), mercredi, 12, 1).semaines == ()


def test_the_past_is_judged_once_every_delay_has_run_out() -> None:
    semaine = LUNDI - timedelta(weeks=3)
    passe = faits(
        Ouvertures(LUNDI - timedelta(weeks=9), None, None, None, 1),
        Ouvertures(semaine, semaine + timedelta(days=7), None, None, 3),  # fifth working day: in time
        Ouvertures(semaine, semaine + timedelta(days=8), None, None, 1),
        Ouvertures(semaine, None, None, None, 1),
        Ouvertures(semaine, None, None, semaine + timedelta(days=1), 5),  # nobody left to call
    )
    vue = observe(passe, semaine, 5)
    assert (vue.arrivees, vue.juges, vue.a_temps, vue.part) == (10, 5, 3, 60.0)
    assert choose_origine(passe, LUNDI, 4, 2, 5) == LUNDI - timedelta(weeks=5)  # the last week cannot be judged yet on its Monday
    assert choose_origine(passe, LUNDI + timedelta(days=5), 4, 2, 5) == LUNDI - timedelta(weeks=5)
    assert choose_origine(passe, LUNDI + timedelta(days=7), 4, 2, 5) == LUNDI - timedelta(weeks=4)
    assert choose_origine(passe, LUNDI, 4, 3, 5) == LUNDI - timedelta(weeks=5)
    assert choose_origine(passe, LUNDI, 4, 4, 5) is None
    assert choose_origine(faits(), LUNDI, 4, 2, 5) is None


def test_fit_tells_errors_and_which_way() -> None:
    lent = tuple(
        Ouvertures(d, d + timedelta(days=14), None, None, 4)  # the real unit calls after two weeks, whatever the model says
        for n in range(-12, 4)
        for k in range(5)
        if (d := LUNDI + timedelta(weeks=n, days=k))
    )
    origine = LUNDI - timedelta(weeks=4)
    passe = faits(*lent, membres=(Membre(1.0, date(2020, 1, 1), None),))
    depart = build_situation(passe, origine, count_jours(H))
    tirages = [draw_tirage(depart, H, rang) for rang in range(10)]
    ajuste = compare(passe, project(depart, H, tirages, 3), origine, 4, 5)
    assert [c.observee.part for c in ajuste.semaines] == [0, 0, 0, 0]
    assert (ajuste.erreur_arrivees, ajuste.erreur_naive, ajuste.couvertes) == (0, 0, 4)
    assert ajuste.erreur_part is not None
    assert ajuste.biais_part == ajuste.erreur_part > 90
    assert "trop optimiste" in " ".join(tell_ajustement(ajuste, H))


def test_words() -> None:
    assert [en_francais(v) for v in (10, 10.5, 0.04, 99.96)] == ["10", "10,5", "0", "100"]
    assert [en_francais(v, 0) for v in (10, 100, 0.4)] == ["10", "100", "0"]
    assert [quantile([3, 1, 2], r) for r in (0, 0.5, 1, 0.25)] == [1, 2, 3, 1.5]
    phrases = " ".join(tell_reponse(answer(situation(H, etp=3), H), H))
    assert "L'équipe actuelle suffit. L'objectif resterait tenu, en moyenne, jusqu'à 1 équivalent temps plein." in phrases
    un_jour = tell_reponse(answer(situation(H, etp=3), H), replace(H, delai=1))[0]
    assert "appelées sous 1 jour ouvré. L'objectif" in un_jour
