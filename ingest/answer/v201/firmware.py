"""OCPP 2.0.1 L, Firmware management."""

from ingest.answer.call import EMPTY, Answer, Call
from ingest.view import View


def firmware_status_notification(_call: Call, _view: View, _now_ns: int) -> Answer:
    """FirmwareStatusNotificationResponse (L01): empty, also where nobody asked for an update."""
    return EMPTY


def publish_firmware_status_notification(_call: Call, _view: View, _now_ns: int) -> Answer:
    """PublishFirmwareStatusNotificationResponse (L03): empty."""
    return EMPTY
