"""Screen of the evaluator: the dictionary is the comments of the database; nothing of the platform is reachable."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from pdp.config import settings
from pdp.domain import orientation, parcours
from pdp.domain.auteur import systeme
from pdp.portal.glossaire import GLOSSAIRE
from pdp.services.libelles_dossier import STATUTS_SIGNALEMENT
from pdp.services.publish_evaluation import publish_evaluation
from pdp.services.read_evaluation import escape_formule, list_tables
from pdp.storage import db
from portal.donnees import Lieu, TestClient
from portal.jeu import Jeu
from portal.jeu_ecrans import build_jeu

Connecter = Callable[[str], TestClient]


@pytest.fixture
def jeu(lieu: Lieu) -> Jeu:
    return build_jeu(lieu)


def _publish(admin: psycopg.Connection[Any], lignes: int = 3) -> None:
    """A published table as the publication leaves it, and one that it did not publish."""
    admin.execute("CREATE TABLE evaluation.essai (code text, effectif integer, ecart integer)")
    admin.execute("COMMENT ON TABLE evaluation.essai IS 'Table des essais'")
    admin.execute("COMMENT ON COLUMN evaluation.essai.code IS 'Code de la modalité'")
    admin.execute("COMMENT ON COLUMN evaluation.essai.effectif IS 'Nombre de personnes, vide si supprimé'")
    admin.execute("INSERT INTO evaluation.essai SELECT '=1+' || i, nullif(i, 2), -i FROM generate_series(1, %s) AS i", (lignes,))
    admin.execute("CREATE TABLE evaluation.brouillon (secret text)")
    admin.execute("GRANT SELECT ON evaluation.essai TO pdp_role_evaluateur")
    admin.execute(
        "INSERT INTO evaluation.publication (table_nom, lignes, cases_supprimees, empreinte, instant_metier, etude)"
        " VALUES ('essai', %s, 1, repeat('a', 64), now(), 'e1')",
        (lignes,),
    )


def test_empty_state_before_the_first_publication(jeu: Jeu, connecter: Connecter) -> None:
    assert "Aucune table n'est encore publiée" in connecter("evaluateur").get("/evaluation").text


def test_empty_state_when_the_schema_is_older(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    admin.execute("DROP TABLE evaluation.publication")
    assert "Aucune table n'est encore publiée" in connecter("evaluateur").get("/evaluation").text


def test_dictionary_is_the_comments(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    _publish(admin)
    page = connecter("evaluateur").get("/evaluation").text
    for attendu in ("Table des essais", "Code de la modalité", "Nombre de personnes, vide si supprimé", "Sens non documenté", "integer"):
        assert attendu in page
    assert "<dt>Lignes</dt><dd>3</dd>" in page
    assert "<dt>Cases supprimées</dt><dd>1</dd>" in page
    assert "brouillon" not in page
    assert "secret" not in page


def test_csv_is_complete_and_harmless(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    _publish(admin, lignes=2500)
    reponse = connecter("evaluateur").get("/evaluation/essai.csv")
    assert reponse.status_code == 200
    assert reponse.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in reponse.headers["content-disposition"]
    lignes = list(csv.reader(io.StringIO(reponse.text)))
    assert lignes[0] == ["code", "effectif", "ecart"]
    assert lignes[1] == ["'=1+1", "1", "-1"], "text is escaped, numbers keep their sign"
    assert lignes[2] == ["'=1+2", "", "-2"]
    assert len(lignes) == 2501


def test_download_is_the_published_package(jeu: Jeu, connecter: Connecter, tmp_path: Path) -> None:
    publish_evaluation(settings().url_app, systeme("publish_evaluation"), jeu.maintenant, tmp_path / "exports")
    client = connecter("evaluateur")
    page = client.get("/evaluation").text
    assert "Sens non documenté" not in page
    with db.begin_as(jeu.auteur("evaluateur"), lecture=True) as conn:
        tables = list_tables(conn)
    assert len(tables) >= 10
    telecharges = {t.nom: sha256(client.get(f"/evaluation/{t.nom}.csv").content).hexdigest() for t in tables}
    assert telecharges == {t.nom: t.empreinte for t in tables}


@pytest.mark.parametrize(
    ("valeur", "attendu"),
    [
        ("=A1", "'=A1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("a=1", "a=1"),
        ("", ""),
        (None, ""),
        (-1, -1),
    ],
)
def test_escape_formule(valeur: object, attendu: object) -> None:
    assert escape_formule(valeur) == attendu


@pytest.mark.parametrize("nom", ["brouillon", "publication", "inconnue", "pdp.parcours", 'essai"; DROP TABLE x; --'])
def test_only_published_tables_can_be_downloaded(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any], nom: str) -> None:
    _publish(admin)
    assert connecter("evaluateur").get(f"/evaluation/{nom}.csv").status_code == 404


@pytest.mark.parametrize("login", ["csam", "medecin_conseil", "responsable", "partenaire"])
def test_other_functions_find_nothing(jeu: Jeu, connecter: Connecter, admin: psycopg.Connection[Any], login: str) -> None:
    _publish(admin)
    client = connecter(login)
    assert client.get("/evaluation").status_code == 404
    assert client.get("/evaluation/essai.csv").status_code == 404


@pytest.mark.parametrize(
    "requete",
    [
        "SELECT * FROM pdp.parcours",
        "SELECT * FROM pdp.plateforme",
        "SELECT * FROM pdp.agent",
        "SELECT * FROM identite.assure",
        "SELECT * FROM medical.avis",
        "SELECT * FROM journal.evenement",
        "CREATE TABLE evaluation.x (i integer)",
    ],
)
def test_database_refuses_the_evaluator(jeu: Jeu, requete: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), db.begin_as(jeu.auteur("evaluateur")) as conn:
        conn.execute(text(requete))


@pytest.mark.parametrize("login", ["csam", "medecin_conseil", "responsable", "evaluateur", "partenaire"])
def test_help_is_for_everybody_signed_in(jeu: Jeu, connecter: Connecter, login: str) -> None:
    page = connecter(login).get("/aide").text
    assert "Qui voit quoi" in page
    assert ("fiche appel" in page) is (login == "csam"), "shortcuts are those of the screens of the function"


def test_accessibility_statement_is_public(jeu: Jeu, app: Any) -> None:
    client = TestClient(app, base_url="http://portail.test", follow_redirects=False)
    assert "RGAA" in client.get("/accessibilite").text
    assert client.get("/aide").headers["location"] == "/connexion?suite=/aide"


def test_every_status_is_explained() -> None:
    mots = {mot for _, definitions in GLOSSAIRE for mot, _ in definitions}
    assert mots >= {*parcours.LIBELLES.values(), *orientation.LIBELLES.values(), *STATUTS_SIGNALEMENT.values()}
