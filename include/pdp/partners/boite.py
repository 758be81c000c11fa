"""A mailbox read by IMAP: listed by UID, read without being marked, bounded in size and in time.

``IMAPS`` outside this machine and demonstrations. The caller records what it read, then asks for the marks: a message seen is a
message whose reading is committed.
"""

from __future__ import annotations

import imaplib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from pdp.config import ServeurCourrier
from pdp.errors import ErreurPdp
from pdp.partners.accuses_courriel import TAILLE_MAX
from pdp.partners.smtp import cut_after, in_clear, tls_context

CONNEXION_S = 5.0
TOTAL_S = 120.0


class BoiteMuette(ErreurPdp):
    """No usable answer of the mailbox; ``code`` says why, without any content."""

    code = "mailbox_unavailable"

    def __init__(self, code: str) -> None:
        super().__init__("La boîte aux lettres ne répond pas pour le moment. Rien n'est perdu : elle sera relue.", code=code)


class Boite:
    """An open mailbox. Every method raises :class:`BoiteMuette` when the server does not answer as it should."""

    def __init__(self, imap: imaplib.IMAP4, uidvalidity: int) -> None:
        self._imap, self.uidvalidity = imap, uidvalidity

    def list_uids(self, apres: int, maximum: int) -> list[int]:
        """The ``maximum`` first UIDs above ``apres``, in order. The server may answer with its last message: it is left out."""
        (brut,) = self._uid("SEARCH", f"UID {apres + 1}:*")
        return sorted(uid for mot in (brut or b"").split() if mot.isdigit() and (uid := int(mot)) > apres)[:maximum]

    def read(self, uid: int) -> bytes | None:
        """First :data:`TAILLE_MAX` bytes, None when the message is gone."""
        for morceau in self._uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{TAILLE_MAX}>)"):
            if isinstance(morceau, tuple) and len(morceau) == 2:
                return bytes(morceau[1])[:TAILLE_MAX]
        return None

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Marking what is already marked, or gone, changes nothing."""
        if uids:
            self._uid("STORE", ",".join(str(uid) for uid in uids), "+FLAGS.SILENT", r"(\Seen)")

    def _uid(self, commande: str, *arguments: str) -> list[bytes | tuple[bytes, bytes] | None]:
        try:
            etat, donnees = self._imap.uid(commande, *arguments)
        except (OSError, imaplib.IMAP4.error, ValueError) as faute:
            raise BoiteMuette("imap_connection") from faute
        if etat != "OK":
            raise BoiteMuette("imap_refused")
        return list(donnees)


@contextmanager
def open_boite(serveur: ServeurCourrier, *, total_s: float = TOTAL_S) -> Iterator[Boite]:
    """Signed in on INBOX; cut after ``total_s`` whatever the server does. Raises :class:`BoiteMuette`."""
    with ExitStack() as pile:
        try:
            imap = _connect(serveur, pile, total_s)
        except (OSError, imaplib.IMAP4.error) as faute:
            raise BoiteMuette("imap_connection") from faute
        try:
            yield Boite(imap, _select(imap, serveur))
        finally:
            with suppress(OSError, imaplib.IMAP4.error, ValueError):
                imap.logout()
            with suppress(OSError):
                imap.shutdown()


def _connect(serveur: ServeurCourrier, pile: ExitStack, total_s: float) -> imaplib.IMAP4:
    """Cut from its first byte on: the greeting is read before anything can be asked."""

    def guard(imap: imaplib.IMAP4) -> None:
        pile.enter_context(cut_after(imap.sock, total_s))

    class Clair(imaplib.IMAP4):
        def open(self, *args: Any, **options: Any) -> None:
            super().open(*args, **options)
            guard(self)

    class Chiffree(imaplib.IMAP4_SSL):
        def open(self, *args: Any, **options: Any) -> None:
            super().open(*args, **options)
            guard(self)

    if in_clear(serveur):
        return Clair(serveur.hote, serveur.port, timeout=CONNEXION_S)
    return Chiffree(serveur.hote, serveur.port, ssl_context=tls_context(serveur), timeout=CONNEXION_S)


def _select(imap: imaplib.IMAP4, serveur: ServeurCourrier) -> int:
    try:
        imap.login(serveur.compte or "", serveur.mot_de_passe or "")
        etat, _ = imap.select("INBOX")
        _, validites = imap.response("UIDVALIDITY")
    except imaplib.IMAP4.error as faute:
        raise BoiteMuette("imap_refused") from faute
    except (OSError, ValueError) as faute:
        raise BoiteMuette("imap_connection") from faute
    if etat != "OK":
        raise BoiteMuette("imap_refused")
    valeur = validites[-1] if validites and validites[-1] else b"1"
    return int(valeur) if valeur.isdigit() else 1
