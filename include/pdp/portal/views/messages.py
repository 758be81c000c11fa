"""Messages to the insured: those of a person, what each says, letters to print and post, the models. A GET never sends anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.message import CANAUX, MODELES, get_modele
from pdp.domain.sms import measure
from pdp.errors import DonneeInvalide, Introuvable
from pdp.messages.assure import Lecteur, label_langue, list_langues, render_assure
from pdp.portal import formulaires
from pdp.portal.affichage import page, pluriel
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.print_lettres import (
    list_lettres,
    post_lettres,
    preview_lettre,
    print_lettres,
    reprint_lettres,
    return_lettre,
    unpost_lettres,
    withhold_lettres,
)
from pdp.services.read_fiche import check_suivi, get_tete
from pdp.services.read_messages import get_expediteur, get_message, list_canaux_de, read_bloc
from pdp.services.resend_message import LIBRES, record_adresse, resend_message, revive_coordonnee
from pdp.services.write_message import preview_message, recall_messages, write_message

routeur = Routeur()
_ORIGINE, _MICROSECONDE = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
MENU = {
    "csam": [("/courriers", "Courriers")],
    "responsable": [("/modeles", "Modèles de messages")],
}


@routeur.get("/parcours/{parcours_id}/messages")
@acces("csam")
def show_messages(request: Request, parcours_id: UUID) -> Response:
    """Every message of a person, and what may be written to her."""
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        bloc = read_bloc(conn, parcours_id, clock.now())
    return page(request, "csam/messages.html", tete=tete, bloc=bloc, libres=LIBRES, CANAUX=CANAUX, langue=label_langue(bloc.langue))


@routeur.get("/parcours/{parcours_id}/messages/nouveau")
@acces("csam")
def preview(request: Request, parcours_id: UUID, modele: str = "rappelez_nous", canal: str = "") -> Response:
    """What would leave, by the code that writes it; the button under it prepares the message."""
    if modele not in LIBRES:
        raise DonneeInvalide("Choisissez un message de la liste. Rien n'est parti.", code="unknown_model")
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        possibles = list_canaux_de(conn, parcours_id, modele)
        choisi = canal if canal in possibles else next(iter(possibles), None)
        apercu = preview_message(conn, parcours_id, modele, {}, choisi) if choisi else None
        bloc = read_bloc(conn, parcours_id, clock.now())
    return page(
        request,
        "csam/message_nouveau.html",
        tete=tete,
        bloc=bloc,
        modele=modele,
        canal=choisi,
        possibles=possibles,
        libres=LIBRES,
        apercu=apercu,
        CANAUX=CANAUX,
        taille=measure(apercu.texte) if apercu and choisi == "sms" else None,
    )


@routeur.post("/parcours/{parcours_id}/messages")
@acces("csam")
def write(request: Request, parcours_id: UUID) -> Response:
    """Prepared, not sent: it leaves later, and may be taken back meanwhile. The key of the form makes a double click one message."""
    modele = formulaires.choix(request, "modele", LIBRES, libelle="Message")
    canal = formulaires.choix(request, "canal", CANAUX, libelle="Moyen")
    cause = f"manuel:{formulaires.identifiant(request, 'cle_saisie', libelle='Formulaire')}"
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "message", maintenant) as fait:
            message = write_message(conn, auteur, parcours_id, modele=modele, cause=cause, maintenant=maintenant, canal=canal)
    flash(request, message.phrase, genre="info" if message.part_at is None else "succes", annulation=offer(fait, "Reprendre ce message"))
    return redirect(f"/parcours/{parcours_id}/messages")


@routeur.get("/parcours/{parcours_id}/messages/{message_id}")
@acces("csam")
def show_message(request: Request, parcours_id: UUID, message_id: UUID) -> Response:
    """One message as it left, or will leave."""
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        message = get_message(conn, parcours_id, message_id, clock.now())
        possibles = list_canaux_de(conn, parcours_id, message.type) if message.renvoyable else {}
    autres = {canal: nom for canal, nom in possibles.items() if canal != message.canal}
    return page(request, "csam/message.html", tete=tete, m=message, autres=autres, langue=label_langue(message.langue))


@routeur.get("/parcours/{parcours_id}/messages/{message_id}/lettre.pdf")
@acces("csam")
def show_lettre(request: Request, parcours_id: UUID, message_id: UUID) -> Response:
    """Preview of a letter: looking at it prints and marks nothing."""
    maintenant = clock.now()
    with lire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        contenu = preview_lettre(conn, parcours_id, message_id, maintenant)
    return _pdf(contenu, "inline", "apercu-courrier.pdf")


@routeur.post("/parcours/{parcours_id}/messages/{message_id}/rappeler")
@acces("csam")
def recall(request: Request, parcours_id: UUID, message_id: UUID) -> Response:
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        get_message(conn, parcours_id, message_id, maintenant)
        with acte(conn, auteur, parcours_id, "message", maintenant) as fait:
            rappeles = recall_messages(
                conn, parcours_id=parcours_id, cause=None, message_id=message_id, maintenant=maintenant, motif="conseiller"
            )
    if rappeles:
        flash(request, "Ce message ne partira pas.", annulation=offer(fait, "Le laisser partir"))
    else:
        flash(request, "Trop tard : ce message est déjà parti, ou déjà repris. Rien n'a changé.", genre="attention")
    return redirect(f"/parcours/{parcours_id}/messages/{message_id}")


@routeur.post("/parcours/{parcours_id}/messages/{message_id}/renvoyer")
@acces("csam")
def resend(request: Request, parcours_id: UUID, message_id: UUID) -> Response:
    canal = formulaires.choix(request, "canal", CANAUX, libelle="Moyen")
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "message", maintenant) as fait:
            message = resend_message(conn, auteur, parcours_id, message_id, canal, maintenant)
    flash(request, message.phrase, annulation=offer(fait, "Reprendre ce message"))
    return redirect(f"/parcours/{parcours_id}/messages")


@routeur.post("/parcours/{parcours_id}/messages/{message_id}/revenu")
@acces("csam")
def come_back(request: Request, parcours_id: UUID, message_id: UUID) -> Response:
    """NPAI: the address is not used again until it changes."""
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "message", maintenant) as fait:
            return_lettre(conn, auteur, parcours_id, message_id, maintenant)
    flash(request, "Courrier revenu : cette adresse ne sera plus utilisée tant qu'elle ne change pas.", annulation=offer(fait))
    return redirect(f"/parcours/{parcours_id}/messages")


@routeur.post("/parcours/{parcours_id}/adresse")
@acces("csam")
def save_adresse(request: Request, parcours_id: UUID) -> Response:
    lignes = formulaires.texte(request, "lignes", libelle="Adresse", maximum=200, obligatoire=True)
    code_postal = formulaires.texte(request, "code_postal", libelle="Code postal", maximum=10, obligatoire=True)
    ville = formulaires.texte(request, "ville", libelle="Ville", maximum=60, obligatoire=True)
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        record_adresse(
            conn, session_of(request).auteur, parcours_id, lignes=lignes, code_postal=code_postal, ville=ville, maintenant=clock.now()
        )
    flash(request, "Adresse postale notée : les courriers qui l'attendaient peuvent être imprimés.")
    return redirect(f"/parcours/{parcours_id}/messages")


@routeur.post("/parcours/{parcours_id}/coordonnees/{canal}/retablir")
@acces("csam")
def revive(request: Request, parcours_id: UUID, canal: str) -> Response:
    """The person says that her number or address works after all."""
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        change = revive_coordonnee(conn, parcours_id, canal, clock.now())
    flash(request, "Ce moyen peut de nouveau servir." if change else "Ce moyen n'était pas bloqué : rien n'a changé.", genre="info")
    return redirect(f"/parcours/{parcours_id}/messages")


@routeur.get("/courriers")
@acces("csam")
def show_courriers(request: Request) -> Response:
    """Letters of the platform: one printer for all, whoever follows the person."""
    with lire(request) as conn:
        lettres = list_lettres(conn)
    return page(
        request,
        "csam/courriers.html",
        a_imprimer=[x for x in lettres if x.imprime_at is None],
        a_poster=[x for x in lettres if x.imprime_at is not None],
        MODELES=MODELES,
        moi=agent_of(request),
    )


@routeur.post("/courriers/imprimer")
@acces("csam")
def print_batch(request: Request) -> Response:
    """One PDF of the letters ticked; they are then to be posted."""
    ids = _ids(request)
    with ecrire(request) as conn:
        impression = print_lettres(conn, session_of(request).auteur, ids, clock.now())
    if impression.ecartees:
        flash(request, "Laissés de côté : " + " ; ".join(impression.ecartees) + ".", genre="attention")
    if impression.pdf is None:
        return redirect("/courriers")
    return _pdf(impression.pdf, "attachment", f"courriers-{impression.imprimees}.pdf")


@routeur.post("/courriers/postes")
@acces("csam")
def post_batch(request: Request) -> Response:
    """One click for all; the undo button takes back exactly those."""
    ids, maintenant = _ids(request), clock.now()
    with ecrire(request) as conn:
        retenues = withhold_lettres(conn, session_of(request).auteur, ids, maintenant)
        postes = post_lettres(conn, ids, maintenant)
    if retenues:
        flash(request, f"À ne pas poster, à détruire : {' ; '.join(retenues)}.", genre="attention")
    adresse = f"/courriers/postes/{(maintenant - _ORIGINE) // _MICROSECONDE}/annuler"
    offre = {"adresse": adresse, "libelle": "Pas encore postés"} if postes else None
    flash(request, f"Noté : {pluriel(postes, 'courrier posté', 'courriers postés')}.", annulation=offre)
    return redirect("/courriers")


@routeur.post("/courriers/postes/{instant}/annuler")
@acces("csam")
def unpost_batch(request: Request, instant: int) -> Response:
    """``instant``: microseconds since 1970 of the click that is taken back."""
    try:
        poste_at = _ORIGINE + instant * _MICROSECONDE
    except OverflowError:
        raise Introuvable from None
    with ecrire(request) as conn:
        remis = unpost_lettres(conn, poste_at, clock.now())
    flash(request, f"{pluriel(remis, 'courrier', 'courriers')} de nouveau à poster.", genre="info")
    return redirect("/courriers")


@routeur.post("/courriers/reprendre")
@acces("csam")
def reprint_batch(request: Request) -> Response:
    """Spoilt or jammed: to print again."""
    ids = _ids(request)
    with ecrire(request) as conn:
        remis = reprint_lettres(conn, ids, clock.now())
    flash(request, f"{pluriel(remis, 'courrier', 'courriers')} de nouveau à imprimer.", genre="info")
    return redirect("/courriers")


@routeur.get("/modeles")
@acces("csam", "responsable")
def show_modeles(
    request: Request, modele: str = "invitation_rendez_vous", canal: str = "sms", langue: str = "fr", gros: bool = False
) -> Response:
    """Any model with invented values, as a person would receive it."""
    definition = get_modele(modele)
    choisi = canal if canal in definition.canaux else definition.canaux[0]
    with lire(request) as conn:
        expediteur = get_expediteur(conn, session_of(request).plateforme_id)
    apercu = render_assure(modele, choisi, definition.exemple, expediteur, Lecteur(langue, gros))
    return page(
        request,
        "csam/modeles.html",
        modeles={code: m.libelle for code, m in MODELES.items()},
        modele=modele,
        canal=choisi,
        canaux={c: CANAUX[c] for c in definition.canaux},
        langue=langue,
        langues={code: label_langue(code) for code in ("fr", "en", "pt", "es", "it", "ar")},
        gros=gros,
        ecrites=[label_langue(code) for code in list_langues(modele)],
        apercu=apercu,
        taille=measure(apercu.texte) if choisi == "sms" else None,
    )


def _ids(request: Request) -> list[UUID]:
    try:
        return [UUID(valeur) for valeur in formulaires.values(request, "lettre") if valeur]
    except ValueError:
        raise DonneeInvalide("Choisissez des courriers de la liste. Rien n'a changé.", code="bad_letter_id") from None


def _pdf(contenu: bytes, disposition: str, nom: str) -> Response:
    return Response(
        contenu,
        media_type="application/pdf",
        headers={"Content-Disposition": f'{disposition}; filename="{nom}"', "Cache-Control": "no-store"},
    )
