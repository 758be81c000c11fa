"""« Ma structure »: what a partner says of itself. It changes nothing of a hand-over."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.errors import AccesRefuse, Introuvable
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix, texte
from pdp.portal.page_structure import GESTES
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services.manage_structure import ADRESSES, HORAIRES_MAX, PERIODES, ask_adresse
from pdp.services.read_structure import read_structure

routeur = Routeur()
PAGE = "/partenaire/structure"


@routeur.get(PAGE)
@acces("partenaire")
def show_structure(request: Request) -> Response:
    """Places, absences, colleagues, hours, addresses, and how the platform reaches the structure."""
    jour = jour_local(clock.now())
    with lire(request) as conn:
        structure = read_structure(conn, _ici(request), jour)
    return page(
        request,
        "partenaire/structure.html",
        s=structure,
        racine=PAGE,
        capacite=structure.capacite.tell(jour),
        PERIODES=PERIODES,
        ADRESSES=ADRESSES,
        HORAIRES_MAX=HORAIRES_MAX,
    )


@routeur.post(f"{PAGE}/adresse")
@acces("partenaire")
def ask(request: Request) -> Response:
    """Another address: used once the platform has checked it."""
    champ = choix(request, "champ", ADRESSES, libelle="Adresse")
    valeur = texte(request, "valeur", libelle="Nouvelle adresse", maximum=254, obligatoire=True)
    with ecrire(request) as conn:
        ask_adresse(conn, session_of(request).auteur, _ici(request), champ, valeur, clock.now())
    flash(request, "Demande transmise : l'adresse changera quand la plateforme l'aura vérifiée avec vous.", genre="info")
    return redirect(f"{PAGE}#adresses")


@routeur.post(PAGE + "/{geste}")
@acces("partenaire")
def save(request: Request, geste: str) -> Response:
    """One form of the page."""
    if geste not in GESTES:
        raise Introuvable
    acte, ancre = GESTES[geste]
    with ecrire(request) as conn:
        dit = acte(request, conn, session_of(request).auteur, _ici(request))
    flash(request, dit)
    return redirect(f"{PAGE}#{ancre}")


def _ici(request: Request) -> UUID:
    """Structure of the account signed in."""
    partenaire = session_of(request).partenaire_id
    if partenaire is None:
        raise AccesRefuse("Votre fonction ne donne pas accès à cet écran.")
    return partenaire
