"""A session, the people and places around it, and a tariff: each with what a test wants changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from billing.cdr import Context
from billing.finding import Source
from billing.party import EVSE, Connector, Location, Party, Role, Token
from billing.session import (
    Activity,
    ActivityChange,
    CurrentSample,
    EnergySource,
    PowerSample,
    Register,
    Session,
    SessionState,
    StampSource,
)
from tests.billing.pricing.samples import at, tariff

SOURCE = Source("ingest-1", 7)
SELLER = Party(
    "NL",
    "WTP",
    Role.CPO,
    "Wattproof Laden B.V.",
    "Keizersgracht 100",
    "1015 AA",
    "Amsterdam",
    "NLD",
    "NL001234567B01",
    "invoices@example.org",
    iban="NL91 ABNA 0417 1643 00",
)
BUYER = Party(
    "DE", "ABC", Role.EMSP, "Müller Mobil GmbH", "Torstraße 1", "10119", "Berlin", "DEU", "DE1"
)
CONNECTOR = Connector(1, "IEC_62196_T2", "SOCKET", "AC_3_PHASE", 230, 32, Decimal(22))
SITE = Location(
    "NL",
    "WTP",
    "LOC1",
    "P+R Zeeburg",
    "Zuiderzeeweg 2",
    "Amsterdam",
    "1095 KJ",
    "NLD",
    "52.37",
    "4.96",
    "Europe/Amsterdam",
    datetime(2026, 1, 1, tzinfo=UTC),
)


def session(
    start: str = "2026-10-05T12:00",
    end: str = "2026-10-05T14:00",
    *,
    readings: dict[str, str] | None = None,
    parked_from: str = "",
    power: dict[str, str] | None = None,
    current: dict[str, str] | None = None,
    energy: str | None = "20000",
    **changes: Any,
) -> Session:
    """Local times; readings in Wh since the start (the end's is `energy`); power in kW,
    current in A.
    """
    start_at, end_at = at(start), at(end)
    registers = [Register(start_at, Decimal(0), SOURCE)]
    registers += [Register(at(when), Decimal(wh), SOURCE) for when, wh in (readings or {}).items()]
    if energy is not None:
        registers.append(Register(end_at, Decimal(energy), SOURCE))
    activity = [ActivityChange(start_at, Activity.CHARGING, "started", SOURCE)]
    if parked_from:
        activity.append(ActivityChange(at(parked_from), Activity.PARKED, "SuspendedEV", SOURCE))
    made = Session(
        id=str(uuid5(NAMESPACE_URL, f"{start}/{end}")),
        version=1,
        state=SessionState.CLOSED,
        station="CP1",
        evse=1,
        connector=1,
        protocol="ocpp1.6",
        transaction="17",
        id_token="04A1",
        id_token_type="",
        start_at=start_at,
        end_at=end_at,
        start_source=StampSource.CHARGER,
        end_source=StampSource.CHARGER,
        meter_start_wh=Decimal(0),
        meter_stop_wh=None if energy is None else Decimal(energy),
        energy_wh=None if energy is None else Decimal(energy),
        energy_source=EnergySource.METER_STOP,
        stop_reason="Local",
        registers=tuple(registers),
        activity=tuple(activity),
        power=tuple(
            PowerSample(at(when), Decimal(kw) * 1000) for when, kw in (power or {}).items()
        ),
        current=tuple(
            CurrentSample(at(when), Decimal(ampere)) for when, ampere in (current or {}).items()
        ),
        signed_values=(),
        findings=(),
        held=False,
        sources=(SOURCE,),
        closed_at=end_at,
        emitted_at=end_at + timedelta(minutes=10),
    )
    return replace(made, **changes)


def context(tariff_name: str = "energy", **changes: Any) -> Context:
    known = Context(
        seller=SELLER,
        buyer=BUYER,
        token=Token("04A1", "RFID", "DE-ABC", "DE-ABC-C000017-2"),
        location=SITE,
        evse=EVSE("CP1-1", "NL*WTP*E1*1", 1, (CONNECTOR,)),
        connector=CONNECTOR,
        tariff=tariff(tariff_name),
    )
    return replace(known, **changes)
