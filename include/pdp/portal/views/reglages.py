"""Screens of the manager about the rules: how often each is right, and what another value would change. Counts only."""

from __future__ import annotations

from datetime import date

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.essai import label_cle, list_cles
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import lire, session_of
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_precision import list_precisions
from pdp.services.simulate_reglage import LIMITES, PERIODE_JOURS, Essai, simulate_reglage

routeur = Routeur()
MENU = {"responsable": [("/equipe/regles", "Règles"), ("/equipe/essai", "Essayer un réglage")]}


@routeur.get("/equipe/regles")
@acces("responsable")
def show_regles(request: Request) -> Response:
    """Precision of each rule, as the people who call judge it."""
    with lire(request) as conn:
        precisions = list_precisions(conn)
    peu = referentiel().entier("petite_cellule_min", jour_local(clock.now()), session_of(request).plateforme_id)
    return page(request, "responsable/regles.html", precisions=precisions, peu=peu)


@routeur.get("/equipe/essai")
@acces("responsable")
def show_essai(request: Request, cle: str = "", valeur: str = "", du: str = "", au: str = "") -> Response:
    """What-if: a GET form, in a read-only transaction; the address can be sent to a colleague of the same function."""
    jour, plateforme = jour_local(clock.now()), session_of(request).plateforme_id
    essai: Essai | None = None
    erreur: str | None = None
    if cle:
        try:
            with lire(request) as conn:
                essai = simulate_reglage(conn, plateforme or "", cle, valeur, jour, du=_jour(du), au=_jour(au))
        except DonneeInvalide as refus:
            erreur = refus.message
    cles = {
        p.cle: f"{label_cle(p.cle)} ({p.en_mots})"
        for c in list_cles(referentiel())
        if (p := referentiel().find_parametre(c, jour, plateforme))
    }
    saisie = {"cle": cle, "valeur": valeur, "du": du, "au": au}
    return page(
        request,
        "responsable/essai.html",
        statut=422 if erreur else 200,
        essai=essai,
        erreur=erreur,
        cles=cles,
        saisie=saisie,
        limites=LIMITES,
        periode=PERIODE_JOURS,
    )


def _jour(brut: str) -> date | None:
    try:
        return date.fromisoformat(brut) if brut else None
    except ValueError:
        raise DonneeInvalide("Une des dates de la période n'est pas lisible. Rien n'a été calculé.", code="bad_date") from None
