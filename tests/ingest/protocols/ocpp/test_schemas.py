"""Schemas and action names: three versions, both directions, nothing raises."""

from decimal import Decimal
from importlib.resources import files

import pytest

from ingest.protocols.ocpp.actions import MONEY
from ingest.protocols.ocpp.error_codes import ErrorCode, spelled
from ingest.protocols.ocpp.schemas import known_actions, problems

VERSIONS = ["v16", "v201", "v21"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_schema_of_the_package_has_a_direction_and_compiles(version: str) -> None:
    schemas = (files("ocpp") / version / "schemas").iterdir()
    names = {
        file.name.removesuffix(".json").removesuffix("Response").removesuffix("Request")
        for file in schemas
    }
    known = known_actions(version)
    assert names == known.from_charger | known.from_csms
    assert known.from_charger & known.from_csms == {"DataTransfer"}
    for action in sorted(names):
        for response in (False, True):
            found = problems(version, action, {"no such field": 1}, response=response)
            assert not any("is not an action" in sentence for sentence in found)


def test_money_messages_are_the_chargers() -> None:
    for version in VERSIONS:
        known = known_actions(version)
        assert {name for name in MONEY if name in known} <= known.from_charger


def test_a_valid_and_an_invalid_payload() -> None:
    start = {
        "connectorId": 1,
        "idTag": "04AABB",
        "meterStart": 5,
        "timestamp": "2026-11-21T10:00:00Z",
    }
    assert problems("ocpp1.6", "StartTransaction", start) == []
    assert problems("v16", "StartTransaction", start | {"meterStart": Decimal("5.5")}) == [
        'meterStart: 5.5 is not of type "integer"'
    ]
    found = problems("v16", "StartTransaction", {"connectorId": "1", "vendorX": 1})
    assert any("connectorId" in sentence for sentence in found)
    assert any("vendorX" in sentence for sentence in found)
    assert sum("required" in sentence for sentence in found) == 3


def test_responses_have_schemas_of_their_own() -> None:
    conf = {"currentTime": "2026-11-21T10:00:00.000Z", "interval": 300, "status": "Accepted"}
    for version in VERSIONS:
        assert problems(version, "BootNotification", conf, response=True) == []
        assert problems(version, "BootNotification", conf) != []


def test_exact_decimals_pass_where_binary_floats_would_not() -> None:
    profile = {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": Decimal("6.3")}],
            },
        },
    }
    assert problems("v16", "SetChargingProfile", profile) == []


def test_a_lenient_stamp_is_not_a_schema_problem() -> None:
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    assert problems("v16", "StatusNotification", status | {"timestamp": "21/11/2026"}) == []


def test_unknown_actions_and_deep_payloads_are_sentences() -> None:
    assert problems("v16", "TransactionEvent", {}) == ["TransactionEvent is not an action of v16"]
    assert problems("v16", "", {}) == ["an empty action is not an action of v16"]
    deep: object = 1
    for _ in range(5_000):
        deep = [deep]
    assert problems("v16", "Heartbeat", {"a": deep})


def test_many_breaches_are_cut_off() -> None:
    broken = {"connectorId": 1, "meterValue": [{"timestamp": 1, "sampledValue": [{}] * 500}]}
    assert len(problems("v16", "MeterValues", broken)) == 21


def test_codes_are_spelled_as_each_version_spells_them() -> None:
    code = ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
    assert spelled(code, "ocpp1.6") == "OccurenceConstraintViolation"
    assert spelled(code, "ocpp2.0.1") == "OccurrenceConstraintViolation"
    assert spelled(ErrorCode.FORMAT_VIOLATION, "ocpp1.6") == "FormationViolation"
    assert spelled(ErrorCode.FORMATION_VIOLATION, "ocpp2.1") == "FormatViolation"
    assert spelled(ErrorCode.RPC_FRAMEWORK_ERROR, "ocpp1.6") == "FormationViolation"
    assert spelled(ErrorCode.NOT_IMPLEMENTED, "ocpp1.6") == "NotImplemented"
