"""What a partner's FHIR server says of our hand-overs: Tasks changed since the last search, page by page, never guessed.

The cursor is the instant the server gave with its last search. It is read again from a little before: a Task written while that
search ran would otherwise be missed, and a Task read twice changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import UUID

from pdp.fhir import systemes
from pdp.fhir.elements import RessourceRefusee
from pdp.fhir.lecture import read_task
from pdp.partners.connexion import TOTAL_S, PartenaireMuet, check_adresse
from pdp.partners.contrat import TAILLE_EVENEMENTS, Destinataire
from pdp.partners.fhir import call, parse_objet

PAR_PAGE = 50
RECOUVREMENT = timedelta(minutes=2)
_LIEN_MAX = 2000


@dataclass(frozen=True)
class Tache:
    """A Task that names one hand-over, as it came; what it says is read beside what was known of it."""

    orientation_id: UUID
    ressource: dict[str, Any]


@dataclass(frozen=True)
class PageTaches:
    """One page. ``refusees``: codes of the Tasks that could not be read; ``suivante``: address after the base, None on the last page."""

    taches: tuple[Tache, ...]
    refusees: tuple[str, ...]
    suivante: str | None
    instant: str | None


def fetch_taches(destinataire: Destinataire, curseur: str, suivante: str | None = None, *, total_s: float = TOTAL_S) -> PageTaches:
    """Tasks of our hand-overs changed since ``curseur`` ("" = all), or the page ``suivante``.

    Raises :class:`PartenaireMuet`, with nothing read, for anything but a searchset.
    """
    chemin = suivante or "/Task?" + urlencode(_criteres(destinataire, curseur))
    statut, entetes, recu = call("GET", destinataire, chemin, b"", "", TAILLE_EVENEMENTS, total_s)
    if statut != 200:
        raise PartenaireMuet(f"http_{statut}")
    objet = parse_objet(recu)
    if objet is None or objet.get("resourceType") != "Bundle" or objet.get("type") != "searchset":
        raise PartenaireMuet("invalid_body:not_searchset")
    entrees = objet.get("entry", [])
    if not isinstance(entrees, list):
        raise PartenaireMuet("invalid_body:entry")
    taches, refusees = [], []
    for ressource in (e.get("resource") if isinstance(e, dict) else None for e in entrees):
        if isinstance(ressource, dict) and ressource.get("resourceType") != "Task":
            continue  # included resources, warnings of the server
        try:
            tache = read_tache(ressource, destinataire)
        except RessourceRefusee as faute:
            refusees.append(faute.code)
            continue
        if tache is not None:
            taches.append(tache)
    return PageTaches(tuple(taches), tuple(refusees), _next(objet, destinataire), _instant(objet, entetes.get("Date")))


def read_tache(ressource: Any, destinataire: Destinataire) -> Tache | None:
    """A Task of ours that can be read; None for one that this server holds for somebody else. Raises :class:`RessourceRefusee`.

    A Task that speaks of another person than the hand-over it names is refused: nobody guesses which of the two is meant.
    """
    if not isinstance(ressource, dict):
        raise RessourceRefusee("not_a_task", "Une ressource Task est attendue.", "resourceType")
    try:
        json.dumps(ressource, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a character: PostgreSQL would refuse the row, and the others with it
        raise RessourceRefusee("not_storable", "Un texte de la Task n'est pas de l'UTF-8.", "Task") from None
    if _is_other(ressource, destinataire):
        return None
    lue = read_task(ressource)
    personne = _identifier(ressource.get("for"), systemes.PERSONNE_ORIENTEE)
    if personne is not None and personne != str(lue.orientation_id):
        raise RessourceRefusee("another_person", "La Task porte l'identifiant d'une autre personne.", "Task.for")
    return Tache(lue.orientation_id, ressource)


def _is_other(ressource: dict[str, Any], destinataire: Destinataire) -> bool:
    """A server may serve several partners: the Task names another owner in our own system of identifiers."""
    proprietaire = _identifier(ressource.get("owner"), systemes.PARTENAIRE)
    return proprietaire is not None and proprietaire != destinataire.id_source


def _identifier(reference: Any, systeme: str) -> str | None:
    """Value of a logical reference in one system of ours."""
    identifiant = reference.get("identifier") if isinstance(reference, dict) else None
    return str(identifiant.get("value")) if isinstance(identifiant, dict) and identifiant.get("system") == systeme else None


def _criteres(destinataire: Destinataire, curseur: str) -> list[tuple[str, str]]:
    criteres = [("requester.identifier", f"{systemes.PLATEFORME}|{destinataire.plateforme_id}")]
    depuis = parse_instant(curseur)
    if depuis is not None:
        criteres.append(("_lastUpdated", f"gt{(depuis - RECOUVREMENT).isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"))
    return [*criteres, ("_sort", "_lastUpdated"), ("_count", str(PAR_PAGE))]


def parse_instant(valeur: Any) -> datetime | None:
    """An aware instant in UTC, None for anything else."""
    try:
        instant = datetime.fromisoformat(valeur) if isinstance(valeur, str) and len(valeur) <= 40 else None
        return instant.astimezone(UTC) if instant is not None and instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _next(objet: dict[str, Any], destinataire: Destinataire) -> str | None:
    """The ``next`` link when it stays on the server that was called, under its base; anything else raises: nobody leads us elsewhere."""
    liens = objet.get("link")
    suivants = (
        [lien.get("url") for lien in liens if isinstance(lien, dict) and lien.get("relation") == "next"] if isinstance(liens, list) else []
    )
    if not suivants:
        return None
    base = check_adresse(destinataire.url)
    adresse = urljoin(base + "/", str(suivants[0]))
    try:
        ici, la = urlsplit(base), urlsplit(adresse)
        meme = (ici.scheme, ici.hostname, ici.port) == (la.scheme, la.hostname, la.port) and not la.username
    except ValueError:
        meme = False
    if not meme or len(adresse) > _LIEN_MAX or not adresse.startswith(base) or adresse[len(base) : len(base) + 1] not in ("/", "?"):
        raise PartenaireMuet("next_link_elsewhere")
    return adresse[len(base) :]


def _instant(objet: dict[str, Any], date: str | None) -> str | None:
    """When the server searched, as it says itself: in the Bundle, else in its header; None when it does not say."""
    meta = objet.get("meta")
    donne = parse_instant(meta.get("lastUpdated")) if isinstance(meta, dict) else None
    if donne is None and date:
        try:
            lu = parsedate_to_datetime(date)
            donne = lu.astimezone(UTC) if lu.tzinfo else None
        except (ValueError, TypeError):
            donne = None
    return None if donne is None else donne.isoformat(timespec="milliseconds")
