"""An explanation as Markdown: headings, a numbered list, and the summary as a table."""

import re

from billing.explain.explanation import Explanation, Position

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def markdown(explanation: Explanation, *, detail: bool = False) -> str:
    """The explanation as Markdown (CommonMark with tables); ends with a line feed. With `detail`
    as `text` has it.
    """
    heads = explanation.headings
    parts = [
        f"# {_plain(explanation.title)}",
        "  \n".join(_plain(one) for one in explanation.session),
        f"**{_plain(explanation.lead[0])}**",
        " ".join(_plain(one) for one in explanation.lead[1:]),
        f"## {_plain(heads.positions)}",
        *[
            _position(number, one, detail=detail)
            for number, one in enumerate(explanation.positions, 1)
        ],
        f"## {_plain(heads.sums)}",
        _table(explanation),
    ]
    if explanation.remarks:
        notes = [
            f"- {_plain(f'{one.text}{one.about(detail=detail)}')}" for one in explanation.remarks
        ]
        parts += [f"## {_plain(heads.notes)}", "\n".join(notes)]
    if explanation.decisions:
        decided = [
            f"- {_plain(one.text)} *{heads.own if one.chosen else heads.default}*"
            + (f" `{one.policy}={one.value}`" if detail else "")
            for one in explanation.decisions
        ]
        parts += [f"## {_plain(heads.decisions)}", "\n".join(decided)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _position(number: int, one: Position, *, detail: bool) -> str:
    sentences = _plain(" ".join(one.sentences))
    reasons = f"\n\n*{_plain(' '.join(one.reasons))}*" if one.reasons else ""
    pointer = f"\n\n`{one.pointer}`" if detail and one.pointer else ""
    return f"### {number}. {_plain(one.title)} · {one.amount}\n\n{sentences}{reasons}{pointer}"


def _table(explanation: Explanation) -> str:
    heads = explanation.headings
    rows = [f"| | {heads.net} | {heads.tax} | {heads.gross} |", "| --- | ---: | ---: | ---: |"]
    for one in explanation.sums:
        cells = [_plain(one.title), one.net, one.tax, one.gross]
        if one.kind == "total":
            cells = [f"**{cell}**" for cell in cells]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _plain(words: str) -> str:
    """Words in which nothing is taken for Markdown: a party's ids may hold anything."""
    return _SPECIAL.sub(r"\\\1", " ".join(words.split(" ")))
