"""One person with everything an explanation may show: avis corrected after coup, payments, declarations, an affection, several reasons."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

from sqlalchemy import Connection, text

import fabrique
from pdp.referentiel import load_regles
from portal.donnees import Lieu

M = fabrique.MAINTENANT
CORRIGE = M - timedelta(days=20)
RAISONS = (
    (
        "palier_90",
        91,
        90,
        "palier_signalement_j90@origine",
        30,
        M.date() + timedelta(days=34),
        "Arrêt de 91 jours (repère : au moins 90 jours).",
    ),
    (
        "tms",
        91,
        30,
        "tms_duree_min_jours@origine",
        10,
        M.date() + timedelta(days=34),
        "Trouble musculo-squelettique, arrêt de 91 jours (repère : au moins 30 jours) : le poste peut devoir être adapté.",
    ),
    ("age", 55, 50, "age_vigilance@origine", 5, M.date() - timedelta(days=2), "Âge : 55 ans (repère : au moins 50 ans)."),
)


def build_dossier(lieu: Lieu) -> fabrique.Dossier:
    """An avis learnt 40 days ago and corrected 20 days ago, followed by the account ``csam``."""
    with fabrique.lot() as conn:
        dossier = fabrique.parcours(conn, csam=lieu.comptes["csam"], assure_id=fabrique.assure(conn, nom="Kermarrec"))
        fichier = fabrique.fichier(conn)
        for regle, observe, seuil, parametre, points, fin, libelle in RAISONS:
            connue = next(r for r in load_regles() if r.cle == regle)
            conn.execute(
                text(
                    "INSERT INTO pdp.signalement_motif (signalement_id, plateforme_id, regle, regle_version, libelle, valeur_observee,"
                    " seuil, parametre_id, points, regle_id, levier, valable_jusqu_au, constate_le)"
                    " VALUES (:s, 'PF35', :r, :v, :l, :o, :seuil, :p, :pts, :id, :levier, :fin, :le)"
                ),
                {
                    "s": dossier.signalement,
                    "r": regle,
                    "v": connue.version,
                    "l": libelle,
                    "o": observe,
                    "seuil": seuil,
                    "p": parametre,
                    "pts": points,
                    "id": connue.identifiant,
                    "levier": connue.levier,
                    "fin": fin,
                    "le": M.date(),
                },
            )
        fabrique.arret(conn, dossier.assure, date(2026, 8, 20), date(2026, 12, 15), id_avis="AV-1", ald=True, connu=CORRIGE)
        fabrique.arret(conn, dossier.assure, date(2026, 3, 1), date(2026, 3, 20), annule=True, connu=CORRIGE)
        _add_version(conn, dossier, fichier)
        _add_autres(conn, dossier, fichier)
    return dossier


def _add_version(conn: Connection, dossier: fabrique.Dossier, fichier: object) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.arret_prescrit_version (plateforme_id, id_avis, assure_id, date_debut, date_fin, nature, risque,"
            " temps_partiel, motif_categorie, ald, annule, recu_source_at, connu_du, connu_au, fichier_id)"
            " VALUES ('PF35', 'AV-1', :a, '2026-06-01', '2026-09-30', 'initiale', 'maladie', false, 'tms', false, false, :du, :du, :au, :f)"
        ),
        {"a": dossier.assure, "du": M - timedelta(days=40), "au": CORRIGE, "f": fichier},
    )


def _add_autres(conn: Connection, dossier: fabrique.Dossier, fichier: object) -> None:
    commun = {"a": dossier.assure, "c": M - timedelta(days=2), "f": fichier}
    conn.execute(
        text(
            "INSERT INTO pdp.affection (plateforme_id, assure_id, id_droit, nature, affection, debut, recu_source_at,"
            " version_empreinte, connu_at, fichier_id) VALUES ('PF35', :a, 'D1', 'ald', :u, '2026-01-01', :c, '', :c, :f)"
        ),
        {**commun, "u": uuid4(), "c": CORRIGE},
    )
    conn.execute(
        text(
            "INSERT INTO pdp.ij_versee (plateforme_id, assure_id, id_versement, nature, risque, debut, fin, jours, traite_le,"
            " version_empreinte, connu_at, fichier_id)"
            " VALUES ('PF35', :a, 'V1', '6110', 'maladie', '2026-08-20', '2026-09-20', 29, '2026-10-01', '', :c, :f)"
        ),
        commun,
    )
    conn.execute(
        text(
            "INSERT INTO pdp.fait_dsn (plateforme_id, assure_id, cle, genre, code, neutre, debut, fin, siret, nature_declaration, emis_at,"
            " version_empreinte, connu_at, fichier_id)"
            " VALUES ('PF35', :a, 'c1', 'suspension', '501', true, '2026-05-01', '2026-05-12', '11111111100011', '01', :c, '', :c, :f)"
        ),
        commun,
    )
