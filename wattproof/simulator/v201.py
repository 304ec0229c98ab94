"""A charging station that speaks OCPP 2.0.1 (edition 3), with every one of its habits and faults.

Transactions: Part 2, use cases E01 to E15; the station gives the transaction its id.
"""

from datetime import datetime
from decimal import Decimal

from wattproof.simulator.charges import Charge, Ending, Moment, Sample, Step
from wattproof.simulator.faults import Fault
from wattproof.simulator.station import (
    JSON,
    Call,
    MessageIds,
    Talk,
    currents,
    energy,
    register,
    stamp,
)

_CONTEXTS = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}


class ChargingStation201:
    """`connectors` EVSEs of one connector each, from 1 on; `phases`: whose current is told."""

    subprotocol = "ocpp2.0.1"

    def __init__(
        self,
        id: str,  # noqa: A002 - the field's own name
        *,
        seed: int,
        connectors: int = 1,
        model: str = "DC-150",
        phases: tuple[str, ...] = (),
    ) -> None:
        self.id = id
        self._phases = phases
        self._ids = MessageIds(id, seed)
        self._connectors = connectors
        self._model = model
        self._sequence: dict[str, int] = {}
        self._refused: set[str] = set()

    def boot(self, at: datetime) -> Talk:
        """BootNotification, then the state of each connector that is not in use."""
        station: JSON = {
            "vendorName": "Wattproof Simulator",
            "model": self._model,
            "serialNumber": self.id[-25:],
            "firmwareVersion": "2.0.126",
        }
        yield self._call("BootNotification", {"reason": "PowerUp", "chargingStation": station})
        if not self._sequence:
            for evse in range(1, self._connectors + 1):
                yield self._status(evse, "Available", at)

    def heartbeat(self) -> Talk:
        """Heartbeat."""
        yield self._call("Heartbeat", {})

    def perform(self, moment: Moment) -> Talk:
        """The frames of one moment of a charge; nothing more once its driver was refused."""
        charge = moment.charge
        assert charge is not None
        if charge.id in self._refused:
            return
        match moment.step:
            case Step.PLUG:
                yield from self._start(charge, moment)
            case Step.SAMPLE:
                assert moment.sample is not None
                trigger = "MeterValueClock" if charge.clock_aligned else "MeterValuePeriodic"
                yield self._event(charge, moment, "Updated", trigger, moment.sample)
            case Step.SUSPEND:
                yield self._event(charge, moment, "Updated", "ChargingStateChanged")
            case Step.STOP:
                yield from self._stop(charge, moment)
            case Step.UNPLUG:
                yield from self._unplug(charge, moment)
            case _:
                raise AssertionError(f"{moment.step} is not a moment of a charge")

    def _start(self, charge: Charge, moment: Moment) -> Talk:
        yield self._status(charge.connector, "Occupied", moment.at, charge)
        if not moment.offline:
            answer = yield self._call("Authorize", {"idToken": _token(charge)})
            if not _accepted(answer):
                self._refused.add(charge.id)
                yield self._status(charge.connector, "Available", moment.at, charge)
                return
        self._sequence[charge.id] = 0
        if charge.has(Fault.LOST_START):
            return
        started = self._event(charge, moment, "Started", "Authorized", Sample(moment.at, 0, 0))
        yield started
        if charge.has(Fault.DUPLICATE_START):
            yield self._call(started.action, started.payload)

    def _stop(self, charge: Charge, moment: Moment) -> Talk:
        vehicle = charge.ending is Ending.VEHICLE
        trigger = "EVCommunicationLost" if vehicle else "StopAuthorized"
        ended = self._event(
            charge, moment, "Ended", trigger, Sample(moment.at, charge.energy_wh, 0)
        )
        yield ended
        if charge.has(Fault.DUPLICATE_STOP):
            yield self._call(ended.action, ended.payload)

    def _unplug(self, charge: Charge, moment: Moment) -> Talk:
        if charge.has(Fault.ENERGY_AFTER_STOP):
            late = Sample(moment.at, charge.energy_wh + 1_500, 0)
            yield self._call(
                "MeterValues",
                {
                    "evseId": charge.connector,
                    "meterValue": [_meter_value(charge, late, "Sample.Clock", self._phases)],
                },
            )
        self._sequence.pop(charge.id, None)
        yield self._status(charge.connector, "Available", moment.at, charge)

    def _event(
        self,
        charge: Charge,
        moment: Moment,
        kind: str,
        trigger: str,
        sample: Sample | None = None,
    ) -> Call:
        info: JSON = {"transactionId": charge.transaction, "chargingState": _state(kind, moment)}
        payload: JSON = {
            "eventType": kind,
            "timestamp": stamp(moment.at, charge, start=kind == "Started"),
            "triggerReason": trigger,
            "seqNo": self._next(charge),
            "transactionInfo": info,
            "evse": {"id": charge.connector, "connectorId": 1},
        }
        if moment.offline:
            payload["offline"] = True
        if kind in {"Started", "Ended"}:
            payload["idToken"] = _token(charge)
        if kind == "Ended":
            info["stoppedReason"] = charge.ending.value
        if sample is not None:
            context = _CONTEXTS.get(kind, charge.context)
            payload["meterValue"] = [_meter_value(charge, sample, context, self._phases)]
        return self._call("TransactionEvent", payload)

    def _next(self, charge: Charge) -> int:
        number = self._sequence.get(charge.id, 0)
        self._sequence[charge.id] = number + 1
        return 0 if charge.has(Fault.CONSTANT_SEQUENCE) else number

    def _status(self, evse: int, status: str, at: datetime, charge: Charge | None = None) -> Call:
        return self._call(
            "StatusNotification",
            {
                "timestamp": stamp(at, charge),
                "connectorStatus": status,
                "evseId": evse,
                "connectorId": 1,
            },
        )

    def _call(self, action: str, payload: JSON) -> Call:
        return Call(self._ids.text(), action, payload)


def _accepted(answer: JSON | None) -> bool:
    return bool((answer or {}).get("idTokenInfo", {}).get("status") == "Accepted")


def _token(charge: Charge) -> JSON:
    return {"idToken": charge.token, "type": "ISO14443"}


def _state(kind: str, moment: Moment) -> str:
    if kind == "Ended":
        return "EVConnected"
    return "SuspendedEV" if moment.step is Step.SUSPEND or _idle(moment) else "Charging"


def _idle(moment: Moment) -> bool:
    """Whether the vehicle had had enough before this moment."""
    charge = moment.charge
    return (
        charge is not None and charge.suspended_at is not None and moment.at >= charge.suspended_at
    )


def _meter_value(charge: Charge, sample: Sample, context: str, phases: tuple[str, ...]) -> JSON:
    wh = register(charge, sample.wh)
    if context == "Transaction.Begin" and charge.has(Fault.BEGIN_PLACEHOLDER):
        wh = 0
    text, unit = energy(charge, wh)
    sampled: list[JSON] = [
        {
            "value": Decimal(text),
            "context": context,
            "measurand": "Energy.Active.Import.Register",
            "location": "Outlet",
            "unitOfMeasure": {"unit": unit},
        }
    ]
    if context.startswith("Sample."):
        sampled.append(
            {
                "value": sample.watt,
                "context": context,
                "measurand": "Power.Active.Import",
                "unitOfMeasure": {"unit": "W"},
            }
        )
        for phase, ampere in currents(phases, sample.watt):
            said: JSON = {
                "value": Decimal(ampere),
                "context": context,
                "measurand": "Current.Import",
                "unitOfMeasure": {"unit": "A"},
            }
            sampled.append(said | ({"phase": phase} if phase else {}))
    return {"timestamp": stamp(sample.at, charge), "sampledValue": sampled}
