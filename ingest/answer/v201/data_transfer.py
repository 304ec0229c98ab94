"""OCPP 2.0.1 P, Data transfer."""

from ingest.answer.call import Answer, Call
from ingest.view import View


def data_transfer(_call: Call, _view: View, _now_ns: int) -> Answer:
    """DataTransferResponse (P02): no vendor's extension is spoken here; the log has the data."""
    return Answer({"status": "UnknownVendorId"})
