"""Screens of the médecin-conseil: files to orient, the file, and the medical class on demand."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.dol import CIBLES
from pdp.domain.evenements import describe
from pdp.domain.verdict import MOTIFS as MOTIFS_VERDICT
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import NOTE_MAX, choix, identifiant, texte
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import read_alertes, read_medecin, read_passages
from pdp.services.annulation import acte, offer
from pdp.services.consult_medical import DossierMedical, consult_medical
from pdp.services.read_compte_ij import find_compte_ij
from pdp.services.record_avis import LONGUEUR_MAX, record_avis
from pdp.services.record_silence import list_silences
from pdp.services.record_verdict import list_verdicts
from pdp.services.sort_signalements import decide_signalement

routeur = Routeur()
MENU = {"medecin_conseil": [("/medecin", "Dossiers à orienter")]}
PAGE = 50
TOUT = 2000
CIBLES_MEDECIN = {cible: libelle for cible, libelle in CIBLES.items() if cible != "medecin_conseil"}


@routeur.get("/medecin")
@acces("medecin_conseil")
def show_dossiers(request: Request, tout: bool = False) -> Response:
    """Files to orient, highest priority first."""
    maintenant = clock.now()
    with lire(request) as conn:
        compte = read_medecin.count_signalements(conn, maintenant)
        alertes = read_alertes.count_alertes(conn, session_of(request).agent_id, maintenant)
        dossiers = read_medecin.list_signalements(conn, TOUT if tout else PAGE, jour_local(maintenant))
        flux = read_passages.list_fraicheur(conn)
    return page(request, "medecin/dossiers.html", compte=compte, alertes=alertes, dossiers=dossiers, flux=flux, cibles=CIBLES_MEDECIN)


@routeur.get("/medecin/dossiers/{signalement_id}")
@acces("medecin_conseil")
def show_dossier(request: Request, signalement_id: UUID) -> Response:
    """One file, without the medical class: a page that is only looked at writes nothing, so it may not open it."""
    return _page_dossier(request, signalement_id, None)


@routeur.post("/medecin/dossiers/{signalement_id}/medical")
@acces("medecin_conseil")
def show_medical(request: Request, signalement_id: UUID) -> Response:
    """Same page with the medical class; the consultation is journalled before anything is read."""
    with ecrire(request) as conn:
        medical = consult_medical(conn, session_of(request).auteur, signalement_id)
    return _page_dossier(request, signalement_id, medical)


def _page_dossier(request: Request, signalement_id: UUID, medical: DossierMedical | None) -> Response:
    with lire(request) as conn:
        dossier = read_medecin.get_dossier(conn, signalement_id)
        contexte = {
            "motifs": read_medecin.list_motifs(conn, signalement_id),
            "verdicts": list_verdicts(conn, signalement_id),
            "MOTIFS_VERDICT": MOTIFS_VERDICT,
            "compte": find_compte_ij(conn, dossier.assure_id, jour_local(clock.now())),
            "silences": list_silences(conn, dossier.assure_id),
            "prescriptions": read_medecin.list_prescriptions(conn, dossier.assure_id),
            "evenements": [(e, *describe(e.evenement)) for e in read_medecin.list_evenements(conn, dossier.assure_id)],
        }
    return page(request, "medecin/dossier.html", dossier=dossier, medical=medical, cibles=CIBLES_MEDECIN, avis_max=LONGUEUR_MAX, **contexte)


@routeur.post("/medecin/dossiers/{signalement_id}/orientation")
@acces("medecin_conseil")
def decide_dossier(request: Request, signalement_id: UUID) -> Response:
    """Orientation of one file; a file closed without a follow-up needs a reason."""
    cible = choix(request, "cible", CIBLES_MEDECIN, libelle="Orientation") or ""
    motif = texte(request, "motif", libelle="Raison", maximum=NOTE_MAX) or ""
    if cible == "sans_suite" and not motif:
        raise DonneeInvalide("Dites pourquoi ce dossier est sans suite. Rien n'a été enregistré.", code="missing_reason")
    with ecrire(request) as conn, acte(conn, session_of(request).auteur, None, "tri", clock.now(), piece_id=signalement_id) as fait:
        parcours = decide_signalement(conn, session_of(request).auteur, signalement_id, cible, motif, clock.now())
    suite = ""
    if cible == "oriente_csam":
        suite = (
            " Un parcours est ouvert ; il sera affecté à un conseiller."
            if parcours
            else " Son conseiller la connaît déjà : il choisit de rouvrir le parcours clos ou d'en ouvrir un autre."
        )
    flash(request, f"Dossier orienté : {CIBLES[cible]}.{suite}", annulation=offer(fait, "Annuler cette orientation"))
    return redirect("/medecin")


@routeur.post("/medecin/dossiers/{signalement_id}/avis")
@acces("medecin_conseil")
def write_avis(request: Request, signalement_id: UUID) -> Response:
    """Opinion, kept in the medical class: only médecins-conseils will read it."""
    avis = texte(request, "avis", libelle="Votre avis", maximum=LONGUEUR_MAX, obligatoire=True) or ""
    cle = identifiant(request, "cle_saisie", libelle="Formulaire")
    with ecrire(request) as conn:
        record_avis(conn, session_of(request).auteur, signalement_id, texte=avis, cle_saisie=cle, maintenant=clock.now())
    flash(request, "Avis enregistré. Seuls les médecins-conseils peuvent le lire, et chaque lecture est journalisée.")
    return redirect(f"/medecin/dossiers/{signalement_id}")
