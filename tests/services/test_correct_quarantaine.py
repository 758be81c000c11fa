"""A refused line from the manager's decision to its result: real files, real roles, real reception."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

import fabrique
from fabrique import MAINTENANT, auteur_agent, lot
from livraisons import ingest, ligne_arret, ligne_assure, list_arrets, list_quarantaine, nir
from pdp.domain.auteur import Auteur
from pdp.errors import Conflit, DonneeInvalide
from pdp.services import correct_quarantaine as service
from pdp.storage import db
from pdp.storage.chiffrement import decrypt
from quarantaine_gestes import bilan, correct, decide, faulty_arret, lignes, open_ligne, resultats


@pytest.fixture
def responsables(base: str) -> dict[str, Auteur]:
    """One manager per platform."""
    with lot() as conn:
        fabrique.socle(conn)
        return {p: auteur_agent(fabrique.agent(conn, "responsable", p), "responsable", p) for p in ("PF35", "PF57")}


@pytest.fixture
def lui(responsables: dict[str, Auteur]) -> Auteur:
    return responsables["PF35"]


def test_a_corrected_line_is_taken_by_the_next_reception(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ligne = faulty_arret(tmp_path, admin)
    assert correct(lui, ligne, date_fin="2026-09-15") is None
    assert list_arrets(admin) == [], "a person's request writes no prescription"
    assert bilan() == (1, 0, 0)
    (arret,) = list_arrets(admin)
    assert (arret[0], arret[2], arret[5]) == ("AV1", date(2026, 9, 15), "F32"), "the medical cell is kept as received"
    assert list_quarantaine(admin)[0][4] == "corrigee"
    assert resultats(lui, ligne) == ["pris"]
    avant, apres = admin.execute("SELECT contenu_avant_chiffre, contenu_chiffre FROM identite.correction_quarantaine").fetchone() or ()
    assert ("2026-08-15" in decrypt(avant), "2026-08-15" in decrypt(apres)) == (True, False)
    assert bilan() == (0, 0, 0), "twice is once"
    assert (
        admin.execute("SELECT fichier_id FROM pdp.arret_prescrit").fetchall()
        == admin.execute("SELECT fichier_id FROM identite.quarantaine").fetchall()
    ), "the prescription keeps the file it came from"


def test_errors_are_beside_the_fields_and_nothing_is_kept(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ligne = faulty_arret(tmp_path, admin)
    reste = correct(lui, ligne, date_fin="31/02/2026", risque="grippe")
    erreurs = {c.nom: c.erreurs for c in reste.champs if c.erreurs}
    assert set(erreurs) == {"date_fin", "risque"}
    assert next(c.valeur for c in reste.champs if c.nom == "date_fin") == "31/02/2026", "what was typed is shown again"
    assert admin.execute("SELECT count(*) FROM identite.correction_quarantaine").fetchone() == (0,)
    assert [c.nom for c in correct(lui, ligne).fautifs] == ["date_fin"], "sent back unchanged, the fault is still told"
    with lot() as conn:
        conn.execute(text("UPDATE identite.quarantaine SET contenu_chiffre = 'x'"))
    with pytest.raises(DonneeInvalide, match="unreadable_line"):
        open_ligne(lui, ligne)
    decide(lui, ligne, "rejouer")
    assert bilan() == (0, 0, 1), "a content that cannot be read stays in quarantine and says so"
    assert list_quarantaine(admin)[0][2] == "contenu_illisible"


@pytest.mark.parametrize(
    ("valeur", "vue"),
    [
        ("2026-09-15\nAV2;x", "saut de ligne"),
        ("2026-09-15;oui", "AAAA-MM-JJ"),
        ('2026-09-15"', "AAAA-MM-JJ"),
        ("x" * 401, "400 caractères"),
    ],
)
def test_a_cell_stays_one_cell(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any], valeur: str, vue: str) -> None:
    ligne = faulty_arret(tmp_path, admin)
    reste = correct(lui, ligne, date_fin=valeur)
    assert vue in " ".join(e for c in reste.champs for e in c.erreurs)


def test_identity_is_masked_unless_faulty_and_medical_never_shown(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    fausse = nir(2)[:13] + f"{int(nir(2)[13:]) % 97 + 1:02d}"
    ingest(tmp_path, "assures", [ligne_assure(1), ligne_assure(2).replace(nir(2), fausse)])
    mauvais = ligne_arret("AV1").replace(";maladie;", ";grippe;")
    ingest(tmp_path, "arrets_prescrits", [mauvais, ligne_arret("AV2", motif="<<<>>>")])
    par_champ = {champ: ident for ident, champ in admin.execute("SELECT id, champ FROM identite.quarantaine")}
    personne = open_ligne(lui, par_champ["nir"])
    acces = {c.nom: c.acces for c in personne.champs}
    assert acces["nir"] == "modifiable"
    assert {acces[n] for n in ("nom", "prenom", "date_naissance", "telephone", "courriel")} == {"identite"}
    assert next(c.valeur for c in personne.champs if c.nom == "nir") == fausse
    assert [c.valeur for c in personne.champs if c.acces != "modifiable"] == [""] * 5
    arret = open_ligne(lui, par_champ["risque"])
    assert {c.nom: c.valeur for c in arret.champs if c.acces == "medicale"} == {"motif_medical": "", "ald": "", "hospitalisation": ""}
    medicale = open_ligne(lui, par_champ["motif_medical"])
    assert medicale.champs == ()
    assert "à renvoyer depuis la source" in medicale.renvoi
    with db.begin_as(lui) as conn:
        assert service.request_correction(conn, lui, par_champ["motif_medical"], {"risque": "at"}, MAINTENANT)[1] == medicale
    assert admin.execute("SELECT count(*) FROM journal.evenement WHERE evenement = 'quarantaine_ouverte'").fetchone() == (4,)
    assert correct(lui, par_champ["nir"], nir=nir(2), nom="AUTRE") is None
    assert bilan() == (1, 0, 0)
    assert admin.execute("SELECT nom FROM identite.assure WHERE id_source = '351-2'").fetchone() == ("NOM2",), (
        "a masked cell stays as received"
    )


def test_what_is_typed_opens_no_identity(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(tmp_path, "assures", [ligne_assure(1).replace(";salarie;", ";chomeur;")])
    (ligne,) = lignes(admin)
    reste = correct(lui, ligne, contrat="salarie", date_maj="1981-01-01T00:00:00Z")
    assert {c.acces for c in reste.champs if c.nom in ("nir", "nom", "date_naissance")} == {"identite"}
    assert "1980" not in str(reste)


CAS = {
    "replayed as it is, still refused": ("rejouer", None, (0, 0, 1), "encore_refuse", None),
    "abandoned": ("abandonner", "renvoi_demande", (0, 1, 0), "abandonne", "abandonnee"),
}


@pytest.mark.parametrize("cas", CAS)
def test_decision_without_correction(cas: str, lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    decision, motif, comptes, resultat, resolution = CAS[cas]
    ligne = faulty_arret(tmp_path, admin)
    decide(lui, ligne, decision, motif)
    with pytest.raises(Conflit):
        decide(lui, ligne, decision, motif)
    assert bilan() == comptes
    assert resultats(lui, ligne) == [resultat]
    assert [ligne[2:] for ligne in list_quarantaine(admin)] == [("dates_inversees", "PF35", resolution)]


def test_an_abandoned_line_can_be_replayed_later(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ligne = faulty_arret(tmp_path, admin)
    decide(lui, ligne, "abandonner", "inexploitable")
    bilan()
    decide(lui, ligne, "rejouer")
    assert bilan() == (0, 0, 1)
    assert list_quarantaine(admin)[0][4] is None, "back in quarantine"


def test_a_line_that_knows_nothing_new_is_unchanged(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ligne = faulty_arret(tmp_path, admin)
    correct(lui, ligne, date_fin="2026-09-12")
    ingest(tmp_path, "arrets_prescrits", [ligne_arret("AV1", recu="2026-09-20T08:00:00Z")], jour="2026-10-02")
    assert bilan() == (0, 1, 0)
    assert resultats(lui, ligne) == ["inchange"]
    assert [a[2] for a in list_arrets(admin)] == [date(2026, 9, 15)]


def test_a_correction_may_still_wait_for_its_person_and_is_then_replayed(
    lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]
) -> None:
    ligne = faulty_arret(tmp_path, admin)
    correct(lui, ligne, date_fin="2026-09-15", id_assure="351-8")
    assert bilan() == (0, 0, 1)
    assert list_quarantaine(admin) == [(2, "id_assure", "assure_inconnu", "PF35", None)]
    assert ingest(tmp_path, "assures", [ligne_assure(8)], jour="2026-10-03").rejouees == 1
    assert [(a[1], a[2]) for a in list_arrets(admin)] == [("351-8", date(2026, 9, 15))], "the corrected line, not the faulty one"


def test_people_corrected_free_the_prescriptions_that_waited_for_them(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(tmp_path, "assures", [ligne_assure(1).replace(";salarie;", ";chomeur;")])
    ingest(tmp_path, "arrets_prescrits", [ligne_arret("AV1")])
    (ligne,) = lignes(admin, "champ = 'contrat'")
    correct(lui, ligne, contrat="sans_emploi")
    assert bilan() == (1, 0, 0)
    assert [a[0] for a in list_arrets(admin)] == ["AV1"]


FAITS = {
    "ij_versees": (
        "V1;351-1;6110;2026-09-04;2026-09-13;99;;10;12345678901234;2026-09-20;01C350000;non",
        {"prs_act_nbr": "10"},
        "pdp.ij_versee",
    ),
    "ald_invalidite": ("D1;351-1;15;41;2026-09-30;2026-01-01;G20;2026-10-01T08:00:00Z;non", {"imb_ald_dtf": "2029-01-01"}, "pdp.affection"),
}


@pytest.mark.parametrize("flux", FAITS)
def test_the_other_facts_are_corrected_the_same_way(flux: str, lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ligne, correction, table = FAITS[flux]
    ingest(tmp_path, "assures", [ligne_assure(1)])
    assert ingest(tmp_path, flux, [ligne]).rejetees == 1
    (refusee,) = lignes(admin)
    assert [c.nom for c in open_ligne(lui, refusee).fautifs] == list(correction)
    assert correct(lui, refusee, **correction) is None
    assert bilan() == (1, 0, 0)
    assert admin.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)


def test_many_lines_at_once_by_reason(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    ingest(tmp_path, "assures", [ligne_assure(1)])
    ingest(tmp_path, "arrets_prescrits", [ligne_arret(f"AV{i}", fin="2026-08-15") for i in range(5)])
    premiere, seconde, *_ = lignes(admin)
    correct(lui, premiere, date_fin="2026-09-15")
    with db.begin_as(lui) as conn:
        assert service.request_lot(conn, lui, "arrets_prescrits", "dates_inversees", "rejouer", None, MAINTENANT) == 4
        assert service.request_lot(conn, lui, "arrets_prescrits", "dates_inversees", "rejouer", None, MAINTENANT) == 0
        assert service.cancel_demande(conn, lui, seconde, MAINTENANT)
        assert not service.cancel_demande(conn, lui, seconde, MAINTENANT)
    assert bilan() == (1, 0, 3)
    assert not resultats(lui, seconde)[0]
    comptes = admin.execute("SELECT evenement, count(*) FROM journal.evenement WHERE evenement LIKE 'correction%' GROUP BY 1 ORDER BY 1")
    assert comptes.fetchall() == [("correction_appliquee", 4), ("correction_demandee", 2), ("correction_retiree", 1)]


def test_one_poison_line_stops_no_other(lui: Auteur, tmp_path: Path, admin: psycopg.Connection[Any]) -> None:
    """A line that passes the schema and that a constraint of the table refuses."""
    admin.execute("ALTER TABLE pdp.arret_prescrit ADD CHECK (id_avis <> 'AV1')")
    ingest(tmp_path, "assures", [ligne_assure(1)])
    ingest(tmp_path, "arrets_prescrits", [ligne_arret(f"AV{i}", fin="2026-08-15") for i in range(3)])
    for ligne in lignes(admin):
        correct(lui, ligne, date_fin="2026-09-15")
    assert bilan() == (2, 0, 1)
    assert [ligne[2:] for ligne in list_quarantaine(admin)] == [
        ("dates_inversees", "PF35", "corrigee"), ("refus_base", "PF35", None), ("dates_inversees", "PF35", "corrigee"),
    ]  # fmt: skip
