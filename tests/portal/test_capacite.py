"""How many coordinators the coming weeks take: asked as a manager does, on a past that is known."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from fabrique import MAINTENANT, lot
from pdp.cli import main
from pdp.services.delais import get_lieu
from pdp.services.read_capacite import CHAMPS, read_capacite, read_faits
from portal import donnees
from portal.donnees import Connecter
from portal.passe_capacite import Passe, fill

pytestmark = pytest.mark.usefixtures("horloge")
JOUR = MAINTENANT.date()


@pytest.fixture
def passe(lieu: donnees.Lieu, admin: psycopg.Connection[Any]) -> Passe:
    return Passe(admin, lieu.comptes["csam"])


def test_facts_are_read_as_they_happened(passe: Passe, lieu: donnees.Lieu) -> None:
    hier = datetime(2026, 11, 16, 22, 30, tzinfo=UTC)  # 23:30 in Paris: still the 16th
    nuit = datetime(2026, 11, 16, 23, 30, tzinfo=UTC)  # already the 17th in Paris
    jamais = passe.parcours(hier)
    passe.parcours(hier, (nuit, "messagerie"), (nuit + timedelta(hours=9), "joint_rappel_demande"))
    passe.parcours(hier, (nuit, "numero_faux"), clos=nuit + timedelta(hours=1))
    passe.parcours(hier, clos=nuit, motif="doublon")
    passe.parcours(hier, (nuit, "fait"))
    passe.admin.execute(
        "INSERT INTO pdp.plateforme SELECT 'PF22', 'Autre', '22', fuseau FROM pdp.plateforme LIMIT 1 ON CONFLICT DO NOTHING"
    )
    Passe(passe.admin, passe.csam, "PF22").parcours(hier)
    passe.rendez_vous(hier, nuit + timedelta(days=7), "absent")
    passe.absence("2026-11-20", "2026-11-24")
    with lot() as conn:
        faits = read_faits(conn, get_lieu(conn, "PF35"), JOUR - timedelta(weeks=12))
    le_16, le_17 = date(2026, 11, 16), date(2026, 11, 17)
    lus = {(o.ouvert_le, o.premier_le, o.joint_le, o.clos_le): o.nombre for o in faits.ouvertures}
    # a duplicate is nobody; a reason that something else than a call closed is not a call; another platform is not counted
    assert lus == {(le_16, None, None, None): 2, (le_16, le_17, le_17, None): 1, (le_16, le_17, None, le_17): 1}
    assert [(a.jour, a.nombre, a.aboutis) for a in faits.appels] == [(le_17, 3, 1)]
    assert [(r.planifie_le, r.debut_le, r.statut, r.nombre) for r in faits.rendez_vous] == [(le_16, date(2026, 11, 24), "absent", 1)]
    assert sorted(len(m.absences) for m in faits.membres) == [0, 1]
    assert jamais


def test_a_manager_reads_the_answer_and_its_fit(passe: Passe, connecter: Connecter) -> None:
    fill(passe)
    client = connecter("responsable")
    reponse = client.get("/equipe/capacite")
    page = " ".join(reponse.text.replace("&#39;", "'").split())
    assert reponse.status_code == 200
    for attendu in (
        "Avec l'équipe actuelle (2 équivalents temps plein)",
        "L'objectif est de 95 %.",
        'id="arrivees" name="arrivees" type="text" inputmode="decimal" maxlength="12" aria-describedby="arrivees-aide" value="20"',
        "Mesuré : 10 semaines passées.",
        "Mesuré : 200 appels.",
        'aria-describedby="joint-aide" value="50"',
        "La simulation face au passé",
        "La fourchette contenait le vrai nombre 4 fois sur 4.",
        "20 sur 20",
    ):
        assert attendu in page, attendu
    assert page == " ".join(client.get("/equipe/capacite").text.replace("&#39;", "'").split())  # seeded: the same question, the same answer


def test_assumptions_change_the_answer_and_a_bad_one_is_said(passe: Passe, connecter: Connecter) -> None:
    fill(passe)
    client = connecter("responsable")
    lourde = client.get("/equipe/capacite?arrivees=60&minutes_suivi=12").text.replace("&#39;", "'")
    assert "Modifié par vous ; au départ 20." in lourde
    assert "avec 2 hypothèses modifiées" in lourde
    assert "Il faut" in lourde
    for suite, dit in (
        ("part=150", "entre 5 et 100"),
        ("part=abc", "un nombre entier"),
        ("minutes_appel=2,5", "un nombre entier"),
        ("arrivees=nan", "un nombre entre 0 et 1000"),
        ("arrivees=-1", "un nombre entre 0 et 1000"),
        ("semaines=14", "entre 1 et 13"),
        ("arrivees=1e9", "un nombre entre 0 et 1000"),
        ("part=%00", "un nombre entier"),
    ):
        refuse = client.get(f"/equipe/capacite?{suite}")
        assert refuse.status_code == 422, suite
        assert dit in refuse.text, suite
        assert "%" in suite or f'value="{suite.split("=")[1]}"' in refuse.text, suite
    assert client.get("/equipe/capacite?arrivees=12,5&inconnu=1").status_code == 200


def test_without_a_past_the_page_asks_for_arrivals(passe: Passe, connecter: Connecter) -> None:
    client = connecter("responsable")
    vide = client.get("/equipe/capacite")
    assert vide.status_code == 200
    assert "indiquez ci-dessous combien" in vide.text
    assert "Le passé est trop court" in vide.text
    dite = client.get("/equipe/capacite?arrivees=10")
    assert "Selon l&#39;effectif" in dite.text or "Selon l'effectif" in dite.text


def test_only_a_manager_and_only_their_platform(passe: Passe, connecter: Connecter, lieu: donnees.Lieu) -> None:
    fill(passe, semaines=3)
    for login in ("csam", "medecin_conseil", "evaluateur", "partenaire"):
        assert connecter(login).get("/equipe/capacite").status_code == 404, login
    with lot() as conn:
        ici, ailleurs = (read_capacite(conn, p, MAINTENANT) for p in (lieu.plateforme_id, lieu.autre_plateforme_id))
    assert (ici.situation.ouverts > 0, ailleurs.situation.ouverts, ailleurs.reponse) == (True, 0, None)
    assert {v.champ.cle for v in ici.valeurs} == {c.cle for c in CHAMPS}


def test_command_says_the_same_without_a_name(passe: Passe, capsys: pytest.CaptureFixture[str]) -> None:
    fill(passe)
    main(["capacity", "--plateforme", "PF35", "--avec", "arrivees=60", "--json"])
    [ici] = json.loads(capsys.readouterr().out.splitlines()[-1])["capacites"]
    assert ici["hypotheses"]["arrivees"] == {"valeur": 60, "origine": "saisie"}
    assert ici["equipe_actuelle_etp"] == 2
    assert ici["etp_necessaires"] == 2 + ici["conseillers_en_plus"] > 2
    assert ici["ajustement"]["dans_la_fourchette"] == [4, 4]
    assert main(["capacity", "--plateforme", "PF35"]) == 0
    assert "Avec l'équipe actuelle (2 équivalents temps plein)" in capsys.readouterr().out
    for refuse in (["--plateforme", "PF00"], ["--avec", "inconnue=3"], ["--avec", "part"], ["--avec", "part=400"]):
        assert main(["capacity", *refuse]) != 0, refuse
        assert capsys.readouterr().err.count("\n") == 1, refuse
