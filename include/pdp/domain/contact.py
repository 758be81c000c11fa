"""Attempts to reach a person: what each result means and what comes next.

Policy: attempts on different days; after the last one a letter; the médecin-conseil is alerted when it stays unanswered.
"""

from __future__ import annotations

from dataclasses import dataclass

RESULTATS = {
    "joint": "Joint",
    "messagerie": "Répondeur",
    "non_reponse": "Pas de réponse",
    "joint_rappel_demande": "Joint, demande à être rappelé",
    "numero_faux": "Numéro faux",
    "refus_echange": "Refuse l'échange",
    "tiers": "Un tiers a répondu",
    "barriere_langue": "Barrière de langue",
    "hospitalise": "Hospitalisé",
    "decede": "Décédé",
}
SANS_REPONSE = frozenset({"messagerie", "non_reponse", "tiers"})


@dataclass(frozen=True)
class Etape:
    """Next step after a result: the open reason it creates (None = none) and the French sentence shown to the CSAM."""

    tache: str | None
    phrase: str


def next_etape(resultat: str, essais_sans_reponse: int, essais_max: int) -> Etape:
    """Next step; ``essais_sans_reponse`` counts this attempt too and restarts when the person was reached."""
    if resultat == "joint":
        return Etape("planifier_tele_echange", "La personne est jointe : proposez-lui un créneau de télé-échange.")
    if resultat == "joint_rappel_demande":
        return Etape("rappel_promis", "Rappel promis : il est dans votre liste à la date dite.")
    if resultat == "refus_echange":
        return Etape("faire_le_point", "Refus noté. Enregistrez le refus d'accompagnement, ou refaites le point plus tard.")
    if resultat == "decede":
        return Etape("cloture_a_confirmer", "Décès signalé : aucun appel ni message ne partira. Vérifiez, puis clôturez le parcours.")
    if resultat == "hospitalise":
        return Etape(
            "rappel_promis",
            "Hospitalisation : rappel à la date choisie. Pour que rien d'autre ne parte, mettez la personne en silence sur sa fiche.",
        )
    if resultat == "numero_faux":
        return Etape("courrier_injoignable", "Numéro faux : envoyez un courrier et demandez un numéro à jour.")
    if resultat == "barriere_langue":
        return Etape("faire_le_point", "Prévoyez un interprète, puis refaites le point.")
    if essais_sans_reponse >= essais_max:
        return Etape("courrier_injoignable", f"{essais_sans_reponse} essais sans réponse : un courrier prend le relais.")
    return Etape("nouvel_appel", f"Essai {essais_sans_reponse} sur {essais_max} : rappelez un autre jour, à un autre moment.")
