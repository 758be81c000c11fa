"""Assignment of all that waits, on real PostgreSQL: continuity, language, load in points, caps, two sweeps at once, statements counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, event

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.bilan import Bilan
from pdp.services.assign_parcours import assign_en_attente
from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_charges import list_candidats

AFFECTEUR = fabrique.systeme("affecter")


def attendre(conn: Connection, assure: UUID | None = None, langue: str = "fr") -> UUID:
    """A parcours that waits for a coordinator."""
    cas = fabrique.parcours(conn, csam=fabrique.agent(conn, "responsable"), statut="a_affecter", assure_id=assure)
    conn.execute(fabrique.text("UPDATE pdp.parcours SET csam_id = NULL WHERE id = :p"), {"p": cas.parcours})
    conn.execute(fabrique.text("UPDATE identite.assure SET langue = :l WHERE id = :a"), {"l": langue, "a": cas.assure})
    return cas.parcours


def clore(conn: Connection, cas: fabrique.Dossier, jours: int, motif: str = "reprise_meme_poste") -> None:
    conn.execute(
        fabrique.text("UPDATE pdp.parcours SET statut = 'cloture', clos_at = :t, cloture_motif = :m WHERE id = :p"),
        {"t": MAINTENANT - timedelta(days=jours), "m": motif, "p": cas.parcours},
    )


def affecter() -> Bilan:
    with lot(AFFECTEUR) as conn:
        return assign_en_attente(conn, "PF35", AFFECTEUR, MAINTENANT)


def main_de(admin: psycopg.Connection[Any], parcours: UUID) -> UUID:
    [(csam,)] = admin.execute("SELECT csam_id FROM pdp.parcours WHERE id = %s", (parcours,))
    return csam


@pytest.mark.parametrize(
    ("jours", "motif", "continuite"),
    [
        pytest.param(30, "reprise_meme_poste", True, id="last month"),
        pytest.param(364, "reprise_meme_poste", True, id="the day before the twelve months"),
        pytest.param(365, "reprise_meme_poste", False, id="twelve months to the day"),
        pytest.param(30, "erreur", False, id="entered in error: nobody knew the person"),
    ],
)
def test_relapse_goes_back_to_who_knows_the_person(
    base: str, admin: psycopg.Connection[Any], jours: int, motif: str, continuite: bool
) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        connu, libre = fabrique.agent(conn, territoire=("22",)), fabrique.agent(conn, territoire=("35",))
        ancien = fabrique.parcours(conn, csam=connu)
        clore(conn, ancien, jours, motif)
        nouveau = attendre(conn, assure=ancien.assure)
    assert affecter().traites == 1
    assert main_de(admin, nouveau) == (connu if continuite else libre)
    [phrase] = admin.execute("SELECT motif FROM pdp.affectation WHERE parcours_id = %s", (nouveau,)).fetchone() or [""]
    assert phrase.startswith("Continuité" if continuite else "Conseiller du territoire")
    assert "charge avant : " in phrase


def test_language_of_the_person(base: str, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        fabrique.agent(conn)
        parle = fabrique.agent(conn)
        conn.execute(fabrique.text("UPDATE pdp.agent SET competences = '{arabe}' WHERE id = :a"), {"a": parle})
        fabrique.parcours(conn, csam=parle)
        nouveau = attendre(conn, langue="ar")
    affecter()
    assert main_de(admin, nouveau) == parle


def test_load_is_in_points_not_in_cases(base: str, admin: psycopg.Connection[Any]) -> None:
    """Three people whom a partner follows weigh less than two to call for the first time."""
    with lot() as conn:
        fabrique.socle(conn)
        leger, lourd = fabrique.agent(conn), fabrique.agent(conn)
        for _ in range(3):
            fabrique.parcours(conn, csam=leger, statut="en_accompagnement")
        for _ in range(2):
            fabrique.parcours(conn, csam=lourd, statut="affecte")
        conn.execute(fabrique.text("UPDATE pdp.parcours SET decide_at = :t"), {"t": MAINTENANT - timedelta(days=100)})
        jour = MAINTENANT.date()
        charges = {c.id: (c.dossiers, c.charge) for c in list_candidats(conn, get_lieu(conn, "PF35"), jour)}
        nouveau = attendre(conn)
    assert charges == {leger: (3, 3), lourd: (2, 6)}
    affecter()
    assert main_de(admin, nouveau) == leger


def test_morning_is_shared_evenly_and_first_weeks_weigh(base: str, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        plein, mi_temps = fabrique.agent(conn), fabrique.agent(conn, quotite=0.5)
        for _ in range(9):
            attendre(conn)
    assert affecter().traites == 9
    nombres = dict(admin.execute("SELECT csam_id, count(*) FROM pdp.parcours GROUP BY csam_id").fetchall())
    assert nombres == {plein: 6, mi_temps: 3}


def test_cap_leaves_the_rest_visible(base: str, admin: psycopg.Connection[Any]) -> None:
    plafond = referentiel().entier("csam_parcours_actifs_max", MAINTENANT.date(), "PF35")
    with lot() as conn:
        fabrique.socle(conn)
        seul = fabrique.agent(conn)
        for _ in range(plafond - 1):
            fabrique.parcours(conn, csam=seul)
        for _ in range(2):
            attendre(conn)
    bilan = affecter()
    assert (bilan.traites, bilan.ignores, bilan.detail) == (1, 1, {"aucun_csam_disponible": 1})
    assert admin.execute("SELECT count(*) FROM pdp.parcours WHERE csam_id IS NULL").fetchone() == (1,)


def test_two_sweeps_at_once_assign_each_once(base: str, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        for _ in range(3):
            fabrique.agent(conn)
        for _ in range(12):
            attendre(conn)
    with ThreadPoolExecutor(2) as deux:
        bilans = [f.result() for f in [deux.submit(affecter) for _ in range(2)]]
    assert sorted(b.traites for b in bilans) == [0, 12]
    assert admin.execute("SELECT count(*), count(DISTINCT parcours_id) FROM pdp.affectation").fetchone() == (12, 12)
    assert admin.execute("SELECT count(*) FROM pdp.tache WHERE motif = 'premier_appel'").fetchone() == (12,)
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'parcours_affecte'").fetchone() == (12,)
    assert affecter().traites == 0


def test_statements_do_not_grow_with_the_cases(base: str) -> None:
    comptes = []
    with lot() as conn:
        fabrique.socle(conn)
        fabrique.agent(conn)
    for nombre in (1, 25):
        with lot(AFFECTEUR) as conn:
            for _ in range(nombre):
                attendre(conn)
            requetes: list[str] = []

            def noter(_c: object, _k: object, requete: str, *_: object, vues: list[str] = requetes) -> None:
                vues.append(requete)

            event.listen(conn, "before_cursor_execute", noter)
            assert assign_en_attente(conn, "PF35", AFFECTEUR, MAINTENANT).traites == nombre
            comptes.append(len(requetes))
    assert comptes[0] == comptes[1] <= 8
