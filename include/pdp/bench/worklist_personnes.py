"""Rows of the stock of ``bench worklist``: who follows, who is followed, and why."""

from __future__ import annotations

import numpy as np
import polars as pl

from pdp.bench import worklist_cas as cas
from pdp.bench.population import Entiers, dates, names
from pdp.bench.worklist_cas import Stock, ident
from pdp.bench.worklist_colonnes import Table, at, frame, only

NOMS = ("Martin", "Bernard", "Robin", "Petit", "Durand", "Leroy", "Moreau", "Simon", "Laurent", "Michel", "Garnier", "Faure", "Rousseau",
        "Blanc", "Guerin", "Muller", "Henry", "Roussel", "Nicolas", "Perrin", 
        "Morin", "Mathieu", "Clement", "Gauthier", "Dumont")  # fmt: skip
PRENOMS = ("Camille", "Dominique", "Claude", "Sacha", "Andrea", "Maxime", "Lou", "Alix", "Charlie", "Morgan", "Noa", "Yael")


def table_agents(stock: Stock) -> Table:
    """Coordinators, then one médecin-conseil for each platform."""
    nombre = stock.agents + len(stock.plateformes)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = np.arange(debut, fin)
        plateforme = np.append(stock.plateforme_agent, np.arange(len(stock.plateformes)))[n]
        return frame(
            id=ident(cas.AGENT, n), numero=n + 1, plateforme_id=pl.Series(stock.plateformes).gather(plateforme.astype(np.uint32)),
            matricule=pl.Series(n).cast(pl.String).str.replace("^", "B"), nom=names((n % len(NOMS)).astype(np.int8), NOMS),
            prenom=names((n % len(PRENOMS)).astype(np.int8), PRENOMS), role=np.where(n < stock.agents, "csam", "medecin_conseil"),
            territoire="{tous}", quotite=1, actif_du="2020-01-01",
        )  # fmt: skip

    return Table("pdp.agent", nombre, tranche)


def table_partenaires(stock: Stock) -> Table:
    """One of each kind for each platform."""

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = np.arange(debut, fin)
        return frame(
            id=ident(cas.PARTENAIRE, n), plateforme_id=pl.Series(stock.plateformes).gather((n // 4).astype(np.uint32)),
            id_source=pl.Series(n).cast(pl.String), type=names((n % 4).astype(np.int8), cas.DISPOSITIFS), nom="Partenaire", canal="portail",
            actif_du="2020-01-01",
        )  # fmt: skip

    return Table("pdp.partenaire", 4 * len(stock.plateformes), tranche)


def table_versions(stock: Stock) -> Table:
    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = np.arange(debut, fin)
        return frame(id=ident(cas.VERSION, n), plateforme_id=pl.Series(stock.plateformes)[debut:fin], version=1, du="2020-01-01")

    return Table("pdp.dol_version", len(stock.plateformes), tranche)


def table_regles(stock: Stock) -> Table:
    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = np.arange(debut, fin)
        return frame(
            id=ident(cas.REGLE, n), dol_version_id=ident(cas.VERSION, n), plateforme_id=pl.Series(stock.plateformes)[debut:fin], rang=1,
            libelle="Arrêt long sans alerte", conditions="{}", cible="oriente_csam",
        )  # fmt: skip

    return Table("pdp.dol_regle", len(stock.plateformes), tranche)


def table_assures(stock: Stock) -> Table:
    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = np.arange(debut, fin)
        id_ = ident(cas.ASSURE, n)
        double = pl.DataFrame({"a": names((n % 25).astype(np.int8), NOMS), "b": names((n // 25 % 25).astype(np.int8), NOMS)})
        return frame(
            id=id_, plateforme_id=stock.plateformes_de(n), id_source=id_, nir_chiffre="\\x", nir_empreinte="\\x" + id_,
            nom=double.select(pl.concat_str("a", pl.lit("-"), "b")).to_series(), prenom=names((n % 12).astype(np.int8), PRENOMS),
            date_naissance=dates((n * 7919) % 16_000 - 9_000), sexe="F", commune_insee="35238",
            telephone=pl.Series(639_980_000 + n % 10_000).cast(pl.String).str.replace("^", "+33"), contrat="salarie",
            mis_a_jour_source_at="2026-01-01T00:00:00Z", connu_at="2026-01-01T00:00:00Z",
        )  # fmt: skip

    return Table("identite.assure", stock.personnes, tranche)


def _episode(stock: Stock, genre: int, n: Entiers, debut: Entiers, fin: Entiers) -> pl.DataFrame:
    return frame(
        id=ident(genre, n), plateforme_id=stock.plateformes_de(n), assure_id=ident(cas.ASSURE, n), premiere_prescription="AV",
        debut=dates(debut), fin=dates(fin), jours_prescrits=fin - debut + 1, nb_prescriptions=3, risque="maladie",
        motif_categorie=names((n % 3).astype(np.int8), ("tms", "psychique", "autre")), connu_at="2026-01-01T00:00:00Z",
        calcule_at="2026-01-01T00:00:00Z",
    )  # fmt: skip


def table_episodes(stock: Stock) -> Table:
    jour = cas.jour_du(stock)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = np.arange(debut, fin)
        return _episode(stock, cas.EPISODE, n, jour - stock.age[n] - 60, jour + n % 40 + 1)

    return Table("pdp.episode", stock.personnes, tranche)


def table_anciens(stock: Stock) -> Table:
    """An absence of years ago for one person in three: the list shows the latest."""
    jour = cas.jour_du(stock)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = np.arange(debut, fin) * 3
        return _episode(stock, cas.ANCIEN, n, jour - 1400 - n % 50, jour - 1300 + n % 50)

    return Table("pdp.episode", stock.personnes // 3, tranche)


def table_signalements(stock: Stock) -> Table:
    """Two in three by delegation, one by the médecin-conseil."""
    jour = cas.jour_du(stock)

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        n = np.arange(debut, fin)
        plateforme = stock.plateforme_agent[stock.agent[n]]
        mc = n % 3 == 0
        return frame(
            id=ident(cas.SIGNALEMENT, n), plateforme_id=stock.plateformes_de(n), assure_id=ident(cas.ASSURE, n),
            episode_id=ident(cas.EPISODE, n), palier=np.array((60, 90, 180))[n % 3], survenu_le=dates(jour - stock.age[n]),
            connu_at=at(stock.maintenant_ms - stock.age[n] * cas.JOUR_MS - 7_200_000), priorite=n % 60, statut="oriente_csam",
            decide_at=at(stock.maintenant_ms - stock.age[n] * cas.JOUR_MS - 3_600_000),
            decide_par=only(mc, ident(cas.AGENT, stock.agents + plateforme)),
            mode_decision=np.where(mc, "mc", "delegue"),
            dol_version_id=only(~mc, ident(cas.VERSION, plateforme)),
            dol_regle_id=only(~mc, ident(cas.REGLE, plateforme)),
        )  # fmt: skip

    return Table("pdp.signalement", stock.personnes, tranche)


def table_motifs(stock: Stock) -> Table:
    """One reason for everybody, a second one for half."""

    def tranche(debut: int, fin: int) -> pl.DataFrame:
        rang = np.arange(debut, fin)
        n = np.where(rang < stock.personnes, rang, (rang - stock.personnes) * 2)
        premier = rang < stock.personnes
        return frame(
            signalement_id=ident(cas.SIGNALEMENT, n), plateforme_id=stock.plateformes_de(n), 
            regle=np.where(premier, "palier_90", "episodes"), regle_version=1,
            libelle=np.where(premier, "Arrêt de 92 jours (repère : au moins 90 jours).", "Quatre arrêts en trois ans (repère : trois)."),
            valeur_observee=92, seuil=90, parametre_id="palier_signalement_j90@1", points=np.where(premier, 30, 10),
        )  # fmt: skip

    return Table("pdp.signalement_motif", stock.personnes + (stock.personnes + 1) // 2, tranche)
