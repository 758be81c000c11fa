"""The day of the platform as data: when each treatment starts, what wakes it, how late is too late.

The DAGs take their schedule from here, the portal its page, the documentation its table: one source, compared with what Airflow read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from pdp.domain.calendrier import Zone, is_jour_ouvre

PARIS = ZoneInfo("Europe/Paris")
TOUS_LES_JOURS, SEMAINE = frozenset(range(1, 8)), frozenset(range(1, 6))


@dataclass(frozen=True)
class Traitement:
    """One DAG.

    ``cron`` on the Paris clock, None = woken by data only; ``ouvres``: only on days worked in at least one territory served;
    ``apres``: DAGs whose data wakes it; ``retard_minutes``: a run not ended that long after it was queued is told to managers, None =
    its lateness harms nobody; ``effet``: what it does, for a manager.
    """

    dag: str
    titre: str
    effet: str
    cron: str | None
    apres: tuple[str, ...] = ()
    ouvres: bool = False
    retard_minutes: int | None = None
    depot: bool = False


_LISTE = (
    Traitement(
        "pdp_reception",
        "1. Réception des flux",
        "Prend les fichiers déposés, met les lignes fautives en quarantaine.",
        "*/10 5-21 * * *",
        retard_minutes=45,
        depot=True,
    ),
    Traitement(
        "pdp_detection",
        "2. Détection des arrêts à risque",
        "Réunit les arrêts, compte les indemnités, signale les personnes qui franchissent un palier.",
        "15 6 * * *",
        ("pdp_reception",),
        retard_minutes=60,
    ),
    Traitement(
        "pdp_tri_affectation",
        "3. Tri délégué et affectation",
        "Applique la délégation signée, les absences du jour et les transferts, puis confie chaque dossier à un conseiller.",
        None,
        ("pdp_detection",),
        retard_minutes=60,
    ),
    Traitement(
        "pdp_envoi",
        "4. Envoi aux partenaires",
        "Envoie ce qui est dû, une seule fois, et lit ce que les messages sont devenus.",
        "*/2 * * * *",
        retard_minutes=30,
    ),
    Traitement(
        "pdp_reponses",
        "5. Réponses des partenaires",
        "Interroge les partenaires, relève la messagerie et les fichiers, applique les réponses.",
        "1-59/2 * * * *",
        retard_minutes=30,
    ),
    Traitement(
        "pdp_orientations",
        "11. Échéances des orientations",
        "Relance les partenaires, rend les dossiers dont le délai est passé.",
        "20 6-18 * * 1-5",
        ouvres=True,
        retard_minutes=45,
    ),
    Traitement(
        "pdp_veille",
        "6. Veille des parcours",
        "Cherche ce qui est bloqué, répare, alerte le médecin-conseil une fois par cause.",
        "45 6 * * 1-5",
        ouvres=True,
        retard_minutes=45,
    ),
    Traitement(
        "pdp_rendez_vous",
        "9. Rendez-vous et rappels",
        "Tire les suites des gestes des personnes, écrit les rappels dus.",
        "*/15 6-21 * * *",
        retard_minutes=30,
    ),
    Traitement(
        "pdp_doublons",
        "10. Doublons",
        "Signale les fiches qui se ressemblent, réunit celles qu'un conseiller a réunies.",
        "8-59/15 6-21 * * *",
    ),
    Traitement(
        "pdp_suivis", "7. Devenir à 6 et 12 mois", "Demande la situation des personnes six et douze mois après la clôture.", "0 7 * * *"
    ),
    Traitement(
        "pdp_digest",
        "12. Relevés du médecin-conseil",
        "Compose le relevé du matin, prévient tout de suite pour la sécurité d'une personne, relaie ce que personne n'a lu.",
        "5 7-19 * * *",
        retard_minutes=45,
    ),
    Traitement(
        "pdp_evaluation",
        "8. Tables des évaluateurs",
        "Reconstruit les tables pseudonymisées, puis les publie d'un coup.",
        "30 4 * * *",
        retard_minutes=60,
    ),
    Traitement(
        "pdp_guet",
        "13. Guet de la plateforme",
        "Vérifie que les flux arrivent, que les traitements passent, que les messages partent ; annonce la sécurité jour et nuit.",
        "3-59/5 * * * *",
    ),
    Traitement(
        "pdp_conduite",
        "14. Conduite des traitements",
        "Repère les traitements en retard, prévient les responsables, prépare les aperçus demandés.",
        "4-59/5 * * * *",
    ),
    Traitement(
        "pdp_portes",
        "15. Décisions attendues",
        "Demande à l'exploitation d'accepter ou de refuser les rares actes de masse qui attendent.",
        "40 7-18 * * 1-5",
        ouvres=True,
    ),
)
TRAITEMENTS = {t.dag: t for t in _LISTE}


@dataclass(frozen=True)
class Cadence:
    """``premiere`` and ``derniere`` start of a day; ``pas_minutes`` None = once, or at uneven minutes."""

    premiere: time
    derniere: time
    pas_minutes: int | None
    jours: frozenset[int]


def list_departs(cron: str) -> list[time]:
    """Starts of one day. Minutes, hours and days of the week only: the two other fields must be ``*``."""
    minutes, heures, *reste = cron.split()
    if len(reste) != 3 or reste[:2] != ["*", "*"]:
        raise ValueError(f"not a daily schedule: {cron}")
    return [time(h, m) for h in _expand(heures, 24) for m in _expand(minutes, 60)]


def cadence(cron: str) -> Cadence:
    departs = list_departs(cron)
    ecarts = {(b.hour - a.hour) * 60 + b.minute - a.minute for a, b in pairwise(departs)}
    pas = ecarts.pop() if len(ecarts) == 1 else None
    jours = cron.split()[4]
    return Cadence(departs[0], departs[-1], pas, TOUS_LES_JOURS if jours == "*" else frozenset(_expand(jours, 8)))


def is_jour_de_passage(traitement: Traitement, jour: date, zones: Collection[Zone]) -> bool:
    """True when the treatment starts by itself that day, for the territories of these zones."""
    if traitement.cron is None or jour.isoweekday() not in cadence(traitement.cron).jours:
        return False
    return not traitement.ouvres or is_ouvre_quelque_part(jour, zones)


def is_ouvre_quelque_part(jour: date, zones: Collection[Zone]) -> bool:
    """A holiday of one territory is no holiday of the others. Without a zone: that of metropolitan France."""
    return any(is_jour_ouvre(jour, zone) for zone in zones or ("metropole",))


def next_depart(traitement: Traitement, apres: datetime, zones: Collection[Zone]) -> datetime | None:
    """First start strictly after an aware instant, looked for over two weeks; None when data alone wakes it."""
    if traitement.cron is None:
        return None
    premier = apres.astimezone(PARIS).date()
    for jour in (premier + timedelta(days=n) for n in range(15)):
        if is_jour_de_passage(traitement, jour, zones):
            for depart in list_departs(traitement.cron):
                instant = datetime.combine(jour, depart, PARIS)
                if instant > apres:
                    return instant
    return None


def _expand(champ: str, borne: int) -> list[int]:
    """``*``, ``*/n``, ``a``, ``a-b``, ``a-b/n``, ``a,b``: values below ``borne``."""
    valeurs: set[int] = set()
    for partie in champ.split(","):
        plage, _, pas = partie.partition("/")
        debut, _, fin = plage.partition("-")
        if plage == "*":
            bornes = range(0, borne, int(pas or 1))
        else:
            bornes = range(int(debut), int(fin or (borne - 1 if pas else debut)) + 1, int(pas or 1))
        valeurs |= set(bornes)
    return sorted(v for v in valeurs if v < borne)
