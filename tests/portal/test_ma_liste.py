"""Ma liste: who is on it, in which order, what the counters count, and that its cost does not grow with its rows."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, event

import fabrique
from pdp.config import settings
from pdp.domain.horaire import TRAITEMENTS
from pdp.portal.views import ma_liste as vue
from pdp.services import read_ma_liste
from pdp.services.filtres_liste import Filtres
from pdp.services.read_ma_liste import read_ma_liste as read
from pdp.storage import db
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, TestClient

JOUR = timedelta(days=1)
M = fabrique.MAINTENANT


def add(conn: Connection, csam: UUID, nom: str, *taches: tuple[str, timedelta], statut: str = "affecte") -> fabrique.Dossier:
    """A person with open reasons, each due so long from now."""
    dossier = fabrique.parcours(conn, csam=csam, statut=statut, assure_id=fabrique.assure(conn, nom=nom))
    for motif, dans in taches:
        donnees.add_tache(conn, dossier.parcours, motif, M + dans)
    return dossier


def list_noms(client: TestClient, adresse: str = "/ma-liste") -> list[str]:
    return re.findall(r'<th scope="row"[^>]*><a [^>]*>([A-Za-z]+) ', client.get(adresse).text)


@pytest.fixture
def remplie(lieu: donnees.Lieu, horloge: Horloge) -> donnees.Lieu:
    """Five people of mine, one of a colleague, one elsewhere, one closed without follow-up."""
    csam = lieu.comptes["csam"]
    with fabrique.lot() as conn:
        add(conn, csam, "Demain", ("premier_appel", JOUR))
        add(conn, csam, "Retard", ("nouvel_appel", -2 * JOUR), ("demander_accord", 3 * JOUR))
        add(conn, csam, "Sanstache")
        dossier = add(conn, csam, "Entretien", ("tele_echange", timedelta(hours=2)))
        donnees.add_tele_echange(conn, dossier, M + timedelta(hours=2))
        add(conn, csam, "Muet", ("attendre_partenaire", -JOUR))
        add(conn, lieu.comptes["csam2"], "Collegue", ("premier_appel", -5 * JOUR))
        fabrique.parcours(conn, csam=lieu.comptes["csam_ailleurs"], plateforme=donnees.AILLEURS)
    return lieu


def test_one_row_per_person_earliest_deadline_first(remplie: donnees.Lieu, connecter: Connecter) -> None:
    page = connecter("csam").get("/ma-liste")
    assert list_noms(connecter("csam")) == ["Retard", "Muet", "Entretien", "Demain", "Sanstache"]
    assert "en retard de 2 j" in page.text
    assert "+ Recueillir l&#39;accord et proposer la suite" in page.text
    assert "aucune suite prévue" in page.text
    assert "Collegue" not in page.text


def test_equal_deadlines_are_ranked_by_priority_then_age(lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter) -> None:
    with fabrique.lot() as conn:
        for nom, priorite, anciennete in (("Basse", 10, 9), ("Haute", 90, 1), ("Ancienne", 10, 20)):
            dossier = add(conn, lieu.comptes["csam"], nom, ("premier_appel", JOUR))
            conn.exec_driver_sql(
                "UPDATE pdp.parcours SET priorite = %(p)s, decide_at = %(d)s WHERE id = %(i)s",
                {"p": priorite, "d": M - anciennete * JOUR, "i": dossier.parcours},
            )
    assert list_noms(connecter("csam")) == ["Haute", "Ancienne", "Basse"]


@pytest.mark.parametrize(
    ("cle", "noms"),
    [
        ("retard", ["Retard", "Muet"]),
        ("aujourd_hui", ["Entretien"]),
        ("entretiens", ["Entretien"]),
        ("a_renseigner", []),
        ("partenaire_muet", ["Muet"]),
        ("message_en_echec", []),
        ("tous", ["Retard", "Muet", "Entretien", "Demain", "Sanstache"]),
    ],
)
def test_counters_count_what_they_filter(remplie: donnees.Lieu, cle: str, noms: list[str]) -> None:
    with fabrique.lot() as conn:
        liste = read(conn, remplie.comptes["csam"], M, plateforme_id=donnees.ICI, filtres=Filtres().choose_vue(cle))
    assert [x.nom for x in liste.affichees] == noms
    assert {c.cle: c.nombre for c in liste.compteurs}[cle] == len(noms)
    assert list(read_ma_liste.VUES) == [c.cle for c in liste.compteurs]


def test_filters_are_kept_in_the_session_and_can_be_reset(remplie: donnees.Lieu, connecter: Connecter) -> None:
    client = connecter("csam")
    reponse = donnees.post(client, "/ma-liste/filtres", "/ma-liste", geste="vue", vue="retard")
    assert (reponse.status_code, reponse.headers["location"]) == (303, "/ma-liste")
    assert list_noms(client) == ["Retard", "Muet"]
    assert 'value="retard" aria-pressed="true"' in client.get("/ma-liste").text
    donnees.post(client, "/ma-liste/filtres", "/ma-liste", geste="criteres", motifs=["demander_accord"])
    assert list_noms(client) == ["Retard"]
    donnees.post(client, "/ma-liste/filtres", "/ma-liste", geste="effacer")
    assert len(list_noms(client)) == 5
    assert connecter("csam").get("/ma-liste").text.count("data-ligne") == 5, "another session has its own filters"


@pytest.mark.parametrize("champs", [{"geste": "vue", "vue": "inconnue"}, {"geste": "criteres", "motifs": ["x"]}, {"geste": ""}])
def test_unknown_filters_are_refused(remplie: donnees.Lieu, connecter: Connecter, champs: dict[str, object]) -> None:
    client = connecter("csam")
    assert donnees.post(client, "/ma-liste/filtres", "/ma-liste", **champs).status_code == 422
    assert len(list_noms(client)) == 5


def test_statements_do_not_grow_with_rows(lieu: donnees.Lieu, horloge: Horloge) -> None:
    def count_statements() -> int:
        comptees: list[str] = []
        moteur = db.engine(settings().url_app)
        listener = lambda *args: comptees.append(args[2])  # noqa: E731 - removed two lines below
        event.listen(moteur, "before_cursor_execute", listener)
        with fabrique.lot() as conn:
            liste = read(conn, lieu.comptes["csam"], M, plateforme_id=donnees.ICI, tout=True)
        event.remove(moteur, "before_cursor_execute", listener)
        assert len(liste.affichees) == liste.total
        return len(comptees)

    def fill(nombre: int) -> None:
        with fabrique.lot() as conn:
            for _ in range(nombre):
                dossier = add(conn, lieu.comptes["csam"], "Personne", ("premier_appel", JOUR), ("nouvel_appel", JOUR))
                donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")

    fill(2)
    peu = count_statements()
    fill(58)
    assert count_statements() == peu <= 6


def test_fifty_rows_then_everything(lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter) -> None:
    with fabrique.lot() as conn:
        for _ in range(53):
            add(conn, lieu.comptes["csam"], "Personne", ("premier_appel", JOUR))
    client = connecter("csam")
    assert client.get("/ma-liste").text.count("data-ligne") == 50
    assert "Tout afficher (53)" in client.get("/ma-liste").text
    assert client.get("/ma-liste?tout=true").text.count("data-ligne") == 53


def test_why_is_in_the_page_and_the_number_never(remplie: donnees.Lieu, connecter: Connecter) -> None:
    with fabrique.lot() as conn:
        dossier = add(conn, remplie.comptes["csam"], "Motivee", ("premier_appel", JOUR))
        donnees.add_motif(conn, dossier.signalement, "Quatre-vingt-dix jours d'arrêt et deux prolongations")
    page = connecter("csam").get("/ma-liste").text
    assert "Quatre-vingt-dix jours d&#39;arrêt et deux prolongations" in page
    assert re.search(r"<title>[^<]*(Motivee|Retard)", page) is None
    assert re.search(r"\b\d{13,15}\b", page) is None


def test_empty_list_says_why(lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter) -> None:
    page = connecter("csam").get("/ma-liste").text
    assert "Votre liste est vide, et rien n'est en retard" in page
    assert "La prochaine a lieu au plus tard le 19/11/2026 à 06 h 15" in page


@pytest.mark.parametrize(
    ("heure", "jour"), [("2026-11-18T05:14:59+00:00", 18), ("2026-11-18T05:15:00+00:00", 19), ("2026-11-18T23:30:00+00:00", 19)]
)
def test_next_detection_is_the_one_of_the_dag(heure: str, jour: int) -> None:
    prochaine = read_ma_liste.next_detection(datetime.fromisoformat(heure))
    assert (prochaine.day, prochaine.time()) == (jour, read_ma_liste.DETECTION_A)
    assert f"{prochaine.minute} {prochaine.hour} * * *" == TRAITEMENTS["pdp_detection"].cron


@pytest.mark.parametrize(
    ("ecart", "phrase"), [(timedelta(hours=36), "à jour"), (timedelta(hours=36, seconds=1), "en attente d'un nouveau fichier")]
)
def test_freshness(lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter, ecart: timedelta, phrase: str) -> None:
    with fabrique.lot() as conn:
        fabrique.fichier(conn)
    horloge.instant = M + ecart
    assert phrase in connecter("csam").get("/ma-liste").text


def test_work_done_today_stays_visible(remplie: donnees.Lieu, connecter: Connecter) -> None:
    client = connecter("csam")
    with fabrique.lot() as conn:
        dossier = add(conn, remplie.comptes["csam"], "Finie", ("lire_reponse", JOUR))
        donnees.add_tache(conn, dossier.parcours, "nouvel_appel", M + JOUR)
    page = client.get(f"/parcours/{dossier.parcours}").text
    tache = re.search(r'action="(/parcours/[^"]+/faite)"', page)
    assert tache is not None
    assert donnees.post(client, tache.group(1), f"/parcours/{dossier.parcours}").status_code == 303
    assert "Fait aujourd'hui (1)" in client.get("/ma-liste").text


def test_closed_person_with_a_follow_up_due_is_listed(lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter) -> None:
    with fabrique.lot() as conn:
        for nom, taches in (("Suivie", (("suivi_m6", JOUR),)), ("Oubliable", ())):
            dossier = add(conn, lieu.comptes["csam"], nom, *taches, statut="cloture")
            conn.exec_driver_sql(
                "UPDATE pdp.parcours SET clos_at = %(m)s, cloture_motif = 'retraite' WHERE id = %(i)s", {"m": M, "i": dossier.parcours}
            )
    assert list_noms(connecter("csam")) == ["Suivie"]


def test_menu_leads_to_the_list() -> None:
    assert vue.MENU["csam"][0][0] == "/ma-liste"
