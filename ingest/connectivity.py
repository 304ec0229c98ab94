"""Who is connected: what connection entries mean for the registry. Pure.

A station is online while its newest connection is open; a connection on which nothing at all was
heard for twice the heartbeat interval is closed, and the station offline. No session depends on it.
"""

from collections.abc import Mapping
from typing import Any

from ingest.view import View
from warehouse.log import Entry
from warehouse.registry import Change

OPENED, CLOSED, REFUSED = "opened", "closed", "refused"


def silent_after_s(view: View) -> int:
    """Seconds of silence after which a connection is taken for dead."""
    return 2 * view.heartbeat_interval_s()


def connection_changes(event: Mapping[str, Any], entry: Entry, view: View) -> tuple[Change, ...]:
    """What one `connection` entry changes.

    The end of a connection ends nothing where a newer one of the same station took over.
    """
    station = entry.peer
    if event.get("event") == OPENED:
        values = {
            "online": True,
            "connection": entry.connection,
            "protocol": entry.protocol,
            "remote": str(event.get("remote", "")),
            "reason": "",
            "since_ns": entry.received_ns,
            "heard_ns": entry.received_ns,
        }
        opened = Change("connection", (station,), values)
        if view.station(station) is None:
            return (Change("station", (station,), {"status": "pending"}), opened)
        return (opened,)
    row = view.connection(station)
    if event.get("event") != CLOSED or row is None or row["connection"] != entry.connection:
        return ()
    return (_offline(station, str(event.get("reason", "")), entry.received_ns),)


def restart_changes(view: View, now_ns: int) -> tuple[Change, ...]:
    """A service that starts finds nobody connected."""
    rows = (view.connection(row["id"]) for row in view.stations())
    return tuple(
        _offline(row["station"], "the service was restarted", now_ns)
        for row in rows
        if row is not None and row["online"]
    )


def _offline(station: str, reason: str, at_ns: int) -> Change:
    values = {"online": False, "reason": reason, "since_ns": at_ns}
    return Change("connection", (station,), values, "update")
