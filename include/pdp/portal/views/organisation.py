"""Screens of the organisation: the tree of a day, its history, and the acts that change it, each with its preview."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.organisation import DEPLACABLES, walk
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix, identifiant, jour, texte, values
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import reorganise
from pdp.services.delais import get_lieu
from pdp.services.read_organisation import Organisation, read_organisation

routeur = Routeur()
ICI = "/equipe/organisation"


@routeur.get("/equipe/organisation")
@acces("responsable")
def show_organisation(request: Request, le: str = "", vue: str = "alors") -> Response:
    """The tree today, or on the day asked for, before or after."""
    maintenant = clock.now()
    plateforme = session_of(request).plateforme_id
    with lire(request) as conn:
        organisation = read_organisation(conn, plateforme, _read_jour(le) or get_lieu(conn, plateforme).jour(maintenant), maintenant)
    return page(
        request,
        "responsable/organisation.html",
        organisation=organisation,
        vue="aujourd_hui" if vue == "aujourd_hui" else "alors",
        **_choices(organisation),
    )


def _read_jour(brut: str) -> date | None:
    try:
        return date.fromisoformat(brut) if brut else None
    except ValueError:
        raise DonneeInvalide("Choisissez un jour.", code="bad_date") from None


def _choices(organisation: Organisation) -> dict[str, Any]:
    """What the forms offer: units of the platform, teams that may end, people who may move."""
    unites = [n.unite for n in walk(organisation.arbre)]
    return {
        "nommables": {str(u.id): u.libelle for u in unites if u.is_nommable},
        "equipes": {str(u.id): u.libelle for u in unites if u.is_fusionnable},
        "deplacables": [a for u in unites for a in organisation.agents.get(u.id, []) if a.role in DEPLACABLES],
    }


@routeur.get("/equipe/organisation/apercu")
@acces("responsable")
def preview(request: Request, acte: str = "", unite: str = "", vers: str = "", le: str = "") -> Response:
    """What a merge or a change of team would move. Nothing is written."""
    if not (vers or le):
        return redirect(ICI)
    champs = request.query_params
    try:
        unite_id, vers_id, premier = UUID(unite) if unite else None, UUID(vers), date.fromisoformat(le)
        agents, partants = [UUID(a) for a in champs.getlist("agents")], [UUID(a) for a in champs.getlist("partants")]
    except ValueError:
        raise DonneeInvalide("Choisissez l'équipe, celle qui reprend et le premier jour. Rien n'a été calculé.", code="bad_act") from None
    auteur = session_of(request).auteur
    with lire(request) as conn:
        if acte == "fusion":
            if unite_id is None:
                raise DonneeInvalide("Choisissez l'équipe qui prend fin.", code="bad_unit")
            qui = {"unite_id": unite_id, "partants": partants}
            apercu = reorganise.preview_fusion(conn, auteur, vers_id=vers_id, le=premier, maintenant=clock.now(), **qui)
        else:
            apercu = reorganise.preview_mutation(conn, auteur, agents=agents, vers_id=vers_id, le=premier, maintenant=clock.now())
    return page(request, "responsable/organisation_apercu.html", apercu=apercu)


@routeur.post("/equipe/organisation")
@acces("responsable")
def confirm(request: Request) -> Response:
    """Do what was previewed, or make or rename a unit; sent twice, it acts once."""
    acte = choix(request, "acte", ("creation", "renommage", "mutation", "fusion"), libelle="Acte")
    le = jour(request, "le", libelle="Premier jour", obligatoire=True)
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        if acte == "creation":
            nom, parent = (
                texte(request, "libelle", libelle="Nom", maximum=120, obligatoire=True),
                identifiant(request, "vers", libelle="Unité"),
            )
            reorganise.create_equipe(conn, auteur, libelle=nom, parent_id=parent, le=le, maintenant=maintenant)
        elif acte == "renommage":
            nom, unite = (
                texte(request, "libelle", libelle="Nom", maximum=120, obligatoire=True),
                identifiant(request, "unite", libelle="Unité"),
            )
            reorganise.rename_unite(conn, auteur, unite_id=unite, libelle=nom, le=le, maintenant=maintenant)
        elif acte == "mutation":
            vers = identifiant(request, "vers", libelle="Équipe")
            reorganise.move_agents(conn, auteur, agents=_read_agents(request, "agents"), vers_id=vers, le=le, maintenant=maintenant)
        else:
            unite, vers = identifiant(request, "unite", libelle="Équipe"), identifiant(request, "vers", libelle="Équipe qui reprend")
            partants = _read_agents(request, "partants")
            reorganise.merge_equipe(conn, auteur, unite_id=unite, vers_id=vers, le=le, partants=partants, maintenant=maintenant)
    flash(request, f"C'est enregistré, à partir du {le:%d/%m/%Y}. Voici l'organisation de ce jour-là.")
    return redirect(f"{ICI}?le={le}")


def _read_agents(request: Request, champ: str) -> list[UUID]:
    try:
        return [UUID(v) for v in values(request, champ) if v]
    except ValueError:
        raise DonneeInvalide("Choisissez des personnes de votre équipe.", code="bad_agents") from None


@routeur.post("/equipe/organisation/{acte_id}/annuler")
@acces("responsable")
def cancel(request: Request, acte_id: UUID) -> Response:
    """Take an act back before its day."""
    with ecrire(request) as conn:
        reorganise.cancel_acte(conn, session_of(request).auteur, acte_id, clock.now())
    flash(request, "Réorganisation annulée : tout reste comme avant.")
    return redirect(ICI)
