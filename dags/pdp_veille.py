"""Veille : les jours de semaine au matin, ce qui est bloqué, interrompu ou en retard."""

from airflow.sdk import dag, task

from pdp import orchestration as o
from pdp.services.sweep_veille import sweep_veille


@dag(
    dag_id="pdp_veille",
    dag_display_name="6. Veille des parcours",
    schedule=o.horaire("pdp_veille"),
    deadline=o.echeance("pdp_veille"),
    tags=["pdp", "parcours"],
    doc_md="""
    **Ce que fait ce traitement.** Il cherche les parcours sans suite, les télé-échanges non renseignés, les arrêts terminés, les personnes
    de nouveau en arrêt (ou toujours) après une clôture : il propose alors au même conseiller de rouvrir, sans rien rouvrir lui-même. Ce qui
    reste dû sur les parcours clos d'un conseiller parti passe à un collègue. Il rétablit d'abord la tâche manquante ; il n'alerte le
    médecin-conseil que pour un parcours interrompu ou enlisé, une seule fois par cause. Pour chacun des dix-huit blocages du catalogue, il
    note ce qui reste à débloquer, par qui, et quand il a cherché pour la dernière fois : c'est la page « Ce qui est bloqué » du portail.

    **En cas d'échec ou de panne.** Relancez-le : tout ce qui est dû est repris, quel que soit le retard.
    """,
    **o.REGLAGES,
)
def pdp_veille() -> None:
    @task(task_id="plateformes", task_display_name="Plateformes")
    def plateformes() -> list[str]:
        return o.list_plateformes_ouvrees()

    @task(task_id="veiller", task_display_name="Chercher ce qui est bloqué", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def veiller(plateforme: str) -> dict:
        return o.sweep("veiller", sweep_veille, plateforme)

    veiller.expand(plateforme=plateformes())


pdp_veille()
