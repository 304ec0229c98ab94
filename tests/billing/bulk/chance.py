"""Random tariffs, policies and sessions, of every kind there is: the same ones for the same seed.

Hypothesis chooses seeds; a sheet of a hundred sessions is made of one, faster than it could draw.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from billing.bulk import Asked
from billing.period import ChargingPeriod
from billing.policy import PricingPolicy
from billing.session import Activity
from billing.tariff import (
    DayOfWeek,
    Dimension,
    PriceComponent,
    PriceLimit,
    ReservationRestriction,
    Restrictions,
    Tariff,
    TariffElement,
    TaxIncluded,
)
from billing.terms import CHOICES

T = TypeVar("T")
D = Decimal
ZONES = (
    "Europe/Amsterdam",
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Havana",
)
CLOCK_CHANGES = (
    datetime(2026, 3, 8, 3, tzinfo=UTC),
    datetime(2026, 3, 28, 22, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 11, 1, 3, tzinfo=UTC),
)
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)


def sessions(seed: int, count: int, *, policies: int = 2) -> list[Asked]:
    """So many sessions under so many random policies, each with tariffs of its own."""
    chance = Chance(seed)
    chosen = [chance.policy() for _ in range(policies)]
    return [chance.asked(f"session {number}", chosen) for number in range(count)]


class Chance:
    """Values of every kind, one after another."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)

    def maybe(self, share: float, make: Callable[[], T]) -> T | None:
        """A value, in a share of cases."""
        return make() if self.dice.random() < share else None

    def number(self, low: int, high: int, digits: int) -> Decimal:
        """A Decimal with so many digits behind the point."""
        scale = 10**digits
        return D(self.dice.randint(low * scale, high * scale)).scaleb(-digits)

    def policy(self) -> PricingPolicy:
        """Any answers to some of the questions."""
        answers = {
            name: self.dice.choice(choices)
            for name, choices in CHOICES.items()
            if self.dice.random() < 0.4
        }
        return replace(PricingPolicy(), **answers)  # type: ignore[arg-type]

    def component(self) -> PriceComponent:
        prices = [D(0), self.number(0, 3, 4), self.number(0, 3, 2), self.number(-1, 1, 6)]
        return PriceComponent(
            dimension=self.dice.choice(list(Dimension)),
            price=self.dice.choice(prices),
            step_size=self.dice.choice([0, 1, 1, 60, 300, 500, 900]),
            vat=self.dice.choice([None, D(0), D(10), D("21.0"), D("5.2")]),
        )

    def clock(self) -> time:
        usual = time(self.dice.randint(0, 23), self.dice.choice([0, 15, 30, 59]))
        return self.dice.choice([usual, usual, time(0), time(19, 59, 59), time(23, 59)])

    def day(self) -> date:
        return date(2026, 10, 1) + timedelta(days=self.dice.randint(0, 40))

    def restrictions(self) -> Restrictions:
        dice = self.dice
        return Restrictions(
            start_time=self.maybe(0.4, self.clock),
            end_time=self.maybe(0.4, self.clock),
            start_date=self.maybe(0.15, self.day),
            end_date=self.maybe(0.15, self.day),
            min_kwh=self.maybe(0.15, lambda: self.number(0, 20, 1)),
            max_kwh=self.maybe(0.15, lambda: self.number(0, 20, 3)),
            min_current=self.maybe(0.1, lambda: self.number(0, 40, 1)),
            max_current=self.maybe(0.1, lambda: self.number(0, 40, 0)),
            min_power=self.maybe(0.1, lambda: self.number(0, 40, 1)),
            max_power=self.maybe(0.1, lambda: self.number(0, 40, 1)),
            min_duration=self.maybe(0.15, lambda: dice.randint(0, 7200)),
            max_duration=self.maybe(0.15, lambda: dice.randint(0, 7200)),
            day_of_week=frozenset(dice.sample(list(DayOfWeek), dice.choice([0, 0, 0, 1, 3]))),
            reservation=self.maybe(0.3, lambda: dice.choice(list(ReservationRestriction))),
        )

    def element(self) -> TariffElement:
        components = tuple(self.component() for _ in range(self.dice.randint(1, 3)))
        restricted = self.maybe(0.7, self.restrictions)
        return TariffElement(components, restricted or Restrictions())

    def reservation(self) -> tuple[TariffElement, ...]:
        """Time before the session and within it, both in blocks."""
        before, within = (
            replace(self.component(), dimension=Dimension.TIME, step_size=step)
            for step in (self.dice.choice([60, 300]), 900)
        )
        held = Restrictions(reservation=ReservationRestriction.RESERVATION)
        return TariffElement((before,), held), TariffElement((within,))

    def limit(self) -> PriceLimit:
        return PriceLimit(self.number(0, 20, 2), self.maybe(0.6, lambda: self.number(0, 24, 2)))

    def tariff(self, name: str, currency: str) -> Tariff:
        dice = self.dice
        return Tariff(
            country_code="NL",
            party_id="WTP",
            id=name,
            currency=currency,
            elements=(
                *(self.maybe(0.2, self.reservation) or ()),
                *(self.element() for _ in range(dice.randint(1, 5))),
            ),
            last_updated=datetime(2026, 1, 1, tzinfo=UTC),
            tax_included=dice.choice(list(TaxIncluded)),
            min_price=self.maybe(0.2, self.limit),
            max_price=self.maybe(0.2, self.limit),
            start_at=self.maybe(0.1, lambda: OCTOBER + timedelta(days=dice.randint(0, 30))),
            end_at=self.maybe(0.1, lambda: OCTOBER + timedelta(days=dice.randint(0, 30))),
            original_version=dice.choice(["", "2.1.1"]),
        )

    def asked(self, key: str, policies: list[PricingPolicy]) -> Asked:
        """A session: mostly well formed, sometimes with gaps, stated volumes or shuffled."""
        dice, currency = self.dice, self.dice.choice(["EUR", "JPY", "KWD"])
        tariffs = tuple(
            self.tariff(dice.choice("ABC"), currency) for _ in range(dice.choice([1, 1, 1, 2, 3]))
        )
        start = dice.choice([*CLOCK_CHANGES, OCTOBER + timedelta(seconds=dice.randint(0, 3456000))])
        start += timedelta(seconds=dice.randint(0, 7200), microseconds=self.micro())
        held, expired, cancelled = (dice.random() < share for share in (0.3, 0.3, 0.2))
        at, found = start, []
        for ordinal in range(dice.choice([0, 1, 1, 2, 3, 4, 6])):
            length = dice.choice(
                [dice.choice([0, -30]), *map(dice.randint, (1, 1), (9_000, 90_000))]
            )
            end = at + timedelta(seconds=length, microseconds=self.micro())
            own = self.period(ordinal, (at, end), [tariff.id for tariff in tariffs])
            if held and (ordinal == 0 or expired):
                own = replace(own, reserved=True, expired=expired, cancelled=cancelled)
            found.append(own)
            at = end + timedelta(seconds=dice.choice([0, 0, 0, 0, dice.randint(-60, 60)]))
        if dice.random() < 0.1:
            dice.shuffle(found)
        end = dice.choice([at, found[-1].end_at if found else at])
        zone, policy = dice.choice(ZONES), dice.choice(policies)
        return Asked(key, tuple(found), tariffs, zone, start, end, policy)

    def micro(self) -> int:
        return self.dice.choice([0, 0, 250_000, self.dice.randint(0, 999_999)])

    def period(
        self, ordinal: int, span: tuple[datetime, datetime], names: list[str]
    ) -> ChargingPeriod:
        dice = self.dice
        wh = [D(0), self.number(0, 30_000, 1), self.number(-500, 3_000, 3), D("1500.00")]
        stated = dice.random() < 0.2
        return ChargingPeriod(
            ordinal=ordinal,
            start_at=span[0],
            end_at=span[1],
            activity=dice.choice(list(Activity)),
            energy_wh=dice.choice(wh),
            imputed=dice.random() < 0.2,
            min_power_kw=self.maybe(0.6, lambda: self.number(0, 30, 2)),
            max_power_kw=self.maybe(0.6, lambda: self.number(10, 40, 1)),
            min_current_a=self.maybe(0.6, lambda: self.number(0, 30, 1)),
            max_current_a=self.maybe(0.6, lambda: self.number(10, 50, 0)),
            tariff_id=dice.choice([*names, *[names[0]] * 4, names[0].lower(), "", "X"]),
            time_s=self.maybe(0.8, self.stated_s) if stated else None,
            parking_s=self.maybe(0.5, self.stated_s) if stated else None,
            overtime_s=self.maybe(0.1, self.stated_s),
        )

    def stated_s(self) -> Decimal:
        """Hours with the four decimals of the wire, in seconds."""
        return self.number(-1, 2, 4) * 3600
