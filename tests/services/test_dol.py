"""Document d'orientation local on real PostgreSQL: draft, dry run, signature that the database checks, orientations changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import AccesRefuse, Conflit, DonneeInvalide, Introuvable
from pdp.services import edit_dol
from pdp.services.annulation import acte, undo_acte
from pdp.services.override_delegation import Derogation, override_delegation
from pdp.services.read_dol import compare_versions, get_version_dol, list_derogations, list_regles_dol
from pdp.services.simulate_dol import simulate_dol
from pdp.services.sort_signalements import decide_signalement, sort_par_delegation
from pdp.storage import db

Admin = psycopg.Connection[Any]
TRI = fabrique.systeme("sort_signalements")
JOUR = MAINTENANT.date()
P = "PF35"


@pytest.fixture
def medecin(base: str) -> Auteur:
    with lot() as conn:
        fabrique.socle(conn)
        return auteur_agent(fabrique.agent(conn, "medecin_conseil"), "medecin_conseil")


def ecrire(conn: Connection, medecin: Auteur, revision: int, libelle: str, conditions: dict[str, Any], cible: str = "oriente_csam") -> None:
    edit_dol.write_regle(conn, medecin, P, revision, None, libelle=libelle, conditions=conditions, cible=cible, maintenant=MAINTENANT)


def test_a_draft_is_written_dated_and_signed_and_changes_nothing_before(medecin: Auteur, admin: Admin) -> None:
    with lot() as conn:
        signal = fabrique.signalement(conn, fabrique.assure(conn), palier=90)
    with db.begin_as(medecin) as conn:
        for _ in range(2):  # twice is once
            edit_dol.open_brouillon(conn, medecin, P, MAINTENANT)
        ecrire(conn, medecin, 1, "Reste", {})
        ecrire(conn, medecin, 2, "TMS", {"palier_min": 90, "categories": ["tms"]}, "oriente_ism")
        brouillon = edit_dol.get_brouillon(conn, P)
        assert (brouillon.du, brouillon.revision, [r.libelle for r in brouillon.regles]) == (JOUR + timedelta(days=1), 3, ["Reste", "TMS"])
        tms = brouillon.regles[1].id
        edit_dol.place_regle(conn, medecin, P, 3, tms, -1, MAINTENANT)
        for refuse, revision in ((Conflit, 3), (DonneeInvalide, 4)):  # an old revision, then a name twice
            with pytest.raises(refuse):
                ecrire(conn, medecin, revision, "reste", {})
        with pytest.raises(DonneeInvalide):
            edit_dol.date_brouillon(conn, medecin, P, 4, JOUR - timedelta(days=1), MAINTENANT)
        edit_dol.date_brouillon(conn, medecin, P, 4, JOUR, MAINTENANT)
    with lot(TRI) as conn:
        assert sort_par_delegation(conn, P, TRI, MAINTENANT).detail == {"sans_delegation": 1}, "a draft delegates nothing"
    with db.begin_as(medecin) as conn:
        with pytest.raises(Conflit):
            edit_dol.sign_brouillon(conn, medecin, P, 4, MAINTENANT)
        edit_dol.sign_brouillon(conn, medecin, P, 5, MAINTENANT)
        with pytest.raises(Introuvable):
            edit_dol.get_brouillon(conn, P)
    with lot(TRI) as conn:
        sort_par_delegation(conn, P, TRI, MAINTENANT)
    decide = (
        "SELECT s.statut, s.mode_decision, v.version, r.libelle FROM pdp.signalement s JOIN pdp.dol_version v ON v.id = s.dol_version_id"
    )
    ligne = admin.execute(f"{decide} JOIN pdp.dol_regle r ON r.id = s.dol_regle_id WHERE s.id = %s", (signal,)).fetchone()
    assert ligne == ("oriente_ism", "delegue", 1, "TMS")
    codes = admin.execute("SELECT evenement, count(*) FROM journal.evenement WHERE evenement LIKE 'dol%' GROUP BY 1 ORDER BY 1").fetchall()
    assert codes == [("dol_brouillon_change", 4), ("dol_brouillon_ouvert", 1), ("dol_prepare", 1), ("dol_signe", 1)]


def test_the_next_version_ends_the_former_and_says_what_changed(medecin: Auteur) -> None:
    fabrique.delegation(UUID(medecin.id), conditions={"palier_min": 90})
    with db.begin_as(medecin) as conn:
        edit_dol.open_brouillon(conn, medecin, P, MAINTENANT)
        brouillon = edit_dol.get_brouillon(conn, P)
        assert (brouillon.version_de_depart, brouillon.regles[0].conditions) == (1, {"palier_min": 90})
        ecrire(conn, medecin, 1, "Seconde", {"age_min": 62}, "medecin_conseil")
        edit_dol.sign_brouillon(conn, medecin, P, 2, MAINTENANT)
        version, precedente = get_version_dol(conn, 2)
        assert precedente is not None
        assert (precedente.au, version.du, version.au) == (JOUR, JOUR + timedelta(days=1), None)
        changements = compare_versions(list_regles_dol(conn, precedente.id), list_regles_dol(conn, version.id))
        assert [c.genre for c in changements] == ["inchangee", "ajoutee"]
        edit_dol.open_brouillon(conn, medecin, P, MAINTENANT)
        edit_dol.drop_regle(conn, medecin, P, 1, edit_dol.get_brouillon(conn, P).regles[0].id, MAINTENANT)
        with pytest.raises(DonneeInvalide):
            edit_dol.sign_brouillon(conn, medecin, P, 2, MAINTENANT)  # empty
        edit_dol.abandon_brouillon(conn, medecin, P, 2, MAINTENANT)
        assert edit_dol.find_brouillon(conn, P) is None


SIGNER = "UPDATE pdp.dol_version SET signe_par = '{par}', signe_at = now(), empreinte = '\\x00' WHERE version = 2"
CREER = "INSERT INTO pdp.dol_version (plateforme_id, version, du{c}) VALUES ('PF35', {v}, '2027-01-01'{d})"


def try_sql(auteur: Auteur | None, requete: str) -> str | None:
    """Code of the refusal, None when the statement went through; nobody = the batch."""
    try:
        with lot() if auteur is None else db.begin_as(auteur) as conn:
            conn.exec_driver_sql(requete)
    except DBAPIError as erreur:
        return getattr(erreur.orig, "sqlstate", None)
    return None


def test_the_database_refuses_what_is_not_a_signature(medecin: Auteur, admin: Admin) -> None:
    """Each statement alone, under the role of who tries: what the services forbid, the database forbids too."""
    version, regle = fabrique.delegation(UUID(medecin.id))
    with lot() as conn:
        autres = {role: auteur_agent(fabrique.agent(conn, role), role) for role in ("csam", "responsable")}
        confrere = auteur_agent(fabrique.agent(conn, "medecin_conseil"), "medecin_conseil")
        ailleurs = auteur_agent(fabrique.agent(conn, "medecin_conseil", "PF57"), "medecin_conseil", "PF57")
    with db.begin_as(medecin) as conn:
        conn.exec_driver_sql(CREER.format(c="", v=2, d=""))
    signee = CREER.format(c=", signe_par, signe_at, empreinte", v=3, d=f", '{confrere.id}', now(), '\\x00'")
    ajout = f"INSERT INTO pdp.dol_regle (dol_version_id, plateforme_id, rang, libelle, conditions, cible) VALUES ('{version}', 'PF35', 9, 'x', '{{}}', 'sans_suite')"  # noqa: E501 - one statement
    ouvrir = "INSERT INTO pdp.dol_brouillon (plateforme_id, du, regles, ouvert_at, modifie_par, modifie_at) VALUES ('PF35', '2027-01-01', '[]', now(), '{par}', now())"  # noqa: E501 - one statement
    essais: list[tuple[Auteur | None, str]] = [
        *[
            (auteur, requete.format(par=medecin.id))
            for auteur in (None, *autres.values())
            for requete in (SIGNER, CREER.format(c="", v=3, d=""))
        ],
        *[(auteur, ouvrir.format(par=medecin.id)) for auteur in (None, *autres.values())],
        *[(auteur, ajout) for auteur in (None, *autres.values(), medecin)],
        (medecin, SIGNER.format(par=confrere.id)),  # in the name of somebody else
        (medecin, signee),
        (medecin, "UPDATE pdp.dol_version SET empreinte = '\\x01' WHERE version = 1"),
        (medecin, "UPDATE pdp.dol_version SET au = NULL, signe_at = now() WHERE version = 1"),
        (medecin, f"UPDATE pdp.dol_regle SET cible = 'sans_suite' WHERE id = '{regle}'"),
        (medecin, f"DELETE FROM pdp.dol_version WHERE id = '{version}'"),
    ]
    reponses = [(auteur and auteur.role, requete, try_sql(auteur, requete)) for auteur, requete in essais]
    assert [r for r in reponses if r[2] != "42501"] == []
    with db.begin_as(ailleurs) as conn:
        assert conn.exec_driver_sql(SIGNER.format(par=ailleurs.id)).rowcount == 0, "another platform sees nothing to sign"
    for auteur in autres.values():
        with pytest.raises(AccesRefuse), db.begin_as(auteur) as conn:
            edit_dol.open_brouillon(conn, auteur, P, MAINTENANT)
    with db.begin_as(medecin) as conn:
        conn.exec_driver_sql("UPDATE pdp.dol_version SET au = '2026-12-31' WHERE version = 1")
        conn.exec_driver_sql(SIGNER.format(par=medecin.id))  # his own: the trigger can also say yes
    sans_regle = "UPDATE pdp.signalement SET mode_decision = 'delegue'"
    with lot() as conn:
        fabrique.signalement(conn, fabrique.assure(conn))
    admin.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(sans_regle)


def test_dry_run_reads_the_past_and_writes_nothing(medecin: Auteur, admin: Admin) -> None:
    fabrique.delegation(UUID(medecin.id), conditions={"palier_min": 180}, cible="oriente_ism")
    with lot() as conn:
        long, vu, attend = (fabrique.signalement(conn, fabrique.assure(conn), palier=p) for p in (180, 90, 30))
        vieux = fabrique.signalement(conn, fabrique.assure(conn), palier=90)
        conn.execute(text("UPDATE pdp.signalement SET connu_at = connu_at - interval '7 months' WHERE id = :i"), {"i": vieux})
        fabrique.signalement(conn, fabrique.assure(conn), palier=90, statut="rattache")
        fabrique.signalement(conn, fabrique.assure(conn, "PF57"), plateforme="PF57")
    with lot(TRI) as conn:
        sort_par_delegation(conn, P, TRI, MAINTENANT)
    with db.begin_as(medecin) as conn:
        decide_signalement(conn, medecin, vu, "sans_suite", "Reprise", MAINTENANT)
        edit_dol.open_brouillon(conn, medecin, P, MAINTENANT)
        ecrire(conn, medecin, 1, "90 jours", {"palier_min": 90})
    avant = admin.execute("SELECT count(*) FROM journal.evenement").fetchone()
    with db.begin_as(medecin, lecture=True) as conn:
        regles = edit_dol.get_brouillon(conn, P).regles
        essai, long_essai = (simulate_dol(conn, P, regles, mois, MAINTENANT) for mois in (6, 12))
        with pytest.raises(DonneeInvalide):
            simulate_dol(conn, P, regles, 7, MAINTENANT)
    assert {x.passe.signalement_id: (x.actuel, x.propose, x.passe.decision, x.contraire) for x in essai.lignes} == {
        long: ("oriente_ism", "oriente_ism", "oriente_ism", False),
        vu: ("medecin_conseil", "oriente_csam", "sans_suite", True),
        attend: ("medecin_conseil", "medecin_conseil", None, False),
    }
    assert (essai.version, essai.bilan.dossiers, essai.bilan.changes, essai.bilan.contraires) == (1, 3, 1, 1)
    assert long_essai.bilan.dossiers == 4
    assert admin.execute("SELECT count(*) FROM journal.evenement").fetchone() == avant


ETAT = (
    "SELECT statut, mode_decision, decide_par, dol_version_id, dol_regle_id, motif_decision FROM pdp.signalement ORDER BY id",
    "SELECT id, statut, clos_at FROM pdp.parcours WHERE clos_at IS NULL ORDER BY id",
    "SELECT id, motif FROM pdp.tache WHERE fermee_at IS NULL ORDER BY id",
    "SELECT id, cible, clos_at FROM pdp.suivi_medical WHERE saisie_par_erreur_at IS NULL ORDER BY id",
    "SELECT count(*) FROM pdp.dol_derogation WHERE annulee_at IS NULL",
)


def changer(medecin: Auteur, signal: UUID, cible: str, minutes: int = 1) -> tuple[Derogation, UUID]:
    quand = MAINTENANT + timedelta(minutes=minutes)
    with db.begin_as(medecin) as conn, acte(conn, medecin, None, "derogation", quand, piece_id=signal) as fait:
        derogation = override_delegation(conn, medecin, signal, cible, "Elle me demande.", quand)
    assert fait.id is not None
    return derogation, fait.id


@pytest.mark.parametrize("avant", ["oriente_csam", "oriente_ism", "convocation_mc", "sans_suite"])
def test_a_doctor_changes_a_delegated_orientation_and_may_take_it_back(medecin: Auteur, admin: Admin, avant: str) -> None:
    """Every other orientation in turn: nobody is lost, the rule keeps the trace, and undone all is as before."""
    _, regle = fabrique.delegation(UUID(medecin.id), cible=avant)
    with lot() as conn:
        signal = fabrique.signalement(conn, fabrique.assure(conn))
        csam = auteur_agent(fabrique.agent(conn))
    with lot(TRI) as conn:
        sort_par_delegation(conn, P, TRI, MAINTENANT)
    depart = [admin.execute(requete).fetchall() for requete in ETAT]
    for refuse, cible, motif in (
        (DonneeInvalide, avant, "x"),
        (DonneeInvalide, "medecin_conseil", "x"),
        (DonneeInvalide, "sans_suite", " "),
    ):
        with pytest.raises(refuse), db.begin_as(medecin) as conn:
            override_delegation(conn, medecin, signal, cible, motif, MAINTENANT)
    with pytest.raises(AccesRefuse), db.begin_as(csam) as conn:
        override_delegation(conn, csam, signal, "sans_suite", "x", MAINTENANT)
    autres = [c for c in ("oriente_csam", "oriente_ism", "convocation_mc", "sans_suite") if c != avant]
    for rang, cible in enumerate(autres, start=1):
        _, fait = changer(medecin, signal, cible, rang)
        etat = admin.execute("SELECT statut, mode_decision, dol_regle_id FROM pdp.signalement").fetchone()
        assert etat == (cible, "mc", None)
        ouverts = [admin.execute(requete).fetchall() for requete in ETAT[1:4:2]]
        assert [len(x) for x in ouverts] == [int(cible == "oriente_csam"), int(cible in ("oriente_ism", "convocation_mc"))], cible
        with pytest.raises(Conflit):
            changer(medecin, signal, avant)
        with db.begin_as(medecin) as conn:
            [ligne] = list_regles_dol(conn, get_version_dol(conn, 1)[0].id)
            assert (ligne.id, ligne.appliquee, ligne.ecartee, ligne.taux) == (regle, 1, 1, 100)
            undo_acte(conn, medecin, fait, MAINTENANT + timedelta(hours=1))
        assert [admin.execute(requete).fetchall() for requete in ETAT] == depart, cible
    with db.begin_as(medecin) as conn:
        [ligne] = list_regles_dol(conn, get_version_dol(conn, 1)[0].id)
        assert (ligne.appliquee, ligne.ecartee, ligne.taux) == (1, 0, 0)
        assert [d.annulee_at is not None for d in list_derogations(conn, 10)] == [True] * 3
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'delegation_ecartee'").fetchone() == (3,)


@pytest.mark.parametrize(("cible", "garde"), [("oriente_ism", True), ("sans_suite", False)])
def test_a_parcours_that_somebody_began_goes_on_unless_nothing_is_to_follow(medecin: Auteur, admin: Admin, cible: str, garde: bool) -> None:
    fabrique.delegation(UUID(medecin.id))
    with lot() as conn:
        signal = fabrique.signalement(conn, fabrique.assure(conn))
    with lot(TRI) as conn:
        sort_par_delegation(conn, P, TRI, MAINTENANT)
        conn.execute(text("UPDATE pdp.parcours SET csam_id = :c, statut = 'contact_en_cours'"), {"c": fabrique.agent(conn)})
    derogation, _ = changer(medecin, signal, cible)
    assert (derogation.parcours_garde is not None, derogation.parcours_clos is not None) == (garde, not garde)
    attendu = ("contact_en_cours", None) if garde else ("cloture", "decision_mc")
    assert admin.execute("SELECT statut, cloture_motif FROM pdp.parcours").fetchone() == attendu


def test_no_version_in_force_leaves_every_file_to_the_doctor(medecin: Auteur) -> None:
    """Signed for later, ended, or without a rule that holds: nothing is delegated."""
    with lot() as conn:
        fabrique.signalement(conn, fabrique.assure(conn), palier=30)
    fabrique.delegation(UUID(medecin.id), conditions={"palier_min": 60})
    for quand, attendu in ((MAINTENANT - timedelta(days=1), "sans_delegation"), (MAINTENANT, "au_medecin_conseil")):
        with lot(TRI) as conn:
            assert sort_par_delegation(conn, P, TRI, quand).detail == {attendu: 1}
