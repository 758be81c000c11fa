"""Milestones of an arrêt: what the law or the policy opens, and from which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pdp.domain.arret import RISQUES_EXCLUS, MotifCategorie, Risque
from pdp.domain.referentiel import Parametre, Referentiel
from pdp.domain.signalement import dernier_jour_avant_palier

CleJalon = Literal["liaison", "prereprise", "reprise", "j180", "soutien_psy"]
_ABSENCE: tuple[tuple[CleJalon, str], ...] = (
    ("liaison", "liaison_min"),
    ("prereprise", "prereprise_min"),
    ("j180", "palier_signalement_j180"),
)
_REPRISE: dict[str, str] = {
    "maladie": "reprise_min_maladie",
    "at": "reprise_min_at",
    "mp": "reprise_min_mp",
    "trajet": "reprise_min_trajet",
    "maternite": "reprise_min_maternite",
}
_LIBELLES = {
    "liaison": "Rendez-vous de liaison possible, proposé par l'employeur ou par la personne",
    "prereprise": "Visite de préreprise possible, à la demande de la personne, de son médecin ou du médecin-conseil",
    "reprise": "À partir de ce jour d'absence, une visite de reprise sera obligatoire au retour",
    "j180": "J180 : seconde condition de droits aux indemnités et fin de certaines possibilités",
    "soutien_psy": "Dernier jour conseillé pour commencer Mon soutien psy",
}


@dataclass(frozen=True, slots=True)
class Jalon:
    """`ouvre_le` None: the law is not known well enough to give a date; `parametre` names the open question."""

    cle: CleJalon
    ouvre_le: date | None
    libelle: str
    parametre: str


def list_jalons(
    debut: date, risque: Risque, motif_categorie: MotifCategorie, jour: date, referentiel: Referentiel, plateforme: str | None = None
) -> tuple[Jalon, ...]:
    """Milestones of an arrêt begun on `debut`, under the law of its first day or of `jour` as each value asks, dated ones first.

    Dates hold if the arrêt lasts until then. Paternity has none; maternity has the visit of return only.
    """
    jalons = []
    if risque not in RISQUES_EXCLUS:
        for cle, parametre_cle in _ABSENCE:
            jalons.append(_build_jalon(cle, parametre_cle, debut, jour, referentiel, plateforme))
        if motif_categorie in ("psychique", "non_renseigne"):
            parametre = referentiel.get_parametre("palier_signalement_j180", jour, plateforme)
            dernier = dernier_jour_avant_palier(180, debut, jour, referentiel, plateforme)
            jalons.append(Jalon("soutien_psy", dernier, _LIBELLES["soutien_psy"], parametre.identifiant))
    if risque in _REPRISE:
        jalons.append(_build_jalon("reprise", _REPRISE[risque], debut, jour, referentiel, plateforme))
    retenus = [jalon for jalon in jalons if jalon is not None]
    return tuple(sorted(retenus, key=lambda j: (j.ouvre_le or date.max, j.cle)))


def _build_jalon(
    cle: CleJalon, parametre_cle: str, debut: date, jour: date, referentiel: Referentiel, plateforme: str | None
) -> Jalon | None:
    """None when the tool did not exist yet."""
    parametre = referentiel.find_pour_arret(parametre_cle, debut, jour, plateforme)
    if parametre is None:
        return None
    if parametre.valeur is None:
        return Jalon(cle, None, f"{_LIBELLES[cle]} : date à confirmer, la règle n'est pas certaine", parametre.identifiant)
    return Jalon(cle, _ouvre_le(parametre, debut), _LIBELLES[cle], parametre.identifiant)


def _ouvre_le(parametre: Parametre, debut: date) -> date:
    """A tool created for arrêts under way opens for them on its first day in force, not before."""
    ouvre_le = parametre.premier_jour(debut)
    if parametre.date_reference == "arret_en_cours" and parametre.du is not None:
        return max(ouvre_le, parametre.du)
    return ouvre_le
