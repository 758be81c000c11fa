"""Corrections of a case: own recent acts, entries declared an error, and a closed case opened again."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.accord import DESTINATAIRES
from pdp.domain.contact import RESULTATS
from pdp.domain.erreur_saisie import AUTRE_PERSONNE, MOTIFS, PIECES
from pdp.domain.issue import JALONS, MOTIFS_REOUVERTURE
from pdp.domain.orientation import DISPOSITIFS, Statut
from pdp.domain.orientation import LIBELLES as LIBELLES_ORIENTATION
from pdp.domain.parcours import SITUATIONS
from pdp.errors import DonneeInvalide, ErreurPdp, Introuvable
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import LIBELLES, STATUTS_ENTRETIEN
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.annulation import acte, get_fenetre, offer
from pdp.services.declare_erreur import Piece, declare_erreur, list_pieces
from pdp.services.propose_soutien_psy import RESULTATS as RESULTATS_PSY
from pdp.services.read_actes import list_saisies
from pdp.services.read_fiche import check_suivi, get_tete
from pdp.services.reopen_parcours import reopen_parcours

routeur = Routeur()
MOTIFS_ROUVRIR = {code: libelle for code, libelle in MOTIFS_REOUVERTURE.items() if code != "decision_mc"}  # the médecin-conseil's own
DECISIONS = {"accorde": "accord donné", "refuse": "refus"}


@routeur.get("/parcours/{parcours_id}/corrections")
@acces("csam")
def show_corrections(request: Request, parcours_id: UUID) -> Response:
    return _show_corrections(request, parcours_id, "", 200)


def _show_corrections(request: Request, parcours_id: UUID, erreur: str, statut: int) -> Response:
    maintenant, agent = clock.now(), agent_of(request)
    with lire(request) as conn:
        tete = get_tete(conn, agent, parcours_id)
        saisies = list_saisies(conn, agent, tete.plateforme_id, maintenant, parcours_id)
        pieces = list_pieces(conn, parcours_id)
        jours = get_fenetre(conn, tete.plateforme_id, maintenant)
    return page(
        request,
        "correction/dossier.html",
        statut=statut,
        tete=tete,
        saisies=saisies,
        pieces=pieces,
        jours=jours,
        motifs=MOTIFS,
        erreur=erreur,
        libelle_piece=describe_piece,
        **LIBELLES,
    )


def describe_piece(piece: Piece) -> str:
    """What an entry said, in French."""
    if piece.table == "contact":
        return RESULTATS[piece.valeur].lower()
    if piece.table == "tele_echange":
        return STATUTS_ENTRETIEN[piece.valeur].lower()
    if piece.table == "accord":
        return f"{DECISIONS[piece.valeur]}, {DESTINATAIRES[piece.precision or ''].lower()}"
    if piece.table == "orientation":
        return f"{DISPOSITIFS[piece.precision or '']}, {LIBELLES_ORIENTATION[Statut(piece.valeur)].lower()}"
    if piece.table == "issue":
        return f"{SITUATIONS[piece.valeur].lower()} ({JALONS[piece.precision or ''].lower()})"
    return RESULTATS_PSY[piece.valeur].lower()


@routeur.post("/parcours/{parcours_id}/corrections")
@acces("csam")
def declare(request: Request, parcours_id: UUID) -> Response:
    """The entry stays, struck through; undone like any act, unless what was written of somebody else was erased."""
    try:
        table = formulaires.choix(request, "piece", PIECES, libelle="Saisie")
        piece_id = formulaires.identifiant(request, "piece_id", libelle="Saisie")
        motif = formulaires.choix(request, "motif", MOTIFS, libelle="Pourquoi")
        auteur, maintenant = session_of(request).auteur, clock.now()
        with ecrire(request) as conn:
            check_suivi(conn, agent_of(request), parcours_id)
            with acte(conn, auteur, parcours_id, "erreur_declaree", maintenant) as fait:
                phrase = declare_erreur(conn, auteur, parcours_id, table, piece_id, motif, maintenant)
    except DonneeInvalide as erreur:
        return _show_corrections(request, parcours_id, erreur.message, 422)
    efface = table == "tele_echange" and motif == AUTRE_PERSONNE
    flash(request, phrase, genre="info", annulation=None if efface else offer(fait, "Annuler cette déclaration"))
    return redirect(f"/parcours/{parcours_id}/corrections")


@routeur.get("/parcours/{parcours_id}/rouvrir")
@acces("csam")
def show_reouverture(request: Request, parcours_id: UUID) -> Response:
    """What reopening does, before it is done."""
    return _show_reouverture(request, parcours_id, "", 200)


def _show_reouverture(request: Request, parcours_id: UUID, erreur: str, statut: int) -> Response:
    with lire(request) as conn:
        tete = get_tete(conn, agent_of(request), parcours_id)
    choisi = formulaires.values(request, "motif")[0]
    return page(
        request, "correction/reouverture.html", statut=statut, tete=tete, motifs=MOTIFS_ROUVRIR, erreur=erreur, choisi=choisi, **LIBELLES
    )


@routeur.post("/parcours/{parcours_id}/rouvrir")
@acces("csam")
def reopen(request: Request, parcours_id: UUID) -> Response:
    """A refusal (another open case, a merged one) is said on the screen."""
    auteur, maintenant = session_of(request).auteur, clock.now()
    try:
        motif = formulaires.choix(request, "motif", MOTIFS_ROUVRIR, libelle="Pourquoi rouvrir")
        with ecrire(request) as conn:
            check_suivi(conn, agent_of(request), parcours_id)
            with acte(conn, auteur, parcours_id, "reouverture", maintenant) as fait:
                reopen_parcours(conn, auteur, parcours_id, motif, maintenant)
    except Introuvable:
        raise
    except ErreurPdp as erreur:
        return _show_reouverture(request, parcours_id, erreur.message, 422 if isinstance(erreur, DonneeInvalide) else 409)
    flash(request, "Parcours rouvert : la suite est dans votre liste.", annulation=offer(fait, "Annuler cette réouverture"))
    return redirect(f"/parcours/{parcours_id}")
