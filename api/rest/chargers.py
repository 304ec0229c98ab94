"""How a charger is connected, and what its connectors report."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from api.deps import Deps, Row
from api.envelope import instant_of
from api.rest.access import PROBLEMS, requires
from api.rest.problem import ProblemError
from ingest.protocols.ocpi.wire import instant

HEARTBEAT_INTERVAL_S = 300
_SCOPE = "chargers"
ChargePoint = Annotated[str, Path(description="Identity of the charge point", examples=["CP-1"])]


class ConnectionStatus(BaseModel):
    """Offline: nothing was heard for twice the heartbeat interval, or the connection is closed."""

    charge_point_id: str = Field(examples=["CP-1"])
    status: str = Field(description="online, offline or never_connected", examples=["online"])
    registration: str = Field(description="accepted, pending or blocked", examples=["accepted"])
    protocol: str = Field(description="OCPP version in use", examples=["ocpp1.6"])
    since: str | None = Field(description="UTC; since when", examples=["2026-10-01T08:00:00Z"])
    last_heard_at: str | None = Field(description="UTC", examples=["2026-10-01T09:12:30Z"])
    heartbeat_interval_s: int = Field(description="seconds", examples=[300])
    reason: str = Field(description="why the connection ended, where it did")


class ConnectorStatus(BaseModel):
    """One connector: what it is, and what the charger said of it last."""

    evse_uid: str = Field(examples=["CP-1-1"])
    evse_id: str = Field(description="eMI3 id", examples=["NL*ABC*E1"])
    evse: int = Field(description="OCPP EVSE number (1.6: the connector's)", examples=[1])
    connector: int = Field(examples=[1])
    standard: str = Field(description="OCPI ConnectorType", examples=["IEC_62196_T2"])
    max_power_kw: str = Field(description="kW, decimal text", examples=["22"])
    status: str = Field(description="OCPP status, empty: never reported", examples=["Charging"])
    error_code: str = Field(examples=["NoError"])
    stamp: str = Field(description="the charger's own time text")
    received_at: str | None = Field(description="UTC", examples=["2026-10-01T09:12:30Z"])


class Connectors(BaseModel):
    """The connectors of one charge point, by EVSE and connector."""

    charge_point_id: str
    connectors: list[ConnectorStatus]


def chargers_router(deps: Deps) -> APIRouter:
    """The routes about chargers."""
    router = APIRouter(
        prefix="/api/v1",
        tags=["Chargers"],
        dependencies=[Depends(requires(deps, _SCOPE))],
        responses=PROBLEMS,
    )

    @router.get("/installer/charge-points/{charge_point_id}/connection-status")
    def connection_status(charge_point_id: ChargePoint) -> ConnectionStatus:
        """Whether a charge point is connected, since when, and when it was last heard."""
        station = _station(deps, charge_point_id)
        connection = deps.registry.connection(charge_point_id)
        interval = _heartbeat_interval_s(deps)
        return ConnectionStatus(
            charge_point_id=charge_point_id,
            status=_reached(connection, deps.clock.now_ns(), interval),
            registration=station["status"],
            protocol=connection["protocol"] if connection else "",
            since=_stamp(connection["since_ns"] if connection else 0),
            last_heard_at=_stamp(connection["heard_ns"] if connection else 0),
            heartbeat_interval_s=interval,
            reason=connection["reason"] if connection else "",
        )

    @router.get("/chargepoints/{charge_point_id}/connectors")
    def connectors(charge_point_id: ChargePoint) -> Connectors:
        """What each connector of a charge point is, and its last reported status."""
        station = _station(deps, charge_point_id)
        states = {
            (state["evse"], state["connector"]): state
            for state in deps.registry.connectors(charge_point_id)
        }
        told = [
            _connector(evse, connector, states)
            for evse in station["evses"]
            for connector in evse.get("connectors", ())
        ]
        return Connectors(charge_point_id=charge_point_id, connectors=told)

    return router


def _station(deps: Deps, charge_point_id: str) -> Row:
    station = deps.registry.station(charge_point_id)
    if station is None:
        raise ProblemError(404, f"no charge point {charge_point_id}")
    return station


def _heartbeat_interval_s(deps: Deps) -> int:
    value = deps.registry.policies().get("heartbeat_interval_s", HEARTBEAT_INTERVAL_S)
    return max(1, value) if type(value) is int else HEARTBEAT_INTERVAL_S


def _reached(connection: Row | None, now_ns: int, interval_s: int) -> str:
    if connection is None:
        return "never_connected"
    silent_ns = now_ns - connection["heard_ns"]
    heard = connection["online"] and silent_ns <= 2 * interval_s * 1_000_000_000
    return "online" if heard else "offline"


def _connector(
    evse: dict[str, Any], connector: dict[str, Any], states: dict[tuple[int, int], Row]
) -> ConnectorStatus:
    """OCPP 1.6 numbers connectors over the whole station: there EVSE and connector are alike."""
    number = int(evse.get("ocpp_evse", 0))
    state = states.get((number, int(connector["id"]))) or states.get((number, number)) or {}
    return ConnectorStatus(
        evse_uid=str(evse["uid"]),
        evse_id=str(evse.get("evse_id", "")),
        evse=number,
        connector=int(connector["id"]),
        standard=str(connector["standard"]),
        max_power_kw=str(connector.get("max_power_kw", "")),
        status=state.get("status", ""),
        error_code=state.get("error_code", ""),
        stamp=state.get("stamp", ""),
        received_at=_stamp(state.get("received_ns", 0)),
    )


def _stamp(ns: int) -> str | None:
    return instant(instant_of(ns)) if ns else None
