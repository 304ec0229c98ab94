"""Reading: records, columns, several origins in one order, the log clock; at real segment size."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pytest

from warehouse.clock import SimulatedClock
from warehouse.log import (
    LogDamaged,
    LogReader,
    LogWriter,
    Signer,
    merge,
    merge_frame,
    origins,
    verify,
    watermark,
)
from warehouse.log.merkle import verify_consistency
from warehouse.log.segment import segment_path

Grow = Callable[..., Path]


def write(folder: Path, signer: Signer, times: list[int]) -> None:
    clock = SimulatedClock(0)
    with LogWriter.open(folder, origin=folder.name, signer=signer, clock=clock) as log:
        say(log, clock, times)


def say(log: LogWriter, clock: SimulatedClock, times: list[int]) -> None:
    for moment in times:
        clock.start_ns = moment
        log.append(b"%d" % moment, kind="message", peer=log.origin, direction="in")


@pytest.fixture
def three(tmp_path: Path, signer: Signer) -> list[LogReader]:
    """Three origins, opened before any of them had said anything: none knew of the others."""
    said = {"books": [5, 30, 31, 90], "ingest-1": [1, 5, 9, 31, 40], "operator": [5, 6, 70]}
    with ExitStack() as live:
        logs = {}
        for name in said:
            clock = SimulatedClock(0)
            log = LogWriter.open(tmp_path / name, origin=name, signer=signer, clock=clock)
            logs[name] = live.enter_context(log), clock
        for name, times in said.items():
            log, clock = logs[name]
            say(log, clock, times)
    return origins(tmp_path)


def test_records_are_what_was_appended_across_segments(grow: Grow, small_segments: int) -> None:
    reader = LogReader(grow(600))
    records = list(reader.records())
    assert [record.entry.index for record in records] == list(range(600))
    assert all(len(record.payload) == record.entry.length for record in records)
    for start, stop in ((0, 0), (255, 257), (599, 600), (100, 5_000), (300, 200)):
        assert list(reader.records(start, stop)) == records[start:stop]
    assert reader.record(511) == records[511]
    assert reader.last_entry() == records[-1].entry
    with pytest.raises(IndexError, match="holds 600 entries"):
        reader.record(600)


def test_a_frame_says_the_same_as_the_records(grow: Grow, small_segments: int) -> None:
    reader = LogReader(grow(600))
    frame = reader.frame(200, 590)
    assert frame.schema == {
        "index": pl.Int64,
        "received_ns": pl.Int64,
        "kind": pl.String,
        "protocol": pl.String,
        "direction": pl.String,
        "peer": pl.String,
        "connection": pl.String,
        "counter": pl.Int64,
        "payload": pl.Binary,
    }
    expected = [
        (*(getattr(record.entry, name) for name in frame.columns[:-1]), record.payload)
        for record in reader.records(200, 590)
    ]
    assert frame.rows() == expected
    assert reader.frame(600).schema == frame.schema
    assert len(reader.columns(0, 10)["payload"]) == 10


def test_odd_texts_come_through_the_frame(
    tmp_path: Path, signer: Signer, clock: SimulatedClock
) -> None:
    folder = tmp_path / "ingest-1"
    peers = ["", 'a"b\\c', "\x00\x1f\x7f\n\r\t", "Säule", "充电桩", "🔌", "\u2028", "null", "1e5"]
    with LogWriter.open(folder, origin="ingest-1", signer=signer, clock=clock) as log:
        for peer in peers:
            log.append(peer.encode() + b"\xff\n", kind="message", peer=peer, connection=peer)
    reader = LogReader(folder)
    frame, columns = reader.frame(), reader.columns()
    assert frame["peer"].to_list() == frame["connection"].to_list() == peers
    assert frame["payload"].to_list() == [peer.encode() + b"\xff\n" for peer in peers]
    assert frame.to_dict(as_series=False) == columns


def test_a_payload_that_looks_like_an_entry_is_no_entry(
    tmp_path: Path, signer: Signer, clock: SimulatedClock
) -> None:
    folder = tmp_path / "ingest-1"
    payloads = [b'{"at":"1"}', b"x", b'{"at":{"at"', b"", b'{"a']
    with LogWriter.open(folder, origin="ingest-1", signer=signer, clock=clock) as log:
        for payload in payloads:
            log.append(payload, kind="message")
    reader = LogReader(folder)
    assert reader.frame()["payload"].to_list() == payloads
    assert reader.frame(1, 3).to_dict(as_series=False) == reader.columns(1, 3)


def test_frames_come_a_segment_at_a_time(grow: Grow, small_segments: int) -> None:
    reader = LogReader(grow(600))
    frames = list(reader.frames(100, 590))
    assert len(frames) > 1
    assert pl.concat(frames).equals(reader.frame(100, 590))


def test_a_reader_sees_what_is_signed_and_follows_the_writer(
    tmp_path: Path, signer: Signer, clock: SimulatedClock
) -> None:
    folder = tmp_path / "ingest-1"
    reader = LogReader(folder)
    assert (reader.size, reader.checkpoint(), reader.last_entry()) == (0, None, None)
    roots = {}
    with LogWriter.open(folder, origin="ingest-1", signer=signer, clock=clock) as log:
        for count in (1, 300, 5):
            for _ in range(count):
                log.append(b"x", kind="message")
            log.commit()
            before = reader.size
            roots[before] = reader.checkpoint()
            log.checkpoint()
            assert reader.size == before + count
            assert sum(1 for _ in reader.records()) == reader.size
    roots[306] = reader.checkpoint()
    for older, older_head in roots.items():
        for newer, newer_head in roots.items():
            if older <= newer:
                assert older_head is not None
                assert newer_head is not None
                path = reader.consistency_proof(older, newer)
                verify_consistency(older, newer, older_head.root, newer_head.root, path)
    assert reader.inclusion_proof(0, 1) == []


def test_several_origins_merge_into_one_order(three: list[LogReader]) -> None:
    assert [reader.origin for reader in three] == ["books", "ingest-1", "operator"]
    assert watermark(three) == 40
    merged = [(record.entry.received_ns, origin) for origin, record in merge(three, 40)]
    assert merged == sorted(merged)
    assert [origin for moment, origin in merged if moment == 5] == ["books", "ingest-1", "operator"]
    assert max(moment for moment, _ in merged) == 40
    frame = merge_frame(three, 40)
    assert list(zip(frame["received_ns"], frame["origin"], strict=True)) == merged
    assert frame["payload"].to_list() == [record.payload for _, record in merge(three, 40)]
    later = merge_frame(three, 40, starts={"ingest-1": 4, "books": 3, "operator": 2})
    assert later.select("origin", "received_ns").rows() == [("ingest-1", 40)]
    assert merge_frame([], 40).is_empty()


def test_the_log_clock_waits_for_an_origin_that_has_said_nothing(
    three: list[LogReader], tmp_path: Path, signer: Signer
) -> None:
    write(tmp_path / "ingest-2", signer, [])
    assert watermark(origins(tmp_path)) == 0
    assert watermark([]) == 0
    assert origins(tmp_path / "nowhere") == []


def test_nothing_at_or_before_the_log_clock_can_still_arrive(
    three: list[LogReader], tmp_path: Path, signer: Signer
) -> None:
    """What is derived from a shorter log must be a prefix of what the longer one gives."""
    until = watermark(three)
    before = list(merge(three, until))
    write(tmp_path / "ingest-1", signer, [40, 40, 2])
    write(tmp_path / "books", signer, [1])
    assert list(merge(origins(tmp_path), until)) == before


def test_an_origin_that_appears_while_the_clock_is_read_counts(
    three: list[LogReader], tmp_path: Path, signer: Signer
) -> None:
    """It was opened when the others were at 90; by the time they are read they are further."""
    write(tmp_path / "ingest-2", signer, [2])
    for reader in three:
        write(reader.folder, signer, [500])
    assert watermark(three) == watermark(origins(tmp_path)) == 91
    write(tmp_path / "ingest-3", signer, [])
    assert watermark(three) == 0


def test_damage_is_an_error_never_a_wrong_record(grow: Grow) -> None:
    folder = grow(20)
    path = segment_path(folder, 0)
    whole = path.read_bytes()
    path.write_bytes(whole[:-300])
    with pytest.raises(LogDamaged, match="ends"):
        list(LogReader(folder).records())
    path.write_bytes(whole[:700] + bytes([whole[700] ^ 1]) + whole[701:])
    with pytest.raises(LogDamaged, match="is damaged"):
        list(LogReader(folder).records())
    path.unlink()
    with pytest.raises(LogDamaged, match="is missing"):
        LogReader(folder).frame()
    (folder / "checkpoint").write_text("no note")
    with pytest.raises(LogDamaged, match="a note is text"):
        _ = LogReader(folder).size


@pytest.mark.slow
def test_a_log_over_the_border_of_a_real_segment(tmp_path: Path, signer: Signer) -> None:
    """65,536 records and a few: real segments, a tile of level 2, two processes, a crash."""
    folder = tmp_path / "ingest-1"
    clock = SimulatedClock(1_000)
    log = LogWriter.open(folder, origin="ingest-1", signer=signer, clock=clock)
    for number in range(65_530):
        log.append(b"", kind="message", connection="c", counter=number)
        if number in (20_000, 50_000):
            log.commit()
            log.checkpoint()
    log.commit()
    log.checkpoint(keep=True)
    for number in range(65_530, 65_600):
        log.append(b"after", kind="message", connection="c", counter=number)
    assert log.commit() == 65_600
    log._segment.close()
    log._lock.release()
    with LogWriter.open(folder, origin="ingest-1", signer=signer, clock=clock) as log:
        assert log.size == 65_601
    reader = LogReader(folder)
    assert sorted(path.name for path in (folder / "payload").iterdir()) == ["0", "1"]
    assert reader.record(65_599).payload == b"after"
    assert len((folder / "tile/2/000.p/1").read_bytes()) == 32
    result = verify(folder, signer.verifier, workers=2)
    assert (result.problems, result.entries, len(result.gaps)) == ((), 65_601, 1)
