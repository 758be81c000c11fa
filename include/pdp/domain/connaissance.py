"""Facts of one person as the platform knew them at an instant, and what was learnt between two instants.

A fact has two times: the days it speaks of, and the instant it was learnt. Nothing here is of the medical class: the name of an affection
is not a field. ``reserve`` marks what only a médecin-conseil is shown (a long-term affection).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pdp.domain.arret import Periode, Prescription, Versement

NatureChangement = Literal["appris_depuis", "annule", "retabli", "dates", "requalifie", "precise", "retire"]
RISQUES = {
    "maladie": "maladie",
    "at": "accident du travail",
    "mp": "maladie professionnelle",
    "trajet": "accident de trajet",
    "maternite": "maternité",
    "paternite": "paternité",
}
GENRES_EMPLOYEUR = {
    "arret": "Arrêt déclaré par l'employeur",
    "temps_partiel": "Temps partiel thérapeutique déclaré",
    "suspension": "Suspension du contrat déclarée",
    "fin_contrat": "Fin de contrat déclarée",
    "spst": "Service de santé au travail déclaré",
}
NATURES_AFFECTION = {
    "ald": "Affection de longue durée",
    "hors_liste": "Affection hors liste",
    "polypathologie": "Polypathologie",
    "at": "Accident du travail reconnu",
    "mp": "Maladie professionnelle reconnue",
    "l324": "Affection de l'article L.324-1",
    "invalidite": "Invalidité",
}


@dataclass(frozen=True, slots=True)
class Avis:
    """One prescription in the version believed since ``connu_du``; the avis itself is known since ``premier_at``."""

    prescription: Prescription
    connu_du: datetime
    premier_at: datetime

    @property
    def cle(self) -> str:
        return self.prescription.id_avis


@dataclass(frozen=True, slots=True)
class Paiement:
    """One paid period of IJ."""

    cle: str
    risque: str
    temps_partiel: bool
    debut: date
    fin: date
    jours: int
    annule: bool
    connu_du: datetime


@dataclass(frozen=True, slots=True)
class AffectionConnue:
    """Dates of a recognised affection or of an invalidity, without its name. ``affection``: same affection, same value."""

    cle: str
    nature: str
    affection: UUID
    debut: date
    fin: date | None
    annule: bool
    connu_du: datetime


@dataclass(frozen=True, slots=True)
class FaitEmployeur:
    """One fact of a DSN. ``code``, ``reprise_code``: codes of the norm; ``siret``: employer."""

    cle: str
    genre: str
    code: str | None
    neutre: bool
    debut: date
    fin: date | None
    reprise_le: date | None
    reprise_code: str | None
    siret: str | None
    annule: bool
    connu_du: datetime


Fait = Avis | Paiement | AffectionConnue | FaitEmployeur


@dataclass(frozen=True, slots=True)
class Connaissance:
    """What was believed of one person at ``instant``, cancelled facts included."""

    instant: datetime
    avis: tuple[Avis, ...] = ()
    paiements: tuple[Paiement, ...] = ()
    affections: tuple[AffectionConnue, ...] = ()
    employeur: tuple[FaitEmployeur, ...] = ()
    silences: tuple[Periode, ...] = ()

    @property
    def prescriptions(self) -> list[Prescription]:
        return [a.prescription for a in self.avis]

    @property
    def versements(self) -> list[Versement]:
        """Payments for illness that hold."""
        return [Versement(p.debut, p.fin, p.jours) for p in self.paiements if p.risque == "maladie" and not p.annule]

    @property
    def suspensions(self) -> list[Periode]:
        """Declared suspensions during which nobody returns to work."""
        return [Periode(f.debut, f.fin) for f in self.employeur if f.genre == "suspension" and f.neutre and not f.annule]

    @property
    def faits(self) -> Iterable[Fait]:
        yield from self.avis
        yield from self.paiements
        yield from self.affections
        yield from self.employeur


@dataclass(frozen=True, slots=True)
class Changement:
    """One thing learnt after the first instant: a French sentence, when it was learnt, and who may read it."""

    nature: NatureChangement
    phrase: str
    connu_at: datetime
    reserve: bool = False


def list_changements(avant: Connaissance, apres: Connaissance, jour: date) -> tuple[Changement, ...]:
    """What ``apres`` knows and ``avant`` (day ``jour``) did not, latest first; the order of the facts changes nothing.

    A fact that started on or before ``jour`` and was learnt after it is said to be learnt late.
    """
    connus: Mapping[tuple[type, str], Fait] = {(type(f), f.cle): f for f in avant.faits}
    restants = {(type(f), f.cle) for f in apres.faits}
    changements: list[Changement] = []
    for fait in apres.faits:
        ancien = connus.get((type(fait), fait.cle))
        changements += [_learn(fait, jour)] if ancien is None else _compare(ancien, fait)
    changements += [_remove(f, apres.instant) for cle, f in connus.items() if cle not in restants]
    return tuple(sorted(changements, key=lambda c: (c.connu_at, c.phrase), reverse=True))


def describe_fait(fait: Fait) -> str:
    """The fact in French, with its days; nothing medical but, for an affection, its kind."""
    match fait:
        case Avis(prescription=p):
            temps = ", temps partiel thérapeutique" if p.temps_partiel_therapeutique else ""
            return f"Avis d'arrêt {_jours(p.debut, p.fin)} ({RISQUES[p.risque]}, {p.nature}{temps})"
        case Paiement():
            sens = "payées" if fait.jours >= 0 else "reprises"
            return f"Indemnités {_jours(fait.debut, fait.fin)} : {abs(fait.jours)} {sens}"
        case AffectionConnue():
            return f"{NATURES_AFFECTION.get(fait.nature, fait.nature)} {_jours(fait.debut, fait.fin)}"
        case FaitEmployeur():
            reprise = f", reprise le {_fr(fait.reprise_le)}" if fait.reprise_le else ""
            quand = f"le {_fr(fait.debut)}" if fait.genre in ("fin_contrat", "spst") else _jours(fait.debut, fait.fin)
            return f"{GENRES_EMPLOYEUR.get(fait.genre, fait.genre)} {quand}{reprise}"


def is_annule(fait: Fait) -> bool:
    return fait.prescription.annule if isinstance(fait, Avis) else fait.annule


def _periode(fait: Fait) -> tuple[date, date | None]:
    source = fait.prescription if isinstance(fait, Avis) else fait
    return source.debut, source.fin


def _learn(fait: Fait, jour: date) -> Changement:
    tard = "appris après coup" if _periode(fait)[0] <= jour else "appris depuis"
    annule = ", et annulé depuis" if is_annule(fait) else ""
    return Changement("appris_depuis", f"{describe_fait(fait)} : {tard}{annule}.", fait.connu_du, _is_reserve(fait))


def _remove(fait: Fait, instant: datetime) -> Changement:
    return Changement("retire", f"{describe_fait(fait)} : n'est plus rattaché à cette personne.", instant, _is_reserve(fait))


def _compare(ancien: Fait, fait: Fait) -> list[Changement]:
    """Every difference that a rule could see; one re-sent without change gives none."""
    if is_annule(ancien) != is_annule(fait):
        nature: NatureChangement = "annule" if is_annule(fait) else "retabli"
        mot = "annulé" if is_annule(fait) else "rétabli"
        return [Changement(nature, f"{describe_fait(ancien)} : {mot}.", fait.connu_du, _is_reserve(fait))]
    trouves: list[tuple[NatureChangement, str, bool]] = []
    if _periode(ancien) != _periode(fait):
        trouves.append(("dates", f"dates corrigées, désormais {_jours(*_periode(fait))}", False))
    trouves += _compare_nature(ancien, fait)
    return [
        Changement(nature, f"{describe_fait(ancien)} : {phrase}.", fait.connu_du, _is_reserve(fait) or reserve)
        for nature, phrase, reserve in trouves
    ]


def _compare_nature(ancien: Fait, fait: Fait) -> list[tuple[NatureChangement, str, bool]]:
    trouves: list[tuple[NatureChangement, str, bool]] = []
    match ancien, fait:
        case Avis(prescription=a), Avis(prescription=b):
            if a.risque != b.risque:
                trouves.append(("requalifie", f"requalifié de {RISQUES[a.risque]} en {RISQUES[b.risque]}", False))
            if a.temps_partiel_therapeutique != b.temps_partiel_therapeutique:
                sens = "devenu" if b.temps_partiel_therapeutique else "n'est plus"
                trouves.append(("requalifie", f"{sens} un temps partiel thérapeutique", False))
            if a.nature != b.nature:
                trouves.append(("precise", f"devenu {b.nature}", False))
            if a.motif_categorie != b.motif_categorie:
                trouves.append(("precise", "catégorie du motif précisée", False))
            if a.ald != b.ald:
                trouves.append(("precise", f"{'lié' if b.ald else 'plus lié'} à une affection de longue durée", True))
        case Paiement(), Paiement():
            if ancien.jours != fait.jours:
                trouves.append(("precise", f"nombre d'indemnités corrigé, désormais {fait.jours}", False))
            if ancien.risque != fait.risque:
                trouves.append(("requalifie", "risque corrigé", False))
        case FaitEmployeur(), FaitEmployeur():
            if ancien.reprise_le != fait.reprise_le:
                quand = f"reprise déclarée le {_fr(fait.reprise_le)}" if fait.reprise_le else "reprise déclarée retirée"
                trouves.append(("precise", quand, False))
            if ancien.neutre != fait.neutre:
                trouves.append(("requalifie", "motif de la suspension corrigé", False))
        case AffectionConnue(), AffectionConnue():
            if (ancien.nature, ancien.affection) != (fait.nature, fait.affection):
                nom = NATURES_AFFECTION.get(fait.nature, fait.nature)
                trouves.append(("requalifie", f"reconnu autrement : {nom[0].lower()}{nom[1:]}", True))
    return trouves


def _is_reserve(fait: Fait) -> bool:
    return isinstance(fait, AffectionConnue)


def _jours(debut: date, fin: date | None) -> str:
    if fin == debut:
        return f"le {_fr(debut)}"
    return f"du {_fr(debut)} au {_fr(fin)}" if fin else f"depuis le {_fr(debut)}"


def _fr(jour: date) -> str:
    return f"{jour:%d/%m/%Y}"
