"""Inbox of a partner: what was handed over to it, and everything it may say of it. Looking never writes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.orientation import MOTIFS_REFUS
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix, identifiant, instant, jour, texte
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services.declare_seances import deposit_seances, find_retour
from pdp.services.read_partenaire import get_orientation, get_structure, list_questions, list_reponses, read_boite
from pdp.services.read_structure import list_contacts
from pdp.services.record_reponse import COMPTE_RENDU_MAX, record_evenement, record_reponse

routeur = Routeur()
MENU = {"partenaire": [("/partenaire", "Demandes reçues"), ("/partenaire/structure", "Ma structure")]}
REPONSES = ("acceptee", "refusee", "en_cours", "realisee", "sans_suite")
NATURES = ("rendez_vous", "rendez_vous_manque", "nouvelles", "question")
PILES = {"a_repondre": "À répondre", "en_retard": "En retard", "en_cours": "En cours", "terminees": "Terminées"}
PAR_PILE = 50
DITS = {
    "rendez_vous": "Rendez-vous enregistré, transmis à la plateforme.",
    "rendez_vous_manque": "Absence enregistrée, transmise à la plateforme : elle reprend contact avec la personne.",
    "nouvelles": "Merci pour ces nouvelles, transmises à la plateforme.",
    "question": "Question transmise à la plateforme. Votre délai s'arrête jusqu'à sa réponse.",
}


@routeur.get("/partenaire")
@acces("partenaire")
def show_boite(request: Request, quoi: str = "", tout: bool = False) -> Response:
    """Three piles: to answer, in progress, closed lately; or one of them, or what is late. A pile shows 50 requests, then all."""
    with lire(request) as conn:
        structure = get_structure(conn)
        boite = read_boite(conn, clock.now())
    piles = {cle: getattr(boite, cle) for cle in PILES}
    choisie = quoi if quoi in PILES else ""
    montrees = [choisie] if choisie else ["a_repondre", "en_cours", "terminees"]
    return page(
        request,
        "partenaire/boite.html",
        structure=structure,
        piles=piles,
        montrees=montrees,
        choisie=choisie,
        titres=PILES,
        limite=len(max(piles.values(), key=len)) if tout else PAR_PILE,
        **_choix(),
    )


@routeur.get("/partenaire/demandes/{orientation_id}")
@acces("partenaire")
def show_demande(request: Request, orientation_id: UUID) -> Response:
    """One hand-over: what may be said now, the thread of questions, everything said so far."""
    with lire(request) as conn:
        structure = get_structure(conn)
        demande = get_orientation(conn, orientation_id)
        reponses = list_reponses(conn, orientation_id)
        questions = list_questions(conn, orientation_id)
        collegues = list_contacts(conn, structure.id, jour_local(clock.now()))
        retour = find_retour(conn, orientation_id)
    return page(
        request,
        "partenaire/demande.html",
        structure=structure,
        demande=demande,
        reponses=reponses,
        questions=questions,
        collegues=collegues,
        retour=retour,
        **_choix(),
    )


@routeur.post("/partenaire/demandes/{orientation_id}/reponse")
@acces("partenaire")
def answer(request: Request, orientation_id: UUID) -> Response:
    """One step; the key of the form is its id, so that the same form sent twice is one answer."""
    statut = choix(request, "statut", REPONSES, libelle="Votre réponse")
    refus = statut == "refusee"
    motif = choix(request, "motif", MOTIFS_REFUS, libelle="Motif du refus", obligatoire=refus) if refus else None
    rendu = texte(
        request,
        "compte_rendu",
        libelle="Précision" if refus else "Compte rendu",
        maximum=COMPTE_RENDU_MAX,
        obligatoire=statut in ("realisee", "sans_suite"),
    )
    cle = identifiant(request, "cle_saisie", libelle="Formulaire")
    with ecrire(request) as conn:
        get_orientation(conn, orientation_id)
        record_reponse(
            conn,
            session_of(request).auteur,
            orientation_id,
            statut=statut,
            motif=motif,
            compte_rendu=rendu,
            evenement_id=str(cle),
            maintenant=clock.now(),
        )
    flash(request, "Réponse enregistrée, transmise à la plateforme.")
    return _back(request, orientation_id)


@routeur.post("/partenaire/demandes/{orientation_id}/evenement")
@acces("partenaire")
def tell(request: Request, orientation_id: UUID) -> Response:
    """A meeting set or missed, news, a question; sent twice it is told once."""
    nature = choix(request, "nature", NATURES, libelle="Ce que vous dites")
    dit = texte(request, "texte", libelle="Votre message", maximum=COMPTE_RENDU_MAX, obligatoire=nature in ("nouvelles", "question"))
    quand: datetime | None = instant(request, "rendez_vous", libelle="Rendez-vous") if nature == "rendez_vous" else None
    cle = identifiant(request, "cle_saisie", libelle="Formulaire")
    with ecrire(request) as conn:
        get_orientation(conn, orientation_id)
        record_evenement(
            conn,
            session_of(request).auteur,
            orientation_id,
            nature=nature,
            texte=dit,
            rendez_vous_at=quand,
            evenement_id=str(cle),
            transport="portail",
            maintenant=clock.now(),
        )
    flash(request, DITS[nature])
    return _back(request, orientation_id)


@routeur.post("/partenaire/demandes/{orientation_id}/seances")
@acces("partenaire")
def tell_seance(request: Request, orientation_id: UUID) -> Response:
    """The date of a session, when the person agreed to it."""
    le = jour(request, "seance_le", libelle="Séance qui a eu lieu le", obligatoire=True)
    cle = identifiant(request, "cle_saisie", libelle="Formulaire")
    with ecrire(request) as conn:
        get_orientation(conn, orientation_id)
        deposit_seances(
            conn, session_of(request).auteur, orientation_id, dates=[le], evenement_id=str(cle), transport="portail", maintenant=clock.now()
        )
    flash(request, "Date transmise à la plateforme.")
    return redirect(f"/partenaire/demandes/{orientation_id}#seances")


def _back(request: Request, orientation_id: UUID) -> Response:
    """Where the form was: the list, or the page of the request."""
    if choix(request, "retour", ("demande",), libelle="Retour", obligatoire=False):
        return redirect(f"/partenaire/demandes/{orientation_id}")
    return redirect(f"/partenaire#demande-{orientation_id}")


def _choix() -> dict[str, object]:
    return {"motifs_refus": MOTIFS_REFUS, "compte_rendu_max": COMPTE_RENDU_MAX}
