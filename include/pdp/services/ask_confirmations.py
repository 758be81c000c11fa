"""The row that should exist: an appointment to come whose confirmation nobody wrote is told to its coordinator, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.domain.bilan import Bilan
from pdp.services.delais import list_lieux
from pdp.services.manage_taches import open_tache
from pdp.services.publish_referentiel import referentiel
from pdp.storage import db
from pdp.storage.sql import query


def ask_confirmations(maintenant: datetime, *, url: str | None = None, passage: str | None = None) -> Bilan:
    """Open one reason per appointment without a confirmation after the policy delay; a second call opens nothing.

    A confirmation refused, dropped or without object was settled and said elsewhere: only what is missing is told here.
    """
    auteur, demandes, vus = systeme("ask_confirmations"), 0, 0
    with db.begin(url or settings().url_app, auteur, passage) as conn:
        for lieu in list_lieux(conn):
            plateforme = lieu.plateforme_id
            heures = referentiel().entier("message_manquant_heures", lieu.jour(maintenant), plateforme)
            recherche = {
                "plateforme": plateforme,
                "maintenant": maintenant,
                "jour": lieu.jour(maintenant),
                "depuis": maintenant - timedelta(hours=heures),
            }
            for rendez_vous in conn.execute(query("messages.lister_sans_confirmation"), recherche).all():
                local = rendez_vous.debut_at.astimezone(lieu.fuseau)
                ouverte = open_tache(
                    conn,
                    plateforme_id=plateforme,
                    parcours_id=rendez_vous.parcours_id,
                    motif="message_en_echec",
                    cause=f"confirmation:{rendez_vous.id}",
                    maintenant=maintenant,
                    auteur=auteur,
                    note=f"Rendez-vous du {local:%d/%m/%Y à %H h %M} : aucune confirmation n'a été écrite. Prévenez la personne.",
                )
                vus, demandes = vus + 1, demandes + int(ouverte is not None)
    return Bilan(demandes, vus - demandes, 0, {"confirmations_manquantes": demandes} if demandes else {})
