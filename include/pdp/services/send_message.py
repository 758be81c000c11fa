"""What is particular to a message to the insured when it leaves: hours, address read at the last instant, what failures teach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.coordonnees import describe_telephone, fingerprint_coordonnee
from pdp.domain.message import CANAUX, MODELES, NUMERO_MORT, Joignabilite, describe_code, next_canal
from pdp.partners import courriel, sms
from pdp.partners.contrat import Classe, Remise
from pdp.services.delais import list_lieux
from pdp.services.manage_taches import open_tache
from pdp.services.write_message import get_plage
from pdp.storage import db, journal
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query


class Suivie(Protocol):
    """A message as those who follow it know it."""

    @property
    def id(self) -> UUID: ...
    @property
    def cle(self) -> UUID: ...
    @property
    def plateforme_id(self) -> str: ...
    @property
    def parcours_id(self) -> UUID: ...
    @property
    def canal(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def etat(self) -> str: ...
    @property
    def essais(self) -> int: ...


class Ligne(Suivie, Protocol):
    """A claimed row (``send_outbox.LigneReclamee``)."""

    @property
    def charge(self) -> Mapping[str, Any]: ...
    @property
    def jeton(self) -> int: ...
    @property
    def trop_tard_at(self) -> datetime | None: ...
    @property
    def obstacle(self) -> str | None: ...


@dataclass(frozen=True)
class LigneJoignable:
    """Where the person of a parcours can be written to, as the sender may read it."""

    assure_id: UUID
    telephone: str | None
    telephone_faux_at: datetime | None
    courriel: str | None
    courriel_faux_at: datetime | None
    prefere: str | None
    refus: list[str]


def list_ouvertes(conn: Connection, *instants: datetime) -> list[str]:
    """Platforms where a person may receive a message at all these instants."""
    return [lieu.plateforme_id for lieu in list_lieux(conn) if all(get_plage(lieu, instant).is_ouverte(instant) for instant in instants)]


def deliver(url: str, auteur: Auteur, ligne: Ligne, maintenant: datetime) -> Remise:
    """One attempt, outside any transaction. The number or address is the one of this instant; a lost lease sends nothing."""
    with db.begin(url, auteur) as conn:
        personne = _get_joignable(conn, ligne.parcours_id)
        adresse = personne.telephone if ligne.canal == "sms" else personne.courriel
        if not adresse:
            return Remise(Classe.REFUSE, "coordonnee_absente")
        prise = {"id": ligne.id, "jeton": ligne.jeton, "empreinte": fingerprint_coordonnee(adresse)}
        if conn.execute(query("messages.noter_adresse"), prise).scalar() is None:
            return Remise(Classe.INCERTAIN, "bail_expire")  # somebody else has it: the outcome is not written
    charge = ligne.charge
    if ligne.canal == "courriel":
        return courriel.deliver(ligne.cle, adresse, charge["objet"], charge["texte"], charge["html"], maintenant)
    if not describe_telephone(adresse).recoit_sms:
        return Remise(Classe.REFUSE, "numero_invalide")
    return sms.deliver(ligne.plateforme_id, ligne.cle, adresse, charge["texte"], maintenant)


def follow(conn: Connection, auteur: Auteur, ligne: Ligne, remise: Remise, etat: str, maintenant: datetime) -> None:
    """What follows an outcome already written: the health of the channel, a dead number, a coordinator told."""
    muet = remise.classe is Classe.REESSAYER
    sante = {"plateforme": ligne.plateforme_id, "canal": ligne.canal, "code": remise.code, "maintenant": maintenant}
    conn.execute(query("messages.compter_echec" if muet else "messages.compter_succes"), sante)
    if etat == "livre":
        _tell(conn, "message_parti", ligne, {"essais": ligne.essais})
        return
    if etat == "a_envoyer":
        return
    if remise.code in NUMERO_MORT:
        mark_dead(conn, ligne.id, ligne.parcours_id, ligne.canal, remise.code, maintenant)
    _tell(conn, "message_en_echec", ligne, {"code": remise.code, "essais": ligne.essais})
    if ligne.trop_tard_at is None or maintenant < ligne.trop_tard_at:
        ask_another_channel(conn, auteur, ligne, remise.code, maintenant)


def set_aside(conn: Connection, auteur: Auteur, ligne: Ligne, maintenant: datetime, *, decide: bool) -> None:
    """The claim found that it may not leave: said in the file, and a coordinator told unless a person or time ``decide``."""
    motif = {"motif": ligne.obstacle, "essais": ligne.essais}
    _tell(conn, "message_rappele" if ligne.etat == "rappele" else "message_en_echec", ligne, motif)
    if not decide:
        code = "bail_expire" if ligne.obstacle == "incertain" else ligne.obstacle or ""
        ask_another_channel(conn, auteur, ligne, code, maintenant)


def mark_dead(conn: Connection, message_id: UUID, parcours_id: UUID, canal: str, code: str, maintenant: datetime) -> None:
    """The number or address that this message left for is not tried again until another one is known."""
    mort = {"message": message_id, "parcours": parcours_id, "canal": canal, "code": code, "maintenant": maintenant}
    conn.execute(query("messages.noter_mort"), mort)


def ask_another_channel(conn: Connection, auteur: Auteur, ligne: Suivie, code: str, maintenant: datetime) -> None:
    """One reason to act per message, with the next channel proposed."""
    suivant = next_canal(ligne.type, get_joignabilite(conn, ligne.parcours_id), ligne.canal)
    suite = f"Proposé : {CANAUX[suivant].lower() if suivant != 'sms' else 'SMS'}" if suivant else "Aucun autre moyen d'écrire : appelez"
    open_tache(
        conn,
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        motif="message_en_echec",
        cause=str(ligne.cle),
        maintenant=maintenant,
        auteur=auteur,
        note=f"{MODELES[ligne.type].libelle}, {CANAUX[ligne.canal]} : {describe_code(code)}. {suite}.",
    )


def get_joignabilite(conn: Connection, parcours_id: UUID) -> Joignabilite:
    """As the sender may read it: without the postal address, which a letter asks for when it is missing."""
    personne = _get_joignable(conn, parcours_id)
    morts = {(m.canal, bytes(m.empreinte)) for m in conn.execute(query("messages.lister_morts"), {"assure": personne.assure_id})}
    coordonnees = {"sms": personne.telephone, "courriel": personne.courriel}
    mortes = {c for c, valeur in coordonnees.items() if valeur is not None and (c, fingerprint_coordonnee(valeur)) in morts}
    mortes |= {c for c, faux in (("sms", personne.telephone_faux_at), ("courriel", personne.courriel_faux_at)) if faux is not None}
    return Joignabilite(personne.telephone, personne.courriel, None, personne.prefere, frozenset(personne.refus), frozenset(mortes))


def _get_joignable(conn: Connection, parcours_id: UUID) -> LigneJoignable:
    ligne = find_ligne(conn, "messages.lire_joignable", LigneJoignable, parcours=parcours_id)
    assert ligne is not None, "a message names a parcours that exists"
    return ligne


def _tell(conn: Connection, evenement: str, ligne: Ligne, suite: dict[str, Any]) -> None:
    journal.record(
        conn,
        evenement,
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        donnees={"message_id": ligne.id, "type": ligne.type, "canal": ligne.canal, **suite},
    )
