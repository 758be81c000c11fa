"""Fiche appel: the number, the words, one click for the result, and what comes next."""

from __future__ import annotations

from datetime import time
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.contact import RESULTATS
from pdp.portal import formulaires
from pdp.portal.affichage import format_date_heure, page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import LIBELLES
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.read_fiche import Contact, check_suivi, count_essais, get_essais_max, get_tete, list_contacts
from pdp.services.read_ma_liste import list_pourquoi
from pdp.services.record_contact import Suite, cancel_contact, record_contact
from pdp.services.record_risque import record_risque
from pdp.services.record_silence import find_silence

routeur = Routeur()
HEURE_RAPPEL = time(9, 0)
# After these the work on this person is over for now: the coordinator goes back to the list.
RETOUR_LISTE = frozenset({"messagerie", "non_reponse", "tiers", "joint_rappel_demande", "hospitalise"})


@routeur.get("/parcours/{parcours_id}/appel")
@acces("csam")
def show_appel(request: Request, parcours_id: UUID) -> Response:
    maintenant = clock.now()
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        contacts = list_contacts(conn, parcours_id)
        silence = find_silence(conn, tete.assure_id, jour_local(maintenant))
        pourquoi = list_pourquoi(conn, [tete.signalement_id])[tete.signalement_id]
    return page(
        request,
        "csam/appel.html",
        tete=tete,
        silence=silence,
        pourquoi=pourquoi,
        contacts=contacts,
        essais=count_essais(contacts),
        essais_max=get_essais_max(tete, jour_local(maintenant)),
        mien=_dernier_mien(contacts, agent_of(request)),
        **LIBELLES,
    )


@routeur.post("/parcours/{parcours_id}/appel")
@acces("csam")
def save_appel(request: Request, parcours_id: UUID) -> Response:
    """One attempt per form, whatever the number of clicks."""
    resultat = formulaires.choix(request, "resultat", RESULTATS, libelle="Résultat de l'appel")
    note = formulaires.texte(request, "note", libelle="Note")
    rappel = formulaires.instant(request, "rappel", libelle="Rappeler le", heure_defaut=HEURE_RAPPEL)
    entrant = formulaires.choix(request, "entrant", ("oui",), libelle="Qui a appelé", obligatoire=False)
    cle = formulaires.identifiant(request, "cle_saisie", libelle="Formulaire")
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        suite = record_contact(
            conn,
            session_of(request).auteur,
            parcours_id,
            resultat=resultat,
            canal="telephone",
            note=note or "",
            cle_saisie=cle,
            maintenant=clock.now(),
            rappel_at=rappel,
            entrant=entrant is not None,
        )
        contact = _dernier_mien(list_contacts(conn, parcours_id), agent_of(request))
    adresse = f"/parcours/{parcours_id}/contacts/{contact.id}/annuler" if contact else ""
    flash(request, _phrase(resultat, suite), annulation={"adresse": adresse, "libelle": "Annuler cette saisie"} if contact else None)
    return redirect(_suite_url(parcours_id, resultat))


def _phrase(resultat: str, suite: Suite) -> str:
    quand = f" Prochaine échéance : {format_date_heure(suite.echeance_at)}." if suite.echeance_at else ""
    return f"{RESULTATS[resultat]} : c'est enregistré. {suite.phrase}{quand}"


def _suite_url(parcours_id: UUID, resultat: str) -> str:
    if resultat == "joint":
        return f"/parcours/{parcours_id}/creneaux"
    return "/ma-liste" if resultat in RETOUR_LISTE else f"/parcours/{parcours_id}"


def _dernier_mien(contacts: list[Contact], agent_id: UUID) -> Contact | None:
    """The last attempt, when this coordinator made it: the only one that can be undone."""
    dernier = next((c for c in contacts if c.saisie_par_erreur_at is None), None)
    return dernier if dernier is not None and dernier.agent_id == agent_id else None


@routeur.post("/parcours/{parcours_id}/contacts/{contact_id}/annuler")
@acces("csam")
def undo_appel(request: Request, parcours_id: UUID, contact_id: UUID) -> Response:
    """Entered in error: the attempt stays in the history, marked, and what it opened is closed."""
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, contact_id)
        cancel_contact(conn, session_of(request).auteur, contact_id, clock.now())
    flash(request, "La saisie est annulée : elle reste dans l'historique, marquée comme erreur, et l'appel est à refaire.", genre="info")
    return redirect(f"/parcours/{parcours_id}/appel")


@routeur.post("/parcours/{parcours_id}/risque")
@acces("csam")
def alert_medecin(request: Request, parcours_id: UUID) -> Response:
    """Worrying words: the médecin-conseil is alerted at once, by a button, without a word about what was said."""
    cle = formulaires.identifiant(request, "cle_saisie", libelle="Formulaire")
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        alerte = record_risque(conn, session_of(request).auteur, parcours_id, cle, clock.now())
    deja = "Le médecin-conseil est déjà alerté." if alerte is None else "Le médecin-conseil est alerté."
    flash(
        request,
        f"{deja} Restez en ligne si vous le pouvez ; le 3114 répond jour et nuit, le 15 en cas de danger immédiat.",
        genre="attention",
    )
    return redirect(f"/parcours/{parcours_id}/appel")
