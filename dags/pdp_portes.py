"""Décisions attendues : les jours ouvrés, chaque heure, ce qui attend l'accord d'une personne."""

from airflow.sdk import dag, task, task_group

from pdp import conduite as c
from pdp import orchestration as o


@dag(
    dag_id="pdp_portes",
    dag_display_name="15. Décisions attendues",
    schedule=o.horaire("pdp_portes"),
    deadline=o.echeance("pdp_portes"),
    tags=["pdp", "conduite"],
    doc_md="""
    **Ce que fait ce traitement.** Quatre actes rares attendent l'accord d'une personne : le premier envoi à un partenaire ajouté à la
    main, une réaffectation massive, un effacement inhabituel, une publication qui perd beaucoup de lignes. Il pose la question à
    l'exploitation (« Actions requises »). Un responsable peut aussi répondre dans le portail : la première réponse compte. Tant que
    personne n'a accepté, l'acte n'a pas lieu. Sans réponse au bout de cinquante minutes, la question est reposée à l'heure suivante.
    Une réponse donnée dans la seconde où la question paraît peut se perdre : la question revient, il suffit de répondre de nouveau.

    **Quand il s'arrête sur « skipped ».** Rien n'attend : c'est le cas ordinaire.

    **En cas d'échec.** Relancez-le : une décision déjà prise n'est pas changée.
    """,
    **o.REGLAGES,
)
def pdp_portes() -> None:
    @task(task_id="lister", task_display_name="Ce qui attend")
    def lister() -> list[dict]:
        return c.list_portes()

    @task_group(group_id="demande", group_display_name="Une décision")
    def demande(porte: str, sujet: str, texte: str) -> None:
        reponse = c.HITLOperator(
            task_id="decider",
            task_display_name="Accepter ou refuser",
            subject=sujet,
            body=texte,
            options=c.CHOIX,
            defaults=c.ATTENDRE,
            response_timeout=c.PATIENCE,
        )

        @task(task_id="inscrire", task_display_name="Inscrire la décision")
        def inscrire(porte: str, reponse: dict) -> str:
            return c.write_decision(porte, reponse)

        inscrire(porte, reponse.output)

    demande.expand_kwargs(lister())


pdp_portes()
