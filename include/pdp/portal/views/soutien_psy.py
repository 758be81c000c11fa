"""Mon soutien psy on a case: what came of the proposal, sessions by their dates, the stop and its reason."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.soutien_psy import MOTIFS_ARRET, RESULTATS
from pdp.portal import formulaires
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.declare_seances import declare_seance, remove_seance, stop_seances
from pdp.services.propose_soutien_psy import record_soutien_psy
from pdp.services.read_fiche import check_suivi

routeur = Routeur()


@routeur.post("/parcours/{parcours_id}/soutien-psy")
@acces("csam")
def save_soutien_psy(request: Request, parcours_id: UUID) -> Response:
    """What came of the proposal; the dated rules are stored with it."""
    resultat = formulaires.choix(request, "resultat", RESULTATS, libelle="Réponse")
    maintenant = clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, session_of(request).auteur, parcours_id, "soutien_psy", maintenant) as fait:
            record_soutien_psy(conn, session_of(request).auteur, parcours_id, resultat, jour_local(maintenant), maintenant)
    texte = f"Mon soutien psy : « {RESULTATS[resultat]} » est enregistré."
    flash(request, texte, annulation=offer(fait, "Annuler cette réponse"))
    return redirect(f"/parcours/{parcours_id}#soutien-psy")


@routeur.post("/parcours/{parcours_id}/soutien-psy/seances")
@acces("csam")
def save_seance(request: Request, parcours_id: UUID) -> Response:
    """A session the person says she had: its date, nothing else."""
    le = formulaires.jour(request, "seance_le", libelle="Séance qui a eu lieu le", obligatoire=True)
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "seance_psy", maintenant) as fait:
            nouvelle = declare_seance(conn, auteur, parcours_id, le, maintenant)
    texte = f"Séance du {le:%d/%m/%Y} ajoutée." if nouvelle else f"La séance du {le:%d/%m/%Y} était déjà dans la liste."
    flash(request, texte, annulation=offer(fait, "Annuler cet ajout"))
    return redirect(f"/parcours/{parcours_id}#soutien-psy")


@routeur.post("/parcours/{parcours_id}/soutien-psy/seances/{seance_id}/retirer")
@acces("csam")
def drop_seance(request: Request, parcours_id: UUID, seance_id: UUID) -> Response:
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "seance_psy_retiree", maintenant) as fait:
            remove_seance(conn, auteur, parcours_id, seance_id, maintenant)
    flash(request, "Séance retirée de la liste.", genre="info", annulation=offer(fait, "Annuler ce retrait"))
    return redirect(f"/parcours/{parcours_id}#soutien-psy")


@routeur.post("/parcours/{parcours_id}/soutien-psy/arret")
@acces("csam")
def stop(request: Request, parcours_id: UUID) -> Response:
    """The sessions stop, with a reason of the closed list."""
    motif = formulaires.choix(request, "arret_motif", MOTIFS_ARRET, libelle="Pourquoi")
    le = formulaires.jour(request, "arrete_le", libelle="Depuis le", obligatoire=True)
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "soutien_psy_arret", maintenant) as fait:
            stop_seances(conn, auteur, parcours_id, motif, le, maintenant)
    flash(request, "Arrêt des séances noté.", annulation=offer(fait, "Annuler cet arrêt"))
    return redirect(f"/parcours/{parcours_id}#soutien-psy")
