"""StatusNotification and BootNotification. OCPP 2.0.1 part 2 §1.4, §1.59."""

from billing.events import EventKind, Fact
from ingest.protocols.ocpp.frame import Frame
from ingest.protocols.ocpp.message import Message
from ingest.protocols.ocpp.mould import event_of
from ingest.protocols.ocpp.scalars import Flags, member, object_of, spellings, text, whole
from ingest.protocols.ocpp.stamps import ABSENT, flag, read_stamp
from ingest.protocols.ocpp.v16.status import too_long

STATUSES = spellings("Available Occupied Reserved Unavailable Faulted")
BOOT_REASONS = spellings("""
    ApplicationReset FirmwareUpdate LocalReset PowerUp RemoteReset ScheduledReset Triggered
    Unknown Watchdog
""")
_LONGEST = {"serialNumber": 25, "model": 20, "vendorName": 50, "firmwareVersion": 50}


def status_notification(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    """The status of one connector of one EVSE; EVSE 0 is the station as a whole."""
    payload = frame.payload
    stamp = read_stamp(payload.get("timestamp"))
    mark = flag(stamp)
    if mark:
        flags.append(mark)
    status = text(payload.get("connectorStatus"), flags, "connectorStatus")
    return [
        event_of(
            message,
            frame.message_id,
            EventKind.STATUS,
            stamp,
            evse=whole(payload.get("evseId"), flags, "evseId"),
            connector=whole(payload.get("connectorId"), flags, "connectorId"),
            status=member(status, STATUSES, flags, "connectorStatus") if status else "",
        )
    ]


def boot_notification(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    """A boot and why it happened."""
    payload = frame.payload
    station = object_of(payload.get("chargingStation"), flags, "chargingStation")
    for field in ("vendorName", "model"):
        if not text(station.get(field), flags, field).strip():
            flags.append(("vendor_empty", f"{field}: expected a name, came nothing"))
    too_long(station, _LONGEST, flags)
    reason = text(payload.get("reason"), flags, "reason")
    return [
        event_of(
            message,
            frame.message_id,
            EventKind.BOOTED,
            ABSENT,
            reason=member(reason, BOOT_REASONS, flags, "reason") if reason else "",
        )
    ]
