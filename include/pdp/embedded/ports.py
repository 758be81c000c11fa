"""Free TCP ports on the loopback address."""

from __future__ import annotations

import socket


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as prise:
        prise.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            prise.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_free_port(prefere: int | None = None) -> int:
    """``prefere`` when it is free, else one given by the system."""
    if prefere is not None and is_free(prefere):
        return prefere
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as prise:
        prise.bind(("127.0.0.1", 0))
        return int(prise.getsockname()[1])
