"""Schedules written by hand, one for each fault that chance meets too rarely: each must pass, and catches one seeded bug at once."""

from __future__ import annotations

from datetime import timedelta

from pdp.chaos.plan import DEPART, Cas, Etape, Plan, Travail, case_of
from pdp.chaos.points import Faute

_MINUTE = timedelta(minutes=1)


def _plan(
    graine: int, vers: str, *etapes: tuple[timedelta, tuple[Travail, ...]], expire: bool = False, tard: bool = False, **front: object
) -> Plan:
    cas: tuple[Cas, ...] = (case_of(graine, 0, (vers,), expire_bientot=expire),)
    debut = Etape(DEPART, (Travail("proposer", (0,)),))
    suite = tuple(Etape(DEPART + avance, travaux) for avance, travaux in etapes)
    conduite = {"taux": 0.0, "fil": 0.0, "habitudes": {}, **front}
    return Plan(graine, cas, (debut, *suite), 30.0, conduite, tard)


def _send(point: str | None = None, geste: str = "tue") -> tuple[Travail, ...]:
    return (Travail("envoyer", (), Faute(point, 1, geste) if point else None),)


DIRIGES: dict[str, Plan] = {
    # stopped with a bad answer in its hands, it wakes up after another delivered
    "M1": _plan(
        -1, "service_social", (_MINUTE, _send("envoyer.appel.apres", "arrete")), (2 * _MINUTE, _send()), tard=True, imposees={"1": "503"}
    ),
    # the partner acts, its answer is lost
    "M2": _plan(-2, "service_social", (_MINUTE, _send()), (10 * _MINUTE, _send()), imposees={"1": "coupe_apres"}),
    # the partner does not act and says nothing
    "M3": _plan(-3, "service_social", (_MINUTE, _send()), imposees={"1": "coupe_avant"}),
    # the agreement ends with the day, the message leaves the next one
    "M4": _plan(-4, "service_social", (timedelta(days=1), _send()), expire=True),
    # one id, two contents
    "M5": _plan(-5, "spst", (_MINUTE, _send()), (2 * _MINUTE, (Travail("relever"),)), fil_impose="autre_contenu"),
    # the partner refuses for good
    "M6": _plan(-6, "service_social", (_MINUTE, _send()), (10 * _MINUTE, _send()), habitudes={"service_social": "refuse"}),
    # killed once the mail is handed over
    "M7": _plan(-7, "cap_emploi", (_MINUTE, _send("envoyer.appel.apres")), (2 * _MINUTE, _send())),
}
