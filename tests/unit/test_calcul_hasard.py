"""The kernels equal the rules of domain/, person by person, on random histories."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from fabrique_calcul import (
    Histoire,
    generate_histoire,
    jour_de,
    jour_ou_rien,
    regles,
    to_jours,
    to_prescriptions,
    to_suspensions,
    to_versements,
)
from pdp.calcul.etats import compute_droits, compute_episodes
from pdp.calcul.regles import MOTIFS, RISQUES
from pdp.domain.arret import RISQUES_ABSENCE
from pdp.domain.droits_ij import EtatDroits, etat_droits
from pdp.domain.episode import build_episodes
from pdp.domain.referentiel import Referentiel
from pdp.referentiel import load_referentiel

REF = load_referentiel()
ETROITES = {"ij_plafond_trois_ans": 20, "ij_fenetre_annees": 1}
REF_ETROIT = Referentiel(
    [replace(p, valeur=ETROITES.get(p.cle, p.valeur)) for p in REF if p.cle != "ij_carence_jours"]
    + [
        replace(REF.get_parametre("ij_carence_jours", date(2021, 1, 1)), valeur=valeur, du=du, au=au)
        for valeur, du, au in ((3, None, date(2020, 12, 31)), (7, date(2021, 1, 1), date(2021, 6, 30)), (0, date(2021, 7, 1), None))
    ]
)
"""A cap so low that it stops and lets go several times in a life, and a waiting period that changes."""
ORIGINES = (date(2020, 2, 28), date(2020, 2, 29), date(2019, 12, 31), date(2021, 3, 1), date(2023, 2, 28))
NOMBRE = 60


def generate(graine: int) -> tuple[list[Histoire], date]:
    hasard = random.Random(graine)
    histoires = [generate_histoire(hasard, hasard.choice(ORIGINES)) for _ in range(NOMBRE)]
    histoires.insert(NOMBRE // 2, Histoire())
    return histoires, date(2021, 1, 1) + timedelta(days=hasard.randint(0, 900))


@pytest.mark.parametrize("graine", range(5))
def test_episodes_equal_the_oracle(graine: int) -> None:
    histoires, jour = generate(graine)
    p, noms = to_prescriptions(histoires)
    e = compute_episodes(p, to_suspensions(histoires), regles(REF, jour))
    obtenus: list[list[tuple[object, ...]]] = [[] for _ in histoires]
    for i, personne in enumerate(e.personne):
        obtenus[personne].append(
            (
                *(jour_de(e.debut[i]), jour_de(e.fin[i]), e.jours_prescrits[i], e.nb_prescriptions[i], RISQUES[e.risque[i]]),
                *(e.risque_mixte[i], MOTIFS[e.motif[i]], e.ald[i], e.temps_partiel[i], noms[e.premiere[i]]),
            )
        )
    for histoire, obtenu in zip(histoires, obtenus, strict=True):
        attendu = [a for a in build_episodes(histoire.prescriptions, 2, histoire.suspensions, 31) if a.risque in RISQUES_ABSENCE]
        assert obtenu == [
            (
                *(a.debut, a.fin, a.jours_prescrits, a.nb_prescriptions, a.risque, a.risque_mixte),
                *(a.motif_categorie, a.ald, a.tpt_en_cours, a.premiere_prescription),
            )
            for a in attendu
        ], histoire


@pytest.mark.parametrize("ref", [pytest.param(REF, id="law"), pytest.param(REF_ETROIT, id="low-cap")])
@pytest.mark.parametrize("graine", range(5))
def test_droits_equal_the_oracle(graine: int, ref: Referentiel) -> None:
    histoires, jour = generate(graine)
    d = compute_droits(to_prescriptions(histoires)[0], to_versements(histoires), len(histoires), regles(ref, jour))
    ensembles = [to_jours(s, len(histoires)) for s in (d.carence, d.comptees, d.refusees, d.l324, d.atmp)]
    for k, histoire in enumerate(histoires):
        obtenu = EtatDroits(
            *(e[k] for e in ensembles),
            *(jour_ou_rien(t[k]) for t in (d.verse_jusqu_au, d.epuisement_le, d.seuil_1_le, d.seuil_2_le)),
        )
        assert obtenu == etat_droits(histoire.prescriptions, jour, ref, histoire.versements), histoire


def test_histories_reach_every_rule() -> None:
    """The comparison would prove little if nobody met the cap, a payment, a suspension that joins."""
    histoires = [h for graine in range(5) for h in generate(graine)[0]]
    jour = date(2021, 10, 1)
    etats = [etat_droits(h.prescriptions, jour, REF, h.versements) for h in histoires]
    assert sum(bool(e.refusees) for e in etats) > 10
    assert sum(e.epuisement_le is not None for e in etats) > 10
    assert sum(e.verse_jusqu_au is not None and bool(e.refusees) for e in etats) > 3
    joints = [len(build_episodes(h.prescriptions, 2)) - len(build_episodes(h.prescriptions, 2, h.suspensions, 31)) for h in histoires]
    assert sum(n > 0 for n in joints) > 10
