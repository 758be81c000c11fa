"""Refused lines: the list by reason, one line, its correction form, and the decisions that the next reception applies."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.portal.affichage import page, pluriel
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix, names, texte, values
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import correct_quarantaine, read_quarantaine
from pdp.services.champs_quarantaine import MODIFIABLES, LigneOuverte, find_renvoi
from pdp.services.libelles_quarantaine import DECISIONS, ETATS, MOTIFS, RESOLUTIONS, RESULTATS
from pdp.services.publish_referentiel import referentiel

routeur = Routeur()
PAGE = 50
TOUT = 2000
CHAMP = "champ-"
SANS_PLATEFORME = "sans_plateforme"
ATTENTE = "à la prochaine réception, toutes les 10 minutes au plus"


@routeur.get("/equipe/quarantaine")
@acces("responsable")
def show_quarantaine(
    request: Request, etat: str = "a_traiter", flux: str = "", code: str = "", fichier: UUID | None = None, tout: bool = False
) -> Response:
    """Groups by reason with their counts, then the lines of the state, reason or file chosen."""
    etat = etat if etat in ETATS else "a_traiter"
    with lire(request) as conn:
        groupes = read_quarantaine.list_groupes(conn, sans_plateforme=etat == SANS_PLATEFORME)
        comptes = read_quarantaine.count_etats(conn)
        lignes = read_quarantaine.list_refusees(
            conn, etat, TOUT if tout else PAGE + 1, flux=flux or None, code=code or None, fichier=fichier
        )
    filtre = {cle: valeur for cle, valeur in (("flux", flux), ("code", code), ("fichier", fichier)) if valeur}
    choisi = next((g for g in groupes if g.flux == flux and g.code == code), None)
    return page(
        request,
        "responsable/quarantaine.html",
        groupes=groupes,
        comptes=comptes,
        lignes=lignes if tout else lignes[:PAGE],
        reste=not tout and len(lignes) > PAGE,
        etat=etat,
        filtre=filtre,
        choisi=choisi,
        orphelines=etat == SANS_PLATEFORME,
        delai_orphelines=referentiel().entier("quarantaine_sans_plateforme_jours", jour_local(clock.now())),
        suite=urlencode({"etat": etat, **filtre, "tout": "true"}),
        etats=ETATS,
        motifs=MOTIFS,
        rejouables=MODIFIABLES,
        resolutions=RESOLUTIONS,
        decisions=DECISIONS,
    )


@routeur.post("/equipe/quarantaine/lot")
@acces("responsable")
def decide_lot(request: Request) -> Response:
    """One decision for every open line of a feed and reason; without a platform, any manager may take it."""
    flux = texte(request, "flux", libelle="Flux", maximum=40, obligatoire=True)
    code = texte(request, "code", libelle="Raison", maximum=80, obligatoire=True)
    decision = choix(request, "decision", ("rejouer", "abandonner"), libelle="Décision")
    motif = choix(request, "motif", MOTIFS, libelle="Pourquoi", obligatoire=False) if decision == "abandonner" else None
    orphelines = choix(request, "etat", ETATS, libelle="État", obligatoire=False) == SANS_PLATEFORME
    with ecrire(request) as conn:
        nombre = correct_quarantaine.request_lot(
            conn, session_of(request).auteur, flux, code, decision, motif, clock.now(), sans_plateforme=orphelines
        )
    if nombre:
        verbe = "seront rejouées" if decision == "rejouer" else "seront abandonnées"
        flash(
            request, f"{pluriel(nombre, 'ligne')} : elles {verbe} {ATTENTE}." if nombre > 1 else f"1 ligne : décision appliquée {ATTENTE}."
        )
    else:
        flash(request, "Aucune ligne n'attendait de décision pour cette raison.", genre="info")
    return redirect(
        "/equipe/quarantaine?" + urlencode({"etat": SANS_PLATEFORME if orphelines else "en_attente", "flux": flux, "code": code})
    )


@routeur.get("/equipe/quarantaine/{ligne_id}")
@acces("responsable")
def show_ligne(request: Request, ligne_id: UUID) -> Response:
    """Where and why a line was refused, and what was decided; its content is opened by a request of its own."""
    return _page_ligne(request, ligne_id)


@routeur.post("/equipe/quarantaine/{ligne_id}/ouverture")
@acces("responsable")
def open_ligne(request: Request, ligne_id: UUID) -> Response:
    """Same page with the correction form; the opening is journalled by the database before anything is read."""
    with ecrire(request) as conn:
        _, ouverte = correct_quarantaine.open_ligne(conn, session_of(request).auteur, ligne_id)
    return _page_ligne(request, ligne_id, ouverte)


@routeur.post("/equipe/quarantaine/{ligne_id}/correction")
@acces("responsable")
def correct(request: Request, ligne_id: UUID) -> Response:
    """Ask for the replay of the corrected line; what is still wrong is shown beside each cell, and nothing typed is lost."""
    valeurs = {nom.removeprefix(CHAMP): values(request, nom)[0] for nom in names(request) if nom.startswith(CHAMP)}
    with ecrire(request) as conn:
        _, reste = correct_quarantaine.request_correction(conn, session_of(request).auteur, ligne_id, valeurs, clock.now())
    if reste is not None:
        return _page_ligne(request, ligne_id, reste, statut=422)
    flash(request, f"Correction enregistrée. La ligne sera rejouée {ATTENTE}.")
    return redirect(f"/equipe/quarantaine/{ligne_id}")


@routeur.post("/equipe/quarantaine/{ligne_id}/decision")
@acces("responsable")
def decide(request: Request, ligne_id: UUID) -> Response:
    """Replay as it is, or abandon with a reason."""
    decision = choix(request, "decision", ("rejouer", "abandonner"), libelle="Décision")
    motif = choix(request, "motif", MOTIFS, libelle="Pourquoi", obligatoire=False) if decision == "abandonner" else None
    with ecrire(request) as conn:
        correct_quarantaine.request_decision(conn, session_of(request).auteur, ligne_id, decision, motif, clock.now())
    flash(request, f"Décision enregistrée. La ligne sera {'rejouée' if decision == 'rejouer' else 'abandonnée'} {ATTENTE}.")
    return redirect(f"/equipe/quarantaine/{ligne_id}")


@routeur.post("/equipe/quarantaine/{ligne_id}/retrait")
@acces("responsable")
def take_back(request: Request, ligne_id: UUID) -> Response:
    """Take back a decision that still waits."""
    with ecrire(request) as conn:
        retiree = correct_quarantaine.cancel_demande(conn, session_of(request).auteur, ligne_id, clock.now())
    if retiree:
        flash(request, "Décision retirée : la ligne reste en quarantaine.")
    else:
        flash(request, "Il n'y avait plus de décision à retirer : la réception l'a déjà appliquée.", genre="attention")
    return redirect(f"/equipe/quarantaine/{ligne_id}")


def _page_ligne(request: Request, ligne_id: UUID, ouverte: LigneOuverte | None = None, statut: int = 200) -> Response:
    with lire(request) as conn:
        ligne = read_quarantaine.get_ligne(conn, ligne_id)
        historique = read_quarantaine.list_decisions(conn, ligne_id)
    return page(
        request,
        "responsable/ligne.html",
        statut=statut,
        ligne=ligne,
        ouverte=ouverte,
        historique=historique,
        renvoi=find_renvoi(ligne.flux),
        rejouable=ligne.flux in MODIFIABLES,
        motifs=MOTIFS,
        resolutions=RESOLUTIONS,
        resultats=RESULTATS,
        decisions=DECISIONS,
        prefixe=CHAMP,
    )
