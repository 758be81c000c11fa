"""Cases that nobody follows: given to a colleague who is present and has room, many at once, after a rehearsal. No identity."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import identifiant
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.portal.views.lots import choose_ids, tell_annulation, tell_resultat
from pdp.services.read_lot import read_lot
from pdp.services.read_pool import read_pool
from pdp.services.run_lot import confirm_lot, create_lot, rehearse_lot, undo_lot

routeur = Routeur()


@routeur.get("/equipe/affectation")
@acces("responsable")
def show_pool(request: Request) -> Response:
    """Who waits for a coordinator, until when, and who has room."""
    maintenant = clock.now()
    with lire(request) as conn:
        pool = read_pool(conn, session_of(request).plateforme_id, maintenant)
    return page(request, "responsable/affectation.html", pool=pool)


@routeur.post("/equipe/affectation")
@acces("responsable")
def rehearse(request: Request) -> Response:
    """Who would receive what, and what is refused. Nothing changes."""
    choisis = choose_ids(request, "parcours")
    if not choisis:
        flash(request, "Aucun parcours n'est coché. Rien n'a été fait.", genre="attention")
        return redirect("/equipe/affectation")
    vers = identifiant(request, "vers", libelle="Conseiller")
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        lot = create_lot(conn, auteur, "affectation", choisis, maintenant)
        rehearse_lot(conn, auteur, lot, maintenant, vers=vers)
    return redirect(f"/equipe/lots/{lot}")


@routeur.get("/equipe/lots/{lot_id}")
@acces("responsable")
def show_lot(request: Request, lot_id: UUID) -> Response:
    """The rehearsal, then the result of each case."""
    with lire(request) as conn:
        p = read_lot(conn, lot_id, "responsable", clock.now())
    receveur = next((r for r in p.receveurs if r.id == p.lot.vers_csam_id), None)
    return page(request, "responsable/lot.html", p=p, lot=p.lot, receveur=receveur)


@routeur.post("/equipe/lots/{lot_id}/confirmer")
@acces("responsable")
def confirm(request: Request, lot_id: UUID) -> Response:
    """Do it, once; each case checked again."""
    with ecrire(request) as conn:
        fait = confirm_lot(conn, session_of(request).auteur, lot_id, clock.now())
        p = read_lot(conn, lot_id, "responsable", clock.now())
    tell_resultat(request, p, fait)
    return redirect(f"/equipe/lots/{lot_id}")


@routeur.post("/equipe/lots/{lot_id}/annuler")
@acces("responsable")
def undo(request: Request, lot_id: UUID) -> Response:
    """Back to the pool, as long as the coordinator has not begun."""
    with ecrire(request) as conn:
        undo_lot(conn, session_of(request).auteur, lot_id, clock.now())
        p = read_lot(conn, lot_id, "responsable", clock.now())
    tell_annulation(request, p)
    return redirect(f"/equipe/lots/{lot_id}")
