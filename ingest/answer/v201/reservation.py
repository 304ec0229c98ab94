"""OCPP 2.0.1 H, Reservation."""

from ingest.answer.call import EMPTY, Answer, Call
from ingest.view import View


def reservation_status_update(_call: Call, _view: View, _now_ns: int) -> Answer:
    """ReservationStatusUpdateResponse (H04): empty."""
    return EMPTY
