"""Peak memory by the kernel's own high-water mark: of this process, of its children, of a PostgreSQL backend.

Not ru_maxrss of the process itself: it survives fork and exec, so that a small program started by a large one looks large.
"""

from __future__ import annotations

import os
import re
import resource
from pathlib import Path

KIO = 1024


def peak_mb() -> float:
    """This process plus its largest child, MiB."""
    soi = process_peak_mb(os.getpid()) or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIO
    return round(soi + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KIO, 1)


def process_peak_mb(pid: int | None) -> float | None:
    """VmHWM of a process of this machine, MiB; of a backend, shared buffers it touched included. None when it cannot be read."""
    try:
        statut = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    trouve = re.search(r"^VmHWM:\s+(\d+) kB", statut, re.MULTILINE)
    return round(int(trouve[1]) / KIO, 1) if trouve else None


def private_mb(pid: int | None) -> float | None:
    """Memory of a process that is its own, now, MiB: shared buffers left out. None when it cannot be read."""
    try:
        statut = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    trouve = re.search(r"^RssAnon:\s+(\d+) kB", statut, re.MULTILINE)
    return round(int(trouve[1]) / KIO, 1) if trouve else None


def machine() -> dict[str, object]:
    """Processors this process may use, and memory in MiB."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"cpus": len(os.sched_getaffinity(0)), "memory": pages // KIO**2, "load": round(os.getloadavg()[0], 2)}
