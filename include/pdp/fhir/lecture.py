"""What comes back: a Task updated by a partner, read into events of our life cycle.

Tolerant of extensions and of elements it does not know; strict on what decides: which hand-over, which status, when, in what order.
``Task.status`` alone decides the status; ``businessStatus`` (BSeR vocabulary) only adds a meeting set, missed or cancelled: published
examples hold a business status that contradicts the status.

One update may say several things (accepted, and a meeting, and a question): ``TaskLue.evenements`` lists them in the order in which
they are to be deposited.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from pdp.domain.orientation import LIBELLES, MOTIFS_REFUS, Statut
from pdp.fhir import systemes
from pdp.fhir.elements import RessourceRefusee, coded, concept_codes, get_list, get_object, get_text, parse_instant
from pdp.fhir.evenements import Fait, read_notes, read_rapport, read_rendez_vous
from pdp.fhir.transitions import DEPUIS_PARTENAIRE

PAS = 5
"""Versions of ours in one version of theirs: one by kind of event, and a gap left so that the next one is never taken for consecutive
(a poll never promises to have seen every version)."""
VERSION_FHIR_MAX = (2**31 - 1) // PAS - 1
_ENTIER = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_EPOQUE = datetime(2025, 1, 1, tzinfo=UTC)
COMPTE_RENDU_MAX = 1000
_RANGS = {"statut": 0, "rendez_vous": 1, "rendez_vous_manque": 2, "question": 3, "nouvelles": 4}


@dataclass(frozen=True)
class TaskLue:
    """One event of a partner. ``nature`` None: the update says nothing new and nothing is to be deposited (``evenements`` is empty).

    ``statut`` is given for nature ``statut`` only, ``motif`` for a refusal only, ``rendez_vous_at`` for nature ``rendez_vous`` only.
    ``autres``: the other events of the same update; ``fill``: the partner's own identifier of the Task.
    """

    orientation_id: UUID
    statut_fhir: str
    statut: str | None
    nature: str | None
    motif: str | None
    compte_rendu: str | None
    rendez_vous_at: datetime | None
    version: int
    survenu_at: datetime
    fill: str | None
    evenement_id: str = ""
    autres: tuple[TaskLue, ...] = ()

    @property
    def evenements(self) -> tuple[TaskLue, ...]:
        """Every event of the update, in order of deposit."""
        return (() if self.nature is None else (replace(self, autres=()),)) + self.autres

    @property
    def empreinte(self) -> bytes:
        """SHA-256 of what the event says; news and questions are the same ones however many later versions repeat them."""
        quand = self.rendez_vous_at.isoformat() if self.rendez_vous_at else None
        repete = self.nature in ("nouvelles", "question")
        reperes = (None, None) if repete else (self.version, self.survenu_at.astimezone(UTC).isoformat())
        champs = (str(self.orientation_id), self.nature, self.statut, self.motif, self.compte_rendu, quand, *reperes)
        return sha256(json.dumps(champs, ensure_ascii=False).encode()).digest()


def read_task(objet: Mapping[str, Any], connue: Mapping[str, Any] | None = None, *, version: int | None = None) -> TaskLue:
    """The events of an updated Task. Raises :class:`RessourceRefusee` (code, diagnostic in French, path).

    ``connue``: the Task as last read; what it already said is not told again. Without it everything is told, and the deposit
    recognises what it has (ids of news are made of their content). ``version``: ours to use instead of the server's (an update
    received on our own endpoint).
    """
    if not isinstance(objet, Mapping) or objet.get("resourceType") != "Task":
        raise RessourceRefusee("not_a_task", "Une ressource Task est attendue.", "resourceType")
    statut_fhir = get_text(objet, "status", "Task")
    if statut_fhir not in DEPUIS_PARTENAIRE:
        raise RessourceRefusee("code_unknown", f"Le statut « {statut_fhir} » n'existe pas pour une Task.", "Task.status")
    base = compute_version(objet) if version is None else version
    commun = TaskLue(
        orientation_id=_orientation(objet),
        statut_fhir=statut_fhir,
        statut=None,
        nature=None,
        motif=None,
        compte_rendu=None,
        rendez_vous_at=None,
        version=base * PAS,
        survenu_at=_survenu_at(objet),
        fill=_identifiant(objet, "FILL"),
    )
    evenements = [_event(commun, base, fait) for fait in _faits(objet, connue, statut_fhir)]
    if not evenements:
        return commun
    return replace(evenements[0], autres=tuple(evenements[1:]))


def compute_version(objet: Mapping[str, Any]) -> int:
    """Rank of this version of the Task, growing with every update of one server.

    ``meta.versionId`` when it is a whole number: servers count with it, and two updates within a second stay apart. FHIR does not
    promise an order for other forms (a hash, an UUID): then the seconds since 2025 of ``meta.lastUpdated``, written by the server at each
    update, and failing that of ``Task.lastModified``, written by the partner. A server does not change its form, so the two are never
    compared; two contents under one rank have the same id, and the deposit sets the second aside for a person.
    """
    meta = get_object(objet, "meta", "Task") or {}
    identifiant = meta.get("versionId")
    if isinstance(identifiant, str) and _ENTIER.fullmatch(identifiant) and int(identifiant) <= VERSION_FHIR_MAX:
        return int(identifiant)
    for parent, cle, chemin in ((meta, "lastUpdated", "Task.meta"), (objet, "lastModified", "Task")):
        if parent.get(cle) is not None:
            instant = parse_instant(parent[cle], f"{chemin}.{cle}")
            rang = int((instant - _EPOQUE).total_seconds())
            return rang if 1 <= rang <= VERSION_FHIR_MAX else _too_far()
    raise RessourceRefusee(
        "version_missing", "Ni meta.versionId, ni meta.lastUpdated, ni lastModified : l'ordre des réponses est inconnu.", "Task.meta"
    )


def _too_far() -> int:
    raise RessourceRefusee("version_out_of_range", "La version ou sa date sort des bornes attendues.", "Task.meta")


def _event(commun: TaskLue, base: int, fait: Fait) -> TaskLue:
    contenu = f"{fait.repere}\x1f{fait.texte}".encode(errors="surrogatepass")
    repere = sha256(contenu).hexdigest()[:24] if fait.nature in ("nouvelles", "question") else str(base)
    return replace(
        commun,
        nature=fait.nature,
        statut=fait.statut,
        motif=fait.motif,
        compte_rendu=_shorten(fait.texte),
        rendez_vous_at=fait.rendez_vous_at,
        version=base * PAS + _RANGS[fait.nature],
        survenu_at=fait.survenu_at or commun.survenu_at,
        evenement_id=f"fhir:{commun.orientation_id}:{fait.nature}:{repere}",
    )


def _faits(objet: Mapping[str, Any], connue: Mapping[str, Any] | None, statut_fhir: str) -> list[Fait]:
    """What this update says, by nature, without what ``connue`` already said."""
    faits = _told(objet, statut_fhir)
    if connue is not None:
        deja = _told(connue, str(connue.get("status")))
        faits = [fait for fait in faits if fait not in deja]
    return _gather(faits)


def _told(objet: Mapping[str, Any], statut_fhir: str) -> list[Fait]:
    faits: list[Fait] = []
    statut = None if _is_our_withdrawal(objet) else DEPUIS_PARTENAIRE.get(statut_fhir)
    raison = _raison(objet)
    if statut is not None:
        rapport = read_rapport(objet)
        texte = "\n".join(t for t in (raison, rapport) if t) or None
        faits.append(Fait("statut", statut=str(statut), motif=_motif(objet) if statut is Statut.REFUSEE else None, texte=texte))
    elif statut_fhir == "on-hold":
        suspendu = "Le partenaire a suspendu l'accompagnement" + (f" : {raison}" if raison else ".")
        faits.append(Fait("nouvelles", texte=suspendu, repere="on-hold"))
    return [*faits, *read_rendez_vous(objet), *read_notes(objet)]


def _gather(faits: Sequence[Fait]) -> list[Fait]:
    """At most one event by nature: several notes of one update are one piece of news, oldest first."""
    par_nature: dict[str, list[Fait]] = {}
    for fait in faits:
        par_nature.setdefault(fait.nature, []).append(fait)
    rassembles = []
    for nature in sorted(par_nature, key=_RANGS.__getitem__):
        groupe = par_nature[nature]
        dernier = groupe[-1]
        if len(groupe) > 1 and nature in ("nouvelles", "question"):
            texte = "\n\n".join(f.texte for f in groupe if f.texte)
            dernier = replace(dernier, texte=texte, repere="\x1e".join(f.repere for f in groupe))
        rassembles.append(dernier)
    return rassembles


def _motif(objet: Mapping[str, Any]) -> str:
    """Closed reason: our code, or a label of ours written word for word; any other text is ``autre`` and goes to the report."""
    raison = get_object(objet, "statusReason", "Task") or {}
    for code in concept_codes(raison, systemes.MOTIF_REFUS, "Task.statusReason"):
        if code in MOTIFS_REFUS:
            return code
    ecrit = " ".join(str(raison.get("text") or "").split()).rstrip(".").casefold()
    return next((code for code, libelle in MOTIFS_REFUS.items() if libelle.casefold() == ecrit), "autre")


def _raison(objet: Mapping[str, Any]) -> str | None:
    """Free words of ``statusReason`` (or the display of its code), unless they only repeat a label of ours."""
    raison = get_object(objet, "statusReason", "Task") or {}
    texte = raison.get("text")
    if texte is None:
        autres = [c for c in get_list(raison, "coding", "Task.statusReason") if isinstance(c, Mapping)]
        texte = next((c.get("display") for c in autres if c.get("system") != systemes.MOTIF_REFUS and c.get("display")), None)
    if not isinstance(texte, str) or not texte.strip():
        return None
    propre = texte.strip()
    return None if propre.rstrip(".").casefold() in {m.casefold() for m in MOTIFS_REFUS.values()} else propre


def _is_our_withdrawal(objet: Mapping[str, Any]) -> bool:
    """Our own cancellation coming back in a poll is not an answer of the partner."""
    raison = get_object(objet, "statusReason", "Task") or {}
    return objet.get("status") == "cancelled" and bool(concept_codes(raison, systemes.MOTIF_RETRAIT, "Task.statusReason"))


def _orientation(objet: Mapping[str, Any]) -> UUID:
    """Our identifier, by its system; several different ones are refused rather than chosen."""
    valeurs = {
        str(i.get("value", "")).removeprefix("urn:uuid:")
        for i in get_list(objet, "identifier", "Task")
        if isinstance(i, Mapping) and (i.get("system") == systemes.ORIENTATION or (not i.get("system") and coded(i.get("type"), "PLAC")))
    }
    if len(valeurs) > 1:
        raise RessourceRefusee("identifier_ambiguous", "La Task porte deux identifiants d'orientation différents.", "Task.identifier")
    try:
        return UUID(valeurs.pop())
    except (KeyError, ValueError):
        raise RessourceRefusee(
            "identifier_missing", "L'identifiant de l'orientation (PLAC) manque ou n'est pas celui qui a été envoyé.", "Task.identifier"
        ) from None


def _identifiant(objet: Mapping[str, Any], genre: str) -> str | None:
    for identifiant in get_list(objet, "identifier", "Task"):
        if isinstance(identifiant, Mapping) and coded(identifiant.get("type"), genre) and isinstance(identifiant.get("value"), str):
            return _storable(identifiant["value"])[:200]
    return None


def _survenu_at(objet: Mapping[str, Any]) -> datetime:
    meta = get_object(objet, "meta", "Task") or {}
    if objet.get("lastModified") is not None:
        return parse_instant(objet["lastModified"], "Task.lastModified")
    if meta.get("lastUpdated") is not None:
        return parse_instant(meta["lastUpdated"], "Task.meta.lastUpdated")
    raise RessourceRefusee("date_missing", "La date de la réponse manque (lastModified).", "Task.lastModified")


def _shorten(texte: str | None) -> str | None:
    propre = _storable(texte or "").strip()
    return (propre if len(propre) <= COMPTE_RENDU_MAX else propre[: COMPTE_RENDU_MAX - 1].rstrip() + "…") or None


def _storable(texte: str) -> str:
    """Without NUL nor lone surrogates: PostgreSQL would refuse the row."""
    return "".join(c for c in texte if c != "\0" and not "\ud800" <= c <= "\udfff")


def describe(lue: TaskLue) -> str:
    """One event in a few French words, without anything a partner wrote."""
    return LIBELLES[Statut(lue.statut)] if lue.statut else str(lue.nature or "rien de nouveau")
