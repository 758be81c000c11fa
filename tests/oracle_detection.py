"""What the pure rules say of a person, day by day, and what the database holds, in the same shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from fabrique_detection import PLATEFORME, RECU, Personne
from pdp.domain.arret import RISQUES_ABSENCE
from pdp.domain.calendrier import add_mois
from pdp.domain.connaissance import Avis, Connaissance
from pdp.domain.droits_ij import EtatDroits, compteur, etat_droits
from pdp.domain.episode import Episode
from pdp.domain.exclusion import ArretDeclare, FaitsEpisode, find_reprise
from pdp.domain.referentiel import Referentiel
from pdp.domain.regles import Ligne, Regles
from pdp.domain.signalement import Evaluation, evaluate
from pdp.domain.situation import list_absences
from pdp.referentiel import load_referentiel, load_regles

ENSEMBLES = ("carence", "comptees", "refusees", "l324", "atmp")
DATES = ("verse_jusqu_au", "epuisement_le", "seuil_1_le", "seuil_2_le")


@dataclass(frozen=True)
class Attendu:
    """Episodes as rows, rights as runs of days and dates, the running absence's signalement with its motives."""

    episodes: frozenset[tuple[Any, ...]]
    droits: tuple[Any, ...]
    signalement: tuple[Any, ...] | None


AUCUN_DROIT = ((),) * len(ENSEMBLES) + (None,) * len(DATES)
"""A row of nothing says the same as no row."""


def apply_oracle(personne: Personne, jour: date, ref: Referentiel | None = None, regles: Regles | None = None) -> Attendu:
    """State of a person on `jour`, from facts all known at once."""
    ref, regles = ref or load_referentiel(), regles or load_regles()
    connu = Connaissance(
        RECU,
        tuple(Avis(p, RECU, RECU) for p in personne.prescriptions),
        paiements=tuple(personne.paiements),
        employeur=tuple(personne.employeur),
    )
    episodes = [e for e in list_absences(connu, jour, ref, PLATEFORME) if e.risque in RISQUES_ABSENCE]
    droits = etat_droits(connu.prescriptions, jour, ref, connu.versements, PLATEFORME)
    tolerance = ref.entier("tolerance_horloge_risque_jours", jour, PLATEFORME)
    courants = [e for e in episodes if e.debut <= jour and (jour - e.fin).days <= tolerance]
    assert len(courants) <= 1
    signalement = None
    if courants:
        [courant] = courants
        ij = compteur(connu.prescriptions, jour, ref, connu.versements).ij_utilisees
        faits = _build_faits(courant, episodes, connu, personne, jour, ref, regles, ij, droits)
        signalement = _signalement(courant, evaluate(faits, jour, ref, regles, PLATEFORME))
    return Attendu(frozenset(_row(e) for e in episodes), _droits(droits), signalement)


def _row(e: Episode) -> tuple[Any, ...]:
    champs = ("premiere_prescription", "debut", "fin", "jours_prescrits", "nb_prescriptions", "risque", "risque_mixte", "motif_categorie")
    return (*(getattr(e, c) for c in champs), e.ald, e.tpt_en_cours)


def _droits(droits: EtatDroits) -> tuple[Any, ...]:
    return tuple(list_suites(getattr(droits, nom)) for nom in ENSEMBLES) + tuple(getattr(droits, nom) for nom in DATES)


def list_suites(jours: Iterable[date]) -> tuple[tuple[date, date], ...]:
    """Runs of consecutive days, as (first, last)."""
    suites: list[tuple[date, date]] = []
    for jour in sorted(jours):
        if suites and jour - suites[-1][1] == timedelta(days=1):
            suites[-1] = (suites[-1][0], jour)
        else:
            suites.append((jour, jour))
    return tuple(suites)


def _build_faits(
    courant: Episode,
    episodes: list[Episode],
    connu: Connaissance,
    personne: Personne,
    jour: date,
    ref: Referentiel,
    regles: Regles,
    ij: int,
    droits: EtatDroits,
) -> FaitsEpisode:
    limite = add_mois(jour, -ref.entier("repetition_fenetre_mois", jour, PLATEFORME))
    fins = [f for f in connu.employeur if f.genre == "fin_contrat" and not f.annule]
    inaptitude = next((r for r in regles.list_en_vigueur(jour, PLATEFORME) if r.observation == "jours_depuis_inaptitude"), None)

    def find_fin(ligne: Ligne | None, depuis: date) -> date | None:
        return min((f.debut for f in fins if ligne is not None and f.code in ligne.codes and f.debut >= depuis), default=None)

    exclusion = regles.find_exclusion("reprise_declaree", jour, PLATEFORME)
    arrets = [
        ArretDeclare(f.siret or "", f.debut, f.code or "", f.cle, f.fin, f.reprise_le, f.reprise_code)
        for f in connu.employeur
        if f.genre == "arret" and not f.annule
    ]
    debuts = [
        p.debut for p in connu.prescriptions if p.is_comptee and p.risque in RISQUES_ABSENCE and courant.debut <= p.debut <= courant.fin
    ]
    return FaitsEpisode(
        debut=courant.debut,
        fin=courant.fin,
        risque=courant.risque,
        motif_categorie=courant.motif_categorie,
        naissance_le=personne.naissance,
        nb_episodes_fenetre=1 + sum(e is not courant and limite < e.debut <= jour for e in episodes),
        ij_utilisees=ij,
        epuisement_le=droits.epuisement_le,
        seulement_tpt=courant.seulement_tpt,
        reprise_le=None if exclusion is None else find_reprise(courant.debut, courant.fin, arrets, connu.suspensions, debuts, exclusion),
        retraite_le=find_fin(regles.find_exclusion("retraite", jour, PLATEFORME), courant.debut),
        deces_le=find_fin(regles.find_exclusion("deces", jour, PLATEFORME), date.min),
        inaptitude_le=find_fin(inaptitude, courant.debut),
    )


def _signalement(courant: Episode, evaluation: Evaluation) -> tuple[Any, ...] | None:
    if evaluation.palier is None:
        return None
    motifs = frozenset(
        (m.regle, m.version, m.libelle, m.valeur_observee, float(m.seuil), m.parametre, m.points, m.regle_id, m.levier, m.valable_jusqu_au)
        for m in evaluation.motifs
    )
    return (courant.premiere_prescription, evaluation.palier, evaluation.franchi_le, evaluation.priorite, motifs)


# -- the database in the same shape

_EPISODES = text(
    """SELECT assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque, risque_mixte, motif_categorie, ald,
           temps_partiel
       FROM pdp.episode WHERE etat = 'courant'"""
)
_DROITS = text("SELECT * FROM pdp.droits_ij")
_SIGNALEMENTS = text(
    """SELECT s.id, s.assure_id, e.premiere_prescription, s.palier, s.survenu_le, s.priorite
       FROM pdp.signalement AS s JOIN pdp.episode AS e ON e.id = s.episode_id"""
)
_MOTIFS = text("SELECT * FROM pdp.signalement_motif")


def read_etats(conn: Connection, personnes: Iterable[Personne], signalements: bool = True) -> dict[UUID, Attendu]:
    """State of each person; with `signalements` at most one each is allowed: one detection ran."""
    episodes: defaultdict[UUID, set[tuple[Any, ...]]] = defaultdict(set)
    for ligne in conn.execute(_EPISODES):
        episodes[ligne.assure_id].add(tuple(ligne)[1:])
    droits = {d.assure_id: _read_droits(d) for d in conn.execute(_DROITS)}
    motifs: defaultdict[UUID, set[tuple[Any, ...]]] = defaultdict(set)
    for m in conn.execute(_MOTIFS):
        motifs[m.signalement_id].add(
            (
                m.regle,
                m.regle_version,
                m.libelle,
                int(m.valeur_observee),
                float(m.seuil),
                m.parametre_id,
                m.points,
                m.regle_id,
                m.levier,
                m.valable_jusqu_au,
            )
        )
    signales: dict[UUID, tuple[Any, ...]] = {}
    for s in conn.execute(_SIGNALEMENTS) if signalements else ():
        assert s.assure_id not in signales
        signales[s.assure_id] = (*tuple(s)[2:], frozenset(motifs[s.id]))
    return {p.id: Attendu(frozenset(episodes[p.id]), droits.get(p.id, AUCUN_DROIT), signales.get(p.id)) for p in personnes}


def _read_droits(ligne: Any) -> tuple[Any, ...]:
    """Ranges of days are [first, last + 1[ in the database."""
    suites = tuple(tuple((r.lower, r.upper - timedelta(days=1)) for r in getattr(ligne, nom)) for nom in ENSEMBLES)
    return suites + tuple(getattr(ligne, nom) for nom in DATES)
