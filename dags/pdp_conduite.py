"""Conduite : toutes les cinq minutes, les traitements en retard et les aperçus demandés."""

from airflow.sdk import dag, task

from pdp import conduite as c
from pdp import orchestration as o


@dag(
    dag_id="pdp_conduite",
    dag_display_name="14. Conduite des traitements",
    schedule=o.horaire("pdp_conduite"),
    deadline=o.echeance("pdp_conduite"),
    tags=["pdp", "conduite"],
    doc_md="""
    **Ce que fait ce traitement.** Il repère les traitements qui ne sont pas terminés à temps, ou qui n'ont pas démarré, et prévient une
    fois les responsables par courriel. Il calcule ce qu'un passage referait s'il était relancé : le traitement est joué pour de vrai,
    puis tout est annulé ; rien n'est écrit, rien ne part. Quand un passage a été interrompu, il liste de lui-même les parcours qu'il
    devait toucher.

    **En cas d'échec.** Relancez-le : un retard n'est annoncé qu'une fois, un aperçu n'est calculé qu'une fois.
    """,
    **o.REGLAGES,
)
def pdp_conduite() -> None:
    @task(task_id="surveiller", task_display_name="Traitements en retard")
    def surveiller() -> dict:
        return c.watch()

    @task(task_id="apercevoir", task_display_name="Aperçus demandés")
    def apercevoir() -> dict:
        return c.compute_apercus()

    surveiller()
    apercevoir()


pdp_conduite()
