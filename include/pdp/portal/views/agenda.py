"""Mon agenda: the week of a coordinator, hours of work, ranges closed or opened, calendar feed; the manager has the same for the team."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.config import settings
from pdp.domain.agenda import describe_fuseau
from pdp.errors import DonneeInvalide, Introuvable
from pdp.portal import formulaires
from pdp.portal.affichage import format_date, page, pluriel
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import CANAUX_ENTRETIEN, STATUTS_ENTRETIEN
from pdp.portal.sessions import agent_of, ecrire, flash, lire, portail, redirect, session_of
from pdp.services.read_agenda import Conflit, list_attentes, read_equipe, read_semaine
from pdp.services.set_horaires import add_plage, remove_plage
from pdp.services.share_agenda import create_flux, find_flux, read_flux, revoke_flux

routeur = Routeur()
MENU = {"csam": [("/agenda", "Mon agenda")]}
MIEN = "/agenda"
JETON_MAX = 200
ANNEES = range(2000, 2100)  # an address typed by hand may name any day; weeks around the first and the last one do not exist
GENRES = {"fermee": "Fermer : aucun rendez-vous", "ouverte": "Ouvrir : des rendez-vous en plus"}


def adresse_agent(agent_id: UUID) -> str:
    """Where a manager sees the calendar of an agent."""
    return f"/equipe/agendas/{agent_id}"


@routeur.get("/agenda")
@acces("csam")
def show_agenda(request: Request, semaine: str = "") -> Response:
    return _show(request, agent_of(request), MIEN, semaine)


@routeur.get("/agenda/flux/{jeton}.ics")
@acces("public")
def show_flux(jeton: str) -> Response:
    """Calendar of an agent for the calendar software that holds its secret address: busy hours, neutral titles. Writes nothing."""
    contenu = None
    if len(jeton) <= JETON_MAX and jeton.isascii():
        with portail() as conn:
            contenu = read_flux(conn, jeton, clock.now())
    if contenu is None:
        raise Introuvable
    return Response(contenu, media_type="text/calendar; charset=utf-8", headers={"x-robots-tag": "noindex, nofollow"})


@routeur.get("/equipe/agendas")
@acces("responsable")
def show_equipe(request: Request) -> Response:
    """Room left in each calendar, and who waits for slots."""
    plateforme = session_of(request).plateforme_id
    with lire(request) as conn:
        equipe = read_equipe(conn, plateforme, clock.now())
        attentes = list_attentes(conn, plateforme)
    return page(
        request,
        "responsable/agendas.html",
        equipe=equipe,
        invites=[a for a in attentes if a.cause == "invite_sans_creneau"],
        a_inviter=[a for a in attentes if a.cause != "invite_sans_creneau"],
    )


@routeur.get("/equipe/agendas/{agent_id}")
@acces("responsable")
def show_agenda_agent(request: Request, agent_id: UUID, semaine: str = "") -> Response:
    return _show(request, agent_id, adresse_agent(agent_id), semaine)


@routeur.post("/agenda/plages")
@acces("csam")
def set_plage(request: Request) -> Response:
    return _set_plage(request, agent_of(request), MIEN)


@routeur.post("/equipe/agendas/{agent_id}/plages")
@acces("responsable")
def set_plage_agent(request: Request, agent_id: UUID) -> Response:
    return _set_plage(request, agent_id, adresse_agent(agent_id))


@routeur.post("/agenda/plages/{plage_id}/retirer")
@acces("csam")
def unset_plage(request: Request, plage_id: UUID) -> Response:
    return _unset_plage(request, agent_of(request), plage_id, MIEN)


@routeur.post("/equipe/agendas/{agent_id}/plages/{plage_id}/retirer")
@acces("responsable")
def unset_plage_agent(request: Request, agent_id: UUID, plage_id: UUID) -> Response:
    return _unset_plage(request, agent_id, plage_id, adresse_agent(agent_id))


@routeur.post("/agenda/partage")
@acces("csam")
def share(request: Request) -> Response:
    """A new secret address, shown once in the message of the next page: only its hash is kept."""
    with ecrire(request) as conn:
        jeton = create_flux(conn, session_of(request).auteur, clock.now())
    adresse = f"{settings().portail_url.rstrip('/')}/agenda/flux/{jeton}.ics"
    flash(request, f"Adresse secrète de votre agenda. Copiez-la maintenant, elle ne sera plus montrée : {adresse}", genre="info")
    return redirect(MIEN)


@routeur.post("/agenda/partage/revoquer")
@acces("csam")
def unshare(request: Request) -> Response:
    with ecrire(request) as conn:
        fait = revoke_flux(conn, session_of(request).auteur, clock.now())
    flash(
        request,
        "L'adresse secrète ne fonctionne plus." if fait else "Il n'y avait pas d'adresse secrète.",
        genre="succes" if fait else "info",
    )
    return redirect(MIEN)


def _show(request: Request, agent_id: UUID, racine: str, semaine: str) -> Response:
    maintenant = clock.now()
    mien = racine == MIEN
    with lire(request) as conn:
        agenda = read_semaine(conn, agent_id, _read_jour(semaine), maintenant, avec_noms=mien)
        partage_le = find_flux(conn, agent_id) if mien else None
    return page(
        request,
        "csam/agenda.html",
        agenda=agenda,
        racine=racine,
        mien=mien,
        partage_le=partage_le,
        avant=agenda.lundi - timedelta(days=7),
        apres=agenda.lundi + timedelta(days=7),
        ici=describe_fuseau(agenda.fuseau),
        heure=_heures(agenda.fuseau),
        minutes=format_minutes,
        GENRES=GENRES,
        CANAUX_ENTRETIEN=CANAUX_ENTRETIEN,
        STATUTS_ENTRETIEN=STATUTS_ENTRETIEN,
    )


def _set_plage(request: Request, agent_id: UUID, racine: str) -> Response:
    genre = formulaires.choix(request, "genre", GENRES, libelle="Fermer ou ouvrir")
    jour = formulaires.jour(request, "jour", libelle="Jour", obligatoire=True)
    debut, fin = read_minutes(request, "debut", "De"), read_minutes(request, "fin", "À")
    if debut is None or fin is None:
        raise DonneeInvalide("Indiquez l'heure de début et l'heure de fin. Rien n'a été enregistré.", code="missing_hours")
    maintenant = clock.now()
    with ecrire(request) as conn:
        fait = add_plage(conn, session_of(request).auteur, agent_id, genre, jour, debut, fin, maintenant)
        conflits = read_semaine(conn, agent_id, jour, maintenant, avec_noms=False).conflits
    ouverte = "fermée" if genre == "fermee" else "ouverte"
    texte = f"Plage {ouverte} le {format_date(jour)}, de {format_minutes(debut)} à {format_minutes(fin)}."
    flash(request, texte if fait else "Cette plage était déjà enregistrée.", genre="succes" if fait else "info")
    tell_conflits(request, conflits)
    return redirect(f"{racine}?semaine={jour.isoformat()}")


def _unset_plage(request: Request, agent_id: UUID, plage_id: UUID, racine: str) -> Response:
    semaine = formulaires.texte(request, "semaine", libelle="Semaine", maximum=10)
    with ecrire(request) as conn:
        fait = remove_plage(conn, session_of(request).auteur, agent_id, plage_id, clock.now())
    flash(request, "La plage est retirée." if fait else "Cette plage était déjà retirée.", genre="succes" if fait else "info")
    return redirect(f"{racine}?semaine={semaine}" if semaine and _read_jour(semaine) else racine)


def tell_conflits(request: Request, conflits: list[Conflit]) -> None:
    """Appointments are never moved by a change of hours: people are told, and move them."""
    if conflits:
        reste = pluriel(len(conflits), "rendez-vous tombe hors des heures ouvertes", "rendez-vous tombent hors des heures ouvertes")
        flash(request, f"{reste} : rien n'a été déplacé, voyez la liste.", genre="attention")


def read_minutes(request: Request, champ: str, libelle: str) -> int | None:
    """Minutes since midnight of an ``<input type="time">``; None when empty."""
    brut = formulaires.texte(request, champ, libelle=libelle, maximum=8)
    if brut is None:
        return None
    try:
        heure = time.fromisoformat(brut[:5])
    except ValueError:
        raise DonneeInvalide(
            f"« {libelle} » n'est pas une heure. Écrivez par exemple 09:30. Rien n'a été enregistré.", code=f"bad_time:{champ}"
        ) from None
    return heure.hour * 60 + heure.minute


def _read_jour(brut: str) -> date | None:
    try:
        jour = date.fromisoformat(brut) if brut else None
    except ValueError:
        return None
    return jour if jour is not None and jour.year in ANNEES else None


def format_minutes(minutes: int) -> str:
    """9 h, 13 h 30."""
    return f"{minutes // 60} h" + (f" {minutes % 60:02}" if minutes % 60 else "")


def _heures(fuseau: ZoneInfo) -> Any:
    def heure(instant: datetime) -> str:
        local = instant.astimezone(fuseau)
        return f"{local.hour} h {local.minute:02}"

    return heure
