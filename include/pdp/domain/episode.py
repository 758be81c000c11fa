"""The risk clock: prescriptions of one person merged into absences.

Slow and obvious on purpose, one day after the other: this is the oracle that the set-based SQL must equal.

Rules, each tested under its number:

1. A cancelled prescription, or one whose dates are reversed, counts for nothing.
2. Three clocks run apart: absence (illness, AT, MP, trajet together), maternity, paternity.
3. In one clock, days covered by at least one prescription are walked in order. Between two covered days that follow each other, let
   `manquants` be the number of days in between, and `neutres` the number of those inside a suspension declared by the employer (leave,
   unpaid…: no return to work). Both stay in the same episode when
   a) `manquants` <= `tolerance_jours`, or
   b) `manquants` - `neutres` <= `tolerance_jours` and `neutres` <= `suspension_max_jours`.
   Otherwise another episode starts. Nested, overlapping and adjacent prescriptions therefore merge. Suspensions count for every clock;
   a day inside two suspensions counts once. One without a last day lasts until the day before the first covered day of the clock on or
   after its first day: it speaks of the one gap in which it begins. Reversed dates count for nothing.
4. `debut` and `fin` are the first and last covered day; `jours_prescrits` counts covered days once, days in between excluded.
5. `premiere_prescription` is the smallest (debut, id_avis): it names the episode, so that a rebuild gives the same identity.
   `risque` is that prescription's; `risque_mixte` says that others differ.
6. `motif_categorie` is that of the last prescription, by (debut, id_avis), that gives one.
7. `ald` as soon as one prescription says so.
8. Therapeutic part-time extends an episode. `tpt_en_cours`: every prescription that ends on `fin` is part-time.
   `seulement_tpt`: all of them are, so the person was never absent.
9. `nb_prescriptions` counts distinct avis. The order of the list, or the same row given twice, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pdp.domain.arret import RISQUES_ABSENCE, RISQUES_EXCLUS, MotifCategorie, Periode, Prescription, Risque


@dataclass(frozen=True, slots=True)
class Episode:
    """One absence. ``debut`` is J0; ``fin`` is the last prescribed day known, not a return to work."""

    debut: date
    fin: date
    jours_prescrits: int
    nb_prescriptions: int
    risque: Risque
    risque_mixte: bool
    motif_categorie: MotifCategorie
    ald: bool
    tpt_en_cours: bool
    seulement_tpt: bool
    premiere_prescription: str

    def duree_au(self, jour: date) -> int:
        """Days of absence on `jour`, first day and tolerated holes included; frozen after ``fin``, 0 before ``debut``."""
        return max(0, (min(jour, self.fin) - self.debut).days + 1)


def build_episodes(
    prescriptions: Iterable[Prescription], tolerance_jours: int, suspensions: Iterable[Periode] = (), suspension_max_jours: int = 0
) -> list[Episode]:
    """Episodes of one person, by first day then first prescription.

    `tolerance_jours`: key tolerance_horloge_risque_jours; `suspension_max_jours`: key horloge_suspension_max_jours. Raises ValueError
    when one of them is negative.
    """
    if tolerance_jours < 0 or suspension_max_jours < 0:
        raise ValueError("tolerance_jours and suspension_max_jours must not be negative")
    declarees = list(suspensions)
    comptees = {p for p in prescriptions if p.is_comptee}  # rules 1 and 9
    horloges = [RISQUES_ABSENCE, *({risque} for risque in sorted(RISQUES_EXCLUS))]  # rule 2
    episodes = [
        _build_episode(jours, [p for p in membres if jours[0] <= p.debut <= jours[-1]])
        for membres in ([p for p in comptees if p.risque in horloge] for horloge in horloges)
        for jours in _split_jours({jour for p in membres for jour in p.jours}, tolerance_jours, declarees, suspension_max_jours)
    ]
    return sorted(episodes, key=lambda e: (e.debut, e.premiere_prescription))


def _split_jours(couverts: set[date], tolerance_jours: int, suspensions: list[Periode], suspension_max_jours: int) -> list[list[date]]:
    """Rule 3: covered days, cut where too many days are missing."""
    groupes: list[list[date]] = []
    for jour in sorted(couverts):
        if groupes and _is_meme_absence(groupes[-1][-1], jour, tolerance_jours, suspensions, suspension_max_jours):
            groupes[-1].append(jour)
        else:
            groupes.append([jour])
    return groupes


def _is_meme_absence(avant: date, apres: date, tolerance_jours: int, suspensions: list[Periode], suspension_max_jours: int) -> bool:
    """Rule 3, for two covered days with no covered day in between."""
    manquants = [avant + timedelta(days=n) for n in range(1, (apres - avant).days)]
    if len(manquants) <= tolerance_jours:
        return True
    neutres = sum(any(_is_suspendu(jour, s, avant) for s in suspensions) for jour in manquants)
    return len(manquants) - neutres <= tolerance_jours and neutres <= suspension_max_jours


def _is_suspendu(jour: date, suspension: Periode, dernier_couvert: date) -> bool:
    """`jour` lies in a gap that begins after `dernier_couvert`; an open suspension begun before the gap was ended by a covered day."""
    if suspension.fin is None:
        return dernier_couvert < suspension.debut <= jour
    return suspension.debut <= jour <= suspension.fin


def _build_episode(jours: list[date], membres: list[Prescription]) -> Episode:
    ordre = sorted(membres, key=lambda p: p.rang)
    motifs = [p.motif_categorie for p in ordre if p.motif_categorie != "non_renseigne"]
    return Episode(
        debut=jours[0],
        fin=jours[-1],
        jours_prescrits=len(jours),
        nb_prescriptions=len({p.id_avis for p in ordre}),
        risque=ordre[0].risque,
        risque_mixte=len({p.risque for p in ordre}) > 1,
        motif_categorie=motifs[-1] if motifs else "non_renseigne",
        ald=any(p.ald for p in ordre),
        tpt_en_cours=all(p.temps_partiel_therapeutique for p in ordre if p.fin == jours[-1]),
        seulement_tpt=all(p.temps_partiel_therapeutique for p in ordre),
        premiere_prescription=ordre[0].id_avis,
    )
