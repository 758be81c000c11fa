"""What a passage would do again: true, complete, and without a trace; late runs: found, told once, closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp import retards
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.domain.bilan import Bilan
from pdp.services import preview_passage as service
from pdp.services import watch_retards
from pdp.services.preview_passage import compute_apercus, is_sur_le_point_de_partir, preview
from pdp.services.record_passage import close_passage, open_passage
from pdp.services.sweep_veille import sweep_veille
from pdp.storage import db, journal, outbox
from portal.donnees import add_tele_echange

ID = "pdp_veille/scheduled__x/veiller[PF35]"
VUES = ("pdp", "journal", "identite", "medical")


def _everything(admin: psycopg.Connection[Any]) -> dict[str, Any]:
    """A print of every row of every business table."""
    tables = admin.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)", (list(VUES),)).fetchall()
    return {
        f"{s}.{t}": admin.execute(f"SELECT count(*), coalesce(sum(hashtext(x::text)::bigint), 0) FROM {s}.{t} x").fetchone()
        for s, t in tables
    }


def _run_veille(passage: str) -> Bilan:
    auteur = systeme("veiller")
    with db.begin(settings().url_app, systeme("passage")) as conn:
        open_passage(conn, passage, "pdp_veille", "veiller", MAINTENANT, "PF35")
    with db.begin(settings().url_app, auteur, passage) as conn:
        journal.live_at(conn, MAINTENANT)
        bilan = sweep_veille(conn, "PF35", auteur, MAINTENANT)
    with db.begin(settings().url_app, systeme("passage")) as conn:
        close_passage(conn, passage, bilan)
    return bilan


def _preview() -> service.Apercu:
    return preview(settings().url_app, "pdp_veille", "veiller", ID, "PF35", MAINTENANT)


@pytest.fixture
def dossiers(base: str) -> list[fabrique.Dossier]:
    """Two appointments over and not told (one per platform)."""
    with lot() as conn:
        fabrique.socle(conn)
        cas = [fabrique.parcours(conn, statut="entretien_planifie", plateforme=p) for p in ("PF35", "PF57")]
        for c in cas:
            add_tele_echange(conn, c, MAINTENANT - timedelta(days=3))
    return cas


def test_a_preview_says_what_the_run_then_does_and_leaves_no_trace(
    dossiers: list[fabrique.Dossier], admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    avant = _everything(admin)
    prevu = _preview()
    assert _everything(admin) == avant, "not one row"
    assert prevu.etat == "calcule"
    assert str(dossiers[0].parcours) in {parcours for parcours, _ in prevu.parcours}
    assert str(dossiers[1].parcours) not in {parcours for parcours, _ in prevu.parcours}, "another platform"
    _run_veille(ID)
    faits = admin.execute(
        "SELECT parcours_id::text, array_agg(DISTINCT evenement ORDER BY evenement) FROM journal.evenement WHERE passage_id = %s"
        " AND parcours_id IS NOT NULL GROUP BY 1",
        (ID,),
    ).fetchall()
    assert sorted(prevu.parcours) == sorted((p, list(e)) for p, e in faits)
    apres = _preview()
    assert (apres.comptes["refaits"], apres.comptes["parcours"], apres.comptes["messages"]) == (0, 0, 0), "nothing is done twice"
    assert apres.comptes["deja_parcours"] == prevu.comptes["parcours"] > 0

    def fail(*_: object) -> Bilan:
        raise ZeroDivisionError("Dupont")

    monkeypatch.setitem(service.SERVICES, ("pdp_veille", "veiller"), fail)
    assert _preview() == service.Apercu("impossible", code="ZeroDivisionError"), "its text may hold data"

    def write(conn: Any, *_: object) -> Bilan:
        with conn.begin_nested():
            quoi: dict[str, Any] = {"modele": "retard_traitement", "valeurs": {"nombre": 1}, "maintenant": MAINTENANT, "horizon_jours": 1}
            outbox.enqueue_interne(conn, cle_parts=("essai",), plateforme_id="PF35", agent_id=dossiers[0].csam, **quoi)
        return Bilan(1, detail={"a_suivre": 1})

    monkeypatch.setitem(service.SERVICES, ("pdp_veille", "veiller"), write)
    monkeypatch.setattr(service, "DUREE_LOTS_S", -1.0)
    assert _preview().comptes["a_suivre"] == 1, "too long: what was seen is a lower bound, and the rows are let go"
    monkeypatch.setattr(service, "DUREE_LOTS_S", 10.0)
    assert _preview().comptes["messages"] == 1, "as sweeps do, inside a savepoint"

    def block(conn: Any, *_: object) -> Bilan:
        with db.begin(settings().url_app, systeme("autre")) as autre:
            tenir = text("SELECT id FROM pdp.parcours WHERE id = :p FOR NO KEY UPDATE")
            autre.execute(tenir, {"p": dossiers[0].parcours})
            conn.execute(text("SET LOCAL lock_timeout = '10ms'"))
            conn.execute(tenir, {"p": dossiers[0].parcours})
        raise AssertionError

    monkeypatch.setitem(service.SERVICES, ("pdp_veille", "veiller"), block)
    assert _preview().code == "deja_en_cours", "somebody at work is no fault of the treatment"
    assert preview(settings().url_app, "pdp_reponses", "interroger", "x", "PF35", MAINTENANT).code == "exterieur"


def test_people_of_a_killed_sweep_are_listed_without_being_asked_and_managers_told_once(
    dossiers: list[fabrique.Dossier], admin: psycopg.Connection[Any]
) -> None:
    with lot() as conn:
        responsables = [fabrique.agent(conn, "responsable", plateforme=p) for p in ("PF35", "PF35", "PF57")]
        conn.execute(
            text("UPDATE pdp.agent SET courriel = id || '@exemple.invalid' WHERE id = ANY(:ids)"),
            {"ids": [responsables[0], responsables[2]]},
        )
        open_passage(conn, ID, "pdp_veille", "veiller", MAINTENANT, "PF35")
    assert compute_apercus(settings().url_app, MAINTENANT).traites == 0, "still running, perhaps"
    admin.execute("UPDATE pdp.passage SET debut_at = clock_timestamp() - interval '50 minutes'")
    assert [compute_apercus(settings().url_app, MAINTENANT).traites for _ in range(2)] == [1, 0]
    [(etat, parcours)] = admin.execute("SELECT etat, parcours FROM pdp.apercu_passage").fetchall()
    assert (etat, [p for p, _ in parcours]) == ("calcule", [str(dossiers[0].parcours)])

    def watch() -> dict[str, int]:
        with lot() as conn:
            return watch_retards.watch_retards(conn, MAINTENANT, MAINTENANT).detail

    # the callback of Airflow and the watch see the same lateness: one row per platform, one mail per manager who has an address
    limite = (MAINTENANT - timedelta(minutes=5)).isoformat()
    contexte = {"dag_run": {"dag_id": "pdp_veille", "dag_run_id": "scheduled__x"}, "deadline": {"deadline_time": limite}}
    retards.note_retard(contexte)
    retards.note_retard(contexte)
    assert [watch() for _ in range(2)] == [
        {"retards_constates": 0, "retards_finis": 0, "responsables_prevenus": 2},
        {"retards_constates": 0, "retards_finis": 0, "responsables_prevenus": 0},
    ]
    with admin.transaction():  # as if the callback had never come
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("DELETE FROM pdp.retard_traitement")
    assert watch()["retards_constates"] == 2, "the callback lost, the passages say it: one row per platform"
    mails = admin.execute("SELECT agent_id, type, charge -> 'valeurs' ->> 'traitements' FROM pdp.outbox ORDER BY cree_at, id").fetchall()
    assert {m[0] for m in mails} == {responsables[0], responsables[2]}
    assert {m[1:] for m in mails} == {("avis_interne", "6. Veille des parcours")}
    assert watch()["retards_finis"] == 0
    _run_veille(ID)
    assert watch()["retards_finis"] == 2
    with db.begin_as(auteur_agent(responsables[0], "responsable")) as conn:
        vus = watch_retards.list_retards(conn, MAINTENANT)
    assert [(r.titre, r.constate_par, r.fini_at) for r in vus] == [("6. Veille des parcours", "passages", MAINTENANT)]
    # a run lost for good leaves nothing that will ever be closed: the next one that ends did what it left
    retards.note_retard({**contexte, "dag_run": {"dag_id": "pdp_veille", "dag_run_id": "scheduled__perdu"}})
    assert watch()["retards_finis"] == 2


@pytest.mark.parametrize(
    ("dag", "minute", "attendu"),
    [
        ("pdp_veille", 44, True),
        ("pdp_veille", 41, False),
        ("pdp_veille", 45, False),
        ("pdp_reponses", 44, False),
        ("pdp_tri_affectation", 44, False),
        ("pdp_ancien", 44, False),
    ],
)
def test_a_dry_run_never_makes_the_real_one_give_way(dag: str, minute: int, attendu: bool) -> None:
    instant = MAINTENANT.replace(hour=5, minute=minute)  # 06:44 in Paris
    assert is_sur_le_point_de_partir(dag, instant) is attendu


def test_a_preview_is_asked_once_by_a_manager_and_only_on_his_platform(base: str, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        moi = fabrique.agent(conn, "responsable")
        open_passage(conn, ID, "pdp_veille", "veiller", MAINTENANT, "PF35")
    auteur = auteur_agent(moi, "responsable")

    def ask(plateforme: str) -> bool:
        with db.begin_as(auteur) as conn:
            return service.ask_apercu(conn, auteur, plateforme, ID, MAINTENANT)

    assert [ask("PF35"), ask("PF35")] == [True, False]
    with pytest.raises(Exception, match="row-level security"):
        ask("PF57")
    compute_apercus(settings().url_app, MAINTENANT)
    with db.begin_as(auteur) as conn:
        apercu = service.find_apercu(conn, ID)
    assert apercu is not None
    assert (apercu.etat, apercu.calcule_at, apercu.parcours) == ("calcule", MAINTENANT, [])
