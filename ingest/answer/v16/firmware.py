"""OCPP 1.6 Firmware Management: notices of uploads and updates (§4.4, §4.5)."""

from ingest.answer.call import EMPTY, Answer, Call
from ingest.view import View


def diagnostics_status_notification(_call: Call, _view: View, _now_ns: int) -> Answer:
    """DiagnosticsStatusNotification.conf: empty, also where nobody asked for diagnostics."""
    return EMPTY


def firmware_status_notification(_call: Call, _view: View, _now_ns: int) -> Answer:
    """FirmwareStatusNotification.conf: empty, also where nobody asked for an update."""
    return EMPTY
