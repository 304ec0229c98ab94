"""A session read as pricing asks for it is billed as the whole session is."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.cdr import CDR, Context, Rejection, derive
from billing.finding import Finding, Severity, Source
from billing.party import Party, Role
from billing.session import Session
from pipelines.charge_rows import Billed, exact
from pipelines.context import Contexts, _seller_of
from pipelines.reference import Reference, Versions
from pipelines.session_rows import read_sessions, write_sessions
from pipelines.stored_sessions import COLUMNS, StoredSession, stored_sessions
from pipelines.stretch import Stretch, instant
from tests.billing.cdr.samples import SOURCE, context, session
from tests.billing.pricing.samples import TABLE
from warehouse.lake import TABLES


def stored(one: Session) -> StoredSession:
    (found,) = stored_sessions(write_sessions([one]).select(COLUMNS))
    return found


def test_every_field_is_that_of_the_whole_session(busy_stretch: Stretch) -> None:
    rows = busy_stretch.lake.read("session")
    assert rows.height > 5
    names = {one.name for one in fields(StoredSession)} - {"row", "lists"}
    for whole, part in zip(read_sessions(rows), stored_sessions(rows), strict=True):
        for name in names | {"registers", "power", "current", "findings"}:
            assert getattr(part, name) == getattr(whole, name), name


@settings(deadline=None)
@given(
    st.sampled_from(sorted(TABLE)),
    st.integers(0, 600),
    st.dictionaries(st.integers(1, 119), st.integers(0, 30_000), max_size=6),
    st.dictionaries(
        st.integers(0, 119), st.tuples(st.integers(0, 22), st.integers(0, 48)), max_size=4
    ),
    st.none() | st.integers(0, 119),
)
def test_it_is_priced_alike(
    name: str,
    shift: int,
    wh: dict[int, int],
    loads: dict[int, tuple[int, int]],
    parked: int | None,
) -> None:
    began = datetime(2026, 10, 5, 18, tzinfo=UTC) + timedelta(minutes=shift)

    def clock(minute: int) -> str:
        return (began + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M")

    whole = session(
        clock(0),
        clock(120),
        readings={clock(minute): str(value) for minute, value in sorted(wh.items())},
        power={clock(minute): str(kw) for minute, (kw, _) in loads.items()},
        current={clock(minute): str(ampere) for minute, (_, ampere) in loads.items()},
        parked_from="" if parked is None else clock(parked),
    )
    found = derive(stored(whole), context(name))
    assert isinstance(found, CDR)
    assert found == derive(whole, context(name))


def test_it_is_refused_alike() -> None:
    held = Finding(SOURCE, "rule", Severity.HOLD, "why", "CP1", session().id)
    for whole in (
        session(energy=None),
        session(id_token=""),
        replace(session(), held=True, findings=(held,)),
    ):
        found = derive(stored(whole), context())
        assert isinstance(found, Rejection)
        assert found == derive(whole, context())


@given(st.decimals(-(10**9), 10**9, places=15))
def test_an_exact_amount_has_the_digits_of_its_column(value: Decimal) -> None:
    assert Decimal(f"{value:.12f}") == exact(value)


def test_rows_say_what_the_cdr_says() -> None:
    one = session(parked_from="2026-10-05T13:10")
    cdr = derive(one, context("start_energy_parking"))
    assert isinstance(cdr, CDR)
    billed = Billed()
    billed.bill([cdr], cdr, one)
    frames = billed.frames()
    assert {name: frame.schema for name, frame in frames.items()} == {
        name: TABLES[name].schema for name in frames
    }
    for row, line in zip(frames["charge"].rows(named=True), cdr.receipt.lines, strict=True):
        said = {name: getattr(line, name) for name in ("dimension", "group", "step_size", "vat")}
        said |= {name: exact(getattr(line, name)) for name in ("billed", "price", "net", "tax")}
        assert row == row | said
    (row,) = frames["cdr"].rows(named=True)
    cost = cdr.total_cost
    assert (row["net"], row["tax"], row["gross"]) == (cost.net, cost.tax, cost.gross)
    assert row["time_h"] == exact(cdr.total_time_h)
    assert row["start_at"] == cdr.start_at


DAYS = [datetime(2026, 10, day, tzinfo=UTC) for day in range(1, 7)]


def party(code: str, role: Role = Role.CPO) -> Party:
    return Party("NL", code, role, code)


@given(
    st.dictionaries(
        st.sampled_from(["AAA", "WTP", "ZZZ"]),
        st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(Role)), min_size=1, max_size=3),
    ),
    st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)), min_size=1, max_size=6),
)
def test_the_seller_is_looked_up_as_for_the_first_time(
    known: dict[str, list[tuple[datetime, Role]]], asked: list[tuple[datetime, datetime]]
) -> None:
    parties: dict[str, Versions[Party]] = {}
    for code, told in known.items():
        for at, role in sorted(told):
            parties.setdefault(f"NL-{code}", Versions()).add(at, party(code, role))
    reference = Reference({}, {}, {}, parties, ())
    contexts = Contexts(reference)
    for at, emitted in asked * 2:
        expected = _seller_of("", reference, at, emitted)
        found = contexts.of(session(emitted_at=emitted), at)
        assert (found.seller if isinstance(found, Context) else None) == expected


@pytest.mark.parametrize("name", ["A", "B"])
def test_a_reference_of_some_stations_knows_them_and_all_else(
    busy_stretch: Stretch, name: str
) -> None:
    until = instant(busy_stretch.until_ns)
    whole = Reference.load(busy_stretch.lake, until)
    some = Reference.load(busy_stretch.lake, until, frozenset({name}))
    assert set(some.stations) == {name}
    assert some.stations[name] == whole.stations[name]
    assert (some.tokens, some.offers) == (whole.tokens, whole.offers)


def test_a_source_is_kept_with_its_register() -> None:
    one = session(readings={"2026-10-05T12:30": "1000"})
    assert [register.source for register in stored(one).registers] == [
        Source("ingest-1", 7) for _ in one.registers
    ]
