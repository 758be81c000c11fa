"""The organisation changes, nobody and nothing is lost: on real PostgreSQL, under the manager's own role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import fabrique
from equipe_redistribuee import JOUR, balayer, le
from fabrique import MAINTENANT, auteur_agent, lot
from maison_reorganisee import Maison, build_equipes, build_maison
from pdp.domain.organisation import walk
from pdp.errors import Conflit, DonneeInvalide, ErreurPdp, Introuvable
from pdp.services import reorganise
from pdp.services.manage_comptes import create_compte
from pdp.services.read_organisation import list_agents, list_unites
from pdp.services.sign_in import reserve_essai
from pdp.storage import db

TRANSFERT = date(2025, 10, 1)


@pytest.fixture
def maison(base: str) -> Maison:
    return build_maison()


def test_the_caisse_takes_over_the_medical_service_on_its_day(maison: Maison, admin: psycopg.Connection[Any]) -> None:
    """30 September 2025: local échelon under the regional direction; 1 October: medical unit under the caisse. Nobody changes id."""
    veille, jour_dit = TRANSFERT - timedelta(days=1), TRANSFERT
    parents = {
        jour: {n.unite.libelle: [e.unite.libelle for e in n.enfants] for n in walk(maison.read(jour).arbre)} for jour in (veille, jour_dit)
    }
    assert parents[veille]["Direction régionale du service médical"] == ["Plateforme PDP (35)", "Échelon local du service médical (35)"]
    assert parents[jour_dit]["Caisse primaire d'assurance maladie (35)"] == ["Plateforme PDP (35)", "Pôle médical de la caisse (35)"]
    assert "Direction régionale du service médical" not in parents[jour_dit]
    assert [maison.ou(maison.medecin, j) for j in (veille, jour_dit)] == [
        "Échelon local du service médical (35)",
        "Pôle médical de la caisse (35)",
    ]
    assert {maison.ou(c, j) for c in maison.csam for j in (veille, jour_dit)} == {"Plateforme PDP (35)"}
    assert [(s.le, s.vers) for s in maison.read(JOUR).successions if s.de.startswith("Direction")] == [
        (TRANSFERT, "Caisse primaire d'assurance maladie (35)")
    ]
    compter = "SELECT (SELECT count(*) FROM pdp.unite), (SELECT count(*) FROM pdp.unite_lien), (SELECT count(*) FROM pdp.unite_succession)"
    avant = admin.execute(compter).fetchone()
    with lot() as conn:
        fabrique.socle(conn)
    assert admin.execute(compter).fetchone() == avant, "founded once"


def test_a_team_ends_its_people_follow_and_one_leaves(maison: Maison, admin: psycopg.Connection[Any]) -> None:
    nord, sud = build_equipes(maison)
    with lot() as conn:
        create_compte(
            conn,
            login="part",
            mot_de_passe="mot de passe de l'essai",
            role="csam",
            plateforme_id="PF35",
            nom_affiche="X",
            agent_id=maison.csam[0],
        )
    avant = dict(admin.execute("SELECT id, csam_id FROM pdp.parcours").fetchall())
    qui = {"unite_id": nord, "vers_id": sud, "le": le(10), "partants": maison.csam[:1]}
    with db.begin_as(maison.auteur, lecture=True) as conn:
        apercu = reorganise.preview_fusion(conn, maison.auteur, maintenant=MAINTENANT, **qui)
    assert [a.id for a in apercu.suivent] == maison.csam[1:2]
    assert (apercu.ouverts, [len(p.confies) for p in apercu.departs], apercu.sans_place) == (2, [2], 0)
    acte = maison.act("merge_equipe", **qui)
    assert maison.act("merge_equipe", **qui) == acte, "asked for again: the first"
    assert dict(admin.execute("SELECT id, csam_id FROM pdp.parcours").fetchall()) == avant, "nothing changes before the day"
    assert [maison.ou(c, le(9)) for c in maison.csam] == ["Équipe Nord", "Équipe Nord", "Équipe Sud"]
    assert [maison.ou(c, le(10)) for c in maison.csam] == ["Équipe Sud"] * 3
    with db.begin_portail() as conn:
        essais = [reserve_essai(conn, "part", MAINTENANT + timedelta(days=j)).compte_id is not None for j in (0, 9, 10, 40)]
    assert essais == [True, True, False, False], "the access ends with the departure"
    balayer(MAINTENANT + timedelta(days=10))
    apres = dict(admin.execute("SELECT id, csam_id FROM pdp.parcours WHERE clos_at IS NULL").fetchall())
    assert apres.keys() == avant.keys(), "no parcours lost"
    assert {p for p, c in avant.items() if c != apres[p]} == set(maison.parcours[:2]), "only those of who left changed hands"
    assert maison.csam[0] not in apres.values()
    plus_tard = maison.read(le(11), MAINTENANT + timedelta(days=11))
    assert "Équipe Nord" not in {n.unite.libelle for n in walk(plus_tard.arbre)}
    assert next((s.le, s.de, s.vers) for s in plus_tard.successions) == (le(10), "Équipe Nord", "Équipe Sud")
    assert sum(p.parcours for p in plus_tard.par_unite) == sum(p.parcours for p in plus_tard.par_unite_actuelle) == 6
    codes = admin.execute("SELECT evenement FROM journal.evenement WHERE evenement LIKE 'reorganisation%'").fetchall()
    assert codes == [("reorganisation_confirmee",)] * 5


def test_figures_as_they_were_or_in_the_organisation_of_today(maison: Maison) -> None:
    """Assigned thirty days ago, when everybody was in the platform itself; assigned today in a team that ends tomorrow."""
    nord, sud = build_equipes(maison)
    with lot() as conn:
        dossier = fabrique.parcours(conn, csam=maison.csam[0])
        champs = "plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id"
        affecte = f"INSERT INTO pdp.affectation ({champs}) VALUES ('PF35', :p, :c, :m, 'Territoire', 'systeme', 'essai')"
        conn.execute(text(affecte), {"p": dossier.parcours, "c": maison.csam[0], "m": MAINTENANT})
    maison.act("merge_equipe", unite_id=nord, vers_id=sud, le=le(1), partants=[])
    for jour, actuelle in ((0, "Équipe Nord"), (1, "Équipe Sud"), (9, "Équipe Sud")):
        lu = maison.read(le(jour), MAINTENANT + timedelta(days=jour))
        assert {p.libelle: p.parcours for p in lu.par_unite} == {"Plateforme PDP (35)": 6, "Équipe Nord": 1}
        assert {p.libelle: p.parcours for p in lu.par_unite_actuelle} == {"Plateforme PDP (35)": 6, actuelle: 1}


def test_taken_back_before_its_day_as_if_it_had_never_been(maison: Maison, admin: psycopg.Connection[Any]) -> None:
    nord, sud = build_equipes(maison)

    def photo() -> list[Any]:
        jours = (JOUR, le(9), le(10), le(60))
        return [[[n.unite for n in walk(o.arbre)], o.agents] for o in (maison.read(j) for j in jours)]

    avant = photo()
    fusion = maison.act("merge_equipe", unite_id=nord, vers_id=sud, le=le(10), partants=maison.csam[:1])
    nom = maison.act("rename_unite", unite_id=sud, libelle="Équipe des plages", le=le(12))
    assert photo() != avant
    maison.cancel(nom)
    maison.cancel(fusion)
    maison.cancel(fusion)
    assert photo() == avant
    assert admin.execute("SELECT count(*) FROM pdp.redistribution WHERE annulee_at IS NULL").fetchone() == (0,)
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'reorganisation_annulee'").fetchone() == (2,)
    seconde = maison.act("merge_equipe", unite_id=nord, vers_id=sud, le=le(10), partants=[])
    assert seconde != fusion
    with pytest.raises(Conflit) as refus:
        maison.cancel(seconde, jours=10)
    assert "a pris effet" in refus.value.message


def test_refused_and_nothing_written(maison: Maison, admin: psycopg.Connection[Any]) -> None:
    nord, sud = build_equipes(maison)
    racine, pole = maison.unite("Plateforme PDP (35)"), maison.unite("Pôle médical de la caisse (35)")
    maison.act("create_equipe", libelle="Sous Nord", parent_id=nord, le=JOUR)
    sous_nord = maison.unite("Sous Nord")
    with lot() as conn:
        ailleurs = fabrique.agent(conn, plateforme="PF57")
    fusion = {"partants": [], "le": le(5)}
    cas: list[tuple[type[ErreurPdp], str, str, dict[str, Any]]] = [
        (DonneeInvalide, "past_date", "create_equipe", {"libelle": "Hier", "parent_id": racine, "le": le(-1)}),
        (DonneeInvalide, "name_taken", "create_equipe", {"libelle": "équipe nord", "parent_id": racine, "le": JOUR}),
        (DonneeInvalide, "not_ours", "create_equipe", {"libelle": "Neuve", "parent_id": pole, "le": JOUR}),
        (DonneeInvalide, "not_ours", "rename_unite", {"unite_id": pole, "libelle": "Autre", "le": JOUR}),
        (Introuvable, "introuvable", "rename_unite", {"unite_id": uuid4(), "libelle": "Autre", "le": JOUR}),
        (DonneeInvalide, "bad_agents", "move_agents", {"agents": [maison.medecin], "vers_id": nord, "le": le(1)}),
        (DonneeInvalide, "bad_agents", "move_agents", {"agents": [ailleurs], "vers_id": nord, "le": le(1)}),
        (DonneeInvalide, "bad_agents", "move_agents", {"agents": [], "vers_id": nord, "le": le(1)}),
        (DonneeInvalide, "not_ours", "move_agents", {"agents": maison.csam, "vers_id": pole, "le": le(1)}),
        (Conflit, "conflit", "move_agents", {"agents": maison.csam[:2], "vers_id": nord, "le": le(1)}),
        (Conflit, "conflit", "move_agents", {"agents": maison.csam[:1], "vers_id": sud, "le": JOUR}),
        (DonneeInvalide, "bad_unit", "merge_equipe", {"unite_id": racine, "vers_id": nord, **fusion}),
        (DonneeInvalide, "bad_unit", "merge_equipe", {"unite_id": pole, "vers_id": nord, **fusion}),
        (DonneeInvalide, "bad_successor", "merge_equipe", {"unite_id": nord, "vers_id": nord, **fusion}),
        (DonneeInvalide, "bad_successor", "merge_equipe", {"unite_id": nord, "vers_id": sous_nord, **fusion}),
        (DonneeInvalide, "not_ours", "merge_equipe", {"unite_id": nord, "vers_id": pole, **fusion}),
        (Conflit, "conflit", "merge_equipe", {"unite_id": nord, "vers_id": sud, "partants": [], "le": JOUR}),
    ]
    compter = "SELECT count(*), count(*) FILTER (WHERE annulee_at IS NULL) FROM pdp.reorganisation"
    avant = admin.execute(compter).fetchall()[0]
    for attendue, code, nom, champs in cas:
        with pytest.raises(attendue) as refus:
            maison.act(nom, **champs)
        assert refus.value.code == code, (nom, champs)
    maison.act("merge_equipe", unite_id=nord, vers_id=sud, partants=[], le=le(5))
    for nom, champs in (
        ("merge_equipe", {"unite_id": nord, "vers_id": sud, "partants": [], "le": le(3)}),
        ("move_agents", {"agents": maison.csam[:1], "vers_id": racine, "le": le(4)}),
    ):
        with pytest.raises(Conflit) as refus:
            maison.act(nom, **champs)
        assert "déjà prévu" in refus.value.message
    assert admin.execute(compter).fetchone() == (avant[0] + 1, avant[1] + 1)
    assert maison.ou(maison.csam[0], le(5)) == "Équipe Sud"
    assert "Sous Nord" in {e.unite.libelle for n in walk(maison.read(le(5)).arbre) if n.unite.id == sud for e in n.enfants}


@pytest.mark.parametrize("graine", [2, 3])
def test_whatever_is_planned_everybody_is_somewhere_every_day(maison: Maison, admin: psycopg.Connection[Any], graine: int) -> None:
    """Forty random acts: on each day of the two months each person is in one unit in force, and no parcours goes astray."""
    alea = Random(graine)
    build_equipes(maison)
    actes: list[UUID] = []
    faits = 0
    avant = admin.execute("SELECT count(*) FROM pdp.parcours WHERE clos_at IS NULL").fetchone()
    gestes: list[Callable[[list[UUID], date], UUID]] = [
        lambda u, j: maison.act("create_equipe", libelle=f"Équipe {uuid4()}", parent_id=alea.choice(u), le=j),
        lambda u, j: maison.act("rename_unite", unite_id=alea.choice(u), libelle=f"Nom {uuid4()}", le=j),
        lambda u, j: maison.act("move_agents", agents=alea.sample(maison.csam, alea.randint(1, 3)), vers_id=alea.choice(u), le=j),
        lambda u, j: maison.act("merge_equipe", unite_id=alea.choice(u), vers_id=alea.choice(u), le=j, partants=[]),
    ]
    for _ in range(40):
        jour = le(alea.randint(0, 60))
        with db.begin_as(maison.auteur, lecture=True) as conn:
            unites = [u.id for u in list_unites(conn, jour) if u.is_nommable]
        try:
            if actes and alea.random() < 0.2:
                maison.cancel(actes.pop(alea.randrange(len(actes))))
            else:
                actes.append(alea.choice(gestes)(unites, jour))
            faits += 1
        except ErreurPdp:
            continue
    assert faits > 10
    with db.begin_as(maison.auteur, lecture=True) as conn:
        for n in range(62):
            en_vigueur = [u.id for u in list_unites(conn, le(n))]
            assert len(en_vigueur) == len(set(en_vigueur)), "one name, one place a day"
            assert [u for u in list_unites(conn, le(n)) if u.parent_id is not None and u.parent_id not in en_vigueur] == [], n
            assert [a.nom for a in list_agents(conn, le(n), MAINTENANT) if a.unite_id not in en_vigueur] == []
    fin = maison.read(le(60), MAINTENANT + timedelta(days=60))
    assert sum(p.parcours for p in fin.par_unite) == sum(p.parcours for p in fin.par_unite_actuelle) == 6
    assert admin.execute("SELECT count(*) FROM pdp.parcours WHERE clos_at IS NULL").fetchone() == avant


def test_the_database_keeps_it_to_the_managers_of_the_platform(maison: Maison) -> None:
    build_equipes(maison)
    with lot() as conn:
        voisin = auteur_agent(fabrique.agent(conn, "responsable", "PF57"), "responsable", "PF57")
    tables = ("unite", "unite_nom", "unite_lien", "unite_succession", "unite_agent", "reorganisation")
    with db.begin_as(voisin, lecture=True) as conn:
        for table in tables:
            assert conn.execute(text(f"SELECT count(*) FROM pdp.{table} WHERE plateforme_id <> 'PF57'")).scalar() == 0, table
        assert {u.libelle for u in list_unites(conn, JOUR)} & {"Équipe Nord", "Équipe Sud"} == set()
        assert list_agents(conn, JOUR, MAINTENANT)[0].id == UUID(voisin.id)
    with pytest.raises(Introuvable), db.begin_as(voisin) as conn:
        reorganise.rename_unite(conn, voisin, unite_id=maison.unite("Équipe Nord"), libelle="Prise", le=JOUR, maintenant=MAINTENANT)
    for role, agent in (("csam", maison.csam[0]), ("medecin_conseil", maison.medecin)):
        for table in tables:
            with pytest.raises(ProgrammingError, match="permission denied"), db.begin_as(auteur_agent(agent, role)) as conn:
                conn.execute(text(f"SELECT count(*) FROM pdp.{table}"))
    for interdit in ("DELETE FROM pdp.unite", "UPDATE pdp.unite_nom SET libelle = 'x'", "UPDATE pdp.unite_succession SET vers_id = de_id"):
        with pytest.raises(ProgrammingError, match="permission denied"), db.begin_as(maison.auteur) as conn:
            conn.execute(text(interdit))
