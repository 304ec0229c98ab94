"""A charge point that speaks OCPP 1.6 (edition 2), with every one of its habits and faults.

Transactions: section 4.8 and 4.10; offline behaviour: section 3.7.
"""

from datetime import datetime
from typing import Any

from wattproof.simulator.charges import Charge, Moment, Sample, Step
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


class ChargePoint16:
    """`model` is what its BootNotification says, `phases` those whose current it tells."""

    subprotocol = "ocpp1.6"

    def __init__(
        self,
        id: str,  # noqa: A002 - the field's own name
        *,
        seed: int,
        connectors: int = 1,
        model: str = "AC-22",
        phases: tuple[str, ...] = (),
    ) -> None:
        self.id = id
        self._phases = phases
        self._ids = MessageIds(id, seed)
        self._connectors = connectors
        self._model = model
        self._transactions: dict[str, int] = {}
        self._refused: set[str] = set()

    def boot(self, at: datetime) -> Talk:
        """BootNotification, then the state of each connector that is not in use."""
        yield self._call(
            "BootNotification",
            {
                "chargePointVendor": "Wattproof Simulator",
                "chargePointModel": self._model,
                "chargePointSerialNumber": self.id[-25:],
                "firmwareVersion": "1.6.26",
            },
        )
        if not self._transactions:
            for connector in range(self._connectors + 1):
                yield self._status(connector, "Available", at)

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
                yield self._sample(charge, moment.sample)
            case Step.SUSPEND:
                yield self._status(charge.connector, "SuspendedEV", moment.at, charge)
            case Step.STOP:
                yield from self._stop(charge, moment.at)
            case Step.UNPLUG:
                yield from self._unplug(charge, moment.at)
            case _:
                raise AssertionError(f"{moment.step} is not a moment of a charge")

    def _start(self, charge: Charge, moment: Moment) -> Talk:
        yield self._status(charge.connector, "Preparing", moment.at, charge)
        if not moment.offline:
            answer = yield self._call("Authorize", {"idTag": charge.token}, charge)
            if not _accepted(answer):
                self._refused.add(charge.id)
                yield self._status(charge.connector, "Available", moment.at, charge)
                return
        if charge.has(Fault.LOST_START):
            return
        start: JSON = {
            "connectorId": charge.connector,
            "idTag": charge.token,
            "meterStart": charge.meter_start_wh,
            "timestamp": stamp(moment.at, charge, start=True),
        }
        answer = yield self._call("StartTransaction", start, charge)
        if charge.has(Fault.DUPLICATE_START):
            answer = yield self._call("StartTransaction", start, charge)
        self._transactions[charge.id] = int((answer or {}).get("transactionId", 0))
        yield self._status(charge.connector, "Charging", moment.at, charge)

    def _sample(self, charge: Charge, sample: Sample) -> Call:
        payload: JSON = {
            "connectorId": charge.connector,
            "meterValue": [
                {
                    "timestamp": stamp(sample.at, charge),
                    "sampledValue": [
                        _register(charge, sample.wh, charge.context),
                        {
                            "value": str(sample.watt),
                            "context": charge.context,
                            "measurand": "Power.Active.Import",
                            "unit": "W",
                        },
                        *[
                            _current(charge, phase, ampere)
                            for phase, ampere in currents(self._phases, sample.watt)
                        ],
                    ],
                }
            ],
        }
        if charge.id in self._transactions:
            payload["transactionId"] = self._transactions[charge.id]
        return self._call("MeterValues", payload, charge)

    def _stop(self, charge: Charge, at: datetime) -> Talk:
        zero = charge.has(Fault.STOP_ID_ZERO) or charge.has(Fault.LOST_START)
        long = charge.has(Fault.LONG_ID_TAG)
        stop: JSON = {
            "transactionId": 0 if zero else self._transactions.get(charge.id, 0),
            "idTag": charge.token.ljust(26, "0") if long else charge.token,
            "meterStop": register(charge, charge.energy_wh),
            "timestamp": stamp(at, charge),
            "reason": charge.ending.value,
            "transactionData": [
                {
                    "timestamp": stamp(at, charge),
                    "sampledValue": [_register(charge, charge.energy_wh, "Transaction.End")],
                }
            ],
        }
        yield self._call("StopTransaction", stop, charge)
        if charge.has(Fault.DUPLICATE_STOP):
            yield self._call("StopTransaction", stop, charge)
        yield self._status(charge.connector, "Finishing", at, charge)

    def _unplug(self, charge: Charge, at: datetime) -> Talk:
        if charge.has(Fault.ENERGY_AFTER_STOP):
            yield self._sample(charge, Sample(at, charge.energy_wh + 1_500, 0))
        self._transactions.pop(charge.id, None)
        yield self._status(charge.connector, "Available", at, charge)

    def _status(
        self, connector: int, status: str, at: datetime, charge: Charge | None = None
    ) -> Call:
        payload: JSON = {
            "connectorId": connector,
            "errorCode": "NoError",
            "status": status,
            "timestamp": stamp(at, charge),
        }
        return self._call("StatusNotification", payload, charge)

    def _call(self, action: str, payload: JSON, charge: Charge | None = None) -> Call:
        numeric = charge is not None and charge.has(Fault.NUMERIC_MESSAGE_ID)
        return Call(self._ids.number() if numeric else self._ids.text(), action, payload)


def _accepted(answer: JSON | None) -> bool:
    info: dict[str, Any] = (answer or {}).get("idTagInfo", {})
    return info.get("status") == "Accepted"


def _current(charge: Charge, phase: str, ampere: str) -> JSON:
    said: JSON = {
        "value": ampere,
        "context": charge.context,
        "measurand": "Current.Import",
        "unit": "A",
    }
    return said | ({"phase": phase} if phase else {})


def _register(charge: Charge, wh: int, context: str) -> JSON:
    value, unit = energy(charge, register(charge, wh))
    return {
        "value": value,
        "context": context,
        "measurand": "Energy.Active.Import.Register",
        "location": "Outlet",
        "unit": unit,
    }
