"""Who is present on a day, with what they carry in effort points: the candidates of every assignment."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.affectation import Candidat, count_places
from pdp.domain.effort import Bareme, load_bareme
from pdp.services.delais import Lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.sql import query


@dataclass(frozen=True)
class Charge:
    """Open parcours and effort points of one coordinator."""

    dossiers: int = 0
    points: int = 0


def get_bareme(lieu: Lieu, jour: date) -> Bareme:
    return load_bareme(referentiel(), jour, lieu.plateforme_id)


def read_charges(conn: Connection, lieu: Lieu, jour: date) -> dict[UUID, Charge]:
    """By coordinator, those without any parcours left out: the database counts, the scale of the domain weighs."""
    bareme = get_bareme(lieu, jour)
    charges: dict[UUID, Charge] = defaultdict(Charge)
    parametres = {"plateforme": lieu.plateforme_id, "fuseau": str(lieu.fuseau), "recent_depuis": bareme.recent_depuis(jour)}
    for ligne in conn.execute(query("affectation.lister_charges"), parametres):
        avant = charges[ligne.csam_id]
        points = bareme.points(ligne.statut, ligne.orientations, ligne.recent)
        charges[ligne.csam_id] = Charge(avant.dossiers + ligne.nombre, avant.points + ligne.nombre * points)
    return charges


def list_candidats(conn: Connection, lieu: Lieu, jour: date, present_le: date | None = None) -> list[Candidat]:
    """CSAM present on ``present_le`` (``jour`` unless given), with their load of today and the places the cap leaves them."""
    charges = read_charges(conn, lieu, jour)
    plafond = referentiel().entier("csam_parcours_actifs_max", jour, lieu.plateforme_id)
    presents = conn.execute(query("affectation.lister_presents"), {"plateforme": lieu.plateforme_id, "jour": present_le or jour})
    candidats = []
    for ligne in presents:
        charge, quotite = charges.get(ligne.id, Charge()), float(ligne.quotite)
        candidats.append(
            Candidat(
                ligne.id,
                ligne.numero,
                charge.points,
                quotite,
                tuple(ligne.territoire),
                tuple(ligne.competences),
                charge.dossiers,
                count_places(plafond, quotite, charge.dossiers),
            )
        )
    return candidats
