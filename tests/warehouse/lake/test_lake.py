"""The lake keeps what it is given, one commit at a time, and hashes what rows say."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from shutil import rmtree

import polars as pl
import pytest
from deltalake import DeltaTable, Field
from deltalake.schema import PrimitiveType

from warehouse.lake import TABLES, Lake, LakeOutdatedError
from warehouse.lake import lake as lake_module
from warehouse.lake.abreast import abreast
from warehouse.lake.content import frame_hash
from warehouse.log import LogDamaged

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
SCHEMA = TABLES["session"].schema


def session(day: date, name: str, wh: str = "1000.5") -> dict[str, object]:
    start = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    blank = dict.fromkeys(SCHEMA.names())
    register = {"at": start, "wh": Decimal(wh), "origin": "ingest-1", "index": 7}
    return blank | {
        "day": day,
        "session_id": name,
        "version": 1,
        "start_at": start,
        "end_at": start + timedelta(hours=1),
        "energy_wh": Decimal(wh),
        "registers": [register, register],
        "signed_values": [],
        "held": False,
    }


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_reads_back_what_was_written_in_key_order(lake: Lake) -> None:
    lake.write("session", frame(session(FIRST, "b"), session(FIRST, "a")), [FIRST])
    assert lake.read("session").rows() == frame(session(FIRST, "a"), session(FIRST, "b")).rows()
    assert lake.read("session").schema == SCHEMA


def test_a_table_never_written_is_empty_and_typed(lake: Lake) -> None:
    assert lake.read("session").schema == SCHEMA
    assert lake.days("session") == []
    assert lake.query("SELECT count(*) AS n, sum(energy_wh) AS wh FROM session").row(0) == (0, None)


def test_overwrites_the_days_named_and_no_other_in_one_commit(lake: Lake) -> None:
    lake.write("session", frame(session(FIRST, "a"), session(SECOND, "b")), [FIRST, SECOND])
    before = DeltaTable(lake.path / "session").version()
    third = date(2026, 10, 3)
    lake.write("session", frame(session(SECOND, "c"), session(third, "d")), [SECOND, third])
    assert lake.read("session")["session_id"].to_list() == ["a", "c", "d"]
    assert DeltaTable(lake.path / "session").version() == before + 1


def test_a_day_without_rows_is_emptied(lake: Lake) -> None:
    lake.write("session", frame(session(FIRST, "a")), [FIRST])
    lake.write("session", frame(), [FIRST])
    assert lake.read("session").height == 0


def test_writing_the_same_again_commits_nothing(lake: Lake) -> None:
    rows = frame(session(FIRST, "a"), session(SECOND, "b"))
    first = lake.write("session", rows, [FIRST, SECOND])
    version = DeltaTable(lake.path / "session").version()
    assert lake.write("session", rows.reverse(), [FIRST, SECOND]) == first
    assert DeltaTable(lake.path / "session").version() == version


def test_going_back_to_earlier_content_works(lake: Lake) -> None:
    old, new = frame(session(FIRST, "a")), frame(session(FIRST, "b"))
    for rows in (old, new, old):
        lake.write("session", rows, [FIRST])
    assert lake.read("session")["session_id"].to_list() == ["a"]
    lake.vacuum(retain_hours=0)
    assert lake.read("session")["session_id"].to_list() == ["a"]


def test_what_another_writes_or_makes_anew_is_seen(lake: Lake) -> None:
    other = Lake(lake.path)
    other.write("session", frame(session(FIRST, "a")), [FIRST])
    assert lake.read("session")["session_id"].to_list() == ["a"]
    other.write("session", frame(session(FIRST, "b")), [FIRST])
    assert lake.query("SELECT session_id FROM session").item() == "b"
    rmtree(lake.path)
    assert lake.days("session") == []
    other.write("session", frame(session(SECOND, "c")), [SECOND])
    other.write("session", frame(session(SECOND, "d")), [SECOND])
    assert lake.read("session")["session_id"].to_list() == ["d"]


def test_a_table_of_another_version_says_so(lake: Lake) -> None:
    lake.check()
    lake.write("session", frame(session(FIRST, "a")), [FIRST])
    lake.check()
    DeltaTable(lake.path / "session").alter.add_columns([Field("mood", PrimitiveType("string"))])
    for look in (lambda: lake.days("session"), lake.check):
        with pytest.raises(LakeOutdatedError, match="another version of this program: mood"):
            look()


def test_a_table_whose_first_commit_never_came_is_empty(lake: Lake) -> None:
    (lake.path / "session" / "_delta_log").mkdir(parents=True)
    assert lake.days("session") == []
    lake.write("session", frame(session(FIRST, "a")), [FIRST])
    assert lake.days("session") == [FIRST]


def test_a_row_of_another_day_or_a_key_twice_is_refused(lake: Lake) -> None:
    with pytest.raises(AssertionError, match="not asked"):
        lake.write("session", frame(session(SECOND, "a")), [FIRST])
    with pytest.raises(AssertionError, match="twice"):
        lake.write("session", frame(session(FIRST, "a"), session(FIRST, "a")), [FIRST])


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than three rows are many."""
    monkeypatch.setattr(lake_module, "_ROWS_AT_ONCE", 3)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("cuts", [[1, 2, 3, 4], [5], [4, 4], [0, 6], [7]])
def test_rows_poured_are_rows_written(lake: Lake, tmp_path: Path, cuts: list[int]) -> None:
    days = [FIRST, SECOND]
    rows = frame(*(session(day, name) for day in days for name in "abcd"))
    bounds = [0, *cuts, rows.height]
    parts = [rows[start:stop] for start, stop in pairwise(bounds)]
    poured = lake.pour("session", iter(parts), days)
    other = Lake(tmp_path / "other")
    assert poured == other.write("session", rows, days) == lake.content_hash("session")
    assert poured == lake.named_hash("session")
    assert lake.read("session").equals(other.read("session"))
    assert not [path for path in lake.path.rglob("*") if "tmp" in path.name]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("names", ["aabcd", "bacd", "abdc"])
def test_rows_poured_out_of_order_are_refused(lake: Lake, names: str) -> None:
    parts = [frame(session(FIRST, name)) for name in names]
    with pytest.raises(AssertionError, match="occurs twice, or out of order"):
        lake.pour("session", parts, [FIRST])
    assert lake.days("session") == []
    with pytest.raises(AssertionError, match="comes after"):
        lake.pour("session", [frame(session(d, x)) for d in (SECOND, FIRST) for x in "abcd"], [])


@pytest.mark.usefixtures("few")
def test_what_goes_wrong_with_a_part_is_told_as_it_is(lake: Lake) -> None:
    def parts() -> Iterator[pl.DataFrame]:
        yield frame(*(session(FIRST, name) for name in "abcd"))
        raise LogDamaged("entry 5 is damaged")

    with pytest.raises(LogDamaged, match="entry 5"):
        lake.pour("session", parts(), [FIRST])
    assert lake.read("session").is_empty()


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_pieces_hold_every_row_once_in_order(lake: Lake, at_once: int) -> None:
    days = [FIRST, SECOND, date(2026, 10, 3)]
    rows = frame(*(session(day, name) for day in days for name in "abcd"[: day.day + 1]))
    lake.write("session", rows, days)
    pieces = list(lake.pieces("session", days[:2], at_once))
    every, named = pl.lit(value=True), pl.col("session_id") != "a"
    whole = pl.concat(
        lake.read_piece("session", one, ["day", "session_id"], every) for one in pieces
    )
    assert whole.rows() == rows.filter(pl.col("day") < days[2]).select("day", "session_id").rows()
    some = pl.concat(lake.read_piece("session", one, ["session_id"], named) for one in pieces)
    assert some["session_id"].to_list() == ["b", "b", "c"]
    assert list(lake.pieces("cdr", days, at_once)) == []


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_of_work_abreast_stay_in_order(workers: int) -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 40:
            raise ValueError("forty")
        return number * 2

    assert list(abreast(work, range(20), workers)) == list(range(0, 40, 2))
    taken = abreast(work, range(30, 50), workers)
    with pytest.raises(ValueError, match="forty"):
        list(taken)
    assert max(begun) <= 40 + workers


def test_sql_sees_every_column_as_it_was_written(lake: Lake) -> None:
    lake.write(
        "session", frame(session(FIRST, "a"), session(SECOND, "b", "2.001")), [FIRST, SECOND]
    )
    answer = lake.query(
        "SELECT day, sum(energy_wh) AS wh, sum(len(registers)) AS n FROM session"
        " WHERE day = $day GROUP BY day",
        {"day": SECOND},
    )
    assert answer.rows() == [(SECOND, Decimal("2.001"), 2)]


def test_the_hash_follows_content_not_files(lake: Lake, tmp_path: Path) -> None:
    rows = frame(session(FIRST, "a"), session(SECOND, "b"))
    written = lake.write("session", rows, [FIRST, SECOND])
    other = Lake(tmp_path / "other")
    other.write("session", rows.filter(pl.col("day") == SECOND), [SECOND])
    other.write("session", rows.filter(pl.col("day") == FIRST), [FIRST])
    assert lake.content_hash("session") == other.content_hash("session") == written
    assert lake.named_hash("session") == written


@pytest.mark.parametrize("change", [("wh", "1000.501"), ("name", "A")])
def test_any_other_value_has_another_hash(lake: Lake, change: tuple[str, str]) -> None:
    kind, value = change
    changed = session(FIRST, value if kind == "name" else "a", value if kind == "wh" else "1000.5")
    assert frame_hash(frame(session(FIRST, "a"))) != frame_hash(frame(changed))


def test_null_and_empty_and_moved_borders_have_other_hashes() -> None:
    def texts(*values: str | None) -> str:
        return frame_hash(pl.DataFrame({"a": values}, schema={"a": pl.String}))

    def lists(*values: list[str] | None) -> str:
        return frame_hash(pl.DataFrame({"a": values}, schema={"a": pl.List(pl.String)}))

    hashes = [texts("", "ab"), texts(None, "ab"), texts("a", "b"), texts("ab", "")]
    hashes += [lists([], ["a", "b"]), lists(None, ["a", "b"]), lists(["a"], ["b"])]
    assert len(set(hashes)) == len(hashes)


def test_a_float_has_no_canonical_form() -> None:
    with pytest.raises(TypeError, match="floats never enter"):
        frame_hash(pl.DataFrame({"a": [1.5]}))


def test_no_table_has_a_float_and_every_key_is_a_column() -> None:
    for table in TABLES.values():
        assert set(table.key) <= set(table.schema.names())
        assert "Float" not in str(table.schema)
