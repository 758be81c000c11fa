"""What every peer is given, and what it gives back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from pdp.config import RACINE
from pdp.storage.sql import load_fichier

SQL = RACINE / "sql" / "bench"
EPISODES, DROITS = "episodes.parquet", "droits.parquet"


@dataclass(frozen=True)
class Contexte:
    """One stock of prescriptions, in a file and in a database (`base`, reached by `admin` and by the platform's own settings)."""

    dossier: str
    base: str
    plateforme: str
    maintenant: str
    lignes: int
    personnes: int
    tolerance: int
    carence: int
    reprise: int
    plafond: int
    fenetre: int
    echantillon: int

    @property
    def instant(self) -> datetime:
        return datetime.fromisoformat(self.maintenant)

    @property
    def jour(self) -> date:
        return self.instant.date()

    @property
    def arrets(self) -> Path:
        """The stock as a Parquet file."""
        return Path(self.dossier) / "arrets.parquet"

    def sortie(self, pair: str) -> Path:
        """Folder of what a peer found."""
        return Path(self.dossier) / "resultats" / pair

    def write(self) -> Path:
        chemin = Path(self.dossier) / "contexte.json"
        chemin.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return chemin


def read_contexte(chemin: Path) -> Contexte:
    return Contexte(**json.loads(chemin.read_text(encoding="utf-8")))


def statement(fichier: str, nom: str) -> str:
    """One statement of sql/bench."""
    return load_fichier(SQL / f"{fichier}.sql")[nom].strip().rstrip(";")
