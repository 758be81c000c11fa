"""Partners of the demonstration: each speaks once, and the coordinators read it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import psycopg

import fabrique
from fabrique import MAINTENANT, lot
from livraisons import ingest
from pdp.services.delais import get_lieu
from pdp.services.read_annuaire import read_annuaire
from pdp.simulation.cohorte import ENTETES
from pdp.simulation.cohorte_ressources import build_partenaires
from pdp.simulation.scenario import Calendrier
from pdp.simulation.structures import tell_structures


def test_each_partner_speaks_once(base: str, admin: psycopg.Connection[Any], tmp_path: Path) -> None:
    ancrage = date(2026, 11, 18)
    lignes = [";".join(cellules) for cellules in build_partenaires(ancrage, "http://127.0.0.1:9", "http://127.0.0.1:9/fhir")]
    with lot() as conn:
        fabrique.socle(conn)
    assert ingest(tmp_path, "partenaires", lignes, entete=ENTETES["partenaires"]).rejetees == 0
    calendrier = Calendrier(ancrage)
    assert tell_structures(calendrier) == 11, "seven of PF35, four of which serve PF57 too"
    assert tell_structures(calendrier) == 0
    with lot() as conn:
        fiches = {f.partenaire.nom: f for f in read_annuaire(conn, get_lieu(conn, "PF35"), calendrier.matin)}
    assert fiches["Service social Exemple-Centre (fictif)"].capacite == "6 places libres cette semaine"
    assert fiches["Cap emploi Exemple-Sud (fictif)"].capacite.startswith("Complet jusqu'au")
    assert not fiches["Cap emploi Exemple-Sud (fictif)"].libre
    assert fiches["Cabinet de psychologie Exemple B (fictif)"].absence is not None
    assert admin.execute("SELECT count(*) FROM pdp.partenaire_contact WHERE courriel NOT LIKE '%@exemple.invalid'").fetchone() == (0,)
    assert MAINTENANT.date() == ancrage
