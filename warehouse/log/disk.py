"""The few file operations a log rests on: write all of it, sync it, replace a file as a whole.

It knows nothing of logs. Every operation goes through `os`, so that a test can fail each of them.
"""

import os
from pathlib import Path


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; a short write is continued, an error is raised as OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    sync_file(folder)


def sync_file(path: Path) -> None:
    """Make the bytes (or, of a folder, the names) at `path` durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, data: bytes, *, durable: bool = True, mode: int = 0o644) -> None:
    """Put `data` at `path` as a whole: temporary file, rename; synced before and after if durable.

    A crash leaves the old file or the new one, never a mixture.
    """
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        write_all(descriptor, data)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    if durable:
        sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents durably; nothing happens where it exists."""
    missing: list[Path] = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)
