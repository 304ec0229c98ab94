"""Who broke a protocol, and how each language says so.

Raised where a message cannot be read or written at all; a message that can be read but is wrong is
a `Finding`, not an exception. The codes travel with the error so that a shell can answer in its own
language: OCPP-J CALLERROR codes, OCPI status codes (OCPI 2.2.1 status_codes), HTTP status.
"""


class ProtocolError(Exception):
    """A message that breaks its protocol. The text says what was expected and what came."""

    def __init__(
        self,
        message: str,
        *,
        ocpp_code: str = "InternalError",
        ocpi_status: int = 3000,
        http_status: int = 500,
    ) -> None:
        super().__init__(message)
        self.ocpp_code = ocpp_code
        self.ocpi_status = ocpi_status
        self.http_status = http_status


class RemoteProtocolError(ProtocolError):
    """The peer's fault: what it sent cannot be understood. OCPI 2001, HTTP 400."""

    def __init__(
        self,
        message: str,
        *,
        ocpp_code: str = "FormationViolation",
        ocpi_status: int = 2001,
        http_status: int = 400,
    ) -> None:
        super().__init__(
            message, ocpp_code=ocpp_code, ocpi_status=ocpi_status, http_status=http_status
        )


class LocalProtocolError(ProtocolError):
    """Our own fault toward the peer: what we were about to send would not be valid."""
