"""The lake keeps what it is given, one commit at a time, and hashes what rows say."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from warehouse.lake import TABLES, Lake
from warehouse.lake.content import frame_hash

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


def test_a_row_of_another_day_or_a_key_twice_is_refused(lake: Lake) -> None:
    with pytest.raises(AssertionError, match="not asked"):
        lake.write("session", frame(session(SECOND, "a")), [FIRST])
    with pytest.raises(AssertionError, match="twice"):
        lake.write("session", frame(session(FIRST, "a"), session(FIRST, "a")), [FIRST])


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
