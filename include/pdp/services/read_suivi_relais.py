"""What the case page shows of each hand-over beside its content: steps, ball, deadline, thread, reminders. Two statements for all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.orientation import ACTIVES, LIBELLES, Statut
from pdp.domain.suivi_relais import BALLES, Pas, describe_horloge, describe_suite, find_depuis, list_pas
from pdp.services.refresh_horloge import Etat, list_etats
from pdp.storage.lignes import list_lignes

RELANCES = {"automatique": "Rappel automatique", "a_la_main": "Rappel de votre main", "appel": "À appeler : plus de rappel automatique"}

FINS = {**LIBELLES, Statut.REALISEE: "Terminée"}
"""How a hand-over ended, on its line of steps: the word of the status is longer than a step is wide."""


@dataclass(frozen=True)
class Parole:
    """One word of the thread; ``genre`` partenaire or csam, ``nature`` a code of ``NATURES`` or ``reponse``; ``repondant``: name left."""

    orientation_id: UUID
    genre: str
    nature: str
    texte: str | None
    rendez_vous_at: datetime | None
    dit_at: datetime
    agent_prenom: str | None
    agent_nom: str | None
    repondant: str | None


@dataclass(frozen=True)
class QuestionOuverte:
    """A question that waits for the coordinator."""

    id: UUID
    orientation_id: UUID
    texte: str
    posee_at: datetime


@dataclass(frozen=True)
class Relance:
    """A reminder made: when, how, how many messages were written."""

    libelle: str
    faite_at: datetime


@dataclass(frozen=True)
class SuiviRelais:
    """One hand-over, in words ready to show."""

    pas: tuple[Pas, ...]
    balle: str | None
    depuis_at: datetime
    echeance_at: datetime | None
    arretee: bool
    phrase: str
    suite: str
    questions: tuple[QuestionOuverte, ...]
    fil: tuple[Parole, ...]
    relances: tuple[Relance, ...]
    peut_relancer: bool
    peut_ecrire: bool


def list_suivis_relais(conn: Connection, parcours_id: UUID, maintenant: datetime) -> dict[UUID, SuiviRelais]:
    """By hand-over; empty without any, for one statement."""
    etats = list_etats(conn, parcours_id, maintenant)
    if not etats:
        return {}
    fils: dict[UUID, list[Parole]] = defaultdict(list)
    for parole in list_lignes(conn, "horloge.lister_fil", Parole, parcours=parcours_id):
        fils[parole.orientation_id].append(parole)
    questions: dict[UUID, list[QuestionOuverte]] = defaultdict(list)
    for question in list_lignes(conn, "horloge.lister_a_repondre", QuestionOuverte, parcours=parcours_id):
        questions[question.orientation_id].append(question)
    return {e.ligne.id: _build(e, fils[e.ligne.id], questions[e.ligne.id], maintenant) for e in etats}


def _build(etat: Etat, fil: list[Parole], questions: list[QuestionOuverte], maintenant: datetime) -> SuiviRelais:
    ligne, horloge, faits = etat.ligne, etat.horloge, etat.ligne.faits
    active = ligne.statut in ACTIVES and ligne.clos_at is None
    fin = None if ligne.statut in ACTIVES else FINS[Statut(ligne.statut)]
    return SuiviRelais(
        list_pas(faits, fin, ligne.close_at, maintenant),
        BALLES.get(horloge.balle or ""),
        find_depuis(faits, horloge, maintenant),
        horloge.echeance_at,
        horloge.arretee,
        describe_horloge(horloge, faits, etat.jours, maintenant),
        describe_suite(etat.suite, etat.regles.relances_max, etat.jours, maintenant),
        tuple(questions) if active else (),
        tuple(fil),
        tuple(Relance(RELANCES[nature], datetime.fromisoformat(faite)) for _, _, faite, nature in ligne.relances),
        active and horloge.balle == "partenaire",
        active and horloge.balle is not None and (ligne.envoyee_at is not None or ligne.recue_at is not None),
    )
