"""Polars, window expressions on sorted columns: reads Parquet, leaves Parquet. Its threads are limited to two, as for DuckDB."""

from __future__ import annotations

import time
from datetime import date, timedelta

import polars as pl

from pdp.bench.contexte import DROITS, EPISODES, Contexte
from pdp.domain.arret import RISQUES_ABSENCE
from pdp.domain.calendrier import annees_avant

JOUR_UN = pl.duration(days=1)


def run(contexte: Contexte) -> dict[str, float]:
    """Seconds of the whole work, reading and writing included."""
    contexte.sortie("polars").mkdir(parents=True, exist_ok=True)
    depart = time.perf_counter()
    arrets = pl.read_parquet(contexte.arrets).filter(~pl.col("annule"))
    find_episodes(arrets, contexte.tolerance).write_parquet(contexte.sortie("polars") / EPISODES)
    count_droits(arrets, contexte).write_parquet(contexte.sortie("polars") / DROITS)
    return {"seconds": time.perf_counter() - depart}


def _jours(expression: pl.Expr) -> pl.Expr:
    return expression.cast(pl.Int32)


def find_episodes(arrets: pl.DataFrame, tolerance: int) -> pl.DataFrame:
    """Sorted prescriptions, cut where more than the tolerance is uncovered."""
    couvert = pl.col("fin").cum_max().shift(1).over("personne")
    return (
        arrets.lazy()
        .filter(pl.col("risque").is_in(sorted(RISQUES_ABSENCE)))
        .sort("personne", "debut", "avis")
        .with_columns(couvert.alias("couvert"))
        .with_columns(
            ((_jours(pl.col("debut")) - _jours(pl.col("couvert")) - 1 > tolerance).fill_null(True)).cum_sum().alias("rang"),
            (_jours(pl.col("fin")) - pl.max_horizontal(_jours(pl.col("debut")), _jours(pl.col("couvert")) + 1) + 1).clip(0).alias("jours"),
        )
        .group_by("personne", "rang")
        .agg(pl.col("debut").min(), pl.col("fin").max(), pl.col("jours").sum().cast(pl.Int32))
        .select("personne", "debut", "fin", "jours")
        .collect()
    )


def find_segments(arrets: pl.DataFrame, contexte: Contexte) -> pl.DataFrame:
    """Runs of days that carry an IJ once the carence is off, before the cap.

    Each person's steps add up to nothing: one running sum serves all.
    """
    maladie = arrets.lazy().filter(pl.col("risque") == "maladie")
    hors_ald, initiale = (~pl.col("ald")).cast(pl.Int32), pl.col("initiale").cast(pl.Int32)
    debuts = maladie.select("personne", jour="debut", pas=1, hors_ald=hors_ald, debuts=1, initiales=initiale)
    fins = maladie.select("personne", jour=pl.col("fin") + JOUR_UN, pas=-1, hors_ald=-hors_ald, debuts=0, initiales=0)
    bornes = pl.concat([debuts, fins], how="vertical_relaxed").group_by("personne", "jour").agg(pl.all().sum()).sort("personne", "jour")
    couverts = bornes.with_columns(
        fin=pl.col("jour").shift(-1) - JOUR_UN, couvrent=pl.col("pas").cum_sum(), couvrent_hors_ald=pl.col("hors_ald").cum_sum()
    ).filter(pl.col("couvrent") > 0)
    meme = pl.col("personne") == pl.col("personne").shift(1)
    manquants = _jours(pl.col("jour")) - _jours(pl.col("fin").shift(1)) - 1
    reprise = (pl.col("couvrent") == pl.col("debuts")) & (pl.col("debuts") == pl.col("initiales"))
    nouvelle = ~meme.fill_null(False) | (manquants > contexte.reprise).fill_null(True) | reprise
    longueur = _jours(pl.col("fin")) - _jours(pl.col("jour")) + 1
    chaines = couverts.with_columns(chaine=nouvelle.cum_sum(), longueur=longueur)
    avant = (pl.col("longueur").cum_sum() - pl.col("longueur")).over("chaine")
    payes = chaines.with_columns(debut=_jours(pl.col("jour")) + (contexte.carence - avant).clip(0)).filter(
        (pl.col("couvrent_hors_ald") > 0) & (pl.col("debut") <= _jours(pl.col("fin")))
    )
    jours = _jours(pl.col("fin")) - pl.col("debut") + 1
    return (
        payes.select("personne", "debut", _jours(pl.col("fin")).alias("fin"), jours=jours)
        .with_columns(rang=(1 + pl.col("jours").cum_sum() - pl.col("jours")).over("personne"))
        .collect()
    )


def count_droits(arrets: pl.DataFrame, contexte: Contexte) -> pl.DataFrame:
    """IJ used on the day, and the first day from then on when a prescribed arrêt meets the cap."""
    segments = find_segments(arrets, contexte)
    jour, depuis = numero(contexte.jour), numero(annees_avant(contexte.jour, contexte.fenetre)) + 1
    dans = (pl.min_horizontal("fin", pl.lit(jour)) - pl.max_horizontal("debut", pl.lit(depuis)) + 1).clip(0)
    avant = segments.group_by("personne").agg(dans.sum().alias("ij"), pl.col("jours").sum())
    longues = avant.filter(pl.col("jours") >= contexte.plafond).select("personne")
    jours = (
        segments.join(longues, on="personne", how="semi")
        .with_columns(jour=pl.int_ranges("debut", pl.col("fin") + 1))
        .explode("jour")
        .sort("personne", "jour")
        .select("personne", pl.col("jour").cast(pl.Int32), rang=pl.int_range(1, pl.len() + 1).over("personne").cast(pl.Int32))
    )
    consommes = consume(jours, contexte)
    apres = consommes.filter(pl.col("jour").is_between(depuis, jour)).group_by("personne").len("apres")
    epuises = find_epuisement(jours, consommes, contexte)
    return (
        avant.join(longues.with_columns(longue=True), on="personne", how="left")
        .join(apres, on="personne", how="left")
        .join(epuises, on="personne", how="left")
        .select(
            "personne",
            pl.when(pl.col("longue")).then(pl.col("apres").fill_null(0)).otherwise("ij").cast(pl.Int32).alias("ij"),
            pl.col("epuisement").cast(pl.Date),
        )
    )


def consume(jours: pl.DataFrame, contexte: Contexte) -> pl.DataFrame:
    """Days that enter the count: block of `plafond` days after block, each n-th day waiting for the exit of the (n - plafond)-th."""
    plafond = contexte.plafond
    bloc = jours.filter(pl.col("rang") <= plafond).select("personne", "jour", "rang", n="rang")
    libres = jours.select("personne", quitte="jour", libre="rang").sort("quitte")
    blocs = [bloc]
    while bloc.height:
        suite = (
            bloc.with_columns(quitte=_sortie("jour", contexte.fenetre))
            .sort("quitte")
            .join_asof(libres, on="quitte", by="personne", strategy="forward", check_sortedness=False)
            .sort("personne", "n")
        )
        retard = pl.max_horizontal(
            (pl.col("libre") - pl.col("n") - plafond).cum_max().over("personne"), (pl.col("rang") - pl.col("n")).max().over("personne")
        )
        suivants = suite.select("personne", "libre", rang=pl.col("n") + plafond + retard, n=pl.col("n") + plafond)
        bloc = (
            suivants.drop_nulls("libre").join(jours, on=["personne", "rang"]).select("personne", "jour", "rang", "n").sort("personne", "n")
        )
        blocs.append(bloc)
    return pl.concat(blocs, how="vertical_relaxed")


def _sortie(colonne: str, annees: int) -> pl.Expr:
    """First day when a day has left the window; 29 February leaves it on 1 March of a common year."""
    jour = pl.col(colonne).cast(pl.Date)
    ensuite = jour.dt.offset_by(f"{annees}y")
    return _jours(ensuite) + (ensuite.dt.day() != jour.dt.day()).cast(pl.Int32)


def find_epuisement(jours: pl.DataFrame, consommes: pl.DataFrame, contexte: Contexte) -> pl.DataFrame:
    """First day from the day on whose window already holds the cap."""
    avant = pl.col("jour").cast(pl.Date).dt.offset_by(f"-{contexte.fenetre}y")
    ouverts = jours.filter((pl.col("jour") >= numero(contexte.jour)) & (pl.col("rang") >= contexte.plafond)).with_columns(
        depart=_jours(avant)
    )
    rangs = consommes.select("personne", "jour", "n").sort("jour")
    comptes = (
        ouverts.sort("jour")
        .join_asof(rangs, on="jour", by="personne", check_sortedness=False)
        .sort("depart")
        .join_asof(rangs, left_on="depart", right_on="jour", by="personne", suffix="_avant", check_sortedness=False)
    )
    utilisees = pl.col("n") - pl.col("n_avant").fill_null(0)
    return comptes.filter(utilisees >= contexte.plafond).group_by("personne").agg(pl.col("jour").min().alias("epuisement"))


def numero(jour: date) -> int:
    """Days since 1 January 1970."""
    return (jour - date(1970, 1, 1)) // timedelta(days=1)
