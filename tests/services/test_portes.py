"""Gates: the act does not happen, is asked once, and happens once somebody who may has accepted; the database says so too."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import fabrique
from equipe_redistribuee import Equipe, a, annuler, balayer, confirmer, le
from evaluation_publiee import empreintes, publish
from fabrique import MAINTENANT, TEST, auteur_agent, lot
from maison_reorganisee import build_equipes, build_maison
from pdp.domain.auteur import Auteur
from pdp.domain.porte import ACCEPTER, REFUSER
from pdp.errors import Conflit, Introuvable
from pdp.partners.simulateur_registre import Registre
from pdp.services import publish_evaluation as evaluation
from pdp.services import purge_reception as purge
from pdp.services import redistribute_parcours as redistribution
from pdp.services import reorganise
from pdp.services.configure_partenaire import Configuration, create_partenaire
from pdp.services.decide_porte import decide_porte, list_portes, require_porte
from pdp.services.send_outbox import send_due
from pdp.storage import db
from pdp.storage.sql import query
from population import Plantes
from portal.donnees import add_tache
from relais import relais
from relais_lecture import ligne

COLONNES = "plateforme_id, genre, objet, demandee_at, demandee_par"
EXPLOITANT = Auteur("systeme", "airflow:exploitant", "systeme")


def _decide(auteur: Auteur, porte: UUID, choix: str) -> bool:
    with db.begin_as(auteur) as conn:
        return decide_porte(conn, auteur, porte, choix, MAINTENANT)


def _decide_in_airflow(porte: UUID, choix: str) -> bool:
    with lot(EXPLOITANT) as conn:
        return decide_porte(conn, EXPLOITANT, porte, choix, MAINTENANT, ou="airflow")


def _portes(admin: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return admin.execute(
        "SELECT genre, objet, decision, utilisee_at IS NOT NULL FROM pdp.porte ORDER BY utilisee_at NULLS LAST, id"
    ).fetchall()


def _seule(admin: psycopg.Connection[Any]) -> UUID:
    [(ident,)] = admin.execute("SELECT id FROM pdp.porte WHERE utilisee_at IS NULL AND perimee_at IS NULL").fetchall()
    return ident


def test_nothing_leaves_for_a_partner_added_by_hand_until_a_manager_agrees(
    monde: tuple[str, Registre], admin: psycopg.Connection[Any], courriels: Path
) -> None:
    with lot() as conn:
        moi, ailleurs = fabrique.agent(conn, "responsable"), fabrique.agent(conn, "responsable", plateforme="PF57")
    auteur, voisin = auteur_agent(moi, "responsable"), auteur_agent(ailleurs, "responsable", "PF57")
    configuration = Configuration("portail", None, "equipe@exemple.invalid", None, None, 10, None, None)
    with db.begin_as(auteur) as conn:
        a_la_main = create_partenaire(
            conn,
            auteur,
            type="service_social",
            nom="Ajouté à la main",
            configuration=configuration,
            actif_du=MAINTENANT.date(),
            cle_saisie=None,
            maintenant=MAINTENANT,
        )
    retenu, connu = relais(None, partenaire=a_la_main), relais(None)
    porte = _seule(admin)
    send_due(MAINTENANT)
    assert [ligne(admin, c.orientation, "orientation")["etat"] for c in (retenu, connu)] == ["a_envoyer", "livre"], "others are not held"
    with db.begin_as(voisin) as conn:
        assert list_portes(conn) == [], "another platform does not even see it"
    assert _decide(auteur, porte, REFUSER) is True
    send_due(MAINTENANT)
    assert ligne(admin, retenu.orientation, "orientation")["etat"] == "a_envoyer"
    assert _decide_in_airflow(porte, ACCEPTER) is False, "what was decided in the portal stays"
    assert (_decide(auteur, porte, ACCEPTER), _decide(auteur, porte, ACCEPTER)) == (True, False), "a refusal may be turned, once"
    send_due(MAINTENANT)
    assert ligne(admin, retenu.orientation, "orientation")["etat"] == "livre"
    evenements = admin.execute("SELECT evenement FROM journal.evenement WHERE evenement LIKE 'porte%%' ORDER BY id").fetchall()
    assert [e for (e,) in evenements] == ["porte_demandee", "porte_decidee", "porte_decidee"]


def test_the_database_believes_no_manager_who_decides_for_another_or_at_once(base: str, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        moi, autre = fabrique.agent(conn, "responsable"), fabrique.agent(conn, "responsable")
        for plateforme, genre, objet, par in (
            ("PF35", "reaffectation", "r1", moi),
            ("PF57", "premier_envoi", "p1", autre),
            (None, "purge", "d1", "purge"),
        ):
            valeurs = {"p": plateforme, "g": genre, "o": objet, "par": str(par), "m": MAINTENANT}
            conn.execute(
                text("INSERT INTO pdp.porte (plateforme_id, genre, objet, demandee_at, demandee_par) VALUES (:p, :g, :o, :m, :par)"),
                valeurs,
            )
    decider = "UPDATE pdp.porte SET decision = 'acceptee', decidee_at = now(), decidee_par = '{}', decidee_ou = '{}' WHERE objet = '{}'"
    inserer = (
        "INSERT INTO pdp.porte (plateforme_id, genre, objet, demandee_at, demandee_par) VALUES ('{}', 'reaffectation', 'r2', now(), '{{}}')"
    )
    cas = [
        (decider.format(moi, "portail", "r1"), DBAPIError),  # asked by the same person
        (decider.format(autre, "portail", "r1"), DBAPIError),  # signed with another's name
        (decider.format(moi, "airflow", "r1"), DBAPIError),
        (decider.format(moi, "portail", "p1"), 0),  # not of his platform
        (decider.format(moi, "portail", "d1"), 0),  # of the whole installation: seen, not decided
        (inserer.format("PF57", moi), DBAPIError),
        (inserer.format("PF35", autre), DBAPIError),
        ("UPDATE pdp.porte SET utilisee_at = now()", DBAPIError),
        ("DELETE FROM pdp.porte", DBAPIError),
    ]
    for requete, attendu in cas:
        if attendu == 0:
            with db.begin_as(auteur_agent(moi, "responsable")) as conn:
                assert conn.execute(text(requete)).rowcount == 0, requete
        else:
            with pytest.raises(DBAPIError), db.begin_as(auteur_agent(moi, "responsable")) as conn:
                conn.execute(text(requete))
    for role in ("csam", "medecin_conseil", "evaluateur"):
        with pytest.raises(DBAPIError), db.begin_as(auteur_agent(moi, role)) as conn:
            conn.execute(text("SELECT * FROM pdp.porte"))
    assert admin.execute("SELECT count(*) FROM pdp.porte WHERE decision IS NOT NULL").fetchone() == (0,)


def test_a_mass_redistribution_waits_for_a_second_person(
    base: str, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        responsable, second = fabrique.agent(conn, "responsable"), fabrique.agent(conn, "responsable")
        absente, proche = fabrique.agent(conn), fabrique.agent(conn)
        cas = [fabrique.parcours(conn, csam=absente, statut="contact_en_cours") for _ in range(3)]
        for c in cas:
            add_tache(conn, c.parcours, "rappel_promis", a(1))
    equipe = Equipe(responsable, absente, proche, proche, cas)
    monkeypatch.setattr(redistribution, "is_massif", lambda nombre, seuil: nombre >= 3 and seuil == 50)

    def mains() -> set[UUID]:
        return {csam for (csam,) in admin.execute("SELECT csam_id FROM pdp.parcours").fetchall()}

    acte = confirmer(equipe, 0, 5)
    assert mains() == {absente}
    balayer(MAINTENANT)
    assert (mains(), _portes(admin)) == ({absente}, [("reaffectation", str(acte), None, False)]), "a sweep does not go through it"
    porte = _seule(admin)
    with pytest.raises(Conflit):
        _decide(auteur_agent(responsable, "responsable"), porte, ACCEPTER)
    assert _decide(auteur_agent(second, "responsable"), porte, ACCEPTER) is True
    balayer(MAINTENANT)
    assert mains() == {proche}
    reprise = confirmer(equipe, 7, None, agent=proche)
    with lot() as conn:
        require_porte(conn, TEST, "purge", "reception", None, {"fichiers": 9}, MAINTENANT + timedelta(hours=1))
        posees = [p.genre for p in conn.execute(query("portes.lister_en_attente"), {"limite": 9})]
    assert posees == ["purge", "reaffectation"], "first what nobody but the operators decides"
    annuler(equipe, reprise)
    with lot() as conn:
        assert [p.genre for p in conn.execute(query("portes.lister_en_attente"), {"limite": 9})] == ["purge"], "taken back: nothing to ask"


def test_departures_of_one_act_are_weighed_together(base: str, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people leave with a team that ends: two parcours each, four at once; nothing is given to who leaves too."""
    maison = build_maison()
    nord, sud = build_equipes(maison)
    monkeypatch.setattr(redistribution, "is_massif", lambda nombre, seuil: nombre >= 4 and seuil == 50)
    qui = {"unite_id": nord, "vers_id": sud, "le": le(1), "partants": maison.csam[:2]}
    with db.begin_as(maison.auteur, lecture=True) as conn:
        apercu = reorganise.preview_fusion(conn, maison.auteur, maintenant=MAINTENANT, **qui)
    assert {c.vers for plan in apercu.departs for c in plan.confies} == {maison.csam[2]}
    avant = "SELECT count(*) FROM pdp.parcours WHERE csam_id = ANY (%s)"
    maison.act("merge_equipe", **qui)
    balayer(a(1))
    assert admin.execute(avant, (maison.csam[:2],)).fetchone() == (4,), "not before somebody else agrees"
    with lot() as conn:
        second = auteur_agent(fabrique.agent(conn, "responsable"), "responsable")
    for (porte,) in admin.execute("SELECT id FROM pdp.porte WHERE genre = 'reaffectation'").fetchall():
        assert _decide(second, porte, ACCEPTER) is True
    balayer(a(1))
    assert admin.execute(avant, (maison.csam[2:],)).fetchone() == (6,)
    assert admin.execute("SELECT count(*) FROM pdp.affectation WHERE du = %s", (a(1),)).fetchone() == (4,), "each changed hands once"


def test_an_unusual_purge_deletes_nothing_until_the_operators_agree(
    base: str, tmp_path: Path, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with lot() as conn:
        fabrique.socle(conn)
        responsable = fabrique.agent(conn, "responsable")
    monkeypatch.setattr(purge, "is_massif", lambda nombre, seuil: nombre >= 2 and seuil == 200)

    def deliver(*noms: str) -> None:
        (tmp_path / "traites").mkdir(exist_ok=True)
        for nom in noms:
            (tmp_path / "traites" / nom).touch()
            os.utime(tmp_path / "traites" / nom, (1, 1))

    def run(jours: int = 0) -> int:
        with lot() as conn:
            purge.purge_reception(conn, tmp_path, MAINTENANT + timedelta(days=jours))
        return len(list((tmp_path / "traites").iterdir()))

    deliver("seul.csv")
    assert (run(), _portes(admin)) == (0, []), "an ordinary purge asks nobody"
    deliver("a.csv", "b.csv")
    assert (run(), run()) == (2, 2)
    with pytest.raises(Introuvable):
        _decide(auteur_agent(responsable, "responsable"), _seule(admin), ACCEPTER)
    assert _decide_in_airflow(_seule(admin), ACCEPTER) is True
    assert run() == 0
    deliver("c.csv", "d.csv")
    assert run() == 2, "an agreement serves once"
    assert _portes(admin) == [("purge", "reception", "acceptee", True), ("purge", "reception", None, False)]
    assert _decide_in_airflow(_seule(admin), REFUSER) is True
    assert (run(), _decide_in_airflow(_seule(admin), ACCEPTER)) == (2, False), "the first answer of the day stays"
    refusee = _seule(admin)
    assert run(1) == 2
    reposee = _seule(admin)
    assert reposee != refusee, "no manager may change it: asked anew the next day"
    with pytest.raises(Conflit):
        _decide_in_airflow(refusee, ACCEPTER)
    assert _decide_in_airflow(reposee, ACCEPTER) is True
    deliver("e.csv", "f.csv")
    assert run(1) == 4, "agreed to two files: four are another question"
    assert admin.execute("SELECT detail ->> 'fichiers', decision FROM pdp.porte WHERE id = %s", (_seule(admin),)).fetchone() == ("4", None)


def test_a_publication_that_lost_much_leaves_the_former_one(
    plantes: Plantes, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    admin.execute("UPDATE evaluation.publication SET lignes = lignes + 100000 WHERE table_nom = 'personnes'")
    avant = empreintes(admin)
    with lot(TEST) as conn:
        fabrique.parcours(conn)
    bilan = publish()
    assert (bilan.traites, bilan.detail["publication_retenue"]) == (0, 1)
    assert bilan.detail["lignes_avant"] - bilan.detail["lignes_apres"] > 99_000
    assert empreintes(admin) == avant
    assert _decide_in_airflow(_seule(admin), ACCEPTER) is True
    with monkeypatch.context() as perte:
        perte.setattr(evaluation, "is_perte", lambda avant, apres, _: avant > 0)
        assert publish().traites == 0, "agreed to a loss: another loss from there on is another question"
    assert _decide_in_airflow(_seule(admin), ACCEPTER) is True
    assert publish().traites > 0
    assert empreintes(admin) != avant
    assert sorted(porte[2:] for porte in _portes(admin)) == [("acceptee", False), ("acceptee", True)]
