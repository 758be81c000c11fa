"""Schedules written by hand: one for each seeded bug, one for each labelled point, and those that chance meets too rarely.

Each must pass; those named after a bug catch it at once.
"""

from __future__ import annotations

from datetime import timedelta

from pdp.chaos.plan import DEPART, Cas, Etape, Plan, Travail, case_of
from pdp.chaos.points import ETIQUETTES, Faute

_MINUTE = timedelta(minutes=1)


def _plan(
    graine: int,
    vers: str,
    *etapes: tuple[timedelta, tuple[Travail, ...]],
    expire: bool = False,
    tard: bool = False,
    vide: bool = False,
    **front: object,
) -> Plan:
    cas: tuple[Cas, ...] = (case_of(graine, 0, (vers,), expire_bientot=expire),)
    debut = () if vide else (Etape(DEPART, (Travail("proposer", (0,)),)),)
    suite = tuple(Etape(DEPART + avance, travaux) for avance, travaux in etapes)
    conduite = {"taux": 0.0, "fil": 0.0, "habitudes": {}, **front}
    return Plan(graine, cas, (*debut, *suite), 30.0, conduite, tard)


def _send(point: str | None = None, geste: str = "tue") -> tuple[Travail, ...]:
    return (Travail("envoyer", (), Faute(point, 1, geste) if point else None),)


CONTRE_DEFAUTS: dict[str, Plan] = {
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


def _works(nom: str, faute: Faute | None = None) -> tuple[Travail, ...]:
    return (Travail(nom, (0,), faute),)


def _kill_three(apres: timedelta) -> list[tuple[timedelta, tuple[Travail, ...]]]:
    """Three senders die with the same message in their hands; the fourth sets it aside."""
    morts = [(apres + rang * _MINUTE, _send("envoyer.appel.apres")) for rang in range(3)]
    return [*morts, (apres + 3 * _MINUTE, _send())]


def _at_point(rang: int, etiquette: str) -> Plan:
    """The shortest schedule in which a worker surely passes there; it dies, and another one does the work again."""
    nom = etiquette.partition(".")[0]
    faute, graine, envoi = Faute(etiquette, 1), -1000 - rang, (_MINUTE, _send())
    if nom == "proposer":
        return _plan(
            graine, "spst", (timedelta(0), _works("proposer", faute)), (_MINUTE, _works("proposer")), (2 * _MINUTE, _send()), vide=True
        )
    if nom == "envoyer":
        return _plan(graine, "service_social", (_MINUTE, (Travail("envoyer", (), faute),)), (2 * _MINUTE, _send()))
    if nom in ("retirer", "refuser"):
        return _plan(graine, "service_social", envoi, (2 * _MINUTE, _works(nom, faute)), (3 * _MINUTE, _works(nom)), (4 * _MINUTE, _send()))
    if nom in ("relever", "appliquer"):
        return _plan(graine, "spst", envoi, (2 * _MINUTE, _works("relever", faute)), (3 * _MINUTE, _works("relever")))
    if nom == "repondre":
        suites = ((2 * _MINUTE, _works("repondre", faute)), (3 * _MINUTE, _works("repondre")), (4 * _MINUTE, _works("relever")))
        return _plan(graine, "psychologue", envoi, *suites)
    return _plan(graine, "service_social", *_kill_three(_MINUTE), (5 * _MINUTE, _works(nom, faute)), (40 * _MINUTE, _works(nom)))


def _rare() -> dict[str, Plan]:
    """Stopped just before the call; taken back meanwhile, the withdrawal answered « nothing here »; then it wakes up and sends."""
    arret, suite = _send("envoyer.appel.avant", "arrete"), (3 * _MINUTE, _send())
    return {
        "retrait_pendant_l_appel": _plan(-20, "service_social", (_MINUTE, arret), (2 * _MINUTE, _works("retirer")), suite, tard=True),
        "refus_pendant_l_appel": _plan(-21, "service_social", (_MINUTE, arret), (2 * _MINUTE, _works("refuser")), suite, tard=True),
        "courriel_pendant_l_appel": _plan(-22, "cap_emploi", (_MINUTE, arret), (2 * _MINUTE, _works("retirer")), suite, tard=True),
        "partenaire_mort": _plan(-23, "spst", *((h * timedelta(hours=1), _send()) for h in range(1, 8)), habitudes={"spst": "mort"}),
    }


DIRIGES: dict[str, Plan] = CONTRE_DEFAUTS | _rare() | {e: _at_point(rang, e) for rang, e in enumerate(ETIQUETTES)}
