"""OCPP 2.0.1 B, Provisioning: boot, heartbeat's sibling, and reports of the device model."""

from ingest.answer import registration
from ingest.answer.call import EMPTY, Answer, Call, nested, text
from ingest.view import View


def boot_notification(call: Call, view: View, now_ns: int) -> Answer:
    """BootNotificationResponse (B01–B04)."""
    station = nested(call.payload, "chargingStation")
    plate = {
        "vendor": text(station, "vendorName"),
        "model": text(station, "model"),
        "serial_number": text(station, "serialNumber"),
        "firmware": text(station, "firmwareVersion"),
    }
    return registration.boot(call, view, now_ns, plate)


def notify_report(_call: Call, _view: View, _now_ns: int) -> Answer:
    """NotifyReportResponse (B07, B08): empty; the log has the report."""
    return EMPTY
