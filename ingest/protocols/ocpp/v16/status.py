"""StatusNotification and BootNotification. OCPP 1.6 §4.2, §4.9. Neither moves a session."""

from typing import Any

from billing.events import EventKind, Fact, StampQuality
from ingest.protocols.ocpp.frame import Frame
from ingest.protocols.ocpp.message import Message
from ingest.protocols.ocpp.mould import event_of
from ingest.protocols.ocpp.scalars import Flags, member, spellings, text, whole
from ingest.protocols.ocpp.stamps import ABSENT, flag, read_stamp

STATUSES = spellings("""
    Available Preparing Charging SuspendedEVSE SuspendedEV Finishing Reserved Unavailable Faulted
""")
ERROR_CODES = spellings("""
    ConnectorLockFailure EVCommunicationError GroundFailure HighTemperature InternalError
    LocalListConflict NoError OtherError OverCurrentFailure OverVoltage PowerMeterFailure
    PowerSwitchFailure ReaderFailure ResetFailure UnderVoltage WeakSignal
""")
_LONGEST = {
    "chargeBoxSerialNumber": 25,
    "chargePointModel": 20,
    "chargePointSerialNumber": 25,
    "chargePointVendor": 20,
    "firmwareVersion": 50,
    "iccid": 20,
    "imsi": 20,
    "info": 50,
    "meterSerialNumber": 25,
    "meterType": 25,
    "vendorErrorCode": 50,
    "vendorId": 255,
}


def status_notification(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    """A connector's status (0: the station's); its error code, unless NoError, is the reason."""
    payload = frame.payload
    stamp = read_stamp(payload.get("timestamp"))
    mark = flag(stamp)
    if mark and stamp.quality is not StampQuality.ABSENT:
        flags.append(mark)
    connector = whole(payload.get("connectorId"), flags, "connectorId")
    status = text(payload.get("status"), flags, "status")
    code = text(payload.get("errorCode"), flags, "errorCode")
    code = member(code, ERROR_CODES, flags, "errorCode") if code else ""
    text(payload.get("info"), flags, "info")
    too_long(payload, _LONGEST, flags)
    return [
        event_of(
            message,
            frame.message_id,
            EventKind.STATUS,
            stamp,
            evse=connector,
            connector=connector,
            status=member(status, STATUSES, flags, "status") if status else "",
            reason="" if code == "NoError" else code,
        )
    ]


def boot_notification(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    """A boot: vendor and model are the registry's business, what is odd about them is flagged."""
    payload = frame.payload
    for field in ("chargePointVendor", "chargePointModel"):
        if not text(payload.get(field), flags, field).strip():
            flags.append(("vendor_empty", f"{field}: expected a name, came nothing"))
    unfit_meter(payload.get("meterType"), flags)
    too_long(payload, _LONGEST, flags)
    return [
        event_of(
            message,
            frame.message_id,
            EventKind.BOOTED,
            ABSENT,
        )
    ]


def unfit_meter(value: object, flags: Flags) -> None:
    """A meter type that says of itself that it is not fit for billing by kWh."""
    if isinstance(value, str) and "non compliant" in value.lower().replace("-", " "):
        flags.append(("meter_not_compliant", f"the meter declares itself unfit: {value[:60]!r}"))


def too_long(payload: dict[str, Any], longest: dict[str, int], flags: Flags) -> None:
    """Texts beyond their length are kept whole and flagged."""
    for field, value in payload.items():
        limit = longest.get(field)
        if limit and isinstance(value, str) and len(value) > limit:
            flags.append(
                ("text_too_long", f"{field}: expected {limit} characters, came {len(value)}")
            )
