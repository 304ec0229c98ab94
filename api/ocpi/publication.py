"""When partners could first see what was derived: the finish of the run that brought it.

A CDR comes to be at an instant of log time, and partners see it once a finished run has passed that
instant. Their next poll begins where the last one ended, so what counts as its `last_updated`, in
filters and in the object alike, is when it could be seen first: nothing slips through in between.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from api.deps import Registry
from ingest.protocols.ocpi.wire import instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_MS_NS = 1_000_000
_STAMP = '"last_updated":"'


class Publication:
    """Instants of publication for instants of emission.

    `take_in` brings the registry up to what the log tells of finished runs.
    """

    def __init__(self, registry: Registry, take_in: Callable[[], None]) -> None:
        self._registry, self._take_in = registry, take_in

    def bound(self, before: datetime | None = None) -> datetime:
        """What was emitted before this was published before `before`; None: until now."""
        if before is None:
            self._take_in()
        # Instants are shown in whole milliseconds, rounded up, never told earlier than they were.
        before_ns = None if before is None else (_ns(before) - 1) // _MS_NS * _MS_NS + 1
        until_ns = self._registry.published_until(before_ns)
        return _EPOCH + timedelta(microseconds=until_ns // 1000) + _US if until_ns else _EPOCH

    def instants(self, emitted: Sequence[datetime]) -> list[datetime]:
        """When each of these, all published, could first be seen: UTC, whole milliseconds."""
        if not emitted:
            return []
        rows = self._registry.runs(_ns(min(emitted)), _ns(max(emitted)))
        reached: list[tuple[int, int]] = []
        for row in rows:
            if not reached or row["watermark_ns"] > reached[-1][0]:
                reached.append((row["watermark_ns"], row["finished_ns"]))
        marks = [mark // 1000 for mark, _ in reached]
        found = [reached[bisect_left(marks, _ns(at) // 1000)][1] for at in emitted]
        return [_EPOCH + timedelta(milliseconds=-(-at // _MS_NS)) for at in found]


def published(text: str, at: datetime) -> str:
    """The JSON text of a CDR with `last_updated`, its last field, told as `at`."""
    head, mark, tail = text.rpartition(_STAMP)
    assert mark, "a CDR has last_updated"
    assert tail.endswith('"}'), "last_updated stands last"
    assert tail.count('"') == 1, "last_updated stands last"
    return f'{head}{mark}{instant(at)}"}}'


def _ns(at: datetime) -> int:
    return (at - _EPOCH) // _US * 1000
