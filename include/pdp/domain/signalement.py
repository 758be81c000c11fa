"""Why an absence calls for attention: thresholds crossed, motives, and a priority that anyone can add up.

The machine never decides about a person: a médecin-conseil, or a delegation that one signed, does. The priority only ranks a list.

How days are counted: J0 is the first day of the absence and counts for one, so the duration on a day is ``jour - debut + 1``,
tolerated holes included. With "> 30" (J30) the threshold is reached at duration 31, on J0 + 30; with ">= 60" (J60) at duration
60, on J0 + 59. Nothing after the last prescribed day is absence: a threshold is reached on a prescribed or tolerated day only.
Once the tolerance has passed without a new prescription the arrêt is over and brings no threshold (exclusion "arret_termine").

The priority is the plain sum of the points of the motives (policy keys ``points_…``): no weight hidden elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

from pdp.domain.arret import RISQUES_EXCLUS, MotifCategorie, Risque
from pdp.domain.calendrier import age_au
from pdp.domain.referentiel import Parametre, Referentiel

Palier = Literal[30, 60, 90, 180]
PALIERS: tuple[Palier, ...] = (30, 60, 90, 180)
Exclusion = Literal["maternite", "paternite", "age", "arret_a_venir", "arret_termine", "temps_partiel_seul"]
EXCLUSIONS: Mapping[str, str] = MappingProxyType(
    {
        "maternite": "Congé de maternité : jamais signalé.",
        "paternite": "Congé de paternité : jamais signalé.",
        "age": "La personne a atteint l'âge à partir duquel elle n'est plus signalée.",
        "arret_a_venir": "L'arrêt n'a pas encore commencé.",
        "arret_termine": "L'arrêt est terminé : le dernier jour prescrit est dépassé.",
        "temps_partiel_seul": "La personne n'a connu que du temps partiel thérapeutique : elle travaille.",
    }
)


@dataclass(frozen=True, slots=True)
class FaitsEpisode:
    """What is known of an absence and its person. None = unknown: no motive is drawn from it, and it never excludes.

    ``nb_episodes_fenetre``: absences begun in the last ``repetition_fenetre_mois`` months, this one included.
    """

    debut: date
    fin: date
    risque: Risque = "maladie"
    motif_categorie: MotifCategorie = "non_renseigne"
    naissance_le: date | None = None
    nb_episodes_fenetre: int | None = None
    ij_utilisees: int | None = None
    seulement_tpt: bool = False

    def duree_au(self, jour: date) -> int:
        """Days of absence on `jour`, frozen after ``fin``."""
        return max(0, (min(jour, self.fin) - self.debut).days + 1)


Observation = Literal["duree_jours", "jours_avant_j180", "nb_episodes_fenetre", "age", "ij_utilisees"]


@dataclass(frozen=True, slots=True)
class Regle:
    """One motive: `observation` compared to the policy value `parametre`; `points` is the policy key of its points.

    The phrase receives {observe}, {s} (its plural) and {seuil} (wording of the threshold). Of the rules of one `groupe`, only the last that
    fires is kept. `motif_categorie` restricts the rule. Raise `version` whenever the meaning changes.
    """

    cle: str
    version: int
    phrase: str
    observation: Observation
    parametre: str
    points: str
    motif_categorie: MotifCategorie | None = None
    groupe: str | None = None


_PHRASE_PALIER = "Arrêt de {observe} jours (repère : {seuil} jours)."
REGLES: tuple[Regle, ...] = (
    *(
        Regle(f"palier_{n}", 1, _PHRASE_PALIER, "duree_jours", f"palier_signalement_j{n}", f"points_palier_{n}", groupe="palier")
        for n in PALIERS
    ),
    Regle(
        "psychique_avant_j180",
        1,
        "Motif psychique et J180 dans {observe} jour{s} (repère : {seuil} jours) : la fenêtre de Mon soutien psy se ferme.",
        "jours_avant_j180",
        "psychique_avant_j180_jours",
        "points_psychique_avant_j180",
        motif_categorie="psychique",
    ),
    Regle(
        "tms",
        1,
        "Trouble musculo-squelettique, arrêt de {observe} jours (repère : {seuil} jours) : le poste peut devoir être adapté.",
        "duree_jours",
        "tms_duree_min_jours",
        "points_tms",
        motif_categorie="tms",
    ),
    Regle(
        "repetition",
        1,
        "{observe} arrêts sur la période récente, celui-ci compris (repère : {seuil}).",
        "nb_episodes_fenetre",
        "repetition_min_episodes",
        "points_repetition",
    ),
    Regle("age", 1, "Âge : {observe} ans (repère : {seuil} ans).", "age", "age_vigilance", "points_age"),
    Regle(
        "ij_270",
        1,
        "{observe} indemnités journalières consommées sur trois ans (repère : {seuil}).",
        "ij_utilisees",
        "alerte_ij_270",
        "points_ij_270",
        groupe="ij",
    ),
    Regle(
        "ij_330",
        1,
        "{observe} indemnités journalières consommées sur trois ans (repère : {seuil}) : la fin des droits est proche.",
        "ij_utilisees",
        "alerte_ij_330",
        "points_ij_330",
        groupe="ij",
    ),
)


@dataclass(frozen=True, slots=True)
class Motif:
    """A rule that fired: what it saw, what it compared to, and the value of the referential used."""

    regle: str
    version: int
    libelle: str
    valeur_observee: int
    seuil: int | float
    parametre: str
    points: int


@dataclass(frozen=True, slots=True)
class Franchissement:
    """A threshold and the day it was reached."""

    palier: Palier
    franchi_le: date
    parametre: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`palier` None: nothing to signal, and then no motive and no point. `exclusion` says why when a rule excludes the absence."""

    palier: Palier | None
    franchi_le: date | None
    motifs: tuple[Motif, ...]
    priorite: int
    exclusion: Exclusion | None = None


def find_exclusion(faits: FaitsEpisode, jour: date, referentiel: Referentiel, plateforme: str | None = None) -> Exclusion | None:
    """Why this absence brings no signalement, if a rule says so."""
    if faits.risque in RISQUES_EXCLUS:
        return "maternite" if faits.risque == "maternite" else "paternite"
    if jour < faits.debut:
        return "arret_a_venir"
    ecart = max(0, (jour - faits.fin).days)
    if not referentiel.get_parametre("tolerance_horloge_risque_jours", jour, plateforme).satisfait(ecart):
        return "arret_termine"
    if faits.seulement_tpt and not referentiel.valeur("signaler_tpt_seul", jour, plateforme):
        return "temps_partiel_seul"
    age_exclusion = referentiel.get_parametre("age_exclusion", jour, plateforme)
    if faits.naissance_le is not None and age_exclusion.satisfait(age_au(faits.naissance_le, jour)):
        return "age"
    return None


def list_franchissements(
    faits: FaitsEpisode, jour: date, referentiel: Referentiel, plateforme: str | None = None
) -> tuple[Franchissement, ...]:
    """Every threshold reached by `jour`, in order, under the policy of `jour`; empty when the absence is excluded."""
    if find_exclusion(faits, jour, referentiel, plateforme) is not None:
        return ()
    atteints = []
    for palier in PALIERS:
        parametre = _parametre_palier(palier, jour, referentiel, plateforme)
        if parametre.satisfait(faits.duree_au(jour)):
            atteints.append(Franchissement(palier, parametre.premier_jour(faits.debut), parametre.identifiant))
    return tuple(atteints)


def is_a_trier(palier: Palier, jour: date, referentiel: Referentiel, plateforme: str | None = None) -> bool:
    """Whether this threshold goes to the tri of the médecin-conseil; below, the signalement is only watched."""
    return referentiel.get_parametre("palier_ouverture", jour, plateforme).satisfait(palier)


def evaluate(faits: FaitsEpisode, jour: date, referentiel: Referentiel, plateforme: str | None = None) -> Evaluation:
    """Highest threshold reached by `jour`, and why the absence matters. Raises ReferentielIncomplet if a policy value is missing."""
    exclusion = find_exclusion(faits, jour, referentiel, plateforme)
    franchissements = list_franchissements(faits, jour, referentiel, plateforme)
    if not franchissements:
        return Evaluation(None, None, (), 0, exclusion)
    motifs: dict[str, Motif] = {}
    for regle in REGLES:
        motif = _apply_regle(regle, faits, jour, referentiel, plateforme)
        if motif is not None:
            motifs[regle.groupe or regle.cle] = motif
    dernier = franchissements[-1]
    return Evaluation(dernier.palier, dernier.franchi_le, tuple(motifs.values()), sum(m.points for m in motifs.values()))


def _apply_regle(regle: Regle, faits: FaitsEpisode, jour: date, referentiel: Referentiel, plateforme: str | None) -> Motif | None:
    if regle.motif_categorie is not None and regle.motif_categorie != faits.motif_categorie:
        return None
    observe = _observe(regle.observation, faits, jour, referentiel, plateforme)
    parametre = referentiel.get_parametre(regle.parametre, jour, plateforme)
    if observe is None or not parametre.satisfait(observe):
        return None
    libelle = regle.phrase.format(observe=observe, s="s" if observe > 1 else "", seuil=parametre.en_mots)
    points = referentiel.entier(regle.points, jour, plateforme)
    return Motif(regle.cle, regle.version, libelle, observe, parametre.nombre, parametre.identifiant, points)


def _observe(observation: Observation, faits: FaitsEpisode, jour: date, referentiel: Referentiel, plateforme: str | None) -> int | None:
    match observation:
        case "duree_jours":
            return faits.duree_au(jour)
        case "jours_avant_j180":
            reste = (jour_palier(180, faits.debut, jour, referentiel, plateforme) - jour).days
            return reste if reste > 0 else None
        case "nb_episodes_fenetre":
            return faits.nb_episodes_fenetre
        case "age":
            return None if faits.naissance_le is None else age_au(faits.naissance_le, jour)
        case "ij_utilisees":
            return faits.ij_utilisees


def jour_palier(palier: Palier, debut: date, jour: date, referentiel: Referentiel, plateforme: str | None = None) -> date:
    """Day an absence begun on `debut` reaches the threshold if it lasts, under the policy of `jour`."""
    return _parametre_palier(palier, jour, referentiel, plateforme).premier_jour(debut)


def dernier_jour_avant_palier(palier: Palier, debut: date, jour: date, referentiel: Referentiel, plateforme: str | None = None) -> date:
    """Last day before the threshold."""
    return jour_palier(palier, debut, jour, referentiel, plateforme) - timedelta(days=1)


def _parametre_palier(palier: Palier, jour: date, referentiel: Referentiel, plateforme: str | None) -> Parametre:
    return referentiel.get_parametre(f"palier_signalement_j{palier}", jour, plateforme)
