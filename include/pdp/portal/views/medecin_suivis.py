"""Screens of the médecin-conseil that lose nobody: files given to the infirmier or convoked, and the tri of a stock by groups."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.dol import CIBLES
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import NOTE_MAX, choix, jour, texte
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import decide_lot
from pdp.services import follow_suivi_medical as suivis
from pdp.services.annulation import acte, offer

routeur = Routeur()
MENU = {"medecin_conseil": [("/medecin/suivis", "Suivis médicaux"), ("/medecin/groupes", "Orienter par groupe")]}
LIMITE = 500
CIBLES_GROUPE = {cible: libelle for cible, libelle in CIBLES.items() if cible != "medecin_conseil"}


@routeur.get("/medecin/suivis")
@acces("medecin_conseil")
def show_suivis(request: Request, cible: str | None = None) -> Response:
    """Open follow-ups, the most overdue first."""
    filtre = cible if cible in suivis.CIBLES else None
    with lire(request) as conn:
        compte = suivis.count_suivis(conn, clock.now())
        ouverts = suivis.list_suivis(conn, filtre, LIMITE)
    return page(
        request,
        "medecin/suivis.html",
        compte=compte,
        suivis=ouverts,
        filtre=filtre,
        cibles=suivis.CIBLES,
        issues=suivis.ISSUES,
        limite=LIMITE,
    )


@routeur.post("/medecin/suivis/{suivi_id}")
@acces("medecin_conseil")
def act_on_suivi(request: Request, suivi_id: UUID) -> Response:
    """End a follow-up, or put its deadline off: the button pressed says which."""
    geste = choix(request, "geste", {*suivis.ISSUES, "reporter"}, libelle="Suite")
    note = texte(request, "note", libelle="Raison", maximum=NOTE_MAX) or ""
    auteur, maintenant = session_of(request).auteur, clock.now()
    if geste == "reporter":
        jusqu_a = jour(request, "jusqu_a", libelle="Nouvelle échéance")
        if jusqu_a is None:
            raise DonneeInvalide("Indiquez la nouvelle échéance. Rien n'a été enregistré.", code="missing:jusqu_a")
        with ecrire(request) as conn, acte(conn, auteur, None, "suivi_reporte", maintenant, piece_id=suivi_id) as fait:
            suivis.postpone_suivi(conn, auteur, suivi_id, jusqu_a, note, maintenant)
        flash(request, f"Suivi reporté au {jusqu_a:%d/%m/%Y}.", annulation=offer(fait, "Annuler ce report"))
    else:
        with ecrire(request) as conn, acte(conn, auteur, None, "suivi_clos", maintenant, piece_id=suivi_id) as fait:
            parcours = suivis.close_suivi(conn, auteur, suivi_id, geste, note, maintenant)
        suite = " Le parcours sera affecté à un conseiller." if parcours else ""
        flash(request, f"Suivi clos.{suite}", annulation=offer(fait, "Annuler cette décision"))
    return redirect("/medecin/suivis")


@routeur.get("/medecin/groupes")
@acces("medecin_conseil")
def show_groupes(request: Request) -> Response:
    """Files to orient by groups that look alike, the largest first."""
    with lire(request) as conn:
        groupes = decide_lot.list_groupes(conn, jour_local(clock.now()))
    return page(request, "medecin/groupes.html", groupes=groupes, total=sum(g.nombre for g in groupes))


@routeur.get("/medecin/groupes/{palier}/{categorie}/{risque}")
@acces("medecin_conseil")
def show_groupe(request: Request, palier: int, categorie: str, risque: str, priorite_min: int = 0, priorite_max: int = 1000) -> Response:
    """Rehearsal: which files the next confirmation decides. Nothing is written."""
    groupe = decide_lot.Groupe(palier, categorie, risque, priorite_min, priorite_max)
    maintenant = clock.now()
    with lire(request) as conn:
        dossiers = decide_lot.preview_groupe(conn, groupe)
    return page(
        request,
        "medecin/groupe.html",
        groupe=groupe,
        dossiers=dossiers,
        total=dossiers[0].total if dossiers else 0,
        maximum=decide_lot.MAXIMUM,
        cibles=CIBLES_GROUPE,
        vu_at=maintenant.isoformat(),
    )


@routeur.post("/medecin/groupes/{palier}/{categorie}/{risque}")
@acces("medecin_conseil")
def decide_groupe(request: Request, palier: int, categorie: str, risque: str, priorite_min: int = 0, priorite_max: int = 1000) -> Response:
    """One decision for the files that were shown."""
    groupe = decide_lot.Groupe(palier, categorie, risque, priorite_min, priorite_max)
    cible = choix(request, "cible", CIBLES_GROUPE, libelle="Orientation")
    motif = texte(request, "motif", libelle="Raison", maximum=NOTE_MAX, obligatoire=True)
    with ecrire(request) as conn:
        bilan = decide_lot.decide_groupe(conn, session_of(request).auteur, groupe, cible, motif, _vu_at(request), clock.now())
    parcours = bilan.detail.get("parcours", 0)
    suite = f" Parcours ouverts : {parcours}." if parcours else ""
    if cible == "oriente_csam" and bilan.traites > parcours:
        suite += f" Déjà suivis, leur conseiller choisit de rouvrir : {bilan.traites - parcours}."
    texte_fait = (
        f"{bilan.traites} dossier{'s' if bilan.traites > 1 else ''} : {CIBLES[cible]}.{suite} Chacun s'annule depuis « Mes saisies »."
    )
    flash(request, texte_fait)
    return redirect("/medecin/groupes")


def _vu_at(request: Request) -> datetime:
    brut = texte(request, "vu_at", libelle="Page", obligatoire=True)
    try:
        instant = datetime.fromisoformat(brut)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise DonneeInvalide("Cette page est périmée : rechargez-la. Rien n'a été enregistré.", code="unreadable:vu_at")
    return instant
