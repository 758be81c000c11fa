"""The watch: each probe planted, found once, told once, closed when right again; the catch-up counted in people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, text

import fabrique
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.domain.bilan import Bilan
from pdp.domain.sonde import RYTHMES_FLUX, SONDES
from pdp.services import record_passage
from pdp.services.send_outbox import send_due
from pdp.services.watch_platform import watch_platform
from pdp.storage import db

LUNDI = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)  # 10 h in Paris
PF = "PF35"


def watch(maintenant: datetime, plateforme: str = PF) -> Bilan:
    with fabrique.lot(systeme("watch_platform")) as conn:
        return watch_platform(conn, plateforme, systeme("watch_platform"), maintenant)


def flux(conn: Connection, nom: str, recu_at: datetime, etat: str = "charge") -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.flux_fichier (flux, nom, empreinte, taille_octets, etat, motif, recu_at)"
            " VALUES (:f, :n, sha256(convert_to(:n, 'UTF8')), 1, :e, 'x', :r)"
        ),
        {"f": nom, "n": f"{nom}-{uuid4()}.csv", "e": etat, "r": recu_at},
    )


def passage(conn: Connection, dag: str, tache: str, instant: datetime, plateforme: str | None = None, *, fini: bool = True) -> None:
    nom = f"{dag}/{instant.isoformat()}/{tache}/{plateforme}"
    record_passage.open_passage(conn, nom, dag, tache, instant, plateforme)
    if fini:
        record_passage.close_passage(conn, nom, Bilan())


def message(
    conn: Connection, dossier: fabrique.Dossier, prochain_at: datetime, etat: str, *, partenaire: Any, canal: str = "portail"
) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.outbox (cle, plateforme_id, parcours_id, partenaire_id, canal, type, charge, empreinte, etat,"
            " prochain_essai_at, horizon_at, cree_at, cause) VALUES (:c, 'PF35', :p, :q, :k, :t, '{}', '\\x00', :e, :a, :a, :a, :cause)"
        ),
        {
            "c": uuid4(),
            "p": dossier.parcours,
            "q": partenaire,
            "k": canal,
            "t": "annulation" if partenaire else "rappelez_nous",
            "e": etat,
            "a": prochain_at,
            "cause": None if partenaire else str(uuid4()),
        },
    )


def tout_va_bien(conn: Connection, maintenant: datetime) -> None:
    for nom in RYTHMES_FLUX:
        flux(conn, nom, maintenant - timedelta(hours=1))


def ouverts(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return admin.execute("SELECT sonde, cible, nombre FROM pdp.incident WHERE ferme_at IS NULL ORDER BY sonde, cible").fetchall()


def test_managers_are_written_to_once_and_read_counts_only(base: str, admin: psycopg.Connection[Any], courriels: Path) -> None:
    """Two incidents, one mail per manager in post; the next look writes nothing; the mail leaves by the outbox."""
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        responsables = [fabrique.agent(conn, "responsable", PF) for _ in range(4)]
        fabrique.agent(conn, "csam", PF)
        adresses = ("chef1@exemple.invalid", "chef2@exemple.invalid", None, "partie@exemple.invalid")
        for agent, adresse in zip(responsables, adresses, strict=True):
            conn.execute(text("UPDATE pdp.agent SET courriel = :c WHERE id = :a"), {"c": adresse, "a": agent})
        conn.execute(text("UPDATE pdp.agent SET actif_au = '2026-01-01' WHERE id = :a"), {"a": responsables[3]})
        tout_va_bien(conn, LUNDI - timedelta(days=6))
    watch(LUNDI)
    assert [(s, c) for s, c, _ in ouverts(admin)] == [("flux_absent", "arrets_prescrits"), ("flux_absent", "assures")]
    for _ in range(2):
        watch(LUNDI + timedelta(minutes=5))
    assert admin.execute("SELECT count(*), count(DISTINCT agent_id) FROM pdp.outbox WHERE type = 'avis_interne'").fetchone() == (2, 2)
    assert send_due(LUNDI).traites == 2
    recus = sorted(f.read_text() for f in courriels.glob("*.eml"))
    assert len(recus) == 2
    for recu in (message_from_string(r, policy=default) for r in recus):
        corps = recu.get_body(("plain",)).get_content()
        assert recu["subject"] == "Plateforme : 2 points à regarder"
        assert "- Flux attendu non reçu : Arrêts prescrits\n- Flux attendu non reçu : Assurés" in corps
        assert "/equipe/sante" in corps
    assert {r["to"] for r in (message_from_string(x) for x in recus)} == {"chef1@exemple.invalid", "chef2@exemple.invalid"}


def test_each_probe_finds_what_is_planted_once_and_closes_it(base: str, admin: psycopg.Connection[Any]) -> None:
    """One database: all is well, then every probe has something, then all is well again."""
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        tout_va_bien(conn, LUNDI)
    assert watch(LUNDI).detail["incidents_ouverts"] == 0
    plus_tard = LUNDI + timedelta(days=4)
    with fabrique.lot() as conn:
        dossier, partenaire = fabrique.parcours(conn), fabrique.partenaire(conn, "cap_emploi")
        for nom in RYTHMES_FLUX:
            if nom != "arrets_prescrits":
                flux(conn, nom, plus_tard)
        flux(conn, "arrets_prescrits", plus_tard, "refuse")  # a refused file is no news
        passage(conn, "pdp_envoi", "envoyer", plus_tard - timedelta(minutes=31))
        passage(conn, "pdp_envoi", "envoyer", plus_tard - timedelta(minutes=1), fini=False)  # killed: no success
        passage(conn, "pdp_reponses", "interroger", plus_tard - timedelta(minutes=59))
        passage(conn, "pdp_detection", "detecter", plus_tard - timedelta(hours=27), PF)
        passage(conn, "pdp_detection", "detecter", plus_tard, "PF57")  # of another platform
        message(conn, dossier, plus_tard - timedelta(minutes=61), "a_envoyer", partenaire=partenaire)
        message(conn, dossier, plus_tard - timedelta(hours=80), "a_envoyer", partenaire=None, canal="sms")  # the night, a long weekend
        message(conn, dossier, plus_tard - timedelta(days=9), "a_envoyer", partenaire=None, canal="courrier")  # printed by people
        for _ in range(21):
            message(conn, dossier, plus_tard - timedelta(days=6), "rebut", partenaire=None, canal="sms")
            message(conn, dossier, plus_tard - timedelta(days=8), "rebut", partenaire=partenaire, canal="lien")  # an old story
    attendus = [
        ("envoi_en_retard", "partenaires", 1),
        ("envois_en_echec", "sms", 21),
        ("flux_absent", "arrets_prescrits", 0),
        ("traitement_en_retard", "pdp_detection", 0),
        ("traitement_en_retard", "pdp_envoi", 0),
    ]
    assert watch(plus_tard).traites == len(attendus)
    assert ouverts(admin) == attendus
    assert watch(plus_tard).traites == 0, "the second look opens nothing"
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'incident_ouvert'").fetchone() == (len(attendus),)

    apres = plus_tard + timedelta(minutes=5)
    with fabrique.lot() as conn:
        flux(conn, "arrets_prescrits", apres)
        passage(conn, "pdp_envoi", "envoyer", apres)
        passage(conn, "pdp_reponses", "interroger", apres)
        passage(conn, "pdp_detection", "detecter", apres, PF)
    with db.begin(settings().url_expediteur, systeme("test")) as conn:
        conn.execute(text("UPDATE pdp.outbox SET etat = 'livre'"))
    assert watch(apres).detail == {"incidents_ouverts": 0, "incidents_clos": len(attendus), "incidents_restants": 0}
    assert ouverts(admin) == []
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'incident_clos'").fetchone() == (len(attendus),)


@pytest.mark.parametrize(("suspendu", "mails"), [(False, 0), (True, 1)])
def test_a_treatment_that_starts_no_run_is_told_once_it_lasts(
    base: str, admin: psycopg.Connection[Any], suspendu: bool, mails: int
) -> None:
    """Paused: no run, hence no late run, and nobody else would say it. Hung: the watch of runs says it."""
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        tout_va_bien(conn, LUNDI)
        agent = fabrique.agent(conn, "responsable", PF)
        conn.execute(text("UPDATE pdp.agent SET courriel = 'chef@exemple.invalid' WHERE id = :a"), {"a": agent})
        passage(conn, "pdp_envoi", "envoyer", LUNDI - timedelta(minutes=31))
        if not suspendu:
            passage(conn, "pdp_envoi", "envoyer", LUNDI - timedelta(minutes=29), fini=False)
    dits = []
    for minutes in (0, 5, 14, 16, 16, 21, 40):
        watch(LUNDI + timedelta(minutes=minutes))
        dits.append(admin.execute("SELECT count(*) FROM pdp.outbox WHERE type = 'avis_interne'").fetchone())
    assert dits == [(0,)] * 3 + [(mails,)] * 4


def test_a_count_around_its_limit_is_not_mailed_all_day(base: str, admin: psycopg.Connection[Any]) -> None:
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        tout_va_bien(conn, LUNDI)
        agent = fabrique.agent(conn, "responsable", PF)
        conn.execute(text("UPDATE pdp.agent SET courriel = 'chef@exemple.invalid' WHERE id = :a"), {"a": agent})
    comptes = []
    for heures, recu_at in ((0, -400), (0.5, 0), (1, -400), (1.5, 1), (6, -400)):
        maintenant = LUNDI + timedelta(hours=heures)
        admin.execute("UPDATE pdp.flux_fichier SET recu_at = %s WHERE flux = 'arrets_prescrits'", [LUNDI + timedelta(hours=recu_at)])
        watch(maintenant)
        [mails] = admin.execute("SELECT count(*) FROM pdp.outbox WHERE type = 'avis_interne' AND charge::text LIKE '%Arrêts%'").fetchone()
        comptes.append((len([s for s, _, _ in ouverts(admin) if s == "flux_absent"]), mails))
    assert comptes == [(1, 1), (0, 1), (1, 1), (0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("recu", "maintenant", "absent"),
    [
        # received on Monday at 10: expected until Wednesday 18 h; a weekend and Easter Monday do not count
        (LUNDI, datetime(2026, 3, 18, 17, 0, tzinfo=UTC), False),
        (LUNDI, datetime(2026, 3, 18, 17, 0, 1, tzinfo=UTC), True),
        (datetime(2026, 4, 3, 9, 0, tzinfo=UTC), datetime(2026, 4, 8, 16, 0, tzinfo=UTC), False),
        (datetime(2026, 4, 3, 9, 0, tzinfo=UTC), datetime(2026, 4, 8, 16, 0, 1, tzinfo=UTC), True),
    ],
)
def test_a_feed_is_absent_after_its_rhythm_in_working_days(
    base: str, admin: psycopg.Connection[Any], recu: datetime, maintenant: datetime, absent: bool
) -> None:
    with fabrique.lot() as conn:
        fabrique.socle(conn)
        tout_va_bien(conn, maintenant)
    admin.execute("UPDATE pdp.flux_fichier SET recu_at = %s WHERE flux = 'arrets_prescrits'", [recu])
    watch(maintenant)
    assert ouverts(admin) == ([("flux_absent", "arrets_prescrits", 0)] if absent else [])


def test_a_feed_never_received_is_expected_since_the_platform_runs(base: str, admin: psycopg.Connection[Any]) -> None:
    with fabrique.lot() as conn:
        fabrique.socle(conn)
    assert watch(LUNDI).traites == 0, "nothing ever ran: nothing is expected"
    with fabrique.lot() as conn:
        passage(conn, "pdp_reception", "recevoir", LUNDI)
    tard = LUNDI + timedelta(days=300)
    watch(tard)
    assert {cible for sonde, cible, _ in ouverts(admin) if sonde == "flux_absent"} == set(RYTHMES_FLUX)
    assert {sonde for sonde, _, _ in ouverts(admin)} <= set(SONDES)
