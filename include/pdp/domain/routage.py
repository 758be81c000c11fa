"""Who may take over from here: whom each partner serves, what it can take now, and what to ask when nobody knows. A person chooses.

- Occupational health: the service that the employer declares (DSN); else the one that follows the employer; else ask the person.
- Social service: by residence. Cap emploi: by status (RQTH, or asked for), as told, then by residence.
- Psychologist: nobody is chosen here; the person chooses in the public directory.
- Treating doctor: nobody is chosen here; the person names hers, those of the directory around her home are listed first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pdp.domain.calendrier import add_mois
from pdp.domain.orientation import MOTIFS_REFUS

ORDRE = ("service_social", "spst", "cap_emploi", "psychologue", "medecin_traitant")
AU_CHOIX_DE_LA_PERSONNE = frozenset({"psychologue", "medecin_traitant"})
"""Kinds of which she alone says who: never advised, always last."""
COMMUNE = len("35238")
PERIODES = {"semaine": "cette semaine", "mois": "ce mois-ci"}
ANNUAIRE_PSY = "https://monsoutienpsy.ameli.fr"
QUESTION_SPST = (
    "Quel service de prévention et de santé au travail suit votre entreprise ? "
    "Son nom est sur la convocation à la dernière visite médicale ; l'employeur le donne aussi."
)
QUESTION_SPST_INCONNU = (
    "L'employeur déclare un service qui n'est pas parmi nos partenaires. Demandez à la personne comment il s'appelle, "
    "puis prévenez votre responsable."
)
QUESTION_RQTH = (
    "Avez-vous une reconnaissance de la qualité de travailleur handicapé (RQTH), ou une demande en cours, ou souhaitez-vous la demander ?"
)
QUESTION_INDEPENDANT = "Êtes-vous affilié de vous-même à un service de prévention et de santé au travail ? Lequel ?"
QUESTION_MEDECIN = "Comment s'appelle votre médecin traitant, et dans quelle commune consulte-t-il ?"
QUESTION_MEDECIN_INCONNU = (
    "Aucun médecin de l'annuaire ne dessert la commune de la personne. Demandez à la personne le nom de son médecin, "
    "puis prévenez votre responsable s'il n'est pas dans la liste."
)
AUCUN_MEDECIN = (
    "Aucun médecin n'est dans l'annuaire. Demandez à la personne le nom de son médecin, "
    "puis prévenez votre responsable, qui peut l'ajouter."
)
PAS_DE_CHOIX_PSY = "La plateforme ne choisit pas de psychologue : seulement si la personne a choisi celui-ci."
_CONSEILLE, _POSSIBLE, _A_VERIFIER, _HORS_SUJET = range(4)


@dataclass(frozen=True)
class FaitsPersonne:
    """``spst`` and ``employeurs``: declared for the contracts that still run; ``emploi``: answers of the last interview."""

    commune: str
    spst: tuple[str, ...] = ()
    employeurs: tuple[str, ...] = ()
    emploi: Mapping[str, Any] | None = None
    social: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class FaitsPartenaire:
    """A partner for one person on one day.

    ``zone``: longest of its zones that holds her commune; ``zones``: it has some (none = the whole platform). ``spst`` and
    ``employeur``: it is the one declared, it follows the employer. ``pris``: places taken in the period. ``refus``: reason it refused her.
    ``delai_jours``: median of ``delai_nombre`` answers.
    """

    id: UUID
    nom: str
    type: str
    telephone: str | None = None
    horaires: str | None = None
    accord_actif: bool = False
    zone: str | None = None
    zones: bool = False
    spst: bool = False
    employeur: bool = False
    places: int | None = None
    periode: str | None = None
    pris: int = 0
    complet_jusqu_au: date | None = None
    ferme_jusqu_au: date | None = None
    relais: str | None = None
    refus: str | None = None
    refus_at: datetime | None = None
    delai_jours: float | None = None
    delai_nombre: int = 0


@dataclass(frozen=True)
class Avis:
    """What the rules say of one partner: ``rang`` 0 first, ``raison`` one French sentence; ``conseille`` = the rule names it."""

    rang: int
    raison: str
    conseille: bool


def judge(personne: FaitsPersonne, partenaire: FaitsPartenaire) -> Avis:
    """Whether this partner is the right one for her, whatever its places. ``KeyError`` for an unknown kind."""
    return _REGLES[partenaire.type](personne, partenaire)


def _judge_spst(personne: FaitsPersonne, partenaire: FaitsPartenaire) -> Avis:
    if partenaire.spst:
        return Avis(_CONSEILLE, "L'employeur déclare ce service comme le sien.", True)
    if personne.spst:
        return Avis(_HORS_SUJET, "L'employeur déclare un autre service que celui-ci.", False)
    if partenaire.employeur:
        return Avis(_CONSEILLE, "Ce service suit l'entreprise de la personne.", True)
    return Avis(_A_VERIFIER, "Rien ne dit que ce service suit l'entreprise : demandez d'abord à la personne.", False)


def _judge_social(personne: FaitsPersonne, partenaire: FaitsPartenaire) -> Avis:
    rang, zone = _zone(partenaire)
    return Avis(rang, f"{zone[0].upper()}{zone[1:]}.", rang != _HORS_SUJET)


def _judge_cap_emploi(personne: FaitsPersonne, partenaire: FaitsPartenaire) -> Avis:
    rang, zone = _zone(partenaire)
    emploi = personne.emploi or {}
    if emploi.get("rqth") == "oui":
        return Avis(rang, f"La personne a une RQTH, et ce partenaire {zone}.", rang != _HORS_SUJET)
    if emploi.get("rqth_demande") == "oui":
        return Avis(rang, f"Une RQTH est demandée ou souhaitée, et ce partenaire {zone}.", rang != _HORS_SUJET)
    if emploi.get("rqth") == "non" and emploi.get("rqth_demande") == "non":
        return Avis(_HORS_SUJET, "Cap emploi demande une RQTH, ou une demande : la personne dit n'avoir ni l'une ni l'autre.", False)
    if rang == _HORS_SUJET:
        return Avis(rang, f"Ce partenaire {zone}.", False)
    return Avis(_A_VERIFIER, f"À vérifier : Cap emploi demande une RQTH, ou une demande en cours ; ce partenaire {zone}.", False)


def _judge_psychologue(personne: FaitsPersonne, partenaire: FaitsPartenaire) -> Avis:
    return Avis(_HORS_SUJET, PAS_DE_CHOIX_PSY, False)


def _judge_medecin(personne: FaitsPersonne, partenaire: FaitsPartenaire) -> Avis:
    rang, zone = _zone(partenaire)
    return Avis(rang, f"Seulement si la personne dit que c'est son médecin ; ce cabinet {zone}.", False)


_REGLES = {
    "spst": _judge_spst,
    "service_social": _judge_social,
    "cap_emploi": _judge_cap_emploi,
    "psychologue": _judge_psychologue,
    "medecin_traitant": _judge_medecin,
}


def _zone(partenaire: FaitsPartenaire) -> tuple[int, str]:
    if partenaire.zone is not None:
        if len(partenaire.zone) == COMMUNE:
            return _CONSEILLE, "dessert la commune de la personne"
        return _POSSIBLE, "dessert le département de la personne"
    if partenaire.zones:
        return _HORS_SUJET, "ne dessert pas la commune de la personne"
    return _POSSIBLE, "dessert toute la plateforme"


def ask(personne: FaitsPersonne, partenaires: Sequence[FaitsPartenaire]) -> dict[str, str]:
    """Question to put to the person before choosing, by kind of partner; nothing for a kind that needs none."""
    emploi = personne.emploi or {}
    questions = {}
    services = [p for p in partenaires if p.type == "spst"]
    if services and not any(p.spst or (p.employeur and not personne.spst) for p in services):
        independant = emploi.get("contrat") == "independant"
        questions["spst"] = QUESTION_SPST_INCONNU if personne.spst else QUESTION_INDEPENDANT if independant else QUESTION_SPST
    dit = emploi.get("rqth") == "oui" or emploi.get("rqth_demande") in ("oui", "non")
    if not dit and any(p.type == "cap_emploi" for p in partenaires):
        questions["cap_emploi"] = QUESTION_RQTH
    medecins = [p for p in partenaires if p.type == "medecin_traitant"]
    if medecins:
        proches = any(p.zone is not None or not p.zones for p in medecins)
        questions["medecin_traitant"] = QUESTION_MEDECIN if proches else QUESTION_MEDECIN_INCONNU
    return questions


def tell_capacite(partenaire: FaitsPartenaire, jour: date) -> tuple[str, bool]:
    """Places now, in words, and whether there is one; a partner that says nothing is taken to have room."""
    if partenaire.complet_jusqu_au is not None and partenaire.complet_jusqu_au >= jour:
        return f"Complet jusqu'au {partenaire.complet_jusqu_au:%d/%m/%Y}", False
    if partenaire.places is None or partenaire.periode is None:
        return "Capacité non indiquée", True
    libres = partenaire.places - partenaire.pris
    if libres <= 0:
        return f"Complet jusqu'au {end_of_periode(partenaire.periode, jour):%d/%m/%Y}", False
    return f"{libres} place{'s' if libres > 1 else ''} libre{'s' if libres > 1 else ''} {PERIODES[partenaire.periode]}", True


def end_of_periode(periode: str, jour: date) -> date:
    """Sunday of the week, or last day of the month."""
    if periode == "semaine":
        return jour + timedelta(days=6 - jour.weekday())
    return add_mois(jour.replace(day=1), 1) - timedelta(days=1)


def tell_absence(partenaire: FaitsPartenaire) -> tuple[str | None, bool]:
    """Absence of the whole structure, in words, and whether somebody answers meanwhile."""
    if partenaire.ferme_jusqu_au is None:
        return None, True
    jusque = f"Absent jusqu'au {partenaire.ferme_jusqu_au:%d/%m/%Y}"
    return (f"{jusque} ; {partenaire.relais} répond pendant ce temps", True) if partenaire.relais else (jusque, False)


def tell_delai(partenaire: FaitsPartenaire, minimum: int) -> str:
    """Usual delay of answer; too few answers say nothing."""
    if partenaire.delai_jours is None or partenaire.delai_nombre < minimum:
        return "Délai habituel inconnu"
    jours = round(float(partenaire.delai_jours))
    return "Répond d'ordinaire le jour même" if jours == 0 else f"Répond d'ordinaire en {jours} jour{'s' if jours > 1 else ''}"


def tell_refus(partenaire: FaitsPartenaire) -> str | None:
    """That it already said no for this person."""
    if partenaire.refus_at is None:
        return None
    motif = MOTIFS_REFUS.get(partenaire.refus or "", "raison non dite")
    return f"A déjà refusé pour cette personne : {motif[0].lower()}{motif[1:]}"


def describe_zones(zones: list[str]) -> str:
    """Departments first, then how many communes and which; none = the whole platform."""
    if not zones:
        return "Toute la plateforme"
    departements = [z for z in zones if len(z) < COMMUNE]
    communes = [z for z in zones if len(z) == COMMUNE]
    morceaux = []
    if departements:
        morceaux.append(("Département " if len(departements) == 1 else "Départements ") + ", ".join(departements))
    if communes:
        morceaux.append(("Commune " if len(communes) == 1 else f"{len(communes)} communes : ") + ", ".join(communes))
    return " ; ".join(morceaux)
