"""A hand-over that nobody answered comes back: the partner, the coordinator and the médecin-conseil are told, once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pdp.domain.alerte import build_phrase
from pdp.domain.auteur import Auteur
from pdp.domain.orientation import DISPOSITIFS, Statut, check_plateforme
from pdp.domain.parcours import Statut as StatutParcours
from pdp.partners.transports import ANNONCENT_LE_RETRAIT
from pdp.services.delais import get_lieu
from pdp.services.manage_taches import open_tache
from pdp.services.move_parcours import apply_acte
from pdp.services.publish_referentiel import referentiel
from pdp.services.raise_alerte import raise_alerte
from pdp.services.refresh_horloge import Etat, LigneFaits, refresh_horloge
from pdp.services.remind_partenaire import HORIZON, PAR_LEUR_TRANSPORT
from pdp.storage import journal, outbox
from pdp.storage.sql import query


def expire_orientation(conn: Connection, auteur: Auteur, etat: Etat, maintenant: datetime) -> None:
    """Give the case back for want of an answer; the caller holds the lock of the parcours, on which nothing else may be under way."""
    ligne = etat.ligne
    assert etat.horloge.echeance_at is not None
    check_plateforme(ligne.statut, Statut.EXPIREE)
    retard = (maintenant - etat.horloge.echeance_at).days
    conn.execute(query("horloge.expirer"), {"orientation": ligne.id, "maintenant": maintenant})
    outbox.recall(conn, ligne.id, maintenant)
    parti = conn.execute(query("orientations.verrouiller"), {"orientation": ligne.id}).one().canal
    for canal, type_ in _list_annonces(parti, ligne.courriel):
        _enqueue(conn, ligne, canal, type_, maintenant)
    journal.record(
        conn,
        "orientation_expiree",
        plateforme_id=ligne.plateforme_id,
        assure_id=ligne.assure_id,
        parcours_id=ligne.parcours_id,
        donnees={"orientation_id": ligne.id, "etape": etat.horloge.etape, "retard_jours": retard, "relances": len(etat.relances)},
    )
    refresh_horloge(conn, auteur, ligne.parcours_id, ligne.id, maintenant)
    autres = conn.execute(query("inbox.compter_autres_actives"), {"parcours": ligne.parcours_id, "orientation": ligne.id}).scalar_one()
    if autres == 0 and ligne.parcours_statut in (StatutParcours.ORIENTE, StatutParcours.EN_ACCOMPAGNEMENT):
        apply_acte(conn, ligne.parcours_id, "relais_termine", maintenant)
    open_tache(
        conn,
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        motif="autre_relais",
        cause=str(ligne.id),
        maintenant=maintenant,
        auteur=auteur,
        note=f"Aucune réponse de {ligne.partenaire_nom} malgré les relances. Prévenez la personne et proposez-lui un autre relais.",
    )
    faits = {"dispositif": ligne.dispositif, "jours": retard}
    raise_alerte(
        conn,
        plateforme_id=ligne.plateforme_id,
        assure_id=ligne.assure_id,
        parcours_id=ligne.parcours_id,
        type="partenaire_sans_reponse",
        cause=str(ligne.id),
        phrase=build_phrase("partenaire_sans_reponse", "expiree", jours=retard, dispositif=DISPOSITIFS[ligne.dispositif]),
        faits=faits,
        survenu_at=etat.horloge.echeance_at,
        maintenant=maintenant,
    )


def _list_annonces(parti: str, courriel: str | None) -> list[tuple[str, str]]:
    """(transport, type): software is told like a withdrawal, people by a neutral notice. ``parti``: the way the hand-over took, which
    may no longer be the one of its partner."""
    if parti in PAR_LEUR_TRANSPORT:
        return [(parti, "fin_partenaire")]
    annonces = [(parti, "annulation")] if parti in ANNONCENT_LE_RETRAIT else []
    return annonces + ([("courriel", "fin_partenaire")] if courriel else [])


def _enqueue(conn: Connection, ligne: LigneFaits, canal: str, type_: str, maintenant: datetime) -> None:
    charge = {"orientation_id": str(ligne.id)} | ({"annulee_at": maintenant.isoformat()} if type_ == "annulation" else {})
    jour = get_lieu(conn, ligne.plateforme_id).jour(maintenant)
    outbox.enqueue(
        conn,
        cle_parts=(str(ligne.id), type_),
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        orientation_id=ligne.id,
        partenaire_id=ligne.partenaire_id,
        canal=canal,
        type=type_,
        charge=charge,
        accord_destinataire=None,
        maintenant=maintenant,
        horizon_jours=referentiel().entier(HORIZON, jour, ligne.plateforme_id),
    )
