"""OCPP 1.6 security extension (Improved security for OCPP 1.6-J, edition 2)."""

from ingest.answer.call import EMPTY, Answer, Call
from ingest.view import View


def security_event_notification(_call: Call, _view: View, _now_ns: int) -> Answer:
    """SecurityEventNotification.conf (A04): empty; the log has the event."""
    return EMPTY


def sign_certificate(_call: Call, _view: View, _now_ns: int) -> Answer:
    """SignCertificate.conf (A02): Rejected, no certificate authority signs for us yet."""
    return Answer({"status": "Rejected"})


def log_status_notification(_call: Call, _view: View, _now_ns: int) -> Answer:
    """LogStatusNotification.conf (N01): empty."""
    return EMPTY


def signed_firmware_status_notification(_call: Call, _view: View, _now_ns: int) -> Answer:
    """SignedFirmwareStatusNotification.conf (L01): empty."""
    return EMPTY
