"""How much was delivered: a ladder of sources, the rung taken, and every disagreement.

S1 signed (kept and compared; verified elsewhere) · S2 meterStop − meterStart · S3 last − first
register inside the window · S4 sum of the phases · S5 unknown: no substitute value.
Reads registers only; knows nothing of prices, and never takes a value that nobody sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from billing.dossier import Dossier, Note
from billing.finding import Source
from billing.mould import mould
from billing.plausibility import ALLOWANCE_WH, MICROSECOND, Limit
from billing.reel import Point, Reel
from billing.session import EnergyCandidate, EnergySource, Register
from billing.session_policy import SessionPolicy

ZERO = Decimal(0)
_ZERO_TIME = timedelta(0)
_FACTOR = Decimal(1000)
_new_register = mould(Register)

_FAR = 3
"""A meterStop this often beyond the possible is a lifetime register, not too much energy."""

_NEAR = Decimal("0.1")
"""Two energies whose ratio is 1000 to within this share differ by their unit."""


@dataclass(slots=True)
class Measured:
    """The outcome of the ladder for one session. Energy and registers in Wh, exact to 0.001."""

    rung: EnergySource = EnergySource.UNKNOWN
    energy_wh: Decimal | None = None
    meter_start_wh: Decimal | None = None
    meter_stop_wh: Decimal | None = None
    registers: Sequence[Register] = ()
    candidates: list[EnergyCandidate] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class _Climb:
    """What the rungs share while they are tried."""

    dossier: Dossier
    reel: Reel
    limit: Limit
    policy: SessionPolicy
    measured: Measured
    begin: Decimal | None = None
    end: Decimal | None = None
    restarted: bool = False
    points: list[Point] = field(default_factory=list)
    steps: list[tuple[datetime, Decimal, Source]] = field(default_factory=list)
    """(at, Wh since the first point, source): what the register counted, drops taken out."""

    def note(self, rule: str, message: str, source: Source | None = None) -> None:
        self.measured.notes.append(Note(rule, message, source or self.source))

    @property
    def source(self) -> Source:
        """The entry that a finding points at where no better one is known."""
        dossier = self.dossier
        fact = dossier.stop or dossier.start or (dossier.events or dossier.readings)[0]
        return fact.source

    @property
    def start_source(self) -> Source:
        return self.dossier.start.source if self.dossier.start else self.source


def measure(dossier: Dossier, reel: Reel, limit: Limit, policy: SessionPolicy) -> Measured:
    """Climb the ladder for one session."""
    climb = _Climb(dossier, reel, limit, policy, Measured())
    climb.points = list(reel.points)
    climb.measured.notes += reel.notes
    _take_meters(climb)
    _settle_begin(climb)
    _count(climb)
    _try_meter_stop(climb)
    _try_registers(climb)
    _choose(climb)
    _check_outside(climb)
    climb.measured.registers = _registers(climb)
    return climb.measured


def _take_meters(climb: _Climb) -> None:
    """meterStart and meterStop: of the messages themselves, else of the registers in them."""
    dossier, reel = climb.dossier, climb.reel
    start, stop = dossier.start, dossier.stop
    begin = start.meter_wh if start is not None else None
    if begin is not None and begin < 0:
        begin = None
    if begin is None and start is not None:
        begin = next((point[2] for point in _said_with(climb.points, start.source)), None)
    end = stop.meter_wh if stop is not None else None
    if stop is not None and stop.meter_wh is not None and stop.meter_wh < 0:
        climb.note("meter_stop_unknown", f"meterStop {stop.meter_wh}", stop.source)
        end = None
    of_stop = _said_with(climb.points, stop.source) if stop is not None else []
    last = of_stop[-1] if of_stop else None
    if end is None:
        end = last[2] if last is not None else None
    elif last is not None and reel.ends_at is not None and stop is not None:
        _compare_end_sample(climb, end, reel.ends_at, stop.source)
    climb.measured.meter_start_wh, climb.measured.meter_stop_wh = begin, end
    climb.begin, climb.end = begin, end


def _said_with(points: list[Point], source: Source) -> list[Point]:
    """The registers in one message."""
    index = source.index
    return [point for point in points if point[3].index == index and point[3] == source]


def _compare_end_sample(climb: _Climb, end: Decimal, sample: Decimal, source: Source) -> None:
    """Fault 44: meterStop beside a Transaction.End sample in one message."""
    if abs(end - sample) <= climb.policy.register_tolerance_wh:
        return
    if end and sample and _is_factor(end, sample):
        climb.note("unit_factor", f"meterStop {end} Wh, Transaction.End {sample} Wh", source)
    else:
        climb.note("stop_sample_mismatch", f"meterStop {end}, Transaction.End {sample}", source)


def _settle_begin(climb: _Climb) -> None:
    """Faults 37–40: a begin of 0 before a large register is no baseline."""
    points = climb.points
    if climb.begin and (not points or points[0][2]):
        return
    ahead = [point for point in points if point[2] > 0]
    following = ahead[0] if ahead else None
    if climb.begin:
        # A real meterStart: registers of 0 after it are a meter that had not woken up yet.
        zeros = next((i for i, point in enumerate(points) if point[2]), 0)
        least = climb.begin - climb.policy.register_tolerance_wh
        if zeros and points[zeros][2] >= least:
            climb.points = points[zeros:]
            climb.note("late_register", f"{zeros} registers of 0 at first", points[0][3])
        return
    if climb.begin is None and points and points[0][2]:
        return
    if following is not None:
        _drop_placeholder(climb, following)
    elif climb.begin == 0 and climb.end is not None and climb.end > 0:
        duration = climb.reel.end - climb.reel.start
        far = not climb.limit.allows(climb.end / _FAR, duration)
        if far or _runs_on(climb, climb.end):
            text = f"begin 0, end {climb.end}, and no register between"
            climb.note("begin_placeholder", text, climb.start_source)
            climb.begin = None


def _drop_placeholder(climb: _Climb, following: Point) -> None:
    at, wh = following[0], following[2]
    before = [point for point in climb.points if point[0] < at]
    since = before[-1][0] if before else climb.reel.start
    if climb.limit.allows(wh, at - since) and not _runs_on(climb, wh):
        return
    climb.points = [point for point in climb.points if point[2] > 0]
    if len(before) > 1:
        climb.note("late_register", f"{len(before)} registers of 0 before {wh}", following[3])
    else:
        text = f"begin 0 before register {wh}: the next register is the baseline"
        climb.note("begin_placeholder", text, climb.start_source)
    only_stop = climb.dossier.stop is not None and following[3] == climb.dossier.stop.source
    climb.begin = None if only_stop else wh
    if only_stop:
        climb.points = []


def _runs_on(climb: _Climb, wh: Decimal) -> bool:
    """Whether the place's register is known to run on from session to session, up to here."""
    before = climb.dossier.previous_register
    return climb.dossier.votes >= 2 and before is not None and 0 < before <= wh


def _count(climb: _Climb) -> None:
    """What the register counted over its points: drops taken out, each one told."""
    total = ZERO
    previous: Decimal | None = climb.begin
    steps = climb.steps
    tolerance = climb.policy.register_tolerance_wh
    points = climb.points
    if points and previous is not None:
        below = points[0][2] < previous - tolerance
        if below and _is_factor(points[0][2], previous):
            text = f"register {points[0][2]} Wh after meterStart {previous} Wh"
            climb.note("unit_factor", text, points[0][3])
            previous = None
    pace = climb.limit.us_per_wh
    usual = ALLOWANCE_WH
    shortest = _ZERO_TIME
    at_before = climb.reel.start
    jump: tuple[str, Source] | None = None
    for index, (at, _, wh, source, _) in enumerate(points):
        if previous is None:
            previous = wh
        step = wh - previous
        if step < 0:
            if -step > tolerance:
                if index + 1 < len(points) and points[index + 1][2] >= previous:
                    climb.note("register_drop", f"{wh} between higher registers: not used", source)
                    continue
                climb.note("register_drop", f"{previous} then {wh}: counted on from there", source)
                step = wh if climb.limit.allows(wh, at - at_before) else ZERO
                climb.restarted = True
            else:
                step, wh = ZERO, previous  # noqa: PLW2901 - rounding is no step down
        elif step > usual or (shortest and at - at_before < shortest):
            # Most steps are no larger and no faster than one that was possible already.
            taken = at - at_before
            if (step - ALLOWANCE_WH) * pace > taken // MICROSECOND:
                jump = jump or (f"{previous} then {wh} within {taken}", source)
            elif step > ALLOWANCE_WH:
                usual, shortest = step, taken
        total += step
        previous = wh
        at_before = at
        steps.append((at, total, source))
    if jump is not None:
        climb.note("register_jump", *jump)
    _count_to_stop(climb, previous, total)


def _count_to_stop(climb: _Climb, previous: Decimal | None, total: Decimal) -> None:
    """Without a begin, or after a restart, S2 cannot hold: meterStop is the last register."""
    end, stop = climb.end, climb.dossier.stop
    if end is None or stop is None or previous is None or not climb.points:
        return
    if (climb.begin is None or climb.restarted) and end > previous:
        climb.steps.append((climb.reel.end, total + end - previous, stop.source))


def _try_meter_stop(climb: _Climb) -> None:
    """S2."""
    begin, end = climb.begin, climb.end
    if begin is None or end is None or climb.dossier.stop is None:
        return
    source = climb.dossier.stop.source
    energy = end - begin
    if energy < 0:
        if -energy <= climb.policy.register_tolerance_wh:
            climb.note("meter_stop_short", f"{begin} then {end}", source)
            energy = ZERO
        else:
            climb.note("meter_stop_lower", f"meterStart {begin}, meterStop {end}", source)
            return
    counted = climb.steps[-1][1] if climb.steps else ZERO
    if energy == 0 and counted > climb.policy.register_tolerance_wh:
        climb.note("meter_stop_frozen", f"both {end} while the register grew {counted}", source)
        return
    rung = EnergySource.PHASE_SUM if climb.reel.summed and _from_phases(climb) else None
    climb.measured.candidates.append(
        EnergyCandidate(
            rung or EnergySource.METER_STOP, energy, begin, end, (climb.start_source, source)
        )
    )


def _from_phases(climb: _Climb) -> bool:
    """Whether both meters had to be read from phase registers (2.0.1 has no meterStart)."""
    start, stop = climb.dossier.start, climb.dossier.stop
    return (start is None or start.meter_wh is None) or (stop is None or stop.meter_wh is None)


def _try_registers(climb: _Climb) -> None:
    """S3, or S4 where only phases were given: first to last register inside the window."""
    if not climb.steps:
        return
    if len(climb.steps) < 2 and climb.begin is None:
        return
    last = climb.points[-1][2] if climb.steps[-1][0] <= climb.points[-1][0] else climb.end
    first = climb.begin if climb.begin is not None else climb.points[0][2]
    rung = EnergySource.PHASE_SUM if climb.reel.summed else EnergySource.REGISTER
    if climb.measured.candidates and climb.measured.candidates[0].rung is rung:
        return
    _, total, source = climb.steps[-1]
    origin = climb.start_source if climb.begin is not None else climb.points[0][3]
    climb.measured.candidates.append(EnergyCandidate(rung, total, first, last, (origin, source)))


def _choose(climb: _Climb) -> None:
    """The first rung that holds; a candidate that the connector cannot deliver is told."""
    measured = climb.measured
    if not measured.candidates:
        meters = f"meterStart {measured.meter_start_wh}, meterStop {measured.meter_stop_wh}"
        climb.note("energy_unknown", f"{meters}, {len(climb.points)} usable registers")
        return
    chosen = measured.candidates[0]
    measured.rung, measured.energy_wh = chosen.rung, chosen.energy_wh
    if chosen.energy_wh <= climb.policy.zero_below_wh:
        climb.note("zero_energy", f"{chosen.energy_wh} Wh")


def _check_outside(climb: _Climb) -> None:
    """Registers beyond meterStop: by a factor of 1000 it is the unit, else a disagreement."""
    energy, begin = climb.measured.energy_wh, climb.begin
    if energy is None or climb.measured.rung is not EnergySource.METER_STOP or not climb.steps:
        return
    if any(note.rule in ("unit_factor", "register_drop") for note in climb.measured.notes):
        return
    at, counted, source = climb.steps[-1]
    level, end = climb.points[-1][2], climb.end or ZERO
    if counted <= energy + climb.policy.register_tolerance_wh:
        return
    text = f"register {level} at {at.isoformat()}, meterStart {begin}, meterStop {end}"
    factor = _is_factor(level, end) if end and level else False
    if factor:
        notes = climb.measured.notes
        climb.measured.notes = [note for note in notes if note.rule != "register_jump"]
    climb.note("unit_factor" if factor else "register_outside", text, source)


def _is_factor(one: Decimal, two: Decimal) -> bool:
    """Whether two energies are the same but for a factor of 1000."""
    low, high = sorted((abs(one), abs(two)))
    return bool(low) and abs(high / low - _FACTOR) <= _FACTOR * _NEAR


def _registers(climb: _Climb) -> tuple[Register, ...]:
    """0 at the start, what was counted, the energy at the end: strictly later, never falling."""
    energy = climb.measured.energy_wh
    if energy is None:
        return ()
    start, end = climb.reel.start, climb.reel.end
    last = Register(end, energy, climb.source)
    if end <= start:
        return (last,)
    made = [Register(start, ZERO, climb.start_source)]
    before = start
    for at, wh, source in climb.steps:
        if before < at < end:
            if wh > energy:
                break
            made.append(_new_register(at, wh, source))
            before = at
    made.append(last)
    return tuple(made)
