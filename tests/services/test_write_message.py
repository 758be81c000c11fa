"""Messages to the person, as they are written: channel, instant, duplicates, refusals, silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT as M
from passerelle import poser, taches
from pdp.errors import DonneeInvalide
from pdp.services.write_message import Message, preview_message, recall_messages, write_message

Admin = psycopg.Connection[Any]


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn)


def write(dossier: fabrique.Dossier, modele: str = "rappelez_nous", cause: str = "c1", maintenant: datetime = M, **options: Any) -> Message:
    with fabrique.lot() as conn:
        return write_message(conn, fabrique.TEST, dossier.parcours, modele=modele, cause=cause, maintenant=maintenant, **options)


def rows(admin: Admin) -> list[tuple[str, str, str | None]]:
    return admin.execute("SELECT canal, etat, dernier_code FROM pdp.outbox ORDER BY cree_at, id").fetchall()


def test_one_row_per_cause_whatever_is_repeated(dossier: fabrique.Dossier, admin: Admin) -> None:
    premier, second = write(dossier), write(dossier)
    assert premier == second
    assert (premier.canal, premier.etat, premier.part_at) == ("sms", "a_envoyer", M + timedelta(seconds=30))
    assert premier.phrase == "SMS prêt : il part le 18/11/2026 à partir de 09:00."
    assert rows(admin) == [("sms", "a_envoyer", None)]
    (charge,) = admin.execute("SELECT charge FROM pdp.outbox").fetchone()
    with fabrique.lot() as conn:
        assert preview_message(conn, dossier.parcours, "rappelez_nous", {}, "sms").texte == charge["texte"]


def test_taken_back_once_then_written_again(dossier: fabrique.Dossier, admin: Admin) -> None:
    write(dossier)
    for attendu in (1, 0):
        with fabrique.lot() as conn:
            assert recall_messages(conn, parcours_id=dossier.parcours, cause="c1", maintenant=M, motif="undo") == attendu
    assert write(dossier).etat == "a_envoyer"
    assert sorted(rows(admin)) == [("sms", "a_envoyer", None), ("sms", "rappele", "rappel")]


RDV = {"jour": "mardi 24 novembre 2026", "heure": "10 h 30"}
GARDES = [
    # model, values of each, hours between, second one leaves
    ("rappelez_nous", {}, {}, 23, False),
    ("rappelez_nous", {}, {}, 24, True),
    ("rappel_rendez_vous", RDV, RDV, 22, False),
    ("rappel_rendez_vous", RDV | {"lien": "https://a.invalid/1"}, RDV | {"lien": "https://a.invalid/2"}, 0, False),
    ("rappel_rendez_vous", RDV, RDV, 23.5, True),  # one a day, the sweep of the first was late
    ("rappel_rendez_vous", RDV, RDV | {"heure": "11 h"}, 0, True),
    ("confirmation_rendez_vous", RDV, RDV | {"jour": "mercredi 25 novembre 2026"}, 0, True),
]


@pytest.mark.parametrize(("modele", "premieres", "secondes", "heures", "part"), GARDES)
def test_the_same_message_does_not_leave_twice_in_a_day(
    dossier: fabrique.Dossier, modele: str, premieres: dict[str, str], secondes: dict[str, str], heures: float, part: bool
) -> None:
    assert write(dossier, modele, "c1", valeurs=premieres).etat == "a_envoyer"
    second = write(dossier, modele, "c2", M + timedelta(hours=heures), valeurs=secondes)
    assert second.etat == ("a_envoyer" if part else "rappele")
    assert part or second.phrase == "SMS non parti : déjà envoyé il y a moins de 24 heures."


INSTANTS = [
    # written, not before, too late, leaves at
    ("2026-11-18T08:00", None, None, "2026-11-18T08:00:30"),
    ("2026-11-18T18:59:45", None, None, "2026-11-19T07:00"),
    ("2026-11-21T19:00", None, None, "2026-11-23T07:00"),
    ("2026-11-18T08:00", "2026-11-20T10:00", None, "2026-11-20T10:00"),
    ("2026-11-18T08:00", "2026-11-17T10:00", None, "2026-11-18T08:00:30"),
    ("2026-11-18T08:00", None, "2026-11-18T08:01", "2026-11-18T08:00:30"),
    ("2026-11-18T08:00", None, "2026-11-18T08:00:30", None),
    ("2026-11-18T20:00", None, "2026-11-19T07:00", None),
]


def at(brut: str | None) -> datetime | None:
    return None if brut is None else datetime.fromisoformat(brut).replace(tzinfo=UTC)


@pytest.mark.parametrize(("ecrit", "pas_avant", "trop_tard", "part"), INSTANTS)
def test_when_it_leaves(
    dossier: fabrique.Dossier, admin: Admin, ecrit: str, pas_avant: str | None, trop_tard: str | None, part: str | None
) -> None:
    message = write(dossier, maintenant=at(ecrit), pas_avant=at(pas_avant), trop_tard_at=at(trop_tard))
    assert message.part_at == at(part)
    assert rows(admin) == [("sms", "a_envoyer", None) if part else ("sms", "rappele", "trop_tard")]


def test_nobody_who_cannot_be_written_to_is_left_without_a_word(dossier: fabrique.Dossier, admin: Admin) -> None:
    poser(admin, dossier, telephone="+33299123456", contact_refus=["courrier"])
    for _ in range(2):
        message = write(dossier)
        assert (message.id, message.canal, message.etat, message.part_at) == (None, None, "impossible", None)
    assert rows(admin) == []
    assert taches(admin) == ["Rappelez-nous : aucun moyen d'écrire à la personne. Appelez-la, ou demandez-lui comment la joindre."]


def test_what_she_said_wins_over_the_feed(dossier: fabrique.Dossier, admin: Admin) -> None:
    poser(admin, dossier, courriel="d@exemple.invalid", contact_prefere="courrier", langue="fr")
    with fabrique.lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.preference_contact (plateforme_id, assure_id, langue, canal_prefere, refus, accessibilite, cle_saisie,"
                " dit_at, saisi_par)"
                " VALUES ('PF35', :a, 'en', 'courriel', '{courrier}', '{gros_caracteres}', gen_random_uuid(), :m, :p)"
            ),
            {"a": dossier.assure, "m": M, "p": dossier.csam},
        )
    assert write(dossier).canal == "courriel"
    (charge,) = admin.execute("SELECT charge FROM pdp.outbox").fetchone()
    assert (charge["langue"], charge["gros"], charge["objet"]) == ("en", True, "Please call us back when you can")


def test_written_in_silence_it_is_said_and_does_not_leave(dossier: fabrique.Dossier, admin: Admin) -> None:
    with fabrique.lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.mise_en_silence (plateforme_id, assure_id, motif, du, au, posee_par, posee_at)"
                " VALUES ('PF35', :a, 'deuil', '2026-11-20', '2026-11-22', :p, :m)"
            ),
            {"a": dossier.assure, "p": dossier.csam, "m": M},
        )
    assert write(dossier).etat == "a_envoyer", "two days before"
    depart = write(dossier, "injoignable", "c2", pas_avant=at("2026-11-21T09:00"), canal="sms")
    assert depart.phrase == "SMS non parti : la personne est en silence."


@pytest.mark.parametrize("options", [{"canal": "courriel"}, {"canal": "pigeon"}, {"valeurs": {"motif": "x"}}, {"modele": "inconnu"}])
def test_what_cannot_be_written_is_refused_and_leaves_nothing(dossier: fabrique.Dossier, admin: Admin, options: dict[str, Any]) -> None:
    with pytest.raises(DonneeInvalide):
        write(dossier, **options)
    assert rows(admin) == []
