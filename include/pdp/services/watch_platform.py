"""The watch of the platform over itself: each probe judged against its policy, one incident per probe and target, opened and closed here.

A feed that does not come, a sweep that no longer passes, messages that should have left: managers see the incident on their pages and are
written to once. A dead scheduler cannot run this watch: the metrics and the managers' page read the same facts without it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.sonde import (
    MAXIMA,
    POLITIQUE_ENVOI,
    RYTHMES_FLUX,
    RYTHMES_TRAITEMENTS,
    TOUT,
    Constat,
    found,
    judge_comptes,
    judge_echeance,
    judge_nombre,
)
from pdp.services.delais import Lieu, due_at, get_lieu
from pdp.services.describe_incident import describe_incident
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal
from pdp.storage.outbox import enqueue_interne
from pdp.storage.sql import query

FENETRE_ECHECS = timedelta(days=7)
HORIZON_JOURS = 2  # a mail about an incident that old teaches nothing: the page says it
CONFIRMEES = frozenset({"traitement_en_retard"})
CONFIRMATION = timedelta(minutes=15)
"""Probes told only when still true that long after: what was late because of an outage catches up by itself. A run that hangs is told by
``watch_retards``, one cause, one mail; a treatment that starts no run at all (paused, broken) leaves nothing there: it is told here."""
REDITES = timedelta(hours=4)
"""What was told and right again that lately is not mailed anew: a count around its limit would write all day. The page shows it."""


def watch_platform(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Open what is found, close what is right again. ``traites`` counts both, ``ignores`` what was open and still is.

    A second call at the same instant changes nothing. ``auteur`` is the one of the transaction, which the journal reads by itself.
    """
    lieu = get_lieu(conn, plateforme_id)
    constats = {(c.sonde, c.cible): c for c in look(conn, lieu, maintenant)}
    lignes = conn.execute(query("sante.lister_ouverts"), {"plateforme": plateforme_id}).all()
    ouverts: dict[tuple[str, str], UUID] = {(ligne.sonde, ligne.cible): ligne.id for ligne in lignes}
    confirmes = [
        (ligne.id, c)
        for ligne in lignes
        if ligne.sonde in CONFIRMEES and ligne.vu_at < ligne.ouvert_at + CONFIRMATION <= maintenant
        if (c := constats.get((ligne.sonde, ligne.cible))) is not None and not _is_dit_ailleurs(conn, plateforme_id, c)
    ]
    for cle, incident in ouverts.items():
        if cle in constats:
            conn.execute(query("sante.revoir"), {**_mesures(constats[cle], maintenant), "id": incident})
        else:
            conn.execute(query("sante.fermer"), {"id": incident, "maintenant": maintenant})
            _record(conn, "incident_clos", plateforme_id, *cle, 0)
    nouveaux = [c for cle, c in constats.items() if cle not in ouverts]
    inscrits = [(i, c) for c in nouveaux if (i := _open(conn, plateforme_id, c, maintenant)) is not None]
    recents = (
        conn.execute(query("sante.lister_fermes"), {"plateforme": plateforme_id, "depuis": maintenant - REDITES}).all() if inscrits else []
    )
    redits = {(ligne.sonde, ligne.cible) for ligne in recents}
    a_dire = [(i, c) for i, c in inscrits if c.sonde not in CONFIRMEES and (c.sonde, c.cible) not in redits]
    tell(conn, lieu, [*a_dire, *confirmes], maintenant)
    clos = len(ouverts.keys() - constats.keys())
    detail = {"incidents_ouverts": len(nouveaux), "incidents_clos": clos, "incidents_restants": len(constats)}
    return Bilan(traites=len(nouveaux) + clos, ignores=len(ouverts) - clos, detail=detail)


def look(conn: Connection, lieu: Lieu, maintenant: datetime) -> list[Constat]:
    """What every probe finds now; reads only. Raises ``ReferentielIncomplet`` when a probe has no policy in force."""
    return [
        *_look_flux(conn, lieu, maintenant),
        *_look_traitements(conn, lieu, maintenant),
        *_look_envois(conn, lieu, maintenant),
        *_look_quarantaine(conn, lieu, maintenant),
    ]


def limit_at(lieu: Lieu, cle: str, depuis: datetime) -> datetime:
    """Deadline counted from the last time all was well; minutes too, which deadlines of cases do not know."""
    parametre = referentiel().get_parametre(cle, lieu.jour(depuis), lieu.plateforme_id)
    if parametre.unite == "minutes":
        return depuis + timedelta(minutes=int(parametre.nombre))
    return due_at(lieu, cle, depuis)


def read_rythmes(conn: Connection, lieu: Lieu) -> dict[str, tuple[datetime | None, datetime | None]]:
    """Feed -> (last file, latest instant of the next one); a feed never received is expected since the platform runs."""
    depart = conn.execute(query("sante.lire_depart")).scalar()
    derniers = {ligne.flux: ligne.dernier_at for ligne in conn.execute(query("sante.lire_flux"))}
    reperes = {flux: derniers.get(flux) or depart for flux in RYTHMES_FLUX}
    return {flux: (derniers.get(flux), limit_at(lieu, RYTHMES_FLUX[flux], repere) if repere else None) for flux, repere in reperes.items()}


def _look_flux(conn: Connection, lieu: Lieu, maintenant: datetime) -> list[Constat]:
    rythmes = read_rythmes(conn, lieu)
    return found(judge_echeance("flux_absent", flux, dernier, limite, maintenant) for flux, (dernier, limite) in rythmes.items())


def _look_traitements(conn: Connection, lieu: Lieu, maintenant: datetime) -> list[Constat]:
    """A task that never ran is expected by nobody yet: a platform opens its sweeps one after the other."""
    guettes = {"dags": [dag for dag, _ in RYTHMES_TRAITEMENTS], "taches": [tache for _, tache in RYTHMES_TRAITEMENTS]}
    lus = conn.execute(query("sante.lire_traitements"), {"plateforme": lieu.plateforme_id, "maintenant": maintenant, **guettes})
    derniers = {(ligne.dag, ligne.tache): ligne.dernier_at for ligne in lus}
    return found(
        judge_echeance("traitement_en_retard", cle[0], derniers[cle], limit_at(lieu, politique, derniers[cle]), maintenant)
        for cle, politique in RYTHMES_TRAITEMENTS.items()
        if cle in derniers
    )


def _look_envois(conn: Connection, lieu: Lieu, maintenant: datetime) -> list[Constat]:
    """Late messages, the length of the queue, and failures by transport."""
    dus = _read_comptes(conn, "sante.compter_dus", lieu, maintenant=maintenant)
    echecs = _read_comptes(conn, "sante.compter_echecs", lieu, depuis=maintenant - FENETRE_ECHECS)
    total, ancien = sum(n for n, _ in dus.values()), min((d for _, d in dus.values() if d), default=None)
    retards = (
        judge_echeance("envoi_en_retard", cible, depuis, limit_at(lieu, POLITIQUE_ENVOI[cible], depuis), maintenant, nombre)
        for cible, (nombre, depuis) in sorted(dus.items())
        if depuis is not None
    )
    return [
        *found(retards),
        *found([judge_nombre("file_d_envoi", TOUT, total, _maximum("file_d_envoi", lieu, maintenant), ancien)]),
        *judge_comptes("envois_en_echec", echecs, _maximum("envois_en_echec", lieu, maintenant)),
    ]


def _look_quarantaine(conn: Connection, lieu: Lieu, maintenant: datetime) -> list[Constat]:
    ligne = conn.execute(query("sante.compter_quarantaine"), {"plateforme": lieu.plateforme_id}).one()
    return found([judge_nombre("quarantaine", TOUT, ligne.nombre, _maximum("quarantaine", lieu, maintenant), ligne.depuis_at)])


def _read_comptes(conn: Connection, requete: str, lieu: Lieu, **parametres: Any) -> dict[str, tuple[int, datetime | None]]:
    lignes = conn.execute(query(requete), {"plateforme": lieu.plateforme_id, **parametres})
    return {ligne.cible: (ligne.nombre, ligne.depuis_at) for ligne in lignes}


def _maximum(sonde: str, lieu: Lieu, maintenant: datetime) -> int:
    return referentiel().entier(MAXIMA[sonde], lieu.jour(maintenant), lieu.plateforme_id)


def _open(conn: Connection, plateforme_id: str, constat: Constat, maintenant: datetime) -> UUID | None:
    """None when another watch has just opened it."""
    valeurs = {**_mesures(constat, maintenant), "plateforme": plateforme_id, "sonde": constat.sonde, "cible": constat.cible}
    incident = conn.execute(query("sante.ouvrir"), valeurs).scalar()
    if incident is not None:
        _record(conn, "incident_ouvert", plateforme_id, constat.sonde, constat.cible, constat.nombre)
    return incident


def _is_dit_ailleurs(conn: Connection, plateforme_id: str, constat: Constat) -> bool:
    """A run of this treatment began since its last success and did not end: ``watch_retards`` tells it."""
    ou = {"plateforme": plateforme_id, "dag": constat.cible, "depuis": constat.depuis_at}
    return bool(conn.execute(query("sante.is_dit_ailleurs"), ou).scalar_one())


def tell(conn: Connection, lieu: Lieu, a_dire: list[tuple[UUID, Constat]], maintenant: datetime) -> int:
    """One mail per manager in post for all that this look has to say, by the outbox; returns how many were written."""
    if not a_dire:
        return 0
    qui = {"plateforme": lieu.plateforme_id, "jour": lieu.jour(maintenant)}
    agents = conn.execute(query("sante.lister_responsables"), qui).scalars().all()
    for agent in agents:
        enqueue_interne(
            conn,
            cle_parts=("incident_plateforme", str(agent), *sorted(str(incident) for incident, _ in a_dire)),
            plateforme_id=lieu.plateforme_id,
            agent_id=agent,
            modele="incident_plateforme",
            valeurs={"nombre": len(a_dire), "points": "\n".join(f"- {describe_incident(c.sonde, c.cible)}" for _, c in a_dire)},
            maintenant=maintenant,
            horizon_jours=HORIZON_JOURS,
        )
    return len(agents)


def _mesures(constat: Constat, maintenant: datetime) -> dict[str, Any]:
    return {"nombre": constat.nombre, "depuis": constat.depuis_at, "limite": constat.limite_at, "maintenant": maintenant}


def _record(conn: Connection, evenement: str, plateforme_id: str, sonde: str, cible: str, nombre: int) -> None:
    journal.record(conn, evenement, plateforme_id=plateforme_id, donnees={"sonde": sonde, "cible": cible, "nombre": nombre})
