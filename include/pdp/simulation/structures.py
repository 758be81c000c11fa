"""What the synthetic partners say of themselves: places, hours, colleagues, absences. Told once, by each of them, under its own role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.services.manage_structure import add_absence, add_contact, set_capacite, set_horaires
from pdp.simulation.profils import Jours
from pdp.storage import db
from pdp.storage.sql import query

HORAIRES = "Du lundi au vendredi, de 9 h à 12 h et de 14 h à 17 h"


@dataclass(frozen=True)
class _Dit:
    """``complet``: days it is full from this morning on; ``absent``: days the first colleague is away, the second answering."""

    places: int | None = None
    periode: str | None = None
    complet: int | None = None
    collegues: tuple[str, ...] = ()
    absent: int | None = None
    ferme: int | None = None


_DITS = {
    "SST-01": _Dit(6, "semaine", collegues=("Dominique Exemple", "Claude Exemple"), absent=9),
    "SST-02": _Dit(20, "mois", collegues=("Camille Exemple",)),
    "SPST-01": _Dit(12, "mois", collegues=("Alix Exemple",)),
    "SPST-02": _Dit(8, "mois", collegues=("Sacha Exemple", "Lou Exemple"), absent=4),
    "CAP-01": _Dit(15, "mois", collegues=("Maxime Exemple",)),
    "CAP-02": _Dit(complet=20),
    "PSY-02": _Dit(ferme=6),
}


def tell_structures(jours: Jours) -> int:
    """Each partner speaks on the morning of the demonstration; those that did are left alone. Returns how many spoke."""
    with db.begin(settings().url_app, systeme("simulation")) as conn:
        lignes = conn.execute(query("simulation.lister_structures_muettes"), {"sources": sorted(_DITS)}).all()
    for ligne in lignes:
        _tell(Auteur("partenaire", str(ligne.id), "partenaire", ligne.plateforme_id, str(ligne.id)), _DITS[ligne.id_source], jours)
    return len(lignes)


def _tell(auteur: Auteur, dit: _Dit, jours: Jours) -> None:
    matin, partenaire = jours.matin, UUID(auteur.id)
    jour = matin.date()
    with db.begin_as(auteur) as conn:
        collegues = [
            add_contact(
                conn,
                auteur,
                partenaire,
                nom=nom,
                fonction="Référent de la plateforme" if rang == 0 else None,
                courriel=f"{nom.split()[0].lower()}.{str(partenaire)[:4]}@exemple.invalid",
                telephone=None,
                rappels=True,
                maintenant=matin,
            )
            for rang, nom in enumerate(dit.collegues)
        ]
        if dit.absent is not None:
            au = jour + timedelta(days=dit.absent)
            add_absence(conn, auteur, partenaire, contact_id=collegues[0], du=jour, au=au, relais_id=collegues[1], maintenant=matin)
        if dit.ferme is not None:
            au = jour + timedelta(days=dit.ferme)
            add_absence(conn, auteur, partenaire, contact_id=None, du=jour, au=au, relais_id=None, maintenant=matin)
        if dit.places is not None or dit.complet is not None:
            set_capacite(
                conn,
                auteur,
                partenaire,
                places=dit.places,
                periode=dit.periode,
                complet_jusqu_au=None if dit.complet is None else jour + timedelta(days=dit.complet),
                jour=jour,
                maintenant=matin,
            )
        set_horaires(conn, auteur, partenaire, HORAIRES)
