"""What a Task says beside its status: a meeting, its being missed, news, questions, a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pdp.fhir import systemes
from pdp.fhir.elements import coded, concept_codes, find_instant, get_list, get_object

_PREVU, _MANQUE, _ANNULE = "5.1.1", "5.1.2", "5.1.3"
_ANNULE_TEXTE = "Le rendez-vous prévu avec la personne est annulé."
_SANS_DATE = "Un rendez-vous est fixé avec la personne, sans date communiquée."


@dataclass(frozen=True)
class Fait:
    """One thing said. ``repere`` sets apart two things said in the same words (their instant, their author)."""

    nature: str
    statut: str | None = None
    motif: str | None = None
    texte: str | None = None
    rendez_vous_at: datetime | None = None
    survenu_at: datetime | None = None
    repere: str = ""


def read_rapport(objet: Mapping[str, Any]) -> str | None:
    """Words of the outputs that are a report: texts, and contained Communication or DocumentReference."""
    textes = []
    for sortie in _sorties(objet):
        if _kind(sortie) in ("question", "nouvelles", "rendez_vous"):
            continue
        texte = _texte(sortie)
        if texte is None:
            cible = _target(objet, sortie)
            texte = _words(cible) if cible is not None else None
        if texte:
            textes.append(texte)
    return "\n".join(textes) or None


def read_rendez_vous(objet: Mapping[str, Any]) -> list[Fait]:
    """The meeting, from ``businessStatus``, an Appointment (contained) or a dated output; at most one fact.

    The instant is looked for in an Appointment, then in a dated output, then in ``executionPeriod`` and ``restriction.period`` when the
    business status says that a meeting is set.
    """
    metier = set(concept_codes(get_object(objet, "businessStatus", "Task"), systemes.BSER_STATUT, "Task.businessStatus"))
    metier |= set(concept_codes(get_object(objet, "businessStatus", "Task"), systemes.ECHANGE, "Task.businessStatus"))
    rendez_vous = _appointment(objet)
    etat = rendez_vous.get("status") if rendez_vous else None
    if etat == "noshow" or metier & {_MANQUE, "rendez_vous_manque"}:
        quand = _start(objet, rendez_vous)
        return [Fait("rendez_vous_manque", repere=quand.isoformat() if quand else "")]
    if etat == "cancelled" or metier & {_ANNULE, "rendez_vous_annule"}:
        quand = _start(objet, rendez_vous)
        return [Fait("nouvelles", texte=_ANNULE_TEXTE, repere=quand.isoformat() if quand else "annule")]
    annonce = bool(metier & {_PREVU, "rendez_vous"})
    if etat in ("booked", "pending", "arrived", "checked-in", "fulfilled") or annonce or _dated(objet):
        quand = _start(objet, rendez_vous) or (_period(objet) if annonce else None)
        if quand is not None:
            return [Fait("rendez_vous", rendez_vous_at=quand)]
        return [Fait("nouvelles", texte=_SANS_DATE, repere="sans_date")] if annonce else []
    return []


def read_notes(objet: Mapping[str, Any]) -> Iterator[Fait]:
    """News and questions: notes of the Task (ours are left out), and inputs or outputs of these kinds."""
    for note in get_list(objet, "note", "Task"):
        if not isinstance(note, Mapping) or not isinstance(note.get("text"), str) or not note["text"].strip():
            continue
        nature = _note_kind(note)
        if nature != "reponse":
            quand = find_instant(note.get("time"))
            yield Fait(nature, texte=note["text"].strip(), survenu_at=quand, repere=str(note.get("time") or ""))
    for cle in ("output", "input"):
        for element in get_list(objet, cle, "Task"):
            nature = _kind(element)
            texte = _texte(element) if nature in ("question", "nouvelles") else None
            if nature is not None and texte:
                yield Fait(nature, texte=texte, repere=cle)


def _note_kind(note: Mapping[str, Any]) -> str:
    for extension in get_list(note, "extension", "Task.note"):
        if isinstance(extension, Mapping) and extension.get("url") == systemes.NATURE_NOTE:
            code = extension.get("valueCode")
            return code if code in ("question", "reponse") else "nouvelles"
    return "nouvelles"


def _kind(element: object) -> str | None:
    """Kind of an input or output in our code system, None for any other."""
    if not isinstance(element, Mapping):
        return None
    return next(iter(concept_codes(element.get("type"), systemes.ECHANGE, "Task.output.type")), None)


def _sorties(objet: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [s for s in get_list(objet, "output", "Task") if isinstance(s, Mapping)]


def _texte(element: Mapping[str, Any]) -> str | None:
    valeur = next((element[c] for c in ("valueString", "valueMarkdown") if isinstance(element.get(c), str)), None)
    return valeur.strip() or None if valeur else None


def _contained(objet: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {f"#{c['id']}": c for c in get_list(objet, "contained", "Task") if isinstance(c, Mapping) and isinstance(c.get("id"), str)}


def _target(objet: Mapping[str, Any], sortie: Mapping[str, Any]) -> Mapping[str, Any] | None:
    reference = sortie.get("valueReference")
    lien = reference.get("reference") if isinstance(reference, Mapping) else None
    return _contained(objet).get(lien) if isinstance(lien, str) else None


def _words(ressource: Mapping[str, Any]) -> str | None:
    if ressource.get("resourceType") == "DocumentReference":
        return ressource.get("description") if isinstance(ressource.get("description"), str) else None
    if ressource.get("resourceType") == "Communication":
        charges = ressource.get("payload") if isinstance(ressource.get("payload"), list) else []
        return "\n".join(c["contentString"] for c in charges if isinstance(c, Mapping) and isinstance(c.get("contentString"), str)) or None
    return None


def _appointment(objet: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The last Appointment an output points to; failing that the last one contained."""
    pointes = [c for s in _sorties(objet) if (c := _target(objet, s)) is not None]
    candidats = [c for c in (*_contained(objet).values(), *pointes) if c.get("resourceType") == "Appointment"]
    return candidats[-1] if candidats else None


def _is_dated(sortie: Mapping[str, Any]) -> bool:
    return _kind(sortie) == "rendez_vous" or coded(sortie.get("type"), _PREVU, (systemes.BSER_STATUT,))


def _dated(objet: Mapping[str, Any]) -> bool:
    return any(_is_dated(s) for s in _sorties(objet))


def _start(objet: Mapping[str, Any], rendez_vous: Mapping[str, Any] | None) -> datetime | None:
    if rendez_vous is not None and (quand := find_instant(rendez_vous.get("start"))) is not None:
        return quand
    trouves = [_instant(s) for s in _sorties(objet) if _is_dated(s)]
    return next((t for t in reversed(trouves) if t is not None), None)


def _instant(sortie: Mapping[str, Any]) -> datetime | None:
    periode = sortie.get("valuePeriod")
    debut = periode.get("start") if isinstance(periode, Mapping) else None
    return next((t for v in (sortie.get("valueInstant"), sortie.get("valueDateTime"), debut) if (t := find_instant(v))), None)


def _period(objet: Mapping[str, Any]) -> datetime | None:
    restriction = get_object(objet, "restriction", "Task") or {}
    for parent, cle in ((objet, "executionPeriod"), (restriction, "period")):
        periode = parent.get(cle)
        if isinstance(periode, Mapping) and (quand := find_instant(periode.get("start"))) is not None:
            return quand
    return None
