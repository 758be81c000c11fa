"""Screen of the manager about the coming weeks: how many coordinators it takes. Counts only, nothing is written."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.capacite_phrases import en_francais, tell_ajustement, tell_reponse
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.graphique_capacite import draw_attente, draw_equipes
from pdp.portal.sessions import lire, session_of
from pdp.services.read_capacite import CHAMPS, read_capacite

routeur = Routeur()
CLES = frozenset(c.cle for c in CHAMPS)


@routeur.get("/equipe/capacite")
@acces("responsable")
def show_capacite(request: Request) -> Response:
    """A GET form: the address holds the assumptions that were changed, and can be sent to a colleague of the same function."""
    saisies = {cle: valeur[:20] for cle, valeur in request.query_params.items() if cle in CLES}
    plateforme, maintenant = session_of(request).plateforme_id or "", clock.now()
    erreur: str | None = None
    with lire(request) as conn:
        try:
            capacite = read_capacite(conn, plateforme, maintenant, saisies)
        except DonneeInvalide as refus:
            erreur = refus.message
            capacite = read_capacite(conn, plateforme, maintenant)
    reponse, ajustement = capacite.reponse, capacite.ajustement
    return page(
        request,
        "responsable/capacite.html",
        statut=422 if erreur else 200,
        erreur=erreur,
        saisies=saisies if erreur else {},
        capacite=capacite,
        phrases=tell_reponse(reponse, capacite.hypotheses) if reponse else (),
        epreuve=tell_ajustement(ajustement, capacite.hypotheses) if ajustement else (),
        equipes=draw_equipes(reponse, capacite.hypotheses.objectif) if reponse else None,
        attente=draw_attente(reponse) if reponse else None,
        fr=en_francais,
    )
