"""Envoi des messages en attente : toutes les deux minutes."""

from airflow.sdk import dag, task

from pdp import orchestration as o


@dag(
    dag_id="pdp_envoi",
    dag_display_name="4. Envoi aux partenaires",
    schedule=o.horaire("pdp_envoi"),
    deadline=o.echeance("pdp_envoi"),
    tags=["pdp", "echanges"],
    doc_md="""
    **Ce que fait ce traitement.** Il vide la boîte d'envoi : chaque message est réservé, l'accord de la personne est revérifié au même
    instant, puis il part une seule fois. Si un partenaire est en panne, l'envoi est retenté pendant le délai fixé par la plateforme ;
    ensuite une personne prend le relais. Les messages aux personnes suivies partent de 8 h à 20 h, ni le dimanche ni un jour férié ;
    puis la passerelle de SMS dit lesquels ont été remis. Les partenaires qui travaillent par fichiers trouvent un lot dans
    leur dossier. Quand on ignore si un partenaire a reçu un message, on le lui demande.

    **En cas d'échec.** Ne renvoyez rien à la main : relancez. Un message déjà reçu n'est pas compté deux fois par le partenaire.
    """,
    **o.REGLAGES,
)
def pdp_envoi() -> None:
    @task(task_id="envoyer", pool=o.RESEAU, task_display_name="Envoyer ce qui est dû")
    def envoyer() -> dict:
        return o.send_messages()

    @task(task_id="accuser", pool=o.RESEAU, task_display_name="Lire ce que sont devenus les SMS")
    def accuser() -> dict:
        return o.collect_receipts()

    @task(task_id="rapprocher", pool=o.RESEAU, task_display_name="Demander aux partenaires ce qu'ils ont reçu")
    def rapprocher() -> dict:
        return o.heal_messages()

    envoyer() >> [accuser(), rapprocher()]


pdp_envoi()
