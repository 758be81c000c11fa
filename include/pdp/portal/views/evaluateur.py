"""Screen of the evaluator: published tables, their dictionary, and the tables as CSV."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from pdp.portal.affichage import page
from pdp.portal.auth import Routeur, acces
from pdp.portal.sessions import lire
from pdp.services import read_evaluation

routeur = Routeur()
MENU = {"evaluateur": [("/evaluation", "Tables publiées")]}


@routeur.get("/evaluation")
@acces("evaluateur")
def show_tables(request: Request) -> Response:
    """Published tables with every column and its meaning."""
    with lire(request) as conn:
        tables = read_evaluation.list_tables(conn)
    return page(request, "evaluateur/tables.html", tables=tables)


@routeur.get("/evaluation/{nom}.csv")
@acces("evaluateur")
def download(request: Request, nom: str) -> Response:
    """One table, streamed under the role of the evaluator; its name carries the day it was published."""
    with lire(request) as conn:
        publiee = read_evaluation.get_table(conn, nom)
    fichier = f"{publiee.nom}_{publiee.publication.publie_at:%Y-%m-%d}.csv"
    return StreamingResponse(
        _stream(request, publiee),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{fichier}"'},
    )


def _stream(request: Request, publiee: read_evaluation.TablePubliee) -> Iterator[str]:
    """The transaction lives as long as the download."""
    with lire(request) as conn:
        yield from read_evaluation.stream_csv(conn, publiee)
