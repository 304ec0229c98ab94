"""A receipt explained: why each line is what it is, in sentences of the reader's language.

Read `explain`: it is the order of the explanation. Knows which sentence fits which line. Refuses to
reckon a price, and to know how it is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal, localcontext

from billing.explain.bearing import Bearings, bearing_on_total, is_rounded
from billing.explain.explanation import Decision, Explanation, Headings, Position, Remark, Sum
from billing.explain.figures import Figures
from billing.explain.languages import LANGUAGES
from billing.explain.place import place
from billing.explain.position import Told, position
from billing.money import EXACT, minor_unit
from billing.period import ChargingPeriod
from billing.policy import DEFAULT_POLICY, PricingPolicy, policy_from
from billing.receipt import Amount, CostGroup, Line, Receipt
from billing.tariff import Dimension, Tariff, TaxIncluded

Noted = tuple[str, str]
"""A note about a wire object: its code, and the JSON pointer it is about."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained: a session's receipt and what it was reckoned from. Instants are UTC.

    `noted` are notes on the object it was read from, beside those of the receipt; `credit` says
    that the receipt's total is paid back. `claimed` is what that object states as its total.
    """

    id: str
    receipt: Receipt
    tariffs: Sequence[Tariff]
    periods: Sequence[ChargingPeriod]
    zone: tzinfo
    start_at: datetime
    end_at: datetime
    energy_kwh: Decimal
    time_h: Decimal
    noted: tuple[Noted, ...] = ()
    credit: bool = False
    claimed: Amount | None = None


def explain(subject: Subject, language: str) -> Explanation:
    """The explanation in a language (ISO 639-1: en, de, nl, fr).

    Raises KeyError for a language there is not, and UnknownCurrency.
    """
    with localcontext(EXACT):
        words = LANGUAGES[language]
        figures = Figures(words, subject.receipt.currency, subject.zone)
        positions = _positions(subject, figures)
        return Explanation(
            language=language,
            title=words.phrases["title_credit" if subject.credit else "title"],
            session=_session(subject, figures),
            lead=_lead(subject, figures),
            positions=positions,
            sums=_sums(subject, figures),
            remarks=_remarks(subject, figures),
            decisions=_decisions(subject, positions, figures),
            headings=_headings(figures),
        )


def _session(subject: Subject, figures: Figures) -> tuple[str, ...]:
    """Which session it is, when by the local clock, and what was delivered."""
    phrases = figures.language.phrases
    start, end = figures.local(subject.start_at), figures.local(subject.end_at)
    places = {"start": figures.time_of(subject.start_at), "end": figures.time_of(subject.end_at)}
    if start.date() == end.date():
        when = phrases["when"].format(
            date=figures.day(start.date()), span=phrases["span"].format(**places)
        )
    else:
        dates = {"start_date": figures.day(start), "end_date": figures.day(end)}
        when = phrases["when_days"].format(**dates, **places)
    zone = phrases["zone"].format(zone=figures.zone_name(), offset=figures.offset(subject.start_at))
    delivered = phrases["delivered"].format(
        energy=figures.unit(subject.energy_kwh, "kWh"),
        time=figures.duration(subject.time_h * 3600),
    )
    found = [phrases["cdr"].format(id=subject.id)] if subject.id else []
    found += [f"{when[:1].upper()}{when[1:]} ({zone})", delivered]
    if start.utcoffset() != end.utcoffset():
        found.append(phrases["clock_changed"])
    return tuple(found)


def _lead(subject: Subject, figures: Figures) -> tuple[str, ...]:
    """What is to be paid, and that it was rounded."""
    phrases, total, exact = (
        figures.language.phrases,
        subject.receipt.total,
        subject.receipt.exact_total,
    )
    kind = "credits" if subject.credit else "pays"
    if not total.gross and not total.net:
        found = [phrases["pays_nothing"]]
    elif any(one.code == "tax_included_without_rate" for one in subject.receipt.notes):
        found = [phrases[f"{kind}_gross"].format(gross=figures.money(total.gross))]
    elif not total.tax:
        found = [phrases[f"{kind}_untaxed"].format(gross=figures.money(total.gross))]
    else:
        found = [phrases[kind].format(**_places(total, figures))]
    if is_rounded(subject.receipt):
        short = figures.is_short(exact.net) and figures.is_short(exact.gross)
        found.append(
            phrases["rounded" if short else "rounded_about"].format(**_full(exact, figures))
        )
    found += _taxed(subject, phrases)
    found += _claimed(subject, figures)
    return tuple(found)


def _claimed(subject: Subject, figures: Figures) -> list[str]:
    """That the object says another total; one without taxes speaks of the amount before them."""
    phrases, claimed, total = figures.language.phrases, subject.claimed, subject.receipt.total
    if claimed is None:
        return []
    whole = bool(claimed.taxes) or not total.taxes
    mine, theirs = (total.gross, claimed.gross) if whole else (total.net, claimed.net)
    if abs(mine - theirs) < minor_unit(subject.receipt.currency):
        return []
    amount = figures.money(theirs)
    stated = amount if whole else phrases["limit_before"].format(net=amount)
    return [phrases["claimed"].format(stated=stated)]


def _taxed(subject: Subject, phrases: Mapping[str, str]) -> list[str]:
    """Whether prices are meant with tax or before it, where all of them are the same."""
    used = {line.tariff_id for line in subject.receipt.lines}
    kinds = {one.tax_included for one in subject.tariffs if one.id in used}
    if kinds == {TaxIncluded.YES}:
        return [phrases["prices_with_tax"]]
    taxed = kinds == {TaxIncluded.NO} and bool(subject.receipt.exact_total.taxes)
    return [phrases["prices_before_tax"]] if taxed else []


def _places(amount: Amount, figures: Figures) -> dict[str, str]:
    return {
        "net": figures.money(amount.net),
        "tax": figures.money(amount.tax),
        "gross": figures.money(amount.gross),
    }


def _full(amount: Amount, figures: Figures) -> dict[str, str]:
    return {
        "net": figures.in_full(amount.net),
        "tax": figures.in_full(amount.tax),
        "gross": figures.in_full(amount.gross),
    }


def _positions(subject: Subject, figures: Figures) -> tuple[Position, ...]:
    """One position for each component that priced anything, in the order of the receipt."""
    grouped: dict[tuple[object, ...], list[int]] = {}
    for number, line in enumerate(subject.receipt.lines):
        rate = None if line.group is CostGroup.LIMIT else line.vat
        key = (line.group, line.tariff_id, line.element, line.component, rate)
        grouped.setdefault(key, []).append(number)
    policy = policy_from(subject.receipt.policies)
    bearings = Bearings(subject.receipt, subject.tariffs, subject.periods, subject.zone)
    return tuple(
        position(
            Told(
                figures=figures,
                policy=policy,
                lines=tuple(subject.receipt.lines[number] for number in numbers),
                numbers=tuple(numbers),
                bearings=bearings,
                start_at=subject.start_at,
                shares_steps=_shares_steps(subject.receipt, numbers, policy),
            )
        )
        for numbers in grouped.values()
    )


def _shares_steps(receipt: Receipt, numbers: Sequence[int], policy: PricingPolicy) -> bool:
    """Whether lines of other positions count towards the block that a line of these fills: those
    of the same quantity, but for a reservation's, which fill blocks of their own.
    """
    apart = policy.reservation_step_budget == "separate"

    def budget(line: Line) -> tuple[Dimension, bool]:
        return line.dimension, apart and line.group is CostGroup.RESERVATION

    mine = budget(receipt.lines[numbers[-1]])
    peers = {n for n, one in enumerate(receipt.lines) if budget(one) == mine}
    return bool(peers - set(numbers))


def _sums(subject: Subject, figures: Figures) -> tuple[Sum, ...]:
    """What each group comes to, the exact total where it differs, and the total."""
    phrases, receipt = figures.language.phrases, subject.receipt
    rows = [
        Sum(phrases[f"group_{group.value}"], **_places(amount, figures), kind="part")
        for group, amount in receipt.totals
    ]
    if is_rounded(receipt):
        rows.append(Sum(phrases["exact"], **_full(receipt.exact_total, figures), kind="exact"))
    rows.append(Sum(phrases["total"], **_places(receipt.total, figures), kind="total"))
    return tuple(rows)


def _remarks(subject: Subject, figures: Figures) -> tuple[Remark, ...]:
    """Every note once, with all its places; those of the receipt first."""
    starts = {one.ordinal: one.start_at for one in reversed(subject.periods)}
    noted = [
        (one.code, f"/charging_periods/{one.period}" if one.period >= 0 else "")
        for one in subject.receipt.notes
    ]
    pointers: dict[str, dict[str, None]] = {}
    for code, pointer in (*noted, *subject.noted):
        pointers.setdefault(code, {}).update({pointer: None} if pointer else {})
    texts = figures.language.notes
    found = []
    for code, known in pointers.items():
        words = [place(one, subject.tariffs, starts, figures) for one in known]
        places = tuple(dict.fromkeys(filter(None, words)))
        text = texts.get(code) or code.replace("_", " ")
        found.append(Remark(code, text, places, tuple(known)))
    return tuple(found)


def _decisions(
    subject: Subject, positions: Iterable[Position], figures: Figures
) -> tuple[Decision, ...]:
    """The policies that bore on anything, and every one decided otherwise than by default."""
    codes = [code for code, _ in subject.noted]
    bore = set(bearing_on_total(subject.receipt, codes))
    bore.update(name for one in positions for name in one.policies)
    texts = figures.language.policies
    return tuple(
        Decision(name, value, texts[name][value], chosen=value != getattr(DEFAULT_POLICY, name))
        for name, value in subject.receipt.policies
        if name in bore or value != getattr(DEFAULT_POLICY, name)
    )


def _headings(figures: Figures) -> Headings:
    phrases = figures.language.phrases
    return Headings(
        positions=phrases["positions"],
        sums=phrases["sums"],
        notes=phrases["notes"],
        decisions=phrases["decisions"],
        net=phrases["before_tax"],
        tax=phrases["tax"],
        gross=phrases["after_tax"],
        own=phrases["decision_own"],
        default=phrases["decision_default"],
    )
