"""The clock of a hand-over, read from its facts and kept on its row; the reason the coordinator sees follows it, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.horloge import (
    CLES,
    RELANCES_MAX,
    Delai,
    Delais,
    FaitsOrientation,
    Horloge,
    Jours,
    Question,
    Suite,
    due_acceptation,
    plan_suite,
    read_horloge,
)
from pdp.domain.orientation import ACTIVES
from pdp.services.delais import Lieu, get_lieu
from pdp.services.manage_taches import close_tache, open_tache
from pdp.services.publish_referentiel import referentiel
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

ATTENDRE, NOUVELLES, RELANCER, REPONDRE = "attendre_partenaire", "nouvelles_partenaire", "relancer_partenaire", "repondre_question"
TACHES = (ATTENDRE, NOUVELLES, RELANCER, REPONDRE)
"""Reasons that the clock holds, at most one of them at a time for a hand-over."""


@dataclass(frozen=True)
class LigneFaits:
    """Facts of one hand-over as they are stored, with what its reminders need."""

    id: UUID
    plateforme_id: str
    parcours_id: UUID
    partenaire_id: UUID
    dispositif: str
    statut: str
    proposee_at: datetime
    envoyee_at: datetime | None
    recue_at: datetime | None
    acceptee_at: datetime | None
    repondue_at: datetime | None
    rendez_vous_at: datetime | None
    rendez_vous_manque_at: datetime | None
    nouvelles_at: datetime | None
    close_at: datetime | None
    assure_id: UUID
    parcours_statut: str
    clos_at: datetime | None
    partenaire_nom: str
    canal: str
    courriel: str | None
    delai_reponse_jours: int | None
    questions: list[list[str | None]]
    absences: list[list[str]]
    relances: list[list[str]]

    @property
    def faits(self) -> FaitsOrientation:
        """An acceptance without its own instant (told before clocks existed) began with the last answer."""
        acceptee = self.acceptee_at
        if acceptee is None and self.statut in ("acceptee", "en_cours"):
            acceptee = self.repondue_at or self.envoyee_at or self.proposee_at
        return FaitsOrientation(
            self.statut,
            self.proposee_at,
            self.envoyee_at,
            self.recue_at or (self.envoyee_at if self.statut == "recue" else None),
            acceptee,
            self.rendez_vous_at,
            self.rendez_vous_manque_at,
            self.nouvelles_at,
            tuple(Question(str(par), _instant(posee), _instant(repondue) if repondue else None) for par, posee, repondue in self.questions),
            tuple((date.fromisoformat(du), date.fromisoformat(au)) for du, au in self.absences),
            self.delai_reponse_jours,
        )

    def list_relances(self, horloge: Horloge) -> list[datetime]:
        """Instants of the reminders made for this deadline."""
        return [
            _instant(faite) for etape, due, faite, _ in self.relances if etape == horloge.etape and _instant(due) == horloge.echeance_at
        ]


@dataclass(frozen=True)
class Etat:
    """One hand-over at one instant: its facts, its clock, what time alone will do next."""

    ligne: LigneFaits
    horloge: Horloge
    relances: tuple[datetime, ...]
    suite: Suite | None
    regles: Delais
    jours: Jours


def get_jours(lieu: Lieu) -> Jours:
    return Jours(lieu.zone, lieu.fuseau)


def get_delais(lieu: Lieu, dispositif: str, jour: date) -> Delais:
    """The policy in force for this kind of partner. Raises ``ReferentielIncomplet`` when a general value is missing."""
    politique = referentiel()
    delais = {}
    for nom, cle in CLES.items():
        parametre = politique.find_parametre(f"{cle}_{dispositif}", jour, lieu.plateforme_id) or politique.get_parametre(
            cle, jour, lieu.plateforme_id
        )
        delais[nom] = Delai(int(parametre.nombre), parametre.unite)
    return Delais(**delais, relances_max=politique.entier(RELANCES_MAX, jour, lieu.plateforme_id))


def list_etats(conn: Connection, parcours_id: UUID, maintenant: datetime, orientation_id: UUID | None = None) -> list[Etat]:
    """Clocks of the hand-overs of a parcours at ``maintenant``, latest first, read from the facts and not from the cache."""
    lignes = list_lignes(conn, "horloge.lire_faits", LigneFaits, parcours=parcours_id, orientation=orientation_id)
    if not lignes:
        return []
    lieu = get_lieu(conn, lignes[0].plateforme_id)
    return [_read(ligne, lieu, maintenant) for ligne in lignes]


def refresh_horloge(conn: Connection, auteur: Auteur, parcours_id: UUID, orientation_id: UUID, maintenant: datetime) -> Etat | None:
    """Read the clock again, keep it, and make the open reason agree with it; the caller holds the lock of the parcours.

    None for a hand-over proposed in error. A second call changes nothing.
    """
    etats = list_etats(conn, parcours_id, maintenant, orientation_id)
    if not etats:
        return None
    etat = etats[0]
    _write(conn, etat)
    _follow(conn, auteur, etat, maintenant)
    return etat


def _read(ligne: LigneFaits, lieu: Lieu, maintenant: datetime) -> Etat:
    regles, jours = get_delais(lieu, ligne.dispositif, lieu.jour(maintenant)), get_jours(lieu)
    faits = ligne.faits
    horloge = read_horloge(faits, regles, jours, maintenant)
    relances = tuple(ligne.list_relances(horloge))
    suite = None if ligne.clos_at is not None else plan_suite(horloge, relances, faits.absences, regles, jours)
    return Etat(ligne, horloge, relances, suite, regles, jours)


def _write(conn: Connection, etat: Etat) -> None:
    ligne, horloge = etat.ligne, etat.horloge
    attendue = None
    if horloge.etape in ("accuse", "acceptation"):
        attendue = etat.jours.jour(due_acceptation(ligne.faits, etat.regles, etat.jours))
    conn.execute(
        query("horloge.ecrire"),
        {
            "orientation": ligne.id,
            "etape": horloge.etape,
            "balle": horloge.balle,
            "echeance": horloge.echeance_at,
            "arretee": horloge.arretee,
            "relances": len(etat.relances),
            "a_revoir": etat.suite.at if etat.suite else None,
            "attendue": attendue,
        },
    )


def _follow(conn: Connection, auteur: Auteur, etat: Etat, maintenant: datetime) -> None:
    """One reason at a time: answer the question, else call the partner when that was asked, else wait until the clock acts again."""
    ligne = etat.ligne
    ouvertes = {t.motif: t for t in list_taches(conn, ligne)}
    voulu = None if ligne.clos_at is not None else _choose_motif(etat, RELANCER in ouvertes)
    for motif, tache in ouvertes.items():
        if motif != voulu:
            close_tache(conn, auteur, tache.id, "repondue", maintenant)
    if voulu is None or voulu == RELANCER:
        return
    echeance = _choose_echeance(etat, voulu)
    if voulu in ouvertes:
        conn.execute(query("horloge.dater_tache"), {"tache": ouvertes[voulu].id, "echeance": echeance})
        return
    open_tache(
        conn,
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        motif=voulu,
        cause=str(ligne.id),
        maintenant=maintenant,
        auteur=auteur,
        echeance_at=echeance,
    )


def _choose_motif(etat: Etat, a_appeler: bool) -> str | None:
    if etat.ligne.statut not in ACTIVES:
        return None
    if etat.horloge.arretee:
        return REPONDRE
    if a_appeler and etat.relances:
        return RELANCER
    return ATTENDRE if etat.horloge.etape in ("accuse", "acceptation") else NOUVELLES


def _choose_echeance(etat: Etat, motif: str) -> datetime | None:
    """A wait lasts until the clock does something by itself; before delivery, as long as the answer that was asked for."""
    if motif == REPONDRE:
        return etat.horloge.echeance_at
    return etat.suite.at if etat.suite else due_acceptation(etat.ligne.faits, etat.regles, etat.jours)


def list_taches(conn: Connection, ligne: LigneFaits) -> list[Any]:
    """Open reasons that the clock of this hand-over holds."""
    cle = {"parcours": ligne.parcours_id, "motifs": list(TACHES), "cause": str(ligne.id)}
    return list(conn.execute(query("horloge.lire_taches"), cle))


def _instant(texte: str | None) -> datetime:
    assert texte is not None
    return datetime.fromisoformat(texte)
