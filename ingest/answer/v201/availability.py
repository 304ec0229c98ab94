"""OCPP 2.0.1 G, Availability: connector states."""

from ingest.answer import status
from ingest.answer.call import Answer, Call, number, text
from ingest.view import View


def status_notification(call: Call, view: View, now_ns: int) -> Answer:
    """StatusNotificationResponse (G01). EVSE 0 is the charging station itself."""
    key = (number(call.payload, "evseId"), number(call.payload, "connectorId"))
    values = {
        "status": text(call.payload, "connectorStatus"),
        "stamp": text(call.payload, "timestamp"),
    }
    return Answer({}, status.report(call, view, now_ns, key, values))
