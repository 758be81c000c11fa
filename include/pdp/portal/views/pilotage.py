"""Screen by which a manager steers: load and lateness, delays of each step, partners, equity of contact. No insured person."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import lire, session_of
from pdp.services.read_pilotage import PERIODES, read_pilotage

routeur = Routeur()


@routeur.get("/equipe/pilotage")
@acces("responsable")
def show_pilotage(request: Request, mois: str = "6") -> Response:
    """The last months of the platform; another period than those proposed shows the usual one."""
    choisi = int(mois) if mois.isdecimal() and int(mois) in PERIODES else 6
    with lire(request) as conn:
        pilotage = read_pilotage(conn, session_of(request).plateforme_id, choisi, clock.now())
    return page(request, "responsable/pilotage.html", pilotage=pilotage, periodes=PERIODES)
