"""Ma liste: one row per person, every open reason on it.

Filters, counts, order and page size are the work of the database: five statements in all, whatever the number of people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import PARIS, jour_local
from pdp.domain.message import CANAUX
from pdp.domain.tache import MOTIFS
from pdp.services.filtres_liste import (
    ATTENTES,
    BALLES,
    ECHEANCES,
    PARTENAIRES,
    VUES,
    Bornes,
    Filtres,
    at_midnight,
    cut_jours,
)
from pdp.services.lignes_liste import Fait, Ligne, Pourquoi, Tache, action_url, build_ligne, build_tache, list_pourquoi
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_essais import get_politique
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

__all__ = [
    "BALLES",
    "VUES",
    "Fait",
    "Ligne",
    "MaListe",
    "Pourquoi",
    "Tache",
    "action_url",
    "build_tache",
    "list_pourquoi",
    "next_detection",
    "read_ma_liste",
]

LIGNES_PAR_PAGE = 50
FRAICHEUR_MAX = timedelta(hours=36)  # files and detections come every day: beyond, recent arrêts may be missing
DETECTION_A = time(6, 15)  # Paris time, as dags/pdp_detection.py schedules it at the latest; a test compares the two


@dataclass(frozen=True)
class Compteur:
    """A counter that filters. ``nombre``: in the whole list; ``avec_filtres``: with the filters of the other families."""

    cle: str
    libelle: str
    nombre: int
    avec_filtres: int


@dataclass(frozen=True)
class Panne:
    """No detection ran between two instants further apart than ``FRAICHEUR_MAX``."""

    de: datetime
    a: datetime


@dataclass(frozen=True)
class Fraicheur:
    """What the data are worth: last file, last detection of the platform, outages that ended lately."""

    recu_at: datetime | None
    detection_at: datetime | None
    prochaine_detection_at: datetime
    pannes: tuple[Panne, ...]
    maintenant: datetime
    degrades: tuple[str, ...] = ()  # channels of messages that do not answer for the moment

    @property
    def a_jour(self) -> bool:
        """The last file is recent."""
        return self.recu_at is not None and self.maintenant - self.recu_at <= FRAICHEUR_MAX

    @property
    def detection_a_jour(self) -> bool:
        """No outage is under way; a platform where none ever ran has nothing to wait for."""
        return self.detection_at is None or self.maintenant - self.detection_at <= FRAICHEUR_MAX


@dataclass(frozen=True)
class MaListe:
    """Everything the page shows; ``affichees`` after filters and page size, ``facettes`` by family of :class:`Filtres`."""

    total: int
    filtrees: int
    affichees: list[Ligne]
    pourquoi: dict[UUID, Pourquoi]
    compteurs: list[Compteur]
    facettes: dict[str, list[Compteur]]
    faits: list[Fait]
    fraicheur: Fraicheur
    a_verifier: int
    essais_max: int
    filtres: Filtres = field(default_factory=Filtres)

    @property
    def motifs(self) -> list[Compteur]:
        return self.facettes["motifs"]

    @property
    def rattrapage(self) -> int:
        """People whom an outage made the platform see late."""
        return next(c.nombre for c in self.compteurs if c.cle == "rattrapage")


def read_ma_liste(
    conn: Connection,
    csam_id: UUID,
    maintenant: datetime,
    *,
    plateforme_id: str,
    filtres: Filtres | None = None,
    tout: bool = False,
) -> MaListe:
    """The list of a coordinator: the people she follows, and those closed while a reason is still open.

    ``filtres`` (:class:`pdp.services.filtres_liste.Filtres`; None = nothing hidden, earliest deadline first) is applied, counted, sorted
    and cut to ``LIGNES_PAR_PAGE`` by the database; ``tout`` gives every row. ``compteurs`` and ``Compteur.nombre`` count the whole list.
    """
    filtres = filtres or Filtres()
    bornes = cut_jours(maintenant)
    conn.execute(query("ma_liste.preparer"))
    fraicheur = read_fraicheur(conn, plateforme_id, maintenant, bornes.jour)
    politique = get_politique(plateforme_id, bornes.jour)
    parametres = _bind(filtres, bornes, fraicheur, maintenant) | {"midi": politique.midi, "fin_apres_midi": politique.fin_apres_midi}
    lignes = (
        conn.execute(query("ma_liste.lire"), {**parametres, "csam": csam_id, "limite": None if tout else LIGNES_PAR_PAGE}).mappings().all()
    )
    comptes = lignes[0]["comptes"]
    affichees = [build_ligne({cle: v for cle, v in x.items() if cle not in ("comptes", "rang")}) for x in lignes if x["id"] is not None]
    return MaListe(
        total=comptes["total"],
        filtrees=comptes["filtrees"],
        affichees=affichees,
        pourquoi=list_pourquoi(conn, [x.signalement_id for x in affichees]),
        compteurs=[Compteur(cle, libelle, n := (comptes["vues"] or {}).get(cle, 0), n) for cle, libelle in VUES.items()],
        facettes=_count(comptes, filtres),
        faits=list_lignes(conn, "ma_liste.lister_fait", Fait, agent=csam_id, depuis=bornes.minuit),
        fraicheur=fraicheur,
        a_verifier=comptes["a_verifier"],
        essais_max=politique.essais,
        filtres=filtres,
    )


def _bind(filtres: Filtres, bornes: Bornes, fraicheur: Fraicheur, maintenant: datetime) -> dict[str, Any]:
    """Parameters of the statement; days become instants here, so that SQL compares instants only."""
    familles = {famille: sorted(getattr(filtres, famille)) for famille in ("motifs", "echeances", "balles", "partenaires", "attentes")}
    perimees = fraicheur.recu_at is not None and not fraicheur.a_jour
    return {
        **familles,
        "vue": filtres.vue,
        "tri": filtres.tri,
        "sens": 1 if filtres.sens == "asc" else -1,
        "du_at": None if filtres.du is None else at_midnight(filtres.du),
        "au_at": None if filtres.au is None else at_midnight(filtres.au + timedelta(days=1)),
        "maintenant": maintenant,
        "jour": bornes.jour,
        "minuit": bornes.minuit,
        "demain": bornes.demain,
        "lundi": bornes.lundi,
        "pannes_de": [p.de for p in fraicheur.pannes],
        "pannes_a": [p.a for p in fraicheur.pannes],
        # an end that falls after the last file may have been prolonged since: nobody knows yet
        "fin_depuis": jour_local(fraicheur.recu_at) if perimees and fraicheur.recu_at is not None else None,
    }


def _count(comptes: Mapping[str, Any], filtres: Filtres) -> dict[str, list[Compteur]]:
    """Choices of each family with their counts; a reason that nobody has is listed only while it is chosen."""
    libelles = {
        "motifs": {cle: motif.libelle for cle, motif in MOTIFS.items()},
        "echeances": ECHEANCES,
        "balles": BALLES,
        "partenaires": PARTENAIRES,
        "attentes": ATTENTES,
    }
    facettes = {}
    for famille, choix in libelles.items():
        nombres = comptes[famille] or {}
        facettes[famille] = [
            Compteur(cle, libelle, total, avec)
            for cle, libelle in choix.items()
            for avec, total in [nombres.get(cle, (0, 0))]
            if famille != "motifs" or total or cle in filtres.motifs
        ]
    return facettes


def read_fraicheur(conn: Connection, plateforme_id: str, maintenant: datetime, jour: date) -> Fraicheur:
    """What the data of a platform are worth, for whoever looks; ``jour``: the local day, which decides the policy."""
    jours = referentiel().entier("rattrapage_affiche_jours", jour, plateforme_id)
    ligne = conn.execute(
        query("ma_liste.lire_fraicheur"),
        {
            "plateforme": plateforme_id,
            "maintenant": maintenant,
            "depuis": maintenant - timedelta(days=jours),
            "ecart": FRAICHEUR_MAX,
            "seuil_degrade": referentiel().entier("sms_degrade_echecs", jour, plateforme_id),
        },
    ).one()
    pannes = tuple(Panne(datetime.fromisoformat(p["de"]), datetime.fromisoformat(p["a"])) for p in ligne.pannes or ())
    degrades = tuple(CANAUX[canal] for canal in ligne.degrades or ())
    return Fraicheur(ligne.recu_at, ligne.detection_at, next_detection(maintenant), pannes, maintenant, degrades)


def next_detection(maintenant: datetime) -> datetime:
    """Latest instant of the next detection; it comes earlier when a file arrives."""
    jour = jour_local(maintenant)
    ce_matin = datetime.combine(jour, DETECTION_A, PARIS)
    return ce_matin if maintenant < ce_matin else datetime.combine(jour + timedelta(days=1), DETECTION_A, PARIS)
