"""OCPP 2.0.1 K, Smart charging: limits are noted, schedules of vehicles are not computed yet."""

from ingest.answer.call import EMPTY, Answer, Call
from ingest.answer.v201.security import NO_BACKEND
from ingest.view import View


def notify_charging_limit(_call: Call, _view: View, _now_ns: int) -> Answer:
    """NotifyChargingLimitResponse (K12): empty."""
    return EMPTY


def cleared_charging_limit(_call: Call, _view: View, _now_ns: int) -> Answer:
    """ClearedChargingLimitResponse (K13): empty."""
    return EMPTY


def report_charging_profiles(_call: Call, _view: View, _now_ns: int) -> Answer:
    """ReportChargingProfilesResponse (K09): empty."""
    return EMPTY


def notify_ev_charging_needs(_call: Call, _view: View, _now_ns: int) -> Answer:
    """NotifyEVChargingNeedsResponse (K15): Rejected, the station charges without a profile."""
    return Answer({"status": "Rejected", "statusInfo": NO_BACKEND})


def notify_ev_charging_schedule(_call: Call, _view: View, _now_ns: int) -> Answer:
    """NotifyEVChargingScheduleResponse (K15–K17): Accepted, which only says it was received.

    Rejected would ask the vehicle to renegotiate a schedule nobody limits.
    """
    return Answer({"status": "Accepted"})
