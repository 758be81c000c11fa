"""What the holder of a link sees and decides. The database believes the signed link only, and decides who has the slot.

Nothing is shown before the birth date: whoever finds the telephone, or the letter, of somebody else learns nothing from it. Unknown,
closed and used links answer alike.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pdp.domain.agenda import fuseau_de_la_personne
from pdp.domain.auteur import Auteur
from pdp.domain.calendrier import Creneau
from pdp.services.delais import Lieu, get_lieu
from pdp.services.invite_assure import filter_creneaux, get_au_plus_tot, hash_jeton
from pdp.services.load_agenda import build_agenda
from pdp.services.publish_referentiel import referentiel
from pdp.storage.sql import query

CANAL = "telephone"
ETATS = ("ouvert", "bloque", "expire", "ferme", "inconnu")
GESTES = ("choisir", "annuler", "rappelez_moi", "nouveau_lien")


@dataclass(frozen=True)
class RendezVous:
    """The appointment to come of the holder of a link."""

    debut_at: datetime
    fin_at: datetime
    canal: str
    ics_uid: UUID
    ics_sequence: int


@dataclass(frozen=True)
class Lien:
    """A link as its holder may see it: nothing of the person, and nothing at all before ``identifie``."""

    etat: str
    identifie: bool
    essais_restants: int
    expire_at: datetime
    plateforme: str
    telephone: str | None
    fuseau: ZoneInfo
    rendez_vous: RendezVous | None
    creneaux: list[Creneau]


def find_lien(conn: Connection, jeton: str) -> Auteur | None:
    """Author that a token stands for, under the portal's own role; None for an unknown one."""
    ligne = conn.execute(query("rendez_vous.trouver_lien"), {"empreinte": hash_jeton(jeton)}).one_or_none()
    return None if ligne is None else Auteur("assure", str(ligne.invitation_id), "assure", ligne.plateforme_id)


def read_lien(conn: Connection, auteur: Auteur, acces: str, maintenant: datetime) -> Lien:
    """State of the link; the appointment and the slots once the cookie ``acces`` is the one given after the birth date. Writes nothing."""
    assert auteur.plateforme_id is not None
    plateforme = conn.execute(query("referentiel.lire_plateforme"), {"plateforme": auteur.plateforme_id}).one()
    lieu = get_lieu(conn, auteur.plateforme_id)
    horizon = referentiel().entier("invitation_horizon_jours", lieu.jour(maintenant), lieu.plateforme_id)
    parametres = {"acces": hash_jeton(acces), "maintenant": maintenant, "fin": maintenant + timedelta(days=horizon + 2)}
    ligne = conn.execute(query("rendez_vous.lire_lien"), parametres).one()
    rendez_vous = None
    if ligne.tele_echange_id is not None:
        rendez_vous = RendezVous(ligne.debut_at, ligne.fin_at, ligne.canal, ligne.ics_uid, ligne.ics_sequence)
    creneaux: list[Creneau] = []
    if ligne.identifie:
        agenda = build_agenda(lieu, ligne.agenda, lieu.jour(maintenant))
        creneaux = filter_creneaux(lieu, agenda, ligne.departement, maintenant)
    return Lien(
        etat=ligne.etat,
        identifie=ligne.identifie,
        essais_restants=ligne.essais_restants or 0,
        expire_at=ligne.expire_at or maintenant,
        plateforme=plateforme.libelle,
        telephone=plateforme.telephone,
        fuseau=fuseau_de_la_personne(ligne.departement, lieu.fuseau),
        rendez_vous=rendez_vous,
        creneaux=creneaux,
    )


def identify(conn: Connection, auteur: Auteur, naissance: date, maintenant: datetime) -> tuple[str, str, timedelta]:
    """Result (ok, faux, bloque, or the state of the link), cookie to give, and for how long it is good. Each wrong date is counted."""
    lieu = _get_lieu(conn, auteur)
    duree = timedelta(minutes=referentiel().entier("invitation_acces_minutes", lieu.jour(maintenant), lieu.plateforme_id))
    acces = secrets.token_urlsafe(32)
    resultat = conn.execute(
        query("rendez_vous.identifier_lien"),
        {"naissance": naissance, "acces": hash_jeton(acces), "acces_expire": maintenant + duree, "maintenant": maintenant},
    ).scalar_one()
    return resultat, acces, duree


def choose(conn: Connection, auteur: Auteur, acces: str, debut_at: datetime, maintenant: datetime) -> str:
    """Take a slot, or move the appointment to it: fait, deja, pris, trop_tard, a_identifier or the state of the link."""
    lien = read_lien(conn, auteur, acces, maintenant)
    if lien.rendez_vous is not None and lien.rendez_vous.debut_at == debut_at:
        return "deja"
    creneau = next((c for c in lien.creneaux if c.debut == debut_at), None)
    if creneau is None:
        return "pris" if lien.identifie else _decide(conn, auteur, acces, "choisir", maintenant, debut_at, debut_at)
    return _decide(conn, auteur, acces, "choisir", maintenant, creneau.debut, creneau.fin)


def decide(conn: Connection, auteur: Auteur, acces: str, geste: str, maintenant: datetime) -> str:
    """Cancel, « call me instead », or ask for another link; same results as :func:`choose`."""
    return _decide(conn, auteur, acces, geste, maintenant)


def _decide(
    conn: Connection,
    auteur: Auteur,
    acces: str,
    geste: str,
    maintenant: datetime,
    debut: datetime | None = None,
    fin: datetime | None = None,
) -> str:
    resultat: str = conn.execute(
        query("rendez_vous.decider_lien"),
        {
            "acces": hash_jeton(acces),
            "geste": geste,
            "debut": debut,
            "fin": fin,
            "canal": CANAL,
            "au_plus_tot": get_au_plus_tot(_get_lieu(conn, auteur), maintenant),
            "maintenant": maintenant,
        },
    ).scalar_one()
    return resultat


def _get_lieu(conn: Connection, auteur: Auteur) -> Lieu:
    assert auteur.plateforme_id is not None
    return get_lieu(conn, auteur.plateforme_id)
