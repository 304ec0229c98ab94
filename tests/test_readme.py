"""What the papers say is so: commands exist and parse, links lead somewhere, rooms stand."""

import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from wattproof.cli import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAPERS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def command(name: str) -> object:
    return get_command(importlib.import_module(f"wattproof.commands.{COMMANDS[name][0]}").app)


def parse(words: list[str]) -> None:
    """Read a command line as the command would, down to its last option; run nothing."""
    name, rest = words[0], words[1:]
    assert name in COMMANDS, f"there is no command {name}"
    found = command(name)
    context = None
    while hasattr(found, "commands") and found.commands:
        assert rest, f"{name} wants a subcommand"
        assert rest[0] in found.commands, f"{name} has no {rest[0]}"
        found, rest = found.commands[rest[0]], rest[1:]
    context = found.make_context(name, list(rest), resilient_parsing=False)
    context.close()


def examples() -> Iterator[str]:
    """Every command line that some --help shows, a backslash at the end of a line joined."""
    for name in COMMANDS:
        pending = [command(name)]
        while pending:
            one = pending.pop()
            pending += list(getattr(one, "commands", {}).values())
            text = re.sub(r"\\\n\s*", "", one.help or "")
            yield from (
                line.strip() for line in text.splitlines() if line.strip().startswith("wattproof ")
            )


EXAMPLES = sorted(set(examples()))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 2 * len(COMMANDS)


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_can_be_typed_as_it_stands(line: str) -> None:
    plain = re.split(r"\s[|>&]", line, maxsplit=1)[0]
    parse(shlex.split(plain)[1:])


def test_each_command_of_the_readme_exists() -> None:
    named = re.findall(r"`wattproof ([a-z-]+(?: [a-z]+)?)`", README)
    assert len(named) > 8
    for words in named:
        name, _, sub = words.partition(" ")
        assert name in COMMANDS, words
        assert not sub or sub in command(name).commands, words  # type: ignore[attr-defined]


def test_each_command_stands_in_the_readme() -> None:
    for name in set(COMMANDS) - {"demo"}:
        assert re.search(rf"`(wattproof )?{name}[ `]", README), name


def test_make_has_what_the_papers_call() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for paper in PAPERS:
        assert set(re.findall(r"make ([a-z]+)", paper.read_text("utf-8"))) <= targets
    assert {"demo", "test", "bench"} <= targets


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_links_lead_somewhere(paper: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", paper.read_text("utf-8")):
        if "://" not in target:
            assert (paper.parent / target).exists(), target


def test_the_rooms_of_the_readme_are_those_that_stand() -> None:
    table = README.partition("## The rooms")[2].partition("\n## ")[0]
    told = {
        room
        for row in re.findall(r"^\|([^|]+)\|", table, re.MULTILINE)
        for room in re.findall(r"`([a-z]+)`", row)
    }
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    assert told == {*packages["build"]["targets"]["wheel"]["packages"], "notebooks", "tests"}
    assert all((ROOT / room).is_dir() for room in told)
