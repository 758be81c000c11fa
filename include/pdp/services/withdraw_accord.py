"""Withdrawal of an agreement, or of some of its data, in one transaction: it ends, nothing more leaves, partners are told.

Decided here: once a class of data is taken back, what a partner may still read on our side loses it at once (inbox, link, FHIR), a
hand-over never tried leaves without it, one that was tried without a known outcome is taken back whole (sending it again would make
two), and for one that was delivered a coordinator asks the partner to stop using and keeping it: a transport has no word for that.
A whole withdrawal tells every partner by its own transport, and that message asks the same.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from pdp.domain.accord import CANAUX_RETRAIT
from pdp.domain.auteur import Auteur
from pdp.domain.contenu import CLASSES, drop_classes
from pdp.errors import DonneeInvalide, Introuvable
from pdp.services.manage_taches import open_tache
from pdp.services.move_parcours import LigneParcours, lock_parcours
from pdp.services.orient_parcours import Retraits, cancel_orientation, resend_reduite, revoke_orientations
from pdp.services.raise_alerte import raise_alerte
from pdp.storage import journal, outbox
from pdp.storage.sql import query

REQUISE = "identite"
"""Without it a partner can do nothing: taking it back takes the whole agreement back."""


@dataclass(frozen=True)
class Effets:
    """What a withdrawal did at once, as counts: hand-overs taken back, messages recalled, partners told, hand-overs left with less."""

    orientations: int = 0
    rappeles: int = 0
    prevenus: int = 0
    reduites: int = 0


def withdraw_accord(conn: Connection, auteur: Auteur, accord_id: UUID, canal: str, maintenant: datetime) -> None:
    """Withdraw an agreement: what has not left is recalled, what the partner holds is taken back. Twice is once.

    One given for every service of a kind takes with it those given for one of them.
    """
    parcours, accord = _lock(conn, accord_id, canal)
    if accord.retire_at is not None or accord.decision != "accorde":
        return
    cle = {"parcours": accord.parcours_id, "destinataire": accord.destinataire}
    autres = conn.execute(query("accords.lister_actifs"), cle).all() if accord.partenaire_id is None else []
    fins = [accord_id, *(autre.id for autre in autres if autre.id != accord_id)]
    for fin in fins:
        conn.execute(query("accords.retirer"), {"accord": fin, "maintenant": maintenant, "canal": canal})
    tout = accord.destinataire == "accompagnement"
    retraits = revoke_orientations(
        conn, auteur, accord.parcours_id, None if tout else accord.destinataire, maintenant, partenaire_id=accord.partenaire_id
    )
    for fin in fins:
        _record(conn, auteur, parcours, accord, fin, None, canal, _effets(retraits) if fin == accord_id else Effets(), maintenant)
    if tout:
        alert_refus(conn, parcours, accord_id, "La personne a retiré son accord à l'accompagnement.", maintenant, auteur)


def withdraw_classes(
    conn: Connection, auteur: Auteur, accord_id: UUID, classes: Collection[str], canal: str, maintenant: datetime
) -> Effets:
    """Take some classes of data back; without the identity nothing is left to agree to, and the whole agreement ends.

    A class already taken back changes nothing. Raises :class:`DonneeInvalide` for a class that the agreement does not cover.
    """
    parcours, accord = _lock(conn, accord_id, canal)
    if accord.retire_at is not None or accord.decision != "accorde":
        return Effets()
    if not classes or not set(classes) <= set(accord.classes):
        raise DonneeInvalide("Choisissez ce que la personne ne veut plus transmettre. Rien n'a été changé.", code="unknown_class")
    retirees = [classe for classe in accord.classes if classe in classes and classe not in accord.classes_retirees]
    if not retirees:
        return Effets()
    if REQUISE in retirees or set(accord.classes) == {*accord.classes_retirees, *retirees}:
        withdraw_accord(conn, auteur, accord_id, canal, maintenant)
        return Effets()
    journal.live_at(conn, maintenant)
    conn.execute(query("accords.retirer_classes"), {"accord": accord_id, "classes": [*accord.classes_retirees, *retirees]})
    sommes = Effets()
    for ligne in conn.execute(query("orientations.verrouiller_couvertes"), {"accord": accord_id}).all():
        sommes = _add(sommes, _reduce(conn, auteur, ligne, retirees, maintenant))
    _record(conn, auteur, parcours, accord, accord_id, retirees, canal, sommes, maintenant)
    return sommes


def alert_refus(conn: Connection, parcours: LigneParcours, accord_id: UUID, phrase: str, maintenant: datetime, auteur: Auteur) -> None:
    """The médecin-conseil learns that the person does not want to be followed."""
    raise_alerte(
        conn,
        plateforme_id=parcours.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=parcours.id,
        type="accord_retire",
        cause=str(accord_id),
        phrase=phrase,
        faits={"accord_id": str(accord_id)},
        survenu_at=maintenant,
        maintenant=maintenant,
    )
    open_tache(
        conn,
        plateforme_id=parcours.plateforme_id,
        parcours_id=parcours.id,
        motif="decision_medecin",
        cause=str(accord_id),
        maintenant=maintenant,
        auteur=auteur,
    )


def _reduce(conn: Connection, auteur: Auteur, ligne: Row[Any], retirees: list[str], maintenant: datetime) -> Effets:
    """One active hand-over without these classes."""
    contenu, classes = drop_classes(ligne.contenu, retirees), [classe for classe in ligne.classes if classe not in retirees]
    porte = contenu != ligne.contenu
    parti = porte and outbox.may_have_left(conn, ligne.id)
    if parti and outbox.is_waiting(conn, ligne.id):
        cancel_orientation(conn, auteur, ligne.id, "accord_retire", maintenant)
        return Effets(orientations=1, rappeles=1)
    conn.execute(
        query("orientations.reduire"),
        {"orientation": ligne.id, "contenu": json.dumps(contenu, ensure_ascii=False), "classes": classes},
    )
    if not porte:
        return Effets()
    if not parti:
        rappeles = outbox.recall(conn, ligne.id, maintenant)
        resend_reduite(conn, ligne, contenu, retirees, maintenant)
        return Effets(rappeles=rappeles, reduites=1)
    mots = ", ".join(CLASSES[classe].lower() for classe in retirees)
    open_tache(
        conn,
        plateforme_id=ligne.plateforme_id,
        parcours_id=ligne.parcours_id,
        motif="prevenir_partenaire",
        cause=f"{ligne.id}:{'+'.join(sorted(retirees))}",
        maintenant=maintenant,
        auteur=auteur,
        note=f"La personne retire son accord pour : {mots}. Demandez au partenaire de ne plus l'utiliser ni le garder.",
    )
    return Effets(reduites=1)


def _lock(conn: Connection, accord_id: UUID, canal: str) -> tuple[LigneParcours, Row[Any]]:
    """The parcours before the agreement, as the hand-over does: the two never wait for each other."""
    if canal not in CANAUX_RETRAIT:
        raise DonneeInvalide("Précisez par quel moyen l'accord est retiré.", code="unknown_channel")
    parcours_id = conn.execute(query("accords.trouver_parcours"), {"accord": accord_id}).scalar()
    if parcours_id is None:
        raise Introuvable
    parcours = lock_parcours(conn, parcours_id)
    return parcours, conn.execute(query("accords.verrouiller"), {"accord": accord_id}).one()


def _record(
    conn: Connection,
    auteur: Auteur,
    parcours: LigneParcours,
    accord: Row[Any],
    accord_id: UUID,
    classes: list[str] | None,
    canal: str,
    effets: Effets,
    maintenant: datetime,
) -> None:
    conn.execute(
        query("accords.consigner_retrait"),
        {
            "plateforme": accord.plateforme_id,
            "accord": accord_id,
            "classes": classes,
            "canal": canal,
            "maintenant": maintenant,
            "par": UUID(auteur.id) if auteur.type == "agent" else None,
            "effets": json.dumps(asdict(effets)),
        },
    )
    journal.record(
        conn,
        "accord_retire" if classes is None else "accord_reduit",
        plateforme_id=accord.plateforme_id,
        assure_id=parcours.assure_id,
        parcours_id=accord.parcours_id,
        donnees={"accord_id": accord_id, "destinataire": accord.destinataire, "canal": canal, **({"classes": classes} if classes else {})},
    )


def _effets(retraits: Retraits) -> Effets:
    return Effets(retraits.orientations, retraits.rappeles, retraits.prevenus)


def _add(a: Effets, b: Effets) -> Effets:
    return Effets(a.orientations + b.orientations, a.rappeles + b.rappeles, a.prevenus + b.prevenus, a.reduites + b.reduites)
