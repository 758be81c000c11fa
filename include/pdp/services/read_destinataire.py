"""Where and how a person is written to: what the feed says, what she said, what no longer works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.config import settings
from pdp.domain.coordonnees import fingerprint_coordonnee
from pdp.domain.message import Joignabilite
from pdp.errors import Introuvable
from pdp.messages.assure import Expediteur, Lecteur
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query


@dataclass(frozen=True)
class LignePersonne:
    """The person of a parcours as a message needs her."""

    plateforme_id: str
    assure_id: UUID
    clos_at: datetime | None
    plateforme: str
    plateforme_telephone: str | None
    telephone: str | None
    telephone_faux_at: datetime | None
    courriel: str | None
    courriel_faux_at: datetime | None
    langue: str
    prefere: str | None
    refus: list[str]
    gros: bool
    lignes: str | None
    code_postal: str | None
    ville: str | None

    @property
    def adresse(self) -> str | None:
        return None if self.lignes is None else f"{self.lignes}\n{self.code_postal} {self.ville}"

    @property
    def coordonnees(self) -> dict[str, str | None]:
        """What each channel writes to."""
        return {"sms": self.telephone, "courriel": self.courriel, "courrier": self.adresse}

    @property
    def expediteur(self) -> Expediteur:
        return Expediteur(self.plateforme, self.plateforme_telephone, settings().demonstration)

    @property
    def lecteur(self) -> Lecteur:
        return Lecteur(self.langue, self.gros)


def get_personne(conn: Connection, parcours_id: UUID) -> LignePersonne:
    """Raises :class:`Introuvable`."""
    ligne = find_ligne(conn, "messages.lire_destinataire", LignePersonne, parcours=parcours_id)
    if ligne is None:
        raise Introuvable
    return ligne


def get_joignabilite(conn: Connection, personne: LignePersonne) -> Joignabilite:
    """Where she can be written to: a coordinate that failed is dead until its value changes."""
    morts = {(m.canal, bytes(m.empreinte)) for m in conn.execute(query("messages.lister_morts"), {"assure": personne.assure_id})}
    fausses = {
        canal for canal, faux_at in (("sms", personne.telephone_faux_at), ("courriel", personne.courriel_faux_at)) if faux_at is not None
    }
    mortes = {
        canal for canal, valeur in personne.coordonnees.items() if valeur is not None and (canal, fingerprint_coordonnee(valeur)) in morts
    }
    return Joignabilite(
        personne.telephone, personne.courriel, personne.adresse, personne.prefere, frozenset(personne.refus), frozenset(mortes | fausses)
    )
