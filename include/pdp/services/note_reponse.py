"""What a partner answered by letter or by phone, noted by the coordinator who read or heard it: same door, same rules, her name on it.

A letter is never read by a machine for a decision: this is where the loop of the transports that carry letters closes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.orientation import ACTIVES, LIBELLES, NATURES, PAR_PARTENAIRE, Statut
from pdp.errors import Introuvable
from pdp.services.manage_taches import close_tache
from pdp.services.record_reponse import ENGAGEES, record_evenement, record_reponse
from pdp.storage import journal
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

_ENTENDUES = ("rendez_vous", "rendez_vous_manque", "nouvelles")


@dataclass(frozen=True)
class ANoter:
    """A hand-over as the form needs it."""

    id: UUID
    statut: str
    envoyee_at: datetime | None
    canal: str
    partenaire: str

    @property
    def choix(self) -> dict[str, str]:
        """What may be noted now, in the order of the steps; nothing of a hand-over that is over or has not left."""
        if self.statut not in ACTIVES or self.envoyee_at is None:
            return {}
        etapes = [s for s in Statut if s in PAR_PARTENAIRE.get(Statut(self.statut), frozenset())]
        suites = [*(_ENTENDUES if self.statut in ENGAGEES else ()), "question"]
        return {**{str(s): LIBELLES[s] for s in etapes}, **{n: NATURES[n] for n in suites}}


def get_a_noter(conn: Connection, parcours_id: UUID, orientation_id: UUID) -> ANoter:
    ligne = find_ligne(conn, "boites.lire_orientation", ANoter, orientation=orientation_id, parcours=parcours_id)
    if ligne is None:
        raise Introuvable
    return ligne


def note_reponse(
    conn: Connection,
    auteur: Auteur,
    parcours_id: UUID,
    orientation_id: UUID,
    *,
    reponse: str,
    motif: str | None,
    texte: str | None,
    rendez_vous_at: datetime | None,
    cle_saisie: UUID,
    maintenant: datetime,
) -> None:
    """Keep one answer of the partner and close the letters to read about it; the same form twice is one answer.

    Applied by the next passage like any answer. Raises like ``record_reponse``, and :class:`Introuvable` for another case.
    """
    orientation = conn.execute(query("boites.lire_a_noter"), {"orientation": orientation_id, "parcours": parcours_id}).one_or_none()
    if orientation is None:
        raise Introuvable
    journal.live_at(conn, maintenant)
    qui = Auteur("agent", auteur.id, auteur.role, auteur.plateforme_id, str(orientation.partenaire_id))
    cle = {"evenement_id": f"note:{cle_saisie}", "transport": orientation.canal, "maintenant": maintenant}
    if reponse in set(Statut):
        record_reponse(conn, qui, orientation_id, statut=reponse, motif=motif, compte_rendu=texte, **cle)
    else:
        instant = rendez_vous_at if reponse == "rendez_vous" else None
        record_evenement(conn, qui, orientation_id, nature=reponse, texte=texte, rendez_vous_at=instant, **cle)
    lettres = {"parcours": parcours_id, "orientation": orientation_id}
    for tache in conn.execute(query("boites.lister_a_lire"), lettres).scalars().all():
        close_tache(conn, auteur, tache, "reponse_notee", maintenant)
