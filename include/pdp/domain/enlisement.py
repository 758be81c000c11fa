"""Stalls as data: how a parcours can be left with nobody to move it, who is to act, and what the sweep repairs by itself.

Stalls of the usual catalogue that are not here: « everything waits without a date » cannot exist (every open reason has a deadline in
the database), « a message failed » is opened as a reason by the sender at once, and a partner who says nothing (S06, S07) is the
matter of the clocks of hand-overs (``horloge``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Acteur = Literal["csam", "partenaire", "responsable", "medecin_conseil", "systeme"]


@dataclass(frozen=True, slots=True)
class Enlisement:
    """One stall. ``tache`` is the reason the sweep opens, ``ferme`` the reasons it closes first, for the same cause.

    ``bloquant``: the repair is a right of the person, it is done first and on every sweep, whatever else fails.
    """

    code: str
    phrase: str
    acteur: Acteur
    reparation: str
    tache: str | None = None
    ferme: tuple[str, ...] = ()
    bloquant: bool = False


ENLISEMENTS: dict[str, Enlisement] = {
    e.code: e
    for e in (
        Enlisement(
            "S13",
            "Accord retiré et orientation encore ouverte chez le partenaire",
            "systeme",
            "L'orientation est retirée et les messages non partis sont rappelés.",
            ferme=("attendre_partenaire", "relancer_partenaire", "nouvelles_partenaire", "repondre_question"),
            bloquant=True,
        ),
        Enlisement(
            "S12",
            "Parcours clos avec une tâche, un rendez-vous ou une orientation ouverte",
            "systeme",
            "Les restes du parcours clos sont fermés.",
        ),
        Enlisement(
            "S08",
            "Télé-échange passé, issue non renseignée",
            "csam",
            "Une tâche demande de renseigner le télé-échange.",
            tache="renseigner_tele_echange",
            ferme=("tele_echange",),
        ),
        Enlisement(
            "S14",
            "Arrêt terminé, parcours encore ouvert",
            "csam",
            "Une tâche demande de confirmer la reprise ou l'issue ; la fin de l'arrêt n'est jamais prise pour une reprise.",
            tache="confirmer_issue",
        ),
        Enlisement(
            "S15",
            "De nouveau en arrêt, ou toujours, après la clôture",
            "csam",
            "Une tâche propose au même conseiller de rouvrir le parcours ; il décide.",
            tache="rechute",
        ),
        Enlisement(
            "S04",
            "Conseiller parti, une suite reste due sur un parcours clos",
            "systeme",
            "Le parcours clos et ce qui reste à y faire sont confiés à un collègue présent.",
        ),
        Enlisement("S05", "Parcours sans CSAM au-delà du délai", "responsable", "L'affectation est tentée de nouveau."),
        Enlisement(
            "S16",
            "Alerte sans décision du médecin-conseil au-delà du délai",
            "medecin_conseil",
            "Une tâche rappelle la décision attendue.",
            tache="decision_medecin",
        ),
        Enlisement(
            "S11",
            "Aucun événement depuis trop longtemps",
            "csam",
            "Une tâche demande de faire le point et le médecin-conseil est alerté.",
            tache="faire_le_point",
        ),
        Enlisement(
            "S03",
            "Attente échue chez un tiers, personne n'a repris la main",
            "csam",
            "Une tâche demande de faire le point avec la personne.",
            tache="faire_le_point",
        ),
        Enlisement(
            "S01",
            "Aucune tâche ouverte et parcours non clos",
            "csam",
            "Une tâche demande de faire le point avec la personne.",
            tache="faire_le_point",
        ),
    )
}
"""By code, in the order of the sweep: rights of the person first, precise repairs before the general ones."""
