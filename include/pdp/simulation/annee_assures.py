"""Insured people of a simulated year who use the link of their invitation: its two steps, a slot, a call instead, a change of mind.

They know their link from the message that reached them, as in life; the database holds no more than its hash.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.errors import ErreurPdp
from pdp.services.book_rendez_vous import choose, decide, find_lien, identify, read_lien
from pdp.simulation.annee_acteurs import Acteurs
from pdp.simulation.annee_exterieur import Exterieur
from pdp.storage import db

_OUVRE, _SE_TROMPE, _RAPPEL, _ANNULE, _DEPLACE = 0.7, 0.06, 0.15, 0.06, 0.06


class Assures:
    """What they did is counted in ``acteurs.actes``, by gesture and answer; a link that is closed or used answers too."""

    def __init__(self, graine: int, acteurs: Acteurs, exterieur: Exterieur) -> None:
        self._hasard = Random(f"assures|{graine}")
        self._acteurs, self._exterieur = acteurs, exterieur

    def work(self, maintenant: datetime) -> None:
        """Links received since the last time, each opened once or never."""
        recus, self._exterieur.liens = self._exterieur.liens, []
        for jeton in recus:
            with db.begin_portail() as conn:
                auteur = find_lien(conn, jeton)
            if auteur is not None and self._hasard.random() < _OUVRE:
                self._open(auteur, maintenant)

    def _open(self, auteur: Auteur, maintenant: datetime) -> None:
        [qui] = self._acteurs.list("annee.lire_naissance", invitation=auteur.id)
        if self._hasard.random() < _SE_TROMPE:
            fausse = qui.date_naissance - timedelta(days=1)
            self._act(auteur, "date_fausse", lambda c: identify(c, auteur, fausse, maintenant)[0])
        acces = ""

        def enter(conn: Connection) -> str:
            nonlocal acces
            resultat, acces, _ = identify(conn, auteur, qui.date_naissance, maintenant)
            return resultat

        if self._act(auteur, "ouvrir", enter) == "ok":
            self._use(auteur, acces, maintenant)

    def _use(self, auteur: Auteur, acces: str, maintenant: datetime) -> None:
        """Who has an appointment mostly keeps it. Each form is sent again now and then: it acts once."""
        with db.begin_as(auteur, lecture=True) as conn:
            lien = read_lien(conn, auteur, acces, maintenant)
        tirage = self._hasard.random()
        if lien.rendez_vous is not None and tirage < _ANNULE:
            self._act(auteur, "annuler", lambda c: decide(c, auteur, acces, "annuler", maintenant))
        elif lien.rendez_vous is None and (not lien.creneaux or tirage < _RAPPEL):
            self._act(auteur, "rappelez_moi", lambda c: decide(c, auteur, acces, "rappelez_moi", maintenant))
        elif lien.creneaux and (lien.rendez_vous is None or tirage < _ANNULE + _DEPLACE):
            debut = self._hasard.choice(lien.creneaux).debut
            for _ in range(1 + (self._hasard.random() < _SE_TROMPE)):
                self._act(auteur, "choisir", lambda c: choose(c, auteur, acces, debut, maintenant))

    def _act(self, auteur: Auteur, geste: str, acte: Callable[[Connection], str]) -> str:
        try:
            with db.begin_as(auteur) as conn:
                resultat = acte(conn)
        except ErreurPdp as refus:
            self._acteurs.refus[f"lien_{geste}:{refus.code}"] += 1
            return "refus"
        self._acteurs.actes[f"lien_{geste}_{resultat}"] += 1
        return resultat
