"""Attempts to reach a person: which count, what is advised, what comes next; a table of cases at their boundaries."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pdp.domain.contact import (
    RESULTATS,
    SANS_REPONSE,
    Essai,
    PolitiqueAppels,
    Tentatives,
    advise_appel,
    list_marches,
    next_etape,
    weigh_essais,
)
from pdp.domain.tache import MOTIFS

POLITIQUE = PolitiqueAppels(essais=3, jours=2, moments=2, par_jour=2, midi=12, fin_apres_midi=16)
PARIS = ZoneInfo("Europe/Paris")


def at(quand: str) -> datetime:
    """« 18 09:00 » of November 2026."""
    jour, heure = quand.split()
    return datetime.fromisoformat(f"2026-11-{jour} {heure}").replace(tzinfo=PARIS)


def weigh(*essais: str, depuis: str | None = None) -> Tentatives:
    """Each attempt is « day hour [result] »."""
    lus = [(e.rsplit(" ", 1) if e.count(" ") == 2 else (e, "non_reponse")) for e in essais]
    return weigh_essais([Essai(at(quand), resultat) for quand, resultat in lus], POLITIQUE, at(depuis) if depuis else None)


@pytest.mark.parametrize(
    ("heure", "moment"),
    [
        ("08:00", "matin"),
        ("11:59", "matin"),
        ("12:00", "midi"),
        ("15:59", "midi"),
        ("16:00", "fin_apres_midi"),
        ("20:00", "fin_apres_midi"),
    ],
)
def test_part_of_the_day(heure: str, moment: str) -> None:
    assert POLITIQUE.moment(at(f"18 {heure}")) == moment


@pytest.mark.parametrize(
    ("essais", "nombre", "suffisantes"),
    [
        ((), 0, False),
        (("18 09:00",), 1, False),
        (("18 09:00", "18 11:59"), 1, False),
        (("18 09:00", "18 12:00"), 2, False),
        (("18 09:00", "18 12:00", "18 16:00"), 3, False),
        (("18 09:00", "18 12:00", "18 16:00", "19 09:00"), 4, True),
        (("18 09:00", "19 09:00", "20 09:00"), 3, False),
        (("18 09:00", "19 09:00", "20 12:00"), 3, True),
        (("18 09:00", "19 09:00", "20 09:00", "20 12:00"), 4, True),
        (("18 09:00 messagerie", "19 12:00 tiers", "20 16:00 non_reponse"), 3, True),
        (("18 09:00", "19 12:00", "19 12:30 joint", "20 16:00"), 1, False),
        (("18 09:00", "19 12:00", "19 12:30 refus_echange", "20 16:00"), 1, False),
        (("18 09:00", "19 12:00", "19 12:30 hospitalise"), 0, False),
        (("18 09:00 numero_faux",), 0, True),
        (("18 09:00 numero_faux", "18 10:00 joint"), 0, False),
        (("20 12:00", "18 09:00", "19 09:00"), 3, True),
    ],
)
def test_what_counts(essais: tuple[str, ...], nombre: int, suffisantes: bool) -> None:
    tentatives = weigh(*essais)
    assert (tentatives.nombre, tentatives.suffisantes) == (nombre, suffisantes)


@pytest.mark.parametrize(("depuis", "nombre"), [("17 09:00", 3), ("18 09:00", 2), ("18 09:01", 2), ("20 12:00", 0)])
def test_counts_restart_after_a_relaunch_or_another_number(depuis: str, nombre: int) -> None:
    assert weigh("18 09:00", "19 09:00", "20 12:00", depuis=depuis).nombre == nombre


def test_a_day_is_that_of_the_place() -> None:
    """23:30 in Paris and 00:30 the next day are two days; the same instants are one day further west."""
    paris = [Essai(datetime(2026, 11, 18, 23, 30, tzinfo=PARIS), "tiers"), Essai(datetime(2026, 11, 19, 0, 30, tzinfo=PARIS), "tiers")]
    martinique = [Essai(e.le.astimezone(ZoneInfo("America/Martinique")), e.resultat) for e in paris]
    assert [weigh_essais(essais, POLITIQUE).jours for essais in (paris, martinique)] == [2, 1]


@pytest.mark.parametrize(
    ("essais", "maintenant", "preferes", "bon_moment", "dit", "avertit"),
    [
        ((), "18 09:00", (), True, "Vous pouvez appeler maintenant.", False),
        (("18 09:00",), "18 11:00", (), False, "Déjà appelée ce matin", False),
        (("18 09:00", "18 09:05"), "18 11:00", (), False, "Déjà appelée ce matin", True),
        (("18 09:00",), "18 12:00", (), True, "jamais essayé en milieu de journée", False),
        (("18 09:00",), "19 09:00", (), True, "Déjà essayé le matin. Essayez plutôt en milieu de journée (de 12 h à 16 h)", False),
        (("18 09:00", "19 12:00"), "20 09:00", (), True, "Vous pouvez appeler maintenant.", False),
        (("18 09:00", "18 12:00"), "18 16:00", (), True, "jamais essayé en fin d'après-midi", True),
        ((), "18 09:00", ("fin_apres_midi",), False, "préfère être appelée en fin d'après-midi", False),
        (("18 09:00", "19 09:00", "20 12:00"), "21 09:00", (), False, "Assez d'appels", False),
        (("18 09:00 numero_faux",), "21 09:00", (), False, "Le numéro est faux", False),
    ],
)
def test_advice_before_a_call(
    essais: tuple[str, ...], maintenant: str, preferes: tuple[str, ...], bon_moment: bool, dit: str, avertit: bool
) -> None:
    conseil = advise_appel(weigh(*essais), at(maintenant), preferes)
    assert dit in conseil.phrase
    assert (conseil.bon_moment, conseil.avertissement is not None) == (bon_moment, avertit)


@pytest.mark.parametrize(
    ("essais", "resultat", "canaux", "compte", "tache", "dit"),
    [
        (("18 09:00",), "non_reponse", ("sms",), True, "nouvel_appel", "Essai 1 sur 3"),
        (("18 09:00", "18 09:30"), "tiers", ("sms",), False, "nouvel_appel", "ne compte pas"),
        (("18 09:00", "19 09:00", "20 09:00"), "messagerie", ("sms",), True, "nouvel_appel", "3 essais, mais trop groupés"),
        (("18 09:00", "19 09:00", "20 12:00"), "messagerie", ("sms", "courriel"), True, "autre_canal", "par SMS ou courriel"),
        (("18 09:00", "19 09:00", "20 12:00"), "messagerie", ("courriel",), True, "autre_canal", "par courriel."),
        (("18 09:00", "19 09:00", "20 12:00"), "messagerie", (), True, "courrier_injoignable", "un courrier prend le relais"),
        (("18 09:00 numero_faux",), "numero_faux", ("courriel",), True, "autre_canal", "Numéro faux"),
        (("18 09:00 numero_faux",), "numero_faux", (), True, "courrier_injoignable", "demandez un numéro à jour"),
        (("18 09:00", "19 09:00 joint"), "joint", ("sms",), True, "planifier_tele_echange", "créneau"),
    ],
)
def test_what_comes_next(essais: tuple[str, ...], resultat: str, canaux: tuple[str, ...], compte: bool, tache: str, dit: str) -> None:
    etape = next_etape(resultat, weigh(*essais), canaux, compte)
    assert etape.tache == tache
    assert dit in etape.phrase


@pytest.mark.parametrize("resultat", RESULTATS)
def test_every_result_has_a_next_step_that_exists(resultat: str) -> None:
    etape = next_etape(resultat, weigh(f"18 09:00 {resultat}" if resultat in SANS_REPONSE else "18 09:00"))
    assert etape.tache in MOTIFS


@pytest.mark.parametrize(
    ("essais", "canaux", "message", "courrier", "etats"),
    [
        (("18 09:00",), ("sms",), False, False, "en_cours a_venir a_venir a_venir"),
        (("18 09:00", "19 09:00", "20 12:00"), ("sms",), False, False, "fait en_cours a_venir a_venir"),
        (("18 09:00", "19 09:00", "20 12:00"), (), False, False, "fait sans_objet en_cours a_venir"),
        (("18 09:00", "19 09:00", "20 12:00"), ("sms",), True, False, "fait fait en_cours a_venir"),
        (("18 09:00", "19 09:00", "20 12:00"), ("sms",), True, True, "fait fait fait en_cours"),
        (("18 09:00", "19 09:00", "20 12:00"), ("sms",), False, True, "fait sans_objet fait en_cours"),
        (("18 09:00 numero_faux",), (), False, False, "fait sans_objet en_cours a_venir"),
    ],
)
def test_where_the_search_stands(essais: tuple[str, ...], canaux: tuple[str, ...], message: bool, courrier: bool, etats: str) -> None:
    marches = list_marches(weigh(*essais), canaux, at("21 09:00") if message else None, at("22 09:00") if courrier else None)
    assert " ".join(m.etat for m in marches) == etats
