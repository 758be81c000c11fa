"""People and what is known of them, in bulk: prescriptions, payments, declarations of employers. Random histories: histoires.py."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, TextClause, text

from fabrique import TEST
from pdp.domain.arret import Prescription
from pdp.domain.bilan import Bilan
from pdp.domain.connaissance import FaitEmployeur, Paiement
from pdp.services.detect_signalements import detect_signalements

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
       SELECT l.id, :p, l.id::text, '', cast(l.id::text AS bytea), 'Essai', 'Dominique', l.naissance, 'F', '35238', 'salarie', :recu, :recu
       FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS l (id uuid, naissance date)"""
)
_ARRET = text(
    """INSERT INTO pdp.arret_prescrit (plateforme_id, assure_id, id_avis, date_debut, date_fin, nature, risque, temps_partiel,
           motif_categorie, ald, canal, annule, recu_source_at, version_empreinte, connu_at, fichier_id)
       SELECT :p, l.assure, l.id_avis, l.debut, l.fin, l.nature, l.risque, l.tpt, l.motif, l.ald, 'e_aat', l.annule, :recu, '', :recu,
           :fichier
       FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS l
           (assure uuid, id_avis text, debut date, fin date, nature text, risque text, tpt boolean, motif text, ald boolean,
           annule boolean)"""
)
_VERSEMENT = text(
    """INSERT INTO pdp.ij_versee (plateforme_id, assure_id, id_versement, nature, risque, temps_partiel, debut, fin, jours, traite_le,
           annule, version_empreinte, connu_at, fichier_id)
       SELECT :p, l.assure, l.cle, '6110', l.risque, l.tpt, l.debut, l.fin, l.jours, l.fin, l.annule, '', :recu, :fichier
       FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS l
           (assure uuid, cle text, risque text, tpt boolean, debut date, fin date, jours integer, annule boolean)"""
)
_EMPLOYEUR = text(
    """INSERT INTO pdp.fait_dsn (plateforme_id, assure_id, cle, genre, code, neutre, debut, fin, reprise_le, reprise_code, siret,
           nature_declaration, annule, emis_at, version_empreinte, connu_at, fichier_id)
       SELECT :p, l.assure, l.cle, l.genre, l.code, l.neutre, l.debut, l.fin, l.reprise_le, l.reprise_code, l.siret, '01', l.annule, :recu,
           '', :recu, :fichier
       FROM jsonb_to_recordset(cast(:lignes AS jsonb)) AS l (assure uuid, cle text, genre text, code text, neutre boolean, debut date,
           fin date, reprise_le date, reprise_code text, siret text, annule boolean)"""
)
_TRANCHE = 20_000


@dataclass
class Personne:
    """A person and all that is known of her, in the order it arrives."""

    prescriptions: list[Prescription] = field(default_factory=list)
    naissance: date = date(1980, 5, 1)
    id: UUID = field(default_factory=uuid4)
    paiements: list[Paiement] = field(default_factory=list)
    employeur: list[FaitEmployeur] = field(default_factory=list)


def avis(debut: date, fin: date, **champs: object) -> Prescription:
    """A prescription with an id of its own."""
    return Prescription(f"AV{next(_RANG):07}", debut, fin, **champs)


def depuis(debut: date, duree_jours: int, **champs: object) -> Prescription:
    """A prescription of `duree_jours` days from `debut`."""
    return avis(debut, debut + timedelta(days=duree_jours - 1), **champs)


def cle(prefixe: str) -> str:
    """A business key that no other fact has."""
    return f"{prefixe}{next(_RANG):07}"


def paiement(debut: date, fin: date, jours: int, risque: str = "maladie", annule: bool = False) -> Paiement:
    """A payment with an id of its own; a negative number of days takes back."""
    return Paiement(cle("V"), risque, False, debut, fin, jours, annule, RECU)


def suspension(debut: date, fin: date | None, neutre: bool = True, annule: bool = False) -> FaitEmployeur:
    """A suspension of the contract declared by an employer."""
    return FaitEmployeur(cle("D"), "suspension", "501", neutre, debut, fin, None, None, "11111111100011", annule, RECU)


def insert_personnes(conn: Connection, personnes: Iterable[Personne], recu: datetime = RECU) -> list[Personne]:
    """Write the people and all that is known of them, as received at `recu`."""
    liste = list(personnes)
    _insert(conn, _ASSURE, [{"id": p.id, "naissance": p.naissance} for p in liste], recu=recu)
    insert_prescriptions(conn, [(p.id, a) for p in liste for a in p.prescriptions], recu)
    insert_paiements(conn, [(p.id, v) for p in liste for v in p.paiements], recu)
    insert_employeur(conn, [(p.id, f) for p in liste for f in p.employeur], recu)
    return liste


def insert_prescriptions(conn: Connection, lignes: Sequence[tuple[UUID, Prescription]], recu: datetime = RECU) -> None:
    """Write prescriptions of known people."""
    valeurs = [
        {
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
        }
        for assure, a in lignes
    ]
    _insert(conn, _ARRET, valeurs, recu=recu, fichier=_file(conn, recu))


def insert_paiements(conn: Connection, lignes: Sequence[tuple[UUID, Paiement]], recu: datetime = RECU) -> None:
    """Write paid periods of known people."""
    champs = ("cle", "risque", "debut", "fin", "jours", "annule")
    valeurs = [{"assure": assure, "tpt": v.temps_partiel} | {c: getattr(v, c) for c in champs} for assure, v in lignes]
    _insert(conn, _VERSEMENT, valeurs, recu=recu, fichier=_file(conn, recu))


def insert_employeur(conn: Connection, lignes: Sequence[tuple[UUID, FaitEmployeur]], recu: datetime = RECU) -> None:
    """Write what employers declared of known people."""
    champs = ("cle", "genre", "code", "neutre", "debut", "fin", "reprise_le", "reprise_code", "siret", "annule")
    valeurs = [{"assure": assure} | {c: getattr(f, c) for c in champs} for assure, f in lignes]
    _insert(conn, _EMPLOYEUR, valeurs, recu=recu, fichier=_file(conn, recu))


def _file(conn: Connection, recu: datetime) -> UUID:
    return conn.execute(_FICHIER, {"e": uuid4().bytes, "r": recu}).scalar_one()


def _insert(conn: Connection, requete: TextClause, valeurs: Sequence[dict[str, Any]], **communs: Any) -> None:
    for debut in range(0, len(valeurs), _TRANCHE):
        lignes = json.dumps(valeurs[debut : debut + _TRANCHE], default=str)
        conn.execute(requete, {"p": PLATEFORME, "lignes": lignes, **communs})


@dataclass(frozen=True)
class Ligne:
    """A signalement as the médecin-conseil finds it."""

    palier: int
    survenu_le: date
    statut: str


def instant(jour: date) -> datetime:
    return datetime(jour.year, jour.month, jour.day, 8, tzinfo=UTC)


def run(conn: Connection, jour: date = JOUR, complet: bool = False) -> Bilan:
    """The night of `jour`: people touched and people who fall due, or everybody."""
    return detect_signalements(conn, PLATEFORME, TEST, instant(jour), complet=complet)


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
