"""The answer of a partner that came by letter or by phone: a coordinator notes it, and says that it is what the partner said."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.orientation import MOTIFS_REFUS
from pdp.errors import Conflit, DonneeInvalide, TransitionInterdite
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.note_reponse import get_a_noter, note_reponse
from pdp.services.read_fiche import check_suivi, get_tete
from pdp.services.record_reponse import COMPTE_RENDU_MAX

routeur = Routeur()
ADRESSE = "/parcours/{parcours_id}/orientations/{orientation_id}/noter"


@routeur.get(ADRESSE)
@acces("csam")
def show_noter(request: Request, parcours_id: UUID, orientation_id: UUID) -> Response:
    return _page(request, parcours_id, orientation_id)


@routeur.post(ADRESSE)
@acces("csam")
def save_noter(request: Request, parcours_id: UUID, orientation_id: UUID) -> Response:
    """Kept under the key of the form; a refusal of the rules shows the form again, as it was typed."""
    cle = formulaires.identifiant(request, "cle_saisie", libelle="Formulaire")
    auteur = session_of(request).auteur
    try:
        reponse, motif, texte, rendez_vous_at = _read(request)
        with ecrire(request) as conn:
            check_suivi(conn, agent_of(request), parcours_id, orientation_id)
            note_reponse(
                conn,
                auteur,
                parcours_id,
                orientation_id,
                reponse=reponse,
                motif=motif,
                texte=texte,
                rendez_vous_at=rendez_vous_at,
                cle_saisie=cle,
                maintenant=clock.now(),
            )
    except (DonneeInvalide, TransitionInterdite, Conflit) as refus:
        return _page(request, parcours_id, orientation_id, refus.message)
    flash(request, "Réponse du partenaire notée. Elle est prise en compte dans les deux minutes.")
    return redirect(f"/parcours/{parcours_id}#relais-{orientation_id}")


def _read(request: Request) -> tuple[str, str | None, str | None, datetime | None]:
    reponse = formulaires.texte(request, "reponse", libelle="Ce que le partenaire a répondu", maximum=40, obligatoire=True)
    refus = reponse == "refusee"
    motif = formulaires.choix(request, "motif", MOTIFS_REFUS, libelle="Motif du refus", obligatoire=refus)
    texte = formulaires.texte(request, "texte", libelle="Ses mots", maximum=COMPTE_RENDU_MAX)
    rendez_vous_at = formulaires.instant(request, "rendez_vous", libelle="Date du rendez-vous")
    if formulaires.choix(request, "certifie", ("oui",), libelle="Confirmation", obligatoire=False) is None:
        raise DonneeInvalide("Cochez la case : c'est bien ce que le partenaire a répondu. Rien n'a été enregistré.", code="not_confirmed")
    return reponse, motif if refus else None, texte, rendez_vous_at


def _page(request: Request, parcours_id: UUID, orientation_id: UUID, erreur: str | None = None) -> Response:
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        orientation = get_a_noter(conn, parcours_id, orientation_id)
    champs = ("reponse", "motif", "texte", "rendez_vous", "rendez_vous_heure")
    saisie = {champ: formulaires.values(request, champ)[0] for champ in champs}
    return page(
        request,
        "csam/reponse_notee.html",
        statut=422 if erreur else 200,
        tete=tete,
        o=orientation,
        erreur=erreur,
        saisie=saisie,
        MOTIFS_REFUS=MOTIFS_REFUS,
        texte_max=COMPTE_RENDU_MAX,
    )
