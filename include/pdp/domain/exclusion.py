"""What is known of an absence, and why it may bring no signalement at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pdp.domain.arret import MotifCategorie, Periode, Risque
from pdp.domain.calendrier import age_au
from pdp.domain.referentiel import Referentiel
from pdp.domain.regles import CleExclusion, Exclusion, Regles


@dataclass(frozen=True, slots=True)
class FaitsEpisode:
    """What is known of an absence and its person. None = unknown: no motive is drawn from it, and it never excludes.

    ``nb_episodes_fenetre``: absences begun in the last ``repetition_fenetre_mois`` months, this one included.
    ``epuisement_le``: first day, from the day looked at on, when the arrêt as prescribed meets the cap of IJ.
    ``reprise_le``: day of return drawn by `find_reprise`. ``retraite_le``, ``inaptitude_le``: end of the contract for that reason, during
    the absence. ``deces_le``: end of the contract by death. ``silences``: days on which the person is in quiet mode.
    """

    debut: date
    fin: date
    risque: Risque = "maladie"
    motif_categorie: MotifCategorie = "non_renseigne"
    naissance_le: date | None = None
    nb_episodes_fenetre: int | None = None
    ij_utilisees: int | None = None
    epuisement_le: date | None = None
    seulement_tpt: bool = False
    reprise_le: date | None = None
    retraite_le: date | None = None
    deces_le: date | None = None
    inaptitude_le: date | None = None
    silences: tuple[Periode, ...] = ()

    def duree_au(self, jour: date) -> int:
        """Days of absence on `jour`, frozen after ``fin``."""
        return max(0, (min(jour, self.fin) - self.debut).days + 1)

    @property
    def dernier_jour_declare(self) -> date | None:
        """Last day of the absence according to employers; None when they declared no end."""
        declares = [d for d in (self.reprise_le, self.retraite_le, self.deces_le) if d is not None]
        return min(declares) - timedelta(days=1) if declares else None


@dataclass(frozen=True, slots=True)
class ArretDeclare:
    """An arrêt as one employer declares it. ``code``, ``reprise_code``: codes of the norm; ``cle``: identity of the fact."""

    siret: str
    debut: date
    code: str
    cle: str
    fin: date | None = None
    reprise_le: date | None = None
    reprise_code: str | None = None


def find_reprise(
    debut: date,
    fin: date,
    arrets: Iterable[ArretDeclare],
    suspensions: Iterable[Periode],
    debuts_avis: Iterable[date],
    exclusion: Exclusion,
) -> date | None:
    """Day on which the person is back at work, according to the last of her employers to say so; None while one has not.

    Of each employer, the arrêt begun last speaks, among those of a motif of absence that touch [`debut`, `fin`]. A resumption counts when
    it is of a kind in ``codes``, when no suspension (leave…) covers that day, and when no avis of the absence begins on it or later:
    an avis that follows says that the person is absent again.
    """
    par_employeur: dict[str, ArretDeclare] = {}
    for arret in sorted(arrets, key=lambda a: (a.debut, a.cle)):
        dernier = arret.reprise_le or arret.fin or arret.debut
        if arret.code in exclusion.codes_arret and arret.debut <= fin and debut <= dernier:
            par_employeur[arret.siret] = arret
    suspendus, avis = list(suspensions), list(debuts_avis)
    reprises: list[date] = []
    for arret in par_employeur.values():
        le = arret.reprise_le
        if le is None or le <= debut or arret.reprise_code not in exclusion.codes:
            return None
        if any(s.debut <= le and (s.fin is None or le <= s.fin) for s in suspendus) or any(le <= a <= fin for a in avis):
            return None
        reprises.append(le)
    return max(reprises, default=None)


def find_exclusion(
    faits: FaitsEpisode, jour: date, referentiel: Referentiel, regles: Regles, plateforme: str | None = None
) -> Exclusion | None:
    """Why this absence brings no signalement on `jour`, with its French sentence; None when nothing prevents it."""
    for cle, vrai in _list_constats(faits, jour, referentiel, plateforme):
        exclusion = regles.find_exclusion(cle, jour, plateforme) if vrai else None
        if exclusion is not None:
            return exclusion
    return None


def _list_constats(faits: FaitsEpisode, jour: date, ref: Referentiel, plateforme: str | None) -> list[tuple[CleExclusion, bool]]:
    """Every exclusion with whether it holds, in the order in which one is named."""
    ecart = max(0, (jour - faits.fin).days)
    tolerance = ref.get_parametre("tolerance_horloge_risque_jours", jour, plateforme)
    age = ref.get_parametre("age_exclusion", jour, plateforme)
    return [
        ("maternite", faits.risque == "maternite"),
        ("paternite", faits.risque == "paternite"),
        ("arret_a_venir", jour < faits.debut),
        ("arret_termine", not tolerance.satisfait(ecart)),
        ("deces", _is_passe(faits.deces_le, jour)),
        ("retraite", _is_passe(faits.retraite_le, jour)),
        ("reprise_declaree", _is_passe(faits.reprise_le, jour)),
        ("temps_partiel_seul", faits.seulement_tpt and not ref.valeur("signaler_tpt_seul", jour, plateforme)),
        ("age", faits.naissance_le is not None and age.satisfait(age_au(faits.naissance_le, jour))),
        ("silence_personne", any(s.debut <= jour and (s.fin is None or jour <= s.fin) for s in faits.silences)),
        ("silence", bool(ref.valeur("detection_silence", jour, plateforme))),
    ]


def _is_passe(quand: date | None, jour: date) -> bool:
    return quand is not None and quand <= jour
