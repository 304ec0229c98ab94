"""What an explanation says: of lines, steps, restrictions, limits, taxes, notes and decisions."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.explain import LANGUAGES, Explanation, Subject, explain, markdown, text
from billing.explain.conditions import conditions
from billing.explain.figures import NBSP, Figures
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.price import price
from billing.receipt import CostGroup
from billing.tariff import Dimension
from tests.billing.pricing.samples import AMSTERDAM, at, periods, restrictions, tariff, tariff_of

D = Decimal
LANGUAGE_CODES = tuple(LANGUAGES)
NIGHT = [
    [
        "ENERGY 0.39 vat 21 step 500",
        "FLAT 0.50 vat 21",
        {"start_time": "07:00", "end_time": "23:00"},
    ],
    ["ENERGY 0.22 vat 21 step 500"],
    ["PARKING_TIME 3.50 vat 21 step 900", {"min_duration": "3600", "days": "Mon Tue"}],
]  # fmt: skip
EVENING = (
    ("2026-10-05T22:40", "3.133 kWh"),
    ("2026-10-05T23:00", "12.4 kWh"),
    ("2026-10-06T00:30", "parked"),
)
END = "2026-10-06T01:40"


def subject(
    plain: Any,
    rows: tuple[tuple[str, str], ...] = EVENING,
    end: str = END,
    policy: PricingPolicy = DEFAULT_POLICY,
    **fields: Any,
) -> Subject:
    own = tariff(plain) if isinstance(plain, str) else tariff_of(plain)
    cut = periods(*rows, end=end, tariff_id=own.id)
    span = {"start_at": at(rows[0][0]), "end_at": at(end)}
    receipt = price(cut, [own], AMSTERDAM, policy=policy, **span)
    return Subject(
        id="CDR-1",
        receipt=receipt,
        tariffs=[own],
        periods=cut,
        zone=AMSTERDAM,
        energy_kwh=sum((one.energy_wh for one in cut), D(0)) / 1000,
        time_h=D(3),
        **span,
        **fields,
    )


def said(found: Explanation) -> str:
    """All of it as one line of plain spaces."""
    return " ".join(text(found).replace(NBSP, " ").split())


WORDS = {
    "en": (
        "To pay: €10.80. That is €8.93 before tax and €1.87 tax.",
        "The meter counted 3.133 kWh, from 22:40 to 23:00. Exactly that is billed.",
        "12.867 kWh are billed: blocks of 500 Wh are filled once for the whole session",
        "Element 1 would come first, but it applies only between 07:00 and 23:00.",
        "on 6 October from 00:30 to 01:40. 1 h 15 min are billed",
        "applies on Monday and Tuesday and from 1 h after the start on.",
        "Monday 5 October 2026, 22:40, to Tuesday 6 October 2026, 01:40 (local time, Europe/",
    ),
    "de": (
        "Zu zahlen: 10,80 €. Das sind 8,93 € netto und 1,87 € Steuer.",
        "Der Zähler hat 3,133 kWh erfasst, von 22:40 bis 23:00 Uhr. Genau das wird abgerechnet.",
        "Abgerechnet werden 12,867 kWh: Blöcke von 500 Wh werden einmal für den ganzen Ladevorgang",
        "Element 1 käme vorher, gilt aber nur zwischen 07:00 und 23:00 Uhr.",
        "am 6. Oktober von 00:30 bis 01:40 Uhr. Abgerechnet werden 1 h 15 min",
        "es gilt montags und dienstags und ab 1 h nach Beginn.",
    ),
    "nl": (
        "Te betalen: € 10,80. Dat is € 8,93 exclusief belasting en € 1,87 belasting.",
        "De meter telde 3,133 kWh, van 22:40 tot 23:00 uur.",
        "Er wordt 12,867 kWh in rekening gebracht: blokken van 500 Wh worden één keer",
        "Element 1 zou voorgaan, maar geldt alleen tussen 07:00 en 23:00 uur.",
        "dat geldt op maandag en dinsdag en vanaf 1 uur na het begin.",
    ),
    "fr": (
        "À payer : 10,80 €, soit 8,93 € hors taxes et 1,87 € de taxes.",
        "Le compteur a relevé 3,133 kWh, de 22 h 40 à 23 h 00.",
        "Quantité facturée : 12,867 kWh. Les tranches de 500 Wh sont remplies une seule fois",
        "L’élément 1 passerait avant, mais s’applique seulement entre 7 h 00 et 23 h 00.",
        "qui s’applique le lundi et le mardi et à partir de 1 h après le début.",
    ),
}


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_an_evening_in_words(language: str) -> None:
    found = said(explain(subject(NIGHT), language))
    for sentence in WORDS[language]:
        assert sentence in found


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_every_line_and_sentence_begins_with_a_capital(language: str) -> None:
    told = explain(subject(NIGHT), language)
    sentences = [*told.session[1:2], *told.lead, *(one.title for one in told.sums)]
    sentences += [told.headings.net, told.headings.tax, told.headings.gross]
    sentences += [one.title for one in told.positions]
    assert [one for one in sentences if not one[0].isupper()] == []
    words = LANGUAGES[language]
    every = [*words.notes.values(), *(s for row in words.policies.values() for s in row.values())]
    assert [one for one in every if not one[0].isupper()] == []


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_a_position_stands_for_all_lines_of_a_component(language: str) -> None:
    whole = subject(NIGHT)
    found = explain(whole, language)
    lines = [number for one in found.positions for number in one.lines]
    assert sorted(lines) == list(range(len(whole.receipt.lines)))
    assert sum((one.gross for one in found.positions), D(0)) == whole.receipt.exact_total.gross
    again = explain(subject(NIGHT, (("2026-10-05T22:30", "1 kWh"), *EVENING)), language)
    assert again.positions[0].lines == (0, 2)


def test_a_summary_has_every_group_and_the_unrounded_total() -> None:
    rows = [(one.title, one.gross, one.kind) for one in explain(subject(NIGHT), "en").sums]
    assert rows == [
        ("Energy", "€4.9037", "part"),
        ("Parking time", "€5.2938", "part"),
        ("Fixed fees", "€0.6050", "part"),
        ("Unrounded", "€10.8024", "exact"),
        ("Total", "€10.80", "total"),
    ]


def test_what_was_decided_is_told_where_it_mattered() -> None:
    found = explain(subject(NIGHT), "en")
    told = {one.policy for one in found.decisions}
    assert {"step_scope", "flat_scope", "duration_origin", "money_rounding"} <= told
    assert "negative_energy" not in told
    assert not any(one.chosen for one in found.decisions)
    own = replace(DEFAULT_POLICY, negative_energy="credited")
    chosen = [one for one in explain(subject(NIGHT, policy=own), "en").decisions if one.chosen]
    assert [(one.policy, one.value) for one in chosen] == [("negative_energy", "credited")]


@pytest.mark.parametrize("language", LANGUAGE_CODES)
@pytest.mark.parametrize(
    ("plain", "kwh", "title"), [("capped", "50 kWh", "name_max"), ("floored", "1 kWh", "name_min")]
)
def test_a_price_limit_is_a_position_of_its_own(
    language: str, plain: str, kwh: str, title: str
) -> None:
    rows = (("2019-01-10T12:00", kwh),)
    found = explain(subject(plain, rows, "2019-01-10T13:00"), language)
    last = found.positions[-1]
    assert last.title == LANGUAGES[language].phrases[title]
    assert last.element == -1
    assert "total_clamped" in {one.code for one in found.remarks}


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_prices_that_include_tax_are_told_so(language: str) -> None:
    gross = {"elements": [["ENERGY 0.60 vat 20"]], "tax_included": "YES"}
    rows = (("2026-10-05T12:00", "10 kWh"),)
    (one,) = explain(subject(gross, rows, "2026-10-05T13:00"), language).positions
    figures = Figures(LANGUAGES[language], "EUR", AMSTERDAM)
    assert one.sentences[-1] == LANGUAGES[language].phrases["taxed_within"].format(
        tax=figures.money(D(1)), rate=figures.percent(D(20))
    )
    marked = LANGUAGES[language].phrases["prices_with_tax"]
    whole = explain(subject(gross, rows, "2026-10-05T13:00"), language)
    assert marked in whole.lead
    assert marked in text(whole)
    assert marked in markdown(whole)
    before = explain(subject(NIGHT), language)
    assert LANGUAGES[language].phrases["prices_before_tax"] in before.lead
    untaxed = explain(subject([["ENERGY 0.60"]], rows, "2026-10-05T13:00"), language)
    assert not {marked, LANGUAGES[language].phrases["prices_before_tax"]} & set(untaxed.lead)
    none = {"elements": [["ENERGY 0.60"]], "tax_included": "YES"}
    found = explain(subject(none, rows, "2026-10-05T13:00"), language)
    assert "tax_included_without_rate" in {one.code for one in found.remarks}


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_a_reservation_reads_as_one(language: str) -> None:
    rows = (("2022-01-13T11:45", "reserved"), ("2022-01-13T12:00", "20 kWh"))
    found = explain(subject("reserved_fee", rows, "2022-01-13T13:00"), language)
    phrases = LANGUAGES[language].phrases
    titles = {one.title for one in found.positions}
    steps = [["TIME 3 step 600", {"reservation": "RESERVATION"}], ["TIME 1 step 600"]]
    rows = (("2022-01-13T11:45", "reserved"), ("2022-01-13T12:00", "20 kWh"))
    for budget, key in (("separate", "billed_step"), ("shared", "billed_step_shared")):
        own = replace(DEFAULT_POLICY, reservation_step_budget=budget)
        told = said(explain(subject(steps, rows, "2022-01-13T12:57", policy=own), language))
        assert phrases[key].rpartition("}")[2].replace(NBSP, " ").strip() in told
    assert {phrases["name_reserved"], phrases["name_reserved_flat"]} <= titles
    assert phrases["reservation"] in said(found)


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_nothing_to_pay_and_a_credit(language: str) -> None:
    phrases = LANGUAGES[language].phrases
    rows = (("2026-10-05T12:00", "10 kWh"),)
    free = explain(subject("free", rows, "2026-10-05T13:00"), language)
    assert free.lead == (phrases["pays_nothing"],)
    credit = explain(subject(NIGHT, credit=True), language)
    assert credit.title == phrases["title_credit"]
    assert credit.lead[0].startswith(phrases["credits"].split("{")[0])


def test_notes_stand_once_with_all_their_places() -> None:
    noted = (("required_field", "/id"), ("required_field", "/auth_id"), ("too_long", "/id"))
    found = explain(subject(NIGHT, noted=noted), "en")
    assert [(one.code, one.pointers, one.places) for one in found.remarks] == [
        ("required_field", ("/id", "/auth_id"), ()),
        ("too_long", ("/id",), ()),
    ]
    crossing = explain(subject(NIGHT, (("2026-10-05T22:40", "9 kWh"),)), "en")
    assert ("period_spans_price_change", ("period 1, at 22:40",)) in {
        (one.code, one.places) for one in crossing.remarks
    }


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        ("/charging_periods/1/dimensions/0", "period 2, at 23:00"),
        ("/tariffs/0/elements/0/price_components/1/price", "element 1 of the tariff, fixed fee"),
        ("/tariffs/0/elements/2/restrictions", "element 3 of the tariff"),
        ("/tariffs/0/elements/2/price_components/7", "element 3 of the tariff"),
        ("/tariffs/0/elements/9/price_components/0", "element 10 of the tariff"),
        ("/tariffs/3/elements/0", ""),
        ("/charging_periods/9", ""),
        ("/cdr_location/time_zone", ""),
    ],
)
def test_a_pointer_in_words(pointer: str, words: str) -> None:
    (one,) = explain(subject(NIGHT, noted=(("too_long", pointer),)), "en").remarks
    assert one.places == ((words,) if words else ())
    assert one.pointers == (pointer,)


def test_a_session_over_the_change_of_clocks_says_so() -> None:
    rows = (("2026-10-25T01:00", "10 kWh"),)
    found = explain(subject(NIGHT, rows, "2026-10-25T05:00"), "en")
    assert any("clocks change" in one for one in found.session)
    assert "UTC+02:00" in found.session[1]


CONDITIONS = [
    ({"days": "Mon Tue Wed Thu Fri"}, "from Monday to Friday"),
    ({"days": "Sat Sun"}, "on Saturday and Sunday"),
    ({"start_time": "22:00", "end_time": "06:00"}, "between 22:00 and 06:00 of the next day"),
    ({"start_time": "20:00", "end_time": "00:00"}, "from 20:00 on"),
    ({"end_time": "17:00"}, "before 17:00"),
    ({"start_time": "08:00", "end_time": "08:00"}, "all day"),
    ({"start_date": "2026-06-06", "end_date": "2026-06-07"}, "on Saturday 6 June 2026"),
    (
        {"start_date": "2026-06-06", "end_date": "2026-07-01"},
        "from Saturday 6 June 2026 to Tuesday 30 June 2026, both included",
    ),
    ({"end_date": "2026-07-01"}, "up to and including Tuesday 30 June 2026"),
    ({"start_date": "2026-07-01"}, "from Wednesday 1 July 2026 on"),
    (
        {"start_date": "2026-07-01", "end_date": "2026-07-01"},
        "from Wednesday 1 July 2026 until the same day",
    ),
    ({"min_kwh": "20"}, "once 20 kWh have been charged"),
    ({"max_kwh": "20"}, "until 20 kWh have been charged"),
    ({"min_kwh": "5", "max_kwh": "20"}, "while between 5 kWh and 20 kWh have been charged"),
    ({"min_duration": "5400"}, "from 1 h 30 min after the start on"),
    ({"max_duration": "1800"}, "in the first 30 min"),
    ({"max_power": "16"}, "at less than 16 kW of power"),
    ({"min_power": "16", "max_power": "32"}, "at 16 kW of power or more, but less than 32 kW"),
    ({"min_current": "32"}, "at 32 A of current or more"),
    ({"reservation": "RESERVATION_EXPIRES"}, "to a reservation that was not used"),
    (
        {"days": "Sat", "start_time": "10:00", "end_time": "17:00", "min_kwh": "1"},
        "on Saturday, between 10:00 and 17:00 and once 1 kWh have been charged",
    ),
]


@pytest.mark.parametrize(("limits", "words"), CONDITIONS)
def test_restrictions_in_words(limits: dict[str, str], words: str) -> None:
    read = restrictions(limits)
    english = Figures(LANGUAGES["en"], "EUR", AMSTERDAM)
    assert conditions(read, english, DEFAULT_POLICY).replace(NBSP, " ") == words
    told = {code: conditions(read, Figures(words, "EUR", AMSTERDAM), DEFAULT_POLICY)
            for code, words in LANGUAGES.items()}  # fmt: skip
    assert len(set(told.values())) == len(LANGUAGES)
    assert all("{" not in one for one in told.values())


def test_the_policy_decides_what_a_window_means() -> None:
    english = Figures(LANGUAGES["en"], "EUR", AMSTERDAM)
    same = restrictions({"start_time": "08:00", "end_time": "08:00"})
    never = replace(DEFAULT_POLICY, equal_window="never")
    assert conditions(same, english, never) == "at no time of the day"
    late = restrictions({"start_time": "20:00", "end_time": "23:59"})
    midnight = replace(DEFAULT_POLICY, day_end_2359="as_2400")
    assert conditions(late, english, midnight) == "from 20:00 on"


FIGURES = {
    "en": ("€1,234.56", "-€0.5050", "CHF~1,234.56", "1,234.5~kWh", "21%", "12:05", "1 October"),
    "de": ("1.234,56~€", "-0,5050~€", "1.234,56~CHF", "1.234,5~kWh", "21~%", "12:05", "1. Oktober"),
    "nl": ("€~1.234,56", "€~-0,5050", "CHF~1.234,56", "1.234,5~kWh", "21%", "12:05", "1 oktober"),
    "fr": (
        "1~234,56~€", "-0,5050~€", "1~234,56~CHF", "1~234,5~kWh", "21~%", "12~h~05", "1er octobre",
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_figures_are_written_as_the_language_writes_them(language: str) -> None:
    euro = Figures(LANGUAGES[language], "EUR", AMSTERDAM)
    franc = Figures(LANGUAGES[language], "CHF", AMSTERDAM)
    noon = datetime(2026, 10, 1, 10, 5, tzinfo=UTC)
    found = (
        euro.money(D("1234.56")),
        euro.money(D("-0.505")),
        franc.money(D("1234.56")),
        euro.quantity(Dimension.ENERGY, D("1234.5")),
        euro.percent(D(21)),
        euro.time_of(noon),
        euro.day_month(noon),
    )
    assert tuple(one.replace(NBSP, "~") for one in found) == FIGURES[language]


def test_money_has_the_decimals_of_its_currency_and_prices_all_theirs() -> None:
    yen = Figures(LANGUAGES["en"], "JPY", ZoneInfo("Asia/Tokyo"))
    assert yen.money(D(1200)) == f"JPY{NBSP}1,200"
    euro = Figures(LANGUAGES["en"], "EUR", AMSTERDAM)
    assert euro.money(D("0.71740"), price=True) == "€0.7174"
    assert euro.money(D("-0.00001")) == "€0.00"


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_text_is_narrow_and_markdown_takes_nothing_of_a_party_for_its_own(language: str) -> None:
    found = explain(replace(subject(NIGHT), id="A|*B*_[x](y)"), language)
    assert max(map(len, text(found).splitlines())) <= 88
    told = markdown(found)
    assert r"A\|\*B\*\_\[x\](y)" in told
    assert told.count("\n### ") == len(found.positions)
    assert told.count("| --- | ---: |") == 1


def test_a_limit_belongs_to_no_element() -> None:
    rows = (("2019-01-10T12:00", "50 kWh"),)
    whole = subject("capped", rows, "2019-01-10T13:00")
    groups = [line.group for line in whole.receipt.lines]
    assert CostGroup.LIMIT in groups
    assert explain(whole, "en").positions[-1].reasons == ()


SPLIT = PricingPolicy(period_spans_price_change="split_by_time")
HOURLY: list[Any] = [["TIME 6.00", {"max_duration": "3600"}], ["TIME 1.00"]]
TWO_HOURS = (("2026-10-05T18:00", "30 kWh"),)
SHARES = {
    "en": ("for 1 h, within the time from 18:00 to 20:00.", "This is a share"),
    "de": ("innerhalb der Zeit von 18:00 bis 20:00 Uhr", "in einem Stück erfasst"),
    "nl": ("binnen de tijd van 18:00 tot 20:00 uur", "in één keer is vastgelegd"),
    "fr": ("au cours de la période de 18", "en une seule fois"),
}


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_a_share_of_a_period_claims_neither_its_hours_nor_two_readings(language: str) -> None:
    end = "2026-10-05T20:00"
    found = said(explain(subject(HOURLY, TWO_HOURS, end, SPLIT), language))
    assert all(found.count(words) == 2 for words in SHARES[language])
    assert LANGUAGES[language].phrases["imputed"] not in found
    whole = said(explain(subject([["TIME 6.00"]], TWO_HOURS, end, SPLIT), language))
    assert not any(words in whole for words in SHARES[language])


def test_all_shares_of_a_period_together_are_told_as_the_period() -> None:
    """Energy changes its price after an hour; time is one price throughout, in two lines."""
    plain: list[Any] = [["ENERGY 0.10", {"max_kwh": "10"}], ["ENERGY 0.20"], ["TIME 6.00"]]
    found = explain(subject(plain, TWO_HOURS, "2026-10-05T20:00", SPLIT), "en")
    time = next(one for one in found.positions if one.title == "Charging time")
    assert len(time.lines) == 2
    assert "for 2 h, from 18:00 to 20:00." in " ".join(time.sentences).replace(NBSP, " ")


@pytest.mark.parametrize(
    ("price_per_kwh", "words"),
    [
        ("0.333333", "To the last digit it is €0.333333 before tax"),
        ("0.3333333", "Before rounding it is about €0.3333 before tax"),
    ],
)
def test_the_last_digit_is_shown_or_not_claimed(price_per_kwh: str, words: str) -> None:
    row = (("2026-10-05T18:00", "1 kWh"),)
    found = said(explain(subject([[f"ENERGY {price_per_kwh}"]], row, "2026-10-05T19:00"), "en"))
    assert words in found
