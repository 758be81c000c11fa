"""Answers of every nature: whatever their order of arrival and however often they come, the same facts, clock and open reasons."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import psycopg
import pytest
from horloge_dossiers import JOURS, apply, deliver, delivered, evenements, execute, horloge, say, taches

import fabrique
from fabrique import MAINTENANT, lot
from relais import Relais, relais


@pytest.fixture
def cas(base: str) -> Relais:
    return delivered()


DITS: dict[str, tuple[str, dict[str, Any]]] = {
    "recue": ("statut", {"statut": "recue"}),
    "acceptee": ("statut", {"statut": "acceptee"}),
    "rendez_vous": ("rendez_vous", {"rendez_vous_at": MAINTENANT + 5 * JOURS}),
    "manque": ("rendez_vous_manque", {}),
    "nouveau": ("rendez_vous", {"rendez_vous_at": MAINTENANT + 9 * JOURS}),
    "nouvelles": ("nouvelles", {"texte": "Tout va bien."}),
    "question": ("question", {"texte": "Son numéro a-t-il changé ?"}),
    "realisee": ("statut", {"statut": "realisee", "texte": "Fini."}),
}


@pytest.mark.parametrize(
    "dits",
    [
        ("recue", "acceptee", "rendez_vous", "manque"),
        ("acceptee", "rendez_vous", "manque", "nouveau"),
        ("acceptee", "question", "nouvelles", "rendez_vous"),
        ("acceptee", "rendez_vous", "nouvelles", "realisee"),
        ("question", "acceptee", "realisee"),
    ],
    ids="-".join,
)
def test_any_order_of_arrival_ends_in_the_same_state(base: str, admin: psycopg.Connection, dits: tuple[str, ...]) -> None:
    with lot() as conn:
        fabrique.socle(conn)
    fins = []
    for ordre in permutations(range(len(dits))):
        cas = relais(None)
        deliver(cas)
        for rang in ordre:
            nature, champs = DITS[dits[rang]]
            say(cas, nature, rang + 1, MAINTENANT + timedelta(minutes=rang), **champs)
            assert "quarantaine" not in apply(MAINTENANT + timedelta(hours=1))
        questions = admin.execute("SELECT count(*) FROM pdp.echange_question WHERE orientation_id = %s", (cas.orientation,)).fetchone()
        du_clock = [t for t in taches(admin, cas) if t != "lire_reponse"]
        fins.append((horloge(admin, cas), read_faits(admin, cas), questions, du_clock))
    assert len({repr(fin) for fin in fins}) == 1, fins[0]


def read_faits(admin: psycopg.Connection, cas: Relais) -> tuple[Any, ...]:
    return admin.execute(
        "SELECT recue_at, acceptee_at, rendez_vous_at, rendez_vous_manque_at, nouvelles_at FROM pdp.orientation WHERE id = %s",
        (cas.orientation,),
    ).fetchone()


def test_every_nature_twice_is_once(cas: Relais, admin: psycopg.Connection) -> None:
    for rang, dit in enumerate(("acceptee", "rendez_vous", "question", "nouvelles"), start=1):
        nature, champs = DITS[dit]
        say(cas, nature, rang, MAINTENANT, **champs)
    apply(MAINTENANT)
    avant = (horloge(admin, cas), taches(admin, cas), len(evenements(admin, cas)))
    assert apply(MAINTENANT) == {}
    execute("UPDATE pdp.inbox SET traite_at = NULL, resultat = NULL")  # as if the mark of the first time had been lost
    apply(MAINTENANT)
    assert (horloge(admin, cas), taches(admin, cas)) == avant[:2]
    assert admin.execute("SELECT count(*) FROM pdp.echange_question").fetchone() == (1,)


def test_a_word_after_the_end_is_read_by_a_person(cas: Relais, admin: psycopg.Connection) -> None:
    say(cas, "statut", 1, MAINTENANT, statut="refusee", motif="capacite")
    apply(MAINTENANT)
    execute("UPDATE pdp.tache SET fermee_at = :m, fermee_par = 'test', issue = 'lue'", m=MAINTENANT)
    say(cas, "question", 2, MAINTENANT, texte="Et si une place se libère ?")
    assert apply(MAINTENANT) == {"appliquee": 1}
    assert taches(admin, cas) == ["lire_reponse"]
    assert horloge(admin, cas)[:3] == ("refusee", "close", None)
