"""A reason to act waits for somebody until a day, comes back by itself, or is taken up again sooner; its deadline is moved by hand.

Nothing wakes it: from its day of return on it is due, and marked until somebody acts on it. A wait never hides a legal date, which is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.attente import NE_PEUVENT_ATTENDRE, RAISONS, Attente, DateDue, check_attente, latest_jour, list_dates_pendant
from pdp.domain.auteur import Auteur
from pdp.domain.jalons import FaitsJalons, list_jalons
from pdp.errors import DonneeInvalide, Introuvable, SilenceEnCours, TransitionInterdite
from pdp.services.delais import Lieu, get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_compte_ij import find_compte_ij
from pdp.storage import journal
from pdp.storage.sql import query

MAX, TOTAL_MAX = "attente_max_jours", "attente_totale_max_jours"


def snooze_tache(conn: Connection, auteur: Auteur, tache_id: UUID, raison: str, jusqu_a: date, maintenant: datetime) -> Attente:
    """Put a reason off to a later day, with a closed reason. The same wait asked for again changes nothing.

    Another wait replaces the current one, whose days count in the total. Raises :class:`DonneeInvalide` beyond the policy,
    :class:`TransitionInterdite` for what cannot wait.
    """
    ligne, lieu = _lock(conn, tache_id)
    jour = lieu.jour(maintenant)
    avant = find_attente(ligne, lieu)
    if avant is not None and (avant.raison, avant.jusqu_au) == (raison, jusqu_a):
        return avant
    cumul = ligne.attente_cumul_jours if avant is None else avant.totale_jours(jour)
    check_attente(raison, jusqu_a, jour, cumul, *_limites(lieu, jour))
    attente = Attente(raison, jour, jusqu_a, cumul)
    _write(conn, ligne, lieu.fin_de_journee(jusqu_a), attente, maintenant)
    donnees = {"motif": ligne.motif, "raison": raison, "balle": RAISONS[raison].balle, "jusqu_a": jusqu_a, "par": auteur.id}
    _tell(conn, "tache_reportee", ligne, donnees, maintenant)
    return attente


def resume_tache(conn: Connection, auteur: Auteur, tache_id: UUID, maintenant: datetime) -> bool:
    """« Reprendre maintenant »: the wait ends, the reason is due today. False when it did not wait (second click)."""
    ligne, lieu = _lock(conn, tache_id)
    attente = find_attente(ligne, lieu)
    if attente is None:
        return False
    if ligne.silence_id is not None:
        raise SilenceEnCours("La personne est en silence : cette tâche revient après. Rien n'a été changé.")
    jour = lieu.jour(maintenant)
    echeance = min(ligne.echeance_at, lieu.fin_de_journee(jour))
    _write(conn, ligne, echeance, None, maintenant, attente.totale_jours(jour))
    _tell(conn, "tache_reprise", ligne, {"motif": ligne.motif, "jours": attente.courante_jours(jour), "par": auteur.id}, maintenant)
    return True


def change_echeance(conn: Connection, auteur: Auteur, tache_id: UUID, le: date, maintenant: datetime) -> bool:
    """Move a deadline, sooner or later, within the longest wait of the policy. False when it is that day already and does not wait."""
    ligne, lieu = _lock(conn, tache_id)
    if ligne.motif == "rappel_promis":
        raise TransitionInterdite("Un rappel promis ne se déplace qu'avec la personne. Rien n'a été changé.", code="promise")
    jour = lieu.jour(maintenant)
    dernier = jour + timedelta(days=_limites(lieu, jour)[0])
    if not jour <= le <= dernier:
        raise DonneeInvalide(
            f"La nouvelle échéance est entre aujourd'hui et le {dernier:%d/%m/%Y}. Rien n'a été changé.", code="bad_deadline"
        )
    echeance = lieu.fin_de_journee(le)
    attente = find_attente(ligne, lieu)
    if attente is None and ligne.echeance_at == echeance:
        return False
    cumul = ligne.attente_cumul_jours if attente is None else attente.totale_jours(jour)
    _write(conn, ligne, echeance, None, maintenant, cumul)
    _tell(conn, "echeance_changee", ligne, {"motif": ligne.motif, "echeance_at": echeance, "par": auteur.id}, maintenant)
    return True


def list_attentes(conn: Connection, lieu: Lieu, parcours: Sequence[UUID]) -> dict[UUID, Attente]:
    """Waits of these people by reason (``pdp.tache.id``), those come back included. One statement."""
    lignes = conn.execute(query("taches.lister_attentes"), {"parcours": list(parcours)})
    return {ligne.id: a for ligne in lignes if (a := find_attente(ligne, lieu)) is not None}


def find_attente(ligne: Any, lieu: Lieu) -> Attente | None:
    """The wait on a row of ``pdp.tache``; None when there is none."""
    if ligne.attente_jusqu_au is None:
        return None
    return Attente(ligne.attente_raison, lieu.jour(ligne.attente_du_at), ligne.attente_jusqu_au, ligne.attente_cumul_jours)


def read_dernier_jour(lieu: Lieu, jour: date, cumul_jours: int = 0) -> date:
    """Latest day of return that a form may offer."""
    return latest_jour(jour, cumul_jours, *_limites(lieu, jour))


def list_dates_legales(conn: Connection, lieu: Lieu, parcours_id: UUID, jour: date, jusqu_a: date) -> list[DateDue]:
    """Dates of the person between today and the return that the law or the prescription sets: a wait says them, it never hides them."""
    ligne = conn.execute(query("lots.lire_arret"), {"parcours": parcours_id}).one_or_none()
    if ligne is None or ligne.risque is None:
        return []
    compte = find_compte_ij(conn, ligne.assure_id, jour)
    faits = FaitsJalons(ligne.date_naissance, compte.epuisement_le if compte else None)
    jalons = list_jalons(ligne.debut, ligne.risque, ligne.motif_categorie, jour, referentiel(), lieu.plateforme_id, faits)
    return list_dates_pendant(jalons, ligne.fin, jour, jusqu_a)


def describe_dates_legales(dates: Sequence[DateDue]) -> str:
    """One French sentence, empty when there is nothing to say."""
    if not dates:
        return ""
    return f"Attention, pendant cette attente : {' ; '.join(f'le {d.le:%d/%m/%Y}, {d.quoi}' for d in dates)}."


def _lock(conn: Connection, tache_id: UUID) -> tuple[Any, Lieu]:
    ligne = conn.execute(query("taches.verrouiller"), {"tache": tache_id}).one_or_none()
    if ligne is None or ligne.fermee_at is not None:
        raise Introuvable("Cette tâche est déjà faite.")
    if ligne.motif in NE_PEUVENT_ATTENDRE:
        raise TransitionInterdite(
            f"Cela ne peut pas attendre : {NE_PEUVENT_ATTENDRE[ligne.motif]}. Rien n'a été changé.", code="cannot_wait"
        )
    return ligne, get_lieu(conn, ligne.plateforme_id)


def _limites(lieu: Lieu, jour: date) -> tuple[int, int]:
    return referentiel().entier(MAX, jour, lieu.plateforme_id), referentiel().entier(TOTAL_MAX, jour, lieu.plateforme_id)


def _write(conn: Connection, ligne: Any, echeance: datetime, attente: Attente | None, maintenant: datetime, cumul: int = 0) -> None:
    conn.execute(
        query("taches.reporter"),
        {
            "tache": ligne.id,
            "echeance": echeance,
            "raison": attente and attente.raison,
            "du": attente and maintenant,
            "jusqu_au": attente and attente.jusqu_au,
            "cumul": attente.cumul_jours if attente else cumul,
        },
    )


def _tell(conn: Connection, evenement: str, ligne: Any, donnees: dict[str, Any], maintenant: datetime) -> None:
    journal.live_at(conn, maintenant)
    journal.record(conn, evenement, plateforme_id=ligne.plateforme_id, parcours_id=ligne.parcours_id, donnees=donnees)
