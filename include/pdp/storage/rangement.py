"""Weekly order of the stock: prescriptions arrive mixed, and a night that looks a person up would read one page for each of them."""

from __future__ import annotations

from sqlalchemy import create_engine

from pdp.config import settings
from pdp.storage.sql import query


def arrange_stock(url: str | None = None) -> None:
    """Rewrite the prescriptions person by person; a second call leaves the same order. Nothing that can be read changes.

    `url`: of the owner of the tables. They are locked meanwhile: between two nights, never during one. Raises OperationalError when
    somebody holds them for more than a minute.
    """
    moteur = create_engine(url or settings().url_migration, isolation_level="AUTOCOMMIT")
    try:
        with moteur.connect() as conn:
            for etape in ("patienter", "ranger_prescriptions", "relever_prescriptions"):
                conn.execute(query(f"rangement.{etape}"))
    finally:
        moteur.dispose()
