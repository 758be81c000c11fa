"""What a refused call reads: an OperationOutcome, a sentence in French and a stable code. Never what the body held."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

from fastapi import Request
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.responses import Response

from pdp.errors import AccesRefuse, Conflit, DonneeInvalide, ErreurPdp, Introuvable, TransitionInterdite
from pdp.fhir.elements import RessourceRefusee
from pdp.services.receive_tache import RessourceInvalide, VersionDepassee, VersionRequise

TYPE_CONTENU = "application/fhir+json; charset=utf-8"
CODES = "urn:pdp:erreur"
_journal = logging.getLogger("pdp.portail")
# class -> status, code of the issue; the first that fits
_CLASSES: list[tuple[type[ErreurPdp], int, str]] = [
    (VersionDepassee, 412, "conflict"),
    (VersionRequise, 428, "required"),
    (Conflit, 409, "conflict"),
    (TransitionInterdite, 422, "business-rule"),
    (Introuvable, 404, "not-found"),
    (AccesRefuse, 403, "forbidden"),
    (DonneeInvalide, 422, "invalid"),
]


class AppelRefuse(ErreurPdp):
    """A call refused before anything of it was taken; ``genre`` is a code of the closed list of FHIR issues."""

    def __init__(self, statut: int, code: str, genre: str, message: str, entetes: dict[str, str] | None = None) -> None:
        self.statut, self.genre, self.entetes = statut, genre, entetes or {}
        super().__init__(message, code=code)


def build_issue(genre: str, code: str, message: str, chemin: str | None = None) -> dict[str, Any]:
    issue: dict[str, Any] = {"severity": "error", "code": genre, "details": {"coding": [{"system": CODES, "code": code}], "text": message}}
    return issue | ({"expression": [chemin]} if chemin else {})


def refuse(statut: int, genre: str, code: str, message: str, entetes: dict[str, str] | None = None, chemin: str | None = None) -> Response:
    return _outcome(statut, [build_issue(genre, code, message, chemin)], entetes)


def _outcome(statut: int, issues: list[dict[str, Any]], entetes: dict[str, str] | None = None) -> Response:
    corps = json.dumps({"resourceType": "OperationOutcome", "issue": issues}, ensure_ascii=False).encode()
    return Response(corps, statut, entetes, TYPE_CONTENU)


def answer_erreur(request: Request, erreur: Exception) -> Response:
    """The answer to a call that failed, whatever happened; what nobody expected is logged without its content."""
    if isinstance(erreur, AppelRefuse):
        return refuse(erreur.statut, erreur.genre, erreur.code, erreur.message, erreur.entetes)
    if isinstance(erreur, RessourceRefusee):
        return refuse(422, "invalid", erreur.code, erreur.diagnostic, chemin=erreur.chemin)
    if isinstance(erreur, RessourceInvalide):
        issues = [build_issue("invalid", faute.code, faute.raison, faute.chemin) for faute in erreur.fautes]
        return Response(
            json.dumps({"resourceType": "OperationOutcome", "issue": issues}, ensure_ascii=False).encode(), 422, None, TYPE_CONTENU
        )
    if isinstance(erreur, ErreurPdp):
        statut, genre = next(((s, g) for classe, s, g in _CLASSES if isinstance(erreur, classe)), (422, "processing"))
        return refuse(statut, genre, erreur.code, erreur.message)
    if isinstance(erreur, DataError):
        return refuse(422, "value", "value_refused", "Une valeur n'est pas lisible : rien n'a été enregistré.")
    if isinstance(erreur, OperationalError | InterfaceError | PoolTimeout):
        _journal.error("database_unavailable kind=%s", type(erreur).__name__)
        message = "Service momentanément indisponible : rien n'a été enregistré. Recommencez dans une minute."
        return refuse(503, "transient", "unavailable", message, {"Retry-After": "60"})
    lieux = "" if isinstance(erreur, DBAPIError) else "".join(traceback.format_tb(erreur.__traceback__)[-4:])
    _journal.error("unexpected_error fhir method=%s kind=%s %s", request.method, type(erreur).__name__, lieux)  # never its message
    return failed()


def too_large() -> Response:
    return refuse(413, "too-long", "body_too_large", "Le message est trop volumineux : rien n'en a été lu.")


def failed() -> Response:
    return refuse(
        500, "exception", "unexpected", "Une erreur est survenue : rien n'a été enregistré. Prévenez la plateforme si elle revient."
    )
