"""A catalog as columns of whole numbers, at the scales one batch needs.

Knows components, lists of rivals and their thresholds as rows. Refuses to decide: it only looks up.
"""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from billing.bulk.catalog import BY_CLOCK, FLAT, KEYS, NOBODY, TO_TEST, Catalog
from billing.bulk.catalog import ENERGY as ENERGY_DIMENSION
from billing.bulk.whole import (
    GRAIN_DIGITS,
    NARROW,
    WIDEST,
    RangeError,
    clipped,
    decimals,
    scaled,
)
from billing.policy import PricingPolicy

BOUNDS = ("kwh_low", "kwh_high", "s_low", "s_high", "kw_low", "kw_high", "a_low", "a_high")


@dataclass(frozen=True, slots=True)
class Scales:
    """How many decimals a whole number has: of Wh, seconds, kW and A, of prices and of rates."""

    wh: int
    seconds: int
    kw: int
    a: int
    price: int
    vat: int


@dataclass(frozen=True, slots=True)
class Tables:
    """The catalog's rows. A question is tariff × KEYS + part × 4 + dimension."""

    scales: Scales
    components: pl.DataFrame
    winner: pl.Series
    """By question: a component, NOBODY, TO_TEST or BY_CLOCK."""
    list_of: pl.Series
    """By question: its list of rivals, NO_LIST where the clock decides or nobody competes."""
    prices: pl.Series
    """By question: whether the tariff has an answer at some moment."""
    whole_winner: pl.Series
    whole_list: pl.Series
    """The same two where whole elements compete; NO_INTEREST where that reading is of none."""
    list_winner: pl.Series
    """By list: a component, NOBODY or TO_TEST."""
    list_first: pl.Series
    """By list: the row of its first rival in `rivals`, where it must be tested."""
    list_last: pl.Series
    rivals: pl.DataFrame
    """`list`, `component` and the scaled bounds, list after list, each in order; of the bounds only
    the pairs that any rival has. A rival without one has null, or, of energy and duration, which
    are always known, a bound beyond every value.
    """
    bounded: frozenset[str]
    """The columns of bounds among them."""
    rates: tuple[Decimal | None, ...]
    """VAT rates by number, no rate first, then ascending."""


_UNBOUNDED = 2**63 - 1
NO_INTEREST = 2**32 - 4
NO_LIST = 2**32 - 1


def scales_of(
    catalog: Catalog, policy: PricingPolicy, wh: int, seconds: int, power: tuple[int, int]
) -> Scales:
    """Scales that hold a batch with so many decimals (of Wh, s, kW, A) and its tariffs exactly.

    Raises RangeError where an hour is too long for so many decimals of a second.
    """
    tests = [rival.tests for rival in catalog.rivals if not rival.sure]
    bounds = [
        decimals({Decimal(one[at]) for one in tests for at in pair if one[at] is not None})  # type: ignore[arg-type]
        for pair in ((0, 1), (4, 5), (6, 7))
    ]
    rounded = 1 if policy.volume_rounding == "four_decimals" else 0
    if 3600 * 10**seconds >= NARROW:
        raise RangeError(f"times of {seconds} decimals of a second are beyond any clock")
    split = 6 if policy.period_spans_price_change == "split_by_time" else 0
    rates = [one.vat for one in catalog.components if one.vat is not None]
    rates += [rate for number in catalog.options for rate in catalog.rates_named(number)]
    return Scales(
        wh=max(wh, bounds[0] - 3, rounded, split),
        seconds=max(seconds, 6),
        kw=max(power[0], bounds[1]),
        a=max(power[1], bounds[2]),
        price=decimals({one.price for one in catalog.components}),
        vat=decimals(set(rates)),
    )


def tables_of(catalog: Catalog, scales: Scales) -> Tables:
    """The catalog at these scales. Raises RangeError for a threshold beyond 64 bits."""
    named = {rate for number in catalog.options for rate in catalog.rates_named(number)}
    named |= {one.vat for one in catalog.components if one.vat is not None}
    rates: tuple[Decimal | None, ...] = (None, *sorted(named))
    winner, list_of, prices = _questions(catalog, whole=False)
    whole_winner, whole_list, _ = _questions(catalog, whole=True)
    sure = [catalog.sure(rivals) for rivals in catalog.lists]
    rivals, first, last = _rivals(catalog, scales)
    pairs = zip(BOUNDS[::2], BOUNDS[1::2], strict=True)
    bounded = [name for pair in pairs if any(rivals[one].count() for one in pair) for name in pair]
    return Tables(
        scales=scales,
        components=_components(catalog, scales, rates),
        winner=winner,
        list_of=list_of,
        prices=prices,
        whole_winner=whole_winner,
        whole_list=whole_list,
        list_winner=pl.Series("winner", sure, dtype=pl.UInt32),
        list_first=pl.Series("first", first, dtype=pl.UInt32),
        list_last=pl.Series("last", last, dtype=pl.UInt32),
        rivals=rivals.select("list", "component", *bounded).with_columns(
            pl.col(name).fill_null(-_UNBOUNDED if name.endswith("low") else _UNBOUNDED)
            for name in bounded
            if name in BOUNDS[:4]
        ),
        bounded=frozenset(bounded),
        rates=rates,
    )


def _questions(catalog: Catalog, *, whole: bool) -> tuple[pl.Series, pl.Series, pl.Series]:
    size = len(catalog.tariffs) * KEYS
    absent = NO_INTEREST if whole else NOBODY
    winner, lists, prices = [absent] * size, [NO_LIST] * size, [False] * size
    for number, options in (catalog.wholes if whole else catalog.options).items():
        for key, option in options.items():
            at = number * KEYS + key
            prices[at] = key in catalog.priced[number]
            winner[at] = BY_CLOCK
            if option.kinds is None:
                lists[at] = catalog.list_of(option.rivals)
                winner[at] = catalog.sure(option.rivals)
    return (
        pl.Series("winner", winner, dtype=pl.UInt32),
        pl.Series("list", lists, dtype=pl.UInt32),
        pl.Series("prices", prices, dtype=pl.Boolean),
    )


def _components(
    catalog: Catalog, scales: Scales, rates: tuple[Decimal | None, ...]
) -> pl.DataFrame:
    numbers = {rate: number for number, rate in enumerate(rates)}
    rows = catalog.components
    zero_step = 1 if catalog.policy.zero_step == "one" else 0
    prices = {price: scaled(price, scales.price) for price in {one.price for one in rows}}
    vats = {vat: scaled(vat or Decimal(0), scales.vat) for vat in rates}
    units = (10**scales.wh, 10**scales.seconds)
    blocks = [
        0
        if one.dimension == FLAT
        else max(one.step_size, zero_step) * units[one.dimension != ENERGY_DIMENSION]
        for one in rows
    ]
    return pl.DataFrame(
        {
            "tariff": pl.Series([one.tariff for one in rows], dtype=pl.UInt32),
            "element": pl.Series([one.element for one in rows], dtype=pl.Int64),
            "component": pl.Series([one.component for one in rows], dtype=pl.Int64),
            "step_size": _int64("step_size", [one.step_size for one in rows]),
            "block": _int64("step_size", blocks),
            "price": _prices([prices[one.price] for one in rows], scales.price),
            "rate": pl.Series([numbers[one.vat] for one in rows], dtype=pl.UInt32),
            "vat": _int64("vat", [vats[one.vat] for one in rows]),
            "included": pl.Series([one.included for one in rows], dtype=pl.Boolean),
            "group": pl.Series([one.group for one in rows], dtype=pl.UInt32),
            "price_text": pl.Series([f"{one.price:f}" for one in rows], dtype=pl.String),
            "unknown_rate": pl.Series([one.unknown_rate for one in rows], dtype=pl.Boolean),
            "tariff_id": pl.Series(
                [catalog.tariffs[one.tariff].id for one in rows], dtype=pl.String
            ),
            "from_211": pl.Series(
                [catalog.tariffs[one.tariff].original_version == "2.1.1" for one in rows],
                dtype=pl.Boolean,
            ),
        }
    )


def _rivals(
    catalog: Catalog, scales: Scales
) -> tuple[pl.DataFrame, list[int | None], list[int | None]]:
    """The rivals of the lists that must be tested, and each list's first and last row of them."""
    digits = (scales.wh + 3, scales.wh + 3, 6, 6, scales.kw, scales.kw, scales.a, scales.a)
    lists: list[int] = []
    components: list[int] = []
    bounds: list[list[int | None]] = [[] for _ in BOUNDS]
    first: list[int | None] = [None] * len(catalog.lists)
    last = first.copy()
    for rivals, number in catalog.lists.items():
        if catalog.sure(rivals) != TO_TEST:
            continue
        first[number] = len(lists)
        for rival in (catalog.rivals[one] for one in rivals):
            lists.append(number)
            components.append(rival.component)
            for column, bound, digit in zip(bounds, rival.tests, digits, strict=True):
                column.append(None if bound is None else clipped(scaled(Decimal(bound), digit)))
        last[number] = len(lists) - 1
    columns = {
        "list": pl.Series(lists, dtype=pl.UInt32),
        "component": pl.Series(components, dtype=pl.UInt32),
    }
    for name, column in zip(BOUNDS, bounds, strict=True):
        columns[name] = pl.Series(column, dtype=pl.Int64)
    return pl.DataFrame(columns), first, last


def _prices(values: list[int], digits: int) -> pl.Series:
    """Prices, which a receipt tells to 1E-12 at least."""
    told = 10 ** max(0, GRAIN_DIGITS - digits)
    if any(abs(value) * told > WIDEST for value in values):
        raise RangeError("a tariff's price is beyond any session")
    return pl.Series("price", values, dtype=pl.Int128)


def _int64(name: str, values: list[int]) -> pl.Series:
    if any(abs(value) >= NARROW for value in values):
        raise RangeError(f"a tariff's {name} is beyond any session")
    return pl.Series(name, values, dtype=pl.Int64)
