"""The story: a prescription becomes an outcome, through real DAG runs, every human step done in Chromium on the real portal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from livraisons import nir, write_fichier
from pdp import clock
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.embedded.essais import find_chromium
from pdp.services.manage_comptes import create_compte
from pdp.simulation.scenario import Horloge
from pdp.storage import db
from plateforme_e2e import Plateforme

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.usefixtures("reglages")]
RANG = 39_000  # no person of the cohort has it
NOM = "HISTOIRE"
MOT_DE_PASSE = "une longue histoire vraie"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class Recit:
    """What the steps share: the platform, a browser, and looks behind the screens."""

    def __init__(self, plateforme: Plateforme, navigateur: Browser) -> None:
        self.plateforme = plateforme
        self.navigateur = navigateur
        self.horloge = Horloge(Path(os.environ["PDP_HORLOGE"]))
        self.portail = plateforme.urls["portail"]

    def run(self, *dags: str) -> None:
        """Trigger each DAG and wait for all that it wakes: every run must succeed."""
        for dag in dags:
            run_id = self.plateforme.airflow.trigger_dag(dag)
            assert self.plateforme.airflow.wait_for_run(dag, run_id, timeout=300).etat == "success"
        self.plateforme.airflow.wait_for_quiet(timeout=300)

    def sign_in(self, login: str, mot_de_passe: str) -> Page:
        page = self.navigateur.new_context(locale="fr-FR", timezone_id="Europe/Paris").new_page()
        page.goto(f"{self.portail}/connexion")
        page.get_by_label("Identifiant").fill(login)
        page.get_by_label("Mot de passe").fill(mot_de_passe)
        page.get_by_role("button", name="Se connecter").click()
        expect(page.get_by_role("button", name=re.compile("déconnecter", re.IGNORECASE))).to_be_visible()
        expect(page.get_by_text("données synthétiques").first).to_be_visible()
        return page

    def account(self, role: str, agent_id: UUID | None = None, partenaire_id: UUID | None = None) -> tuple[str, str]:
        """An account for the very person that the platform chose."""
        login = f"histoire.{role}.{agent_id or partenaire_id}"
        with db.begin(settings().url_app, systeme("test")) as conn:
            create_compte(
                conn,
                login=login,
                mot_de_passe=MOT_DE_PASSE,
                role=role,
                plateforme_id="PF35",
                nom_affiche="Personne de l'histoire",
                agent_id=agent_id,
                partenaire_id=partenaire_id,
            )
        return login, MOT_DE_PASSE

    def one(self, requete: str, *parametres: object) -> tuple:
        with psycopg.connect(self.plateforme.etat.pg.superuser_dsn("pdp")) as conn:
            ligne = conn.execute(requete, parametres).fetchone()
        assert ligne is not None, requete
        return ligne


@pytest.fixture
def recit(plateforme: Plateforme) -> Iterator[Recit]:
    with sync_playwright() as pw:
        navigateur = pw.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        recit = Recit(plateforme, navigateur)
        yield recit
        recit.horloge.release()
        navigateur.close()


def test_a_prescription_becomes_an_outcome_in_twelve_steps(recit: Recit) -> None:
    _1_feeds_arrive(recit)
    signalement = _2_the_long_absence_is_detected(recit)
    parcours = _3_the_doctor_orients(recit, signalement)
    csam = _4_a_coordinator_is_assigned(recit, parcours)
    page = _5_she_finds_the_person_and_calls(recit, csam)
    rendez_vous = _6_they_agree_on_a_slot(recit, page, parcours)
    page = _7_the_tele_echange_is_held(recit, csam, parcours, rendez_vous)
    _8_the_agreement_is_recorded(page, parcours, recit)
    spst = _9_the_orientation_is_previewed_and_sent(recit, page, parcours)
    _10_the_partner_answers_in_its_inbox(recit, spst)
    _11_the_return_is_confirmed(recit, csam, parcours)
    _12_the_doctor_is_told_and_the_tables_are_published(recit)


def _1_feeds_arrive(recit: Recit) -> None:
    jour = clock.jour_local(clock.now())
    maintenant = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assure = f"351-{RANG};{nir(RANG)};{NOM};Camille;1980-04-12;F;35238;35;0639980001;;telephone;;fr;salarie;{maintenant}"
    fautif = f"351-{RANG + 1};299999999999999;FAUTIF;Ligne;1980-04-12;F;35238;35;0639980002;;telephone;;fr;salarie;{maintenant}"
    debut, coupure, fin = jour - timedelta(days=65), jour - timedelta(days=35), jour + timedelta(days=20)
    arrets = [
        f"HIST-1;351-{RANG};{debut};{coupure};initiale;maladie;non;K50;non;;non;{maintenant};e_aat;non",
        f"HIST-2;351-{RANG};{coupure + timedelta(days=1)};{fin};prolongation;maladie;non;K50;non;;non;{maintenant};e_aat;non",
    ]
    depot = recit.plateforme.etat.racine / "depot"
    write_fichier(depot, "assures", [assure, fautif], "histoire")
    write_fichier(depot, "arrets_prescrits", arrets, "histoire")
    recit.run("pdp_reception")
    (rejetees, etat) = recit.one("SELECT rejetees, etat FROM pdp.flux_fichier WHERE nom = 'assures_histoire.csv'")
    assert (rejetees, etat) == (1, "charge")


def _2_the_long_absence_is_detected(recit: Recit) -> UUID:
    signalement, palier, statut = recit.one(
        "SELECT s.id, s.palier, s.statut FROM pdp.signalement s JOIN identite.assure a ON a.id = s.assure_id WHERE a.nom = %s", NOM
    )
    assert (palier, statut) == (60, "a_trier")
    return signalement


def _3_the_doctor_orients(recit: Recit, signalement: UUID) -> UUID:
    page = recit.sign_in(*recit.plateforme.account("medecin"))
    page.goto(f"{recit.portail}/medecin?tout=true")
    page.get_by_role("link", name=re.compile(NOM)).click()
    expect(page.get_by_text("K50")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Consulter le motif médical")).click()
    expect(page.get_by_text("K50").first).to_be_visible()
    page.goto(f"{recit.portail}/medecin/dossiers/{signalement}")
    page.get_by_role("button", name="Conseiller services (CSAM)").click()
    (lectures,) = recit.one("SELECT count(*) FROM journal.evenement WHERE evenement = 'medical_consulte'")
    assert lectures >= 1
    (parcours,) = recit.one("SELECT id FROM pdp.parcours WHERE signalement_id = %s", signalement)
    return parcours


def _4_a_coordinator_is_assigned(recit: Recit, parcours: UUID) -> tuple[str, str]:
    recit.run("pdp_tri_affectation")
    csam, statut = recit.one("SELECT csam_id, statut FROM pdp.parcours WHERE id = %s", parcours)
    assert statut == "affecte"
    return recit.account("csam", agent_id=csam)


def _5_she_finds_the_person_and_calls(recit: Recit, csam: tuple[str, str]) -> Page:
    page = recit.sign_in(*csam)
    page.goto(f"{recit.portail}/ma-liste?tout=true")
    ligne = page.get_by_role("row", name=re.compile(NOM))
    ligne.get_by_text("Pourquoi ?").click()
    expect(ligne.get_by_text(re.compile("60 jours")).first).to_be_visible()
    ligne.get_by_role("link", name="Premier appel").click()
    expect(page.get_by_text("Ceci n'est pas un contrôle.")).to_be_visible()
    page.get_by_role("button", name=re.compile("Joint$")).click()
    expect(page.get_by_text("proposez-lui un créneau")).to_be_visible()
    return page


def _6_they_agree_on_a_slot(recit: Recit, page: Page, parcours: UUID) -> datetime:
    page.goto(f"{recit.portail}/parcours/{parcours}/creneaux")
    page.locator("button[name=debut_at]").first.click()
    debut, statut = recit.one("SELECT debut_at, statut FROM pdp.tele_echange WHERE parcours_id = %s", parcours)
    assert statut == "planifie"
    return debut


def _7_the_tele_echange_is_held(recit: Recit, csam: tuple[str, str], parcours: UUID, debut: datetime) -> Page:
    recit.horloge.live_at(debut + timedelta(minutes=45))
    page = recit.sign_in(*csam)
    page.goto(f"{recit.portail}/parcours/{parcours}")
    page.get_by_role("link", name=re.compile("Télé-échange prévu")).click()
    page.get_by_label("CDI").check()
    page.get_by_label("Poste aménagé").check()
    page.get_by_role("button", name="Enregistrer : télé-échange réalisé").click()
    (statut,) = recit.one("SELECT statut FROM pdp.parcours WHERE id = %s", parcours)
    assert statut == "entretien_realise"
    return page


def _8_the_agreement_is_recorded(page: Page, parcours: UUID, recit: Recit) -> None:
    page.goto(f"{recit.portail}/parcours/{parcours}/accords/spst")
    expect(page.get_by_text("aucune conséquence sur vos indemnités journalières").first).to_be_visible()
    page.get_by_label(re.compile("lu mot pour mot")).check()
    page.get_by_role("button", name=re.compile("Elle accepte")).click()
    decision, version = recit.one("SELECT decision, texte_version FROM pdp.accord WHERE parcours_id = %s", parcours)
    assert (decision, version) == ("accorde", "spst-2026.2")


def _9_the_orientation_is_previewed_and_sent(recit: Recit, page: Page, parcours: UUID) -> UUID:
    spst, nom = recit.one("SELECT id, nom FROM pdp.partenaire WHERE plateforme_id = 'PF35' AND type = 'spst' AND canal = 'portail' LIMIT 1")
    page.goto(f"{recit.portail}/parcours/{parcours}/orientations")
    page.get_by_role("link", name=f"Préparer l'orientation vers {nom}").click()
    expect(page.get_by_role("heading", name="Ce que le partenaire verra")).to_be_visible()
    page.get_by_label(re.compile("Pourquoi ce relais")).fill("Préparer un poste aménagé.")
    page.get_by_role("button", name="Confirmer et transmettre").click()
    etat_avant = recit.one("SELECT etat FROM pdp.outbox WHERE parcours_id = %s AND type = 'orientation'", parcours)
    assert etat_avant == ("a_envoyer",)
    page.wait_for_timeout(31_000)  # the time left to take it back: nothing leaves before, by any clock
    recit.run("pdp_envoi")
    assert recit.one("SELECT etat FROM pdp.outbox WHERE parcours_id = %s AND type = 'orientation'", parcours) == ("livre",)
    return spst


def _10_the_partner_answers_in_its_inbox(recit: Recit, spst: UUID) -> None:
    page = recit.sign_in(*recit.account("partenaire", partenaire_id=spst))
    demande = page.get_by_role("article").filter(has_text=NOM)
    expect(demande.get_by_text("Préparer un poste aménagé.")).to_be_visible()
    assert "K50" not in page.content()
    demande.get_by_role("button", name=re.compile("Accepter")).click()
    recit.run("pdp_reponses")
    page.goto(f"{recit.portail}/partenaire")
    demande = page.get_by_role("article").filter(has_text=NOM)
    demande.get_by_role("button", name=re.compile("Premier rendez-vous fait")).click()
    recit.run("pdp_reponses")
    page.goto(f"{recit.portail}/partenaire")
    demande.get_by_text("Terminer et rendre compte").first.click()
    demande.get_by_label("Terminé").check()
    demande.get_by_label("Compte rendu").fill("Poste aménagé validé avec l'employeur.")
    demande.get_by_role("button", name="Envoyer le compte rendu").click()
    recit.run("pdp_reponses")


def _11_the_return_is_confirmed(recit: Recit, csam: tuple[str, str], parcours: UUID) -> None:
    page = recit.sign_in(*csam)
    page.goto(f"{recit.portail}/parcours/{parcours}")
    expect(page.get_by_text("Poste aménagé validé avec l'employeur.").first).to_be_visible()
    page.get_by_role("link", name="Clôturer").click()
    page.get_by_label("Pourquoi le parcours s'arrête").select_option("reprise_amenagee")
    page.get_by_label("Situation de la personne").select_option("poste_amenage")
    page.get_by_label(re.compile("Depuis le")).fill(clock.jour_local(clock.now()).isoformat())
    page.get_by_label("Qui le dit").select_option("declare_assure")
    page.get_by_role("button", name="Clôturer").click()
    situation, jalon = recit.one("SELECT situation, jalon FROM pdp.issue WHERE parcours_id = %s", parcours)
    assert (situation, jalon) == ("poste_amenage", "cloture")


def _12_the_doctor_is_told_and_the_tables_are_published(recit: Recit) -> None:
    page = recit.sign_in(*recit.plateforme.account("medecin"))
    page.goto(f"{recit.portail}/medecin/alertes?tout=true")
    alerte = page.get_by_role("article").filter(has_text=NOM)
    alerte.get_by_role("button", name=re.compile("Prendre connaissance")).first.click()
    (decision,) = recit.one(
        "SELECT l.decision FROM pdp.alerte l JOIN identite.assure a ON a.id = l.assure_id WHERE a.nom = %s AND l.type = 'parcours_termine'",
        NOM,
    )
    assert decision == "prise_en_compte"
    recit.run("pdp_evaluation")
    page = recit.sign_in(*recit.plateforme.account("evaluateur"))
    page.goto(f"{recit.portail}/evaluation")
    expect(page.get_by_text("entonnoir").first).to_be_visible()
    assert NOM not in page.content()
