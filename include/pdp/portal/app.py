"""Application factory: ``uvicorn pdp.portal.app:create_app --factory``.

To add a screen: a module in ``views`` exposing ``routeur`` (and ``MENU``), then its name in :data:`VUES`.
"""

import importlib
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from pdp import journaux
from pdp.errors import (
    AccesRefuse,
    AccordManquant,
    Conflit,
    DonneeInvalide,
    ErreurPdp,
    Introuvable,
    ReferentielIncomplet,
    TransitionInterdite,
)
from pdp.portal.affichage import MENUS, is_dans_un_cadre, page_erreur
from pdp.portal.fhir import app as fhir
from pdp.portal.fhir.refus import failed
from pdp.portal.fhir.refus import too_large as too_large_fhir
from pdp.portal.metriques import Mesure
from pdp.portal.securite import Enveloppe, FormulaireRefuse
from pdp.portal.sessions import ConnexionRequise, redirect
from pdp.portal.views import lien_partenaire, rendez_vous_public
from pdp.services.upload_flux import too_large

# Order = order of the menu entries of a role.
VUES = [
    "connexion",
    "ma_liste",
    "vues_liste",
    "lots",
    "attentes",
    "fiche",
    "soutien_psy",
    "pourquoi",
    "appel",
    "demandes",
    "silence",
    "creneaux",
    "agenda",
    "horaires",
    "rendez_vous_public",
    "lien_partenaire",
    "entretien",
    "accord",
    "orientation",
    "envoi",
    "suivi_relais",
    "reponse_notee",
    "annuaire",
    "cloture",
    "correction",
    "medecin",
    "medecin_alertes",
    "dol",
    "dol_brouillon",
    "medecin_suivis",
    "annulation",
    "partenaire",
    "structure",
    "responsable",
    "passages",
    "blocages",
    "pilotage",
    "organisation",
    "capacite",
    "automatismes",
    "partenaires",
    "echanges",
    "messages",
    "affectation",
    "rechute",
    "redistribution",
    "doublons",
    "reglages",
    "sante",
    "donnees",
    "quarantaine",
    "evaluateur",
    "aide",
]
STATUTS: list[tuple[type[ErreurPdp], int, str]] = [
    (FormulaireRefuse, 403, "Page périmée"),
    (Conflit, 409, "Dossier modifié entre-temps"),
    (TransitionInterdite, 409, "Acte impossible"),
    (AccordManquant, 409, "Accord manquant"),
    (DonneeInvalide, 422, "Saisie à corriger"),
    (ReferentielIncomplet, 503, "Référentiel incomplet"),
]
SUITE_CORRIGER = "Revenez à la page précédente, rechargez-la et recommencez."
_journal = logging.getLogger("pdp.portail")


def create_app() -> FastAPI:
    """The portal; nothing is read from the database here, so it starts and answers even when the database is down."""
    journaux.install_if_asked()
    app = FastAPI(title="PDP", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.debits = {}
    app.add_middleware(
        Enveloppe,
        page_erreur=_page_500(),
        page_trop_grand=_page_413(),
        page_fichier_trop_grand=_page_413_fichier(),
        machine=(fhir.PREFIXE, too_large_fhir(), failed()),
    )
    app.add_middleware(Mesure)
    app.mount(fhir.PREFIXE, fhir.create_fhir())
    MENUS.clear()
    for nom in VUES:
        module = importlib.import_module(f"pdp.portal.views.{nom}")
        app.include_router(module.routeur)
        for role, entrees in getattr(module, "MENU", {}).items():
            MENUS.setdefault(role, []).extend(entrees)
    app.add_exception_handler(ErreurPdp, _on_erreur_pdp)
    app.add_exception_handler(RequestValidationError, _on_saisie_invalide)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(DataError, _on_valeur_refusee)
    for erreur in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(erreur, _on_base_absente)
    return app


def _page_404() -> HTMLResponse:
    introuvable = Introuvable()
    return page_erreur(404, "Page introuvable", introuvable.message, "Vérifiez l'adresse, ou repartez de votre accueil.")


def _page_500() -> HTMLResponse:
    return page_erreur(
        500,
        "Une erreur est survenue",
        "La page n'a pas pu être préparée. Ce que vous aviez déjà enregistré est conservé.",
        "Réessayez dans quelques instants ; si l'erreur revient, prévenez votre responsable de plateforme.",
    )


def _page_413() -> HTMLResponse:
    return page_erreur(
        413,
        "Envoi trop volumineux",
        "Le formulaire envoyé est trop long : rien n'a été enregistré.",
        "Raccourcissez le texte puis recommencez.",
    )


def _page_413_fichier() -> HTMLResponse:
    return page_erreur(
        413,
        "Fichier trop volumineux",
        too_large().message,
        "Les autres fichiers peuvent être déposés.",
        ("/equipe/donnees", "Revenir aux données"),
    )


def _public(request: Request) -> Any:
    """The view of a link, when the page is one: what it says when something fails is its own, and names nothing else of the portal."""
    return next((vue for vue in (rendez_vous_public, lien_partenaire) if request.url.path.startswith(f"{vue.RACINE}/")), None)


def _on_erreur_pdp(request: Request, erreur: Exception) -> Response:
    assert isinstance(erreur, ErreurPdp)
    if (vue := _public(request)) is not None:
        return vue.page_indisponible(422)
    if isinstance(erreur, ConnexionRequise) and is_dans_un_cadre(request):
        ici = f"{request.url.path}?{request.url.query}"
        return page_erreur(401, "Portail", erreur.message, "Connectez-vous au portail dans un autre onglet.", (ici, "Afficher cette page"))
    if isinstance(erreur, ConnexionRequise):
        suite = f"?suite={request.url.path}" if request.method == "GET" and request.url.path != "/" else ""
        return redirect(f"/connexion{suite}")
    if isinstance(erreur, (Introuvable, AccesRefuse)):
        return _page_404()
    statut, titre = next(((s, t) for classe, s, t in STATUTS if isinstance(erreur, classe)), (422, "Acte impossible"))
    return page_erreur(statut, titre, erreur.message, SUITE_CORRIGER)


def _on_saisie_invalide(request: Request, erreur: Exception) -> Response:
    assert isinstance(erreur, RequestValidationError)
    if any(detail["loc"][0] == "path" for detail in erreur.errors()):
        return _page_404()
    return page_erreur(422, "Saisie à corriger", "Une réponse manque ou n'est pas lisible : rien n'a été enregistré.", SUITE_CORRIGER)


def _on_valeur_refusee(request: Request, erreur: Exception) -> Response:
    """The last net: a value that no field of ours sends (a null character, a number beyond any column) and that nothing refused before."""
    _journal.error("value_refused method=%s kind=%s", request.method, type(getattr(erreur, "orig", erreur)).__name__)
    if (vue := _public(request)) is not None:
        return vue.page_indisponible(422)
    return page_erreur(422, "Saisie à corriger", "Une réponse n'est pas lisible : rien n'a été enregistré.", SUITE_CORRIGER)


def _on_http(request: Request, erreur: Exception) -> Response:
    assert isinstance(erreur, HTTPException)
    if (vue := _public(request)) is not None:
        return vue.page_indisponible(erreur.status_code)
    if erreur.status_code in (404, 405):
        return _page_404()
    return page_erreur(erreur.status_code, "Demande refusée", "Cette demande n'a pas pu être traitée.", SUITE_CORRIGER)


def _on_base_absente(request: Request, erreur: Exception) -> Response:
    _journal.error("database_unavailable kind=%s", type(erreur).__name__)
    if (vue := _public(request)) is not None:
        return vue.page_indisponible(503)
    return page_erreur(
        503,
        "Service momentanément indisponible",
        "Les dossiers ne sont pas accessibles pour l'instant. Ce que vous aviez déjà enregistré est conservé ; "
        "la dernière saisie ne l'est peut-être pas.",
        "Attendez une minute puis rechargez la page : aucune saisie ne sera enregistrée deux fois.",
    )
