"""Undo of an act, and the list of one's own recent acts."""

from __future__ import annotations

from itertools import groupby
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.annulation import AnnulationRefusee, get_fenetre, undo_acte
from pdp.services.read_actes import find_parcours, list_saisies

routeur = Routeur()
MENU = {"csam": [("/mes-saisies", "Mes saisies")], "medecin_conseil": [("/mes-saisies", "Mes saisies")]}
ACCUEILS = {"responsable": "/equipe", "medecin_conseil": "/mes-saisies"}


@routeur.get("/mes-saisies")
@acces("csam", "medecin_conseil")
def show_saisies(request: Request) -> Response:
    """Own acts of the window, by day, latest first."""
    maintenant, plateforme = clock.now(), session_of(request).plateforme_id
    with lire(request) as conn:
        saisies = list_saisies(conn, agent_of(request), plateforme, maintenant)
        jours = get_fenetre(conn, plateforme, maintenant)
    par_jour = [(jour, list(groupe)) for jour, groupe in groupby(saisies, key=lambda s: jour_local(s.fait_at))]
    return page(request, "correction/saisies.html", par_jour=par_jour, jours=jours, role=session_of(request).role)


@routeur.post("/annulations/{acte_id}")
@acces("csam", "medecin_conseil", "responsable")
def undo(request: Request, acte_id: UUID) -> Response:
    """Everything as before this act, or the reason why not; either is said on the page of the case."""
    with lire(request) as conn:
        parcours = find_parcours(conn, agent_of(request), acte_id)
    try:
        with ecrire(request) as conn:
            phrase = undo_acte(conn, session_of(request).auteur, acte_id, clock.now())
        flash(request, phrase, genre="info")
    except AnnulationRefusee as refus:
        flash(request, refus.message, genre="attention")
    role = session_of(request).role
    if role == "csam" and parcours is not None and parcours.mien:
        return redirect(f"/parcours/{parcours.id}")
    return redirect(ACCUEILS.get(role, "/mes-saisies"))
