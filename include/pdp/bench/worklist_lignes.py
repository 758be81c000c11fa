"""Every table of the stock of ``bench worklist``."""

from __future__ import annotations

from pdp.bench import worklist_cas as cas
from pdp.bench import worklist_personnes as personnes
from pdp.bench import worklist_suivi as suivi
from pdp.bench.worklist_cas import Stock
from pdp.bench.worklist_colonnes import Table


def list_tables(stock: Stock) -> list[Table]:
    """Every table in the order of its foreign keys."""
    return [
        personnes.table_agents(stock),
        personnes.table_partenaires(stock),
        personnes.table_versions(stock),
        personnes.table_regles(stock),
        personnes.table_assures(stock),
        personnes.table_episodes(stock),
        personnes.table_anciens(stock),
        personnes.table_signalements(stock),
        personnes.table_motifs(stock),
        suivi.table_parcours(stock),
        suivi.table_affectations(stock),
        suivi.table_taches(stock),
        suivi.table_fermees(stock),
        suivi.table_contacts(stock),
        suivi.table_accords(stock),
        suivi.table_orientations(stock),
        suivi.table_actes(stock),
        suivi.table_entretiens(stock),
        suivi.table_messages(stock, "rebut", cas.draw_echecs(stock)),
        suivi.table_messages(stock, "livre", cas.draw_livres(stock)),
        suivi.table_silences(stock),
    ]
