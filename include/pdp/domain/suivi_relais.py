"""A hand-over as its coordinator reads it: steps with their dates, who has the ball since when, what comes next if nothing does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from pdp.domain.horloge import FaitsOrientation, Horloge, Jours, Suite

BALLES = {"partenaire": "le partenaire", "csam": "vous", "assure": "la personne"}
_ATTENDU = {
    "accuse": "Il doit ouvrir la demande et répondre",
    "acceptation": "Il doit accepter ou refuser",
    "rendez_vous": "Il doit fixer un rendez-vous avec la personne",
    "nouvelles": "Il doit donner des nouvelles",
}
_SUITES = {
    "rappeler": "Sans réponse, un rappel lui est envoyé le {jour}",
    "appeler": "Sans nouvelles, vous serez invité à l'appeler le {jour}",
    "rendre": "Sans réponse, l'orientation expire le {jour} : le dossier vous revient, avec la demande de proposer un autre relais",
    "revoir": "Ensuite, ses nouvelles seront attendues",
}


@dataclass(frozen=True, slots=True)
class Pas:
    """One step of the line: ``at`` None = not reached, or never told (``passe``: a later one was); ``a_venir`` = dated, not passed."""

    libelle: str
    at: datetime | None
    a_venir: bool = False
    passe: bool = False


def list_pas(faits: FaitsOrientation, fin: str | None, fin_at: datetime | None, maintenant: datetime) -> tuple[Pas, ...]:
    """Sent, received, accepted, meeting, news, over; ``fin``: how it ended, in words."""
    rendez_vous = Pas("Rendez-vous", faits.rendez_vous_at, faits.rendez_vous_at is not None and faits.rendez_vous_at > maintenant)
    if faits.rendez_vous_manque_at is not None:
        rendez_vous = Pas("Rendez-vous manqué", faits.rendez_vous_at or faits.rendez_vous_manque_at)
    pas = (
        Pas("Envoyée", faits.envoyee_at),
        Pas("Reçue", faits.recue_at),
        Pas("Acceptée", faits.acceptee_at),
        rendez_vous,
        Pas("Nouvelles", faits.nouvelles_at),
        Pas(fin or "Terminée", fin_at),
    )
    dernier = len(pas) - 1 if fin else max((rang for rang, x in enumerate(pas) if x.at is not None), default=-1)
    return tuple(replace(x, passe=x.at is None and rang < dernier) for rang, x in enumerate(pas))


def find_depuis(faits: FaitsOrientation, horloge: Horloge, maintenant: datetime) -> datetime:
    """Since when the ball is where it is: the last thing that happened before ``maintenant``."""
    posees = [q.posee_at for q in faits.questions if q.par == "partenaire" and q.repondue_at is None]
    if horloge.arretee and posees:
        return min(posees)
    connus = (faits.envoyee_at, faits.recue_at, faits.acceptee_at, faits.rendez_vous_at, faits.rendez_vous_manque_at, faits.nouvelles_at)
    echanges = [instant for q in faits.questions for instant in (q.posee_at, q.repondue_at)]
    return max([faits.proposee_at, *(i for i in (*connus, *echanges) if i is not None and i <= maintenant)])


def describe_horloge(horloge: Horloge, faits: FaitsOrientation, jours: Jours, maintenant: datetime) -> str:
    """Who must do what until when, in one French sentence or two. Empty once over."""
    if horloge.balle is None or horloge.echeance_at is None:
        return ""
    jour, le = jours.jour(maintenant), jours.jour(horloge.echeance_at)
    if horloge.arretee:
        return f"Il vous a posé une question : son délai est arrêté jusqu'à votre réponse, attendue le {_le(le)}{_retard(le, jour)}."
    if horloge.balle == "csam":
        return f"Le message n'est pas encore remis au partenaire ; il part au plus tard le {_le(le)}{_retard(le, jour)}."
    if horloge.balle == "assure":
        local = horloge.echeance_at.astimezone(jours.fuseau)
        return f"Rendez-vous prévu avec la personne le {_le(le)} à {local:%-H} h {local:%M}."
    attendu = _ATTENDU[horloge.etape]
    if any(q.par == "csam" and q.repondue_at is None for q in faits.questions):
        attendu = "Il doit répondre à votre question"
    return f"{attendu} au plus tard le {_le(le)}{_retard(le, jour)}."


def describe_suite(suite: Suite | None, relances_max: int, jours: Jours, maintenant: datetime) -> str:
    """What time alone will do next. Empty when only a person moves the hand-over."""
    if suite is None:
        return ""
    jour = jours.jour(max(suite.at, maintenant))
    phrase = _SUITES[suite.action].format(jour=_le(jour))
    if suite.action == "rappeler":
        phrase += ", et à ses collègues déclarés" if suite.rang > 1 else ""
        phrase += " ; vous serez alors invité à l'appeler" if suite.rang >= relances_max else ""
    return f"{phrase}."


def _le(jour: date) -> str:
    return f"{jour:%d/%m/%Y}"


def _retard(le: date, jour: date) -> str:
    n = (jour - le).days
    return f" (en retard de {n} jour{'s' if n > 1 else ''})" if n > 0 else ""
