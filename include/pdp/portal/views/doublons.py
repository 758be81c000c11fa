"""Probable duplicates: compared by the coordinator of either case; followed by the manager without a name (see ``domain/doublon.py``)."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.doublon import ECARTS
from pdp.domain.parcours import LIBELLES as LIBELLES_PARCOURS
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.decide_doublon import reject_doublon, request_fusion, withdraw_fusion
from pdp.services.read_doublons import list_cas, list_equipe, list_paires
from pdp.services.read_fiche import check_suivi, get_tete

routeur = Routeur()
MENU = {"responsable": [("/equipe/doublons", "Doublons")]}
LIMITE = 500
GESTES = ("fusionner", "ecarter", "retirer")


@routeur.get("/parcours/{parcours_id}/doublons")
@acces("csam")
def show_doublons(request: Request, parcours_id: UUID) -> Response:
    return _show(request, parcours_id, "", 200)


def _show(request: Request, parcours_id: UUID, erreur: str, statut: int) -> Response:
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        paires = list_paires(conn, parcours_id)
        cas = list_cas(conn, paires)
    return page(
        request,
        "correction/doublons.html",
        statut=statut,
        tete=tete,
        paires=paires,
        cas=cas,
        ecarts=ECARTS,
        erreur=erreur,
        LIBELLES_PARCOURS=LIBELLES_PARCOURS,
    )


@routeur.post("/parcours/{parcours_id}/doublons/{doublon_id}")
@acces("csam")
def decide(request: Request, parcours_id: UUID, doublon_id: UUID) -> Response:
    """Nothing is joined on the spot: a request can be taken back until the next sweep, and the merge itself within the undo window."""
    geste = formulaires.choix(request, "geste", GESTES, libelle="Décision")
    auteur, maintenant = session_of(request).auteur, clock.now()
    try:
        with ecrire(request) as conn:
            check_suivi(conn, agent_of(request), parcours_id)
            if doublon_id not in {p.id for p in list_paires(conn, parcours_id)}:
                raise Introuvable
            if geste == "fusionner":
                request_fusion(conn, auteur, doublon_id, maintenant)
                phrase = "Fusion demandée : les deux dossiers seront réunis d'ici un quart d'heure. Vous pouvez encore retirer la demande."
            elif geste == "ecarter":
                reject_doublon(conn, auteur, doublon_id, formulaires.choix(request, "motif", ECARTS, libelle="Pourquoi"), maintenant)
                phrase = "Noté : ce sont deux personnes. La question ne sera plus posée."
            else:
                phrase = withdraw_fusion(conn, auteur, doublon_id, maintenant)
    except (DonneeInvalide, Conflit) as erreur:
        return _show(request, parcours_id, erreur.message, 422 if isinstance(erreur, DonneeInvalide) else 409)
    flash(request, phrase)
    return redirect(f"/parcours/{parcours_id}/doublons")


@routeur.get("/equipe/doublons")
@acces("responsable")
def show_equipe_doublons(request: Request) -> Response:
    """Pairs not settled: which cases, who is to compare, since when."""
    with lire(request) as conn:
        paires = list_equipe(conn, LIMITE)
    return page(request, "responsable/doublons.html", paires=paires, LIBELLES_PARCOURS=LIBELLES_PARCOURS)
