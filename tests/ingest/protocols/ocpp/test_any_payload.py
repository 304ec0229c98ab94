"""Properties: whatever JSON a charger sends, reading gives facts or findings and never raises."""

import json
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.events import MeterReading
from ingest.protocols.ocpp.facts import read
from ingest.protocols.ocpp.frame import write_call
from ingest.protocols.ocpp.schemas import problems
from ingest.protocols.ocpp.severity import SEVERITY
from tests.ingest.protocols.ocpp.said import message


def words(text: str) -> list[str]:
    return text.split()


FIELDS = words(
    """
    connectorId transactionId idTag meterStart meterStop timestamp reason transactionData
    meterValue sampledValue value context format measurand phase location unit evseId evse
    eventType transactionInfo idToken seqNo offline triggerReason unitOfMeasure multiplier
    signedMeterValue status errorCode connectorStatus chargingStation reservationId info type
    chargePointVendor meterType
    """
)
ACTIONS = words(
    """
    StartTransaction StopTransaction MeterValues TransactionEvent StatusNotification
    BootNotification Heartbeat DataTransfer SecurityEventNotification Nonsense
    """
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [
            "",
            " ",
            "0",
            "-1",
            "12,5",
            "1e999",
            "null",
            "Started",
            "OCMF|",
            "kWh",
            "MWH",
            "SignedData",
        ]
    )
    | st.text(max_size=12)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
    ),
    max_leaves=15,
)
payloads = st.dictionaries(st.sampled_from(FIELDS), values, max_size=9) | values
protocols = st.sampled_from(["ocpp1.6", "ocpp2.0.1", "ocpp2.1", ""])


def dumped(value: object) -> str:
    """JSON with decimals as numbers, and lone surrogates as the escapes they can be sent as."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return f"[{','.join(map(dumped, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{json.dumps(key)}:{dumped(one)}' for key, one in value.items())}}}"
    return json.dumps(value)


@settings(max_examples=150)
@given(st.sampled_from(ACTIONS), payloads, protocols)
def test_no_payload_raises(action: str, payload: object, protocol: str) -> None:
    reading = read(message(f'[2,"1","{action}",{dumped(payload)}]', protocol))
    assert not (reading.facts and reading.findings)
    for finding in reading.findings:
        assert finding.rule in SEVERITY
    for position, fact in enumerate(f for f in reading.facts if isinstance(f, MeterReading)):
        assert fact.position == position
        for worth in (fact.wh, fact.watt):
            assert worth is None or worth.as_tuple().exponent == -3
    for fact in reading.facts:
        assert {rule for rule, _ in fact.flags} <= SEVERITY.keys()
        fact.transaction.encode()


@settings(max_examples=60)
@given(
    values,
    protocols,
    st.sampled_from(["in", "out", ""]),
    st.sampled_from(["message", "connection"]),
)
def test_no_entry_raises(value: object, protocol: str, direction: str, kind: str) -> None:
    text = dumped(value)
    reading = read(message(text, protocol, direction=direction, kind=kind))
    assert isinstance(reading.facts, tuple)


@settings(max_examples=60)
@given(st.sampled_from(ACTIONS), payloads, st.sampled_from(["v16", "v201", "v21"]))
def test_no_payload_breaks_the_schemas(action: str, payload: object, version: str) -> None:
    assert all(isinstance(sentence, str) for sentence in problems(version, action, payload))


energies = st.decimals(min_value=0, max_value=10**9, places=3)


@given(energies, st.sampled_from([("Wh", 1), ("kWh", 1000), ("MWh", 10**6)]))
def test_a_regular_register_is_exact_in_both_versions(
    value: Decimal, unit: tuple[str, int]
) -> None:
    name, factor = unit
    old = {"value": str(value), "unit": name}
    new = {"value": value, "unitOfMeasure": {"unit": name}}
    for sampled, protocol, where in (
        (old, "ocpp1.6", "connectorId"),
        (new, "ocpp2.0.1", "evseId"),
    ):
        buckets = [{"timestamp": "2026-11-21T10:00:00Z", "sampledValue": [sampled]}]
        text = write_call("1", "MeterValues", {where: 1, "meterValue": buckets})
        (fact,) = read(message(text, protocol)).facts
        assert isinstance(fact, MeterReading)
        assert (fact.wh, fact.flags) == (value * factor, ())
