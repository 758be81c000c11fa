"""What stands still on a platform, as a manager and a coordinator read it: the catalogue and its last looks, late reasons, silent partners.

No identity for the manager: opaque parcours only. The coordinator reads names, of her own people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.enlisement import ACTEURS, ENLISEMENTS, Enlisement, list_catalogue
from pdp.domain.parcours import LIBELLES as STATUTS_PARCOURS
from pdp.domain.parcours import Statut as StatutParcours
from pdp.domain.tache import MOTIFS
from pdp.services.delais import Lieu, due_at, get_lieu
from pdp.services.read_partenaires_muets import PartenaireMuet, list_partenaires_muets
from pdp.services.read_responsable import BALLES, motif_libelle
from pdp.storage.lignes import find_ligne, list_lignes
from pdp.storage.sql import query

REPARES_DEPUIS = timedelta(days=7)
"""How far back a repair made by the watch is shown."""
LIMITE = 200


@dataclass(frozen=True)
class Regard:
    """Last look of one detector."""

    code: str
    cherche_at: datetime
    ouverts: int
    repares: int
    plus_ancien_at: datetime | None


@dataclass(frozen=True)
class LigneCatalogue:
    """One stall of the catalogue, and what its detector last saw; ``regard`` None = it has not looked yet on this platform."""

    enlisement: Enlisement
    regard: Regard | None

    @property
    def code(self) -> str:
        return self.enlisement.code

    @property
    def acteur(self) -> str:
        return ACTEURS[self.enlisement.acteur]

    @property
    def ouverts(self) -> int:
        return self.regard.ouverts if self.regard else 0


@dataclass(frozen=True)
class Bloque:
    """One parcours stuck in one way, without its person. ``repare_at`` None: it still is; ``constate_at`` None: since the last look;
    ``ensemble``: how many are stuck so on the platform, beyond those that are listed.
    """

    parcours_id: UUID
    depuis_at: datetime
    constate_at: datetime | None
    repare_at: datetime | None
    csam_nom: str | None
    csam_prenom: str | None
    ensemble: int


@dataclass(frozen=True)
class MonBloque:
    """One person of a coordinator, stuck in one way."""

    parcours_id: UUID
    code: str
    depuis_at: datetime
    nom: str
    prenom: str

    @property
    def enlisement(self) -> Enlisement:
        return ENLISEMENTS[self.code]

    @property
    def acteur(self) -> str:
        return ACTEURS[self.enlisement.acteur]


@dataclass(frozen=True)
class BlocageDuParcours:
    code: str
    depuis_at: datetime

    @property
    def enlisement(self) -> Enlisement:
        return ENLISEMENTS[self.code]

    @property
    def acteur(self) -> str:
        return ACTEURS[self.enlisement.acteur]


@dataclass(frozen=True)
class Suite:
    """What comes next in one open parcours: exactly one action with who holds it and its date, or ``blocage``, the list where it is."""

    parcours_id: UUID
    plateforme_id: str
    csam_id: UUID | None
    statut: str
    tache_id: UUID | None
    motif: str | None
    balle: str | None
    echeance_at: datetime | None
    en_attente: bool
    blocage: str | None

    @property
    def libelle(self) -> str:
        return MOTIFS[self.motif].libelle if self.motif else "Aucune suite prévue"

    @property
    def chez(self) -> str:
        return BALLES[self.balle] if self.balle else "Personne"

    @property
    def enlisement(self) -> Enlisement | None:
        return ENLISEMENTS[self.blocage] if self.blocage else None

    @property
    def is_suivie(self) -> bool:
        """Someone has it, until a date."""
        return self.tache_id is not None and self.balle is not None and self.echeance_at is not None and self.csam_id is not None


@dataclass(frozen=True)
class Retard:
    """Late open reasons of one motif."""

    motif: str
    balle: str
    nombre: int
    plus_ancienne_at: datetime

    @property
    def libelle(self) -> str:
        return motif_libelle(self.motif)

    @property
    def balle_libelle(self) -> str:
        return BALLES[self.balle]


@dataclass(frozen=True)
class RetardDetail:
    parcours_id: UUID
    echeance_at: datetime
    balle: str
    csam_nom: str | None
    csam_prenom: str | None

    @property
    def balle_libelle(self) -> str:
        return BALLES[self.balle]


@dataclass(frozen=True)
class Silencieux:
    """An open parcours with no open reason."""

    id: UUID
    statut: str
    dernier_evenement_at: datetime
    csam_nom: str | None
    csam_prenom: str | None

    @property
    def statut_libelle(self) -> str:
        return STATUTS_PARCOURS[StatutParcours(self.statut)]


@dataclass(frozen=True)
class AlertesEnAttente:
    """Alerts without a decision; ``depassees`` = past the delay of the policy.

    ``non_lues``: last number told to the managers, since yesterday, of situations that no doctor read in time; None = none was.
    """

    ouvertes: int
    depassees: int
    plus_ancienne_at: datetime | None
    non_lues: int | None = None
    non_lues_le: date | None = None


@dataclass(frozen=True)
class MessageBloque:
    etat: str
    canal: str
    dernier_code: str | None
    nombre: int

    @property
    def etat_libelle(self) -> str:
        return {"rebut": "Non remis, abandonné", "incertain": "Remise incertaine"}[self.etat]


@dataclass(frozen=True)
class PartenaireCoupe:
    """A partner for whom nothing leaves: it does not answer."""

    nom: str
    type: str
    canal: str
    coupe_at: datetime
    reprise_at: datetime
    coupures: int
    dernier_code: str | None
    en_attente: int


@dataclass(frozen=True)
class Blocages:
    """Everything that stands still, by who must act."""

    retards: list[Retard]
    partenaires: list[PartenaireMuet]
    silencieux: list[Silencieux]
    messages: list[MessageBloque]
    alertes: AlertesEnAttente
    sans_presence: int
    coupes: list[PartenaireCoupe]


def list_regards(conn: Connection, maintenant: datetime) -> list[LigneCatalogue]:
    """The whole catalogue, S01 to S18, with the last look of each detector on the platform of the signed context."""
    regards = {r.code: r for r in list_lignes(conn, "blocages.lister_regards", Regard, depuis=maintenant - REPARES_DEPUIS)}
    return [LigneCatalogue(e, regards.get(e.code)) for e in list_catalogue()]


def list_bloques(conn: Connection, code: str, maintenant: datetime) -> list[Bloque]:
    """Parcours stuck in one way, longest first, then those repaired within a week."""
    return list_lignes(
        conn, "blocages.lister_du_code", Bloque, code=code, depuis=maintenant - REPARES_DEPUIS, maintenant=maintenant, limite=LIMITE
    )


def list_mes_bloques(conn: Connection, csam_id: UUID, maintenant: datetime) -> list[MonBloque]:
    """People of one coordinator, longest stuck first."""
    return list_lignes(conn, "blocages.lister_du_conseiller", MonBloque, csam=csam_id, maintenant=maintenant)


def list_blocages_du_parcours(conn: Connection, parcours_id: UUID, maintenant: datetime) -> list[BlocageDuParcours]:
    """How one parcours is stuck now; nothing when it goes on."""
    return list_lignes(conn, "blocages.lister_du_parcours", BlocageDuParcours, parcours=parcours_id, maintenant=maintenant)


def find_suite(conn: Connection, parcours_id: UUID, maintenant: datetime) -> Suite | None:
    """What comes next in a parcours; None when it is closed or not visible."""
    return find_ligne(conn, "veille.suite_de_parcours", Suite, plateforme=None, parcours=parcours_id, maintenant=maintenant)


def list_suites(conn: Connection, plateforme_id: str, maintenant: datetime) -> list[Suite]:
    """What comes next in every open parcours of a platform: one line each, none missing."""
    return list_lignes(conn, "veille.suite_de_parcours", Suite, plateforme=plateforme_id, parcours=None, maintenant=maintenant)


def read_blocages(conn: Connection, plateforme_id: str, maintenant: datetime) -> Blocages:
    """What stands still on a platform, by who must act."""
    lieu = get_lieu(conn, plateforme_id)
    jour = lieu.jour(maintenant)
    return Blocages(
        retards=list_lignes(conn, "responsable.list_retards", Retard, maintenant=maintenant),
        partenaires=list_partenaires_muets(conn, lieu, maintenant),
        silencieux=list_lignes(conn, "responsable.list_parcours_silencieux", Silencieux),
        messages=list_lignes(conn, "responsable.list_messages_bloques", MessageBloque),
        alertes=_count_alertes(conn, lieu, maintenant),
        sans_presence=conn.execute(query("responsable.count_parcours_sans_presence"), {"jour": jour}).scalar_one(),
        coupes=list_lignes(conn, "circuits.lister_pour_responsable", PartenaireCoupe),
    )


def _count_alertes(conn: Connection, lieu: Lieu, maintenant: datetime) -> AlertesEnAttente:
    connues = list(conn.execute(query("responsable.list_alertes_en_attente")).scalars())
    depassees = sum(due_at(lieu, "alerte_mc_prise_en_compte_jours_ouvres", connue) < maintenant for connue in connues)
    remontees = conn.execute(query("releves.compter_remontees"), {"depuis": lieu.jour(maintenant) - timedelta(days=2)}).one_or_none()
    non_lues, non_lues_le = (remontees.nombre, remontees.jour) if remontees else (None, None)
    return AlertesEnAttente(len(connues), depassees, connues[0] if connues else None, non_lues, non_lues_le)


def list_retards_detail(conn: Connection, motif: str, maintenant: datetime) -> list[RetardDetail]:
    return list_lignes(conn, "responsable.list_retards_detail", RetardDetail, motif=motif, maintenant=maintenant)
