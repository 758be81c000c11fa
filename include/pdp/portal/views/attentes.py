"""A wait taken up again, a call promised, and what changed hands."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import format_date_heure, page, pluriel
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.portal.views.lots import choose_ids
from pdp.services.annulation import acte, offer
from pdp.services.manage_taches import promise
from pdp.services.read_fiche import check_suivi
from pdp.services.read_passations import list_recentes, mark_lues
from pdp.services.wait_taches import resume_tache

routeur = Routeur()


@routeur.post("/parcours/{parcours_id}/taches/{tache_id}/reprendre")
@acces("csam")
def resume(request: Request, parcours_id: UUID, tache_id: UUID) -> Response:
    """The wait ends now: the reason is due today."""
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, tache_id)
        with acte(conn, auteur, parcours_id, "tache_reprise", maintenant) as fait:
            repris = resume_tache(conn, auteur, tache_id, maintenant)
    if repris:
        flash(request, "L'attente est terminée : c'est à faire aujourd'hui.", annulation=offer(fait))
    else:
        flash(request, "Cette tâche n'attendait plus : rien n'a changé.", genre="info")
    return redirect(f"/parcours/{parcours_id}")


@routeur.post("/parcours/{parcours_id}/promesse")
@acces("csam")
def make_promise(request: Request, parcours_id: UUID) -> Response:
    """« Je vous rappelle jeudi à 10 h » becomes a dated call."""
    quand = formulaires.instant(request, "promis", libelle="Rappel promis le")
    if quand is None:
        raise DonneeInvalide("Indiquez le jour et l'heure du rappel promis. Rien n'a été enregistré.", code="missing:promis")
    note = formulaires.texte(request, "note", libelle="Note")
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "promesse", maintenant) as fait:
            promise(conn, auteur, parcours_id, quand, note, maintenant)
    flash(request, f"Rappel promis le {format_date_heure(quand)} : il sera dans votre liste ce jour-là.", annulation=offer(fait))
    return redirect(f"/parcours/{parcours_id}")


@routeur.get("/passations")
@acces("csam")
def show_passations(request: Request) -> Response:
    """What changed hands in the last weeks, read or not."""
    with lire(request) as conn:
        passations = list_recentes(conn, agent_of(request), clock.now())
    return page(request, "csam/passations.html", passations=passations)


@routeur.post("/passations/lues")
@acces("csam")
def mark_read(request: Request) -> Response:
    """Read, on the side of who says so."""
    ids = choose_ids(request, "passation")
    with ecrire(request) as conn:
        lues = mark_lues(conn, agent_of(request), ids, clock.now())
    flash(request, f"{pluriel(lues, 'passation marquée comme lue', 'passations marquées comme lues')}.", genre="info")
    return redirect("/ma-liste" if formulaires.texte(request, "depuis", libelle="Page") == "liste" else "/passations")
