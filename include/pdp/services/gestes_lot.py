"""What each act on several people does to one of them. Rehearsed and confirmed by the same code: ``run_lot``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.attente import RAISONS
from pdp.domain.auteur import Auteur
from pdp.domain.lot import Ouverte, choose_a_deplacer, choose_a_mettre_en_attente, describe_taches
from pdp.errors import Conflit
from pdp.services.annulation import acte
from pdp.services.assign_choisi import assign_choisi
from pdp.services.delais import Lieu
from pdp.services.invite_assure import invite_assure
from pdp.services.move_parcours import lock_parcours
from pdp.services.pass_parcours import Receveur, get_receveur, list_receveurs, pass_parcours
from pdp.services.read_fiche import check_suivi
from pdp.services.wait_taches import change_echeance, describe_dates_legales, list_dates_legales, snooze_tache
from pdp.storage.sql import query

CHANGENT_DE_MAINS = frozenset({"passation", "affectation"})


@dataclass(frozen=True)
class Lot:
    """A lot as it was chosen; parameters that its act does not use are None."""

    id: UUID
    plateforme_id: str
    agent_id: UUID
    geste: str
    raison: str | None
    jour: date | None
    vers_csam_id: UUID | None
    note: str | None
    prepare_at: datetime
    repete_at: datetime | None
    confirme_at: datetime | None
    annule_at: datetime | None


@dataclass
class Contexte:
    """What the acts of one lot share; places given in the lot are counted."""

    conn: Connection
    lieu: Lieu
    auteur: Auteur
    lot: Lot
    maintenant: datetime
    donnes: int = 0

    @cached_property
    def receveurs(self) -> list[Receveur]:
        return list_receveurs(self.conn, self.lieu, self.maintenant)

    def lock_plateforme(self) -> None:
        """Before any case is locked, as whoever moves cases does: an assignment or a redistribution at the same time waits."""
        if self.lot.geste in CHANGENT_DE_MAINS:
            self.conn.execute(query("affectation.verrouiller_plateforme"), {"plateforme": self.lieu.plateforme_id})

    def get_receveur(self) -> Receveur:
        """The colleague chosen, with what this lot gave already."""
        encore = [replace(r, places=max(0, r.places - self.donnes)) if r.places is not None else r for r in self.receveurs]
        return get_receveur([r for r in encore if r.id == self.lot.vers_csam_id], self.lot.vers_csam_id)


Fait = tuple[str, UUID | None]


def act_on(contexte: Contexte, parcours_id: UUID) -> Fait:
    """Do the act of the lot on one person: French sentence, and the act that undoes it. Raises an ``ErreurPdp`` that says why not."""
    return ACTES[contexte.lot.geste](contexte, parcours_id)


def _put_in_attente(c: Contexte, parcours_id: UUID) -> Fait:
    raison, jusqu_a = c.lot.raison, c.lot.jour
    assert raison is not None
    assert jusqu_a is not None
    check_suivi(c.conn, c.lot.agent_id, parcours_id)
    jour = c.lieu.jour(c.maintenant)
    with acte(c.conn, c.auteur, parcours_id, "tache_reportee", c.maintenant) as fait:
        taches = choose_a_mettre_en_attente(_list_ouvertes(c, parcours_id), jusqu_a)
        for tache in taches:
            snooze_tache(c.conn, c.auteur, UUID(str(tache.id)), raison, jusqu_a, c.maintenant)
    dates = list_dates_legales(c.conn, c.lieu, parcours_id, jour, jusqu_a)
    phrase = f"{describe_taches(taches)} : en attente jusqu'au {jusqu_a:%d/%m/%Y} ({RAISONS[raison].libelle.lower()})."
    return f"{phrase} {describe_dates_legales(dates)}".strip(), fait.id


def _move_echeance(c: Contexte, parcours_id: UUID) -> Fait:
    assert c.lot.jour is not None
    check_suivi(c.conn, c.lot.agent_id, parcours_id)
    with acte(c.conn, c.auteur, parcours_id, "echeance", c.maintenant) as fait:
        tache = choose_a_deplacer(_list_ouvertes(c, parcours_id))
        change_echeance(c.conn, c.auteur, UUID(str(tache.id)), c.lot.jour, c.maintenant)
    return f"{describe_taches([tache])} : échéance du {tache.le:%d/%m/%Y} portée au {c.lot.jour:%d/%m/%Y}.", fait.id


def _invite(c: Contexte, parcours_id: UUID) -> Fait:
    check_suivi(c.conn, c.lot.agent_id, parcours_id)
    with acte(c.conn, c.auteur, parcours_id, "invitation", c.maintenant) as fait:
        invitation = invite_assure(c.conn, c.auteur, parcours_id, c.maintenant)
    if invitation.id is None or fait.id is None:  # no slot, or invited already: nothing leaves, and the savepoint forgets the rest
        raise Conflit(invitation.phrase)
    return invitation.phrase, fait.id


def _pass_on(c: Contexte, parcours_id: UUID) -> Fait:
    """Taken back by the lot itself: the case is then the colleague's, and only who gave it may ask for it."""
    check_suivi(c.conn, c.lot.agent_id, parcours_id)
    phrase = pass_parcours(c.conn, c.lieu, c.auteur, parcours_id, c.get_receveur(), c.lot.id, c.lot.note, c.maintenant)
    c.donnes += 1
    return phrase, None


def _assign(c: Contexte, parcours_id: UUID) -> Fait:
    phrase = assign_choisi(c.conn, c.lieu, c.auteur, parcours_id, c.get_receveur(), c.maintenant)
    c.donnes += 1
    return phrase, None


def _list_ouvertes(c: Contexte, parcours_id: UUID) -> list[Ouverte]:
    lock_parcours(c.conn, parcours_id)
    lignes = c.conn.execute(query("lots.lister_taches"), {"parcours": parcours_id})
    return [Ouverte(ligne.id, ligne.motif, c.lieu.jour(ligne.echeance_at)) for ligne in lignes]


ACTES: dict[str, Callable[[Contexte, UUID], Fait]] = {
    "attente": _put_in_attente,
    "echeance": _move_echeance,
    "invitation": _invite,
    "passation": _pass_on,
    "affectation": _assign,
}
