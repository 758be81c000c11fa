"""Accord: the exact words read to the person, for one recipient, and the answer."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.accord import CANAUX_RETRAIT, MODALITES, TEXTES
from pdp.errors import Introuvable
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import LIBELLES
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.read_fiche import check_suivi, get_tete, list_accords
from pdp.services.record_accord import record_accord, withdraw_accord

routeur = Routeur()
DECISIONS = {"accorde": "Accord enregistré", "refuse": "Refus enregistré, sans conséquence pour la personne"}


@routeur.get("/parcours/{parcours_id}/accords/{destinataire}")
@acces("csam")
def show_accord(request: Request, parcours_id: UUID, destinataire: str) -> Response:
    texte = TEXTES.get(destinataire)
    if texte is None:
        raise Introuvable
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        accord = list_accords(conn, parcours_id).get(destinataire)
    return page(request, "csam/accord.html", tete=tete, texte=texte, accord=accord, **LIBELLES)


@routeur.post("/parcours/{parcours_id}/accords/{destinataire}")
@acces("csam")
def save_accord(request: Request, parcours_id: UUID, destinataire: str) -> Response:
    """The version of the wording in force is stored with the answer."""
    if destinataire not in TEXTES:
        raise Introuvable
    decision = formulaires.choix(request, "decision", DECISIONS, libelle="Réponse de la personne")
    modalite = formulaires.choix(request, "modalite", MODALITES, libelle="Comment la réponse a été donnée")
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, session_of(request).auteur, parcours_id, "accord", clock.now()) as fait:
            record_accord(
                conn,
                session_of(request).auteur,
                parcours_id,
                destinataire=destinataire,
                decision=decision,
                modalite=modalite,
                maintenant=clock.now(),
            )
    flash(request, f"{DECISIONS[decision]} : {TEXTES[destinataire].libelle}.", annulation=offer(fait, "Annuler cette réponse"))
    return redirect(f"/parcours/{parcours_id}#accords")


@routeur.post("/parcours/{parcours_id}/accords/{accord_id}/retirer")
@acces("csam")
def withdraw(request: Request, parcours_id: UUID, accord_id: UUID) -> Response:
    """Effective at once: unsent messages are recalled, the partner no longer sees the hand-over."""
    canal = formulaires.choix(request, "canal", CANAUX_RETRAIT, libelle="Comment la personne l'a retiré")
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, accord_id)
        with acte(conn, session_of(request).auteur, parcours_id, "accord_retire", clock.now()) as fait:
            withdraw_accord(conn, session_of(request).auteur, accord_id, canal, clock.now())
    texte = "Accord retiré : plus rien n'est transmis, et le partenaire n'y a plus accès."
    flash(request, texte, genre="info", annulation=offer(fait, "Annuler ce retrait"))
    return redirect(f"/parcours/{parcours_id}#accords")
