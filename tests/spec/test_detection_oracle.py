"""The set-based detection equals the pure rules of domain/, person by person, on histories made to be awkward."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from fabrique import TEST, lot, socle
from fabrique_detection import JOUR, MAINTENANT, PLATEFORME, RECU, Personne, generate_personnes, insert_personnes, insert_prescriptions
from pdp.domain.arret import RISQUES_ABSENCE
from pdp.domain.calendrier import add_mois
from pdp.domain.droits_ij import compteur
from pdp.domain.episode import Episode, build_episodes
from pdp.domain.referentiel import Referentiel
from pdp.domain.signalement import PALIERS, REGLES, FaitsEpisode, evaluate
from pdp.referentiel import load_referentiel
from pdp.services import detect_signalements as services
from pdp.services.detect_signalements import DroitNonCompte, detect_signalements, rebuild_episodes

REF = load_referentiel()
TOLERANCE = REF.entier("tolerance_horloge_risque_jours", JOUR)
NOMBRE = 250


@dataclass(frozen=True)
class Attendu:
    """What the pure rules say of one person on the day."""

    episodes: set[tuple[Any, ...]]
    ij: tuple[Any, ...] | None
    signalement: tuple[Any, ...] | None


def en_cours(episode: Episode) -> bool:
    return episode.debut <= JOUR and (JOUR - episode.fin).days <= TOLERANCE


def apply_oracle(personne: Personne) -> Attendu:
    episodes = [e for e in build_episodes(personne.prescriptions, TOLERANCE) if e.risque in RISQUES_ABSENCE]
    courants = [e for e in episodes if en_cours(e)]
    assert len(courants) <= 1
    lignes = {
        (
            e.premiere_prescription,
            e.debut,
            e.fin,
            e.jours_prescrits,
            e.nb_prescriptions,
            e.risque,
            e.risque_mixte,
            e.motif_categorie,
            e.ald,
            e.tpt_en_cours,
        )
        for e in episodes
    }
    if not courants:
        return Attendu(lignes, None, None)
    [courant] = courants
    ij = compteur(personne.prescriptions, JOUR, REF)
    limite = add_mois(JOUR, -REF.entier("repetition_fenetre_mois", JOUR))
    faits = FaitsEpisode(
        debut=courant.debut,
        fin=courant.fin,
        risque=courant.risque,
        motif_categorie=courant.motif_categorie,
        naissance_le=personne.naissance,
        nb_episodes_fenetre=1 + sum(e is not courant and limite < e.debut <= JOUR for e in episodes),
        ij_utilisees=ij.ij_utilisees,
        seulement_tpt=courant.seulement_tpt,
    )
    evaluation = evaluate(faits, JOUR, REF, PLATEFORME)
    motifs = frozenset((m.regle, m.version, m.libelle, m.valeur_observee, float(m.seuil), m.parametre, m.points) for m in evaluation.motifs)
    signalement = (courant.premiere_prescription, evaluation.palier, evaluation.franchi_le, evaluation.priorite, motifs)
    return Attendu(
        lignes, (ij.ij_utilisees, ij.ij_restantes, ij.epuisement_projete, ij.parametre), signalement if evaluation.palier else None
    )


def read_sql(conn: Connection) -> dict[UUID, Attendu]:
    """What the database holds, in the same shape."""
    episodes = conn.execute(
        text(
            """SELECT assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque, risque_mixte,
                   motif_categorie, ald, temps_partiel
               FROM pdp.episode WHERE etat = 'courant' ORDER BY assure_id"""
        )
    ).all()
    par_personne = {assure: {tuple(e)[1:] for e in groupe} for assure, groupe in groupby(episodes, key=lambda e: e.assure_id)}
    ij = {
        c.assure_id: tuple(c)[1:]
        for c in conn.execute(
            text("SELECT assure_id, ij_utilisees, ij_restantes, epuisement_projete_le, parametre_id FROM pdp.compteur_ij")
        )
    }
    signalements = {}
    for s in conn.execute(
        text(
            "SELECT s.id, s.assure_id, e.premiere_prescription, s.palier, s.survenu_le, s.priorite FROM pdp.signalement s"
            " JOIN pdp.episode e ON e.id = s.episode_id"
        )
    ).all():
        motifs = conn.execute(text("SELECT * FROM pdp.signalement_motif WHERE signalement_id = :s"), {"s": s.id})
        observes = frozenset(
            (m.regle, m.regle_version, m.libelle, int(m.valeur_observee), float(m.seuil), m.parametre_id, m.points) for m in motifs
        )
        assert s.assure_id not in signalements
        signalements[s.assure_id] = (*tuple(s)[2:], observes)
    assures = conn.execute(text("SELECT id FROM identite.assure")).scalars()
    return {a: Attendu(par_personne.get(a, set()), ij.get(a), signalements.get(a)) for a in assures}


def check(conn: Connection, personnes: list[Personne]) -> None:
    obtenu = read_sql(conn)
    for personne in personnes:
        assert obtenu[personne.id] == apply_oracle(personne), sorted(personne.prescriptions, key=lambda p: p.rang)


def run(conn: Connection, **champs: Any) -> None:
    rebuild_episodes(conn, PLATEFORME, MAINTENANT, **champs)
    detect_signalements(conn, PLATEFORME, TEST, MAINTENANT)


@pytest.mark.parametrize("graine", range(4))
def test_random_histories(base: str, graine: int) -> None:
    personnes = generate_personnes(graine, NOMBRE)
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, personnes)
        run(conn)
        check(conn, personnes)


def test_histories_reach_every_rule() -> None:
    """The generator above would prove little if its people never met a threshold, a motive or the cap."""
    attendus = [apply_oracle(p) for graine in range(4) for p in generate_personnes(graine, NOMBRE)]
    assert {a.signalement[1] for a in attendus if a.signalement} == set(PALIERS)
    assert {m[0] for a in attendus if a.signalement for m in a.signalement[4]} == {r.cle for r in REGLES}
    assert sum(a.ij is not None and a.ij[1] == 0 for a in attendus) > 20
    assert sum(a.ij is not None and a.ij[2] is not None for a in attendus) > 20


def test_order_of_arrival_changes_nothing_and_incremental_equals_full(base: str) -> None:
    """One prescription per person at a time, in random order, each learnt an hour after the last: the result is that of the whole."""
    personnes = generate_personnes(11, 60)
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, [replace(p, prescriptions=[]) for p in personnes])
        for rang in range(max(len(p.prescriptions) for p in personnes)):
            recu = RECU + timedelta(hours=rang)
            insert_prescriptions(conn, [(p.id, p.prescriptions[rang]) for p in personnes if rang < len(p.prescriptions)], recu)
            rebuild_episodes(conn, PLATEFORME, MAINTENANT, depuis=recu)
        check_episodes(conn, personnes)
        assert rebuild_episodes(conn, PLATEFORME, MAINTENANT).traites == 0


def test_corrections_and_cancellations_rebuilt_incrementally(base: str) -> None:
    """A fifth of the prescriptions change: cancelled, restored, moved, lengthened, given to somebody else."""
    personnes = generate_personnes(12, 120)
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, personnes)
        rebuild_episodes(conn, PLATEFORME, MAINTENANT)
        avant = conn.execute(text("SELECT count(*) FROM pdp.episode")).scalar_one()
        corrige_at = RECU + timedelta(days=1)
        for rang, (personne, voisine) in enumerate(zip(personnes, personnes[1:] + personnes[:1], strict=True)):
            for place in range(rang % 5, len(personne.prescriptions), 5):
                correct(conn, personne, voisine, place, rang % 4, corrige_at)
        rebuild_episodes(conn, PLATEFORME, MAINTENANT, depuis=corrige_at)
        check_episodes(conn, personnes)
        assert conn.execute(text("SELECT count(*) FROM pdp.episode")).scalar_one() > avant  # replaced ones stay
        assert rebuild_episodes(conn, PLATEFORME, MAINTENANT).traites == 0


def correct(conn: Connection, personne: Personne, voisine: Personne, place: int, sorte: int, quand: Any) -> None:
    """Change one prescription in memory and in the database, as the feed would."""
    ancien = personne.prescriptions[place]
    neuf = (
        replace(ancien, annule=not ancien.annule),
        replace(ancien, debut=ancien.debut - timedelta(days=3)),
        replace(ancien, fin=ancien.fin + timedelta(days=2)),
        ancien,
    )[sorte]
    cible = voisine if sorte == 3 else personne
    if cible is voisine:
        conn.execute(VERSION, {"id": ancien.id_avis, "quand": quand})
        personne.prescriptions[place] = replace(ancien, id_avis=f"{ancien.id_avis}-parti", annule=True)
        voisine.prescriptions.append(ancien)
    else:
        personne.prescriptions[place] = neuf
    conn.execute(CORRECTION, {"d": neuf.debut, "f": neuf.fin, "a": neuf.annule, "p": cible.id, "quand": quand, "id": ancien.id_avis})


VERSION = text(
    """INSERT INTO pdp.arret_prescrit_version (plateforme_id, id_avis, assure_id, date_debut, date_fin, nature, risque, temps_partiel,
           motif_categorie, ald, annule, recu_source_at, connu_du, connu_au, fichier_id)
       SELECT plateforme_id, id_avis, assure_id, date_debut, date_fin, nature, risque, temps_partiel, motif_categorie, ald, annule,
           recu_source_at, connu_at, :quand, fichier_id
       FROM pdp.arret_prescrit WHERE id_avis = :id"""
)
CORRECTION = text(
    """UPDATE pdp.arret_prescrit SET date_debut = :d, date_fin = :f, annule = :a, assure_id = :p, connu_at = :quand
       WHERE id_avis = :id"""
)


def check_episodes(conn: Connection, personnes: list[Personne]) -> None:
    obtenu = read_sql(conn)
    for personne in personnes:
        assert obtenu[personne.id].episodes == apply_oracle(personne).episodes, sorted(personne.prescriptions, key=lambda p: p.rang)


def changed_law() -> Referentiel:
    """The same law, but five days of carence from 2026 on, and no gap tolerated before June 2025."""
    autres = [p for p in REF if p.cle not in ("ij_carence_jours", "ij_reprise_sans_carence_jours")]
    carence, reprise = (REF.get_parametre(cle, JOUR) for cle in ("ij_carence_jours", "ij_reprise_sans_carence_jours"))
    return Referentiel(
        [
            *autres,
            replace(carence, au=date(2025, 12, 31)),
            replace(carence, du=date(2026, 1, 1), valeur=5),
            replace(reprise, valeur=0, au=date(2025, 5, 31)),
            replace(reprise, du=date(2025, 6, 1)),
        ]
    )


def test_law_of_each_day_applies(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = changed_law()
    monkeypatch.setattr(services, "referentiel", lambda: ref)
    personnes = generate_personnes(13, NOMBRE)
    with lot() as conn:
        socle(conn)
        insert_personnes(conn, personnes)
        run(conn)
        obtenu = {p: attendu.ij for p, attendu in read_sql(conn).items()}
    autres = 0
    for personne in personnes:
        if obtenu[personne.id] is not None:
            ij, avant = (compteur(personne.prescriptions, JOUR, r) for r in (ref, REF))
            assert obtenu[personne.id] == (ij.ij_utilisees, ij.ij_restantes, ij.epuisement_projete, ij.parametre)
            autres += ij != avant
    assert autres > 20


@pytest.mark.parametrize(
    ("cle", "valeur", "code"),
    [("ij_compte_ald_dans_360", True, "ald_in_cap"), ("ij_plafond_trois_ans", 200, "cap_changes_in_window")],
)
def test_law_that_the_statement_cannot_count_is_refused(
    base: str, monkeypatch: pytest.MonkeyPatch, cle: str, valeur: float, code: str
) -> None:
    [ancien] = [p for p in REF if p.cle == cle]
    lignes = [replace(ancien, au=date(2025, 12, 31)), replace(ancien, du=date(2026, 1, 1), valeur=valeur)]
    ref = Referentiel([*(p for p in REF if p.cle != cle), *lignes])
    monkeypatch.setattr(services, "referentiel", lambda: ref)
    with lot() as conn:
        socle(conn)
        with pytest.raises(DroitNonCompte) as refus:
            detect_signalements(conn, PLATEFORME, TEST, MAINTENANT)
    assert refus.value.code == code
