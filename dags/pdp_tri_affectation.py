"""Tri délégué, absences du jour, puis affectation : dès que la détection a parlé."""

from airflow.sdk import chain, dag, task

from pdp import orchestration as o
from pdp.services.assign_parcours import assign_en_attente
from pdp.services.redistribute_parcours import sweep_redistributions
from pdp.services.sort_signalements import sort_par_delegation
from pdp.services.transfer_parcours import apply_transferts


@dag(
    dag_id="pdp_tri_affectation",
    dag_display_name="3. Tri délégué et affectation",
    schedule=o.horaire("pdp_tri_affectation"),
    deadline=o.echeance("pdp_tri_affectation"),
    tags=["pdp", "parcours"],
    doc_md="""
    **Ce que fait ce traitement.** Il applique le document d'orientation local signé par un médecin-conseil et ouvre un parcours par
    personne (jamais deux). Il confie aux collègues ce que les absences du jour redistribuent, rend leurs parcours à ceux qui sont
    de retour, et ouvre chez la plateforme voisine les parcours qu'un responsable transfère. Puis il affecte tout ce qui attend, d'un
    seul coup et équitablement : le conseiller que la personne connaît déjà, sinon sa langue et son territoire, puis la charge la
    plus légère en points d'effort pour un temps plein.

    **Sans document signé**, ou s'il a changé depuis la signature, rien n'est délégué : tout attend le médecin-conseil.

    **En cas d'échec.** Une plateforme en échec n'arrête pas les autres. Relancez-le : ce qui est déjà trié ou affecté n'est pas repris.
    """,
    **o.REGLAGES,
)
def pdp_tri_affectation() -> None:
    @task(task_id="plateformes", task_display_name="Plateformes")
    def plateformes() -> list[str]:
        return o.list_plateformes()

    @task(task_id="trier", task_display_name="Trier par délégation", map_index_template="{{ task.op_kwargs['plateforme'] }}")
    def trier(plateforme: str) -> dict:
        return o.sweep("trier", sort_par_delegation, plateforme)

    @task(
        task_id="redistribuer",
        task_display_name="Absences et retours du jour",
        map_index_template="{{ task.op_kwargs['plateforme'] }}",
        trigger_rule=o.MALGRE_UN_ECHEC,
    )
    def redistribuer(plateforme: str) -> dict:
        return o.sweep("redistribuer", sweep_redistributions, plateforme)

    @task(
        task_id="transferer",
        task_display_name="Transferts demandés",
        map_index_template="{{ task.op_kwargs['plateforme'] }}",
        trigger_rule=o.MALGRE_UN_ECHEC,
    )
    def transferer(plateforme: str) -> dict:
        return o.sweep("transferer", apply_transferts, plateforme)

    @task(
        task_id="affecter",
        task_display_name="Affecter aux conseillers",
        map_index_template="{{ task.op_kwargs['plateforme'] }}",
        trigger_rule=o.MALGRE_UN_ECHEC,
    )
    def affecter(plateforme: str) -> dict:
        return o.sweep("affecter", assign_en_attente, plateforme)

    @task(task_id="verifier", task_display_name="Toutes les plateformes ont réussi")
    def verifier() -> None:
        return None

    liste = plateformes()
    etapes = [etape.expand(plateforme=liste) for etape in (trier, redistribuer, transferer, affecter)]
    chain(*etapes)
    etapes >> verifier()


pdp_tri_affectation()
