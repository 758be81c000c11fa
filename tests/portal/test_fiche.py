"""Fiche parcours: what it shows, what it never shows, and the whole way from the first call to the outcome through its forms."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import event, text

import fabrique
from pdp.config import settings
from pdp.domain.tele_echange import BLOCS
from pdp.services.read_fiche import read_fiche
from pdp.storage import db
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, TestClient

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom="Kermarrec"))
        donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
        donnees.add_tache(conn, dossier.parcours, "premier_appel", M + timedelta(days=1))
        conn.execute(
            text(
                "INSERT INTO pdp.droits_ij (assure_id, plateforme_id, comptees, epuisement_le, calcule_at)"
                " SELECT assure_id, plateforme_id, '{[2026-04-18,2026-11-18]}', '2027-04-11', :m FROM pdp.parcours"
            ),
            {"m": M},
        )
    return dossier


def open_taches(admin: Admin) -> list[str]:
    return [m for (m,) in admin.execute("SELECT motif FROM pdp.tache WHERE fermee_at IS NULL ORDER BY motif").fetchall()]


def get_statut(admin: Admin, dossier: fabrique.Dossier) -> str:
    ligne = admin.execute("SELECT statut FROM pdp.parcours WHERE id = %s", (dossier.parcours,)).fetchone()
    assert ligne is not None
    return str(ligne[0])


def test_header_says_who_how_long_and_why(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    page = connecter("csam").get(f"/parcours/{dossier.parcours}").text.replace("&#39;", "'")
    for attendu in (
        "Kermarrec Dominique, 46 ans",
        "13 semaines, depuis le 20/08/2026",
        "215 utilisées, 145 restantes",
        "projetée le 11/04/2027",
        "Non transmis par la caisse",
        "Plus de 90 jours d'arrêt",
        "Premier appel",
        "demain",
        "Rendez-vous de liaison possible",
        "Mon soutien psy",
        "La personne peut demander à lire ce texte",
    ):
        assert attendu in page, attendu
    assert "<title>Fiche parcours · Plateforme PDP</title>" in page


def test_medical_class_and_number_are_never_on_the_page(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    avant = _read_page(client, dossier)
    with fabrique.lot() as conn:
        identifiant = fabrique.arret(conn, dossier.assure, M.date(), M.date(), ald=True)
    _write_behind(
        admin,
        "INSERT INTO medical.motif_arret (plateforme_id, arret_id, assure_id, code_cim10, connu_at)"
        " VALUES ('PF35', %s, %s, 'F32.9', now())",
        identifiant,
        dossier.assure,
    )
    _write_behind(admin, "UPDATE pdp.episode SET ald = true")
    assert _read_page(client, dossier) == avant, "neither the motif nor the long-term affection changes anything"
    assert re.search(r"\b\d{13,15}\b", avant) is None


def _read_page(client: TestClient, dossier: fabrique.Dossier) -> str:
    """The page without its form keys, which are new each time."""
    return re.sub(r'name="cle_saisie" value="[^"]+"', "", client.get(f"/parcours/{dossier.parcours}").text)


def _write_behind(admin: Admin, requete: LiteralString, *valeurs: object) -> None:
    """Write behind the services: the superuser turns the triggers that ask for an author off."""
    admin.execute("SET session_replication_role = replica")
    admin.execute(requete, valeurs)


def test_statements_do_not_grow_with_the_history(dossier: fabrique.Dossier, lieu: donnees.Lieu) -> None:
    def count() -> int:
        comptees: list[str] = []
        moteur = db.engine(settings().url_app)

        def listener(*args: Any) -> None:
            comptees.append(args[2])

        event.listen(moteur, "before_cursor_execute", listener)
        with fabrique.lot() as conn:
            read_fiche(conn, lieu.comptes["csam"], dossier.parcours, M)
        event.remove(moteur, "before_cursor_execute", listener)
        return len(comptees)

    peu = count()
    with fabrique.lot() as conn:
        for rang in range(30):
            donnees.add_tache(conn, dossier.parcours, "tache_personnelle", M, cause=str(rang))
            donnees.add_tele_echange(conn, dossier, M + timedelta(days=rang), statut="annule_service")
    assert count() == peu


def test_add_snooze_and_finish_a_reminder(dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    client = connecter("csam")
    fiche = f"/parcours/{dossier.parcours}"
    saisie = {"sujet": "autre", "note": "Envoyer la plaquette", "echeance": "2026-11-20"}
    assert donnees.post(client, f"{fiche}/taches", fiche, **saisie).status_code == 303
    assert "Ajouté à votre liste pour le 20/11/2026" in client.get(fiche).text
    tache = admin.execute("SELECT id FROM pdp.tache WHERE motif = 'tache_personnelle'").fetchone()
    assert tache is not None
    attente = f"{fiche}/taches/{tache[0]}/attente"
    assert donnees.post(client, attente, fiche, raison="soins_en_cours", jusqu_a="2026-11-18").status_code == 422, "not to come"
    assert donnees.post(client, attente, fiche, raison="x", jusqu_a="2026-12-01").status_code == 422
    assert donnees.post(client, attente, fiche, raison="soins_en_cours", jusqu_a="2026-12-01").status_code == 303
    assert "dans 13 j" in client.get(fiche).text
    for _ in range(2):
        assert donnees.post(client, f"{fiche}/taches/{tache[0]}/faite", fiche).status_code == 303
    assert open_taches(admin) == ["premier_appel"]


def test_from_the_call_to_the_outcome(
    dossier: fabrique.Dossier, lieu: donnees.Lieu, connecter: Connecter, horloge: Horloge, admin: Admin
) -> None:
    """The coordinator's whole way, through the forms only."""
    client = connecter("csam")
    fiche = f"/parcours/{dossier.parcours}"

    suite = donnees.post(client, f"{fiche}/appel", f"{fiche}/appel", resultat="joint").headers["location"]
    assert suite == f"{fiche}/creneaux"
    debut = re.search(r'name="debut_at" value="([^"]+)"', client.get(suite).text)
    assert debut is not None
    choisi = {"debut_at": debut.group(1), "canal": "telephone"}
    assert donnees.post(client, suite, suite, **choisi).headers["location"] == fiche
    assert donnees.post(client, suite, suite, **choisi).status_code == 303, "the same slot again is the same appointment"
    assert get_statut(admin, dossier) == "entretien_planifie"

    entretien = _find_id(admin, "tele_echange")
    adresse = f"/tele-echanges/{entretien}"
    assert "n'a pas encore commencé" in client.get(adresse).text.replace("&#39;", "'")
    horloge.advance(days=1)
    client = connecter("csam")
    reponse = donnees.post(client, adresse, adresse, statut="realise", synthese="Voir le poste", **_answers())
    assert reponse.headers["location"] == f"{fiche}#accords"
    assert get_statut(admin, dossier) == "entretien_realise"
    relue = client.get(adresse).text
    assert "Voir le poste" in relue
    assert 'value="cdi" checked' in relue
    assert 'value="moins_bien" checked' not in relue, "declared health is not shown again"

    apercu = f"{fiche}/orientations/{lieu.comptes['partenaire']}"
    assert "rien ne peut partir" in client.get(apercu).text
    refus = donnees.post(client, f"{fiche}/orientations", apercu, partenaire_id=lieu.comptes["partenaire"], motif="Aménager le poste")
    assert refus.status_code == 409
    accord = f"{fiche}/accords/cap_emploi"
    lue = client.get(accord).text
    assert "cap_emploi-2026.2" in lue
    reponse = {"decision": "accorde", "modalite": "oral", "version": "cap_emploi-2026.2", "classes": ["identite", "contact", "emploi"]}
    assert donnees.post(client, accord, accord, **reponse).status_code == 422, "the text is read first"
    assert donnees.post(client, accord, accord, **reponse, texte_lu="oui").status_code == 303
    vu = client.get(apercu).text
    assert "Ce que le partenaire verra" in vu
    assert "Kermarrec" in vu
    assert "Moins bien" not in vu
    for _ in range(2):
        reponse = donnees.post(client, f"{fiche}/orientations", apercu, partenaire_id=lieu.comptes["partenaire"], motif="Aménager le poste")
        assert reponse.headers["location"] == f"{fiche}#orientations"
    assert admin.execute("SELECT count(*) FROM pdp.orientation").fetchone() == (1,)
    assert admin.execute("SELECT count(*) FROM pdp.outbox").fetchone() == (1,)

    accord_id = _find_id(admin, "accord")
    assert donnees.post(client, f"{fiche}/accords/{accord_id}/retirer", accord, canal="telephone").status_code == 303
    assert admin.execute("SELECT statut FROM pdp.orientation").fetchone() == ("annulee",)
    assert "Accord retiré" in client.get(fiche).text

    assert donnees.post(client, f"{fiche}/soutien-psy", fiche, resultat="refusee").status_code == 303
    _close_and_reopen(client, fiche, admin, dossier)


def _close_and_reopen(client: TestClient, fiche: str, admin: Admin, dossier: fabrique.Dossier) -> None:
    cloture = f"{fiche}/cloture"
    bonne = {"motif": "reprise_amenagee", "situation": "poste_amenage", "survenu_le": "2026-11-18", "provenance": "declare_assure"}
    for mauvaise in (
        {**bonne, "situation": "retraite"},
        {**bonne, "survenu_le": ""},
        {**bonne, "survenu_le": "2026-12-01"},
        {**bonne, "provenance": "donnee_administrative"},
        {**bonne, "motif": "decision_mc"},
    ):
        reponse = donnees.post(client, cloture, cloture, **mauvaise)
        assert reponse.status_code == 422, mauvaise
        assert 'role="alert"' in reponse.text
        assert 'value="declare_assure" selected' in reponse.text or mauvaise["provenance"] != "declare_assure"
    assert get_statut(admin, dossier) != "cloture"
    assert donnees.post(client, cloture, cloture, **bonne).status_code == 303
    assert "Parcours clos le" in client.get(fiche).text
    trop_tot = donnees.post(client, f"{fiche}/issue", f"{fiche}/issue", jalon="m6", situation="inconnu", provenance="declare_assure")
    assert trop_tot.status_code == 422
    assert donnees.post(client, cloture, fiche, **bonne).status_code == 409
    assert donnees.post(client, f"{fiche}/rouvrir", fiche, motif="reprise_echec").status_code == 303
    assert get_statut(admin, dossier) == "contact_en_cours"
    page = client.get(fiche).text
    for tag in ("Appel", "Télé-échange", "Accord", "Orientation", "Mon soutien psy", "Parcours rouvert"):
        assert tag in page, tag


def _answers() -> dict[str, Any]:
    """First answer of every question; health answers included."""
    reponses: dict[str, Any] = {f"{b.classe}.{q.cle}": next(iter(q.choix)) for b in BLOCS for q in b.questions}
    return {**reponses, "sante.ressenti": "moins_bien", "social.difficultes": ["dettes", "logement"]}


def _find_id(admin: Admin, table: str) -> UUID:
    ligne = admin.execute(f"SELECT id FROM pdp.{table}").fetchone()
    assert ligne is not None
    identifiant: UUID = ligne[0]
    return identifiant


@pytest.mark.parametrize("charge", ["<script>alert(1)</script>", "{{7*7}}", "{% raw %}", '"><img src=x onerror=alert(1)>', "${7*7}"])
def test_what_people_type_is_shown_as_text(dossier: fabrique.Dossier, connecter: Connecter, charge: str) -> None:
    client = connecter("csam")
    fiche = f"/parcours/{dossier.parcours}"
    donnees.post(client, f"{fiche}/taches", fiche, sujet="autre", note=charge, echeance="2026-11-18")
    donnees.post(client, f"{fiche}/appel", f"{fiche}/appel", resultat="messagerie", note=charge)
    for page in (fiche, f"{fiche}/appel", "/ma-liste"):
        contenu = client.get(page).text
        assert "<script>alert" not in contenu
        assert "<img" not in contenu


def test_somebody_elses_pieces_are_out_of_reach(lieu: donnees.Lieu, dossier: fabrique.Dossier, connecter: Connecter, admin: Admin) -> None:
    """A task, an appointment or an agreement of another case cannot be acted upon through one of mine."""
    with fabrique.lot() as conn:
        autre = fabrique.parcours(conn, csam=lieu.comptes["csam2"])
        tache = donnees.add_tache(conn, autre.parcours, "lire_reponse", M)
        entretien = donnees.add_tele_echange(conn, autre, M)
    client = connecter("csam")
    fiche = f"/parcours/{dossier.parcours}"
    for base in (fiche, f"/parcours/{autre.parcours}"):
        assert donnees.post(client, f"{base}/taches/{tache}/faite", fiche).status_code == 404
        assert donnees.post(client, f"{base}/tele-echanges/{entretien}/annuler", fiche, statut="annule_service").status_code == 404
    assert donnees.post(client, f"/tele-echanges/{entretien}", fiche, statut="absent").status_code == 404
    assert open_taches(admin) == ["lire_reponse", "premier_appel"]
