"""Réception des flux : dès qu'un fichier est déposé, et toutes les dix minutes en journée."""

from airflow.sdk import dag, task

from pdp import orchestration as o


@dag(
    dag_id="pdp_reception",
    dag_display_name="1. Réception des flux",
    schedule=o.horaire("pdp_reception"),
    deadline=o.echeance("pdp_reception"),
    tags=["pdp", "flux"],
    doc_md="""
    **Ce que fait ce traitement.** Il prend les fichiers déposés (arrêts, assurés, indemnités versées, ALD, déclarations d'employeurs,
    partenaires, agents), ligne par ligne. Une ligne fautive part en quarantaine avec sa raison ; les autres sont chargées. Puis il applique
    ce que les responsables ont décidé des lignes en quarantaine. Le même fichier deux fois ne change rien. Enfin il efface du disque les
    fichiers reçus depuis plus longtemps que le délai de conservation, et ferme les lignes sans plateforme que personne n'a renvoyées.

    **Quand il part.** Quelques secondes après le dépôt d'un fichier (le dossier est surveillé), et toutes les dix minutes par sécurité.

    **Quand il s'arrête sur « skipped ».** Aucun fichier nouveau, aucune ligne reprise : c'est normal.

    **En cas d'échec.** Rien n'est à moitié chargé : chaque fichier est pris en entier ou pas du tout, et un fichier en échec n'arrête pas
    les autres : il reste dans le dossier. Relancez le traitement.
    Si l'échec revient, ouvrez « Données reçues » dans le portail : la raison y est écrite en français.
    """,
    **o.REGLAGES,
)
def pdp_reception() -> None:
    @task(task_id="recevoir", task_display_name="Prendre les fichiers déposés", outlets=[o.FLUX_CHARGES])
    def recevoir() -> dict:
        return o.receive_flux()

    @task(task_id="verifier", task_display_name="Tous les fichiers ont pu être pris")
    def verifier(bilan: dict) -> None:
        o.check_fichiers(bilan)

    verifier(recevoir())


pdp_reception()
