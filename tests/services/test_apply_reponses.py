"""What an answer changes: the hand-over only goes forward, the parcours and its open reasons follow."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, lot
from pdp.domain.orientation import Statut
from pdp.services.apply_reponses import apply_reponses, can_follow
from pdp.storage import inbox
from relais import Relais, consent, orient, relais

COLLECTE = fabrique.systeme("collect_reponses")
API = "http://127.0.0.1:9"


@pytest.fixture
def cas(base: str) -> Relais:
    with lot() as conn:
        fabrique.socle(conn)
    return relais(API)


def answer(
    cas: Relais, statut: str, version: int = 1, *, orientation: UUID | None = None, partenaire: UUID | None = None, **champs: str
) -> None:
    with lot(COLLECTE) as conn:
        sort = inbox.deposit(
            conn,
            plateforme_id="PF35",
            partenaire_id=partenaire or cas.partenaire,
            evenement_id=str(uuid4()),
            orientation_id=orientation or cas.orientation,
            version=version,
            statut=statut,
            motif=champs.get("motif"),
            compte_rendu=champs.get("compte_rendu"),
            survenu_at=MAINTENANT,
            empreinte=uuid4().bytes,
            maintenant=MAINTENANT,
            transport="api",
        )
    assert sort == "nouvelle"


def apply(instant: datetime = MAINTENANT) -> dict[str, int]:
    with lot(COLLECTE) as conn:
        return apply_reponses(conn, "PF35", COLLECTE, instant).detail


def etat(admin: psycopg.Connection, cas: Relais) -> tuple[str, str, set[str]]:
    """Status of the hand-over, of the parcours, and open reasons."""
    statut = admin.execute("SELECT statut FROM pdp.orientation WHERE id = %s", (cas.orientation,)).fetchone()[0]
    parcours = admin.execute("SELECT statut FROM pdp.parcours WHERE id = %s", (cas.dossier.parcours,)).fetchone()[0]
    taches = admin.execute("SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL", (cas.dossier.parcours,)).fetchall()
    return statut, parcours, {motif for (motif,) in taches}


SUITES = [
    # answers in order, hand-over, parcours, open reasons
    (["recue"], "recue", "oriente", {"attendre_partenaire"}),
    (["acceptee"], "acceptee", "en_accompagnement", {"nouvelles_partenaire"}),
    (["recue", "acceptee"], "acceptee", "en_accompagnement", {"nouvelles_partenaire"}),
    (["refusee"], "refusee", "entretien_realise", {"lire_reponse"}),
    (["recue", "refusee"], "refusee", "entretien_realise", {"lire_reponse"}),
    (["acceptee", "en_cours"], "en_cours", "en_accompagnement", {"nouvelles_partenaire"}),
    (["acceptee", "realisee"], "realisee", "entretien_realise", {"lire_reponse"}),
    (["acceptee", "sans_suite"], "sans_suite", "entretien_realise", {"lire_reponse"}),
    (["acceptee", "en_cours", "realisee"], "realisee", "entretien_realise", {"lire_reponse"}),
]


@pytest.mark.parametrize(("reponses", "statut", "parcours", "taches"), SUITES)
@pytest.mark.parametrize("d_un_coup", [True, False])
def test_each_answer_moves_the_parcours_and_its_reasons(
    cas: Relais, admin: psycopg.Connection, reponses: list[str], statut: str, parcours: str, taches: set[str], d_un_coup: bool
) -> None:
    for version, reponse in enumerate(reponses, start=1):
        answer(cas, reponse, version, **({"motif": "capacite"} if reponse == "refusee" else {}))
        if not d_un_coup:
            assert apply() == {"appliquee": 1}
    if d_un_coup:
        assert apply() == {"appliquee": len(reponses)}
    assert etat(admin, cas) == (statut, parcours, taches)
    assert apply() == {}
    assert etat(admin, cas) == (statut, parcours, taches)
    evenements = admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'orientation_repondue'").fetchone()[0]
    assert evenements == len(reponses)


@pytest.mark.parametrize("ordre", list(permutations((1, 2, 3))))
def test_answers_in_any_order_end_in_the_same_state(cas: Relais, admin: psycopg.Connection, ordre: tuple[int, ...]) -> None:
    statuts = {1: "acceptee", 2: "en_cours", 3: "realisee"}
    for version in ordre:
        answer(cas, statuts[version], version)
        assert "quarantaine" not in apply()
    assert etat(admin, cas) == ("realisee", "entretien_realise", {"lire_reponse"})


@pytest.mark.parametrize(
    ("avant", "apres"),
    [([], "en_cours"), ([], "realisee"), (["refusee"], "acceptee"), (["acceptee"], "refusee"), (["acceptee", "realisee"], "en_cours")],
)
def test_an_answer_that_cannot_follow_is_set_aside(cas: Relais, admin: psycopg.Connection, avant: list[str], apres: str) -> None:
    for version, reponse in enumerate(avant, start=1):
        answer(cas, reponse, version)
    apply()
    connu = etat(admin, cas)
    answer(cas, apres, len(avant) + 1)
    assert apply() == {"quarantaine": 1}
    assert etat(admin, cas) == (*connu[:2], connu[2] | {"lire_reponse"})


def test_every_pair_of_statuses_without_a_gap_follows_the_table() -> None:
    permis = {(a, b) for a in Statut for b in Statut if can_follow(a, b, saut=False)}
    assert permis == {
        ("envoyee", "recue"),
        ("envoyee", "acceptee"),
        ("envoyee", "refusee"),
        ("recue", "acceptee"),
        ("recue", "refusee"),
        ("acceptee", "en_cours"),
        ("acceptee", "realisee"),
        ("acceptee", "sans_suite"),
        ("en_cours", "realisee"),
        ("en_cours", "sans_suite"),
    }
    regressions = [
        ("acceptee", "recue"),
        ("en_cours", "acceptee"),
        ("refusee", "acceptee"),
        ("annulee", "acceptee"),
        ("brouillon", "recue"),
    ]
    assert [paire for paire in regressions if can_follow(*paire, saut=True)] == []


def test_older_version_is_ignored(cas: Relais, admin: psycopg.Connection) -> None:
    answer(cas, "acceptee", 5)
    apply()
    answer(cas, "refusee", 4, motif="capacite")
    answer(cas, "refusee", 5, motif="capacite")
    assert apply() == {"ancienne": 2}
    assert etat(admin, cas)[0] == "acceptee"


def test_same_status_again_only_completes_the_report(cas: Relais, admin: psycopg.Connection) -> None:
    for version, rendu in ((1, None), (2, "Premier."), (3, "Premier."), (4, "Complété.")):
        champs = {"compte_rendu": rendu} if rendu else {}
        answer(cas, "acceptee" if version == 1 else "realisee", version, **champs)
    assert apply() == {"appliquee": 4}
    assert admin.execute("SELECT compte_rendu FROM pdp.orientation").fetchone() == ("Complété.",)
    assert admin.execute("SELECT count(*) FROM pdp.tache WHERE motif = 'lire_reponse' AND fermee_at IS NULL").fetchone() == (2,)


def test_unknown_orientation_waits_five_minutes_then_is_set_aside(cas: Relais) -> None:
    answer(cas, "acceptee", orientation=uuid4())
    assert apply(MAINTENANT + timedelta(minutes=4, seconds=59)) == {"attente": 1}
    assert apply(MAINTENANT + timedelta(minutes=5)) == {"quarantaine": 1}


def test_a_partner_cannot_answer_for_another(cas: Relais, admin: psycopg.Connection) -> None:
    with lot() as conn:
        autre = fabrique.partenaire(conn)
    answer(cas, "acceptee", partenaire=autre)
    assert apply(MAINTENANT + timedelta(minutes=5)) == {"quarantaine": 1}
    assert etat(admin, cas)[0] == "envoyee"


def test_refusal_leaves_the_parcours_oriented_while_another_hand_over_goes_on(cas: Relais, admin: psycopg.Connection) -> None:
    with lot() as conn:
        consent(conn, cas.dossier, "spst")
        spst = fabrique.partenaire(conn, "spst")
    orient(cas.dossier, spst)
    answer(cas, "refusee", motif="capacite")
    apply()
    assert etat(admin, cas) == ("refusee", "oriente", {"attendre_partenaire", "lire_reponse"})


@pytest.mark.parametrize("statut", ["cloture", "interrompu", "entretien_planifie"])
def test_answer_is_kept_when_the_parcours_went_elsewhere(cas: Relais, admin: psycopg.Connection, statut: str) -> None:
    admin.execute("SET session_replication_role = replica")
    clos = (MAINTENANT, "reprise_meme_poste") if statut == "cloture" else (None, None)
    admin.execute("UPDATE pdp.parcours SET statut = %s, clos_at = %s, cloture_motif = %s", (statut, *clos))
    answer(cas, "acceptee")
    assert apply() == {"appliquee": 1}
    assert etat(admin, cas) == ("acceptee", statut, set() if statut == "cloture" else {"nouvelles_partenaire"})


def test_platforms_are_apart(cas: Relais) -> None:
    answer(cas, "acceptee")
    with lot(COLLECTE) as conn:
        assert apply_reponses(conn, "PF57", COLLECTE, MAINTENANT).traites == 0
