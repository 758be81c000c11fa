"""What stands still: the catalogue for the manager, by opaque parcours; her own people for a coordinator; one click to repair."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.enlisement import ENLISEMENTS, POINT_DU_RESPONSABLE
from pdp.domain.tache import MOTIFS
from pdp.errors import Introuvable
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services import read_blocages
from pdp.services.read_fiche import check_suivi
from pdp.services.repair_blocage import ask_point, repair_blocage

routeur = Routeur()
ECRANS_RESPONSABLE = {
    "redistribution": ("/equipe/absences", "Confier à un collègue"),
    "affectation": ("/equipe/affectation", "Affecter"),
    "agendas": ("/equipe/agendas", "Ouvrir des créneaux"),
    "relais": ("/equipe/partenaires", "Voir les partenaires"),
    "doublons": ("/equipe/doublons", "Suivre les doublons"),
}
"""Where a manager acts on a stall that has a screen of its own."""
ECRANS_CSAM = {"relais": "#orientations", "fiche": "#h-taches", "rechute": "#rechute", "issue": "/issue", "doublons": "/doublons"}
"""Where a coordinator acts, after the address of the case: the button is on the case too, and leads to a place of it."""


@routeur.get("/equipe/blocages")
@acces("responsable")
def show_blocages(request: Request) -> Response:
    """The catalogue with its last looks, then what stands still by who must act."""
    maintenant = clock.now()
    with lire(request) as conn:
        catalogue = sorted(read_blocages.list_regards(conn, maintenant), key=lambda ligne: ligne.ouverts == 0)
        blocages = read_blocages.read_blocages(conn, session_of(request).plateforme_id, maintenant)
    return page(request, "responsable/blocages.html", catalogue=catalogue, blocages=blocages)


@routeur.get("/equipe/blocages/{motif}")
@acces("responsable")
def show_retards(request: Request, motif: str) -> Response:
    """Parcours stuck in one way (code of the catalogue), or late for one reason, by their opaque ids."""
    maintenant = clock.now()
    if motif in ENLISEMENTS:
        with lire(request) as conn:
            bloques = read_blocages.list_bloques(conn, motif, maintenant)
            regard = next(ligne for ligne in read_blocages.list_regards(conn, maintenant) if ligne.code == motif)
        ecran = ECRANS_RESPONSABLE.get(ENLISEMENTS[motif].ecran or "")
        point = motif in POINT_DU_RESPONSABLE
        return page(request, "responsable/bloques.html", ligne=regard, bloques=bloques, ecran=ecran, point=point)
    if motif not in MOTIFS:
        raise Introuvable
    with lire(request) as conn:
        retards = read_blocages.list_retards_detail(conn, motif, maintenant)
    return page(request, "responsable/retards.html", libelle=MOTIFS[motif].libelle, retards=retards)


@routeur.post("/equipe/parcours/{parcours_id}/point")
@acces("responsable")
def ask(request: Request, parcours_id: UUID) -> Response:
    """Ask the coordinator of a stuck parcours to make contact with the person."""
    code = choix(request, "code", POINT_DU_RESPONSABLE, libelle="Blocage")
    with ecrire(request) as conn:
        demande = ask_point(conn, session_of(request).auteur, parcours_id, code, clock.now())
    if demande:
        flash(request, "C'est demandé : « Faire le point avec la personne » est dans la liste du conseiller, avec sa date.")
    else:
        flash(request, "C'était déjà demandé.", genre="info")
    return redirect(f"/equipe/blocages/{code}")


@routeur.get("/bloques")
@acces("csam")
def show_mes_blocages(request: Request) -> Response:
    """People of this coordinator who are stuck, and what to click."""
    with lire(request) as conn:
        bloques = read_blocages.list_mes_bloques(conn, agent_of(request), clock.now())
        catalogue = read_blocages.list_regards(conn, clock.now())
    regards = [ligne.regard.cherche_at for ligne in catalogue if ligne.regard]
    return page(
        request, "csam/bloques.html", bloques=bloques, catalogue=catalogue, cherche_at=min(regards, default=None), ecrans=ECRANS_CSAM
    )


@routeur.post("/parcours/{parcours_id}/debloquer")
@acces("csam")
def repair(request: Request, parcours_id: UUID) -> Response:
    """The repair of the catalogue, at once."""
    code = choix(request, "code", ENLISEMENTS, libelle="Blocage")
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        fait = repair_blocage(conn, session_of(request).auteur, parcours_id, code, clock.now())
    if fait:
        flash(request, f"C'est fait. {ENLISEMENTS[code].reparation}")
    else:
        flash(request, "Ce dossier n'était plus bloqué ainsi : rien n'a été changé.", genre="info")
    return redirect(f"/parcours/{parcours_id}")
