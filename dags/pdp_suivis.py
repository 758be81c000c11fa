"""Devenir à 6 et 12 mois : chaque matin."""

from airflow.sdk import dag, task

from pdp import orchestration as o
from pdp.services.sweep_suivis import open_suivis


@dag(
    dag_id="pdp_suivis",
    dag_display_name="7. Devenir à 6 et 12 mois",
    schedule=o.horaire("pdp_suivis"),
    deadline=o.echeance("pdp_suivis"),
    tags=["pdp", "issues"],
    doc_md="""
    **Ce que fait ce traitement.** Six et douze mois après la clôture, il demande au conseiller la situation de la personne.
    « Situation inconnue » est une réponse. La fin d'un arrêt n'est jamais prise pour une reprise.

    **En cas d'échec.** Relancez-le : un suivi n'est demandé qu'une fois.
    """,
    **o.REGLAGES,
)
def pdp_suivis() -> None:
    @task(task_id="plateformes", task_display_name="Plateformes")
    def plateformes() -> list[str]:
        return o.list_plateformes()

    @task(task_id="ouvrir_suivis", task_display_name="Ouvrir les suivis dus", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def ouvrir_suivis(plateforme: str) -> dict:
        return o.sweep("ouvrir_suivis", open_suivis, plateforme)

    ouvrir_suivis.expand(plateforme=plateformes())


pdp_suivis()
