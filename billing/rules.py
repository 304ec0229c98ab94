"""Every rule that a session can break, and what a breach does to it: one table, in one place.

HOLD where the field has shown that the number may be wrong; WARNING where it was put right by a
documented decision; INFO where it is evidence only. The prose says what was expected.
"""

from types import MappingProxyType

from billing.finding import Severity

_HOLD = {
    "ambiguous_stop": "one stop fits several open sessions",
    "begin_placeholder": "the begin register is a placeholder, not a baseline",
    "double_value": "one message gives two values for one measurand and instant",
    "energy_after_stop": "the register grew after the stop",
    "energy_unknown": "no energy can be read from what the charger said",
    "meter_stop_frozen": "meterStop equals meterStart although the register moved",
    "meter_stop_lower": "meterStop is below meterStart",
    "negative_duration": "the stop lies before the start",
    "orphan_stop": "a stop without a start",
    "orphan_update": "a transaction without start and stop",
    "overlap": "two sessions of one connector overlap",
    "power_impossible": "more energy than the connector can deliver in that time",
    "power_mismatch": "register and power samples disagree",
    "register_frozen": "the register stood still while power was reported",
    "register_drop": "the register fell: reset, swap or a wrong sample",
    "register_jump": "the register jumped by more than the connector can deliver",
    "register_outside": "a register lies outside meterStart and meterStop",
    "signed_mismatch": "signed and unsigned energy differ by more than one resolution step",
    "stale_open": "a start without a stop",
    "stamp_future": "an event time lies ahead of its receive time",
    "start_as_stop": "StartTransaction was sent at the end of the charge",
    "stop_sample_mismatch": "meterStop differs from the Transaction.End sample of its message",
    "time_unbounded": "neither the charger nor the receive time tells when it happened",
    "tx_id_foreign": "the message names another transaction than the one it was paired with",
    "unit_factor": "energy and its evidence differ by a factor of 1000",
}

# what reading a frame finds (`ingest.protocols.ocpp`), where it is more than INFO
_READING_HOLD = {
    "decimal_comma_ambiguous": "a number with a comma before three digits: decimals or thousands",
    "event_type_unknown": "a TransactionEvent that is neither start, update nor end",
}

_READING_WARNING = {
    "connector_absent": "no connector or EVSE was named",
    "decimal_comma": "a number with a decimal comma",
    "frame_too_long": "a frame with more elements than it may have",
    "id_token_absent": "a start without a token",
    "id_token_not_text": "a token that is not a text",
    "meter_not_compliant": "the meter declares itself unfit for billing by energy",
    "meter_start_unknown": "meterStart is negative: the register is unknown",
    "multiplier_out_of_range": "a unit multiplier that cannot be meant",
    "not_object": "something else where an object belongs",
    "not_strict_json": "JSON with a slip that leaves no doubt about its meaning",
    "other_version_shape": "a message of another OCPP version than was agreed",
    "signed_unmarked": "a signed value that is not marked as one",
    "stamp_absent": "no event time was given",
    "tx_id_absent": "no transaction id was given",
    "unit_mismatch": "a unit that its measurand cannot have: the value is not used",
    "unit_missing": "a power without a unit: the value is not used",
    "value_absent": "a value was expected and none came",
    "value_out_of_range": "a value beyond any meter: not used",
    "value_unreadable": "a value that is no number: not used",
}

_WARNING = {
    "activity_conflict": "energy was delivered while the vehicle was reported as not charging",
    "clock_skew": "the charger's clock is wrong; its stamps were moved by the estimated offset",
    "epoch_stamp": "a clock that was never set: the receive time bounds the event",
    "late_register": "leading zeros of the register were dropped",
    "meter_stop_unknown": "meterStop is absent or negative: taken as unknown",
    "no_zone": "an event time without zone, read as UTC",
    "sample_outside": "a sample lies outside start and stop: not used",
    "stamp_impossible": "an event time is not a date: the receive time bounds the event",
    "stop_token_foreign": "stopped by another token that is not of the same group",
    "token_empty": "no token was presented",
    "tx_id_placeholder": "an id that names no transaction: paired by connector and time",
    "tx_reissued": "one transaction id was used for two sessions",
}

_INFO = {
    "begin_repeated": "a Transaction.Begin register after the first: not used",
    "dup_start": "a start that was already known",
    "dup_stop": "a stop of a session that had already stopped",
    "energy_between_sessions": "the register grew between two sessions",
    "meter_stop_short": "meterStop is up to 2 Wh below meterStart: zero energy",
    "msgid_reuse": "one message id carried two different payloads",
    "reboot_inside": "the charger booted while the session was open",
    "single_phase_register": "a register of one phase only: taken as the total",
    "station_register": "a register of connector 0 beside the connector's own: not added",
    "stale_tx": "the charger goes on naming a transaction that has ended",
    "zero_energy": "no energy was delivered",
}

SEVERITIES = MappingProxyType(
    dict.fromkeys(_HOLD | _READING_HOLD, Severity.HOLD)
    | dict.fromkeys(_WARNING | _READING_WARNING, Severity.WARNING)
    | dict.fromkeys(_INFO, Severity.INFO)
)
"""Rule -> severity. A rule that is not named here (a flag of reading a frame) is INFO."""

MEANINGS = MappingProxyType(_HOLD | _READING_HOLD | _WARNING | _READING_WARNING | _INFO)
"""Rule -> what it says, for people."""


def severity(rule: str) -> Severity:
    """What a breach of `rule` does to the session it is about."""
    return SEVERITIES.get(rule, Severity.INFO)
