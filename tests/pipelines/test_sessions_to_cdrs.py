"""The busy network, session by session: what each became, and that nothing vanished."""

from decimal import Decimal

import polars as pl
import pytest

from billing.finding import Source
from pipelines import sessions, shards
from pipelines.charges import read_cdrs
from pipelines.checks.invariants import CHECKS
from pipelines.fact_rows import read_events, read_readings, write_events, write_readings
from pipelines.session_rows import read_sessions, write_sessions
from pipelines.stretch import Stretch
from warehouse.lake import TABLES


def test_every_session_version_has_exactly_one_outcome(busy_stretch: Stretch) -> None:
    lake = busy_stretch.lake
    versions = set(lake.read("session").select("session_id", "version").rows())
    billed = lake.read("cdr").filter(~pl.col("credit")).select("session_id", "version").rows()
    rejected = lake.read("rejection").select("session_id", "version").rows()
    assert sorted(versions) == sorted([*billed, *rejected])
    assert len(versions) == 7


def test_midnight_is_no_border(busy_stretch: Stretch) -> None:
    row = busy_stretch.lake.read("session").filter(pl.col("transaction") == "3").row(0, named=True)
    assert row["energy_wh"] == Decimal(20_000)
    assert (row["start_at"].day, row["end_at"].day, row["day"].day) == (1, 2, 2)


def test_what_comes_late_is_a_credit_and_a_new_cdr_on_its_own_day(busy_stretch: Stretch) -> None:
    sessions_of = busy_stretch.lake.read("session").filter(pl.col("transaction") == "7")
    assert [(day.day, version) for day, version in sessions_of.select("day", "version").rows()] == [
        (2, 1),
        (3, 2),
    ]
    of_it = pl.col("session_id") == sessions_of["session_id"][0]
    rows = busy_stretch.lake.read("cdr").filter(of_it).sort("last_updated", "version", "credit")
    first, credit, second = rows.iter_rows(named=True)
    assert (credit["credit_reference_id"], credit["gross"]) == (first["cdr_id"], -first["gross"])
    assert (first["energy_kwh"], second["energy_kwh"]) == (Decimal("7.5"), Decimal("9.5"))
    assert [row["day"].day for row in (first, credit, second)] == [2, 3, 3]


def test_a_stranger_is_rejected_with_a_reason(busy_stretch: Stretch) -> None:
    rejections = busy_stretch.lake.read("rejection")
    assert "token_unknown" in rejections["rule"].to_list()


def test_a_token_registered_before_the_session_is_billed(busy_stretch: Stretch) -> None:
    cdrs = [cdr for cdr in read_cdrs(busy_stretch.lake) if cdr.token.uid == "LATE"]
    assert [cdr.receipt.total.gross for cdr in cdrs] == [Decimal("6.05")]


def test_a_new_settle_time_counts_from_when_it_was_set(busy_stretch: Stretch) -> None:
    rows = busy_stretch.lake.read("session").select(
        "transaction", settle=(pl.col("emitted_at") - pl.col("closed_at")).dt.total_seconds()
    )
    settle = dict(rows.rows())
    assert settle["3"] == 600
    assert settle["4"] == 60


def test_sessions_and_facts_read_back_as_they_were_written(busy_stretch: Stretch) -> None:
    lake = busy_stretch.lake
    for table, read, write in (
        ("transaction_event", read_events, write_events),
        ("meter_reading", read_readings, write_readings),
        ("session", read_sessions, write_sessions),
    ):
        rows = lake.read(table)
        assert write(list(read(rows))).rows() == rows.rows()


def test_stations_folded_apart_give_what_they_give_together(busy_stretch: Stretch) -> None:
    parts = [sessions._fold_stations(busy_stretch, frozenset(names)) for names in ("A", "BC")]
    for table, frames in (
        ("session", [part.sessions for part in parts]),
        ("session_finding", [part.findings for part in parts]),
        ("station_state", [part.states for part in parts]),
    ):
        apart = pl.concat(frames).sort("day", *TABLES[table].key)
        assert apart.rows() == busy_stretch.lake.read(table).rows(), table


def test_shares_are_even_and_complete() -> None:
    stations = {"A": 3, "B": 2, "C": 1}
    assert shards._divide(stations, 2) == [frozenset({"A"}), frozenset({"B", "C"})]
    assert shards._divide({}, 1) == [frozenset()]


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_the_checks_find_nothing_here(busy_stretch: Stretch, name: str) -> None:
    assert CHECKS[name][1](busy_stretch).is_empty()


def test_findings_name_their_frames(busy_stretch: Stretch) -> None:
    found = busy_stretch.lake.read("finding").filter(pl.col("rule") == "not_json")
    message = busy_stretch.lake.read("message").filter(pl.col("payload") == "{not json")
    assert found.select("origin", "index").rows() == message.select("origin", "index").rows()
    assert Source(*found.select("origin", "index").row(0)).origin == "ingest-1"
