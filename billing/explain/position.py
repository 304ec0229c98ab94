"""One position of an explanation: what was measured, billed and charged, by which rule and why.

Knows the lines that one price component decided. Refuses to know other positions, but for whether
they share its blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.explain.bearing import Bearings
from billing.explain.conditions import conditions
from billing.explain.explanation import Position
from billing.explain.figures import Figures
from billing.explain.share import is_share
from billing.period import ChargingPeriod
from billing.policy import PricingPolicy
from billing.receipt import CostGroup, Line
from billing.tariff import Dimension, Tariff, TariffElement, TaxIncluded

ZERO = Decimal(0)
_MOST_SPANS = 3
_MOST_PASSED = 2

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Told:
    """What a position is told from: its lines, in order, and what they were reckoned from."""

    figures: Figures
    policy: PricingPolicy
    lines: tuple[Line, ...]
    numbers: tuple[int, ...]
    bearings: Bearings
    start_at: datetime
    shares_steps: bool

    def say(self, key: str, **places: str) -> str:
        """A phrase of the language with its places filled."""
        return self.figures.language.phrases[key].format(**places)

    def total(self, name: str) -> Decimal:
        """The sum of a field over the lines."""
        return sum((getattr(line, name) for line in self.lines), ZERO)

    @property
    def first(self) -> Line:
        """The line that stands for all: they share rule, group and rate."""
        return self.lines[0]

    @property
    def tariff(self) -> Tariff:
        """The tariff that priced them."""
        return self.bearings.tariff(self.first)

    @property
    def reserved(self) -> bool:
        """Whether it is a reservation's."""
        return self.first.group is CostGroup.RESERVATION


def position(told: Told) -> Position:
    """The position of the lines told of."""
    limit = told.first.group is CostGroup.LIMIT
    net, tax = told.total("net"), told.total("tax")
    return Position(
        title=_title(told),
        sentences=_limit(told) if limit else (*_quantities(told), *_costs(told)),
        reasons=() if limit else _reasons(told),
        lines=told.numbers,
        tariff_id=told.first.tariff_id,
        element=told.first.element,
        component=told.first.component,
        pointer="" if limit else told.bearings.pointer(told.first),
        measured=told.total("measured"),
        billed=told.total("billed"),
        price=told.first.price,
        net=net,
        tax=tax,
        amount=told.figures.money(net + tax),
        policies=_policies(told),
    )


def _policies(told: Told) -> tuple[str, ...]:
    """The policies that bore on any of the lines, each once."""
    names = (name for line in told.lines for name in told.bearings.policies(line))
    return tuple(dict.fromkeys(names))


def _title(told: Told) -> str:
    line, flat = told.first, told.first.dimension is Dimension.FLAT
    if line.group is CostGroup.LIMIT:
        return told.say("name_min" if told.total("net") + told.total("tax") > 0 else "name_max")
    if told.reserved:
        return told.say("name_reserved_flat" if flat else "name_reserved")
    return told.say(f"name_{line.dimension.lower()}")


def _limit(told: Told) -> tuple[str, ...]:
    """Which limit it is, and what it adds or takes off."""
    net, tax = told.total("net"), told.total("tax")
    figures, raised = told.figures, net + tax > 0
    limit = told.tariff.min_price if raised else told.tariff.max_price
    assert limit is not None, "a limit's line stands for a limit of its tariff"
    sign = 1 if raised else -1
    before = figures.money(limit.before_tax)
    words = (
        told.say("limit_before", net=before)
        if limit.after_tax is None
        else told.say("limit_both", net=before, gross=figures.money(limit.after_tax))
    )
    changed = {"net": figures.money(sign * net), "tax": figures.money(sign * tax)}
    return (told.say("limit_min" if raised else "limit_max", limit=words, **changed),)


def _quantities(told: Told) -> list[str]:
    """What was measured and when; what of it is billed, and why it became more or less."""
    line, figures = told.first, told.figures
    when = _when(told)
    if line.dimension is Dimension.FLAT:
        return [told.say("measured_flat", when=when)]
    measured, billed = told.total("measured"), told.total("billed")
    key = "measured_reserved" if told.reserved else f"measured_{line.dimension.lower()}"
    found = [told.say(key, amount=figures.quantity(line.dimension, measured), when=when)]
    if _is_share(told):
        found.append(told.say("share"))
    elif line.dimension is Dimension.ENERGY and any(one.imputed for one in _periods(told)):
        found.append(told.say("imputed"))
    if billed > measured >= 0:
        shared = told.shares_steps and told.policy.step_scope == "session"
        found.append(
            told.say(
                "billed_step_shared" if shared else "billed_step",
                billed=figures.quantity(line.dimension, billed),
                step=figures.step(line.dimension, max(line.step_size, 1)),
                surplus=figures.quantity(line.dimension, billed - measured),
            )
        )
    elif billed != measured:
        found.append(told.say("billed_nothing"))
    else:
        found.append(told.say("billed_same"))
    return found


def _when(told: Told) -> str:
    """The times of the lines by the local clock, neighbours joined: `from 12:00 to 13:00`."""
    spans = _spans(_periods(told))
    if _is_share(told):
        known = spans if len(spans) <= _MOST_SPANS else [(spans[0][0], spans[-1][1])]
        words = told.figures.listed([_span(told, span) for span in known])
        return told.say("within", span=words)
    if told.first.dimension is Dimension.FLAT:
        return _at(told, spans[0][0])
    if len(spans) > _MOST_SPANS:
        whole = _span(told, (spans[0][0], spans[-1][1]))
        return told.say("spans_many", count=str(len(spans)), span=whole)
    return told.figures.listed([_span(told, span) for span in spans])


def _periods(told: Told) -> list[ChargingPeriod]:
    return [told.bearings.period(line) for line in told.lines]


def _is_share(told: Told) -> bool:
    return is_share(told.lines, _periods(told), told.policy)


def _spans(periods: Sequence[ChargingPeriod]) -> list[Span]:
    spans: list[Span] = []
    for period in periods:
        if spans and spans[-1][1] == period.start_at:
            spans[-1] = (spans[-1][0], period.end_at)
        elif not spans or spans[-1] != (period.start_at, period.end_at):
            spans.append((period.start_at, period.end_at))
    return spans


def _span(told: Told, span: Span) -> str:
    """Times only, where both are on the day the session started; else with their days."""
    figures = told.figures
    days = {figures.local(at).date() for at in (told.start_at, *span)}
    places = {"start": figures.time_of(span[0]), "end": figures.time_of(span[1])}
    if len(days) == 1:
        return told.say("span", **places)
    start, end = (figures.day_month(figures.local(at)) for at in span)
    if start == end:
        return told.say("span_on_day", date=start, **places)
    return told.say("span_days", start_date=start, end_date=end, **places)


def _at(told: Told, at: datetime) -> str:
    figures = told.figures
    if figures.local(at).date() == figures.local(told.start_at).date():
        return told.say("at", time=figures.time_of(at))
    return told.say("at_day", date=figures.day_month(figures.local(at)), time=figures.time_of(at))


def _costs(told: Told) -> list[str]:
    """What it costs before tax, and with it; where the price holds the tax, the other way round."""
    line, figures = told.first, told.figures
    included = (
        told.tariff.tax_included is TaxIncluded.YES
        and told.policy.tax_included_math == "net_from_gross"
    )
    net, tax = told.total("net"), told.total("tax")
    flat = line.dimension is Dimension.FLAT
    key = ("cost_flat" if flat else "cost") + ("_gross" if included else "")
    per = "per_energy" if line.dimension is Dimension.ENERGY else "per_time"
    price = told.say(per, price=figures.money(line.price, price=True))
    places = {"net": figures.money(net), "gross": figures.money(net + tax)}
    billed = figures.quantity(line.dimension, told.total("billed"))
    found = [told.say(key, billed=billed, price=price, **places)]
    if line.vat is None:
        found += [] if included else [told.say("untaxed")]
        return found
    rate = figures.percent(line.vat)
    taxed = "taxed_within" if included else "taxed"
    return [*found, told.say(taxed, rate=rate, tax=figures.money(tax), gross=places["gross"])]


def _reasons(told: Told) -> tuple[str, ...]:
    """Which element decided, when it applies, and which ones before it did not."""
    line, figures = told.first, told.figures
    elements = told.tariff.elements
    words = conditions(elements[line.element].restrictions, figures, told.policy)
    places = {
        "element": str(line.element + 1),
        "elements": str(len(elements)),
        "tariff": told.tariff.id,
    }
    found = [
        told.say("rule_when", conditions=words, **places)
        if words
        else told.say("rule_always", **places)
    ]
    passed = _passed(told, elements)
    if len(passed) > _MOST_PASSED:
        return (*found, told.say("rule_passed_many", count=str(len(passed))))
    for number in passed:
        limits = conditions(elements[number].restrictions, figures, told.policy)
        found.append(told.say("rule_passed", element=str(number + 1), conditions=limits))
    return tuple(found)


def _passed(told: Told, elements: Sequence[TariffElement]) -> list[int]:
    """The elements before the one that decided, for the same, whose conditions did not hold."""
    line = told.first
    kind = elements[line.element].restrictions.reservation
    return [
        number
        for number, element in enumerate(elements[: line.element])
        if element.restrictions.reservation is kind
        and any(part.dimension is line.dimension for part in element.components)
    ]
