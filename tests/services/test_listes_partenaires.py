"""Lists of partners: facts of the directory always, the configuration until a person touched it; a difference is shown, no surprise."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, lot
from livraisons import ingest
from pdp.domain.auteur import Auteur
from pdp.services.configure_partenaire import Changement, Configuration, configure_partenaire, follow_liste, set_desserte
from pdp.services.read_structure import read_ecarts, read_structure
from pdp.storage import db

Admin = psycopg.Connection[Any]
JOUR = MAINTENANT.date()


@pytest.fixture
def responsable(base: str) -> Auteur:
    with lot() as conn:
        fabrique.socle(conn)
        return Auteur("agent", str(fabrique.agent(conn, "responsable")), "responsable", "PF35")


def configure(auteur: Auteur, partenaire: UUID, voulue: Configuration) -> Changement:
    with db.begin_as(auteur) as conn:
        return configure_partenaire(conn, auteur, partenaire, voulue, MAINTENANT)


LIGNE = "P1;spst;Santé au travail;35;api;http://127.0.0.1:8090;a@exemple.invalid;0261910000;20;2025-01-01;"


def _read(admin: Admin) -> tuple[Any, ...] | None:
    return admin.execute(
        "SELECT nom, canal, courriel, delai_reponse_jours, configure_at IS NOT NULL FROM pdp.partenaire WHERE id_source = 'P1'"
    ).fetchone()


def _ident(admin: Admin) -> UUID:
    ligne = admin.execute("SELECT id FROM pdp.partenaire WHERE id_source = 'P1'").fetchone()
    assert ligne
    return ligne[0]


def test_lists_rule_until_a_person_configures(responsable: Auteur, admin: Admin, tmp_path: Path) -> None:
    depot = tmp_path / "depot"
    ingest(depot, "partenaires", [LIGNE], jour="2026-10-01")
    ingest(depot, "partenaires", [LIGNE.replace(";api;", ";portail;")], jour="2026-10-02")
    assert _read(admin) == ("Santé au travail", "portail", "a@exemple.invalid", 20, False)
    configure(responsable, _ident(admin), Configuration("lien", courriel="lien@exemple.invalid", delai_reponse_jours=5))
    nouvelle = LIGNE.replace("Santé au travail", "Santé au travail du Nord").replace(";20;", ";30;")
    ingest(depot, "partenaires", [nouvelle], jour="2026-10-03")
    assert _read(admin) == ("Santé au travail du Nord", "lien", "lien@exemple.invalid", 5, True), "facts follow, configuration stays"
    with db.begin_as(responsable, lecture=True) as conn:
        ecarts = read_ecarts(read_structure(conn, _ident(admin), JOUR))
    assert {c: ecarts[c] for c in ("canal", "courriel", "delai_reponse_jours")} == {
        "canal": ("api", "lien"),
        "courriel": ("a@exemple.invalid", "lien@exemple.invalid"),
        "delai_reponse_jours": (30, 5),
    }
    with db.begin_as(responsable) as conn:
        assert follow_liste(conn, responsable, _ident(admin), MAINTENANT).champs != ()
    assert _read(admin) == ("Santé au travail du Nord", "api", "a@exemple.invalid", 30, False)
    with db.begin_as(responsable, lecture=True) as conn:
        assert read_ecarts(read_structure(conn, _ident(admin), JOUR)) == {}
    ingest(depot, "partenaires", [nouvelle.replace(";30;", ";40;")], jour="2026-10-04")
    assert _read(admin) == ("Santé au travail du Nord", "api", "a@exemple.invalid", 40, False), "lists rule again"


def test_hours_do_not_part_a_partner_from_its_list(responsable: Auteur, admin: Admin, tmp_path: Path) -> None:
    ingest(tmp_path / "depot", "partenaires", [LIGNE], jour="2026-10-01")
    actuelle = Configuration("api", "http://127.0.0.1:8090", "a@exemple.invalid", None, "+33261910000", 20, "Le matin")
    assert configure(responsable, _ident(admin), actuelle) == Changement(("horaires",))
    assert _read(admin) == ("Santé au travail", "api", "a@exemple.invalid", 20, False)


ENTETE = (
    "id_source;type;nom;departements;canal;url;courriel;telephone;delai_reponse_jours;actif_du;actif_au;"
    "adresse_securisee;zones;identifiants_spst"
)


def test_lists_say_zones_identifiers_and_secure_addresses(responsable: Auteur, admin: Admin, tmp_path: Path) -> None:
    ligne = "P1;spst;Santé au travail;35|57;messagerie;;;;20;2025-01-01;;p1@exemple.mssante.invalid;35|35238|57463;SPST3500000001"

    def zones() -> list[tuple[str, str, str]]:
        return admin.execute(
            "SELECT plateforme_id, genre, code FROM pdp.partenaire_desserte WHERE retire_at IS NULL ORDER BY 1, 2, 3"
        ).fetchall()

    _deposit(tmp_path / "depot", "2026-10-01", ENTETE, [ligne])
    assert zones() == [
        ("PF35", "spst", "SPST3500000001"), ("PF35", "zone", "35"), ("PF35", "zone", "35238"),
        ("PF57", "spst", "SPST3500000001"), ("PF57", "zone", "57463"),
    ]  # fmt: skip
    assert admin.execute("SELECT DISTINCT canal, adresse_securisee FROM pdp.partenaire").fetchall() == [
        ("messagerie", "p1@exemple.mssante.invalid")
    ]
    _deposit(tmp_path / "depot", "2026-10-02", ENTETE, [ligne.replace("35|35238|57463", "35047").replace("SPST3500000001", "")])
    assert zones() == [("PF35", "zone", "35047")]
    partenaire = admin.execute("SELECT id FROM pdp.partenaire WHERE plateforme_id = 'PF35'").fetchone()
    assert partenaire
    with db.begin_as(responsable) as conn:
        set_desserte(conn, responsable, partenaire[0], "zone", ["35288"], MAINTENANT)
    _deposit(tmp_path / "depot", "2026-10-03", ENTETE, [ligne])
    assert ("PF35", "zone", "35288") in zones()
    assert ("PF35", "zone", "35") not in zones()


@pytest.mark.parametrize(
    ("canal", "manque"),
    [("fhir", "url"), ("lien", "courriel"), ("messagerie", "adresse_securisee")],
)
def test_a_list_that_names_a_way_without_its_address_is_refused(
    responsable: Auteur, admin: Admin, tmp_path: Path, canal: str, manque: str
) -> None:
    bilan = ingest(tmp_path / "depot", "partenaires", [f"P1;spst;Santé;35;{canal};;;;20;2025-01-01;"], jour="2026-10-01")
    assert bilan.rejetees == 1
    assert admin.execute("SELECT champ, code FROM identite.quarantaine").fetchall() == [(manque, "champ_requis")]


def _deposit(depot: Path, jour: str, entete: str, lignes: list[str]) -> None:
    assert ingest(depot, "partenaires", lignes, jour=jour, entete=entete).rejetees == 0
