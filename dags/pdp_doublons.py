"""Doublons : repérage et fusions demandées, tous les quarts d'heure, de jour."""

from airflow.sdk import dag, task

from pdp import orchestration as o
from pdp.services.sweep_doublons import sweep_doublons


@dag(
    dag_id="pdp_doublons",
    dag_display_name="10. Doublons",
    schedule=o.horaire("pdp_doublons"),
    deadline=o.echeance("pdp_doublons"),
    tags=["pdp", "doublons"],
    doc_md="""
    **Ce que fait ce traitement.** Il repère les fiches qui pourraient être celles d'une même personne, dont l'une au moins est suivie,
    et demande à leurs conseillers de les comparer. Il réunit, ou sépare de nouveau, les dossiers pour lesquels un conseiller l'a
    demandé. Rien n'est réuni sans un conseiller. Les arrêts reçus plus tard sous l'ancienne fiche suivent la personne.

    **En cas d'échec.** Relancez-le : chaque paire n'est signalée qu'une fois, chaque demande n'est appliquée qu'une fois.
    """,
    **o.REGLAGES,
)
def pdp_doublons() -> None:
    @task(task_id="plateformes", task_display_name="Plateformes")
    def plateformes() -> list[str]:
        return o.list_plateformes()

    @task(task_id="tenir_doublons", task_display_name="Tenir les doublons", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def tenir_doublons(plateforme: str) -> dict:
        return o.sweep("tenir_doublons", sweep_doublons, plateforme)

    tenir_doublons.expand(plateforme=plateformes())


pdp_doublons()
