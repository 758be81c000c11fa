"""Numbers and addresses: what each can receive, at the edges of the numbering plan."""

from __future__ import annotations

import pytest

from pdp.domain.coordonnees import check_telephone_sms, describe_telephone, fingerprint_coordonnee, read_courriel, read_telephone
from pdp.errors import DonneeInvalide

NUMEROS = [
    # as typed, international form, kind
    ("06 12 34 56 78", "+33612345678", "mobile"),
    ("07.30.00.00.00", "+33730000000", "mobile"),
    ("0033 6 12 34 56 78", "+33612345678", "mobile"),
    ("+33 (0)7 99 99 99 98", "+33799999998", "mobile"),
    ("06 39 98 00 12", "+33639980012", "mobile"),  # kept for fiction: every number of the demonstration
    ("02 99 12 34 56", "+33299123456", "fixe"),
    ("0590 12 34 56", "+590590123456", "fixe"),
    ("09 72 12 34 56", "+33972123456", "internet"),
    ("0690 12 34 56", "+590690123456", "mobile"),
    ("0694 12 34 56", "+594694123456", "mobile"),
    ("0697 12 34 56", "+596697123456", "mobile"),
    ("0693 12 34 56", "+262693123456", "mobile"),
    ("0262 12 34 56", "+262262123456", "fixe"),
    ("+262639123456", "+262639123456", "mobile"),
    ("+508551234", "+508551234", "mobile"),
    ("+508411234", "+508411234", "fixe"),
    ("+34 600 12 34 56", "+34600123456", "etranger"),
]


@pytest.mark.parametrize(("saisie", "numero", "genre"), NUMEROS)
def test_what_a_number_is(saisie: str, numero: str, genre: str) -> None:
    lu = read_telephone(saisie)
    assert (lu.numero, lu.genre, lu.recoit_sms) == (numero, genre, genre == "mobile")
    assert (lu.phrase is None) is (genre == "mobile")
    if genre == "mobile":
        assert check_telephone_sms(saisie) == numero
    else:
        with pytest.raises(DonneeInvalide, match=f"no_sms_to_{genre}"):
            check_telephone_sms(saisie)


@pytest.mark.parametrize(
    "saisie",
    ["", "12", "0612345", "061234567890", "06 12 34 56 7a", "0000000000", "0666666666", "+331234567", "08 99 12 34 56", "07 00 12 34 56"],
)
def test_a_number_nobody_answers_is_refused_with_a_sentence(saisie: str) -> None:
    with pytest.raises(DonneeInvalide) as refus:
        read_telephone(saisie)
    assert refus.value.message.endswith("Rien n'a été enregistré.")
    assert not saisie or saisie not in refus.value.message


@pytest.mark.parametrize("numero", ["", "0612345678", "+33812345678x", "+33", "+336123456789", "+33012345678", "+590123456789"])
def test_a_stored_value_never_breaks_the_sender(numero: str) -> None:
    assert describe_telephone(numero).genre == "impossible"


def test_addresses() -> None:
    assert read_courriel(" Marie.Dupont@Exemple.INVALID ") == "Marie.Dupont@exemple.invalid"
    for faux in ("", "marie", "a@b", "a@b.fr, c@d.fr", ".a@b.fr", "a..b@c.fr"):
        with pytest.raises(DonneeInvalide, match="impossible_address"):
            read_courriel(faux)


def test_a_dead_value_is_known_again_until_it_changes() -> None:
    assert fingerprint_coordonnee("12 rue  des Lilas\n35000 Rennes") == fingerprint_coordonnee("12 Rue des lilas 35000 RENNES")
    assert fingerprint_coordonnee("+33612345678") != fingerprint_coordonnee("+33612345679")
