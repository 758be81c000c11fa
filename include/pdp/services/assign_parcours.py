"""Affectation: each parcours without a coordinator gets the best one present, with the reason written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from pdp.domain.affectation import Candidat, choose_csam
from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import open_tache
from pdp.services.move_parcours import apply_acte
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.sql import query


def assign_en_attente(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Assign what waits, most urgent first; opens the first call. Nobody present
    under the policy cap of open parcours: the case stays visible as unassigned.

    One sweep at a time per platform, so that two of them never see the same load.
    """
    conn.execute(query("affectation.verrouiller_plateforme"), {"plateforme": plateforme_id})
    jour = get_lieu(conn, plateforme_id).jour(maintenant)
    plafond = referentiel().entier("csam_parcours_actifs_max", jour, plateforme_id)
    lignes = conn.execute(query("affectation.lister_presents"), {"plateforme": plateforme_id, "jour": jour}).all()
    presents = {r.id: Candidat(r.id, r.numero, r.charge, float(r.quotite), tuple(r.territoire)) for r in lignes}
    bilan = Bilan()
    for attente in conn.execute(query("affectation.lister_attente"), {"plateforme": plateforme_id}).all():
        disponibles = [c for c in presents.values() if c.charge < plafond * c.quotite]
        choix = choose_csam(disponibles, attente.commune_insee, attente.precedent)
        if choix is None:
            bilan += Bilan(ignores=1, detail={"aucun_csam_disponible": 1})
            continue
        elu = choix.candidat
        avant = apply_acte(conn, attente.id, "affecter", maintenant)
        conn.execute(query("affectation.affecter"), {"parcours": attente.id, "csam": elu.id})
        conn.execute(
            query("affectation.historiser"),
            {"parcours": attente.id, "csam": elu.id, "maintenant": maintenant, "motif": choix.motif, "type": auteur.type, "par": auteur.id},
        )
        journal.record(
            conn,
            "parcours_affecte",
            plateforme_id=plateforme_id,
            assure_id=avant.assure_id,
            parcours_id=attente.id,
            donnees={"csam_id": elu.id, "motif": choix.motif},
        )
        open_tache(
            conn,
            plateforme_id=plateforme_id,
            parcours_id=attente.id,
            motif="premier_appel",
            cause=str(avant.signalement_id),
            maintenant=maintenant,
            auteur=auteur,
        )
        presents[elu.id] = replace(elu, charge=elu.charge + 1)
        bilan += Bilan(traites=1)
    return bilan
