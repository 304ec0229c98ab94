"""When a service that hears nothing says that it is there: else the log clock stands still.

Nothing is derived that an origin could still speak behind. A live origin ticks after a minute of
silence, and soon after the operator or the books have spoken, for somebody waits to see that
derived.
"""

from pathlib import Path

TICK_NS = 60 * 1_000_000_000
_SPOKEN_TO = ("operator", "books")
"""Origins that commands write to. No other service is listened to: two would keep each other up."""


class Ticks:
    """Watches the checkpoints of the origins beside a service's own, below `log_folder`."""

    def __init__(self, log_folder: Path) -> None:
        self._checkpoints = [log_folder / origin / "checkpoint" for origin in _SPOKEN_TO]
        self._seen = self._look()

    def due(self, silent_ns: int) -> bool:
        """Whether to tick now, `silent_ns` after the service's own last entry."""
        seen, self._seen = self._seen, self._look()
        return silent_ns >= TICK_NS or seen != self._seen

    def _look(self) -> list[tuple[int, int]]:
        found = [path.stat() for path in self._checkpoints if path.exists()]
        return [(one.st_mtime_ns, one.st_ino) for one in found]
