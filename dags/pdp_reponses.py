"""Réponses des partenaires : toutes les deux minutes."""

from airflow.sdk import dag, task

from pdp import orchestration as o
from pdp.services.collect_reponses import apply_reponses


@dag(
    dag_id="pdp_reponses",
    dag_display_name="5. Réponses des partenaires",
    schedule=o.horaire("pdp_reponses"),
    deadline=o.echeance("pdp_reponses"),
    tags=["pdp", "echanges"],
    doc_md="""
    **Ce que fait ce traitement.** Il interroge les partenaires reliés par API, lit à leur rythme les serveurs FHIR, relève la messagerie
    sécurisée (accusés, messages revenus, réponses à lire) et les fichiers de réponses, puis applique toutes les réponses reçues :
    l'orientation change d'état et le conseiller voit quoi faire ensuite.

    **En cas d'échec.** Relancez-le : une réponse n'est appliquée qu'une fois. Une réponse impossible est mise de côté, jamais perdue.
    """,
    **o.REGLAGES,
)
def pdp_reponses() -> None:
    @task(task_id="plateformes", task_display_name="Plateformes")
    def plateformes() -> list[str]:
        return o.list_plateformes()

    @task(task_id="interroger", pool=o.RESEAU, task_display_name="Interroger les partenaires")
    def interroger() -> dict:
        return o.poll_partenaires()

    @task(task_id="relever", pool=o.RESEAU, task_display_name="Relever courriers et fichiers")
    def relever() -> dict:
        return o.read_retours()

    @task(task_id="appliquer", task_display_name="Appliquer les réponses", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def appliquer(plateforme: str) -> dict:
        return o.sweep("appliquer", apply_reponses, plateforme)

    [interroger(), relever()] >> appliquer.expand(plateforme=plateformes())


pdp_reponses()
