"""The case page: header, milestones, history with its filters, what is void, who followed the case; all in a fixed number of statements."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import event, text

import fabrique
from pdp.config import settings
from pdp.services.annulation import acte, undo_acte
from pdp.services.manage_taches import add_tache_personnelle
from pdp.services.read_fiche import Choix, read_fiche
from pdp.services.record_contact import cancel_contact, record_contact
from pdp.storage import db
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter

Admin = psycopg.Connection[Any]
M = fabrique.MAINTENANT
JOURS = timedelta(days=1)


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    """In arrêt since 20 August; an earlier absence in the spring, with a parcours of a colleague closed in June."""
    with fabrique.lot() as conn:
        personne = fabrique.assure(conn, nom="Kermarrec")
        ancien = fabrique.parcours(conn, csam=lieu.comptes["csam2"], assure_id=personne)
        conn.execute(
            text(
                "UPDATE pdp.episode SET debut = '2026-03-01', fin = '2026-05-31'"
                " FROM pdp.signalement s WHERE s.id = :s AND episode.id = s.episode_id"
            ),
            {"s": ancien.signalement},
        )
        conn.execute(
            text("UPDATE pdp.parcours SET statut = 'cloture', clos_at = '2026-06-02', cloture_motif = 'injoignable' WHERE id = :p"),
            {"p": ancien.parcours},
        )
        conn.execute(
            text(
                "SELECT set_config('pdp.instant', '2026-05-20T08:00:00Z', true),"
                " journal.consigner('parcours_interrompu', 'PF35', :a, :p, '{}')"
            ),
            {"a": personne, "p": ancien.parcours},
        )
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=personne)
        donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
        for csam, du, au, motif in (
            (lieu.comptes["csam2"], M - 20 * JOURS, M - 3 * JOURS, "Territoire : Rennes."),
            (lieu.comptes["csam"], M - 3 * JOURS, None, "Absence de la personne qui suivait."),
        ):
            conn.execute(
                text(
                    "INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, au, motif, par_type, par_id)"
                    " VALUES ('PF35', :p, :c, :d, :f, :m, 'systeme', 'assign_en_attente')"
                ),
                {"p": dossier.parcours, "c": csam, "d": du, "f": au, "m": motif},
            )
    return dossier


def call(lieu: donnees.Lieu, dossier: fabrique.Dossier, note: str) -> UUID:
    auteur = fabrique.auteur_agent(lieu.comptes["csam"])
    with db.begin_as(auteur) as conn:
        record_contact(
            conn, auteur, dossier.parcours, canal="telephone", resultat="messagerie", note=note, maintenant=M, cle_saisie=uuid4()
        )
        identifiant: UUID = conn.execute(text("SELECT id FROM pdp.contact WHERE note = :n"), {"n": note}).scalar_one()
    return identifiant


def read(lieu: donnees.Lieu, dossier: fabrique.Dossier, **choix: Any) -> Any:
    with db.begin_as(fabrique.auteur_agent(lieu.comptes["csam"])) as conn:
        return read_fiche(conn, lieu.comptes["csam"], dossier.parcours, M, Choix(**choix))


def test_header_and_line_of_milestones(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    page = connecter("csam").get(f"/parcours/{dossier.parcours}").text.replace("&#39;", "'")
    frise = re.search(r'<ol class="frise">.*?</ol>', page, re.DOTALL)
    assert frise is not None
    assert re.findall(r"<strong>([^<]+)</strong>", frise.group()) == [
        "Début de l'arrêt",
        "Visite de préreprise possible",
        "Aujourd'hui",
        "Fin prescrite",
        "J180",
        "6 mois d'arrêt",
        "12 mois d'arrêt",
    ]
    assert frise.group().count('aria-current="date"') == 1
    assert "si l'arrêt continue" in frise.group()
    assert f'<code id="identifiant">{dossier.parcours}</code>' in page
    assert "Salarié" in page


def test_the_contract_is_the_one_last_said_in_an_interview(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    with fabrique.lot() as conn:
        for jours, contrat in ((30, "cdi"), (20, "interim"), (10, None)):
            entretien = donnees.add_tele_echange(conn, dossier, M - jours * JOURS, statut="realise")
            conn.execute(
                text(
                    "UPDATE pdp.tele_echange SET emploi = jsonb_strip_nulls(jsonb_build_object('contrat', cast(:c AS text))) WHERE id = :e"
                ),
                {"c": contrat, "e": entretien},
            )
    page = connecter("csam").get(f"/parcours/{dossier.parcours}").text
    assert "Intérim, dit par la personne" in page
    assert "CDI" not in page


def test_needs_said_by_the_person_are_flags(dossier: fabrique.Dossier, lieu: donnees.Lieu, connecter: Connecter) -> None:
    with fabrique.lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.preference_contact (plateforme_id, assure_id, langue, interprete, accessibilite, refus, cle_saisie,"
                " dit_at, saisi_par) VALUES ('PF35', :a, 'pt', true, '{lentement}', '{sms}', :k, :m, :c)"
            ),
            {"a": dossier.assure, "k": uuid4(), "m": M, "c": lieu.comptes["csam"]},
        )
    page = connecter("csam").get(f"/parcours/{dossier.parcours}").text
    for attendu in ("Interprète : portugais", "Parler lentement", "Ne pas contacter par : sms"):
        assert attendu in page, attendu


def test_history_of_the_person_filtered_by_kind_and_by_absence(dossier: fabrique.Dossier, lieu: donnees.Lieu, connecter: Connecter) -> None:
    call(lieu, dossier, "Message laissé")
    tout = read(lieu, dossier).historique
    assert tout.types["Appel"] == 1
    assert [(f"{a.debut:%d/%m/%Y}", n) for a, n in tout.arrets] == [("20/08/2026", len(tout.evenements) - 1), ("01/03/2026", 1)]
    assert [e.libelle for e in tout.evenements if e.autre_parcours] == ["Parcours interrompu"]
    appels = read(lieu, dossier, type="Appel").historique
    assert [e.code for e in appels.evenements] == ["contact_enregistre"]
    assert appels.types == tout.types, "the other kinds can still be chosen"
    printemps = str(tout.arrets[1][0].id)
    assert [e.code for e in read(lieu, dossier, arret=printemps).historique.evenements] == ["parcours_interrompu"]
    assert read(lieu, dossier, type="Appel", arret=printemps).historique.evenements == []
    for inconnu in ({"type": "Rien"}, {"arret": str(uuid4())}, {"arret": "x"}):
        assert read(lieu, dossier, **inconnu).historique == tout
    client = connecter("csam")
    page = client.get(f"/parcours/{dossier.parcours}?quoi=Appel&arret=").text
    assert "1 ligne · Appel" in page
    assert "Message laissé" in page
    assert "Rien de ce genre." in client.get(f"/parcours/{dossier.parcours}?quoi=Appel&arret={printemps}").text


def test_words_written_in_the_parcours_of_a_colleague_stay_there(
    dossier: fabrique.Dossier, lieu: donnees.Lieu, connecter: Connecter, admin: Admin
) -> None:
    [(ancien,)] = admin.execute("SELECT id FROM pdp.parcours WHERE clos_at IS NOT NULL")
    auteur = fabrique.auteur_agent(lieu.comptes["csam2"])
    with db.begin_as(auteur) as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.contact (plateforme_id, parcours_id, agent_id, survenu_at, canal, resultat, note, cle_saisie)"
                " VALUES ('PF35', :p, :c, :m, 'telephone', 'messagerie', 'Confidence ancienne', :k)"
            ),
            {"p": ancien, "c": lieu.comptes["csam2"], "m": M, "k": uuid4()},
        )
    page = connecter("csam").get(f"/parcours/{dossier.parcours}").text
    assert "Confidence" not in page
    assert "Clos le 02/06/2026 : personne injoignable" in page
    assert f'href="/parcours/{ancien}"' not in page, "it is not hers to open"


@pytest.mark.parametrize("comment", ["annule", "par erreur"])
def test_what_was_taken_back_stays_struck_through(
    dossier: fabrique.Dossier, lieu: donnees.Lieu, connecter: Connecter, comment: str
) -> None:
    auteur = fabrique.auteur_agent(lieu.comptes["csam"])
    if comment == "annule":
        with db.begin_as(auteur) as conn, acte(conn, auteur, dossier.parcours, "tache_ajoutee", M) as fait:
            add_tache_personnelle(conn, auteur, dossier.parcours, date(2026, 12, 1), "Envoyer la plaquette", M)
        assert fait.id is not None
        with db.begin_as(auteur) as conn:
            undo_acte(conn, auteur, fait.id, M)
        code, attendu = "tache_ouverte", "Annulé le 18/11/2026 par Camille"
    else:
        contact = call(lieu, dossier, "Pas la bonne personne")
        with db.begin_as(auteur) as conn:
            cancel_contact(conn, auteur, contact, M)
        code, attendu = "contact_enregistre", "Saisie par erreur, le 18/11/2026"
    [barre] = [e for e in read(lieu, dossier).historique.evenements if e.barre]
    assert barre.code == code
    assert barre.barre.startswith(attendu)
    page = connecter("csam").get(f"/parcours/{dossier.parcours}").text
    assert page.count('<li class="nul">') == 1
    assert '<s class="histoire-libelle">' in page
    assert "Mes dernières saisies" in page, "what can still be taken back is beside the history"


def test_who_followed_the_case_and_by_whose_decision(dossier: fabrique.Dossier, lieu: donnees.Lieu, connecter: Connecter) -> None:
    suivis = read(lieu, dossier).suivis
    assert [(s.motif, s.au is None, s.par) for s in suivis] == [
        ("Absence de la personne qui suivait.", True, "Plateforme (automatique)"),
        ("Territoire : Rennes.", False, "Plateforme (automatique)"),
    ]
    page = connecter("csam").get(f"/parcours/{dossier.parcours}").text
    assert "du 29/10/2026 au 15/11/2026" in page
    assert "depuis le 15/11/2026" in page


def test_statements_do_not_grow_with_anything(dossier: fabrique.Dossier, lieu: donnees.Lieu) -> None:
    def count(**choix: Any) -> int:
        comptees: list[str] = []
        moteur = db.engine(settings().url_app)

        def listener(*args: Any) -> None:
            comptees.append(args[2])

        with fabrique.lot() as conn:
            event.listen(moteur, "before_cursor_execute", listener)
            read_fiche(conn, lieu.comptes["csam"], dossier.parcours, M, Choix(**choix))
            event.remove(moteur, "before_cursor_execute", listener)
        return len(comptees)

    peu = count()
    for rang in range(12):
        call(lieu, dossier, f"Essai {rang}")
    assert count() == count(type="Appel", tout=True) == peu
    assert peu <= 22
