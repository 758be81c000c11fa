"""Inbox of a partner: what was handed over to it, and its answers. Looking never writes."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.orientation import MOTIFS_REFUS
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix, identifiant, texte
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services.read_partenaire import get_orientation, get_structure, list_reponses, read_boite
from pdp.services.record_reponse import record_reponse

routeur = Routeur()
MENU = {"partenaire": [("/partenaire", "Demandes reçues")]}
COMPTE_RENDU_MAX = 1000
REPONSES = ("acceptee", "refusee", "en_cours", "realisee", "sans_suite")


@routeur.get("/partenaire")
@acces("partenaire")
def show_boite(request: Request) -> Response:
    """Three piles: to answer, in progress, closed lately."""
    with lire(request) as conn:
        structure = get_structure(conn)
        boite = read_boite(conn, clock.now())
    return page(request, "partenaire/boite.html", structure=structure, boite=boite, **_choix())


@routeur.get("/partenaire/demandes/{orientation_id}")
@acces("partenaire")
def show_demande(request: Request, orientation_id: UUID) -> Response:
    """One hand-over with every answer given so far."""
    with lire(request) as conn:
        structure = get_structure(conn)
        demande = get_orientation(conn, orientation_id)
        reponses = list_reponses(conn, orientation_id)
    return page(request, "partenaire/demande.html", structure=structure, demande=demande, reponses=reponses, **_choix())


@routeur.post("/partenaire/demandes/{orientation_id}/reponse")
@acces("partenaire")
def answer(request: Request, orientation_id: UUID) -> Response:
    """One answer; the key of the form is its id, so that the same form sent twice is one answer."""
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
    return redirect(f"/partenaire#demande-{orientation_id}")


def _choix() -> dict[str, object]:
    return {"motifs_refus": MOTIFS_REFUS, "compte_rendu_max": COMPTE_RENDU_MAX}
