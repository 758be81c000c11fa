"""Screens of a redistribution (preview, confirmation, result per parcours, undo) and acts of a transfer to another platform."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import page, pluriel
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import identifiant, jour, texte
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import read_redistribution
from pdp.services.decide_porte import is_retenue
from pdp.services.plan_redistribution import plan_redistribution
from pdp.services.redistribute_parcours import redistribute_parcours, undo_redistribution
from pdp.services.transfer_parcours import cancel_transfert, request_transfert

routeur = Routeur()


@routeur.get("/equipe/redistribution")
@acces("responsable")
def preview_redistribution(request: Request, agent: str = "", du: str = "", au: str = "") -> Response:
    """Who would receive what and why, load before and after. Without a last day it is a departure. Nothing is written."""
    if not (agent or du or au):
        return redirect("/equipe/absences")
    agent_id, premier, dernier = _periode(agent, du, au)
    with lire(request) as conn:
        plan = plan_redistribution(conn, session_of(request).plateforme_id, agent_id, premier, dernier, clock.now())
    noms = {c.id: f"{c.prenom} {c.nom}" for c in plan.collegues}
    return page(request, "responsable/redistribution.html", plan=plan, noms=noms)


def _periode(agent: str, du: str, au: str) -> tuple[UUID, date, date | None]:
    try:
        return UUID(agent), date.fromisoformat(du), date.fromisoformat(au) if au else None
    except ValueError:
        raise DonneeInvalide(
            "Choisissez un conseiller et son premier jour d'absence, ou de départ. Rien n'a été calculé.", code="bad_absence"
        ) from None


@routeur.post("/equipe/redistribution")
@acces("responsable")
def confirm_redistribution(request: Request) -> Response:
    """Confirm what the preview showed; sent twice, it acts once."""
    agent_id = identifiant(request, "agent", libelle="Conseiller")
    du = jour(request, "du", libelle="Premier jour", obligatoire=True)
    au = jour(request, "au", libelle="Dernier jour")
    assert du is not None
    with ecrire(request) as conn:
        acte = redistribute_parcours(conn, session_of(request).auteur, agent_id=agent_id, du=du, au=au, maintenant=clock.now())
        retenue = is_retenue(conn, "reaffectation", str(acte))
    if retenue:
        flash(
            request,
            "Redistribution enregistrée. Elle touche beaucoup de parcours : rien ne change avant qu'un autre responsable,"
            " ou l'exploitation, l'accepte dans « Décisions attendues ».",
            genre="info",
        )
    else:
        flash(request, "Redistribution confirmée. Voici ce qui est fait ou prévu pour chaque parcours.")
    return redirect(f"/equipe/redistributions/{acte}")


@routeur.get("/equipe/redistributions/{redistribution_id}")
@acces("responsable")
def show_redistribution(request: Request, redistribution_id: UUID) -> Response:
    """Result per parcours, by colleague, and until when it can be taken back."""
    with lire(request) as conn:
        suite = read_redistribution.get_suite(conn, session_of(request).plateforme_id, redistribution_id, clock.now())
    return page(request, "responsable/redistribution_suite.html", suite=suite, acte=suite.acte)


@routeur.post("/equipe/redistributions/{redistribution_id}/annuler")
@acces("responsable")
def cancel_redistribution(request: Request, redistribution_id: UUID) -> Response:
    """Take it back: what colleagues did meanwhile stays."""
    with ecrire(request) as conn:
        rendus = undo_redistribution(conn, session_of(request).auteur, redistribution_id, clock.now())
    flash(request, f"Redistribution annulée : {pluriel(rendus, 'parcours revenu', 'parcours revenus')} à son conseiller.")
    return redirect(f"/equipe/redistributions/{redistribution_id}")


@routeur.post("/equipe/parcours/{parcours_id}/transfert")
@acces("responsable")
def ask_transfert(request: Request, parcours_id: UUID) -> Response:
    """Ask that another platform takes over; the next assignment does it."""
    vers = texte(request, "vers", libelle="Plateforme", maximum=8, obligatoire=True)
    commune = texte(request, "commune", libelle="Commune", maximum=5, obligatoire=True)
    with ecrire(request) as conn:
        demande = request_transfert(conn, session_of(request).auteur, parcours_id, vers, commune, clock.now())
    if demande is None:
        flash(request, "Ce transfert était déjà demandé.", genre="info")
    else:
        flash(request, "Transfert demandé. Il sera fait à la prochaine affectation, après quoi le parcours sera clos ici.")
    return redirect(f"/equipe/parcours/{parcours_id}")


@routeur.post("/equipe/transferts/{transfert_id}/retirer")
@acces("responsable")
def withdraw_transfert(request: Request, transfert_id: UUID) -> Response:
    """Take a request back while it waits."""
    with ecrire(request) as conn:
        parcours_id = cancel_transfert(conn, session_of(request).auteur, transfert_id, clock.now())
    flash(request, "Demande de transfert retirée.")
    return redirect(f"/equipe/parcours/{parcours_id}")
