"""Suggestions from the database: the set query against a slow reading of every row, and the order that a person sees."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from pdp.domain.routage import FaitsPartenaire
from pdp.errors import Introuvable
from pdp.services.suggest_partenaires import group_by_type, read_routage, suggest
from pdp.storage import db
from pdp.storage.lignes import list_lignes

JOUR = MAINTENANT.date()
PARIS = ZoneInfo("Europe/Paris")
DEPUIS = MAINTENANT - timedelta(days=365)
COMMUNES = ("35238", "35047", "35288", "57463")
SPST = ("SPST3500000001", "SPST3500000002", "SPST3500000003")
SIRETS = ("00000000100012", "00000000200012", "11111111100012")


def serve(conn: Connection, partenaire: UUID, genre: str, code: str, retire: bool = False) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.partenaire_desserte (plateforme_id, partenaire_id, genre, code, depuis_at, retire_at)"
            " SELECT plateforme_id, id, :g, :c, :m, CASE WHEN :r THEN cast(:m AS timestamptz) END FROM pdp.partenaire WHERE id = :p"
        ),
        {"p": partenaire, "g": genre, "c": code, "m": MAINTENANT, "r": retire},
    )


def place(conn: Connection, partenaire: UUID, places: int | None, periode: str | None, complet: date | None = None) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.partenaire_capacite (plateforme_id, partenaire_id, places, periode, complet_jusqu_au, posee_at)"
            " SELECT plateforme_id, id, :n, :u, :c, :m FROM pdp.partenaire WHERE id = :p"
        ),
        {"p": partenaire, "n": places, "u": periode, "c": complet, "m": MAINTENANT},
    )


def close(conn: Connection, partenaire: UUID, du: date, au: date, relais: str | None = None, retiree: bool = False) -> None:
    contact = None
    if relais:
        contact = conn.execute(
            text(
                "INSERT INTO pdp.partenaire_contact (plateforme_id, partenaire_id, nom, rappels, ajoute_at)"
                " SELECT plateforme_id, id, :n, false, :m FROM pdp.partenaire WHERE id = :p RETURNING id"
            ),
            {"p": partenaire, "n": relais, "m": MAINTENANT},
        ).scalar_one()
    conn.execute(
        text(
            "INSERT INTO pdp.partenaire_absence (plateforme_id, partenaire_id, du, au, relais_id, posee_at, retiree_at)"
            " SELECT plateforme_id, id, :du, :au, :r, :m, CASE WHEN :x THEN cast(:m AS timestamptz) END FROM pdp.partenaire WHERE id = :p"
        ),
        {"p": partenaire, "du": du, "au": au, "r": contact, "m": MAINTENANT, "x": retiree},
    )


def orient(
    conn: Connection, dossier: fabrique.Dossier, partenaire: UUID, statut: str, proposee: datetime, reponse_jours: float | None = None
) -> UUID:
    qui = {"p": dossier.parcours, "a": dossier.csam, "m": proposee, "n": partenaire}
    accord = conn.execute(
        text(
            "SELECT a.id FROM pdp.accord a JOIN pdp.partenaire n ON n.type = a.destinataire"
            " WHERE a.parcours_id = :p AND n.id = :n AND a.retire_at IS NULL"
        ),
        qui,
    ).scalar()
    accord = (
        accord
        or conn.execute(
            text(
                "INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, classes, modalite, texte_version,"
                " recueilli_par, recueilli_at) SELECT 'PF35', :p, type, 'accorde', 'essai', '{identite}', 'oral', 'essai', :a, :m"
                " FROM pdp.partenaire WHERE id = :n RETURNING id"
            ),
            qui,
        ).scalar_one()
    )
    ident = conn.execute(
        text(
            "INSERT INTO pdp.orientation (plateforme_id, parcours_id, partenaire_id, dispositif, accord_id, revision, statut, motif,"
            " contenu, propose_par, proposee_at, envoyee_at, reponse_attendue_le, repondue_at, refus_motif)"
            " SELECT 'PF35', :p, id, type, :x, (SELECT 1 + count(*) FROM pdp.orientation WHERE parcours_id = :p), :s, 'm', '{}', :a, :m,"
            " :m, cast(:m AS date) + 14, CASE WHEN :s = 'refusee' THEN cast(:m AS timestamptz) END,"
            " CASE WHEN :s = 'refusee' THEN 'capacite' END FROM pdp.partenaire WHERE id = :n RETURNING id"
        ),
        {**qui, "x": accord, "s": statut},
    ).scalar_one()
    if reponse_jours is not None:
        conn.execute(
            text(
                "INSERT INTO pdp.inbox (plateforme_id, partenaire_id, evenement_id, orientation_id, version, statut, survenu_at, empreinte,"
                " recu_at) VALUES ('PF35', :n, :e, :o, 1, 'acceptee', :q, '\\x00', :q)"
            ),
            {"n": partenaire, "e": str(uuid4()), "o": ident, "q": proposee + timedelta(days=reponse_jours)},
        )
    return ident


def declare(conn: Connection, assure: UUID, genre: str, siret: str, debut: date, valeur: str | None = None, annule: bool = False) -> None:
    conn.execute(
        text(
            "INSERT INTO pdp.fait_dsn (plateforme_id, assure_id, cle, genre, neutre, debut, valeur, siret, nature_declaration, annule,"
            " emis_at, version_empreinte, connu_at, fichier_id) VALUES ('PF35', :a, :c, :g, false, :d, :v, :s, '01', :x, :m, :e, :m, :f)"
        ),
        {
            "a": assure,
            "c": str(uuid4()),
            "g": genre,
            "d": debut,
            "v": valeur,
            "s": siret,
            "x": annule,
            "m": MAINTENANT,
            "e": uuid4().bytes,
            "f": fabrique.fichier(conn),
        },
    )


# -- the slow reading


def read_slowly(
    conn: Connection, dossier: fabrique.Dossier, commune: str, spst: list[str], sirets: list[str]
) -> dict[UUID, dict[str, Any]]:
    """What the set query should say, from every row of every table, one at a time."""

    def rows(table: str, partenaire: UUID) -> list[dict[str, Any]]:
        return [dict(r._mapping) for r in conn.execute(text(f"SELECT * FROM pdp.{table} WHERE partenaire_id = :p"), {"p": partenaire})]

    faits = {}
    for n in conn.execute(text("SELECT * FROM pdp.partenaire WHERE plateforme_id = 'PF35'")):
        if n.actif_du > JOUR or (n.actif_au and n.actif_au < JOUR):
            continue
        dessert = [d for d in rows("partenaire_desserte", n.id) if d["retire_at"] is None]
        zones = sorted((d["code"] for d in dessert if d["genre"] == "zone"), key=len)
        capacite = next((c for c in rows("partenaire_capacite", n.id) if c["remplacee_at"] is None), None)
        orientations = rows("orientation", n.id)
        debut = JOUR - timedelta(days=JOUR.weekday()) if capacite and capacite["periode"] == "semaine" else JOUR.replace(day=1)
        pris = [
            o
            for o in orientations
            if o["statut"] not in ("annulee", "refusee", "expiree") and debut <= o["proposee_at"].astimezone(PARIS).date() <= JOUR
        ]
        absences = [a for a in rows("partenaire_absence", n.id) if a["retiree_at"] is None and a["du"] <= JOUR <= a["au"]]
        derniere = max((a for a in absences if a["contact_id"] is None), key=lambda a: a["au"], default=None)
        contacts = {c["id"]: c["nom"] for c in rows("partenaire_contact", n.id)}
        delais = []
        for o in orientations:
            dites = [
                i["survenu_at"] for i in rows("inbox", n.id) if i["orientation_id"] == o["id"] and i["statut"] in ("acceptee", "refusee")
            ]
            if dites and o["envoyee_at"] >= DEPUIS and o["statut"] != "annulee":
                delais.append(max(0.0, (min(dites) - o["envoyee_at"]).total_seconds() / 86400))
        refus = [o for o in orientations if o["parcours_id"] == dossier.parcours and o["statut"] == "refusee"]
        complet = capacite["complet_jusqu_au"] if capacite else None
        faits[n.id] = {
            "zone": next((z for z in reversed(zones) if commune.startswith(z)), None),
            "zones": bool(zones),
            "spst": any(d["genre"] == "spst" and d["code"] in spst for d in dessert),
            "employeur": any(d["genre"] == "employeur" and d["code"] in (s, s[:9]) for d in dessert for s in sirets),
            "places": capacite["places"] if capacite else None,
            "pris": len(pris) if capacite and capacite["periode"] else 0,
            "complet_jusqu_au": complet if complet and complet >= JOUR else None,
            "ferme_jusqu_au": derniere["au"] if derniere else None,
            "relais": contacts.get(derniere["relais_id"]) if derniere else None,
            "refus": max(refus, key=lambda o: o["repondue_at"])["refus_motif"] if refus else None,
            "delai_nombre": len(delais),
            "delai_jours": round(median(delais), 1) if delais else None,
        }
    return faits


def _fill(hasard: random.Random, conn: Connection, dossier: fabrique.Dossier) -> None:
    """Partners of all kinds with everything at random; other people around, so that places are taken."""
    for _ in range(8):
        genre = hasard.choice(("service_social", "spst", "cap_emploi", "psychologue"))
        partenaire = fabrique.partenaire(conn, genre)
        for zone in hasard.sample(("35", "35238", "35047", "57", "35288"), hasard.randint(0, 3)):
            serve(conn, partenaire, "zone", zone, hasard.random() < 0.3)
        for code in hasard.sample(SPST, hasard.randint(0, 2)):
            serve(conn, partenaire, "spst", code, hasard.random() < 0.3)
        for siret in hasard.sample(SIRETS, hasard.randint(0, 2)):
            serve(conn, partenaire, "employeur", hasard.choice((siret, siret[:9])), hasard.random() < 0.3)
        if hasard.random() < 0.7:
            periode = hasard.choice(("semaine", "mois", None))
            complet = JOUR + timedelta(days=hasard.randint(-3, 3)) if hasard.random() < 0.5 else None
            place(conn, partenaire, hasard.randint(0, 4) if periode else None, periode, complet)
        for _ in range(hasard.randint(0, 2)):
            du = JOUR + timedelta(days=hasard.randint(-4, 2))
            au, relais = du + timedelta(days=hasard.randint(0, 9)), hasard.choice((None, f"Relais {hasard.random()}"))
            close(conn, partenaire, du, au, relais, hasard.random() < 0.3)
        for rang in range(hasard.randint(0, 5)):
            autre = dossier if rang == 4 else fabrique.parcours(conn, csam=dossier.csam, statut="oriente")
            statut = "refusee" if rang == 4 else hasard.choice(("envoyee", "acceptee", "refusee", "realisee", "annulee", "expiree"))
            # the edges of the week, of the month and of the year, to the hour
            proposee = MAINTENANT - timedelta(hours=hasard.choice((1, 24, 33, 55, 58, 57.5, 24 * 17, 24 * 19, 24 * 364, 24 * 366)))
            orient(conn, autre, partenaire, statut, proposee, hasard.choice((None, -1, 0.2, 3, 8)))


@pytest.mark.parametrize("graine", range(12))
def test_set_query_says_what_every_row_says(base: str, graine: int) -> None:
    hasard = random.Random(graine)
    commune, spst, sirets = hasard.choice(COMMUNES), hasard.sample(SPST, hasard.randint(0, 2)), hasard.sample(SIRETS, hasard.randint(0, 2))
    with lot() as conn:
        fabrique.socle(conn)
        dossier = fabrique.parcours(conn, statut="oriente", assure_id=fabrique.assure(conn, commune=commune))
        _fill(hasard, conn, dossier)
        attendus = read_slowly(conn, dossier, commune, spst, sirets)
    with db.begin_as(auteur_agent(dossier.csam), lecture=True) as conn:
        lues = list_lignes(
            conn,
            "suggestions.lister_partenaires",
            FaitsPartenaire,
            parcours=dossier.parcours,
            jour=JOUR,
            sauf=None,
            commune=commune,
            spst=spst,
            employeurs=sirets,
            depuis=DEPUIS,
        )
    assert len(lues) == 8
    for lue in lues:
        attendu = attendus[lue.id]
        assert {cle: getattr(lue, cle) for cle in attendu if cle != "delai_jours"} == {
            c: v for c, v in attendu.items() if c != "delai_jours"
        }
        assert (lue.delai_jours is None) == (attendu["delai_jours"] is None)
        assert lue.delai_jours is None or abs(float(lue.delai_jours) - attendu["delai_jours"]) <= 0.11


# -- what routing rests on


@pytest.fixture
def dossier(base: str) -> fabrique.Dossier:
    with lot() as conn:
        fabrique.socle(conn)
        return fabrique.parcours(conn, statut="oriente")


def _routage(dossier: fabrique.Dossier, **options: Any) -> Any:
    with db.begin_as(auteur_agent(dossier.csam), lecture=True) as conn:
        return read_routage(conn, dossier.parcours, MAINTENANT, **options)


def test_the_service_declared_by_the_employer_comes_first(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        autre, sien = fabrique.partenaire(conn, "spst"), fabrique.partenaire(conn, "spst")
        serve(conn, autre, "employeur", SIRETS[0])
        serve(conn, sien, "spst", SPST[0])
        declare(conn, dossier.assure, "spst", SIRETS[0], JOUR - timedelta(days=60), SPST[0])
    routage = _routage(dossier)
    assert [(s.partenaire_id, s.conseille) for s in routage.suggestions] == [(sien, True), (autre, False)]
    assert routage.questions == {}


@pytest.mark.parametrize(
    ("faits", "conseille"),
    [
        ([("spst", SIRETS[0], -60, SPST[0], False)], True),
        ([("spst", SIRETS[0], -60, SPST[0], True)], False),  # taken back
        ([("spst", SIRETS[0], -60, SPST[0], False), ("fin_contrat", SIRETS[0], -10, None, False)], False),  # that contract ended
        ([("spst", SIRETS[0], -60, SPST[0], False), ("fin_contrat", SIRETS[0], 10, None, False)], True),  # it will end
        ([("spst", SIRETS[0], -60, SPST[0], False), ("fin_contrat", SIRETS[0], -10, None, True)], True),  # the end was taken back
        ([("spst", SIRETS[0], -60, SPST[0], False), ("fin_contrat", SIRETS[0], -90, None, False)], True),  # an earlier contract
        ([("spst", SIRETS[0], -60, SPST[0], False), ("fin_contrat", SIRETS[1], -10, None, False)], True),  # another employer
    ],
)
def test_what_was_declared_counts_while_the_contract_runs(
    dossier: fabrique.Dossier, faits: list[tuple[str, str, int, str | None, bool]], conseille: bool
) -> None:
    with lot() as conn:
        serve(conn, fabrique.partenaire(conn, "spst"), "spst", SPST[0])
        for genre, siret, ecart, valeur, annule in faits:
            declare(conn, dossier.assure, genre, siret, JOUR + timedelta(days=ecart), valeur, annule)
    routage = _routage(dossier)
    assert [s.conseille for s in routage.suggestions] == [conseille]
    assert ("spst" in routage.questions) is not conseille


def test_without_an_identifier_the_employer_then_the_last_payment(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        service = fabrique.partenaire(conn, "spst")
        serve(conn, service, "employeur", SIRETS[0][:9])
    assert _routage(dossier).suggestions[0].conseille is False
    with lot() as conn:
        conn.execute(
            text(
                "INSERT INTO pdp.ij_versee (plateforme_id, id_versement, assure_id, nature, risque, temps_partiel, debut, fin, jours,"
                " traite_le, siret, version_empreinte, connu_at, fichier_id)"
                " VALUES ('PF35', 'V1', :a, '6110', 'maladie', false, :d, :d, 1, :d, :s, '\\x00', :m, :f)"
            ),
            {"a": dossier.assure, "d": JOUR - timedelta(days=20), "s": SIRETS[0], "m": MAINTENANT, "f": fabrique.fichier(conn)},
        )
    assert _routage(dossier).suggestions[0].conseille is True
    with lot() as conn:
        declare(conn, dossier.assure, "arret", SIRETS[2], JOUR - timedelta(days=30))
    assert _routage(dossier).suggestions[0].conseille is False, "what the employer declares is newer knowledge than a payment"


def test_full_closed_and_refusing_partners_come_last_with_the_reason(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        complet, ferme, refuse, relaye, libre = (fabrique.partenaire(conn, "service_social") for _ in range(5))
        place(conn, complet, None, None, JOUR + timedelta(days=3))
        close(conn, ferme, JOUR, JOUR)
        close(conn, relaye, JOUR, JOUR, "Mme Durand")
        orient(conn, dossier, refuse, "refusee", MAINTENANT - timedelta(days=9))
    suggestions = _routage(dossier).suggestions
    assert [(s.partenaire_id, s.disponible) for s in suggestions[:2]] == [(relaye, True), (libre, True)]
    assert {s.partenaire_id: (s.capacite.startswith("Complet"), bool(s.absence), bool(s.refus)) for s in suggestions[2:]} == {
        complet: (True, False, False),
        ferme: (False, True, False),
        refuse: (False, False, True),
    }
    assert refuse not in {s.partenaire_id for s in _routage(dossier, sauf=refuse).suggestions}


def test_psychologists_are_last_and_never_advised(dossier: fabrique.Dossier) -> None:
    with lot() as conn:
        psychologue, social = fabrique.partenaire(conn, "psychologue"), fabrique.partenaire(conn, "service_social")
        fabrique.partenaire(conn, "spst", plateforme="PF57")
    suggestions = _routage(dossier).suggestions
    assert {s.partenaire_id: s.conseille for s in suggestions} == {psychologue: False, social: True}
    assert list(group_by_type(suggestions)) == ["service_social", "psychologue"]


def test_a_parcours_of_nobody_has_no_suggestion(dossier: fabrique.Dossier) -> None:
    with db.begin_as(auteur_agent(dossier.csam), lecture=True) as conn, pytest.raises(Introuvable):
        suggest(conn, uuid4(), MAINTENANT)
