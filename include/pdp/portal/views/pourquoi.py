"""« Pourquoi ? »: why this person, on what facts, under which law, as known on any day; and what the reader thinks of the detection."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import Request
from sqlalchemy import Connection
from starlette.responses import Response

from pdp import clock
from pdp.domain.verdict import MOTIFS, NON_PERTINENTE, VERDICTS
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix, identifiant, texte
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services import read_medecin
from pdp.services.annulation import Acte, acte, offer
from pdp.services.explain_cas import ExplicationCas, Lecteur, explain_cas, find_instant
from pdp.services.read_fiche import check_suivi, get_tete
from pdp.services.record_verdict import NOTE_MAX, Verdict, cancel_verdict, list_verdicts, record_verdict

routeur = Routeur()
RETOURS = ("fiche", "pourquoi")


@routeur.get("/parcours/{parcours_id}/pourquoi")
@acces("csam")
def show_pourquoi(request: Request, parcours_id: UUID, connu_le: str = "") -> Response:
    """For the coordinator who follows the person: nothing of the medical class, nothing of long-term affections."""
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        e, erreur = _explain(conn, parcours_id, connu_le, "csam")
        verdicts = _list_verdicts(conn, e)
    return page(request, "csam/pourquoi.html", statut=422 if erreur else 200, tete=tete, **_contexte(request, e, erreur, verdicts))


@routeur.get("/medecin/dossiers/{signalement_id}/pourquoi")
@acces("medecin_conseil")
def show_pourquoi_medecin(request: Request, signalement_id: UUID, connu_le: str = "") -> Response:
    """For the médecin-conseil: dates of affections too; their names stay behind the journalled reading."""
    with lire(request) as conn:
        dossier = read_medecin.get_dossier(conn, signalement_id)
        e, erreur = _explain(conn, signalement_id, connu_le, "medecin")
        verdicts = _list_verdicts(conn, e)
    return page(request, "medecin/pourquoi.html", statut=422 if erreur else 200, dossier=dossier, **_contexte(request, e, erreur, verdicts))


@routeur.post("/parcours/{parcours_id}/verdict")
@acces("csam")
def judge(request: Request, parcours_id: UUID) -> Response:
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, session_of(request).auteur, parcours_id, "verdict", clock.now()) as fait:
            message = _judge(request, conn, identifiant(request, "signalement_id", libelle="Signalement"))
    return _done(request, message, f"/parcours/{parcours_id}", fait)


@routeur.post("/parcours/{parcours_id}/verdict/annuler")
@acces("csam")
def take_back(request: Request, parcours_id: UUID) -> Response:
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, session_of(request).auteur, parcours_id, "verdict_retire", clock.now()) as fait:
            cancel_verdict(conn, session_of(request).auteur, identifiant(request, "signalement_id", libelle="Signalement"), clock.now())
    return _done(request, "Votre avis sur cette détection est retiré.", f"/parcours/{parcours_id}", fait)


@routeur.post("/medecin/dossiers/{signalement_id}/verdict")
@acces("medecin_conseil")
def judge_medecin(request: Request, signalement_id: UUID) -> Response:
    with ecrire(request) as conn, acte(conn, session_of(request).auteur, None, "verdict", clock.now(), piece_id=signalement_id) as fait:
        message = _judge(request, conn, signalement_id)
    return _done(request, message, f"/medecin/dossiers/{signalement_id}", fait)


@routeur.post("/medecin/dossiers/{signalement_id}/verdict/annuler")
@acces("medecin_conseil")
def take_back_medecin(request: Request, signalement_id: UUID) -> Response:
    with (
        ecrire(request) as conn,
        acte(conn, session_of(request).auteur, None, "verdict_retire", clock.now(), piece_id=signalement_id) as fait,
    ):
        cancel_verdict(conn, session_of(request).auteur, signalement_id, clock.now())
    return _done(request, "Votre avis sur cette détection est retiré.", f"/medecin/dossiers/{signalement_id}", fait)


def _explain(conn: Connection, cas_id: UUID, connu_le: str, lecteur: Lecteur) -> tuple[ExplicationCas, str | None]:
    """The explanation asked for; with a French sentence, and the one of now, when the day cannot be read."""
    maintenant = clock.now()
    try:
        instant = find_instant(date.fromisoformat(connu_le), maintenant) if connu_le else None
        return explain_cas(conn, cas_id, maintenant, connu_at=instant, lecteur=lecteur), None
    except ValueError:
        erreur = "Ce jour n'est pas une date : voici ce qui est connu aujourd'hui."
    except DonneeInvalide as refus:
        erreur = refus.message
    return explain_cas(conn, cas_id, maintenant, lecteur=lecteur), erreur


def _list_verdicts(conn: Connection, e: ExplicationCas) -> list[Verdict]:
    return [] if e.signalement is None else list_verdicts(conn, e.signalement.signalement_id)


def _contexte(request: Request, e: ExplicationCas, erreur: str | None, verdicts: list[Verdict]) -> dict[str, object]:
    return {"e": e, "erreur": erreur, "verdicts": verdicts, "agent_id": agent_of(request), "MOTIFS_VERDICT": MOTIFS}


def _judge(request: Request, conn: Connection, signalement_id: UUID) -> str:
    verdict = choix(request, "verdict", VERDICTS, libelle="Votre avis")
    motif = choix(request, "motif", MOTIFS, libelle="Raison", obligatoire=verdict == NON_PERTINENTE)
    note = texte(request, "note", libelle="Précision", maximum=NOTE_MAX)
    record_verdict(conn, session_of(request).auteur, signalement_id, verdict, motif, clock.now(), note)
    suite = f" : {MOTIFS[motif].lower()}" if motif and verdict == NON_PERTINENTE else ""
    return f"{VERDICTS[verdict]}{suite}. Votre avis est enregistré."


def _done(request: Request, message: str, adresse: str, fait: Acte) -> Response:
    """Back to the page of the button; the message is shown there, with its undo."""
    flash(request, message, annulation=offer(fait, "Annuler cet avis" if fait.genre == "verdict" else "Annuler ce retrait"))
    retour = choix(request, "retour", RETOURS, libelle="Page", obligatoire=False)
    return redirect(f"{adresse}/pourquoi" if retour == "pourquoi" else adresse)
