"""Dry run of a delegation on past files: where each would go, against the version in force and against what doctors decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pdp.domain.dol import CIBLES, Faits, Regle, find_regle

MEDECIN = "medecin_conseil"


@dataclass(frozen=True)
class Passe:
    """A past file; ``decision`` is where it really went (None = still waits), ``par_medecin`` when a person chose."""

    signalement_id: UUID
    connu_le: date
    faits: Faits
    decision: str | None
    par_medecin: bool


@dataclass(frozen=True)
class LigneEssai:
    """One past file under both tables; a target of ``medecin_conseil`` = not delegated."""

    passe: Passe
    actuel: str
    propose: str
    regle: Regle | None

    @property
    def change(self) -> bool:
        return self.actuel != self.propose

    @property
    def contraire(self) -> bool:
        """The draft would delegate what a doctor decided otherwise."""
        return self.passe.par_medecin and self.propose not in (MEDECIN, self.passe.decision)


@dataclass(frozen=True)
class CompteCible:
    """Files that would go there now, under the draft, and those that doctors sent there themselves."""

    cible: str
    actuel: int
    propose: int
    medecins: int

    @property
    def libelle(self) -> str:
        return CIBLES[self.cible]


@dataclass(frozen=True)
class CompteRegle:
    """What one rule of the draft takes, and how doctors decided those of its files that they saw."""

    regle: Regle
    dossiers: int
    decides_mc: int
    comme_mc: int


@dataclass(frozen=True)
class BilanDol:
    """``laisses`` + ``comme_mc`` + ``contraires`` = files that a doctor decided."""

    dossiers: int
    delegues_actuel: int
    delegues_propose: int
    changes: int
    decides_mc: int
    laisses: int
    comme_mc: int
    contraires: int
    cibles: tuple[CompteCible, ...]
    regles: tuple[CompteRegle, ...]


def try_regles(passes: Sequence[Passe], en_vigueur: Sequence[Regle], brouillon: Sequence[Regle]) -> list[LigneEssai]:
    """Each file under the table in force and under the draft; a table without rules leaves all to the médecin-conseil."""
    lignes = []
    for passe in passes:
        actuelle, proposee = find_regle(en_vigueur, passe.faits), find_regle(brouillon, passe.faits)
        lignes.append(LigneEssai(passe, _target(actuelle), _target(proposee), proposee))
    return lignes


def sum_up(lignes: Sequence[LigneEssai], brouillon: Sequence[Regle]) -> BilanDol:
    """Counts of a dry run; every file is in exactly one target of each column."""
    actuel, propose = Counter(x.actuel for x in lignes), Counter(x.propose for x in lignes)
    vus = [x for x in lignes if x.passe.par_medecin]
    medecins = Counter(x.passe.decision for x in vus)
    contraires, laisses = sum(x.contraire for x in vus), sum(x.propose == MEDECIN for x in vus)
    return BilanDol(
        dossiers=len(lignes),
        delegues_actuel=len(lignes) - actuel[MEDECIN],
        delegues_propose=len(lignes) - propose[MEDECIN],
        changes=sum(x.change for x in lignes),
        decides_mc=len(vus),
        laisses=laisses,
        comme_mc=len(vus) - laisses - contraires,
        contraires=contraires,
        cibles=tuple(CompteCible(c, actuel[c], propose[c], medecins[c]) for c in CIBLES),
        regles=tuple(_count(regle, lignes) for regle in brouillon),
    )


def _target(regle: Regle | None) -> str:
    return MEDECIN if regle is None else regle.cible


def _count(regle: Regle, lignes: Sequence[LigneEssai]) -> CompteRegle:
    siennes = [x for x in lignes if x.regle is not None and x.regle.id == regle.id]
    vus = [x for x in siennes if x.passe.par_medecin]
    return CompteRegle(regle, len(siennes), len(vus), sum(not x.contraire for x in vus))
