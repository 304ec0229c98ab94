"""The powers a price table needs: stops on both sides of each bound of power or current.

Knows what is usual and which current goes with a power at a nominal voltage, summed over phases.
Refuses to price anything.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import chain

from billing.generate.generate import AC_VOLT, DC_VOLT, connector
from billing.money import round_to
from billing.schedule import Thresholds

Power = tuple[str, Decimal]
"""What to call it, and kW."""

Side = tuple[tuple[bool, ...], tuple[bool, ...]]
"""Which bounds of power, and which of current, a charge has reached."""

_BELOW = Decimal("0.9")
_USUAL = tuple(Decimal(kw) for kw in ("3.7", "7.4", "22", "43", "100", "300", "400"))
_MOST_KW = Decimal(1_000)
_TENTH = Decimal("0.1")


def on_all_sides(powers: Sequence[Power], limits: Thresholds) -> tuple[Power, ...]:
    """The powers, slowest first, with one more on each side of a bound that has none of them.

    Usual powers are preferred to such as lie just at the bound. Where the limits know current, each
    is named with its own: `AC 3.7 kW (16.1 A)`.
    """
    found = {_side(kw, limits): (name, kw) for name, kw in reversed(powers)}
    more = []
    for kw in chain(_USUAL, _at_bounds(limits)):
        side = _side(kw, limits)
        if 0 < kw < _MOST_KW and side not in found:
            found[side] = (named(kw), kw)
            more.append(found[side])
    every = sorted([*powers, *more], key=lambda power: power[1])
    if not limits.current:
        return tuple(every)
    return tuple((f"{name} ({_told(kw)} A)", kw) for name, kw in every)


def named(kw: Decimal) -> str:
    """`AC 6.7 kW`: a socket up to what AC can, else a DC cable."""
    return f"{'DC' if _is_dc(kw) else 'AC'} {plain(kw):f} kW"


def _side(kw: Decimal, limits: Thresholds) -> Side:
    ampere = _ampere(kw)
    reached = tuple(kw >= bound for bound in limits.power)
    return reached, tuple(ampere >= bound for bound in limits.current)


def _at_bounds(limits: Thresholds) -> list[Decimal]:
    """kW a little below each bound and, just, at it; at either voltage where it is of current."""
    bounds = [
        *limits.power,
        *(one * volt / 1000 for volt in (AC_VOLT, DC_VOLT) for one in limits.current),
    ]
    return [kw for bound in bounds for kw in (round_to(bound * _BELOW, _TENTH), bound)]


def _is_dc(kw: Decimal) -> bool:
    return connector(kw).power_type == "DC"


def _ampere(kw: Decimal) -> Decimal:
    return kw * 1000 / (DC_VOLT if _is_dc(kw) else AC_VOLT)


def _told(kw: Decimal) -> str:
    """The current of a power, to a tenth of an ampere."""
    return f"{plain(round_to(_ampere(kw), _TENTH)):f}"


def plain(value: Decimal) -> Decimal:
    """Without trailing zeros, and without an exponent."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
