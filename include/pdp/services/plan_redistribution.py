"""What a redistribution would do: who receives what and why, load before and after, appointments kept or to be moved. Writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.affectation import Candidat
from pdp.domain.repartition import Cas, add_charge, distribute
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.delais import Lieu, get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_charges import get_bareme, list_candidats
from pdp.storage.sql import query

LOINTAIN = date(9999, 1, 1)
CONTINUITE = "Continuité : connaît déjà cette personne"


@dataclass(frozen=True)
class Confie:
    """One parcours and who would receive it; ``rendez_vous``: tenu, a_deplacer, None when the period holds none."""

    parcours_id: UUID
    vers: UUID
    motif: str
    effort: int
    dues: int
    promesses: int
    premiere_at: datetime | None
    debut_at: datetime | None
    rendez_vous: str | None


@dataclass(frozen=True)
class Collegue:
    """A colleague who would receive something: parcours, and points for a full time, before and after."""

    id: UUID
    nom: str
    prenom: str
    recoit: int
    dossiers_avant: int
    dossiers_apres: int
    points_avant: int
    points_apres: int


@dataclass(frozen=True)
class Plan:
    """``restent``: parcours that wait for the return because nothing falls due; ``sans_place``: nobody can take them under the cap."""

    agent_id: UUID
    nom: str
    prenom: str
    du: date
    au: date | None
    effet_le: date
    confies: list[Confie]
    collegues: list[Collegue]
    restent: int
    sans_place: list[UUID]

    @property
    def depart(self) -> bool:
        return self.au is None

    @property
    def rendez_vous_tenus(self) -> int:
        return sum(c.rendez_vous == "tenu" for c in self.confies)

    @property
    def rendez_vous_a_deplacer(self) -> list[Confie]:
        return [c for c in self.confies if c.rendez_vous == "a_deplacer"]

    @property
    def promesses(self) -> int:
        return sum(c.promesses for c in self.confies)


def plan_redistribution(
    conn: Connection,
    plateforme_id: str,
    agent_id: UUID,
    du: date,
    au: date | None,
    maintenant: datetime,
    prevus: Mapping[UUID, UUID] | None = None,
    sauf: Collection[UUID] = (),
) -> Plan:
    """``au`` None = departure. ``prevus``: parcours -> colleague already confirmed, who keeps it while present and under the cap. ``sauf``:
    colleagues who leave by the same act, and are given nothing.

    Up to the policy length only what falls due in the absence moves; beyond, and for a departure, everything does.
    """
    if au is not None and au < du:
        raise DonneeInvalide("Le dernier jour d'absence précède le premier.", code="reversed_dates")
    agent = conn.execute(query("redistribution.lire_agent"), {"agent": agent_id, "plateforme": plateforme_id}).one_or_none()
    if agent is None:
        raise Introuvable("Ce conseiller n'existe pas ou n'est pas de votre équipe.")
    lieu = get_lieu(conn, plateforme_id)
    jour = lieu.jour(maintenant)
    effet = max(du, jour)
    tous = _list_cas(conn, lieu, agent_id, du, au, maintenant)
    concernes = [c for c in tous if is_a_confier(c, du, au, jour, lieu)]
    candidats = [c for c in list_candidats(conn, lieu, jour, effet) if c.id != agent_id and c.id not in sauf]
    indisponibles, occupes = _read_indisponibles(conn, lieu, concernes, effet, au)
    cas = [_build_cas(c, lieu, indisponibles, occupes, candidats, prevus or {}, maintenant) for c in concernes]
    choix = distribute(cas, candidats, continuite=CONTINUITE)
    confies = []
    for ligne, c in zip(concernes, cas, strict=True):
        if c.id in choix:
            elu = choix[c.id]
            rendez_vous = None
            if ligne.tele_echange_id is not None:
                rendez_vous = "a_deplacer" if elu.candidat.id in c.exclus else "tenu"
            confies.append(
                Confie(
                    c.id, elu.candidat.id, elu.motif, c.effort, ligne.dues, ligne.promesses, ligne.premiere_at, ligne.debut_at, rendez_vous
                )
            )
    noms = {n.id: (n.nom, n.prenom) for n in conn.execute(query("redistribution.lister_noms"), {"plateforme": plateforme_id})}
    return Plan(
        agent_id,
        agent.nom,
        agent.prenom,
        du,
        au,
        effet,
        confies,
        _list_collegues(confies, candidats, noms),
        len(tous) - len(concernes),
        [c.id for c in cas if c.id not in choix],
    )


def is_a_confier(ligne: Any, du: date, au: date | None, jour: date, lieu: Lieu) -> bool:
    """Everything of a departure or of a long absence; else what falls due in it."""
    if au is None:
        return True
    longue = referentiel().get_parametre("redistribution_tout_au_dela_jours", jour, lieu.plateforme_id)
    return longue.satisfait((au - du).days + 1) or ligne.dues > 0 or ligne.tele_echange_id is not None


def _list_cas(conn: Connection, lieu: Lieu, agent_id: UUID, du: date, au: date | None, maintenant: datetime) -> list[Any]:
    jour = lieu.jour(maintenant)
    parametres = {
        "plateforme": lieu.plateforme_id,
        "agent": agent_id,
        "fuseau": str(lieu.fuseau),
        "recent_depuis": get_bareme(lieu, jour).recent_depuis(jour),
        "debut_at": minuit(lieu, du),
        "fin_at": minuit(lieu, LOINTAIN if au is None else au + timedelta(days=1)),
        "maintenant": maintenant,
    }
    return list(conn.execute(query("redistribution.lister_cas"), parametres))


def minuit(lieu: Lieu, jour: date) -> datetime:
    """First instant of a day where the platform is."""
    return datetime.combine(jour, time.min, lieu.fuseau)


def _read_indisponibles(
    conn: Connection, lieu: Lieu, lignes: list[Any], effet: date, au: date | None
) -> tuple[list[tuple[UUID, date, date]], dict[UUID, set[UUID]]]:
    """Absences of colleagues in the period, and for each appointment who is taken at that hour."""
    absences = [
        (a.agent_id, a.du, a.au)
        for a in conn.execute(
            query("redistribution.lister_absences"), {"plateforme": lieu.plateforme_id, "du": effet, "au": au or LOINTAIN}
        )
    ]
    occupes: dict[UUID, set[UUID]] = defaultdict(set)
    rendez_vous = [ligne.tele_echange_id for ligne in lignes if ligne.tele_echange_id is not None]
    for pris in conn.execute(query("redistribution.lister_occupes"), {"tele_echanges": rendez_vous}):
        occupes[pris.tele_echange_id].add(pris.csam_id)
    return absences, occupes


def _build_cas(
    ligne: Any,
    lieu: Lieu,
    absences: list[tuple[UUID, date, date]],
    occupes: Mapping[UUID, set[UUID]],
    candidats: list[Candidat],
    prevus: Mapping[UUID, UUID],
    maintenant: datetime,
) -> Cas:
    """The hour of the appointment counts, else the day of the first deadline: a colleague away then is avoided."""
    bareme = get_bareme(lieu, lieu.jour(maintenant))
    exclus = set(occupes.get(ligne.tele_echange_id, ())) if ligne.tele_echange_id is not None else set()
    instant = ligne.debut_at or ligne.premiere_at
    if instant is not None:
        le = lieu.jour(instant)
        exclus |= {agent for agent, du, au in absences if du <= le <= au}
    connus = {c.id for c in candidats}
    return Cas(
        ligne.id,
        ligne.commune_insee,
        bareme.points(ligne.statut, ligne.orientations, ligne.recent),
        ligne.langue,
        prevus.get(ligne.id, ligne.precedent),
        frozenset(exclus & connus),
    )


def _list_collegues(confies: list[Confie], candidats: list[Candidat], noms: Mapping[UUID, tuple[str, str]]) -> list[Collegue]:
    recus: dict[UUID, list[int]] = defaultdict(list)
    for confie in confies:
        recus[confie.vers].append(confie.effort)
    lignes = []
    for c in candidats:
        if c.id in recus:
            apres = add_charge(c, recus[c.id])
            lignes.append(
                Collegue(c.id, *noms[c.id], len(recus[c.id]), c.dossiers, apres.dossiers, round(c.temps_plein), round(apres.temps_plein))
            )
    return sorted(lignes, key=lambda x: (x.nom, x.prenom, str(x.id)))
