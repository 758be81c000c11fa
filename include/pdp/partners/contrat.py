"""The contract with a partner who has an API, whatever its software.

The platform calls; the partner never calls the platform. Every request carries:

- ``X-PDP-Plateforme`` and ``X-PDP-Partenaire``: who calls and who is called (one address may serve several partners);
- ``Authorization: Bearer <token of this partner for this platform>``;
- ``X-PDP-Signature``: HMAC of the instant, method, path, key and body (see ``signature.py``); answers are signed too;
- ``Idempotency-Key`` on every POST: the same key is the same message, the partner acts on it once.

``POST {url}/orientations`` with ``{orientation_id, dispositif, motif, contenu, emise_at}`` answers 201 ``{recu_id, statut}``;
a repeat answers 200 with the same body, or 409 ``{cle}`` naming the key it already has.
``POST {url}/annulations`` with ``{orientation_id, annulee_at}`` answers 200 ``{recu_id, statut}``, or 404 when it never had it.
``GET {url}/messages/{key}`` answers 200 ``{cle, recu_id, statut}`` when it acted under this key, else 404 ``{cle}``, signed: asked when an
attempt ended without anybody knowing.
``GET {url}/evenements?depuis=<cursor>`` answers ``{curseur, evenements: [{evenement_id, orientation_id, version, statut, motif,
compte_rendu, survenu_at}]}``: ``version`` grows by hand-over, ``statut`` is a status of ``domain/orientation.py``, ``motif`` a
code of its ``MOTIFS_REFUS`` (refusals only), ``compte_rendu`` at most 1,000 characters and nothing medical.
What is no step carries ``nature`` (a code of its ``NATURES``) and no ``statut``: ``rendez_vous`` with ``rendez_vous_at``,
``rendez_vous_manque``, ``nouvelles`` and ``question`` with their words in ``compte_rendu``. A question stops the partner's clock; the
answer comes by ``POST {url}/reponses`` with ``{orientation_id, question_id, genre, texte, emise_at}``, ``genre`` being ``reponse`` or
``question`` (the platform asks), answered 201 ``{recu_id, statut}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from pdp.domain.orientation import MOTIFS_REFUS, NATURES
from pdp.errors import ErreurPdp

CHEMINS = {"orientation": "/orientations", "annulation": "/annulations", "reponse_question": "/reponses"}
STATUTS_PARTENAIRE = frozenset({"recue", "acceptee", "refusee", "en_cours", "realisee", "sans_suite"})
TAILLE_ACCUSE = 64 * 1024
TAILLE_EVENEMENTS = 2 * 1024 * 1024
COMPTE_RENDU_MAX = 1000
VERSION_MAX = 2**31 - 1


class ReponseInvalide(ErreurPdp):
    """The body is not what the contract says; ``code`` names the first fault, never the content."""

    code = "invalid_body"

    def __init__(self, code: str) -> None:
        super().__init__("Le partenaire a répondu dans une forme inattendue. Rien n'a été pris en compte.", code=f"invalid_body:{code}")


class Classe(StrEnum):
    """What an attempt came to: delivered, try later, refused for good, or nobody knows (never sent again blindly)."""

    LIVRE = "livre"
    REESSAYER = "reessayer"
    REFUSE = "refuse"
    INCERTAIN = "incertain"


@dataclass(frozen=True)
class Remise:
    """Outcome of one attempt; ``code`` is safe to log, ``reprise_apres_s`` is what the recipient asked for (seconds)."""

    classe: Classe
    code: str
    reprise_apres_s: float | None = None


@dataclass(frozen=True)
class Lien:
    """The link in use of a hand-over, for the transport that mails links; the address derives from the id."""

    id: UUID
    expire_at: datetime


@dataclass(frozen=True)
class Destinataire:
    """A partner as a transport needs it; ``id_source`` is the id both sides know.

    ``courriel``: ordinary address, for notices and links; ``adresse_securisee``: the only address that may receive content.
    ``plateforme`` and ``telephone``: who writes, as the partner reads it. ``jeton_url``: where its FHIR server gives us a token.
    """

    plateforme_id: str
    id_source: str
    url: str | None = None
    partenaire_id: UUID | None = None
    nom: str = ""
    type: str = ""
    courriel: str | None = None
    adresse_securisee: str | None = None
    plateforme: str = ""
    telephone: str | None = None
    lien: Lien | None = None
    jeton_url: str | None = None


@dataclass(frozen=True)
class Envoi:
    """One message to leave: ``corps`` is exactly what is written on the wire; ``suite_de``: key of the message it follows, if any."""

    cle: UUID
    type: str
    corps: Mapping[str, Any]
    suite_de: UUID | None = None


@dataclass(frozen=True)
class Accuse:
    """Receipt of a partner."""

    recu_id: str
    statut: str


@dataclass(frozen=True)
class Evenement:
    """One answer of a partner, checked field by field."""

    evenement_id: str
    orientation_id: UUID
    version: int
    statut: str | None
    motif: str | None
    compte_rendu: str | None
    survenu_at: datetime
    nature: str = "statut"
    rendez_vous_at: datetime | None = None

    @property
    def empreinte(self) -> bytes:
        """SHA-256 of the content: the same id with another fingerprint is not the same answer."""
        champs: tuple[object, ...] = (
            str(self.orientation_id),
            self.version,
            self.statut,
            self.motif,
            self.compte_rendu,
            self.survenu_at.astimezone(UTC).isoformat(),
        )
        if self.nature != "statut":
            champs += (self.nature, self.rendez_vous_at.astimezone(UTC).isoformat() if self.rendez_vous_at else None)
        return sha256(json.dumps(champs, ensure_ascii=False).encode()).digest()


@dataclass(frozen=True)
class Page:
    """Events since a cursor; ``illisibles`` counts those that do not follow the contract (reported, never guessed)."""

    curseur: str
    evenements: tuple[Evenement, ...]
    illisibles: int = 0


def parse_accuse(corps: bytes) -> Accuse:
    """Raises :class:`ReponseInvalide`."""
    objet = _object(corps)
    return Accuse(_texte(objet, "recu_id", 100), _texte(objet, "statut", 40))


def parse_cle_connue(corps: bytes) -> str | None:
    """Key named by a 409, None when the body names none."""
    try:
        return _texte(_object(corps), "cle", 100)
    except ReponseInvalide:
        return None


def check_orientation_recue(corps: bytes, nature: str) -> dict[str, Any]:
    """What a partner checks of a message received (``nature`` is orientation or annulation); raises :class:`ReponseInvalide`."""
    objet = _object(corps)
    _uuid(objet, "orientation_id")
    if nature == "annulation":
        _instant(objet, "annulee_at")
        return objet
    if nature == "reponse_question":
        _uuid(objet, "question_id")
        _texte(objet, "texte", COMPTE_RENDU_MAX)
        return objet
    _texte(objet, "dispositif", 40)
    _texte(objet, "motif", 2000)
    _instant(objet, "emise_at")
    if not isinstance(objet.get("contenu"), dict):
        raise ReponseInvalide("contenu")
    return objet


def parse_page(corps: bytes) -> Page:
    """Raises :class:`ReponseInvalide` when the envelope is wrong; a wrong event is counted and the others are kept."""
    objet = _object(corps)
    liste = objet.get("evenements")
    if not isinstance(liste, list):
        raise ReponseInvalide("evenements")
    lus: list[Evenement] = []
    illisibles = 0
    for element in liste:
        try:
            lus.append(check_evenement(element))
        except ReponseInvalide:
            illisibles += 1
    return Page(_texte(objet, "curseur", 200), tuple(lus), illisibles)


def check_evenement(element: object) -> Evenement:
    """One event from JSON; raises :class:`ReponseInvalide` naming the first wrong field."""
    if not isinstance(element, dict):
        raise ReponseInvalide("evenement")
    evenement_id, statut = _texte(element, "evenement_id", 100), _texte_ou_rien(element, "statut", 40)
    motif, compte_rendu = _texte_ou_rien(element, "motif", 60), _texte_ou_rien(element, "compte_rendu", COMPTE_RENDU_MAX)
    version = element.get("version")
    if "#" in evenement_id:  # reserved: marks a second content received under the same id
        raise ReponseInvalide("evenement_id")
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= VERSION_MAX:
        raise ReponseInvalide("version")
    nature, rendez_vous_at = _check_nature(element, statut, compte_rendu)
    if (statut == "refusee") != (motif is not None) or (motif is not None and motif not in MOTIFS_REFUS):
        raise ReponseInvalide("motif")
    orientation_id, survenu_at = _uuid(element, "orientation_id"), _instant(element, "survenu_at")
    return Evenement(evenement_id, orientation_id, version, statut, motif, compte_rendu, survenu_at, nature, rendez_vous_at)


def _check_nature(element: Mapping[str, Any], statut: str | None, compte_rendu: str | None) -> tuple[str, datetime | None]:
    """A step carries a status, a meeting its instant, news and a question their words, and nothing else."""
    nature = _texte(element, "nature", 30) if "nature" in element else "statut"
    if nature not in NATURES:
        raise ReponseInvalide("nature")
    if (nature == "statut") != (statut is not None) or (statut is not None and statut not in STATUTS_PARTENAIRE):
        raise ReponseInvalide("statut")
    if nature in ("nouvelles", "question") and compte_rendu is None:
        raise ReponseInvalide("compte_rendu")
    if (nature == "rendez_vous") != (element.get("rendez_vous_at") is not None):
        raise ReponseInvalide("rendez_vous_at")
    return nature, _instant(element, "rendez_vous_at") if nature == "rendez_vous" else None


def _object(corps: bytes) -> dict[str, Any]:
    try:
        objet = json.loads(corps.decode("utf-8"), object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ReponseInvalide("json") from None
    if not isinstance(objet, dict):
        raise ReponseInvalide("json")
    return objet


def _unique_keys(paires: list[tuple[str, Any]]) -> dict[str, Any]:
    objet = dict(paires)
    if len(objet) != len(paires):
        raise ValueError("duplicate key")
    return objet


def _no_constant(nom: str) -> None:
    raise ValueError(nom)


def _texte(objet: Mapping[str, Any], champ: str, maximum: int) -> str:
    valeur = objet.get(champ)
    if not isinstance(valeur, str) or not 1 <= len(valeur) <= maximum or not _storable(valeur):
        raise ReponseInvalide(champ)
    return valeur


def _texte_ou_rien(objet: Mapping[str, Any], champ: str, maximum: int) -> str | None:
    return None if objet.get(champ) is None else _texte(objet, champ, maximum)


def _storable(valeur: str) -> bool:
    """Neither NUL nor a lone surrogate: PostgreSQL would refuse the row."""
    return "\0" not in valeur and not any("\ud800" <= c <= "\udfff" for c in valeur)


def _uuid(objet: Mapping[str, Any], champ: str) -> UUID:
    try:
        return UUID(_texte(objet, champ, 36))
    except ValueError:
        raise ReponseInvalide(champ) from None


def _instant(objet: Mapping[str, Any], champ: str) -> datetime:
    try:
        instant = datetime.fromisoformat(_texte(objet, champ, 40))
        if instant.tzinfo is None:
            raise ValueError("naive instant")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ReponseInvalide(champ) from None
