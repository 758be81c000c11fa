"""A platform whose organisation changes: its people, their parcours, two teams, and what its manager does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

import fabrique
from equipe_redistribuee import JOUR
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.auteur import Auteur
from pdp.domain.organisation import walk
from pdp.services import reorganise
from pdp.services.read_organisation import Organisation, read_organisation
from pdp.storage import db


@dataclass
class Maison:
    """A platform: its manager, three coordinators with parcours, a médecin-conseil."""

    auteur: Auteur
    csam: list[UUID]
    medecin: UUID
    parcours: list[UUID]

    def act(self, nom: str, **champs: Any) -> UUID:
        with db.begin_as(self.auteur) as conn:
            return getattr(reorganise, nom)(conn, self.auteur, maintenant=MAINTENANT, **champs)

    def cancel(self, acte: UUID, jours: int = 0) -> None:
        with db.begin_as(self.auteur) as conn:
            reorganise.cancel_acte(conn, self.auteur, acte, MAINTENANT + timedelta(days=jours))

    def read(self, jour: date, maintenant: Any = MAINTENANT) -> Organisation:
        with db.begin_as(self.auteur, lecture=True) as conn:
            return read_organisation(conn, "PF35", jour, maintenant)

    def unite(self, libelle: str, jour: date = JOUR) -> UUID:
        return next(n.unite.id for n in walk(self.read(jour).arbre) if n.unite.libelle == libelle)

    def ou(self, agent: UUID, jour: date) -> str | None:
        """Name of the unit of somebody on a day."""
        organisation = self.read(jour)
        noms = {n.unite.id: n.unite.libelle for n in walk(organisation.arbre)}
        return next((noms.get(u) for u, agents in organisation.agents.items() if agent in {a.id for a in agents}), None)


def _follow(conn: Connection, csam: UUID) -> UUID:
    """A parcours of a coordinator, assigned thirty days ago."""
    dossier = fabrique.parcours(conn, csam=csam)
    conn.execute(
        text(
            "INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)"
            " VALUES ('PF35', :p, :c, :m, 'Territoire', 'systeme', 'essai')"
        ),
        {"p": dossier.parcours, "c": csam, "m": MAINTENANT - timedelta(days=30)},
    )
    return dossier.parcours


def build_maison() -> Maison:
    with lot() as conn:
        fabrique.socle(conn)
        csam = [fabrique.agent(conn) for _ in range(3)]
        parcours = [_follow(conn, c) for c in csam for _ in range(2)]
        return Maison(
            auteur_agent(fabrique.agent(conn, "responsable"), "responsable"), csam, fabrique.agent(conn, "medecin_conseil"), parcours
        )


def build_equipes(maison: Maison) -> tuple[UUID, UUID]:
    """Two teams since today, Nord with the first two coordinators, Sud with the third."""
    racine = maison.unite("Plateforme PDP (35)")
    for nom in ("Équipe Nord", "Équipe Sud"):
        maison.act("create_equipe", libelle=nom, parent_id=racine, le=JOUR)
    nord, sud = maison.unite("Équipe Nord"), maison.unite("Équipe Sud")
    maison.act("move_agents", agents=maison.csam[:2], vers_id=nord, le=JOUR)
    maison.act("move_agents", agents=maison.csam[2:], vers_id=sud, le=JOUR)
    return nord, sud
