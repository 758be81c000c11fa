"""The manager's screens about the rules: precision and what-if, counts only."""

from __future__ import annotations

from datetime import timedelta

import pytest

import fabrique
from fabrique_detection import JOUR, Personne, depuis, insert_personnes
from pdp.services.record_verdict import record_verdict
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter

NOM = "Trezeguet-Loquirec"


@pytest.fixture
def dossier(lieu: donnees.Lieu, horloge: Horloge) -> fabrique.Dossier:
    """One signalement judged not pertinent, and a person who would enter at 45 days."""
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom=NOM))
        donnees.add_motif(conn, dossier.signalement, "Arrêt de 91 jours.")
        insert_personnes(conn, [Personne([depuis(JOUR - timedelta(days=50), 90)])])
    auteur = fabrique.auteur_agent(lieu.comptes["csam"])
    with fabrique.lot(auteur) as conn:
        record_verdict(conn, auteur, dossier.signalement, "non_pertinente", "deja_repris", fabrique.MAINTENANT)
    return dossier


def test_precision_per_rule_with_who_was_not_judged(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    page = connecter("responsable").get("/equipe/regles").text
    for attendu in ("<code>palier</code> version 1", "0,0 %", "La personne a déjà repris (1)", "moins de 11 avis"):
        assert attendu in page, attendu
    assert NOM not in page


def test_what_if_counts_who_would_enter(dossier: fabrique.Dossier, connecter: Connecter) -> None:
    client = connecter("responsable")
    assert "Résultat" not in client.get("/equipe/essai").text
    reponse = client.get("/equipe/essai?cle=palier_signalement_j60&valeur=45")
    page = reponse.text.replace("&#39;", "'")
    assert reponse.status_code == 200
    assert "1 personne au lieu de 0." in page
    assert NOM not in page
    assert "Charge par conseiller" in page
    assert "seraient nouveaux" in client.get("/equipe/essai?cle=points_tms&valeur=45").text


@pytest.mark.parametrize("suite", ["cle=palier_ouverture&valeur=x", "cle=inconnue&valeur=3", "cle=palier_ouverture&valeur=60&du=hier"])
def test_a_value_that_cannot_be_is_said_and_the_form_is_kept(dossier: fabrique.Dossier, connecter: Connecter, suite: str) -> None:
    reponse = connecter("responsable").get(f"/equipe/essai?{suite}")
    assert reponse.status_code == 422
    assert 'role="alert"' in reponse.text
    assert f'value="{suite.split("valeur=")[1].split("&")[0]}"' in reponse.text


@pytest.mark.parametrize("adresse", ["/equipe/regles", "/equipe/essai?cle=palier_ouverture&valeur=30"])
@pytest.mark.parametrize("login", ["csam", "medecin_conseil", "evaluateur", "partenaire"])
def test_only_a_manager_reads_them(dossier: fabrique.Dossier, connecter: Connecter, adresse: str, login: str) -> None:
    assert connecter(login).get(adresse).status_code == 404
