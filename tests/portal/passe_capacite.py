"""Weeks of past for the capacity page: parcours, calls, télé-échanges and leave, without the people they would be about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from fabrique import MAINTENANT

PARCOURS = (
    "INSERT INTO pdp.parcours (id, plateforme_id, assure_id, signalement_id, statut, csam_id, survenu_le, connu_at, decide_at,"
    " dernier_evenement_at, clos_at, cloture_motif)"
    " VALUES (gen_random_uuid(), %s, gen_random_uuid(), gen_random_uuid(), 'affecte', %s, %s, %s, %s, %s, %s, %s) RETURNING id"
)
APPEL = (
    "INSERT INTO pdp.tache (plateforme_id, parcours_id, motif, balle, echeance_at, cause, origine, ouverte_at, ouverte_par, fermee_at,"
    " fermee_par, issue, retard_jours) VALUES (%s, %s, %s, 'csam', %s, 'essai', 'automatique', %s, 'essai', %s, 'essai', %s, 0)"
)


class Passe:
    """Adds facts as the owner of the tables; triggers and foreign keys rest."""

    def __init__(self, admin: psycopg.Connection[Any], csam: UUID, plateforme: str = "PF35") -> None:
        self.admin, self.csam, self.plateforme = admin, csam, plateforme
        admin.execute("SET session_replication_role = replica")

    def parcours(self, ouvert: datetime, *appels: tuple[datetime, str], clos: datetime | None = None, motif: str = "reprise_tpt") -> UUID:
        """One parcours with its calls: instants and results."""
        jour = ouvert.date()
        valeurs = (self.plateforme, self.csam, jour, ouvert, ouvert, ouvert, clos, motif if clos else None)
        ligne = self.admin.execute(PARCOURS, valeurs).fetchone()
        assert ligne
        for rang, (le, issue) in enumerate(appels):
            nom = "premier_appel" if rang == 0 else "nouvel_appel"
            self.admin.execute(APPEL, (self.plateforme, ligne[0], nom, le, ouvert, le, issue))
        return UUID(str(ligne[0]))

    def rendez_vous(self, planifie: datetime, debut: datetime, statut: str) -> None:
        self.admin.execute(
            "INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, statut, planifie_at)"
            " VALUES (%s, gen_random_uuid(), %s, 1, %s, %s, %s, %s)",
            (self.plateforme, self.csam, debut, debut + timedelta(minutes=45), statut, planifie),
        )

    def absence(self, du: str, au: str) -> None:
        self.admin.execute(
            "INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au) VALUES (%s, %s, %s, %s)", (self.plateforme, self.csam, du, au)
        )


def fill(passe: Passe, semaines: int = 11, par_jour: int = 4, delai: int = 2, maintenant: datetime = MAINTENANT) -> None:
    """The same number of people every working day of the last whole weeks, called ``delai`` calendar days later, one in two reached."""
    lundi = maintenant - timedelta(days=maintenant.weekday())
    for semaine in range(semaines, 0, -1):
        for jour in range(5):
            ouvert = lundi - timedelta(weeks=semaine) + timedelta(days=jour)
            for rang in range(par_jour):
                appel = min(ouvert + timedelta(days=delai, minutes=rang), maintenant)
                issue = ("joint", "non_reponse")[rang % 2]
                clos = ouvert + timedelta(days=20) if rang == 0 and ouvert + timedelta(days=20) < maintenant else None
                passe.parcours(ouvert + timedelta(minutes=rang), (appel, issue), clos=clos)
