"""What leaves for a partner in FHIR R4: a ServiceRequest (the hand-over), its Task (the follow-up) and the person.

Choices, each for what a receiver does with it:

- ``intent=order``, not proposal or plan: the person agreed, the act is asked of this performer. It stays free to decline: that is
  what the Task is for.
- The Patient carries only the fields of ``envoi.corps["contenu"]``, already limited to what was agreed, and an identifier of its own
  per hand-over: no NIR leaves, and two hand-overs cannot be joined.
- Answers about work and social life are ``Task.input``: a typed question and its answer in words, which any receiver can show. A
  QuestionnaireResponse would need its Questionnaire on the other side to be read.
- The partner is named by a logical reference (identifier and name): creating on its server a second Organization for itself would
  leave it a duplicate to clean. A doctor is a Practitioner, under the same identifier: no RPPS is known here. The platform is an
  Organization of the Bundle: it is unknown there.
- Every entry is created under ``ifNoneExist`` and ``fullUrl`` is derived from the hand-over: the same message again creates nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote
from uuid import UUID, uuid5

from pdp.domain.contenu import LIBELLES
from pdp.domain.orientation import DISPOSITIFS
from pdp.fhir import systemes

Ressource = dict[str, Any]
_PATIENT = frozenset({"nom", "prenom", "date_naissance", "telephone", "courriel"})
_JOUR = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PERSONNES = frozenset({"medecin_traitant"})
_BSER_CREEE = ("2.0", "Service Request Created")
_BSER_RETRAIT = ("5.2", "Service Request Cancellation Requested")


class Cible(Protocol):
    """What is needed of a recipient (``partners.contrat.Destinataire``)."""

    @property
    def plateforme_id(self) -> str: ...
    @property
    def id_source(self) -> str: ...
    @property
    def nom(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def plateforme(self) -> str: ...
    @property
    def telephone(self) -> str | None: ...


class Message(Protocol):
    """What is needed of a message (``partners.contrat.Envoi``)."""

    @property
    def corps(self) -> Mapping[str, Any]: ...


def render_orientation(cible: Cible, envoi: Message, *, synthetique: bool = False) -> Ressource:
    """Transaction Bundle of one hand-over; the same arguments give the same Bundle.

    ``envoi.corps``: ``orientation_id``, ``dispositif``, ``motif``, ``contenu``, ``emise_at`` (ISO instant). ``synthetique`` marks every
    resource as test data (HTEST), which a receiver must not take for a real person.
    """
    orientation = UUID(str(envoi.corps["orientation_id"]))
    liens = {nom: _urn(orientation, nom) for nom in ("Patient", "Organization", "ServiceRequest", "Task")}
    ressources = (
        render_patient(envoi),
        render_plateforme(cible),
        render_demande(cible, envoi, patient=liens["Patient"], plateforme=liens["Organization"]),
        render_tache(cible, envoi, demande=liens["ServiceRequest"], patient=liens["Patient"], plateforme=liens["Organization"]),
    )
    entrees = [_entry(liens[r["resourceType"]], _mark(r) if synthetique else r) for r in ressources]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entrees}


def render_patient(envoi: Message) -> Ressource:
    """The person, from the agreed fields only."""
    contenu = envoi.corps.get("contenu") or {}
    patient: Ressource = {
        "resourceType": "Patient",
        "identifier": [{"system": systemes.PERSONNE_ORIENTEE, "value": str(UUID(str(envoi.corps["orientation_id"])))}],
    }
    nom = {"use": "usual"}
    if contenu.get("nom"):
        nom["family"] = str(contenu["nom"])
    if contenu.get("prenom"):
        nom["given"] = [str(contenu["prenom"])]
    if len(nom) > 1:
        patient["name"] = [nom]
    adresses = [("phone", contenu.get("telephone")), ("email", contenu.get("courriel"))]
    telecom = [{"system": systeme, "value": str(valeur)} for systeme, valeur in adresses if valeur]
    if telecom:
        patient["telecom"] = telecom
    if contenu.get("date_naissance"):
        patient["birthDate"] = str(contenu["date_naissance"])
    return patient


def render_plateforme(cible: Cible) -> Ressource:
    """The platform that asks, with the number a partner may call."""
    plateforme: Ressource = {
        "resourceType": "Organization",
        "identifier": [{"system": systemes.PLATEFORME, "value": cible.plateforme_id}],
        "active": True,
        "name": cible.plateforme or cible.plateforme_id,
    }
    if cible.telephone:
        plateforme["telecom"] = [{"system": "phone", "value": cible.telephone, "use": "work"}]
    return plateforme


def render_demande(cible: Cible, envoi: Message, *, patient: str, plateforme: str, statut: str = "active") -> Ressource:
    """The ServiceRequest; ``patient`` and ``plateforme`` are references (``urn:uuid:``, relative, or ``#contained``).

    A ``motif`` that is None is one that the partner may read no longer.
    """
    dispositif = str(envoi.corps["dispositif"])
    libelle = DISPOSITIFS.get(dispositif, dispositif)
    code = {"coding": [{"system": systemes.DISPOSITIF, "code": dispositif, "display": libelle}], "text": libelle}
    demande = {
        "resourceType": "ServiceRequest",
        "identifier": [_plac(envoi)],
        "status": statut,
        "intent": "order",
        "category": [{"text": "Orientation par la plateforme de prévention de la désinsertion professionnelle"}],
        "code": code,
        "subject": {"reference": patient, "type": "Patient"},
        "authoredOn": _emise_at(envoi),
        "requester": _reference_plateforme(cible, plateforme),
        "performer": [_partenaire(cible)],
    }
    if envoi.corps["motif"] is not None:
        demande["reasonCode"] = [{"text": str(envoi.corps["motif"])}]
    return demande


def render_tache(
    cible: Cible,
    envoi: Message,
    *,
    demande: str,
    patient: str,
    plateforme: str,
    statut: str = "requested",
    modifiee_at: str | None = None,
) -> Ressource:
    """The Task that follows the ServiceRequest ``demande``; ``modifiee_at`` (ISO instant) is when it last changed, at its issue if None."""
    tache: Ressource = {
        "resourceType": "Task",
        "identifier": [_plac(envoi)],
        "status": statut,
        "businessStatus": _bser(*_BSER_CREEE),
        "intent": "order",
        "code": {"coding": [{"system": systemes.CODE_TACHE, "code": "fulfill"}]},
        "focus": {"reference": demande, "type": "ServiceRequest"},
        "for": {"reference": patient, "type": "Patient"},
        "authoredOn": _emise_at(envoi),
        "lastModified": modifiee_at or _emise_at(envoi),
        "requester": _reference_plateforme(cible, plateforme),
        "owner": _partenaire(cible),
    }
    entrees = list(_inputs(envoi.corps.get("contenu") or {}))
    if entrees:
        tache["input"] = entrees
    return tache


def render_annulation(cible: Cible, envoi: Message, connue: Mapping[str, Any] | None = None) -> Ressource:
    """Transaction Bundle that takes a hand-over back: conditional update of the Task to ``cancelled``.

    With ``connue`` (the Task as read from the partner) everything it holds is kept and ``ifMatch`` asks for that very version. Without
    it the Task is written with nothing about the person; where it does not exist yet it is created, already cancelled, so that the
    hand-over arriving later finds it and creates nothing. ``envoi.corps``: ``orientation_id``, ``annulee_at``.
    """
    annulee = str(envoi.corps["annulee_at"])
    orientation = UUID(str(envoi.corps["orientation_id"]))
    if connue is None:
        tache: Ressource = {
            "resourceType": "Task",
            "identifier": [_plac(envoi)],
            "intent": "order",
            "code": {"coding": [{"system": systemes.CODE_TACHE, "code": "fulfill"}]},
            "requester": {"type": "Organization", "identifier": {"system": systemes.PLATEFORME, "value": cible.plateforme_id}},
            "owner": _partenaire(cible),
        }
    else:
        tache = dict(connue)
    tache |= {
        "status": "cancelled",
        "statusReason": {
            "coding": [{"system": systemes.MOTIF_RETRAIT, "code": "retiree"}],
            "text": "La plateforme retire cette demande : merci de ne plus contacter la personne à ce titre.",
        },
        "businessStatus": _bser(*_BSER_RETRAIT),
        "lastModified": annulee,
    }
    requete = {"method": "PUT", "url": _condition("Task", _plac(envoi))}
    version = (tache.get("meta") or {}).get("versionId")
    if version:
        requete["ifMatch"] = f'W/"{version}"'
    entree = {"fullUrl": _urn(orientation, "Task"), "resource": tache, "request": requete}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entree]}


def render_reponse(connue: Mapping[str, Any], texte: str, repondue_at: str, plateforme: str) -> Ressource:
    """``connue`` with the platform's answer to a question as one more note, marked as ours; the same answer again changes nothing."""
    note = {
        "extension": [{"url": systemes.NATURE_NOTE, "valueCode": "reponse"}],
        "authorString": plateforme,
        "time": repondue_at,
        "text": texte,
    }
    notes = list(connue.get("note") or [])
    return dict(connue) if note in notes else {**connue, "note": [*notes, note], "lastModified": repondue_at}


def _inputs(contenu: Mapping[str, Any]) -> Iterator[Ressource]:
    """Agreed fields that are not the person's identity: one input by field, one by question for the answers in words."""
    for champ, valeur in contenu.items():
        if champ in _PATIENT or valeur in (None, "", {}, []):
            continue
        libelle = LIBELLES.get(champ, champ)
        coding = [{"system": systemes.CONTENU, "code": champ, "display": libelle}]
        for question, reponse in valeur.items() if isinstance(valeur, Mapping) else [(libelle, valeur)]:
            texte = ", ".join(map(str, reponse)) if isinstance(reponse, list | tuple) else str(reponse)
            cle = "valueDate" if _JOUR.fullmatch(texte) else "valueString"
            yield {"type": {"coding": coding, "text": str(question)}, cle: texte}


def _entry(urn: str, ressource: Ressource) -> Ressource:
    nom = ressource["resourceType"]
    condition = _condition(nom, ressource["identifier"][0]).partition("?")[2]
    return {"fullUrl": urn, "resource": ressource, "request": {"method": "POST", "url": nom, "ifNoneExist": condition}}


def _condition(nom: str, identifiant: Mapping[str, Any]) -> str:
    return f"{nom}?identifier={quote(identifiant['system'], safe=':/')}|{quote(identifiant['value'], safe='')}"


def _mark(ressource: Ressource) -> Ressource:
    essai = {"system": systemes.RAISON_ACTE, "code": "HTEST", "display": "test health data"}
    return {"resourceType": ressource["resourceType"], "meta": {"security": [essai]}, **ressource}


def _plac(envoi: Message) -> Ressource:
    return {
        "type": {"coding": [{"system": systemes.TYPE_IDENTIFIANT, "code": "PLAC"}]},
        "system": systemes.ORIENTATION,
        "value": str(UUID(str(envoi.corps["orientation_id"]))),
    }


def _reference_plateforme(cible: Cible, reference: str) -> Ressource:
    return {"reference": reference, "type": "Organization", "display": cible.plateforme or cible.plateforme_id}


def _partenaire(cible: Cible) -> Ressource:
    identifiant = {"system": systemes.PARTENAIRE, "value": cible.id_source}
    nature = "Practitioner" if cible.type in _PERSONNES else "Organization"
    return {"type": nature, "identifier": identifiant, "display": cible.nom or cible.id_source}


def _bser(code: str, libelle: str) -> Ressource:
    return {"coding": [{"system": systemes.BSER_STATUT, "code": code, "display": libelle}]}


def _emise_at(envoi: Message) -> str:
    return str(envoi.corps["emise_at"])


def _urn(orientation: UUID, nom: str) -> str:
    return f"urn:uuid:{uuid5(orientation, nom)}"
