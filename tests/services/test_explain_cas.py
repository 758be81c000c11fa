"""« Pourquoi ? » of one person, and the same as known on an earlier day: before, at and after a correction."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot, socle
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.explain_cas import ExplicationCas, explain_cas
from pdp.services.read_connu import read_connu
from pdp.storage import db

APPRIS = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
CORRIGE = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
DEBUT, FIN = date(2026, 8, 20), date(2026, 12, 15)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    """A person whose avis, learnt on 1 September, was corrected on 5 October: her absence began on 20 August, not on 1 June."""
    with lot() as conn:
        socle(conn)
        dossier = fabrique.parcours(conn)
        fabrique.arret(conn, dossier.assure, DEBUT, FIN, id_avis="AV-1", risque="at", connu=CORRIGE)
        add_version(conn, dossier.assure, "AV-1", date(2026, 6, 1), date(2026, 9, 30), APPRIS, CORRIGE)
    return dossier


def add_version(conn: Connection, assure: UUID, id_avis: str, debut: date, fin: date, du: datetime, au: datetime, **champs: Any) -> None:
    valeurs = {"risque": "maladie", "annule": False, "ald": False, **champs}
    conn.execute(
        text(
            "INSERT INTO pdp.arret_prescrit_version (plateforme_id, id_avis, assure_id, date_debut, date_fin, nature, risque,"
            " temps_partiel, motif_categorie, ald, annule, recu_source_at, connu_du, connu_au, fichier_id)"
            " VALUES ('PF35', :i, :a, :d, :f, 'initiale', :risque, false, 'tms', :ald, :annule, :du, :du, :au, :fi)"
        ),
        {"i": id_avis, "a": assure, "d": debut, "f": fin, "du": du, "au": au, "fi": fabrique.fichier(conn), **valeurs},
    )


def add_paiement(conn: Connection, assure: UUID, debut: date, fin: date, jours: int, connu: datetime) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.ij_versee (plateforme_id, assure_id, id_versement, nature, risque, debut, fin, jours, traite_le,"
            " version_empreinte, connu_at, fichier_id) VALUES ('PF35', :a, :v, '6110', 'maladie', :d, :f, :j, :f, '', :c, :fi)"
        ),
        {"a": assure, "v": uuid4().hex, "d": debut, "f": fin, "j": jours, "c": connu, "fi": fabrique.fichier(conn)},
    )


def add_affection(conn: Connection, assure: UUID, debut: date, connu: datetime) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.affection (plateforme_id, assure_id, id_droit, nature, affection, debut, recu_source_at, version_empreinte,"
            " connu_at, fichier_id) VALUES ('PF35', :a, :v, 'ald', :u, :d, :c, '', :c, :fi)"
        ),
        {"a": assure, "v": uuid4().hex, "u": uuid4(), "d": debut, "c": connu, "fi": fabrique.fichier(conn)},
    )


def explain(cas: UUID, connu_at: datetime | None = None, lecteur: str = "csam", maintenant: datetime = MAINTENANT) -> ExplicationCas:
    with lot() as conn:
        return explain_cas(conn, cas, maintenant, connu_at=connu_at, lecteur=lecteur)


def periode_connue(dossier: fabrique.Dossier, instant: datetime) -> list[tuple[date, date, str]]:
    with lot() as conn:
        return [(p.debut, p.fin, p.risque) for p in read_connu(conn, dossier.assure, instant).prescriptions]


@pytest.mark.parametrize(
    ("instant", "attendu"),
    [
        (APPRIS - INSTANT, []),
        (APPRIS, [(date(2026, 6, 1), date(2026, 9, 30), "maladie")]),
        (CORRIGE - INSTANT, [(date(2026, 6, 1), date(2026, 9, 30), "maladie")]),
        (CORRIGE, [(DEBUT, FIN, "at")]),
        (CORRIGE + INSTANT, [(DEBUT, FIN, "at")]),
    ],
)
def test_facts_before_at_and_after_a_correction(dossier: fabrique.Dossier, instant: datetime, attendu: list[Any]) -> None:
    assert periode_connue(dossier, instant) == attendu


def test_other_facts_are_read_as_they_were_believed(dossier: fabrique.Dossier) -> None:
    """A superseded DSN fact lives in fait_version as the columns of its table."""
    contenu = {"genre": "suspension", "code": "200", "neutre": True, "debut": "2026-07-01", "fin": None, "siret": "1", "annule": False}
    with lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.fait_version (plateforme_id, genre, cle, assure_id, contenu, connu_du, connu_au, version_empreinte)"
                " VALUES ('PF35', 'fait_dsn', 'c1', :a, cast(:c AS jsonb), :du, :au, '')"
            ),
            {"a": dossier.assure, "c": json.dumps(contenu), "du": APPRIS, "au": CORRIGE},
        )
        add_paiement(conn, dossier.assure, DEBUT, DEBUT + timedelta(days=9), 7, CORRIGE)
        avant, apres = read_connu(conn, dossier.assure, APPRIS), read_connu(conn, dossier.assure, CORRIGE)
    assert [(s.debut, s.fin) for s in avant.suspensions] == [(date(2026, 7, 1), None)]
    assert (avant.versements, apres.suspensions) == ([], [])
    assert [v.jours for v in apres.versements] == [7]


def test_what_changed_since_says_dates_and_requalification(dossier: fabrique.Dossier) -> None:
    explication = explain(dossier.parcours, APPRIS)
    assert {(c.nature, c.connu_at) for c in explication.changements} == {("dates", CORRIGE), ("requalifie", CORRIGE)}
    phrases = " ".join(c.phrase for c in explication.changements)
    assert "dates corrigées, désormais du 20/08/2026 au 15/12/2026" in phrases
    assert "requalifié de maladie en accident du travail" in phrases
    assert "93 jours d'absence" in explication.maintenant[0]
    assert "avec ce qui est su depuis : 13 jours" in explication.maintenant[0]
    assert explication.signalement is None, "nothing was signalled yet"
    assert "93 jours d'absence ce jour-là" in explication.constats[0]


def test_as_known_now_nothing_changed_since(dossier: fabrique.Dossier) -> None:
    explication = explain(dossier.parcours)
    assert (explication.actuel, explication.changements, explication.maintenant) == (True, (), ())
    assert explication.signalement is not None
    assert explication.signalement.signalement_id == dossier.signalement


@pytest.mark.parametrize(
    ("champs", "nature", "mots"),
    [
        ({"annule": True}, "retabli", "rétabli"),
        ({"debut": DEBUT, "fin": FIN, "risque": "at"}, None, ""),
    ],
)
def test_a_cancelled_avis_and_one_sent_again_without_change(base: str, champs: dict[str, Any], nature: str | None, mots: str) -> None:
    with lot() as conn:
        socle(conn)
        personne = fabrique.assure(conn)
        fabrique.arret(conn, personne, DEBUT, FIN, id_avis="AV-2", risque="at", connu=CORRIGE)
        debut, fin = champs.pop("debut", DEBUT), champs.pop("fin", FIN)
        add_version(conn, personne, "AV-2", debut, fin, APPRIS, CORRIGE, **{"risque": "at", **champs})
    changements = explain(personne, APPRIS).changements
    assert [c.nature for c in changements] == ([nature] if nature else [])
    assert all(mots in c.phrase for c in changements)


def test_an_avis_learnt_late_is_said_so_and_one_begun_later_is_not(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        fabrique.arret(conn, dossier.assure, date(2026, 5, 1), date(2026, 5, 10), connu=CORRIGE)
        fabrique.arret(conn, dossier.assure, date(2026, 12, 16), date(2026, 12, 31), connu=CORRIGE)
    phrases = [c.phrase for c in explain(dossier.assure, APPRIS).changements if c.nature == "appris_depuis"]
    assert sorted(p.rsplit(" : ", 1)[1] for p in phrases) == ["appris après coup.", "appris depuis."]


def test_rights_follow_payments_then_prescriptions(base: str) -> None:
    with lot() as conn:
        socle(conn)
        personne = fabrique.assure(conn)
        fabrique.arret(conn, personne, date(2026, 1, 1), date(2026, 12, 31))
        add_paiement(conn, personne, date(2026, 1, 1), date(2026, 1, 31), 20, MAINTENANT)
    droits = explain(personne, maintenant=MAINTENANT + INSTANT).droits
    # 20 days paid in January, then each prescribed day up to 18 November
    assert f"{20 + (date(2026, 11, 18) - date(2026, 1, 31)).days} indemnités journalières" in droits.phrases[0]
    assert "paiements jusqu'au 31/01/2026" in droits.phrases[1]
    assert droits.reperes[0].source == "CSS R.323-1 4°"
    assert all(r.confiance for r in droits.reperes)


def test_a_csam_is_told_nothing_of_an_affection_and_a_medecin_its_dates_only(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        add_affection(conn, dossier.assure, date(2026, 1, 1), CORRIGE)
        fabrique.arret(conn, dossier.assure, date(2026, 12, 16), date(2026, 12, 20), ald=True, connu=CORRIGE)
        add_version(conn, dossier.assure, "AV-3", DEBUT, FIN, APPRIS, CORRIGE, ald=False)
    csam, medecin = explain(dossier.parcours, APPRIS), explain(dossier.parcours, APPRIS, "medecin")
    assert "ffection de longue durée" not in repr(csam.changements) + repr(csam.faits)
    assert "Affection de longue durée" in repr(medecin.changements)
    assert csam.droits.phrases[-1].endswith("réservé au médecin-conseil.")
    assert {f.genre for f in explain(dossier.parcours, None, "medecin").faits} == {"avis", "affections"}
    assert {f.genre for f in explain(dossier.parcours).faits} == {"avis"}


@pytest.mark.parametrize("cle", ["parcours", "signalement", "assure"])
def test_a_case_is_named_by_any_of_its_opaque_ids(dossier: fabrique.Dossier, cle: str) -> None:
    explication = explain(getattr(dossier, cle))
    assert (explication.assure_id, explication.parcours_id) == (dossier.assure, dossier.parcours)
    assert explication.signalement is not None


def test_unknown_future_and_another_platform_are_refused(dossier: fabrique.Dossier) -> None:
    with pytest.raises(Introuvable):
        explain(uuid4())
    with pytest.raises(DonneeInvalide):
        explain(dossier.parcours, MAINTENANT + INSTANT)
    with lot() as conn:
        ailleurs = auteur_agent(fabrique.agent(conn, plateforme="PF57"), plateforme="PF57")
    with db.begin_as(ailleurs, lecture=True) as conn, pytest.raises(Introuvable):
        explain_cas(conn, dossier.parcours, MAINTENANT, lecteur="csam")


@pytest.mark.parametrize(("role", "lecteur"), [("csam", "csam"), ("medecin_conseil", "medecin")])
def test_people_read_it_under_their_own_rights(dossier: fabrique.Dossier, role: str, lecteur: str) -> None:
    with lot() as conn:
        qui = dossier.csam if role == "csam" else fabrique.agent(conn, role=role)
    with db.begin_as(auteur_agent(qui, role), lecture=True) as conn:
        assert explain_cas(conn, dossier.parcours, MAINTENANT, connu_at=APPRIS, lecteur=lecteur).constats


def test_an_excluded_absence_says_which_rule_excluded_it(base: str) -> None:
    with lot() as conn:
        socle(conn)
        personne = fabrique.assure(conn)
        fabrique.arret(conn, personne, date(2026, 8, 1), date(2026, 12, 31), risque="maternite")
        fabrique.arret(conn, personne, date(2026, 3, 1), date(2026, 3, 31), annule=True)
    explication = explain(personne)
    assert "Congé de maternité : jamais signalé." in explication.ecartes[0]
    assert explication.ecartes[1] == "1 avis annulé par la caisse : ne compte pour rien."
    assert explication.constats == ("Aucun arrêt n'était connu ce jour-là.",)
