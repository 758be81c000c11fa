"""What the people of a simulated partner see in their own software: their Tasks, and what they may do with each.

Whatever is done here stops the script of the hand-over: a person took over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from pdp.domain.orientation import MOTIFS_REFUS
from pdp.fhir import systemes
from pdp.partners.simulateur_fhir_registre import Objet, RegistreFhir, bser, output

_PARIS = ZoneInfo("Europe/Paris")
STATUTS = {
    "requested": "À prendre en charge",
    "received": "Reçue",
    "accepted": "Acceptée",
    "in-progress": "En cours",
    "on-hold": "En pause",
    "completed": "Terminée",
    "rejected": "Refusée",
    "failed": "Sans suite",
    "cancelled": "Retirée par la plateforme",
}
_ACTES = {
    "requested": ("recevoir", "accepter", "refuser"),
    "received": ("accepter", "refuser", "question"),
    "accepted": ("rendez_vous", "commencer", "question", "nouvelles"),
    "in-progress": ("rendez_vous", "nouvelles", "question", "terminer"),
    "on-hold": ("commencer", "nouvelles"),
}
_BOUTONS = {
    "recevoir": "Accuser réception",
    "accepter": "Accepter",
    "refuser": "Refuser",
    "rendez_vous": "Fixer le rendez-vous",
    "commencer": "Commencer l'accompagnement",
    "question": "Poser la question",
    "nouvelles": "Donner des nouvelles",
    "terminer": "Terminer",
}
_STYLE = (
    "*{box-sizing:border-box}body{font:1rem/1.5 system-ui,sans-serif;margin:1rem auto;max-width:56rem;padding:0 1rem;color:#16161d}"
    "article{border:1px solid #767676;border-radius:.5rem;padding:1rem;margin:1rem 0}label{display:block}"
    "form{display:inline-block;margin:.25rem .5rem .25rem 0;max-width:100%}"
    "input,select,button{font:inherit;padding:.4rem;min-height:2.75rem;max-width:100%}"
    ".note{border-left:4px solid #4a5a8a;padding-left:.75rem}"
)


def build_routeur(registre: RegistreFhir) -> APIRouter:
    """The page of each server and its acts."""
    routeur = APIRouter()

    @routeur.get("/")
    def accueil() -> Response:
        lieux = "".join(f'<li><a href="/ecran/{escape(lieu)}">{escape(lieu)}</a></li>' for lieu in registre.lieux())
        return _page("Logiciels de partenaires (simulés)", f"<ul>{lieux}</ul>" if lieux else "<p>Aucune demande reçue pour l'instant.</p>")

    @routeur.get("/ecran/{plateforme}/{partenaire}")
    def montrer(plateforme: str, partenaire: str) -> Response:
        lieu = f"{plateforme}/{partenaire}"
        fiches = "".join(_article(registre, lieu, tache) for tache in reversed(registre.taches(lieu)))
        return _page(f"Demandes reçues par {partenaire}", fiches or "<p>Aucune demande reçue pour l'instant.</p>")

    @routeur.post("/ecran/{plateforme}/{partenaire}/{ident}")
    async def agir(request: Request, plateforme: str, partenaire: str, ident: str) -> Response:
        champs = {nom: valeurs[0].strip() for nom, valeurs in parse_qs((await request.body()).decode()).items()}
        lieu = f"{plateforme}/{partenaire}"
        tache = registre.read(lieu, "Task", ident)
        change = None if tache is None else build_change(str(tache["status"]), champs)
        if change is not None:
            registre.take_over(lieu, ident, change)
        return RedirectResponse(f"/ecran/{lieu}", 303)

    return routeur


def build_change(statut: str, champs: Mapping[str, str]) -> Objet | None:
    """What an act changes on the Task; None when it is not one of this moment, or when a word is missing."""
    acte, texte = champs.get("acte", ""), champs.get("texte", "")
    if acte not in _ACTES.get(statut, ()):
        return None
    if acte == "refuser":
        motif = champs.get("motif", "")
        raison = {"coding": [{"system": systemes.MOTIF_REFUS, "code": motif}], "text": MOTIFS_REFUS.get(motif, "")}
        return {"status": "rejected", "statusReason": raison} if motif in MOTIFS_REFUS else None
    if acte == "rendez_vous":
        try:
            quand = datetime.fromisoformat(champs.get("quand", "")).replace(tzinfo=_PARIS).astimezone(UTC)
        except ValueError:
            return None
        return {"businessStatus": bser("5.1.1", "Event Scheduled"), "output": [output("rendez_vous", "valueDateTime", quand.isoformat())]}
    if acte in ("question", "nouvelles"):
        return {"note": [{"extension": [{"url": systemes.NATURE_NOTE, "valueCode": acte}], "text": texte}]} if texte else None
    if acte == "terminer":
        return {"status": "completed", "output": [output("compte_rendu", "valueString", texte)]} if texte else None
    return {"status": {"recevoir": "received", "accepter": "accepted", "commencer": "in-progress"}[acte]}


def _article(registre: RegistreFhir, lieu: str, tache: Objet) -> str:
    demande = _linked(registre, lieu, tache, "focus")
    patient = _linked(registre, lieu, tache, "for")
    noms = (patient.get("name") or [{}])[0]
    personne = " ".join([*noms.get("given", []), noms.get("family", "")]).strip() or "Personne accompagnée"
    motif = ((demande.get("reasonCode") or [{}])[0]).get("text", "")
    notes = "".join(f'<p class="note">{escape(str(n.get("text", "")))}</p>' for n in tache.get("note", []))
    notes += "".join(f'<p class="note">{escape(dit)}</p>' for dit in map(_tell, tache.get("output", [])))
    questions = "".join(
        f"<li>{escape(str(e.get('type', {}).get('text', '')))} : {escape(str(e.get('valueString') or e.get('valueDate') or ''))}</li>"
        for e in tache.get("input", [])
    )
    statut = STATUTS.get(str(tache["status"]), str(tache["status"]))
    actes = "".join(_form(lieu, tache["id"], acte) for acte in _ACTES.get(str(tache["status"]), ()))
    contacts = ", ".join(str(t.get("value", "")) for t in patient.get("telecom", []))
    return (
        f"<article><h2>{escape(personne)}</h2><p><strong>{escape(statut)}</strong> (version {escape(tache['meta']['versionId'])})</p>"
        f"<p>{escape(motif)}</p><p>{escape(contacts)}</p><ul>{questions}</ul>{notes}{actes}</article>"
    )


def _tell(sortie: Mapping[str, Any]) -> str:
    """A meeting or a report of this partner, as its people read it again."""
    quand = sortie.get("valueDateTime")
    if quand is not None:
        return f"Rendez-vous fixé : {datetime.fromisoformat(str(quand)).astimezone(_PARIS):%d/%m/%Y à %H h %M}"
    return f"Compte rendu : {sortie.get('valueString', '')}"


def _linked(registre: RegistreFhir, lieu: str, tache: Objet, element: str) -> Mapping[str, Any]:
    genre, _, ident = str((tache.get(element) or {}).get("reference", "")).partition("/")
    return registre.read(lieu, genre, ident) or {}


def _form(lieu: str, ident: str, acte: str) -> str:
    repere = f"{acte}-{ident}"
    champ = ""
    if acte == "refuser":
        options = "".join(f'<option value="{escape(code)}">{escape(libelle)}</option>' for code, libelle in MOTIFS_REFUS.items())
        champ = f'<label for="{repere}">Raison du refus</label><select id="{repere}" name="motif">{options}</select> '
    elif acte == "rendez_vous":
        champ = f'<label for="{repere}">Date et heure</label><input id="{repere}" name="quand" type="datetime-local" required> '
    elif acte in ("question", "nouvelles", "terminer"):
        libelle = {"question": "Votre question", "nouvelles": "Nouvelles", "terminer": "Compte rendu"}[acte]
        champ = f'<label for="{repere}">{libelle}</label><input id="{repere}" name="texte" maxlength="900" required> '
    return (
        f'<form method="post" action="/ecran/{escape(lieu)}/{escape(ident)}"><input type="hidden" name="acte" value="{acte}">{champ}'
        f"<button>{_BOUTONS[acte]}</button></form>"
    )


def _page(titre: str, corps: str) -> HTMLResponse:
    tete = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(titre)}</title><style>{_STYLE}</style>'
    return HTMLResponse(
        f'<!doctype html><html lang="fr"><head>{tete}</head><body>'
        "<header><p><strong>Démonstration : données synthétiques, aucune personne réelle.</strong></p></header>"
        f"<main><h1>{escape(titre)}</h1>{corps}</main></body></html>"
    )
