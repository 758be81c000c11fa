"""Damaged DSN files by the hundred: the reader never fails, never invents, and what it prints never holds an identity."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

import pytest

import dsn_fabrique as f
from pdp.commandes.dsn_rapport import describe_fichier, list_phrases

NOM = "TRESRARE"
BON = f.ecrire(
    f.envoi(
        f.declaration(f.personne(1, f.arret(reprise="16092026", reprise_motif="01"), f.suspension(), nom=NOM), nature="04"),
        f.declaration(f.personne(2, f.arret("06", accident="31082026"), f.fin_contrat(), f.temps_partiel(), nom=NOM), ordre="2"),
    ),
    f.envoi(f.declaration(f.personne(3, f.arret(), nom=NOM), nature="05"), norme="P25V01"),
)


def _bytes_changed(hasard: Random, octets: bytearray) -> None:
    for _ in range(hasard.randrange(1, 30)):
        octets[hasard.randrange(len(octets))] = hasard.randrange(256)


def _bytes_lost(hasard: Random, octets: bytearray) -> None:
    debut = hasard.randrange(len(octets))
    del octets[debut : debut + hasard.randrange(1, 200)]


def _lines(hasard: Random, octets: bytearray, change: Callable[[Random, list[bytes]], None]) -> None:
    lignes = bytes(octets).splitlines(keepends=True)
    change(hasard, lignes)
    octets[:] = b"".join(lignes)


def _lines_shuffled(hasard: Random, octets: bytearray) -> None:
    _lines(hasard, octets, lambda h, lignes: h.shuffle(lignes))


def _neighbours_swapped(hasard: Random, octets: bytearray) -> None:
    def swap(h: Random, lignes: list[bytes]) -> None:
        rang = h.randrange(len(lignes) - 1)
        lignes[rang], lignes[rang + 1] = lignes[rang + 1], lignes[rang]

    _lines(hasard, octets, swap)


def _values_mixed(hasard: Random, octets: bytearray) -> None:
    """Right rubrics with the values of others: dates for codes, names for dates, and so on."""

    def mix(h: Random, lignes: list[bytes]) -> None:
        valeurs = [ligne.partition(b",")[2] for ligne in lignes]
        for _ in range(h.randrange(1, 12)):
            rang = h.randrange(len(lignes))
            lignes[rang] = lignes[rang].partition(b",")[0] + b"," + h.choice(valeurs)

    _lines(hasard, octets, mix)


def _unknown_rubrics(hasard: Random, octets: bytearray) -> None:
    def add(h: Random, lignes: list[bytes]) -> None:
        for _ in range(h.randrange(1, 12)):
            bloc = h.choice((b"S10.G00.95", b"S20.G00.96", b"S21.G00.11", b"S21.G00.60", b"S77.G00.01"))
            lignes.insert(h.randrange(1, len(lignes) - 2), bloc + b".9%02d,'x'\r\n" % h.randrange(100))

    _lines(hasard, octets, add)


DEGATS = (_bytes_changed, _bytes_lost, _lines_shuffled, _neighbours_swapped, _values_mixed, _unknown_rubrics)


@pytest.mark.parametrize("degat", DEGATS)
def test_no_damage_stops_the_reader_nor_opens_an_identity(degat: Callable[[Random, bytearray], None]) -> None:
    for graine in range(150):
        octets = bytearray(BON)
        degat(Random(graine), octets)
        lu = f.lire(bytes(octets))
        rapport = describe_fichier("x.dsn", lu, lu.refus)
        sortie = json.dumps(rapport) + "\n".join(list_phrases(rapport))
        for interdit in (NOM, f.nir13(1), f.nir13(2), f.nir13(3), f.IBAN):
            assert interdit not in sortie, (degat.__name__, graine)
        for d in lu.declarations:
            for p in d.personnes:
                assert all(a.jours is None or a.jours > 0 for a in p.arrets)
                assert all(s.debut is None or s.fin is None or s.debut <= s.fin for s in p.suspensions)


def test_unknown_rubrics_anywhere_lose_no_fact() -> None:
    attendus = [(d.nature, [(p.arrets[0].premier_jour, p.arrets[0].fin) for p in d.personnes]) for d in f.lire(BON).declarations]
    for graine in range(150):
        octets = bytearray(BON)
        _unknown_rubrics(Random(graine), octets)
        lu = f.lire(bytes(octets))
        assert lu.refus is None, graine
        assert [(d.nature, [(p.arrets[0].premier_jour, p.arrets[0].fin) for p in d.personnes]) for d in lu.declarations] == attendus, graine


def test_lost_bytes_are_never_taken_for_a_whole_file() -> None:
    """A hole that takes line breaks with it breaks a count; one inside a line is seen where it is."""
    for graine in range(300):
        octets = bytearray(BON)
        _bytes_lost(Random(graine), octets)
        lu = f.lire(bytes(octets))
        if len(octets.splitlines()) != len(BON.splitlines()):
            assert lu.refus is not None, graine
