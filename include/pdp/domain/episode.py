"""The risk clock: prescriptions of one person merged into absences.

Slow and obvious on purpose, one day after the other: this is the oracle that the set-based SQL must equal.

Rules, each tested under its number:

1. A cancelled prescription, or one whose dates are reversed, counts for nothing.
2. Three clocks run apart: absence (illness, AT, MP, trajet together), maternity, paternity.
3. In one clock, days covered by at least one prescription are walked in order. At most `tolerance_jours` uncovered days between two
   covered days keep the same episode; one more starts another. Nested, overlapping and adjacent prescriptions therefore merge.
4. `debut` and `fin` are the first and last covered day; `jours_prescrits` counts covered days once, tolerated holes excluded.
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
from datetime import date

from pdp.domain.arret import RISQUES_ABSENCE, RISQUES_EXCLUS, MotifCategorie, Prescription, Risque


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


def build_episodes(prescriptions: Iterable[Prescription], tolerance_jours: int) -> list[Episode]:
    """Episodes of one person, by first day then first prescription. `tolerance_jours`: key tolerance_horloge_risque_jours, >= 0."""
    if tolerance_jours < 0:
        raise ValueError("tolerance_jours must not be negative")
    comptees = {p for p in prescriptions if p.is_comptee}  # rules 1 and 9
    horloges = [RISQUES_ABSENCE, *({risque} for risque in sorted(RISQUES_EXCLUS))]  # rule 2
    episodes = [
        _build_episode(jours, [p for p in membres if jours[0] <= p.debut <= jours[-1]])
        for membres in ([p for p in comptees if p.risque in horloge] for horloge in horloges)
        for jours in _split_jours({jour for p in membres for jour in p.jours}, tolerance_jours)
    ]
    return sorted(episodes, key=lambda e: (e.debut, e.premiere_prescription))


def _split_jours(couverts: set[date], tolerance_jours: int) -> list[list[date]]:
    """Rule 3: covered days, cut where too many days are missing."""
    groupes: list[list[date]] = []
    for jour in sorted(couverts):
        if groupes and (jour - groupes[-1][-1]).days - 1 <= tolerance_jours:
            groupes[-1].append(jour)
        else:
            groupes.append([jour])
    return groupes


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
