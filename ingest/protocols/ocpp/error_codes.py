"""The CALLERROR codes, spelled as each version of OCPP-J spells them.

OCPP-J 1.6 §4.2.3 (with its own spelling of two codes), OCPP 2.0.1 part 4 §4.3.
"""

from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong with a CALL, in OCPP 2.0.1's spelling."""

    FORMAT_VIOLATION = "FormatViolation"
    FORMATION_VIOLATION = "FormationViolation"
    GENERIC_ERROR = "GenericError"
    INTERNAL_ERROR = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    PROTOCOL_ERROR = "ProtocolError"
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    SECURITY_ERROR = "SecurityError"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"


_V16 = {
    ErrorCode.FORMAT_VIOLATION: "FormationViolation",
    ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED: "ProtocolError",
    ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION: "OccurenceConstraintViolation",
    ErrorCode.RPC_FRAMEWORK_ERROR: "FormationViolation",
}
_V201 = {ErrorCode.FORMATION_VIOLATION: "FormatViolation"}


def spelled(code: ErrorCode, protocol: str) -> str:
    """The code as `protocol` (`ocpp1.6`, `ocpp2.0.1`, `ocpp2.1`) writes it on the wire."""
    return (_V16 if protocol == "ocpp1.6" else _V201).get(code, code.value)
