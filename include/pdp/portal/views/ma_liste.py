"""Ma liste: what a coordinator has to do today, filtered as she left it, with a look at a person without leaving it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.attente import RAISONS
from pdp.domain.tache import MOTIFS
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import LIBELLES
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.filtres_liste import (
    ATTENTES,
    BALLES,
    ECHEANCES,
    PARTENAIRES,
    TRIS,
    VUES,
    EtatFiltres,
    Filtres,
    read_etat,
    save_filtres,
)
from pdp.services.find_personne import Criteres, find_personne
from pdp.services.read_apercu import read_apercu
from pdp.services.read_ma_liste import read_ma_liste
from pdp.services.read_passations import list_passations
from pdp.services.vues_liste import reset_filtres

routeur = Routeur()
MENU = {"csam": [("/ma-liste", "Ma liste")]}
LISTE = "/ma-liste"
SENS = {"asc": "ascending", "desc": "descending"}
GESTES = ("vue", "criteres", "tri", "effacer", "reinitialiser")


@routeur.get("/ma-liste")
@acces("csam")
def show_ma_liste(request: Request, tout: bool = False) -> Response:
    """Filters come from the account, so that Back, another tab and the next day keep them."""
    session = session_of(request)
    with lire(request) as conn:
        etat = read_etat(conn, agent_of(request))
        liste = read_ma_liste(conn, agent_of(request), clock.now(), plateforme_id=session.plateforme_id, filtres=etat.filtres, tout=tout)
        passations = list_passations(conn, agent_of(request))
    return page(request, "csam/ma_liste.html", liste=liste, etat=etat, tris=TRIS, sens=SENS, passations=passations)


@routeur.post("/ma-liste/filtres")
@acces("csam")
def change_filtres(request: Request) -> Response:
    """A counter, the filter column, a column header, "tout effacer", or back to the default view."""
    geste = formulaires.choix(request, "geste", GESTES, libelle="Filtre")
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        if geste == "reinitialiser":
            reset_filtres(conn, auteur, maintenant)
        elif geste == "effacer":
            save_filtres(conn, auteur, Filtres(), None, maintenant)
        else:
            etat = read_etat(conn, agent_of(request))
            save_filtres(conn, auteur, _read_geste(request, geste, etat), etat.vue.id if etat.vue else None, maintenant)
    return redirect(LISTE)


def _read_geste(request: Request, geste: str, etat: EtatFiltres) -> Filtres:
    if geste == "vue":
        return etat.filtres.choose_vue(formulaires.choix(request, "vue", VUES, libelle="Compteur"))
    if geste == "tri":
        sens = formulaires.choix(request, "sens", SENS, libelle="Sens du tri", obligatoire=False)
        return etat.filtres.choose_tri(formulaires.choix(request, "tri", TRIS, libelle="Tri"), sens)
    familles = {"motifs": MOTIFS, "echeances": ECHEANCES, "balles": BALLES, "partenaires": PARTENAIRES, "attentes": ATTENTES}
    choisis = {f: frozenset(formulaires.choix_multiples(request, f, admis, libelle="Filtres")) for f, admis in familles.items()}
    return replace(
        etat.filtres,
        **choisis,
        du=formulaires.jour(request, "du", libelle="Du"),
        au=formulaires.jour(request, "au", libelle="Au"),
    )


@routeur.get("/ma-liste/apercu/{parcours_id}")
@acces("csam")
def show_apercu(request: Request, parcours_id: UUID) -> Response:
    """One of her people at a glance: a page of its own, which the list can also open in place."""
    with lire(request) as conn:
        apercu = read_apercu(conn, agent_of(request), parcours_id, clock.now())
    return page(request, "csam/apercu.html", apercu=apercu, raisons_attente={c: r.libelle for c, r in RAISONS.items()}, **LIBELLES)


@routeur.post("/ma-liste/recherche")
@acces("csam")
def search(request: Request) -> Response:
    """One person, exactly; the answer is shown at once and kept nowhere."""
    criteres = Criteres(
        nom=formulaires.texte(request, "nom", libelle="Nom ou initiales", maximum=100),
        naissance=formulaires.jour(request, "naissance", libelle="Date de naissance"),
        telephone=formulaires.texte(request, "telephone", libelle="Téléphone", maximum=30),
    )
    with ecrire(request) as conn:
        recherche = find_personne(conn, session_of(request).auteur, criteres, clock.now())
    if len(recherche.trouves) == 1 and recherche.trouves[0].mien:
        return redirect(f"/parcours/{recherche.trouves[0].parcours_id}")
    if recherche.refusee:
        flash(request, "Vous avez fait beaucoup de recherches depuis une heure : attendez un peu. Rien n'a été cherché.", genre="attention")
    elif recherche.trop:
        flash(request, "Trop de personnes répondent : cherchez par le nom exact et la date de naissance.", genre="info")
    elif not recherche.trouves:
        flash(request, "La plateforme ne suit personne qui réponde exactement à cette recherche.", genre="info")
    else:
        return page(request, "csam/recherche.html", trouves=recherche.trouves)
    return redirect(LISTE)
