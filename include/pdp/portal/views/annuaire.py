"""Directory of the partners, for the coordinators: who serves whom, places now, delays, hours, telephone."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.orientation import DISPOSITIFS
from pdp.domain.routage import ANNUAIRE_PSY, ORDRE
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import lire, session_of
from pdp.services.delais import get_lieu
from pdp.services.read_annuaire import read_annuaire

routeur = Routeur()
MENU = {"csam": [("/partenaires", "Partenaires")]}


@routeur.get("/partenaires")
@acces("csam")
def show_annuaire(request: Request, type: str = "", recherche: str = "") -> Response:
    """Partners in activity, by kind; narrowed by kind, and by the place or the employer they serve."""
    genre, erreur, fiches = type if type in DISPOSITIFS else None, None, []
    with lire(request) as conn:
        lieu = get_lieu(conn, session_of(request).plateforme_id)
        try:
            fiches = read_annuaire(conn, lieu, clock.now(), genre, recherche[:40])
        except DonneeInvalide as refus:
            erreur = refus.message.replace(" Rien n'a été enregistré.", "")
    groupes = {t: [f for f in fiches if f.partenaire.type == t] for t in ORDRE}
    return page(
        request,
        "csam/partenaires.html",
        statut=422 if erreur else 200,
        groupes={t: liste for t, liste in groupes.items() if liste},
        nombre=len(fiches),
        choisi=genre or "",
        recherche=recherche[:40],
        erreur=erreur,
        DISPOSITIFS=DISPOSITIFS,
        ANNUAIRE_PSY=ANNUAIRE_PSY,
    )
