"""Tiny process that outlives a killed supervisor just long enough to stop what it had started.

The supervisor holds the other end of our standard input. The word ``fin`` means that it stopped everything itself; an end of
file without that word means that it died.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from pdp.embedded.groupes import sweep


def main() -> int:
    for ignore in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignore, signal.SIG_IGN)
    mot = sys.stdin.read().strip()
    if mot != "fin":
        sweep(Path(sys.argv[1]), delai_s=5.0)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
