"""Issuing in a process that is killed at a write. Imports little: many such processes start."""

import os
import signal
from collections.abc import Callable
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pipelines.invoicing import issue

WRITES = ("write", "pwrite", "fsync", "fdatasync", "rename", "replace", "unlink")


def issue_until(fatal: int, data: Path, told: Connection) -> None:
    """Issue, and die at the `fatal`-th write; how many there are is `told` at the end."""
    calls = count(1)

    def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if next(calls) == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call

    for name in WRITES:
        setattr(os, name, deadly(getattr(os, name)))
    issue(data, "2026-10")
    told.send(next(calls) - 1)
