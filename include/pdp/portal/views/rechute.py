"""Relapse: the coordinator answers what the machine proposes about a person off work again."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.rechute import MOTIFS_SANS_SUITE
from pdp.portal import formulaires
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.decide_reouverture import accept_reouverture, decline_reouverture, open_autre
from pdp.services.read_fiche import check_suivi

routeur = Routeur()
REPONSES = ("rouvrir", "nouveau", "sans_suite")


@routeur.post("/parcours/{parcours_id}/rechute")
@acces("csam")
def answer(request: Request, parcours_id: UUID) -> Response:
    """Reopen, open another parcours, or leave it there with a reason."""
    reponse = formulaires.choix(request, "reponse", REPONSES, libelle="Réponse")
    motif = formulaires.choix(request, "motif", MOTIFS_SANS_SUITE, libelle="Pourquoi", obligatoire=reponse == "sans_suite")
    auteur, maintenant, suite = session_of(request).auteur, clock.now(), parcours_id
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "rechute", maintenant) as fait:
            if reponse == "rouvrir":
                accept_reouverture(conn, auteur, parcours_id, maintenant)
            elif reponse == "nouveau":
                suite = open_autre(conn, auteur, parcours_id, maintenant)
            else:
                decline_reouverture(conn, auteur, parcours_id, motif or "", maintenant)
    flash(request, _PHRASES[reponse], annulation=offer(fait))
    return redirect(f"/parcours/{suite}")


_PHRASES = {
    "rouvrir": "Le parcours est rouvert : tout son historique continue. Appelez la personne.",
    "nouveau": "Un nouveau parcours est ouvert, et il est à vous. L'ancien reste clos et lisible.",
    "sans_suite": "Laissé sans suite. Si l'arrêt dure, un nouveau signalement reviendra par le médecin-conseil.",
}
