"""Entretien: the télé-échange, section by section; answers are codes, and health answers go to the medical class."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.domain.bilan_entretien import LEVIERS, MOTIVATIONS, OBSTACLES, SUITES, URGENCES
from pdp.domain.tele_echange import BLOCS
from pdp.errors import Conflit, DonneeInvalide, ErreurPdp, TransitionInterdite
from pdp.portal import formulaires
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.brouillons import answer_brouillon, describe_brouillon
from pdp.portal.champs_entretien import fill_bilan, initial_fields, propose, read_bilan, read_reponses, read_typed, sort_reponses
from pdp.portal.libelles_csam import LIBELLES
from pdp.portal.sessions import agent_of, ecrire, flash, lire, redirect, session_of
from pdp.services.annulation import acte, offer
from pdp.services.keep_brouillon import delete_brouillon, find_brouillon, save_brouillon
from pdp.services.read_entretien import get_entretien
from pdp.services.record_tele_echange import record_tele_echange

routeur = Routeur()
ISSUES = ("realise", "realise_partiel", "absent")
OUVERTS = ("planifie", "confirme")
ECRAN = "entretien"
SECTIONS = (*(bloc.cle for bloc in BLOCS), "bilan")


@routeur.get("/tele-echanges/{tele_echange_id}")
@acces("csam")
def show_entretien(request: Request, tele_echange_id: UUID) -> Response:
    return _show(request, tele_echange_id)


def _show(request: Request, tele_echange_id: UUID, erreur: ErreurPdp | None = None) -> Response:
    """The questionnaire; after a refusal, with what was typed and what to correct."""
    maintenant = clock.now()
    with lire(request) as conn:
        entretien = get_entretien(conn, agent_of(request), tele_echange_id)
        ouvert = entretien.statut in OUVERTS
        brouillon = find_brouillon(conn, agent_of(request), ECRAN, tele_echange_id, maintenant) if ouvert else None
    champs = read_typed(request) if erreur is not None else brouillon.champs if brouillon else initial_fields(entretien)
    return page(
        request,
        "csam/entretien.html",
        statut=200 if erreur is None else 422 if isinstance(erreur, DonneeInvalide) else 409,
        entretien=entretien,
        blocs=BLOCS,
        sections=SECTIONS,
        champs=champs,
        reponses=sort_reponses(champs),
        proposition=propose(champs) if ouvert else None,
        erreur=erreur.message if erreur else "",
        brouillon=brouillon,
        phrase_brouillon=describe_brouillon(brouillon) if brouillon else "",
        ouvert=ouvert,
        commence=entretien.debut_at <= maintenant,
        obstacles=OBSTACLES,
        leviers=LEVIERS,
        motivations=MOTIVATIONS,
        urgences=URGENCES,
        suites=SUITES,
        **LIBELLES,
    )


@routeur.post("/tele-echanges/{tele_echange_id}")
@acces("csam")
def save_entretien(request: Request, tele_echange_id: UUID) -> Response:
    """A mistake shows the form again with what was typed: an hour of notes is not lost."""
    maintenant, auteur = clock.now(), session_of(request).auteur
    try:
        statut = formulaires.choix(request, "statut", ISSUES, libelle="Issue du rendez-vous")
        synthese = formulaires.texte(request, "synthese", libelle="Synthèse")
        reponses = {classe: read_reponses(request, classe) for classe in ("emploi", "social", "sante")}
        bilan = read_bilan(request)
        with ecrire(request) as conn:
            parcours_id = get_entretien(conn, agent_of(request), tele_echange_id).parcours_id
            with acte(conn, auteur, parcours_id, "entretien_renseigne", maintenant) as fait:
                record_tele_echange(
                    conn,
                    auteur,
                    tele_echange_id,
                    statut=statut,
                    synthese=synthese or "",
                    maintenant=maintenant,
                    bilan=bilan,
                    **reponses,
                )
            if statut != "absent":  # what was already answered may still be wanted when the person comes late
                delete_brouillon(conn, auteur, ECRAN, tele_echange_id)
    except (DonneeInvalide, Conflit, TransitionInterdite) as erreur:
        return _show(request, tele_echange_id, erreur)
    annulation = offer(fait, "Annuler cette saisie")
    if statut == "absent":
        flash(
            request,
            "Absence notée, sans conséquence pour la personne : un message lui est adressé, et vous lui proposerez un autre créneau.",
            genre="info",
            annulation=annulation,
        )
        return redirect(f"/parcours/{parcours_id}/creneaux")
    retenues = ", ".join(SUITES[cle] for cle in bilan["suites"])
    suite = f" Suites retenues : {retenues}." if retenues else ""
    flash(
        request,
        f"Télé-échange enregistré.{suite} Étape suivante : recueillir l'accord de la personne pour chaque relais utile.",
        annulation=annulation,
    )
    return redirect(f"/parcours/{parcours_id}#accords")


@routeur.post("/tele-echanges/{tele_echange_id}/brouillon")
@acces("csam")
def keep_entretien(request: Request, tele_echange_id: UUID) -> Response:
    """Partial save: the answers so far, then the next section with the questions they call for, or the conclusion they suggest."""
    suite = formulaires.choix(request, "suite", SECTIONS, libelle="Section", obligatoire=False)
    champs = read_typed(request)
    if suite == "bilan":
        champs = fill_bilan(champs)
    with ecrire(request) as conn:
        entretien = get_entretien(conn, agent_of(request), tele_echange_id)
        if entretien.statut not in OUVERTS:
            raise Conflit("Ce télé-échange est déjà renseigné. La première saisie est gardée.")
        garde = save_brouillon(
            conn,
            session_of(request).auteur,
            entretien.parcours_id,
            ecran=ECRAN,
            piece_id=tele_echange_id,
            champs=champs,
            maintenant=clock.now(),
        )
    return answer_brouillon(request, garde, f"/tele-echanges/{tele_echange_id}" + (f"#h-{suite}" if suite else ""))


@routeur.post("/tele-echanges/{tele_echange_id}/brouillon/effacer")
@acces("csam")
def drop_entretien(request: Request, tele_echange_id: UUID) -> Response:
    with ecrire(request) as conn:
        get_entretien(conn, agent_of(request), tele_echange_id)
        delete_brouillon(conn, session_of(request).auteur, ECRAN, tele_echange_id)
    flash(request, "Le brouillon est effacé.", genre="info")
    return redirect(f"/tele-echanges/{tele_echange_id}")
