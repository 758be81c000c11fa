"""What a partner without an account sees and does through the link mailed to it. No sign-in; a code mailed on demand, then one hand-over.

A GET only shows: mail scanners and previews follow links, and nothing may come of it. Why a code, and why that one: ``partners/lien.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from pdp import clock
from pdp.clock import jour_local
from pdp.config import settings
from pdp.domain.auteur import Auteur
from pdp.domain.orientation import MOTIFS_REFUS
from pdp.errors import DonneeInvalide, ErreurPdp
from pdp.portal import formulaires
from pdp.portal.affichage import ENV
from pdp.portal.auth import Routeur, acces
from pdp.portal.debit import is_admis
from pdp.portal.sessions import au_nom_du_lien, keep_acces, portail, redirect
from pdp.services.answer_lien_partenaire import NATURES_LIEN, STATUTS_LIEN, Reponse, answer, read_demande
from pdp.services.declare_seances import deposit_seances, find_retour
from pdp.services.open_lien_partenaire import (
    REPONDANT_MAX,
    LienOuvert,
    ask_code,
    ask_lien,
    close_acces,
    find_lien,
    open_lien,
    read_lien,
)

routeur = Routeur()
RACINE = "/lien"
COMPTE_RENDU_MAX = 1000
_COOKIE = "pdp_lien"
# no-referrer: the address of the page is told to nobody, not even to our own pages; forms then come with "Origin: null" (securite.py)
ENTETES = {"x-robots-tag": "noindex, nofollow", "cache-control": "no-store, private", "referrer-policy": "no-referrer"}
SUITES = {
    "repondu": ("succes", "C'est noté. Votre réponse est enregistrée et transmise à la plateforme."),
    "envoye": ("succes", "Un code part à l'instant vers votre adresse. Il arrive d'ordinaire en moins de trois minutes."),
    "attendre": ("info", "Un code vient déjà de partir vers votre adresse : utilisez le dernier reçu."),
    "trop": ("attention", "Trop de codes ont été demandés aujourd'hui. Appelez-nous : nous vous répondrons."),
    "sortie": ("succes", "La demande est refermée sur cet appareil. Un nouveau code sera demandé pour la rouvrir."),
    "acces": ("info", "Par sécurité, tapez un code pour rouvrir la demande. Votre dernière saisie n'a pas été enregistrée."),
}
_CODES = {
    "faux": "Ce code n'est pas le bon. Vérifiez les six chiffres du dernier courriel reçu.",
    "bloque": "Trop de codes faux : celui-ci ne sert plus. Demandez-en un autre.",
    "perime": "Ce code n'est plus valable. Demandez-en un autre.",
    "sans_code": "Demandez d'abord un code : il arrive par courriel à l'adresse de votre structure.",
}


@routeur.api_route(RACINE + "/{jeton}", methods=["GET", "HEAD"])
@acces("public")
def show(request: Request, jeton: str, suite: str = "") -> Response:
    """State of the link. Writes nothing, whoever opens it and how often."""
    return _guard(request, jeton, lambda auteur: _show(request, jeton, auteur, SUITES.get(suite)))


@routeur.post(RACINE + "/{jeton}/code")
@acces("public")
def send_code(request: Request, jeton: str) -> Response:
    """A code leaves to the address the platform has configured, whoever asks."""

    def act(auteur: Auteur) -> Response:
        with au_nom_du_lien(auteur, lecture=False) as conn:
            resultat = ask_code(conn, auteur, clock.now())
        return _see(jeton, resultat)

    return _guard(request, jeton, act)


@routeur.post(RACINE + "/{jeton}/ouverture")
@acces("public")
def check_code(request: Request, jeton: str) -> Response:
    """Right, the code gives a cookie for this link only; wrong, it is counted."""

    def act(auteur: Auteur) -> Response:
        code, repondant = _read_code(request), formulaires.texte(request, "repondant", libelle="Votre nom", maximum=REPONDANT_MAX)
        with au_nom_du_lien(auteur, lecture=False) as conn:
            resultat, cookie, duree = open_lien(conn, auteur, code, repondant, clock.now())
        if resultat in _CODES:
            return _show(request, jeton, auteur, ("attention", _CODES[resultat]), statut=422)
        reponse = _see(jeton)
        if resultat == "ok":
            keep_acces(request, reponse, _COOKIE, cookie, f"{RACINE}/{jeton}", duree)
        return reponse

    return _guard(request, jeton, act)


@routeur.post(RACINE + "/{jeton}/reponse")
@acces("public")
def give_answer(request: Request, jeton: str) -> Response:
    """One answer: a step, a meeting, news, a question. The key of the form is its id: sent twice, it is one."""

    def act(auteur: Auteur) -> Response:
        reponse = _read_reponse(request)
        maintenant = clock.now()
        with au_nom_du_lien(auteur, lecture=False) as conn:
            lien = read_lien(conn, _cookie(request), maintenant)
            if lien is None or lien.etat != "ouvert":
                return _see(jeton)
            if not lien.identifie:
                return _see(jeton, "acces")
            answer(conn, auteur, lien.orientation_id, reponse, maintenant)
        return _see(jeton, "repondu")

    return _guard(request, jeton, act)


@routeur.post(RACINE + "/{jeton}/seances")
@acces("public")
def give_seance(request: Request, jeton: str) -> Response:
    """The date of a session, when the person agreed that a psychologist says it."""

    def act(auteur: Auteur) -> Response:
        le = formulaires.jour(request, "seance_le", libelle="Séance qui a eu lieu le", obligatoire=True)
        cle = formulaires.identifiant(request, "cle_saisie", libelle="Formulaire")
        maintenant = clock.now()
        with au_nom_du_lien(auteur, lecture=False) as conn:
            lien = read_lien(conn, _cookie(request), maintenant)
            if lien is None or lien.etat != "ouvert":
                return _see(jeton)
            if not lien.identifie:
                return _see(jeton, "acces")
            deposit_seances(conn, auteur, lien.orientation_id, dates=[le], evenement_id=cle, transport="lien", maintenant=maintenant)
        return _see(jeton, "repondu")

    return _guard(request, jeton, act)


@routeur.post(RACINE + "/{jeton}/nouveau-lien")
@acces("public")
def send_lien(request: Request, jeton: str) -> Response:
    """The link, or another, leaves to the address already known, never to one given here."""

    def act(auteur: Auteur) -> Response:
        with au_nom_du_lien(auteur, lecture=False) as conn:
            resultat = ask_lien(conn, auteur, clock.now())
            lien = read_lien(conn, "", clock.now())
        if lien is None or resultat in ("inconnu", "retire"):
            return _see(jeton)
        return _render("lien/nouveau_lien.html", 200, lien=lien, resultat=resultat)

    return _guard(request, jeton, act)


@routeur.post(RACINE + "/{jeton}/sortie")
@acces("public")
def leave(request: Request, jeton: str) -> Response:
    """On a shared computer: this browser needs another code."""

    def act(auteur: Auteur) -> Response:
        with au_nom_du_lien(auteur, lecture=False) as conn:
            close_acces(conn, _cookie(request), clock.now())
        reponse = _see(jeton, "sortie")
        reponse.delete_cookie(_COOKIE, path=f"{RACINE}/{jeton}")
        return reponse

    return _guard(request, jeton, act)


def page_indisponible(statut: int) -> Response:
    """What these pages say when something fails."""
    return _render("lien/indisponible.html", statut)


def _guard(request: Request, jeton: str, suite: Callable[[Auteur], Response]) -> Response:
    """Too many requests, a token nobody made, a value to correct: one answer each, before anything else."""
    if not is_admis(request, RACINE):
        return _render("lien/trop_vite.html", 429)
    with portail() as conn:
        auteur = find_lien(conn, jeton)
    if auteur is None:
        return _render("lien/inconnu.html", 404)
    try:
        return suite(auteur)
    except ErreurPdp as erreur:  # a field to correct, a step already taken by a colleague: said on the page, nothing was written
        statut = 422 if isinstance(erreur, DonneeInvalide) else 409
        return _show(request, jeton, auteur, ("attention", erreur.message), statut=statut)


def _show(request: Request, jeton: str, auteur: Auteur, message: tuple[str, str] | None, statut: int = 200) -> Response:
    maintenant = clock.now()
    demande, retour = None, None
    with au_nom_du_lien(auteur, lecture=True) as conn:
        lien = read_lien(conn, _cookie(request), maintenant)
        if lien is not None and lien.identifie:
            demande = read_demande(conn, lien.orientation_id)
            retour = find_retour(conn, lien.orientation_id)
    if lien is None:
        return _render("lien/inconnu.html", 404)
    contexte: dict[str, Any] = {"lien": lien, "jeton": jeton, "message": message, "aujourd_hui": jour_local(maintenant)}
    if lien.etat != "ouvert":
        return _render(f"lien/{lien.etat}.html", 410, **contexte)
    if demande is None:
        return _render("lien/code.html", statut, **contexte, repondant_max=REPONDANT_MAX)
    return _render(
        "lien/demande.html", statut, **contexte, vue=demande, retour=retour, motifs_refus=MOTIFS_REFUS, compte_rendu_max=COMPTE_RENDU_MAX
    )


def _read_code(request: Request) -> str:
    """Digits of the code, however they were spaced."""
    chiffres = "".join((formulaires.texte(request, "code", libelle="Code", maximum=20, obligatoire=True)).split())
    if len(chiffres) != 6 or not (chiffres.isascii() and chiffres.isdigit()):
        raise DonneeInvalide("Le code est fait de six chiffres. Rien n'a été compté.", code="bad_code")
    return chiffres


def _read_reponse(request: Request) -> Reponse:
    quoi = formulaires.choix(request, "quoi", (*STATUTS_LIEN, *NATURES_LIEN), libelle="Votre réponse")
    motif = formulaires.choix(request, "motif", MOTIFS_REFUS, libelle="Motif du refus") if quoi == "refusee" else None
    return Reponse(
        quoi=quoi,
        motif=motif,
        texte=formulaires.texte(request, "texte", libelle="Votre message", maximum=COMPTE_RENDU_MAX),
        rendez_vous_at=formulaires.instant(request, "rendez_vous", libelle="Rendez-vous") if quoi == "rendez_vous" else None,
        cle=formulaires.identifiant(request, "cle_saisie", libelle="Formulaire"),
    )


def _see(jeton: str, suite: str = "") -> Response:
    """Go and see the result: a reload sends nothing again."""
    reponse = redirect(f"{RACINE}/{jeton}" + (f"?suite={suite}" if suite in SUITES else ""))
    reponse.headers.update(ENTETES)
    return reponse


def _cookie(request: Request) -> str:
    return request.cookies.get(_COOKIE, "")


def _render(gabarit: str, statut: int, *, lien: LienOuvert | None = None, **contexte: Any) -> Response:
    commun = {"lien": lien, "demonstration": settings().demonstration, "racine": RACINE, "message": None}
    return HTMLResponse(ENV.get_template(gabarit).render(**{**commun, **contexte}), status_code=statut, headers=ENTETES)
