"""Twelve people of one coordinator's morning, on a Wednesday at 9: each one will end in another way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

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
