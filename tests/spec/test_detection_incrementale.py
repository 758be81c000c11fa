"""Nights that look only at whom something changed for leave the same tables as nights that look at everybody.

Compared: pdp.episode (courant), pdp.droits_ij, pdp.echeance_detection, pdp.signalement with its motives, pdp.alerte.
Left out: ``calcule_at`` (when a
row was last written: a full night does not rewrite what is equal, but it may write it on another night), and ids drawn at random
(signalement, alerte). The id of an episode is not random: it is compared.
"""

from __future__ import annotations

import os
import random
import secrets
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import Connection, text

from fabrique import TEST, lot, parcours, socle
from fabrique_detection import JOUR, PLATEFORME, Personne, insert_personnes, instant, run
from histoires import generate_personnes
from livraison import Livraison, deliver, plan_livraisons
from oracle_detection import apply_oracle, read_etats
from pdp.services.detect_signalements import detect_signalements

GRAINE_FIXE = 7
GRAINE_FRAICHE = int(os.environ.get("PDP_GRAINE") or secrets.randbelow(10**9))
NOMBRE = 250
PREMIER = JOUR - timedelta(days=40)
TABLES = {
    "episode": text("SELECT to_jsonb(e) - 'calcule_at' FROM pdp.episode AS e WHERE etat = 'courant'"),
    "droits_ij": text("SELECT to_jsonb(d) - 'calcule_at' FROM pdp.droits_ij AS d"),
    "alerte": text("SELECT to_jsonb(a) - 'id' FROM pdp.alerte AS a"),
    "echeance_detection": text("SELECT to_jsonb(e) FROM pdp.echeance_detection AS e"),
    "signalement": text(
        """SELECT to_jsonb(s) - 'id' || jsonb_build_object('motifs', (
               SELECT jsonb_agg(to_jsonb(m) - 'signalement_id' ORDER BY m.regle)
               FROM pdp.signalement_motif AS m WHERE m.signalement_id = s.id
           )) FROM pdp.signalement AS s"""
    ),
}
SANS_HISTOIRE = ("episode", "droits_ij", "echeance_detection")
Etat = dict[str, list[str]]


def read_tables(conn: Connection) -> Etat:
    return {nom: sorted(str(ligne) for ligne in conn.execute(requete).scalars()) for nom, requete in TABLES.items()}


def empreinte(etat: Etat) -> str:
    return sha256(repr(sorted(etat.items())).encode()).hexdigest()


def assert_same(gauche: Etat, droite: Etat, message: str, tables: tuple[str, ...] = tuple(TABLES)) -> None:
    for nom in tables:
        seulement = sorted(set(gauche[nom]) ^ set(droite[nom]))
        assert not seulement, f"{message}: {nom} differs by {len(seulement)} rows\n" + "\n".join(seulement[:6])
        assert gauche[nom] == droite[nom], f"{message}: {nom}"
    if len(tables) == len(TABLES):
        assert empreinte(gauche) == empreinte(droite)


def list_nuits(hasard: random.Random) -> tuple[list[date], list[date]]:
    """Days on which something may be learnt, and those whose night runs: the last one always, one in three never does."""
    jours = [PREMIER + timedelta(days=n) for n in range((JOUR - PREMIER).days + 1)]
    recus = [*sorted(hasard.sample(jours[:-1], k=9)), JOUR]
    return recus, sorted(j for j in jours if j == JOUR or hasard.random() < 0.4)


def play(conn: Connection, livraisons: list[Livraison], nuits: list[date], complet: bool) -> Etat:
    """Deliver each day's facts, run the nights; what the tables hold at the end."""
    attente = list(livraisons)
    for nuit in nuits:
        recues = [li for li in attente if li.jour <= nuit]
        attente = attente[len(recues) :]
        for jour in sorted({li.jour for li in recues}):
            deliver(conn, [li for li in recues if li.jour == jour])
        run(conn, nuit, complet=complet)
    assert not attente
    return read_tables(conn)


@pytest.mark.parametrize("graine", [pytest.param(GRAINE_FIXE, id="fixed"), pytest.param(GRAINE_FRAICHE, id="fresh")])
def test_incremental_nights_equal_full_ones_and_one_full_computation(base: str, graine: int) -> None:
    hasard = random.Random(graine)
    personnes = generate_personnes(graine, NOMBRE)
    recus, nuits = list_nuits(hasard)
    livraisons = plan_livraisons(hasard, personnes, recus)
    message = f"PDP_GRAINE={graine}"
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, [replace(p, prescriptions=[], paiements=[], employeur=[]) for p in personnes])
        for suivie in personnes[::4]:
            parcours(conn, assure_id=suivie.id)  # people followed are alerted on their rights
        conn.execute(text("UPDATE pdp.episode SET etat = 'remplace'"))  # the absence that came with it is not made of facts
        essai = conn.begin_nested()
        entiere = play(conn, livraisons, nuits, complet=True)
        essai.rollback()
        increment = play(conn, livraisons, nuits, complet=False)
        assert_same(increment, entiere, f"{message}, nights of changes against full nights")
        check_oracle(conn, personnes, message)
        assert_twice_changes_nothing(conn, message)
        run(conn, JOUR, complet=True)
        assert_same(read_tables(conn), increment, f"{message}, one full computation at the end")
    assert {li.premiere for li in livraisons} == {True, False}
    assert all(increment.values()), "nothing to compare"


def check_oracle(conn: Connection, personnes: list[Personne], message: str) -> None:
    """Signalements keep the history of the nights: the oracle, which knows one day only, says nothing of them here."""
    obtenus = read_etats(conn, personnes, signalements=False)
    for personne in personnes:
        attendu = apply_oracle(personne, JOUR)
        assert obtenus[personne.id].episodes == attendu.episodes, message
        assert obtenus[personne.id].droits == attendu.droits, message


def assert_twice_changes_nothing(conn: Connection, message: str) -> None:
    """Not even a date of writing: the second run finds nothing to do."""
    avant = _ecritures(conn)
    bilan = detect_signalements(conn, PLATEFORME, TEST, instant(JOUR) + timedelta(hours=1))
    assert bilan.traites == 0, message
    assert _ecritures(conn) == avant, message


def _ecritures(conn: Connection) -> dict[str, Any]:
    requetes = {
        nom: text(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {nom} AS t")
        for nom in ("pdp.episode", "pdp.droits_ij", "pdp.echeance_detection", "pdp.signalement", "pdp.signalement_motif", "pdp.alerte")
    }
    return {nom: tuple(conn.execute(requete).one()) for nom, requete in requetes.items()}


@pytest.mark.parametrize("graine", [11, pytest.param(GRAINE_FRAICHE, id="fresh")])
def test_order_of_arrival_changes_nothing(base: str, graine: int) -> None:
    """The same facts at once, then one by one in another order, a night between: same state, and that of the oracle."""
    personnes = generate_personnes(graine, 120)
    hasard = random.Random(graine)
    vides = [replace(p, prescriptions=[], paiements=[], employeur=[]) for p in personnes]
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, vides)
        etats = []
        for rang in range(3):
            essai = conn.begin_nested()
            faits = [Livraison(JOUR, p.id, f, True) for p in personnes for f in (*p.prescriptions, *p.paiements, *p.employeur)]
            hasard.shuffle(faits)
            paquets = [faits] if rang == 0 else [faits[n :: rang * 4] for n in range(rang * 4)]
            for paquet in paquets:
                deliver(conn, paquet)
                run(conn, JOUR)
            etats.append(read_tables(conn))
            check_oracle(conn, personnes, f"PDP_GRAINE={graine}")
            essai.rollback()
    for etat in etats[1:]:
        assert_same(etat, etats[0], f"PDP_GRAINE={graine}, order of arrival", SANS_HISTOIRE)
