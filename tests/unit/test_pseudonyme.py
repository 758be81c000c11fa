"""Codes of evaluators: nobody without the key can make, check or join them."""

from __future__ import annotations

import hashlib
import hmac
import random
import secrets
import zlib
from uuid import UUID, uuid4

import pytest

from pdp.evaluation.pseudonyme import VERSION, Pseudonymes

CLE = bytes(range(32))
IDS = [uuid4() for _ in range(2_000)]


def test_same_study_gives_the_same_code_and_people_stay_apart() -> None:
    codes = [Pseudonymes(CLE, "etude").code("personne", i) for i in IDS]
    assert codes == [Pseudonymes(CLE, "etude").code("personne", i) for i in IDS]
    assert len(set(codes)) == len(IDS)
    assert all(c.startswith(VERSION) and len(c) == 34 and c.isalnum() for c in codes)


@pytest.mark.parametrize(
    "autre",
    [
        pytest.param(lambda i: Pseudonymes(CLE, "etude 2").code("personne", i), id="another-study"),
        pytest.param(lambda i: Pseudonymes(CLE[::-1], "etude").code("personne", i), id="another-key"),
        pytest.param(lambda i: Pseudonymes(CLE, "etude").code("parcours", i), id="another-nature"),
    ],
)
def test_two_sets_of_codes_share_nothing(autre) -> None:
    assert {Pseudonymes(CLE, "etude").code("personne", i) for i in IDS}.isdisjoint({autre(i) for i in IDS})


@pytest.mark.parametrize("etude", ["", "  "])
def test_study_needs_a_label(etude: str) -> None:
    with pytest.raises(ValueError, match="label"):
        Pseudonymes(CLE, etude)


def _guesses(valeur: str) -> set[str]:
    brut = valeur.encode()
    condenses = {hashlib.new(nom, brut).hexdigest() for nom in ("sha256", "md5", "sha1", "sha512")}
    condenses |= {hmac.new(cle, brut, hashlib.sha256).hexdigest() for cle in (b"", b"\0" * 32, b"pdp", b"secret")}
    return condenses | {f"{zlib.crc32(brut):08x}"}


def test_no_code_can_be_guessed_without_the_key() -> None:
    hasard = random.Random(7)
    cle = secrets.token_bytes(32)
    nirs = {f"{hasard.randrange(10**14, 3 * 10**14)}": UUID(int=hasard.getrandbits(128), version=4) for _ in range(2_000)}
    codes = {Pseudonymes(cle, "etude").code("personne", i)[len(VERSION) :] for i in nirs.values()}
    essais = {g[: len(next(iter(codes)))] for nir, i in nirs.items() for v in (nir, nir[:13], str(i), i.hex) for g in _guesses(v)}
    assert codes.isdisjoint(essais)
