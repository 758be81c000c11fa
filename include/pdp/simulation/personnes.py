"""Simulated people of the demonstration: doctors, coordinators and partners calling the real services under their own roles.

Each act of a person is one transaction that happens wholly or not at all, and is skipped when its trace is already there:
a demonstration killed anywhere and started again goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Connection

from pdp.config import settings
from pdp.domain.auteur import Auteur, systeme
from pdp.services.close_parcours import close_parcours
from pdp.services.decide_alerte import decide_alerte
from pdp.services.manage_dol import draft_dol, sign_dol
from pdp.services.orient_parcours import orient_parcours
from pdp.services.plan_tele_echange import list_creneaux, plan_tele_echange
from pdp.services.propose_soutien_psy import evaluate_soutien_psy, record_soutien_psy
from pdp.services.record_accord import record_accord, withdraw_accord
from pdp.services.record_contact import record_contact
from pdp.services.record_reponse import record_reponse
from pdp.services.record_tele_echange import record_tele_echange
from pdp.services.sort_signalements import decide_signalement
from pdp.storage import db
from pdp.storage.sql import query

DELEGATION: list[dict[str, Any]] = [
    {"libelle": "À partir de 62 ans : le médecin-conseil décide", "conditions": {"age_min": 62}, "cible": "medecin_conseil"},
    {"libelle": "Arrêt de plus de 180 jours : le médecin-conseil décide", "conditions": {"palier_min": 180}, "cible": "medecin_conseil"},
    {
        "libelle": "Arrêt de 90 jours pour TMS ou motif psychique : conseiller",
        "conditions": {"palier_min": 90, "categories": ["tms", "psychique"]},
        "cible": "oriente_csam",
    },
    {
        "libelle": "Arrêt de 60 jours, TMS ou motif psychique, priorité forte : conseiller",
        "conditions": {"palier_min": 60, "categories": ["tms", "psychique"], "priorite_min": 50},
        "cible": "oriente_csam",
    },
]
PREMIERS = 63
TOUS = 5000
DECISIONS_MC = 12
ISSUES = 12
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


def sign_delegation(jours: Jours) -> None:
    """Each platform's médecin-conseil signs one document d'orientation local."""
    for plateforme, medecin in _medecins():
        with db.begin_as(medecin) as conn:
            if not conn.execute(query("simulation.is_delegation_signee"), {"plateforme": plateforme}).scalar():
                version = draft_dol(conn, medecin, plateforme, jours.matin_premier.date(), DELEGATION)
                sign_dol(conn, medecin, version, jours.matin_premier)


def decide_signalements(jours: Jours) -> None:
    """Médecins-conseils orient a few files by hand."""
    cibles = ("oriente_csam", "oriente_csam", "convocation_mc", "oriente_ism")
    for plateforme, medecin in _medecins():
        with db.begin_as(medecin) as conn:
            attente = list(conn.execute(query("simulation.lister_a_decider"), {"plateforme": plateforme, "nombre": DECISIONS_MC}).scalars())
            for rang, signalement in enumerate(attente):
                decide_signalement(conn, medecin, signalement, cibles[rang % len(cibles)], "", jours.matin_premier)


def decide_alertes(maintenant: datetime) -> None:
    """Médecins-conseils answer their first alerts."""
    for plateforme, medecin in _medecins():
        with db.begin_as(medecin) as conn:
            for alerte in conn.execute(query("simulation.lister_alertes"), {"plateforme": plateforme}).all():
                decide_alerte(conn, medecin, alerte.id, "prise_en_compte", "", maintenant)


def play_premiers_dossiers(jours: Jours) -> int:
    """The first files, each after one of the profiles below; returns how many were worked."""
    profils = (
        _vers_service_social,
        _vers_spst,
        _vers_cap_emploi,
        _soutien_psy,
        _injoignable,
        _reprise,
        _retire_accord,
        _deux_absences,
        _laisse,
    )
    return _play(_dossiers(jours.matin_premier, PREMIERS), profils, jours)


def play_journee(jours: Jours) -> int:
    """What coordinators did in the last days on the following files: their lists are then as on an ordinary morning."""
    profils = (
        _repondeur,
        _tele_echange_a_venir,
        _a_rappeler,
        _repondeur,
        _accord_a_demander,
        _tele_echange_a_venir,
        _repondeur,
        _tele_echange_a_renseigner,
        _a_rappeler,
        _tele_echange_a_venir,
        _repondeur,
        _laisse,
    )
    return _play(_dossiers(jours.matin_premier, TOUS)[PREMIERS:], profils, jours)


def answer_portail(maintenant: datetime) -> None:
    """Partners without an API answer in their inbox: Cap emploi has no room, the others accept and report."""
    with db.begin(settings().url_app, systeme("simulation")) as conn:
        boites = conn.execute(query("simulation.lister_boites")).all()
    for boite in boites:
        partenaire = Auteur("partenaire", str(boite.partenaire_id), "partenaire", boite.plateforme_id, str(boite.partenaire_id))
        refuse = boite.dispositif == "cap_emploi"
        etapes = (
            [("refusee", "capacite", None)]
            if refuse
            else [("acceptee", None, None), ("realisee", None, "Poste aménagé convenu avec l'employeur.")]
        )
        with db.begin_as(partenaire) as conn:
            for statut, motif, compte_rendu in etapes:
                record_reponse(
                    conn,
                    partenaire,
                    boite.id,
                    statut=statut,
                    motif=motif,
                    compte_rendu=compte_rendu,
                    evenement_id=str(_cle(boite.id, statut)),
                    maintenant=maintenant,
                )


def close_dossiers(jours: Jours) -> int:
    """Coordinators read reports, call, and record the return confirmed by the person."""
    with db.begin(settings().url_app, systeme("simulation")) as conn:
        lignes = conn.execute(query("simulation.lister_reponses_a_lire"), {"plafond": ISSUES}).all()
    for ligne in lignes[:ISSUES]:
        csam = Auteur("agent", str(ligne.csam_id), "csam", ligne.plateforme_id)
        with db.begin_as(csam) as conn:
            _close(conn, csam, ligne.id, "reprise_amenagee", "poste_amenage", jours.jour_ouvre(20))
    return len(lignes[:ISSUES])


def _play(dossiers: Iterable[Dossier], profils: tuple[Callable[[Connection, Dossier, Jours], None], ...], jours: Jours) -> int:
    faits = 0
    for dossier in dossiers:
        if dossier.contacte or dossier.clos:
            continue
        with db.begin_as(dossier.csam) as conn:
            profils[dossier.rang % len(profils)](conn, dossier, jours)
        faits += 1
    return faits


# -- profiles of the first files


def _vers_service_social(conn: Connection, d: Dossier, jours: Jours) -> None:
    _orient(conn, d, jours, "service_social", "api", "Perte de revenus, démarches à accompagner.")


def _vers_spst(conn: Connection, d: Dossier, jours: Jours) -> None:
    _orient(conn, d, jours, "spst", "portail", "Aménagement du poste à préparer avant la reprise.")


def _vers_cap_emploi(conn: Connection, d: Dossier, jours: Jours) -> None:
    _orient(conn, d, jours, "cap_emploi", "portail", "Reconversion envisagée.")


def _soutien_psy(conn: Connection, d: Dossier, jours: Jours) -> None:
    fin = _tele_echange(conn, d, jours)
    jour = fin.date()
    eligible = evaluate_soutien_psy(conn, d.id, jour).eligibilite != "non_eligible"
    record_soutien_psy(conn, d.csam, d.id, "proposee" if eligible else "non_eligible_6m", jour, fin)


def _injoignable(conn: Connection, d: Dossier, jours: Jours) -> None:
    for essai in range(3):
        _call(conn, d, "non_reponse", jours.jour_ouvre(2 + 3 * essai, time(9 + 4 * (essai % 2), 15)), essai)


def _reprise(conn: Connection, d: Dossier, jours: Jours) -> None:
    fin = _tele_echange(conn, d, jours)
    _close(conn, d.csam, d.id, "reprise_meme_poste", "meme_poste", max(fin, jours.jour_ouvre(15)))


def _retire_accord(conn: Connection, d: Dossier, jours: Jours) -> None:
    fin = _orient(conn, d, jours, "service_social", "portail", "Difficultés de logement.")
    accord = record_accord(conn, d.csam, d.id, destinataire="service_social", decision="accorde", modalite="oral", maintenant=fin)
    withdraw_accord(conn, d.csam, accord, "telephone", fin)


def _deux_absences(conn: Connection, d: Dossier, jours: Jours) -> None:
    _call(conn, d, "joint", jours.jour_ouvre(2))
    for rang in (3, 9):
        maintenant = jours.jour_ouvre(rang)
        creneau = list_creneaux(conn, d.csam_id, maintenant)[0]
        rdv = plan_tele_echange(conn, d.csam, d.id, creneau.debut, "telephone", maintenant)
        record_tele_echange(conn, d.csam, rdv, statut="absent", emploi={}, social={}, sante={}, synthese="", maintenant=creneau.fin)


def _laisse(conn: Connection, d: Dossier, jours: Jours) -> None:
    """Nobody does anything: the sweep must find it."""


# -- profiles of the last days


def _a_rappeler(conn: Connection, d: Dossier, jours: Jours) -> None:
    maintenant = jours.jour_ouvre(26)
    _call(conn, d, "joint_rappel_demande", maintenant, 0, max(jours.matin, jours.jour_ouvre(30)))


def _repondeur(conn: Connection, d: Dossier, jours: Jours) -> None:
    _call(conn, d, "messagerie", jours.jour_ouvre(22 + d.rang % 8, time(9 + d.rang % 8, 5)))


def _tele_echange_a_venir(conn: Connection, d: Dossier, jours: Jours) -> None:
    _call(conn, d, "joint", jours.matin)
    creneau = list_creneaux(conn, d.csam_id, jours.matin)[d.rang % 7]
    plan_tele_echange(conn, d.csam, d.id, creneau.debut, "telephone", jours.matin)


def _tele_echange_a_renseigner(conn: Connection, d: Dossier, jours: Jours) -> None:
    maintenant = jours.jour_ouvre(20 + d.rang % 6)
    _call(conn, d, "joint", maintenant)
    plan_tele_echange(conn, d.csam, d.id, list_creneaux(conn, d.csam_id, maintenant)[0].debut, "telephone", maintenant)


def _accord_a_demander(conn: Connection, d: Dossier, jours: Jours) -> None:
    _tele_echange(conn, d, jours, 16 + d.rang % 10)


# -- acts


def _call(conn: Connection, d: Dossier, resultat: str, maintenant: datetime, essai: int = 0, rappel_at: datetime | None = None) -> None:
    record_contact(
        conn,
        d.csam,
        d.id,
        resultat=resultat,
        canal="telephone",
        note="",
        cle_saisie=_cle(d.id, f"appel-{essai}"),
        maintenant=maintenant,
        rappel_at=rappel_at,
    )


def _tele_echange(conn: Connection, d: Dossier, jours: Jours, rang: int = 2) -> datetime:
    """Reach the person, hold the télé-échange in the first free slot, obtain the agreement to be followed; returns its end."""
    maintenant = jours.jour_ouvre(rang)
    _call(conn, d, "joint", maintenant)
    creneau = list_creneaux(conn, d.csam_id, maintenant)[0]
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


def _orient(conn: Connection, d: Dossier, jours: Jours, destinataire: str, canal: str, motif: str) -> datetime:
    fin = _tele_echange(conn, d, jours)
    partenaire = conn.execute(
        query("simulation.trouver_partenaire"), {"plateforme": d.plateforme_id, "type": destinataire, "canal": canal}
    ).scalar_one()
    for accord in ("accompagnement", destinataire):
        record_accord(conn, d.csam, d.id, destinataire=accord, decision="accorde", modalite="oral", maintenant=fin)
    orient_parcours(conn, d.csam, d.id, partenaire, motif, fin)
    return fin


def _close(conn: Connection, csam: Auteur, parcours_id: UUID, motif: str, situation: str, maintenant: datetime) -> None:
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


def _dossiers(jusqu_a: datetime, nombre: int) -> list[Dossier]:
    with db.begin(settings().url_app, systeme("simulation")) as conn:
        lignes = conn.execute(query("simulation.lister_dossiers"), {"jusqu_a": jusqu_a, "nombre": nombre}).all()
    return [Dossier(**ligne._mapping) for ligne in lignes]


def _medecins() -> list[tuple[str, Auteur]]:
    with db.begin(settings().url_app, systeme("simulation")) as conn:
        lignes = conn.execute(query("simulation.lister_medecins")).all()
    return [(r.plateforme_id, Auteur("agent", str(r.id), "medecin_conseil", r.plateforme_id)) for r in lignes]


def _cle(objet: UUID, quoi: str) -> UUID:
    """Form key of a simulated act: the same act always has the same one."""
    return uuid5(NAMESPACE_URL, f"simulation:{objet}:{quoi}")
