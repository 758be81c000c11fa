"""``pdp arrange``: once a week, between two nights, by the owner of the tables."""

from __future__ import annotations

import argparse
import sys
import time

from pdp.storage.rangement import arrange_stock


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")


def run(arguments: argparse.Namespace) -> dict[str, object] | int:
    """Twice gives the same database. Needs PDP_DATABASE_URL_MIGRATION."""
    depart = time.perf_counter()
    arrange_stock()
    secondes = round(time.perf_counter() - depart, 1)
    print(f"pdp arrange: prescriptions in order, {secondes} s", file=sys.stderr)
    return {"ok": True, "seconds": secondes} if arguments.json else 0
