"""A message to a partner that did not surely arrive: the coordinator telephones, and says what came of it."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import agent_of, ecrire, flash, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.read_fiche import check_suivi
from pdp.services.settle_envoi import settle_envoi

routeur = Routeur()


@routeur.post("/parcours/{parcours_id}/envois/{message_id}/recu")
@acces("csam")
def confirm(request: Request, parcours_id: UUID, message_id: UUID) -> Response:
    """The partner has it: nothing is sent again."""
    return _settle(request, parcours_id, message_id, recu=True)


@routeur.post("/parcours/{parcours_id}/envois/{message_id}/renvoyer")
@acces("csam")
def resend(request: Request, parcours_id: UUID, message_id: UUID) -> Response:
    """The partner has nothing: the same message leaves again, under the same key."""
    return _settle(request, parcours_id, message_id, recu=False)


def _settle(request: Request, parcours_id: UUID, message_id: UUID, *, recu: bool) -> Response:
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        with acte(conn, auteur, parcours_id, "envoi_verifie", maintenant) as fait:
            phrase = settle_envoi(conn, auteur, parcours_id, message_id, recu=recu, maintenant=maintenant)
    flash(request, phrase, annulation=offer(fait))
    return redirect(f"/parcours/{parcours_id}#orientations")
