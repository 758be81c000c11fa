"""Trial decoding of a Parquet file, in a process of its own: ``python -m pdp.storage.flux_parquet_essai FILE BYTES``.

A damaged or hostile file can abort the process that decodes it, or make it ask for more memory than the machine has. Better that one.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import polars as pl


def decode(chemin: Path, memoire_octets: int) -> int:
    """Decode everything, keep nothing; number of rows. Any failure is a failure of the process."""
    resource.setrlimit(resource.RLIMIT_AS, (memoire_octets, memoire_octets))
    pl.read_parquet_schema(chemin)
    plan = pl.scan_parquet(chemin, glob=False, cache=False, low_memory=True)
    return sum(lot.height for lot in plan.collect_batches(chunk_size=20_000, lazy=True, engine="streaming"))


if __name__ == "__main__":
    decode(Path(sys.argv[1]), int(sys.argv[2]))
