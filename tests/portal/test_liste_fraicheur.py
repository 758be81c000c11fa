"""What the list says of its own data: how old, which rows may be wrong, whom an outage made the platform see late."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

import fabrique
from pdp.services.publish_referentiel import referentiel
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, TestClient

M = fabrique.MAINTENANT
JOUR, HEURE = timedelta(days=1), timedelta(hours=1)
MATIN = datetime(2026, 11, 18, 5, 15, tzinfo=M.tzinfo)  # 06:15 in Paris, when the detection runs


def detect_at(conn: Connection, *instants: datetime, plateforme: str = donnees.ICI, fini: bool = True) -> None:
    """Detection runs of a platform at these instants."""
    for instant in instants:
        conn.execute(
            text(
                "INSERT INTO pdp.passage (id, dag, tache, instant_metier, fin_at, detail) VALUES (:i, 'pdp_detection', 'detecter', :m, :f,"
                " jsonb_build_object('plateforme', cast(:p AS text)))"
            ),
            {"i": f"{plateforme}/{instant}/{fini}", "m": instant, "f": instant if fini else None, "p": plateforme},
        )


def add(conn: Connection, lieu: donnees.Lieu, nom: str, survenu_le: date, connu_at: datetime) -> None:
    """A person whose threshold was crossed on a day, and seen at an instant."""
    dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom=nom))
    donnees.add_tache(conn, dossier.parcours, "premier_appel", M + JOUR)
    conn.execute(
        text("UPDATE pdp.parcours SET survenu_le = :s, connu_at = :k WHERE id = :p"),
        {"s": survenu_le, "k": connu_at, "p": dossier.parcours},
    )


def read_liste(client: TestClient) -> str:
    return client.get("/ma-liste").text.replace("&#39;", "'")


def list_noms(client: TestClient) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*><a [^>]*>([A-Za-z]+) ', client.get("/ma-liste").text)


@pytest.fixture
def panne(lieu: donnees.Lieu, horloge: Horloge) -> donnees.Lieu:
    """Detections every morning, none from the 11th to the 16th; people who crossed their threshold before, during and after."""
    with fabrique.lot() as conn:
        detect_at(conn, *(MATIN - n * JOUR for n in (9, 8, 7, 2, 1, 0)))
        detect_at(conn, *(MATIN - n * JOUR for n in range(10)), plateforme=donnees.AILLEURS)
        detect_at(conn, *(MATIN - n * JOUR for n in (6, 5, 4, 3)), fini=False)  # killed: they saw nobody
        reprise = MATIN - 2 * JOUR
        add(conn, lieu, "Avant", date(2026, 11, 10), MATIN - 7 * JOUR)
        add(conn, lieu, "Premier", date(2026, 11, 11), reprise)
        add(conn, lieu, "Dernier", date(2026, 11, 15), reprise + 23 * HEURE)
        add(conn, lieu, "Jourmeme", date(2026, 11, 16), reprise)
        add(conn, lieu, "Ancien", date(2026, 11, 1), reprise)
        add(conn, lieu, "Apres", date(2026, 11, 15), reprise + JOUR)
    return lieu


def test_people_seen_late_are_announced_and_shown_the_latest_first(panne: donnees.Lieu, connecter: Connecter) -> None:
    client = connecter("csam")
    page = read_liste(client)
    assert "2 personnes repérées</strong>" not in page
    assert "<strong>2 personnes repérées avec retard</strong> après une panne de la détection du 11/11/2026 au 16/11/2026." in page
    assert len(list_noms(client)) == 6
    donnees.post(client, "/ma-liste/filtres", "/ma-liste", geste="vue", vue="rattrapage")
    assert list_noms(client) == ["Premier", "Dernier"]
    page = read_liste(client)
    assert [int(n) for n in re.findall(r"repérée avec (\d+) j de retard", page)] == [5, 2]
    assert "les plus en retard d'abord" in page
    donnees.post(client, "/ma-liste/filtres", "/ma-liste", geste="vue", vue="tous")
    assert "échéance la plus proche d'abord" in read_liste(client)


@pytest.mark.parametrize(("jours", "annonce"), [(0, True), (11.9, True), (12.2, False)])
def test_the_announcement_ends_after_the_days_of_the_policy(
    panne: donnees.Lieu, horloge: Horloge, connecter: Connecter, jours: float, annonce: bool
) -> None:
    assert referentiel().entier("rattrapage_affiche_jours", M.date(), donnees.ICI) == 14
    horloge.instant = MATIN + jours * JOUR
    assert ("avec retard</strong>" in read_liste(connecter("csam"))) is annonce


@pytest.mark.parametrize(("ecart", "panne_vue"), [(36 * HEURE, False), (36 * HEURE + timedelta(seconds=1), True)])
def test_an_outage_is_a_gap_longer_than_a_day_and_a_half(
    lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter, ecart: timedelta, panne_vue: bool
) -> None:
    with fabrique.lot() as conn:
        detect_at(conn, M - ecart, M)
        add(conn, lieu, "Tardive", date(2026, 11, 17), M)
    assert ("1 personne repérée avec retard" in read_liste(connecter("csam"))) is panne_vue


def test_a_first_detection_ever_is_no_outage(lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter) -> None:
    with fabrique.lot() as conn:
        detect_at(conn, M)
        add(conn, lieu, "Premiere", date(2026, 10, 1), M)
    assert "avec retard</strong>" not in read_liste(connecter("csam"))


@pytest.mark.parametrize(("ecart", "dit"), [(36 * HEURE, False), (36 * HEURE + timedelta(seconds=1), True)])
def test_a_detection_that_stopped_is_told(lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter, ecart: timedelta, dit: bool) -> None:
    with fabrique.lot() as conn:
        detect_at(conn, M - ecart)
        detect_at(conn, M, plateforme=donnees.AILLEURS)
    assert ("aucune détection depuis le" in read_liste(connecter("csam"))) is dit


@pytest.mark.parametrize(
    ("fin", "attente_jours", "marque"),
    [
        (date(2026, 11, 17), 5, False),  # over before the last file: that file would have said so
        (date(2026, 11, 18), 5, True),
        (date(2026, 11, 22), 5, True),
        (date(2026, 11, 23), 5, False),  # today: not over yet
        (date(2026, 11, 18), 1, False),  # the file is recent
    ],
)
def test_rows_that_may_be_wrong_are_marked_and_counted(
    lieu: donnees.Lieu, horloge: Horloge, connecter: Connecter, fin: date, attente_jours: int, marque: bool
) -> None:
    with fabrique.lot() as conn:
        fabrique.fichier(conn)
        add(conn, lieu, "Fin", M.date(), M)
        conn.execute(text("UPDATE pdp.episode SET debut = '2026-08-01', fin = :f"), {"f": fin})
    horloge.instant = M + attente_jours * JOUR
    page = read_liste(connecter("csam"))
    assert (page.count("</span> fin à vérifier</span>"), "1 ligne marquée « fin à vérifier »" in page) == (int(marque), marque)
