"""What a partner says of itself: places, absences, people, hours, addresses. The partner does it, or a manager for it.

A new address counts only once a manager has checked it: things about people go there.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.flux_controles import CONTROLES, ValeurRefusee
from pdp.errors import Conflit, DonneeInvalide, Introuvable
from pdp.storage import journal
from pdp.storage.sql import query

PERIODES = {"semaine": "par semaine", "mois": "par mois"}
PLACES_MAX = 10_000
NOM_MAX = 120
HORAIRES_MAX = 200
ADRESSES = {"courriel": "Adresse ordinaire (avis et liens)", "adresse_securisee": "Adresse de messagerie sécurisée (contenus)"}


def set_capacite(
    conn: Connection,
    auteur: Auteur,
    partenaire_id: UUID,
    *,
    places: int | None,
    periode: str | None,
    complet_jusqu_au: date | None,
    jour: date,
    maintenant: datetime,
) -> bool:
    """Say how many new requests can be taken, or until when none; True when it changes something.

    Raises :class:`DonneeInvalide` for a number without its period, a number out of bounds or a past day.
    """
    plateforme = _check_partenaire(conn, auteur, partenaire_id)
    if (places is None) != (periode is None) or periode not in (None, *PERIODES):
        raise DonneeInvalide(
            "Dites le nombre de places et la période, ou ni l'un ni l'autre. Rien n'a été enregistré.", code="half_capacity"
        )
    if places is not None and not 0 <= places <= PLACES_MAX:
        raise DonneeInvalide("Le nombre de places n'est pas possible. Rien n'a été enregistré.", code="bad_capacity")
    if complet_jusqu_au is not None and complet_jusqu_au < jour:
        raise DonneeInvalide("« Complet jusqu'au » est déjà passé. Rien n'a été enregistré.", code="past_day")
    avant = conn.execute(query("partenaires.lire_capacite"), {"partenaire": partenaire_id, "jour": jour}).one()
    if (avant.places, avant.periode, avant.complet_jusqu_au) == (places, periode, complet_jusqu_au):
        return False
    conn.execute(query("partenaires.remplacer_capacite"), {"partenaire": partenaire_id, "maintenant": maintenant})
    conn.execute(
        query("partenaires.poser_capacite"),
        {
            "partenaire": partenaire_id,
            "places": places,
            "periode": periode,
            "complet_jusqu_au": complet_jusqu_au,
            "maintenant": maintenant,
        },
    )
    donnees = {"partenaire_id": partenaire_id, "places": places, "periode": periode, "complet_jusqu_au": complet_jusqu_au}
    journal.record(conn, "partenaire_capacite", plateforme_id=plateforme, donnees=donnees)
    return True


def add_absence(
    conn: Connection,
    auteur: Auteur,
    partenaire_id: UUID,
    *,
    contact_id: UUID | None,
    du: date,
    au: date,
    relais_id: UUID | None,
    maintenant: datetime,
) -> UUID:
    """Days without an answer, of somebody or (``contact_id`` None) of the whole structure; the same again is the same one.

    Raises :class:`DonneeInvalide` for days in the wrong order, :class:`Introuvable` for people of another partner.
    """
    plateforme = _check_partenaire(conn, auteur, partenaire_id)
    if au < du:
        raise DonneeInvalide("Le dernier jour d'absence précède le premier. Rien n'a été enregistré.", code="reversed_dates")
    if contact_id is not None and contact_id == relais_id:
        raise DonneeInvalide("La personne absente ne peut pas se remplacer elle-même. Rien n'a été enregistré.", code="same_person")
    for contact in (contact_id, relais_id):
        if contact is not None:
            _check_contact(conn, partenaire_id, contact)
    parametres = {"partenaire": partenaire_id, "contact": contact_id, "du": du, "au": au, "relais": relais_id}
    connue = conn.execute(query("partenaires.trouver_absence"), parametres).scalar()
    if connue is not None:
        return connue
    absence = conn.execute(query("partenaires.poser_absence"), {**parametres, "maintenant": maintenant}).scalar_one()
    donnees = {"partenaire_id": partenaire_id, "absence_id": absence, "contact_id": contact_id, "relais_id": relais_id, "du": du, "au": au}
    journal.record(conn, "partenaire_absence", plateforme_id=plateforme, donnees=donnees)
    return absence


def remove_absence(conn: Connection, auteur: Auteur, partenaire_id: UUID, absence_id: UUID, maintenant: datetime) -> None:
    """Take an absence back; twice is once."""
    plateforme = _check_partenaire(conn, auteur, partenaire_id)
    parametres = {"partenaire": partenaire_id, "absence": absence_id, "maintenant": maintenant}
    if conn.execute(query("partenaires.retirer_absence"), parametres).scalar() is not None:
        donnees = {"partenaire_id": partenaire_id, "absence_id": absence_id}
        journal.record(conn, "partenaire_absence_retiree", plateforme_id=plateforme, donnees=donnees)


def add_contact(
    conn: Connection,
    auteur: Auteur,
    partenaire_id: UUID,
    *,
    nom: str,
    fonction: str | None,
    courriel: str | None,
    telephone: str | None,
    rappels: bool,
    maintenant: datetime,
) -> UUID:
    """Name somebody of the structure; with ``rappels`` this person receives the reminders, hence needs an address."""
    plateforme = _check_partenaire(conn, auteur, partenaire_id)
    nom, courriel, telephone = nom.strip(), check_adresse(courriel), check_telephone(telephone)
    if not nom or len(nom) > NOM_MAX or len(fonction or "") > NOM_MAX:
        raise DonneeInvalide(f"Écrivez un nom de {NOM_MAX} caractères au plus. Rien n'a été enregistré.", code="bad_name")
    if rappels and courriel is None:
        raise DonneeInvalide(
            "Pour recevoir les rappels, il faut une adresse électronique. Rien n'a été enregistré.", code="missing_address"
        )
    contact = conn.execute(
        query("partenaires.ajouter_contact"),
        {
            "partenaire": partenaire_id,
            "nom": nom,
            "fonction": fonction,
            "courriel": courriel,
            "telephone": telephone,
            "rappels": rappels,
            "maintenant": maintenant,
        },
    ).scalar_one()
    donnees = {"partenaire_id": partenaire_id, "contact_id": contact, "rappels": rappels}
    journal.record(conn, "partenaire_contact_ajoute", plateforme_id=plateforme, donnees=donnees)
    return contact


def remove_contact(conn: Connection, auteur: Auteur, partenaire_id: UUID, contact_id: UUID, maintenant: datetime) -> None:
    """Somebody is no longer there: no reminder, no replacement any more. Twice is once."""
    plateforme = _check_partenaire(conn, auteur, partenaire_id)
    parametres = {"partenaire": partenaire_id, "contact": contact_id, "maintenant": maintenant}
    if conn.execute(query("partenaires.retirer_contact"), parametres).scalar() is not None:
        donnees = {"partenaire_id": partenaire_id, "contact_id": contact_id}
        journal.record(conn, "partenaire_contact_retire", plateforme_id=plateforme, donnees=donnees)


def set_horaires(conn: Connection, auteur: Auteur, partenaire_id: UUID, horaires: str | None) -> None:
    """Opening hours, in words."""
    plateforme = _check_partenaire(conn, auteur, partenaire_id)
    if len(horaires or "") > HORAIRES_MAX:
        raise DonneeInvalide(f"Les horaires sont limités à {HORAIRES_MAX} caractères. Rien n'a été enregistré.", code="too_long")
    conn.execute(query("partenaires.poser_horaires"), {"partenaire": partenaire_id, "horaires": horaires or None})
    journal.record(conn, "partenaire_configure", plateforme_id=plateforme, donnees={"partenaire_id": partenaire_id, "champs": ["horaires"]})


def ask_adresse(conn: Connection, auteur: Auteur, partenaire_id: UUID, champ: str, valeur: str, maintenant: datetime) -> None:
    """Ask for another address (``champ``: a key of :data:`ADRESSES`); the former one is used until a manager decides.

    Asking for the one in use withdraws what was asked.
    """
    plateforme = _check_partenaire(conn, auteur, partenaire_id)
    nouvelle = check_adresse(valeur)
    if champ not in ADRESSES or nouvelle is None:
        raise DonneeInvalide("Écrivez l'adresse demandée. Rien n'a été enregistré.", code="missing_address")
    partenaire = conn.execute(query("partenaires.trouver"), {"partenaire": partenaire_id}).one()
    attendue = [d.valeur for d in conn.execute(query("partenaires.lister_adresses"), {"partenaire": partenaire_id}) if d.champ == champ]
    if attendue == [nouvelle]:
        return
    parametres = {"partenaire": partenaire_id, "champ": champ, "maintenant": maintenant}
    conn.execute(query("partenaires.remplacer_adresse"), parametres)
    if getattr(partenaire, champ) != nouvelle:
        conn.execute(query("partenaires.demander_adresse"), {**parametres, "valeur": nouvelle})
        journal.record(
            conn, "partenaire_adresse_demandee", plateforme_id=plateforme, donnees={"partenaire_id": partenaire_id, "champ": champ}
        )


def check_adresse(valeur: str | None) -> str | None:
    """Mail address, None when empty; raises :class:`DonneeInvalide`."""
    return _checked("courriel", valeur)


def check_telephone(valeur: str | None) -> str | None:
    """E.164 number, None when empty; raises :class:`DonneeInvalide`."""
    return _checked("telephone", valeur)


def _checked(controle: str, valeur: str | None) -> str | None:
    texte = (valeur or "").strip()
    if not texte:
        return None
    try:
        return CONTROLES[controle](texte)
    except ValeurRefusee as refus:
        raise DonneeInvalide(f"{refus.message} Rien n'a été enregistré.", code=refus.code) from None


def _check_partenaire(conn: Connection, auteur: Auteur, partenaire_id: UUID) -> str:
    """Platform of a partner within reach: its own for a partner, those of the platform for a manager."""
    if auteur.type == "partenaire" and str(partenaire_id) != auteur.partenaire_id:
        raise Introuvable("Cette structure n'est pas la vôtre.")
    ligne = conn.execute(query("partenaires.trouver"), {"partenaire": partenaire_id}).one_or_none()
    if ligne is None:
        raise Introuvable("Ce partenaire n'existe pas ou n'est pas accessible.")
    return ligne.plateforme_id


def _check_contact(conn: Connection, partenaire_id: UUID, contact_id: UUID) -> None:
    if conn.execute(query("partenaires.trouver_contact"), {"partenaire": partenaire_id, "contact": contact_id}).scalar() is None:
        raise Conflit("Cette personne n'est plus dans la liste des collègues. Rechargez la page ; rien n'a été enregistré.")
