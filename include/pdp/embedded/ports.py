"""Free TCP ports on the loopback address, and their reservation: two platforms starting at once never choose the same."""

from __future__ import annotations

import socket
import sys


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


class Reservations:
    """Ports held for one platform until :meth:`release` or the end of the process.

    A service opens its port long after it was chosen. Meanwhile a name of the kernel's (an abstract socket: no file, gone with
    its holder) tells the other platforms of this machine that it is taken. Elsewhere than on Linux nothing is held.
    """

    def __init__(self) -> None:
        self._tenus: list[socket.socket] = []

    def reserve(self, prefere: int | None = None) -> int:
        """``prefere`` when nobody uses or reserved it, else another one."""
        candidat = find_free_port(prefere)
        while not self._hold(candidat):
            candidat = find_free_port()
        return candidat

    def release(self) -> None:
        for tenu in self._tenus:
            tenu.close()
        self._tenus.clear()

    def _hold(self, port: int) -> bool:
        if sys.platform != "linux":
            return True
        prise = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            prise.bind(f"\0pdp-port-{port}")
        except OSError:
            prise.close()
            return False
        self._tenus.append(prise)
        return True
