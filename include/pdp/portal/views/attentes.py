"""Reasons to act of one case: added, done, put off, taken up again, promised; and what changed hands."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.tache import MOTIFS_ATTENTE, SUJETS
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import format_date_heure, page, pluriel
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.portal.views.lots import choose_ids
from pdp.services.annulation import acte, offer
from pdp.services.delais import get_lieu
from pdp.services.finish_tache import finish_tache
from pdp.services.manage_taches import add_tache_personnelle, promise
from pdp.services.read_fiche import check_suivi
from pdp.services.read_passations import list_recentes, mark_lues
from pdp.services.wait_taches import describe_dates_legales, list_dates_legales, resume_tache, snooze_tache

routeur = Routeur()


@routeur.post("/parcours/{parcours_id}/taches")
@acces("csam")
def add_tache(request: Request, parcours_id: UUID) -> Response:
    """A dated reminder of the coordinator's own."""
    sujet = formulaires.choix(request, "sujet", SUJETS, libelle="À faire")
    le = formulaires.jour(request, "echeance", libelle="Pour le", obligatoire=True)
    note = formulaires.texte(request, "note", libelle="Précision") or ""
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "tache_ajoutee", maintenant) as fait:
            add_tache_personnelle(conn, auteur, parcours_id, le, note, maintenant, sujet)
    flash(request, f"Ajouté à votre liste pour le {le:%d/%m/%Y}.", annulation=offer(fait))
    return redirect(f"/parcours/{parcours_id}")


@routeur.post("/parcours/{parcours_id}/taches/{tache_id}/attente")
@acces("csam")
def snooze(request: Request, parcours_id: UUID, tache_id: UUID) -> Response:
    """Put off with a closed reason and a date: it comes back by itself. A legal date meanwhile is said."""
    raison = formulaires.choix(request, "raison", MOTIFS_ATTENTE, libelle="Raison de l'attente")
    le = formulaires.jour(request, "jusqu_a", libelle="Reprendre le", obligatoire=True)
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, tache_id)
        with acte(conn, auteur, parcours_id, "tache_reportee", maintenant) as fait:
            snooze_tache(conn, auteur, tache_id, raison, le, maintenant)
        lieu = get_lieu(conn, session_of(request).plateforme_id)
        legales = describe_dates_legales(list_dates_legales(conn, lieu, parcours_id, lieu.jour(maintenant), le))
    phrase = f"Mis en attente : revient dans votre liste le {le:%d/%m/%Y}. {legales}".strip()
    flash(request, phrase, genre="attention" if legales else "succes", annulation=offer(fait))
    return redirect(f"/parcours/{parcours_id}")


@routeur.post("/parcours/{parcours_id}/taches/{tache_id}/faite")
@acces("csam")
def finish(request: Request, parcours_id: UUID, tache_id: UUID) -> Response:
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, tache_id)
        with acte(conn, auteur, parcours_id, "tache_faite", maintenant) as fait:
            finish_tache(conn, auteur, tache_id, maintenant)
    flash(request, "C'est noté comme fait.", annulation=offer(fait))
    return redirect(f"/parcours/{parcours_id}")


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
    return redirect("/ma-liste" if formulaires.texte(request, "retour", libelle="Page") == "liste" else "/passations")
