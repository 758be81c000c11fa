"""Rendez-vous: what an insured person sees and does through the link she received. No sign-in, no name, nothing about why.

A GET only shows: mail scanners and previews follow links, and nothing may come of it. The birth date is asked first because a
telephone is lent and a letter opened by others; it is no secret, so few tries are allowed, and the database counts them.
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from pdp import clock
from pdp.clock import jour_local
from pdp.config import settings
from pdp.domain.agenda import describe_fuseau
from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import ENV, format_date_longue
from pdp.portal.auth import Routeur, acces
from pdp.portal.debit import is_admis
from pdp.portal.sessions import au_nom_du_lien, keep_acces, portail, redirect
from pdp.services.book_rendez_vous import Lien, choose, decide, find_lien, identify, read_lien
from pdp.services.share_agenda import build_fichier

routeur = Routeur()
RACINE = "/rendez-vous"
_COOKIE = "pdp_rdv"
_JETON_MAX = 100
JOURS_MONTRES = 5
ENTETES = {"x-robots-tag": "noindex, nofollow", "cache-control": "no-store, private"}
NUMERO_NATIONAL = "3646"
SUITES = {
    "fait_choisi": ("succes", "C'est noté. Votre rendez-vous est enregistré."),
    "fait_annule": ("succes", "Votre rendez-vous est annulé. Vous pouvez en choisir un autre ci-dessous, ou vous arrêter là."),
    "fait_rappel": ("succes", "C'est noté. Nous vous appellerons : vous n'avez rien d'autre à faire."),
    "pris": ("attention", "Ce créneau vient d'être pris par une autre personne. Rien n'a changé pour vous : choisissez-en un autre."),
    "trop_tard": ("attention", "Ce n'est plus possible par ce lien. Appelez-nous : nous trouverons une solution."),
    "identite": ("info", "Pour votre sécurité, indiquez de nouveau votre date de naissance."),
}
_NOMS_SUITE = {"choisir": "fait_choisi", "annuler": "fait_annule", "rappelez_moi": "fait_rappel"}


@routeur.get(RACINE + "/{jeton}")
@acces("public")
def show(request: Request, jeton: str, suite: str = "") -> Response:
    """State of the link. Writes nothing, whoever opens it and how often."""
    return _guard(request, jeton, lambda auteur: _show(request, jeton, auteur, SUITES.get(suite)))


@routeur.post(RACINE + "/{jeton}/identite")
@acces("public")
def check_identite(request: Request, jeton: str) -> Response:
    """Birth date: right, it gives a cookie for this link only; wrong, it is counted."""
    try:
        naissance = _read_naissance(request)
    except DonneeInvalide as erreur:
        message = ("attention", erreur.message)
        return _guard(request, jeton, lambda auteur: _show(request, jeton, auteur, message, statut=422))

    def enter(auteur: Auteur) -> Response:
        with au_nom_du_lien(auteur, lecture=False) as conn:
            resultat, cookie, duree = identify(conn, auteur, naissance, clock.now())
        if resultat == "faux":
            message = ("attention", "Cette date ne correspond pas à la personne invitée. Vérifiez-la, ou appelez-nous.")
            return _show(request, jeton, auteur, message, statut=422)
        reponse = redirect(f"{RACINE}/{jeton}")
        if resultat == "ok":
            keep_acces(request, reponse, _COOKIE, cookie, f"{RACINE}/{jeton}", duree)
        return reponse

    return _guard(request, jeton, enter)


@routeur.post(RACINE + "/{jeton}/choix")
@acces("public")
def choose_creneau(request: Request, jeton: str) -> Response:
    """Take a slot, or move to it; the database decides between two people."""
    try:
        debut_at = datetime.fromisoformat(formulaires.texte(request, "debut_at", libelle="Créneau", maximum=40, obligatoire=True))
        if debut_at.tzinfo is None:
            raise ValueError
    except (ValueError, DonneeInvalide):
        return redirect(f"{RACINE}/{jeton}")

    def act(auteur: Auteur) -> Response:
        with au_nom_du_lien(auteur, lecture=False) as conn:
            resultat = choose(conn, auteur, _cookie(request), debut_at, clock.now())
        return _see(jeton, "choisir", resultat)

    return _guard(request, jeton, act)


@routeur.post(RACINE + "/{jeton}/annulation")
@acces("public")
def cancel(request: Request, jeton: str) -> Response:
    return _decide(request, jeton, "annuler")


@routeur.post(RACINE + "/{jeton}/rappel")
@acces("public")
def ask_call(request: Request, jeton: str) -> Response:
    return _decide(request, jeton, "rappelez_moi")


@routeur.post(RACINE + "/{jeton}/nouveau-lien")
@acces("public")
def ask_lien(request: Request, jeton: str) -> Response:
    """Another link leaves to the coordinates already known, never to one given here; the answer is the same whatever the link was."""

    def act(auteur: Auteur) -> Response:
        with au_nom_du_lien(auteur, lecture=False) as conn:
            decide(conn, auteur, "", "nouveau_lien", clock.now())
        return _render("public/nouveau_lien.html", 200, telephone=None)

    return _guard(request, jeton, act, inconnu=lambda: _render("public/nouveau_lien.html", 200, telephone=None))


@routeur.get(RACINE + "/{jeton}/rendez-vous.ics")
@acces("public")
def download_ics(request: Request, jeton: str) -> Response:
    """The appointment for a calendar, to who gave the birth date; to others, the page of the link."""

    def give(auteur: Auteur) -> Response:
        maintenant = clock.now()
        with au_nom_du_lien(auteur, lecture=True) as conn:
            lien = read_lien(conn, auteur, _cookie(request), maintenant)
        if lien.rendez_vous is None:
            return redirect(f"{RACINE}/{jeton}")
        contenu = build_fichier(lien.rendez_vous, lien.fuseau, maintenant)
        entetes = {**ENTETES, "content-disposition": 'attachment; filename="rendez-vous.ics"'}
        return Response(contenu, media_type="text/calendar; charset=utf-8", headers=entetes)

    return _guard(request, jeton, give)


def page_indisponible(statut: int) -> Response:
    """What these pages say when something fails: the page of everybody else names the service."""
    return _render("public/indisponible.html", statut, telephone=None)


def _decide(request: Request, jeton: str, geste: str) -> Response:
    def act(auteur: Auteur) -> Response:
        with au_nom_du_lien(auteur, lecture=False) as conn:
            resultat = decide(conn, auteur, _cookie(request), geste, clock.now())
        return _see(jeton, geste, resultat)

    return _guard(request, jeton, act)


def _see(jeton: str, geste: str, resultat: str) -> Response:
    """Go and see the result: a reload sends nothing again."""
    if resultat in ("fait", "deja"):
        suite = _NOMS_SUITE[geste]
    else:
        suite = {"pris": "pris", "trop_tard": "trop_tard", "a_identifier": "identite"}.get(resultat, "")
    return redirect(f"{RACINE}/{jeton}" + (f"?suite={suite}" if suite else ""))


def _guard(request: Request, jeton: str, suite: Any, inconnu: Any = None) -> Response:
    """Too many requests, an unknown link: one answer each, before anything else."""
    if not is_admis(request, RACINE):
        return _render("public/trop_vite.html", 429, telephone=None)
    auteur = None
    if len(jeton) <= _JETON_MAX and jeton.isascii():
        with portail() as conn:
            auteur = find_lien(conn, jeton)
    if auteur is None:
        return inconnu() if inconnu else _render("public/ferme.html", 404, telephone=None)
    reponse: Response = suite(auteur)
    return reponse


def _show(request: Request, jeton: str, auteur: Auteur, message: tuple[str, str] | None, statut: int = 200) -> Response:
    maintenant = clock.now()
    with au_nom_du_lien(auteur, lecture=True) as conn:
        lien = read_lien(conn, auteur, _cookie(request), maintenant)
    if lien.etat in ("ferme", "inconnu"):
        return _render("public/ferme.html", 404, telephone=None)
    if lien.etat in ("expire", "bloque"):
        return _render(f"public/{lien.etat}.html", 410 if lien.etat == "expire" else 403, telephone=lien.telephone, jeton=jeton)
    gabarit = "public/rendez_vous.html" if lien.identifie else "public/identite.html"
    return _render(gabarit, statut, telephone=lien.telephone, jeton=jeton, lien=lien, message=message, **_describe(lien, maintenant))


def _describe(lien: Lien, maintenant: datetime) -> dict[str, Any]:
    """Days and hours in words, on the clock of the person."""
    jours = [
        (_date(jour), [(c.debut.isoformat(), format_heure(c.debut, lien.fuseau)) for c in creneaux])
        for jour, creneaux in groupby(lien.creneaux, key=lambda c: jour_local(c.debut, lien.fuseau))
    ]
    rendez_vous = lien.rendez_vous
    return {
        "jours": jours[:JOURS_MONTRES],
        "autres_jours": jours[JOURS_MONTRES:],
        "rendez_vous": None
        if rendez_vous is None
        else (_date(jour_local(rendez_vous.debut_at, lien.fuseau)), format_heure(rendez_vous.debut_at, lien.fuseau)),
        "a_venir": rendez_vous is not None and rendez_vous.debut_at > maintenant,
        "lieu_heure": describe_fuseau(lien.fuseau),
        "expire_le": _date(jour_local(lien.expire_at, lien.fuseau)),
    }


def format_heure(instant: datetime, fuseau: ZoneInfo) -> str:
    local = instant.astimezone(fuseau)
    return f"{local.hour} h {local.minute:02}"


def _date(jour: date) -> str:
    return format_date_longue(jour)


def _read_naissance(request: Request) -> date:
    valeurs = [formulaires.texte(request, nom, libelle=nom, maximum=4) or "" for nom in ("jour", "mois", "annee")]
    try:
        jour, mois, annee = (int(v) for v in valeurs)
        return date(annee, mois, jour)
    except ValueError:
        raise DonneeInvalide("Cette date n'existe pas. Écrivez par exemple 5, puis 11, puis 1975.", code="bad_birth_date") from None


def _cookie(request: Request) -> str:
    return request.cookies.get(_COOKIE, "")


def _render(gabarit: str, statut: int, *, telephone: str | None, **contexte: Any) -> Response:
    commun = {
        "telephone": telephone,
        "national": NUMERO_NATIONAL,
        "demonstration": settings().demonstration,
        "racine": RACINE,
        "message": None,
    }
    contenu = ENV.get_template(gabarit).render(**{**commun, **contexte})
    return HTMLResponse(contenu, status_code=statut, headers=ENTETES)
