"""What became of the files of the feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pdp.domain.bilan import Bilan

EtatFichier = Literal["charge", "refuse", "deja_charge", "deja_refuse"]


@dataclass(frozen=True, slots=True)
class BilanFlux:
    """What became of a file; ``lignes`` = ``admises`` + ``inchangees`` + ``rejetees`` unless it was refused as a whole.

    ``rejouees``: quarantined facts that this file of insured people set free. ``reparees``: lines refused earlier, or in this file, that
    right lines make useless. ``nir_partages``: people of this file whose NIR another person also bears; they are never merged.
    """

    fichier_id: UUID
    flux: str
    etat: EtatFichier
    lignes: int = 0
    admises: int = 0
    rejetees: int = 0
    inchangees: int = 0
    rejouees: int = 0
    motif_code: str | None = None
    motif: str | None = None
    reparees: int = 0
    nir_partages: int = 0


@dataclass(frozen=True, slots=True)
class BilanDepot:
    """What became of the files of a folder.

    ``en_attente``: files left in place, of an unknown name or still being written. ``echecs``: why others could not be taken; they are
    left in place too.
    """

    fichiers: tuple[tuple[str, BilanFlux], ...]
    en_attente: tuple[str, ...]
    echecs: tuple[Exception, ...] = ()

    def as_bilan(self) -> Bilan:
        """Counts of lines for Airflow."""
        nouveaux = [bilan for _, bilan in self.fichiers if bilan.etat in ("charge", "refuse")]
        detail = {
            "fichiers": len(nouveaux),
            "fichiers_refuses": sum(bilan.etat == "refuse" for bilan in nouveaux),
            "fichiers_deja_vus": len(self.fichiers) - len(nouveaux),
            "fichiers_en_attente": len(self.en_attente),
            "fichiers_en_echec": len(self.echecs),
            "rejouees": sum(bilan.rejouees for bilan in nouveaux),
            "reparees": sum(bilan.reparees for bilan in nouveaux),
            "nir_partages": sum(bilan.nir_partages for bilan in nouveaux),
        }
        charges = [bilan for bilan in nouveaux if bilan.etat == "charge"]
        return Bilan(sum(b.admises for b in charges), sum(b.inchangees for b in charges), sum(b.rejetees for b in charges), detail)
