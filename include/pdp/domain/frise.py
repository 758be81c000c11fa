"""Milestones of an arrêt on one line: what is behind, where the person stands, what comes and what only comes if the arrêt goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pdp.domain.calendrier import add_mois
from pdp.domain.jalons import CleJalon, Jalon
from pdp.domain.referentiel import Referentiel

Etat = Literal["passe", "aujourd_hui", "avenir", "si_poursuite"]

# What a coordinator looks for at a glance; the other milestones are read below the line. Nothing tells an affection.
_COURTS: dict[CleJalon, str] = {
    "prereprise": "Visite de préreprise possible",
    "j180": "J180",
    "soutien_psy": "Mon soutien psy : dernier jour conseillé",
    "soutien_psy_exclusion": "Mon soutien psy : arrêt trop long",
    "epuisement": "Date maximale des indemnités",
    "epuisement_si_poursuite": "Date maximale des indemnités",
}
_CERTAINS = frozenset({"epuisement"})
"""Drawn from days already prescribed: true whatever happens next."""
_MOIS = {"six_mois": "frise_six_mois", "douze_mois": "frise_douze_mois"}
_ORDRE = ("debut", "aujourd_hui", "fin_prescrite")


@dataclass(frozen=True, slots=True)
class Repere:
    """One point of the line. ``detail``: the whole sentence, when there is more to say than the label."""

    cle: str
    le: date
    libelle: str
    etat: Etat
    detail: str | None = None


def build_frise(
    debut: date, fin: date, jalons: Iterable[Jalon], jour: date, ref: Referentiel, plateforme: str | None = None
) -> tuple[Repere, ...]:
    """Points by date, ``jour`` among them. A milestone after the last prescribed day holds only if the arrêt goes on until then."""

    def etat(cle: str, le: date) -> Etat:
        if le < jour:
            return "passe"
        return "si_poursuite" if le > max(fin, jour) and cle not in _CERTAINS else "avenir"

    reperes = [
        Repere("debut", debut, "Début de l'arrêt", etat("debut", debut)),
        Repere("fin_prescrite", fin, "Fin prescrite", "passe" if fin < jour else "avenir"),
        Repere("aujourd_hui", jour, "Aujourd'hui", "aujourd_hui"),
    ]
    for cle, parametre in _MOIS.items():
        mois = ref.entier(parametre, jour, plateforme)
        le = add_mois(debut, mois)
        reperes.append(Repere(cle, le, f"{mois} mois d'arrêt", etat(cle, le)))
    reperes += [
        Repere(j.cle, j.ouvre_le, _COURTS[j.cle], etat(j.cle, j.ouvre_le), j.libelle)
        for j in jalons
        if j.cle in _COURTS and j.ouvre_le is not None
    ]
    return tuple(sorted(reperes, key=lambda r: (r.le, _ORDRE.index(r.cle) if r.cle in _ORDRE else len(_ORDRE), r.cle)))
