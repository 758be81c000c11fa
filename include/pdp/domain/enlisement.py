"""Stalls as data: how a parcours can be left with nobody to move it, who is to act, what the sweep repairs by itself, what a click does.

S01 to S18 of one catalogue. « Automatic » stalls are repaired by the watch when found, so that a person sees only what a machine may not
do; the others wait in a list for whoever acts. The clocks of hand-overs (S06, S07), failed messages (S10), slots (S09), follow-ups (S17)
and duplicates (S18) have sweeps of their own, which remind and open reasons: here they are found and said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Acteur = Literal["csam", "partenaire", "responsable", "medecin_conseil", "systeme"]
ACTEURS: dict[Acteur, str] = {
    "csam": "Conseiller",
    "partenaire": "Partenaire, puis conseiller",
    "responsable": "Responsable",
    "medecin_conseil": "Médecin-conseil",
    "systeme": "La plateforme, seule",
}


@dataclass(frozen=True, slots=True)
class Enlisement:
    """One stall. ``tache`` is the reason the repair opens, ``ferme`` the reasons it closes first, for the same cause.

    ``bloquant``: the repair is a right of the person, it is done first and on every sweep, whatever else fails. ``automatique``: the watch
    repairs it when it finds it. ``geste``: label of the click of who acts; ``ecran`` the screen it opens, None when the click is the repair
    itself.
    """

    code: str
    phrase: str
    acteur: Acteur
    reparation: str
    geste: str
    tache: str | None = None
    ferme: tuple[str, ...] = ()
    bloquant: bool = False
    automatique: bool = True
    ecran: str | None = None


ENLISEMENTS: dict[str, Enlisement] = {
    e.code: e
    for e in (
        Enlisement(
            "S13",
            "Accord retiré et orientation encore ouverte chez le partenaire",
            "systeme",
            "L'orientation est retirée et les messages non partis sont rappelés.",
            "Retirer l'orientation",
            ferme=("attendre_partenaire", "relancer_partenaire", "nouvelles_partenaire", "repondre_question"),
            bloquant=True,
        ),
        Enlisement(
            "S12",
            "Parcours clos avec une tâche, un rendez-vous ou une orientation ouverte",
            "systeme",
            "Les restes du parcours clos sont fermés.",
            "Fermer ce qui reste",
        ),
        Enlisement(
            "S08",
            "Télé-échange passé, issue non renseignée",
            "csam",
            "Une tâche demande de renseigner le télé-échange.",
            "Ouvrir la tâche à renseigner",
            tache="renseigner_tele_echange",
            ferme=("tele_echange",),
        ),
        Enlisement(
            "S14",
            "Arrêt terminé, parcours encore ouvert",
            "csam",
            "Une tâche demande de confirmer la reprise ou l'issue ; la fin de l'arrêt n'est jamais prise pour une reprise.",
            "Ouvrir la question de l'issue",
            tache="confirmer_issue",
        ),
        Enlisement(
            "S15",
            "De nouveau en arrêt, ou toujours, après la clôture",
            "csam",
            "Une tâche propose au même conseiller de rouvrir le parcours ; il décide.",
            "Décider de rouvrir ou non",
            tache="rechute",
            ecran="rechute",
        ),
        Enlisement(
            "S04",
            "Conseiller parti, ou absent au-delà de la prochaine échéance",
            "responsable",
            "Ce qui reste dû sur un parcours clos passe seul à un collègue ; les parcours ouverts sont à confier à un collègue présent.",
            "Confier à un collègue",
            ecran="redistribution",
        ),
        Enlisement(
            "S05",
            "Parcours sans CSAM au-delà du délai",
            "responsable",
            "L'affectation est tentée de nouveau.",
            "Affecter",
            ecran="affectation",
        ),
        Enlisement(
            "S16",
            "Alerte sans décision du médecin-conseil au-delà du délai",
            "medecin_conseil",
            "Une tâche rappelle la décision attendue.",
            "Décider",
            tache="decision_medecin",
            ecran="alertes",
        ),
        Enlisement(
            "S11",
            "Aucun événement depuis trop longtemps",
            "csam",
            "Une tâche demande de faire le point et le médecin-conseil est alerté.",
            "Prévoir un point",
            tache="faire_le_point",
        ),
        Enlisement(
            "S03",
            "Attente échue chez un tiers, personne n'a repris la main",
            "csam",
            "Une tâche demande de faire le point avec la personne.",
            "Reprendre la main",
            tache="faire_le_point",
        ),
        Enlisement(
            "S01",
            "Aucune tâche ouverte et parcours non clos",
            "csam",
            "Une tâche demande de faire le point avec la personne.",
            "Rétablir une suite",
            tache="faire_le_point",
        ),
        Enlisement(
            "S02",
            "Tout est en attente, sans reprise dans la durée permise",
            "csam",
            "Le conseiller a choisi ces dates : il reprend le dossier, ou en choisit une plus proche.",
            "Reprendre maintenant",
            automatique=False,
        ),
        Enlisement(
            "S06",
            "Orientation sans réponse au-delà du délai",
            "partenaire",
            "Le partenaire est relancé ; ensuite une tâche demande au conseiller de l'appeler ou de retirer l'orientation.",
            "Relancer ou retirer",
            automatique=False,
            ecran="relais",
        ),
        Enlisement(
            "S07",
            "Orientation acceptée, sans nouvelles au-delà du délai",
            "partenaire",
            "Des nouvelles sont demandées au partenaire ; ensuite une tâche demande au conseiller de l'appeler.",
            "Demander des nouvelles",
            automatique=False,
            ecran="relais",
        ),
        Enlisement(
            "S09",
            "Rendez-vous à proposer, mais aucun créneau n'est libre",
            "responsable",
            "Une tâche demande d'ouvrir des créneaux ; dès qu'il y en a, la personne est invitée.",
            "Ouvrir des créneaux",
            automatique=False,
            ecran="agendas",
        ),
        Enlisement(
            "S10",
            "Message non remis à la personne ou au partenaire",
            "csam",
            "Une tâche propose un autre moyen de le faire parvenir.",
            "Choisir un autre canal",
            automatique=False,
            ecran="fiche",
        ),
        Enlisement(
            "S17",
            "Situation à 6 ou 12 mois demandée et non renseignée",
            "csam",
            "Une tâche demande la situation de la personne ; passée sa date, elle reste en retard jusqu'à la réponse.",
            "Renseigner la situation",
            automatique=False,
            ecran="issue",
        ),
        Enlisement(
            "S18",
            "Doublon probable, deux dossiers pour une personne",
            "csam",
            "Une tâche demande de comparer les deux dossiers ; rien n'est fusionné sans une personne.",
            "Comparer les deux dossiers",
            automatique=False,
            ecran="doublons",
        ),
    )
}
"""By code, in the order of the sweep: rights of the person first, precise repairs before the general ones, then what is only said."""

REPARES_PAR_LA_VEILLE = tuple(e.code for e in ENLISEMENTS.values() if e.automatique)
POINT_DU_RESPONSABLE = ("S01", "S03", "S08", "S11", "S14")
"""Stalls for which a manager may ask the coordinator to make contact again, when the watch could not."""


def list_catalogue() -> list[Enlisement]:
    """S01 to S18, in the order of their codes."""
    return sorted(ENLISEMENTS.values(), key=lambda e: e.code)
