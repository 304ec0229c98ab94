"""OCPP 2.0.1 N, Diagnostics: events, monitors, logs and customer information; the log has them."""

from ingest.answer.call import EMPTY, Answer, Call
from ingest.view import View


def notify_event(_call: Call, _view: View, _now_ns: int) -> Answer:
    """NotifyEventResponse (N07, N08): empty."""
    return EMPTY


def notify_monitoring_report(_call: Call, _view: View, _now_ns: int) -> Answer:
    """NotifyMonitoringReportResponse (N02): empty."""
    return EMPTY


def log_status_notification(_call: Call, _view: View, _now_ns: int) -> Answer:
    """LogStatusNotificationResponse (N01): empty."""
    return EMPTY


def notify_customer_information(_call: Call, _view: View, _now_ns: int) -> Answer:
    """NotifyCustomerInformationResponse (N09, N10): empty."""
    return EMPTY
