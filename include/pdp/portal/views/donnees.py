"""Data received, as the manager sees them: freshness, files, refused lines by reason, and files sent by hand."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.config import settings
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import format_date_heure, page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import fichier
from pdp.portal.securite import CHEMIN_DEPOT
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import read_passages, read_quarantaine, read_sante, upload_flux
from pdp.services.delais import get_lieu
from pdp.services.watch_platform import read_rythmes

routeur = Routeur()
PAGE = 50
DEPOTS = 10


@routeur.get("/equipe/donnees")
@acces("responsable")
def show_donnees(request: Request) -> Response:
    """Files received, their freshness, refused lines by reason, and the form to send a file."""
    return _page(request)


@routeur.post(CHEMIN_DEPOT)
@acces("responsable")
def upload(request: Request) -> Response:
    """Keep a file for the next reception; the next page says what became of it."""
    dossier = settings().depot
    try:
        nom, contenu = fichier(request, "fichier", libelle="Fichier à déposer")
        brouillon = upload_flux.write_brouillon(dossier, nom, contenu)
        try:
            with ecrire(request) as conn:
                recu = upload_flux.record_depot(conn, session_of(request).auteur, brouillon, dossier, clock.now())
            if recu.deja_recu_at is None:
                upload_flux.publish_brouillon(brouillon, dossier)
        finally:
            brouillon.discard()
    except DonneeInvalide as refus:
        return _page(request, erreur=refus.message)
    if recu.deja_recu_at is not None:
        flash(request, f"Ce contenu a déjà été reçu le {format_date_heure(recu.deja_recu_at)} : rien n'a changé.", genre="info")
    else:
        flash(request, f"« {brouillon.nom} » est déposé. Il sera pris à la prochaine réception, toutes les 10 minutes au plus.")
    return redirect(f"/equipe/donnees/depots/{recu.depot_id}")


@routeur.get("/equipe/donnees/depots/{depot_id}")
@acces("responsable")
def show_depot(request: Request, depot_id: UUID) -> Response:
    """What became of a file sent by hand: waiting, taken with its counts and reasons, refused, or already known."""
    with lire(request) as conn:
        depot = read_quarantaine.get_depot(conn, depot_id)
        raisons = read_quarantaine.list_raisons(conn, depot.fichier_id) if depot.fichier_id else []
    return page(request, "responsable/depot.html", depot=depot, raisons=raisons)


def _page(request: Request, erreur: str | None = None) -> Response:
    maintenant = clock.now()
    plateforme_id = session_of(request).plateforme_id
    with lire(request) as conn:
        lieu = get_lieu(conn, plateforme_id)
        contexte = {
            "fraicheur": read_passages.list_fraicheur(conn),
            "rythmes": read_rythmes(conn, lieu),
            "bandeau": read_sante.read_bandeau(conn, lieu, maintenant),
            "fichiers": read_passages.list_fichiers(conn, PAGE),
            "groupes": read_quarantaine.list_groupes(conn),
            "orphelines": read_quarantaine.list_groupes(conn, sans_plateforme=True),
            "partages": read_quarantaine.count_nir_partages(conn, plateforme_id),
            "depots": read_quarantaine.list_depots(conn, DEPOTS),
        }
    taille_max = upload_flux.TAILLE_MAX_OCTETS // 1024 // 1024
    return page(request, "responsable/donnees.html", statut=422 if erreur else 200, erreur=erreur, taille_max=taille_max, **contexte)
