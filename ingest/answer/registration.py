"""Boot and heartbeat: alike in every OCPP version but for where the station's name plate stands."""

from ingest.answer.call import Answer, Call, instant
from ingest.view import PENDING_INTERVAL_S, View
from warehouse.registry import Change

_STATUS = {"accepted": "Accepted", "pending": "Pending", "blocked": "Rejected"}


def boot(call: Call, view: View, now_ns: int, plate: dict[str, str]) -> Answer:
    """Accepted, Pending or Rejected by the station's status, with our time and the interval in s.

    `plate` is what the station says of itself; what is empty or odd is kept as it is: refusing a
    boot only makes it come again (OCPP 1.6 §4.2, 2.0.1 part 2 B01).
    """
    row = view.station(call.station)
    status = _STATUS.get(row["status"], "Pending") if row is not None else "Pending"
    interval = view.heartbeat_interval_s() if status == "Accepted" else PENDING_INTERVAL_S
    values = {**plate, "booted_ns": now_ns}
    return Answer(
        {"status": status, "currentTime": instant(now_ns), "interval": interval},
        (Change("station", (call.station,), values, "update"),),
    )


def heartbeat(_call: Call, _view: View, now_ns: int) -> Answer:
    """Our time."""
    return Answer({"currentTime": instant(now_ns)})
