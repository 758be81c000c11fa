"""The call sheet as a page: at first, and after a refusal with everything that was typed."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.contact import CANAUX_ECRITS, MOMENTS
from pdp.domain.demandes import BESOINS, CANAUX
from pdp.errors import Conflit, DonneeInvalide, ErreurPdp, TransitionInterdite
from pdp.portal.affichage import format_telephone, page
from pdp.portal.brouillons import describe_brouillon
from pdp.portal.champs_appel import initial_fields, read_typed
from pdp.portal.libelles_csam import LIBELLES
from pdp.portal.sessions import agent_of, lire, session_of
from pdp.services.publish_referentiel import partages
from pdp.services.read_appel import FicheAppel, read_appel

REFUS = (DonneeInvalide, Conflit, TransitionInterdite)
"""Refusals after which the form is shown again as it was typed."""


def show(request: Request, parcours_id: UUID, erreur: ErreurPdp | None = None) -> Response:
    """The sheet; after a refusal, with what was typed and what to correct."""
    maintenant = clock.now()
    with lire(request) as conn:
        fiche = read_appel(conn, agent_of(request), parcours_id, maintenant)
    statut = 200 if erreur is None else 422 if isinstance(erreur, DonneeInvalide) else 409
    return page(
        request,
        "csam/appel.html",
        statut=statut,
        f=fiche,
        tete=fiche.tete,
        champs=initial_fields(fiche) if erreur is None else read_typed(request),
        erreur=erreur.message if erreur else "",
        valeurs_script=_valeurs_script(request, fiche),
        texte_accord=partages().get("accompagnement", jour_local(maintenant), fiche.tete.plateforme_id),
        mien=fiche.dernier if fiche.dernier is not None and fiche.dernier.agent_id == agent_of(request) else None,
        phrase_brouillon=describe_brouillon(fiche.brouillon) if fiche.brouillon else "",
        besoins=BESOINS,
        canaux=CANAUX,
        canaux_ecrits=CANAUX_ECRITS,
        moments=MOMENTS,
        **LIBELLES,
    )


def _valeurs_script(request: Request, fiche: FicheAppel) -> dict[str, str]:
    return {
        "agent": session_of(request).nom_affiche,
        "personne": f"{fiche.tete.prenom} {fiche.tete.nom}",
        "plateforme": session_of(request).plateforme,
        "numero": format_telephone(fiche.tete.plateforme_telephone),
    }
