"""Screens of the médecin-conseil on the document d'orientation local: in force, its versions, what it oriented and may be changed."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.dol import CIBLES
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix, texte
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import read_dol
from pdp.services.annulation import acte, offer
from pdp.services.edit_dol import find_brouillon
from pdp.services.libelles_dol import tell_conditions
from pdp.services.override_delegation import MOTIF_MAX, Derogation, override_delegation

routeur = Routeur()
MENU = {"medecin_conseil": [("/medecin/document-orientation", "Document d'orientation")]}
LIMITE = 100
CIBLES_MEDECIN = {cible: libelle for cible, libelle in CIBLES.items() if cible != "medecin_conseil"}


@routeur.get("/medecin/document-orientation")
@acces("medecin_conseil")
def show_dol(request: Request) -> Response:
    """Version in force, what each rule decided and how often a doctor changed it, the draft, and every version."""
    with lire(request) as conn:
        version = read_dol.find_dol(conn, jour_local(clock.now()))
        regles = read_dol.list_regles_dol(conn, version.id) if version else []
        contexte = {
            "regles": regles,
            "versions": read_dol.list_versions_dol(conn),
            "decisions": read_dol.count_decisions(conn),
            "derogations": read_dol.list_derogations(conn, LIMITE),
            "brouillon": find_brouillon(conn, session_of(request).plateforme_id or ""),
        }
    intacte = version is not None and read_dol.is_intacte(version, regles)
    return page(request, "medecin/dol.html", version=version, intacte=intacte, cibles=CIBLES, limite=LIMITE, **contexte)


@routeur.get("/medecin/document-orientation/versions/{numero}")
@acces("medecin_conseil")
def show_version(request: Request, numero: int) -> Response:
    """One version, and what changed from the signed one before it."""
    with lire(request) as conn:
        version, precedente = read_dol.get_version_dol(conn, numero)
        regles = read_dol.list_regles_dol(conn, version.id)
        anciennes = read_dol.list_regles_dol(conn, precedente.id) if precedente else []
    changements = read_dol.compare_versions(anciennes, regles) if precedente else []
    return page(
        request,
        "medecin/dol_version.html",
        version=version,
        precedente=precedente,
        regles=regles,
        changements=changements,
        cibles=CIBLES,
        tell_conditions=tell_conditions,
    )


@routeur.get("/medecin/document-orientation/dossiers")
@acces("medecin_conseil")
def show_delegues(request: Request, regle: UUID | None = None) -> Response:
    """Files oriented by delegation, latest first; all of them, or those of one rule."""
    with lire(request) as conn:
        dossiers = read_dol.list_delegues(conn, regle, LIMITE)
    return page(
        request, "medecin/dol_dossiers.html", dossiers=dossiers, regle=regle, limite=LIMITE, cibles=CIBLES_MEDECIN, motif_max=MOTIF_MAX
    )


@routeur.post("/medecin/dossiers/{signalement_id}/derogation")
@acces("medecin_conseil")
def change_orientation(request: Request, signalement_id: UUID) -> Response:
    """Another orientation than the one the delegation gave, with its reason; it can be taken back."""
    cible = choix(request, "cible", CIBLES_MEDECIN, libelle="Nouvelle orientation")
    motif = texte(request, "motif", libelle="Raison", maximum=MOTIF_MAX, obligatoire=True)
    auteur, maintenant = session_of(request).auteur, clock.now()
    with ecrire(request) as conn, acte(conn, auteur, None, "derogation", maintenant, piece_id=signalement_id) as fait:
        derogation = override_delegation(conn, auteur, signalement_id, cible, motif, maintenant)
    flash(
        request,
        f"Orientation changée : {CIBLES[cible]}.{_tell(derogation)} La règle en garde la trace.",
        annulation=offer(fait, "Annuler ce changement"),
    )
    return redirect(f"/medecin/dossiers/{signalement_id}")


def _tell(derogation: Derogation) -> str:
    if derogation.parcours_clos:
        return " Le parcours que la règle avait ouvert est clos, par décision du médecin-conseil."
    if derogation.parcours_garde:
        return " Le conseiller avait commencé avec la personne : son parcours continue."
    return " Un parcours est ouvert ; il sera affecté à un conseiller." if derogation.parcours_ouvert else ""
