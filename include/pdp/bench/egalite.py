"""Are the peers' results the same rows? Nothing is compared in speed before that."""

from __future__ import annotations

import polars as pl

from pdp.bench.contexte import DROITS, EPISODES, Contexte

COMPLET = ("personne", "debut", "fin", "jours")


def read_episodes(contexte: Contexte, pair: str) -> pl.DataFrame:
    return pl.read_parquet(contexte.sortie(pair) / EPISODES)


def read_droits(contexte: Contexte, pair: str) -> pl.DataFrame:
    """People who used something or meet the cap; a row of zeros says the same as no row."""
    droits = pl.read_parquet(contexte.sortie(pair) / DROITS)
    return droits.filter((pl.col("ij") > 0) | pl.col("epuisement").is_not_null())


def compare(contexte: Contexte, reference: str, pair: str) -> dict[str, object]:
    """``equal`` on what the peer does; ``compared`` says what that is: columns of the episodes, rights, people of the sample."""
    attendus, obtenus = read_episodes(contexte, reference), read_episodes(contexte, pair)
    colonnes = [c for c in COMPLET if c in obtenus.columns]
    compares: dict[str, object] = {"episodes": colonnes, "rights": (contexte.sortie(pair) / DROITS).exists()}
    personnes = contexte.sortie(pair) / "personnes.parquet"
    seulement = pl.read_parquet(personnes) if personnes.exists() else None
    if seulement is not None:
        compares["people"] = seulement.height
    ecarts = _ecarts(attendus, obtenus, colonnes, seulement)
    if compares["rights"]:
        ecarts += _ecarts(read_droits(contexte, reference), read_droits(contexte, pair), ["personne", "ij", "epuisement"], seulement)
    return {"equal": ecarts == 0, "differences": ecarts, "compared": compares, "rows": obtenus.height}


def _ecarts(attendus: pl.DataFrame, obtenus: pl.DataFrame, colonnes: list[str], seulement: pl.DataFrame | None) -> int:
    """Rows of one side that the other has not; a row given twice counts."""
    types = {c: pl.Date if c in ("debut", "fin", "epuisement") else pl.Int64 for c in colonnes}
    gauche, droite = (f.select(colonnes).cast(types) for f in (attendus, obtenus))
    if seulement is not None:
        gauche = gauche.join(seulement, on="personne", how="semi")
    if gauche.sort(colonnes).equals(droite.sort(colonnes)):
        return 0
    differents = gauche.join(droite, on=colonnes, how="anti", nulls_equal=True).height
    differents += droite.join(gauche, on=colonnes, how="anti", nulls_equal=True).height
    return differents or abs(gauche.height - droite.height)
