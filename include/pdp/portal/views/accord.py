"""Agreements: the exact words read to the person, her answer for each recipient and each kind of data, and the ledger of the case."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.accord import CANAUX_RETRAIT, DESTINATAIRES, MODALITES
from pdp.domain.contenu import CLASSES
from pdp.errors import Introuvable
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import LIBELLES
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.describe_contenu import describe_contenu
from pdp.services.read_accords import list_services, read_registre
from pdp.services.read_fiche import check_suivi, get_tete
from pdp.services.record_accord import record_accord, validite_mois, withdraw_accord
from pdp.services.withdraw_accord import withdraw_classes

routeur = Routeur()
DECISIONS = {"accorde": "Accord enregistré", "refuse": "Refus enregistré, sans conséquence pour la personne"}


@routeur.get("/parcours/{parcours_id}/accords")
@acces("csam")
def show_registre(request: Request, parcours_id: UUID) -> Response:
    """The ledger: where each agreement stands, what each recipient would see, and everything said before."""
    jour = jour_local(clock.now())
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        registre = read_registre(conn, parcours_id, tete.plateforme_id, jour)
    return page(request, "csam/accords.html", tete=tete, registre=registre, describe_contenu=describe_contenu, **LIBELLES)


@routeur.get("/parcours/{parcours_id}/accords/{destinataire}")
@acces("csam")
def show_accord(request: Request, parcours_id: UUID, destinataire: str) -> Response:
    """The words to read, and the answer."""
    if destinataire not in DESTINATAIRES:
        raise Introuvable
    jour = jour_local(clock.now())
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        registre = read_registre(conn, parcours_id, tete.plateforme_id, jour, destinataire)
        services = list_services(conn, parcours_id, destinataire, jour)
    bloc = registre.get_bloc(destinataire)
    if bloc is None:
        raise Introuvable
    return page(
        request,
        "csam/accord.html",
        tete=tete,
        bloc=bloc,
        texte=bloc.partage,
        registre=registre,
        rubriques=describe_contenu(bloc.contenu),
        services={str(s.id): s.nom for s in services},
        mois=validite_mois(destinataire, jour, tete.plateforme_id),
        **LIBELLES,
    )


@routeur.post("/parcours/{parcours_id}/accords/{destinataire}")
@acces("csam")
def save_accord(request: Request, parcours_id: UUID, destinataire: str) -> Response:
    """The very text that was on screen is stored with the answer; another one meanwhile is refused."""
    if destinataire not in DESTINATAIRES:
        raise Introuvable
    decision = formulaires.choix(request, "decision", DECISIONS, libelle="Réponse de la personne")
    modalite = formulaires.choix(request, "modalite", MODALITES, libelle="Comment la réponse a été donnée")
    version = formulaires.texte(request, "version", libelle="Texte lu", maximum=60)
    lu = formulaires.texte(request, "texte_lu", libelle="Texte lu", maximum=3) is not None
    classes = formulaires.choix_multiples(request, "classes", CLASSES, libelle="Ce que la personne accepte de transmettre")
    un_seul = formulaires.texte(request, "partenaire_id", libelle="Service", maximum=36) is not None
    partenaire_id = formulaires.identifiant(request, "partenaire_id", libelle="Service") if un_seul and decision == "accorde" else None
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "accord", maintenant) as fait:
            record_accord(
                conn,
                auteur,
                parcours_id,
                destinataire=destinataire,
                decision=decision,
                modalite=modalite,
                maintenant=maintenant,
                classes=classes if destinataire != "accompagnement" else None,
                partenaire_id=partenaire_id,
                version=version,
                texte_lu=lu,
            )
    flash(request, f"{DECISIONS[decision]} : {DESTINATAIRES[destinataire]}.", annulation=offer(fait, "Annuler cette réponse"))
    return redirect(f"/parcours/{parcours_id}#accords")


@routeur.post("/parcours/{parcours_id}/accords/{accord_id}/retirer")
@acces("csam")
def withdraw(request: Request, parcours_id: UUID, accord_id: UUID) -> Response:
    """Effective at once: unsent messages are recalled, the partner no longer sees the hand-over, or no longer these data."""
    canal = formulaires.choix(request, "canal", CANAUX_RETRAIT, libelle="Comment la personne l'a retiré")
    classes = formulaires.choix_multiples(request, "classes", CLASSES, libelle="Ce que la personne ne veut plus transmettre")
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, accord_id)
        with acte(conn, auteur, parcours_id, "accord_retire", maintenant) as fait:
            if classes:
                withdraw_classes(conn, auteur, accord_id, classes, canal, maintenant)
            else:
                withdraw_accord(conn, auteur, accord_id, canal, maintenant)
    texte = "Accord retiré : plus rien n'est transmis, et le partenaire n'y a plus accès."
    if classes:
        texte = "C'est noté : ces données ne partent plus. Si un partenaire les a déjà reçues, une tâche vous demande de le prévenir."
    flash(request, texte, genre="info", annulation=offer(fait, "Annuler ce retrait"))
    return redirect(f"/parcours/{parcours_id}/accords" if classes else f"/parcours/{parcours_id}#accords")
