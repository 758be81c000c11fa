"""Facts of one person as known at an instant: the answer to « what did we know on day D? ». Reads only, never the medical class."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from pdp.domain.arret import Periode, Prescription
from pdp.domain.connaissance import AffectionConnue, Avis, Connaissance, FaitEmployeur, Paiement
from pdp.storage.lignes import list_lignes
from pdp.storage.sql import query


def read_connu(conn: Connection, assure_id: UUID, instant: datetime) -> Connaissance:
    """Versions learnt at or before ``instant`` (aware) and not yet replaced then; nothing for an unknown person."""
    qui = {"assure": assure_id, "instant": instant}
    avis = [
        Avis(
            Prescription(
                a.id_avis,
                a.date_debut,
                a.date_fin,
                a.nature,
                a.risque,
                a.temps_partiel,
                a.motif_categorie,
                a.ald,
                a.annule,
                a.connu_du,
            ),
            a.connu_du,
            a.premier_at,
        )
        for a in conn.execute(query("connu.list_avis"), qui)
    ]
    return Connaissance(
        instant,
        tuple(avis),
        tuple(list_lignes(conn, "connu.list_paiements", Paiement, **qui)),
        tuple(list_lignes(conn, "connu.list_affections", AffectionConnue, **qui)),
        tuple(list_lignes(conn, "connu.list_employeur", FaitEmployeur, **qui)),
        tuple(list_lignes(conn, "connu.list_silences", Periode, **qui)),
    )
