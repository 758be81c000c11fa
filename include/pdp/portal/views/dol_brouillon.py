"""Screens of the médecin-conseil to write the next document d'orientation local: the draft, one rule, the dry run, the signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.responses import Response

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.dol import CIBLES, Regle
from pdp.domain.dol_redaction import BORNES, LIBELLE_MAX, PALIERS, compare_tables, list_muettes
from pdp.errors import DonneeInvalide
from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.formulaires import choix, choix_multiples, jour, texte, values
from pdp.portal.sessions import ecrire, flash, lire, redirect, session_of
from pdp.services import edit_dol
from pdp.services.edit_dol import Brouillon
from pdp.services.libelles_dol import tell_conditions
from pdp.services.libelles_dossier import CATEGORIES, RISQUES
from pdp.services.read_dol import find_dol, list_regles_dol
from pdp.services.simulate_dol import MOIS, PERIODES, simulate_dol

routeur = Routeur()
BASE = "/medecin/document-orientation/brouillon"
GESTES = {"monter": -1, "descendre": 1}
RISQUES_REGLE = {code: RISQUES[code] for code in ("maladie", "at", "mp", "trajet")}
NOMBRES = {
    "palier_min": "Arrêt d'au moins (jours)",
    "palier_max": "Arrêt d'au plus (jours)",
    "age_min": "Âge minimal",
    "age_max": "Âge maximal",
    "priorite_min": "Priorité minimale",
}
LIGNES = 100


@routeur.get("/medecin/document-orientation/brouillon")
@acces("medecin_conseil")
def show_brouillon(request: Request) -> Response:
    """The draft, rule by rule, with what it changes from the version in force and the rules that would never decide."""
    with lire(request) as conn:
        brouillon = edit_dol.get_brouillon(conn, _plateforme(request))
        version = find_dol(conn, jour_local(clock.now()))
        anciennes = [r.as_regle() for r in list_regles_dol(conn, version.id)] if version else []
    return page(
        request,
        "medecin/dol_brouillon.html",
        brouillon=brouillon,
        version=version,
        muettes=list_muettes(brouillon.regles),
        changements=compare_tables(anciennes, brouillon.regles) if version else [],
        cibles=CIBLES,
        tell_conditions=tell_conditions,
    )


@routeur.post("/medecin/document-orientation/brouillon")
@acces("medecin_conseil")
def change_brouillon(request: Request) -> Response:
    """Begin the draft, date it, or give it up: the button pressed says which."""
    geste = choix(request, "geste", {"ouvrir", "dater", "abandonner"}, libelle="Geste")
    auteur, maintenant, plateforme = session_of(request).auteur, clock.now(), _plateforme(request)
    with ecrire(request) as conn:
        if geste == "ouvrir":
            edit_dol.open_brouillon(conn, auteur, plateforme, maintenant)
        elif geste == "dater":
            du = jour(request, "du", libelle="En vigueur à partir du", obligatoire=True)
            edit_dol.date_brouillon(conn, auteur, plateforme, _revision(request), du, maintenant)
        else:
            edit_dol.abandon_brouillon(conn, auteur, plateforme, _revision(request), maintenant)
    if geste == "abandonner":
        flash(request, "Brouillon abandonné. La version en vigueur n'a pas changé.")
        return redirect("/medecin/document-orientation")
    if geste == "dater":
        flash(request, "Date enregistrée dans le brouillon.")
    return redirect(BASE)


@routeur.get("/medecin/document-orientation/brouillon/regle")
@acces("medecin_conseil")
def show_regle(request: Request, regle: str = "") -> Response:
    """Form of one rule: a new one, or that of the draft whose id is given."""
    with lire(request) as conn:
        brouillon = edit_dol.get_brouillon(conn, _plateforme(request))
    trouvee = brouillon.find_regle(regle)
    if regle and trouvee is None:
        flash(request, "Cette règle n'est plus dans le brouillon : elle a été retirée entre-temps.", genre="attention")
        return redirect(BASE)
    return _page_regle(request, brouillon, trouvee, None if trouvee is None else _fill(trouvee))


@routeur.post("/medecin/document-orientation/brouillon/regle")
@acces("medecin_conseil")
def write_regle(request: Request) -> Response:
    """Write the rule in the draft; a form that says something impossible is shown again as typed, with what to correct."""
    auteur, maintenant, plateforme = session_of(request).auteur, clock.now(), _plateforme(request)
    regle_id = texte(request, "regle", libelle="Règle", maximum=36)
    try:
        libelle = texte(request, "libelle", libelle="Nom de la règle", maximum=LIBELLE_MAX, obligatoire=True)
        cible = choix(request, "cible", CIBLES, libelle="Orientation")
        conditions = _read_conditions(request)
        with ecrire(request) as conn:
            edit_dol.write_regle(
                conn, auteur, plateforme, _revision(request), regle_id, libelle=libelle, conditions=conditions, cible=cible,
                maintenant=maintenant,
            )  # fmt: skip
    except DonneeInvalide as refus:
        with lire(request) as conn:
            brouillon = edit_dol.get_brouillon(conn, plateforme)
        return _page_regle(request, brouillon, brouillon.find_regle(regle_id or ""), _typed(request), erreur=refus.message)
    flash(request, f"Règle « {libelle} » enregistrée dans le brouillon. Elle n'a pas d'effet avant la signature.")
    return redirect(BASE)


@routeur.post("/medecin/document-orientation/brouillon/place")
@acces("medecin_conseil")
def place_regle(request: Request) -> Response:
    """Move a rule up or down, or take it out."""
    geste = choix(request, "geste", {*GESTES, "retirer"}, libelle="Geste")
    regle_id = texte(request, "regle", libelle="Règle", maximum=36, obligatoire=True)
    auteur, maintenant, plateforme = session_of(request).auteur, clock.now(), _plateforme(request)
    with ecrire(request) as conn:
        if geste == "retirer":
            edit_dol.drop_regle(conn, auteur, plateforme, _revision(request), regle_id, maintenant)
        else:
            edit_dol.place_regle(conn, auteur, plateforme, _revision(request), regle_id, GESTES[geste], maintenant)
    if geste == "retirer":
        flash(request, "Règle retirée du brouillon. La version en vigueur n'a pas changé.")
        return redirect(BASE)
    return redirect(f"{BASE}#regle-{regle_id}")


@routeur.get("/medecin/document-orientation/essai")
@acces("medecin_conseil")
def show_essai(request: Request, mois: int = MOIS, quoi: str = "changes") -> Response:
    """The draft on past files, then the form to sign exactly what was tried."""
    with lire(request) as conn:
        brouillon = edit_dol.get_brouillon(conn, _plateforme(request))
        version = find_dol(conn, jour_local(clock.now()))
        essai = simulate_dol(conn, _plateforme(request), brouillon.regles, mois if mois in PERIODES else MOIS, clock.now())
    quoi = quoi if quoi in ("changes", "contraires") else "changes"
    lignes = essai.contraires if quoi == "contraires" else essai.changes
    return page(
        request,
        "medecin/dol_essai.html",
        brouillon=brouillon,
        version=version,
        essai=essai,
        lignes=lignes[:LIGNES],
        total=len(lignes),
        quoi=quoi,
        mois=mois if mois in PERIODES else MOIS,
        periodes=PERIODES,
        muettes=list_muettes(brouillon.regles),
        cibles=CIBLES,
        categories=CATEGORIES,
        tell_conditions=tell_conditions,
    )


@routeur.post("/medecin/document-orientation/signature")
@acces("medecin_conseil")
def sign(request: Request) -> Response:
    """Sign the revision that was tried; any change since then is refused."""
    choix(request, "lu", {"oui"}, libelle="J'ai lu l'essai et je signe")
    with ecrire(request) as conn:
        edit_dol.sign_brouillon(conn, session_of(request).auteur, _plateforme(request), _revision(request), clock.now())
    flash(request, "Document d'orientation local signé. Il s'applique à partir de la date que vous avez choisie.")
    return redirect("/medecin/document-orientation")


def _plateforme(request: Request) -> str:
    return session_of(request).plateforme_id or ""


def _revision(request: Request) -> int:
    brut = texte(request, "revision", libelle="Version du brouillon", maximum=9, obligatoire=True)
    if not (brut.isascii() and brut.isdigit()):
        raise DonneeInvalide("Rechargez la page, puis recommencez. Rien n'a été enregistré.", code="bad_revision")
    return int(brut)


def _read_conditions(request: Request) -> dict[str, Any]:
    """Only what was filled in is a condition."""
    conditions: dict[str, Any] = {}
    for cle, libelle in NOMBRES.items():
        brut = texte(request, cle, libelle=libelle, maximum=4)
        if brut is None:
            continue
        if not (brut.isascii() and brut.isdigit()) or int(brut) not in BORNES[cle]:
            raise DonneeInvalide(f"« {libelle} » : « {brut} » n'est pas possible. Rien n'a été enregistré.", code=f"bad_rule:{cle}")
        conditions[cle] = int(brut)
    for cle, admis, libelle in (("categories", CATEGORIES, "Motif"), ("risques", RISQUES_REGLE, "Risque")):
        cochees = choix_multiples(request, cle, admis, libelle=libelle)
        if cochees:
            conditions[cle] = cochees
    ald = choix(request, "ald", {"oui", "non"}, libelle="Affection de longue durée", obligatoire=False)
    return conditions if ald is None else {**conditions, "ald": ald == "oui"}


def _fill(regle: Regle) -> dict[str, Any]:
    """The form as this rule would fill it in."""
    conditions: Mapping[str, Any] = regle.conditions
    ald = {True: "oui", False: "non"}.get(conditions.get("ald"), "")
    nombres = {cle: str(conditions.get(cle, "")) for cle in NOMBRES}
    listes = {cle: conditions.get(cle, []) for cle in ("categories", "risques")}
    return {"libelle": regle.libelle, "cible": regle.cible, "ald": ald, **nombres, **listes}


def _typed(request: Request) -> dict[str, Any]:
    """The form as it was typed."""
    seuls = {cle: values(request, cle)[0] for cle in ("libelle", "cible", "ald", *NOMBRES)}
    return {**seuls, "categories": values(request, "categories"), "risques": values(request, "risques")}


def _page_regle(
    request: Request, brouillon: Brouillon, regle: Regle | None, saisie: dict[str, Any] | None, *, erreur: str | None = None
) -> Response:
    vide = {cle: "" for cle in ("libelle", "cible", "ald", *NOMBRES)} | {"categories": [], "risques": []}
    return page(
        request,
        "medecin/dol_regle.html",
        statut=422 if erreur else 200,
        brouillon=brouillon,
        regle=regle,
        revision=values(request, "revision")[0] or brouillon.revision,
        saisie=saisie or vide,
        erreur=erreur,
        nombres=NOMBRES,
        paliers=PALIERS,
        bornes=BORNES,
        categories=CATEGORIES,
        risques=RISQUES_REGLE,
        cibles=CIBLES,
        libelle_max=LIBELLE_MAX,
    )
