"""The hand-over behind a partner's link, and its answers: as in the portal's inbox, by the same services, under the role of the link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.orientation import LIBELLES, NATURES, Statut
from pdp.services.open_lien_partenaire import TRANSPORT
from pdp.services.read_partenaire import LigneOrientation, get_orientation
from pdp.services.record_reponse import record_evenement, record_reponse
from pdp.storage.lignes import list_lignes

STATUTS_LIEN = ("acceptee", "refusee", "en_cours", "realisee", "sans_suite")
NATURES_LIEN = ("rendez_vous", "rendez_vous_manque", "nouvelles", "question")


@dataclass(frozen=True)
class Reponse:
    """One answer as typed; ``quoi`` is a status or a nature, ``cle`` the key of its form."""

    quoi: str
    motif: str | None
    texte: str | None
    rendez_vous_at: datetime | None
    cle: UUID


@dataclass(frozen=True)
class Dite:
    """One word of the structure so far; ``repondant``: the name left with it, if any."""

    nature: str
    statut: str | None
    compte_rendu: str | None
    rendez_vous_at: datetime | None
    repondant: str | None
    survenu_at: datetime
    traite_at: datetime | None
    resultat: str | None

    @property
    def libelle(self) -> str:
        if self.statut is None:
            return NATURES[self.nature]
        return "Demande ouverte" if self.statut == Statut.RECUE else LIBELLES[Statut(self.statut)]


@dataclass(frozen=True)
class Echange:
    """A question and its answer; ``par`` is partenaire or csam."""

    par: str
    texte: str
    posee_at: datetime
    reponse: str | None
    repondue_at: datetime | None


@dataclass(frozen=True)
class Demande:
    """The hand-over, what may be said of it now, and what was said so far."""

    orientation: LigneOrientation
    natures: tuple[str, ...]
    dites: list[Dite]
    echanges: list[Echange]


def read_demande(conn: Connection, orientation_id: UUID) -> Demande:
    """Raises :class:`Introuvable` unless the transaction gave the cookie of a right code (``read_lien`` first)."""
    orientation = get_orientation(conn, orientation_id)
    return Demande(
        orientation,
        tuple(geste.nature for geste in orientation.gestes if geste.nature is not None),
        list_lignes(conn, "lien_partenaire.lister_dites", Dite, orientation=orientation_id),
        list_lignes(conn, "lien_partenaire.lister_echanges", Echange, orientation=orientation_id),
    )


def answer(conn: Connection, auteur: Auteur, orientation_id: UUID, reponse: Reponse, maintenant: datetime) -> None:
    """Record one answer; the same form twice is one. Raises what ``record_reponse`` and ``record_evenement`` raise."""
    if reponse.quoi in STATUTS_LIEN:
        record_reponse(
            conn,
            auteur,
            orientation_id,
            statut=reponse.quoi,
            motif=reponse.motif,
            compte_rendu=reponse.texte,
            evenement_id=reponse.cle,
            maintenant=maintenant,
            transport=TRANSPORT,
        )
        return
    record_evenement(
        conn,
        auteur,
        orientation_id,
        nature=reponse.quoi,
        texte=reponse.texte,
        rendez_vous_at=reponse.rendez_vous_at,
        evenement_id=reponse.cle,
        transport=TRANSPORT,
        maintenant=maintenant,
    )
