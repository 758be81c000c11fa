"""A small population with a past, for what evaluators read: two platforms, parcours at every step, secrets planted everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

import fabrique

NOM_PLANTE = "Zyxwvut-Secrette"
ANCIEN, RECENT = date(2026, 2, 16), date(2026, 10, 12)  # with and without 183 days before MAINTENANT
_NAISSANCES = (date(1980, 5, 1), date(1980, 5, 1), date(1990, 5, 1), date(2003, 5, 1))
_RANG = count(1)


@dataclass(frozen=True)
class Plantes:
    """What was planted: counts to find again and strings that must be found nowhere."""

    personnes: int
    avec_recul: int
    au_travail: int
    interdits: frozenset[str]


def plant_population(conn: Connection, regles: dict[str, tuple[UUID, UUID]], rennes: int = 120, metz: int = 5) -> Plantes:
    """``rennes`` people on PF35 (two thirds signalled in February), ``metz`` on PF57: too few to be shown.

    ``regles``: version and rule of the delegation of each platform.
    """
    csam = {p: fabrique.agent(conn, plateforme=p) for p in ("PF35", "PF57")}
    partenaire = fabrique.partenaire(conn)
    anciens = rennes * 2 // 3
    for rang in range(rennes):
        parcours = _person(conn, "PF35", csam["PF35"], rang, ANCIEN if rang < anciens else RECENT, regles, avec_parcours=rang % 6 != 5)
        if parcours is not None and rang < anciens:
            _live(conn, parcours, csam["PF35"], partenaire, ANCIEN, rang)
    for rang in range(metz):
        _person(conn, "PF57", csam["PF57"], rang, RECENT, regles, avec_parcours=True)
    au_travail = conn.execute(text("SELECT count(*) FROM pdp.issue")).scalar_one()
    return Plantes(rennes + metz, anciens, au_travail, _list_interdits(conn))


def _at(jour: date, apres: int, heure: time = time(8)) -> datetime:
    return datetime.combine(jour + timedelta(days=apres), heure, UTC)


def _person(
    conn: Connection, plateforme: str, csam: UUID, rang: int, signal: date, regles: dict[str, tuple[UUID, UUID]], *, avec_parcours: bool
) -> UUID | None:
    numero = next(_RANG)
    version, regle = (None, None) if rang % 2 else regles[plateforme]
    assure = fabrique.assure(conn, plateforme, _NAISSANCES[rang % 4], nom=f"{NOM_PLANTE}{numero}")
    episode, signalement, parcours = uuid4(), uuid4(), uuid4()
    commun = {
        "p": plateforme,
        "a": assure,
        "e": episode,
        "s": signalement,
        "i": parcours,
        "c": csam,
        "j": signal,
        "m": _at(signal, 0),
        "d": _at(signal, 1),
    }
    conn.execute(
        text("UPDATE identite.assure SET sexe = :x, id_source = :s WHERE id = :a"),
        {"x": "MF"[rang % 2], "s": f"ZS-{numero:05}", "a": assure},
    )
    conn.execute(
        text(
            "INSERT INTO pdp.episode (id, plateforme_id, assure_id, premiere_prescription, debut, fin, jours_prescrits,"
            " nb_prescriptions, risque,"
            " motif_categorie, connu_at, calcule_at) VALUES (:e, :p, :a, 'AV', :debut, :fin, 100, 2, 'maladie', :motif, :m, :m)"
        ),
        {
            **commun,
            "debut": signal - timedelta(days=90),
            "fin": signal + timedelta(days=10 + rang),
            "motif": "psychique" if rang % 4 < 2 and rang % 3 == 2 else "tms",
        },
    )
    conn.execute(
        text(
            "INSERT INTO pdp.signalement (id, plateforme_id, assure_id, episode_id, palier, survenu_le, connu_at,"
            " decide_at, priorite, statut, mode_decision, dol_version_id, dol_regle_id)"
            " VALUES (:s, :p, :a, :e, 90, :j, :m, :d, 10, :statut, :mode, :v, :r)"
        ),
        {
            **commun,
            "statut": "oriente_csam" if avec_parcours else "a_trier",
            "mode": "mc" if rang % 2 else "delegue",
            "v": version,
            "r": regle,
        },
    )
    _judge(conn, commun, rang)
    if not avec_parcours:
        return None
    conn.execute(
        text(
            "INSERT INTO pdp.parcours (id, plateforme_id, assure_id, signalement_id, statut, csam_id, survenu_le,"
            " connu_at, decide_at, dernier_evenement_at)"
            " VALUES (:i, :p, :a, :s, 'affecte', :c, :j, :m, :d, :d)"
        ),
        commun,
    )
    return parcours


def _judge(conn: Connection, commun: dict[str, object], rang: int) -> None:
    """Everybody carries one rule; two people out of three were judged, three quarters of them pertinent."""
    conn.execute(
        text(
            "INSERT INTO pdp.signalement_motif (signalement_id, plateforme_id, regle, regle_version, libelle, valeur_observee, seuil,"
            " parametre_id, points) VALUES (:s, :p, 'palier_90', 2, 'secret-libelle', 90, 90, 'x', 10)"
        ),
        commun,
    )
    if rang % 3:
        pertinente = rang % 4 != 3
        conn.execute(
            text(
                "INSERT INTO pdp.verdict_detection (plateforme_id, signalement_id, agent_id, verdict, motif, note, rendu_at)"
                " VALUES (:p, :s, :c, :v, :r, 'secret-note', :d)"
            ),
            {**commun, "v": "pertinente" if pertinente else "non_pertinente", "r": None if pertinente else "deja_repris"},
        )


def _live(conn: Connection, parcours: UUID, csam: UUID, partenaire: UUID, signal: date, rang: int) -> None:
    """As many steps as the rank allows; the first contact is at half past midnight of the fifth day, in Paris."""
    accord = uuid4()
    v = {"i": parcours, "c": csam, "pa": partenaire, "ac": accord, "te": uuid4(), "or": uuid4(), "co": uuid4()}
    etapes = [
        (
            "INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)"
            " VALUES ('PF35', :i, :c, :le, 'secret-affectation', 'systeme', 'x')",
            _at(signal, 2),
        ),
        (
            "INSERT INTO pdp.contact (plateforme_id, parcours_id, agent_id, survenu_at, canal, resultat, note, cle_saisie)"
            " VALUES ('PF35', :i, :c, :le, 'telephone', 'joint', 'secret-note', :co)",
            _at(signal, 4, time(23, 30)),
        ),
        (
            "INSERT INTO pdp.tele_echange (id, plateforme_id, parcours_id, csam_id, csam_numero, debut_at, fin_at,"
            " statut, synthese, planifie_at)"
            " VALUES (:te, 'PF35', :i, :c, :rang, :le, cast(:le AS timestamptz) + interval '45 minutes', 'realise',"
            " 'secret-synthese', :le)",
            _at(signal, 10),
        ),
        (
            "INSERT INTO pdp.accord (id, plateforme_id, parcours_id, destinataire, decision, finalite, modalite,"
            " texte_version, recueilli_par, recueilli_at)"
            " VALUES (:ac, 'PF35', :i, 'service_social', 'accorde', 'secret-finalite', 'oral', '1', :c, :le)",
            _at(signal, 10),
        ),
        (
            "INSERT INTO pdp.orientation (id, plateforme_id, parcours_id, partenaire_id, dispositif, accord_id, statut,"
            " motif, contenu, propose_par,"
            " proposee_at, envoyee_at, repondue_at, reponse_attendue_le, compte_rendu)"
            " VALUES (:or, 'PF35', :i, :pa, 'service_social', :ac, 'acceptee', 'secret-motif', '{}', :c, :le, :le,"
            " cast(:le AS timestamptz) + interval '8 days',"
            " '2026-04-01', 'secret-compte-rendu')",
            _at(signal, 12),
        ),
        (
            "INSERT INTO pdp.issue (plateforme_id, parcours_id, jalon, situation, survenu_le, provenance, confirme_par,"
            " connu_at, decide_at)"
            " VALUES ('PF35', :i, 'cloture', 'meme_poste', cast(:le AS timestamptz)::date, 'declare_assure', :c, :le, :le)",
            _at(signal, 100),
        ),
    ]
    for requete, le in etapes[: 6 if rang < 36 else 1 + rang % 4]:
        conn.execute(text(requete), {**v, "le": le, "rang": 1000 + rang})
    if rang % 5 == 0:
        conn.execute(
            text(
                "INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, survenu_at, connu_at)"
                " SELECT plateforme_id, assure_id, id, :t, 'secret-cause', 'secret-phrase', :le, :le FROM pdp.parcours WHERE id = :i"
            ),
            {"i": parcours, "le": _at(signal, 30), "t": "enlisement" if rang % 10 else "risque_suicidaire"},
        )
        conn.execute(
            text(
                "INSERT INTO pdp.soutien_psy (plateforme_id, parcours_id, resultat, eligibilite, motifs, fenetre_au,"
                " enregistre_par, enregistre_at)"
                " VALUES ('PF35', :i, 'proposee', 'eligible', '{}', '2026-06-01', :c, :le)"
            ),
            {"i": parcours, "c": csam, "le": _at(signal, 11)},
        )


def _list_interdits(conn: Connection) -> frozenset[str]:
    """Identity, numbers, free texts and every id of the operational tables, with and without dashes."""
    trouves = conn.execute(
        text(
            "SELECT unnest(ARRAY[nom, prenom, id_source, telephone, ',' || commune_insee || ',', id::text]) FROM identite.assure"
            " UNION SELECT unnest(ARRAY[nom, matricule, id::text]) FROM pdp.agent UNION SELECT unnest(ARRAY[nom,"
            " id_source, id::text]) FROM pdp.partenaire"
            " UNION SELECT id::text FROM pdp.parcours UNION SELECT id::text FROM pdp.episode UNION SELECT id::text FROM pdp.signalement"
            " UNION SELECT id::text FROM pdp.orientation UNION SELECT id::text FROM pdp.tele_echange UNION SELECT id::text FROM pdp.accord"
        )
    ).scalars()
    valeurs = {v for v in trouves if v} | {"secret-", "0000000000"}
    return frozenset(valeurs | {v.replace("-", "") for v in valeurs if len(v) == 36})
