"""What each rule of reading does to the session it touches.

A slip that leaves the meaning certain is INFO, one that makes a human curious is WARNING, one that
makes energy doubtful is HOLD. Flags on facts become findings in `billing`, whose own table
(`billing.rules`) names the same severities.
"""

from billing.finding import Severity


def _rules(severity: Severity, names: str) -> dict[str, Severity]:
    return dict.fromkeys(names.split(), severity)


SEVERITY: dict[str, Severity] = {
    **_rules(
        Severity.HOLD,
        """
        decimal_comma_ambiguous event_type_unknown
        """,
    ),
    **_rules(
        Severity.WARNING,
        """
        clock_set connector_absent decimal_comma epoch_stamp frame_too_long frame_too_short
        id_token_absent id_token_not_text meter_not_compliant meter_start_unknown
        meter_stop_unknown multiplier_out_of_range no_zone not_array not_json not_object
        not_strict_json other_version_shape payload_empty payload_not_object signed_unmarked
        stamp_absent stamp_impossible token_empty too_deep tx_id_absent tx_id_placeholder
        unit_mismatch unit_missing unknown_action unknown_message_type value_absent
        value_out_of_range value_unreadable
        """,
    ),
    **_rules(
        Severity.INFO,
        """
        action_not_text enum_spelling float_noise id_token_control id_token_space
        id_token_too_long literal_null message_type_not_integer meter_fractional
        metervalue_absent metervalue_empty metervalue_not_array msgid_missing msgid_numeric
        msgid_too_long not_boolean not_text null_payload number_as_text number_spelling
        odd_offset reservation_zero sampledvalue_absent sampledvalue_empty
        sampledvalue_not_array text_too_long transactiondata_empty transactiondata_not_array
        unit_not_object unknown_enum unknown_property value_empty value_not_number
        value_not_text value_space vendor_empty
        """,
    ),
}
"""Every rule that reading can break."""


def severity(rule: str, *, money_lost: bool = False) -> Severity:
    """Of a rule; `money_lost`: the message carried energy and could not become a fact at all."""
    return Severity.HOLD if money_lost else SEVERITY[rule]
