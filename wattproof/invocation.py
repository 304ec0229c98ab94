"""How this program was called, so that a command it advises can be typed as it stands."""

import shutil
import sys
from pathlib import Path


def called() -> str:
    """`wattproof` where the shell finds us by that name, else the path or module we ran as."""
    program = Path(sys.argv[0])
    if program.name != "wattproof":
        return f"{_short(Path(sys.executable))} -m wattproof.cli"
    found = shutil.which(program.name)
    if found is not None and Path(found).resolve() == program.resolve():
        return program.name
    return _short(program)


def _short(path: Path) -> str:
    """From here on where it lies below this folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
