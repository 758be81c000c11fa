"""The assignment through PostgreSQL: the same kind of stock as rows, one sweep, what it decided read back and checked, a second sweep."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from pdp.bench.affectation_cas import generate_candidats, generate_cas
from pdp.bench.base import open_serveur
from pdp.bench.chargement import connect_admin, settle
from pdp.config import RACINE, settings
from pdp.domain.auteur import systeme
from pdp.domain.effort import Bareme
from pdp.services.assign_parcours import assign_en_attente
from pdp.storage import db
from pdp.storage.sql import load_fichier

MAINTENANT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
JOUR = MAINTENANT.date()
PLATEFORME = "PF35"
AUTEUR = systeme("bench")
VIEUX = 100  # days: past the first weeks
AGES = (0, 10, VIEUX)


def measure_base(nombre_cas: int, nombre_agents: int, bareme: Bareme, plafond: int, graine: int) -> dict[str, Any]:
    """Seconds of the sweep and of a second one, and what is wrong with what it decided (nothing is what it should be)."""
    with tempfile.TemporaryDirectory(prefix="pdp-bench-") as dossier, open_serveur(Path(dossier)) as serveur:
        serveur.create_base("bench_affectation")
        fill(nombre_cas, nombre_agents, bareme, graine)
        settle()
        premiere = _sweep()
        seconde = _sweep()
        fautes = check(nombre_cas, plafond)
    return {
        "seconds": premiere["seconds"],
        "assigned": premiere["traites"],
        "unassigned": premiere["ignores"],
        "again_seconds": seconde["seconds"],
        "again_assigned": seconde["traites"],
        "faults": fautes,
    }


def _sweep() -> dict[str, Any]:
    depart = time.perf_counter()
    with db.begin(settings().url_app, AUTEUR) as conn:
        bilan = assign_en_attente(conn, PLATEFORME, AUTEUR, MAINTENANT)
    return {"seconds": round(time.perf_counter() - depart, 3), "traites": bilan.traites, "ignores": bilan.ignores}


def _sql(nom: str) -> str:
    return load_fichier(RACINE / "sql" / "bench" / "affectation.sql")[nom]


def fill(nombre_cas: int, nombre_agents: int, bareme: Bareme, graine: int) -> None:
    """Colleagues with what they follow already, then people who wait."""
    candidats = generate_candidats(nombre_agents, graine)
    cas = generate_cas(nombre_cas, candidats, bareme, graine)
    suivis = [f"B{c.numero}" for c in candidats for _ in range(c.dossiers)]
    rangs = list(range(len(suivis) + len(cas)))
    with connect_admin() as conn:
        conn.execute(
            _sql("agents"),
            {
                "rangs": [c.numero for c in candidats],
                "territoires": ["|".join(c.territoire) for c in candidats],
                "competences": ["|".join(c.competences) for c in candidats],
                "quotites": [c.quotite for c in candidats],
            },
        )
        conn.execute(_sql("absences"), {"jour": JOUR})
        communes = ["35000"] * len(suivis) + [c.commune for c in cas]
        langues = ["fr"] * len(suivis) + [c.langue for c in cas]
        conn.execute(_sql("personnes"), {"rangs": rangs, "communes": communes, "langues": langues, "maintenant": MAINTENANT})
        conn.execute(_sql("signalements"), {"jour": JOUR, "maintenant": MAINTENANT})
        ages = [VIEUX] * len(suivis) + [AGES[i % len(AGES)] for i in range(len(cas))]
        conn.execute(
            _sql("parcours"),
            {"rangs": rangs, "suivis": [*suivis, *[None] * len(cas)], "ages": ages, "jour": JOUR, "maintenant": MAINTENANT},
        )


def check(nombre_cas: int, plafond: int) -> dict[str, int]:
    """Count of each fault, from the rows alone: the rule of the domain is not asked."""
    langues = {"en": "anglais", "ar": "arabe", "pt": "portugais", "tr": "turc"}
    with connect_admin() as conn:
        lignes = conn.cursor(row_factory=dict_row).execute(_sql("resultat"), {"jour": JOUR}).fetchall()
        (plafond_depasse,) = conn.execute(_sql("au_dessus_du_plafond"), {"plafond": plafond}).fetchone() or (0,)
    return {
        "not_assigned": nombre_cas - len(lignes),
        "absent_colleague": sum(x["absent"] for x in lignes),
        "outside_territory": sum(not any(t == "tous" or x["commune_insee"].startswith(t) for t in x["territoire"]) for x in lignes),
        "language_missing": sum(x["langue"] != "fr" and langues[x["langue"]] not in x["competences"] for x in lignes),
        "above_cap": int(str(plafond_depasse)),
        "not_one_first_call": sum(x["appels"] != 1 for x in lignes),
        "not_one_history": sum(x["histoires"] != 1 for x in lignes),
    }
