"""Messages of a person as her coordinator sees them: state in words and times, what may be done, health of the channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.config import settings
from pdp.domain.coordonnees import describe_telephone
from pdp.domain.message import CANAUX, MODELES, Joignabilite, describe_code, describe_etat, list_canaux
from pdp.domain.sms import Taille, measure
from pdp.errors import Introuvable
from pdp.messages.assure import Expediteur
from pdp.services.delais import Lieu, get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_destinataire import get_joignabilite, get_personne
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query

_SIGNES = {"neutre": "○", "attente": "…", "bien": "✓", "alerte": "⚠"}
_GENRES = {"neutre": "neutre", "attente": "info", "bien": "bien", "alerte": "retard"}


@dataclass(frozen=True)
class LigneMessage:
    """One message to the person."""

    id: UUID
    cle: UUID
    canal: str
    type: str
    cause: str
    remplace_id: UUID | None
    etat: str
    essais: int
    dernier_code: str | None
    prochain_essai_at: datetime
    trop_tard_at: datetime | None
    cree_at: datetime
    imprime_at: datetime | None
    livre_at: datetime | None
    remise: str | None
    remise_at: datetime | None
    remise_code: str | None
    objet: str
    texte: str
    langue: str
    valeurs: dict[str, str]
    sans_nouvelles: bool = False

    @property
    def libelle(self) -> str:
        return MODELES[self.type].libelle

    @property
    def canal_nom(self) -> str:
        return CANAUX[self.canal]

    @property
    def badge(self) -> tuple[str, str, str]:
        """Words, kind and sign of the badge."""
        if self.sans_nouvelles:
            return "Parti, aucune nouvelle de la remise", "info", "?"
        mots, ton = describe_etat(self.canal, self.etat, self.remise, self.dernier_code, self.essais, self.imprime_at is not None)
        return mots, _GENRES[ton], _SIGNES[ton]

    @property
    def raison(self) -> str | None:
        """Why, when there is something to say."""
        if self.remise_code:
            return describe_code(self.remise_code)
        if self.remise is None and (self.etat in ("rebut", "rappele", "incertain") or (self.etat == "a_envoyer" and self.essais)):
            return describe_code(self.dernier_code)
        return None

    @property
    def rappelable(self) -> bool:
        """Has not left: may be taken back."""
        return self.etat == "a_envoyer" and self.imprime_at is None

    @property
    def renvoyable(self) -> bool:
        """Did not arrive: may be sent by another channel."""
        echoue = self.etat in ("rebut", "incertain") or self.remise == "echec_definitif"
        ecarte = self.etat == "rappele" and self.dernier_code in ("refus_canal", "coordonnee_morte", "coordonnee_absente")
        return echoue or ecarte or self.sans_nouvelles

    @property
    def taille(self) -> Taille | None:
        """Length of an SMS."""
        return measure(self.texte) if self.canal == "sms" else None

    @property
    def etapes(self) -> list[tuple[str, datetime]]:
        """What happened and when, oldest first."""
        dates: list[tuple[str, datetime | None]] = [
            ("Préparé", self.cree_at),
            ("Imprimé", self.imprime_at),
            ("Posté" if self.canal == "courrier" else "Remis à l'opérateur" if self.canal == "sms" else "Remis au serveur", self.livre_at),
            (self.badge[0], self.remise_at),
        ]
        if self.etat == "a_envoyer" and self.canal != "courrier":
            dates.append(("Départ prévu à partir de", self.prochain_essai_at))
        return [(mots, quand) for mots, quand in dates if quand is not None]


@dataclass(frozen=True)
class Bloc:
    """The messages of a person, and how she can be written to. ``canaux``: code -> None when possible, else why not."""

    messages: list[LigneMessage]
    canaux: dict[str, str | None]
    telephone_genre: str | None
    adresse: str | None
    langue: str
    gros: bool
    degrades: list[str]

    @property
    def possibles(self) -> dict[str, str]:
        return {canal: CANAUX[canal] for canal, obstacle in self.canaux.items() if obstacle is None}


def read_bloc(conn: Connection, parcours_id: UUID, maintenant: datetime) -> Bloc:
    """Messages of a parcours, latest first. Raises :class:`Introuvable`."""
    personne = get_personne(conn, parcours_id)
    joignable, lieu = get_joignabilite(conn, personne), get_lieu(conn, personne.plateforme_id)
    return Bloc(
        _list(conn, parcours_id, lieu, maintenant),
        {canal: joignable.obstacle(canal) for canal in CANAUX},
        describe_telephone(personne.telephone).genre if personne.telephone else None,
        personne.adresse,
        personne.langue,
        personne.gros,
        list_degrades(conn, lieu, maintenant),
    )


def _list(conn: Connection, parcours_id: UUID, lieu: Lieu, maintenant: datetime) -> list[LigneMessage]:
    """Latest first; an SMS without news after the policy delay says so."""
    jours = referentiel().entier("message_sans_accuse_jours", lieu.jour(maintenant), lieu.plateforme_id)
    depuis = maintenant - timedelta(days=jours)
    return list_lignes(conn, "messages.lister", LigneMessage, parcours=parcours_id, depuis=depuis)


def get_message(conn: Connection, parcours_id: UUID, message_id: UUID, maintenant: datetime) -> LigneMessage:
    """Raises :class:`Introuvable` for a message of another parcours."""
    lieu = get_lieu(conn, get_personne(conn, parcours_id).plateforme_id)
    trouve = next((m for m in _list(conn, parcours_id, lieu, maintenant) if m.id == message_id), None)
    if trouve is None:
        raise Introuvable
    return trouve


def list_canaux_de(conn: Connection, parcours_id: UUID, modele: str) -> dict[str, str]:
    """Channels that may carry this model to this person, best first, with their names."""
    joignable: Joignabilite = get_joignabilite(conn, get_personne(conn, parcours_id))
    return {canal: CANAUX[canal] for canal in list_canaux(modele, joignable)}


def list_degrades(conn: Connection, lieu: Lieu, maintenant: datetime) -> list[str]:
    """Names of the channels that do not answer for the moment (« SMS »), told to every coordinator."""
    seuil = referentiel().entier("sms_degrade_echecs", lieu.jour(maintenant), lieu.plateforme_id)
    lus: Any = conn.execute(query("messages.lister_degrades"), {"plateforme": lieu.plateforme_id, "seuil": seuil}).scalars()
    return [CANAUX[canal] for canal in lus]


def get_expediteur(conn: Connection, plateforme_id: str) -> Expediteur:
    """The platform as its messages name it. Raises :class:`Introuvable`."""
    ligne = conn.execute(query("referentiel.lire_plateforme"), {"plateforme": plateforme_id}).one_or_none()
    if ligne is None:
        raise Introuvable
    return Expediteur(ligne.libelle, ligne.telephone, settings().demonstration)
