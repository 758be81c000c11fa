"""Screens of the manager: load, stalls, absences, DAG runs. No page names an insured person."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.evenements import describe
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix, identifiant, jour
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import (
    preview_passage,
    read_absences,
    read_blocages,
    read_redistribution,
    read_responsable,
    read_sante,
    transfer_parcours,
)
from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_charges import read_charges
from pdp.services.read_passages import TRAITEMENTS
from pdp.services.record_absence import MOTIFS, record_absence

routeur = Routeur()
MENU = {
    "responsable": [
        ("/equipe", "Équipe"),
        ("/equipe/pilotage", "Pilotage"),
        ("/equipe/affectation", "À affecter"),
        ("/equipe/blocages", "Ce qui est bloqué"),
        ("/equipe/absences", "Absences"),
        ("/equipe/agendas", "Agendas"),
        ("/equipe/donnees", "Données reçues"),
    ]
}
PAGE = 50


@routeur.get("/equipe")
@acces("responsable")
def show_equipe(request: Request) -> Response:
    """Load of each coordinator, and parcours that nobody follows."""
    maintenant = clock.now()
    with lire(request) as conn:
        equipe = read_responsable.list_equipe(conn, jour_local(maintenant), maintenant)
        non_affectes, premiers = read_responsable.list_non_affectes(conn, PAGE)
        blocages = read_blocages.read_blocages(conn, session_of(request).plateforme_id, maintenant)
        lieu = get_lieu(conn, session_of(request).plateforme_id)
        charges = read_charges(conn, lieu, lieu.jour(maintenant))
        bandeau = read_sante.read_bandeau(conn, lieu, maintenant)
    plafond = referentiel().entier("csam_parcours_actifs_max", jour_local(maintenant), session_of(request).plateforme_id)
    return page(
        request,
        "responsable/equipe.html",
        equipe=equipe,
        points={c.id: round(charges[c.id].points / float(c.quotite)) if c.id in charges else 0 for c in equipe},
        non_affectes=non_affectes,
        premiers=premiers,
        blocages=blocages,
        bandeau=bandeau,
        plafond=plafond,
    )


@routeur.get("/equipe/parcours/{parcours_id}")
@acces("responsable")
def show_parcours(request: Request, parcours_id: UUID) -> Response:
    """A parcours without its person: status, deadlines, acts."""
    with lire(request) as conn:
        fiche = read_responsable.get_fiche_neutre(conn, parcours_id)
        transferts = transfer_parcours.list_transferts(conn, parcours_id)
        destinations = transfer_parcours.list_destinations(conn, session_of(request).plateforme_id)
        passages = preview_passage.list_passages_du_parcours(conn, parcours_id)
        suite = read_blocages.find_suite(conn, parcours_id, clock.now())
        bloques = read_blocages.list_blocages_du_parcours(conn, parcours_id, clock.now())
    return page(
        request,
        "responsable/parcours.html",
        fiche=fiche,
        passages=passages,
        TITRES=TRAITEMENTS,
        suite=suite,
        bloques=bloques,
        evenements=[(e, *describe(e.evenement)) for e in fiche.evenements],
        transferts=transferts,
        destinations={d.id: f"{d.departement} {d.libelle}" for d in destinations},
        ici=session_of(request).plateforme_id,
    )


@routeur.get("/equipe/absences")
@acces("responsable")
def show_absences(request: Request, agent: str = "", du: str = "", au: str = "", motif: str = "conge") -> Response:
    """Absences ahead; with a period in the address, the appointments it would touch, before anything is recorded."""
    maintenant = clock.now()
    apercu = _apercu(agent, du, au)
    with lire(request) as conn:
        agents = read_absences.list_agents(conn, jour_local(maintenant))
        absences = read_absences.list_absences(conn, jour_local(maintenant), maintenant)
        touches = read_absences.list_tele_echanges_touches(conn, *apercu, maintenant) if apercu else []
        redistributions = read_redistribution.list_redistributions(conn, maintenant)
    return page(
        request,
        "responsable/absences.html",
        agents={str(a.id): f"{a.nom} {a.prenom}" for a in agents},
        conseillers={str(a.id): f"{a.nom} {a.prenom}" for a in agents if a.role == "csam"},
        redistributions=redistributions,
        absences=absences,
        apercu=apercu,
        touches=touches,
        choisi={"agent": agent, "du": du, "au": au, "motif": motif if motif in MOTIFS else "conge"},
        motifs=MOTIFS,
    )


def _apercu(agent: str, du: str, au: str) -> tuple[UUID, date, date] | None:
    """Agent and period of the preview; None when nothing was asked."""
    if not (agent or du or au):
        return None
    try:
        periode = UUID(agent), date.fromisoformat(du), date.fromisoformat(au)
    except ValueError:
        raise DonneeInvalide("Choisissez un agent, un premier et un dernier jour d'absence.", code="bad_absence") from None
    if periode[2] < periode[1]:
        raise DonneeInvalide("Le dernier jour d'absence précède le premier.", code="reversed_dates")
    return periode


@routeur.post("/equipe/absences")
@acces("responsable")
def enter_absence(request: Request) -> Response:
    """Record an absence; the next page lists the appointments it touches."""
    agent_id = identifiant(request, "agent", libelle="Agent")
    du = jour(request, "du", libelle="Premier jour", obligatoire=True)
    au = jour(request, "au", libelle="Dernier jour", obligatoire=True)
    motif = choix(request, "motif", MOTIFS, libelle="Motif") or ""
    assert du is not None
    assert au is not None
    with ecrire(request) as conn:
        nouvelle = record_absence(conn, session_of(request).auteur, agent_id=agent_id, du=du, au=au, motif=motif)
        touches = read_absences.list_tele_echanges_touches(conn, agent_id, du, au, clock.now())
    if not nouvelle:
        flash(request, "Cette absence était déjà enregistrée.", genre="info")
    elif touches:
        flash(request, f"Absence enregistrée. {len(touches)} rendez-vous touchés : prévoyez la redistribution.", genre="attention")
    else:
        flash(request, "Absence enregistrée. Aucun rendez-vous n'est touché.")
    return redirect(
        "/equipe/absences?" + urlencode({"agent": agent_id, "du": du, "au": au, "motif": motif}) if touches else "/equipe/absences"
    )
