"""Guet : toutes les cinq minutes, la plateforme se surveille elle-même."""

from airflow.sdk import dag, task

from pdp import orchestration as o
from pdp.services.send_digest import tell_securite
from pdp.services.watch_platform import watch_platform


@dag(
    dag_id="pdp_guet",
    dag_display_name="13. Guet de la plateforme",
    schedule=o.horaire("pdp_guet"),
    tags=["pdp", "exploitation"],
    doc_md="""
    **Ce que fait ce traitement.** Il vérifie que chaque flux arrive dans son rythme, que les traitements passent, que les messages dus
    partent, que les échecs d'envoi et la quarantaine restent ordinaires. Ce qui ne va pas devient un incident, dit une fois aux
    responsables (page « État de la plateforme », bandeau, courriel) ; il est clos de lui-même quand tout est rentré dans l'ordre.

    De jour comme de nuit, il annonce aussi sans attendre toute alerte de sécurité aux médecins-conseils présents : les relevés
    (traitement 12) ne passent qu'en journée, et outre-mer la journée n'est pas celle de Paris.

    **En cas d'échec ou de panne.** Relancez-le : il regarde l'état du moment et ne redit rien. Tant qu'il ne passe pas, la page
    « État de la plateforme » reste juste et signale son absence.
    """,
    **o.REGLAGES,
)
def pdp_guet() -> None:
    @task(task_id="plateformes", task_display_name="Plateformes")
    def plateformes() -> list[str]:
        return o.list_plateformes()

    @task(task_id="guetter", task_display_name="Vérifier la plateforme", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def guetter(plateforme: str) -> dict:
        return o.sweep("guetter", watch_platform, plateforme)

    @task(task_id="annoncer", task_display_name="Annoncer la sécurité", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def annoncer(plateforme: str) -> dict:
        return o.sweep("annoncer", tell_securite, plateforme)

    liste = plateformes()
    guetter.expand(plateforme=liste)
    annoncer.expand(plateforme=liste)


pdp_guet()
