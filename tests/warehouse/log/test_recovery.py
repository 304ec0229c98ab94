"""After a crash at any point: nothing that was made durable is lost, and a gap entry tells."""

import errno
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from warehouse.clock import SystemClock
from warehouse.log import (
    LogDamaged,
    LogReader,
    LogWriter,
    Signer,
    StoreUnavailable,
    Verification,
    verify,
)
from warehouse.log.segment import scan, segment_path


def opened(folder: Path, signer: Signer) -> LogWriter:
    return LogWriter.open(
        folder, origin="ingest-1", signer=signer, clock=SystemClock(), timeout_s=0
    )


def killed(folder: Path, signer: Signer, entries: int) -> int:
    """Write on a log and let the process end as kill -9 does; returns how many are durable."""
    log = opened(folder, signer)
    for number in range(entries):
        log.append(b"%d" % number, kind="message")
    durable = log.commit()
    log._segment.close()
    log._lock.release()
    return durable


def reopened(folder: Path, signer: Signer) -> Verification:
    opened(folder, signer).close()
    return verify(folder, signer.verifier)


def test_a_kill_that_tears_nothing_still_leaves_a_gap_entry(tmp_path: Path, signer: Signer) -> None:
    folder = tmp_path / "ingest-1"
    assert killed(folder, signer, 3) == 3
    result = reopened(folder, signer)
    assert (result.problems, result.entries) == ((), 4)
    (gap,) = result.gaps
    last = LogReader(folder).record(2).entry
    assert gap.position == 3
    assert gap.facts == {
        "action": "log.gap",
        "cut_bytes": 0,
        "last_index": 2,
        "last_received_ns": str(last.received_ns),
    }


def test_a_kill_before_the_first_entry_is_told_too(tmp_path: Path, signer: Signer) -> None:
    folder = tmp_path / "ingest-1"
    killed(folder, signer, 0)
    (gap,) = reopened(folder, signer).gaps
    assert (gap.position, gap.facts["last_index"]) == (0, -1)
    assert reopened(folder, signer).gaps == (gap,)


def test_kill_after_kill_each_leaves_its_gap(
    tmp_path: Path, signer: Signer, small_segments: int
) -> None:
    folder = tmp_path / "ingest-1"
    sizes = [killed(folder, signer, 100) for _ in range(8)]
    result = reopened(folder, signer)
    assert result.problems == ()
    assert [gap.position for gap in result.gaps] == sizes
    assert result.entries == 8 * 100 + 8


def torn_copies(folder: Path, start: int, last: int) -> Iterator[tuple[int, bytes]]:
    """What a torn write of the bytes from `start` on may leave: every cut of its last record."""
    whole = segment_path(folder, 0).read_bytes()
    for end in (*range(start, last, 17), *range(last, len(whole) + 1)):
        yield end, whole[:end]
    for end in range(start, len(whole), 19):
        yield end, whole[:end] + bytes([whole[end] ^ 1]) + whole[end + 1 :]
        yield end, whole[:end] + b"\x00" * (len(whole) - end)


def test_a_tail_torn_at_any_byte_is_cut_to_the_last_whole_record(
    quick_disk: Path, signer: Signer
) -> None:
    base = quick_disk / "base" / "ingest-1"
    log = opened(base, signer)
    log.append(b"signed", kind="message")
    log.commit()
    log.checkpoint()
    start = segment_path(base, 0).stat().st_size
    for payload in (b"a", b""):
        log.append(payload, kind="message")
    log.commit()
    log._segment.close()
    log._lock.release()
    ends = [record.end for record in scan(segment_path(base, 0).read_bytes())]
    for number, (good, data) in enumerate(torn_copies(base, start, ends[-2])):
        folder = quick_disk / str(number) / "ingest-1"
        shutil.copytree(base, folder)
        segment_path(folder, 0).write_bytes(data)
        result = reopened(folder, signer)
        whole = sum(end <= good for end in ends)
        cut = len(data) - ends[whole - 1]
        (gap,) = result.gaps
        assert result.problems == ()
        assert (result.entries, gap.position) == (whole + 1, whole)
        assert (gap.facts["cut_bytes"], gap.facts["last_index"]) == (cut, whole - 1)
        kept = b"".join(path.read_bytes() for path in (folder / "cut").glob("*"))
        assert kept == data[ends[whole - 1] :]
        shutil.rmtree(folder.parent)


def test_a_mark_of_a_clean_close_that_does_not_fit_is_not_believed(
    tmp_path: Path, signer: Signer
) -> None:
    folder = tmp_path / "ingest-1"
    with opened(folder, signer) as log:
        log.append(b"1", kind="message")
    mark = (folder / "closed").read_bytes()
    killed(folder, signer, 1)
    (folder / "closed").write_bytes(mark)
    assert len(reopened(folder, signer).gaps) == 1


@pytest.mark.parametrize("lost", ["tile", "tile/0", "tile/entries"])
def test_tiles_of_the_open_segment_are_made_again(
    tmp_path: Path, signer: Signer, small_segments: int, lost: str
) -> None:
    """A power cut may take files that were written but not synced."""
    folder = tmp_path / "ingest-1"
    killed(folder, signer, 200)
    killed(folder, signer, 30)
    shutil.rmtree(folder / lost)
    result = reopened(folder, signer)
    assert (result.problems, result.entries) == ((), 232)


def test_a_log_that_lost_signed_entries_is_not_written_on(
    tmp_path: Path, signer: Signer, small_segments: int
) -> None:
    folder = tmp_path / "ingest-1"
    killed(folder, signer, 300)
    killed(folder, signer, 1)
    whole = segment_path(folder, 1).read_bytes()
    attempts: dict[str, Callable[[], Any]] = {
        "only 300 are whole": lambda: segment_path(folder, 1).write_bytes(
            whole[: [record.end for record in scan(whole)][43]]
        ),
        "only 256 are whole": lambda: segment_path(folder, 1).unlink(),
        "entry 256 was expected, entry 0 came": lambda: shutil.copy(
            segment_path(folder, 0), segment_path(folder, 1)
        ),
    }
    for says, damage in attempts.items():
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        damage()
        damaged = {path for path in folder.rglob("*") if path.is_file()}
        with pytest.raises(LogDamaged, match=says):
            opened(folder, signer)
        assert {path for path in folder.rglob("*") if path.is_file()} >= damaged
        for path, data in before.items():
            path.write_bytes(data)
    assert reopened(folder, signer).ok


def test_a_checkpoint_by_another_key_or_of_another_log_stops_the_writer(
    tmp_path: Path, signer: Signer
) -> None:
    folder = tmp_path / "ingest-1"
    opened(folder, signer).close()
    stranger = Signer("wattproof", b"\x01" * 32)
    with pytest.raises(LogDamaged, match="no signature by"):
        opened(folder, stranger)
    other = tmp_path / "ingest-2"
    LogWriter.open(other, origin="ingest-2", signer=signer, clock=SystemClock()).close()
    shutil.copy(other / "checkpoint", folder / "checkpoint")
    with pytest.raises(LogDamaged, match="of ingest-2, not of ingest-1"):
        opened(folder, signer)


class Killed(BaseException):
    """The process is gone; nothing may catch this."""


class FaultyDisk:
    """Counts file operations and fails one of them: an error once, or the end of the process."""

    OPERATIONS = (
        *("open", "write", "pwrite", "fsync", "fdatasync", "ftruncate", "replace", "unlink"),
        *("mkdir", "rmdir", "close"),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.fail_at = -1
        self.kill = False
        self.after = False
        self.dead = False
        self.descriptors: set[int] = set()
        self.real = {name: getattr(os, name) for name in self.OPERATIONS}
        for name in self.OPERATIONS:
            monkeypatch.setattr(os, name, self._wrap(name))

    def _wrap(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if name == "close":
                self.descriptors.discard(arguments[0])
                return self.real[name](*arguments)
            if self.dead:
                raise Killed
            number, self.count = self.count, self.count + 1
            if number != self.fail_at:
                return self._do(name, *arguments, **options)
            if name in ("write", "pwrite"):
                half = memoryview(arguments[1])[: len(arguments[1]) // 2]
                self._do(name, arguments[0], half, *arguments[2:])
            elif self.after:
                with suppress(OSError):
                    self._do(name, *arguments, **options)
            if self.kill:
                self.dead = True
                raise Killed
            raise OSError(errno.EIO, os.strerror(errno.EIO), f"operation {number} {name}")

        return call

    def _do(self, name: str, *arguments: Any, **options: Any) -> Any:
        result = self.real[name](*arguments, **options)
        if name == "open":
            self.descriptors.add(result)
        return result

    def bury(self) -> None:
        """What the kernel does for a dead process: close its files, and so drop its lock."""
        for descriptor in tuple(self.descriptors):
            os.close(descriptor)
        self.dead, self.fail_at = False, -1


def work(folder: Path, signer: Signer, acknowledged: list[bytes]) -> None:
    """Open, write across the border of a bundle and a segment, sign, write, close."""
    with LogWriter.open(
        folder, origin="ingest-1", signer=signer, clock=SystemClock(), timeout_s=0
    ) as log:
        for number in range(3):
            payloads = [b"%d-%d" % (number, each) for each in range(4)]
            for payload in payloads:
                log.append(payload, kind="message")
            log.commit()
            acknowledged += payloads
            if number != 1:
                log.checkpoint(keep=number == 2)


@pytest.fixture
def nearly_full(grow: Callable[..., Path], small_segments: int) -> Path:
    """A log of which the next few entries begin a new bundle and a new segment."""
    return grow(250)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_file_operation(
    nearly_full: Path,
    quick_disk: Path,
    signer: Signer,
    monkeypatch: pytest.MonkeyPatch,
    after: bool,
) -> None:
    disk = FaultyDisk(monkeypatch)
    step, finished = 0, False
    while not finished:
        folder = quick_disk / f"kill-{step}" / "ingest-1"
        shutil.copytree(nearly_full, folder)
        disk.count, disk.fail_at, disk.kill, disk.after = 0, step, True, after
        acknowledged: list[bytes] = []
        try:
            work(folder, signer, acknowledged)
            finished = True
        except Killed:
            assert disk.dead
        disk.bury()
        assert verify(folder, signer.verifier).problems == (), f"before recovery, {step}"
        result = reopened(folder, signer)
        assert result.problems == (), step
        messages = [
            record.payload
            for record in LogReader(folder).records(250)
            if record.entry.kind == "message"
        ]
        assert messages[: len(acknowledged)] == acknowledged, step
        assert result.older >= 1
        if acknowledged and not finished:
            closed_in_time = len(result.gaps) == 0
            assert not closed_in_time or len(messages) == 12, step
        shutil.rmtree(folder.parent)
        step += 2 if after else 1
    assert step > 60


def test_an_error_at_every_file_operation_is_one_line_and_the_next_try_succeeds(
    nearly_full: Path,
    quick_disk: Path,
    signer: Signer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = FaultyDisk(monkeypatch)
    step, failed = 0, True
    while failed:
        folder = quick_disk / f"error-{step}" / "ingest-1"
        shutil.copytree(nearly_full, folder)
        disk.count, disk.fail_at, disk.kill, disk.after = 0, step, False, step % 2 == 1
        failures: list[str] = []
        log = patiently(lambda: opened(folder, signer), failures)  # noqa: B023 - called at once
        sent = []
        for number in range(3):
            sent += [b"%d-%d" % (number, each) for each in range(4)]
            for payload in sent[-4:]:
                log.append(payload, kind="message")
            assert patiently(log.commit, failures) == log.size
            assert patiently(log.checkpoint, failures).size == log.size
        try:
            log.close()
        except StoreUnavailable as error:
            failures.append(str(error))
        failed, disk.fail_at = disk.count > step, -1
        result = reopened(folder, signer)
        assert result.problems == (), (step, failures)
        records = LogReader(folder).records(250)
        assert [each.payload for each in records if each.entry.kind == "message"] == sent
        assert all("\n" not in failure for failure in failures)
        assert len(failures) <= 1, failures
        shutil.rmtree(folder.parent)
        step += 1
    assert step > 60


def patiently(call: Callable[[], Any], failures: list[str]) -> Any:
    """Call again after a refusal, as the service does."""
    try:
        return call()
    except StoreUnavailable as error:
        failures.append(str(error))
        return call()


WRITER = """
import sys
from pathlib import Path
from warehouse.clock import SystemClock
from warehouse.log import LogWriter, Signer
folder = Path(sys.argv[1])
log = LogWriter.open(
    folder, origin="ingest-1", signer=Signer("wattproof", bytes([7]) * 32), clock=SystemClock()
)
while True:
    for _ in range(50):
        log.append(b"%d" % log.size, kind="message")
    print(log.commit(), flush=True)
    if log.size % 3 == 0:
        log.checkpoint()
"""


def test_a_real_process_killed_at_any_moment_loses_nothing_it_answered(
    tmp_path: Path, signer: Signer
) -> None:
    folder = tmp_path / "ingest-1"
    chance = random.Random(9)
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        answers = [int(writer.stdout.readline()) for _ in range(chance.randrange(1, 60))]
        writer.kill()
        answers += [int(line) for line in writer.stdout if line.endswith("\n")]
        writer.wait()
        writer.stdout.close()
        result = reopened(folder, signer)
        assert result.problems == ()
        assert result.entries > answers[-1]
    assert len(result.gaps) == 5
    for record in LogReader(folder).records():
        if record.entry.kind == "message":
            assert record.payload == b"%d" % record.entry.index


def test_the_gap_entry_is_canonical_json(tmp_path: Path, signer: Signer) -> None:
    folder = tmp_path / "ingest-1"
    killed(folder, signer, 1)
    reopened(folder, signer)
    payload = LogReader(folder).record(1).payload
    assert orjson.dumps(orjson.loads(payload), option=orjson.OPT_SORT_KEYS) == payload
