"""Forms by which a partner says what it is, shared by its own page and by that of the manager: same fields, same words, other address."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from sqlalchemy import Connection

from pdp import clock
from pdp.clock import jour_local
from pdp.domain.auteur import Auteur
from pdp.errors import DonneeInvalide
from pdp.portal.formulaires import choix, identifiant, jour, texte
from pdp.services.manage_structure import (
    HORAIRES_MAX,
    NOM_MAX,
    PERIODES,
    add_absence,
    add_contact,
    remove_absence,
    remove_contact,
    set_capacite,
    set_horaires,
)


def entier(request: Request, champ: str, *, libelle: str) -> int | None:
    """Whole number typed, None when empty."""
    brut = texte(request, champ, libelle=libelle, maximum=6)
    if brut is None:
        return None
    if not (brut.isascii() and brut.isdecimal()):
        raise DonneeInvalide(f"« {libelle} » : écrivez un nombre entier. Rien n'a été enregistré.", code=f"bad_number:{champ}")
    return int(brut)


def save_capacite(request: Request, conn: Connection, auteur: Auteur, partenaire_id: UUID) -> str:
    """Places; returns what to say."""
    maintenant = clock.now()
    places = entier(request, "places", libelle="Places")
    periode = choix(request, "periode", PERIODES, libelle="Période", obligatoire=places is not None)
    change = set_capacite(
        conn,
        auteur,
        partenaire_id,
        places=places,
        periode=periode if places is not None else None,
        complet_jusqu_au=jour(request, "complet_jusqu_au", libelle="Complet jusqu'au"),
        jour=jour_local(maintenant),
        maintenant=maintenant,
    )
    return "Capacité enregistrée : les conseillers la voient dès maintenant." if change else "Rien n'a changé."


def save_absence(request: Request, conn: Connection, auteur: Auteur, partenaire_id: UUID) -> str:
    du = jour(request, "du", libelle="Premier jour", obligatoire=True)
    au = jour(request, "au", libelle="Dernier jour", obligatoire=True)
    qui = texte(request, "contact", libelle="Qui est absent", maximum=36)
    relais = texte(request, "relais", libelle="Qui répond pendant ce temps", maximum=36)
    add_absence(
        conn,
        auteur,
        partenaire_id,
        contact_id=identifiant(request, "contact", libelle="Qui est absent") if qui else None,
        du=du,
        au=au,
        relais_id=identifiant(request, "relais", libelle="Qui répond pendant ce temps") if relais else None,
        maintenant=clock.now(),
    )
    return "Absence enregistrée."


def drop_absence(request: Request, conn: Connection, auteur: Auteur, partenaire_id: UUID) -> str:
    remove_absence(conn, auteur, partenaire_id, identifiant(request, "absence", libelle="Absence"), clock.now())
    return "Absence retirée."


def save_contact(request: Request, conn: Connection, auteur: Auteur, partenaire_id: UUID) -> str:
    add_contact(
        conn,
        auteur,
        partenaire_id,
        nom=texte(request, "nom", libelle="Nom", maximum=NOM_MAX, obligatoire=True),
        fonction=texte(request, "fonction", libelle="Fonction", maximum=NOM_MAX),
        courriel=texte(request, "courriel", libelle="Courriel", maximum=254),
        telephone=texte(request, "telephone", libelle="Téléphone", maximum=20),
        rappels=texte(request, "rappels", libelle="Rappels", maximum=3) == "oui",
        maintenant=clock.now(),
    )
    return "Collègue ajouté."


def drop_contact(request: Request, conn: Connection, auteur: Auteur, partenaire_id: UUID) -> str:
    remove_contact(conn, auteur, partenaire_id, identifiant(request, "contact", libelle="Collègue"), clock.now())
    return "Collègue retiré : il ne reçoit plus de rappel."


def save_horaires(request: Request, conn: Connection, auteur: Auteur, partenaire_id: UUID) -> str:
    set_horaires(conn, auteur, partenaire_id, texte(request, "horaires", libelle="Horaires", maximum=HORAIRES_MAX))
    return "Horaires enregistrés."


GESTES = {
    "capacite": (save_capacite, "capacite"),
    "absence": (save_absence, "absences"),
    "absence-retiree": (drop_absence, "absences"),
    "collegue": (save_contact, "collegues"),
    "collegue-retire": (drop_contact, "collegues"),
    "horaires": (save_horaires, "horaires"),
}
"""Last part of the address of a form -> what it does, and the part of the page to come back to."""
