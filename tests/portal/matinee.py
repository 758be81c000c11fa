"""Twelve people of one coordinator's morning, on a Wednesday at 9: each one will end in another way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

import fabrique
from fabrique import MAINTENANT
from pdp.services.record_contact import record_contact
from pdp.storage import db
from portal import donnees

NOMS = ("Abeille", "Bleuet", "Coquelicot", "Dahlia", "Edelweiss", "Fougere", "Genet", "Hortensia", "Iris", "Jasmin", "Lavande", "Muguet")


@dataclass(frozen=True)
class Matinee:
    """Cases by name of the person; ``entretien``: the appointment of the one who will not come."""

    csam: UUID
    dossiers: dict[str, fabrique.Dossier]
    entretien: UUID

    def parcours(self, nom: str) -> UUID:
        return self.dossiers[nom].parcours


def build_matinee(lieu: donnees.Lieu) -> Matinee:
    csam = lieu.comptes["csam"]
    dossiers: dict[str, fabrique.Dossier] = {}
    with fabrique.lot() as conn:
        for rang, nom in enumerate(NOMS):
            dossier = fabrique.parcours(conn, csam=csam, assure_id=fabrique.assure(conn, nom=nom))
            dossiers[nom] = dossier
            donnees.add_motif(conn, dossier.signalement, "Plus de 90 jours d'arrêt")
            if nom not in ("Coquelicot", "Jasmin"):
                donnees.add_tache(conn, dossier.parcours, "premier_appel", MAINTENANT - timedelta(days=2) + timedelta(hours=rang))
        entretien = _plan_passe(conn, dossiers["Jasmin"])
    _try_already(csam, dossiers["Coquelicot"])
    return Matinee(csam, dossiers, entretien)


def _plan_passe(conn: Any, dossier: fabrique.Dossier) -> UUID:
    """An appointment of 8:30 this morning."""
    conn.execute(fabrique.text("UPDATE pdp.parcours SET statut = 'entretien_planifie' WHERE id = :p"), {"p": dossier.parcours})
    debut = MAINTENANT - timedelta(minutes=30)
    donnees.add_tache(conn, dossier.parcours, "tele_echange", debut, balle="assure")
    return donnees.add_tele_echange(conn, dossier, debut)


def _try_already(csam: UUID, dossier: fabrique.Dossier) -> None:
    """Called without an answer on other days, at other hours: one more try, and it is time to write."""
    auteur = fabrique.auteur_agent(csam)
    for avant in (timedelta(days=5, hours=-8), timedelta(days=2, hours=-4)):
        options: dict[str, Any] = {"resultat": "non_reponse", "canal": "telephone", "note": "", "cle_saisie": uuid4()}
        with db.begin_as(auteur) as conn:
            record_contact(conn, auteur, dossier.parcours, maintenant=MAINTENANT - avant, **options)


def check_kept(admin: psycopg.Connection[Any]) -> None:
    """What the rows say of the morning: one effect each."""
    personnes = "JOIN pdp.parcours p ON p.id = x.parcours_id JOIN identite.assure s ON s.id = p.assure_id"
    requete = f"SELECT s.nom, x.resultat, x.saisie_par_erreur_at IS NOT NULL FROM pdp.contact x {personnes} WHERE x.survenu_at >= %s"
    assert sorted(admin.execute(requete, (MAINTENANT,)).fetchall()) == [
        ("Abeille", "joint", False),
        ("Bleuet", "messagerie", True),
        ("Bleuet", "non_reponse", False),
        ("Coquelicot", "non_reponse", False),
        ("Dahlia", "numero_faux", False),
        ("Edelweiss", "joint_rappel_demande", False),
        ("Fougere", "refus_echange", False),
        ("Genet", "hospitalise", False),
        ("Hortensia", "decede", False),
        ("Iris", "barriere_langue", False),
    ]
    assert admin.execute(f"SELECT s.nom, x.statut FROM pdp.tele_echange x {personnes} ORDER BY 1").fetchall() == [
        ("Abeille", "realise"),
        ("Jasmin", "absent"),
    ]
    assert admin.execute(f"SELECT s.nom, x.destinataire, x.decision FROM pdp.accord x {personnes}").fetchall() == [
        ("Abeille", "cap_emploi", "accorde")
    ]
    assert admin.execute(f"SELECT s.nom, x.dispositif FROM pdp.orientation x {personnes}").fetchall() == [("Abeille", "cap_emploi")]
    clos = "SELECT s.nom, p.cloture_motif FROM pdp.parcours p JOIN identite.assure s ON s.id = p.assure_id WHERE p.clos_at IS NOT NULL"
    assert sorted(admin.execute(clos).fetchall()) == [("Fougere", "refus_assure"), ("Hortensia", "deces")]
    silences = "SELECT s.nom, x.motif FROM pdp.mise_en_silence x JOIN identite.assure s ON s.id = x.assure_id WHERE x.levee_at IS NULL"
    assert sorted(admin.execute(silences).fetchall()) == [("Genet", "hospitalisation"), ("Hortensia", "deces")]
    attentes = f"SELECT s.nom FROM pdp.tache x {personnes} WHERE x.fermee_at IS NULL AND x.attente_jusqu_au IS NOT NULL"
    assert admin.execute(attentes).fetchall() == [("Lavande",)]
    courriers = f"SELECT s.nom FROM pdp.outbox x {personnes} WHERE x.canal = 'courrier' AND x.etat <> 'rappele'"
    assert admin.execute(courriers).fetchall() == [("Coquelicot",)]
