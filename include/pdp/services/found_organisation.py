"""The organisation every platform starts from: dated facts of the referential, copied once, then the managers' own."""

from __future__ import annotations

import tomllib
from pathlib import Path

from sqlalchemy import Connection

from pdp.storage.sql import query

ORGANISATION = Path(__file__).resolve().parents[1] / "referentiel" / "organisation.toml"


def found_organisation(conn: Connection) -> None:
    """Add what a platform lacks of the units, names, links and successions of the referential. A second call changes nothing."""
    organisation = tomllib.loads(ORGANISATION.read_text(encoding="utf-8"))
    unites = [{"du": None, "au": None, "accueille": [], **u} for u in organisation["unite"]]
    conn.execute(query("organisation.fonder_unite"), [{c: u[c] for c in ("code", "type", "accueille", "du", "au")} for u in unites])
    conn.execute(query("organisation.fonder_nom"), [{"code": u["code"], "libelle": u["libelle"]} for u in unites])
    conn.execute(query("organisation.fonder_lien"), [{"du": None, "au": None, **lien} for lien in organisation["lien"]])
    conn.execute(query("organisation.fonder_succession"), organisation["succession"])
