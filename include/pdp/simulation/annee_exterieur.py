"""The outside world of a simulated year, in this process: partners reached by API, mailboxes, the SMS gateway, and their faults.

The product hands its messages to the same functions as in production; those of the network are replaced here. What reached the other
side is counted by key, so that a message sent twice is seen from outside, whatever the database says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import NAMESPACE_URL, UUID, uuid5

from pdp.partners import courriel, http, sms, transports
from pdp.partners.contrat import Classe, Destinataire, Envoi, Evenement, Page, Remise
from pdp.partners.sms import Accuse, PageAccuses

_JAMAIS = datetime(1, 1, 1, tzinfo=UTC)
_LIEN = re.compile(r"/rendez-vous/([\w-]{20,})")
_PANNE, _REFUS, _DOUBLE, _MENT, _MUET = 0.04, 0.12, 0.05, 0.03, 0.10


class Exterieur:
    """``effets``: messages taken by key. A partner by API answers over the following days, sometimes twice, lately, or a lie.

    ``liens``: tokens of the links that reached insured people, oldest first; who reads them takes them.
    """

    def __init__(self, graine: int) -> None:
        self._hasard = Random(f"exterieur|{graine}")
        self._evenements: dict[str, list[tuple[datetime, Evenement]]] = {}
        self._accuses: dict[str, list[Accuse]] = {}
        self.effets: Counter[UUID] = Counter()
        self.comptes: Counter[str] = Counter()
        self.liens: list[str] = []
        self.maintenant = _JAMAIS

    @property
    def doubles(self) -> int:
        """Messages that took effect more than once on the other side, the mailboxes included."""
        return sum(n > 1 for n in self.effets.values())

    @contextmanager
    def branche(self) -> Iterator[None]:
        """The functions of the network are these ones until the end of the block."""
        avec_cle = dict.fromkeys(("api", "fhir"), self._take)
        sans_cle = dict.fromkeys(("lien", "messagerie"), self._take_mail)
        with ExitStack() as pile:
            pile.enter_context(patch.dict(transports.TRANSPORTS, avec_cle | sans_cle))
            pile.enter_context(patch.object(http, "fetch_evenements", self._fetch))
            pile.enter_context(patch.object(courriel, "deliver", self._mail))
            pile.enter_context(patch.object(sms, "deliver", self._sms))
            pile.enter_context(patch.object(sms, "fetch_accuses", self._fetch_accuses))
            yield

    def _fails(self, quoi: str) -> bool:
        """Out of order now and then, before it has read anything."""
        if self._hasard.random() >= _PANNE:
            return False
        self.comptes[f"{quoi}_en_panne"] += 1
        return True

    def _take(self, cible: Destinataire, envoi: Envoi, maintenant: datetime) -> Remise:
        """By key: the same message again is the same effect."""
        if self._fails("partenaire"):
            return Remise(Classe.REESSAYER, "http_503")
        if self.effets[envoi.cle]:
            self.comptes["partenaire_deja_recu"] += 1
            return Remise(Classe.LIVRE, "http_409")
        self.effets[envoi.cle] = 1
        if envoi.type == "orientation":
            self._answer(cible, UUID(str(envoi.corps["orientation_id"])), maintenant)
        return Remise(Classe.LIVRE, "http_201")

    def _take_mail(self, _cible: Destinataire, envoi: Envoi, _maintenant: datetime) -> Remise:
        return self._mailbox(envoi.cle, "courrier_partenaire")

    def _mail(self, cle: UUID, adresse: str | None, _objet: str, texte: str, *_contenu: Any) -> Remise:
        remise = self._mailbox(cle, "courriel") if adresse else Remise(Classe.REFUSE, "address_missing")
        return self._read(texte, remise)

    def _mailbox(self, cle: UUID, quoi: str) -> Remise:
        """No key is known there: every delivery is an effect."""
        if self._fails(quoi):
            return Remise(Classe.REESSAYER, "smtp_421")
        self.effets[cle] += 1
        self.comptes[quoi] += 1
        return Remise(Classe.LIVRE, "smtp_250")

    def _read(self, texte: str, remise: Remise) -> Remise:
        """The person has the link of a message that arrived."""
        self.liens += _LIEN.findall(texte)[:1] if remise.classe == Classe.LIVRE else ()
        return remise

    def _sms(self, plateforme_id: str, cle: UUID, _numero: str, texte: str, maintenant: datetime, **_: Any) -> Remise:
        if self._fails("sms"):
            return Remise(Classe.REESSAYER, "http_503")
        if self.effets[cle]:
            return Remise(Classe.LIVRE, "http_409")
        self.effets[cle] = 1
        self.comptes["sms"] += 1
        etat, code = ("remis", None) if self._hasard.random() < 0.95 else ("echec_definitif", "expire")
        for fois in range(1 + (self._hasard.random() < _DOUBLE)):
            recu = Accuse(f"{cle}-{etat}-{fois}", cle, etat, code, maintenant)
            self._accuses.setdefault(plateforme_id, []).append(recu)
        accepte = Remise(Classe.LIVRE, "http_201")
        return self._read(texte, accepte) if etat == "remis" else accepte

    def _fetch_accuses(self, plateforme_id: str, curseur: str | None, **_: Any) -> PageAccuses:
        recus = self._accuses.get(plateforme_id, [])
        depuis = int(curseur or 0)
        return PageAccuses(str(min(len(recus), depuis + 100)), tuple(recus[depuis : depuis + 100]))

    def _answer(self, cible: Destinataire, orientation: UUID, le: datetime) -> None:
        """What this partner will say, and when."""
        hasard = self._hasard
        if hasard.random() < _MUET:
            self.comptes["partenaire_muet"] += 1
            return
        quand = le + timedelta(days=1 + hasard.randrange(12), hours=2)
        if hasard.random() < _REFUS:
            suite: list[tuple[str, str | None, str | None]] = [("refusee", "capacite", None)]
        else:
            suite = [("acceptee", None, None), ("realisee", None, "Poste aménagé convenu avec l'employeur.")]
        for version, (statut, motif, rendu) in enumerate(suite, 1):
            evenement = Evenement(str(uuid5(orientation, statut)), orientation, version, statut, motif, rendu, quand)
            self._say(cible, quand, evenement)
            if hasard.random() < _DOUBLE:
                self.comptes["partenaire_se_repete"] += 1
                self._say(cible, quand + timedelta(days=1), evenement)
            quand += timedelta(days=10 + hasard.randrange(50))
        if hasard.random() < _MENT:  # speaks of a hand-over that it never had
            self.comptes["partenaire_ment"] += 1
            inconnue = uuid5(NAMESPACE_URL, f"jamais-confiee:{orientation}")
            self._say(cible, quand, Evenement(str(uuid5(inconnue, "a")), inconnue, 1, "acceptee", None, None, quand))

    def _say(self, cible: Destinataire, quand: datetime, evenement: Evenement) -> None:
        self._evenements.setdefault(f"{cible.plateforme_id}|{cible.id_source}", []).append((quand, evenement))

    def _fetch(self, cible: Destinataire, curseur: str | None, **_: Any) -> Page:
        """Events that have happened since the instant of the cursor, in their order."""
        if self._fails("lecture"):
            raise http.PartenaireMuet("http_503")
        depuis = datetime.fromisoformat(curseur) if curseur else _JAMAIS
        dits = self._evenements.get(f"{cible.plateforme_id}|{cible.id_source}", [])
        nouveaux = sorted((e for e in dits if depuis < e[0] <= self.maintenant), key=lambda e: (e[0], e[1].evenement_id))
        return Page(nouveaux[-1][0].isoformat() if nouveaux else curseur or _JAMAIS.isoformat(), tuple(e for _, e in nouveaux))
