"""Affectation: the parcours without a coordinator get one, all at once and fairly, with the reason written down."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.calendrier import add_mois
from pdp.domain.parcours import Statut, next_statut
from pdp.domain.repartition import Cas, distribute
from pdp.domain.tache import MOTIFS
from pdp.services.delais import Lieu, due_at, get_lieu
from pdp.services.hold_taches import hold_taches
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_charges import get_bareme, list_candidats
from pdp.storage import journal
from pdp.storage.sql import query

APPEL = "premier_appel"


def assign_en_attente(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Assign what waits; opens the first call. Nobody present under the policy cap of open parcours: the case stays
    visible as unassigned, the most urgent being served first.

    One sweep at a time per platform, so that two of them never see the same load; a second one finds nothing to do.
    """
    conn.execute(query("affectation.verrouiller_plateforme"), {"plateforme": plateforme_id})
    lieu = get_lieu(conn, plateforme_id)
    cas = _list_attente(conn, lieu, maintenant)
    if not cas:
        return Bilan()
    choix = distribute(cas, list_candidats(conn, lieu, lieu.jour(maintenant)))
    servis = [c.id for c in cas if c.id in choix]
    journal.live_at(conn, maintenant)
    affectes = (
        conn.execute(
            query("affectation.affecter"),
            {
                "parcours": servis,
                "csam": [choix[i].candidat.id for i in servis],
                "motifs": [choix[i].motif for i in servis],
                "statut": next_statut("affecter", Statut.A_AFFECTER).value,
                "maintenant": maintenant,
                "type": auteur.type,
                "par": auteur.id,
                "appel": APPEL,
                "balle": MOTIFS[APPEL].balle,
                "echeance": due_at(lieu, MOTIFS[APPEL].delai or "", maintenant),
            },
        )
        .one()
        .affectes
    )
    hold_taches(conn, lieu, auteur, maintenant)  # the first call of a person in silence waits for its end
    sans = len(cas) - len(servis)
    return Bilan(traites=affectes, ignores=sans, detail={"aucun_csam_disponible": sans} if sans else {})


def _list_attente(conn: Connection, lieu: Lieu, maintenant: datetime) -> list[Cas]:
    """What waits, most urgent first, locked; what somebody else holds is for the next sweep."""
    jour = lieu.jour(maintenant)
    bareme = get_bareme(lieu, jour)
    mois = referentiel().entier("affectation_continuite_mois", jour, lieu.plateforme_id)
    lignes = conn.execute(
        query("affectation.lister_attente"),
        {
            "plateforme": lieu.plateforme_id,
            "fuseau": str(lieu.fuseau),
            "recent_depuis": bareme.recent_depuis(jour),
            "continuite_depuis": add_mois(jour, -mois),
        },
    )
    return [
        Cas(ligne.id, ligne.commune_insee, bareme.points(Statut.A_AFFECTER, 0, ligne.recent), ligne.langue, ligne.precedent)
        for ligne in lignes
    ]
