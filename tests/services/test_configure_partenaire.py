"""Configuration of partners: what waits follows the transport, what was tried ends where it began, lists do not undo a person's choice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, TEST, lot
from pdp.config import settings
from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide, Introuvable
from pdp.partners import http, simulateur_registre
from pdp.partners.simulateur_registre import Etape
from pdp.services.collect_reponses import apply_reponses, poll_partenaires
from pdp.services.configure_partenaire import (
    Changement,
    Configuration,
    configure_partenaire,
    parse_codes,
)
from pdp.services.manage_structure import add_absence, add_contact, set_capacite
from pdp.services.orient_parcours import cancel_orientation
from pdp.services.read_structure import list_transports
from pdp.services.record_reponse import record_reponse
from pdp.services.send_outbox import send_due
from pdp.storage import db, journal
from pdp.storage.sql import query
from relais import REPENTIR, SECRET_B64, relais, simulateur

Admin = psycopg.Connection[Any]
JOUR = MAINTENANT.date()
PORTAIL = Configuration("portail", courriel="cap@exemple.invalid")
SECURISEE = Configuration("messagerie", adresse_securisee="cap@exemple.mssante.invalid")


@pytest.fixture
def responsable(base: str) -> Auteur:
    with lot() as conn:
        fabrique.socle(conn)
        return Auteur("agent", str(fabrique.agent(conn, "responsable")), "responsable", "PF35")


def configure(auteur: Auteur, partenaire: UUID, voulue: Configuration) -> Changement:
    with db.begin_as(auteur) as conn:
        return configure_partenaire(conn, auteur, partenaire, voulue, MAINTENANT)


def _outbox(admin: Admin) -> list[tuple[Any, ...]]:
    return admin.execute("SELECT canal, type, etat, essais FROM pdp.outbox WHERE canal <> 'courriel' ORDER BY cree_at, type").fetchall()


def test_what_waits_follows_the_new_transport(responsable: Auteur, admin: Admin) -> None:
    r = relais(None)
    assert configure(responsable, r.partenaire, SECURISEE) == Changement(("canal", "courriel", "adresse_securisee"), 1, 0)
    assert _outbox(admin) == [("messagerie", "orientation", "a_envoyer", 0)]
    assert configure(responsable, r.partenaire, SECURISEE) == Changement(())


@pytest.mark.parametrize(
    ("etat", "essais", "voulue", "attendu"),
    [
        ("a_envoyer", 0, SECURISEE, ("messagerie", 1, 0)),
        ("a_envoyer", 2, SECURISEE, ("api", 0, 1)),  # it may have been received: it ends where it began
        ("a_envoyer", 2, PORTAIL, ("portail", 1, 0)),  # the same request, shown once
        ("en_cours", 1, SECURISEE, ("api", 0, 1)),
        ("livre", 1, SECURISEE, ("api", 0, 0)),
        ("incertain", 1, SECURISEE, ("api", 0, 0)),
        ("rebut", 3, SECURISEE, ("api", 0, 0)),
    ],
)
def test_what_was_tried_ends_where_it_began(
    responsable: Auteur, admin: Admin, etat: str, essais: int, voulue: Configuration, attendu: tuple[str, int, int]
) -> None:
    r = relais("http://127.0.0.1:9")
    bail = "now() + interval '1 minute'" if etat == "en_cours" else "NULL"
    with lot() as conn:
        conn.execute(text(f"UPDATE pdp.outbox SET etat = :e, essais = :n, bail_jusqu_a = {bail}"), {"e": etat, "n": essais})
    change = configure(responsable, r.partenaire, voulue)
    assert (_outbox(admin)[0][0], change.deplaces, change.restants) == attendu


def test_a_withdrawal_goes_where_the_hand_over_went(responsable: Auteur, admin: Admin) -> None:
    r = relais("http://127.0.0.1:9")
    with lot() as conn:
        conn.execute(text("UPDATE pdp.outbox SET etat = 'livre', essais = 1, livre_at = :m"), {"m": MAINTENANT})
        conn.execute(text("UPDATE pdp.orientation SET envoyee_at = :m"), {"m": MAINTENANT})
    configure(responsable, r.partenaire, PORTAIL)
    auteur = fabrique.auteur_agent(r.dossier.csam)
    with db.begin_as(auteur) as conn:
        cancel_orientation(conn, auteur, r.orientation, "erreur", MAINTENANT)
    assert ("api", "annulation", "a_envoyer", 0) in _outbox(admin), "its software must close what it received"
    configure(responsable, r.partenaire, SECURISEE)
    assert ("api", "annulation", "a_envoyer", 0) in _outbox(admin)


def test_the_message_really_leaves_by_the_new_transport_and_the_answer_counts(responsable: Auteur, admin: Admin) -> None:
    """API to portal before it left: the inbox shows it; then portal to secure mail: the answer of the inbox still counts."""
    r = relais("http://127.0.0.1:9")
    configure(responsable, r.partenaire, PORTAIL)
    assert send_due(MAINTENANT + REPENTIR, url=None).detail.get("livres", 0) >= 1
    configure(responsable, r.partenaire, SECURISEE)
    partenaire = Auteur("partenaire", str(r.partenaire), "partenaire", "PF35", str(r.partenaire))
    with db.begin_as(partenaire) as conn:
        record_reponse(
            conn,
            partenaire,
            r.orientation,
            statut="acceptee",
            motif=None,
            compte_rendu=None,
            evenement_id="e1",
            maintenant=MAINTENANT + timedelta(hours=1),
        )
    with lot() as conn:
        assert apply_reponses(conn, "PF35", TEST, MAINTENANT + timedelta(hours=2)).traites == 1
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("acceptee",)


def test_answers_by_a_former_interface_are_still_read(
    responsable: Auteur, admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real server: the request left by it, then the partner moved to the inbox; what its server says is read until the request ends."""
    monkeypatch.setattr(simulateur_registre, "script_of", lambda _: (Etape("acceptee"), Etape("realisee", compte_rendu="Fait.")))
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    settings.cache_clear()
    with simulateur(tmp_path, pannes=False) as (url, _):
        r = relais(url)
        assert send_due(MAINTENANT).traites == 1
        configure(responsable, r.partenaire, PORTAIL)
        with lot() as conn:
            historique = list_transports(conn, r.partenaire)
        assert [(t.canal, t.url, t.jusqu_at is None) for t in historique] == [("portail", None, True), ("api", url, False)]
        assert poll_partenaires(MAINTENANT).traites == 2
        with lot() as conn:
            apply_reponses(conn, "PF35", TEST, MAINTENANT)
        assert admin.execute("SELECT statut, compte_rendu FROM pdp.orientation").fetchone() == ("realisee", "Fait.")
        monkeypatch.setattr(http, "fetch_evenements", lambda *_: pytest.fail("nothing is going on there any more"))
        assert poll_partenaires(MAINTENANT).traites == 0


def test_history_keeps_every_transport_in_order(responsable: Auteur, admin: Admin) -> None:
    with lot() as conn:
        journal.live_at(conn, MAINTENANT - timedelta(days=9))
        partenaire = fabrique.partenaire(conn)
    for rang, voulue in enumerate((SECURISEE, PORTAIL, Configuration("fhir", url="https://exemple.invalid/fhir"))):
        with db.begin_as(responsable) as conn:
            configure_partenaire(conn, responsable, partenaire, voulue, MAINTENANT + timedelta(days=rang))
    with lot() as conn:
        assert [t.canal for t in list_transports(conn, partenaire)] == ["fhir", "portail", "messagerie", "portail"]
    assert admin.execute("SELECT count(*) FROM pdp.partenaire_transport WHERE jusqu_at IS NULL").fetchone() == (1,)


@pytest.mark.parametrize("role", ["csam", "medecin_conseil"])
def test_others_may_not_configure(responsable: Auteur, role: str) -> None:
    with lot() as conn:
        partenaire, agent = fabrique.partenaire(conn), fabrique.agent(conn, role)
    auteur = Auteur("agent", str(agent), role, "PF35")
    with pytest.raises(Exception, match="permission denied"), db.begin_as(auteur) as conn:
        configure_partenaire(conn, auteur, partenaire, SECURISEE, MAINTENANT)


def test_a_manager_elsewhere_finds_nothing(responsable: Auteur) -> None:
    with lot() as conn:
        partenaire, agent = fabrique.partenaire(conn), fabrique.agent(conn, "responsable", "PF57")
    auteur = Auteur("agent", str(agent), "responsable", "PF57")
    with pytest.raises(Introuvable), db.begin_as(auteur) as conn:
        configure_partenaire(conn, auteur, partenaire, SECURISEE, MAINTENANT)
    with pytest.raises(Introuvable), db.begin_as(auteur) as conn:
        set_capacite(conn, auteur, partenaire, places=1, periode="mois", complet_jusqu_au=None, jour=JOUR, maintenant=MAINTENANT)


@pytest.mark.parametrize(
    ("genre", "texte", "codes"),
    [
        ("zone", "35, 35238\n2a;974 2B033", ("2A", "2B033", "35", "35238", "974")),
        ("zone", "", ()),
        ("spst", "spst3500000001 SPST3500000001", ("SPST3500000001",)),
        ("employeur", "123456789 12345678901234", ("123456789", "12345678901234")),
    ],
)
def test_codes_are_read_as_typed(genre: str, texte: str, codes: tuple[str, ...]) -> None:
    assert parse_codes(genre, texte) == codes


@pytest.mark.parametrize(
    ("genre", "texte"),
    [("zone", "3"), ("zone", "352381"), ("zone", "Rennes"), ("spst", "SPST35"), ("employeur", "12345678"), ("rue", "35")],
)
def test_wrong_codes_are_refused(genre: str, texte: str) -> None:
    with pytest.raises(DonneeInvalide, match=r"bad_code|unknown_kind"):
        parse_codes(genre, texte)


# -- who is reminded


def test_reminders_go_to_who_is_there(responsable: Auteur, admin: Admin) -> None:
    with lot() as conn:
        partenaire = fabrique.partenaire(conn)
    noms: dict[str, UUID] = {}
    with db.begin_as(responsable) as conn:
        for nom, rappels in (("Absente", True), ("Autre", True), ("Discret", False), ("Relais", False)):
            noms[nom] = add_contact(
                conn,
                responsable,
                partenaire,
                nom=nom,
                fonction=None,
                courriel=f"{nom.lower()}@exemple.invalid",
                telephone=None,
                rappels=rappels,
                maintenant=MAINTENANT,
            )
    assert _rappels(partenaire, 0) == ["Absente", "Autre"]
    with db.begin_as(responsable) as conn:
        du, au = JOUR, JOUR + timedelta(days=3)
        add_absence(
            conn, responsable, partenaire, contact_id=noms["Absente"], du=du, au=au, relais_id=noms["Relais"], maintenant=MAINTENANT
        )
    assert [_rappels(partenaire, ecart) for ecart in (-1, 0, 3, 4)] == [
        ["Absente", "Autre"],
        ["Autre", "Relais"],
        ["Autre", "Relais"],
        ["Absente", "Autre"],
    ]


def _rappels(partenaire: UUID, ecart: int) -> list[str]:
    """Names behind the addresses that the reminders of that day go to."""
    with lot() as conn:
        lignes = conn.execute(query("horloge.lister_collegues"), {"partenaire": partenaire, "jour": JOUR + timedelta(days=ecart)}).all()
        noms = dict(conn.execute(text("SELECT id, nom FROM pdp.partenaire_contact")).all())
    return sorted(noms[ligne.id] for ligne in lignes)


def test_what_began_by_a_former_address_ends_there(
    responsable: Auteur, admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried once by the API, then the partner moves to a FHIR server elsewhere: the retry goes to the API."""
    monkeypatch.setattr(simulateur_registre, "script_of", lambda _: ())
    monkeypatch.setenv("PDP_SECRET_PARTENAIRES", SECRET_B64)
    settings.cache_clear()
    with simulateur(tmp_path, pannes=False) as (url, _):
        r = relais(url)
        with lot() as conn:
            conn.execute(text("UPDATE pdp.outbox SET essais = 1"))
        change = configure(responsable, r.partenaire, Configuration("fhir", url="http://127.0.0.1:9/fhir"))
        assert (change.deplaces, change.restants) == (0, 1)
        assert send_due(MAINTENANT).detail == {"livres": 1}
        assert _outbox(admin)[0][:3] == ("api", "orientation", "livre")
