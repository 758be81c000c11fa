"""What-if on past data: equal to a slow recount by the oracle, under a manager's rights, counts only, nothing written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import fabrique
from fabrique import auteur_agent, lot, socle
from fabrique_detection import JOUR, MAINTENANT, PLATEFORME, Personne, depuis, insert_personnes
from histoires import generate_personnes
from pdp.domain.arret import RISQUES_ABSENCE
from pdp.domain.auteur import Auteur
from pdp.domain.connaissance import Avis, Connaissance
from pdp.domain.essai import apply_valeur, find_minimum, get_actuel, parse_valeur
from pdp.domain.exclusion import find_exclusion
from pdp.domain.referentiel import Referentiel
from pdp.domain.situation import build_faits_episode, list_absences
from pdp.errors import DonneeInvalide
from pdp.referentiel import load_referentiel, load_regles
from pdp.services.simulate_reglage import Essai, simulate_reglage
from pdp.storage import db

DU = JOUR - timedelta(days=90)
REF = load_referentiel()


Franchi = tuple[date, date, date]  # day of the threshold, first and last day of the absence


def recount(personnes: Iterable[Personne], ref: Referentiel) -> dict[Any, list[Franchi]]:
    """By the oracle, thresholds reached by absences that touch the period and that nothing excludes that day."""
    trouves: dict[Any, list[Franchi]] = {}
    minimum = find_minimum(ref, JOUR, PLATEFORME)
    for personne in personnes:
        connu = to_connaissance(personne)
        episodes = list_absences(connu, JOUR, ref, PLATEFORME)
        for e in (e for e in episodes if e.risque in RISQUES_ABSENCE):  # by first day
            le = e.debut + timedelta(days=minimum - 1)
            if not (le <= e.fin and e.debut <= JOUR and e.fin >= DU):
                continue
            # rights do not exclude anybody: counting them, day by day, would take minutes
            vue = SimpleNamespace(jour=le, episodes=episodes, compteur=SimpleNamespace(ij_utilisees=0), droits=SimpleNamespace())
            vue.droits.epuisement_le = None
            faits = build_faits_episode(vue, e, connu, load_regles(), ref, PLATEFORME, personne.naissance)
            if find_exclusion(faits, le, ref, load_regles(), PLATEFORME) is None:
                trouves.setdefault(personne.id, []).append((le, e.debut, e.fin))
    return trouves


def first_in_period(trouves: dict[Any, list[Franchi]]) -> dict[Any, date]:
    return {p: min(dedans) for p, franchis in trouves.items() if (dedans := [le for le, _, _ in franchis if DU <= le <= JOUR])}


def elsewhere(trouves: dict[Any, list[Franchi]], personne: Any, le: date) -> date | None:
    """When the absence that holds `le` enters under the other value."""
    return min((x for x, debut, fin in trouves.get(personne, []) if debut <= le <= fin), default=None)


def to_connaissance(personne: Personne) -> Connaissance:
    avis = tuple(Avis(p, MAINTENANT, MAINTENANT) for p in personne.prescriptions)
    return Connaissance(MAINTENANT, avis, tuple(personne.paiements), (), tuple(personne.employeur))


@pytest.fixture
def manager(base: str) -> Auteur:
    with lot() as conn:
        socle(conn)
        return auteur_agent(fabrique.agent(conn, "responsable"), "responsable")


def essayer(qui: Auteur, cle: str, valeur: object, plateforme: str = PLATEFORME, **periode: date) -> Essai:
    with db.begin_as(qui, lecture=True) as conn:
        return simulate_reglage(conn, plateforme, cle, str(valeur), JOUR, **periode)


@pytest.mark.parametrize(
    ("cle", "valeur"),
    [
        ("palier_signalement_j60", 45),
        ("palier_signalement_j60", 75),
        ("palier_ouverture", 30),
        ("palier_ouverture", 90),
        ("tolerance_horloge_risque_jours", 0),
        ("tolerance_horloge_risque_jours", 10),
        ("horloge_suspension_max_jours", 0),
        ("age_exclusion", 50),
    ],
)
def test_counts_equal_a_slow_recount(manager: Auteur, cle: str, valeur: int) -> None:
    personnes = generate_personnes(20261118, 400)
    with lot() as conn:
        insert_personnes(conn, personnes)
    tous_avant = recount(personnes, REF)
    tous_apres = recount(personnes, apply_valeur(REF, get_actuel(REF, cle, JOUR, PLATEFORME), valeur))
    avant, apres = first_in_period(tous_avant), first_in_period(tous_apres)
    essai = essayer(manager, cle, valeur)
    assert len(avant) > 20
    assert (essai.actuel, essai.propose) == (len(avant), len(apres))
    perdues = {p: elsewhere(tous_apres, p, avant[p]) for p in avant.keys() - apres.keys()}
    gagnees = {p: elsewhere(tous_avant, p, apres[p]) for p in apres.keys() - avant.keys()}
    assert essai.n_entrent_plus == list(perdues.values()).count(None)
    assert essai.entrent == list(gagnees.values()).count(None)
    assert essai.hors_periode == len(perdues) + len(gagnees) - essai.n_entrent_plus - essai.entrent
    lundis = [{p: le - timedelta(days=le.weekday()) for p, le in entrees.items()} for entrees in (avant, apres)]
    assert {s.lundi: (s.actuel, s.propose) for s in essai.semaines if s.actuel or s.propose} == {
        lundi: tuple(list(x.values()).count(lundi) for x in lundis) for lundi in {*lundis[0].values(), *lundis[1].values()}
    }
    assert len(essai.semaines) in (13, 14)


@pytest.mark.parametrize(("duree", "entre"), [(44, False), (45, True), (46, True)])
def test_the_threshold_is_met_to_the_day(manager: Auteur, duree: int, entre: bool) -> None:
    with lot() as conn:
        insert_personnes(conn, [Personne([depuis(JOUR - timedelta(days=60), duree)])])
    assert essayer(manager, "palier_signalement_j60", 45).entrent == int(entre)


@pytest.mark.parametrize(("decalage", "entre"), [(-1, False), (0, True), (90, True), (91, False)])
def test_the_period_holds_its_first_and_last_day(manager: Auteur, decalage: int, entre: bool) -> None:
    """The threshold of 60 days is reached `decalage` days after the first day of the period."""
    with lot() as conn:
        insert_personnes(conn, [Personne([depuis(DU + timedelta(days=decalage - 59), 200)])])
    assert essayer(manager, "age_exclusion", 60).actuel == int(entre)


def test_a_value_that_opens_at_the_same_day_says_that_nothing_changes(manager: Auteur) -> None:
    essai = essayer(manager, "palier_ouverture", 45)
    assert "Cette valeur ne change rien" in essai.phrases[1]
    assert "palier_signalement_j60" in essai.phrases[1]


def _inserer(conn: Any, nombre: int, commune: str) -> list[Personne]:
    personnes = insert_personnes(conn, [Personne([depuis(JOUR - timedelta(days=50), 90)]) for _ in range(nombre)])
    ids = [p.id for p in personnes]
    conn.execute(text("UPDATE identite.assure SET commune_insee = :c WHERE id = ANY (:i)"), {"c": commune, "i": ids})
    return personnes


def test_load_follows_territory_and_working_time_and_people_stay_with_who_follows_them(manager: Auteur) -> None:
    with lot() as conn:
        plein, mi_temps = fabrique.agent(conn, territoire=("35",)), fabrique.agent(conn, territoire=("35",), quotite=0.5)
        ailleurs = fabrique.agent(conn, territoire=("22",))
        _inserer(conn, 9, "35238")
        [suivie] = _inserer(conn, 1, "35238")
        fabrique.parcours(conn, csam=ailleurs, assure_id=suivie.id)
    essai = essayer(manager, "palier_signalement_j60", 45)
    charges = {c.id: (c.propose.entrants, c.propose.ouverts) for c in essai.conseillers}
    assert charges == {plein: (6, 6), mi_temps: (3, 3), ailleurs: (1, 1)}
    assert {c.id: c.actuel.ouverts for c in essai.conseillers} == {plein: 0, mi_temps: 0, ailleurs: 1}
    assert (essai.propose, essai.deja_suivis, essai.sans_conseiller_propose) == (10, 1, 0)
    assert (essai.entrent, essai.plus_tot, essai.hors_periode) == (0, 10, 10), "prescribed beyond 60 days: they would enter anyway, later"


def test_who_nobody_can_take_is_counted(manager: Auteur) -> None:
    with lot() as conn:
        _inserer(conn, 3, "35238")
    assert essayer(manager, "palier_signalement_j60", 45).sans_conseiller_propose == 3


@pytest.mark.parametrize(
    ("cle", "valeur", "mots"),
    [
        ("plafond_inconnu", "3", "ne peut pas être essayée"),
        ("contact_tentatives_max", "3", "ne peut pas être essayée"),
        ("ij_plafond_trois_ans", "300", "ne peut pas être essayée"),
        ("palier_ouverture", "quarante", "n'est pas un nombre entier"),
        ("palier_ouverture", "45.5", "n'est pas un nombre entier"),
        ("palier_ouverture", "", "n'est pas un nombre entier"),
        ("palier_ouverture", "-1", "se règle entre 1 et 180"),
        ("age_exclusion", "121", "se règle entre"),
        ("points_tms", "-5", "se règle entre 0"),
        ("palier_signalement_j60", "30", "dans l'ordre"),
        ("palier_signalement_j60", "90", "dans l'ordre"),
    ],
)
def test_a_value_that_cannot_be_is_a_french_sentence(manager: Auteur, cle: str, valeur: str, mots: str) -> None:
    with pytest.raises(DonneeInvalide) as refus:
        essayer(manager, cle, valeur)
    assert mots in refus.value.message


@pytest.mark.parametrize(
    "periode",
    [{"au": JOUR + timedelta(days=1)}, {"du": JOUR, "au": JOUR - timedelta(days=1)}, {"du": JOUR - timedelta(days=731)}],
)
def test_a_period_that_is_not_past_is_refused(manager: Auteur, periode: dict[str, date]) -> None:
    with pytest.raises(DonneeInvalide):
        essayer(manager, "palier_ouverture", 90, **periode)


def test_another_platform_and_other_functions_are_refused_by_the_database(manager: Auteur) -> None:
    with lot() as conn:
        csam = auteur_agent(fabrique.agent(conn))
    for qui, plateforme in ((manager, "PF57"), (csam, PLATEFORME)):
        with pytest.raises(ProgrammingError, match=r"what_if_refused|permission denied"):
            essayer(qui, "palier_ouverture", 90, plateforme)


def test_a_borrowed_scope_shows_no_row_to_the_manager(manager: Auteur) -> None:
    with lot() as conn:
        insert_personnes(conn, [Personne([depuis(JOUR, 10)])])
    with db.begin_as(manager) as conn:
        conn.execute(text("SELECT set_config('pdp.essai', 'PF35', true)"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            conn.execute(text("SELECT count(*) FROM pdp.arret_prescrit"))


def test_points_change_the_order_not_who_enters(manager: Auteur, admin: psycopg.Connection[Any]) -> None:
    """25 signalements at 50 points; three more whose tms rule weighs 10: at 60 they enter the head of the list."""
    with lot() as conn:
        for rang in range(28):
            s = fabrique.signalement(conn, fabrique.assure(conn), statut="a_trier")
            for regle, points in (("palier_90", 50),) if rang < 25 else (("palier_90", 30), ("tms", 10)):
                conn.execute(
                    text(
                        "INSERT INTO pdp.signalement_motif (signalement_id, plateforme_id, regle, regle_version, libelle, valeur_observee,"
                        " seuil, parametre_id, points) VALUES (:s, 'PF35', :r, 2, 'x', 1, 1, 'x', :p)"
                    ),
                    {"s": s, "r": regle, "p": points},
                )
    essai = essayer(manager, "points_tms", 60)
    assert essai.ordre is not None
    assert (essai.ordre.signalements, essai.ordre.points_changes, essai.ordre.entrent_en_tete) == (28, 3, 3)
    assert (essai.actuel, essai.propose, essai.semaines) == (0, 0, ())
    assert essayer(manager, "points_tms", 10).ordre.entrent_en_tete == 0


def test_nothing_is_written(manager: Auteur, admin: psycopg.Connection[Any]) -> None:
    with lot() as conn:
        insert_personnes(conn, generate_personnes(1, 30))
    tables = ("signalement", "parcours", "episode", "fait_nouveau", "affectation")
    requete = psycopg.sql.SQL(" UNION ALL ").join(
        psycopg.sql.SQL("SELECT count(*) FROM pdp.{}").format(psycopg.sql.Identifier(t)) for t in tables
    )
    avant = admin.execute(requete).fetchall()
    essayer(manager, "palier_signalement_j60", 45)
    assert admin.execute(requete).fetchall() == avant


def test_values_at_their_bounds() -> None:
    assert [parse_valeur("palier_ouverture", v) for v in ("1", "180", " 30 ")] == [1, 180, 30]
