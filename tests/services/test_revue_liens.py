"""Links crossed with the rest: a former link used again, an agreement taken back, a link stopped then sent anew, a case without hands."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from lien_assure import create_invitation, ouvertes, read_chemin, rendez_vous, statut, sweep
from pdp.services.annulation import AnnulationRefusee, acte, undo_acte
from pdp.services.book_rendez_vous import choose, decide, find_lien, identify, read_lien
from pdp.services.invite_assure import invite_assure, stop_invitation
from pdp.services.record_accord import record_accord
from pdp.services.record_contact import record_contact
from pdp.storage import db

NAISSANCE = date(1980, 5, 1)


@pytest.fixture
def csam(base: str) -> UUID:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.agent(conn)


class Personne:
    """Who holds a link."""

    def __init__(self, chemin: str) -> None:
        with db.begin_portail() as conn:
            auteur = find_lien(conn, chemin.rsplit("/", 1)[1])
        assert auteur is not None
        self.auteur, self.cookie = auteur, ""

    def identify(self, maintenant: datetime, naissance: Any = NAISSANCE) -> str:
        with db.begin_as(self.auteur) as conn:
            resultat, self.cookie, _ = identify(conn, self.auteur, naissance, maintenant)
        return resultat

    def etat(self, maintenant: datetime) -> str:
        with db.begin_as(self.auteur, lecture=True) as conn:
            return read_lien(conn, self.auteur, self.cookie, maintenant).etat

    def decide(self, geste: str, maintenant: datetime) -> str:
        with db.begin_as(self.auteur) as conn:
            return decide(conn, self.auteur, self.cookie, geste, maintenant)

    def book(self, maintenant: datetime, rang: int = 0) -> str:
        with db.begin_as(self.auteur) as conn:
            creneau = read_lien(conn, self.auteur, self.cookie, maintenant).creneaux[rang]
            return choose(conn, self.auteur, self.cookie, creneau.debut, maintenant)


def messages(parcours: UUID) -> list[tuple[str, str, str | None]]:
    requete = "SELECT type, etat, dernier_code FROM pdp.outbox WHERE parcours_id = :p ORDER BY cree_at"
    with lot() as conn:
        return [tuple(x) for x in conn.execute(text(requete), {"p": parcours}).all()]


def test_a_former_link_used_again_does_not_stop_the_one_in_use(csam: UUID) -> None:
    """Asked for a new link, received it; the old message opened again (or by somebody else) must not kill it."""
    dossier, ancien = create_invitation(csam, MAINTENANT)
    apres = MAINTENANT + timedelta(days=12)
    sweep(apres)
    vieux = Personne(ancien)
    assert vieux.etat(apres) == "expire"
    assert vieux.decide("nouveau_lien", apres) == "fait"
    sweep(apres)
    nouveau = Personne(read_chemin(dossier.parcours))
    assert nouveau.etat(apres) == "ouvert"
    plus_tard = apres + timedelta(hours=1)
    vieux.decide("nouveau_lien", plus_tard)
    sweep(plus_tard)
    assert nouveau.etat(plus_tard) == "ouvert", "the link she received still opens"
    assert nouveau.identify(plus_tard) == "ok"
    assert nouveau.book(plus_tard) == "fait"
    sweep(plus_tard)
    vieux.decide("nouveau_lien", plus_tard + timedelta(hours=1))
    sweep(plus_tard + timedelta(hours=1))
    assert nouveau.etat(plus_tard + timedelta(hours=1)) == "ouvert", "she can still move or cancel her appointment"


def test_a_refusal_entered_in_error_and_taken_back_opens_the_link_again(csam: UUID) -> None:
    dossier, chemin = create_invitation(csam, MAINTENANT)
    auteur, lien = auteur_agent(csam), Personne(chemin)
    with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "accord", MAINTENANT) as fait:
        record_accord(
            conn, auteur, dossier.parcours, destinataire="accompagnement", decision="refuse", modalite="oral", maintenant=MAINTENANT
        )
    assert lien.etat(MAINTENANT) == "ferme"
    with db.begin_as(auteur) as conn:
        undo_acte(conn, auteur, fait.id, MAINTENANT + timedelta(minutes=1))
    assert lien.etat(MAINTENANT + timedelta(minutes=1)) == "ouvert"


def test_a_link_stopped_then_sent_anew_within_the_day_leaves(csam: UUID) -> None:
    """The first message has left and its link is dead: without the second message nobody holds the new link."""
    dossier, _ = create_invitation(csam, MAINTENANT)
    with lot() as conn:
        conn.execute(text("UPDATE pdp.outbox SET etat = 'livre', livre_at = :m"), {"m": MAINTENANT})
    auteur = auteur_agent(csam)
    with db.begin_as(auteur) as conn:
        assert stop_invitation(conn, auteur, dossier.parcours, MAINTENANT + timedelta(hours=1))
    with db.begin_as(auteur) as conn:
        invite_assure(conn, auteur, dossier.parcours, MAINTENANT + timedelta(hours=2))
    assert [m[1] for m in messages(dossier.parcours)] == ["livre", "a_envoyer"]


def test_wrong_dates_on_a_former_link_do_not_stop_the_one_sent_since(csam: UUID) -> None:
    dossier, ancien = create_invitation(csam, MAINTENANT)
    vieux = Personne(ancien)
    for _ in range(10):
        if vieux.identify(MAINTENANT, NAISSANCE - timedelta(days=1)) == "bloque":
            break
    assert vieux.etat(MAINTENANT) == "bloque"
    auteur = auteur_agent(csam)
    plus_tard = MAINTENANT + timedelta(minutes=5)
    with db.begin_as(auteur) as conn:
        assert invite_assure(conn, auteur, dossier.parcours, plus_tard).id is not None
    nouveau = Personne(read_chemin(dossier.parcours))
    assert nouveau.etat(plus_tard) == "ouvert"
    sweep(plus_tard + timedelta(minutes=10))
    assert nouveau.etat(plus_tard + timedelta(minutes=10)) == "ouvert"


def test_a_booking_whose_case_lost_its_coordinator_stops_nobody_else(csam: UUID) -> None:
    """The sweep of a whole platform does not stop on one case."""
    dossier, chemin = create_invitation(csam, MAINTENANT)
    lien = Personne(chemin)
    assert lien.identify(MAINTENANT) == "ok"
    assert lien.book(MAINTENANT) == "fait"
    autre, autre_chemin = create_invitation(csam, MAINTENANT)
    elle = Personne(autre_chemin)
    elle.identify(MAINTENANT)
    assert elle.book(MAINTENANT, 3) == "fait"
    with lot() as conn:
        conn.execute(text("UPDATE pdp.parcours SET csam_id = NULL, statut = 'a_affecter' WHERE id = :p"), {"p": dossier.parcours})
    sweep(MAINTENANT + timedelta(minutes=15))
    assert statut(autre.parcours) == "entretien_planifie"
    with lot() as conn:
        conn.execute(text("UPDATE pdp.parcours SET csam_id = :c, statut = 'affecte' WHERE id = :p"), {"c": csam, "p": dossier.parcours})
    sweep(MAINTENANT + timedelta(minutes=30))
    assert statut(dossier.parcours) == "entretien_planifie", "what the person chose is not lost once somebody follows her"


def call(dossier: Dossier, maintenant: datetime) -> UUID | None:
    auteur = auteur_agent(dossier.csam)
    with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "contact", maintenant) as fait:
        record_contact(
            conn, auteur, dossier.parcours, resultat="joint", canal="telephone", note="", cle_saisie=uuid4(), maintenant=maintenant
        )
    return fait.id


@pytest.mark.parametrize("balaye", [False, True], ids=["before the sweep", "after the sweep"])
def test_undo_of_a_call_once_the_person_booked_alone(csam: UUID, balaye: bool) -> None:
    dossier, chemin = create_invitation(csam, MAINTENANT)
    fait = call(dossier, MAINTENANT)
    lien = Personne(chemin)
    assert lien.identify(MAINTENANT) == "ok"
    assert lien.book(MAINTENANT) == "fait"
    if balaye:
        sweep(MAINTENANT + timedelta(minutes=15))
    auteur = auteur_agent(csam)
    try:
        with db.begin_as(auteur) as conn:
            undo_acte(conn, auteur, fait, MAINTENANT + timedelta(minutes=20))
    except AnnulationRefusee:
        pass
    sweep(MAINTENANT + timedelta(minutes=30))
    assert statut(dossier.parcours) == "entretien_planifie"
    assert "tele_echange" in ouvertes(dossier.parcours)
    assert [r.statut for r in rendez_vous(dossier.parcours)] == ["planifie"]
