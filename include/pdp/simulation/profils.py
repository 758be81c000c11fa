"""What a simulated coordinator does with one file, from the first call to the closing: each profile is a way a parcours can go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.calendrier import Creneau
from pdp.services.close_parcours import close_parcours
from pdp.services.orient_parcours import orient_parcours
from pdp.services.plan_tele_echange import list_creneaux, plan_tele_echange
from pdp.services.propose_soutien_psy import evaluate_soutien_psy, record_soutien_psy
from pdp.services.record_accord import record_accord, withdraw_accord
from pdp.services.record_contact import record_contact
from pdp.services.record_tele_echange import record_tele_echange
from pdp.storage.sql import query

EMPLOI = {
    "contrat": "cdi",
    "taille_employeur": "50_249",
    "contact_employeur": "oui",
    "contraintes": ["charges"],
    "souhait": "poste_amenage",
}
SOCIAL = {"difficultes": ["revenus"], "prevoyance": "non"}


class Jours(Protocol):
    """Instants of the scenario."""

    @property
    def matin_premier(self) -> datetime: ...
    @property
    def matin(self) -> datetime: ...
    def jour_ouvre(self, rang: int, heure: time = ...) -> datetime: ...


@dataclass(frozen=True)
class Dossier:
    """A parcours as a simulated coordinator works it."""

    id: UUID
    plateforme_id: str
    csam_id: UUID
    clos: bool
    rang: int
    contacte: bool

    @property
    def csam(self) -> Auteur:
        return Auteur("agent", str(self.csam_id), "csam", self.plateforme_id)


Profil = Callable[[Connection, Dossier, Jours], None]


# -- profiles of the first files


def _vers_service_social(conn: Connection, d: Dossier, jours: Jours) -> None:
    orient(conn, d, jours, "service_social", "api", "Perte de revenus, démarches à accompagner.")


def _vers_spst(conn: Connection, d: Dossier, jours: Jours) -> None:
    orient(conn, d, jours, "spst", _one_of(d, "portail", "fhir"), "Aménagement du poste à préparer avant la reprise.")


def _vers_cap_emploi(conn: Connection, d: Dossier, jours: Jours) -> None:
    orient(conn, d, jours, "cap_emploi", _one_of(d, "portail", "csv"), "Reconversion envisagée.")


def _vers_psychologue(conn: Connection, d: Dossier, jours: Jours) -> None:
    orient(conn, d, jours, "psychologue", _one_of(d, "lien", "messagerie"), "Souhaite être rappelée pour un premier rendez-vous.")


def _one_of(d: Dossier, *canaux: str) -> str:
    """Each transport in its turn, so that the demonstration shows them all."""
    return canaux[d.rang // len(PREMIERS_DOSSIERS) % len(canaux)]


def _soutien_psy(conn: Connection, d: Dossier, jours: Jours) -> None:
    fin = hold_tele_echange(conn, d, jours)
    jour = fin.date()
    eligible = evaluate_soutien_psy(conn, d.id, jour).eligibilite != "non_eligible"
    record_soutien_psy(conn, d.csam, d.id, "proposee" if eligible else "non_eligible_6m", jour, fin)


def _injoignable(conn: Connection, d: Dossier, jours: Jours) -> None:
    for essai in range(3):
        call(conn, d, "non_reponse", jours.jour_ouvre(2 + 3 * essai, time(9 + 4 * (essai % 2), 15)), essai)


def _reprise(conn: Connection, d: Dossier, jours: Jours) -> None:
    fin = hold_tele_echange(conn, d, jours)
    close(conn, d.csam, d.id, "reprise_meme_poste", "meme_poste", max(fin, jours.jour_ouvre(15)))


def _retire_accord(conn: Connection, d: Dossier, jours: Jours) -> None:
    fin = orient(conn, d, jours, "service_social", "portail", "Difficultés de logement.")
    accord = record_accord(conn, d.csam, d.id, destinataire="service_social", decision="accorde", modalite="oral", maintenant=fin)
    withdraw_accord(conn, d.csam, accord, "telephone", fin)


def _deux_absences(conn: Connection, d: Dossier, jours: Jours) -> None:
    call(conn, d, "joint", jours.jour_ouvre(2))
    for rang in (3, 9):
        maintenant = jours.jour_ouvre(rang)
        creneau = find_creneau(conn, d, maintenant)
        if creneau is None:
            return
        rdv = plan_tele_echange(conn, d.csam, d.id, creneau.debut, "telephone", maintenant)
        record_tele_echange(conn, d.csam, rdv, statut="absent", emploi={}, social={}, sante={}, synthese="", maintenant=creneau.fin)


def laisse(conn: Connection, d: Dossier, jours: Jours) -> None:
    """Nobody does anything: the sweep must find it."""


# -- acts


def call(conn: Connection, d: Dossier, resultat: str, maintenant: datetime, essai: int = 0, rappel_at: datetime | None = None) -> None:
    record_contact(
        conn,
        d.csam,
        d.id,
        resultat=resultat,
        canal="telephone",
        note="",
        cle_saisie=cle_saisie(d.id, f"appel-{essai}"),
        maintenant=maintenant,
        rappel_at=rappel_at,
    )


def find_creneau(conn: Connection, d: Dossier, maintenant: datetime, rang: int = 0) -> Creneau | None:
    """A free slot of the coordinator, the last one known when there are fewer than `rang`; None when her calendar is full."""
    libres = list_creneaux(conn, d.csam_id, maintenant)
    return libres[min(rang, len(libres) - 1)] if libres else None


def hold_tele_echange(conn: Connection, d: Dossier, jours: Jours, rang: int = 2) -> datetime:
    """Reach the person, hold the télé-échange in the first free slot, get the agreement; returns its end, or the call."""
    maintenant = jours.jour_ouvre(rang)
    call(conn, d, "joint", maintenant)
    creneau = find_creneau(conn, d, maintenant)
    if creneau is None:
        return maintenant
    rdv = plan_tele_echange(conn, d.csam, d.id, creneau.debut, "telephone", maintenant)
    record_tele_echange(
        conn,
        d.csam,
        rdv,
        statut="realise",
        emploi=EMPLOI,
        social=SOCIAL,
        sante={"ressenti": "mieux"},
        synthese="Souhaite reprendre, poste à adapter.",
        maintenant=creneau.fin,
    )
    return creneau.fin


def orient(conn: Connection, d: Dossier, jours: Jours, destinataire: str, canal: str, motif: str, rang: int = 2) -> datetime:
    fin = hold_tele_echange(conn, d, jours, rang)
    partenaire = conn.execute(
        query("simulation.trouver_partenaire"), {"plateforme": d.plateforme_id, "type": destinataire, "canal": canal}
    ).scalar_one()
    for accord in ("accompagnement", destinataire):
        record_accord(conn, d.csam, d.id, destinataire=accord, decision="accorde", modalite="oral", maintenant=fin)
    orient_parcours(conn, d.csam, d.id, partenaire, motif, fin)
    return fin


def close(conn: Connection, csam: Auteur, parcours_id: UUID, motif: str, situation: str, maintenant: datetime) -> None:
    close_parcours(
        conn,
        csam,
        parcours_id,
        motif=motif,
        situation=situation,
        survenu_le=maintenant.date(),
        provenance="declare_assure",
        maintenant=maintenant,
    )


def cle_saisie(objet: UUID, quoi: str) -> UUID:
    """Form key of a simulated act: the same act always has the same one."""
    return uuid5(NAMESPACE_URL, f"simulation:{objet}:{quoi}")


PREMIERS_DOSSIERS: tuple[Profil, ...] = (
    _vers_service_social,
    _vers_spst,
    _vers_cap_emploi,
    _soutien_psy,
    _injoignable,
    _reprise,
    _retire_accord,
    _deux_absences,
    _vers_psychologue,
    laisse,
)
