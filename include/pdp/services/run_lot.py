"""Acts on several people: chosen, rehearsed by doing them and taking them back, checked again and confirmed once, undone one by one.

Each person has a savepoint of her own: one that fails stops nobody else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pdp.domain.attente import check_attente
from pdp.domain.auteur import Auteur
from pdp.domain.lot import GESTES
from pdp.errors import DonneeInvalide, ErreurPdp, Introuvable
from pdp.services.annulation import undo_acte
from pdp.services.assign_choisi import unassign
from pdp.services.delais import get_lieu
from pdp.services.gestes_lot import Contexte, Lot, act_on
from pdp.services.pass_parcours import get_receveur, take_back
from pdp.services.publish_referentiel import referentiel
from pdp.services.wait_taches import MAX, TOTAL_MAX
from pdp.storage import journal
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

_journal = logging.getLogger("pdp.lots")
CHANGE = "Quelqu'un a agi sur ce dossier depuis la répétition : regardez-le, puis recommencez pour cette personne."
PANNE = "Une erreur technique a empêché cet acte ; rien n'a été changé pour cette personne. Recommencez."
SUITE_INUTILE = (" Rien n'a été changé.", " Rien n'a été enregistré.", " Rien n'a été ajouté.")


@dataclass(frozen=True)
class Ligne:
    """One person of a lot."""

    parcours_id: UUID
    etat: str
    empreinte: str | None
    acte_id: UUID | None


@dataclass(frozen=True)
class Resultat:
    parcours_id: UUID
    etat: str
    phrase: str
    acte_id: UUID | None = None


def create_lot(conn: Connection, auteur: Auteur, geste: str, parcours: Sequence[UUID], maintenant: datetime) -> UUID:
    """Remember who was chosen, each once, in order. Raises :class:`DonneeInvalide` when nobody was, or too many (policy)."""
    choisis = list(dict.fromkeys(parcours))
    if geste not in GESTES:
        raise DonneeInvalide("Choisissez ce qui est à faire dans la liste.", code="unknown_bulk_act")
    if not choisis:
        raise DonneeInvalide("Cochez au moins une personne dans la liste. Rien n'a été fait.", code="nobody_chosen")
    plateforme = auteur.plateforme_id or ""
    maximum = referentiel().entier("lot_personnes_max", get_lieu(conn, plateforme).jour(maintenant), plateforme)
    if len(choisis) > maximum:
        raise DonneeInvalide(f"Un acte groupé porte sur {maximum} personnes au plus. Rien n'a été fait.", code="too_many_chosen")
    lot: UUID = conn.execute(
        query("lots.creer"), {"plateforme": plateforme, "agent": UUID(auteur.id), "geste": geste, "maintenant": maintenant}
    ).scalar_one()
    ecrites = conn.execute(
        query("lots.ajouter"), {"lot": lot, "plateforme": plateforme, "parcours": choisis, "maintenant": maintenant}
    ).rowcount
    if ecrites != len(choisis):
        raise Introuvable
    return lot


def rehearse_lot(
    conn: Connection,
    auteur: Auteur,
    lot_id: UUID,
    maintenant: datetime,
    *,
    raison: str | None = None,
    jour: date | None = None,
    vers: UUID | None = None,
    note: str | None = None,
) -> None:
    """Do everything, note for each person what came of it, and take it all back. May be done again with other parameters."""
    lot = lock_lot(conn, lot_id)
    if lot.confirme_at is not None:
        return
    lieu = get_lieu(conn, lot.plateforme_id)
    contexte = Contexte(conn, lieu, auteur, replace(lot, raison=raison, jour=jour, vers_csam_id=vers, note=note), maintenant)
    contexte.lock_plateforme()
    _check_parametres(contexte)
    parametres = {"raison": raison, "jour": jour, "vers": vers, "note": note}
    conn.execute(query("lots.preciser"), {"lot": lot_id, "maintenant": maintenant, **parametres})
    lignes = _list_lignes(conn, lot_id)
    empreintes = _read_empreintes(conn, lot_id)
    essai = conn.begin_nested()
    try:
        resultats = [_try(contexte, ligne.parcours_id, act_on, "prevue", "refusee") for ligne in lignes]
    finally:
        essai.rollback()
    _write(conn, lot_id, resultats, maintenant, empreintes)


def confirm_lot(conn: Connection, auteur: Auteur, lot_id: UUID, maintenant: datetime) -> bool:
    """Do what the rehearsal showed, checked again for each person. False when it was confirmed already: nothing is then done."""
    lot = lock_lot(conn, lot_id)
    if lot.confirme_at is not None:
        return False
    if lot.repete_at is None:
        raise DonneeInvalide("Répétez d'abord cet acte, pour voir qui est concerné. Rien n'a été fait.", code="not_rehearsed")
    conn.execute(query("lots.confirmer"), {"lot": lot_id, "maintenant": maintenant})
    contexte = Contexte(conn, get_lieu(conn, lot.plateforme_id), auteur, lot, maintenant)
    contexte.lock_plateforme()
    prevues = [ligne for ligne in _list_lignes(conn, lot_id) if ligne.etat == "prevue"]
    actuelles = _read_empreintes(conn, lot_id)
    resultats = []
    for ligne in prevues:
        if actuelles.get(ligne.parcours_id) != ligne.empreinte:
            resultats.append(Resultat(ligne.parcours_id, "refusee", CHANGE))
        else:
            resultats.append(_try(contexte, ligne.parcours_id, act_on, "faite", "refusee"))
    _write(conn, lot_id, resultats, maintenant, {})
    _tell(conn, "lot_confirme", lot, resultats, maintenant)
    return True


def undo_lot(conn: Connection, auteur: Auteur, lot_id: UUID, maintenant: datetime) -> bool:
    """Take back what was done, person by person; what can no longer be stays, with why. False when nothing was left to take back."""
    lot = lock_lot(conn, lot_id)
    lieu = get_lieu(conn, lot.plateforme_id)
    actes = {ligne.parcours_id: ligne.acte_id for ligne in _list_lignes(conn, lot_id) if ligne.etat == "faite"}
    if not actes or lot.confirme_at is None:
        return False
    contexte = Contexte(conn, lieu, auteur, lot, maintenant)
    contexte.lock_plateforme()

    def undo(c: Contexte, parcours_id: UUID) -> tuple[str, UUID | None]:
        return _undo_one(c, parcours_id, actes[parcours_id]), actes[parcours_id]

    resultats = [_try(contexte, parcours, undo, "annulee", "faite", actes[parcours]) for parcours in actes]
    _write(conn, lot_id, resultats, maintenant, {})
    conn.execute(query("lots.annuler"), {"lot": lot_id, "maintenant": maintenant})
    _tell(conn, "lot_annule", lot, resultats, maintenant)
    return True


def lock_lot(conn: Connection, lot_id: UUID) -> Lot:
    """One gesture at a time on a lot; raises :class:`Introuvable` when it is not this person's."""
    lot = find_ligne(conn, "lots.verrouiller", Lot, lot=lot_id)
    if lot is None:
        raise Introuvable
    return lot


def _undo_one(c: Contexte, parcours_id: UUID, acte_id: UUID | None) -> str:
    lot = c.lot
    assert lot.confirme_at is not None
    if lot.geste == "affectation":
        return unassign(c.conn, c.lieu, c.auteur, parcours_id, lot.confirme_at, c.maintenant)
    if lot.geste == "passation":
        assert lot.vers_csam_id is not None
        return take_back(c.conn, c.lieu, c.auteur, parcours_id, lot.vers_csam_id, lot.id, lot.confirme_at, c.maintenant)
    if acte_id is None:
        return "Rien n'avait été changé."
    return undo_acte(c.conn, c.auteur, acte_id, c.maintenant)


def _try(
    c: Contexte,
    parcours_id: UUID,
    geste: Callable[[Contexte, UUID], tuple[str, UUID | None]],
    reussi: str,
    refuse: str,
    acte_id: UUID | None = None,
) -> Resultat:
    """One person in a savepoint of her own. A refusal is said in its words; a failure is logged without anybody's data."""
    try:
        with c.conn.begin_nested():
            phrase, fait = geste(c, parcours_id)
        return Resultat(parcours_id, reussi, phrase, fait)
    except Introuvable:
        return Resultat(parcours_id, refuse, "Ce dossier n'est plus dans votre liste.", acte_id)
    except ErreurPdp as erreur:
        return Resultat(parcours_id, refuse, _shorten(erreur.message), acte_id)
    except DBAPIError as erreur:
        if erreur.connection_invalidated:
            raise
        _journal.warning("bulk_act_failed lot=%s parcours=%s kind=%s", c.lot.id, parcours_id, type(erreur).__name__)
        return Resultat(parcours_id, "echouee" if refuse != "faite" else refuse, PANNE, acte_id)


def _shorten(message: str) -> str:
    """Said once for the whole page: nothing was changed for those refused."""
    for suite in SUITE_INUTILE:
        message = message.replace(suite, "")
    return message


def _check_parametres(c: Contexte) -> None:
    """What is wrong for everybody is said once, before anybody is tried."""
    lot, lieu, jour = c.lot, c.lieu, c.lieu.jour(c.maintenant)
    if lot.geste == "attente":
        if lot.jour is None:
            raise DonneeInvalide("Indiquez la date de reprise. Rien n'a été fait.", code="missing:jour")
        limites = (referentiel().entier(cle, jour, lieu.plateforme_id) for cle in (MAX, TOTAL_MAX))
        check_attente(lot.raison or "", lot.jour, jour, 0, *limites)
    elif lot.geste == "echeance" and lot.jour is None:
        raise DonneeInvalide("Indiquez la nouvelle échéance. Rien n'a été fait.", code="missing:jour")
    elif lot.geste in ("passation", "affectation"):
        get_receveur(c.receveurs, lot.vers_csam_id)


def _list_lignes(conn: Connection, lot_id: UUID) -> list[Ligne]:
    """In the order in which cases are locked, the same for everybody."""
    return [Ligne(**x._mapping) for x in conn.execute(query("lots.lister_lignes"), {"lot": lot_id})]


def _read_empreintes(conn: Connection, lot_id: UUID) -> dict[UUID, str]:
    """Digest of each case of the lot, locked: what the rehearsal saw is what the confirmation must find."""
    conn.execute(query("lots.verrouiller_parcours"), {"lot": lot_id}).all()
    return dict(conn.execute(query("lots.lire_empreintes"), {"lot": lot_id}).tuples().all())


def _write(conn: Connection, lot_id: UUID, resultats: Sequence[Resultat], maintenant: datetime, empreintes: dict[UUID, str]) -> None:
    if not resultats:
        return
    conn.execute(
        query("lots.ecrire"),
        {
            "lot": lot_id,
            "maintenant": maintenant,
            "parcours": [r.parcours_id for r in resultats],
            "etats": [r.etat for r in resultats],
            "phrases": [r.phrase for r in resultats],
            "actes": [r.acte_id for r in resultats],
            "empreintes": [empreintes.get(r.parcours_id) for r in resultats],
        },
    )


def _tell(conn: Connection, evenement: str, lot: Lot, resultats: Sequence[Resultat], maintenant: datetime) -> None:
    etats = [r.etat for r in resultats]
    journal.live_at(conn, maintenant)
    journal.record(
        conn,
        evenement,
        plateforme_id=lot.plateforme_id,
        donnees={"lot_id": lot.id, "geste": lot.geste, "resultats": {etat: etats.count(etat) for etat in sorted(set(etats))}},
    )
