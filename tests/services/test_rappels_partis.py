"""Reminders that leave: neutral, to the structure then its colleagues, and not at all when the answer came first."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

import psycopg
import pytest
from horloge_dossiers import ACCUSE, JOURS, add_collegue, apply, delivered, execute, say, sweep

from pdp.services.send_outbox import send_due


def mails(dossier: Path) -> list[tuple[str, str, str]]:
    """(to, subject, text) of each mail, by recipient."""
    lus = [message_from_bytes(f.read_bytes(), policy=policy.default) for f in sorted(dossier.rglob("*.eml"))]
    return sorted((str(m["To"]), str(m["Subject"]), m.get_body(("plain",)).get_content()) for m in lus)


@pytest.mark.parametrize("canal", ["portail", "csv"])
def test_the_structure_then_its_colleagues_in_neutral_words(base: str, courriels: Path, admin: psycopg.Connection, canal: str) -> None:
    cas = delivered()
    execute("UPDATE pdp.outbox SET etat = 'livre'")
    execute("UPDATE pdp.partenaire SET canal = :c WHERE id = :p", c=canal, p=cas.partenaire)
    add_collegue(cas)
    sweep(ACCUSE)
    assert send_due(ACCUSE).traites == 1
    sweep(ACCUSE + 13 * JOURS)
    assert send_due(ACCUSE + 13 * JOURS).traites == 2
    recus = mails(courriels)
    assert [a[:8] for a, _, _ in recus] == ["collegue", "partenai", "partenai"]
    nom = admin.execute("SELECT nom FROM identite.assure WHERE id = %s", (cas.dossier.assure,)).fetchone()[0]
    for _, objet, texte in recus:
        assert "attend de vos nouvelles" in objet
        assert nom not in objet + texte
        assert ("/partenaire" in texte) == (canal == "portail")


def test_answered_before_it_left_nobody_is_reminded(base: str, courriels: Path, admin: psycopg.Connection) -> None:
    cas = delivered()
    execute("UPDATE pdp.outbox SET etat = 'livre'")
    sweep(ACCUSE)
    say(cas, "question", 1, ACCUSE, texte="Joignable quand ?")
    apply(ACCUSE)
    assert send_due(ACCUSE).traites == 0
    assert mails(courriels) == []
    assert admin.execute("SELECT etat FROM pdp.outbox WHERE type = 'rappel_partenaire'").fetchone() == ("rappele",)


def test_a_colleague_who_left_is_not_written_to(base: str, courriels: Path, admin: psycopg.Connection) -> None:
    cas = delivered()
    execute("UPDATE pdp.outbox SET etat = 'livre'")
    execute("UPDATE pdp.partenaire SET courriel = NULL")
    add_collegue(cas)
    sweep(ACCUSE)
    execute("UPDATE pdp.partenaire_contact SET retire_at = :m", m=ACCUSE)
    assert send_due(ACCUSE).traites == 0
    assert mails(courriels) == []
