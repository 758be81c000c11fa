"""The detection through the database equals the pure rules of domain/, told day by day, person by person.

10,000 random histories a run: half from a fixed seed, half from a fresh one. A failure prints the seed; PDP_GRAINE=<seed> plays it again.
"""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection

from fabrique import lot, socle
from fabrique_detection import JOUR, Personne, insert_personnes, run
from histoires import generate_personnes
from oracle_detection import Attendu, apply_oracle, read_etats
from pdp.domain.referentiel import Referentiel
from pdp.domain.signalement import PALIERS
from pdp.referentiel import load_referentiel, load_regles
from pdp.services import reglages

REF = load_referentiel()
NOMBRE = 1_250
GRAINE_FIXE = 20_261_118
GRAINE_FRAICHE = int(os.environ.get("PDP_GRAINE") or secrets.randbelow(10**9))
JOURS = (JOUR, date(2024, 2, 29), date(2024, 12, 31), date(2027, 3, 1))
SANS_EMPLOYEUR = (date(2024, 12, 31),)
"""The kernel takes a shorter way when nobody has a suspension: one day is without any."""


def describe(personne: Personne) -> str:
    faits = [*sorted(personne.prescriptions, key=lambda p: p.rang), *personne.paiements, *personne.employeur]
    return "\n".join(f"  {fait}" for fait in faits)


def check(conn: Connection, personnes: list[Personne], jour: date, message: str, ref: Referentiel | None = None) -> list[Attendu]:
    """Every person of the database is what the oracle says."""
    obtenus = read_etats(conn, personnes)
    attendus = [apply_oracle(p, jour, ref) for p in personnes]
    for personne, attendu in zip(personnes, attendus, strict=True):
        obtenu = obtenus[personne.id]
        assert obtenu.episodes == attendu.episodes, f"{message}\n{describe(personne)}"
        assert obtenu.droits == attendu.droits, f"{message}\n{describe(personne)}"
        assert obtenu.signalement == attendu.signalement, f"{message}\n{describe(personne)}"
    return attendus


def detect_all(conn: Connection, personnes: list[Personne], jour: date) -> None:
    insert_personnes(conn, personnes)
    run(conn, jour, complet=True)


@pytest.mark.parametrize("graine", [pytest.param(GRAINE_FIXE, id="fixed"), pytest.param(GRAINE_FRAICHE, id="fresh")])
def test_random_histories(base: str, graine: int) -> None:
    attendus: list[Attendu] = []
    with lot() as conn:
        socle(conn)
        for jour in JOURS:
            essai = conn.begin_nested()
            personnes = generate_personnes(graine + jour.toordinal(), NOMBRE, jour)
            if jour in SANS_EMPLOYEUR:
                personnes = [replace(p, employeur=[]) for p in personnes]
            detect_all(conn, personnes, jour)
            attendus += check(conn, personnes, jour, f"PDP_GRAINE={graine}, seen on {jour}")
            essai.rollback()
    if graine == GRAINE_FIXE:
        assert_reach_every_rule(attendus)


def assert_reach_every_rule(attendus: list[Attendu]) -> None:
    """The histories would prove little if nobody met a threshold, a motive, the cap or a payment."""
    signales = [a.signalement for a in attendus if a.signalement]
    assert {s[1] for s in signales} == set(PALIERS)
    assert {m[0] for s in signales for m in s[4]} == {r.cle for r in load_regles()}
    refusees, verse, epuisement, seuils = 2, 5, 6, (7, 8)
    assert sum(a.droits[refusees] != () for a in attendus) > 40
    assert sum(a.droits[verse] is not None for a in attendus) > 400
    assert sum(a.droits[epuisement] is not None for a in attendus) > 20
    assert all(sum(a.droits[s] is not None for a in attendus) > 20 for s in seuils)


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


def use_law(monkeypatch: pytest.MonkeyPatch, ref: Referentiel) -> None:
    """Every service that reads the law reads this one."""
    lecteurs = [m for nom, m in sys.modules.items() if nom.startswith("pdp.services.") and hasattr(m, "referentiel")]
    assert reglages in lecteurs
    for module in lecteurs:
        monkeypatch.setattr(module, "referentiel", lambda: ref)


def test_law_of_each_day_applies(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = changed_law()
    use_law(monkeypatch, ref)
    personnes = generate_personnes(13, 400)
    with lot() as conn:
        socle(conn)
        detect_all(conn, personnes, JOUR)
        attendus = check(conn, personnes, JOUR, "changed law", ref)
    assert sum(a.droits != apply_oracle(p, JOUR).droits for p, a in zip(personnes, attendus, strict=True)) > 40


@pytest.mark.parametrize(
    ("cle", "valeur", "code"),
    [("ij_compte_ald_dans_360", True, "ald_in_cap"), ("ij_plafond_trois_ans", 200, "cap_changes_in_window")],
)
def test_law_that_the_kernel_cannot_count_is_refused(
    base: str, monkeypatch: pytest.MonkeyPatch, cle: str, valeur: float, code: str
) -> None:
    [ancien] = [p for p in REF if p.cle == cle]
    lignes = [replace(ancien, au=date(2025, 12, 31)), replace(ancien, du=date(2026, 1, 1), valeur=valeur)]
    use_law(monkeypatch, Referentiel([*(p for p in REF if p.cle != cle), *lignes]))
    with lot() as conn:
        socle(conn)
        with pytest.raises(reglages.DroitNonCompte) as refus:
            run(conn)
    assert refus.value.code == code
