"""Fiche appel: who and why, the number, the words, one click for the result, and what comes next."""

from __future__ import annotations

from datetime import time
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.contact import CANAUX_ECRITS, NUMERO_FAUX, RESULTATS
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import format_date_heure
from pdp.portal.auth import Routeur, acces
from pdp.portal.champs_appel import record_demandes
from pdp.portal.page_appel import REFUS, show
from pdp.portal.sessions import agent_of, ecrire, flash, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.delais import get_lieu
from pdp.services.keep_brouillon import delete_brouillon
from pdp.services.read_appel import ECRAN, get_script
from pdp.services.read_fiche import check_suivi
from pdp.services.record_contact import Suite, cancel_contact, record_contact
from pdp.services.record_risque import record_risque
from pdp.services.relay_contact import send_courrier, send_message

routeur = Routeur()
HEURE_RAPPEL = time(9, 0)
# After these the work on this person is over for now: the coordinator goes back to the list.
RETOUR_LISTE = frozenset({"messagerie", "non_reponse", "tiers", "joint_rappel_demande", "hospitalise"})


@routeur.get("/parcours/{parcours_id}/appel")
@acces("csam")
def show_appel(request: Request, parcours_id: UUID) -> Response:
    return show(request, parcours_id)


@routeur.post("/parcours/{parcours_id}/appel")
@acces("csam")
def save_appel(request: Request, parcours_id: UUID) -> Response:
    """One attempt per form, whatever the number of clicks; a refusal shows the form again with what was typed."""
    try:
        resultat, suite, annulation = _record(request, parcours_id)
    except REFUS as erreur:
        return show(request, parcours_id, erreur)
    flash(request, _phrase(resultat, suite), annulation=annulation)
    return redirect(_suite_url(parcours_id, resultat))


def _record(request: Request, parcours_id: UUID) -> tuple[str, Suite, dict[str, str] | None]:
    resultat = formulaires.choix(request, "resultat", RESULTATS, libelle="Résultat de l'appel")
    note = formulaires.texte(request, "note", libelle="Note")
    rappel = formulaires.instant(request, "rappel", libelle="Rappeler le", heure_defaut=HEURE_RAPPEL)
    entrant = formulaires.choix(request, "entrant", ("oui",), libelle="Qui a appelé", obligatoire=False)
    cle = formulaires.identifiant(request, "cle_saisie", libelle="Formulaire")
    maintenant, auteur = clock.now(), session_of(request).auteur
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        script = get_script(get_lieu(conn, str(auteur.plateforme_id)), maintenant)
        phrases = formulaires.choix_multiples(request, "phrase", script.notes, libelle="Phrases toutes prêtes")
        if resultat != NUMERO_FAUX:
            record_demandes(request, conn, parcours_id, cle, maintenant)
        with acte(conn, auteur, parcours_id, "contact", maintenant) as fait:
            suite = record_contact(
                conn,
                auteur,
                parcours_id,
                resultat=resultat,
                canal="telephone",
                note=_join(phrases, note),
                cle_saisie=cle,
                maintenant=maintenant,
                rappel_at=rappel,
                entrant=entrant is not None,
                script_version=script.version,
            )
        if resultat == NUMERO_FAUX:  # another number given now is not the one found wrong
            record_demandes(request, conn, parcours_id, cle, maintenant)
        delete_brouillon(conn, auteur, ECRAN, parcours_id)
    return resultat, suite, offer(fait, "Annuler cette saisie")


def _join(phrases: list[str], note: str | None) -> str:
    texte = " ".join([*phrases, note or ""]).strip()
    if len(texte) > formulaires.NOTE_MAX:
        raise DonneeInvalide(
            f"La note et les phrases toutes prêtes dépassent ensemble {formulaires.NOTE_MAX} caractères. Rien n'a été enregistré.",
            code="too_long:note",
        )
    return texte


def _phrase(resultat: str, suite: Suite) -> str:
    quand = f" Prochaine échéance : {format_date_heure(suite.echeance_at)}." if suite.echeance_at else ""
    return f"{RESULTATS[resultat]} : c'est enregistré. {suite.phrase}{quand}"


def _suite_url(parcours_id: UUID, resultat: str) -> str:
    if resultat == "joint":
        return f"/parcours/{parcours_id}/creneaux"
    return "/ma-liste" if resultat in RETOUR_LISTE else f"/parcours/{parcours_id}"


@routeur.post("/parcours/{parcours_id}/appel/message")
@acces("csam")
def write(request: Request, parcours_id: UUID) -> Response:
    """« Rappelez-nous » by SMS or e-mail, once the calls are done."""
    canal = formulaires.choix(request, "canal", CANAUX_ECRITS, libelle="Moyen")
    maintenant, auteur = clock.now(), session_of(request).auteur
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "message", maintenant) as fait:
            message = send_message(conn, auteur, parcours_id, canal, maintenant)
    flash(request, f"{message.phrase} Sans réponse, un courrier vous sera demandé.", annulation=offer(fait, "Annuler ce message"))
    return redirect("/ma-liste")


@routeur.post("/parcours/{parcours_id}/appel/courrier")
@acces("csam")
def write_courrier(request: Request, parcours_id: UUID) -> Response:
    maintenant, auteur = clock.now(), session_of(request).auteur
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "message", maintenant) as fait:
            message = send_courrier(conn, auteur, parcours_id, maintenant)
    flash(
        request,
        f"{message.phrase} Sans réponse dans le délai prévu, le médecin-conseil sera prévenu et décidera de la suite.",
        annulation=offer(fait, "Annuler ce courrier"),
    )
    return redirect("/ma-liste")


@routeur.post("/parcours/{parcours_id}/contacts/{contact_id}/annuler")
@acces("csam")
def undo_appel(request: Request, parcours_id: UUID, contact_id: UUID) -> Response:
    """Entered in error: the attempt stays in the history, marked, and what it opened is closed."""
    maintenant, auteur = clock.now(), session_of(request).auteur
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, contact_id)
        with acte(conn, auteur, parcours_id, "contact_annule", maintenant):
            cancel_contact(conn, auteur, contact_id, maintenant)
    flash(request, "La saisie est annulée : elle reste dans l'historique, marquée comme erreur, et l'appel est à refaire.", genre="info")
    return redirect(f"/parcours/{parcours_id}/appel")


@routeur.post("/parcours/{parcours_id}/risque")
@acces("csam")
def alert_medecin(request: Request, parcours_id: UUID) -> Response:
    """Worrying words: the médecin-conseil is alerted at once, by a button, without a word about what was said."""
    cle = formulaires.identifiant(request, "cle_saisie", libelle="Formulaire")
    maintenant, auteur = clock.now(), session_of(request).auteur
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "risque", maintenant) as fait:
            alerte = record_risque(conn, auteur, parcours_id, cle, maintenant)
    deja = "Le médecin-conseil est déjà alerté." if alerte is None else "Le médecin-conseil est alerté."
    flash(
        request,
        f"{deja} Restez en ligne si vous le pouvez ; le 3114 répond jour et nuit, le 15 en cas de danger immédiat.",
        genre="attention",
        annulation=offer(fait, "Annuler l'alerte"),
    )
    return redirect(f"/parcours/{parcours_id}/appel")
