"""Publish the evaluators' tables in a test, and read them back as an evaluator receives them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import psycopg

from fabrique import MAINTENANT
from pdp.config import settings
from pdp.domain.auteur import systeme
from pdp.domain.bilan import Bilan
from pdp.services.publish_evaluation import publish_evaluation

JOUR = "2026-11-18"  # of MAINTENANT


def publish(**reste: Any) -> Bilan:
    return publish_evaluation(settings().url_app, systeme("publish_evaluation"), MAINTENANT, settings().exports, **reste)


def dossier_publie() -> Path:
    return settings().exports / "evaluation" / JOUR


def contents() -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in dossier_publie().iterdir()}


def rows(nom: str) -> list[dict[str, str]]:
    with (dossier_publie() / f"{nom}.csv").open(encoding="utf-8", newline="") as fichier:
        return list(csv.DictReader(fichier))


def empreintes(admin: psycopg.Connection) -> dict[str, str]:
    return dict(admin.execute("SELECT table_nom, empreinte FROM evaluation.publication").fetchall())


def tables_of(admin: psycopg.Connection) -> set[str]:
    return {n for (n,) in admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'evaluation'")}
