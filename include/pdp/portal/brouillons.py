"""Answer to the save of a draft: a page for a person, JSON for the script that saves every few seconds."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import JSONResponse, Response

from pdp.portal.affichage import format_date, format_heure
from pdp.portal.sessions import flash, redirect
from pdp.services.keep_brouillon import Brouillon

VIDE = "Rien à garder : les champs sont vides."


def describe_brouillon(brouillon: Brouillon) -> str:
    return f"Brouillon gardé à {format_heure(brouillon.enregistre_at)}, jusqu'au {format_date(brouillon.expire_at)}."


def answer_brouillon(request: Request, garde: Brouillon | None, adresse: str) -> Response:
    """``garde`` None = there was nothing to keep."""
    phrase = VIDE if garde is None else f"{describe_brouillon(garde)} Personne d'autre ne peut le lire."
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"phrase": "" if garde is None else describe_brouillon(garde)})
    flash(request, phrase, genre="info")
    return redirect(adresse)
