"""A reason to act that waits: why, for whom, since when, until when. It comes back by its date alone, within the policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pdp.domain.jalons import Jalon
from pdp.errors import DonneeInvalide


@dataclass(frozen=True, slots=True)
class Raison:
    """French label, and who holds the ball meanwhile (codes of ``domain/tache.py``)."""

    libelle: str
    balle: str


RAISONS: dict[str, Raison] = {
    "soins_en_cours": Raison("Soins ou opération en cours", "assure"),
    "rendez_vous_medical": Raison("Rendez-vous médical attendu", "assure"),
    "reponse_employeur": Raison("Réponse de l'employeur attendue par la personne", "assure"),
    "document_attendu": Raison("Document attendu de la personne", "assure"),
    "demande_de_la_personne": Raison("À la demande de la personne", "assure"),
    "decision_mdph": Raison("Décision de la MDPH attendue", "partenaire"),
    "reponse_partenaire": Raison("Réponse d'un partenaire attendue", "partenaire"),
    "avis_medecin_conseil": Raison("Avis du médecin-conseil attendu", "medecin_conseil"),
    "autre": Raison("Autre raison", "csam"),
}
NE_PEUVENT_ATTENDRE = {
    "tele_echange": "un télé-échange est prévu : déplacez-le ou annulez-le plutôt",
    "renseigner_tele_echange": "un télé-échange passé est à renseigner",
    "attendre_partenaire": "le partenaire a déjà la balle, avec sa propre échéance",
    "repondre_question": "le partenaire attend votre réponse, et son délai est arrêté jusque-là",
    "decision_medecin": "le médecin-conseil a déjà la balle, avec sa propre échéance",
    "reponse_courrier": "la personne a reçu un courrier, avec sa propre échéance",
    "reponse_invitation": "la personne a un lien pour choisir son rendez-vous, avec sa propre échéance",
    "ouvrir_creneaux": "le responsable a la balle, avec sa propre échéance",
}
"""Reasons to act that have a clock of somebody else, or that only an answer ends: why, in the middle of a French sentence."""


@dataclass(frozen=True, slots=True)
class Attente:
    """The wait of one reason to act: ``du`` first day, ``jusqu_au`` day of return, ``cumul_jours`` days of the waits before this one."""

    raison: str
    du: date
    jusqu_au: date
    cumul_jours: int = 0

    @property
    def libelle(self) -> str:
        return RAISONS[self.raison].libelle

    def is_revenue(self, jour: date) -> bool:
        """Its day has come: it is to be done, and stays marked until somebody acts on it."""
        return self.jusqu_au <= jour

    def balle(self, jour: date) -> str:
        """Who holds the ball; the coordinator as soon as the day has come."""
        return "csam" if self.is_revenue(jour) else RAISONS[self.raison].balle

    def courante_jours(self, jour: date) -> int:
        """Length of this wait so far, its day of return at most."""
        return max(0, (min(jour, self.jusqu_au) - self.du).days)

    def totale_jours(self, jour: date) -> int:
        return self.cumul_jours + self.courante_jours(jour)

    def describe(self, jour: date) -> str:
        """« en attente jusqu'au … (raison), depuis 4 j » or « revient d'attente depuis 2 j, après 10 j »."""
        courante, totale = self.courante_jours(jour), self.totale_jours(jour)
        en_tout = f", {totale} j en tout" if totale > courante else ""
        if not self.is_revenue(jour):
            depuis = f", depuis {courante} j" if courante else ""
            return f"en attente jusqu'au {self.jusqu_au:%d/%m/%Y} ({self.libelle[0].lower()}{self.libelle[1:]}){depuis}{en_tout}"
        retour = (jour - self.jusqu_au).days
        quand = f"depuis {retour} j" if retour else "aujourd'hui"
        return f"revient d'attente {quand}, après {courante} j{en_tout}"


def check_attente(raison: str, jusqu_au: date, jour: date, cumul_jours: int, max_jours: int, total_max_jours: int) -> None:
    """Raises :class:`DonneeInvalide`: unknown reason, day not to come, or later than the policy allows in one wait or in all."""
    if raison not in RAISONS:
        raise DonneeInvalide("Choisissez la raison de l'attente dans la liste. Rien n'a été enregistré.", code="unknown_wait_reason")
    if jusqu_au <= jour:
        raise DonneeInvalide("La date de reprise doit être à venir. Rien n'a été enregistré.", code="date_not_future")
    dernier = latest_jour(jour, cumul_jours, max_jours, total_max_jours)
    if dernier <= jour:
        raise DonneeInvalide(
            f"Cette tâche a déjà attendu {cumul_jours} jours, le plus long permis : faites-la, ou changez la suite prévue.",
            code="waited_too_long",
        )
    if jusqu_au > dernier:
        deja = f" : elle a déjà attendu {cumul_jours} jours" if cumul_jours else ""
        raise DonneeInvalide(
            f"Une attente s'arrête au plus tard le {dernier:%d/%m/%Y}{deja}. Rien n'a été enregistré.", code="wait_too_long"
        )


def latest_jour(jour: date, cumul_jours: int, max_jours: int, total_max_jours: int) -> date:
    """Latest day of return that the policy allows; not after ``jour`` = none."""
    return jour + timedelta(days=min(max_jours, total_max_jours - cumul_jours))


@dataclass(frozen=True, slots=True)
class DateDue:
    """A day that comes whether one waits or not, and what it is, in the middle of a French sentence."""

    le: date
    quoi: str


def list_dates_pendant(jalons: Iterable[Jalon], fin_prescrite: date | None, jour: date, jusqu_au: date) -> list[DateDue]:
    """Milestones of the law and end of the prescription between today and the return, both included: what a wait must never hide.

    The advised window of Mon soutien psy is no legal date, and would say something of health: it is left out.
    """
    dates = [DateDue(j.ouvre_le, _continue(j.libelle)) for j in jalons if j.ouvre_le and not j.cle.startswith("soutien_psy")]
    if fin_prescrite is not None:
        dates.append(DateDue(fin_prescrite, "fin de l'arrêt prescrit"))
    return sorted((d for d in dates if jour <= d.le <= jusqu_au), key=lambda d: (d.le, d.quoi))


def _continue(libelle: str) -> str:
    """A label in the middle of a sentence; an abbreviation keeps its capital."""
    return libelle[0].lower() + libelle[1:] if libelle[1].islower() or libelle[1] in " '" else libelle
