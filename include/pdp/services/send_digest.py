"""The digest of the médecins-conseils: composed once a working day within its budget, safety told at once, what nobody reads taken further.

A mail holds counts and a link. The rows of ``pdp.releve`` decide what was told: a run lost, late or done twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.bilan import Bilan
from pdp.domain.calendrier import add_jours_ouvres, is_jour_ouvre
from pdp.domain.releve import Carte, compose_journee
from pdp.errors import Conflit
from pdp.services.delais import Lieu, get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.storage import journal, outbox
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

HORIZON = "boite_envoi_horizon_jours"


@dataclass(frozen=True)
class LigneOuverte:
    """An open alert and who was told of it."""

    id: UUID
    assure_id: UUID
    famille: str
    connu_at: datetime
    echeance_le: date | None
    suivi_par: UUID | None
    medecins: list[UUID]
    dernier_jour: date | None
    lue: bool


@dataclass(frozen=True)
class LigneUrgente:
    """An open alert about safety."""

    id: UUID
    connu_at: datetime
    dite: bool
    remontee: bool
    lue: bool


@dataclass(frozen=True)
class Envoi:
    """Where and when the digests of a sweep are composed."""

    conn: Connection
    lieu: Lieu
    jour: date
    maintenant: datetime

    def valeur(self, cle: str) -> int:
        return referentiel().entier(cle, self.jour, self.lieu.plateforme_id)

    def tell(self, agent_id: UUID, niveau: str, cause: str, modele: str, alertes: Sequence[UUID], **nombres: int) -> bool:
        """Compose one digest and its mail; False when it was already there."""
        comptes = {"a_decider": 0, "urgentes": 0, "echeances": 0, "relayees": 0, "en_attente": 0} | nombres
        cle = {"plateforme": self.lieu.plateforme_id, "agent": agent_id, "jour": self.jour, "niveau": niveau, "cause": cause}
        releve = self.conn.execute(query("releves.composer"), cle | comptes | {"maintenant": self.maintenant}).scalar()
        if releve is None:
            return False
        if alertes:
            self.conn.execute(
                query("releves.citer"), {"releve": releve, "plateforme": self.lieu.plateforme_id, "alertes": [str(a) for a in alertes]}
            )
        outbox.enqueue_interne(
            self.conn,
            cle_parts=("releve", str(releve)),
            plateforme_id=self.lieu.plateforme_id,
            agent_id=agent_id,
            modele=modele,
            valeurs=comptes,
            maintenant=self.maintenant,
            horizon_jours=self.valeur(HORIZON),
        )
        journal.record(
            self.conn,
            "releve_compose",
            plateforme_id=self.lieu.plateforme_id,
            donnees={"releve_id": releve, "niveau": niveau, **comptes},
        )
        return True


def send_digest(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Safety first, at any hour; then, on a working day, the digest of the day if it was not composed yet.

    ``detail``: urgents, quotidiens, responsables (digests composed), situations (cards told), en_attente (over the budget).
    """
    envoi = _open_envoi(conn, plateforme_id, maintenant)
    return _tell_urgentes(envoi) + _compose_quotidien(envoi)


def tell_securite(conn: Connection, plateforme_id: str, auteur: Auteur, maintenant: datetime) -> Bilan:
    """Only what cannot wait for the digest: alerts about safety, at any hour of any day. ``detail``: urgents, responsables."""
    return _tell_urgentes(_open_envoi(conn, plateforme_id, maintenant))


def _open_envoi(conn: Connection, plateforme_id: str, maintenant: datetime) -> Envoi:
    """One composition at a time on a platform, whichever of the two sweeps it is."""
    conn.execute(query("releves.verrouiller"), {"plateforme": plateforme_id})
    lieu = get_lieu(conn, plateforme_id)
    return Envoi(conn, lieu, lieu.jour(maintenant), maintenant)


def mark_lus(
    conn: Connection, auteur: Auteur, maintenant: datetime, alertes: Sequence[UUID] | None = None, *, vus: int | None = None
) -> int:
    """This doctor read her digests (those that tell ``alertes`` when given); returns how many were unread. A second call returns 0.

    ``vus``: how many unread ones the page counted. Raises :class:`Conflit` when one came since: an urgent one is not read unseen.
    """
    lus = conn.execute(
        query("releves.marquer_lus"),
        {"agent": UUID(auteur.id), "maintenant": maintenant, "alertes": None if alertes is None else [str(a) for a in alertes]},
    ).all()
    if vus is not None and len(lus) > vus:
        raise Conflit("Un relevé s'est ajouté depuis l'affichage. Rien n'a été enregistré : rechargez la page pour le lire.")
    if lus:
        journal.record(conn, "releve_lu", plateforme_id=auteur.plateforme_id, donnees={"releves": len(lus)})
    return len(lus)


def _tell_urgentes(envoi: Envoi) -> Bilan:
    """Every doctor present is told at once; the manager gets a number when nobody read, or when no doctor is there."""
    cle = {"plateforme": envoi.lieu.plateforme_id}
    urgentes = list_lignes(envoi.conn, "releves.lister_urgentes", LigneUrgente, **cle)
    if not urgentes:
        return Bilan()
    medecins = envoi.conn.execute(query("releves.lister_medecins"), cle | {"jour": envoi.jour}).all()
    presents = [m.id for m in medecins if m.present]
    delai = timedelta(hours=envoi.valeur("alerte_urgente_relais_heures"))
    dits = remontes = 0
    for alerte in urgentes:
        if not alerte.dite:
            for medecin in presents or [m.id for m in medecins]:
                dits += envoi.tell(medecin, "urgent", str(alerte.id), "releve_urgent", [alerte.id], a_decider=1, urgentes=1)
        if not alerte.remontee and (not presents or (not alerte.lue and alerte.connu_at + delai <= envoi.maintenant)):
            remontes += _tell_responsables(envoi, str(alerte.id), a_decider=1, urgentes=1)
    return Bilan(dits + remontes, detail={"urgents": dits, "responsables": remontes})


def _compose_quotidien(envoi: Envoi) -> Bilan:
    cle = {"plateforme": envoi.lieu.plateforme_id, "jour": envoi.jour}
    if not is_jour_ouvre(envoi.jour, envoi.lieu.zone) or envoi.conn.execute(query("releves.is_compose"), cle).scalar_one():
        return Bilan()
    delai = envoi.valeur("releve_relais_jours_ouvres")
    journee = compose_journee(
        list_cartes(envoi.conn, envoi.lieu.plateforme_id, envoi.jour),
        [m.id for m in envoi.conn.execute(query("releves.lister_medecins"), cle) if m.present],
        jour=envoi.jour,
        budget=envoi.valeur("releve_budget_jour"),
        echeance_jours=envoi.valeur("releve_echeance_legale_jours"),
        is_delai_passe=lambda dite_le: add_jours_ouvres(dite_le, delai, envoi.lieu.zone) <= envoi.jour,
    )
    dits = situations = en_attente = 0
    for releve in journee.releves:
        dits += envoi.tell(
            releve.medecin_id,
            "quotidien",
            "jour",
            "releve_medecin",
            [alerte for carte in releve.cartes for alerte in carte.alertes],
            a_decider=len(releve.cartes),
            urgentes=releve.urgentes,
            echeances=releve.echeances,
            relayees=releve.relayees,
            en_attente=releve.en_attente,
        )
        situations += len(releve.cartes)
        en_attente += releve.en_attente
    remontes = 0
    if journee.non_lues:
        urgentes = sum(carte.urgente for carte in journee.non_lues)
        remontes = _tell_responsables(envoi, "jour", a_decider=len(journee.non_lues), urgentes=urgentes)
    detail = {"quotidiens": dits, "situations": situations, "en_attente": en_attente, "responsables": remontes}
    return Bilan(dits + remontes, detail=detail)


def list_cartes(conn: Connection, plateforme_id: str, jour: date) -> list[Carte]:
    """Open cards as the digest of ``jour`` sees them.

    What was told is what was told of its unread alerts: an alert added to a card already read starts again with who read.
    """
    lignes = list_lignes(conn, "releves.lister_ouvertes", LigneOuverte, plateforme=plateforme_id, jour=jour)
    lignes.sort(key=lambda ligne: (str(ligne.assure_id), ligne.famille))
    return [_fold(list(groupe), jour) for _, groupe in groupby(lignes, key=attrgetter("assure_id", "famille"))]


def _fold(alertes: list[LigneOuverte], jour: date) -> Carte:
    dites = [a for a in alertes if a.medecins]
    en_jeu = [a for a in dites if not a.lue] or dites
    medecins = tuple(dict.fromkeys(medecin for a in en_jeu for medecin in a.medecins))
    premiere = alertes[0]
    return Carte(
        premiere.assure_id,
        premiere.famille,
        tuple(a.id for a in alertes),
        min(a.connu_at for a in alertes),
        min((a.echeance_le for a in alertes if a.echeance_le and a.echeance_le >= jour), default=None),
        next((a.suivi_par for a in alertes if a.suivi_par), None),
        medecins,
        max((a.dernier_jour for a in en_jeu if a.dernier_jour), default=None),
        bool(dites) and all(a.lue for a in dites),
    )


def _tell_responsables(envoi: Envoi, cause: str, *, a_decider: int, urgentes: int) -> int:
    """A number, without the people: so that a manager sees to it that a doctor is there."""
    responsables = envoi.conn.execute(query("releves.lister_responsables"), {"plateforme": envoi.lieu.plateforme_id, "jour": envoi.jour})
    return sum(
        envoi.tell(agent, "responsable", cause, "releve_responsable", (), a_decider=a_decider, urgentes=urgentes)
        for agent in responsables.scalars().all()
    )
