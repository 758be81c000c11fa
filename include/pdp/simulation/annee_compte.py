"""Who is lost, what is double, where everybody is: read from the database by statements that no service uses.

Lost from view, by definition (``annee.compter_perdus``), at the end of a day that was not an outage:

- an open parcours without exactly one next action (owner and deadline) that is in no list of stalls either (``pdp.suite_de_parcours``);
- a parcours in such a list that nothing took up: since before the last watch no event, no reason opened nor closed, and no alert in the
  hands of a médecin-conseil; a parcours without a coordinator that does not wait for one; one still held a
  week later by a coordinator who left (the manager's list S04 showed it on the first day);
- a signalement oriented to a coordinator without a parcours of that person since, nor a proposal to reopen; one convoked without follow-up;
- a message neither delivered, nor failed, nor taken back, nor due: it should have left five days ago (nights, Sundays and holidays hold
  back those to people; letters wait in a list, to be printed);
- a hand-over that failed without anybody told; an answer received and not read two days later.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.storage import db
from pdp.storage.sql import query

VEILLE = timedelta(days=4)
"""Longest time between two watches: it does not pass at the week-end nor on holidays."""
_LIEUX_SIGNALEMENT = (
    "en_veille", "a_trier", "orientes_csam", "orientes_ism", "convoques", "sans_suite", "rattaches", "remplaces",
)  # fmt: skip


@dataclass
class Compte:
    """What the checks of the days found: the worst of each, and the first day on which it was seen."""

    perdus: Counter[str] = field(default_factory=Counter)
    doubles: Counter[str] = field(default_factory=Counter)
    ecarts: list[str] = field(default_factory=list)
    vus: list[str] = field(default_factory=list)
    exemples: list[str] = field(default_factory=list)

    def look(self, maintenant: datetime) -> None:
        """End of a day: keep the highest count of each kind."""
        with db.begin(settings().url_app, systeme("simulation")) as conn:
            perdus = count(conn, "perdus", maintenant)
            if perdus["parcours_sans_suite"] > self.perdus["parcours_sans_suite"]:
                veille = {"veille": maintenant - VEILLE}
                self.exemples += [" | ".join(map(str, ligne)) for ligne in conn.execute(query("annee.decrire_perdus"), veille)]
            self._keep(self.perdus, perdus, maintenant)
            self._keep(self.doubles, count(conn, "doubles", maintenant), maintenant)
            self.ecarts += [f"{jour_local(maintenant)} {e}" for e in find_ecarts(count(conn, "etapes", maintenant))]

    def _keep(self, pire: Counter[str], lus: dict[str, int], maintenant: datetime) -> None:
        for quoi, nombre in lus.items():
            if nombre > pire[quoi]:
                self.vus.append(f"{jour_local(maintenant)} {quoi}: {nombre}")
                pire[quoi] = nombre


def count(conn: Connection, quoi: str, maintenant: datetime) -> dict[str, int]:
    """One of the statements of ``annee.sql``; ``veille``: an instant before the last watch."""
    parametres = {"maintenant": maintenant, "veille": maintenant - VEILLE, "jour": jour_local(maintenant)}
    texte = query(f"annee.compter_{quoi}")
    utiles = {nom: valeur for nom, valeur in parametres.items() if f":{nom}" in str(texte)}
    return {nom: int(valeur) for nom, valeur in conn.execute(texte, utiles).one()._mapping.items()}


def find_ecarts(etapes: dict[str, int]) -> list[str]:
    """Sums that do not come out: every signalement, parcours and message is in exactly one place."""
    totaux = {
        "signalements": sum(etapes[f"signalements_{lieu}"] for lieu in _LIEUX_SIGNALEMENT),
        "parcours": etapes["parcours_a_affecter"] + etapes["parcours_suivis"] + etapes["parcours_clos"],
        "messages": sum(etapes[f"messages_{lieu}"] for lieu in ("livres", "a_envoyer", "en_echec", "rappeles")),
    }
    return [f"{quoi}: {etapes[quoi]} in all, {total} by place" for quoi, total in totaux.items() if etapes[quoi] != total]
