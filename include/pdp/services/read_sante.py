"""How the platform itself is doing, as a manager reads it: what the probes find now, incidents, feeds, and the catch-up in people.

Read from the facts, not from what the watch wrote: a platform whose scheduler is dead says so too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.sonde import SONDES, Constat, Sonde
from pdp.services.delais import Lieu, get_lieu
from pdp.services.describe_incident import describe_incident
from pdp.services.read_ma_liste import Panne, read_fraicheur
from pdp.services.read_passages import FLUX
from pdp.services.watch_platform import look, read_rythmes
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

HISTOIRE = timedelta(days=30)
GUET_MUET = timedelta(minutes=30)  # the watch passes every five minutes
PAGES = {
    "flux_absent": ("/equipe/donnees", "Données reçues"),
    "quarantaine": ("/equipe/quarantaine", "Quarantaine"),
    "envois_en_echec": ("/equipe/blocages", "Ce qui est bloqué"),
    "traitement_en_retard": ("/passages?tout=true", "Passages"),
    "envoi_en_retard": ("/equipe/blocages", "Ce qui est bloqué"),
}


@dataclass(frozen=True)
class Incident:
    """One row of ``pdp.incident``."""

    id: UUID
    sonde: str
    cible: str
    nombre: int
    depuis_at: datetime | None
    limite_at: datetime | None
    ouvert_at: datetime
    vu_at: datetime
    ferme_at: datetime | None

    @property
    def titre(self) -> str:
        return describe_incident(self.sonde, self.cible)


@dataclass(frozen=True)
class Point:
    """Something found now, with its sentences; ``depuis`` = when the watch told it, None = it has not passed since."""

    constat: Constat
    sonde: Sonde
    dit_at: datetime | None

    @property
    def titre(self) -> str:
        return describe_incident(self.constat.sonde, self.constat.cible)

    @property
    def page(self) -> tuple[str, str] | None:
        return PAGES.get(self.constat.sonde)


@dataclass(frozen=True)
class FluxAttendu:
    """A feed and its rhythm; ``attendu_at`` None = the platform has not started."""

    libelle: str
    dernier_at: datetime | None
    attendu_at: datetime | None
    absent: bool


@dataclass(frozen=True)
class Rattrapage:
    """People whom an outage of the detection made the platform see late."""

    de: datetime
    a: datetime
    personnes: int
    retard_max: int
    retard_median: int
    a_joindre: int
    dernier_at: datetime | None

    @property
    def fini(self) -> bool:
        """Everybody had the first call, or needs it no more."""
        return self.a_joindre == 0


@dataclass(frozen=True)
class EnAttente:
    """People who came due while nothing detects; ``premiere_le``: the oldest day."""

    personnes: int
    premiere_le: date | None


@dataclass(frozen=True)
class Sante:
    """The page. ``guet_at``: when the watch last passed; ``regarde_at``: this look."""

    points: list[Point]
    flux: list[FluxAttendu]
    incidents: list[Incident]
    rattrapages: list[Rattrapage]
    panne_en_cours: Panne | None
    en_attente: EnAttente
    guet_at: datetime | None
    regarde_at: datetime

    @property
    def guet_muet(self) -> bool:
        return is_muet(self.guet_at, self.regarde_at)

    @property
    def sondes(self) -> list[tuple[Sonde, int]]:
        """Every probe with how many things it found."""
        return [(s, sum(p.constat.sonde == s.code for p in self.points)) for s in SONDES.values()]


@dataclass(frozen=True)
class Bandeau:
    """What the other pages of the manager say of it; ``decisions``: rare acts that wait for somebody."""

    incidents: list[Incident]
    rattrapages: list[Rattrapage]
    guet_muet: bool
    decisions: int

    @property
    def a_dire(self) -> bool:
        return bool(self.incidents or self.rattrapages or self.guet_muet or self.decisions)


def is_muet(guet_at: datetime | None, maintenant: datetime) -> bool:
    """The watch no longer passes; one that never passed has nothing to say yet."""
    return guet_at is not None and maintenant - guet_at > GUET_MUET


def read_sante(conn: Connection, plateforme_id: str, maintenant: datetime) -> Sante:
    """Everything, judged at ``maintenant``."""
    lieu = get_lieu(conn, plateforme_id)
    incidents = _list_incidents(conn, maintenant - HISTOIRE)
    ouverts = {(i.sonde, i.cible): i.ouvert_at for i in incidents if i.ferme_at is None}
    constats = look(conn, lieu, maintenant)
    absents = {c.cible for c in constats if c.sonde == "flux_absent"}
    flux = [FluxAttendu(FLUX[nom], dernier, attendu, nom in absents) for nom, (dernier, attendu) in read_rythmes(conn, lieu).items()]
    rattrapages, en_cours = _read_rattrapages(conn, lieu, maintenant)
    return Sante(
        points=[Point(c, SONDES[c.sonde], ouverts.get((c.sonde, c.cible))) for c in constats],
        flux=flux,
        incidents=[i for i in incidents if i.ferme_at is not None],
        rattrapages=rattrapages,
        panne_en_cours=en_cours,
        en_attente=list_lignes(conn, "sante.compter_en_attente", EnAttente, jour=lieu.jour(maintenant))[0],
        guet_at=conn.execute(query("sante.lire_bandeau")).one().guet_at,
        regarde_at=maintenant,
    )


def read_bandeau(conn: Connection, lieu: Lieu, maintenant: datetime) -> Bandeau:
    """Open incidents, outages whose people have not all been called, decisions that wait."""
    vu = conn.execute(query("sante.lire_bandeau")).one()
    rattrapages, _ = _read_rattrapages(conn, lieu, maintenant)
    return Bandeau(
        incidents=[i for i in _list_incidents(conn, maintenant) if i.ferme_at is None],
        rattrapages=[r for r in rattrapages if not r.fini],
        guet_muet=is_muet(vu.guet_at, maintenant),
        decisions=vu.decisions,
    )


def _list_incidents(conn: Connection, depuis: datetime) -> list[Incident]:
    return list_lignes(conn, "sante.lister_incidents", Incident, depuis=depuis)


def _read_rattrapages(conn: Connection, lieu: Lieu, maintenant: datetime) -> tuple[list[Rattrapage], Panne | None]:
    """Outages that ended lately and touched somebody, and the one under way."""
    fraicheur = read_fraicheur(conn, lieu.plateforme_id, maintenant, lieu.jour(maintenant))
    pannes = {"pannes_de": [p.de for p in fraicheur.pannes], "pannes_a": [p.a for p in fraicheur.pannes]}
    lignes = list_lignes(conn, "sante.lire_rattrapage", Rattrapage, fuseau=str(lieu.fuseau), **pannes) if fraicheur.pannes else []
    en_cours = None if fraicheur.detection_a_jour or fraicheur.detection_at is None else Panne(fraicheur.detection_at, maintenant)
    return [r for r in lignes if r.personnes], en_cours
