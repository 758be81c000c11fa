"""What a partner's software reads of its own hand-overs: each as a ServiceRequest and its Task, from the frozen content alone.

Runs under the role of partners: the database shows the hand-overs of the signed context, sent and not taken back, and no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.config import settings
from pdp.domain.orientation import MOTIFS_REFUS, Statut
from pdp.errors import AccesRefuse, Introuvable
from pdp.fhir import rendu, systemes
from pdp.fhir.fusion import merge_task
from pdp.fhir.transitions import DEPUIS_PARTENAIRE, VERS_FHIR
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

PAR_PAGE_MAX = 100
_DEMANDES = {
    Statut.REFUSEE: "revoked",
    Statut.ANNULEE: "revoked",
    Statut.EXPIREE: "revoked",
    Statut.SANS_SUITE: "revoked",
    Statut.REALISEE: "completed",
}
_PAR_LA_PLATEFORME = frozenset({Statut.ANNULEE, Statut.EXPIREE})


@dataclass(frozen=True)
class Corps:
    """A message as the renderer takes it."""

    corps: Mapping[str, Any]


@dataclass(frozen=True)
class LigneTache:
    """A hand-over as its partner may read it; ``statut`` and ``version`` count its last answer before it is applied.

    ``paroles``: instant (ISO) and words of what the platform asked or answered.
    Refused or expired, ``motif`` is None and ``contenu`` empty.
    """

    id: UUID
    plateforme_id: str
    id_source: str
    partenaire: str
    plateforme: str
    telephone: str | None
    dispositif: str
    motif: str | None
    contenu: Mapping[str, Any]
    proposee_at: datetime
    statut: str
    refus_motif: str | None
    compte_rendu: str | None
    version: int
    modifiee_at: datetime
    ressource: Mapping[str, Any] | None
    ressource_version: int | None
    paroles: list[tuple[str, str]]

    @property
    def nom(self) -> str:
        """Name of the partner, as the renderer calls it."""
        return self.partenaire

    @property
    def type(self) -> str:
        """Kind of the partner: a hand-over is made to the service it is."""
        return self.dispositif

    @property
    def revision(self) -> int:
        """Grows with every answer, and with every update that says nothing to us."""
        return max(self.version, self.ressource_version or 0)

    @property
    def version_lue(self) -> str:
        """Changes too when the platform asks or answers."""
        return f"{self.revision}-{len(self.paroles)}" if self.paroles else str(self.revision)

    @property
    def etag(self) -> str:
        return f'W/"{self.version_lue}"'

    @property
    def statut_fhir(self) -> str:
        """The partner's own word when it says the same as ours, or pauses what is going on; ours otherwise."""
        statut, dit = Statut(self.statut), str((self.ressource or {}).get("status"))
        if statut not in _PAR_LA_PLATEFORME:
            pause = dit == "on-hold" and statut in (Statut.ACCEPTEE, Statut.EN_COURS) and (self.ressource_version or 0) >= self.version
            if pause or DEPUIS_PARTENAIRE.get(dit) == statut:
                return dit
        return VERS_FHIR[statut]


def get_tache(conn: Connection, orientation_id: UUID, maintenant: datetime) -> LigneTache:
    """Raises :class:`Introuvable` when absent, withdrawn, another partner's or closed long ago: the four are never told apart."""
    lignes = list_taches(conn, maintenant, orientation_id=orientation_id, limite=1)
    if not lignes:
        raise Introuvable("Cette demande n'existe pas, a été retirée, ou ne vous est pas adressée.")
    return lignes[0]


def list_taches(
    conn: Connection,
    maintenant: datetime,
    *,
    orientation_id: UUID | None = None,
    depuis: datetime | None = None,
    jusqu_a: datetime | None = None,
    apres: tuple[datetime, UUID] | None = None,
    limite: int = PAR_PAGE_MAX,
) -> list[LigneTache]:
    """Hand-overs changed in ]``depuis``, ``jusqu_a``[, the oldest change first, after the last one of the page before."""
    jour = jour_local(maintenant)
    return list_lignes(
        conn,
        "fhir_taches.lister",
        LigneTache,
        orientation=orientation_id,
        depuis=depuis,
        jusqu_a=jusqu_a,
        apres_at=apres[0] if apres else None,
        apres_id=apres[1] if apres else None,
        limite=min(limite, PAR_PAGE_MAX),
        visible_depuis=maintenant - timedelta(days=3 * referentiel().entier("suivi_periodicite_jours", jour)),
    )


def check_partenaire(conn: Connection, maintenant: datetime) -> None:
    """Raises :class:`AccesRefuse` when the partnership of the signed context is over."""
    if conn.execute(query("fhir_taches.lire_moi"), {"jour": jour_local(maintenant)}).scalar() is not True:
        raise AccesRefuse("Votre structure n'est plus partenaire de la plateforme.", code="partnership_over")


def show_tache(ligne: LigneTache) -> dict[str, Any]:
    """The Task: ours, with the partner's own elements over it, extensions included."""
    tache = rendu.render_tache(
        ligne,
        _corps(ligne),
        demande=f"ServiceRequest/{ligne.id}",
        patient="",
        plateforme="",
        statut=ligne.statut_fhir,
        modifiee_at=_iso(ligne.modifiee_at),
    )
    tache["for"] = {"type": "Patient", "identifier": {"system": systemes.PERSONNE_ORIENTEE, "value": str(ligne.id)}}
    tache["requester"] = {
        "type": "Organization",
        "identifier": {"system": systemes.PLATEFORME, "value": ligne.plateforme_id},
        "display": ligne.plateforme,
    }
    for instant, texte in ligne.paroles:
        tache = rendu.render_reponse(tache, texte, _iso(datetime.fromisoformat(instant)), ligne.plateforme)
    tache["lastModified"] = _iso(ligne.modifiee_at)
    if ligne.ressource:
        dite = {**ligne.ressource, "status": ligne.statut_fhir}
        dite.setdefault("businessStatus", tache["businessStatus"])
        tache = merge_task(tache, dite)
    if ligne.statut == Statut.REFUSEE and "statusReason" not in tache and ligne.refus_motif in MOTIFS_REFUS:
        libelle = MOTIFS_REFUS[ligne.refus_motif]
        tache["statusReason"] = {
            "coding": [{"system": systemes.MOTIF_REFUS, "code": ligne.refus_motif, "display": libelle}],
            "text": libelle,
        }
    return {"resourceType": "Task", "id": str(ligne.id), "meta": _meta(ligne), **{k: v for k, v in tache.items() if k not in _ENTETE}}


def show_demande(ligne: LigneTache) -> dict[str, Any]:
    """The ServiceRequest, the person and the platform contained: agreed fields only."""
    corps = _corps(ligne)
    demande = rendu.render_demande(
        ligne, corps, patient="#patient", plateforme="#plateforme", statut=_DEMANDES.get(Statut(ligne.statut), "active")
    )
    contenues = [{**rendu.render_patient(corps), "id": "patient"}, {**rendu.render_plateforme(ligne), "id": "plateforme"}]
    reste = {k: v for k, v in demande.items() if k not in _ENTETE}
    return {"resourceType": "ServiceRequest", "id": str(ligne.id), "meta": _meta(ligne), "contained": contenues, **reste}


_ENTETE = frozenset({"resourceType", "id", "meta"})


def _meta(ligne: LigneTache) -> dict[str, Any]:
    meta: dict[str, Any] = {"versionId": ligne.version_lue, "lastUpdated": _iso(ligne.modifiee_at)}
    if settings().demonstration:
        meta["security"] = [{"system": systemes.RAISON_ACTE, "code": "HTEST", "display": "test health data"}]
    return meta


def _corps(ligne: LigneTache) -> Corps:
    return Corps(
        {
            "orientation_id": str(ligne.id),
            "dispositif": ligne.dispositif,
            "motif": ligne.motif,
            "contenu": ligne.contenu,
            "emise_at": _iso(ligne.proposee_at),
        }
    )


def _iso(instant: datetime) -> str:
    """Milliseconds always written: what the classes of FHIR and every server read alike."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
