"""What the holder of a partner's link sees and does. The database believes the signed link only, and shows nothing before a right code.

Looking writes nothing. Asking for a code, typing it, asking for another link and leaving are acts, each in the journal under the opaque
id of the link. Answers go through the services of the portal, under the role of the link, which sees its one hand-over.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.orientation import Statut
from pdp.partners.lien import code_of, hash_code, read_jeton
from pdp.services.delais import get_lieu
from pdp.services.publish_referentiel import referentiel
from pdp.services.read_partenaire import get_orientation
from pdp.services.record_reponse import record_reponse
from pdp.storage import journal
from pdp.storage.lignes import find_ligne
from pdp.storage.sql import query

TRANSPORT = "lien"
ETATS = ("ouvert", "expire", "remplace", "retire", "inconnu")
REPONDANT_MAX = 160


@dataclass(frozen=True)
class LienOuvert:
    """A link as its holder may know it: its own structure and the platform, nothing of the person.

    ``identifie``: this browser gave a right code. ``code_parti``: the mail of the code has left; ``nouveau_lien_at``: last time a new
    link was asked for. ``compte``: the structure has an account of the portal, and may sign in instead.
    """

    etat: str
    identifie: bool
    orientation_id: UUID
    expire_at: datetime
    remplace_at: datetime | None
    terminee: bool
    structure: str
    courriel: str | None
    compte: bool
    plateforme: str
    telephone: str | None
    code_demande_at: datetime | None
    code_parti: bool
    code_essais_restants: int | None
    nouveau_lien_at: datetime | None
    repondant: str | None

    @property
    def reference(self) -> str:
        """What both sides say on the phone."""
        return str(self.orientation_id)[:8].upper()

    @property
    def adresse_masquee(self) -> str:
        """Enough of the address to know which mailbox to open."""
        nom, _, domaine = (self.courriel or "").partition("@")
        return f"{nom[:2]}•••@{domaine}" if domaine else "l'adresse de votre structure"


def find_lien(conn: Connection, jeton: str) -> Auteur | None:
    """Author that a token stands for, under the portal's own role; None for one that nobody here made."""
    lien_id = read_jeton(jeton)
    if lien_id is None:
        return None
    ligne = conn.execute(query("lien_partenaire.trouver"), {"lien": lien_id}).one_or_none()
    return None if ligne is None else Auteur("partenaire", str(lien_id), "lien", ligne.plateforme_id, str(ligne.partenaire_id))


def read_lien(conn: Connection, acces: str, maintenant: datetime) -> LienOuvert | None:
    """State of the link of the transaction for the browser that holds the cookie ``acces``; None for an unknown one. Writes nothing.

    From then on this transaction sees the hand-over if, and only if, ``identifie``; answers keep the name left with the code.
    """
    _present(conn, acces, "", maintenant)
    lien = find_ligne(conn, "lien_partenaire.lire", LienOuvert)
    if lien is not None and lien.identifie and lien.repondant:
        _present(conn, acces, lien.repondant, maintenant)
    return lien


def ask_code(conn: Connection, auteur: Auteur, maintenant: datetime) -> str:
    """Mail a code to the address configured: envoye, attendre (one has just left), trop, or the state of the link."""
    _present(conn, "", "", maintenant)
    code_id = uuid4()
    resultat: str = conn.execute(
        query("lien_partenaire.demander_code"),
        {
            "code": code_id,
            "empreinte": hash_code(UUID(auteur.id), code_of(code_id)),
            "ecart": _policy(conn, auteur, "lien_partenaire_code_ecart_secondes", maintenant),
            "par_jour": _policy(conn, auteur, "lien_partenaire_codes_par_jour", maintenant),
            "essais_max": _policy(conn, auteur, "lien_partenaire_code_essais_max", maintenant),
            "minutes": _policy(conn, auteur, "lien_partenaire_code_minutes", maintenant),
        },
    ).scalar_one()
    return resultat


def open_lien(conn: Connection, auteur: Auteur, code: str, repondant: str | None, maintenant: datetime) -> tuple[str, str, timedelta]:
    """Second step: result (ok, faux, bloque, perime, sans_code, or the state of the link), cookie to give, and for how long it is good.

    A right code acknowledges the hand-over (status « reçue »), once. A double click is one more cookie and nothing else.
    """
    _present(conn, "", "", maintenant)
    acces, minutes = secrets.token_urlsafe(32), _policy(conn, auteur, "lien_partenaire_acces_minutes", maintenant)
    resultat: str = conn.execute(
        query("lien_partenaire.verifier_code"),
        {
            "empreinte": hash_code(UUID(auteur.id), code),
            "acces": _hash(acces),
            "minutes": minutes,
            "repondant": (repondant or "")[:REPONDANT_MAX],
        },
    ).scalar_one()
    if resultat == "ok":
        _acknowledge(conn, auteur, acces, maintenant)
    return resultat, acces, timedelta(minutes=minutes)


def ask_lien(conn: Connection, auteur: Auteur, maintenant: datetime) -> str:
    """Mail the link in use, or another once it expired, to the address configured and to no other: fait, deja, trop, terminee, or the
    state of the link."""
    _present(conn, "", "", maintenant)
    resultat: str = conn.execute(
        query("lien_partenaire.demander_lien"),
        {
            "par_jour": _policy(conn, auteur, "lien_partenaire_renouvellements_par_jour", maintenant),
            "ecart": _policy(conn, auteur, "lien_partenaire_code_ecart_secondes", maintenant),
            "horizon": _policy(conn, auteur, "boite_envoi_horizon_jours", maintenant),
        },
    ).scalar_one()
    return resultat


def close_acces(conn: Connection, acces: str, maintenant: datetime) -> None:
    """This browser needs another code from now on."""
    _present(conn, acces, "", maintenant)
    conn.execute(query("lien_partenaire.fermer_acces"))


def _acknowledge(conn: Connection, auteur: Auteur, acces: str, maintenant: datetime) -> None:
    lien = read_lien(conn, acces, maintenant)
    assert lien is not None
    if get_orientation(conn, lien.orientation_id).statut_vu != Statut.ENVOYEE:
        return
    record_reponse(
        conn,
        auteur,
        lien.orientation_id,
        statut=Statut.RECUE,
        motif=None,
        compte_rendu=None,
        evenement_id=f"ouverture:{lien.orientation_id}",
        maintenant=maintenant,
        transport=TRANSPORT,
    )


def _present(conn: Connection, acces: str, repondant: str, maintenant: datetime) -> None:
    """Tell the database which browser this is, and what time it is, for this transaction."""
    journal.live_at(conn, maintenant)
    conn.execute(query("lien_partenaire.presenter"), {"acces": _hash(acces).hex() if acces else "", "repondant": repondant})


def _hash(acces: str) -> bytes:
    return sha256(acces.encode()).digest()


def _policy(conn: Connection, auteur: Auteur, cle: str, maintenant: datetime) -> int:
    assert auteur.plateforme_id is not None
    lieu = get_lieu(conn, auteur.plateforme_id)
    return referentiel().entier(cle, lieu.jour(maintenant), lieu.plateforme_id)
