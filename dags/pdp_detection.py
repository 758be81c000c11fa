"""Détection des arrêts longs : après chaque chargement, et chaque matin parce que le temps passe."""

from airflow.sdk import dag, task

from pdp import orchestration as o


@dag(
    dag_id="pdp_detection",
    dag_display_name="2. Détection des arrêts à risque",
    schedule=o.horaire("pdp_detection"),
    deadline=o.echeance("pdp_detection"),
    tags=["pdp", "detection"],
    doc_md="""
    **Ce que fait ce traitement.** Il réunit les prescriptions en épisodes d'arrêt, compte les indemnités journalières sur trois ans,
    et signale les personnes qui franchissent un palier (30, 60, 90 ou 180 jours), avec les motifs et la valeur du référentiel utilisée.
    Il ne décide rien : un médecin-conseil, ou la délégation qu'il a signée, oriente ensuite.

    **En cas d'échec.** Une plateforme en échec n'arrête pas les autres. Relancez-le : il ne signale jamais deux fois la même absence au
    même palier. « ReferentielIncomplet » nomme la valeur légale ou de politique qui manque.
    """,
    **o.REGLAGES,
)
def pdp_detection() -> None:
    @task(task_id="plateformes", task_display_name="Plateformes")
    def plateformes() -> list[str]:
        return o.list_plateformes()

    @task(task_id="detecter", task_display_name="Épisodes, droits et signalements", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def detecter(plateforme: str) -> dict:
        return o.detect(plateforme)

    @task(
        task_id="annoncer",
        task_display_name="Annoncer aux traitements suivants",
        outlets=[o.SIGNALEMENTS_DETECTES],
        trigger_rule=o.MALGRE_UN_ECHEC,
    )
    def annoncer() -> None:
        o.announce(o.SIGNALEMENTS_DETECTES)

    @task(task_id="verifier", task_display_name="Toutes les plateformes ont réussi")
    def verifier() -> None:
        return None

    detection = detecter.expand(plateforme=plateformes())
    detection >> annoncer() >> (fin := verifier())
    detection >> fin


pdp_detection()
