"""Operator actions: what is written reads back, and what is wrong is said in one sentence."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from billing.party import EVSE, Connector, Location, Party, Role, Station, Token
from billing.rerate import Selection
from ingest.protocols import actions
from ingest.protocols.fields import canonical

AT = datetime(2026, 10, 1, 12, 30, 0, 250_000, tzinfo=UTC)
STATION = Station(
    id="NL-T-0001",
    location_id="LOC1",
    evses=(
        EVSE(
            uid="NL-T-0001-1",
            evse_id="NL*WPF*E0001*1",
            ocpp_evse=1,
            connectors=(
                Connector(1, "IEC_62196_T2", "SOCKET", "AC_3_PHASE", 230, 32, Decimal("22.08")),
            ),
        ),
    ),
)
PARTY = Party("NL", "ABC", Role.EMSP, "Alpha Mobility B.V.", vat_number="NL001", payment_days=30)
EVERY_ACTION: list[actions.Action] = [
    actions.StationAdd(STATION, ("ocpp1.6",), "scrypt$…", "pending"),
    actions.StationAdd(STATION),
    actions.StationBlock("NL-T-0001"),
    actions.StationUnblock("NL-T-0001"),
    actions.LocationAdd(
        Location(
            "NL",
            "WPF",
            "LOC1",
            "Markt",
            "Markt 1",
            "Delft",
            "2611 GP",
            "NLD",
            "52.011",
            "4.358",
            "Europe/Amsterdam",
            AT,
        )
    ),
    actions.TokenAdd(
        Token(
            "04A1B2",
            "RFID",
            "NL-ABC",
            "NL-ABC-C1",
            valid_until=AT,
            group_id="FLEET",
            known_from=AT,
        ),
        visual_number="12 34",
    ),
    actions.TokenBlock("04A1B2"),
    actions.TokenUnblock("04A1B2"),
    actions.PartyAdd(PARTY),
    actions.PartyAdd(PARTY, "aa" * 32, actions.TokenPolicy(("A",), ("B", "C"))),
    actions.PartyAdd(PARTY, "aa" * 32, None, "base64"),
    actions.TariffAdd(
        "2.2.1",
        {
            "id": "T1",
            "currency": "EUR",
            "elements": [{"price_components": [{"type": "ENERGY", "price": Decimal("0.4567")}]}],
        },
        AT,
        parties=("NL-ABC",),
        stations=("NL-T-0001",),
    ),
    actions.PolicySet({"settle_s": 600, "accept_unknown": False, "zero_session": "floor"}),
    actions.PolicySet({"flat_scope": "session", "zero_step": "no_rounding"}, "NL-ABC"),
    actions.PolicyUnset(("settle_s",)),
    actions.PolicyUnset(("flat_scope", "zero_step"), "NL-ABC"),
    actions.SessionRerate("a wrong price", rejected=True),
    actions.SessionRerate(
        "a wrong price",
        Selection(AT, AT + timedelta(days=1), frozenset({"NL-ABC"}), tariff_ids=frozenset("TU")),
        "2.2.1",
        {"id": "T1", "currency": "EUR", "elements": [{"price_components": []}]},
        choose_tariff=True,
        decisions={"flat_scope": "session"},
    ),
    actions.ApiKeyAdd("k1", "finance", "bb" * 32, ("invoices:read",), AT),
]


@pytest.mark.parametrize("action", EVERY_ACTION, ids=lambda action: type(action).__name__)
def test_what_is_written_reads_back(action: actions.Action) -> None:
    assert actions.read(actions.write(action), AT) == action
    assert actions.read(actions.to_object(action), AT) == action


@pytest.mark.parametrize("action", EVERY_ACTION, ids=lambda action: type(action).__name__)
def test_bytes_are_rfc_8785(action: actions.Action) -> None:
    written = actions.write(action)
    assert rfc8785.dumps(json.loads(written)) == written


def test_every_action_has_an_example_here() -> None:
    assert {actions.to_object(action)["action"] for action in EVERY_ACTION} == set(actions.ACTIONS)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )
)
def test_canonical_agrees_with_rfc_8785(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.decimals("-999999", "999999", places=6))
def test_numbers_are_written_exactly(value: Decimal) -> None:
    assert Decimal(canonical(value).decode()) == value


WRONG = [
    (b"\xff", "expected a JSON object"),
    (b"[]", "expected a JSON object, got list"),
    (b'{"action":"station.ad"}', "expected one of station.add"),
    (b'{"action":"token.block"}', "uid: expected, but missing"),
    (b'{"action":"token.block","uid":4}', "uid: expected a text, got 4"),
    (b'{"action":"token.block","uid":""}', "not empty"),
    (b'{"action":"token.block","uid":"A","uid":"B"}', "'uid' stands twice"),
    (b'{"action":"token.block","uid":"A","udi":"B"}', "udi: not a field of this action; did you"),
    (b'{"action":"policy.set"}', "at least one policy"),
    (b'{"action":"policy.set","settle_s":-1}', "whole seconds"),
    (b'{"action":"policy.set","settle_s":1.5}', "settle_s"),
    (b'{"action":"policy.set","flat_scope":"often"}', "flat_scope: expected one of phase session"),
    (b'{"action":"policy.set","party":"NL-ABC"}', "at least one policy"),
    (b'{"action":"policy.set","party":"abc","flat_scope":"session"}', "a party code"),
    (b'{"action":"policy.set","party":"NL-ABC","settle_s":1}', "not a policy of pricing"),
    (b'{"action":"policy.unset"}', "at least one name"),
    (b'{"action":"policy.unset","names":[]}', "at least one name"),
    (b'{"action":"policy.unset","names":"settle_s"}', "names"),
    (b'{"action":"session.rerate","reason":"x"}', "expected a tariff"),
    (b'{"action":"session.rerate","rejected":true}', "reason: expected"),
    (b'{"action":"session.rerate","reason":"x","rejected":1}', "rejected: expected true or false"),
    (
        b'{"action":"session.rerate","reason":"x","policies":{"flat_scope":"often"}}',
        "policies.flat_scope: expected one of phase",
    ),
    (b'{"action":"session.rerate","reason":"x","policies":{"settle_s":1}}', "a policy of pricing"),
    (
        b'{"action":"session.rerate","reason":"x","rejected":true,"sessions":{"station":["A"]}}',
        "sessions.station: not a field of this action; did you mean stations",
    ),
    (b'{"action":"token.add","uid":"A","party":"abc","contract_id":"C"}', "a party code"),
    (
        b'{"action":"tariff.add","ocpi_version":"2.2.1","valid_from":"2026-10-01","tariff":{}}',
        "a time with its zone",
    ),
    (
        (
            b'{"action":"tariff.add","ocpi_version":"2.2.1","valid_from":"2026-10-01T00:00:00Z",'
            b'"tariff":{"id":"T","currency":"EUR"}}'
        ),
        "tariff.elements: expected",
    ),
    (
        (
            b'{"action":"station.add","id":"S","location_id":"L","evses":[{"uid":"U","evse_id":"E",'
            b'"ocpp_evse":1,"connectors":[{"id":1,"standard":"CHADEMO","format":"CABLE","power_type":'
            b'"DC","max_voltage":400,"max_amperage":125,"max_power_kw":"fifty"}]}]}'
        ),
        "evses[0].connectors[0].max_power_kw: expected a decimal number, got 'fifty'",
    ),
]


@pytest.mark.parametrize(("payload", "words"), WRONG)
def test_what_is_wrong_is_said(payload: bytes, words: str) -> None:
    with pytest.raises(actions.ActionError) as caught:
        actions.read(payload)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_evses_with_one_number_are_refused() -> None:
    body = actions.to_object(actions.StationAdd(STATION))
    body["evses"] = body["evses"] * 2
    with pytest.raises(actions.ActionError, match="same ocpp_evse"):
        actions.read(body)


def test_a_float_never_enters_an_action() -> None:
    with pytest.raises(actions.ActionError, match="float"):
        canonical({"price": 0.1})
