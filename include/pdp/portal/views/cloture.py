"""Clôture, situation at 6 and 12 months: always said by somebody, never presumed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.issue import JALONS, PROVENANCES
from pdp.domain.parcours import MOTIFS_CLOTURE, SITUATIONS
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import LIBELLES
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.close_parcours import close_parcours
from pdp.services.read_fiche import check_suivi, get_tete, list_issues
from pdp.services.record_issue import record_issue

routeur = Routeur()
MOTIFS = {code: libelle for code, libelle in MOTIFS_CLOTURE.items() if code != "decision_mc"}  # the médecin-conseil's own


def _typed(request: Request) -> dict[str, str]:
    """What was chosen, to show a refused form again."""
    return {nom: formulaires.values(request, nom)[0] for nom in formulaires.names(request)}


def _read_situation(request: Request) -> dict[str, Any]:
    """Where the person stands, since when and who says so; raises DonneeInvalide."""
    return {
        "situation": formulaires.choix(request, "situation", SITUATIONS, libelle="Situation de la personne"),
        "provenance": formulaires.choix(request, "provenance", PROVENANCES, libelle="Qui le dit"),
        "survenu_le": formulaires.jour(request, "survenu_le", libelle="Depuis le"),
    }


@routeur.get("/parcours/{parcours_id}/cloture")
@acces("csam")
def show_cloture(request: Request, parcours_id: UUID) -> Response:
    return _show_cloture(request, parcours_id, "", 200)


def _show_cloture(request: Request, parcours_id: UUID, erreur: str, statut: int) -> Response:
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
    return page(request, "csam/cloture.html", statut=statut, tete=tete, erreur=erreur, saisie=_typed(request), motifs=MOTIFS, **LIBELLES)


@routeur.post("/parcours/{parcours_id}/cloture")
@acces("csam")
def save_cloture(request: Request, parcours_id: UUID) -> Response:
    """A mistake shows the form again with what was chosen."""
    try:
        motif = formulaires.choix(request, "motif", MOTIFS, libelle="Motif de clôture")
        situation = _read_situation(request)
        with ecrire(request) as conn:
            check_suivi(conn, agent_of(request), parcours_id)
            with acte(conn, session_of(request).auteur, parcours_id, "cloture", clock.now()) as fait:
                close_parcours(
                    conn,
                    session_of(request).auteur,
                    parcours_id,
                    motif=motif,
                    maintenant=clock.now(),
                    **situation,
                )
    except DonneeInvalide as erreur:
        return _show_cloture(request, parcours_id, erreur.message, 422)
    texte = f"Parcours clos : {MOTIFS[motif].lower()}. Vous pourrez le rouvrir si la situation change."
    flash(request, texte, annulation=offer(fait, "Annuler cette clôture"))
    return redirect(f"/parcours/{parcours_id}")


@routeur.get("/parcours/{parcours_id}/issue")
@acces("csam")
def show_issue(request: Request, parcours_id: UUID) -> Response:
    return _show_issue(request, parcours_id, "", 200)


def _show_issue(request: Request, parcours_id: UUID, erreur: str, statut: int) -> Response:
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        issues = list_issues(conn, parcours_id)
    return page(request, "csam/issue.html", statut=statut, tete=tete, issues=issues, erreur=erreur, saisie=_typed(request), **LIBELLES)


@routeur.post("/parcours/{parcours_id}/issue")
@acces("csam")
def save_issue(request: Request, parcours_id: UUID) -> Response:
    """« Situation inconnue » is an answer."""
    try:
        jalon = formulaires.choix(request, "jalon", JALONS, libelle="Moment du suivi")
        situation = _read_situation(request)
        with ecrire(request) as conn:
            check_suivi(conn, agent_of(request), parcours_id)
            with acte(conn, session_of(request).auteur, parcours_id, "issue", clock.now()) as fait:
                record_issue(
                    conn,
                    session_of(request).auteur,
                    parcours_id,
                    jalon=jalon,
                    maintenant=clock.now(),
                    **situation,
                )
    except DonneeInvalide as erreur:
        return _show_issue(request, parcours_id, erreur.message, 422)
    texte = f"Situation enregistrée ({JALONS[jalon].lower()}) : {SITUATIONS[situation['situation']].lower()}."
    flash(request, texte, annulation=offer(fait, "Annuler cette situation"))
    return redirect(f"/parcours/{parcours_id}")
