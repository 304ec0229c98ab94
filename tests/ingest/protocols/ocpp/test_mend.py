"""Mending is evidence: common slips are guessed right, hopeless ones give nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.protocols.ocpp.mend import LONGEST, mended, mended_payload


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ('[2,"1","X",{"transactionId":,"meterStop":5}]', {"transactionId": None, "meterStop": 5}),
        ('[2,"1","X",{"a":[,{"value":"1"}]}]', {"a": [{"value": "1"}]}),
        ('[2,"1","X",{"a":[1,,2],}]', {"a": [1, 2]}),
        ('[2,"1","X",{"connectorId": 1 "idTag": "a"}]', {"connectorId": 1, "idTag": "a"}),
        ('[2,"1","X",{"meterStop":12', {"meterStop": 12}),
        ('[2,"1","X",{"meterStop":12,"reason":"Loc', {"meterStop": 12, "reason": "Loc"}),
        ('[2,"1","X",{"meterStop":12,"reason":', {"meterStop": 12, "reason": None}),
        ('[2,"1","X",{"a":"one, ,two:,"}', {"a": "one, ,two:,"}),
        ('[2,"1","X",{"a":NaN}]', {"a": "NaN"}),
    ],
)
def test_common_slips(text: str, payload: dict[str, object]) -> None:
    assert mended_payload(text) == payload


@pytest.mark.parametrize("text", ["", "hello", "{", '[2,"1","X","a":1]', "[" * 5000])
def test_nothing_where_nothing_can_be_guessed(text: str) -> None:
    assert mended_payload(text) is None


def test_a_broken_megabyte_is_left_alone() -> None:
    assert mended("[" + "1," * LONGEST) is None


@given(st.text(alphabet='[]{}",:\\ 12a\n', max_size=80))
def test_no_text_raises(text: str) -> None:
    found = mended(text)
    assert found is None or isinstance(found, list)
