"""What is known of people, delivered bit by bit: each fact in one or several versions, on random nights, in any order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from fabrique_detection import Personne, insert_employeur, insert_paiements, insert_prescriptions, instant
from pdp.domain.arret import Prescription
from pdp.domain.connaissance import FaitEmployeur, Paiement

Fait = Prescription | Paiement | FaitEmployeur
_UN = timedelta(days=1)


@dataclass(frozen=True)
class Livraison:
    """One version of one fact, known on a day, for a person."""

    jour: date
    assure: UUID
    fait: Fait
    premiere: bool


def plan_livraisons(hasard: random.Random, personnes: Sequence[Personne], jours: Sequence[date]) -> list[Livraison]:
    """Every fact ends as `personnes` has it; before that, four in ten were known otherwise: dates, risk, cancelled, somebody else's."""
    livraisons: list[Livraison] = []
    for personne in personnes:
        faits: list[Fait] = [*personne.prescriptions, *personne.paiements, *personne.employeur]
        for fait in faits:
            quand = sorted(hasard.sample(list(jours), k=min(len(jours), 1 + hasard.choice((0, 0, 0, 1, 2)))))
            for rang, jour in enumerate(quand):
                dernier = rang == len(quand) - 1
                autre = hasard.choice(personnes).id if hasard.random() < 0.15 and not dernier else personne.id
                livraisons.append(Livraison(jour, autre, fait if dernier else alter(hasard, fait), rang == 0))
    hasard.shuffle(livraisons)
    return sorted(livraisons, key=lambda li: li.jour)


def alter(hasard: random.Random, fait: Fait) -> Fait:
    """The same fact as it was known before its correction."""
    if hasard.random() < 0.3:
        return replace(fait, annule=not fait.annule)
    match fait:
        case Prescription():
            return hasard.choice(
                (
                    replace(fait, debut=fait.debut - 3 * _UN),
                    replace(fait, fin=fait.fin + hasard.randint(1, 40) * _UN),
                    replace(fait, risque=hasard.choice(("maladie", "at", "mp", "maternite"))),
                    replace(fait, ald=not fait.ald, temps_partiel_therapeutique=not fait.temps_partiel_therapeutique),
                    replace(fait, nature="initiale", motif_categorie="psychique"),
                )
            )
        case Paiement():
            return hasard.choice((replace(fait, jours=0), replace(fait, fin=fait.fin + 5 * _UN), replace(fait, risque="autre")))
        case FaitEmployeur():
            fin = hasard.choice((None, fait.debut, fait.debut + 30 * _UN))
            return replace(fait, fin=fin, neutre=not fait.neutre, reprise_le=None, reprise_code=None)


def deliver(conn: Connection, livraisons: Sequence[Livraison]) -> None:
    """Versions of one day, written as the feed leaves them: one row per fact."""
    for livraison in livraisons:
        if not livraison.premiere:
            _change(conn, livraison)
    for genre, inserer in ((Prescription, insert_prescriptions), (Paiement, insert_paiements), (FaitEmployeur, insert_employeur)):
        neufs = [(li.assure, li.fait) for li in livraisons if li.premiere and isinstance(li.fait, genre)]
        if neufs:
            inserer(conn, neufs, recu_le(livraisons[0].jour))


def recu_le(jour: date) -> datetime:
    """Facts of a day are known two hours before its night."""
    return instant(jour) - timedelta(hours=2)


def _change(conn: Connection, livraison: Livraison) -> None:
    fait = livraison.fait
    communs = {"assure": livraison.assure, "annule": fait.annule, "debut": fait.debut, "fin": fait.fin, "recu": recu_le(livraison.jour)}
    match fait:
        case Prescription():
            conn.execute(
                _ARRET,
                {
                    **communs,
                    "cle": fait.id_avis,
                    "risque": fait.risque,
                    "ald": fait.ald,
                    "tpt": fait.temps_partiel_therapeutique,
                    "nature": fait.nature,
                    "motif": fait.motif_categorie,
                },
            )
        case Paiement():
            conn.execute(_VERSEMENT, {**communs, "cle": fait.cle, "risque": fait.risque, "jours": fait.jours})
        case FaitEmployeur():
            suite = {"neutre": fait.neutre, "reprise": fait.reprise_le, "code": fait.reprise_code}
            conn.execute(_EMPLOYEUR, {**communs, **suite, "cle": fait.cle})


_ARRET = text(
    """WITH ancien AS (
           INSERT INTO pdp.arret_prescrit_version (plateforme_id, id_avis, assure_id, date_debut, date_fin, nature, risque, temps_partiel,
               motif_categorie, ald, annule, recu_source_at, connu_du, connu_au, fichier_id)
           SELECT plateforme_id, id_avis, assure_id, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald, annule,
               recu_source_at, connu_at, :recu, fichier_id
           FROM pdp.arret_prescrit WHERE id_avis = :cle
       )
       UPDATE pdp.arret_prescrit SET assure_id = :assure, date_debut = :debut, date_fin = :fin, annule = :annule, risque = :risque,
           ald = :ald, temps_partiel = :tpt, nature = :nature, motif_categorie = :motif, connu_at = :recu, recu_source_at = :recu
       WHERE id_avis = :cle"""
)
_VERSEMENT = text(
    """UPDATE pdp.ij_versee SET assure_id = :assure, debut = :debut, fin = :fin, annule = :annule, risque = :risque, jours = :jours,
           connu_at = :recu
       WHERE id_versement = :cle"""
)
_EMPLOYEUR = text(
    """UPDATE pdp.fait_dsn SET assure_id = :assure, debut = :debut, fin = :fin, annule = :annule, neutre = :neutre, reprise_le = :reprise,
           reprise_code = :code, connu_at = :recu
       WHERE cle = :cle"""
)
