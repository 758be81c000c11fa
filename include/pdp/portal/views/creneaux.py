"""Créneaux: the free slots of the coordinator, one click to plan; an appointment to come is put off or cancelled."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.agenda import describe_fuseau
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import format_date, page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import CANAUX_ENTRETIEN, LIBELLES, STATUTS_ENTRETIEN
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.portal.views.rendez_vous_public import format_heure
from pdp.services.annulation import acte, offer
from pdp.services.delais import get_lieu
from pdp.services.invite_assure import find_invitation, get_fuseau_personne, invite_assure, stop_invitation
from pdp.services.plan_tele_echange import cancel_tele_echange, list_creneaux, plan_tele_echange
from pdp.services.read_fiche import check_suivi, get_tete

routeur = Routeur()
NOMBRE = 40
ANNULATIONS = ("annule_assure", "annule_service")


@routeur.get("/parcours/{parcours_id}/creneaux")
@acces("csam")
def show_creneaux(request: Request, parcours_id: UUID) -> Response:
    """Free slots on the clock of the platform, and the link sent to the person."""
    maintenant = clock.now()
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        lieu = get_lieu(conn, tete.plateforme_id)
        creneaux = list_creneaux(conn, tete.csam_id, maintenant, nombre=NOMBRE)
        lien = find_invitation(conn, parcours_id, maintenant)
        chez_elle = get_fuseau_personne(conn, parcours_id, lieu)
    jours = [(jour, list(groupe)) for jour, groupe in groupby(creneaux, key=lambda c: lieu.jour(c.debut))]
    decale = maintenant.astimezone(chez_elle).utcoffset() != maintenant.astimezone(lieu.fuseau).utcoffset()
    return page(
        request,
        "csam/creneaux.html",
        tete=tete,
        jours=jours,
        lien=lien,
        fuseau=lieu.fuseau,
        ici=describe_fuseau(lieu.fuseau),
        chez_elle=chez_elle if decale else None,
        la_bas=describe_fuseau(chez_elle),
        heure=format_heure,
        **LIBELLES,
    )


@routeur.post("/parcours/{parcours_id}/creneaux")
@acces("csam")
def plan(request: Request, parcours_id: UUID) -> Response:
    """Refused by the database when the slot was taken meanwhile."""
    brut = formulaires.texte(request, "debut_at", libelle="Créneau", maximum=40, obligatoire=True)
    canal = formulaires.choix(request, "canal", CANAUX_ENTRETIEN, libelle="Moyen")
    debut_at = _read_instant(brut)
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        lieu = get_lieu(conn, str(auteur.plateforme_id))
        with acte(conn, auteur, parcours_id, "entretien_planifie", maintenant) as fait:
            plan_tele_echange(conn, auteur, parcours_id, debut_at, canal, maintenant)
    quand = f"{format_date(lieu.jour(debut_at))} à {format_heure(debut_at, lieu.fuseau)} ({CANAUX_ENTRETIEN[canal].lower()})"
    flash(request, f"Télé-échange planifié le {quand}. La personne reçoit une confirmation.", annulation=offer(fait))
    return redirect(f"/parcours/{parcours_id}")


@routeur.post("/parcours/{parcours_id}/invitation")
@acces("csam")
def invite(request: Request, parcours_id: UUID) -> Response:
    """Send the link; without a free slot nobody is invited and the manager is asked to open some."""
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "invitation", maintenant) as fait:
            invitation = invite_assure(conn, auteur, parcours_id, maintenant)
    flash(request, invitation.phrase, genre="succes" if invitation.id else "attention", annulation=offer(fait))
    return redirect(f"/parcours/{parcours_id}" if invitation.id else f"/parcours/{parcours_id}/creneaux")


@routeur.post("/parcours/{parcours_id}/invitation/fermer")
@acces("csam")
def close_invitation(request: Request, parcours_id: UUID) -> Response:
    """The link stops at once; the person may still be called."""
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "invitation", maintenant) as fait:
            ferme = stop_invitation(conn, auteur, parcours_id, maintenant)
    flash(request, "Le lien ne fonctionne plus." if ferme else "Il n'y avait pas de lien ouvert.", genre="info", annulation=offer(fait))
    return redirect(f"/parcours/{parcours_id}/creneaux")


def _read_instant(brut: str) -> datetime:
    try:
        instant = datetime.fromisoformat(brut)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise DonneeInvalide("Choisissez un créneau de la liste. Rien n'a été enregistré.", code="bad_slot")
    return instant


@routeur.post("/parcours/{parcours_id}/tele-echanges/{tele_echange_id}/annuler")
@acces("csam")
def cancel(request: Request, parcours_id: UUID, tele_echange_id: UUID) -> Response:
    statut = formulaires.choix(request, "statut", ANNULATIONS, libelle="Qui annule")
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, tele_echange_id)
        with acte(conn, auteur, parcours_id, "entretien_annule", maintenant) as fait:
            cancel_tele_echange(conn, auteur, tele_echange_id, statut, maintenant)
    flash(request, f"{STATUTS_ENTRETIEN[statut]} : un autre créneau est à proposer.", genre="info", annulation=offer(fait))
    return redirect(f"/parcours/{parcours_id}/creneaux")
