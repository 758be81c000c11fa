"""Pool of a manager: time left by risk, no identity, given by hand to who is present and has room, taken back until work begins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.prise_en_charge import rate_risque
from pdp.services.assign_parcours import assign_en_attente
from pdp.services.read_lot import read_lot
from pdp.services.read_pool import count_semaines, read_pool
from pdp.services.run_lot import confirm_lot, create_lot, rehearse_lot, undo_lot
from pdp.storage import db

BALAYAGE = fabrique.systeme("affecter")


class Equipe:
    """A manager, two coordinators, three cases to assign: priority 50, 80, and one interrupted that nobody may take yet."""

    def __init__(self) -> None:
        with lot() as conn:
            fabrique.socle(conn)
            self.responsable = fabrique.agent(conn, "responsable")
            self.csam, self.autre = fabrique.agent(conn), fabrique.agent(conn)
            self.cas = [fabrique.parcours(conn, csam=self.csam, statut=s).parcours for s in ("a_affecter", "a_affecter", "interrompu")]
            conn.execute(text("UPDATE pdp.parcours SET csam_id = NULL"))
            conn.execute(text("UPDATE pdp.parcours SET priorite = 80 WHERE id = :p"), {"p": self.cas[1]})

    @property
    def auteur(self) -> Any:
        return auteur_agent(self.responsable, "responsable")

    def repeter(self, parcours: list[UUID] | None = None, vers: UUID | None = None) -> UUID:
        with db.begin_as(self.auteur) as conn:
            acte = create_lot(conn, self.auteur, "affectation", parcours or self.cas, MAINTENANT)
            rehearse_lot(conn, self.auteur, acte, MAINTENANT, vers=vers or self.autre)
        return acte

    def confirmer(self, acte: UUID) -> bool:
        with db.begin_as(self.auteur) as conn:
            return confirm_lot(conn, self.auteur, acte, MAINTENANT)

    def annuler(self, acte: UUID, maintenant: datetime = MAINTENANT) -> bool:
        with db.begin_as(self.auteur) as conn:
            return undo_lot(conn, self.auteur, acte, maintenant)

    def etats(self, acte: UUID) -> list[str]:
        with db.begin_as(self.auteur, lecture=True) as conn:
            par_id = {p.parcours_id: p for p in read_lot(conn, acte, "responsable", MAINTENANT).personnes}
        assert all((p.nom, p.prenom) == ("", "") for p in par_id.values())
        return [par_id[p].etat for p in self.cas if p in par_id]


@pytest.fixture
def equipe(base: str) -> Equipe:
    return Equipe()


def mains(admin: psycopg.Connection[Any], equipe: Equipe) -> list[Any]:
    return [admin.execute("SELECT csam_id, statut FROM pdp.parcours WHERE id = %s", (p,)).fetchone() for p in equipe.cas]


@pytest.mark.parametrize(("points", "code"), [(0, "courant"), (79, "courant"), (80, "eleve"), (200, "eleve")])
def test_risk_by_its_points(points: int, code: str) -> None:
    assert rate_risque(points, 80).code == code


@pytest.mark.parametrize(("palier", "jours", "semaines"), [(90, 0, 12), (90, 1, 13), (30, 4, 4), (30, 5, 5), (30, -40, 0)])
def test_weeks_of_the_absence(palier: int, jours: int, semaines: int) -> None:
    assert count_semaines(palier, date(2026, 11, 1), date(2026, 11, 1) + timedelta(days=jours)) == semaines


def test_pool_says_until_when_and_who_has_room(equipe: Equipe) -> None:
    """Opened on a Wednesday at 9: the high risk is due that evening at 18 in Paris, the other on the next working day."""
    with db.begin_as(equipe.auteur, lecture=True) as conn:
        pool = read_pool(conn, "PF35", MAINTENANT)
    assert [(p.id, p.risque.code, p.limite_at) for p in pool.parcours[:2]] == [
        (equipe.cas[1], "eleve", datetime(2026, 11, 18, 17, tzinfo=UTC)),
        (equipe.cas[0], "courant", datetime(2026, 11, 19, 17, tzinfo=UTC)),
    ]
    assert {p.id: p.affectable for p in pool.parcours} == {equipe.cas[0]: True, equipe.cas[1]: True, equipe.cas[2]: False}
    assert pool.parcours[0].commune == "35238"
    assert {r.id for r in pool.receveurs} == {equipe.csam, equipe.autre}
    assert (pool.en_retard, pool.places) == (0, 160)
    with db.begin_as(equipe.auteur, lecture=True) as conn:
        assert read_pool(conn, "PF35", datetime(2026, 11, 18, 17, 1, tzinfo=UTC)).en_retard == 1


def test_given_by_hand_once_with_its_first_call_then_taken_back(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    acte = equipe.repeter()
    assert equipe.etats(acte) == ["prevue", "prevue", "refusee"]
    assert mains(admin, equipe) == [(None, "a_affecter"), (None, "a_affecter"), (None, "interrompu")]
    assert [equipe.confirmer(acte), equipe.confirmer(acte)] == [True, False]
    assert equipe.etats(acte) == ["faite", "faite", "refusee"]
    assert mains(admin, equipe) == [(equipe.autre, "affecte"), (equipe.autre, "affecte"), (None, "interrompu")]
    assert admin.execute("SELECT motif, count(*) FROM pdp.tache WHERE fermee_at IS NULL GROUP BY motif").fetchall() == [
        ("premier_appel", 2)
    ]
    assert admin.execute("SELECT par_id, de_csam_id FROM pdp.affectation").fetchall() == [(str(equipe.responsable), None)] * 2
    assert equipe.annuler(acte) is True
    assert mains(admin, equipe)[:2] == [(None, "a_affecter")] * 2
    assert admin.execute("SELECT count(*) FROM pdp.tache WHERE fermee_at IS NULL").fetchone() == (0,)
    assert equipe.annuler(acte) is False


@pytest.mark.parametrize("raison", ["begun", "too late"])
def test_not_taken_back_once_work_has_begun(equipe: Equipe, admin: psycopg.Connection[Any], raison: str) -> None:
    acte = equipe.repeter(equipe.cas[:1])
    equipe.confirmer(acte)
    if raison == "begun":
        with lot() as conn:
            conn.execute(text("UPDATE pdp.parcours SET statut = 'contact_en_cours' WHERE id = :p"), {"p": equipe.cas[0]})
    equipe.annuler(acte, MAINTENANT + timedelta(days=0 if raison == "begun" else 200))
    assert equipe.etats(acte) == ["faite"]
    assert mains(admin, equipe)[0][0] == equipe.autre


def test_the_sweep_that_came_first_wins(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    acte = equipe.repeter(equipe.cas[:2])
    with lot(BALAYAGE) as conn:
        assert assign_en_attente(conn, "PF35", BALAYAGE, MAINTENANT).traites == 2
    avant = mains(admin, equipe)
    equipe.confirmer(acte)
    assert equipe.etats(acte) == ["refusee", "refusee"]
    assert mains(admin, equipe) == avant


def test_two_managers_on_one_case_give_it_once(equipe: Equipe, admin: psycopg.Connection[Any]) -> None:
    actes = [equipe.repeter(equipe.cas[:2], vers) for vers in (equipe.csam, equipe.autre)]
    with ThreadPoolExecutor(2) as ensemble:
        assert list(ensemble.map(equipe.confirmer, actes)) == [True, True]
    etats = [equipe.etats(acte) for acte in actes]
    assert sorted(etats) == [["faite", "faite"], ["refusee", "refusee"]]
    elu = (equipe.csam, equipe.autre)[etats.index(["faite", "faite"])]
    assert mains(admin, equipe)[:2] == [(elu, "affecte")] * 2
    assert admin.execute("SELECT count(*) FROM pdp.affectation").fetchone() == (2,)


def test_cap_is_shared_by_the_lot(equipe: Equipe) -> None:
    with lot() as conn:
        conn.execute(text("UPDATE pdp.agent SET quotite = 0.02 WHERE id = :a"), {"a": equipe.autre})
    assert sorted(equipe.etats(equipe.repeter(equipe.cas[:2]))) == ["prevue", "refusee"]


@pytest.mark.parametrize(
    "requete",
    [
        "UPDATE pdp.parcours SET statut = 'cloture' WHERE id = :p",
        "UPDATE pdp.parcours SET statut = 'contact_en_cours' WHERE id = :p",
    ],
)
def test_a_manager_changes_a_status_only_by_assigning(equipe: Equipe, requete: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), db.begin_as(equipe.auteur) as conn:
        conn.execute(text(requete), {"p": equipe.cas[0]})


@pytest.mark.parametrize(
    "requete", ["SELECT note FROM pdp.affectation", "SELECT nom FROM identite.assure", "SELECT attente_raison FROM pdp.tache"]
)
def test_a_manager_reads_no_words_and_no_name(equipe: Equipe, requete: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), db.begin_as(equipe.auteur) as conn:
        conn.execute(text(requete))
