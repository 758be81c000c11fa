"""Alerts of the médecin-conseil: the digest of the day, the cards with what each decision does, what became of them."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.alerte import DECISIONS, TYPES
from pdp.domain.issue import PROVENANCES, SITUATIONS_PAR_MOTIF
from pdp.domain.parcours import SITUATIONS
from pdp.domain.releve import is_echeance_proche
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import NOTE_MAX, choix, jour, texte
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import read_alertes
from pdp.services.annulation import acte, offer
from pdp.services.decide_alerte import decide_alerte
from pdp.services.send_digest import mark_lus

routeur = Routeur()
MENU = {"medecin_conseil": [("/medecin/alertes", "Alertes")]}
VUES = [str(n) for n in range(1, len(TYPES) + 1)]  # one open alert per kind
TOUT = 2000
SITUATIONS_CLOTURE = {code: libelle for code, libelle in SITUATIONS.items() if code in SITUATIONS_PAR_MOTIF["decision_mc"]}


@routeur.get("/medecin/alertes")
@acces("medecin_conseil")
def show_alertes(request: Request, tout: bool = False) -> Response:
    """The cards of the digest of the day while some are open (all of them with ``tout``), then what was decided today.

    Before the first digest of a day, and on days off, the most pressing ones, as many as a digest holds: never a list nobody can finish.
    """
    maintenant, session = clock.now(), session_of(request)
    with lire(request) as conn:
        compte = read_alertes.count_alertes(conn, session.agent_id, maintenant)
        releve = read_alertes.find_releve(conn, session.agent_id, maintenant)
        non_lus = read_alertes.count_non_lus(conn, session.agent_id)
        du_jour = compte.du_jour > 0 and not tout
        limite = TOUT if tout or du_jour else read_alertes.get_budget(jour_local(maintenant), session.plateforme_id)
        cartes = read_alertes.list_cartes(conn, session.plateforme_id, session.agent_id, maintenant, du_jour=du_jour, limite=limite)
        decidees = read_alertes.list_alertes_decidees(conn, maintenant)
        proche = read_alertes.get_echeance_jours(jour_local(maintenant), session.plateforme_id)
    return page(
        request,
        "medecin/alertes.html",
        compte=compte,
        releve=releve,
        non_lus=non_lus,
        du_jour=du_jour,
        cartes=cartes,
        decidees=decidees,
        types=TYPES,
        proche=proche,
        is_echeance_proche=is_echeance_proche,
        noms_decisions={cle: decision.libelle for cle, decision in DECISIONS.items()},
        situations=SITUATIONS_CLOTURE,
        provenances=PROVENANCES,
    )


@routeur.get("/medecin/alertes/suites")
@acces("medecin_conseil")
def show_suites(request: Request) -> Response:
    """What became of the alerts: per quarter and kind, how many led to something."""
    with lire(request) as conn:
        trimestres = read_alertes.list_trimestres(conn, session_of(request).plateforme_id, clock.now())
    return page(request, "medecin/alertes_suites.html", trimestres=trimestres)


@routeur.post("/medecin/alertes/lu")
@acces("medecin_conseil")
def mark_read(request: Request) -> Response:
    """« J'ai lu mon relevé »: what it tells is not taken to a colleague any more; each alert still waits for a decision."""
    with ecrire(request) as conn:
        mark_lus(conn, session_of(request).auteur, clock.now(), vus=_read_non_lus(request))
    flash(request, "C'est noté : votre relevé est lu. Chaque situation attend encore une décision, de vous ou d'un collègue.")
    return redirect("/medecin/alertes")


def _read_non_lus(request: Request) -> int | None:
    brut = texte(request, "non_lus", libelle="Relevés affichés", maximum=4) or ""
    return int(brut) if brut.isascii() and brut.isdigit() else None


@routeur.post("/medecin/alertes/{alerte_id}/decision")
@acces("medecin_conseil")
def decide(request: Request, alerte_id: UUID) -> Response:
    """Decision on one card; which ones it allows is checked by the service."""
    decision = choix(request, "decision", DECISIONS, libelle="Décision", obligatoire=True)
    with ecrire(request) as conn, acte(conn, session_of(request).auteur, None, "alerte_decidee", clock.now(), piece_id=alerte_id) as fait:
        fermees = decide_alerte(
            conn,
            session_of(request).auteur,
            alerte_id,
            decision or "",
            texte(request, "note", libelle="Note", maximum=NOTE_MAX),
            clock.now(),
            echeance_le=jour(request, "echeance_le", libelle="Jour du rappel"),
            situation=choix(request, "situation", SITUATIONS_CLOTURE, libelle="Situation de la personne", obligatoire=False),
            survenu_le=jour(request, "survenu_le", libelle="Depuis le"),
            provenance=choix(request, "provenance", PROVENANCES, libelle="Information donnée par", obligatoire=False)
            or "donnee_administrative",
            vues=int(choix(request, "vues", VUES, libelle="Alertes affichées", obligatoire=False) or 0) or None,
        )
    suite = "l'alerte est fermée" if fermees == 1 else f"les {fermees} alertes sont fermées"
    flash(request, f"Décision enregistrée : {suite}.", annulation=offer(fait, "Annuler cette décision"))
    return redirect("/medecin/alertes")
