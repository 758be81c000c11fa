"""Acts of a coordinator drawn at random, played through the real services; and the case as everybody sees it, to compare."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import Connection, text

import fabrique
from etat_dossier import dump
from fabrique import MAINTENANT, auteur_agent
from pdp.domain.auteur import Auteur
from pdp.errors import ErreurPdp
from pdp.services.annulation import acte, undo_acte
from pdp.services.close_parcours import close_parcours
from pdp.services.declare_seances import declare_seance, stop_seances
from pdp.services.manage_taches import add_tache_personnelle, close_tache
from pdp.services.orient_parcours import cancel_orientation, orient_parcours
from pdp.services.plan_tele_echange import cancel_tele_echange, list_creneaux, plan_tele_echange
from pdp.services.propose_soutien_psy import record_soutien_psy
from pdp.services.record_accord import record_accord, withdraw_accord
from pdp.services.record_contact import record_contact
from pdp.services.record_silence import lift_silence, set_silence
from pdp.services.record_tele_echange import record_tele_echange
from pdp.services.record_verdict import cancel_verdict, record_verdict
from pdp.services.reopen_parcours import reopen_parcours
from pdp.services.wait_taches import resume_tache, snooze_tache
from pdp.services.withdraw_accord import withdraw_classes
from pdp.storage import db

DESTINATAIRES = ("accompagnement", "service_social", "spst")
GESTES = (
    *("contact", "planifie", "renseigne", "accord", "oriente") * 2,
    *(
        "annule_rdv",
        "retire",
        "accord_partiel",
        "retire_donnees",
        "retire_orientation",
        "psy",
        "seance",
        "arrete_psy",
        "silence",
        "leve",
        "tache",
        "faite",
        "reporte",
        "reprend",
    ),
    *("cloture", "rouvre", "verdict", "retire_verdict"),
)
# A case that goes to its end; what is drawn in between does not stop it.
CHEMIN = (
    *("contact_joint", "planifie", "annule_rdv", "planifie", "planifie", "renseigne", "tous_accords", "oriente", "retire_orientation"),
    *("oriente", "verdict", "retire_verdict", "reporte", "reprend", "cloture", "rouvre", "contact_joint", "retire", "cloture"),
)
DETOURS = ("tache", "faite", "reporte", "psy", "verdict", "contact_joint", "seance", "arrete_psy", "retire_donnees")


def draw_gestes(alea: random.Random, nombre: int, *, suivi: bool) -> list[str]:
    """A path to the end of a case with detours, or anything in any order."""
    if not suivi:
        return [alea.choice(GESTES) for _ in range(nombre)]
    gestes: list[str] = []
    for geste in CHEMIN:
        gestes += [alea.choice(DETOURS)] * (alea.random() < 0.2) + [geste]
    return gestes


@dataclass
class Joueur:
    """One coordinator at work on one case; ``faits``: acts that changed something, with the case before each."""

    dossier: fabrique.Dossier
    partenaires: dict[str, UUID]
    alea: random.Random
    maintenant: datetime = MAINTENANT
    faits: list[tuple[UUID, str, Any]] = field(default_factory=list)

    @property
    def auteur(self) -> Auteur:
        return auteur_agent(self.dossier.csam)

    def play(self, admin: psycopg.Connection[Any], geste: str) -> str:
        """One act; « refus » when the services refuse it, « rien » when it changed nothing."""
        self.maintenant += timedelta(minutes=self.alea.randint(1, 90))
        avant = dump(admin, self.dossier)
        try:
            with db.begin_as(self.auteur) as conn, acte(conn, self.auteur, self.dossier.parcours, geste, self.maintenant) as fait:
                getattr(self, f"_{geste}")(conn)
        except ErreurPdp:
            assert dump(admin, self.dossier) == avant
            return "refus"
        if fait.id is None:
            assert dump(admin, self.dossier) == avant
            return "rien"
        self.faits.append((fait.id, geste, avant))
        return "fait"

    def undo(self, acte_id: UUID) -> str:
        with db.begin_as(self.auteur) as conn:
            return undo_acte(conn, self.auteur, acte_id, self.maintenant + timedelta(seconds=5))

    def _piece(self, conn: Connection, requete: str) -> Any:
        pieces = conn.execute(text(requete), {"p": self.dossier.parcours, "a": self.dossier.assure}).scalars().all()
        return self.alea.choice(sorted(pieces, key=str)) if pieces else uuid4()

    def _contact_joint(self, conn: Connection) -> None:
        self._appelle(conn, "joint")

    def _contact(self, conn: Connection) -> None:
        resultats = ("joint", "non_reponse", "messagerie", "joint_rappel_demande", "refus_echange", "numero_faux", "decede")
        self._appelle(conn, self.alea.choice(resultats))

    def _appelle(self, conn: Connection, resultat: str) -> None:
        record_contact(
            conn,
            self.auteur,
            self.dossier.parcours,
            resultat=resultat,
            canal="telephone",
            note="essai",
            cle_saisie=uuid4(),
            maintenant=self.maintenant,
            rappel_at=self.maintenant + timedelta(days=2),
            entrant=resultat == "joint" and self.alea.random() < 0.3,
        )

    def _planifie(self, conn: Connection) -> None:
        creneaux = list_creneaux(conn, self.dossier.csam, self.maintenant)
        plan_tele_echange(conn, self.auteur, self.dossier.parcours, self.alea.choice(creneaux).debut, "telephone", self.maintenant)

    def _annule_rdv(self, conn: Connection) -> None:
        rdv = self._piece(conn, "SELECT id FROM pdp.tele_echange WHERE parcours_id = :p AND statut = 'planifie'")
        cancel_tele_echange(conn, self.auteur, rdv, "annule_assure", self.maintenant)

    def _renseigne(self, conn: Connection) -> None:
        rdv = conn.execute(
            text("SELECT id, debut_at FROM pdp.tele_echange WHERE parcours_id = :p AND statut = 'planifie'"), {"p": self.dossier.parcours}
        ).first()
        if rdv is not None:
            self.maintenant = max(self.maintenant, rdv.debut_at)
        record_tele_echange(
            conn,
            self.auteur,
            rdv.id if rdv else uuid4(),
            statut=self.alea.choice(("realise", "realise_partiel", "absent")),
            emploi={"contrat": "cdi"},
            social={"difficultes": ["revenus"]},
            sante={"ressenti": "mieux"},
            synthese="Souhaite reprendre.",
            maintenant=self.maintenant,
        )

    def _accord(self, conn: Connection) -> None:
        record_accord(
            conn,
            self.auteur,
            self.dossier.parcours,
            destinataire=self.alea.choice(DESTINATAIRES),
            decision=self.alea.choice(("accorde", "accorde", "refuse")),
            modalite="oral",
            maintenant=self.maintenant,
        )

    def _tous_accords(self, conn: Connection) -> None:
        for destinataire in DESTINATAIRES:
            record_accord(
                conn,
                self.auteur,
                self.dossier.parcours,
                destinataire=destinataire,
                decision="accorde",
                modalite="oral",
                maintenant=self.maintenant,
            )

    def _retire(self, conn: Connection) -> None:
        accord = self._piece(conn, "SELECT id FROM pdp.accord WHERE parcours_id = :p AND decision = 'accorde' AND retire_at IS NULL")
        withdraw_accord(conn, self.auteur, accord, "telephone", self.maintenant)

    def _accord_partiel(self, conn: Connection) -> None:
        record_accord(
            conn,
            self.auteur,
            self.dossier.parcours,
            destinataire="service_social",
            decision="accorde",
            modalite="oral",
            maintenant=self.maintenant,
            classes=["identite", "contact", *self.alea.sample(["arret", "emploi", "social"], self.alea.randint(0, 3))],
            partenaire_id=self.partenaires["service_social"] if self.alea.random() < 0.3 else None,
        )

    def _retire_donnees(self, conn: Connection) -> None:
        accord = self._piece(conn, "SELECT id FROM pdp.accord WHERE parcours_id = :p AND decision = 'accorde' AND retire_at IS NULL")
        classes = self.alea.sample(["contact", "arret", "emploi"], self.alea.randint(1, 2))
        withdraw_classes(conn, self.auteur, accord, classes, "telephone", self.maintenant)

    def _oriente(self, conn: Connection) -> None:
        cible = self.partenaires[self.alea.choice(("service_social", "spst"))]
        orient_parcours(conn, self.auteur, self.dossier.parcours, cible, "Aide aux démarches.", self.maintenant)

    def _retire_orientation(self, conn: Connection) -> None:
        orientation = self._piece(conn, "SELECT id FROM pdp.orientation WHERE parcours_id = :p AND statut = 'envoyee'")
        cancel_orientation(conn, self.auteur, orientation, "demande_personne", self.maintenant)

    def _psy(self, conn: Connection) -> None:
        resultat = self.alea.choice(("refusee", "deja_suivie", "contre_indiquee"))
        record_soutien_psy(conn, self.auteur, self.dossier.parcours, resultat, self.maintenant.date(), self.maintenant)

    def _seance(self, conn: Connection) -> None:
        le = (self.maintenant - timedelta(days=self.alea.randint(0, 5))).date()
        declare_seance(conn, self.auteur, self.dossier.parcours, le, self.maintenant)

    def _arrete_psy(self, conn: Connection) -> None:
        stop_seances(conn, self.auteur, self.dossier.parcours, "termine", self.maintenant.date(), self.maintenant)

    def _silence(self, conn: Connection) -> None:
        motif = self.alea.choice(("hospitalisation", "deuil", "refus"))
        au = None if motif == "refus" else (self.maintenant + timedelta(days=self.alea.randint(3, 30))).date()
        set_silence(conn, self.auteur, self.dossier.assure, motif=motif, au=au, maintenant=self.maintenant)

    def _leve(self, conn: Connection) -> None:
        silence = self._piece(conn, "SELECT id FROM pdp.mise_en_silence WHERE assure_id = :a AND courante")
        lift_silence(conn, self.auteur, silence, self.maintenant)

    def _tache(self, conn: Connection) -> None:
        le = (self.maintenant + timedelta(days=self.alea.randint(1, 9))).date()
        add_tache_personnelle(conn, self.auteur, self.dossier.parcours, le, f"Rappeler {self.alea.randint(1, 3)}", self.maintenant)

    def _faite(self, conn: Connection) -> None:
        close_tache(conn, self.auteur, self._ouverte(conn), "fait", self.maintenant)

    def _reporte(self, conn: Connection) -> None:
        le = (self.maintenant + timedelta(days=self.alea.randint(2, 9))).date()
        snooze_tache(conn, self.auteur, self._ouverte(conn), "reponse_employeur", le, self.maintenant)

    def _reprend(self, conn: Connection) -> None:
        resume_tache(conn, self.auteur, self._ouverte(conn), self.maintenant)

    def _ouverte(self, conn: Connection) -> Any:
        return self._piece(conn, "SELECT id FROM pdp.tache WHERE parcours_id = :p AND fermee_at IS NULL")

    def _cloture(self, conn: Connection) -> None:
        motif, situation = self.alea.choice(
            (("refus_assure", "inconnu"), ("relais_spst", "arret"), ("deces", "decede"), ("erreur", "inconnu"))
        )
        close_parcours(
            conn,
            self.auteur,
            self.dossier.parcours,
            motif=motif,
            situation=situation,
            survenu_le=None,
            provenance="declare_assure",
            maintenant=self.maintenant,
        )

    def _rouvre(self, conn: Connection) -> None:
        motif = self.alea.choice(("reprise_echec", "cloture_par_erreur", "nouvel_arret"))
        reopen_parcours(conn, self.auteur, self.dossier.parcours, motif, self.maintenant)

    def _verdict(self, conn: Connection) -> None:
        verdict, motif = self.alea.choice((("pertinente", None), ("non_pertinente", "deja_suivi")))
        record_verdict(conn, self.auteur, self.dossier.signalement, verdict, motif, self.maintenant)

    def _retire_verdict(self, conn: Connection) -> None:
        cancel_verdict(conn, self.auteur, self.dossier.signalement, self.maintenant)
