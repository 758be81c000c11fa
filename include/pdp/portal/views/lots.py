"""Acts on several people of a coordinator's list: parameters, rehearsal, confirmation, result for each, undo."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.lot import DU_CSAM, GESTES
from pdp.domain.tache import MOTIFS_ATTENTE
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import page, pluriel
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services.read_lot import PageLot, read_lot
from pdp.services.run_lot import confirm_lot, create_lot, rehearse_lot, undo_lot

routeur = Routeur()


def choose_ids(request: Request, champ: str) -> list[UUID]:
    """Ids of the boxes ticked; nothing that a person types."""
    try:
        return [UUID(valeur) for valeur in formulaires.values(request, champ) if valeur]
    except ValueError:
        raise DonneeInvalide("Cochez dans la liste. Rien n'a été fait.", code=f"bad_id:{champ}") from None


@routeur.post("/lots")
@acces("csam")
def choose(request: Request) -> Response:
    """Who was ticked, and which act; one that asks for nothing more is rehearsed at once."""
    geste = formulaires.choix(request, "geste", DU_CSAM, libelle="Acte")
    personnes = choose_ids(request, "parcours")
    maintenant = clock.now()
    auteur = session_of(request).auteur
    if not personnes:
        flash(request, "Aucune personne n'est cochée : cochez-en au moins une dans la liste. Rien n'a été fait.", genre="attention")
        return redirect("/ma-liste")
    with ecrire(request) as conn:
        lot = create_lot(conn, auteur, geste, personnes, maintenant)
        if not GESTES[geste].precise:
            rehearse_lot(conn, auteur, lot, maintenant)
    return redirect(f"/lots/{lot}")


@routeur.get("/lots/{lot_id}")
@acces("csam")
def show_lot(request: Request, lot_id: UUID) -> Response:
    """The parameters to choose, then the rehearsal, then the result."""
    with lire(request) as conn:
        p = read_lot(conn, lot_id, "csam", clock.now())
    return page(request, "csam/lot.html", p=p, lot=p.lot, raisons=MOTIFS_ATTENTE, gestes={c: GESTES[c] for c in DU_CSAM})


@routeur.post("/lots/{lot_id}/repetition")
@acces("csam")
def rehearse(request: Request, lot_id: UUID) -> Response:
    """Say who it will be done for, and who not and why. Nothing changes."""
    with lire(request) as conn:
        geste = read_lot(conn, lot_id, "csam", clock.now()).lot.geste
    raison = formulaires.choix(request, "raison", MOTIFS_ATTENTE, libelle="Raison de l'attente") if geste == "attente" else None
    le = formulaires.jour(request, "jour", libelle="Date", obligatoire=True) if geste in ("attente", "echeance") else None
    vers = formulaires.identifiant(request, "vers", libelle="Collègue") if geste == "passation" else None
    note = formulaires.texte(request, "note", libelle="Mot pour votre collègue") if geste == "passation" else None
    with ecrire(request) as conn:
        rehearse_lot(conn, session_of(request).auteur, lot_id, clock.now(), raison=raison, jour=le, vers=vers, note=note)
    return redirect(f"/lots/{lot_id}")


@routeur.post("/lots/{lot_id}/confirmer")
@acces("csam")
def confirm(request: Request, lot_id: UUID) -> Response:
    """Do it, once; each person checked again."""
    with ecrire(request) as conn:
        fait = confirm_lot(conn, session_of(request).auteur, lot_id, clock.now())
        p = read_lot(conn, lot_id, "csam", clock.now())
    tell_resultat(request, p, fait)
    return redirect(f"/lots/{lot_id}")


@routeur.post("/lots/{lot_id}/annuler")
@acces("csam")
def undo(request: Request, lot_id: UUID) -> Response:
    """Take it back, person by person."""
    with ecrire(request) as conn:
        undo_lot(conn, session_of(request).auteur, lot_id, clock.now())
        p = read_lot(conn, lot_id, "csam", clock.now())
    tell_annulation(request, p)
    return redirect(f"/lots/{lot_id}")


def tell_resultat(request: Request, p: PageLot, fait: bool) -> None:
    """How many were done, how many not; that it was done already when the form came twice."""
    if not fait:
        flash(request, "Cet acte était déjà confirmé : rien n'a été fait une seconde fois.", genre="info")
        return
    refuses = len(p.those("refusee", "echouee"))
    phrase = f"{p.geste.titre} : {pluriel(len(p.those('faite')), 'fait', 'faits')}"
    flash(
        request,
        f"{phrase}, {pluriel(refuses, 'refusé', 'refusés')}." if refuses else f"{phrase}.",
        genre="attention" if refuses else "succes",
    )


def tell_annulation(request: Request, p: PageLot) -> None:
    """How many came back, and how many could not."""
    restes = len(p.those("faite"))
    phrase = f"{pluriel(len(p.those('annulee')), 'acte annulé', 'actes annulés')}"
    suite = f" {pluriel(restes, 'ne peut plus l’être', 'ne peuvent plus l’être')} : la raison est dite ci-dessous." if restes else ""
    flash(request, f"{phrase}.{suite}", genre="attention" if restes else "succes")
