"""What each worker process does: the product's own services, one after the other, at the instant of its step."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from sqlalchemy.exc import DBAPIError

from pdp import clock
from pdp.chaos.monde import AUTEUR, Monde
from pdp.chaos.plan import DEPART, Plan, Travail
from pdp.chaos.points import Ecoute, Releve
from pdp.config import settings
from pdp.domain.bilan import A_SUIVRE
from pdp.errors import ErreurPdp
from pdp.partners import courriel, transports
from pdp.services import send_outbox
from pdp.services.apply_reponses import apply_reponses
from pdp.services.collect_reponses import poll_partenaires
from pdp.services.heal_incertains import heal_incertains
from pdp.services.orient_parcours import cancel_orientation, orient_parcours
from pdp.services.record_accord import withdraw_accord
from pdp.services.record_reponse import record_reponse
from pdp.services.send_outbox import send_due
from pdp.storage import db
from pdp.storage.sql import query

FINI, BASE_PERDUE, FAUTE = 0, 3, 4
SUITES = {"envoyee": "acceptee", "recue": "acceptee", "acceptee": "realisee", "en_cours": "realisee"}


def propose(monde: Monde, plan: Plan, cas: Sequence[int], instant: datetime) -> None:
    """The coordinator decides; a browser that comes back asks again."""
    for rang in cas:
        for dispositif in plan.cas[rang].vers:
            _try(lambda r=rang, d=dispositif: _propose(monde, plan, r, d, instant))


def _propose(monde: Monde, plan: Plan, rang: int, dispositif: str, instant: datetime) -> None:
    with db.begin_as(monde.conseiller) as conn:
        orient_parcours(conn, monde.conseiller, plan.cas[rang].parcours, monde.partenaires[dispositif], "Aide aux démarches.", instant)


def cancel(monde: Monde, plan: Plan, cas: Sequence[int], instant: datetime) -> None:
    with db.begin_as(monde.conseiller, lecture=True) as conn:
        actives = conn.execute(query("chaos.lister_actives"), {"parcours": _parcours(plan, cas)}).scalars().all()
    for orientation in actives:
        _try(lambda o=orientation: _cancel(monde, o, instant))


def _cancel(monde: Monde, orientation: UUID, instant: datetime) -> None:
    with db.begin_as(monde.conseiller) as conn:
        cancel_orientation(conn, monde.conseiller, orientation, "erreur", instant)


def refuse(monde: Monde, plan: Plan, cas: Sequence[int], instant: datetime) -> None:
    with db.begin_as(monde.conseiller, lecture=True) as conn:
        accords = conn.execute(query("chaos.lister_accords"), {"parcours": _parcours(plan, cas)}).scalars().all()
    for accord in accords:
        _try(lambda a=accord: _refuse(monde, a, instant))


def _refuse(monde: Monde, accord: UUID, instant: datetime) -> None:
    with db.begin_as(monde.conseiller) as conn:
        withdraw_accord(conn, monde.conseiller, accord, "telephone", instant)


def send(_monde: Monde, plan: Plan, _cas: Sequence[int], instant: datetime) -> None:
    send_due(instant, lot=60, alea=Random(f"{plan.graine}/{instant}").random)


def read(_monde: Monde, _plan: Plan, _cas: Sequence[int], instant: datetime) -> None:
    poll_partenaires(instant)


def apply(_monde: Monde, _plan: Plan, _cas: Sequence[int], instant: datetime) -> None:
    a_suivre = True
    while a_suivre:
        with db.begin(settings().url_app, AUTEUR) as conn:
            bilan = apply_reponses(conn, "PF35", AUTEUR, instant)
        a_suivre = bool(bilan.detail.get(A_SUIVRE)) and bilan.traites > 0


def reply(monde: Monde, plan: Plan, _cas: Sequence[int], instant: datetime) -> None:
    """A partner without an API answers from its inbox, and clicks twice."""
    auteur = monde.psychologue
    with db.begin_as(auteur, lecture=True) as conn:
        boite = conn.execute(query("chaos.lister_boite"), {"partenaire": monde.partenaires["psychologue"]}).all()
    for orientation, statut in boite:
        for _ in range(2):
            _try(lambda o=orientation, s=statut: _reply(monde, plan, o, s, instant))


def _reply(monde: Monde, plan: Plan, orientation: UUID, statut: str, instant: datetime) -> None:
    suite = SUITES[statut]
    with db.begin_as(monde.psychologue) as conn:
        record_reponse(
            conn,
            monde.psychologue,
            orientation,
            statut=suite,
            motif=None,
            compte_rendu="Fait." if suite == "realisee" else None,
            evenement_id=uuid5(plan.cas[0].parcours, f"{orientation}/{suite}"),
            maintenant=instant,
        )


def heal(_monde: Monde, _plan: Plan, _cas: Sequence[int], instant: datetime) -> None:
    heal_incertains(instant)


Acteur = Callable[[Monde, Plan, Sequence[int], datetime], None]
ACTEURS: dict[str, tuple[tuple[str, Acteur], ...]] = {
    "proposer": (("proposer", propose),),
    "retirer": (("retirer", cancel),),
    "refuser": (("refuser", refuse),),
    "envoyer": (("envoyer", send),),
    "relever": (("relever", read), ("appliquer", apply)),
    "repondre": (("repondre", reply),),
    "rapprocher": (("rapprocher", heal),),
}


class Ouvrier:
    """A worker, in a process of its own: listens to itself, and does one work after another under the fault drawn for it."""

    def __init__(self, monde: Monde, releve: Releve) -> None:
        self._monde = monde
        monde.after_fork()
        self._ecoute = Ecoute(releve)
        for canal, transport in list(transports.TRANSPORTS.items()):
            transports.TRANSPORTS[canal] = self._ecoute.around(transport)
        courriel.deliver = self._ecoute.around(courriel.deliver)

    def work(self, plan: Plan, travail: Travail, instant: datetime, bail_s: float) -> tuple[int, str]:
        """How it ended, and what nobody expected."""
        clock.now = lambda: instant
        send_outbox.BAIL_S = bail_s
        try:
            for nom, acteur in ACTEURS[travail.nom]:
                self._ecoute.begin(nom, travail.faute)
                acteur(self._monde, plan, travail.cas, instant)
        except DBAPIError as perdue:
            if is_perdue(perdue):
                return BASE_PERDUE, ""
            return FAUTE, traceback.format_exc()
        except Exception:  # told to who drives, which fails the schedule
            return FAUTE, traceback.format_exc()
        finally:
            self._ecoute.begin("", None)
        return FINI, ""


def is_perdue(erreur: DBAPIError) -> bool:
    """The server or the connection went away: what a run of Airflow would do again."""
    texte = str(erreur.orig)
    perdues = ("connection", "terminat", "starting up", "shutting down", "recovery", "server closed", "EOF", "crash")
    return bool(erreur.connection_invalidated) or any(mot in texte for mot in perdues)


def warm(monde: Monde, plan: Plan) -> None:
    """Once in the process that forks: what every worker loads and compiles is then shared by all of them."""
    monde.prepare(plan)
    tous = tuple(c.rang for c in plan.cas)
    for nom in ("proposer", "envoyer", "relever", "repondre", "refuser", "retirer", "envoyer", "rapprocher"):
        for _, acteur in ACTEURS[nom]:
            acteur(monde, plan, tous, DEPART + timedelta(hours=1))


def _try(acte: Callable[[], None]) -> None:
    """A refusal in French is an answer, as on the screen."""
    try:
        acte()
    except ErreurPdp:
        return


def _parcours(plan: Plan, cas: Sequence[int]) -> list[str]:
    return [str(plan.cas[rang].parcours) for rang in cas]
