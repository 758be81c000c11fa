"""Beside a call: what the person asks for, the number of the feed, and the draft of the sheet."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.portal import formulaires
from pdp.portal.auth import Routeur, acces
from pdp.portal.brouillons import answer_brouillon
from pdp.portal.champs_appel import DEMANDES, VUE, read_typed, record_demandes
from pdp.portal.page_appel import REFUS, show
from pdp.portal.sessions import agent_of, ecrire, flash, redirect, session_of
from pdp.services.annulation import Acte, acte, offer
from pdp.services.keep_brouillon import delete_brouillon, save_brouillon
from pdp.services.read_appel import ECRAN
from pdp.services.read_fiche import check_suivi
from pdp.services.record_contact import is_enregistre
from pdp.services.record_parole import record_coordonnees

routeur = Routeur()


@routeur.post("/parcours/{parcours_id}/demandes")
@acces("csam")
def save_demandes(request: Request, parcours_id: UUID) -> Response:
    """What the person asks for, without ending the call: the note being typed stays, as a draft."""
    maintenant = clock.now()
    try:
        cle = formulaires.identifiant(request, "cle_saisie", libelle="Formulaire")
        with ecrire(request) as conn:
            check_suivi(conn, agent_of(request), parcours_id)
            phrases, fait = record_demandes(request, conn, parcours_id, cle, maintenant)
            reste = {nom: v for nom, v in read_typed(request).items() if nom not in (*DEMANDES, VUE)}
            save_brouillon(
                conn, session_of(request).auteur, parcours_id, ecran=ECRAN, piece_id=parcours_id, champs=reste, maintenant=maintenant
            )
    except REFUS as erreur:
        return show(request, parcours_id, erreur)
    return _tell(request, parcours_id, phrases, fait)


def _tell(request: Request, parcours_id: UUID, phrases: list[str], fait: Acte | None) -> Response:
    flash(
        request,
        " ".join(phrases) or "Rien de nouveau : tout était déjà noté.",
        genre="succes" if phrases else "info",
        annulation=offer(fait, "Annuler cette saisie") if fait else None,
    )
    return redirect(f"/parcours/{parcours_id}/appel")


@routeur.post("/parcours/{parcours_id}/demandes/coordonnees")
@acces("csam")
def take_flux(request: Request, parcours_id: UUID) -> Response:
    """The number of the feed, checked with the person, becomes her word."""
    cle = formulaires.identifiant(request, "cle_saisie", libelle="Formulaire")
    telephone = formulaires.texte(request, "telephone", libelle="Numéro", maximum=40, obligatoire=True)
    maintenant, auteur = clock.now(), session_of(request).auteur
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "demandes", maintenant) as fait:
            phrases = record_coordonnees(
                conn, auteur, parcours_id, telephone=telephone, courriel=None, cle_saisie=cle, maintenant=maintenant
            )
    return _tell(request, parcours_id, phrases, fait)


@routeur.post("/parcours/{parcours_id}/appel/brouillon")
@acces("csam")
def keep_appel(request: Request, parcours_id: UUID) -> Response:
    """The draft of this agent, kept by a button, or every few seconds by the script, which asks for JSON."""
    cle = formulaires.texte(request, "formulaire", libelle="Formulaire", maximum=36)
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        tard = cle is not None and is_enregistre(conn, formulaires.identifiant(request, "formulaire", libelle="Formulaire"))
        garde = None
        if not tard:  # a save that arrives after the call was recorded keeps nothing
            garde = save_brouillon(
                conn,
                session_of(request).auteur,
                parcours_id,
                ecran=ECRAN,
                piece_id=parcours_id,
                champs=read_typed(request),
                maintenant=clock.now(),
            )
    return answer_brouillon(request, garde, f"/parcours/{parcours_id}/appel")


@routeur.post("/parcours/{parcours_id}/appel/brouillon/effacer")
@acces("csam")
def drop_appel(request: Request, parcours_id: UUID) -> Response:
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        delete_brouillon(conn, session_of(request).auteur, ECRAN, parcours_id)
    flash(request, "Le brouillon est effacé.", genre="info")
    return redirect(f"/parcours/{parcours_id}/appel")
