"""Which party an operator means by a code: as it is known, else with capitals.

Knows the codes of the registry. Whether an unknown party will do is for the command to say.
"""

from contextlib import closing
from pathlib import Path

from wattproof.operator_log import open_registry


def known_code(data: Path, code: str) -> str:
    """`nl-abc` -> `NL-ABC`, unless there is a party of exactly that code."""
    with closing(open_registry(data)) as registry:
        return code if registry.party(code) else code.upper()
