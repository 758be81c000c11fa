"""Créneaux: the free slots of the coordinator, one click to plan; an appointment to come is put off or cancelled."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import format_date_heure, page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import CANAUX_ENTRETIEN, LIBELLES, STATUTS_ENTRETIEN
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.plan_tele_echange import cancel_tele_echange, list_creneaux, plan_tele_echange
from pdp.services.read_fiche import check_suivi, get_tete

routeur = Routeur()
NOMBRE = 40
ANNULATIONS = ("annule_assure", "annule_service")


@routeur.get("/parcours/{parcours_id}/creneaux")
@acces("csam")
def show_creneaux(request: Request, parcours_id: UUID) -> Response:
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        creneaux = list_creneaux(conn, tete.csam_id, clock.now(), nombre=NOMBRE)
    jours = [(jour, list(groupe)) for jour, groupe in groupby(creneaux, key=lambda c: jour_local(c.debut))]
    return page(request, "csam/creneaux.html", tete=tete, jours=jours, **LIBELLES)


@routeur.post("/parcours/{parcours_id}/creneaux")
@acces("csam")
def plan(request: Request, parcours_id: UUID) -> Response:
    """Refused by the database when the slot was taken meanwhile."""
    brut = formulaires.texte(request, "debut_at", libelle="Créneau", maximum=40, obligatoire=True)
    canal = formulaires.choix(request, "canal", CANAUX_ENTRETIEN, libelle="Moyen")
    debut_at = _read_instant(brut)
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        plan_tele_echange(conn, session_of(request).auteur, parcours_id, debut_at, canal, clock.now())
    flash(request, f"Télé-échange planifié le {format_date_heure(debut_at)} ({CANAUX_ENTRETIEN[canal].lower()}).")
    return redirect(f"/parcours/{parcours_id}")


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
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, tele_echange_id)
        cancel_tele_echange(conn, session_of(request).auteur, tele_echange_id, statut, clock.now())
    flash(request, f"{STATUTS_ENTRETIEN[statut]} : un autre créneau est à proposer.", genre="info")
    return redirect(f"/parcours/{parcours_id}/creneaux")
