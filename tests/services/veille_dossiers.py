"""Situations for the tests of the watch: rows as the services would have left them, at the instant the test chooses."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

import fabrique
from fabrique import MAINTENANT, Dossier, auteur_agent, lot
from pdp.domain.auteur import systeme
from pdp.domain.bilan import Bilan
from pdp.services.sweep_veille import sweep_veille

VEILLE = systeme("sweep_veille")
JOUR = MAINTENANT.date()
JOURS = timedelta(days=1)


def sweep(le: datetime = MAINTENANT) -> Bilan:
    with lot(VEILLE) as conn:
        return sweep_veille(conn, "PF35", VEILLE, le)


def actions(bilan: Bilan) -> dict[str, int]:
    """Counters that moved."""
    return {cle: n for cle, n in bilan.detail.items() if n}


def add_tache(
    dossier: Dossier,
    motif: str = "nouvel_appel",
    *,
    balle: str = "csam",
    echeance: datetime = MAINTENANT + timedelta(days=1),
    cause: str = "essai",
    fermee: datetime | None = None,
    issue: str | None = None,
) -> UUID:
    with lot() as conn:
        return fabrique._one(
            conn,
            "INSERT INTO pdp.tache (plateforme_id, parcours_id, motif, balle, echeance_at, cause, origine, ouverte_at, ouverte_par,"
            " fermee_at, fermee_par, issue) SELECT plateforme_id, id, :m, :b, :e, :c, 'automatique', :o, 'test', :f,"
            " CASE WHEN cast(:f AS timestamptz) IS NULL THEN NULL ELSE 'test' END, :i"
            " FROM pdp.parcours WHERE id = :p RETURNING id",
            m=motif,
            b=balle,
            e=echeance,
            c=cause,
            o=MAINTENANT - timedelta(days=20),
            f=fermee,
            i=issue,
            p=dossier.parcours,
        )


def add_contact(dossier: Dossier, le: datetime, resultat: str = "non_reponse", canal: str = "telephone") -> UUID:
    with lot() as conn:
        return fabrique._one(
            conn,
            "INSERT INTO pdp.contact (plateforme_id, parcours_id, agent_id, survenu_at, canal, resultat, cle_saisie)"
            " SELECT plateforme_id, id, csam_id, :le, :c, :r, :k FROM pdp.parcours WHERE id = :p RETURNING id",
            le=le,
            c=canal,
            r=resultat,
            k=uuid4(),
            p=dossier.parcours,
        )


def add_tele_echange(dossier: Dossier, debut: datetime, statut: str = "planifie") -> UUID:
    with lot() as conn:
        return fabrique._one(
            conn,
            "INSERT INTO pdp.tele_echange (plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at, statut, planifie_at)"
            " SELECT p.plateforme_id, p.id, a.id, a.numero, :d, :f, :s, :m"
            " FROM pdp.parcours p JOIN pdp.agent a ON a.id = p.csam_id WHERE p.id = :p RETURNING id",
            d=debut,
            f=debut + timedelta(minutes=45),
            s=statut,
            m=debut - timedelta(days=3),
            p=dossier.parcours,
        )


def add_accord(
    dossier: Dossier, destinataire: str = "service_social", *, decision: str = "accorde", retire: datetime | None = None
) -> UUID:
    with lot() as conn:
        return fabrique._one(
            conn,
            "INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, modalite, texte_version, recueilli_par,"
            " recueilli_at, retire_at, retrait_canal) SELECT plateforme_id, id, :d, :x, 'essai', 'oral', '1', csam_id, :m, :r,"
            " CASE WHEN cast(:r AS timestamptz) IS NULL THEN NULL ELSE 'telephone' END FROM pdp.parcours WHERE id = :p RETURNING id",
            d=destinataire,
            x=decision,
            m=MAINTENANT - timedelta(days=40),
            r=retire,
            p=dossier.parcours,
        )


def add_orientation(
    dossier: Dossier,
    statut: str = "envoyee",
    *,
    attendue: date = JOUR + timedelta(days=5),
    repondue: datetime | None = None,
    accord: UUID | None = None,
    type: str = "service_social",
) -> UUID:
    accord_id = accord or add_accord(dossier, type)
    with lot() as conn:
        return fabrique._one(
            conn,
            "INSERT INTO pdp.orientation (plateforme_id, parcours_id, partenaire_id, dispositif, accord_id, statut, motif, contenu,"
            " propose_par, proposee_at, envoyee_at, repondue_at, reponse_attendue_le)"
            " SELECT plateforme_id, id, :n, :t, :a, :s, 'essai', '{}', csam_id, :m, :m, :r, :j"
            " FROM pdp.parcours WHERE id = :p RETURNING id",
            n=fabrique.partenaire(conn, type),
            t=type,
            a=accord_id,
            s=statut,
            m=MAINTENANT - timedelta(days=35),
            r=repondue,
            j=attendue,
            p=dossier.parcours,
        )


def set_parcours(dossier: Dossier, **champs: Any) -> None:
    """Known columns only, one at a time."""
    requetes = {
        "statut": "UPDATE pdp.parcours SET statut = :v WHERE id = :p",
        "dernier_evenement_at": "UPDATE pdp.parcours SET dernier_evenement_at = :v WHERE id = :p",
        "csam_id": "UPDATE pdp.parcours SET csam_id = :v WHERE id = :p",
        "decide_at": "UPDATE pdp.parcours SET decide_at = :v WHERE id = :p",
        "fin_arret": "UPDATE pdp.episode SET fin = :v WHERE assure_id = (SELECT assure_id FROM pdp.parcours WHERE id = :p)",
    }
    with lot() as conn:
        for nom, valeur in champs.items():
            conn.execute(fabrique.text(requetes[nom]), {"v": valeur, "p": dossier.parcours})


def plant_s11(d: Dossier) -> None:
    """Silent for thirty days, with nothing but a reminder that is due."""
    set_parcours(d, dernier_evenement_at=MAINTENANT - 30 * JOURS)
    add_tache(d, "tache_personnelle", echeance=MAINTENANT)


def taches_ouvertes(admin: psycopg.Connection, dossier: Dossier) -> list[str]:
    lignes = admin.execute("SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL ORDER BY motif", (dossier.parcours,))
    return [motif for (motif,) in lignes]


def alertes(admin: psycopg.Connection, dossier: Dossier) -> list[tuple[str, str]]:
    lignes = admin.execute("SELECT type, cause FROM pdp.alerte WHERE assure_id = %s ORDER BY connu_at, type", (dossier.assure,))
    return [(type_alerte, cause) for type_alerte, cause in lignes]


def statut(admin: psycopg.Connection, dossier: Dossier) -> str:
    return admin.execute("SELECT statut FROM pdp.parcours WHERE id = %s", (dossier.parcours,)).fetchone()[0]


def evenements(admin: psycopg.Connection, dossier: Dossier) -> list[str]:
    return [e for (e,) in admin.execute("SELECT evenement FROM journal.evenement WHERE parcours_id = %s ORDER BY id", (dossier.parcours,))]


def medecin() -> Any:
    with lot() as conn:
        return auteur_agent(fabrique.agent(conn, "medecin_conseil"), "medecin_conseil")
