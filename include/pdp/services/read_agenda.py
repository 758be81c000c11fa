"""Calendar of a coordinator as screens show it: one week day by day, what is to be entered, what falls in a closed day, the team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from pdp.domain.agenda import Agenda, Plage, Semaine, merge_plages
from pdp.domain.calendrier import Creneau
from pdp.errors import Introuvable
from pdp.services.delais import Lieu, get_lieu
from pdp.services.load_agenda import build_agenda, get_horaires, load_agenda
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

JOURS_MONTRES = 6  # Monday to Saturday
ACTIFS = ("planifie", "confirme")
PROPOSITIONS = 3


@dataclass(frozen=True)
class RendezVous:
    """An appointment; a manager reads no name."""

    id: UUID
    parcours_id: UUID
    debut_at: datetime
    fin_at: datetime
    canal: str
    statut: str
    nom: str | None
    prenom: str | None

    @property
    def is_a_venir(self) -> bool:
        return self.statut in ACTIFS


@dataclass(frozen=True)
class PlagePosee:
    """A range of one day that somebody closed or opened, and may take back."""

    id: UUID
    genre: str
    jour: date
    debut_minutes: int
    fin_minutes: int


@dataclass(frozen=True)
class Jour:
    """One day of the week shown."""

    jour: date
    fermeture: str | None
    plages: list[Plage]
    rendez_vous: list[RendezVous]
    libres: list[Creneau]
    posees: list[PlagePosee]


@dataclass(frozen=True)
class Conflit:
    """An appointment to come outside the open hours, with the next free slots to move it to."""

    rendez_vous: RendezVous
    raison: str
    propositions: list[Creneau]


@dataclass(frozen=True)
class SemaineAgenda:
    """What the screen of one week shows; times are on the clock ``fuseau`` of the platform."""

    agent_id: UUID
    nom: str
    lundi: date
    jours: list[Jour]
    fuseau: ZoneInfo
    horizon_libres: int
    prochain: Creneau | None
    conflits: list[Conflit]
    a_renseigner: list[RendezVous]


@dataclass(frozen=True)
class LigneEquipe:
    """One coordinator for the manager: is there room to invite?"""

    id: UUID
    nom: str
    prenom: str
    libres: int
    prochain_at: datetime | None
    conflits: int


def read_semaine(conn: Connection, agent_id: UUID, jour: date | None, maintenant: datetime, *, avec_noms: bool) -> SemaineAgenda:
    """The week that holds ``jour`` (None = this week). Raises :class:`Introuvable` for an agent who is not visible."""
    agent = conn.execute(query("agenda.lire_agent"), {"agent": agent_id}).one_or_none()
    if agent is None:
        raise Introuvable
    aujourd_hui = maintenant.date()
    choisi = jour or aujourd_hui
    lundi = choisi - timedelta(days=choisi.weekday())
    horizon = referentiel().entier("creneaux_horizon_jours", aujourd_hui, agent.plateforme_id)
    fin = max(lundi + timedelta(days=7), aujourd_hui + timedelta(days=horizon + 2))
    lieu, agenda = load_agenda(conn, agent_id, min(lundi, aujourd_hui - timedelta(days=1)), fin)
    rendez_vous = _list_rendez_vous(conn, lieu, agent_id, min(lundi, aujourd_hui), fin, avec_noms)
    posees = list_lignes(conn, "agenda.lister_plages", PlagePosee, agent=agent_id, du=lundi, au=lundi + timedelta(days=6))
    libres = list_libres(lieu, agenda, maintenant)
    return SemaineAgenda(
        agent_id=agent_id,
        nom=f"{agent.prenom} {agent.nom}",
        lundi=lundi,
        jours=[_jour(lieu, agenda, lundi + timedelta(days=n), rendez_vous, posees, maintenant) for n in range(JOURS_MONTRES)],
        fuseau=lieu.fuseau,
        horizon_libres=len(libres),
        prochain=libres[0] if libres else None,
        conflits=_list_conflits(lieu, agenda, rendez_vous, libres, maintenant),
        a_renseigner=_list_a_renseigner(conn, agent_id, maintenant) if avec_noms else [],
    )


def list_libres(lieu: Lieu, agenda: Agenda, maintenant: datetime) -> list[Creneau]:
    """Free slots within the horizon of an invitation."""
    jour = lieu.jour(maintenant)
    horizon = referentiel().entier("invitation_horizon_jours", jour, lieu.plateforme_id)
    au_plus_tot = maintenant + timedelta(hours=referentiel().entier("creneaux_preavis_heures", jour, lieu.plateforme_id))
    return [c for n in range(horizon + 1) for c in agenda.list_creneaux(jour + timedelta(days=n)) if c.debut >= au_plus_tot]


def read_equipe(conn: Connection, plateforme_id: str, maintenant: datetime) -> list[LigneEquipe]:
    """Room left in the calendar of each coordinator, fewest free slots first; two statements, however large the team."""
    lieu = get_lieu(conn, plateforme_id)
    jour = maintenant.date()
    du, au = jour - timedelta(days=1), jour + timedelta(days=referentiel().entier("creneaux_horizon_jours", jour, plateforme_id) + 2)
    parametres = {"plateforme": plateforme_id, "jour": jour, "du": du, "au": au, "maintenant": maintenant}
    parametres |= {nom: datetime.combine(j, time.min, lieu.fuseau) for nom, j in (("debut", du), ("fin", au + timedelta(days=1)))}
    lignes = []
    for agent in conn.execute(query("agenda.lire_equipe"), parametres):
        agenda = build_agenda(lieu, agent._mapping, du, agent.actif_du, agent.actif_au)
        libres = list_libres(lieu, agenda, maintenant)
        a_venir = [(datetime.fromisoformat(debut), datetime.fromisoformat(fin)) for debut, fin in agent.a_venir]
        conflits = sum(not agenda.is_couvert(debut, fin) for debut, fin in a_venir)
        lignes.append(LigneEquipe(agent.id, agent.nom, agent.prenom, len(libres), libres[0].debut if libres else None, conflits))
    return sorted(lignes, key=lambda ligne: (ligne.libres, ligne.nom, ligne.prenom))


def list_attentes(conn: Connection, plateforme_id: str) -> list[Row[Any]]:
    """Parcours that wait for slots to be opened: invited with none left (``invite_sans_creneau``), or not invited for want of any."""
    return list(conn.execute(query("rendez_vous.lister_attentes_creneaux"), {"plateforme": plateforme_id}).all())


@dataclass(frozen=True)
class Horaires:
    """Weekly patterns of an agent: in force (None: the platform's), to come, and ranges by weekday to start a form from."""

    nom: str
    lieu: Lieu
    en_vigueur: Semaine | None
    a_venir: list[Semaine]
    depart: dict[int, tuple[Plage, ...]]


def read_horaires(conn: Connection, agent_id: UUID, maintenant: datetime) -> Horaires:
    """Raises :class:`Introuvable` for an agent who is not visible."""
    jour = maintenant.date()
    lieu, agenda = load_agenda(conn, agent_id, jour, jour)
    agent = conn.execute(query("agenda.lire_agent"), {"agent": agent_id}).one()
    en_vigueur = agenda.find_semaine(lieu.jour(maintenant))
    a_venir = sorted((s for s in agenda.semaines if s.du > lieu.jour(maintenant)), key=lambda s: s.du)
    depart = (a_venir[-1] if a_venir else en_vigueur) or Semaine(jour, None)
    jours = depart.jours if depart.jours is not None else dict.fromkeys(range(1, 6), get_horaires(lieu, jour))
    return Horaires(f"{agent.prenom} {agent.nom}", lieu, en_vigueur, a_venir, {j: tuple(merge_plages(p)) for j, p in jours.items()})


def _jour(
    lieu: Lieu, agenda: Agenda, jour: date, rendez_vous: Sequence[RendezVous], posees: Sequence[PlagePosee], maintenant: datetime
) -> Jour:
    return Jour(
        jour=jour,
        fermeture=agenda.raison_fermeture(jour),
        plages=agenda.list_plages(jour),
        rendez_vous=[r for r in rendez_vous if lieu.jour(r.debut_at) == jour],
        libres=[c for c in agenda.list_creneaux(jour) if c.debut > maintenant],
        posees=[p for p in posees if p.jour == jour],
    )


def _list_conflits(
    lieu: Lieu, agenda: Agenda, rendez_vous: Sequence[RendezVous], libres: Sequence[Creneau], maintenant: datetime
) -> list[Conflit]:
    conflits = []
    for r in rendez_vous:
        if r.is_a_venir and r.debut_at > maintenant and not agenda.is_couvert(r.debut_at, r.fin_at):
            raison = agenda.raison_fermeture(lieu.jour(r.debut_at)) or "Plage fermée"
            apres = [c for c in libres if c.debut > r.debut_at] or list(libres)
            conflits.append(Conflit(r, raison, apres[:PROPOSITIONS]))
    return conflits


def _list_rendez_vous(conn: Connection, lieu: Lieu, agent_id: UUID, du: date, au: date, avec_noms: bool) -> list[RendezVous]:
    debut = datetime.combine(du, time.min, lieu.fuseau)
    requete = "agenda.lister_rendez_vous" if avec_noms else "agenda.lister_rendez_vous_neutres"
    return list_lignes(conn, requete, RendezVous, agent=agent_id, debut=debut, fin=datetime.combine(au, time.min, lieu.fuseau))


def _list_a_renseigner(conn: Connection, agent_id: UUID, maintenant: datetime) -> list[RendezVous]:
    return list_lignes(conn, "agenda.lister_a_renseigner", RendezVous, agent=agent_id, maintenant=maintenant)
