"""What a partner would see of a person: read here, built by ``domain/contenu.build_contenu``, for the preview and for what is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.contenu import build_contenu
from pdp.domain.partage import Partage
from pdp.domain.tele_echange import BLOCS
from pdp.errors import Introuvable
from pdp.services.publish_referentiel import partages
from pdp.storage.sql import query


@dataclass(frozen=True)
class AccordEnVigueur:
    """The agreement that lets something go to a partner; ``partage``: class -> fields of the text read, None = older than kept texts."""

    id: UUID
    classes: list[str]
    partage: Mapping[str, Sequence[str]] | None


def find_accord(conn: Connection, parcours_id: UUID, destinataire: str, partenaire_id: UUID, jour: date) -> AccordEnVigueur | None:
    """The agreement in force; None when nothing may leave."""
    return _find(conn, "orientations.lire_accord", parcours_id, destinataire, partenaire_id, jour)


def lock_accord(conn: Connection, parcours_id: UUID, destinataire: str, partenaire_id: UUID, jour: date) -> AccordEnVigueur | None:
    """The same, kept from ending until the end of the transaction."""
    return _find(conn, "orientations.trouver_accord", parcours_id, destinataire, partenaire_id, jour)


def _find(conn: Connection, requete: str, parcours_id: UUID, destinataire: str, partenaire_id: UUID, jour: date) -> AccordEnVigueur | None:
    cle = {"parcours": parcours_id, "destinataire": destinataire, "partenaire": partenaire_id, "jour": jour}
    ligne = conn.execute(query(requete), cle).one_or_none()
    return None if ligne is None else AccordEnVigueur(ligne.id, list(ligne.classes), ligne.partage)


def read_contenu(conn: Connection, parcours_id: UUID, partage: Partage, accord: AccordEnVigueur | None = None) -> dict[str, Any]:
    """Content under an agreement; without one, all that its text would let be sent.

    Never more than the text that was read named, nor than the recipient may see today.
    """
    return choose_contenu(read_faits(conn, parcours_id), partage, accord)


def choose_contenu(faits: Mapping[str, Any], partage: Partage, accord: AccordEnVigueur | None = None) -> dict[str, Any]:
    """The same, from facts read before."""
    if accord is None:
        return build_contenu(partage.champs, partage.cles, faits)
    lus = accord.partage
    champs = {
        classe: tuple(champ for champ in noms if lus is None or champ in lus.get(classe, ())) for classe, noms in partage.champs.items()
    }
    return build_contenu(champs, accord.classes, faits)


def read_faits(conn: Connection, parcours_id: UUID) -> dict[str, Any]:
    """Everything that could be told of a person; raises :class:`Introuvable`."""
    faits = conn.execute(query("orientations.lire_faits"), {"parcours": parcours_id}).one_or_none()
    if faits is None:
        raise Introuvable
    valeurs = dict(faits._mapping)
    return {**valeurs, "emploi": _en_mots("emploi", valeurs["emploi"]), "social": _en_mots("social", valeurs["social"])}


def get_partage(destinataire: str, jour: date, plateforme: str) -> Partage:
    """What this kind of recipient may see that day. Raises :class:`ReferentielIncomplet`."""
    return partages().get(destinataire, jour, plateforme)


def _en_mots(classe: str, reponses: dict[str, Any] | None) -> dict[str, str]:
    """Answers as the partner reads them: French questions and answers instead of codes."""
    mots = {}
    for question in (q for bloc in BLOCS if bloc.classe == classe for q in bloc.questions):
        reponse = (reponses or {}).get(question.cle)
        codes = reponse if isinstance(reponse, list) else [reponse] if reponse else []
        if codes:
            mots[question.libelle] = ", ".join(question.choix[c] for c in codes)
    return mots
