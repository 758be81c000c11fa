"""An older version with data is brought up to date: what was stored keeps its meaning and its links."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pdp.config import settings
from pdp.embedded.postgres import EmbeddedPostgres
from pdp.embedded.roles import ensure_roles_and_databases
from pdp.storage.migrate import migrate

AVANT = "0030_motifs_du_responsable"
PERSONNE, AUTRE = "3d2c7a10-5e4b-4c11-8a77-0123456789ab", "9f2c7a10-5e4b-4c11-8a77-0123456789ab"
_ASSURE = """
    INSERT INTO identite.assure (id, plateforme_id, id_source, nir_chiffre, nir_empreinte, nom, prenom, date_naissance, sexe, commune_insee,
        contrat, mis_a_jour_source_at, connu_at)
    VALUES (%(a)s::uuid, 'PF35', %(a)s::text, '', %(a)s::text::bytea, 'Essai', 'Dominique', '1980-01-01', 'F', '35238', 'salarie',
        now(), now())
    ON CONFLICT DO NOTHING"""
_EPISODE = """
    INSERT INTO pdp.episode (id, plateforme_id, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque,
        motif_categorie, connu_at, calcule_at)
    VALUES (md5(%(a)s::text || '/' || %(av)s::text)::uuid, 'PF35', %(a)s::uuid, %(av)s::text, '2026-01-01', '2026-05-01', 90, 2, 'maladie',
        'tms', now(), now())"""
_SIGNALEMENT = """
    INSERT INTO pdp.signalement (plateforme_id, assure_id, episode_id, palier, survenu_le, connu_at, statut, motif_decision)
    VALUES ('PF35', %(a)s::uuid, md5(%(a)s::text || '/' || %(av)s::text)::uuid, 90, '2026-04-01', now(), 'a_trier', %(av)s::text)"""
_DELEGATION = """
    WITH v AS (INSERT INTO pdp.dol_version (plateforme_id, version, du, signe_par, signe_at, empreinte)
            VALUES ('PF35', 1, '2026-01-01', gen_random_uuid(), now(), '') RETURNING id),
        r AS (INSERT INTO pdp.dol_regle (dol_version_id, plateforme_id, rang, libelle, conditions, cible)
            SELECT id, 'PF35', 1, 'Essai', '{}', 'sans_suite' FROM v RETURNING id, dol_version_id)
    UPDATE pdp.signalement s SET statut = 'sans_suite', mode_decision = 'delegue', dol_version_id = r.dol_version_id, dol_regle_id = r.id
    FROM r WHERE s.motif_decision = 'AV3'"""
ECRITURES = {
    "episode": """(id, plateforme_id, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque,
        motif_categorie, connu_at, calcule_at)
        VALUES (gen_random_uuid(), 'PF35', %s, 'AV', '2026-01-01', '2026-01-02', 2, 1, 'maladie', 'tms', now(), now())""",
    "droits_ij": "(plateforme_id, assure_id, calcule_at) VALUES ('PF35', %s, now())",
    "echeance_detection": "(plateforme_id, assure_id, le, cause) VALUES ('PF35', %s, '2026-01-01', 'essai')",
}


@pytest.fixture
def ancienne(
    pg: EmbeddedPostgres, base: str, mots_de_passe: dict[str, str], reglages_des_roles: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[psycopg.Connection[Any]]:
    """Superuser on a database of the former version, guards off: the data are put in as they would have been left."""
    nom = f"pdp_{secrets.token_hex(6)}"
    ensure_roles_and_databases(pg.superuser_dsn(), mots_de_passe, base=nom)
    for variable, role in reglages_des_roles.items():
        monkeypatch.setenv(variable, f"postgresql+psycopg://{role}:{mots_de_passe[role]}@127.0.0.1:{pg.port}/{nom}")
    settings.cache_clear()
    migrate(jusqu_a=AVANT)
    with psycopg.connect(pg.superuser_dsn(nom), autocommit=True) as conn:
        yield conn
    with psycopg.connect(pg.superuser_dsn(), autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {nom} WITH (FORCE)")
    settings.cache_clear()


def _fill(conn: psycopg.Connection[Any]) -> None:
    conn.execute("SET session_replication_role = replica")
    conn.execute("INSERT INTO pdp.plateforme (id, libelle, departement) VALUES ('PF35', 'Plateforme', '35') ON CONFLICT DO NOTHING")
    for personne, avis in ((PERSONNE, "AV1"), (PERSONNE, "AV2"), (AUTRE, "AV3")):
        ligne = {"a": personne, "av": avis}
        conn.execute(_ASSURE, ligne)
        conn.execute(_EPISODE, ligne)
        conn.execute(_SIGNALEMENT, ligne)
    conn.execute(_DELEGATION)
    conn.execute("SET session_replication_role = origin")


def test_absences_stored_by_the_former_version_keep_their_signalements(ancienne: psycopg.Connection[Any]) -> None:
    _fill(ancienne)
    assert migrate()[0] == "0031_localite_des_episodes"
    liens = ancienne.execute(
        "SELECT s.motif_decision = e.premiere_prescription, e.id = pdp.episode_id(e.assure_id, e.premiere_prescription),"
        " left(e.id::text, 18) = left(e.assure_id::text, 18) FROM pdp.signalement AS s JOIN pdp.episode AS e ON e.id = s.episode_id"
    ).fetchall()
    assert liens == [(True, True, True)] * 3
    regles = "JOIN pdp.dol_regle r ON (r.dol_version_id, r.id) = (s.dol_version_id, s.dol_regle_id) WHERE s.mode_decision = 'delegue'"
    deleguees = ancienne.execute(f"SELECT s.motif_decision FROM pdp.signalement s {regles}").fetchall()
    assert deleguees == [("AV3",)], "a delegated file keeps its rule"
    assert migrate() == []


def test_guards_lifted_by_the_migration_are_back(ancienne: psycopg.Connection[Any]) -> None:
    _fill(ancienne)
    migrate()
    forces = ancienne.execute(
        "SELECT c.relname, c.relforcerowsecurity, (SELECT bool_and(t.tgenabled = 'O') FROM pg_trigger AS t WHERE t.tgrelid = c.oid)"
        " FROM pg_class AS c WHERE c.oid IN ('pdp.episode'::regclass, 'pdp.signalement'::regclass) ORDER BY 1"
    ).fetchall()
    assert forces == [("episode", True, True), ("signalement", True, True)]


@pytest.mark.parametrize("table", sorted(ECRITURES))
def test_state_of_an_unknown_person_is_refused(admin: psycopg.Connection[Any], table: str) -> None:
    admin.execute(f"ALTER TABLE pdp.{table} DISABLE TRIGGER exiger_auteur")
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="unknown person on this platform"):
        admin.execute(f"INSERT INTO pdp.{table} {ECRITURES[table]}", (PERSONNE,))
