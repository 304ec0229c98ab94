"""Tokens: one normal form per card, whatever a reader puts between its digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.protocols.ocpp.tokens import normal_form, oddities


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (" F6 CA 0C C5", "F6CA0CC5"),
        ("20:69:C0:21", "2069C021"),
        ("04-aa-bb-cc", "04AABBCC"),
        ("04aabbcc", "04AABBCC"),
        ("04AABBCC\x10\x0e", "04AABBCC"),
        ("00000000000000001234", "00000000000000001234"),
        ("NL-ABC-C12345678-X", "NLABCC12345678X"),
        ("nlabcc12345678x", "NLABCC12345678X"),
        ("DE*8AA*CA2B3C*4", "DE8AACA2B3C4"),
        ("VAN-1", "VAN-1"),
        ("driver one", "DRIVER ONE"),
        ("", ""),
        ("\x00\x00", ""),
    ],
)
def test_normal_forms(text: str, normal: str) -> None:
    assert normal_form(text) == normal


@given(st.text(max_size=40))
def test_the_normal_form_is_its_own(text: str) -> None:
    assert normal_form(normal_form(text)) == normal_form(text)


@given(st.binary(min_size=4, max_size=10), st.sampled_from(["", ":", " ", "-", "."]))
def test_separators_and_case_mean_nothing_to_a_card(uid: bytes, separator: str) -> None:
    plain = uid.hex().upper()
    written = separator.join(plain[i : i + 2] for i in range(0, len(plain), 2))
    assert normal_form(written) == normal_form(written.lower()) == plain


def test_oddities() -> None:
    assert oddities("04AABBCC", 20) == []
    found = [rule for rule, _ in oddities("04AABBCCDDEEFF001122\x10\x0e", 20)]
    assert found == ["id_token_too_long", "id_token_control"]
    assert [rule for rule, _ in oddities("", 20)] == ["token_empty"]
    assert [rule for rule, _ in oddities(" A", 20)] == ["id_token_space"]
