"""What a sampled value measures: measurand, phase, location, context and the worth of its unit.

OCPP 1.6 §7.43 SampledValue and its enums; OCPP 2.0.1 part 2 §2.43. Absent parts take the
specification's defaults; unknown ones are kept as they came.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from ingest.protocols.ocpp.scalars import Flags, member, shown, spellings, whole

REGISTER = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
CURRENT = "Current.Import"

MEASURANDS = spellings("""
    Current.Export Current.Import Current.Offered Energy.Active.Export.Register
    Energy.Active.Import.Register Energy.Reactive.Export.Register Energy.Reactive.Import.Register
    Energy.Active.Export.Interval Energy.Active.Import.Interval Energy.Active.Net
    Energy.Reactive.Export.Interval Energy.Reactive.Import.Interval Energy.Reactive.Net
    Energy.Apparent.Net Energy.Apparent.Import Energy.Apparent.Export Frequency
    Power.Active.Export Power.Active.Import Power.Factor Power.Offered Power.Reactive.Export
    Power.Reactive.Import RPM SoC Temperature Voltage
    Current.Export.Offered Current.Export.Minimum Current.Import.Offered Current.Import.Minimum
    Display.PresentSOC Display.MinimumSOC Display.TargetSOC Display.MaximumSOC
    Display.RemainingTimeToMinimumSOC Display.RemainingTimeToTargetSOC
    Display.RemainingTimeToMaximumSOC Display.ChargingComplete Display.BatteryEnergyCapacity
    Display.InletHot Energy.Active.Import.CableLoss Energy.Active.Import.LocalGeneration.Register
    Energy.Active.Setpoint.Interval Energy.Request.Target Energy.Request.Minimum
    Energy.Request.Maximum Energy.Request.Minimum.V2X Energy.Request.Maximum.V2X
    Energy.Request.Bulk Power.Active.Setpoint Power.Active.Residual Power.Export.Minimum
    Power.Export.Offered Power.Import.Offered Power.Import.Minimum Voltage.Minimum Voltage.Maximum
""")
PHASES = spellings("L1 L2 L3 N L1-N L2-N L3-N L1-L2 L2-L3 L3-L1")
LOCATIONS = spellings("Body Cable EV Inlet Outlet Upstream")
CONTEXTS = spellings("""
    Interruption.Begin Interruption.End Other Sample.Clock Sample.Periodic Transaction.Begin
    Transaction.End Trigger
""")
UNITS_16 = spellings("""
    Wh kWh varh kvarh W kW VA kVA var kvar A V K Celcius Celsius Fahrenheit Percent
""")
_ENERGY = {"mWh": -3, "Wh": 0, "kWh": 3, "MWh": 6, "GWh": 9}
_POWER = {"mW": -3, "W": 0, "kW": 3, "MW": 6}
_CURRENT = {"mA": -3, "A": 0, "kA": 3}
_BY_CASE = {"wh": "Wh", "kwh": "kWh", "gwh": "GWh", "w": "W", "kw": "kW", "a": "A"}
"""Without `mwh` and `mw`: milli or mega cannot be told without their case."""
_TABLES = (_ENERGY, _POWER, _CURRENT)
_BY_MEASURAND = {POWER: _POWER, CURRENT: _CURRENT}
MULTIPLIERS = range(-12, 13)
_FLOWS = frozenset({"", "L1", "L2", "L3", "L1-N", "L2-N", "L3-N"})
"""Phases whose currents add up to what a vehicle takes: not the neutral, no phase to another."""


@dataclass(frozen=True, slots=True)
class Label:
    """`wh`, `watt` and `ampere` are the powers of ten that turn a value into Wh, W or A, None where
    unsure; of a current that adds nothing to what flows into a vehicle there is no `ampere`.
    """

    measurand: str
    phase: str
    location: str
    context: str
    unit: str
    wh: int | None
    watt: int | None
    ampere: int | None
    flags: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=8192, typed=True)
def label_16(
    measurand: object, phase: object, location: object, context: object, unit: object
) -> Label:
    """From the raw JSON values of an OCPP 1.6 sample, made `hashable`.

    A fleet says few different things: each is worked out once.
    """
    flags: Flags = []
    found = _label((measurand, phase, location, context), unit, 0, flags)
    known = found.unit.lower() in UNITS_16 or any(found.unit in one for one in _TABLES)
    if found.unit and not known and not any(rule == "unit_mismatch" for rule, _ in flags):
        flags.append(("unknown_enum", f"unit: {shown(found.unit)} is not in its list: kept"))
    return replace(found, flags=tuple(flags))


@lru_cache(maxsize=8192, typed=True)
def label_201(  # noqa: PLR0917 - positional is what the cache keys by
    measurand: object,
    phase: object,
    location: object,
    context: object,
    unit: object,
    multiplier: object,
) -> Label:
    """The same of OCPP 2.0.1, where a unit is any text and has a power of ten beside it."""
    flags: Flags = []
    exponent = _multiplier(multiplier, flags)
    return replace(
        _label((measurand, phase, location, context), unit, exponent, flags), flags=tuple(flags)
    )


def _label(
    parts: tuple[object, object, object, object],
    unit: object,
    exponent: int | None,
    flags: Flags,
) -> Label:
    measurand, phase, location, context = parts
    what = _part(measurand, REGISTER, MEASURANDS, flags, "measurand")
    symbol, worth = _worth(what, unit, flags)
    power = None if worth is None or exponent is None else worth + exponent
    conductor = _part(phase, "", PHASES, flags, "phase")
    return Label(
        what,
        conductor,
        _part(location, "Outlet", LOCATIONS, flags, "location"),
        _part(context, "Sample.Periodic", CONTEXTS, flags, "context"),
        symbol,
        power if _is_energy(what) else None,
        power if what == POWER else None,
        power if what == CURRENT and conductor in _FLOWS else None,
    )


def hashable(value: object) -> object:
    """A list or object where a text belongs, as the text it looks like."""
    return str(value)[:200] if isinstance(value, list | dict) else value


def _part(value: object, default: str, known: dict[str, str], flags: Flags, name: str) -> str:
    if value is None:
        return default
    if type(value) is not str:
        flags.append(("not_text", f"{name}: expected a text, came {shown(value)}"))
        return str(value)[:200]
    if not value.strip():
        flags.append(("enum_spelling", f"{name}: came an empty text: read as absent"))
        return default
    if value in known.values():
        return value
    return member(value, known, flags, name)


def _is_energy(measurand: str) -> bool:
    return measurand.startswith("Energy.Active.")


def _worth(measurand: str, unit: object, flags: Flags) -> tuple[str, int | None]:
    """The unit as labelled, and its worth in Wh, W or A as a power of ten.

    Without a unit an energy is in Wh (the default) and a current in A, which no other unit can
    mean in OCPP; a power may be in W or kW.
    """
    table = _ENERGY if _is_energy(measurand) else _BY_MEASURAND.get(measurand, {})
    name = "" if unit is None else str(unit)[:200].strip()
    if not name:
        if table is _POWER:
            flags.append(("unit_missing", f"{measurand}: expected a unit, came none"))
        return ("Wh", 0) if table is _ENERGY else ("", 0 if table is _CURRENT else None)
    if name in table:
        return name, table[name]
    right = _BY_CASE.get(name.lower(), "")
    if right in table:
        flags.append(("enum_spelling", f"unit: {shown(name)} read as {right}"))
        return right, table[right]
    if table:
        flags.append(("unit_mismatch", f"{measurand} cannot be in {shown(name)}: no worth"))
    return name, None


def _multiplier(value: object, flags: Flags) -> int | None:
    """2.0.1 unitOfMeasure.multiplier: a power of ten."""
    found = 0 if value is None else whole(value, flags, "multiplier")
    if found is None or found not in MULTIPLIERS:
        flags.append(("multiplier_out_of_range", f"multiplier: {shown(value)} cannot be meant"))
        return None
    return found
