"""What a manager decides about a refused line: correct it, replay it as it is, abandon it. Asked here, applied by the next reception.

The manager's database role cannot write a prescription or an insured person, and no automatic author is borrowed for it: the request
is a row (``identite.correction_quarantaine``) that :mod:`pdp.services.replay_quarantaine` applies under the batch role.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection

from pdp.domain.auteur import Auteur
from pdp.domain.flux import Anomalie
from pdp.errors import Conflit, DonneeInvalide
from pdp.services.champs_quarantaine import (
    MODIFIABLES,
    LigneOuverte,
    check_contenu,
    check_saisie,
    merge_contenu,
    open_contenu,
    retype_contenu,
)
from pdp.services.libelles_quarantaine import MOTIFS
from pdp.services.read_quarantaine import LigneRefusee, get_ligne
from pdp.storage import journal
from pdp.storage.chiffrement import decrypt, encrypt
from pdp.storage.sql import query

DEJA = "Une décision attend déjà la prochaine réception pour cette ligne. Rien n'a été changé : rechargez la page."
ILLISIBLE = "Le contenu gardé de cette ligne ne peut plus être lu : elle est à renvoyer depuis la source."


def open_ligne(conn: Connection, auteur: Auteur, ligne_id: UUID) -> tuple[LigneRefusee, LigneOuverte]:
    """A line and what may be seen of its content. The database journals the opening in the same act; raises ``Introuvable``."""
    ligne = get_ligne(conn, ligne_id)
    contenu = _read_contenu(conn, ligne)
    return ligne, open_contenu(contenu, ligne.flux, [Anomalie(ligne.champ or "", ligne.code, ligne.message)])


def request_correction(
    conn: Connection, auteur: Auteur, ligne_id: UUID, valeurs: Mapping[str, str], maintenant: datetime
) -> tuple[LigneRefusee, LigneOuverte | None]:
    """Check the typed cells by the schema of the feed, and ask for their replay.

    The second value is None once asked; else the form as typed, with what is wrong beside each cell, and nothing kept. Cells that the
    form did not show are ignored: they stay as received.
    """
    ligne = get_ligne(conn, ligne_id)
    _check_ouverte(ligne)
    contenu = _read_contenu(conn, ligne)
    ouverte = open_contenu(contenu, ligne.flux, [Anomalie(ligne.champ or "", ligne.code, ligne.message)])
    if ouverte.renvoi:
        return ligne, ouverte
    admises = {champ.nom: valeurs[champ.nom].strip() for champ in ouverte.champs if champ.acces == "modifiable" and champ.nom in valeurs}
    anomalies = check_saisie(admises)
    corrige, champs = contenu, ()
    if not anomalies:
        corrige, champs = merge_contenu(contenu, admises)
        anomalies = check_contenu(corrige, ligne.flux) or _check_plateforme(conn, auteur, ligne.flux, champs, admises)
        if not champs and not anomalies:
            anomalies = [
                Anomalie(
                    "", "rien_change", "Vous n'avez rien changé. Pour la représenter sans changement, utilisez « Rejouer telle quelle »."
                )
            ]
    if anomalies:
        return ligne, retype_contenu(
            contenu, ligne.flux, admises, anomalies, [champ.nom for champ in ouverte.champs if champ.acces == "modifiable"]
        )
    _ask(conn, auteur, ligne_id, "corriger", maintenant, contenu=encrypt(corrige), champs=list(champs))
    return ligne, None


def request_decision(conn: Connection, auteur: Auteur, ligne_id: UUID, decision: str, motif: str | None, maintenant: datetime) -> None:
    """``rejouer`` as it is, or ``abandonner`` with a reason of :data:`MOTIFS`. Raises ``Conflit`` when a decision already waits."""
    ligne = get_ligne(conn, ligne_id)
    _check_ouverte(ligne, reprise=decision == "rejouer")
    _check_decision(ligne.flux, decision, motif)
    _ask(conn, auteur, ligne_id, decision, maintenant, motif=motif)


def request_lot(
    conn: Connection,
    auteur: Auteur,
    flux: str,
    code: str,
    decision: str,
    motif: str | None,
    maintenant: datetime,
    *,
    sans_plateforme: bool = False,
) -> int:
    """The same decision for every open line of a feed and reason that has none yet; how many. One journal event for the lot.

    ``sans_plateforme``: the lines that name no platform, which every manager sees and none may open, instead of those of the platform.
    """
    _check_decision(flux, decision, motif)
    champs = {"agent": UUID(auteur.id), "maintenant": maintenant, "decision": decision, "motif": motif}
    champs |= {"plateforme": auteur.plateforme_id, "sans_plateforme": sans_plateforme}
    nombre = conn.execute(query("quarantaine.demander_lot"), {**champs, "flux": flux, "code": code}).rowcount
    if nombre:
        donnees = {"flux": flux, "code": code, "decision": decision, "motif": motif, "lignes": nombre}
        journal.record(conn, "correction_demandee", plateforme_id=auteur.plateforme_id, donnees=donnees)
    return nombre


def cancel_demande(conn: Connection, auteur: Auteur, ligne_id: UUID, maintenant: datetime) -> bool:
    """Take back what waits for the reception; False when it was too late or nothing waited."""
    get_ligne(conn, ligne_id)
    retiree = conn.execute(query("quarantaine.retirer_demande"), {"ligne": ligne_id, "maintenant": maintenant}).rowcount > 0
    if retiree:
        journal.record(conn, "correction_retiree", plateforme_id=auteur.plateforme_id, donnees={"quarantaine_id": ligne_id})
    return retiree


def _ask(
    conn: Connection,
    auteur: Auteur,
    ligne_id: UUID,
    decision: str,
    maintenant: datetime,
    *,
    contenu: bytes | None = None,
    champs: list[str] | None = None,
    motif: str | None = None,
) -> None:
    valeurs = {"contenu": contenu, "champs": champs or [], "motif": motif, "maintenant": maintenant}
    qui = {"plateforme": auteur.plateforme_id, "agent": UUID(auteur.id)}
    if conn.execute(query("quarantaine.demander"), {**valeurs, **qui, "ligne": ligne_id, "decision": decision}).scalar() is None:
        raise Conflit(DEJA)
    donnees = {"quarantaine_id": ligne_id, "decision": decision, "motif": motif, "champs": champs or []}
    journal.record(conn, "correction_demandee", plateforme_id=auteur.plateforme_id, donnees=donnees)


def _check_ouverte(ligne: LigneRefusee, *, reprise: bool = False) -> None:
    """An abandoned line may still be replayed or corrected; one that was taken may not."""
    if ligne.en_attente:
        raise Conflit(DEJA)
    if ligne.resolue_at is not None and not (reprise and ligne.resolution == "abandonnee"):
        raise DonneeInvalide("Cette ligne n'est plus en quarantaine. Rien n'a été changé.", code="line_already_resolved")


def _check_decision(flux: str, decision: str, motif: str | None) -> None:
    if decision not in ("rejouer", "abandonner"):
        raise DonneeInvalide("Choisissez de rejouer ou d'abandonner. Rien n'a été enregistré.", code="unknown_decision")
    if decision == "rejouer" and (flux not in MODIFIABLES or motif is not None):
        raise DonneeInvalide(
            "Les lignes de ce flux ne se rejouent pas une à une : la source renvoie le fichier.", code="feed_not_replayable"
        )
    if decision == "abandonner" and motif not in MOTIFS:
        raise DonneeInvalide("Dites pourquoi la ligne est abandonnée. Rien n'a été enregistré.", code="missing_reason")


def _check_plateforme(conn: Connection, auteur: Auteur, flux: str, champs: tuple[str, ...], valeurs: Mapping[str, str]) -> list[Anomalie]:
    """A correction may not move a person to another platform; for the other feeds the reception checks whose person it is."""
    if flux != "assures" or "departement" not in champs:
        return []
    departement = conn.execute(query("quarantaine.trouver_departement"), {"plateforme": auteur.plateforme_id}).scalar_one()
    if valeurs["departement"] == departement:
        return []
    return [
        Anomalie(
            "departement",
            "autre_plateforme",
            "Ce département n'est pas celui de votre plateforme : la ligne est à renvoyer depuis la source.",
        )
    ]


def _read_contenu(conn: Connection, ligne: LigneRefusee) -> str:
    """Header and line, decrypted; the database has journalled the opening."""
    chiffre = conn.execute(query("quarantaine.ouvrir_ligne"), {"ligne": ligne.id}).scalar_one()
    try:
        return decrypt(bytes(chiffre))
    except (InvalidTag, ValueError):
        raise DonneeInvalide(ILLISIBLE, code="unreadable_line") from None
