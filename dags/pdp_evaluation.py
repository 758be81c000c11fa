"""Tables des évaluateurs : chaque nuit."""

from airflow.sdk import dag, task

from pdp import orchestration as o


@dag(
    dag_id="pdp_evaluation",
    dag_display_name="8. Tables des évaluateurs",
    schedule=o.horaire("pdp_evaluation"),
    deadline=o.echeance("pdp_evaluation"),
    tags=["pdp", "evaluation"],
    doc_md="""
    **Ce que fait ce traitement.** Il reconstruit à côté les tables pseudonymisées, supprime les petites cases, puis les échange d'un
    coup : un lecteur voit l'ancienne version ou la nouvelle, jamais un mélange. Il exporte les CSV et leur dictionnaire. Il efface ensuite
    les traces anciennes des passages qui n'ont touché aucun dossier.

    **En cas d'échec.** L'ancienne publication reste en place. Relancez-le.
    """,
    **o.REGLAGES,
)
def pdp_evaluation() -> None:
    @task(task_id="publier", task_display_name="Reconstruire et publier")
    def publier() -> dict:
        return o.publish_tables()

    publier()


pdp_evaluation()
