"""Search of a partner over its own hand-overs: every parameter is understood or refused, none is dropped in silence."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pdp.fhir import systemes
from pdp.fhir.capacite import RECHERCHES
from pdp.portal.fhir.refus import AppelRefuse
from pdp.services.read_taches import PAR_PAGE_MAX, LigneTache

PAR_PAGE = 50
_COMMUNS = frozenset({"_count", "_sort", "_format", "page"})


@dataclass(frozen=True)
class Recherche:
    """Criteria of one search; ``brute`` is what was asked, for the link to the next page."""

    brute: tuple[tuple[str, str], ...]
    orientation_id: UUID | None = None
    depuis: datetime | None = None
    jusqu_a: datetime | None = None
    statuts: tuple[frozenset[str], ...] = ()
    identifiants: tuple[str, ...] = ()
    apres: tuple[datetime, UUID] | None = None
    limite: int = PAR_PAGE

    @classmethod
    def parse(cls, parametres: Sequence[tuple[str, str]], genre: str) -> Recherche:
        """Raises :class:`AppelRefuse` (400) for a parameter that is not understood."""
        champs: dict[str, Any] = {"brute": tuple((n, v) for n, v in parametres if n != "page")}
        connus = {nom for nom, _, _ in RECHERCHES[genre]} | _COMMUNS
        for nom, valeur in parametres:
            if nom not in connus:
                raise _refused(nom, "Ce critère de recherche n'est pas proposé : voir /fhir/metadata.")
            _READERS[nom](champs, nom, valeur)
        return cls(**champs)

    def following(self, derniere: LigneTache) -> list[tuple[str, str]]:
        """Parameters of the next page: the same criteria, from the last line shown."""
        repere = json.dumps([derniere.modifiee_at.isoformat(), str(derniere.id)]).encode()
        return [*self.brute, ("page", base64.urlsafe_b64encode(repere).decode())]

    def accepts(self, ressource: dict[str, Any]) -> bool:
        """Criteria on what is shown: a page may hold fewer than asked, the link to the next one tells whether there is more."""
        if not all(ressource["status"] in admis for admis in self.statuts):
            return False
        portes = {(str(i.get("system", "")), str(i.get("value", ""))) for i in ressource.get("identifier", []) if isinstance(i, dict)}
        return all(any(_is_identified(cherche, systeme, valeur) for systeme, valeur in portes) for cherche in self.identifiants)


def build_searchset(ressources: list[dict[str, Any]], base: str, lien: str, suivante: str | None, maintenant: datetime) -> dict[str, Any]:
    """Bundle of one page; ``meta.lastUpdated`` is the instant to search from the next time."""
    liens = [{"relation": "self", "url": lien}, *([{"relation": "next", "url": suivante}] if suivante else [])]
    paquet: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "meta": {"lastUpdated": maintenant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")},
        "link": liens,
    }
    if ressources:
        paquet["entry"] = [
            {"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}} for r in ressources
        ]
    return paquet


def _read_id(champs: dict[str, Any], nom: str, valeur: str) -> None:
    try:
        cherche = UUID(valeur.rpartition("/")[2] if nom == "focus" else valeur)
    except ValueError:
        raise _refused(nom, "Un identifiant de ressource est attendu.") from None
    if champs.setdefault("orientation_id", cherche) != cherche:
        champs["statuts"] = (*champs.get("statuts", ()), frozenset())  # two different ones: nothing has both


def _read_instant(champs: dict[str, Any], nom: str, valeur: str) -> None:
    prefixe = valeur[:2] if valeur[:2].isalpha() else ""
    try:
        instant = datetime.fromisoformat(valeur[len(prefixe) :].replace(" ", "+"))  # a plus sign that was not escaped
        if instant.tzinfo is None or prefixe not in ("gt", "ge", "lt", "le"):
            raise ValueError
    except ValueError:
        raise _refused(nom, "Un instant avec son fuseau est attendu, précédé de gt, ge, lt ou le.") from None
    if prefixe in ("gt", "ge"):
        champs["depuis"] = instant - timedelta(microseconds=1) if prefixe == "ge" else instant
    else:
        champs["jusqu_a"] = instant + timedelta(microseconds=1) if prefixe == "le" else instant


def _read_identifiant(champs: dict[str, Any], nom: str, valeur: str) -> None:
    systeme, barre, code = valeur.rpartition("|")
    if systeme == systemes.ORIENTATION:
        try:
            return _read_id(champs, nom, str(UUID(code)))
        except ValueError:
            champs["statuts"] = (*champs.get("statuts", ()), frozenset())
            return None
    if not code and not barre:
        raise _refused(nom, "Un identifiant est attendu, sous la forme système|valeur.")
    champs["identifiants"] = (*champs.get("identifiants", ()), valeur)
    return None


def _read_statut(champs: dict[str, Any], nom: str, valeur: str) -> None:
    codes = frozenset(morceau.rpartition("|")[2] for morceau in valeur.split(",") if morceau)
    champs["statuts"] = (*champs.get("statuts", ()), codes)


def _read_nombre(champs: dict[str, Any], nom: str, valeur: str) -> None:
    if not (valeur.isascii() and valeur.isdecimal() and 1 <= int(valeur[:9]) <= 10**8):
        raise _refused(nom, "Un nombre entier positif est attendu.")
    champs["limite"] = min(int(valeur[:9]), PAR_PAGE_MAX - 1)


def _read_tri(champs: dict[str, Any], nom: str, valeur: str) -> None:
    if valeur != "_lastUpdated":
        raise _refused(nom, "Seul _lastUpdated est proposé comme ordre.")


def _read_format(champs: dict[str, Any], nom: str, valeur: str) -> None:
    if "json" not in valeur:
        raise AppelRefuse(406, "not_acceptable", "not-supported", "Seul le JSON est parlé ici : application/fhir+json.")


def _read_page(champs: dict[str, Any], nom: str, valeur: str) -> None:
    try:
        instant, identifiant = json.loads(base64.urlsafe_b64decode(valeur[:300].encode("ascii")))
        repere = datetime.fromisoformat(instant), UUID(identifiant)
        if repere[0].tzinfo is None:
            raise ValueError
    except (ValueError, TypeError, AttributeError):
        raise _refused(nom, "Ce lien de page n'est plus valable : recommencez la recherche.") from None
    champs["apres"] = repere


def _is_identified(cherche: str, systeme: str, valeur: str) -> bool:
    voulu, barre, code = cherche.rpartition("|")
    return (not code or code == valeur) and (not barre or voulu == systeme)


def _refused(nom: str, message: str) -> AppelRefuse:
    return AppelRefuse(400, f"search_refused:{nom if nom.isidentifier() else 'parameter'}"[:60], "not-supported", message)


_READERS = {
    "_id": _read_id,
    "focus": _read_id,
    "_lastUpdated": _read_instant,
    "identifier": _read_identifiant,
    "status": _read_statut,
    "_count": _read_nombre,
    "_sort": _read_tri,
    "_format": _read_format,
    "page": _read_page,
}
