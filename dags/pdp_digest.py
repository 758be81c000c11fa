"""Relevés du médecin-conseil : ce qu'il lit chaque matin, ce qui ne peut pas attendre, ce que personne n'a lu."""

from airflow.sdk import dag, task

from pdp import orchestration as o
from pdp.services.send_digest import send_digest


@dag(
    dag_id="pdp_digest",
    dag_display_name="12. Relevés du médecin-conseil",
    schedule=o.horaire("pdp_digest"),
    deadline=o.echeance("pdp_digest"),
    tags=["pdp", "parcours"],
    doc_md="""
    **Ce que fait ce traitement.** Au premier passage d'un jour ouvré, il compose le relevé de chaque médecin-conseil présent :
    les situations à décider, les plus anciennes d'abord, dans la limite d'un nombre par jour. La sécurité d'une personne et une
    échéance légale proche n'y sont jamais coupées ; le reste attend et reste compté. À chaque passage, tous les jours, une alerte
    de sécurité est annoncée aussitôt à tous les médecins-conseils présents. Une situation que son médecin n'a pas lue dans le délai
    est relayée à un collègue, puis seulement comptée chez le responsable, qui n'en voit que le nombre. Les courriels partent par la
    boîte d'envoi : des nombres et un lien, jamais de nom ni d'information de santé.

    **En cas d'échec ou de panne.** Relancez-le : un relevé déjà composé ne l'est pas deux fois, un relevé manqué le matin l'est au passage
    suivant.
    """,
    **o.REGLAGES,
)
def pdp_digest() -> None:
    @task(task_id="plateformes", task_display_name="Plateformes")
    def plateformes() -> list[str]:
        return o.list_plateformes()

    @task(task_id="composer", task_display_name="Composer les relevés", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def composer(plateforme: str) -> dict:
        return o.sweep("composer", send_digest, plateforme)

    composer.expand(plateforme=plateformes())


pdp_digest()
