"""A hand-over under way: answer the partner's question, ask it something, remind it, send its link again."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.portal import formulaires
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.answer_question import TEXTE_MAX, answer_question, ask_question
from pdp.services.read_fiche import check_suivi
from pdp.services.remind_partenaire import remind_now
from pdp.services.renew_lien_partenaire import renew_lien

routeur = Routeur()


@routeur.post("/parcours/{parcours_id}/orientations/{orientation_id}/reponse")
@acces("csam")
def save_reponse(request: Request, parcours_id: UUID, orientation_id: UUID) -> Response:
    """The answer starts the partner's clock again."""
    texte = formulaires.texte(request, "reponse", libelle="Votre réponse", maximum=TEXTE_MAX, obligatoire=True)
    question_id = formulaires.identifiant(request, "question_id", libelle="Question")
    cle = formulaires.identifiant(request, "cle_saisie", libelle="Formulaire")
    auteur = session_of(request).auteur
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, orientation_id)
        with acte(conn, auteur, parcours_id, "question_repondue", clock.now()) as fait:
            answer_question(conn, auteur, orientation_id, texte, cle, clock.now(), question_id)
    flash(request, "Réponse envoyée : le délai du partenaire reprend.", annulation=offer(fait, "Annuler cette réponse"))
    return redirect(_adresse(parcours_id, orientation_id))


@routeur.post("/parcours/{parcours_id}/orientations/{orientation_id}/question")
@acces("csam")
def save_question(request: Request, parcours_id: UUID, orientation_id: UUID) -> Response:
    texte = formulaires.texte(request, "question", libelle="Votre question", maximum=TEXTE_MAX, obligatoire=True)
    cle = formulaires.identifiant(request, "cle_saisie", libelle="Formulaire")
    auteur = session_of(request).auteur
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, orientation_id)
        with acte(conn, auteur, parcours_id, "question_posee", clock.now()) as fait:
            ask_question(conn, auteur, orientation_id, texte, cle, clock.now())
    flash(request, "Question envoyée au partenaire, avec sa date de réponse.", annulation=offer(fait, "Annuler cette question"))
    return redirect(_adresse(parcours_id, orientation_id))


@routeur.post("/parcours/{parcours_id}/orientations/{orientation_id}/relance")
@acces("csam")
def save_relance(request: Request, parcours_id: UUID, orientation_id: UUID) -> Response:
    auteur = session_of(request).auteur
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, orientation_id)
        with acte(conn, auteur, parcours_id, "partenaire_relance", clock.now()) as fait:
            ecrits = remind_now(conn, auteur, parcours_id, orientation_id, clock.now())
    if fait.id is None:
        flash(request, "Le partenaire a déjà été relancé aujourd'hui : rien n'est parti de plus.", genre="info")
    elif ecrits:
        flash(request, "Rappel envoyé au partenaire, sans rien dire de la personne.", annulation=offer(fait, "Annuler ce rappel"))
    else:
        flash(request, "Relance notée. Ce partenaire n'a pas d'adresse : appelez-le.", annulation=offer(fait, "Annuler cette relance"))
    return redirect(_adresse(parcours_id, orientation_id))


@routeur.post("/parcours/{parcours_id}/orientations/{orientation_id}/lien")
@acces("csam")
def save_lien(request: Request, parcours_id: UUID, orientation_id: UUID) -> Response:
    """Another link to the address configured; the former one stops at once. Nothing of the case changes: nothing to take back."""
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, orientation_id)
        renew_lien(conn, session_of(request).auteur, orientation_id, clock.now())
    flash(request, "Un nouveau lien part à l'adresse du partenaire ; l'ancien ne s'ouvre plus.")
    return redirect(_adresse(parcours_id, orientation_id))


def _adresse(parcours_id: UUID, orientation_id: UUID) -> str:
    return f"/parcours/{parcours_id}#relais-{orientation_id}"
