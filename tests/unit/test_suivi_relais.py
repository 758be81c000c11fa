"""A hand-over in words: whose turn, since when, how late, what comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pdp.domain.horloge import FaitsOrientation, Horloge, Jours, Question, Suite
from pdp.domain.suivi_relais import describe_horloge, describe_suite, find_depuis, list_pas

PARIS = Jours("metropole", ZoneInfo("Europe/Paris"))


def at(jour: int, heure: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, 9, jour, heure, minute, tzinfo=PARIS.fuseau)


FAITS = FaitsOrientation("envoyee", at(7), at(8))
PHRASES = [
    (
        Horloge("accuse", "csam", at(9, 18)),
        FAITS,
        "Le message n'est pas encore remis au partenaire ; il part au plus tard le 09/09/2026 (en retard de 1 jour).",
    ),
    (Horloge("accuse", "partenaire", at(14, 18)), FAITS, "Il doit ouvrir la demande et répondre au plus tard le 14/09/2026."),
    (Horloge("acceptation", "partenaire", at(10, 18)), FAITS, "Il doit accepter ou refuser au plus tard le 10/09/2026."),
    (
        Horloge("acceptation", "partenaire", at(9, 18)),
        FAITS,
        "Il doit accepter ou refuser au plus tard le 09/09/2026 (en retard de 1 jour).",
    ),
    (
        Horloge("rendez_vous", "partenaire", at(8, 18)),
        FAITS,
        "Il doit fixer un rendez-vous avec la personne au plus tard le 08/09/2026 (en retard de 2 jours).",
    ),
    (Horloge("nouvelles", "partenaire", at(30, 18)), FAITS, "Il doit donner des nouvelles au plus tard le 30/09/2026."),
    (
        Horloge("nouvelles", "partenaire", at(30, 18)),
        replace(FAITS, questions=(Question("csam", at(9)),)),
        "Il doit répondre à votre question au plus tard le 30/09/2026.",
    ),
    (Horloge("rendez_vous", "assure", at(24, 9, 5)), FAITS, "Rendez-vous prévu avec la personne le 24/09/2026 à 9 h 05."),
    (
        Horloge("accuse", "csam", at(14, 18), arretee=True),
        FAITS,
        "Il vous a posé une question : son délai est arrêté jusqu'à votre réponse, attendue le 14/09/2026.",
    ),
    (Horloge("close", None, None), FAITS, ""),
]


@pytest.mark.parametrize(("horloge", "faits", "phrase"), PHRASES)
def test_who_must_do_what_until_when(horloge: Horloge, faits: FaitsOrientation, phrase: str) -> None:
    assert describe_horloge(horloge, faits, PARIS, at(10)) == phrase


@pytest.mark.parametrize(
    ("suite", "debut"),
    [
        (None, ""),
        (Suite("rappeler", at(14), 1), "Sans réponse, un rappel lui est envoyé le 14/09/2026."),
        (
            Suite("rappeler", at(24), 2),
            "Sans réponse, un rappel lui est envoyé le 24/09/2026, et à ses collègues déclarés ; vous serez alors invité à l'appeler.",
        ),
        (Suite("rappeler", at(1), 1), "Sans réponse, un rappel lui est envoyé le 10/09/2026."),  # due, done by the next sweep
        (Suite("appeler", at(24), 3), "Sans nouvelles, vous serez invité à l'appeler le 24/09/2026."),
        (Suite("rendre", at(30)), "Sans réponse, l'orientation expire le 30/09/2026 : le dossier vous revient"),
        (Suite("revoir", at(30)), "Ensuite, ses nouvelles seront attendues."),
    ],
)
def test_what_comes_next(suite: Suite | None, debut: str) -> None:
    phrase = describe_suite(suite, 2, PARIS, at(10))
    assert phrase.startswith(debut)
    assert bool(phrase) == bool(debut)


def test_the_ball_is_there_since_the_last_thing_that_happened() -> None:
    horloge = Horloge("nouvelles", "partenaire", at(30))
    faits = replace(FAITS, recue_at=at(9), acceptee_at=at(10), rendez_vous_at=at(25))
    assert find_depuis(faits, horloge, at(12)) == at(10)
    assert find_depuis(faits, horloge, at(26)) == at(25)
    repondue = replace(faits, questions=(Question("partenaire", at(11), at(12)),))
    assert find_depuis(repondue, horloge, at(13)) == at(12)
    deux = replace(faits, questions=(Question("partenaire", at(13)), Question("partenaire", at(11))))
    assert find_depuis(deux, Horloge("nouvelles", "csam", at(16), arretee=True), at(14)) == at(11)


def test_steps_told_skipped_to_come_and_not_reached() -> None:
    prevu = replace(FAITS, acceptee_at=at(10), rendez_vous_at=at(25))
    assert [(x.libelle, x.at, x.a_venir, x.passe) for x in list_pas(prevu, None, None, at(12))] == [
        ("Envoyée", at(8), False, False),
        ("Reçue", None, False, True),
        ("Acceptée", at(10), False, False),
        ("Rendez-vous", at(25), True, False),
        ("Nouvelles", None, False, False),
        ("Terminée", None, False, False),
    ]
    manque = list_pas(replace(prevu, rendez_vous_manque_at=at(25)), None, None, at(26))
    assert (manque[3].libelle, manque[3].at, manque[3].a_venir) == ("Rendez-vous manqué", at(25), False)
    refusee = list_pas(FAITS, "Refusée", at(11), at(12))
    assert [(x.libelle, x.passe) for x in refusee][1:] == [
        ("Reçue", True),
        ("Acceptée", True),
        ("Rendez-vous", True),
        ("Nouvelles", True),
        ("Refusée", False),
    ]
