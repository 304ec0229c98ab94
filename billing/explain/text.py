"""An explanation as plain text, for a terminal or a letter: wrapped, with aligned amounts."""

from textwrap import wrap

from billing.explain.explanation import Decision, Explanation, Position, Remark, Sum

WIDTH = 88
_INDENT = "   "


def text(explanation: Explanation, width: int = WIDTH, *, detail: bool = False) -> str:
    """The explanation as text of at most `width` columns; ends with a line feed.

    With `detail` codes, names of policies and JSON pointers stand beside the words: for engineers.
    """
    heads = explanation.headings
    parts = [
        [explanation.title, "═" * len(explanation.title)],
        [line for one in explanation.session for line in wrap(one, width)],
        [line for one in explanation.lead for line in wrap(one, width)],
        [heads.positions, "─" * len(heads.positions)],
        *[
            _position(number, one, width, detail=detail)
            for number, one in enumerate(explanation.positions, 1)
        ],
        [heads.sums, "─" * len(heads.sums), *_table(explanation)],
    ]
    if explanation.remarks:
        lines = [line for one in explanation.remarks for line in _remark(one, width, detail=detail)]
        parts.append([heads.notes, "─" * len(heads.notes), *lines])
    if explanation.decisions:
        lines = [
            line
            for one in explanation.decisions
            for line in _decision(one, explanation, width, detail=detail)
        ]
        parts.append([heads.decisions, "─" * len(heads.decisions), *lines])
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _position(number: int, one: Position, width: int, *, detail: bool) -> list[str]:
    head = f"{number}. {one.title}"
    lines = [f"{head} {' ' * max(width - len(head) - len(one.amount) - 2, 1)} {one.amount}"]
    for sentences in (one.sentences, one.reasons):
        lines += _wrapped(" ".join(sentences), width, _INDENT)
    if detail and one.pointer:
        lines += _wrapped(one.pointer, width, _INDENT)
    return lines


def _wrapped(sentence: str, width: int, first: str, later: str = "") -> list[str]:
    return wrap(sentence, width, initial_indent=first, subsequent_indent=later or first)


def _table(explanation: Explanation) -> list[str]:
    heads = explanation.headings
    rows = [Sum("", heads.net, heads.tax, heads.gross, ""), *explanation.sums]
    title = max(len(one.title) for one in rows)
    widths = [max(len(getattr(one, name)) for one in rows) for name in ("net", "tax", "gross")]
    return [
        f"{one.title:<{title}}   "
        + "   ".join(
            f"{value:>{width}}"
            for value, width in zip((one.net, one.tax, one.gross), widths, strict=True)
        )
        for one in rows
    ]


def _remark(one: Remark, width: int, *, detail: bool) -> list[str]:
    return _wrapped(f"{one.text}{one.about(detail=detail)}", width, "• ", "  ")


def _decision(one: Decision, explanation: Explanation, width: int, *, detail: bool) -> list[str]:
    mark = explanation.headings.own if one.chosen else explanation.headings.default
    name = f" {one.policy}={one.value}" if detail else ""
    return _wrapped(f"{one.text} {mark}{name}", width, "• ", "  ")
