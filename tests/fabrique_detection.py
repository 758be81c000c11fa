"""People and their prescriptions in bulk, and awkward random histories of absence."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from fabrique import TEST
from pdp.domain.arret import Prescription
from pdp.domain.bilan import Bilan
from pdp.services.detect_signalements import detect_signalements, rebuild_episodes

PLATEFORME = "PF35"
JOUR = date(2026, 11, 18)
MAINTENANT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
RECU = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
_RANG = count(1)

_FICHIER = text(
    """INSERT INTO pdp.flux_fichier (flux, nom, empreinte, taille_octets, etat, recu_at)
       VALUES ('arrets_prescrits', 'essai.csv', :e, 0, 'charge', :r) RETURNING id"""
)
_ASSURE = text(
    """INSERT INTO identite.assure (id, plateforme_id, id_source, nir_chiffre, nir_empreinte, nom, prenom, date_naissance, sexe,
           commune_insee, contrat, mis_a_jour_source_at, connu_at)
       VALUES (:id, :p, :s, '', :e, 'Essai', 'Dominique', :d, 'F', '35238', 'salarie', :r, :r)"""
)
_ARRET = text(
    """INSERT INTO pdp.arret_prescrit (plateforme_id, assure_id, id_avis, date_debut, date_fin, nature, risque, temps_partiel,
           motif_categorie, ald, canal, annule, recu_source_at, version_empreinte, connu_at, fichier_id)
       VALUES (:p, :assure, :id_avis, :debut, :fin, :nature, :risque, :tpt, :motif, :ald, 'e_aat', :annule, :recu, '', :recu, :fichier)"""
)


@dataclass
class Personne:
    """A person and all her prescriptions, in the order they arrive."""

    prescriptions: list[Prescription] = field(default_factory=list)
    naissance: date = date(1980, 5, 1)
    id: UUID = field(default_factory=uuid4)


def avis(debut: date, fin: date, **champs: object) -> Prescription:
    """A prescription with an id of its own."""
    return Prescription(f"AV{next(_RANG):07}", debut, fin, **champs)


def depuis(debut: date, duree_jours: int, **champs: object) -> Prescription:
    """A prescription of `duree_jours` days from `debut`."""
    return avis(debut, debut + timedelta(days=duree_jours - 1), **champs)


def insert_personnes(conn: Connection, personnes: Iterable[Personne], recu: datetime = RECU) -> list[Personne]:
    """Write the people and their prescriptions as received at `recu`."""
    liste = list(personnes)
    conn.execute(_ASSURE, [{"id": p.id, "p": PLATEFORME, "s": str(p.id), "e": p.id.bytes, "d": p.naissance, "r": recu} for p in liste])
    insert_prescriptions(conn, [(p.id, prescription) for p in liste for prescription in p.prescriptions], recu)
    return liste


def insert_prescriptions(conn: Connection, lignes: Sequence[tuple[UUID, Prescription]], recu: datetime = RECU) -> None:
    """Write prescriptions of known people."""
    fichier = conn.execute(_FICHIER, {"e": uuid4().bytes, "r": recu}).scalar_one()
    valeurs = [
        {
            "p": PLATEFORME,
            "assure": assure,
            "id_avis": a.id_avis,
            "debut": a.debut,
            "fin": a.fin,
            "nature": a.nature,
            "risque": a.risque,
            "tpt": a.temps_partiel_therapeutique,
            "motif": a.motif_categorie,
            "ald": a.ald,
            "annule": a.annule,
            "recu": recu,
            "fichier": fichier,
        }
        for assure, a in lignes
    ]
    if valeurs:
        conn.execute(_ARRET, valeurs)


def generate_personnes(graine: int, nombre: int, jour: date = JOUR) -> list[Personne]:
    """Seeded histories around `jour`: nested, adjacent, same day, gaps around the tolerance, cancelled, mixed risks, leap days."""
    hasard = random.Random(graine)
    return [_generate_personne(hasard, jour) for _ in range(nombre)]


def _generate_personne(hasard: random.Random, jour: date) -> Personne:
    annees = hasard.choice((0, 0, 1, 2, 4, 7))
    ancre = hasard.choice((date(2024, 2, 28), date(2024, 2, 29), date(2023, 12, 31), jour))
    debut = min(ancre, jour) - timedelta(days=hasard.choice((0, 1, 29, 59, 89, 179, 364)) + 365 * annees + hasard.randint(0, 3))
    prescriptions: list[Prescription] = []
    fin = debut
    while len(prescriptions) < 60 and fin < jour + timedelta(days=20):
        prescription = _generate_prescription(hasard, debut)
        prescriptions.append(prescription)
        fin = max(fin, prescription.fin)
        debut = _next_debut(hasard, prescription, fin)
        if hasard.random() < 0.08:
            break
    if hasard.random() < 0.7:
        prescriptions.append(_around(hasard, jour))
    hasard.shuffle(prescriptions)
    naissance = jour.replace(year=jour.year - hasard.choice((30, 49, 50, 51, 66, 67, 68))) + timedelta(days=hasard.randint(-1, 1))
    return Personne(prescriptions, hasard.choice((naissance, date(1960, 2, 29), date(1976, 2, 29))))


def _generate_prescription(hasard: random.Random, debut: date) -> Prescription:
    duree = hasard.choice((1, 2, 3, 4, 5, 10, 28, 30, 31, 31, 60, 90, 120))
    risque = hasard.choice(("maladie",) * 12 + ("at", "mp", "trajet", "maternite", "paternite"))
    return depuis(
        debut,
        duree,
        nature=hasard.choice(("initiale", "prolongation", "prolongation", "prolongation")),
        risque=risque,
        temps_partiel_therapeutique=hasard.random() < 0.15,
        motif_categorie=hasard.choice(("tms", "psychique", "autre", "non_renseigne", "non_renseigne")),
        ald=hasard.random() < 0.15,
        annule=hasard.random() < 0.1,
    )


def _next_debut(hasard: random.Random, dernier: Prescription, fin: date) -> date:
    """Nested, same day, overlapping, adjacent, gaps at tolerance -1, 0, +1, or a return to work."""
    interieur = dernier.debut + timedelta(days=hasard.randint(0, (dernier.fin - dernier.debut).days))
    ecarts = (1, 1, 1, 1, 2, 3, 4, hasard.randint(5, 200))
    return hasard.choice((interieur, dernier.debut, *(fin + timedelta(days=e) for e in ecarts)))


def _around(hasard: random.Random, jour: date) -> Prescription:
    """Ends around the tolerance of `jour`, with a duration around a threshold."""
    fin = jour + timedelta(days=hasard.choice((-4, -3, -2, -1, 0, 1, 30)))
    duree = hasard.choice((29, 30, 31, 32, 58, 59, 60, 61, 89, 90, 91, 179, 180, 181, 400))
    prescription = _generate_prescription(hasard, fin - timedelta(days=duree - 1))
    return replace(prescription, fin=fin)


@dataclass(frozen=True)
class Ligne:
    """A signalement as the médecin-conseil finds it."""

    palier: int
    survenu_le: date
    statut: str


def instant(jour: date) -> datetime:
    return datetime(jour.year, jour.month, jour.day, 8, tzinfo=UTC)


def run(conn: Connection, jour: date = JOUR) -> Bilan:
    rebuild_episodes(conn, PLATEFORME, instant(jour))
    return detect_signalements(conn, PLATEFORME, TEST, instant(jour))


def list_signalements(conn: Connection, personne: UUID) -> list[Ligne]:
    lignes = conn.execute(
        text("SELECT palier, survenu_le, statut FROM pdp.signalement WHERE assure_id = :p ORDER BY connu_at, palier"), {"p": personne}
    )
    return [Ligne(*ligne) for ligne in lignes]


def insert_one(conn: Connection, *prescriptions: Any, **champs: Any) -> Personne:
    [personne] = insert_personnes(conn, [Personne(list(prescriptions), **champs)])
    return personne


def update_avis(conn: Connection, id_avis: str, **champs: Any) -> None:
    """A correction learnt later, columns by name."""
    requetes = {
        "annule": "UPDATE pdp.arret_prescrit SET annule = :v, connu_at = now() WHERE id_avis = :i",
        "date_fin": "UPDATE pdp.arret_prescrit SET date_fin = :v, connu_at = now() WHERE id_avis = :i",
    }
    for nom, valeur in champs.items():
        conn.execute(text(requetes[nom]), {"v": valeur, "i": id_avis})
