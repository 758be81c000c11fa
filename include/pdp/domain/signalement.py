"""Why an absence calls for attention: thresholds crossed, motives, and a priority that anyone can add up.

The machine never decides about a person: a médecin-conseil, or a delegation that one signed, does. The priority only ranks a list.

How days are counted: J0 is the first day of the absence and counts for one, so the duration on a day is ``jour - debut + 1``,
tolerated holes included. With "> 30" (J30) the threshold is reached at duration 31, on J0 + 30; with ">= 60" (J60) at duration
60, on J0 + 59. Nothing after the last prescribed day is absence: a threshold is reached on a prescribed or tolerated day only.
Once the tolerance has passed without a new prescription the arrêt is over and brings no threshold (exclusion "arret_termine").

The priority is the plain sum of the points of the motives (policy keys ``points_…``): no weight hidden elsewhere. Each motive says what a
call can still change (``levier``) and until when (``valable_jusqu_au``, included): after that day its points no longer count, and a rule
whose window is already closed brings no motive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pdp.domain.calendrier import age_au
from pdp.domain.exclusion import FaitsEpisode, find_exclusion
from pdp.domain.referentiel import Parametre, Referentiel
from pdp.domain.regles import Exclusion, Fenetre, Observation, Regle, Regles

Palier = Literal[30, 60, 90, 180]
PALIERS: tuple[Palier, ...] = (30, 60, 90, 180)


@dataclass(frozen=True, slots=True)
class Motif:
    """A rule that fired: what it saw, what it compared to, the value of the referential used, and what a call can still change.

    ``valable_jusqu_au``: last day on which the points count; None = no end known.
    """

    regle: str
    version: int
    libelle: str
    valeur_observee: int
    seuil: int | float
    parametre: str
    points: int
    regle_id: str
    levier: str
    valable_jusqu_au: date | None

    def is_valable(self, jour: date) -> bool:
        """Whether a call can still change that on `jour`."""
        return self.valable_jusqu_au is None or jour <= self.valable_jusqu_au


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


def priorite_du_jour(motifs: Iterable[Motif], jour: date) -> int:
    """Sum of the points still valid on `jour`."""
    return sum(m.points for m in motifs if m.is_valable(jour))


def list_franchissements(
    faits: FaitsEpisode, jour: date, referentiel: Referentiel, regles: Regles, plateforme: str | None = None
) -> tuple[Franchissement, ...]:
    """Every threshold reached by `jour`, in order, under the policy of `jour`; empty when the absence is excluded."""
    if find_exclusion(faits, jour, referentiel, regles, plateforme) is not None:
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


def evaluate(faits: FaitsEpisode, jour: date, referentiel: Referentiel, regles: Regles, plateforme: str | None = None) -> Evaluation:
    """Highest threshold reached by `jour`, and why the absence matters. Raises ReferentielIncomplet if a policy value is missing."""
    exclusion = find_exclusion(faits, jour, referentiel, regles, plateforme)
    franchissements = list_franchissements(faits, jour, referentiel, regles, plateforme)
    if not franchissements:
        return Evaluation(None, None, (), 0, exclusion)
    motifs: dict[str, Motif] = {}
    for regle in regles.list_en_vigueur(jour, plateforme):
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
    points = referentiel.entier(regle.points, jour, plateforme)
    if observe is None or not parametre.satisfait(observe):
        return None
    motif = Motif(
        regle=regle.cle,
        version=regle.version,
        libelle=regle.phrase.format(observe=observe, s="s" if observe > 1 else "", seuil=parametre.en_mots),
        valeur_observee=observe,
        seuil=parametre.nombre,
        parametre=parametre.identifiant,
        points=points,
        regle_id=regle.identifiant,
        levier=regle.levier,
        valable_jusqu_au=fin_fenetre(regle.fenetre, faits, jour, referentiel, plateforme),
    )
    return motif if motif.is_valable(jour) else None


def fin_fenetre(
    fenetre: Fenetre | None, faits: FaitsEpisode, jour: date, referentiel: Referentiel, plateforme: str | None = None
) -> date | None:
    """Last day on which a call can still change what the rule names; None = no end known. A declared end of the absence closes them all."""
    fins = [faits.dernier_jour_declare]
    match fenetre:
        case "avant_j180":
            fins.append(dernier_jour_avant_palier(180, faits.debut, jour, referentiel, plateforme))
        case "fin_droits":
            fins.append(None if faits.epuisement_le is None else faits.epuisement_le - timedelta(days=1))
        case "fin_arret":
            # an avis of prolongation often comes late: the window stays open as long as one is still likely
            fins.append(faits.fin + timedelta(days=referentiel.entier("fin_arret_marge_jours", jour, plateforme)))
    return min((fin for fin in fins if fin is not None), default=None)


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
        case "jours_avant_epuisement":
            return None if faits.epuisement_le is None or faits.epuisement_le < jour else (faits.epuisement_le - jour).days
        case "jours_depuis_inaptitude":
            return None if faits.inaptitude_le is None or faits.inaptitude_le > jour else (jour - faits.inaptitude_le).days


def jour_palier(palier: Palier, debut: date, jour: date, referentiel: Referentiel, plateforme: str | None = None) -> date:
    """Day an absence begun on `debut` reaches the threshold if it lasts, under the policy of `jour`."""
    return _parametre_palier(palier, jour, referentiel, plateforme).premier_jour(debut)


def dernier_jour_avant_palier(palier: Palier, debut: date, jour: date, referentiel: Referentiel, plateforme: str | None = None) -> date:
    """Last day before the threshold."""
    return jour_palier(palier, debut, jour, referentiel, plateforme) - timedelta(days=1)


def _parametre_palier(palier: Palier, jour: date, referentiel: Referentiel, plateforme: str | None) -> Parametre:
    return referentiel.get_parametre(f"palier_signalement_j{palier}", jour, plateforme)
