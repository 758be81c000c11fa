"""What is believed of a partner's words, and what is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.partners.contrat import ReponseInvalide, check_evenement, check_orientation_recue, parse_accuse, parse_cle_connue, parse_page
from pdp.partners.reprise import PLAFOND_S, next_delay_s, parse_retry_after
from pdp.partners.signature import answer_parts, is_valid, request_parts, sign, token_of

JUSTE: dict[str, Any] = {
    "evenement_id": "e1",
    "orientation_id": "0b6cfe2e-6a26-4a1e-9d57-6f8bb1a1c111",
    "version": 1,
    "statut": "acceptee",
    "motif": None,
    "compte_rendu": None,
    "survenu_at": "2026-11-18T08:00:00+01:00",
}
MAINTENANT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def test_right_event() -> None:
    evenement = check_evenement(JUSTE)
    assert (evenement.version, evenement.statut, evenement.survenu_at) == (1, "acceptee", datetime(2026, 11, 18, 7, 0, tzinfo=UTC))
    assert check_evenement({**JUSTE, "statut": "refusee", "motif": "capacite"}).motif == "capacite"
    assert check_evenement({**JUSTE, "compte_rendu": "é" * 1000}).compte_rendu == "é" * 1000


FAUX = [
    ("evenement_id", ""),
    ("evenement_id", "x" * 101),
    ("evenement_id", "a#b"),
    ("evenement_id", 3),
    ("orientation_id", "pas-un-uuid"),
    ("orientation_id", None),
    ("version", 0),
    ("version", -1),
    ("version", 2**31),
    ("version", "1"),
    ("version", True),
    ("version", 1.0),
    ("statut", "envoyee"),
    ("statut", "annulee"),
    ("statut", "ACCEPTEE"),
    ("motif", "capacite"),  # only a refusal has one
    ("compte_rendu", "x" * 1001),
    ("compte_rendu", "a\0b"),
    ("compte_rendu", "\ud800"),
    ("compte_rendu", ["x"]),
    ("survenu_at", "2026-11-18T08:00:00"),  # naive
    ("survenu_at", "18/11/2026"),
    ("survenu_at", "0001-01-01T00:00:00+14:00"),
]


@pytest.mark.parametrize(("champ", "valeur"), FAUX)
def test_wrong_event_names_its_field(champ: str, valeur: object) -> None:
    with pytest.raises(ReponseInvalide) as faute:
        check_evenement({**JUSTE, champ: valeur})
    assert faute.value.code == f"invalid_body:{champ}"


@pytest.mark.parametrize("motif", [None, "inconnu", ""])
def test_refusal_without_a_closed_reason(motif: str | None) -> None:
    with pytest.raises(ReponseInvalide, match="motif"):
        check_evenement({**JUSTE, "statut": "refusee", "motif": motif})


CORPS_FAUX = [
    b"",
    b"<html>200 OK</html>",
    b"\xff\xfe{}",
    b'\xef\xbb\xbf{"recu_id": "a", "statut": "b"}',
    b'{"recu_id": "a", "statut": ',
    b'{"recu_id": NaN, "statut": "b"}',
    b'{"recu_id": "a", "recu_id": "b", "statut": "c"}',
    b"[" * 100_000,
    b'["recu_id"]',
    b"null",
    b"{}",
    b'{"recu_id": 1, "statut": "recue"}',
    '{"recu_id": "é", "statut": "recue"}'.encode("latin-1"),
]


@pytest.mark.parametrize("corps", CORPS_FAUX, ids=range(len(CORPS_FAUX)))
def test_malformed_body_is_never_a_receipt(corps: bytes) -> None:
    with pytest.raises(ReponseInvalide):
        parse_accuse(corps)
    with pytest.raises(ReponseInvalide):
        parse_page(corps)
    assert parse_cle_connue(corps) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(corps: bytes) -> None:
    try:
        page = parse_page(corps)
    except ReponseInvalide:
        return
    assert page.curseur


SANS_STATUT = {cle: valeur for cle, valeur in JUSTE.items() if cle != "statut"}
PAROLES = [
    # what is no step, field that is wrong (None = right)
    ({"nature": "rendez_vous", "rendez_vous_at": "2026-12-01T09:00:00+01:00"}, None),
    ({"nature": "rendez_vous_manque"}, None),
    ({"nature": "nouvelles", "compte_rendu": "Vue."}, None),
    ({"nature": "question", "compte_rendu": "Joignable quand ?"}, None),
    ({"nature": "autre"}, "nature"),
    ({"nature": ["question"]}, "nature"),
    ({}, "statut"),
    ({"nature": "question", "compte_rendu": "Quand ?", "statut": "acceptee"}, "statut"),
    ({"nature": "question"}, "compte_rendu"),
    ({"nature": "nouvelles"}, "compte_rendu"),
    ({"nature": "rendez_vous"}, "rendez_vous_at"),
    ({"nature": "rendez_vous", "rendez_vous_at": "2026-12-01T09:00:00"}, "rendez_vous_at"),
    ({"nature": "rendez_vous_manque", "rendez_vous_at": "2026-12-01T09:00:00Z"}, "rendez_vous_at"),
]


@pytest.mark.parametrize(("champs", "faute"), PAROLES)
def test_what_is_no_step_carries_its_own_fields(champs: dict[str, object], faute: str | None) -> None:
    element = {**SANS_STATUT, "compte_rendu": None, **champs}
    if faute is None:
        lu = check_evenement(element)
        assert (lu.nature, lu.statut) == (champs["nature"], None)
        assert lu.empreinte != check_evenement({**JUSTE, "compte_rendu": champs.get("compte_rendu")}).empreinte
        return
    with pytest.raises(ReponseInvalide) as refus:
        check_evenement(element)
    assert refus.value.code == f"invalid_body:{faute}"


def test_page_keeps_the_right_events_and_counts_the_others() -> None:
    page = parse_page(json.dumps({"curseur": "c", "evenements": [JUSTE, {**JUSTE, "version": 0}, "x", None]}).encode())
    assert (page.curseur, len(page.evenements), page.illisibles) == ("c", 1, 3)


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [
        ("orientation_id", "5b0f8a3e-9c1d-4e57-8a44-2f6d1c7be902"),
        ("version", 2),
        ("statut", "en_cours"),
        ("compte_rendu", "a"),
        ("survenu_at", "2026-11-18T08:00:01+01:00"),
    ],
)
def test_fingerprint_sees_every_field(champ: str, valeur: object) -> None:
    assert check_evenement({**JUSTE, champ: valeur}).empreinte != check_evenement(JUSTE).empreinte
    assert check_evenement({**JUSTE, "survenu_at": "2026-11-18T07:00:00Z"}).empreinte == check_evenement(JUSTE).empreinte


@pytest.mark.parametrize("champ", ["orientation_id", "dispositif", "motif", "contenu", "emise_at"])
def test_partner_checks_every_field_of_an_orientation(champ: str) -> None:
    juste = {"orientation_id": str(uuid4()), "dispositif": "spst", "motif": "m", "contenu": {}, "emise_at": "2026-11-18T08:00:00+00:00"}
    assert check_orientation_recue(json.dumps(juste).encode(), "orientation") == juste
    del juste[champ]
    with pytest.raises(ReponseInvalide, match=champ):
        check_orientation_recue(json.dumps(juste).encode(), "orientation")


class TestReprise:
    @pytest.mark.parametrize(
        ("essais", "demande", "alea", "attendu"),
        [
            (1, None, 0.0, 1.0),
            (1, None, 0.5, 15.0),
            (1, None, 1.0, 30.0),
            (2, None, 1.0, 60.0),
            (5, None, 1.0, 480.0),
            (10, None, 1.0, 15360.0),
            (11, None, 1.0, PLAFOND_S),
            (4000, None, 1.0, PLAFOND_S),
            (1, 120.0, 0.5, 120.0),
            (1, 10.0, 0.5, 15.0),
            (1, 10.0**9, 0.5, PLAFOND_S),
        ],
    )
    def test_delay(self, essais: int, demande: float | None, alea: float, attendu: float) -> None:
        assert next_delay_s(essais, demande, lambda: alea) == attendu

    @pytest.mark.parametrize(
        ("valeur", "attendu"),
        [
            (None, None),
            ("", None),
            ("0", 0.0),
            ("120", 120.0),
            (" 120 ", 120.0),
            ("-5", None),
            ("1.5", None),
            ("9" * 400, PLAFOND_S),
            ("²", None),
            ("Wed, 18 Nov 2026 08:02:00 GMT", 120.0),
            ("Wed, 18 Nov 2026 07:00:00 GMT", None),
            ("Fri, 31 Dec 9999 23:59:59 GMT", PLAFOND_S),
            ("Wed, 18 Nov 2026 08:02:00 -0000", None),  # no zone: not believed
            ("demain", None),
        ],
    )
    def test_retry_after(self, valeur: str | None, attendu: float | None) -> None:
        assert parse_retry_after(valeur, MAINTENANT) == attendu


class TestSignature:
    jeton = token_of(b"s" * 32, "PF35", "SST-01")
    parties = request_parts("POST", "/orientations", "cle")

    def test_right_signature(self) -> None:
        assert is_valid(self.jeton, self.parties, b"corps", sign(self.jeton, self.parties, b"corps"))

    @pytest.mark.parametrize(("ecart_s", "valide"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
    def test_freshness(self, ecart_s: int, valide: bool) -> None:
        signature = sign(self.jeton, self.parties, b"corps", 1_000_000)
        assert is_valid(self.jeton, self.parties, b"corps", signature, 1_000_000 + ecart_s) is valide

    @pytest.mark.parametrize(
        "signature", [None, "", "t=,v1=", "t=abc,v1=00", "t=1", "v1=00", "t=²,v1=00", "t=1,v1=é", "t=" + "9" * 5000 + ",v1=0"]
    )
    def test_malformed_signature(self, signature: str | None) -> None:
        assert not is_valid(self.jeton, self.parties, b"corps", signature)

    @pytest.mark.parametrize(
        "parties", [("GET", "/orientations", "cle"), ("POST", "/annulations", "cle"), ("POST", "/orientations", "autre")]
    )
    def test_bound_to_the_request(self, parties: tuple[str, str, str]) -> None:
        signature = sign(self.jeton, self.parties, b"corps")
        assert not is_valid(self.jeton, request_parts(*parties), b"corps", signature)
        assert not is_valid(self.jeton, self.parties, b"autre", signature)
        assert not is_valid(token_of(b"s" * 32, "PF57", "SST-01"), self.parties, b"corps", signature)
        assert not is_valid(token_of(b"t" * 32, "PF35", "SST-01"), self.parties, b"corps", signature)

    def test_answer_is_bound_to_its_request_and_status(self) -> None:
        demande = sign(self.jeton, self.parties, b"")
        reponse = sign(self.jeton, answer_parts(demande, 201), b"{}")
        assert is_valid(self.jeton, answer_parts(demande, 201), b"{}", reponse)
        assert not is_valid(self.jeton, answer_parts(demande, 409), b"{}", reponse)
        autre = sign(self.jeton, self.parties, b"", int((MAINTENANT + timedelta(days=1)).timestamp()))
        assert not is_valid(self.jeton, answer_parts(autre, 201), b"{}", reponse)
