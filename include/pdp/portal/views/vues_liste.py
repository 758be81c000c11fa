"""Named views of the list: created, chosen, changed, renamed, deleted and put back."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services import vues_liste
from pdp.services.filtres_liste import read_etat

routeur = Routeur()
LISTE, VUES = "/ma-liste", "/ma-liste/vues"


@routeur.get("/ma-liste/vues")
@acces("csam")
def show_vues(request: Request) -> Response:
    """Her views, to rename, choose by default or delete."""
    with lire(request) as conn:
        etat = read_etat(conn, agent_of(request))
    return page(request, "csam/vues.html", etat=etat, nom_max=vues_liste.NOM_MAX)


@routeur.post("/ma-liste/vues")
@acces("csam")
def create(request: Request) -> Response:
    """Name what is looked at."""
    nom = formulaires.texte(request, "nom", libelle="Nom de la vue", maximum=200, obligatoire=True)
    with ecrire(request) as conn:
        vue = vues_liste.create_vue(conn, session_of(request).auteur, nom, clock.now())
    flash(request, f"La vue « {vue.nom} » est enregistrée.")
    return redirect(LISTE)


@routeur.post("/ma-liste/vues/{vue_id}/ouvrir")
@acces("csam")
def apply(request: Request, vue_id: UUID) -> Response:
    """The list through this view, as it was kept."""
    with ecrire(request) as conn:
        vues_liste.apply_vue(conn, session_of(request).auteur, vue_id, clock.now())
    return redirect(LISTE)


@routeur.post("/ma-liste/vues/{vue_id}/enregistrer")
@acces("csam")
def update(request: Request, vue_id: UUID) -> Response:
    """Keep the filters in use in this view."""
    with ecrire(request) as conn:
        vue = vues_liste.update_vue(conn, session_of(request).auteur, vue_id, clock.now())
    flash(request, f"La vue « {vue.nom} » garde maintenant ces filtres.")
    return redirect(LISTE)


@routeur.post("/ma-liste/vues/{vue_id}/renommer")
@acces("csam")
def rename(request: Request, vue_id: UUID) -> Response:
    """Another name."""
    nom = formulaires.texte(request, "nom", libelle="Nom de la vue", maximum=200, obligatoire=True)
    with ecrire(request) as conn:
        nom = vues_liste.rename_vue(conn, session_of(request).auteur, vue_id, nom, clock.now())
    flash(request, f"La vue s'appelle maintenant « {nom} ».")
    return redirect(VUES)


@routeur.post("/ma-liste/vues/{vue_id}/defaut")
@acces("csam")
def choose_defaut(request: Request, vue_id: UUID) -> Response:
    """The view that "Réinitialiser" comes back to, or none any more."""
    oui = formulaires.choix(request, "defaut", ("oui", "non"), libelle="Vue par défaut") == "oui"
    with ecrire(request) as conn:
        vue = vues_liste.set_defaut(conn, session_of(request).auteur, vue_id if oui else None, clock.now())
    flash(request, f"« {vue.nom} » est votre vue par défaut." if vue else "Vous n'avez plus de vue par défaut.")
    return redirect(VUES)


@routeur.post("/ma-liste/vues/{vue_id}/supprimer")
@acces("csam")
def delete(request: Request, vue_id: UUID) -> Response:
    """Take it away; the message offers to put it back."""
    with ecrire(request) as conn:
        vue = vues_liste.delete_vue(conn, session_of(request).auteur, vue_id, clock.now())
    flash(
        request,
        f"La vue « {vue.nom} » est supprimée.",
        annulation={"adresse": f"{VUES}/{vue_id}/retablir", "libelle": "Rétablir cette vue"},
    )
    return redirect(VUES)


@routeur.post("/ma-liste/vues/{vue_id}/retablir")
@acces("csam")
def restore(request: Request, vue_id: UUID) -> Response:
    """Put a deleted view back."""
    with ecrire(request) as conn:
        nom = vues_liste.restore_vue(conn, session_of(request).auteur, vue_id, clock.now())
    flash(request, f"La vue « {nom} » est revenue.")
    return redirect(VUES)
