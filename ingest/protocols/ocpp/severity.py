"""What each rule of reading does to the session it touches.

The one place where reading decides anything about money: a slip that leaves the meaning certain is
INFO, one that makes a human curious is WARNING, one that makes energy or its owner doubtful HOLD.
"""

from billing.finding import Severity

_HOLD = frozenset(["decimal_comma_ambiguous", "event_type_unknown"])

_WARNING = frozenset(
    [
        "connector_absent",
        "decimal_comma",
        "frame_too_long",
        "id_token_absent",
        "token_empty",
        "id_token_not_text",
        "meter_not_compliant",
        "meter_start_unknown",
        "meter_stop_unknown",
        "multiplier_out_of_range",
        "not_array",
        "not_json",
        "not_object",
        "not_strict_json",
        "other_version_shape",
        "payload_empty",
        "payload_not_object",
        "stamp_absent",
        "epoch_stamp",
        "stamp_impossible",
        "no_zone",
        "too_deep",
        "tx_id_absent",
        "tx_id_negative",
        "tx_id_zero",
        "unit_mismatch",
        "unit_missing",
        "unknown_action",
        "unknown_message_type",
        "value_absent",
        "value_out_of_range",
        "value_unreadable",
        "frame_too_short",
        "signed_unmarked",
        "clock_set",
    ]
)

_INFO = frozenset(
    [
        "action_not_text",
        "enum_spelling",
        "float_noise",
        "id_token_control",
        "id_token_space",
        "id_token_too_long",
        "literal_null",
        "message_type_not_integer",
        "meter_fractional",
        "metervalue_absent",
        "metervalue_empty",
        "metervalue_not_array",
        "msgid_missing",
        "not_boolean",
        "msgid_numeric",
        "msgid_too_long",
        "not_text",
        "null_payload",
        "number_as_text",
        "number_spelling",
        "reservation_zero",
        "sampledvalue_absent",
        "sampledvalue_empty",
        "sampledvalue_not_array",
        "odd_offset",
        "text_too_long",
        "transactiondata_absent",
        "transactiondata_empty",
        "transactiondata_not_array",
        "tx_id_placeholder",
        "unknown_enum",
        "unknown_property",
        "unit_not_object",
        "value_empty",
        "value_not_number",
        "value_not_text",
        "value_space",
        "vendor_empty",
    ]
)

SEVERITY: dict[str, Severity] = {
    **dict.fromkeys(sorted(_INFO), Severity.INFO),
    **dict.fromkeys(sorted(_WARNING), Severity.WARNING),
    **dict.fromkeys(sorted(_HOLD), Severity.HOLD),
}
"""Every rule that reading can break."""


def severity(rule: str, *, money_lost: bool = False) -> Severity:
    """Of a rule; `money_lost`: the message carried energy and could not become a fact at all."""
    return Severity.HOLD if money_lost else SEVERITY[rule]
