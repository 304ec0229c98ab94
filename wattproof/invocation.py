"""How this program was called, so that a command it advises can be typed as it stands."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from wattproof.options import DEFAULT_DATA


def called() -> str:
    """`wattproof` where the shell finds us by that name, else the path or module we ran as."""
    program = Path(sys.argv[0])
    if program.name != "wattproof":
        return f"{_short(Path(sys.executable))} -m wattproof.cli"
    found = shutil.which(program.name)
    if found is not None and Path(found).resolve() == program.resolve():
        return program.name
    return _short(program)


def typed(words: str, data: Path) -> str:
    """`wattproof derive --data DIR`: a command to type next, on the folder this one was for."""
    return f"wattproof {words}{on_folder(data)}"


def on_folder(data: Path) -> str:
    """` --data DIR`, but for the folder that counts where none is named."""
    standing = Path(os.environ.get("WATTPROOF_DATA") or DEFAULT_DATA)
    return "" if data == standing else f" --data {shlex.quote(str(data))}"


def advised(sentence: str, words: Sequence[str]) -> str:
    """A sentence whose commands are for the folder that `words`, the command line, named."""
    named = _folder(words)
    folder = "" if named is None else on_folder(named)
    return _COMMAND.sub(lambda found: found[0] + folder, sentence)


_COMMAND = re.compile(
    r"wattproof (?:(?:derive|serve|notebook)\b"
    r"|(?:session|finding|invoice|export|audit|station|location|token|tariff|rerate|party|api-key"
    r"|policy) [a-z]+\b)(?! --help| --data)"
)
"""A command with a data folder, as a sentence names it."""


def _folder(words: Sequence[str]) -> Path | None:
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        if name == "--data":
            return Path(value or "".join(words[place + 1 : place + 2]))
    return None


def _short(path: Path) -> str:
    """From here on where it lies below this folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
