"""Attempts of a case weighed against the policy of its platform."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.contact import Essai, PolitiqueAppels, Tentatives, weigh_essais
from pdp.services.delais import Lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage.sql import query

_CLES = {
    "essais": "contact_tentatives_max",
    "jours": "contact_jours_distincts_min",
    "moments": "contact_moments_distincts_min",
    "par_jour": "contact_essais_par_jour_max",
    "midi": "contact_moment_midi_heure",
    "fin_apres_midi": "contact_moment_fin_apres_midi_heure",
}


def get_politique(plateforme_id: str, jour: date) -> PolitiqueAppels:
    """Policy of the attempts on a day."""
    politique = referentiel()
    return PolitiqueAppels(**{champ: politique.entier(cle, jour, plateforme_id) for champ, cle in _CLES.items()})


def weigh_parcours(conn: Connection, parcours_id: UUID, lieu: Lieu, maintenant: datetime) -> Tentatives:
    """Attempts since the person was last reached, the case relaunched, or a number given; those entered in error left out."""
    lignes = conn.execute(query("contacts.lister_essais"), {"parcours": parcours_id}).all()
    essais = [Essai(ligne.survenu_at.astimezone(lieu.fuseau), ligne.resultat) for ligne in lignes if ligne.resultat is not None]
    depuis = next((ligne.depuis_at for ligne in lignes if ligne.depuis_at is not None), None)
    return weigh_essais(essais, get_politique(lieu.plateforme_id, lieu.jour(maintenant)), depuis)
