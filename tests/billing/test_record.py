"""Every value of the core reads back equal from text that is the same each time."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.record import RecordError, Shared, dumps, from_plain, loads, to_plain


class Colour(StrEnum):
    RED = "rot"
    BLUE = "blau"


class Level(IntEnum):
    LOW = 0
    HIGH = 10


class Odd(Enum):
    NOTHING = None


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Twig:
    length: int


@dataclass(frozen=True, slots=True)
class Tree:
    zeta: str
    alpha: Decimal
    at: datetime
    day: date
    clock: time
    colour: Colour
    level: Level
    leaves: tuple[Leaf, ...]
    pair: tuple[str, int | None]
    levels: frozenset[Level]
    by_name: dict[str, Decimal | None]
    part: Leaf | Twig
    best: Leaf | None = None
    flag: bool = False


NOW = datetime(2026, 10, 5, 12, 0, 0, 250_000, tzinfo=UTC)
TREE = Tree(
    'ö"\\\n\x1f\u2028$',
    Decimal("1.50"),
    NOW,
    date(2026, 1, 2),
    time(23, 59, 30),
    Colour.BLUE,
    Level.HIGH,
    (Leaf("a"), Leaf("b", Decimal("1E+3"))),
    ("x", None),
    frozenset({Level.HIGH, Level.LOW}),
    {"z": None, "a": Decimal("-0.0")},
    Twig(3),
)

TEXT = (
    '{"alpha":"1.5","at":"2026-10-05T12:00:00.250000Z","best":null,'
    '"by_name":{"a":"0","z":null},"clock":"23:59:30","colour":"blau","day":"2026-01-02",'
    '"flag":false,"leaves":[{"amount":"0","name":"a"},{"amount":"1000","name":"b"}],'
    '"level":10,"levels":[0,10],"pair":["x",null],"part":{"length":3,"type":"Twig"},'
    '"zeta":"ö\\"\\\\\\n\\u001f\u2028$"}'
)


def test_the_text_is_canonical() -> None:
    assert dumps(TREE) == TEXT
    assert dumps(TREE) == json.dumps(
        json.loads(TEXT), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def test_it_reads_back_equal() -> None:
    assert loads(Tree, TEXT) == TREE
    assert from_plain(Tree, to_plain(TREE)) == TREE


def test_instants_are_written_in_utc() -> None:
    @dataclass(frozen=True)
    class At:
        at: datetime

    east = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert dumps(At(east)) == '{"at":"2026-10-05T12:00:00.250000Z"}'
    assert loads(At, '{"at":"2026-10-05T14:00:00+02:00"}').at == NOW.replace(microsecond=0)


def test_what_is_missing_takes_its_default() -> None:
    assert loads(Leaf, '{"name":"a"}') == Leaf("a")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "not a Leaf"),
        ("{}", "name is missing"),
        ('{"amount":"1"}', "name is missing"),
        ('{"name":1,"amount":"1"}', "expected str, got 1"),
        ('{"name":"a","amount":1.5}', "a decimal as text"),
        ('{"name":"a","amount":"1,5"}', "not a Leaf"),
        ('{"name":"a","amount":"NaN"}', "not a finite number"),
        ('{"name":"a","amount":null}', "a decimal as text"),
    ],
)
def test_what_is_no_record_is_refused(text: str, words: str) -> None:
    with pytest.raises(RecordError, match=words):
        loads(Leaf, text)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("at", "2026-10-05T12:00:00"),
        ("colour", "green"),
        ("level", 3),
        ("flag", 1),
        ("pair", ["x"]),
        ("part", {"type": "Root"}),
        ("day", "05-10-2026"),
    ],
)
def test_a_wrong_part_is_refused(field: str, wrong: Any) -> None:
    with pytest.raises(RecordError):
        from_plain(Tree, {**to_plain(TREE), field: wrong})


def test_what_cannot_be_written_is_refused() -> None:
    @dataclass(frozen=True)
    class Loose:
        share: float

    @dataclass(frozen=True)
    class Either:
        one: int | str

    @dataclass(frozen=True)
    class At:
        at: datetime

    with pytest.raises(RecordError, match="float"):
        dumps(Loose(1.0))
    with pytest.raises(RecordError, match="name one type"):
        dumps(Either(1))
    with pytest.raises(RecordError, match="no time zone"):
        dumps(At(datetime(2026, 1, 1)))  # noqa: DTZ001 - this is what must be refused
    with pytest.raises(RecordError, match="finite"):
        dumps(Leaf("a", Decimal("Infinity")))


finite = st.decimals(allow_nan=False, allow_infinity=False)
leaves = st.builds(Leaf, st.text(), finite)


@settings(deadline=None)
@given(st.lists(leaves).map(tuple), st.datetimes(timezones=st.just(UTC)), finite, st.text())
def test_any_value_survives(
    parts: tuple[Leaf, ...], at: datetime, amount: Decimal, name: str
) -> None:
    tree = Tree(
        name,
        amount,
        at,
        at.date(),
        at.time(),
        Colour.RED,
        Level.LOW,
        parts,
        ("", 1),
        frozenset(),
        {name: amount},
        Leaf(name),
    )
    text = dumps(tree)
    assert loads(Tree, text) == tree
    assert dumps(loads(Tree, text)) == text


@dataclass(frozen=True, slots=True)
class Wood:
    trees: tuple[Shared[Leaf], ...]
    paths: Shared[tuple[tuple[str, str], ...]] = ()


@dataclass(frozen=True, slots=True)
class Hedge:
    trees: tuple[Leaf, ...]
    paths: tuple[tuple[str, str], ...] = ()


@settings(deadline=None)
@given(st.lists(st.lists(leaves).map(tuple), min_size=1), st.lists(st.tuples(st.text(), st.text())))
def test_what_is_shared_is_written_and_read_as_if_it_were_not(
    groups: list[tuple[Leaf, ...]], paths: list[tuple[str, str]]
) -> None:
    for trees in groups * 2:
        text = dumps(Wood(trees, tuple(paths)))
        assert text == dumps(Hedge(trees, tuple(paths)))
        assert loads(Wood, text) == Wood(trees, tuple(paths))


def test_what_is_shared_is_read_once() -> None:
    one, two = (loads(Wood, dumps(Wood((Leaf("a"), Leaf(name)), ()))) for name in "bc")
    assert one.trees[0] is two.trees[0]
    assert one.trees[1] != two.trees[1]
