"""What the platform does by itself, as each function of the staff reads it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from fabrique import MAINTENANT
from portal import donnees
from portal.donnees import Connecter

pytestmark = pytest.mark.usefixtures("horloge")
TACHE = (
    "INSERT INTO pdp.tache (plateforme_id, parcours_id, motif, balle, echeance_at, cause, origine, ouverte_at, ouverte_par)"
    " VALUES (%s, gen_random_uuid(), 'faire_le_point', 'csam', %s, 'essai', %s, %s, 'essai')"
)


def _row(page: str, code: str) -> str:
    """The row of one rule, in words."""
    debut = page.index(f"<code>{code}</code>")
    return " ".join(page[debut : page.index("</tr>", debut)].split())


def test_staff_read_each_rule_with_what_it_did(lieu: donnees.Lieu, connecter: Connecter, admin: psycopg.Connection[Any]) -> None:
    admin.execute("SET session_replication_role = replica")
    for plateforme, origine, il_y_a in (
        (lieu.plateforme_id, "automatique", 1),
        (lieu.plateforme_id, "automatique", 29),
        (lieu.plateforme_id, "automatique", 31),  # out of the period
        (lieu.plateforme_id, "manuelle", 1),  # by a person
        (lieu.autre_plateforme_id, "automatique", 1),
    ):
        admin.execute(TACHE, (plateforme, MAINTENANT, origine, MAINTENANT - timedelta(days=il_y_a)))
    admin.execute("INSERT INTO pdp.regard VALUES (%s, 'S11', %s, 3)", (lieu.plateforme_id, MAINTENANT - timedelta(hours=2)))
    admin.execute(
        "INSERT INTO pdp.passage (id, dag, tache, instant_metier, debut_at, fin_at) VALUES ('p', 'pdp_veille', 'veiller', %s, %s, %s)",
        (MAINTENANT, MAINTENANT, MAINTENANT),
    )
    for login in ("csam", "medecin_conseil", "responsable"):
        client = connecter(login)
        reponse = client.get("/regles-automatiques?famille=toutes")
        assert reponse.status_code == 200, login
        page = reponse.text.replace("&#39;", "'")
        tache, blocage, rappel = (_row(page, code) for code in ("faire_le_point", "S11", "rappel_rendez_vous"))
        assert 'data-label="Sur 30 jours">2</td>' in tache, login
        assert "17/11/2026 à 09 h 00" in tache
        assert 'data-label="Bloqués au dernier regard">3</td>' in blocage
        assert "18/11/2026 à 07 h 00" in blocage
        assert "traitement passé le 18/11/2026 à 09 h 00" in blocage
        assert "Pas encore cherché" in _row(page, "S12")
        assert "<strong>1 jour</strong> : Dernier rappel" in rappel
        assert "Lire le message" in rappel
        assert "10 h 30" in rappel
        assert "Pas dans la période" in rappel
        seule = client.get("/regles-automatiques?famille=alerte").text
        assert "<code>risque_suicidaire</code>" in seule
        assert "<code>S11</code>" not in seule
        assert client.get("/regles-automatiques?famille=autre").status_code == 404
        assert 'href="/regles-automatiques"' in client.get("/aide").text
    assert connecter("evaluateur").get("/regles-automatiques").status_code == 404
    partenaire = connecter("partenaire")
    assert partenaire.get("/regles-automatiques").status_code == 404
    assert "regles-automatiques" not in partenaire.get("/aide").text
