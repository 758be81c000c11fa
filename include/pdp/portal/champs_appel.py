"""Fields of the call sheet: what it shows at first, what was typed, and what a person asks for read from the form."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Request
from sqlalchemy import Connection

from pdp.domain.contact import MOMENTS
from pdp.domain.demandes import BESOINS, CANAUX
from pdp.portal import formulaires
from pdp.portal.libelles_csam import LANGUES
from pdp.portal.sessions import session_of
from pdp.services.annulation import Acte, acte
from pdp.services.read_appel import FicheAppel
from pdp.services.record_parole import Preference, check_vue, record_coordonnees, record_preference

Champs = dict[str, list[str]]
VUE = "preference_vue"
DEMANDES = ("langue", "interprete", "accessibilite", "canal_prefere", "moments", "refus", "telephone", "courriel")
CHAMPS = ("entrant", "note", "phrase", "rappel", "rappel_heure", VUE, *DEMANDES)


def read_typed(request: Request) -> Champs:
    """Fields of the sheet as they were sent."""
    return {nom: formulaires.values(request, nom) for nom in formulaires.names(request) if nom in CHAMPS}


def initial_fields(fiche: FicheAppel) -> Champs:
    """The draft, on top of what the person asks for; what she asked for otherwise since the draft wins over it."""
    p = fiche.preference
    demandes: Champs = {
        "langue": [p.langue or ""],
        "interprete": ["oui"] if p.interprete else [],
        "accessibilite": p.accessibilite,
        "canal_prefere": [p.canal_prefere or ""],
        "moments": p.moments,
        "refus": p.refus,
        VUE: [vue_of(p)],
    }
    if fiche.brouillon is None:
        return demandes
    dits = fiche.brouillon.champs
    if dits.get(VUE, [""]) == demandes[VUE] and any(nom in dits for nom in DEMANDES):
        return dits | {VUE: demandes[VUE]}
    return {nom: v for nom, v in dits.items() if nom not in DEMANDES} | demandes


def vue_of(preference: Preference) -> str:
    """What tells whether the person asked for something else since the page was shown."""
    return preference.dit_at.isoformat() if preference.dit_at else ""


def read_preference(request: Request) -> Preference:
    interprete = formulaires.choix(request, "interprete", ("oui",), libelle="Interprète", obligatoire=False)
    return Preference(
        langue=formulaires.choix(request, "langue", LANGUES, libelle="Langue", obligatoire=False),
        interprete=True if interprete else None,
        accessibilite=formulaires.choix_multiples(request, "accessibilite", BESOINS, libelle="Besoins"),
        canal_prefere=formulaires.choix(request, "canal_prefere", CANAUX, libelle="Moyen préféré", obligatoire=False),
        moments=formulaires.choix_multiples(request, "moments", MOMENTS, libelle="Moments qui conviennent"),
        refus=formulaires.choix_multiples(request, "refus", CANAUX, libelle="Moyens refusés"),
    )


def record_demandes(
    request: Request, conn: Connection, parcours_id: UUID, cle: UUID, maintenant: datetime
) -> tuple[list[str], Acte | None]:
    """What the person asks for and the number she gives, when the form carries them: French sentences of what changed, and the act."""
    if VUE not in formulaires.names(request):
        return [], None
    dite, auteur = read_preference(request), session_of(request).auteur
    vue = formulaires.texte(request, VUE, libelle="Demandes", maximum=40)
    with acte(conn, auteur, parcours_id, "demandes", maintenant) as fait:  # locks the person, then the case, as every act does
        check_vue(conn, parcours_id, vue, dite)
        phrases = record_coordonnees(
            conn,
            auteur,
            parcours_id,
            telephone=formulaires.texte(request, "telephone", libelle="Autre numéro", maximum=40),
            courriel=formulaires.texte(request, "courriel", libelle="Adresse électronique", maximum=254),
            cle_saisie=cle,
            maintenant=maintenant,
        )
        if record_preference(conn, auteur, parcours_id, dite, cle_saisie=cle, maintenant=maintenant):
            phrases.append("Les demandes de la personne sont notées.")
    return phrases, fait
