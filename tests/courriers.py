"""Hand-overs to partners reached by secure mail or by files."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from messagerie import DOMAINE
from pdp.services.orient_parcours import cancel_orientation
from pdp.storage import db
from relais import Relais, consent, orient


def partenaire(canal: str, adresse: str | None = None, type: str = "service_social") -> UUID:
    """A partner reached by ``messagerie`` (at ``adresse``) or ``csv``."""
    with lot() as conn:
        ident = fabrique.partenaire(conn, type)
        change = text("UPDATE pdp.partenaire SET canal = :c, adresse_securisee = :a WHERE id = :i")
        conn.execute(change, {"c": canal, "a": adresse, "i": ident})
    return ident


def relais(cible: UUID, dossier: fabrique.Dossier | None = None, type: str = "service_social") -> Relais:
    """A parcours oriented to this partner, its message waiting."""
    with lot() as conn:
        dossier = dossier or fabrique.parcours(conn, statut="accord_demande")
        consent(conn, dossier, type)
    return Relais(dossier, cible, orient(dossier, cible))


def relais_messagerie(debut: str = "accuse") -> Relais:
    """To a partner whose address begins with ``debut``: that is what the simulated operator answers by."""
    return relais(partenaire("messagerie", f"{debut}@{DOMAINE}"))


def retirer(cas: Relais) -> None:
    """Taken back by the coordinator who proposed it."""
    auteur = auteur_agent(cas.dossier.csam)
    with db.begin_as(auteur) as conn:
        cancel_orientation(conn, auteur, cas.orientation, "essai", MAINTENANT)
