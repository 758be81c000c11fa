"""Entretien: the télé-échange, question by question; answers are codes, and health answers go to the medical class."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.tele_echange import BLOCS
from pdp.errors import DonneeInvalide
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.libelles_csam import LIBELLES
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.read_entretien import get_entretien
from pdp.services.record_tele_echange import record_tele_echange

routeur = Routeur()
ISSUES = ("realise", "realise_partiel", "absent")


@routeur.get("/tele-echanges/{tele_echange_id}")
@acces("csam")
def show_entretien(request: Request, tele_echange_id: UUID) -> Response:
    return _show(request, tele_echange_id, {}, "", 200)


def _show(request: Request, tele_echange_id: UUID, saisie: dict[str, list[str]], erreur: str, statut: int) -> Response:
    with lire(request) as conn:
        entretien = get_entretien(conn, agent_of(request), tele_echange_id)
    return page(
        request,
        "csam/entretien.html",
        statut=statut,
        entretien=entretien,
        blocs=BLOCS,
        saisie=saisie,
        erreur=erreur,
        ouvert=entretien.statut in ("planifie", "confirme"),
        commence=entretien.debut_at <= clock.now(),
        **LIBELLES,
    )


@routeur.post("/tele-echanges/{tele_echange_id}")
@acces("csam")
def save_entretien(request: Request, tele_echange_id: UUID) -> Response:
    """A mistake shows the form again with what was typed: an hour of notes is not lost."""
    maintenant = clock.now()
    try:
        statut = formulaires.choix(request, "statut", ISSUES, libelle="Issue du rendez-vous")
        synthese = formulaires.texte(request, "synthese", libelle="Synthèse")
        reponses = {classe: _read_reponses(request, classe) for classe in ("emploi", "social", "sante")}
        with ecrire(request) as conn:
            parcours_id = get_entretien(conn, agent_of(request), tele_echange_id).parcours_id
            record_tele_echange(
                conn,
                session_of(request).auteur,
                tele_echange_id,
                statut=statut,
                synthese=synthese or "",
                maintenant=maintenant,
                **reponses,
            )
    except DonneeInvalide as erreur:
        saisie = {nom: formulaires.values(request, nom) for nom in formulaires.names(request)}
        return _show(request, tele_echange_id, saisie, erreur.message, 422)
    if statut == "absent":
        flash(request, "Absence notée, sans conséquence pour la personne : un autre créneau est à proposer.", genre="info")
        return redirect(f"/parcours/{parcours_id}/creneaux")
    flash(request, "Télé-échange enregistré. Étape suivante : recueillir l'accord de la personne pour chaque relais utile.")
    return redirect(f"/parcours/{parcours_id}#accords")


def _read_reponses(request: Request, classe: str) -> dict[str, Any]:
    """Answers of one data class; a question not asked leaves no answer."""
    reponses: dict[str, Any] = {}
    for question in (q for bloc in BLOCS if bloc.classe == classe for q in bloc.questions):
        nom = f"{classe}.{question.cle}"
        if question.multiple:
            choisis = formulaires.choix_multiples(request, nom, question.choix, libelle=question.libelle)
            if choisis:
                reponses[question.cle] = choisis
        else:
            choisi = formulaires.choix(request, nom, question.choix, libelle=question.libelle, obligatoire=False)
            if choisi is not None:
                reponses[question.cle] = choisi
    return reponses
