"""Rendez-vous et rappels : tous les quarts d'heure, de jour."""

from airflow.sdk import dag, task

from pdp import orchestration as o
from pdp.services.sweep_rendez_vous import sweep_rendez_vous


@dag(
    dag_id="pdp_rendez_vous",
    dag_display_name="9. Rendez-vous et rappels",
    schedule=o.horaire("pdp_rendez_vous"),
    deadline=o.echeance("pdp_rendez_vous"),
    tags=["pdp", "rendez-vous"],
    doc_md="""
    **Ce que fait ce traitement.** Il tire les suites de ce que les personnes ont fait depuis leur lien (rendez-vous choisi, déplacé,
    annulé, demande d'appel), écrit les confirmations et les rappels dus, relance une fois une invitation sans réponse, referme les
    liens expirés et prévient le responsable quand un agenda n'a plus de créneau libre. Un rappel qui arriverait trop tard ne part pas.

    **En cas d'échec.** Relancez-le : chaque geste et chaque message ne sont traités qu'une fois, même en retard.
    """,
    **o.REGLAGES,
)
def pdp_rendez_vous() -> None:
    @task(task_id="plateformes", task_display_name="Plateformes")
    def plateformes() -> list[str]:
        return o.list_plateformes()

    @task(task_id="tenir_rendez_vous", task_display_name="Tenir les rendez-vous", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def tenir_rendez_vous(plateforme: str) -> dict:
        return o.sweep("tenir_rendez_vous", sweep_rendez_vous, plateforme)

    tenir_rendez_vous.expand(plateforme=plateformes())


pdp_rendez_vous()
