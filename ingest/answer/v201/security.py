"""OCPP 2.0.1 A, Security: events are acknowledged; nobody signs certificates yet."""

from ingest.answer.call import EMPTY, Answer, Call
from ingest.view import View

NO_BACKEND = {"reasonCode": "NotConfigured"}


def security_event_notification(_call: Call, _view: View, _now_ns: int) -> Answer:
    """SecurityEventNotificationResponse (A04): empty; the log has the event."""
    return EMPTY


def sign_certificate(_call: Call, _view: View, _now_ns: int) -> Answer:
    """SignCertificateResponse (A02, A03): Rejected."""
    return Answer({"status": "Rejected", "statusInfo": NO_BACKEND})
