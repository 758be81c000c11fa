"""An update of a Task received from a partner's software: checked, its events in the inbox, applied like any other answer.

Runs under the role of partners. ``If-Match`` names the version the partner read; another writer meanwhile is a conflict, and the same
update sent again after a lost answer is recognised by its having nothing new to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.config import settings
from pdp.domain.auteur import Auteur
from pdp.errors import Conflit, DonneeInvalide, TransitionInterdite
from pdp.fhir import systemes
from pdp.fhir.controle import check_resource
from pdp.fhir.elements import RessourceRefusee
from pdp.fhir.faute import Faute
from pdp.fhir.fusion import merge_task
from pdp.fhir.lecture import PAS, read_task
from pdp.fhir.transitions import can_set
from pdp.services.keep_tache import build_part, deposit_tache, keep_part
from pdp.services.read_taches import LigneTache, get_tache, show_tache
from pdp.storage.sql import query

PREFIXE = "recu:"
"""Ids of events received here, apart from those read on the partner's server: each side counts its own versions."""
PARTIE_MAX = 60_000
FAUTES_MAX = 20


@dataclass(frozen=True)
class Recue:
    """What became of an update: the hand-over after it, and how many events it brought."""

    ligne: LigneTache
    nouveaux: int


class VersionDepassee(Conflit):
    """The Task changed since it was read."""

    code = "stale_version"

    def __init__(self) -> None:
        super().__init__("La demande a changé depuis votre lecture : relisez-la puis recommencez. Rien n'a été enregistré.")


class VersionRequise(DonneeInvalide):
    """Nobody can tell what the update was written over."""

    code = "version_required"

    def __init__(self) -> None:
        super().__init__("Indiquez dans If-Match la version que vous avez lue. Rien n'a été enregistré.")


class RessourceInvalide(DonneeInvalide):
    """The resource is no valid Task; ``fautes`` says where and why."""

    code = "invalid_resource"

    def __init__(self, fautes: Sequence[Faute]) -> None:
        self.fautes = tuple(fautes[:FAUTES_MAX])
        super().__init__("La ressource n'est pas une Task FHIR R4 valable. Rien n'a été enregistré.")


def receive_tache(
    conn: Connection, auteur: Auteur, orientation_id: UUID, objet: Mapping[str, Any], si_version: str | None, maintenant: datetime
) -> Recue:
    """Take one update. ``si_version``: entity tag of the version read.

    Raises ``Introuvable`` (not this partner's), :class:`RessourceRefusee` (the resource), :class:`TransitionInterdite` (the move),
    :class:`VersionDepassee`, :class:`VersionRequise`, :class:`RessourceInvalide`, ``DonneeInvalide`` (too long).
    """
    conn.execute(query("fhir_taches.verrouiller"), {"orientation": str(orientation_id)})
    avant = get_tache(conn, orientation_id, maintenant)
    connue = show_tache(avant)
    base = avant.revision // PAS + 1
    _check_same(objet, orientation_id)
    fautes = check_resource(objet, production=not settings().demonstration)
    if fautes:
        raise RessourceInvalide(fautes)
    fusion = merge_task(connue, {**objet, "lastModified": objet.get("lastModified") or maintenant.isoformat()})
    if _digest(fusion) == _digest(connue):
        return Recue(avant, 0)
    _check_version(si_version, avant)
    lue = read_task(fusion, connue, version=base)
    if lue.statut_fhir != avant.statut_fhir and not can_set("partenaire", avant.statut_fhir, lue.statut_fhir):
        raise TransitionInterdite(
            f"Une demande « {avant.statut_fhir} » ne peut pas devenir « {lue.statut_fhir} ». Rien n'a été enregistré.",
            code=f"forbidden:{avant.statut_fhir}:{lue.statut_fhir}",
        )
    if len(json.dumps(build_part(fusion), ensure_ascii=False)) > PARTIE_MAX:
        raise DonneeInvalide("Cette Task est trop volumineuse. Rien n'a été enregistré.", code="too_long")
    assert auteur.partenaire_id is not None
    partenaire = UUID(auteur.partenaire_id)
    bilan = deposit_tache(
        conn, plateforme_id=avant.plateforme_id, partenaire_id=partenaire, lue=lue, maintenant=maintenant, prefixe=PREFIXE
    )
    keep_part(
        conn,
        plateforme_id=avant.plateforme_id,
        partenaire_id=partenaire,
        orientation_id=orientation_id,
        version=max((e.version for e in lue.evenements), default=lue.version),
        tache=fusion,
        maintenant=maintenant,
    )
    return Recue(get_tache(conn, orientation_id, maintenant), bilan.traites)


def _check_same(objet: Mapping[str, Any], orientation_id: UUID) -> None:
    """The resource is the one of the address; an identifier of ours that names another hand-over is refused."""
    if objet.get("resourceType") != "Task":
        raise RessourceRefusee("not_a_task", "Une ressource Task est attendue.", "resourceType")
    if objet.get("id") != str(orientation_id):
        raise RessourceRefusee("id_mismatch", "L'identifiant de la ressource n'est pas celui de l'adresse.", "Task.id")
    identifiants = objet.get("identifier") or []
    if not isinstance(identifiants, list) or not all(isinstance(i, Mapping) for i in identifiants):
        raise RessourceRefusee("wrong_type", "Les identifiants doivent être une liste d'objets.", "Task.identifier")
    if any(i.get("system") == systemes.ORIENTATION and i.get("value") != str(orientation_id) for i in identifiants):
        raise RessourceRefusee("identifier_mismatch", "La Task porte l'identifiant d'une autre orientation.", "Task.identifier")
    personne = objet.get("for")
    identifiant = personne.get("identifier") if isinstance(personne, Mapping) else None
    nomme = isinstance(identifiant, Mapping) and identifiant.get("system") == systemes.PERSONNE_ORIENTEE
    if nomme and identifiant.get("value") != str(orientation_id):
        raise RessourceRefusee("another_person", "La Task porte l'identifiant d'une autre personne.", "Task.for")


def _check_version(si_version: str | None, avant: LigneTache) -> None:
    if si_version is None:
        raise VersionRequise
    if si_version.strip() not in (avant.etag, avant.etag.removeprefix("W/")):
        raise VersionDepassee


def _digest(tache: Mapping[str, Any]) -> bytes:
    """What a Task says, without what each side writes of its own accord (its version, its date)."""
    dite = {cle: valeur for cle, valeur in tache.items() if cle not in ("meta", "lastModified", "text")}
    return sha256(json.dumps(dite, sort_keys=True, ensure_ascii=False, default=str).encode()).digest()
