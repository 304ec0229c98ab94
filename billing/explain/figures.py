"""Numbers, money, quantities and times as a language writes them, by the clock of the site.

Knows how they look. Refuses to reckon, but for a choice of decimals: money shows its currency's,
and two more where the exact amount has more.
"""

from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.explain.language import Language
from billing.money import exponent, round_to
from billing.tariff import Dimension

NBSP = "\u00a0"
_SYMBOLS = {"EUR": "€", "GBP": "£"}
_MORE = 2
_FEW = 6


class Figures:
    """How one explanation writes its figures: a language, a currency, and the site's clock."""

    def __init__(self, language: Language, currency: str, zone: tzinfo) -> None:
        self.language = language
        self.currency = currency
        self.zone = zone
        self._exponent = exponent(currency)

    def number(self, value: Decimal, *, most: int, least: int = 0) -> str:
        """A number with `least` to `most` decimals, thousands grouped, a minus where negative."""
        text = f"{round_to(abs(value), Decimal(1).scaleb(-most)):,f}"
        whole, _, decimals = text.partition(".")
        decimals = decimals.rstrip("0").ljust(least, "0")
        grouped = whole.replace(",", self.language.group)
        shown = f"{grouped}{self.language.decimal}{decimals}" if decimals else grouped
        return f"-{shown}" if value < 0 and shown.strip("0,. ") else shown

    def money(self, value: Decimal, *, price: bool = False) -> str:
        """An amount; a `price` with all decimals that were published."""
        return self._amount(value, most=12 if price else self._exponent + _MORE, whole=price)

    def in_full(self, value: Decimal) -> str:
        """An amount with all its decimals, where they are few; else as `money`."""
        most = max(_FEW, self._exponent + _MORE)
        return self._amount(value, most=most) if self.is_short(value) else self.money(value)

    def is_short(self, value: Decimal) -> bool:
        """Whether `in_full` shows an amount to its last digit."""
        return value == round_to(value, Decimal(1).scaleb(-max(_FEW, self._exponent + _MORE)))

    def _amount(self, value: Decimal, *, most: int, whole: bool = False) -> str:
        rounded = round_to(value, Decimal(1).scaleb(-most))
        whole = whole or rounded == round_to(rounded, Decimal(1).scaleb(-self._exponent))
        least = self._exponent if whole else self._exponent + _MORE
        amount = self.number(abs(rounded), most=most, least=least)
        symbol = _SYMBOLS.get(self.currency)
        form = self.language.money_by_code if symbol is None else self.language.money
        sign = "-" if rounded < 0 else ""
        return form.format(sign=sign, amount=amount, symbol=symbol or self.currency)

    def quantity(self, dimension: Dimension, value: Decimal) -> str:
        """kWh, hours (shown as hours, minutes and seconds) or pieces."""
        if dimension is Dimension.ENERGY:
            return self.unit(value, "kWh")
        if dimension is Dimension.FLAT:
            return self.number(value, most=0)
        return self.duration(value * 3600)

    def unit(self, value: Decimal, unit: str) -> str:
        """A number of kWh, kW or A, to six decimals."""
        return f"{self.number(value, most=6)}{NBSP}{unit}"

    def step(self, dimension: Dimension, size: int) -> str:
        """A block: Wh (kWh where it is whole ones), or a duration."""
        if dimension is not Dimension.ENERGY:
            return self.duration(Decimal(size))
        return (
            self.unit(Decimal(size) / 1000, "kWh")
            if size >= 1000
            else self.unit(Decimal(size), "Wh")
        )

    def duration(self, seconds: Decimal) -> str:
        """`1 h 58 min 23 s`, below a minute to its hundredth; parts that are zero are left out."""
        fine = abs(seconds) < 60
        whole = round_to(abs(seconds), Decimal("0.01") if fine else Decimal(1))
        hours, rest = divmod(whole, 3600)
        minutes, left = divmod(rest, 60)
        parts = [(hours, self.language.hours, 0), (minutes, "min", 0), (left, "s", 2)]
        shown = [f"{self.number(n, most=most)}{NBSP}{unit}" for n, unit, most in parts if n]
        return NBSP.join(shown) or f"0{NBSP}s"

    def percent(self, rate: Decimal) -> str:
        """A tax rate."""
        return self.language.percent.format(number=self.number(rate, most=6))

    def local(self, at: datetime) -> datetime:
        """The instant by the clock of the site."""
        return at.astimezone(self.zone)

    def time_of(self, at: datetime) -> str:
        """The time of day of an instant, by the clock of the site."""
        return self.clock(self.local(at).time())

    def clock(self, at: time) -> str:
        """A time of day, to the second where it is not on the minute."""
        form = self.language.clock_seconds if at.second else self.language.clock
        return form.format(hour=at.hour, minute=at.minute, second=at.second)

    def day(self, day: date) -> str:
        """`Monday 5 October 2026`."""
        return self._date(self.language.date, day)

    def day_month(self, day: date) -> str:
        """`5 October`."""
        return self._date(self.language.day_month, day)

    def offset(self, at: datetime) -> str:
        """`UTC+02:00`."""
        offset = self.local(at).utcoffset() or timedelta()
        minutes = abs(offset) // timedelta(minutes=1)
        return f"UTC{'-' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"

    def zone_name(self) -> str:
        """IANA's name of the zone."""
        return self.zone.key if isinstance(self.zone, ZoneInfo) else str(self.zone)

    def listed(self, words: list[str]) -> str:
        """`a, b and c`."""
        if len(words) < 2:
            return "".join(words)
        before = ", ".join(words[:-1])
        return self.language.phrases["and"].format(before=before, last=words[-1])

    def _date(self, form: str, day: date) -> str:
        first = self.language.first_of_month if day.day == 1 else ""
        return form.format(
            weekday=self.language.weekdays[day.weekday()],
            day=first or day.day,
            month=self.language.months[day.month - 1],
            year=day.year,
        )
