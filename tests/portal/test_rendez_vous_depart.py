"""The link of the insured when the coordinator leaves: no hour with somebody who will not be there, and still a way to be called."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from fabrique import lot
from lien_assure import Invitee, create_invitation, rendez_vous
from portal.conftest import Horloge
from portal.donnees import Lieu, TestClient

DEPART = "INSERT INTO pdp.redistribution (plateforme_id, agent_id, du, demandee_par, demandee_at) VALUES ('PF35', :csam, :jour, :chef, :at)"
FIN = "UPDATE pdp.agent SET actif_au = cast(:jour AS date) - 1 WHERE id = :csam"
JOUR = "2026-11-24"


@pytest.mark.parametrize("comment", ["depart", "fin"])
def test_no_hour_with_a_coordinator_who_will_have_left(app: FastAPI, lieu: Lieu, horloge: Horloge, comment: str) -> None:
    dossier, chemin = create_invitation(lieu.comptes["csam"], horloge.instant)
    invitee = Invitee(dossier, chemin, TestClient(app, base_url="http://portail.test", follow_redirects=False))
    invitee.identify()
    avant = invitee.creneaux()
    qui = {"csam": lieu.comptes["csam"], "chef": lieu.comptes["responsable"], "jour": JOUR, "at": horloge.instant}
    with lot() as conn:
        conn.execute(text(DEPART if comment == "depart" else FIN), qui)
    apres = invitee.creneaux()
    perdus = [c for c in avant if c[:10] >= JOUR]
    assert perdus
    assert apres == [c for c in avant if c[:10] < JOUR] != []
    assert invitee.post("choix", debut_at=perdus[0]).headers["location"].endswith("?suite=pris")
    assert rendez_vous(dossier.parcours) == []
    assert invitee.post("rappel").status_code == 303
    if comment == "depart":
        with lot() as conn:
            conn.execute(text("UPDATE pdp.redistribution SET annulee_at = demandee_at, annulee_par = demandee_par"))
        assert invitee.creneaux() == avant, "taken back: her hours are offered again"
