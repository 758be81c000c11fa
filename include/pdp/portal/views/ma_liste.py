"""Ma liste: what a coordinator has to do today."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.tache import MOTIFS
from pdp.portal import formulaires, sessions
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, flash, lire, redirect, session_of
from pdp.services.read_ma_liste import VUES, find_personne, read_ma_liste

routeur = Routeur()
MENU = {"csam": [("/ma-liste", "Ma liste")]}
PREFERENCE = "ma_liste"


@routeur.get("/ma-liste")
@acces("csam")
def show_ma_liste(request: Request, tout: bool = False) -> Response:
    """Filters come from the session, so that Back and the next page keep them."""
    session = session_of(request)
    filtres = sessions.preference(request, PREFERENCE, {})
    with lire(request) as conn:
        liste = read_ma_liste(
            conn,
            agent_of(request),
            clock.now(),
            plateforme_id=session.plateforme_id,
            vue=filtres.get("vue", "tous"),
            motifs=frozenset(filtres.get("motifs", ())),
            tout=tout,
        )
    return page(request, "csam/ma_liste.html", liste=liste, vues=VUES)


@routeur.post("/ma-liste/filtres")
@acces("csam")
def save_filtres(request: Request) -> Response:
    """A counter changes the view, the left column changes the reasons, "tout effacer" both."""
    filtres = dict(sessions.preference(request, PREFERENCE, {}))
    geste = formulaires.choix(request, "geste", ("vue", "motifs", "effacer"), libelle="Filtre")
    if geste == "vue":
        filtres["vue"] = formulaires.choix(request, "vue", VUES, libelle="Compteur")
    elif geste == "motifs":
        filtres["motifs"] = formulaires.choix_multiples(request, "motif", MOTIFS, libelle="À faire")
    else:
        filtres = {}
    sessions.save_preference(request, PREFERENCE, filtres)
    return redirect("/ma-liste")


@routeur.post("/ma-liste/recherche")
@acces("csam")
def search(request: Request) -> Response:
    """Name and birth date are both required and matched exactly."""
    nom = formulaires.texte(request, "nom", libelle="Nom", maximum=100, obligatoire=True)
    naissance = formulaires.jour(request, "naissance", libelle="Date de naissance", obligatoire=True)
    with lire(request) as conn:
        trouve = find_personne(conn, agent_of(request), nom, naissance)
    if trouve is not None and trouve.parcours_id is not None:
        return redirect(f"/parcours/{trouve.parcours_id}")
    if trouve is None:
        flash(request, "Aucune personne suivie par la plateforme n'a ce nom et cette date de naissance.", genre="info")
    else:
        flash(request, f"Cette personne est suivie par la plateforme, par {trouve.suivi_par}.", genre="info")
    return redirect("/ma-liste")
