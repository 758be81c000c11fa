"""The link of the insured through the real portal and database: what is shown, to whom, and who decides when two people want one slot."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from fabrique import MAINTENANT, auteur_agent, lot
from lien_assure import NAISSANCE, Invitee, create_invitation, ouvertes, read_chemin, rendez_vous, statut, sweep
from pdp.domain.auteur import Auteur
from pdp.portal.debit import Debit
from pdp.services.book_rendez_vous import choose, find_lien, identify, read_lien
from pdp.services.invite_assure import revoke_invitation
from pdp.services.record_absence import record_absence
from pdp.services.set_horaires import add_plage
from pdp.storage import db
from portal.conftest import Horloge
from portal.donnees import Lieu, TestClient

SANTE = re.compile(r"arrêt|malad|sant[ée]|désinsertion|PDP|médec|soin|travail", re.IGNORECASE)


Inviter = Callable[..., Invitee]


@pytest.fixture
def inviter(app: FastAPI, lieu: Lieu, horloge: Horloge) -> Inviter:
    def invite() -> Invitee:
        dossier, chemin = create_invitation(lieu.comptes["csam"], horloge.instant)
        return Invitee(dossier, chemin, TestClient(app, base_url="http://portail.test", follow_redirects=False))

    return invite


def test_nothing_is_shown_before_the_birth_date(inviter: Inviter) -> None:
    invitee = inviter()
    page = invitee.get()
    assert page.status_code == 200
    assert "Votre date de naissance" in page.text
    assert "debut_at" not in page.text
    assert invitee.post("choix", debut_at="2026-11-20T09:00:00+01:00").headers["location"].endswith("?suite=identite")
    assert invitee.get("/rendez-vous.ics").status_code == 303
    assert rendez_vous(invitee.dossier.parcours) == []


def test_pages_are_neutral_private_and_leave_no_trace(inviter: Inviter, lieu: Lieu) -> None:
    invitee = inviter()
    pages = [invitee.get()]
    invitee.identify()
    pages.append(invitee.get())
    invitee.post("choix", debut_at=invitee.creneaux()[0])
    pages += [invitee.get("?suite=fait_choisi"), invitee.client.get("/rendez-vous/inconnu")]
    for page in pages:
        texte = re.sub(r"<link[^>]*>|<a [^>]*>|Assurance Maladie", "", page.text)  # who writes is said, not why
        assert not SANTE.search(texte), SANTE.search(texte)
        assert not re.search("Assuree|Dominique", page.text), "no name"
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        assert "no-store" in page.headers["cache-control"]
        assert page.headers["referrer-policy"] == "same-origin", "nothing outside ever learns the address"
        assert 'href="tel:' in page.text
        assert "<script" not in page.text


def test_looking_writes_nothing(inviter: Inviter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail scanner opens the link ten times: read-only transactions, the same page, no try counted."""
    invitee = inviter()

    def photo() -> list[Any]:
        with lot() as conn:
            requete = "SELECT essais, repondue_at, (SELECT count(*) FROM pdp.geste_assure), (SELECT count(*) FROM journal.evenement)"
            requete += " FROM pdp.invitation"
            return list(conn.execute(text(requete)).all())

    avant = photo()
    assert {invitee.get().status_code for _ in range(10)} == {200}
    for acte in ("choix", "annulation", "rappel", "nouveau-lien", "identite"):
        assert invitee.get(f"/{acte}").status_code == 405
    assert photo() == avant


def test_choose_then_move_then_cancel(inviter: Inviter, horloge: Horloge) -> None:
    invitee = inviter()
    invitee.identify()
    libres = invitee.creneaux()
    premier, second = libres[0], libres[10]
    assert datetime.fromisoformat(premier) >= MAINTENANT + timedelta(hours=24)
    assert invitee.post("choix", debut_at=premier).headers["location"].endswith("?suite=fait_choisi")
    assert invitee.post("choix", debut_at=premier).headers["location"].endswith("?suite=fait_choisi"), "a double click is one appointment"
    assert "Votre rendez-vous" in invitee.get("?suite=fait_choisi").text
    assert premier not in invitee.creneaux()
    horloge.advance(minutes=15)
    assert sweep(horloge.instant)["geste_choisi"] == 1
    assert statut(invitee.dossier.parcours) == "entretien_planifie"
    assert ouvertes(invitee.dossier.parcours) == {"tele_echange"}
    assert sweep(horloge.instant) == {}, "twice is once"

    invitee.post("choix", debut_at=second)
    sweep(horloge.instant)
    ancien, nouveau = rendez_vous(invitee.dossier.parcours)
    assert (ancien.statut, nouveau.statut) == ("reporte", "planifie")
    assert ancien.ics_uid == nouveau.ics_uid
    assert (ancien.ics_sequence, nouveau.ics_sequence) == (0, 1)

    assert invitee.post("annulation").headers["location"].endswith("?suite=fait_annule")
    sweep(horloge.instant)
    assert rendez_vous(invitee.dossier.parcours)[-1].statut == "annule_assure"
    assert statut(invitee.dossier.parcours) == "contact_en_cours"
    assert ouvertes(invitee.dossier.parcours) == {"planifier_tele_echange"}


def test_call_me_instead_comes_to_the_coordinator(inviter: Inviter, horloge: Horloge) -> None:
    invitee = inviter()
    invitee.identify()
    invitee.post("rappel")
    invitee.post("rappel")
    sweep(horloge.instant)
    with lot() as conn:
        notes = conn.execute(text("SELECT note FROM pdp.tache WHERE motif = 'rappel_promis' AND fermee_at IS NULL")).scalars().all()
    assert notes == ["La personne demande à être appelée (depuis le lien de rendez-vous)."]


def test_wrong_dates_lock_the_link_and_bring_a_call(inviter: Inviter, horloge: Horloge) -> None:
    invitee = inviter()
    for essai in range(5):
        page = invitee.post("identite", jour="2", mois="5", annee="1980")
        assert page.status_code == (422 if essai < 4 else 303)
    assert invitee.get().status_code == 403
    assert "bloqué par sécurité" in invitee.get().text
    assert invitee.post("identite", **NAISSANCE).status_code == 303
    assert "bloqué par sécurité" in invitee.get().text, "the right date comes too late"
    sweep(horloge.instant)
    assert "rappel_promis" in ouvertes(invitee.dossier.parcours)
    assert "reponse_invitation" not in ouvertes(invitee.dossier.parcours)


@pytest.mark.parametrize(
    "champs",
    [{"jour": "31", "mois": "2", "annee": "1980"}, {"jour": "", "mois": "5", "annee": "1980"}, {"jour": "x", "mois": "5", "annee": "80"}],
)
def test_a_date_that_does_not_exist_is_not_a_try(inviter: Inviter, champs: dict[str, str]) -> None:
    invitee = inviter()
    assert "Cette date n'existe pas" in invitee.post("identite", **champs).text.replace("&#39;", "'")
    with lot() as conn:
        assert conn.execute(text("SELECT essais FROM pdp.invitation")).scalar_one() == 0


def test_unknown_and_closed_links_answer_alike(inviter: Inviter, horloge: Horloge) -> None:
    invitee = inviter()
    inconnue = invitee.client.get("/rendez-vous/" + "A" * 22)
    with lot() as conn:
        revoke_invitation(conn, invitee.dossier.parcours, "annulee", horloge.instant)
    fermee = invitee.get()
    assert (fermee.status_code, fermee.text) == (inconnue.status_code, inconnue.text)
    for acte in ("choix", "annulation", "rappel", "nouveau-lien", "identite"):
        champs = {"debut_at": "2026-11-20T09:00:00+01:00", **NAISSANCE}
        ici, ailleurs = invitee.post(acte, **champs), invitee.client.post(f"/rendez-vous/{'A' * 22}/{acte}", data=champs)
        if ici.status_code == 303:
            ici = invitee.client.get(ici.headers["location"])
        assert (ici.status_code, ici.text) == (ailleurs.status_code, ailleurs.text), acte


_ACCORD = (
    "INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, modalite, texte_version, recueilli_par,"
    " recueilli_at, retire_at, retrait_canal)"
    " SELECT plateforme_id, id, 'accompagnement', {}, 'x', 'oral', 'v1', csam_id, :m, {} FROM pdp.parcours WHERE id = :p"
)
CLOTURES = {
    "closing": "UPDATE pdp.parcours SET statut = 'cloture', clos_at = :m, cloture_motif = 'refus_assure' WHERE id = :p",
    "refusal": _ACCORD.format("'refuse'", "NULL, NULL"),
    "withdrawal": _ACCORD.format("'accorde'", ":m, 'telephone'"),
    "silence": "INSERT INTO pdp.mise_en_silence (plateforme_id, assure_id, motif, du, posee_par, posee_at)"
    " SELECT plateforme_id, assure_id, 'refus', '2026-11-18', csam_id, :m FROM pdp.parcours WHERE id = :p",
}


@pytest.mark.parametrize("fait", sorted(CLOTURES))
def test_the_link_stops_at_once_without_waiting_for_a_sweep(inviter: Inviter, horloge: Horloge, fait: str) -> None:
    invitee = inviter()
    invitee.identify()
    creneau = invitee.creneaux()[0]
    with lot() as conn:
        conn.execute(text(CLOTURES[fait]), {"p": invitee.dossier.parcours, "m": horloge.instant})
    assert invitee.get().status_code == 404
    invitee.post("choix", debut_at=creneau)
    assert rendez_vous(invitee.dossier.parcours) == []
    assert sum(n for cle, n in sweep(horloge.instant).items() if cle.startswith("liens_")) == 1


def test_an_expired_link_comes_back_and_can_be_renewed(inviter: Inviter, horloge: Horloge) -> None:
    invitee = inviter()
    horloge.advance(days=11)
    page = invitee.get()
    assert (page.status_code, "Recevoir un nouveau lien" in page.text) == (410, True)
    assert sweep(horloge.instant)["liens_expiree"] == 1
    assert ouvertes(invitee.dossier.parcours) == {"planifier_tele_echange"}
    assert "prise en compte" in invitee.post("nouveau-lien").text
    invitee.post("nouveau-lien")
    assert sweep(horloge.instant)["geste_nouveau_lien"] == 1
    nouveau = read_chemin(invitee.dossier.parcours)
    assert nouveau != invitee.chemin
    assert invitee.client.get(nouveau).status_code == 200
    assert ouvertes(invitee.dossier.parcours) == {"reponse_invitation"}


def test_an_appointment_keeps_its_link_until_it_begins(inviter: Inviter, horloge: Horloge) -> None:
    invitee = inviter()
    invitee.identify()
    dernier = invitee.creneaux()[-1]
    assert datetime.fromisoformat(dernier) > MAINTENANT + timedelta(days=11)
    invitee.post("choix", debut_at=dernier)
    horloge.advance(days=12)
    assert sweep(horloge.instant).get("liens_expiree") is None
    assert invitee.get().status_code == 200


def test_the_file_of_the_appointment_is_neutral(inviter: Inviter) -> None:
    invitee = inviter()
    invitee.identify()
    invitee.post("choix", debut_at=invitee.creneaux()[0])
    fichier = invitee.get("/rendez-vous.ics")
    assert fichier.headers["content-type"].startswith("text/calendar")
    assert "SUMMARY:Rendez-vous téléphonique" in fichier.text
    assert not re.search(f"Assuree|Dominique|{invitee.dossier.parcours}", fichier.text)


def test_two_people_want_one_slot_the_database_decides(inviter: Inviter, lieu: Lieu) -> None:
    """Two connections, both past every check of the application, insert at the same time."""
    invitees = [inviter(), inviter()]
    creneau = None
    depart = threading.Barrier(2)
    comptes: list[tuple[Auteur, str]] = []
    for invitee in invitees:
        invitee.identify()
        with db.begin_portail() as conn:
            auteur = find_lien(conn, invitee.chemin.rsplit("/", 1)[1])
        assert auteur is not None
        with db.begin_as(auteur) as conn:
            _, acces, _ = identify(conn, auteur, date(1980, 5, 1), MAINTENANT)
        comptes.append((auteur, acces))
        with db.begin_as(auteur) as conn:
            creneau = read_lien(conn, auteur, acces, MAINTENANT).creneaux[0].debut

    def take(compte: tuple[Auteur, str]) -> str:
        auteur, acces = compte
        assert creneau is not None
        with db.begin_as(auteur) as conn:
            lien = read_lien(conn, auteur, acces, MAINTENANT)
            assert creneau in [c.debut for c in lien.creneaux]
            depart.wait(timeout=20)
            return choose(conn, auteur, acces, creneau, MAINTENANT)

    with ThreadPoolExecutor(2) as atelier:
        resultats = sorted(atelier.map(take, comptes))
    assert resultats == ["fait", "pris"]
    compte = text("SELECT count(*) FROM pdp.tele_echange WHERE debut_at = :d AND statut = 'planifie'")
    with lot() as conn:
        assert conn.execute(compte, {"d": creneau}).scalar_one() == 1
    perdant = next(i for i in invitees if not rendez_vous(i.dossier.parcours))
    perdant.identify()
    assert "Ce créneau vient d" in perdant.get("?suite=pris").text
    assert len(perdant.creneaux()) > 5, "others are offered"


def test_hours_closed_and_absences_are_never_offered(inviter: Inviter, lieu: Lieu, horloge: Horloge) -> None:
    invitee = inviter()
    invitee.identify()
    csam, responsable = lieu.comptes["csam"], lieu.comptes["responsable"]
    avant = invitee.creneaux()
    auteur, chef = auteur_agent(csam), auteur_agent(responsable, "responsable")
    with db.begin_as(auteur) as conn:
        add_plage(conn, auteur, csam, "fermee", date(2026, 11, 20), 540, 720, horloge.instant)
    with db.begin_as(chef) as conn:
        record_absence(conn, chef, agent_id=csam, du=date(2026, 11, 23), au=date(2026, 11, 27), motif="conge")
    apres = invitee.creneaux()
    perdus = set(avant) - set(apres)
    assert {c[:10] for c in perdus} == {"2026-11-20", *(f"2026-11-{j}" for j in range(23, 28))}
    assert [c for c in apres if c.startswith("2026-11-20")] == [c for c in avant if c.startswith("2026-11-20") and c[11:13] >= "13"]
    for creneau in perdus:
        assert invitee.post("choix", debut_at=creneau).headers["location"].endswith("?suite=pris")
    assert rendez_vous(invitee.dossier.parcours) == []


def test_too_many_requests_of_one_address_are_told_to_wait(inviter: Inviter, app: FastAPI) -> None:
    invitee = inviter()
    app.state.debits["/rendez-vous"] = Debit(maximum=3)
    assert [invitee.get().status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def test_rate_limit_forgets_after_the_window() -> None:
    debit = Debit(maximum=2, fenetre_s=60)
    assert [debit.is_admis("a", t) for t in (0, 1, 2, 59.9, 60.5, 61.5)] == [True, True, False, False, True, True]
    assert debit.is_admis("b", 2)
