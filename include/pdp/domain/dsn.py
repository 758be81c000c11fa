"""What a DSN file says, once read: declarations, people, and the facts that concern an absence from work.

Identity is never shown by ``repr``: these objects may meet a log. Bank data has no place here at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from pdp.domain.dsn_codes import FINS_INAPTITUDE, MOTIFS_TEMPS_PARTIEL
from pdp.domain.dsn_suspensions import SUSPENSIONS


@dataclass(frozen=True, slots=True)
class AnomalieDsn:
    """Something wrong that did not stop the reading. ``message`` holds no identity; ``nombre`` = times seen, ``ligne`` = the first."""

    ligne: int
    rubrique: str
    code: str
    message: str
    nombre: int = 1


@dataclass(frozen=True, slots=True)
class ContratDsn:
    """Block 40; ``rang`` among the contracts of the person in this declaration, from 1."""

    rang: int
    ligne: int
    debut: date | None = None
    numero: str | None = None
    nature: str | None = None
    fin_prevue: date | None = None
    pcs_ese: str | None = None
    lieu: str | None = None


@dataclass(frozen=True, slots=True)
class ArretDsn:
    """Block 60. ``dernier_travaille`` is what the employer wrote; ``premier_jour`` the first day off drawn from it.

    ``fin`` is the last day off as known: the eve of the resumption when it comes before the planned end, else the planned end.
    """

    ligne: int
    contrat: int | None
    motif: str | None
    dernier_travaille: date | None
    premier_jour: date | None
    fin: date | None
    fin_prevue: date | None = None
    reprise_le: date | None = None
    reprise_motif: str | None = None
    accident_le: date | None = None
    annule: bool = False
    reprise_annulee: bool = False

    @property
    def jours(self) -> int | None:
        """Days off, both ends included; None when an end is unknown."""
        if self.premier_jour is None or self.fin is None:
            return None
        return (self.fin - self.premier_jour).days + 1

    @property
    def is_temps_partiel(self) -> bool:
        """Therapeutic part-time declared as an arrêt: the person works a part of the time."""
        return self.motif in MOTIFS_TEMPS_PARTIEL


@dataclass(frozen=True, slots=True)
class TempsPartielDsn:
    """Block 66: therapeutic part-time."""

    ligne: int
    debut: date | None
    fin: date | None
    annule: bool = False


@dataclass(frozen=True, slots=True)
class SuspensionDsn:
    """Block 65; ``fin`` None = still running."""

    ligne: int
    contrat: int | None
    code: str | None
    debut: date | None
    fin: date | None
    annule: bool = False

    @property
    def neutre(self) -> bool:
        """A day of it between two arrêts is no return to work; unknown codes are not neutral."""
        connue = SUSPENSIONS.get(self.code or "")
        return connue is not None and connue.neutre


@dataclass(frozen=True, slots=True)
class FinContratDsn:
    """Block 62."""

    ligne: int
    contrat: int | None
    code: str | None
    date_fin: date | None
    annule: bool = False

    @property
    def inaptitude(self) -> bool:
        """The contract ends because the person is declared unfit."""
        return self.code in FINS_INAPTITUDE


@dataclass(frozen=True, slots=True)
class PersonneDsn:
    """Block 30 and what hangs from it. ``nir`` has 15 characters and is None when absent or wrong: ``nir_faute`` then says why."""

    rang: int
    ligne: int
    nir: str | None = field(default=None, repr=False)
    nir_ecrit: str = field(default="", repr=False)
    nir_faute: str | None = None
    ntt: bool = False
    nom: str = field(default="", repr=False)
    nom_usage: str = field(default="", repr=False)
    prenoms: str = field(default="", repr=False)
    naissance: date | None = field(default=None, repr=False)
    nir_partage: bool = False
    spst: str | None = None
    contrats: tuple[ContratDsn, ...] = ()
    arrets: tuple[ArretDsn, ...] = ()
    temps_partiels: tuple[TempsPartielDsn, ...] = ()
    suspensions: tuple[SuspensionDsn, ...] = ()
    fins_contrat: tuple[FinContratDsn, ...] = ()
    anomalies: tuple[AnomalieDsn, ...] = ()

    @property
    def nir_masque(self) -> str:
        """Sex and year of birth, the rest hidden."""
        if not self.nir_ecrit:
            return "NTT" if self.ntt else "absent"
        debut = self.nir_ecrit[:3].ljust(3, "*")
        return f"{debut[0]} {debut[1:]} ** ** *** ***"


@dataclass(frozen=True, slots=True)
class DeclarationDsn:
    """One declaration (S20 to the next). Counts of lines are those of its envoi (S10 to S90), which may hold several."""

    rang: int
    ligne: int
    norme: str | None
    essai: bool
    nature: str | None
    type: str | None
    fraction: str | None
    ordre: int
    mois: date | None
    emise_le: date | None
    siret: str | None
    lue: bool
    lignes_lues: int = 0
    lignes_annoncees: int | None = None
    personnes: tuple[PersonneDsn, ...] = ()
    communes_travail: tuple[tuple[str, str], ...] = ()
    anomalies: tuple[AnomalieDsn, ...] = ()


@dataclass(frozen=True, slots=True)
class FichierDsn:
    """A whole file. ``refus`` = (code, French sentence) when nothing of it may be taken; what was understood is there all the same."""

    lignes: int
    encodage: str
    norme: str | None
    declarations: tuple[DeclarationDsn, ...]
    anomalies: tuple[AnomalieDsn, ...]
    refus: tuple[str, str] | None = None
