"""Files exchanged with partners and mails that came back: the manager's page, and the files of a partner on its own space."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.securite import CHEMIN_ECHANGES, CHEMIN_FICHIERS
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import upload_reponses

routeur = Routeur()
MENU = {"responsable": [("/equipe/echanges", "Fichiers et courriers")]}
PAGE, DETAILLES = 20, 5
DEPOSE = "Fichier déposé. Il sera lu dans les deux minutes : cette page dira ce qui a été pris et ce qui est refusé."
DEJA = "Ce contenu avait déjà été lu : rien n'a changé."


@routeur.get("/equipe/echanges")
@acces("responsable")
def show_echanges(request: Request) -> Response:
    """What was sent and what came back; counts, reasons and file names only."""
    return _page(request)


@routeur.post(CHEMIN_ECHANGES)
@acces("responsable")
def upload(request: Request) -> Response:
    """A file of answers that a partner sent another way."""
    try:
        partenaire_id = formulaires.identifiant(request, "partenaire_id", libelle="Partenaire")
        fichier_id = _take(request, partenaire_id)
    except DonneeInvalide as refus:
        return _page(request, refus.message)
    return redirect(f"/equipe/echanges/{fichier_id}")


@routeur.get("/equipe/echanges/{fichier_id}")
@acces("responsable")
def show_fichier(request: Request, fichier_id: UUID) -> Response:
    """What became of a file of answers, line by line when refused."""
    with lire(request) as conn:
        fichier = upload_reponses.get_fichier(conn, fichier_id, "reponse")
        rejets = upload_reponses.list_rejets(conn, fichier_id)
    return page(request, "responsable/echange.html", fichier=fichier, rejets=rejets)


@routeur.post("/equipe/echanges/courriers/{retour_id}/vu")
@acces("responsable")
def mark_vu(request: Request, retour_id: UUID) -> Response:
    with ecrire(request) as conn:
        fait = upload_reponses.mark_vu(conn, session_of(request).auteur, retour_id, clock.now())
    flash(request, "Message noté comme vu." if fait else "Ce message était déjà noté comme vu.", genre="info")
    return redirect("/equipe/echanges#courriers")


@routeur.get("/partenaire/fichiers")
@acces("partenaire")
def show_fichiers(request: Request) -> Response:
    """Batches to take and answers to give, for a partner that works by files."""
    return _fichiers(request)


@routeur.get("/partenaire/fichiers/{fichier_id}/contenu")
@acces("partenaire")
def download(request: Request, fichier_id: UUID) -> Response:
    with lire(request) as conn:
        fichier = upload_reponses.get_fichier(conn, fichier_id, "envoi")
        contenu = upload_reponses.read_envoi(conn, fichier)
    entetes = {"content-disposition": f'attachment; filename="{fichier.nom}"'}
    return Response(contenu, media_type="text/csv; charset=utf-8", headers=entetes)


@routeur.post(CHEMIN_FICHIERS)
@acces("partenaire")
def upload_own(request: Request) -> Response:
    try:
        fichier_id = _take(request, UUID(str(session_of(request).auteur.partenaire_id)))
    except DonneeInvalide as refus:
        return _fichiers(request, refus.message)
    return redirect(f"/partenaire/fichiers#fichier-{fichier_id}")


def _take(request: Request, partenaire_id: UUID) -> UUID:
    nom, contenu = formulaires.fichier(request, "fichier", libelle="Fichier de réponses")
    nom, octets = upload_reponses.read_content(contenu, nom)
    with ecrire(request) as conn:
        upload_reponses.find_dossier(conn, partenaire_id)
        fichier_id, deja = upload_reponses.record_fichier(conn, session_of(request).auteur, partenaire_id, nom, octets, clock.now())
    if not deja:
        with lire(request) as conn:
            upload_reponses.publish_fichier(conn, partenaire_id, nom, octets)
    flash(request, DEJA if deja else DEPOSE, genre="info")
    return fichier_id


def _page(request: Request, erreur: str | None = None) -> Response:
    with lire(request) as conn:
        contexte = {
            "envois": upload_reponses.list_fichiers(conn, "envoi", PAGE),
            "reponses": upload_reponses.list_fichiers(conn, "reponse", PAGE),
            "choix": {str(c.id): c.nom for c in upload_reponses.list_choix(conn)},
            "retours": upload_reponses.list_retours(conn, PAGE),
            "boites": upload_reponses.list_boites(conn),
        }
    choisi = formulaires.values(request, "partenaire_id")[0]
    return page(request, "responsable/echanges.html", statut=422 if erreur else 200, erreur=erreur, choisi=choisi, **contexte)


def _fichiers(request: Request, erreur: str | None = None) -> Response:
    with lire(request) as conn:
        envois = upload_reponses.list_fichiers(conn, "envoi", PAGE)
        reponses = upload_reponses.list_fichiers(conn, "reponse", PAGE)
        rejets = upload_reponses.map_rejets(conn, [f.id for f in reponses[:DETAILLES]])
    return page(
        request, "partenaire/fichiers.html", statut=422 if erreur else 200, erreur=erreur, envois=envois, reponses=reponses, rejets=rejets
    )
