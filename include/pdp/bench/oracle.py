"""A sample of the stock told day by day by the pure rules: that peers agree with each other is not enough."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from pdp.bench.contexte import Contexte
from pdp.bench.egalite import read_droits, read_episodes
from pdp.domain.arret import RISQUES_ABSENCE, Prescription
from pdp.domain.droits_ij import compteur
from pdp.domain.episode import build_episodes
from pdp.referentiel import load_referentiel

PERSONNES = 150


def check_oracle(contexte: Contexte, pair: str) -> dict[str, Any]:
    """People spread over the stock, and as many of those who are nearest to the cap."""
    droits = read_droits(contexte, pair)
    pas = max(1, contexte.personnes // PERSONNES)
    proches = droits.sort("ij", "personne", descending=[True, False]).head(PERSONNES)["personne"].to_list()
    choisies = sorted({*range(0, contexte.personnes, pas), *proches})
    arrets = pl.scan_parquet(contexte.arrets).filter(pl.col("personne").is_in(choisies)).collect().partition_by("personne", as_dict=True)
    ij = {p: (n, le) for p, n, le in droits.select("personne", "ij", "epuisement").iter_rows()}
    trouves: dict[int, set[tuple[date, date, int]]] = {}
    for p, debut, fin, jours in (
        read_episodes(contexte, pair).filter(pl.col("personne").is_in(choisies)).select("personne", "debut", "fin", "jours").iter_rows()
    ):
        trouves.setdefault(p, set()).add((debut, fin, jours))
    differents = [p for (p,), lignes in arrets.items() if _expected(lignes, contexte) != (trouves.get(p, set()), ij.get(p, (0, None)))]
    return {"equal": not differents, "people": len(arrets), "differences": len(differents)}


def _expected(lignes: pl.DataFrame, contexte: Contexte) -> tuple[set[tuple[date, date, int]], tuple[int, date | None]]:
    prescriptions = [
        Prescription(
            f"{r['avis']:012}",
            r["debut"],
            r["fin"],
            "initiale" if r["initiale"] else "prolongation",
            r["risque"],
            ald=r["ald"],
            annule=r["annule"],
        )
        for r in lignes.iter_rows(named=True)
    ]
    episodes = {
        (e.debut, e.fin, e.jours_prescrits) for e in build_episodes(prescriptions, contexte.tolerance) if e.risque in RISQUES_ABSENCE
    }
    ij = compteur(prescriptions, contexte.jour, load_referentiel())
    return episodes, (ij.ij_utilisees, ij.epuisement_projete)
