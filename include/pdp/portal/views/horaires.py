"""Semaine type: the hours of work of a coordinator from a day on, by the coordinator or by the manager."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.agenda import Plage
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import JOURS, format_date, page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.portal.views.agenda import MIEN, adresse_agent, format_minutes, read_minutes, tell_conflits
from pdp.services.read_agenda import read_horaires, read_semaine
from pdp.services.set_horaires import set_semaine

routeur = Routeur()
DEMI_JOURNEES = (("matin", "matin"), ("apres_midi", "après-midi"))


@routeur.get("/agenda/horaires")
@acces("csam")
def show_horaires(request: Request) -> Response:
    return _show_horaires(request, agent_of(request), MIEN)


@routeur.get("/equipe/agendas/{agent_id}/horaires")
@acces("responsable")
def show_horaires_agent(request: Request, agent_id: UUID) -> Response:
    return _show_horaires(request, agent_id, adresse_agent(agent_id))


@routeur.post("/agenda/horaires")
@acces("csam")
def change_horaires(request: Request) -> Response:
    return _change_horaires(request, agent_of(request), MIEN)


@routeur.post("/equipe/agendas/{agent_id}/horaires")
@acces("responsable")
def change_horaires_agent(request: Request, agent_id: UUID) -> Response:
    return _change_horaires(request, agent_id, adresse_agent(agent_id))


def _show_horaires(request: Request, agent_id: UUID, racine: str) -> Response:
    maintenant = clock.now()
    with lire(request) as conn:
        horaires = read_horaires(conn, agent_id, maintenant)
    return page(
        request,
        "csam/horaires.html",
        racine=racine,
        nom=horaires.nom,
        mien=racine == MIEN,
        en_vigueur=horaires.en_vigueur,
        a_venir=horaires.a_venir,
        depart={jour: _demi_journees(horaires.depart.get(jour, ())) for jour in range(1, 7)},
        jours=dict(enumerate(JOURS[:6], start=1)),
        demi_journees=DEMI_JOURNEES,
        minutes=format_minutes,
        demain=horaires.lieu.jour(maintenant) + timedelta(days=1),
        describe=describe_semaine,
    )


def _change_horaires(request: Request, agent_id: UUID, racine: str) -> Response:
    du = formulaires.jour(request, "du", libelle="À partir du", obligatoire=True)
    comme = formulaires.choix(request, "modele", ("plateforme", "propre"), libelle="Horaires")
    jours: dict[int, tuple[Plage, ...]] | None = None
    if comme == "propre":
        jours = {jour: plages for jour in range(1, 7) if (plages := _read_plages(request, jour))}
    maintenant = clock.now()
    with ecrire(request) as conn:
        fait = set_semaine(conn, session_of(request).auteur, agent_id, du, jours, maintenant)
        conflits = read_semaine(conn, agent_id, du, maintenant, avec_noms=False).conflits
    flash(
        request,
        f"Semaine type enregistrée à partir du {format_date(du)}." if fait else "Cette semaine type était déjà enregistrée.",
        genre="succes" if fait else "info",
    )
    tell_conflits(request, conflits)
    return redirect(f"{racine}?semaine={du.isoformat()}")


def _read_plages(request: Request, jour: int) -> tuple[Plage, ...]:
    plages = []
    for code, libelle in DEMI_JOURNEES:
        nom = f"{JOURS[jour - 1].capitalize()} {libelle}"
        debut, fin = read_minutes(request, f"{code}_debut_{jour}", nom), read_minutes(request, f"{code}_fin_{jour}", nom)
        if (debut is None) != (fin is None) or (debut is not None and fin is not None and fin <= debut):
            raise DonneeInvalide(
                f"{nom} : indiquez une heure de début, puis une heure de fin plus tardive. Rien n'a été enregistré.", code="reversed_hours"
            )
        if debut is not None and fin is not None:
            plages.append((debut, fin))
    return tuple(sorted(plages))


def _demi_journees(plages: tuple[Plage, ...]) -> list[tuple[str, str]]:
    """Values of the two pairs of fields of a day; a range that goes over midday is one range, in the first pair."""
    champs = [tuple(f"{m // 60:02}:{m % 60:02}" if m < 1440 else "23:59" for m in plage) for plage in plages[:2]]
    if len(champs) == 1 and plages[0][0] >= 720:
        return [("", ""), (champs[0][0], champs[0][1])]
    return [(c[0], c[1]) for c in champs] + [("", "")] * (2 - len(champs))


def describe_semaine(jours: dict[int, tuple[Plage, ...]] | None) -> list[str]:
    """One line per worked day, or the hours of the platform."""
    if jours is None:
        return ["Heures de la plateforme, du lundi au vendredi"]
    return [
        f"{JOURS[jour - 1].capitalize()} : " + ", ".join(f"{format_minutes(d)} – {format_minutes(f)}" for d, f in plages)
        for jour, plages in sorted(jours.items())
        if plages
    ] or ["Aucun jour travaillé"]
