"""What the platform does by itself, for all staff: each rule with its delay, its message, its last run and what it did."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.catalogue import FAMILLES
from pdp.errors import Introuvable
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import lire, session_of
from pdp.services.read_automatismes import PERIODE_JOURS, read_automatismes

routeur = Routeur()
TOUTES = "toutes"


@routeur.get("/regles-automatiques")
@acces("csam", "medecin_conseil", "responsable")
def show_automatismes(request: Request, famille: str = "traitement") -> Response:
    """The catalogue, one family at a time (``toutes``: all of it), counted under the rights of who reads it."""
    if famille not in FAMILLES and famille != TOUTES:
        raise Introuvable
    with lire(request) as conn:
        familles = read_automatismes(conn, session_of(request).plateforme_id or "", clock.now())
    return page(request, "aide/regles_automatiques.html", familles=familles, choisie=famille, toutes=TOUTES, periode=PERIODE_JOURS)
