"""The writer on good days and bad: order, time, group commit, a full disk, a second writer."""

import errno
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.clock import SimulatedClock, SystemClock
from warehouse.log import (
    EntryInvalid,
    LogDamaged,
    LogLocked,
    LogReader,
    LogWriter,
    Signer,
    StoreUnavailable,
    origins,
    verify,
    watermark,
)
from warehouse.log.lock import is_held
from warehouse.log.segment import segment_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ingest-1"


def opened(folder: Path, signer: Signer, timeout_s: float = 0) -> LogWriter:
    return LogWriter.open(
        folder, origin=folder.name, signer=signer, clock=SystemClock(), timeout_s=timeout_s
    )


def test_what_was_committed_is_read_back_byte_for_byte(folder: Path, signer: Signer) -> None:
    payloads = [b"", b"\x00\xff\xfe", b"x" * 1_000_000, "Ladesäule".encode()]
    with opened(folder, signer) as log:
        for number, payload in enumerate(payloads):
            entry = log.append(payload, kind="message", peer="Ä", connection="c", counter=number)
            assert (entry.index, entry.length) == (number, len(payload))
        assert (log.size, log.durable_size) == (4, 0)
        assert log.commit() == log.durable_size == 4
        assert LogReader(folder).size == 0
        assert log.checkpoint().size == LogReader(folder).size == 4
    assert [record.payload for record in LogReader(folder).records()] == payloads
    assert verify(folder, signer.verifier).problems == ()


def test_an_empty_log_is_signed_and_verifies(folder: Path, signer: Signer) -> None:
    opened(folder, signer).close()
    result = verify(folder, signer.verifier)
    assert (result.problems, result.entries) == ((), 0)
    with opened(folder, signer) as log:
        assert log.size == 0


def test_a_clean_close_leaves_no_gap_and_writing_goes_on(
    folder: Path, signer: Signer, small_segments: int
) -> None:
    for round_number in range(12):
        with opened(folder, signer) as log:
            assert log.size == round_number * 64
            for _ in range(64):
                log.append(b"a", kind="tick")
    result = verify(folder, signer.verifier)
    assert (result.problems, result.entries, result.gaps) == ((), 768, ())
    assert result.older == 12


def test_time_never_runs_back_and_is_never_shared(folder: Path, signer: Signer) -> None:
    clock = SimulatedClock(1_000)
    with LogWriter.open(folder, origin="ingest-1", signer=signer, clock=clock) as log:
        times = []
        for now in (1_000, 1_000, 500, 900, 2_000, 2_000, 0):
            clock.start_ns = now
            times.append(log.append(b"", kind="tick").received_ns)
    assert times == [1_000, 1_001, 1_002, 1_003, 2_000, 2_001, 2_002]
    with LogWriter.open(folder, origin="ingest-1", signer=signer, clock=clock) as log:
        assert log.append(b"", kind="tick").received_ns == 2_003


def origin_at(folder: Path, signer: Signer, now: int) -> int:
    """Open an origin whose clock stands at `now`, say one thing, close; when it was received."""
    clock = SimulatedClock(now)
    with LogWriter.open(folder, origin=folder.name, signer=signer, clock=clock) as log:
        return log.append(b"", kind="message").received_ns


@pytest.mark.parametrize("new", [True, False], ids=["new", "opened again"])
@pytest.mark.parametrize("now", [0, 60, 1_000, 1_001, 5_000])
def test_nothing_arrives_behind_a_watermark_already_used(
    tmp_path: Path, signer: Signer, now: int, *, new: bool
) -> None:
    """Whatever its clock says: what such an entry carried would never be derived."""
    if not new:
        assert origin_at(tmp_path / "ingest-2", signer, 50) == 50
    origin_at(tmp_path / "operator", signer, 700)
    origin_at(tmp_path / "ingest-1", signer, 1_000)
    used = watermark(origins(tmp_path))
    first = origin_at(tmp_path / "ingest-2", signer, now)
    assert first == max(now, 1_001)
    assert first > used


def test_of_live_origins_what_they_have_signed_counts(tmp_path: Path, signer: Signer) -> None:
    clock = SimulatedClock(1_000)
    with LogWriter.open(tmp_path / "a", origin="a", signer=signer, clock=clock) as live:
        live.append(b"", kind="tick")
        live.commit()
        live.checkpoint()
        used = watermark(origins(tmp_path))
        assert origin_at(tmp_path / "b", signer, 5) == used + 1 == 1_001


def test_a_crash_before_the_first_entry_forgets_no_watermark(
    tmp_path: Path, signer: Signer
) -> None:
    folder = tmp_path / "b"
    origin_at(folder, signer, 0)
    for left in ("checkpoint", "closed", "payload/0"):
        (folder / left).unlink()
    shutil.rmtree(folder / "checkpoints")
    origin_at(tmp_path / "a", signer, 1_000)
    origin_at(folder, signer, 5)
    gap, told = LogReader(folder).records()
    assert (gap.entry.kind, gap.entry.received_ns, told.entry.received_ns) == ("gap", 1_001, 1_002)


def test_a_damaged_neighbour_stops_only_an_origin_that_nothing_else_can_date(
    tmp_path: Path, signer: Signer
) -> None:
    origin_at(tmp_path / "ingest-1", signer, 300)
    origin_at(tmp_path / "operator", signer, 1_000)
    (tmp_path / "operator" / "checkpoint").write_text("nothing")
    assert origin_at(tmp_path / "ingest-1", signer, 5) == 301
    assert origin_at(tmp_path / "ingest-2", signer, 5) == 302
    for name in ("ingest-1", "ingest-2"):
        (tmp_path / name / "checkpoint").write_text("nothing")
    with pytest.raises(LogDamaged, match=r"no origin beside .*ingest-3 can be read"):
        origin_at(tmp_path / "ingest-3", signer, 5)


def test_a_refused_entry_leaves_no_trace(folder: Path, signer: Signer) -> None:
    with opened(folder, signer) as log:
        log.append(b"1", kind="message")
        with pytest.raises(EntryInvalid):
            log.append(b"2", kind="message", peer="x" * 2_000)
        assert log.append(b"3", kind="message").index == 1
    assert verify(folder, signer.verifier).ok


def test_a_second_writer_is_refused_and_told_who_writes(folder: Path, signer: Signer) -> None:
    with opened(folder, signer):
        assert is_held(folder)
        with pytest.raises(LogLocked, match=f"process {os.getpid()} writes .*ingest-1") as refusal:
            opened(folder, signer, timeout_s=0.05)
        assert "\n" not in str(refusal.value)
    assert not is_held(folder)
    opened(folder, signer).close()


def test_another_process_waits_for_its_turn(folder: Path, signer: Signer) -> None:
    program = (
        "import sys; from pathlib import Path; from warehouse.clock import SystemClock;"
        "from warehouse.log import LogWriter, Signer;"
        "log = LogWriter.open(Path(sys.argv[1]), origin='ingest-1', clock=SystemClock(),"
        " signer=Signer('wattproof', bytes([7]) * 32)); log.append(b'theirs', kind='tick');"
        "log.close()"
    )
    with opened(folder, signer) as log:
        other = subprocess.Popen([sys.executable, "-c", program, str(folder)])
        log.append(b"ours", kind="tick")
    assert other.wait(30) == 0
    payloads = [record.payload for record in LogReader(folder).records()]
    assert sorted(payloads) == [b"ours", b"theirs"]


def test_a_folder_bears_the_name_of_its_origin(tmp_path: Path, signer: Signer) -> None:
    with pytest.raises(ValueError, match="bears its name"):
        LogWriter.open(tmp_path / "a", origin="b", signer=signer, clock=SystemClock())


def test_a_clock_that_stands_still_keeps_no_watermark_back(tmp_path: Path, signer: Signer) -> None:
    def origin(name: str, at_ns: int) -> LogWriter:
        return LogWriter.open(
            tmp_path / name, origin=name, signer=signer, clock=SimulatedClock(at_ns), timeout_s=0
        )

    with origin("ingest-1", 1_000) as live, origin("books", 5_000) as books:
        books.append(b"{}", kind="decision")
        books.commit()
        books.checkpoint()
        live.append(b"{}", kind="tick")
        live.commit()
        live.checkpoint()
        assert watermark(origins(tmp_path)) < books.last_received_ns
        live.pass_others()
        live.append(b"{}", kind="tick")
        live.commit()
        live.checkpoint()
        assert watermark(origins(tmp_path)) == books.last_received_ns
        live.append(b"{}", kind="tick")
        assert live.last_received_ns > books.last_received_ns


def test_append_commit_and_checkpoint_run_beside_each_other(
    folder: Path, signer: Signer, small_segments: int
) -> None:
    done = threading.Event()
    answered: list[int] = []

    with opened(folder, signer) as log:

        def commit() -> None:
            while not done.is_set() or log.durable_size < log.size:
                answered.append(log.commit())

        def sign() -> None:
            while not done.is_set():
                log.checkpoint()

        def grow() -> None:
            while not done.is_set():
                log.grow()
                log.lay()

        threads = [threading.Thread(target=each) for each in (commit, commit, grow, sign, sign)]
        for thread in threads:
            thread.start()
        for number in range(3_000):
            log.append(b"%d" % number, kind="message", connection="c", counter=number)
        done.set()
        for thread in threads:
            thread.join()
    assert max(answered) == 3_000
    assert [record.payload for record in LogReader(folder).records()] == [
        b"%d" % number for number in range(3_000)
    ]
    assert verify(folder, signer.verifier).problems == ()


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(1, 700), st.sampled_from(("grow", "lay", "checkpoint"))),
        max_size=6,
    )
)
def test_tiles_written_ahead_are_those_a_checkpoint_writes(
    steps: list[tuple[int, str]], signer: Signer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("laid") / "ingest-1"
    with opened(folder, signer) as log:
        for count, step in steps:
            for _ in range(count):
                log.append(b"x", kind="tick")
            log.commit()
            getattr(log, step)()
            if step == "checkpoint":
                assert LogReader(folder).size == log.size
            assert verify(folder, signer.verifier).problems == ()
    result = verify(folder, signer.verifier)
    assert (result.problems, result.entries) == ((), sum(count for count, _ in steps))


def test_partial_tiles_go_when_the_full_ones_come(folder: Path, signer: Signer) -> None:
    with opened(folder, signer) as log:
        for _ in range(300):
            log.append(b"", kind="tick")
            log.commit()
            log.checkpoint()
    left = sorted(str(path.relative_to(folder)) for path in folder.glob("tile/**/000.p"))
    assert left == ["tile/1/000.p"]


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A disk with `room[0]` bytes left; a write that does not fit is written in part."""
    room = [10**9]
    write = os.write

    def limited(descriptor: int, data: bytes) -> int:
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = write(descriptor, memoryview(data)[: room[0]])
        room[0] -= count
        return count

    monkeypatch.setattr(os, "write", limited)
    yield room
    room[0] = 10**9


def test_a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room(
    folder: Path, signer: Signer, full_disk: list[int]
) -> None:
    with opened(folder, signer) as log:
        log.append(b"before", kind="message")
        log.commit()
        good = segment_path(folder, 0).stat().st_size
        log.append(b"during " * 50, kind="message")
        for room in (0, 1, 100, 300):
            full_disk[0] = room
            with pytest.raises(StoreUnavailable, match="No space left on device") as refusal:
                log.commit()
            assert "\n" not in str(refusal.value)
            assert "payload/0" in str(refusal.value)
            assert segment_path(folder, 0).stat().st_size == good
            assert (log.size, log.durable_size) == (2, 1)
        log.append(b"still queued", kind="message")
        full_disk[0] = 10**9
        assert log.commit() == 3
    assert [record.payload[:6] for record in LogReader(folder).records()] == [
        b"before",
        b"during",
        b"still ",
    ]
    assert verify(folder, signer.verifier).ok


def test_a_checkpoint_that_finds_no_room_is_made_later(
    folder: Path, signer: Signer, full_disk: list[int]
) -> None:
    with opened(folder, signer) as log:
        for room in range(0, 60_000, 7_000):
            for _ in range(100):
                log.append(b"x", kind="message")
            log.commit()
            full_disk[0] = room
            with suppress(StoreUnavailable):
                log.lay()
            try:
                log.checkpoint()
            except StoreUnavailable:
                assert LogReader(folder).size < log.durable_size
            full_disk[0] = 10**9
            assert log.checkpoint().size == log.durable_size
            assert verify(folder, signer.verifier).problems == ()


def test_a_log_on_a_full_disk_is_not_opened_and_the_lock_is_free_again(
    folder: Path, signer: Signer, full_disk: list[int]
) -> None:
    full_disk[0] = 0
    with pytest.raises(StoreUnavailable, match="No space left"):
        opened(folder, signer)
    full_disk[0] = 10**9
    opened(folder, signer).close()
    assert verify(folder, signer.verifier).ok


def test_bytes_that_a_failed_sync_dropped_are_written_again(
    folder: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel may drop dirty pages after a failed sync and report success the next time."""
    sync = os.fdatasync
    failing = [0]

    def dropping(descriptor: int) -> None:
        if failing[0]:
            failing[0] -= 1
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            size = path.stat().st_size
            with path.open("r+b") as file:
                file.seek(good)
                file.write(b"\x00" * (size - good))
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", dropping)
    with opened(folder, signer) as log:
        log.append(b"first", kind="message")
        log.commit()
        good = segment_path(folder, 0).stat().st_size
        log.append(b"second", kind="message")
        failing[0] = 2
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="Input/output error"):
                log.commit()
        assert log.commit() == 2
    assert [record.payload for record in LogReader(folder).records()] == [b"first", b"second"]
    assert verify(folder, signer.verifier).ok


def fill(log: LogWriter, length: int) -> None:
    """Make one entry after the other durable for as long as the disk takes them."""
    for _ in range(100_000):
        log.append(b"x" * length, kind="message")
        log.commit()


def test_a_file_size_limit_of_the_kernel_is_survived(folder: Path, signer: Signer) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with opened(folder, signer) as log:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            with pytest.raises(StoreUnavailable, match="File too large"):
                fill(log, 1_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert log.durable_size == log.size - 1 > 100
        assert segment_path(folder, 0).stat().st_size <= 200_000
        log.commit()
    indexes = [record.entry.index for record in LogReader(folder).records()]
    assert indexes == list(range(len(indexes)))
    assert verify(folder, signer.verifier).ok


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(options, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small tmpfs is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full_and_then_read_only(small_disk: Path, signer: Signer) -> None:
    folder = small_disk / "ingest-1"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\x00" * 150_000)
    with opened(folder, signer) as log:
        with pytest.raises(StoreUnavailable, match="No space left on device"):
            fill(log, 3_000)
        answered = log.durable_size
        assert log.size == answered + 1
        ballast.unlink()
        assert log.commit() == answered + 1
    assert verify(folder, signer.verifier).problems == ()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreUnavailable, match="Read-only file system"):
        opened(folder, signer)
    assert verify(folder, signer.verifier).entries == answered + 1
    assert all(a.entry.index + 1 == b.entry.index for a, b in pairwise(LogReader(folder).records()))
