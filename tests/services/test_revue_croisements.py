"""Undo, merges and letters crossed with what ran in between: sweeps, messages written and not left, a booking of the person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

import fabrique
from fabrique import MAINTENANT, TEST, Dossier, auteur_agent, lot
from lien_assure import NAISSANCE, create_invitation, ouvertes, rendez_vous, statut, sweep
from pdp.services.annulation import AnnulationRefusee, acte, undo_acte
from pdp.services.book_rendez_vous import choose, find_lien, identify, read_lien
from pdp.services.close_parcours import close_parcours
from pdp.services.decide_doublon import request_fusion
from pdp.services.plan_tele_echange import list_creneaux, plan_tele_echange
from pdp.services.print_lettres import list_lettres, post_lettres, print_lettres, withhold_lettres
from pdp.services.record_silence import set_silence
from pdp.services.sweep_doublons import sweep_doublons
from pdp.services.transfer_parcours import apply_transferts, request_transfert
from pdp.services.write_message import write_message
from pdp.storage import db

SOIR = datetime(2026, 11, 18, 19, 30, tzinfo=UTC)  # 20:30 in Paris: nothing leaves before the morning
NAISSANCE_LE = datetime(int(NAISSANCE["annee"]), int(NAISSANCE["mois"]), int(NAISSANCE["jour"]), tzinfo=UTC).date()


@pytest.fixture
def csam(base: str) -> UUID:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.agent(conn)


@pytest.fixture
def dossier(csam: UUID) -> Dossier:
    with lot() as conn:
        return fabrique.parcours(conn, csam=csam)


def read(requete: str, **valeurs: Any) -> list[tuple[Any, ...]]:
    with lot() as conn:
        return [tuple(ligne) for ligne in conn.execute(text(requete), valeurs)]


def plan(dossier: Dossier, maintenant: datetime, rang: int = 6) -> UUID | None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "entretien_planifie", maintenant) as fait:
        creneau = list_creneaux(conn, dossier.csam, maintenant)[rang]
        plan_tele_echange(conn, auteur, dossier.parcours, creneau.debut, "telephone", maintenant)
    return fait.id


def undo(dossier: Dossier, acte_id: UUID | None, maintenant: datetime) -> str:
    assert acte_id is not None
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        return undo_acte(conn, auteur, acte_id, maintenant)


def test_a_confirmation_written_in_the_evening_is_recalled_with_the_appointment(dossier: Dossier) -> None:
    """The sweep wrote it, it leaves in the morning: the appointment is taken back, and nobody hears of it."""
    fait = plan(dossier, SOIR)
    sweep(SOIR + timedelta(minutes=5))
    assert read("SELECT type, etat FROM pdp.outbox") == [("confirmation_rendez_vous", "a_envoyer")]
    assert "n'est pas parti" in undo(dossier, fait, SOIR + timedelta(minutes=6))
    assert read("SELECT type, etat FROM pdp.outbox") == [("confirmation_rendez_vous", "rappele")]
    assert statut(dossier.parcours) == "affecte"
    assert read("SELECT count(*) FROM pdp.invitation WHERE fermee_at IS NULL") == [(0,)], "nobody holds the link that went with it"
    sweep(SOIR + timedelta(minutes=20))
    assert read("SELECT DISTINCT etat FROM pdp.outbox") == [("rappele",)]


def test_a_confirmation_that_left_keeps_the_appointment(dossier: Dossier) -> None:
    fait = plan(dossier, SOIR)
    sweep(SOIR + timedelta(minutes=5))
    with lot() as conn:
        conn.execute(text("UPDATE pdp.outbox SET etat = 'livre', livre_at = :m"), {"m": SOIR})
    with pytest.raises(AnnulationRefusee) as refus:
        undo(dossier, fait, SOIR + timedelta(minutes=6))
    assert refus.value.code == "undo_message_left"
    assert statut(dossier.parcours) == "entretien_planifie"


def close(dossier: Dossier, maintenant: datetime, motif: str = "retraite", situation: str = "retraite") -> UUID | None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "cloture", maintenant) as fait:
        close_parcours(
            conn,
            auteur,
            dossier.parcours,
            motif=motif,
            situation=situation,
            survenu_le=None,
            provenance="declare_assure",
            maintenant=maintenant,
        )
    return fait.id


def test_a_closing_taken_back_after_a_sweep_gives_the_reminders_back(dossier: Dossier) -> None:
    plan(dossier, MAINTENANT)
    fait = close(dossier, MAINTENANT + timedelta(minutes=1))
    sweep(MAINTENANT + timedelta(minutes=15))
    assert read("SELECT genre, resultat FROM pdp.message_rendez_vous WHERE genre = 'confirmation'") == [("confirmation", "sans_objet")]
    undo(dossier, fait, MAINTENANT + timedelta(minutes=20))
    sweep(MAINTENANT + timedelta(minutes=30))
    assert read("SELECT type, etat FROM pdp.outbox") == [("confirmation_rendez_vous", "a_envoyer")], "she is told of her appointment"


def test_a_closing_taken_back_after_a_sweep_opens_the_link_again(csam: UUID) -> None:
    dossier, chemin = create_invitation(csam, MAINTENANT)
    with lot() as conn:
        conn.execute(text("UPDATE pdp.outbox SET etat = 'livre', livre_at = :m"), {"m": MAINTENANT})
    fait = close(dossier, MAINTENANT + timedelta(minutes=1))
    sweep(MAINTENANT + timedelta(minutes=15))
    undo(dossier, fait, MAINTENANT + timedelta(minutes=20))
    assert ouvertes(dossier.parcours) == {"reponse_invitation"}
    assert book(chemin, MAINTENANT + timedelta(minutes=25)) == "fait"


def book(chemin: str, maintenant: datetime) -> str:
    with db.begin_portail() as conn:
        auteur = find_lien(conn, chemin.rsplit("/", 1)[1])
    assert auteur is not None
    with db.begin_as(auteur) as conn:
        resultat, cookie, _ = identify(conn, auteur, NAISSANCE_LE, maintenant)
    if resultat != "ok":
        return resultat
    with db.begin_as(auteur) as conn:
        creneau = read_lien(conn, auteur, cookie, maintenant).creneaux[0]
        return choose(conn, auteur, cookie, creneau.debut, maintenant)


def test_a_booking_just_before_a_merge_follows_the_person(csam: UUID) -> None:
    """Chosen through the link of the case that closes, a minute before the sweep merges: still told, still followed."""
    deux, chemin = create_invitation(csam, MAINTENANT)
    with lot() as conn:
        un = fabrique.parcours(conn, csam=csam)
        conn.execute(text("UPDATE identite.assure SET nom = 'Martin', prenom = 'Anne', nir_provisoire = (id = :b)"), {"b": deux.assure})
        conn.execute(text("UPDATE pdp.parcours SET decide_at = decide_at - interval '1 day' WHERE id = :p"), {"p": un.parcours})
        sweep_doublons(conn, "PF35", TEST, MAINTENANT)
    auteur = auteur_agent(csam)
    ((paire,),) = read("SELECT id FROM pdp.doublon")
    with db.begin_as(auteur) as conn:
        request_fusion(conn, auteur, paire, MAINTENANT)
    assert book(chemin, MAINTENANT) == "fait"
    with lot() as conn:
        sweep_doublons(conn, "PF35", TEST, MAINTENANT + timedelta(minutes=1))
    sweep(MAINTENANT + timedelta(minutes=15))
    reste = un if read("SELECT clos_at FROM pdp.parcours WHERE id = :p", p=un.parcours) == [(None,)] else deux
    assert [r.statut for r in rendez_vous(reste.parcours)] == ["planifie"]
    assert "tele_echange" in ouvertes(reste.parcours)
    assert read("SELECT count(*) FROM pdp.message_rendez_vous WHERE genre = 'confirmation'") == [(1,)]


def test_a_letter_that_came_too_late_is_not_printed(dossier: Dossier) -> None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        message = write_message(
            conn,
            auteur,
            dossier.parcours,
            modele="confirmation_rendez_vous",
            cause="essai",
            canal="courrier",
            valeurs={"jour": "mardi 24 novembre 2026", "heure": "10 h 30"},
            maintenant=MAINTENANT,
            trop_tard_at=MAINTENANT + timedelta(days=3),
        )
        give_adresse(conn, dossier)
    assert message.id is not None
    with db.begin_as(auteur) as conn:
        impression = print_lettres(conn, auteur, [message.id], MAINTENANT + timedelta(days=3))
        assert (impression.pdf, impression.imprimees) == (None, 0)
        assert list_lettres(conn) == []
    assert read("SELECT etat, dernier_code FROM pdp.outbox") == [("rappele", "trop_tard")]


@pytest.mark.parametrize(
    ("motif", "au", "apres", "refus"),
    [("deces", None, timedelta(days=30), "silence"), ("hospitalisation", timedelta(days=10), timedelta(days=11), None)],
    ids=["a death", "a stay in hospital"],
)
def test_nobody_is_called_from_another_platform_during_a_silence(
    dossier: Dossier, motif: str, au: timedelta | None, apres: timedelta, refus: str | None
) -> None:
    """A transfer asked for, then a silence: it is refused when the silence has no end, and waits for the end otherwise."""
    with lot() as conn:
        responsable = auteur_agent(fabrique.agent(conn, "responsable"), "responsable")
    with db.begin_as(responsable) as conn:
        assert request_transfert(conn, responsable, dossier.parcours, "PF57", "57463", MAINTENANT) is not None
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        fin = (MAINTENANT + au).date() if au else None
        set_silence(conn, auteur, dossier.assure, motif=motif, maintenant=MAINTENANT, au=fin)
    ailleurs = "SELECT count(*) FROM pdp.parcours WHERE plateforme_id = 'PF57'"
    with lot() as conn:
        apply_transferts(conn, "PF35", TEST, MAINTENANT + timedelta(minutes=15))
    assert read(ailleurs) == [(0,)]
    assert read("SELECT refus_code FROM pdp.transfert") == [(refus,)]
    with lot() as conn:
        apply_transferts(conn, "PF35", TEST, MAINTENANT + apres)
    assert read(ailleurs) == [(0 if refus else 1,)]


def test_a_letter_printed_before_a_death_is_not_posted(dossier: Dossier) -> None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn:
        message = write_message(
            conn, auteur, dossier.parcours, modele="injoignable", cause="essai", canal="courrier", maintenant=MAINTENANT
        )
        give_adresse(conn, dossier)
        assert message.id is not None
        assert print_lettres(conn, auteur, [message.id], MAINTENANT).imprimees == 1
        assert withhold_lettres(conn, auteur, [message.id], MAINTENANT) == ()
        set_silence(conn, auteur, dossier.assure, motif="deces", maintenant=MAINTENANT + timedelta(minutes=5))
    with db.begin_as(auteur) as conn:
        (retenue,) = withhold_lettres(conn, auteur, [message.id], MAINTENANT + timedelta(minutes=10))
        assert "en silence" in retenue
        assert post_lettres(conn, [message.id], MAINTENANT + timedelta(minutes=10)) == 0
    assert read("SELECT etat, dernier_code FROM pdp.outbox") == [("rappele", "silence")]


def give_adresse(conn: Connection, dossier: Dossier) -> None:
    conn.execute(
        text(
            "INSERT INTO identite.adresse_postale (plateforme_id, assure_id, lignes, code_postal, ville, saisie_par, saisie_at)"
            " VALUES ('PF35', :a, '1 rue de la Paix', '35000', 'Rennes', :c, :m)"
        ),
        {"a": dossier.assure, "c": dossier.csam, "m": MAINTENANT},
    )
