"""Outcomes: which situation goes with which reason to close, and when an outcome may be recorded.

The reason (why the platform stops) and the situation (what became of the person) are two facts: a parcours may be handed over
while the person is still in arrêt. A return to work is said by somebody and dated; nothing is deduced from the end of a feed.
"""

from __future__ import annotations

from datetime import date

from pdp.domain.parcours import MOTIFS_CLOTURE, SITUATIONS, SITUATIONS_EN_EMPLOI
from pdp.errors import DonneeInvalide

PROVENANCES = {
    "declare_assure": "Dit par la personne",
    "partenaire": "Dit par un partenaire",
    "employeur": "Dit par l'employeur",
    "donnee_administrative": "Donnée administrative",
}
PROVENANCES_REPRISE = frozenset({"declare_assure", "partenaire", "employeur"})
JALONS = {"cloture": "À la clôture", "m6": "À 6 mois", "m12": "À 12 mois"}
MOTIFS_REOUVERTURE = {
    "nouvel_arret": "Nouvel arrêt",
    "reprise_echec": "La reprise n'a pas tenu",
    "demande_personne": "À la demande de la personne",
    "partenaire": "Le relais n'a pas abouti",
    "cloture_par_erreur": "Parcours clos par erreur",
    "decision_mc": "Décision du médecin-conseil",
}
MOTIFS_SANS_SUIVI = frozenset({"deces", "doublon", "erreur"})
"""Closed for these reasons: nobody is asked what became of the person."""
MOTIFS_SANS_ALERTE = frozenset({"doublon", "erreur", "decision_mc"})
"""Closed for these reasons: the médecin-conseil has nothing to learn, or decided it."""
MOTIFS_RELAIS = frozenset(m for m in MOTIFS_CLOTURE if m.startswith("relais_"))

_VIVANT = frozenset(SITUATIONS) - {"decede"}
_MEME_EMPLOYEUR = frozenset({"meme_poste", "poste_amenage", "autre_poste_meme_employeur", "tpt"})
SITUATIONS_PAR_MOTIF: dict[str, frozenset[str]] = {motif: _VIVANT for motif in MOTIFS_CLOTURE} | {
    "reprise_meme_poste": frozenset({"meme_poste"}),
    "reprise_amenagee": frozenset({"poste_amenage"}),
    "reprise_tpt": frozenset({"tpt"}),
    "reclassement_interne": frozenset({"autre_poste_meme_employeur"}),
    "autre_employeur": frozenset({"autre_employeur"}),
    "creation_activite": frozenset({"independant"}),
    "formation_reconversion": frozenset({"formation"}),
    "invalidite_cat1": SITUATIONS_EN_EMPLOI | {"invalidite_1"},
    "invalidite_cat2_3": frozenset({"invalidite_2", "invalidite_3"}),
    "inaptitude_licenciement": _VIVANT - _MEME_EMPLOYEUR,
    "retraite": frozenset({"retraite"}),
    "retraite_inaptitude": frozenset({"retraite"}),
    "deces": frozenset({"decede"}),
    "doublon": frozenset({"inconnu"}),
    "erreur": frozenset({"inconnu"}),
}


def check_cloture(motif: str, situation: str) -> None:
    """Raises :class:`DonneeInvalide` when the reason is unknown or does not go with the situation."""
    if motif not in MOTIFS_CLOTURE:
        raise DonneeInvalide("Choisissez le motif de clôture dans la liste.", code="unknown_closing_reason")
    _check_situation(situation)
    if situation not in SITUATIONS_PAR_MOTIF[motif]:
        raise DonneeInvalide(
            f"« {SITUATIONS[situation]} » ne va pas avec le motif « {MOTIFS_CLOTURE[motif]} ». Rien n'a été enregistré.",
            code=f"incoherent_outcome:{motif}:{situation}",
        )


def check_issue(situation: str, survenu_le: date | None, provenance: str, jour: date, *, par_une_personne: bool) -> None:
    """Raises :class:`DonneeInvalide` when the outcome cannot be taken on ``jour``.

    A machine may only say « inconnu ». A return to work needs its day, not to come, and somebody who says so.
    """
    _check_situation(situation)
    if provenance not in PROVENANCES:
        raise DonneeInvalide("Dites d'où vient l'information.", code="unknown_provenance")
    if situation != "inconnu" and not par_une_personne:
        raise DonneeInvalide("Une situation est confirmée par une personne, jamais par un traitement.", code="outcome_without_person")
    if survenu_le is not None and survenu_le > jour:
        raise DonneeInvalide("La date de la situation est à venir : attendez qu'elle soit vraie.", code="outcome_in_future")
    if situation not in SITUATIONS_EN_EMPLOI:
        return
    if survenu_le is None:
        raise DonneeInvalide("Indiquez le jour de la reprise.", code="return_without_date")
    if provenance not in PROVENANCES_REPRISE:
        raise DonneeInvalide(
            "Une reprise est confirmée par la personne, l'employeur ou un partenaire : la fin d'un arrêt n'est pas une reprise.",
            code="return_presumed",
        )


def _check_situation(situation: str) -> None:
    if situation not in SITUATIONS:
        raise DonneeInvalide(
            "Choisissez la situation dans la liste ; « situation inconnue » est une réponse possible.", code="unknown_situation"
        )
