"""Clocks of a hand-over: at every instant one party has the ball until one deadline, so that none is forgotten.

Steps, in order: the partner has it (``accuse``), answers (``acceptation``), meets the person (``rendez_vous``), tells how it goes
(``nouvelles``). Delays are policy, in days of the place where the partner works; days when it is closed, and days spent waiting for our
answer to its question, do not count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pdp.domain.calendrier import Zone, is_jour_ouvre
from pdp.domain.orientation import ACTIVES

Etape = Literal["accuse", "acceptation", "rendez_vous", "nouvelles", "close"]
Balle = Literal["partenaire", "csam", "assure"]
ETAPES: dict[str, str] = {
    "accuse": "Demande à recevoir",
    "acceptation": "Réponse à donner : accepter ou refuser",
    "rendez_vous": "Premier rendez-vous",
    "nouvelles": "Nouvelles de l'accompagnement",
    "close": "Terminée",
}
FIN_DE_JOURNEE = time(18, 0)
_HORIZON_JOURS = 1100
"""A partner closed for ever would stop its clock for ever: beyond three years days count again."""


@dataclass(frozen=True, slots=True)
class Delai:
    """A policy delay: number of days, ``jours`` or ``jours_ouvres``."""

    nombre: int
    unite: str


@dataclass(frozen=True, slots=True)
class Delais:
    """The policy of one kind of partner. ``relances_max``: reminders of one deadline before a person calls."""

    envoi: Delai
    accuse: Delai
    acceptation: Delai
    rendez_vous: Delai
    nouveau_rendez_vous: Delai
    nouvelles: Delai
    reponse_csam: Delai
    reponse_partenaire: Delai
    reprise: Delai
    intervalle: Delai
    expiration: Delai
    relances_max: int


CLES: Mapping[str, str] = {
    "envoi": "orientation_envoi_delai_jours_ouvres",
    "accuse": "orientation_reception_delai_jours_ouvres",
    "acceptation": "orientation_accuse_delai_jours_ouvres",
    "rendez_vous": "orientation_premier_rdv_delai_jours",
    "nouveau_rendez_vous": "orientation_nouveau_rdv_delai_jours_ouvres",
    "nouvelles": "orientation_nouvelles_delai_jours",
    "reponse_csam": "question_reponse_delai_jours_ouvres",
    "reponse_partenaire": "question_partenaire_delai_jours_ouvres",
    "reprise": "question_reprise_delai_jours_ouvres",
    "intervalle": "relance_partenaire_intervalle_jours",
    "expiration": "orientation_expiration_jours",
}
"""Field of :class:`Delais` -> policy key; a key followed by the kind of partner (``_spst``…) wins where it exists."""
RELANCES_MAX = "orientation_relances_max"


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the thread; ``par`` is ``partenaire`` or ``csam``, ``repondue_at`` None = open."""

    par: str
    posee_at: datetime
    repondue_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FaitsOrientation:
    """What is known of a hand-over, and nothing else: the clock is a function of it.

    ``rendez_vous_at``: the last meeting set; ``rendez_vous_manque_at``: when told missed, None when held, to come or set anew;
    ``nouvelles_at``: last news; ``absences``: days when the whole partner is closed and nobody answers for it, ends included.
    """

    statut: str
    proposee_at: datetime
    envoyee_at: datetime | None = None
    recue_at: datetime | None = None
    acceptee_at: datetime | None = None
    rendez_vous_at: datetime | None = None
    rendez_vous_manque_at: datetime | None = None
    nouvelles_at: datetime | None = None
    questions: tuple[Question, ...] = ()
    absences: tuple[tuple[date, date], ...] = ()
    delai_reponse_jours: int | None = None


@dataclass(frozen=True, slots=True)
class Horloge:
    """Where a hand-over stands: step, who has the ball, until when. ``arretee``: the partner's clock waits for our answer."""

    etape: Etape
    balle: Balle | None
    echeance_at: datetime | None
    arretee: bool = False


@dataclass(frozen=True, slots=True)
class Jours:
    """Days of a place: its holidays and its time zone. A deadline is the end of the working day, aware."""

    zone: Zone
    fuseau: ZoneInfo

    def jour(self, instant: datetime) -> date:
        return instant.astimezone(self.fuseau).date()

    def add(self, depuis: datetime, delai: Delai, exclus: Collection[tuple[date, date]] = ()) -> datetime:
        """End of the last day of ``delai``, counted from the day after ``depuis``; days of ``exclus`` (ends included) do not count.

        Never a day when nobody works: a calendar delay that ends on one is over at the end of the next open day.
        """
        depart = jour = self.jour(depuis)
        reste = delai.nombre
        while reste > 0:
            jour += timedelta(days=1)
            ouvre = delai.unite != "jours_ouvres" or is_jour_ouvre(jour, self.zone)
            reste -= ouvre and not _is_exclu(jour, depart, exclus)
        while not is_jour_ouvre(jour, self.zone) or _is_exclu(jour, depart, exclus):
            jour += timedelta(days=1)
        return datetime.combine(jour, FIN_DE_JOURNEE, self.fuseau)


def read_horloge(faits: FaitsOrientation, regles: Delais, jours: Jours, maintenant: datetime) -> Horloge:
    """The clock at ``maintenant``: exactly one party and one deadline while the hand-over is active, none once over."""
    if faits.statut not in ACTIVES:
        return Horloge("close", None, None)
    etape, balle, echeance = _read_etape(faits, regles, jours, maintenant)
    question = _find_ouverte(faits, "partenaire")
    if question is not None:
        return Horloge(etape, "csam", jours.add(question.posee_at, regles.reponse_csam), arretee=True)
    demande = _find_ouverte(faits, "csam")
    if demande is not None:
        attendue = jours.add(demande.posee_at, regles.reponse_partenaire, faits.absences)
        return Horloge(etape, "partenaire", min(echeance, attendue) if balle == "partenaire" else attendue)
    return Horloge(etape, balle, echeance)


def due_acceptation(faits: FaitsOrientation, regles: Delais, jours: Jours) -> datetime:
    """When the partner must have said yes or no; its own committed delay wins over the policy."""
    delai = regles.acceptation if faits.delai_reponse_jours is None else Delai(faits.delai_reponse_jours, "jours_ouvres")
    return _due(faits, faits.envoyee_at or faits.recue_at or faits.proposee_at, delai, regles, jours)


def _read_etape(faits: FaitsOrientation, regles: Delais, jours: Jours, maintenant: datetime) -> tuple[Etape, Balle, datetime]:
    """The step and its own clock, as if no question were open."""
    if any(instant is not None for instant in (faits.acceptee_at, faits.rendez_vous_at, faits.rendez_vous_manque_at, faits.nouvelles_at)):
        return _read_accompagnement(faits, regles, jours, maintenant)
    reponse = due_acceptation(faits, regles, jours)
    if faits.recue_at is not None:
        return "acceptation", "partenaire", reponse
    if faits.envoyee_at is None:
        return "accuse", "csam", jours.add(faits.proposee_at, regles.envoi)
    return "accuse", "partenaire", min(_due(faits, faits.envoyee_at, regles.accuse, regles, jours), reponse)


def _read_accompagnement(faits: FaitsOrientation, regles: Delais, jours: Jours, maintenant: datetime) -> tuple[Etape, Balle, datetime]:
    manque, rendez_vous, nouvelles = faits.rendez_vous_manque_at, faits.rendez_vous_at, faits.nouvelles_at
    if manque is not None and (nouvelles is None or nouvelles <= manque):
        return "rendez_vous", "partenaire", _due(faits, manque, regles.nouveau_rendez_vous, regles, jours)
    if rendez_vous is not None and manque is None and rendez_vous > maintenant:
        return ("rendez_vous" if nouvelles is None else "nouvelles"), "assure", rendez_vous
    dites = [instant for instant in (nouvelles, rendez_vous if manque is None else None) if instant is not None]
    if dites:
        return "nouvelles", "partenaire", _due(faits, max(dites), regles.nouvelles, regles, jours)
    return "rendez_vous", "partenaire", _due(faits, faits.acceptee_at or faits.proposee_at, regles.rendez_vous, regles, jours)


def _due(faits: FaitsOrientation, depuis: datetime, delai: Delai, regles: Delais, jours: Jours) -> datetime:
    """Deadline of the partner: what was used before a question is kept, and an answer of ours leaves time to be read."""
    pauses = [(q.posee_at, q.repondue_at) for q in faits.questions if q.par == "partenaire" and q.repondue_at is not None]
    sans = [(jours.jour(debut) + timedelta(days=1), jours.jour(fin)) for debut, fin in pauses]
    due = jours.add(depuis, delai, (*faits.absences, *sans))
    reprises = [jours.add(fin, regles.reprise, faits.absences) for _, fin in pauses if fin is not None and fin > depuis]
    return max([due, *reprises])


def _find_ouverte(faits: FaitsOrientation, par: str) -> Question | None:
    """The oldest open question of one side."""
    ouvertes = [q for q in faits.questions if q.par == par and q.repondue_at is None]
    return min(ouvertes, key=lambda q: q.posee_at, default=None)


def _is_exclu(jour: date, depart: date, exclus: Collection[tuple[date, date]]) -> bool:
    return (jour - depart).days <= _HORIZON_JOURS and any(du <= jour <= au for du, au in exclus)


@dataclass(frozen=True, slots=True)
class Suite:
    """What time alone will do next, and when: ``revoir`` (the clock changes hands), ``rappeler`` (reminder number ``rang``),
    ``appeler`` (a person calls the partner), ``rendre`` (the hand-over expires and the case comes back)."""

    action: Literal["revoir", "rappeler", "appeler", "rendre"]
    at: datetime
    rang: int = 0


def plan_suite(
    horloge: Horloge, relances: Collection[datetime], absences: Collection[tuple[date, date]], regles: Delais, jours: Jours
) -> Suite | None:
    """What follows this deadline; ``relances``: instants of the reminders made for it. None: only a person moves it.

    Nothing expires before every reminder was made and left its time: an outage of ours is not a silence of the partner. A paused clock,
    or one that the CSAM holds, never expires. An accompaniment under way does not expire either: a person calls, again and again.
    """
    if horloge.arretee or horloge.echeance_at is None or horloge.balle not in ("partenaire", "assure"):
        return None
    if horloge.balle == "assure":
        return Suite("revoir", horloge.echeance_at)
    faites = [instant for instant in relances if instant >= horloge.echeance_at]  # one made earlier by hand is a courtesy
    if not faites:
        return Suite("rappeler", horloge.echeance_at, 1)
    derniere = jours.add(max(faites), regles.intervalle, absences)
    if len(faites) < regles.relances_max:
        return Suite("rappeler", derniere, len(faites) + 1)
    if horloge.etape == "nouvelles":
        return Suite("appeler", jours.add(max(faites), regles.nouvelles, absences), len(faites) + 1)
    return Suite("rendre", max(derniere, jours.add(horloge.echeance_at, regles.expiration, absences)))
