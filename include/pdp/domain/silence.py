"""Quiet mode of one person: why, until when, and which reasons to act speak to the person and therefore wait.

Silence stops what comes from the platform; the person may call, and an acknowledged urgency (worrying words) is never held back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from pdp.errors import DonneeInvalide

MOTIFS = {
    "hospitalisation": "Hospitalisation",
    "deuil": "Deuil",
    "demande": "À la demande de la personne",
    "refus": "Refus de tout contact",
    "deces": "Décès",
}
DECES = "deces"
SANS_FIN = frozenset({DECES, "refus"})
"""Reasons that need no end date."""
PROPOSENT_CLOTURE = {
    DECES: "Décès enregistré : vérifiez, puis clôturez le parcours.",
    "refus": "La personne refuse tout contact, sans date de fin : décidez avec elle de la suite, ou clôturez le parcours.",
}
"""Without an end nothing can wait: a person is asked whether to close the parcours, nothing closes by itself."""
MOTIFS_CONTACT = (
    "premier_appel",
    "nouvel_appel",
    "rappel_promis",
    "autre_canal",
    "courrier_injoignable",
    "planifier_tele_echange",
    "faire_le_point",
    "demander_accord",
    "suivi_m6",
    "suivi_m12",
)
"""Open reasons (``domain/tache.py``) that end in a call or a letter to the person."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Days of silence, both included; ``au`` None = no end."""

    id: UUID
    motif: str
    du: date
    au: date | None

    @property
    def libelle(self) -> str:
        return MOTIFS[self.motif]

    @property
    def reprise_le(self) -> date | None:
        """First day on which the person may be contacted again."""
        return None if self.au is None else self.au + timedelta(days=1)

    @property
    def phrase(self) -> str:
        """The badge, without the reason: a list says no more than what to do."""
        return describe_fin(self.motif, self.au)

    def is_actif(self, jour: date) -> bool:
        return self.du <= jour and (self.au is None or jour <= self.au)


def describe_fin(motif: str, au: date | None) -> str:
    """« Silence jusqu'au 24/11/2026 », or that there is no end; a death is said, so that nobody asks the family for the person."""
    if motif == DECES:
        return "Décès : ne plus contacter"
    return "Silence sans date de fin" if au is None else f"Silence jusqu'au {au:%d/%m/%Y}"


def check_silence(motif: str, du: date, au: date | None, jour: date, duree_max_jours: int) -> None:
    """Raises :class:`DonneeInvalide`: unknown reason, end missing, past, before the start or too far (a year mistyped loses nobody)."""
    if motif not in MOTIFS:
        raise DonneeInvalide("Choisissez la raison du silence dans la liste. Rien n'a été enregistré.", code="unknown_silence_reason")
    if motif == DECES:
        if au is not None or du > jour:
            raise DonneeInvalide("Un décès n'a pas de date de fin, et n'est pas à venir. Rien n'a été enregistré.", code="death_with_dates")
        return
    if au is None:
        if motif not in SANS_FIN:
            raise DonneeInvalide("Indiquez le dernier jour du silence. Rien n'a été enregistré.", code="missing_silence_end")
    elif au < max(du, jour):
        raise DonneeInvalide("Le dernier jour du silence est déjà passé, ou vient avant le premier.", code="silence_end_past")
    dernier = au or du
    if dernier > jour + timedelta(days=duree_max_jours):
        raise DonneeInvalide(
            f"Un silence s'arrête au plus tard dans {duree_max_jours} jours ; vous pourrez le prolonger. Rien n'a été enregistré.",
            code="silence_too_long",
        )
