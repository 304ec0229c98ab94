"""OCPP 2.0.1 J, Meter values outside of transactions."""

from ingest.answer.call import EMPTY, Answer, Call
from ingest.view import View


def meter_values(_call: Call, _view: View, _now_ns: int) -> Answer:
    """MeterValuesResponse (J01): empty; the log has the values."""
    return EMPTY
