"""Structured logs: one JSON object per line, and nothing of a person in it whatever the code passes.

The text of a log call is a constant of the code (a test checks every call); what it is given is kept when it is a number, an instant,
an opaque id or a code, and masked otherwise. An exception is its class and the places it went through, never its message: the message
of a database or of a parser may quote what it was given.

A single word in lower case looks like a code: names are never passed to a log call in the first place, and this is the second fence.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, date, datetime
from enum import Enum
from types import TracebackType
from typing import Any
from uuid import UUID

MASQUE = "[masqué]"
REQUETE: ContextVar[str | None] = ContextVar("requete", default=None)
"""Opaque id of the request being answered: the lines of one answer are found together."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CODE = re.compile(r"[a-z][a-z0-9_.:-]{0,59}")
_SIGLE = re.compile(r"[A-Z]{1,7}[0-9]{0,3}|PF[0-9AB]{2,3}")  # methods, codes of stalls, platforms
_PASSAGE = re.compile(r"[a-z_]+/[\w:+.-]+/[a-z_]+(\[[A-Z0-9]+\])?")
_CHIFFRES = re.compile(r"(?:\d[ .-]?){9,}")
_ENTIER_MAX = 10**9  # a phone number or a NIR written as a number is longer
_METHODES = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_PROFONDEUR = 4


def mask(valeur: Any, profondeur: int = 0) -> Any:
    """The value itself when it can say nothing of a person, else :data:`MASQUE`; containers are masked inside."""
    if valeur is None or isinstance(valeur, (bool, float)):
        return valeur
    if isinstance(valeur, Enum):
        return mask(valeur.value, profondeur)
    if isinstance(valeur, int):
        return valeur if abs(valeur) < _ENTIER_MAX else MASQUE
    if isinstance(valeur, (datetime, UUID)):
        return valeur.isoformat() if isinstance(valeur, datetime) else str(valeur)
    if isinstance(valeur, date):
        return MASQUE  # a day alone may be a birthday
    if isinstance(valeur, str):
        return valeur if is_code(valeur) else MASQUE
    if profondeur < _PROFONDEUR and isinstance(valeur, Mapping):
        return {cle if is_code(str(cle)) else MASQUE: mask(v, profondeur + 1) for cle, v in valeur.items()}
    if profondeur < _PROFONDEUR and isinstance(valeur, (list, tuple, set, frozenset)):
        return [mask(v, profondeur + 1) for v in valeur]
    return MASQUE


def is_code(texte: str) -> bool:
    """An opaque id, a code, the name of an exception, the id of a run: words of the program."""
    if _UUID.fullmatch(texte) or texte in _METHODES or texte in _exceptions():
        return True
    if _PASSAGE.fullmatch(texte):
        return True
    return not _CHIFFRES.search(texte) and bool(_CODE.fullmatch(texte) or (_SIGLE.fullmatch(texte) and any(c.isdigit() for c in texte)))


def _exceptions() -> frozenset[str]:
    """Names of the exception classes of this process."""
    vus: set[type[BaseException]] = set()
    a_voir: list[type[BaseException]] = [BaseException]
    while a_voir:
        for classe in a_voir.pop().__subclasses__():
            if classe not in vus:
                vus.add(classe)
                a_voir.append(classe)
    return frozenset(c.__name__ for c in vus)


class FormatJson(logging.Formatter):
    """``time`` (UTC), ``level``, ``logger``, ``event`` (the constant text), ``args``, ``request``, ``error``."""

    def format(self, record: logging.LogRecord) -> str:
        ligne: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record),
        }
        donnees = record.args if isinstance(record.args, Mapping) else list(record.args or ())
        if donnees:
            ligne["args"] = mask(donnees)
        if (requete := REQUETE.get()) is not None:
            ligne["request"] = requete
        ligne |= {cle: mask(valeur) for cle, valeur in vars(record).items() if cle not in _STANDARD and is_code(cle)}
        if record.exc_info and record.exc_info[1] is not None:
            ligne["error"] = describe_erreur(record.exc_info[1], record.exc_info[2])
        return json.dumps(ligne, ensure_ascii=False)


def _event(record: logging.LogRecord) -> str:
    """Our own texts are constants; those of a library are kept when they have arguments of their own, or are short and plain."""
    texte = record.msg if isinstance(record.msg, str) else MASQUE
    if record.name.partition(".")[0] == "pdp" or record.args:
        return _CHIFFRES.sub(MASQUE, texte)
    return texte if len(texte) <= 80 and re.fullmatch(r"[A-Za-z ,.']+", texte) else MASQUE


def describe_erreur(erreur: BaseException, trace: TracebackType | None) -> dict[str, Any]:
    """Class and places, innermost last; the causes by their class."""
    lieux = [f"{_relatif(cadre.filename)}:{cadre.lineno}" for cadre in traceback.extract_tb(trace)][-12:]
    causes, suivante = [], erreur.__cause__ or erreur.__context__
    while suivante is not None and len(causes) < 5:
        causes.append(type(suivante).__name__)
        suivante = suivante.__cause__ or suivante.__context__
    return {"type": type(erreur).__name__, "at": lieux, **({"causes": causes} if causes else {})}


def _relatif(fichier: str) -> str:
    """From the package on: where it is installed says nothing useful."""
    for racine in ("site-packages/", "include/"):
        if racine in fichier:
            return fichier.rpartition(racine)[2]
    return os.path.basename(fichier)


def install(niveau: int = logging.INFO) -> None:
    """Every log of this process goes to standard error, one JSON object per line; a second call changes nothing."""
    sortie = logging.StreamHandler(sys.stderr)
    sortie.setFormatter(FormatJson())
    racine = logging.getLogger()
    racine.handlers[:] = [sortie]
    racine.setLevel(niveau)
    for nom in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        enregistreur = logging.getLogger(nom)
        enregistreur.handlers.clear()
        enregistreur.setLevel(logging.NOTSET)
        enregistreur.disabled = False
        enregistreur.propagate = nom != "uvicorn.access"  # paths are a person's trail


def install_if_asked() -> bool:
    """``PDP_JOURNAUX=json``, as the containers and the demonstration set it; a terminal reads plain lines. True when installed."""
    demande = os.environ.get("PDP_JOURNAUX") == "json"
    if demande:
        install()
    return demande
