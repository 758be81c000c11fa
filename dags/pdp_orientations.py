"""Échéances des orientations : chaque heure de travail, qui a la balle et jusqu'à quand."""

from airflow.sdk import dag, task

from pdp import orchestration as o
from pdp.services.sweep_orientations import sweep_orientations


@dag(
    dag_id="pdp_orientations",
    dag_display_name="11. Échéances des orientations",
    schedule=o.horaire("pdp_orientations"),
    deadline=o.echeance("pdp_orientations"),
    tags=["pdp", "echanges"],
    doc_md="""
    **Ce que fait ce traitement.** Chaque orientation en cours a une seule échéance et un seul responsable : le partenaire, le conseiller ou
    la personne. Quand le partenaire laisse passer la sienne, il reçoit un rappel neutre, puis ses collègues aussi ; ensuite le conseiller
    est invité à l'appeler. Sans réponse au bout du délai, l'orientation expire : le partenaire est prévenu, le dossier revient au
    conseiller avec la demande de proposer un autre relais, et le médecin-conseil est alerté. Une question du partenaire arrête son délai ;
    les jours où sa structure est fermée ne comptent pas.

    **En cas d'échec ou de panne.** Relancez-le : tout ce qui est dû est repris, une seule fois, quel que soit le retard, et le retard est
    noté. Une panne de la plateforme n'est pas un silence du partenaire : aucune orientation n'expire sans tous ses rappels.
    """,
    **o.REGLAGES,
)
def pdp_orientations() -> None:
    @task(task_id="plateformes", task_display_name="Plateformes")
    def plateformes() -> list[str]:
        return o.list_plateformes_ouvrees()

    @task(task_id="relancer", task_display_name="Relancer ce qui est dû", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def relancer(plateforme: str) -> dict:
        return o.sweep("relancer", sweep_orientations, plateforme)

    relancer.expand(plateforme=plateformes())


pdp_orientations()
