"""Deadlines: a policy delay, in its own unit, turned into an instant where the person lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.domain.calendrier import Zone, add_jours_ouvres, add_mois, zone_du_departement
from pdp.errors import Introuvable
from pdp.services.publish_referentiel import referentiel
from pdp.storage.sql import query

FIN_DE_JOURNEE = time(18, 0)


@dataclass(frozen=True)
class Lieu:
    """Where the calendar of a platform is: holidays and time zone."""

    plateforme_id: str
    departement: str
    zone: Zone
    fuseau: ZoneInfo

    def jour(self, instant: datetime) -> date:
        return jour_local(instant, self.fuseau)

    def fin_de_journee(self, jour: date) -> datetime:
        """End of the working day, aware."""
        return datetime.combine(jour, FIN_DE_JOURNEE, self.fuseau)


def get_lieu(conn: Connection, plateforme_id: str) -> Lieu:
    """Raises :class:`Introuvable` for an unknown platform."""
    ligne = conn.execute(query("referentiel.lire_plateforme"), {"plateforme": plateforme_id}).one_or_none()
    if ligne is None:
        raise Introuvable("Cette plateforme n'est pas configurée.")
    return Lieu(ligne.id, ligne.departement, zone_du_departement(ligne.departement), ZoneInfo(ligne.fuseau))


def list_lieux(conn: Connection) -> list[Lieu]:
    """Every platform, in the order of the ids, in one statement."""
    return [
        Lieu(ligne.id, ligne.departement, zone_du_departement(ligne.departement), ZoneInfo(ligne.fuseau))
        for ligne in conn.execute(query("referentiel.lister_lieux")).all()
    ]


def due_at(lieu: Lieu, cle: str, maintenant: datetime) -> datetime:
    """Deadline of the policy ``cle`` counted from ``maintenant``: end of the last day, working days when its unit says so.

    Units: jours_ouvres, jours, mois, heures. Raises ``ReferentielIncomplet`` when no value is in force.
    """
    jour = lieu.jour(maintenant)
    parametre = referentiel().get_parametre(cle, jour, lieu.plateforme_id)
    nombre = int(parametre.nombre)
    if parametre.unite == "heures":
        return maintenant + timedelta(hours=nombre)
    if parametre.unite == "mois":
        return lieu.fin_de_journee(add_mois(jour, nombre))
    if parametre.unite == "jours_ouvres":
        return lieu.fin_de_journee(add_jours_ouvres(jour, nombre, lieu.zone))
    return lieu.fin_de_journee(jour + timedelta(days=nombre))
