"""Fiche parcours: one person, what to do next, what was agreed, what was handed over, the whole history."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.demandes import BESOINS
from pdp.domain.rechute import MOTIFS_SANS_SUITE
from pdp.domain.silence import MOTIFS as MOTIFS_SILENCE
from pdp.domain.soutien_psy import MOTIFS_ARRET, RESULTATS
from pdp.domain.tache import MOTIFS_ATTENTE, SUJETS
from pdp.domain.verdict import MOTIFS as MOTIFS_VERDICT
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import LIBELLES
from pdp.portal.sessions import agent_of, lire
from pdp.portal.views.blocages import ECRANS_CSAM
from pdp.services.delais import get_lieu
from pdp.services.propose_soutien_psy import evaluate_soutien_psy
from pdp.services.read_actes import list_saisies
from pdp.services.read_blocages import list_blocages_du_parcours
from pdp.services.read_fiche import Choix, read_fiche
from pdp.services.read_messages import read_bloc
from pdp.services.read_seances import read_seances
from pdp.services.record_silence import list_silences
from pdp.services.settle_envoi import list_douteux
from pdp.services.wait_taches import read_dernier_jour

routeur = Routeur()
SAISIES = 5


@routeur.get("/parcours/{parcours_id}")
@acces("csam")
def show_fiche(request: Request, parcours_id: UUID, quoi: str = "", arret: str = "", tout: bool = False) -> Response:
    """``quoi`` and ``arret`` filter the history; an unknown choice filters nothing."""
    maintenant = clock.now()
    choix = Choix(quoi, arret, tout)
    with lire(request) as conn:
        fiche = read_fiche(conn, agent_of(request), parcours_id, maintenant, choix)
        silences = list_silences(conn, fiche.tete.assure_id)
        correspondance = read_bloc(conn, parcours_id, maintenant)
        attente_max_le = read_dernier_jour(get_lieu(conn, fiche.tete.plateforme_id), jour_local(maintenant))
        saisies = list_saisies(conn, agent_of(request), fiche.tete.plateforme_id, maintenant, parcours_id, SAISIES)
        bloques = list_blocages_du_parcours(conn, parcours_id, maintenant)
        rendez_vous = fiche.tete.entretien_debut_at
        psy = evaluate_soutien_psy(conn, parcours_id, jour_local(maintenant)) if fiche.tete.clos_at is None else None
        douteux = list_douteux(conn, parcours_id) if fiche.orientations else {}
        seances_psy = read_seances(conn, parcours_id, jour_local(maintenant)) if psy else None
    return page(
        request,
        "csam/fiche.html",
        fiche=fiche,
        bloques=bloques,
        ecrans_blocage=ECRANS_CSAM,
        psy=psy,
        douteux=douteux,
        silences=silences,
        correspondance=correspondance,
        saisies=saisies,
        entretien_en_silence=rendez_vous is not None and any(s.is_actif(jour_local(rendez_vous)) for s in silences),
        motifs_silence=MOTIFS_SILENCE,
        motifs_sans_suite=MOTIFS_SANS_SUITE,
        resultats_psy=RESULTATS,
        seances_psy=seances_psy,
        motifs_arret_psy=MOTIFS_ARRET,
        besoins=BESOINS,
        attentes=MOTIFS_ATTENTE,
        sujets=SUJETS,
        attente_max_le=attente_max_le,
        MOTIFS_VERDICT=MOTIFS_VERDICT,
        **LIBELLES,
    )
