"""Circuit breaker of each partner, kept between runs: the others are unaffected, and one message at a time says when it answers again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.circuit import Circuit, Regles, after_failure
from pdp.partners.contrat import Classe, Remise
from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.sql import query

REPOND = frozenset({Classe.LIVRE, Classe.REFUSE})


def list_ecartes(conn: Connection, maintenant: datetime) -> tuple[list[str], set[UUID]]:
    """Partners to leave alone in this claim, and those cut whom this transaction may try once (locked: no other worker tries them)."""
    coupes = set(conn.execute(query("circuits.lister_coupes")).scalars())
    if not coupes:
        return [], set()
    essais = set(conn.execute(query("circuits.lister_essais"), {"maintenant": maintenant}).scalars())
    return [str(partenaire) for partenaire in coupes - essais], essais


def begin_essai(conn: Connection, partenaire_id: UUID, bail_s: float) -> None:
    """The message just claimed is the one try: the others wait for what comes of it, or for the end of its lease."""
    conn.execute(query("circuits.commencer_essai"), {"partenaire": partenaire_id, "bail_s": bail_s})


def note_remise(conn: Connection, plateforme_id: str, partenaire_id: UUID, remise: Remise, maintenant: datetime) -> None:
    """What an attempt says of the partner: an answer, even a refusal, closes the circuit; silence counts, and cuts it in the end."""
    if remise.classe in REPOND:
        etait_coupe = conn.execute(query("circuits.retablir"), {"partenaire": partenaire_id, "maintenant": maintenant}).scalar()
        if etait_coupe:
            repris = conn.execute(query("circuits.avancer_envois"), {"partenaire": partenaire_id, "maintenant": maintenant}).rowcount
            donnees = {"partenaire_id": partenaire_id, "messages_repris": repris}
            journal.record(conn, "partenaire_retabli", plateforme_id=plateforme_id, donnees=donnees)
        return
    ligne = conn.execute(
        query("circuits.compter_echec"),
        {"partenaire": partenaire_id, "plateforme": plateforme_id, "code": remise.code[:60], "maintenant": maintenant},
    ).one()
    avant = Circuit(ligne.echecs - 1, ligne.coupures, ligne.reprise_at)
    apres = after_failure(avant, _regles(conn, plateforme_id, maintenant), maintenant, remise.reprise_apres_s)
    if apres.reprise_at in (None, avant.reprise_at):
        return
    coupure = {"partenaire": partenaire_id, "maintenant": maintenant, "reprise": apres.reprise_at, "coupures": apres.coupures}
    conn.execute(query("circuits.couper"), coupure)
    if avant.reprise_at is None:
        donnees = {"partenaire_id": partenaire_id, "code": remise.code, "echecs": apres.echecs, "reprise_at": apres.reprise_at}
        journal.record(conn, "partenaire_coupe", plateforme_id=plateforme_id, donnees=donnees)


def _regles(conn: Connection, plateforme_id: str, maintenant: datetime) -> Regles:
    jour = get_lieu(conn, plateforme_id).jour(maintenant)
    echecs, pause, maximum = (
        referentiel().entier(cle, jour, plateforme_id)
        for cle in ("coupure_partenaire_echecs", "coupure_partenaire_pause_minutes", "coupure_partenaire_pause_max_minutes")
    )
    return Regles(echecs, timedelta(minutes=pause), timedelta(minutes=maximum))
