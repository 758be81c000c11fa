"""From a declaration to facts that can be compared: what each one is about, its version, and whether it stands.

Whatever the order of arrival the newest declaration wins: (day it was made, its order number, then the content itself). A monthly
declaration that replaces another takes back what the former said and it does not repeat; a signalement of arrêt that replaces another
takes back the arrêts that it overlaps; any other signalement speaks of its own event only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from hashlib import sha256
from typing import Any

from pdp.domain.dsn import ArretDsn, ContratDsn, DeclarationDsn, FinContratDsn, PersonneDsn, SuspensionDsn
from pdp.domain.dsn_codes import TYPE_ANNULE, TYPE_REMPLACE, TYPES_REMPLACANTS
from pdp.domain.dsn_suspensions import SUSPENSION_ANNULATION


@dataclass(frozen=True, slots=True)
class FaitDsn:
    """One fact of one person. ``cle`` is unique within the person; ``debut`` None or no date of declaration = cannot be taken.

    ``remplace``: stated in the place of an earlier signalement, whose arrêt may have begun another day.
    """

    ligne: int
    genre: str
    cle: str
    code: str | None
    debut: date | None
    fin: date | None = None
    neutre: bool = False
    reprise_le: date | None = None
    reprise_code: str | None = None
    valeur: str | None = None
    siret: str | None = None
    nature_declaration: str = ""
    annule: bool = False
    emis_le: date | None = None
    ordre: int = 0
    serie: str | None = None
    remplace: bool = False

    @property
    def empreinte(self) -> bytes:
        """SHA-256 of what is said, not of when: the same words again are not a change."""
        debut = None if self.genre == "spst" else self.debut
        dit = (
            self.genre,
            self.code,
            debut,
            self.fin,
            self.neutre,
            self.reprise_le,
            self.reprise_code,
            self.valeur,
            self.siret,
            self.annule,
        )
        return sha256("|".join(map(str, dit)).encode()).digest()

    @property
    def refus(self) -> tuple[str, str, str] | None:
        """(rubric, code, French sentence) when the fact cannot be placed in time."""
        if self.emis_le is None:
            return "S20.G00.05.007", "emission_inconnue", "La déclaration n'est pas datée : on ne sait pas si elle en corrige une autre."
        if self.debut is None:
            return _RUBRIQUES[self.genre], "debut_manquant", "Le premier jour de ce fait manque ou n'existe pas."
        return None

    def to_json(self) -> dict[str, Any]:
        """For the encrypted content of the quarantine; :func:`load_fait` reads it back."""
        return {cle: valeur.isoformat() if isinstance(valeur, date) else valeur for cle, valeur in asdict(self).items()}


_RUBRIQUES = {
    "arret": "S21.G00.60.002",
    "temps_partiel": "S21.G00.66.001",
    "suspension": "S21.G00.65.002",
    "fin_contrat": "S21.G00.62.001",
    "spst": "S20.G00.05.007",
}
_DATES = frozenset({"debut", "fin", "reprise_le", "emis_le"})


def load_fait(brut: dict[str, Any]) -> FaitDsn:
    """Inverse of :meth:`FaitDsn.to_json`; unknown keys are a ``TypeError``."""
    connus = {f.name for f in fields(FaitDsn)}
    if set(brut) != connus:
        raise TypeError("unknown shape of a DSN fact")
    return FaitDsn(**{cle: date.fromisoformat(v) if cle in _DATES and v is not None else v for cle, v in brut.items()})


def build_serie(declaration: DeclarationDsn) -> str | None:
    """Which monthly declaration this is: establishment, month, fraction. None for a signalement, or when one of them is missing."""
    if declaration.nature != "01" or declaration.siret is None or declaration.mois is None:
        return None
    return sha256(f"{declaration.siret}|{declaration.mois:%Y-%m}|{declaration.fraction or ''}".encode()).hexdigest()


def is_remplacante(declaration: DeclarationDsn) -> bool:
    """Takes back the monthly declaration of the same series made before it."""
    return declaration.type in TYPES_REMPLACANTS and declaration.nature == "01"


def list_faits(declaration: DeclarationDsn, personne: PersonneDsn) -> list[FaitDsn]:
    """Facts of a person in a declaration, each key once: what stands last in the declaration is what it says.

    A cancelled monthly declaration states nothing (its series is taken back instead); a cancelled signalement cancels its own event:
    the arrêt (04), the resumption (05), the end of contract (07), and states nothing else.
    """
    if not declaration.lue or (declaration.type == TYPE_ANNULE and declaration.nature == "01"):
        return []
    commun = {
        "siret": declaration.siret,
        "nature_declaration": declaration.nature or "",
        "emis_le": declaration.emise_le,
        "ordre": declaration.ordre,
        "serie": build_serie(declaration),
    }
    retenus: dict[str, FaitDsn] = {}
    for rang, fait in enumerate(_facts(declaration, personne)):
        cle = fait.cle if fait.debut is not None else f"{fait.cle}|{rang}"
        retenus[cle] = replace(fait, cle=f"{declaration.siret or '-'}|{cle}", **commun)
    return list(retenus.values())


def _facts(declaration: DeclarationDsn, personne: PersonneDsn) -> Iterator[FaitDsn]:
    annulee = declaration.type == TYPE_ANNULE
    if not annulee or declaration.nature in ("04", "05"):
        remplace = declaration.nature == "04" and declaration.type == TYPE_REMPLACE
        yield from (replace(_arret(arret), remplace=remplace and not arret.annule) for arret in personne.arrets)
    if not annulee or declaration.nature == "07":
        contrats = {contrat.rang: contrat for contrat in personne.contrats}
        yield from (_fin(fin, contrats.get(fin.contrat or 0)) for fin in personne.fins_contrat)
    if annulee:
        return
    for t in personne.temps_partiels:
        yield FaitDsn(t.ligne, "temps_partiel", f"66|{t.debut}", None, t.debut, t.fin, annule=t.annule)
    yield from (_suspension(suspension) for suspension in personne.suspensions)
    if personne.spst is not None:
        jour = declaration.mois or declaration.emise_le
        yield FaitDsn(personne.ligne, "spst", "spst", None, jour, valeur=personne.spst)


def _arret(arret: ArretDsn) -> FaitDsn:
    """Keyed by the last day worked as written: a new motif for it is a requalification, motif 99 a cancellation."""
    reprise = (None, None) if arret.reprise_annulee else (arret.reprise_le, arret.reprise_motif)
    fin = arret.fin_prevue if arret.reprise_annulee and arret.fin_prevue else arret.fin
    genre = "temps_partiel" if arret.is_temps_partiel else "arret"
    return FaitDsn(
        arret.ligne, genre, f"60|{arret.dernier_travaille}", arret.motif, arret.premier_jour,
        fin if arret.premier_jour and fin and fin >= arret.premier_jour else None,
        reprise_le=reprise[0], reprise_code=reprise[1], annule=arret.annule,
    )  # fmt: skip


def _suspension(s: SuspensionDsn) -> FaitDsn:
    return FaitDsn(s.ligne, "suspension", f"65|{s.debut}|{s.code or ''}", s.code, s.debut, s.fin, s.neutre, annule=s.annule)


def _fin(fin: FinContratDsn, contrat: ContratDsn | None) -> FaitDsn:
    """A contract ends once: keyed by the contract, so that a corrected date or motif replaces the former."""
    cle = f"62|{contrat.debut or ''}|{contrat.numero or ''}" if contrat else "62||"
    return FaitDsn(fin.ligne, "fin_contrat", cle, fin.code, fin.date_fin, annule=fin.annule)


MARQUEUR_SUSPENSION = SUSPENSION_ANNULATION
"""A suspension with this code cancels those of the same person and employer that begin the same day, declared before it."""
