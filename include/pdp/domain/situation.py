"""Absences, rights and milestones of one person on a day, recomputed by the oracle from the facts then known.

One person at a time, for screens and explanations: slow and obvious is enough. Nothing is stored, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pdp.domain.arret import RISQUES_ABSENCE
from pdp.domain.calendrier import add_mois
from pdp.domain.connaissance import Connaissance
from pdp.domain.droits_atmp import DroitAtmp, find_droit_atmp
from pdp.domain.droits_ij import CompteurIJ, EtatDroits, compteur, etat_droits
from pdp.domain.droits_l324 import Affection, DroitL324, list_droits_l324
from pdp.domain.droits_projection import Projection, project_epuisement
from pdp.domain.episode import Episode, build_episodes
from pdp.domain.exclusion import ArretDeclare, FaitsEpisode, find_reprise
from pdp.domain.jalons import FaitsJalons, Jalon, list_jalons
from pdp.domain.referentiel import Referentiel
from pdp.domain.regles import Ligne, Regles


@dataclass(frozen=True, slots=True)
class Situation:
    """``courant``: absence that runs on ``jour``, None when none does; ``dernier``: the last one begun by then."""

    jour: date
    episodes: tuple[Episode, ...]
    courant: Episode | None
    dernier: Episode | None
    compteur: CompteurIJ
    droits: EtatDroits
    projection: Projection
    l324: tuple[DroitL324, ...]
    atmp: DroitAtmp | None
    jalons: tuple[Jalon, ...]

    @property
    def duree_jours(self) -> int:
        """Days of the running absence on ``jour``; 0 when none runs."""
        return 0 if self.courant is None else self.courant.duree_au(self.jour)


def build_situation(
    connu: Connaissance, jour: date, referentiel: Referentiel, plateforme: str | None = None, naissance_le: date | None = None
) -> Situation:
    """Raises ReferentielIncomplet when the cap, the carence or a policy value has none on a day it is needed."""
    episodes = list_absences(connu, jour, referentiel, plateforme)
    tolerance = referentiel.get_parametre("tolerance_horloge_risque_jours", jour, plateforme)
    commencees = [e for e in episodes if e.debut <= jour and e.risque in RISQUES_ABSENCE]
    dernier = max(commencees, key=lambda e: e.debut, default=None)
    courant = dernier if dernier is not None and tolerance.satisfait(max(0, (jour - dernier.fin).days)) else None
    prescriptions, versements = connu.prescriptions, connu.versements
    projection = project_epuisement(prescriptions, jour, referentiel, versements)
    affections = [Affection(str(a.affection), a.nature, a.debut, a.fin, a.annule) for a in connu.affections]
    l324 = list_droits_l324(prescriptions, affections, jour, referentiel, versements)
    faits = FaitsJalons(naissance_le, projection.epuisement_le, projection.epuisement_si_poursuite, tuple(d.dernier_jour for d in l324))
    return Situation(
        jour=jour,
        episodes=tuple(episodes),
        courant=courant,
        dernier=dernier,
        compteur=compteur(prescriptions, jour, referentiel, versements),
        droits=etat_droits(prescriptions, jour, referentiel, versements, plateforme),
        projection=projection,
        l324=l324,
        atmp=_find_atmp(episodes, courant, referentiel),
        jalons=()
        if courant is None
        else list_jalons(courant.debut, courant.risque, courant.motif_categorie, jour, referentiel, plateforme, faits),
    )


def list_absences(connu: Connaissance, jour: date, referentiel: Referentiel, plateforme: str | None = None) -> list[Episode]:
    """Episodes of every clock, under the policy of ``jour``."""
    tolerance = referentiel.entier("tolerance_horloge_risque_jours", jour, plateforme)
    suspension_max = referentiel.entier("horloge_suspension_max_jours", jour, plateforme)
    return build_episodes(connu.prescriptions, tolerance, connu.suspensions, suspension_max)


def build_faits_episode(
    situation: Situation,
    episode: Episode,
    connu: Connaissance,
    regles: Regles,
    referentiel: Referentiel,
    plateforme: str | None = None,
    naissance_le: date | None = None,
) -> FaitsEpisode:
    """What the rules may know of ``episode`` on the day of ``situation``."""
    jour = situation.jour
    limite = add_mois(jour, -referentiel.entier("repetition_fenetre_mois", jour, plateforme))
    autres = [e for e in situation.episodes if e is not episode and e.risque in RISQUES_ABSENCE and limite < e.debut <= jour]
    fins = [f for f in connu.employeur if f.genre == "fin_contrat" and not f.annule]

    inaptitude = next((r for r in regles.list_en_vigueur(jour, plateforme) if r.observation == "jours_depuis_inaptitude"), None)

    def find_fin(ligne: Ligne | None, depuis: date) -> date | None:
        return min((f.debut for f in fins if ligne is not None and f.code in ligne.codes and f.debut >= depuis), default=None)

    return FaitsEpisode(
        debut=episode.debut,
        fin=episode.fin,
        risque=episode.risque,
        motif_categorie=episode.motif_categorie,
        naissance_le=naissance_le,
        nb_episodes_fenetre=1 + len(autres),
        ij_utilisees=situation.compteur.ij_utilisees,
        epuisement_le=situation.droits.epuisement_le,
        seulement_tpt=episode.seulement_tpt,
        reprise_le=_find_reprise(episode, connu, regles, jour, plateforme),
        retraite_le=find_fin(regles.find_exclusion("retraite", jour, plateforme), episode.debut),
        deces_le=find_fin(regles.find_exclusion("deces", jour, plateforme), date.min),
        inaptitude_le=find_fin(inaptitude, episode.debut),
        silences=connu.silences,
    )


def _find_reprise(episode: Episode, connu: Connaissance, regles: Regles, jour: date, plateforme: str | None) -> date | None:
    exclusion = regles.find_exclusion("reprise_declaree", jour, plateforme)
    if exclusion is None:
        return None
    arrets = [
        ArretDeclare(f.siret or "", f.debut, f.code or "", f.cle, f.fin, f.reprise_le, f.reprise_code)
        for f in connu.employeur
        if f.genre == "arret" and not f.annule
    ]
    debuts = [
        p.debut for p in connu.prescriptions if p.is_comptee and p.risque in RISQUES_ABSENCE and episode.debut <= p.debut <= episode.fin
    ]
    return find_reprise(episode.debut, episode.fin, arrets, connu.suspensions, debuts, exclusion)


def _find_atmp(episodes: Sequence[Episode], courant: Episode | None, referentiel: Referentiel) -> DroitAtmp | None:
    if courant is None or courant.risque not in ("at", "mp", "trajet"):
        return None
    return find_droit_atmp(courant.debut, referentiel)
