"""Orientation: partners that may take over, what each would see, and the confirmation by a person."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.routage import ANNUAIRE_PSY, AUCUN_MEDECIN
from pdp.errors import Introuvable
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import LIBELLES, MOTIFS_RETRAIT
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.describe_contenu import describe_contenu
from pdp.services.orient_parcours import cancel_orientation, orient_parcours, preview_contenu
from pdp.services.read_fiche import check_suivi, get_tete, list_orientations
from pdp.services.suggest_partenaires import group_by_type, read_routage, suggest

routeur = Routeur()


@routeur.get("/parcours/{parcours_id}/orientations")
@acces("csam")
def show_suggestions(request: Request, parcours_id: UUID, sauf: str = "") -> Response:
    """Partners by kind, each kind in its own order; ``sauf``: the one that just refused, left out."""
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        routage = read_routage(conn, parcours_id, clock.now(), _read_id(sauf))
        actives = {o.dispositif: o for o in list_orientations(conn, parcours_id) if o.active}
    return page(
        request,
        "csam/orientations.html",
        tete=tete,
        groupes=group_by_type(routage.suggestions),
        questions=routage.questions,
        actives=actives,
        ANNUAIRE_PSY=ANNUAIRE_PSY,
        AUCUN_MEDECIN=AUCUN_MEDECIN,
        **LIBELLES,
    )


@routeur.get("/parcours/{parcours_id}/orientations/{partenaire_id}")
@acces("csam")
def show_apercu(request: Request, parcours_id: UUID, partenaire_id: UUID) -> Response:
    """The preview is built by the code that builds what is sent."""
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        suggestions = suggest(conn, parcours_id, clock.now())
        partenaire = next((s for s in suggestions if s.partenaire_id == partenaire_id), None)
        if partenaire is None:
            raise Introuvable
        rubriques = describe_contenu(preview_contenu(conn, parcours_id, partenaire_id, clock.now()))
    return page(request, "csam/orientation.html", tete=tete, partenaire=partenaire, rubriques=rubriques, **LIBELLES)


@routeur.post("/parcours/{parcours_id}/orientations")
@acces("csam")
def save_orientation(request: Request, parcours_id: UUID) -> Response:
    """Orientation and message are written together, or not at all."""
    partenaire_id = formulaires.identifiant(request, "partenaire_id", libelle="Partenaire")
    motif = formulaires.texte(request, "motif", libelle="Pourquoi ce relais", obligatoire=True)
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, session_of(request).auteur, parcours_id, "orientation", clock.now()) as fait:
            orient_parcours(conn, session_of(request).auteur, parcours_id, partenaire_id, motif, clock.now())
    texte = "Orientation enregistrée. Le partenaire la reçoit dans les prochaines minutes ; sa réponse arrivera dans votre liste."
    flash(request, texte, annulation=offer(fait, "Annuler cette orientation"))
    return redirect(f"/parcours/{parcours_id}#orientations")


@routeur.post("/parcours/{parcours_id}/orientations/{orientation_id}/retirer")
@acces("csam")
def withdraw_orientation(request: Request, parcours_id: UUID, orientation_id: UUID) -> Response:
    motif = formulaires.choix(request, "motif", MOTIFS_RETRAIT, libelle="Pourquoi retirer")
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, orientation_id)
        with acte(conn, session_of(request).auteur, parcours_id, "orientation_retiree", clock.now()) as fait:
            cancel_orientation(conn, session_of(request).auteur, orientation_id, motif, clock.now())
    texte = "Orientation retirée : le partenaire ne la voit plus. Faites le point avec la personne."
    flash(request, texte, genre="info", annulation=offer(fait, "Annuler ce retrait"))
    return redirect(f"/parcours/{parcours_id}#orientations")


def _read_id(texte: str) -> UUID | None:
    """Id of the address, None when there is none: a wrong one leaves nobody out."""
    try:
        return UUID(texte)
    except ValueError:
        return None
