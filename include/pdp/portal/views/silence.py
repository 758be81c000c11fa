"""Quiet mode of a person, from her fiche: one form to ask for it, one button to lift it."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.silence import MOTIFS
from pdp.errors import Introuvable
from pdp.portal import formulaires
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.read_fiche import get_tete
from pdp.services.record_silence import lift_silence, list_silences, set_silence

routeur = Routeur()


@routeur.post("/parcours/{parcours_id}/silence")
@acces("csam")
def ask_silence(request: Request, parcours_id: UUID) -> Response:
    """No call, no message, no new signalement until the day said."""
    raison = formulaires.choix(request, "silence_motif", MOTIFS, libelle="Raison du silence")
    du = formulaires.jour(request, "silence_du", libelle="À partir du")
    au = formulaires.jour(request, "silence_au", libelle="Jusqu'au")
    note = formulaires.texte(request, "silence_note", libelle="Note")
    with ecrire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        with acte(conn, session_of(request).auteur, parcours_id, "silence", clock.now()) as fait:
            silence = set_silence(
                conn, session_of(request).auteur, tete.assure_id, motif=raison, du=du, au=au, note=note, maintenant=clock.now()
            )
    suite = (
        f"Ce qui s'adresse à la personne revient dans votre liste le {silence.reprise_le:%d/%m/%Y}."
        if silence.reprise_le
        else "Rien ne lui sera plus adressé ; une clôture vous est proposée, c'est vous qui décidez."
    )
    flash(request, f"{silence.phrase}. {suite}", annulation=offer(fait, "Annuler cette mise en silence"))
    return redirect(f"/parcours/{parcours_id}")


@routeur.post("/parcours/{parcours_id}/silence/{silence_id}/lever")
@acces("csam")
def lift(request: Request, parcours_id: UUID, silence_id: UUID) -> Response:
    """What waited comes back; twice is once."""
    with ecrire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
        if silence_id not in {s.id for s in list_silences(conn, tete.assure_id)}:
            raise Introuvable
        with acte(conn, session_of(request).auteur, parcours_id, "silence_leve", clock.now()) as fait:
            lift_silence(conn, session_of(request).auteur, silence_id, clock.now())
    texte = "Le silence est levé : ce qui attendait est revenu dans votre liste."
    flash(request, texte, genre="info", annulation=offer(fait, "Annuler cette levée"))
    return redirect(f"/parcours/{parcours_id}")
