"""OCPP 2.0.1 M, ISO 15118 certificates: requests fail cleanly while no PKI is connected."""

from ingest.answer.call import Answer, Call
from ingest.answer.v201.security import NO_BACKEND
from ingest.view import View


def get_15118_ev_certificate(_call: Call, _view: View, _now_ns: int) -> Answer:
    """Get15118EVCertificateResponse (M01, M02): Failed, with no EXI message to hand on."""
    return Answer({"status": "Failed", "exiResponse": "", "statusInfo": NO_BACKEND})


def get_certificate_status(_call: Call, _view: View, _now_ns: int) -> Answer:
    """GetCertificateStatusResponse (M06): Failed, no OCSP responder can be asked."""
    return Answer({"status": "Failed", "statusInfo": NO_BACKEND})
