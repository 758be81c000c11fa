"""S04: what is still due on a closed parcours of a coordinator who left goes to a colleague, so that nobody is forgotten with her."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.repartition import Cas, distribute
from pdp.services.delais import get_lieu
from pdp.services.read_charges import list_candidats
from pdp.storage import journal
from pdp.storage.sql import query

EFFORT = 1
"""A question about a closed case weighs one point: far less than a case to follow."""


def adopt_clos(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Give the closed parcours with an open reason to colleagues who are present; reason and deadline stay. Nobody present: they wait."""
    lieu = get_lieu(conn, plateforme_id)
    jour = lieu.jour(maintenant)
    orphelins = {
        ligne.id: ligne for ligne in conn.execute(query("rechutes.lister_clos_orphelins"), {"plateforme": plateforme_id, "jour": jour})
    }
    if not orphelins:
        return Bilan()
    conn.execute(query("affectation.verrouiller_plateforme"), {"plateforme": plateforme_id})
    cas = [Cas(ligne.id, ligne.commune_insee, EFFORT, ligne.langue) for ligne in orphelins.values()]
    choix = distribute(cas, list_candidats(conn, lieu, jour))
    servis = [i for i in orphelins if i in choix]
    mains = {"parcours": servis, "de": [orphelins[i].csam_id for i in servis], "vers": [choix[i].candidat.id for i in servis]}
    motifs = [f"Le conseiller précédent a quitté la plateforme. {choix[i].motif}" for i in servis]
    journal.live_at(conn, maintenant)
    conn.execute(query("rechutes.confier_clos"), mains)
    conn.execute(query("redistribution.clore_affectations"), {"parcours": servis, "maintenant": maintenant})
    ligne = {"plateforme": plateforme_id, "maintenant": maintenant, "type": auteur.type, "par": auteur.id, "retour": None, "note": None}
    conn.execute(query("redistribution.ouvrir_affectations"), {**mains, **ligne, "motifs": motifs, "relais": [None] * len(servis)})
    conn.execute(query("rechutes.consigner_clos"), mains)
    restants = len(orphelins) - len(servis)
    return Bilan(traites=len(servis), ignores=restants, detail={"S04": len(servis)} | ({"S04_restants": restants} if restants else {}))
