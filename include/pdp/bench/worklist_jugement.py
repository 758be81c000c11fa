"""What a list says of each person once loaded: counters, families of filters, order. Plain Python over objects, for the peers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

from pdp.bench.worklist_affichage import Facettes
from pdp.bench.worklist_orm import Contact, Entretien, Parcours, Tache
from pdp.clock import PARIS, jour_local
from pdp.services.filtres_liste import Bornes, Filtres, at_midnight, cut_jours

ACTIVES = ("brouillon", "en_attente_accord", "envoyee", "recue", "acceptee", "en_cours")
Pannes = tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True)
class Juge:
    """A person and what the filters ask about her; ``familles``: values by family."""

    parcours: Parcours
    taches: list[Tache]
    entretien: Entretien | None
    vues: frozenset[str]
    familles: dict[str, frozenset[str]]
    attend: bool
    revient: bool
    retard: int | None

    @property
    def premiere(self) -> datetime | None:
        return self.taches[0].echeance_at if self.taches else None


def judge(p: Parcours, maintenant: datetime, pannes: Pannes) -> Juge:
    bornes = cut_jours(maintenant)
    taches = sorted(p.taches, key=attrgetter("echeance_at", "ouverte_at", "id"))
    entretien = next((e for e in p.entretiens if e.statut in ("planifie", "confirme")), None)
    attend = bool(taches) and _waits(taches[0], bornes)
    revient = any(_is_back(t, bornes) for t in taches)
    retard = _count_retard(p, pannes)
    premiere = taches[0].echeance_at if taches else None
    motifs = frozenset(t.motif for t in taches)
    return Juge(
        parcours=p,
        taches=taches,
        entretien=entretien,
        vues=frozenset(_vues(p, taches, entretien, revient, retard, bornes, maintenant)),
        familles={
            "motifs": motifs,
            "echeances": frozenset({_cut(premiere, bornes)}),
            "balles": frozenset({find_balle(taches[0], bornes.jour) if taches else "csam"}),
            "partenaires": frozenset(o.dispositif for o in p.orientations if o.statut in ACTIVES) or frozenset({"aucun"}),
            "attentes": frozenset({"en_attente" if attend else "active"}),
        },
        attend=attend,
        revient=revient,
        retard=retard,
    )


def find_balle(t: Tache, jour: date) -> str:
    """Who holds the ball that day: while a reason waits, the one it waits for."""
    waits = t.attente_jusqu_au is not None and t.attente_jusqu_au > jour
    return t.attente_balle if waits and t.attente_balle is not None else t.balle


def _waits(t: Tache, b: Bornes) -> bool:
    if t.attente_jusqu_au is not None:
        return t.attente_jusqu_au > b.jour
    return t.echeance_avant_at is not None and t.echeance_at >= b.demain


def _is_back(t: Tache, b: Bornes) -> bool:
    return (t.attente_jusqu_au is not None and t.attente_jusqu_au <= b.jour) or (
        t.echeance_avant_at is not None and t.echeance_at < b.demain
    )


def _count_retard(p: Parcours, pannes: Pannes) -> int | None:
    """Days lost to an outage of the detection."""
    for de, a in pannes:
        if a <= p.connu_at < a + timedelta(days=1) and jour_local(de) <= p.survenu_le < jour_local(a):
            return (p.connu_at.astimezone(PARIS).date() - p.survenu_le).days
    return None


def _cut(premiere: datetime | None, b: Bornes) -> str:
    if premiere is None:
        return "sans_date"
    bornes = ((b.minuit, "passee"), (b.demain, "aujourd_hui"), (b.lundi, "semaine"))
    return next((nom for borne, nom in bornes if premiere < borne), "a_venir")


def _vues(
    p: Parcours, taches: list[Tache], entretien: Entretien | None, revient: bool, retard: int | None, b: Bornes, maintenant: datetime
) -> Iterable[str]:
    motifs = {t.motif for t in taches}
    echeance = _cut(taches[0].echeance_at if taches else None, b)
    muets = any(t.motif == "attendre_partenaire" and t.echeance_at < maintenant for t in taches)
    dits = {
        "tous": True,
        "retard": echeance == "passee",
        "aujourd_hui": echeance == "aujourd_hui",
        "entretiens": entretien is not None and b.minuit <= entretien.debut_at < b.demain,
        "a_renseigner": "renseigner_tele_echange" in motifs or (entretien is not None and entretien.fin_at < maintenant),
        "reponse_a_lire": "lire_reponse" in motifs,
        "reviennent": revient,
        "partenaire_muet": "relancer_partenaire" in motifs or muets,
        "message_en_echec": is_en_echec(p) or "message_en_echec" in motifs,
        "rattrapage": retard is not None,
    }
    return (vue for vue, vrai in dits.items() if vrai)


def is_en_echec(p: Parcours) -> bool:
    return any(m.etat in ("rebut", "incertain") for m in p.messages)


def keeps(j: Juge, filtres: Filtres, sauf: str = "") -> bool:
    """Whether the filters show this person, those of one family left out."""
    if filtres.vue not in j.vues:
        return False
    if any(famille != sauf and (choix := getattr(filtres, famille)) and not choix & j.familles[famille] for famille in j.familles):
        return False
    if filtres.du is not None and (j.premiere is None or j.premiere < at_midnight(filtres.du)):
        return False
    return filtres.au is None or (j.premiere is not None and j.premiere < at_midnight(filtres.au + timedelta(days=1)))


def count_facettes(juges: list[Juge], filtres: Filtres) -> Facettes:
    """Choices of each family: (with the filters of the others, in all)."""
    facettes: Facettes = {}
    for famille in ("motifs", "echeances", "balles", "partenaires", "attentes"):
        totaux = Counter(v for j in juges for v in j.familles[famille])
        avec = Counter(v for j in juges if keeps(j, filtres, famille) for v in j.familles[famille])
        facettes[famille] = {v: (avec[v], n) for v, n in totaux.items()}
    return facettes


def sort_juges(juges: list[Juge], filtres: Filtres, jour: date) -> list[Juge]:
    """In the order asked for; then priority, then the oldest."""
    sens = 1 if filtres.sens == "asc" else -1
    cles: dict[str, Callable[[Juge], float | None]] = {
        "semaines": lambda j: _semaines(j, jour),
        "priorite": lambda j: j.parcours.priorite,
        "contact": lambda j: max((c.survenu_at.timestamp() for c in list_contacts(j.parcours)), default=0),
        "rattrapage": lambda j: j.retard,
        "echeance": lambda j: None if j.premiere is None else j.premiere.timestamp(),
    }

    def rang(j: Juge) -> tuple[Any, ...]:
        cle = cles[filtres.tri](j)
        return (cle is None, 0 if cle is None else sens * cle, -j.parcours.priorite, j.parcours.decide_at, j.parcours.id)

    return sorted(juges, key=rang)


def _semaines(j: Juge, jour: date) -> float | None:
    debuts = [a.debut for a in j.parcours.assure.absences if a.etat == "courant"]
    return (jour - max(debuts)).days if debuts else None


def list_contacts(p: Parcours) -> list[Contact]:
    """Attempts that stand, the earliest first."""
    return sorted((c for c in p.contacts if c.saisie_par_erreur_at is None), key=attrgetter("survenu_at"))
