"""Follow-ups at 6 and 12 months: a closed parcours that reaches a milestone gets a reason to ask what became of the person."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.calendrier import add_mois
from pdp.domain.issue import MOTIFS_SANS_SUIVI
from pdp.services.delais import Lieu, get_lieu
from pdp.services.manage_taches import open_tache
from pdp.services.publish_referentiel import referentiel
from pdp.services.record_issue import POLITIQUE
from pdp.storage.sql import query


def open_suivis(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Open what is due (milestone day reached, however long ago); the deadline is the milestone plus the tolerance of the policy.

    Never for a death, a duplicate or an error. A second call opens nothing: one reason per closing and milestone, even once closed.
    """
    lieu = get_lieu(conn, plateforme_id)
    bilan = Bilan(detail={f"suivi_{jalon}": 0 for jalon in POLITIQUE})
    for jalon in POLITIQUE:
        bilan += _open_jalon(conn, lieu, jalon, auteur, maintenant)
    return bilan


def _open_jalon(conn: Connection, lieu: Lieu, jalon: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    jour, politique = lieu.jour(maintenant), referentiel()
    mois = politique.entier(POLITIQUE[jalon], jour, lieu.plateforme_id)
    tolerance = timedelta(days=politique.entier("devenir_tolerance_jours", jour, lieu.plateforme_id))
    motif = f"suivi_{jalon}"
    dus = conn.execute(
        query("issues.lister_suivis_dus"),
        {
            "plateforme": lieu.plateforme_id,
            "fuseau": str(lieu.fuseau),
            "mois": mois,
            "jour": jour,
            "jalon": jalon,
            "motif": motif,
            "sans_suivi": sorted(MOTIFS_SANS_SUIVI),
        },
    ).all()
    ouverts = 0
    for ligne in dus:
        tache = open_tache(
            conn,
            plateforme_id=lieu.plateforme_id,
            parcours_id=ligne.parcours_id,
            motif=motif,
            cause=f"{jalon}:{ligne.clos_le}",
            maintenant=maintenant,
            auteur=auteur,
            echeance_at=lieu.fin_de_journee(add_mois(ligne.clos_le, mois) + tolerance),
        )
        ouverts += tache is not None
    return Bilan(traites=ouverts, ignores=len(dus) - ouverts, detail={motif: ouverts})
