"""Simulated coordinators of the demonstration: each way of working a file goes through the real services and leaves what it says."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

import fabrique
from fabrique import MAINTENANT, lot
from pdp.simulation import profils_du_jour
from pdp.simulation.profils import Dossier, Profil
from pdp.simulation.scenario import Calendrier
from pdp.storage import db

LAISSES = {
    "_repondeur": {"nouvel_appel"},
    "_tele_echange_a_venir": {"tele_echange"},
    "_a_rappeler": {"rappel_promis"},
    "_accord_a_demander": {"demander_accord", "attendre_partenaire"},
    "_invitee": {"reponse_invitation", "planifier_tele_echange"},
    "_tele_echange_a_renseigner": {"tele_echange"},
    "_en_attente": {"planifier_tele_echange"},
    "_prefere_ecrire": {"planifier_tele_echange"},
    "laisse": set(),
}
VARIABLES = ("_accord_a_demander", "_en_attente")
"""What they do depends on the rank of the file, not only its day."""
CAS = [
    (profil, rang)
    for profil in dict.fromkeys(profils_du_jour.DERNIERS_JOURS)
    for rang in (range(6) if profil.__name__ in VARIABLES else (0,))
]


@pytest.mark.parametrize(("profil", "rang"), CAS, ids=lambda v: getattr(v, "__name__", None))
def test_each_profile_leaves_the_reasons_it_says(base: str, admin: psycopg.Connection[Any], profil: Profil, rang: int) -> None:
    jours = Calendrier(MAINTENANT.date())
    with lot() as conn:
        fabrique.socle(conn)
        fabrique.partenaire(conn, "spst")
        fabrique.partenaire(conn, "service_social")
        dossier = fabrique.parcours(conn)
    simule = Dossier(dossier.parcours, "PF35", dossier.csam, False, rang, False)
    with db.begin_as(simule.csam) as conn:
        profil(conn, simule, jours)
    motifs = {m for (m,) in admin.execute("SELECT motif FROM pdp.tache WHERE parcours_id = %s AND fermee_at IS NULL", (dossier.parcours,))}
    assert motifs <= LAISSES[profil.__name__]
    assert motifs or not LAISSES[profil.__name__]
