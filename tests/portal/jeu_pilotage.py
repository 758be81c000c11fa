"""People whose steps are known by heart, for the manager's page of steering.

On the first platform 160 signalled: half decided after 1 day, half after 5; 144 followed, all assigned the same day; 72 reached after
3 days, 48 after 10, 24 never (what was entered by mistake does not count); of the 120 reached, 96 had their interview 7 days later and 24
left after 2 days; 48 handed over 1 day after the interview, 10 accepted. Another platform has the same, in another quantity.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from portal.donnees import AILLEURS, ICI, Lieu

SIGNALEES, SUIVIES, JAMAIS, PARTIS, ECHANGES, ORIENTES, ACCEPTES = 160, 144, 24, 24, 96, 48, 10


@dataclass
class Histoire:
    """One person: opaque ids and the instants of each step."""

    rang: int
    plateforme: str
    signale: datetime
    assure: UUID = field(default_factory=uuid4)
    signalement: UUID = field(default_factory=uuid4)
    parcours: UUID = field(default_factory=uuid4)

    @property
    def decide(self) -> datetime:
        return self.signale + timedelta(days=1 if self.rang % 2 else 5, hours=1)

    @property
    def joint(self) -> datetime:
        return self.decide + timedelta(days=3 if self.rang < JAMAIS + 72 else 10, hours=1)

    @property
    def echange(self) -> datetime:
        return self.joint + timedelta(days=7, hours=1)


def build_pilotage(lieu: Lieu, admin: psycopg.Connection[Any], maintenant: datetime) -> list[Histoire]:
    """Rows of both platforms, put in without triggers."""
    histoires = [Histoire(i, ICI, maintenant - timedelta(days=100)) for i in range(SIGNALEES)]
    histoires += [Histoire(i, AILLEURS, maintenant - timedelta(days=100)) for i in range(30)]
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        for h in histoires:
            _add_personne(admin, h)
            if h.rang < SUIVIES:
                _add_suivi(admin, h, lieu.comptes["csam" if h.plateforme == ICI else "csam_ailleurs"], lieu)
    return histoires


def _put(admin: psycopg.Connection[Any], table: str, **colonnes: Any) -> None:
    noms = ", ".join(colonnes)
    admin.execute(f"INSERT INTO {table} ({noms}) VALUES ({', '.join(['%s'] * len(colonnes))})".encode(), list(colonnes.values()))


def _add_personne(admin: psycopg.Connection[Any], h: Histoire) -> None:
    """48 + 12 women of the 144 followed; independent one in two; the last 14 live two by two in small communes."""
    _put(
        admin,
        "identite.assure",
        id=h.assure,
        plateforme_id=h.plateforme,
        id_source=f"P{h.plateforme}{h.rang}",
        nir_chiffre=b"x",
        nir_empreinte=f"{h.plateforme}{h.rang}".encode(),
        nom="ZORGLUBE",
        prenom="Xanthippine",
        date_naissance=h.signale.date() - timedelta(days=40 * 365),
        sexe="F" if h.rang < 12 or JAMAIS <= h.rang < 72 else "M",
        commune_insee=f"35{h.rang // 2:03}" if h.rang >= 130 else "35238",
        contrat="independant" if h.rang % 2 else "salarie",
        mis_a_jour_source_at=h.signale,
        connu_at=h.signale,
    )
    _put(
        admin,
        "pdp.signalement",
        id=h.signalement,
        plateforme_id=h.plateforme,
        assure_id=h.assure,
        episode_id=uuid4(),
        palier=90,
        survenu_le=h.signale.date(),
        connu_at=h.signale,
        decide_at=h.decide,
        priorite=10,
        statut="oriente_csam" if h.rang < SUIVIES else "sans_suite",
        mode_decision="mc",
        motif_decision="Essai",
    )


def _add_suivi(admin: psycopg.Connection[Any], h: Histoire, csam: UUID, lieu: Lieu) -> None:
    parti = h.rang >= SUIVIES - PARTIS
    clos = h.joint + timedelta(days=2) if parti else None
    _put(
        admin,
        "pdp.parcours",
        id=h.parcours,
        plateforme_id=h.plateforme,
        assure_id=h.assure,
        signalement_id=h.signalement,
        statut="cloture" if parti else "affecte",
        csam_id=csam,
        survenu_le=h.signale.date(),
        connu_at=h.signale,
        decide_at=h.decide,
        dernier_evenement_at=h.decide,
        clos_at=clos,
        cloture_motif="sans_besoin" if parti else None,
    )
    ici = {"plateforme_id": h.plateforme, "parcours_id": h.parcours}
    _put(admin, "pdp.affectation", **ici, csam_id=csam, du=h.decide + timedelta(hours=1), motif="Essai", par_type="systeme", par_id="essai")
    erreur = h.joint if h.rang < JAMAIS else None
    appel = {"canal": "telephone", "resultat": "joint", "cle_saisie": uuid4(), "saisie_par_erreur_at": erreur}
    _put(admin, "pdp.contact", **ici, agent_id=csam, survenu_at=h.joint + timedelta(hours=1), **appel)
    if JAMAIS <= h.rang < JAMAIS + ECHANGES:
        quand = {"debut_at": h.echange + timedelta(hours=1), "fin_at": h.echange + timedelta(hours=2), "planifie_at": h.joint}
        _put(
            admin,
            "pdp.tele_echange",
            **ici,
            csam_id=csam,
            csam_numero=h.rang + (1000 if h.plateforme == ICI else 2000),
            canal="telephone",
            statut="realise",
            **quand,
        )
    if JAMAIS <= h.rang < JAMAIS + ORIENTES:
        envoi = h.echange + timedelta(days=1, hours=2)
        _put(
            admin,
            "pdp.orientation",
            **ici,
            partenaire_id=lieu.comptes["partenaire"],
            dispositif="cap_emploi",
            accord_id=uuid4(),
            statut="acceptee" if h.rang < JAMAIS + ACCEPTES else "envoyee",
            motif="Essai",
            contenu="{}",
            propose_par=csam,
            proposee_at=h.echange,
            envoyee_at=envoi,
            acceptee_at=envoi + timedelta(days=2) if h.rang < JAMAIS + ACCEPTES else None,
            reponse_attendue_le=envoi.date() + timedelta(days=10),
        )
