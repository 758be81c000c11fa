"""Simulated files of the last days: what makes an ordinary morning of a coordinator's list."""

from __future__ import annotations

from datetime import time, timedelta

from sqlalchemy import Connection

from pdp.clock import jour_local
from pdp.errors import ErreurPdp
from pdp.services.invite_assure import invite_assure
from pdp.services.plan_tele_echange import plan_tele_echange
from pdp.services.record_parole import Preference, record_preference
from pdp.services.wait_taches import snooze_tache
from pdp.simulation.profils import Dossier, Jours, Profil, call, cle_saisie, find_creneau, hold_tele_echange, laisse, orient
from pdp.storage.sql import query


def _a_rappeler(conn: Connection, d: Dossier, jours: Jours) -> None:
    maintenant = jours.jour_ouvre(26)
    rappel = next(jour for rang in range(27, 60) if (jour := jours.jour_ouvre(rang)) > jours.matin)
    call(conn, d, "joint_rappel_demande", maintenant, 0, rappel)


def _repondeur(conn: Connection, d: Dossier, jours: Jours) -> None:
    call(conn, d, "messagerie", jours.jour_ouvre(22 + d.rang % 8, time(9 + d.rang % 8, 5)))


def _tele_echange_a_venir(conn: Connection, d: Dossier, jours: Jours) -> None:
    call(conn, d, "joint", jours.matin)
    creneau = find_creneau(conn, d, jours.matin, d.rang % 7)
    if creneau is not None:
        plan_tele_echange(conn, d.csam, d.id, creneau.debut, "telephone", jours.matin)


def _tele_echange_a_renseigner(conn: Connection, d: Dossier, jours: Jours) -> None:
    maintenant = jours.jour_ouvre(20 + d.rang % 6)
    call(conn, d, "joint", maintenant)
    creneau = find_creneau(conn, d, maintenant)
    if creneau is not None:
        plan_tele_echange(conn, d.csam, d.id, creneau.debut, "telephone", maintenant)


_RELAIS = (
    ("spst", "portail"),
    ("cap_emploi", "csv"),
    ("service_social", "portail"),
    ("psychologue", "messagerie"),
    ("medecin_traitant", "messagerie"),
)


def _accord_a_demander(conn: Connection, d: Dossier, jours: Jours) -> None:
    """Now and then the agreement came at once: a request waits in the inbox of a partner, in a batch of files, or in its secure mail."""
    if d.rang % 5:
        hold_tele_echange(conn, d, jours, 16 + d.rang % 10)
    else:
        destinataire, canal = _RELAIS[d.rang // 60 % len(_RELAIS)]
        orient(conn, d, jours, destinataire, canal, "Reprise à préparer avec l'employeur, démarches à expliquer.", 26)


def _invitee(conn: Connection, d: Dossier, jours: Jours) -> None:
    """Reached, she chooses her slot by a link; without one free, or when nothing can reach her, the list says it."""
    maintenant = jours.jour_ouvre(27, time(14, 10))
    call(conn, d, "joint", maintenant)
    try:
        with conn.begin_nested():
            invite_assure(conn, d.csam, d.id, maintenant)
    except ErreurPdp:  # refused with a sentence: a coordinator would go on with the next person
        return


def _en_attente(conn: Connection, d: Dossier, jours: Jours) -> None:
    """Care under way: put off with its reason; some come back this morning."""
    maintenant = jours.jour_ouvre(24, time(11, 30))
    call(conn, d, "joint", maintenant)
    tache = conn.execute(query("simulation.trouver_tache"), {"parcours": d.id, "motif": "planifier_tele_echange"}).scalar()
    if tache is not None:
        reprise = jour_local(jours.matin) + timedelta(days=d.rang % 3 * 4)
        snooze_tache(conn, d.csam, tache, "soins_en_cours", max(reprise, jour_local(maintenant) + timedelta(days=1)), maintenant)


def _prefere_ecrire(conn: Connection, d: Dossier, jours: Jours) -> None:
    """Hard of hearing: said on the phone, kept by everything that writes to her."""
    maintenant = jours.jour_ouvre(25, time(16, 20))
    call(conn, d, "joint", maintenant)
    dite = Preference(accessibilite=["ecrit"], canal_prefere="courriel")
    record_preference(conn, d.csam, d.id, dite, cle_saisie=cle_saisie(d.id, "preference"), maintenant=maintenant)


DERNIERS_JOURS: tuple[Profil, ...] = (
    _repondeur,
    _tele_echange_a_venir,
    _a_rappeler,
    _repondeur,
    _accord_a_demander,
    _tele_echange_a_venir,
    _invitee,
    _tele_echange_a_renseigner,
    _en_attente,
    _tele_echange_a_venir,
    _repondeur,
    laisse,
    _prefere_ecrire,
)
