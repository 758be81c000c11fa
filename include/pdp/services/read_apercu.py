"""What a coordinator wants to know of one of her people without leaving the list: next step, number, last words, last events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.services.lignes_liste import Tache, action_url
from pdp.services.read_fiche import Accord, Contact, EnTete, get_tete, list_accords, list_contacts
from pdp.services.read_historique import Evenement, list_evenements
from pdp.storage.lignes import find_ligne, list_lignes

EVENEMENTS = 5


@dataclass(frozen=True)
class Joindre:
    """The number to use, where it comes from, when a call found it wrong, and the silence of the day."""

    telephone: str | None
    telephone_provenance: str | None
    telephone_faux_at: datetime | None
    silence_motif: str | None


@dataclass(frozen=True)
class Apercu:
    """Everything the panel shows; events of tasks are left out, they repeat the acts."""

    tete: EnTete
    joindre: Joindre
    taches: list[Tache]
    accords: dict[str, Accord]
    dernier_mot: Contact | None
    evenements: list[Evenement]

    @property
    def prochaine(self) -> Tache | None:
        return self.taches[0] if self.taches else None

    @property
    def adresse_action(self) -> str:
        return action_url(self.tete.id, self.prochaine.motif if self.prochaine else "", self.tete.entretien_id)


def read_apercu(conn: Connection, csam_id: UUID, parcours_id: UUID, maintenant: datetime) -> Apercu:
    """Raises :class:`Introuvable` when this coordinator does not follow the case."""
    tete = get_tete(conn, csam_id, parcours_id)
    contacts = [c for c in list_contacts(conn, parcours_id) if c.saisie_par_erreur_at is None]
    details: dict[str, tuple[str, str | None]] = {str(c.id): (c.libelle, None) for c in contacts}
    evenements = [e for e in list_evenements(conn, parcours_id, details) if not e.est_tache]
    joindre = find_ligne(conn, "apercu.joindre", Joindre, assure=tete.assure_id, maintenant=maintenant)
    assert joindre is not None  # the header was found in the same transaction
    return Apercu(
        tete=tete,
        joindre=joindre,
        taches=list_lignes(conn, "apercu.lister_taches", Tache, parcours=parcours_id, jour=jour_local(maintenant)),
        accords=list_accords(conn, parcours_id),
        dernier_mot=next((c for c in contacts if c.note), None),
        evenements=evenements[:EVENEMENTS],
    )
