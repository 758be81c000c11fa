"""Every right of every database role: the catalogue against a written table, then statements that must be refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.storage import db

PERSONNES = ("csam", "medecin_conseil", "responsable")
ATTENDUS = Path(__file__).with_name("droits_attendus.txt")
_DROITS = """
WITH acl AS (
    SELECT c.oid, n.nspname || '.' || c.relname AS objet, NULL::text AS colonne, 0 AS rang, a.grantee, a.privilege_type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL aclexplode(c.relacl) a
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND a.grantee <> c.relowner
    UNION ALL
    SELECT c.oid, n.nspname || '.' || c.relname, t.attname, t.attnum, a.grantee, a.privilege_type
    FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL aclexplode(t.attacl) a
    UNION ALL
    SELECT n.oid, 'schema ' || n.nspname, NULL, 0, a.grantee, a.privilege_type
    FROM pg_namespace n, LATERAL aclexplode(n.nspacl) a WHERE a.grantee <> n.nspowner
    UNION ALL
    SELECT p.oid, 'function ' || p.oid::regprocedure, NULL, 0, a.grantee, a.privilege_type
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
        LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE a.grantee <> p.proowner AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT coalesce(r.rolname, 'PUBLIC') || ' | ' || objet || ' | ' || privilege_type
    || coalesce(' (' || string_agg(colonne, ', ' ORDER BY rang) || ')', '')
FROM acl LEFT JOIN pg_roles r ON r.oid = acl.grantee
WHERE objet !~ '^(schema )?(pg_|information_schema)'
GROUP BY r.rolname, objet, privilege_type, (colonne IS NULL)
ORDER BY 1
"""


def test_every_grant_is_the_one_written_down(admin: psycopg.Connection[Any]) -> None:
    """A new grant fails here until somebody writes it in the table: role, object, right, columns."""
    accordes = {ligne for (ligne,) in admin.execute(_DROITS)}
    ecrits = {ligne for ligne in ATTENDUS.read_text(encoding="utf-8").splitlines() if ligne and not ligne.startswith("#")}
    assert {"granted, not written": accordes - ecrits, "written, not granted": ecrits - accordes} == {
        "granted, not written": set(),
        "written, not granted": set(),
    }


INTERDITS = {
    "rights that escape row level security": """SELECT 1 FROM information_schema.table_privileges
        WHERE grantee LIKE 'pdp%' AND grantee <> 'pdp_owner' AND privilege_type IN ('TRUNCATE', 'TRIGGER', 'REFERENCES')""",
    "grants that can be passed on": """SELECT 1 FROM information_schema.table_privileges
        WHERE grantee LIKE 'pdp_role%' AND is_grantable = 'YES'""",
    "roles above the rules": """SELECT 1 FROM pg_roles
        WHERE rolname LIKE 'pdp%' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolinherit)""",
    "tables of another owner": "SELECT 1 FROM pg_tables WHERE tableowner LIKE 'pdp%' AND tableowner <> 'pdp_owner'",
    "definer functions that trust the caller's path": """SELECT 1 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname !~ '^pg_'
            AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)""",
    "functions anybody may call": """SELECT 1 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND has_function_privilege('pdp_evaluateur_sql', p.oid, 'EXECUTE')""",
    "policies open to people without a context": """SELECT 1 FROM pg_policies
        WHERE qual = 'true' AND NOT roles <@ ARRAY['pdp_app', 'pdp_expediteur']::name[]""",
    "cluster-wide rights": """SELECT 1 FROM pg_auth_members m
        JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member WHERE u.rolname LIKE 'pdp%' AND r.rolname LIKE 'pg\\_%'""",
}


def test_catalogue_holds_none_of_what_is_forbidden(admin: psycopg.Connection[Any]) -> None:
    assert {interdit: lignes for interdit, requete in INTERDITS.items() if (lignes := admin.execute(requete).fetchall())} == {}


REFUS = [
    ("csam", "SELECT code_cim10 FROM medical.motif_arret"),
    ("csam", "SELECT texte FROM medical.avis"),
    ("csam", "SELECT nir_chiffre FROM identite.assure"),
    ("csam", "SELECT nir_empreinte FROM identite.assure"),
    ("csam", "UPDATE pdp.accord SET classes = '{identite}'"),
    ("csam", "UPDATE pdp.accord SET expire_le = '2099-01-01'"),
    ("csam", "UPDATE pdp.orientation SET motif = 'x'"),
    ("csam", "UPDATE pdp.outbox SET charge = '{}'"),
    ("csam", "UPDATE pdp.outbox SET accord_destinataire = NULL"),
    ("csam", "UPDATE pdp.contact SET note = 'x'"),
    ("csam", "UPDATE pdp.parcours SET csam_id = NULL"),
    ("csam", "UPDATE pdp.alerte SET decision = 'sans_objet'"),
    ("csam", "UPDATE pdp.signalement SET statut = 'sans_suite'"),
    ("medecin_conseil", "SELECT nir_chiffre FROM identite.assure"),
    ("medecin_conseil", "UPDATE pdp.dol_regle SET cible = 'sans_suite'"),
    ("medecin_conseil", "UPDATE medical.avis SET texte = 'x'"),
    ("medecin_conseil", "UPDATE medical.sante_declaree SET reponses = '{}'"),
    ("responsable", "SELECT nom FROM identite.assure"),
    ("responsable", "SELECT note FROM pdp.tache"),
    ("responsable", "SELECT motif_categorie FROM pdp.episode"),
    ("responsable", "SELECT motif, contenu FROM pdp.orientation"),
    ("responsable", "SELECT phrase FROM pdp.alerte"),
    ("responsable", "SELECT synthese FROM pdp.tele_echange"),
    ("responsable", "SELECT donnees FROM journal.evenement"),
    ("responsable", "SELECT code_cim10 FROM medical.motif_arret"),
    ("responsable", "UPDATE pdp.parcours SET statut = 'cloture'"),
    ("responsable", "SELECT compte_rendu FROM pdp.inbox"),
    ("responsable", "SELECT charge FROM pdp.outbox"),
    ("responsable", "UPDATE pdp.outbox SET etat = 'livre'"),
    ("responsable", "UPDATE pdp.partenaire SET annonce = '{}'"),
    ("csam", "UPDATE pdp.partenaire SET canal = 'portail'"),
    ("csam", "SELECT valeur FROM pdp.partenaire_adresse"),
    ("partenaire", "UPDATE pdp.partenaire SET courriel = 'x@exemple.invalid'"),
    ("partenaire", "UPDATE pdp.partenaire_contact SET courriel = 'x@exemple.invalid'"),
    ("partenaire", "SELECT canal FROM pdp.partenaire_transport"),
    ("partenaire", "SELECT 1 FROM pdp.parcours"),
    ("partenaire", "SELECT parcours_id FROM pdp.orientation"),
    ("partenaire", "SELECT contenu FROM pdp.orientation"),
    ("partenaire", "SELECT motif FROM pdp.orientation"),
    ("partenaire", "SELECT nom FROM identite.assure"),
    ("partenaire", "SELECT code_cim10 FROM medical.motif_arret"),
    ("partenaire", "UPDATE pdp.orientation SET statut = 'acceptee'"),
    ("partenaire", "UPDATE pdp.inbox SET statut = 'acceptee'"),
    ("partenaire", "INSERT INTO pdp.inbox (resultat) VALUES ('appliquee')"),
    ("evaluateur", "SELECT 1 FROM pdp.parcours"),
    ("evaluateur", "SELECT 1 FROM journal.evenement"),
    *[
        (role, f"SELECT 1 FROM securite.{table}")
        for role in (*PERSONNES, "partenaire", "evaluateur")
        for table in ("compte", "session", "cle_contexte")
    ],
    *[(role, f"DELETE FROM {table}") for role in PERSONNES for table in ("journal.evenement", "pdp.accord", "pdp.tache")],
    *[(role, f"TRUNCATE {table}") for role in PERSONNES for table in ("journal.evenement", "pdp.outbox")],
]


def _accepted(conn: Connection, requetes: list[str]) -> list[str]:
    """Statements that the database did not refuse for lack of privilege."""
    acceptees = []
    for requete in requetes:
        try:
            with conn.begin_nested():
                conn.execute(text(requete))
        except ProgrammingError as erreur:
            if "permission denied" in str(erreur):
                continue
            raise
        acceptees.append(requete)
    return acceptees


@pytest.mark.parametrize("role", sorted({role for role, _ in REFUS}))
def test_a_person_is_refused_by_the_database(base: str, role: str) -> None:
    auteur = Auteur(
        "partenaire" if role == "partenaire" else "agent", str(uuid4()), role, "PF35", str(uuid4()) if role == "partenaire" else None
    )
    with db.begin_as(auteur) as conn:
        assert _accepted(conn, [requete for a_qui, requete in REFUS if a_qui == role]) == []


REFUS_MACHINES = [
    ("url_app", "SELECT code_cim10 FROM medical.motif_arret"),
    ("url_app", "SELECT 1 FROM medical.sante_declaree"),
    ("url_app", "SELECT texte FROM medical.avis"),
    ("url_app", "SELECT mot_de_passe FROM securite.compte"),
    ("url_app", "SELECT 1 FROM securite.session"),
    ("url_app", "UPDATE journal.evenement SET auteur_id = 'x'"),
    ("url_app", "DELETE FROM journal.evenement"),
    ("url_expediteur", "SELECT nom FROM identite.assure"),
    ("url_expediteur", "SELECT 1 FROM pdp.tele_echange"),
    ("url_expediteur", "UPDATE pdp.outbox SET charge = '{}'"),
    ("url_expediteur", "UPDATE pdp.orientation SET contenu = '{}'"),
    ("url_expediteur", "UPDATE pdp.accord SET retire_at = NULL"),
    ("url_portail", "SELECT 1 FROM pdp.parcours"),
    ("url_portail", "SELECT 1 FROM identite.assure"),
    ("url_portail", "SELECT 1 FROM medical.motif_arret"),
    ("url_portail", "SELECT 1 FROM journal.evenement"),
]


@pytest.mark.parametrize("url", sorted({url for url, _ in REFUS_MACHINES}))
def test_a_machine_is_refused_by_the_database(base: str, url: str) -> None:
    with db.begin(getattr(settings(), url), systeme("test")) as conn:
        assert _accepted(conn, [requete for a_qui, requete in REFUS_MACHINES if a_qui == url]) == []
