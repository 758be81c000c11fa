"""Publication of the evaluators' tables on real PostgreSQL: what is in them and what never is."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import timedelta
from hashlib import sha256

import psycopg
from sqlalchemy import event

import fabrique
from evaluation_publiee import JOUR, contents, dossier_publie, empreintes, publish, rows, tables_of
from fabrique import MAINTENANT, lot
from pdp.config import RACINE, settings
from pdp.evaluation.dictionnaire import describe, render_markdown
from pdp.evaluation.marts import INDIVIDUELLES, TABLES
from pdp.services.read_evaluation import list_tables
from pdp.storage import db
from population import NOM_PLANTE, Plantes


def test_package_says_what_the_database_holds(plantes: Plantes, admin: psycopg.Connection) -> None:
    bilan = publish()
    paquet = json.loads((dossier_publie() / "datapackage.json").read_text(encoding="utf-8"))
    assert [r["path"] for r in paquet["resources"]] == [f"{nom}.csv" for nom in TABLES]
    assert bilan.traites == len(TABLES)
    for ressource, nom in zip(paquet["resources"], TABLES, strict=True):
        contenu = (dossier_publie() / ressource["path"]).read_bytes()
        publication = admin.execute(
            "SELECT lignes, cases_supprimees, empreinte FROM evaluation.publication WHERE table_nom = %s", (nom,)
        ).fetchone()
        assert publication == (ressource["pdp:lignes"], ressource["pdp:cases_supprimees"], sha256(contenu).hexdigest())
        assert ressource["hash"] == f"sha256:{publication[2]}"
        assert ressource["pdp:lignes"] == len(rows(nom)) > 0
        champs = ressource["schema"]["fields"]
        assert [c["name"] for c in champs] == list(rows(nom)[0])
        assert all(c["description"] for c in champs)
        assert ressource["schema"]["primaryKey"]
    assert paquet["pdp:instant_extraction"] == MAINTENANT.isoformat()
    assert {"version", "pdp:population", "pdp:seuil_petites_cellules"} <= paquet.keys()


def test_portal_lists_what_was_published(plantes: Plantes, admin: psycopg.Connection) -> None:
    publish()
    with lot() as conn:
        assert {t.nom for t in list_tables(conn)} == set(TABLES)


def test_same_facts_and_instant_give_the_same_files(plantes: Plantes, admin: psycopg.Connection) -> None:
    publish()
    avant, fichiers = empreintes(admin), contents()
    publish()
    assert empreintes(admin) == avant
    assert contents() == fichiers
    assert tables_of(admin) == {*TABLES, "publication"}
    assert [d.name for d in (settings().exports / "evaluation").iterdir()] == [JOUR]


def test_nothing_that_names_a_person_leaves(plantes: Plantes, admin: psycopg.Connection) -> None:
    publish()
    publies = "".join(f.read_text(encoding="utf-8") for f in dossier_publie().iterdir()).lower()
    assert len(plantes.interdits) > 1000
    assert [secret for secret in plantes.interdits if secret.lower() in publies] == []
    assert NOM_PLANTE.lower() not in publies
    dates = admin.execute("SELECT debut, fin FROM pdp.episode").fetchall()
    csvs = "".join(f.read_text(encoding="utf-8") for f in dossier_publie().glob("*.csv"))
    assert [d for paire in dates for d in paire if d.isoformat() in csvs] == []
    types = {
        t
        for (t,) in admin.execute(
            "SELECT DISTINCT data_type FROM information_schema.columns WHERE table_schema = 'evaluation' AND table_name <> 'publication'"
        )
    }
    assert types <= {"text", "integer", "boolean", "numeric"}  # no date, no instant, no uuid, no json


def test_two_studies_cannot_be_joined(plantes: Plantes) -> None:
    codes = {}
    for etude in ("une", "autre"):
        publish(etude=etude)
        codes[etude] = {
            ligne[cle] for nom in INDIVIDUELLES for ligne in rows(nom) for cle in ("pseudonyme", "parcours", "episode") if ligne.get(cle)
        }
    assert len(codes["une"]) == len(codes["autre"]) > 0
    assert codes["une"].isdisjoint(codes["autre"])


def test_key_stays_out_of_the_database(petite: fabrique.Dossier) -> None:
    envoyes: list[str] = []
    event.listen(
        db.engine(settings().url_app),
        "before_cursor_execute",
        lambda _c, _k, requete, valeurs, *_: envoyes.append(f"{requete} {valeurs!r}"),
    )
    publish()
    assert any("cohorte_suivi" in e for e in envoyes)
    cle = settings().cle_pseudonyme
    assert [e for e in envoyes if any(forme in e for forme in (cle.hex(), repr(cle), os.environ["PDP_CLE_PSEUDONYME"]))] == []


def test_every_table_and_column_is_explained(plantes: Plantes, admin: psycopg.Connection) -> None:
    publish()
    muettes = admin.execute(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'evaluation'"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE c.relkind = 'r' AND (coalesce(col_description(c.oid, a.attnum), '') = '' OR"
        " coalesce(obj_description(c.oid, 'pg_class'), '') = '')"
    ).fetchall()
    assert muettes == []
    colonnes = admin.execute(
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns WHERE table_schema = 'evaluation' GROUP BY 1"
    )
    assert [t for t, c in colonnes if t != "publication" and "plateforme" not in c] == []


def test_dictionary_page_is_up_to_date(petite: fabrique.Dossier) -> None:
    """Made from the comments of the database; run once with PDP_REGENERER_DOCS=1 after a change."""
    publish()
    with lot() as conn:
        page = render_markdown([describe(conn, nom, f"evaluation.{nom}") for nom in TABLES])
    chemin = RACINE / "include" / "docs" / "dictionnaire_evaluation.md"
    if os.environ.get("PDP_REGENERER_DOCS") == "1":
        chemin.write_text(page, encoding="utf-8")
    assert chemin.read_text(encoding="utf-8") == page


def test_no_rare_combination_and_no_small_count(plantes: Plantes) -> None:
    publish()
    combinaisons = Counter((p["plateforme"], p["tranche_age"], p["sexe"], p["motif_categorie"]) for p in rows("personnes"))
    assert sum(combinaisons.values()) == plantes.personnes
    assert min(combinaisons.values()) >= 11
    assert any("regroupe" in c for c in combinaisons)
    assert any("regroupe" not in c for c in combinaisons)
    effectifs = [e["effectif"] for e in rows("entonnoir")] + [i[c] for i in rows("indicateurs") for c in ("numerateur", "denominateur")]
    assert all(e == "" or int(e) >= 11 for e in effectifs)
    assert any(e == "" for e in effectifs)
    assert any(e != "" for e in effectifs)
    for i in rows("indicateurs"):
        if i["numerateur"] and i["denominateur"]:
            complement = int(i["denominateur"]) - int(i["numerateur"])
            assert complement == 0 or complement >= 11, i
        else:
            assert (i["supprime"], i["valeur"]) == ("true", "")


def test_totals_never_give_back_a_hidden_count(plantes: Plantes) -> None:
    """One hidden cell alone in its row or column would be the total less the others."""
    publish()
    for axe, autre in (("mois", "etape"), ("etape", "mois")):
        for plateforme in {e["plateforme"] for e in rows("entonnoir")}:
            caches = Counter(
                e[axe] for e in rows("entonnoir") if e["plateforme"] == plateforme and e["effectif"] == "" and e[autre] != "ensemble"
            )
            totaux = {e[axe]: e["effectif"] for e in rows("entonnoir") if e["plateforme"] == plateforme and e[autre] == "ensemble"}
            assert [ligne for ligne, n in caches.items() if n == 1 and totaux.get(ligne)] == []


def test_population_under_the_threshold_shows_no_trait(petite: fabrique.Dossier) -> None:
    publish()
    (personne,) = rows("personnes")
    assert {personne[c] for c in ("plateforme", "tranche_age", "sexe", "motif_categorie")} == {"regroupe"}
    assert all(e["effectif"] == "" for e in rows("entonnoir"))


def test_end_of_the_absence_is_not_a_return_to_work(petite: fabrique.Dossier, admin: psycopg.Connection) -> None:
    fini = MAINTENANT.date() - timedelta(days=60)
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE pdp.episode SET fin = %s", (fini,))
    publish()
    (episode,), (issue,) = rows("episodes"), rows("issues")
    assert episode["en_cours"] == "false"
    assert (issue["jalon"], issue["situation"], issue["provenance"], issue["survenue_mois"]) == ("aucun", "inconnu", "aucune", "")


def test_delays_count_from_detection_in_local_days(plantes: Plantes) -> None:
    publish()
    complet = next(p for p in rows("parcours") if p["reponse_jours"])
    attendus = {"detection_jour": "90", "decision_jours": "1", "affectation_jours": "2", "premier_contact_jours": "5", "joint_jours": "5"}
    assert {c: complet[c] for c in attendus} == attendus
    assert (complet["tele_echange_jours"], complet["accord_jours"], complet["orientation_jours"], complet["reponse_jours"]) == (
        "10",
        "10",
        "12",
        "20",
    )


def test_suicide_risk_is_not_told_apart(plantes: Plantes, admin: psycopg.Connection) -> None:
    publish()
    assert admin.execute("SELECT count(*) FROM pdp.alerte WHERE type = 'risque_suicidaire'").fetchone()[0] > 0
    types = {a["type"] for a in rows("alertes")}
    assert "autre" in types
    assert not any("suicid" in t for t in types)


def test_precision_is_over_judged_detections_and_says_who_was_not(plantes: Plantes) -> None:
    """120 people on PF35 of one rule: 80 judged, 60 of them pertinent."""
    publish()
    lignes = rows("precision_regles")
    ensemble = next(p for p in lignes if p["plateforme"] == "PF35" and p["mois"] == "ensemble")
    assert (ensemble["regle"], ensemble["version"]) == ("palier_90", "2")
    attendus = {"personnes": "120", "jugees": "80", "pertinentes": "60", "non_pertinentes": "20", "non_jugees": "40", "valeur": "75.0"}
    assert {c: ensemble[c] for c in attendus} == attendus
    for ligne in lignes:
        effectifs = [ligne[c] for c in ("personnes", "pertinentes", "non_pertinentes", "non_jugees")]
        assert all(e in ("", "0") or int(e) >= 11 for e in effectifs), ligne
        assert (ligne["supprime"] == "true") == ("" in effectifs)
        assert bool(ligne["valeur"]) == bool(ligne["jugees"] not in ("", "0"))
    assert all(p["supprime"] == "true" for p in lignes if p["plateforme"] == "PF57"), "five people are too few"


def test_a_verdict_taken_back_is_a_detection_not_judged(plantes: Plantes, admin: psycopg.Connection) -> None:
    admin.execute("SET session_replication_role = replica")
    admin.execute(
        "UPDATE pdp.verdict_detection SET annule_at = rendu_at WHERE id IN"
        " (SELECT id FROM pdp.verdict_detection WHERE plateforme_id = 'PF35' AND verdict = 'pertinente' ORDER BY id LIMIT 12)"
    )
    publish()
    ensemble = next(p for p in rows("precision_regles") if p["plateforme"] == "PF35" and p["mois"] == "ensemble")
    assert (ensemble["jugees"], ensemble["pertinentes"], ensemble["non_jugees"]) == ("68", "48", "52")


def test_outcome_rate_keeps_unknown_people_in_the_denominator(plantes: Plantes) -> None:
    publish()
    ensemble = {i["indicateur"]: i for i in rows("indicateurs") if i["mois"] == "ensemble" and i["plateforme"] == "PF35"}
    assert ensemble["OU1"]["denominateur"] == ensemble["OU1_INCONNU"]["denominateur"] == str(plantes.avec_recul)
    assert int(ensemble["OU1"]["numerateur"]) == plantes.au_travail
    assert int(ensemble["OU1_INCONNU"]["numerateur"]) == plantes.avec_recul - plantes.au_travail
    assert float(ensemble["OU1"]["valeur"]) == round(100 * plantes.au_travail / plantes.avec_recul, 1)
    assert all(i["population"] and i["regle_censure"] and i["mature"] in ("true", "false") for i in rows("indicateurs"))
