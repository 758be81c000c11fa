"""Own cases only, crossed: a case of a colleague slipped into a bulk act tells nothing of the person."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

import fabrique
from portal import donnees
from portal.conftest import Horloge
from portal.donnees import Connecter, Lieu


@pytest.fixture
def cas(lieu: Lieu, horloge: Horloge) -> fabrique.Dossier:
    with fabrique.lot() as conn:
        return fabrique.parcours(conn, csam=lieu.comptes["csam"])


@pytest.mark.parametrize("geste", ["attente", "echeance", "invitation", "passation"])
def test_a_case_of_a_colleague_in_a_bulk_act_has_no_name(
    cas: fabrique.Dossier, connecter: Connecter, admin: psycopg.Connection, geste: str
) -> None:
    (nom,) = admin.execute("SELECT nom FROM identite.assure WHERE id = %s", (cas.assure,)).fetchone() or ("",)
    client = connecter("csam2")
    page = donnees.post(client, "/lots", "/ma-liste", geste=geste, parcours=str(cas.parcours)).headers["location"]
    assert nom not in client.get(page).text
    suite = {"raison": "soins_en_cours", "jour": "2026-12-01", "vers": str(_other(admin, cas))}
    donnees.post(client, f"{page}/repetition", page, **suite)
    assert nom not in client.get(page).text
    donnees.post(client, f"{page}/confirmer", page)
    assert nom not in client.get(page).text
    assert admin.execute("SELECT count(*) FROM pdp.acte").fetchone() == (0,)


def _other(admin: psycopg.Connection, cas: fabrique.Dossier) -> UUID:
    ligne = admin.execute("SELECT id FROM pdp.agent WHERE role = 'csam' AND plateforme_id = 'PF35' AND id = %s", (cas.csam,)).fetchone()
    assert ligne is not None
    return ligne[0]
