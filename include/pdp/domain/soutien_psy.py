"""Mon soutien psy: may it be proposed for a session on a given day, and under which dated rule?

A CSAM proposes and informs; a psychologist or a doctor judges. No scale and no score of mental health is read or computed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pdp.domain.arret import MotifCategorie
from pdp.domain.calendrier import add_mois, age_au, annees_avant
from pdp.domain.referentiel import Referentiel
from pdp.domain.signalement import dernier_jour_avant_palier

Statut = Literal["eligible", "a_verifier", "non_eligible"]
RESULTATS = {
    "proposee": "Proposé à la personne",
    "deja_suivie": "Personne déjà suivie",
    "refusee": "La personne ne le souhaite pas",
    "contre_indiquee": "Écarté par un médecin",
    "non_eligible": "Pas possible selon les règles du jour",
    "non_eligible_6m": "Arrêt trop long pour le dispositif",
}
MOTIFS_ARRET = {
    "termine": "Accompagnement terminé",
    "quota_atteint": "Toutes les séances remboursées de l'année sont faites",
    "choix_personne": "La personne a choisi d'arrêter",
    "choix_psychologue": "Le psychologue a choisi d'arrêter",
    "autres_soins": "La personne est suivie autrement",
    "sans_nouvelles": "Sans nouvelles",
}
"""Why the sessions stopped: a closed list, never a clinical reason."""
SEANCES = "seances"
"""Class of data that the person agrees to hear back from the psychologist: dates only."""


@dataclass(frozen=True, slots=True)
class FaitsSoutienPsy:
    """None = unknown, which gives "a_verifier" and never a refusal.

    `seances_annee`: sessions already reimbursed in the civil year of the session. `arret_psy_long_fini_le`: last day of an earlier arrêt
    of the excluding length for a psychiatric reason. `droit_psychiatrique`: current ALD or invalidity for a psychiatric reason.
    """

    arret_debut: date | None = None
    motif_categorie: MotifCategorie = "non_renseigne"
    seances_annee: int | None = None
    lettre_le: date | None = None
    naissance_le: date | None = None
    arret_psy_long_fini_le: date | None = None
    droit_psychiatrique: bool | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition: its outcome, a French sentence, and the value of the referential that decided."""

    statut: Statut
    motif: str
    parametre: str


def eligibilite(faits: FaitsSoutienPsy, date_seance: date, referentiel: Referentiel) -> list[Verdict]:
    """One verdict per condition for a session on `date_seance`; `resume_statut` sums them up.

    Raises ReferentielIncomplet before the national scheme (5 April 2022).
    """
    verdicts = [_check_quota(faits, date_seance, referentiel)]
    for regle in (_check_age, _check_lettre, _check_arret, _check_arret_passe, _check_droit):
        verdict = regle(faits, date_seance, referentiel)
        if verdict is not None:
            verdicts.append(verdict)
    return verdicts


@dataclass(frozen=True, slots=True)
class Seance:
    """A declared session: its rank in its civil year, and whether the quota of its day covered it."""

    le: date
    rang: int
    couverte: bool


@dataclass(frozen=True, slots=True)
class CompteAnnee:
    """Sessions of one civil year as declared, against the quota of the law on ``jour``."""

    annee: int
    faites: int
    quota: int
    parametre: str

    @property
    def reste(self) -> int:
        return max(0, self.quota - self.faites)

    @property
    def au_dela(self) -> int:
        return max(0, self.faites - self.quota)


def is_ouvert(jour: date, referentiel: Referentiel) -> bool:
    """Whether the national scheme reimbursed sessions on that day."""
    return referentiel.find_parametre("psy_quota", jour) is not None


def number_seances(dates: Iterable[date], referentiel: Referentiel) -> tuple[Seance, ...]:
    """Sessions in order: distinct dates count, from 1 each civil year, each against the quota of its own day."""
    numerotees, annee, rang = [], 0, 0
    for le in sorted(set(dates)):
        rang = rang + 1 if le.year == annee else 1
        annee = le.year
        numerotees.append(Seance(le, rang, referentiel.get_parametre("psy_quota", le).satisfait(rang)))
    return tuple(numerotees)


def count_annee(dates: Sequence[date], jour: date, referentiel: Referentiel) -> CompteAnnee:
    """Declared sessions of the civil year of ``jour``, against its quota that day."""
    quota = referentiel.get_parametre("psy_quota", jour)
    return CompteAnnee(jour.year, len({d for d in dates if d.year == jour.year}), int(quota.nombre), quota.identifiant)


def count_connues(dates: Iterable[date], date_seance: date) -> int | None:
    """Sessions known for the civil year of a session to come; None when none was declared: not known is never 0."""
    connues = len({d for d in dates if d.year == date_seance.year and d < date_seance})
    return connues or None


def resume_statut(verdicts: Iterable[Verdict]) -> Statut:
    """The most cautious of the verdicts."""
    statuts = {v.statut for v in verdicts}
    if "non_eligible" in statuts:
        return "non_eligible"
    return "a_verifier" if "a_verifier" in statuts else "eligible"


def dernier_jour_fenetre(arret_debut: date, jour: date, referentiel: Referentiel, plateforme: str | None = None) -> date:
    """Last day before J180 under the policy of `jour`: always before the six months that may exclude."""
    return dernier_jour_avant_palier(180, arret_debut, jour, referentiel, plateforme)


def _check_quota(faits: FaitsSoutienPsy, jour: date, referentiel: Referentiel) -> Verdict:
    quota = referentiel.get_parametre("psy_quota", jour)
    if faits.seances_annee is None:
        motif = f"Le nombre de séances déjà remboursées en {jour.year} n'est pas connu : {quota.en_mots} par année civile."
        return Verdict("a_verifier", motif, quota.identifiant)
    suivante = faits.seances_annee + 1
    if quota.satisfait(suivante):
        reste = int(quota.nombre) - faits.seances_annee
        pluriel = "s" if reste > 1 else ""
        return Verdict("eligible", f"Il reste {reste} séance{pluriel} remboursée{pluriel} en {jour.year}.", quota.identifiant)
    pratique = referentiel.find_parametre("psy_quota_pratique", jour)
    if pratique is not None and pratique.satisfait(suivante):
        motif = f"Quota légal atteint ({quota.en_mots}), dépassé en pratique à cette date : à faire vérifier."
        return Verdict("a_verifier", motif, pratique.identifiant)
    return Verdict("non_eligible", f"Le quota de séances de l'année {jour.year} est atteint ({quota.en_mots}).", quota.identifiant)


def _check_age(faits: FaitsSoutienPsy, jour: date, referentiel: Referentiel) -> Verdict | None:
    age_min = referentiel.get_parametre("psy_age_min", jour)
    if faits.naissance_le is None or age_min.satisfait(age_au(faits.naissance_le, jour)):
        return None
    return Verdict("non_eligible", f"Le dispositif est ouvert à {age_min.en_mots} ans.", age_min.identifiant)


def _check_lettre(faits: FaitsSoutienPsy, jour: date, referentiel: Referentiel) -> Verdict:
    requis = referentiel.get_parametre("psy_adressage_requis", jour)
    if requis.valeur is False:
        return Verdict("eligible", "Aucune lettre d'adressage n'est demandée à cette date.", requis.identifiant)
    if faits.lettre_le is None or faits.lettre_le > jour:
        return Verdict("a_verifier", "Une lettre d'adressage d'un médecin est nécessaire à cette date.", requis.identifiant)
    validite = referentiel.get_parametre("psy_lettre_validite", jour)
    if jour <= add_mois(faits.lettre_le, int(validite.nombre)):
        return Verdict("eligible", f"La lettre d'adressage du {faits.lettre_le:%d/%m/%Y} est encore valable.", validite.identifiant)
    motif = f"La lettre d'adressage du {faits.lettre_le:%d/%m/%Y} n'est plus valable : en demander une autre."
    return Verdict("non_eligible", motif, validite.identifiant)


def _statut_exclusion(jour: date, referentiel: Referentiel) -> Statut:
    """Since 16 May 2025 the exclusion is not confirmed: warn, do not block."""
    return "non_eligible" if referentiel.valeur("psy_exclusion_bloquante", jour) else "a_verifier"


def _check_arret(faits: FaitsSoutienPsy, jour: date, referentiel: Referentiel) -> Verdict | None:
    if faits.arret_debut is None or faits.motif_categorie in ("tms", "autre"):
        return None
    limite = referentiel.get_parametre("psy_exclusion_arret_psy", jour)
    premier_exclu = limite.premier_jour(faits.arret_debut)
    if jour >= premier_exclu:
        if faits.motif_categorie == "non_renseigne":
            return Verdict("a_verifier", f"Arrêt de {limite.en_mots} mois dont le motif n'est pas connu.", limite.identifiant)
        motif = f"Arrêt de {limite.en_mots} mois pour motif psychique : d'autres soins sont en principe indiqués."
        return Verdict(_statut_exclusion(jour, referentiel), motif, limite.identifiant)
    dernier = dernier_jour_fenetre(faits.arret_debut, jour, referentiel)
    if jour <= dernier:
        return Verdict("eligible", f"La fenêtre est ouverte jusqu'au {dernier:%d/%m/%Y}, veille de J180.", limite.identifiant)
    motif = f"J180 est atteint : l'arrêt comptera {limite.en_mots} mois le {premier_exclu:%d/%m/%Y}."
    return Verdict("a_verifier", motif, limite.identifiant)


def _check_arret_passe(faits: FaitsSoutienPsy, jour: date, referentiel: Referentiel) -> Verdict | None:
    if faits.arret_psy_long_fini_le is None:
        return None
    recul = referentiel.get_parametre("psy_exclusion_recul_annees", jour)
    if faits.arret_psy_long_fini_le < annees_avant(jour, int(recul.nombre)):
        return None
    motif = f"Un arrêt long pour motif psychique s'est terminé le {faits.arret_psy_long_fini_le:%d/%m/%Y} ({recul.en_mots} ans)."
    return Verdict(_statut_exclusion(jour, referentiel), motif, recul.identifiant)


def _check_droit(faits: FaitsSoutienPsy, jour: date, referentiel: Referentiel) -> Verdict | None:
    bloquante = referentiel.get_parametre("psy_exclusion_bloquante", jour)
    if faits.droit_psychiatrique is None:
        return Verdict("a_verifier", "Vérifier l'absence d'ALD ou d'invalidité pour motif psychiatrique.", bloquante.identifiant)
    if not faits.droit_psychiatrique:
        return None
    motif = "ALD ou invalidité pour motif psychiatrique : d'autres soins sont en principe indiqués."
    return Verdict(_statut_exclusion(jour, referentiel), motif, bloquante.identifiant)
