"""Sessions of Mon soutien psy declared by the person, or by the psychologist when she agreed to it; stopped with a reason."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.errors import AccordManquant, Conflit, DonneeInvalide, Introuvable
from pdp.services.annulation import acte, undo_acte
from pdp.services.apply_reponses import apply_reponses
from pdp.services.declare_seances import declare_seance, deposit_seances, find_retour, remove_seance, stop_seances
from pdp.services.orient_parcours import orient_parcours
from pdp.services.propose_soutien_psy import evaluate_soutien_psy, record_soutien_psy
from pdp.services.read_seances import read_seances
from pdp.services.record_accord import record_accord
from pdp.services.record_reponse import record_evenement, record_reponse
from pdp.services.send_outbox import send_due
from pdp.services.withdraw_accord import withdraw_classes
from pdp.storage import db

JOUR = MAINTENANT.date()
COLLECTE = fabrique.systeme("collect_reponses")


@pytest.fixture
def dossier(base: str) -> Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="accord_demande")


def qui(d: Dossier) -> Auteur:
    return auteur_agent(d.csam)


def declare(d: Dossier, le: date) -> bool:
    with db.begin_as(qui(d)) as conn:
        return declare_seance(conn, qui(d), d.parcours, le, MAINTENANT)


def record(d: Dossier, resultat: str = "proposee") -> None:
    with db.begin_as(qui(d)) as conn:
        record_soutien_psy(conn, qui(d), d.parcours, resultat, JOUR, MAINTENANT)


def stop(d: Dossier, motif: str = "termine", le: date = JOUR) -> None:
    with db.begin_as(qui(d)) as conn:
        stop_seances(conn, qui(d), d.parcours, motif, le, MAINTENANT)


def seances(d: Dossier, jour: date = JOUR) -> list[tuple[date, int, bool]]:
    with db.begin_as(qui(d)) as conn:
        return [(s.le, s.rang, s.couverte) for _, s in read_seances(conn, d.parcours, jour).lignes]


def quota(d: Dossier, jour: date = JOUR) -> tuple[str, str]:
    with db.begin_as(qui(d)) as conn:
        verdicts = evaluate_soutien_psy(conn, d.parcours, jour).verdicts
    (verdict,) = [v for v in verdicts if v.parametre.startswith("psy_quota")]
    return verdict.statut, verdict.motif


class TestPersonne:
    def test_a_day_counts_once(self, dossier: Dossier, admin: psycopg.Connection[Any]) -> None:
        assert [declare(dossier, JOUR - timedelta(days=n)) for n in (7, 7, 0)] == [True, False, True]
        assert seances(dossier) == [(JOUR - timedelta(days=7), 1, True), (JOUR, 2, True)]
        evenements = admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'seance_psy_declaree'").fetchone()
        assert evenements == (2,)

    @pytest.mark.parametrize(
        ("le", "code"),
        [(JOUR + timedelta(days=1), "session_to_come"), (date(2022, 4, 4), "before_scheme"), (date(1926, 11, 2), "before_scheme")],
    )
    def test_refused_days(self, dossier: Dossier, le: date, code: str) -> None:
        with pytest.raises(DonneeInvalide) as refus:
            declare(dossier, le)
        assert refus.value.code == code
        assert seances(dossier) == []

    def test_the_first_day_of_the_scheme(self, dossier: Dossier) -> None:
        assert declare(dossier, date(2022, 4, 5))

    @pytest.mark.parametrize(
        ("nombre", "statut", "mots"),
        [
            (0, "a_verifier", "n'est pas connu"),
            (1, "eligible", "Il reste 11 séances"),
            (11, "eligible", "Il reste 1 séance remboursée"),
            (12, "non_eligible", "quota de séances de l'année 2026 est atteint"),
        ],
    )
    def test_what_is_declared_bears_on_eligibility(self, dossier: Dossier, nombre: int, statut: str, mots: str) -> None:
        for n in range(nombre):
            declare(dossier, JOUR - timedelta(days=7 * (n + 1)))
        assert quota(dossier)[0] == statut
        assert mots in quota(dossier)[1]

    def test_last_year_does_not_count(self, dossier: Dossier) -> None:
        for n in range(12):
            declare(dossier, date(2025, 12, 31) - timedelta(days=n))
        assert quota(dossier)[0] == "a_verifier"
        with db.begin_as(qui(dossier)) as conn:
            assert read_seances(conn, dossier.parcours, JOUR).compte.reste == 12
            assert read_seances(conn, dossier.parcours, date(2025, 12, 31)).compte.reste == 0

    def test_removed_and_declared_again(self, dossier: Dossier, admin: psycopg.Connection[Any]) -> None:
        declare(dossier, JOUR)
        (seance,) = admin.execute("SELECT id FROM pdp.seance_psy").fetchone() or (None,)
        with db.begin_as(qui(dossier)) as conn:
            remove_seance(conn, qui(dossier), dossier.parcours, seance, MAINTENANT)
        assert seances(dossier) == []
        with pytest.raises(Introuvable), db.begin_as(qui(dossier)) as conn:
            remove_seance(conn, qui(dossier), dossier.parcours, seance, MAINTENANT)
        assert declare(dossier, JOUR)

    def test_undone(self, dossier: Dossier) -> None:
        with db.begin_as(qui(dossier)) as conn, acte(conn, qui(dossier), dossier.parcours, "seance_psy", MAINTENANT) as fait:
            declare_seance(conn, qui(dossier), dossier.parcours, JOUR, MAINTENANT)
        assert fait.id is not None
        with db.begin_as(qui(dossier)) as conn:
            undo_acte(conn, qui(dossier), fait.id, MAINTENANT + timedelta(minutes=1))
        assert seances(dossier) == []

    def test_another_platform_sees_nothing(self, dossier: Dossier) -> None:
        declare(dossier, JOUR)
        with lot() as conn:
            ailleurs = auteur_agent(fabrique.agent(conn, plateforme="PF57"), plateforme="PF57")
        with db.begin_as(ailleurs) as conn:
            assert conn.execute(text("SELECT count(*) FROM pdp.seance_psy")).scalar_one() == 0
        with pytest.raises(Introuvable), db.begin_as(ailleurs) as conn:
            declare_seance(conn, ailleurs, dossier.parcours, JOUR, MAINTENANT)


class TestArret:
    @pytest.mark.parametrize("resultat", [None, "refusee", "contre_indiquee", "non_eligible"])
    def test_nothing_to_stop(self, dossier: Dossier, resultat: str | None) -> None:
        if resultat:
            record(dossier, resultat)
        with pytest.raises(DonneeInvalide) as refus:
            stop(dossier)
        assert refus.value.code == "no_sessions"

    def test_stopped_then_begun_again(self, dossier: Dossier, admin: psycopg.Connection[Any]) -> None:
        record(dossier)
        for motif in ("", "diagnostic", "score"):
            with pytest.raises(DonneeInvalide):
                stop(dossier, motif)
        hier = JOUR - timedelta(days=1)
        for _ in range(2):
            stop(dossier, le=hier)
        assert admin.execute("SELECT arrete_le, arret_motif FROM pdp.soutien_psy").fetchall() == [(hier, "termine")]
        assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'soutien_psy_arrete'").fetchone() == (1,)
        assert declare(dossier, hier)
        with pytest.raises(DonneeInvalide) as refus:
            declare(dossier, JOUR)
        assert refus.value.code == "sessions_stopped"
        record(dossier)
        assert admin.execute("SELECT arrete_le, arret_motif FROM pdp.soutien_psy").fetchall() == [(None, None)]
        assert declare(dossier, JOUR)


@pytest.fixture
def psychologue(dossier: Dossier) -> Auteur:
    with lot() as conn:
        partenaire = fabrique.partenaire(conn, "psychologue")
    return Auteur("partenaire", str(partenaire), "partenaire", "PF35", str(partenaire))


def hand_over(d: Dossier, psychologue: Auteur, classes: list[str] | None = None) -> UUID:
    """Proposed, delivered, accepted."""
    avant = MAINTENANT - timedelta(minutes=5)
    with db.begin_as(qui(d)) as conn:
        record_accord(
            conn, qui(d), d.parcours, destinataire="psychologue", decision="accorde", modalite="oral", maintenant=avant, classes=classes
        )
        orientation = orient_parcours(conn, qui(d), d.parcours, UUID(psychologue.id), "Souhaite en parler.", avant)
    assert send_due(MAINTENANT).traites >= 1
    with db.begin_as(psychologue) as conn:
        record_reponse(
            conn, psychologue, orientation, statut="acceptee", motif=None, compte_rendu=None, evenement_id=uuid4(), maintenant=MAINTENANT
        )
    collect()
    return orientation


def collect() -> dict[str, int]:
    with lot(COLLECTE) as conn:
        return dict(apply_reponses(conn, "PF35", COLLECTE, MAINTENANT).detail)


def tell(psychologue: Auteur, orientation: UUID, *dates: date, cle: UUID | None = None) -> None:
    with db.begin_as(psychologue) as conn:
        deposit_seances(
            conn, psychologue, orientation, dates=dates, evenement_id=cle or uuid4(), transport="portail", maintenant=MAINTENANT
        )


class TestPsychologue:
    def test_dates_only_and_once(self, dossier: Dossier, psychologue: Auteur, admin: psycopg.Connection[Any]) -> None:
        orientation = hand_over(dossier, psychologue)
        declare(dossier, JOUR)
        cle = uuid4()
        for _ in range(2):
            tell(psychologue, orientation, JOUR, JOUR - timedelta(days=7), cle=cle)
        with pytest.raises(Conflit):
            tell(psychologue, orientation, JOUR, cle=cle)
        collect()
        collect()
        assert [s[0] for s in seances(dossier)] == [JOUR - timedelta(days=7), JOUR]
        codes = admin.execute("SELECT evenement, count(*) FROM journal.evenement WHERE evenement LIKE 'seance%' GROUP BY 1 ORDER BY 1")
        assert codes.fetchall() == [("seance_psy_declaree", 2), ("seances_recues", 1)]
        assert admin.execute("SELECT source, orientation_id FROM pdp.seance_psy ORDER BY seance_le").fetchall() == [
            ("psychologue", orientation),
            ("personne", None),
        ]
        with db.begin_as(psychologue, lecture=True) as conn:
            assert find_retour(conn, orientation).dites == [JOUR - timedelta(days=7), JOUR]
        with pytest.raises(ProgrammingError), db.begin_as(psychologue) as conn:
            conn.execute(text("SELECT 1 FROM pdp.seance_psy"))

    def test_not_without_her_agreement(self, dossier: Dossier, psychologue: Auteur) -> None:
        orientation = hand_over(dossier, psychologue, ["identite", "contact"])
        with db.begin_as(psychologue, lecture=True) as conn:
            assert not find_retour(conn, orientation).accordees
        with pytest.raises(AccordManquant):
            tell(psychologue, orientation, JOUR)
        with pytest.raises(DonneeInvalide), db.begin_as(psychologue) as conn:
            record_evenement(
                conn,
                psychologue,
                orientation,
                nature="seances",
                texte="le 3",
                rendez_vous_at=None,
                evenement_id=uuid4(),
                transport="portail",
                maintenant=MAINTENANT,
            )

    def test_withdrawn_meanwhile_nothing_is_kept(self, dossier: Dossier, psychologue: Auteur, admin: psycopg.Connection[Any]) -> None:
        orientation = hand_over(dossier, psychologue)
        tell(psychologue, orientation, JOUR)
        (accord,) = admin.execute("SELECT id FROM pdp.accord").fetchone() or (None,)
        with db.begin_as(qui(dossier)) as conn:
            withdraw_classes(conn, qui(dossier), accord, ["seances"], "telephone", MAINTENANT)
        assert collect() == {"quarantaine": 1}
        assert admin.execute("SELECT seances FROM pdp.inbox WHERE nature = 'seances'").fetchall() == [([],)]
        assert seances(dossier) == []
        with pytest.raises(AccordManquant):
            tell(psychologue, orientation, JOUR)
        assert admin.execute("SELECT statut FROM pdp.orientation").fetchall() == [("acceptee",)], "the support itself goes on"

    @pytest.mark.parametrize(
        ("dates", "code"),
        [
            ((), "bad_dates"),
            (tuple(JOUR - timedelta(days=n) for n in range(21)), "bad_dates"),
            ((JOUR, JOUR + timedelta(days=1)), "session_to_come"),
        ],
    )
    def test_refused_dates(self, dossier: Dossier, psychologue: Auteur, dates: tuple[date, ...], code: str) -> None:
        orientation = hand_over(dossier, psychologue)
        with pytest.raises(DonneeInvalide) as refus:
            tell(psychologue, orientation, *dates)
        assert refus.value.code == code

    def test_another_partner_says_nothing(self, dossier: Dossier, psychologue: Auteur) -> None:
        orientation = hand_over(dossier, psychologue)
        with lot() as conn:
            autre = fabrique.partenaire(conn, "psychologue")
        with pytest.raises(Introuvable):
            tell(Auteur("partenaire", str(autre), "partenaire", "PF35", str(autre)), orientation, JOUR)
