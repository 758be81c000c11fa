"""Fiche parcours: one person, what to do next, what was agreed, what was handed over, the whole history."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.rechute import MOTIFS_SANS_SUITE
from pdp.domain.silence import MOTIFS as MOTIFS_SILENCE
from pdp.domain.tache import MOTIFS_ATTENTE
from pdp.domain.verdict import MOTIFS as MOTIFS_VERDICT
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import LIBELLES
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.manage_taches import add_tache_personnelle, close_tache
from pdp.services.propose_soutien_psy import RESULTATS, evaluate_soutien_psy, record_soutien_psy
from pdp.services.read_fiche import check_suivi, read_fiche
from pdp.services.record_silence import list_silences
from pdp.services.wait_taches import snooze_tache

routeur = Routeur()


@routeur.get("/parcours/{parcours_id}")
@acces("csam")
def show_fiche(request: Request, parcours_id: UUID) -> Response:
    maintenant = clock.now()
    with lire(request) as conn:
        fiche = read_fiche(conn, agent_of(request), parcours_id, maintenant)
        silences = list_silences(conn, fiche.tete.assure_id)
        rendez_vous = fiche.tete.entretien_debut_at
        psy = evaluate_soutien_psy(conn, parcours_id, jour_local(maintenant)) if fiche.tete.clos_at is None else None
    return page(
        request,
        "csam/fiche.html",
        fiche=fiche,
        psy=psy,
        silences=silences,
        entretien_en_silence=rendez_vous is not None and any(s.is_actif(jour_local(rendez_vous)) for s in silences),
        motifs_silence=MOTIFS_SILENCE,
        motifs_sans_suite=MOTIFS_SANS_SUITE,
        resultats_psy=RESULTATS,
        attentes=MOTIFS_ATTENTE,
        MOTIFS_VERDICT=MOTIFS_VERDICT,
        **LIBELLES,
    )


@routeur.post("/parcours/{parcours_id}/taches")
@acces("csam")
def add_tache(request: Request, parcours_id: UUID) -> Response:
    """A dated reminder of the coordinator's own."""
    le = formulaires.jour(request, "echeance", libelle="Pour le", obligatoire=True)
    note = formulaires.texte(request, "note", libelle="À faire", obligatoire=True)
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        add_tache_personnelle(conn, session_of(request).auteur, parcours_id, le, note, clock.now())
    flash(request, f"Ajouté à votre liste pour le {le:%d/%m/%Y}.")
    return redirect(f"/parcours/{parcours_id}")


@routeur.post("/parcours/{parcours_id}/taches/{tache_id}/attente")
@acces("csam")
def snooze(request: Request, parcours_id: UUID, tache_id: UUID) -> Response:
    """Put off with a closed reason and a date: it comes back by itself."""
    raison = formulaires.choix(request, "raison", MOTIFS_ATTENTE, libelle="Raison de l'attente")
    le = formulaires.jour(request, "jusqu_a", libelle="Reprendre le", obligatoire=True)
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, tache_id)
        snooze_tache(conn, session_of(request).auteur, tache_id, raison, le, clock.now())
    flash(request, f"Mis en attente : revient dans votre liste le {le:%d/%m/%Y}.")
    return redirect(f"/parcours/{parcours_id}")


@routeur.post("/parcours/{parcours_id}/taches/{tache_id}/faite")
@acces("csam")
def finish(request: Request, parcours_id: UUID, tache_id: UUID) -> Response:
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id, tache_id)
        close_tache(conn, session_of(request).auteur, tache_id, "fait", clock.now())
    flash(request, "C'est noté comme fait.")
    return redirect(f"/parcours/{parcours_id}")


@routeur.post("/parcours/{parcours_id}/soutien-psy")
@acces("csam")
def save_soutien_psy(request: Request, parcours_id: UUID) -> Response:
    """What came of the proposal; the dated rules are stored with it."""
    resultat = formulaires.choix(request, "resultat", RESULTATS, libelle="Réponse")
    maintenant = clock.now()
    with ecrire(request) as conn:
        check_suivi(conn, agent_of(request), parcours_id)
        record_soutien_psy(conn, session_of(request).auteur, parcours_id, resultat, jour_local(maintenant), maintenant)
    flash(request, f"Mon soutien psy : « {RESULTATS[resultat]} » est enregistré.")
    return redirect(f"/parcours/{parcours_id}")
