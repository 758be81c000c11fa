"""Automatic treatments for the manager: timetable of the day, runs and the people they touched, previews, decisions that wait."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.evenements import describe
from pdp.domain.horaire import TRAITEMENTS, Cadence, Traitement, cadence, is_jour_de_passage, next_depart
from pdp.domain.porte import ACCEPTER, REFUSER
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.referentiel import list_zones
from pdp.services import preview_passage, read_passages, watch_retards
from pdp.services.decide_porte import decide_porte, list_portes

routeur = Routeur()
MENU = {"responsable": [("/passages", "Passages")]}
PAGE = 50
TOUT = 2000
CHOIX = {ACCEPTER: ACCEPTER, REFUSER: REFUSER}


@routeur.get("/traitements")
@acces("responsable")
def show_traitements(request: Request) -> Response:
    """Timetable of the day: each treatment, when it starts, when it last passed, what is late."""
    maintenant = clock.now()
    with lire(request) as conn:
        derniers = watch_retards.list_derniers(conn)
        retards = watch_retards.list_retards(conn, maintenant)
    return page(
        request,
        "responsable/traitements.html",
        lignes=[(t, describe_horaire(t), _find_prochain(t, maintenant), derniers.get(t.dag)) for t in TRAITEMENTS.values()],
        jour=jour_local(maintenant),
        non_ouvre=[t.titre for t in TRAITEMENTS.values() if t.ouvres and not is_jour_de_passage(t, jour_local(maintenant), list_zones())],
        retards=retards,
        TITRES=read_passages.TRAITEMENTS,
    )


def describe_horaire(traitement: Traitement) -> str:
    """« toutes les 15 min, de 06 h 00 à 21 h 45, jours ouvrés »."""
    amont = [TRAITEMENTS[dag].titre for dag in traitement.apres]
    debut = "dès qu'un fichier est déposé, et " if traitement.depot else "".join(f"après « {titre} », et " for titre in amont)
    if traitement.cron is None:
        return debut.removesuffix(", et ")
    return debut + _tell_cadence(cadence(traitement.cron)) + (", les jours ouvrés" if traitement.ouvres else "")


def _tell_cadence(c: Cadence) -> str:
    if c.premiere == c.derniere:
        return f"à {c.premiere:%H h %M}"
    pas = "toutes les heures" if c.pas_minutes == 60 else f"toutes les {c.pas_minutes} min"
    return pas if c.derniere.hour - c.premiere.hour == 23 else f"{pas}, de {c.premiere:%H h %M} à {c.derniere:%H h %M}"


def _find_prochain(traitement: Traitement, maintenant: datetime) -> datetime | None:
    """Next start in the time that the pages show: that of the demonstration when it lives at another date."""
    return next_depart(traitement, maintenant, list_zones())


@routeur.get("/passages")
@acces("responsable")
def show_passages(request: Request, dag: str | None = None, run: str | None = None, tout: bool = False) -> Response:
    """DAG runs that concern the platform; Airflow links here with the ``dag`` and the ``run`` it shows."""
    with lire(request) as conn:
        passages = read_passages.list_passages(conn, PAGE, dag=dag, run=run, tout=tout)
        retards = [r for r in watch_retards.list_retards(conn, clock.now()) if r.fini_at is None]
    return page(request, "responsable/passages.html", passages=passages, choisi=bool(dag or run), tout=tout, retards=retards)


@routeur.get("/passages/{passage_id:path}")
@acces("responsable")
def show_passage(request: Request, passage_id: str) -> Response:
    """One DAG run: counts, the opaque ids of the parcours it touched, and what it would do if it ran again."""
    with lire(request) as conn:
        passage = read_passages.get_passage(conn, passage_id)
        evenements = read_passages.count_evenements_passage(conn, passage_id)
        parcours = read_passages.list_parcours_passage(conn, passage_id, TOUT)
        apercu = preview_passage.find_apercu(conn, passage_id)
    return page(
        request,
        "responsable/passage.html",
        passage=passage,
        evenements=[(e, *describe(e.evenement)) for e in evenements],
        parcours=[(p.parcours_id, [describe(code)[1] for code in p.evenements]) for p in parcours],
        limite=TOUT,
        apercu=apercu,
        a_toucher=[(ident, [_describe(code) for code in codes]) for ident, codes in apercu.parcours] if apercu else [],
        prevoyable=(passage.dag, passage.tache) in {*preview_passage.SERVICES, preview_passage.ENVOI},
    )


def _describe(code: str) -> str:
    return "Message prêt à partir" if code.startswith("message:") else describe(code)[1]


@routeur.post("/passages/{passage_id:path}")
@acces("responsable")
def ask_apercu(request: Request, passage_id: str) -> Response:
    """Ask what this run would do again; a sweep answers within minutes, and writes nothing else."""
    session = session_of(request)
    with ecrire(request) as conn:
        passage = read_passages.get_passage(conn, passage_id)
        nouvelle = preview_passage.ask_apercu(conn, session.auteur, session.plateforme_id, passage.id, clock.now())
    flash(
        request,
        "Aperçu demandé : il s'affichera ici dans cinq minutes au plus. Rien ne sera écrit, rien ne partira."
        if nouvelle
        else "Un aperçu est déjà demandé pour ce passage.",
        genre="succes" if nouvelle else "info",
    )
    return redirect(f"/passages/{quote(passage.id)}#apercu")


@routeur.get("/equipe/portes")
@acces("responsable")
def show_portes(request: Request) -> Response:
    """Rare mass acts that wait for a person, and the latest decisions."""
    with lire(request) as conn:
        portes = list_portes(conn)
    return page(
        request,
        "responsable/portes.html",
        attente=[p for p in portes if p.decision is None],
        decidees=[p for p in portes if p.decision is not None],
        moi=session_of(request).auteur.id,
        ACCEPTER=ACCEPTER,
        REFUSER=REFUSER,
    )


@routeur.post("/equipe/portes/{porte_id}")
@acces("responsable")
def decide(request: Request, porte_id: UUID) -> Response:
    """Accept or refuse; the act itself is done by its own treatment."""
    voulu = choix(request, "choix", CHOIX, libelle="Décision") or ""
    with ecrire(request) as conn:
        change = decide_porte(conn, session_of(request).auteur, porte_id, voulu, clock.now())
    if not change:
        flash(request, "C'était déjà décidé ainsi.", genre="info")
    elif voulu == ACCEPTER:
        flash(request, "Accepté : l'acte se fera au prochain passage de son traitement.")
    else:
        flash(request, "Refusé : l'acte n'aura pas lieu.")
    return redirect("/equipe/portes")
