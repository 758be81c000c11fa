"""A made-up team with all that a list can show: deadlines on every boundary, waits, partners, messages, appointments, an outage."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

import fabrique
from pdp.domain.tache import MOTIFS

PARIS = ZoneInfo("Europe/Paris")
M = fabrique.MAINTENANT  # Wednesday 18 November 2026, 09:00 in Paris
JOUR = M.astimezone(PARIS).date()
PANNE = (M - timedelta(days=6), M - timedelta(days=2))
# Instants that a wrong boundary would put in another class: Paris midnights of today, tomorrow and Monday, to the microsecond.
BORDS = [
    datetime.combine(JOUR + timedelta(days=n), time(0), PARIS).astimezone(UTC) + delta
    for n in (0, 1, 5)
    for delta in (timedelta(microseconds=-1), timedelta(0))
]


def fill_equipe(conn: Connection, csams: list[UUID], graine: int, personnes: int) -> None:
    """People of several coordinators: open reasons on and around the boundaries, waits, partners, messages, appointments, outages."""
    hasard = random.Random(graine)
    for _ in range(personnes):
        dossier = fabrique.parcours(conn, csam=hasard.choice(csams))
        p = dossier.parcours
        survenu = JOUR - timedelta(days=hasard.randrange(0, 9))
        conn.execute(
            text("UPDATE pdp.parcours SET priorite = :n, decide_at = :d, survenu_le = :s, connu_at = :k WHERE id = :p"),
            {
                "n": hasard.choice((10, 50, 90)),
                "d": M - timedelta(days=hasard.randrange(5)),
                "s": survenu,
                "k": hasard.choice((PANNE[1], PANNE[1] + timedelta(hours=23, minutes=59), PANNE[1] + timedelta(days=1), PANNE[0])),
                "p": p,
            },
        )
        conn.execute(
            text("UPDATE pdp.episode SET debut = :d WHERE assure_id = :a"),
            {"d": JOUR - timedelta(days=hasard.choice((80, 80, 120, 300))), "a": dossier.assure},
        )
        _open_taches(conn, dossier, hasard)
        _add_voisins(conn, dossier, hasard)
        if hasard.random() < 0.2:
            conn.execute(text("UPDATE pdp.parcours SET clos_at = :m, cloture_motif = 'retraite' WHERE id = :p"), {"m": M, "p": p})


def _open_taches(conn: Connection, dossier: fabrique.Dossier, hasard: random.Random) -> None:
    for rang in range(hasard.choice((0, 1, 1, 2, 3))):
        retour = hasard.choice((None, None, JOUR - timedelta(days=1), JOUR, JOUR + timedelta(days=1)))
        attente = {"attente_raison": "soins_en_cours", "attente_du_at": M - timedelta(days=3), "attente_jusqu_au": retour}
        autour = M + timedelta(microseconds=hasard.choice((-1, 0)))
        insert(
            conn,
            "pdp.tache",
            plateforme_id="PF35",
            parcours_id=dossier.parcours,
            motif=hasard.choice((*MOTIFS, *("premier_appel", "lire_reponse") * 4)),  # often the same reason twice for one person
            balle=hasard.choice(("csam", "assure", "partenaire", "medecin_conseil")),
            echeance_at=hasard.choice((*BORDS, M + timedelta(days=hasard.randrange(-20, 40)), autour)),
            cause=f"c{rang}",
            origine="automatique",
            ouverte_at=M - timedelta(days=3),
            ouverte_par="essai",
            **(attente if retour else {}),
            **({"fermee_at": M, "fermee_par": "essai"} if hasard.random() < 0.15 else {}),
        )


def _add_voisins(conn: Connection, dossier: fabrique.Dossier, hasard: random.Random) -> None:
    """Partners, messages, an appointment, calls."""
    cle: dict[str, Any] = {"plateforme_id": "PF35", "parcours_id": dossier.parcours}
    for dispositif in hasard.sample(("service_social", "spst", "cap_emploi"), hasard.choice((0, 0, 1, 2))):
        accord = uuid4()
        accorde = {"destinataire": dispositif, "decision": "accorde", "finalite": "f", "modalite": "oral", "texte_version": "v"}
        insert(conn, "pdp.accord", id=accord, **cle, **accorde, recueilli_par=dossier.csam, recueilli_at=M)
        statut = hasard.choice(("envoyee", "acceptee", "refusee", "realisee"))
        proposee = {"motif": "m", "contenu": "{}", "propose_par": dossier.csam, "proposee_at": M, "reponse_attendue_le": JOUR}
        partenaire = fabrique.partenaire(conn, dispositif)
        insert(conn, "pdp.orientation", **cle, **proposee, partenaire_id=partenaire, dispositif=dispositif, accord_id=accord, statut=statut)
    if hasard.random() < 0.3:
        etat = hasard.choice(("rebut", "incertain", "livre", "a_envoyer"))
        message = {"canal": "portail", "type": "orientation", "charge": "{}", "empreinte": b"0"}
        insert(conn, "pdp.outbox", **cle, **message, cle=uuid4(), etat=etat, prochain_essai_at=M, horizon_at=M, cree_at=M)
    if hasard.random() < 0.3:
        debut = hasard.choice((*BORDS, M - timedelta(hours=2), M + timedelta(days=4)))
        quand = {
            "debut_at": debut,
            "fin_at": debut + timedelta(minutes=45),
            "planifie_at": M,
            "csam_numero": hasard.randrange(10**6, 10**9),
        }
        insert(conn, "pdp.tele_echange", **cle, **quand, csam_id=dossier.csam, statut=hasard.choice(("planifie", "confirme", "realise")))
    for _ in range(hasard.choice((0, 1, 2))):
        erreur = M if hasard.random() < 0.3 else None
        appel = {"agent_id": dossier.csam, "canal": "telephone", "resultat": "messagerie", "cle_saisie": uuid4()}
        insert(conn, "pdp.contact", **cle, **appel, survenu_at=M - timedelta(hours=hasard.randrange(200)), saisie_par_erreur_at=erreur)


def insert(conn: Connection, table: str, **colonnes: Any) -> None:
    """One row."""
    conn.execute(text(f"INSERT INTO {table} ({', '.join(colonnes)}) VALUES ({', '.join(':' + nom for nom in colonnes)})"), colonnes)
