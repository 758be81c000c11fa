"""Rows for tests, made through the batch role: small, valid, with what the test does not care about left to defaults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.services.manage_dol import draft_dol, sign_dol
from pdp.services.publish_referentiel import publish_referentiel
from pdp.storage import chiffrement, db

MAINTENANT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)  # a Wednesday, 09:00 in Paris
TEST = systeme("test")
_RANG = count(1)


def lot(auteur: Auteur = TEST) -> Any:
    """Transaction of the batch role."""
    return db.begin(settings().url_app, auteur)


def auteur_agent(agent_id: UUID, role: str = "csam", plateforme: str = "PF35") -> Auteur:
    return Auteur("agent", str(agent_id), role, plateforme)


def _one(conn: Connection, requete: str, **parametres: Any) -> UUID:
    return conn.execute(text(requete), parametres).scalar_one()


def socle(conn: Connection) -> None:
    """Platforms and referential, as a migrated installation has them."""
    publish_referentiel(conn)


def agent(
    conn: Connection, role: str = "csam", plateforme: str = "PF35", territoire: tuple[str, ...] = ("tous",), quotite: float = 1
) -> UUID:
    rang = next(_RANG)
    return _one(
        conn,
        "INSERT INTO pdp.agent (plateforme_id, matricule, nom, prenom, role, territoire, quotite, actif_du)"
        " VALUES (:p, :m, :n, 'Camille', :r, :t, :q, '2020-01-01') RETURNING id",
        p=plateforme,
        m=f"T{rang:05}",
        n=f"Agent{rang}",
        r=role,
        t=list(territoire),
        q=quotite,
    )


def partenaire(
    conn: Connection, type: str = "service_social", canal: str = "portail", plateforme: str = "PF35", url: str | None = None
) -> UUID:
    rang = next(_RANG)
    return _one(
        conn,
        "INSERT INTO pdp.partenaire (plateforme_id, id_source, type, nom, canal, url, courriel, actif_du)"
        " VALUES (:p, :s, :t, :n, :c, :u, :e, '2020-01-01') RETURNING id",
        p=plateforme,
        s=f"N{rang:05}",
        t=type,
        n=f"Partenaire {rang}",
        c=canal,
        u=url or ("http://127.0.0.1:9" if canal == "api" else None),
        e=f"partenaire{rang}@exemple.invalid",
    )


def assure(
    conn: Connection, plateforme: str = "PF35", naissance: date = date(1980, 5, 1), commune: str | None = None, nom: str | None = None
) -> UUID:
    rang = next(_RANG)
    nir = f"{rang:015}"
    return _one(
        conn,
        "INSERT INTO identite.assure (plateforme_id, id_source, nir_chiffre, nir_empreinte, nom, prenom, date_naissance, sexe,"
        " commune_insee, telephone, contrat, mis_a_jour_source_at, connu_at)"
        " VALUES (:p, :s, :nc, :ne, :n, 'Dominique', :d, 'F', :c, '+33639980000', 'salarie', :m, :m) RETURNING id",
        p=plateforme,
        s=f"A{rang:05}",
        nc=chiffrement.encrypt(nir),
        ne=chiffrement.fingerprint(nir),
        n=nom or f"Assuree{rang}",
        d=naissance,
        c=commune or ("35238" if plateforme == "PF35" else "57463"),
        m=MAINTENANT,
    )


def fichier(conn: Connection) -> UUID:
    return _one(
        conn,
        "INSERT INTO pdp.flux_fichier (flux, nom, empreinte, taille_octets, etat, recu_at)"
        " VALUES ('arrets_prescrits', 'essai.csv', :e, 1, 'charge', :m) RETURNING id",
        e=uuid4().bytes,
        m=MAINTENANT,
    )


def arret(conn: Connection, assure_id: UUID, debut: date, fin: date, plateforme: str = "PF35", **champs: Any) -> UUID:
    rang = next(_RANG)
    valeurs = {
        "nature": "initiale",
        "risque": "maladie",
        "temps_partiel": False,
        "motif_categorie": "tms",
        "ald": False,
        "annule": False,
        "id_avis": f"AV{rang:06}",
        "recu": MAINTENANT,
        "connu": MAINTENANT,
        **champs,
    }
    return _one(
        conn,
        "INSERT INTO pdp.arret_prescrit (plateforme_id, assure_id, id_avis, date_debut, date_fin, nature, risque, temps_partiel,"
        " motif_categorie, ald, canal, annule, recu_source_at, version_empreinte, connu_at, fichier_id)"
        " VALUES (:p, :a, :id_avis, :d, :f, :nature, :risque, :temps_partiel, :motif_categorie, :ald, 'e_aat', :annule, :recu, :v,"
        " :connu, :fi) RETURNING id",
        p=plateforme,
        a=assure_id,
        d=debut,
        f=fin,
        v=uuid4().bytes,
        fi=fichier(conn),
        **valeurs,
    )


def signalement(
    conn: Connection, assure_id: UUID, *, plateforme: str = "PF35", palier: int = 90, statut: str = "a_trier", priorite: int = 50
) -> UUID:
    """A signalement with its episode, started so that the threshold was crossed on the day of MAINTENANT."""
    jour = MAINTENANT.date()
    premiere = f"AV{uuid4()}"
    suite = md5(f"{assure_id}/{premiere}".encode(), usedforsecurity=False).hexdigest()[16:]
    episode = UUID(str(assure_id)[:18] + suite)  # as the detection names it
    conn.execute(
        text(
            "INSERT INTO pdp.episode (id, plateforme_id, assure_id, premiere_prescription, debut, fin, jours_prescrits,"
            " nb_prescriptions, risque, motif_categorie, connu_at, calcule_at)"
            " VALUES (:i, :p, :a, :av, :d, :f, :n, 1, 'maladie', 'tms', :m, :m)"
        ),
        {
            "i": episode,
            "av": premiere,
            "p": plateforme,
            "a": assure_id,
            "d": jour - timedelta(days=palier),
            "f": jour + timedelta(days=20),
            "n": palier + 20,
            "m": MAINTENANT,
        },
    )
    return _one(
        conn,
        "INSERT INTO pdp.signalement (plateforme_id, assure_id, episode_id, palier, survenu_le, connu_at, priorite, statut)"
        " VALUES (:p, :a, :e, :n, :j, :m, :pr, :s) RETURNING id",
        p=plateforme,
        a=assure_id,
        e=episode,
        n=palier,
        j=jour,
        m=MAINTENANT,
        pr=priorite,
        s=statut,
    )


@dataclass(frozen=True)
class Dossier:
    """An assigned parcours and who is around it."""

    parcours: UUID
    assure: UUID
    signalement: UUID
    csam: UUID


def parcours(
    conn: Connection, *, csam: UUID | None = None, statut: str = "affecte", plateforme: str = "PF35", assure_id: UUID | None = None
) -> Dossier:
    personne = assure_id or assure(conn, plateforme)
    signal = signalement(conn, personne, plateforme=plateforme, statut="oriente_csam")
    conseiller = csam or agent(conn, plateforme=plateforme)
    dossier = _one(
        conn,
        "INSERT INTO pdp.parcours (plateforme_id, assure_id, signalement_id, statut, csam_id, priorite, survenu_le, connu_at,"
        " decide_at, dernier_evenement_at)"
        " VALUES (:p, :a, :s, :st, :c, 50, :j, :m, :m, :m) RETURNING id",
        p=plateforme,
        a=personne,
        s=signal,
        st=statut,
        c=conseiller,
        j=MAINTENANT.date(),
        m=MAINTENANT,
    )
    return Dossier(dossier, personne, signal, conseiller)


def delegation(
    medecin: UUID, plateforme: str = "PF35", conditions: dict[str, Any] | None = None, cible: str = "oriente_csam"
) -> tuple[UUID, UUID]:
    """A signed document d'orientation local of one rule, in force on MAINTENANT: ids of the version and of the rule."""
    auteur = auteur_agent(medecin, "medecin_conseil", plateforme)
    with db.begin_as(auteur) as conn:
        regle = {"libelle": "Règle d'essai", "conditions": conditions or {}, "cible": cible}
        version = draft_dol(conn, auteur, plateforme, MAINTENANT.date(), [regle])
        sign_dol(conn, auteur, version, MAINTENANT)
        return version, _one(conn, "SELECT id FROM pdp.dol_regle WHERE dol_version_id = :v", v=version)
